"""A drift table and what was done to it, step by step, so that it can be undone."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from maskalign._napari.wording import list_frames
from maskalign.errors import DriftTableError
from maskalign.model.drift_table import DriftTable
from maskalign.model.status import EXCLUDED, OUTLIER

__all__ = ["History"]


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Tables, the first as it was found, and what led to each; never changed.

    Examples
    --------
    >>> history = History.of(DriftTable.from_shifts([(0, 0), (3, -4), (2, 2)]))
    >>> edited = history.exclude([1])
    >>> edited.now.status.tolist(), edited.said
    (['ok', 'excluded', 'ok'], 'Left out frame 1.')
    >>> edited.undo().now.status.tolist()
    ['ok', 'ok', 'ok']
    >>> edited.undo().redo().said
    'Left out frame 1.'
    """

    tables: tuple[DriftTable, ...]
    words: tuple[str, ...]
    #: What was undone, the last first, and what had led to it.
    undone: tuple[tuple[DriftTable, str], ...] = ()

    @classmethod
    def of(cls, table: DriftTable, said: str = "") -> Self:
        """Begin with a table."""
        return cls((table,), (said,))

    @property
    def now(self) -> DriftTable:
        """The table as it is."""
        return self.tables[-1]

    @property
    def said(self) -> str:
        """What was done last."""
        return self.words[-1]

    @property
    def undoable(self) -> bool:
        """Whether there is anything to undo."""
        return len(self.tables) > 1

    @property
    def redoable(self) -> bool:
        """Whether anything was undone last."""
        return bool(self.undone)

    def then(self, table: DriftTable, said: str) -> Self:
        """Return the history with one more step."""
        return type(self)((*self.tables, table), (*self.words, said))

    def undo(self) -> Self:
        """Return the history without its last step."""
        if not self.undoable:
            return self
        undone = (self.now, self.said), *self.undone
        return type(self)(self.tables[:-1], self.words[:-1], undone)

    def redo(self) -> Self:
        """Return the history with the step that was undone last."""
        if not self.redoable:
            return self
        (table, said), *rest = self.undone
        again = self.then(table, said)
        return replace(again, undone=tuple(rest))

    # Steps ----------------------------------------------------------------------------

    def set_shift(self, frame: int, axis: int, pixels: float) -> Self:
        """Set one number of one frame by hand."""
        table = self.now
        shift = table.shifts[frame]
        if not np.isfinite(shift).all():
            # The others are then what the neighbours say.
            shift = table.repaired().shifts[frame] if table.ok.any() else 0 * shift
        shift = np.nan_to_num(shift)
        shift[axis] = pixels
        said = f"Set the shift of frame {frame} by hand."
        return self.then(table.edit(frame, shift.tolist()), said)

    def exclude(self, frames: list[int]) -> Self:
        """Leave frames out."""
        return self.then(self.now.exclude(frames), f"Left out {list_frames(frames)}.")

    def include(self, frames: list[int]) -> Self:
        """Use frames: as they were before they were left out, or as they stand.

        Raises
        ------
        DriftTableError
            If one of them has no shift.
        """
        table = self.now
        numb = [k for k in frames if not np.isfinite(table.shifts[k]).all()]
        if numb:
            msg = (
                f"{list_frames(numb).capitalize()}: there is no shift to use. Type one "
                "into the table, or press Recompute."
            )
            raise DriftTableError(msg)
        status = table.accept(frames).status.copy()
        for frame in frames:
            before = self._before(frame)
            if before is not None:
                status[frame] = before
        said = f"Included {list_frames(frames)}."
        return self.then(table.replace(status=status), said)

    def flag_outliers(self) -> Self:
        """Flag frames that do not fit their neighbours."""
        table = self.now.flag_outliers()
        new = np.flatnonzero((table.status == OUTLIER) & (self.now.status != OUTLIER))
        found = list_frames(new.tolist()) if new.size else "no frame"
        return self.then(table, f"Outliers: {found}.")

    def repair(self) -> Self:
        """Write down what the neighbours of frames in doubt say."""
        table = self.now.repaired()
        n = int(np.count_nonzero(~table.ok))
        return self.then(table, f"Filled in {n} frame{'s' * (n != 1)}.")

    def smooth(self, sigma: float) -> Self:
        """Keep the slow motion alone."""
        said = f"Smoothed over {sigma:g} frames: jitter stays in the movie."
        return self.then(self.now.smoothed(sigma), said)

    def jitter(self, sigma: float) -> Self:
        """Keep the quick motion alone."""
        said = f"Jitter within {sigma:g} frames only: slow drift stays in the movie."
        return self.then(self.now.jitter(sigma), said)

    def _before(self, frame: int) -> str | None:
        """Return the status of a frame before it was left out with its number."""
        if self.now.status[frame] not in (EXCLUDED, OUTLIER):
            return None
        for table in reversed(self.tables[:-1]):
            same = np.array_equal(table.shifts[frame], self.now.shifts[frame])
            if same and table.status[frame] not in (EXCLUDED, OUTLIER):
                return str(table.status[frame])
        return None
