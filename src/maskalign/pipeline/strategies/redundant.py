"""Every frame over several before it, and the drift that fits all pairs best."""

from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from maskalign.core.trajectory import PairShifts, Trajectory, linked, solve
from maskalign.model.drift_table import DriftRow
from maskalign.model.results import Registration
from maskalign.model.status import CUT_OFF, DEFOCUSED, OK, SATURATED, UNSURE
from maskalign.pipeline.pairing import nothing, share_moved
from maskalign.pipeline.parallel import in_order
from maskalign.pipeline.shots import Shot
from maskalign.pipeline.strategies.base import (
    Task,
    relative_to_first,
    row_of,
    still,
    trusted,
)
from maskalign.pipeline.strategies.focus import FocusWatch

__all__ = ["Redundant"]

#: Least standard error of a pair, pixels; also that of places set by hand, which stay.
_LEAST_STD = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two frames, and how the second lies over the first."""

    reference: int
    moving: int
    found: Registration
    #: Which of the two are not as they should be, if the status says so.
    at_fault: tuple[int, ...]

    @property
    def known(self) -> bool:
        return bool(np.isfinite(self.found.shift).all())


@dataclass(frozen=True, slots=True, eq=False)
class Redundant:
    """Lays each frame over those so many frames before it, and solves for the drift."""

    task: Task
    #: How far back, in frames, ascending.
    time_lags: tuple[int, ...]
    n_passes: int = 2

    def rows(self) -> Generator[DriftRow, None, None]:
        """Yield provisional rows while pairs are matched, then the final ones."""
        task, focus = self.task, FocusWatch()
        places: dict[int, NDArray[np.float64]] = {}
        pairs: list[_Pair] = []
        blurred: set[int] = set()
        for shot, found in in_order(self._pairs, self._groups(), workers=task.workers):
            frame = shot.frame
            if task.settled(frame) is None and focus.lost(shot.defects):
                blurred.add(frame)
            pairs += [_without_blur(pair, blurred) for pair in found]
            row = self._provisional(frame, found, places)
            places[frame] = np.array(row.shift)
            places.pop(frame - self.time_lags[-1], None)
            yield row
        yield from relative_to_first(self._final(pairs), task)

    def _groups(self) -> Iterator[tuple[Shot, list[Shot]]]:
        """Yield each frame with those it is laid over."""
        before: deque[Shot] = deque(maxlen=self.time_lags[-1])
        for shot in self.task.shots.stream():
            earlier = [before[-k] for k in self.time_lags if k <= len(before)]
            yield shot, [s for s in earlier if s.frame not in self.task.exclude]
            before.append(shot)

    def _pairs(self, group: tuple[Shot, list[Shot]]) -> tuple[Shot, list[_Pair]]:
        shot, before = group
        if shot.frame in self.task.exclude:
            return shot, []
        return shot, [self._pair(other, shot) for other in before]

    def _pair(self, reference: Shot, moving: Shot) -> _Pair:
        found = self.task.pairing(reference, moving)
        pair = _Pair(reference.frame, moving.frame, found, (moving.frame,))
        if not pair.known:
            troubled = [s.frame for s in (reference, moving) if s.trouble is not None]
            return replace(pair, at_fault=tuple(troubled) or pair.at_fault)
        # Neither of the two is the better one by order: the first may be the bad one.
        moved = share_moved(found, moving)
        word = reference.defects.beside(moving.defects, moved)
        if word is None:
            return pair
        found = replace(found, status=word)
        return replace(pair, found=found, at_fault=(reference.frame,))

    def _provisional(
        self, frame: int, pairs: list[_Pair], places: dict[int, NDArray[np.float64]]
    ) -> DriftRow:
        """Return where a frame lies by what is known so far."""
        task = self.task
        known = task.settled(frame)
        if known is not None:
            return row_of(frame, -1, known)
        if not pairs:
            return still(frame, -1, task.ndim)
        total, weight = np.zeros(task.ndim), np.zeros(task.ndim)
        for pair in pairs:
            place = places[pair.reference] + pair.found.shift
            if np.isfinite(place).all():
                precision = np.maximum(pair.found.shift_std, _LEAST_STD) ** -2
                total += place * precision
                weight += precision
        best = _typical(pairs)
        if not weight.all():
            return row_of(frame, -1, best)
        return row_of(frame, -1, best, total / weight, weight**-0.5)

    def _final(self, pairs: list[_Pair]) -> list[DriftRow]:
        """Solve all pairs for the places of the frames."""
        n = len(self.task.shots)
        of_frame: list[list[_Pair]] = [[] for _ in range(n)]
        for pair in pairs:
            of_frame[pair.reference].append(pair)
            of_frame[pair.moving].append(pair)
        fixed = self._by_hand()
        good = [p for p in pairs if p.known and trusted(p.found)]
        labels = linked(_net(good + fixed, self.task.ndim), n)
        main = labels == np.bincount(labels).argmax()
        # What is doubtful only places frames that nothing better reaches.
        last_resort = [
            p
            for p in pairs
            if p.known
            and not trusted(p.found)
            and not (main[p.reference] and main[p.moving])
        ]
        origin = int(np.flatnonzero(main)[0])
        net = _net(good + fixed + last_resort, self.task.ndim)
        path = solve(net, n, origin)
        return [
            self._row(f, of_frame[f], path, linked_up=bool(main[f])) for f in range(n)
        ]

    def _by_hand(self) -> list[_Pair]:
        """Return the differences between places that were set by hand, and frame 0."""
        start = self.task.start
        if start is None or not start.manual:
            return []
        places = {0: (0.0,) * self.task.ndim} | start.manual
        std = (_LEAST_STD,) * self.task.ndim
        frames = sorted(places)
        return [
            _Pair(
                a,
                b,
                Registration(
                    tuple(np.subtract(places[b], places[a]).tolist()),
                    1.0, 1.0, std, float("nan"), OK,
                ),
                (),
            )
            for a, b in pairwise(frames)
        ]  # fmt: skip

    def _row(
        self, frame: int, pairs: list[_Pair], path: Trajectory, *, linked_up: bool
    ) -> DriftRow:
        known = self.task.settled(frame)
        if known is not None:
            return row_of(frame, -1, known)
        if not pairs:
            return still(frame, -1, self.task.ndim)
        compared = any(p.known for p in pairs)
        status = _verdict(frame, pairs, linked_up=linked_up and compared)
        if not compared:
            return row_of(frame, -1, nothing(status, self.task.ndim))
        best = replace(_typical(pairs), status=status)
        row = row_of(frame, -1, best, path.shifts[frame], path.std[frame])
        return replace(row, residual=float(path.residual[frame]))


def _without_blur(pair: _Pair, blurred: set[int]) -> _Pair:
    """Return a pair that is not to be trusted if one of its frames is out of focus."""
    if blurred.isdisjoint((pair.reference, pair.moving)) or not trusted(pair.found):
        return pair
    frames = tuple(f for f in (pair.reference, pair.moving) if f in blurred)
    return replace(pair, found=replace(pair.found, status=DEFOCUSED), at_fault=frames)


def _net(pairs: list[_Pair], ndim: int) -> PairShifts:
    return PairShifts(
        np.array([p.reference for p in pairs], np.intp),
        np.array([p.moving for p in pairs], np.intp),
        np.array([p.found.shift for p in pairs], float).reshape(-1, ndim),
        np.maximum([p.found.shift_std for p in pairs], _LEAST_STD).reshape(-1, ndim),
    )


def _verdict(frame: int, pairs: list[_Pair], *, linked_up: bool) -> str:
    """Return the status of a frame: that of the pairs in which it is at fault.

    Parameters
    ----------
    frame : int
        The frame.
    pairs : list of _Pair
        All pairs it is in.
    linked_up : bool
        Whether good pairs link it to most other frames.
    """
    words = Counter(p.found.status for p in pairs if frame in p.at_fault)
    for word in (SATURATED, CUT_OFF, DEFOCUSED):
        if 2 * words[word] >= len(pairs):
            return word
    if linked_up:
        return OK
    del words[OK]
    return words.most_common(1)[0][0] if words else UNSURE


def _typical(pairs: Iterable[_Pair]) -> Registration:
    """Return the pair with the middle NCC, of the good ones if there are any."""
    found = [p.found for p in pairs]
    ranked = sorted([f for f in found if trusted(f)] or found, key=lambda f: f.ncc)
    return ranked[len(ranked) // 2]
