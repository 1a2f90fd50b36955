"""What the plot of a drift shows, as plain data: lines, ticks, marks. No Qt.

Two panels over one time axis: the shifts above, the NCC below. Whoever paints it needs
to know nothing of drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.axis_numbers import as_text, ncc_span, round_numbers, span_of
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import PIXEL

__all__ = [
    "Box",
    "Curve",
    "DriftPlot",
    "Mark",
    "Panel",
    "Tick",
    "draw_drift",
    "thinned",
]

Points = NDArray[np.float64]

#: Room around the panels, screen pixels.
_GAP = 6
#: Share of the height that the shifts get.
_UPPER = 0.64
#: Fewer frames than this to a screen pixel are shown as points as well.
_DOTS = 0.2


class Box(NamedTuple):
    """A rectangle, screen pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float


class Tick(NamedTuple):
    """A number beside an axis."""

    #: Where it is, screen pixels along its axis.
    at: float
    text: str


class Curve(NamedTuple):
    """A line through the good frames."""

    #: ``"z"``, ``"y"``, ``"x"`` or ``"ncc"``.
    name: str
    #: One point a frame, (x, y), screen pixels; NaN where there is none.
    points: Points
    #: The same for frames that are not good but have a number.
    doubtful: Points


class Panel(NamedTuple):
    """One pair of axes."""

    title: str
    box: Box
    ticks: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    #: Where 0 is, if that lies inside.
    zero: float | None


class Mark(NamedTuple):
    """A frame that is not good."""

    frame: int
    #: Screen pixels.
    x: float
    status: str


@dataclass(frozen=True, slots=True)
class DriftPlot:
    """Everything that is to be painted."""

    panels: tuple[Panel, ...]
    #: Numbers of frames, below.
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    n_frames: int
    #: Whether single frames are far enough apart to be shown as points.
    dots: bool

    @property
    def box(self) -> Box:
        """What all panels cover."""
        first, last = self.panels[0].box, self.panels[-1].box
        return Box(first.left, first.top, last.right, last.bottom)

    def x_of(self, frame: float) -> float:
        """Return where a frame is, screen pixels."""
        return _x_of(frame, self.box, self.n_frames)

    def frame_at(self, x: float) -> int:
        """Return the frame that is nearest to a place, screen pixels."""
        box = self.box
        share = (x - box.left) / max(box.right - box.left, 1.0)
        last = self.n_frames - 1
        return int(np.clip(np.floor(share * last + 0.5), 0, last))


def draw_drift(
    table: DriftTable | None,
    n_frames: int,
    size: tuple[float, float],
    letter: tuple[float, float] = (7.0, 14.0),
) -> DriftPlot:
    """Return what to paint for a table, or for as much of it as there is.

    Parameters
    ----------
    table : DriftTable or None
        What is known: all frames, or the first ones.
    n_frames : int
        How many there will be: the length of the time axis.
    size : tuple of float
        Width and height to fill, screen pixels.
    letter : tuple of float
        Width and height of a letter, screen pixels.

    Examples
    --------
    >>> table = DriftTable.from_shifts([(0, 0), (3, -4)], status=["ok", "blank"])
    >>> plot = draw_drift(table, 11, (300, 200))
    >>> [panel.title for panel in plot.panels], [mark.frame for mark in plot.marks]
    (['shift, px', 'NCC'], [1])
    >>> plot.frame_at(plot.x_of(7))
    7
    """
    n_frames = max(n_frames, 1 if table is None else len(table))
    unit, factors = _unit(table)
    shifts, ncc = np.empty((0, 2)), np.empty(0)
    good = np.empty(0, bool)
    names = "yx"
    if table is not None:
        shifts, good = table.shifts * factors, table.ok
        # A reference is like itself, which says nothing.
        itself = table.reference_frame == np.arange(len(table))
        ncc = np.where(itself, np.nan, table.ncc)
        names = table.axes.lower()
    spans = span_of(shifts[good], least=0.5), ncc_span(ncc)
    upper, lower = _boxes(spans, size, letter)
    columns = [(name, shifts[:, k]) for k, name in enumerate(names)]
    panels = (
        _panel(f"shift, {unit}", upper, spans[0], columns, good, n_frames, letter),
        _panel("NCC", lower, spans[1], [("ncc", ncc)], good, n_frames, letter),
    )
    words = [] if table is None else table.status.tolist()
    marks = tuple(
        Mark(frame, _x_of(frame, upper, n_frames), words[frame])
        for frame in np.flatnonzero(~good).tolist()
    )
    wide = upper.right - upper.left
    room = max(int(wide / (letter[0] * (len(str(n_frames)) + 4))), 1)
    frames = [f for f in round_numbers((0, n_frames - 1), room) if f == int(f)]
    ticks = tuple(Tick(_x_of(f, upper, n_frames), f"{f:.0f}") for f in frames)
    return DriftPlot(panels, ticks, marks, n_frames, n_frames < _DOTS * wide)


def thinned(points: Points) -> Points:
    """Return as much of a line as can be seen, where it has many points a pixel.

    Painting thousands of them takes longer than a window may be held up. In each column
    of pixels the line goes through its first, lowest, highest and last point.

    Parameters
    ----------
    points : ndarray of float, shape (n, 2)
        Points of a line, (x, y), screen pixels, from left to right, all finite.

    Examples
    --------
    >>> line = np.column_stack([np.arange(12) / 6, [5, 1, 3, 4, 9, 2, *range(6)]])
    >>> thinned(line).tolist()[:4]
    [[0.0, 5.0], [0.0, 1.0], [0.0, 9.0], [0.0, 2.0]]
    """
    columns = np.floor(points[:, 0])
    starts = np.flatnonzero(np.diff(columns, prepend=-np.inf))
    if len(points) <= 4 * len(starts):
        return points
    x, y = points[starts, 0], points[:, 1]
    ends = np.r_[starts[1:], len(points)] - 1
    kept = (
        y[starts],
        np.minimum.reduceat(y, starts),
        np.maximum.reduceat(y, starts),
        y[ends],
    )
    return np.column_stack([np.repeat(x, 4), np.column_stack(kept).ravel()])


def _unit(table: DriftTable | None) -> tuple[str, Sequence[float]]:
    """Return the unit in which shifts are shown, and what a pixel is in it."""
    if table is None:
        return "px", (1.0, 1.0)
    units = set(table.units)
    if len(units) == 1 and PIXEL not in units and table.scale:
        return units.pop(), table.scale
    return "px", (1.0,) * table.ndim


def _boxes(
    spans: Sequence[tuple[float, float]],
    size: tuple[float, float],
    letter: tuple[float, float],
) -> tuple[Box, Box]:
    """Return the places of the two panels: titles above, numbers left and below."""
    wide, high = letter
    longest = max(len(as_text(end)) for span in spans for end in round_numbers(span, 3))
    left, right = (longest + 1) * wide + _GAP, size[0] - _GAP
    usable = max(size[1] - 3 * high - 3 * _GAP, 2.0)
    top = high + _GAP
    middle = top + _UPPER * usable
    below = middle + high + _GAP
    right = max(right, left + 1)
    bottom = below + (1 - _UPPER) * usable
    return Box(left, top, right, middle), Box(left, below, right, bottom)


def _panel(
    title: str,
    box: Box,
    span: tuple[float, float],
    columns: Sequence[tuple[str, Points]],
    good: NDArray[np.bool_],
    n_frames: int,
    letter: tuple[float, float],
) -> Panel:
    low, high = span

    def y_of(value: Points | float) -> Points:
        """Values beyond the ends lie on them."""
        inside = np.clip(value, low, high)
        return box.bottom - (inside - low) / (high - low) * (box.bottom - box.top)

    wide = (box.right - box.left) / max(n_frames - 1, 1)
    x = box.left + np.arange(len(good)) * wide
    curves = []
    for name, values in columns:
        points = np.column_stack([x, y_of(values)])
        nowhere = np.full_like(points, np.nan)
        there = good[:, np.newaxis]
        curves.append(
            Curve(
                name,
                np.where(there, points, nowhere),
                np.where(there, nowhere, points),
            )
        )
    room = 4 if box.bottom - box.top > 5 * letter[1] else 2
    numbers = [v for v in round_numbers(span, room) if low <= v <= high]
    ticks = tuple(Tick(float(y_of(v)), as_text(v)) for v in numbers)
    zero = float(y_of(0.0)) if low < 0 < high else None
    return Panel(title, box, ticks, tuple(curves), zero)


def _x_of(frame: float, box: Box, n_frames: int) -> float:
    return box.left + frame / max(n_frames - 1, 1) * (box.right - box.left)
