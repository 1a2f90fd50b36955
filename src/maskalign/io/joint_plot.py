"""Pictures of two images compared: their joint histogram, and NCC against distance."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maskalign.io.plot_files import write_plot
from maskalign.io.plot_style import COLOURS, FAINT, INK
from maskalign.model.similarity import Colocalization, CostesThreshold, JointHistogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "colocalization_figure",
    "joint_histogram_figure",
    "save_joint_histogram_plot",
]

_SIDE = 5.4
_COLOURMAP = "magma_r"


def save_joint_histogram_plot(
    path: str | Path,
    histogram: JointHistogram,
    *,
    overwrite: bool = False,
    names: tuple[str, str] = ("reference", "moving"),
    title: str = "",
    threshold: CostesThreshold | None = None,
) -> None:
    """Draw a joint histogram and write the picture.

    Parameters
    ----------
    path : str or Path
        Where to; the suffix says which format: ``.png``, ``.svg``, ``.pdf`` and what
        else matplotlib writes.
    histogram, names, title, threshold
        See `joint_histogram_figure`.
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
        lambda: joint_histogram_figure(
            histogram, names=names, title=title, threshold=threshold
        ),
        overwrite=overwrite,
    )


def joint_histogram_figure(
    histogram: JointHistogram,
    *,
    names: tuple[str, str] = ("reference", "moving"),
    title: str = "",
    threshold: CostesThreshold | None = None,
) -> "Figure":
    """Draw a joint histogram, and the histograms of the two images beside it.

    The number of pixels is shown as colour, on a logarithmic scale; white is none. On
    the dashed line, where there is one, the values of both images are the same.

    Parameters
    ----------
    histogram : JointHistogram
        What to draw: the reference to the right, moving upwards.
    names : pair of str
        What the axes are called.
    title : str
        What stands above.
    threshold : CostesThreshold, optional
        Thresholds and their line, to be drawn over it.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas, known to no window system.
    """
    figure = _figure((_SIDE + 0.7, _SIDE), title)
    grid: Any = figure.subplots(
        2,
        2,
        sharex="col",
        sharey="row",
        gridspec_kw={"width_ratios": (4, 1), "height_ratios": (1, 4)},
    )
    (above, corner), (joint, beside) = grid
    corner.set_axis_off()
    x, y = histogram.reference_edges, histogram.moving_edges
    _draw_counts(figure, joint, histogram)
    above.stairs(histogram.counts.sum(axis=1), x, fill=True, color=FAINT)
    beside.stairs(
        histogram.counts.sum(axis=0),
        y,
        fill=True,
        color=FAINT,
        orientation="horizontal",
    )
    joint.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    for ax in (above, beside, joint):
        ax.spines[["top", "right"]].set_visible(False)
        ax.tick_params(colors=INK, labelsize=9)
    above.set_yticks([])
    beside.set_xticks([])
    joint.set_xlabel(names[0], color=INK)
    joint.set_ylabel(names[1], color=INK)
    _draw_lines(joint, histogram, threshold)
    return figure


def colocalization_figure(found: Colocalization, *, unit: str = "pixels") -> "Figure":
    """Draw NCC against distance, with what unrelated images would scatter.

    Parameters
    ----------
    found : Colocalization
        What to draw. The band is two standard deviations of unrelated images to each
        side; the peak is marked where there is one.
    unit : str
        Unit of the distance.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas, known to no window system.
    """
    figure = _figure((6.4, 3.4), "")
    ax = figure.subplots()
    ax.fill_between(
        found.distance,
        -2 * found.std,
        2 * found.std,
        color=FAINT,
        alpha=0.3,
        linewidth=0,
        label="unrelated images (2 sigma)",
    )
    ax.plot(
        found.distance, found.ncc, marker="o", markersize=4, color=INK, label="mean ncc"
    )
    if np.isfinite(found.center):
        ax.axvline(
            found.center,
            color=COLOURS["Y"],
            linestyle="--",
            label=f"center {found.center:.3g} {unit}",
        )
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(colors=INK, labelsize=9)
    ax.set_xlabel(f"distance ({unit})", color=INK)
    ax.set_ylabel("ncc", color=INK)
    ax.legend(frameon=False, fontsize=9)
    return figure


def _figure(size: tuple[float, float], title: str) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, x=0.015, ha="left", size=13, weight="bold", color=INK)
    return figure


def _draw_counts(figure: "Figure", ax: "Axes", histogram: JointHistogram) -> None:
    from matplotlib.colors import LogNorm

    counts = np.ma.masked_equal(histogram.counts.T, 0)
    most = max(int(histogram.counts.max()), 2)
    drawn = ax.pcolormesh(
        histogram.reference_edges,
        histogram.moving_edges,
        counts,
        cmap=_COLOURMAP,
        norm=LogNorm(1, most),
        rasterized=True,
    )
    bar = figure.colorbar(drawn, ax=figure.axes[3], fraction=0.4, aspect=30)
    bar.set_label("pixels", color=INK)
    bar.ax.tick_params(colors=INK, labelsize=9)


def _draw_lines(
    ax: "Axes", histogram: JointHistogram, threshold: CostesThreshold | None
) -> None:
    x, y = histogram.reference_edges, histogram.moving_edges
    low, high = max(x[0], y[0]), min(x[-1], y[-1])
    if low < high:
        _line(ax, np.array([low, high]), np.array([low, high]), "--", FAINT)
    if threshold is None or not np.isfinite(threshold.reference):
        return
    ends = np.array([x[0], x[-1]])
    colour = COLOURS["X"]
    _line(ax, ends, threshold.slope * ends + threshold.intercept, "-", colour)
    ax.axvline(threshold.reference, color=colour, linewidth=0.9, linestyle=":")
    ax.axhline(threshold.moving, color=colour, linewidth=0.9, linestyle=":")


def _line(
    ax: "Axes", x: NDArray[Any], y: NDArray[Any], style: str, colour: str
) -> None:
    ax.plot(
        x, y, linestyle=style, color=colour, linewidth=0.9, scalex=False, scaley=False
    )
