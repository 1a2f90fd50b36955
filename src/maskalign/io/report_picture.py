"""What an alignment did to a movie, in a picture that needs no truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.io.kymograph import Kymographs, Line, kymographs
from maskalign.io.plot_files import check_plot_suffix, write_plot
from maskalign.io.plot_images import draw_images, images_height
from maskalign.io.plot_style import ALARM, COLOURS, INK, WIDTH
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["kymograph_figure", "save_report_picture"]

_NOTHING = "#bdd3e0"
#: Height of the kymographs, inches: so much a frame, within limits.
_INCHES_A_FRAME, _LEAST_INCHES, _MOST_INCHES = 0.06, 1.6, 3.6


def save_report_picture(
    path: str | Path,
    movie: Movie,
    table: DriftTable,
    *,
    mask: ArrayLike | None = None,
    channel: int | str | None = None,
    line: Line | None = None,
    title: str = "",
    overwrite: bool = False,
) -> None:
    """Draw a movie before and after alignment: its means, and a line of it over time.

    In a kymograph each row is one frame: what stands still is upright.

    Parameters
    ----------
    path : str or Path
        Where to; the suffix says which format, as for `save_drift_plot`.
    movie : Movie
        The movie as it was recorded. It is read twice, frame by frame.
    table : DriftTable
        Its drift. Frames that are not good are marked, and moved by what their
        neighbours say.
    mask, channel, line
        See `maskalign.io.kymograph.kymographs`.
    title : str
        What stands above.
    overwrite : bool
        Replace a file that exists.

    Raises
    ------
    DriftTableError
        If the table does not fit the movie.
    ValueError
        If there is no such channel, or matplotlib does not write files with that
        suffix.
    FileExistsError
        If `path` exists and `overwrite` is not set.
    FileNotFoundError
        If its folder does not exist.
    """
    check_plot_suffix(path)

    def draw() -> "Figure":
        found = kymographs(movie, table, mask=mask, channel=channel, line=line)
        return kymograph_figure(found, table, title=title)

    write_plot(path, draw, overwrite=overwrite)


def kymograph_figure(
    found: Kymographs, table: DriftTable, *, title: str = ""
) -> "Figure":
    """Draw time averages and kymographs, before and after.

    Parameters
    ----------
    found : Kymographs
        What to draw, as `maskalign.io.kymograph.kymographs` returns it.
    table : DriftTable
        It says which frames are not good; they are marked beside the kymographs.
    title : str
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas, known to no window system.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    above = images_height(found.images)
    rows = _INCHES_A_FRAME * len(found.frames)
    below = min(max(rows, _LEAST_INCHES), _MOST_INCHES) + 0.7
    figure = Figure(
        figsize=(WIDTH, 0.45 + above + below), layout="constrained", facecolor="white"
    )
    FigureCanvasAgg(figure)
    figure.suptitle(
        title or "Before and after",
        **{"x": 0.015, "ha": "left", "size": 13, "weight": "bold", "color": INK},
    )
    parts: Any = figure.subfigures(2, 1, height_ratios=(above, below))
    top, bottom = parts
    draw_images(top, found.images)
    for ax in top.axes[:2]:
        _mark_line(ax, found.line)
    _draw_kymographs(bottom, found, ~table.ok[found.frames])
    return figure


def _mark_line(ax: "Axes", line: Line) -> None:
    style: Any = {"color": COLOURS["Y"], "linewidth": 0.9, "linestyle": (0, (4, 3))}
    if line.along == "x":
        ax.axhline(line.at, **style)
    else:
        ax.axvline(line.at, **style)


def _draw_kymographs(
    figure: "SubFigure", found: Kymographs, doubtful: NDArray[np.bool_]
) -> None:
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    both = np.concatenate([found.before, found.after], axis=0)
    low, high = np.nanpercentile(both, (0.5, 99.7))
    # Each row is as thick as the frames until the next one.
    first, last = float(found.frames[0]), float(found.frames[-1])
    half = max(last - first, 1) / max(len(found.frames) - 1, 1) / 2
    extent = (-0.5, both.shape[1] - 0.5, last + half, first - half)
    across = "y" if found.line.along == "x" else "x"
    where = f"line at {across} = {found.line.at}"
    for ax, image, word in (
        (panels[0], found.before, "as recorded"),
        (panels[1], found.after, "aligned"),
    ):
        ax.imshow(
            np.ma.masked_invalid(image),
            cmap="gray",
            vmin=low,
            vmax=high,
            aspect="auto",
            extent=extent,
            interpolation="nearest",
        )
        # Where a frame has no pixels.
        ax.set_facecolor(_NOTHING)
        ax.set_title(f"{where}, {word}", loc="left", size=9.5, color=INK)
        ax.set_xlabel(f"{found.line.along} (pixels)", color=INK)
        ax.tick_params(colors=INK, labelsize=9)
        ax.spines[["top", "right"]].set_visible(False)
        _mark_doubtful(ax, found.frames[doubtful], both.shape[1])
    panels[0].set_ylabel("frame", color=INK)
    panels[0].yaxis.get_major_locator().set_params(integer=True)


def _mark_doubtful(ax: "Axes", frames: NDArray[np.intp], width: int) -> None:
    """Put a mark at the right end of each row that is not good."""
    if frames.size:
        ax.plot(
            np.full(len(frames), width - 0.5),
            frames,
            linestyle="",
            marker="<",
            markersize=5,
            color=ALARM,
            clip_on=False,
            label="not good",
        )
        ax.legend(loc="lower right", fontsize=8, framealpha=0.8)
