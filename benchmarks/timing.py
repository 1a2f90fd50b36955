"""Who is faster, on a machine that others use as well.

All contestants take turns, round by round, so that a busy minute hits them alike, and
the ratio of two is taken round by round before its median is.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

__all__ = ["Call", "Race", "Ratio", "race"]

#: A call shorter than this is repeated within its round, seconds.
_SHORT = 0.2
#: One longer than this takes part in the first rounds only.
_LONG = 5.0
_ROUNDS_IF_LONG = 3


@dataclass(frozen=True, slots=True)
class Call:
    """Something to time; one call does the work `per` times (frames of a movie)."""

    function: Callable[[], Any]
    per: int = 1


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times faster: median over the rounds, lowest, highest."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Race:
    """What came back and how long it took, by name of the contestant."""

    #: What the first call returned, which is not timed.
    result: dict[str, Any]
    #: Seconds for one piece of work, one value a round.
    rounds: dict[str, list[float]]
    #: Cores in use, from the processor time of the whole process.
    cores: dict[str, float]

    def seconds(self, name: str) -> float:
        """Return the median time for one piece of work."""
        return median(self.rounds[name])

    def ratio(self, peer: str, ours: str) -> Ratio:
        """Return how many times faster ours is, over the rounds both took part in."""
        ratios = [
            theirs / mine
            for theirs, mine in zip(self.rounds[peer], self.rounds[ours], strict=False)
        ]
        return Ratio(median(ratios), min(ratios), max(ratios))


def race(calls: Mapping[str, Call], *, rounds: int) -> Race:
    """Warm up with one call each, then time all calls in turn, round after round."""
    results, left = {}, {}
    for name, call in calls.items():
        start = time.perf_counter()
        results[name] = call.function()
        took = time.perf_counter() - start
        left[name] = min(rounds, _ROUNDS_IF_LONG) if took > _LONG else rounds
    found = Race(results, {name: [] for name in calls}, dict.fromkeys(calls, 0.0))
    for number in range(rounds):
        for name, call in calls.items():
            if number < left[name]:
                seconds, cores = _timed(call.function)
                found.rounds[name].append(seconds / call.per)
                found.cores[name] = max(found.cores[name], cores)
    return found


def _timed(function: Callable[[], Any]) -> tuple[float, float]:
    """Return the median time of a call and the cores that were busy."""
    times = []
    begin, busy = time.perf_counter(), time.process_time()
    while True:
        start = time.perf_counter()
        function()
        end = time.perf_counter()
        times.append(end - start)
        if end - begin > _SHORT:
            return median(times), (time.process_time() - busy) / (end - begin)
