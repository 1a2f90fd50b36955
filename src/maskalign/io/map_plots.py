"""Pictures of maps: NCC map, displacement map, correlation surface."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.io.plot_style import ALARM, COLOURS, FAINT, INK, WIDTH
from maskalign.io.surface_view import best_lag
from maskalign.model.map_results import DisplacementMap
from maskalign.model.results import CorrelationSurface

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["displacement_figure", "map_palette", "ncc_map_figure", "surface_figure"]

#: From -1 to 1, the same lightness at both ends; white is 0.
_MAP_COLOURS = "PuOr_r"
_NOTHING = "#bdbdbd"
#: Percentile from which on arrows may be longer than the step of the grid.
_LONG = 95
#: Height over width from which on images stand beside each other.
_WIDE = 0.5


def map_palette() -> NDArray[np.float64]:
    """Return the colours of an NCC map from -1 to 1: red, green, blue, opacity."""
    from matplotlib import colormaps

    return np.asarray(colormaps[_MAP_COLOURS](np.linspace(0, 1, 256)))


def ncc_map_figure(
    ncc: ArrayLike, images: dict[str, Any] | None = None, *, title: str = ""
) -> "Figure":
    """Draw an NCC map, beside the images that it compares.

    Parameters
    ----------
    ncc : array_like of float, shape (Y, X)
        The map; grey where it has no value.
    images : dict of str to array_like of shape (Y, X), optional
        Images by what to call them.
    title : str
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas, known to no window system.
    """
    ncc, images = np.asarray(ncc), images or {}
    n, ratio = len(images) + 1, ncc.shape[0] / ncc.shape[1]
    # Wide images are larger below each other.
    rows, columns = (n, 1) if ratio < _WIDE else (1, n)
    height = rows * (WIDTH / columns * ratio + 0.3)
    figure = _figure((WIDTH + 0.6, height + 0.2 + 0.3 * bool(title)), title)
    panels: Any = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (name, image) in zip(panels, images.items(), strict=False):
        low, high = np.nanpercentile(np.asarray(image, float), (0.3, 99.7))
        ax.imshow(image, cmap="gray", vmin=low, vmax=high)
        ax.set_title(name, loc="left", size=9.5, color=INK)
    drawn = _imshow(panels[-1], ncc, _MAP_COLOURS, -1, 1)
    panels[-1].set_title("NCC map", loc="left", size=9.5, color=INK)
    for ax in panels:
        ax.set_axis_off()
    _bar(figure, drawn, panels[-1])
    return figure


def displacement_figure(found: DisplacementMap, *, title: str = "") -> "Figure":
    """Draw a displacement map: its NCC, and an arrow for the drift of each window.

    Arrows show where the sample has gone (the shift turned round), ten times enlarged
    or until long ones reach the next window. A window whose shift is doubtful, or
    that has none, has a cross. Of a volume the plane in the middle is shown.

    Parameters
    ----------
    found : DisplacementMap
        What to draw.
    title : str
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas, known to no window system.
    """
    plane = (found.shape[0] // 2,) if len(found.shape) == 3 else ()
    ncc, ok = found.ncc[plane], found.ok[plane]
    drift = -found.shift[(slice(-2, None), *plane)]
    y, x = found.centres[-2:]
    step = found.step[-2:]
    edges = (
        x[0] - step[1] / 2,
        x[-1] + step[1] / 2,
        y[-1] + step[0] / 2,
        y[0] - step[0] / 2,
    )
    height = WIDTH * 0.62 * (edges[2] - edges[3]) / (edges[1] - edges[0])
    figure = _figure((WIDTH * 0.62 + 1.2, height + 0.8), title)
    ax = figure.subplots()
    drawn = _imshow(ax, ncc, "Greys_r", 0, 1, extent=edges)
    # A single window that has jumped shall not make all others small.
    long = float(np.percentile(np.hypot(*drift)[ok], _LONG)) if ok.any() else 0.0
    enlarged = min(10.0, 0.9 * min(step) / long) if long else 10.0
    rows, columns = np.nonzero(ok)
    ax.quiver(
        x[columns],
        y[rows],
        drift[1][ok],
        drift[0][ok],
        angles="xy",
        scale_units="xy",
        scale=1 / enlarged,
        width=0.004,
        color=COLOURS["Y"],
    )
    rows, columns = np.nonzero(~ok)
    doubtful: dict[str, Any] = {"scalex": False, "scaley": False, "color": ALARM}
    ax.plot(x[columns], y[rows], "x", markersize=5, **doubtful)
    # All that the windows cover, so that arrows at the rim are seen.
    half = [w / 2 for w in found.window[-2:]]
    ax.set(
        xlim=(x[0] - half[1], x[-1] + half[1]), ylim=(y[-1] + half[0], y[0] - half[0])
    )
    ax.set_title(f"drift, {enlarged:.2g} x enlarged", loc="left", size=9.5, color=INK)
    _label(ax, "x (pixels)", "y (pixels)")
    _bar(figure, drawn, ax)
    return figure


def surface_figure(surface: CorrelationSurface, *, title: str = "") -> "Figure":
    """Draw a correlation surface over the shift, and sections through its peak.

    A ring marks the highest NCC, a cross the shift 0; lags of too little overlap are
    grey. Of a surface of three axes the plane of the peak is shown.

    Parameters
    ----------
    surface : CorrelationSurface
        From `maskalign.masked_ncc`.
    title : str
        What stands above.

    Returns
    -------
    matplotlib.figure.Figure
        With an Agg canvas, known to no window system.
    """
    lag, best = best_lag(surface)
    at = tuple(u - int(lags[0]) for u, lags in zip(lag, surface.lags, strict=True))
    letters = "zyx"[-len(lag) :]
    figure = _figure((WIDTH, 4.1), title)
    grid: Any = figure.add_gridspec(len(lag), 2, width_ratios=(1.25, 1))
    ax = figure.add_subplot(grid[:, 0])
    y, x = surface.lags[-2:]
    edges = (x[0] - 0.5, x[-1] + 0.5, y[-1] + 0.5, y[0] - 0.5)
    plane = surface.ncc[at[:-2]]
    lowest = min(float(np.nanmin(plane)), 0.0)
    drawn = _imshow(ax, plane, "viridis", lowest, max(best, 1e-3), extent=edges)
    ax.plot(0, 0, "+", color="white", markersize=9, scalex=False, scaley=False)
    ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": COLOURS["Y"]}
    ax.plot(lag[-1], lag[-2], "o", markersize=13, markeredgewidth=1.8, **ring)
    shift = ", ".join(f"{value:+d}" for value in lag)
    above = f"peak at ({shift}), ncc {best:.2f}"
    ax.set_title(above, loc="left", size=9.5, color=INK)
    _label(ax, "shift x (pixels)", "shift y (pixels)")
    _bar(figure, drawn, ax)
    for axis, letter in enumerate(letters):
        cut = [slice(None) if k == axis else i for k, i in enumerate(at)]
        line = figure.add_subplot(grid[axis, 1])
        line.axhline(0, color=FAINT, linewidth=0.8)
        line.axvline(lag[axis], color=COLOURS["Y"], linewidth=0.9)
        line.plot(surface.lags[axis], surface.ncc[tuple(cut)], color=INK, linewidth=1.3)
        line.spines[["top", "right"]].set_visible(False)
        _label(line, f"shift {letter} (pixels)", "ncc")
    return figure


def _imshow(
    ax: "Axes",
    image: NDArray[Any],
    colours: str,
    low: float,
    high: float,
    **options: Any,
) -> Any:
    """Show an image, grey where it has no value."""
    from matplotlib import colormaps

    palette = colormaps[colours].with_extremes(bad=_NOTHING)
    shown = np.ma.masked_invalid(image)
    return ax.imshow(shown, cmap=palette, vmin=low, vmax=high, **options)


def _bar(figure: "Figure", drawn: Any, ax: "Axes") -> None:
    bar = figure.colorbar(drawn, ax=ax, fraction=0.046, pad=0.03)
    bar.set_label("ncc", color=INK)
    bar.ax.tick_params(colors=INK, labelsize=9)


def _label(ax: "Axes", x: str, y: str) -> None:
    ax.set_xlabel(x, color=INK)
    ax.set_ylabel(y, color=INK)
    ax.tick_params(colors=INK, labelsize=9)


def _figure(size: tuple[float, float], title: str) -> "Figure":
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, x=0.015, ha="left", size=13, weight="bold", color=INK)
    return figure
