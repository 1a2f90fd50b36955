"""Pictures of a drift table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign.io.plot_files import check_plot_suffix, write_plot
from maskalign.io.plot_images import BeforeAfter, draw_images, images_height
from maskalign.io.plot_panels import MOST_DOTS, shade_doubtful, small_panels
from maskalign.io.plot_style import ALARM, COLOURS, FAINT, INK, WIDTH
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import PIXEL
from maskalign.model.status import MANUAL, OK, TRUSTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = [
    "BeforeAfter",
    "check_plot_suffix",
    "drift_figure",
    "drift_summary",
    "save_drift_plot",
]

#: One marker for each kind of doubt, so that colour is not needed to tell them apart.
_MARKERS = "sDv^PX*<>pHd"
#: Around the dots of the frames that a person has set.
_BY_HAND = "o"
#: Doubtful drifts further from the good ones than so many times their range would
#: squeeze them flat.
_FAR = 2


def save_drift_plot(
    path: str | Path,
    table: DriftTable,
    *,
    overwrite: bool = False,
    title: str = "",
    images: BeforeAfter | None = None,
) -> None:
    """Draw a drift table and write the picture.

    Parameters
    ----------
    path : str or Path
        Where to; the suffix says which format: ``.png``, ``.svg``, ``.pdf`` and what
        else matplotlib writes.
    table, title, images
        See `drift_figure`.
    overwrite : bool
        Replace a file that exists.

    Raises
    ------
    ValueError
        If matplotlib does not write files with that suffix.
    FileExistsError
        If `path` exists and `overwrite` is not set.
    FileNotFoundError
        If its folder does not exist.
    """
    write_plot(
        path,
        lambda: drift_figure(table, title=title, images=images),
        overwrite=overwrite,
    )


def drift_figure(
    table: DriftTable, *, title: str = "", images: BeforeAfter | None = None
) -> "Figure":
    """Draw the drift of every frame, and below it its figures, as far as there are any.

    They are the NCC, the residual, and what `with_map` says of the NCC maps.

    Drift is how far the sample had gone, ``-shift``. The band around a line is one
    standard error to each side. A frame that a person has set belongs to the line and
    is marked. Any other that is not ``"ok"`` is left out of the line and marked with
    its status, at the number that it has; where it has none, or one so far away that
    the drift would be squeezed flat, at the foot.

    Parameters
    ----------
    table : DriftTable
        What to draw. Where it knows the size of a pixel, a second axis shows it.
    title : str
        What stands above.
    images : BeforeAfter, optional
        Time averages of the movie, drawn above the drift.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas, known to no window system.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    above = 0.0 if images is None else images_height(images)
    below = 3.7 + 0.9 * len(small_panels(table))
    figure = Figure(
        figsize=(WIDTH, 0.45 + above + below), layout="constrained", facecolor="white"
    )
    FigureCanvasAgg(figure)
    figure.suptitle(
        title or "Drift", x=0.015, ha="left", size=13, weight="bold", color=INK
    )
    plots: Figure | SubFigure = figure
    if images is not None:
        parts: Any = figure.subfigures(2, 1, height_ratios=(above, below))
        top, plots = parts
        draw_images(top, images)
    _draw_plots(plots, table)
    return figure


def drift_summary(table: DriftTable) -> str:
    """Return one line of numbers: largest drift, mean NCC, how many frames are ok.

    Frames that are not good, and the reference, which is like itself, do not enter.

    Examples
    --------
    >>> print(drift_summary(DriftTable.from_shifts([(0, 0), (3, -4)], ncc=[1, 0.8])))
    largest drift 5.0 px (frame 1), mean ncc 0.90, 2 of 2 frames ok
    """
    (found,) = np.nonzero(table.ok & (table.reference_frame != np.arange(len(table))))
    parts = []
    if found.size:
        lengths = np.linalg.norm(table.drift[found], axis=1)
        at = lengths.argmax()
        parts.append(f"largest drift {lengths[at]:.1f} px (frame {found[at]})")
    if np.isfinite(table.ncc[found]).any():
        parts.append(f"mean ncc {np.nanmean(table.ncc[found]):.2f}")
    if np.isfinite(table.map_median[found]).any():
        parts.append(f"map median {np.nanmedian(table.map_median[found]):.2f}")
    counts = table.counts()
    n_ok, n_manual = counts.pop(OK, 0), counts.pop(MANUAL, 0)
    doubtful = ", ".join(f"{n} {word}" for word, n in counts.items())
    by_hand = f", {n_manual} {MANUAL}" if n_manual else ""
    parts.append(
        f"{n_ok} of {len(table)} frames ok{by_hand}"
        + (f" ({doubtful})" if doubtful else "")
    )
    return ", ".join(parts)


def _draw_plots(figure: "Figure | SubFigure", table: DriftTable) -> None:
    small = small_panels(table)
    panels = figure.subplots(
        1 + len(small),
        1,
        sharex=True,
        squeeze=False,
        gridspec_kw={"height_ratios": (3.0,) + (1.2,) * len(small)},
    )[:, 0]
    drift, *rest = panels
    bottom = panels[-1]
    for ax in panels:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        ax.tick_params(colors=INK, labelsize=9)
        ax.set_axisbelow(True)
    _draw_drift(drift, table)
    for draw, ax in zip(small, rest, strict=True):
        draw(ax, table)
    drift.set_title(drift_summary(table), loc="left", size=9.5, color=INK)
    bottom.set_xlabel("frame", color=INK)
    bottom.xaxis.get_major_locator().set_params(integer=True)
    bottom.set_xlim(-0.5, max(len(table) - 0.5, 0.5))


def _draw_drift(ax: "Axes", table: DriftTable) -> None:
    frames = np.arange(len(table))
    found = np.where(table.ok[:, np.newaxis], table.drift, np.nan)
    dots = "o" if len(table) <= MOST_DOTS else ""
    ax.axhline(0, color=FAINT, linewidth=0.8)
    for axis, letter in reversed(list(enumerate(table.axes))):
        colour, values, std = (
            COLOURS[letter],
            found[:, axis],
            table.shift_std[:, axis],
        )
        ax.fill_between(
            frames, values - std, values + std, color=colour, alpha=0.25, linewidth=0
        )
        ax.plot(
            frames,
            values,
            marker=dots,
            markersize=4,
            color=colour,
            linewidth=1.6,
            label=letter.lower() + _pixel_note(table, axis),
        )
    _mark(ax, table)
    ax.set_ylabel("drift (pixels)", color=INK)
    beside = 1.01 if _one_pixel(table) is None else 1.1
    _add_unit_axis(ax, table)
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(beside, 1.0),
        frameon=False,
        fontsize=9,
        borderaxespad=0,
    )


def _mark(ax: "Axes", table: DriftTable) -> None:
    """Put a marker with its status on each frame that is not ok, and shade doubt."""
    shade_doubtful(ax, table)
    low, high = _seen(table)
    words = [word for word in table.counts() if word not in TRUSTED]
    for marker, word in [(_BY_HAND, MANUAL), *zip(_MARKERS, words, strict=False)]:
        (frames,) = np.nonzero(table.status == word)
        if not frames.size:
            continue
        drift = table.drift[frames]
        style: dict[str, Any] = {
            "linestyle": "",
            "marker": marker,
            "markersize": 8 if word == MANUAL else 6,
            "markerfacecolor": "none" if word == MANUAL else "white",
            "markeredgecolor": INK if word == MANUAL else ALARM,
            "markeredgewidth": 1.4,
        }
        at = np.where((low <= drift) & (drift <= high), drift, np.nan)
        ax.plot(np.repeat(frames, table.ndim), at.ravel(), label=word, **style)
        # A frame without a number is marked at the foot, not at some number.
        without = frames[np.isnan(at).any(axis=1)]
        foot = np.full(len(without), 0.03)
        ax.plot(without, foot, transform=ax.get_xaxis_transform(), **style)


def _seen(table: DriftTable) -> tuple[float, float]:
    """Return the range of drifts that are drawn at their number, however doubtful."""
    good = table.drift[table.ok]
    if not good.size:
        return -np.inf, np.inf
    low, high = float(good.min()), float(good.max())
    margin = _FAR * max(high - low, 1.0)
    return low - margin, high + margin


def _add_unit_axis(ax: "Axes", table: DriftTable) -> None:
    """Add an axis in units, if one scale serves all axes."""
    pixel = _one_pixel(table)
    if pixel is None:
        return
    size, unit = pixel

    def to_units(pixels: Any) -> Any:
        return pixels * size

    def to_pixels(lengths: Any) -> Any:
        return lengths / size

    right = ax.secondary_yaxis("right", functions=(to_units, to_pixels))
    right.set_ylabel(f"drift ({unit})", color=INK)
    right.tick_params(colors=INK, labelsize=9)
    right.spines["right"].set_visible(False)


def _one_pixel(table: DriftTable) -> tuple[float, str] | None:
    """Return size and unit of a pixel, if known and the same along all axes."""
    if not table.scale or len({*zip(table.scale, table.units, strict=False)}) != 1:
        return None
    if not table.units or table.units[0] == PIXEL:
        return None
    return table.scale[0], table.units[0]


def _pixel_note(table: DriftTable, axis: int) -> str:
    """Say the size of a pixel beside the axis' name, if axes differ in it."""
    if not table.scale or not table.units or _one_pixel(table) is not None:
        return ""
    size, unit = table.scale[axis], table.units[axis]
    return "" if unit == PIXEL else f" (1 px = {size:.4g} {unit})"
