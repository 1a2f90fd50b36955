"""The small panels under the drift: one for each figure that a table has."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maskalign.io.plot_style import ALARM, COLOURS, INK
from maskalign.model.drift_table import DriftTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_DOTS", "shade_doubtful", "small_panels"]

#: Above so many frames dots would run into each other.
MOST_DOTS = 150
#: The share of a map beside its median, told apart without colour.
_SHARE: dict[str, Any] = {"color": COLOURS["Z"], "linestyle": "--"}


def small_panels(table: DriftTable) -> list[Callable[["Axes", DriftTable], None]]:
    """Return what draws the panels under the drift, as far as there is anything."""
    panels = (
        (_draw_ncc, table.ncc),
        (_draw_residual, table.residual),
        (_draw_map, table.map_median),
    )
    return [draw for draw, values in panels if np.isfinite(values).any()]


def _draw_figure(
    ax: "Axes", table: DriftTable, values: NDArray[np.float64], **style: Any
) -> None:
    """Draw one quality figure of the good frames."""
    dots = "o" if len(table) <= MOST_DOTS else ""
    shown = np.where(table.ok, values, np.nan)
    plain: dict[str, Any] = {"color": INK, "marker": dots, "markersize": 3.5}
    ax.plot(np.arange(len(table)), shown, **(plain | style))


def _draw_residual(ax: "Axes", table: DriftTable) -> None:
    _draw_figure(ax, table, table.residual)
    shade_doubtful(ax, table)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("residual\n(pixels)", color=INK)


def _draw_ncc(ax: "Axes", table: DriftTable) -> None:
    _draw_figure(ax, table, table.ncc)
    shade_doubtful(ax, table)
    known = table.ncc[np.isfinite(table.ncc)]
    ax.set_ylim(min(0.0, known.min(initial=0.0)) - 0.02, 1.05)
    ax.set_ylabel("ncc", color=INK)


def _draw_map(ax: "Axes", table: DriftTable) -> None:
    """Draw median and share of the maps; both are at most 1."""
    above = table.options.get("map_above")
    share = "share" if above is None else f"share above {above:g}"
    _draw_figure(ax, table, table.map_median, label="median")
    if np.isfinite(table.map_share).any():
        _draw_figure(ax, table, table.map_share, label=share, **_SHARE)
    shade_doubtful(ax, table)
    lowest = np.nanmin(table.map_median)
    ax.set_ylim(min(0.0, lowest) - 0.02, 1.05)
    ax.set_ylabel("ncc map", color=INK)
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        frameon=False,
        fontsize=9,
        borderaxespad=0,
    )


def shade_doubtful(ax: "Axes", table: DriftTable) -> None:
    """Shade the frames that are not good."""
    for first, last in _runs(~table.ok):
        ax.axvspan(first - 0.5, last + 0.5, color=ALARM, alpha=0.13, linewidth=0)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and last index of every run of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False].astype(int)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2)]
