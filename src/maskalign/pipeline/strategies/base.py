"""What all strategies work with, and the rows they make."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maskalign.core.defects import Defects
from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.options import DriftOptions
from maskalign.model.results import Registration
from maskalign.model.status import DEFOCUSED, EXCLUDED, MANUAL, OK, TRUSTED
from maskalign.pipeline.pairing import Pairing, nothing
from maskalign.pipeline.shots import Shots
from maskalign.pipeline.start import Start
from maskalign.pipeline.strategies.focus import FocusWatch

__all__ = ["Strategy", "Task", "relative_to_first", "row_of", "still", "trusted"]


class Strategy(Protocol):
    """A way to lay the frames of a movie over something."""

    @property
    def n_passes(self) -> int:
        """How often it goes through the movie, yielding a row for each frame."""

    def rows(self) -> Generator[DriftRow, None, None]:
        """Yield the rows of each pass in the order of frames; the last are final."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A movie, ready to be aligned, and what was asked for."""

    shots: Shots
    pairing: Pairing
    options: DriftOptions
    #: Frames to leave out.
    exclude: frozenset[int]
    start: Start | None
    #: Frames worked on at once.
    workers: int

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return len(self.shots.frames.shape)

    def settled(self, frame: int) -> Registration | None:
        """Return what is known of a frame without looking at it, or None."""
        if frame in self.exclude:
            return nothing(EXCLUDED, self.ndim)
        if self.start is not None and frame in self.start.manual:
            unknown, nan = (float("nan"),) * self.ndim, float("nan")
            shift = self.start.manual[frame]
            return Registration(shift, nan, nan, unknown, nan, MANUAL)
        return None

    def judged(
        self, defects: Defects | None, found: Registration, focus: FocusWatch
    ) -> Registration:
        """Return what was found for a frame, not to be trusted if it is out of focus.

        Frames come in order, but for those that were settled without a look, which have
        no known defects.
        """
        if defects is None or not focus.lost(defects):
            return found
        return replace(found, status=DEFOCUSED) if trusted(found) else found


def still(frame: int, reference_frame: int, ndim: int) -> DriftRow:
    """Return the row of a frame that everything is relative to."""
    zeros = (0.0,) * ndim
    return DriftRow(frame, reference_frame, zeros, 1.0, 1.0, zeros, float("nan"), OK)


def row_of(
    frame: int,
    reference_frame: int,
    found: Registration,
    place: NDArray[np.float64] | None = None,
    std: NDArray[np.float64] | None = None,
) -> DriftRow:
    """Return the row of a frame: what was found, at a place of its own if given."""
    return DriftRow(
        frame,
        reference_frame,
        found.shift if place is None else tuple(place.tolist()),
        found.ncc,
        found.overlap,
        found.shift_std if std is None else tuple(std.tolist()),
        found.peak_ratio,
        found.status,
    )


def relative_to_first(rows: Iterable[DriftRow], task: Task) -> Iterator[DriftRow]:
    """Yield rows that have one origin, relative to frame 0.

    A frame 0 that is not to be trusted lies where its neighbours say. Shifts that were
    set by hand are relative to frame 0 as they are.
    """
    table = DriftTable.from_rows(rows)
    known = [task.settled(frame) for frame in range(len(table))]
    measured = table.ok & np.array([k is None for k in known])
    if not measured.any():
        yield from table
        return
    whole = table.replace(status=np.where(measured, OK, table.status)).repaired()
    origin = whole.shifts[0]
    variance = np.square(table.shift_std[0]) if measured[0] else np.zeros(task.ndim)
    for row, fixed in zip(table, known, strict=True):
        if fixed is not None:
            yield row_of(row.frame, row.reference_frame, fixed)
            continue
        std = np.sqrt(np.square(row.shift_std) + variance)
        if row.frame == 0 and measured[0]:
            std = np.zeros(task.ndim)
        place = np.array(row.shift) - origin
        yield replace(row, shift=tuple(place.tolist()), shift_std=tuple(std.tolist()))


def trusted(found: Registration) -> bool:
    """Tell whether a match may be built upon."""
    return found.status in TRUSTED
