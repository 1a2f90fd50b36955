"""How alike the frames of a movie are, before and after, and how sharp their mean.

The frames are gone through twice: for their sums, and to compare each with the mean of
the others. Before and after are treated alike: the same frames, the same pixels, the
same smoothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from maskalign.core.sharpness import shared_detail
from maskalign.core.steady import read_steadily
from maskalign.model.types import ValidArray
from maskalign.pipeline.parallel import in_order, n_workers
from maskalign.pipeline.report.subject import Subject, stream
from maskalign.pipeline.report.sums import Seen, Sum
from maskalign.pipeline.shots import Shot

__all__ = ["Likeness", "measure_likeness"]

T = TypeVar("T")

#: A pixel counts if so many of the frames show it, as a share of the most.
_SEEN = 0.75
#: Fewest pixels that frames are compared on.
_FEWEST = 64
#: What neighbours share is detail if it is so many standard errors.
_SIGMAS = 3.0
#: Parts of the movie, one after the other, whose means are kept, and how many frames
#: at most are in each.
_PARTS, _IN_A_PART = 3, 8
#: Most frames that are worked on at once: each is held four times over.
_WORKERS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What the frames say before (first) and after alignment (second)."""

    #: Frames that have something to compare, ascending.
    frames: NDArray[np.intp]
    #: NCC of each with the mean of the others, shape (2, N).
    ncc: NDArray[np.float64]
    #: Detail of the mean over that of single frames.
    sharpness: tuple[float, float]
    #: Pixels that are compared: those that most frames show, before and after.
    region: ValidArray
    #: Means of some aligned frames of consecutive parts of the movie, and the numbers
    #: of those frames.
    parts: list[tuple[NDArray[np.intp], Sum]]


def measure_likeness(subject: Subject) -> Likeness:
    """Go through the chosen frames twice and compare them."""
    shape = subject.frames.shape
    halves = [[Sum(shape), Sum(shape)] for _ in range(2)]
    parts = [(numbers, Sum(shape)) for numbers in _parts(subject.chosen)]
    usable: list[int] = []
    for frame, pair in _pairs(subject):
        for seen, half in zip(pair, halves, strict=True):
            half[len(usable) % 2].add(seen)
        for numbers, part in parts:
            if frame in numbers:
                part.add(pair[1])
        usable.append(frame)
    totals = [first.plus(second) for first, second in halves]
    region = _region(subject, totals)
    ncc, own = _compare(subject, totals, region)
    detail = [_mean_detail(a, b, region) for a, b in halves]
    best = max((one for one in own if np.isfinite(one)), default=float("nan"))
    sharpness = [d / best for d in detail]
    return Likeness(
        np.array(usable, np.intp),
        ncc,
        (sharpness[0], sharpness[1]),
        region,
        parts,
    )


def _parts(chosen: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return some frames from the beginning, the middle and the end."""
    n = len(chosen)
    size = min(max(n // (2 * _PARTS), 1), _IN_A_PART)
    if n < 2:
        return []
    starts = np.unique(np.rint(np.linspace(0, n - size, min(_PARTS, n))).astype(int))
    return [chosen[start : start + size] for start in starts]


def _pairs(subject: Subject) -> Iterator[tuple[int, tuple[Seen, Seen]]]:
    """Yield each frame as it came and as it is moved; not those that show nothing."""

    def look(shot: Shot) -> tuple[int, tuple[Seen, Seen] | None]:
        return shot.frame, _look(subject, shot)

    for frame, pair in _each(look, subject):
        if pair is not None:
            yield frame, pair


def _look(subject: Subject, shot: Shot) -> tuple[Seen, Seen] | None:
    if shot.trouble is not None:
        return None
    still = (0.0,) * len(shot.shape)
    shift = subject.shifts[shot.frame].tolist()
    return (
        Seen(*read_steadily(shot.pixels, still)),
        Seen(*read_steadily(shot.pixels, shift)),
    )


def _each(look: Callable[[Shot], T], subject: Subject) -> Iterator[T]:
    shots = stream(subject.seen, subject.chosen)
    return in_order(look, shots, workers=min(n_workers(), _WORKERS))


def _region(subject: Subject, totals: list[Sum]) -> ValidArray:
    """Return the pixels that most frames show, before and after."""
    region = np.ones(subject.frames.shape, bool)
    for total in totals:
        most = int(total.count.max())
        # Of fewer than two there are no others to compare with.
        region &= total.count >= max(_SEEN * most, 2)
    if subject.place is not None:
        region &= subject.place
    return region


def _compare(
    subject: Subject, totals: list[Sum], region: ValidArray
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Return the NCC of each frame with the others, and the detail of neighbours.

    What two frames that follow each other share is what a single frame shows, without
    its noise.
    """

    def look(shot: Shot) -> tuple[tuple[Seen, Seen], list[float]] | None:
        pair = _look(subject, shot)
        if pair is None:
            return None
        return pair, [_ncc(s, t, region) for s, t in zip(pair, totals, strict=True)]

    ncc: list[list[float]] = []
    shared: list[list[float]] = []
    last: tuple[Seen, Seen] | None = None
    for found in _each(look, subject):
        if found is None:
            continue
        pair, values = found
        ncc.append(values)
        if last is not None:
            shared.append(
                [_detail(a, b, region) for a, b in zip(last, pair, strict=True)]
            )
        last = pair
    before, after = (_shared([one[k] for one in shared]) for k in (0, 1))
    return np.array(ncc, float).reshape(-1, 2).T, (before, after)


def _shared(details: list[float]) -> float:
    """Return the mean detail of neighbours; NaN if it may be noise."""
    known = np.array([detail for detail in details if np.isfinite(detail)])
    if not known.size:
        return float("nan")
    error = float(known.std()) / np.sqrt(len(known))
    return float(known.mean()) if known.mean() > _SIGMAS * error else float("nan")


def _ncc(seen: Seen, total: Sum, region: ValidArray) -> float:
    used = region & seen.valid
    n = int(np.count_nonzero(used))
    if n < _FEWEST:
        return float("nan")
    a = np.where(used, seen.values, 0)
    b = np.where(used, total.without(seen), 0)
    a -= a.sum(dtype=np.float64) / n * used
    b -= b.sum(dtype=np.float64) / n * used
    norm = np.sqrt(float(np.vdot(a, a)) * float(np.vdot(b, b)))
    return float(np.vdot(a, b)) / norm if norm > 0 else float("nan")


def _detail(first: Seen, second: Seen, region: ValidArray) -> float:
    used = region & first.valid & second.valid
    return shared_detail(first.values, second.values, used)


def _mean_detail(first: Sum, second: Sum, region: ValidArray) -> float:
    used = region & (first.count > 0) & (second.count > 0)
    return shared_detail(first.mean, second.mean, used)
