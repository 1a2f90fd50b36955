"""How far shifts are from adding up around triples of frames."""

import numpy as np
from numpy.typing import NDArray

from maskalign.model.status import TRUSTED
from maskalign.pipeline.pairing import Pairing
from maskalign.pipeline.parallel import in_order, n_workers
from maskalign.pipeline.report.subject import Subject, search
from maskalign.pipeline.shots import Shot

__all__ = ["measure_closure"]

#: Triples of frames that are matched, spread over the movie.
_TRIPLES = 6
#: How far apart the frames of a triple are at most, in frames that are looked at.
_APART = 4


def measure_closure(subject: Subject) -> float:
    """Return the median over some triples of frames, pixels; NaN if none is good.

    With the shifts a to b, b to c and a to c, each with an error of the size s, what
    they are from adding up is s times the root of 3 along each axis; s is returned.
    """
    shots = subject.recorded
    pairing = Pairing(*search(subject), len(shots))

    def close(triple: tuple[int, int, int]) -> float:
        a, b, c = (shots.block_of(frame).shot(frame) for frame in triple)
        return _closure(pairing, a, b, c)

    found = list(in_order(close, _triples(subject.chosen), workers=n_workers()))
    known = [value for value in found if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")


def _triples(chosen: NDArray[np.intp]) -> list[tuple[int, int, int]]:
    apart = min((len(chosen) - 1) // 2, _APART)
    if apart < 1:
        return []
    last = len(chosen) - 1 - 2 * apart
    starts = np.unique(np.rint(np.linspace(0, last, _TRIPLES)).astype(int))
    return [
        (int(chosen[k]), int(chosen[k + apart]), int(chosen[k + 2 * apart]))
        for k in starts
    ]


def _closure(pairing: Pairing, a: Shot, b: Shot, c: Shot) -> float:
    found = [pairing(a, b), pairing(b, c), pairing(a, c)]
    if any(one.status not in TRUSTED for one in found):
        return float("nan")
    first, second, both = (np.array(one.shift) for one in found)
    off = first + second - both
    return float(np.sqrt(np.mean(off**2) / 3))
