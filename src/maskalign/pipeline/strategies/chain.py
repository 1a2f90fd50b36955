"""Every frame over an earlier one, whose own place is known by then.

With a new reference at every frame the images compared are as alike as can be, but the
errors of all steps add up. With one that is renewed now and then there are fewer steps.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from maskalign.model.drift_table import DriftRow
from maskalign.model.results import Registration
from maskalign.model.status import AMBIGUOUS, AT_LIMIT, LOW_OVERLAP, UNSURE
from maskalign.pipeline.pairing import share_moved
from maskalign.pipeline.parallel import in_order
from maskalign.pipeline.shots import Shot
from maskalign.pipeline.strategies.base import Task, row_of, still, trusted
from maskalign.pipeline.strategies.focus import FocusWatch

__all__ = ["Chain"]

#: Frames for which rows are held back while nothing has fitted the first one.
_PATIENCE = 10
#: What makes it worth while to try a reference that is nearer in time.
_TRY_ANOTHER = (UNSURE, AMBIGUOUS, AT_LIMIT, LOW_OVERLAP)
#: A frame that is only unsure may be a reference if its error is below this, pixels.
_BRIDGED = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class _Link:
    """A frame that others may be laid over, and where it lies."""

    shot: Shot
    place: NDArray[np.float64]
    variance: NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Chain:
    """Lays every frame over the last good one before its stretch of the movie.

    A frame that is not good is never a reference, but for one that is merely vague.
    Whether the first is good shows when something fits it; until then rows are held
    back, and should two later frames fit each other but not the first, the movie begins
    with them.
    """

    task: Task
    #: Length of a stretch, in frames; 1 for the previous frame.
    renew_every: int
    n_passes: int = 1
    _anchor: _Link | None = field(default=None, init=False)
    _last_good: _Link | None = field(default=None, init=False)
    _confirmed: bool = field(default=False, init=False)
    _failed: Shot | None = field(default=None, init=False)
    _doubtful: _Link | None = field(default=None, init=False)
    #: What is wrong with the first frame, as the last one shows.
    _worse: str | None = field(default=None, init=False)
    _focus: FocusWatch = field(default_factory=FocusWatch, init=False)

    def rows(self) -> Generator[DriftRow, None, None]:
        """Yield each row as soon as it is done."""
        task = self.task

        def guessed(
            item: tuple[Shot, Shot | None],
        ) -> tuple[Shot, Shot | None, Registration | None]:
            shot, guess = item
            found = task.settled(shot.frame)
            if found is None and guess is not None:
                found = task.pairing(guess, shot)
            return shot, guess, found

        held: list[DriftRow] = []
        for shot, guess, found in in_order(
            guessed, self._guesses(), workers=task.workers
        ):
            held.append(self._row(shot, guess, found))
            if not self._confirmed:
                held = self._reconsidered(shot, held)
            if self._confirmed or len(held) > _PATIENCE:
                self._confirmed = True
                yield from held
                held = []
        yield from held

    def _guesses(self) -> Iterator[tuple[Shot, Shot | None]]:
        """Yield each frame with the reference that it has if no frame fails.

        So that frames need not wait for each other: most of them are good.
        """
        guess: Shot | None = None
        for shot in self.task.shots.stream():
            yield shot, guess
            if shot.frame % self.renew_every == 0:
                guess = None if shot.frame in self.task.exclude else shot

    def _row(
        self, shot: Shot, guess: Shot | None, found: Registration | None
    ) -> DriftRow:
        task, frame = self.task, shot.frame
        known = task.settled(frame)
        if known is not None:
            if trusted(known):
                none = np.zeros(task.ndim)
                self._last_good = _Link(shot, np.array(known.shift), none)
                self._anchor = self._anchor or self._last_good
                self._confirmed = True
            return row_of(frame, -1, known)
        if self._last_good is None or self._anchor is None:
            return self._first(shot)
        if (frame - 1) % self.renew_every == 0:
            self._anchor = self._last_good
        if found is None or guess is not self._anchor.shot:
            found = task.pairing(self._anchor.shot, shot)
        if self._confirmed and found.status in _TRY_ANOTHER:
            found = self._over_another(shot, found)
        anchor = self._anchor
        found = task.judged(shot.defects, found, self._focus)
        place = anchor.place + found.shift
        variance = anchor.variance + np.square(found.shift_std)
        link = _Link(shot, place, variance)
        if not self._confirmed and shot.trouble is None:
            moved = share_moved(found, shot)
            self._worse = anchor.shot.defects.beside(shot.defects, moved)
        if trusted(found) and self._worse is None:
            self._last_good = link
            self._confirmed = True
        elif self._confirmed and found.status == UNSURE:
            near = np.max(found.shift_std) < _BRIDGED
            self._doubtful = link if near else None
        return row_of(frame, anchor.shot.frame, found, place, np.sqrt(variance))

    def _over_another(self, shot: Shot, found: Registration) -> Registration:
        """Lay a frame over one nearer to it than its reference, which it does not fit.

        Over the last good frame; or over a later one that was not good itself only
        because its place is vague, as its standard error says, and with it all that
        follow. What it fits is the reference from then on.
        """
        for other in (self._last_good, self._doubtful):
            if other is not None and other is not self._anchor:
                again = self.task.pairing(other.shot, shot)
                if trusted(again):
                    self._anchor, self._doubtful = other, None
                    return again
        return found

    def _first(self, shot: Shot) -> DriftRow:
        """Begin the chain with a frame, if there is something in it."""
        found = self.task.pairing(shot, shot)
        if not np.isfinite(found.shift).all():
            return row_of(shot.frame, -1, found)
        self._focus.lost(shot.defects)
        none = np.zeros(self.task.ndim)
        self._anchor = self._last_good = _Link(shot, none, none)
        return still(shot.frame, shot.frame, self.task.ndim)

    def _reconsidered(self, shot: Shot, held: list[DriftRow]) -> list[DriftRow]:
        """Return the rows, should it turn out that the first frame is a bad one.

        It is if it looks worse than this one; or if this one fits another that did not
        fit the first, which then is where the movie begins.
        """
        task, first = self.task, self._anchor
        if first is None or shot is first.shot or shot.frame in task.exclude:
            return held
        failed, self._failed = self._failed, shot
        none = np.zeros(task.ndim)
        word, self._worse = self._worse, None
        if word is not None:
            self._anchor = self._last_good = _Link(shot, none, none)
            self._failed = None
            return _with(held, still(shot.frame, shot.frame, task.ndim), first, word)
        if failed is None:
            return held
        found = task.pairing(failed, shot)
        if not trusted(found):
            return held
        self._anchor = _Link(failed, none, none)
        self._last_good = _Link(shot, np.array(found.shift), np.square(found.shift_std))
        self._confirmed = True
        held = _with(held, row_of(shot.frame, failed.frame, found), first, UNSURE)
        return _with(held, still(failed.frame, failed.frame, task.ndim), first, UNSURE)


def _with(
    rows: list[DriftRow], renewed: DriftRow, bad: _Link, word: str
) -> list[DriftRow]:
    """Return the rows with one of them renewed, and one called by what it is."""
    frame = bad.shot.frame
    rows = [renewed if row.frame == renewed.frame else row for row in rows]
    return [replace(row, status=word) if row.frame == frame else row for row in rows]
