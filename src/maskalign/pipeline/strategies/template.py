"""Every frame over the mean of the others, aligned: less noise than any one frame has.

The mean is made and used in turns, until it settles. Two are kept, of the even and of
the odd frames, and each half is laid over the mean of the other: a frame that were part
of its own reference would be drawn to where it was put before. The two means, laid over
each other, tie the halves together.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maskalign.core.defects import Defects
from maskalign.core.translate import translate
from maskalign.model.drift_table import DriftRow
from maskalign.model.results import Registration
from maskalign.pipeline.parallel import in_order
from maskalign.pipeline.shots import ImageShot, Shot
from maskalign.pipeline.strategies.base import (
    Task,
    relative_to_first,
    row_of,
    trusted,
)
from maskalign.pipeline.strategies.focus import FocusWatch

__all__ = ["Mean"]

_Place: TypeAlias = NDArray[np.float64]

#: Frames, spread over the movie, of which one is chosen to begin with.
_CANDIDATES = 9
#: A pixel of the mean counts if so many of the frames show it, as a share of the most.
_COVERED = 0.5
#: Passes over the movie, the first over one frame and the rest over means.
_PASSES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """Lays every frame over the mean of good frames."""

    task: Task
    n_passes: int = _PASSES

    def rows(self) -> Generator[DriftRow, None, None]:
        """Yield the rows of each pass; those of the last are final."""
        task, start = self.task, self._best_frame()
        if start is None:
            for _ in range(_PASSES):
                yield from self._reasons()
            return
        halves = _Halves((start, start), np.zeros((2, task.ndim)), np.zeros(task.ndim))
        for last in (False,) * (_PASSES - 1) + (True,):
            sums = _Sum(start), _Sum(start)
            found = []
            for row, laid in self._pass(start, halves):
                if laid is not None:
                    sums[row.frame % 2].add(laid)
                found.append(row)
                if not last:
                    yield row
            if not last:
                halves = self._renewed(sums, start) or halves
        yield from relative_to_first(found, task)

    def _best_frame(self) -> Shot | None:
        """Return the frame that is most like others; None if none has contrast."""
        task = self.task
        usable = [f for f in range(len(task.shots)) if f not in task.exclude]
        chosen = np.linspace(0, len(usable) - 1, min(_CANDIDATES, len(usable)))
        frames = [usable[round(k)] for k in chosen]
        shots = [task.shots.block_of(f).shot(f) for f in frames]
        shots = [shot for shot in shots if shot.trouble is None]
        likeness = dict.fromkeys(range(len(shots)), 0.0)

        def pair(ends: tuple[int, int]) -> tuple[int, int, Registration]:
            a, b = ends
            return a, b, task.pairing(shots[a], shots[b])

        pairs = combinations(range(len(shots)), 2)
        for a, b, found in in_order(pair, pairs, workers=task.workers):
            if trusted(found):
                likeness[a] += found.ncc
                likeness[b] += found.ncc
        return shots[max(likeness, key=likeness.__getitem__)] if shots else None

    def _pass(
        self, start: Shot, halves: "_Halves"
    ) -> Iterator[tuple[DriftRow, NDArray[Any] | None]]:
        """Yield a row for each frame, and the frame laid down if it is a good one."""
        task = self.task

        def laid_over(
            shot: Shot,
        ) -> tuple[int, Registration, Defects | None, _Place, NDArray[Any] | None]:
            frame, half = shot.frame, shot.frame % 2
            known = task.settled(frame)
            if known is not None:
                return frame, known, None, np.array(known.shift), None
            found = task.pairing(halves.references[half], shot, start.frame)
            place = halves.ties[half] + found.shift
            laid = _laid_down(shot, start, place) if trusted(found) else None
            return frame, found, shot.defects, place, laid

        focus = FocusWatch()
        for frame, seen, defects, place, laid in in_order(
            laid_over, task.shots.stream(), workers=task.workers
        ):
            found = task.judged(defects, seen, focus)
            std = np.hypot(found.shift_std, halves.tie_std)
            row = row_of(frame, -1, found, place, std)
            yield row, laid if trusted(found) else None

    def _renewed(self, sums: "tuple[_Sum, _Sum]", start: Shot) -> "_Halves | None":
        """Return the two means, tied together; None if they do not fit each other."""
        means = [half.mean(start) for half in sums]
        even, odd = means
        if even is None or odd is None:
            return None
        tie = self.task.pairing(even, odd, start.frame)
        if not trusted(tie):
            return None
        middle = np.multiply(tie.shift, 0.5)
        # Even frames lie over the odd mean, which lies by the tie off the even one.
        return _Halves(
            (odd, even), np.stack([middle, -middle]), np.array(tie.shift_std) / 2
        )

    def _reasons(self) -> Iterator[DriftRow]:
        """Yield a row that says why for each of only useless frames."""
        for shot in self.task.shots.stream():
            known = self.task.settled(shot.frame)
            yield row_of(shot.frame, -1, known or self.task.pairing(shot, shot))


@dataclass(frozen=True, slots=True, eq=False)
class _Halves:
    """What even and odd frames are laid over."""

    references: tuple[Shot, Shot]
    #: Where each lies, pixels, shape (2, ndim), and the standard error of that.
    ties: NDArray[np.float64]
    tie_std: NDArray[np.float64]


class _Sum:
    """The sum of frames, and how many show each pixel."""

    def __init__(self, like: Shot) -> None:
        self._total = np.zeros(like.shape)
        self._count = np.zeros(like.shape, np.int32)

    def add(self, laid: NDArray[Any]) -> None:
        """Add a frame that is NaN where it shows nothing."""
        seen = np.isfinite(laid)
        self._count += seen
        np.add(self._total, laid, out=self._total, where=seen)

    def mean(self, like: Shot) -> Shot | None:
        """Return the mean as a reference, None if there is none."""
        most = int(self._count.max())
        if not most:
            return None
        mean = self._total / np.maximum(self._count, 1)
        valid = self._count >= _COVERED * most
        dtype = like.pixels.values.dtype
        return ImageShot(mean.astype(dtype), valid, dtype, like.defects)


def _laid_down(shot: Shot, start: Shot, place: NDArray[np.float64]) -> NDArray[Any]:
    """Return a frame, standardized, laid over the first one; NaN where it is not."""
    pixels = shot.pixels
    values = np.where(pixels.valid.array, pixels.values, np.nan)
    return translate(
        values,
        place.tolist(),
        interpolation="cubic",
        fill_value=np.nan,
        shape=start.shape,
    )
