"""The NCC map of two images: ours beside a loop over pixels and five filters."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.contest import Answer, Contest, Judge
from benchmarks.peers import Peer
from benchmarks.report import Table
from benchmarks.scenes import camera_shots
from benchmarks.timing import Call
from maskalign import local_ncc

__all__ = ["ncc_map"]

_WINDOW = 7
#: Side of the part that the loop is timed on; it takes as long for every pixel.
_CROP = 64
#: Largest difference to the loop in double precision that is right.
_ALLOWED = 1e-4

Image = NDArray[Any]


def _loop(a: Image, b: Image) -> Image:
    """Return the map of the pixels whose windows lie inside, as it is often written."""
    reach = _WINDOW // 2
    out = np.zeros(a.shape)
    for i in range(reach, len(a) - reach):
        for j in range(reach, a.shape[1] - reach):
            here = slice(i - reach, i + reach + 1), slice(j - reach, j + reach + 1)
            out[i, j] = _coefficient(a[here], b[here])
    return out[reach:-reach, reach:-reach]


def _coefficient(a: Image, b: Image) -> float:
    spread = a.std() * b.std()
    if spread == 0:
        return 0.0
    return float(np.mean((a - a.mean()) * (b - b.mean())) / spread)


def _filters(a: Image, b: Image) -> Image:
    """Return the map from five running means."""
    mean = partial(ndimage.uniform_filter, size=_WINDOW)
    mean_a, mean_b = mean(a), mean(b)
    product = mean(a * b) - mean_a * mean_b
    spread_a, spread_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    # Where rounding has left less than nothing, there is no value.
    with np.errstate(invalid="ignore"):
        return np.asarray(product / np.sqrt(spread_a * spread_b))


_LOOP = Peer(f"Python loop over pixels, from {_CROP}²", "numpy", _loop)
_FILTERS = Peer("five scipy uniform_filter, float32", "scipy", _filters)


def ncc_map(*, quick: bool) -> list[Table]:
    """Time the map of a float32 pair, window 7."""
    size = 512 if quick else 2048
    shots = camera_shots((size, size), [(0, 0), (0.4, -0.3)], masked=False)
    images = [frame.astype(np.float32) for frame in shots.frames]
    reach = _WINDOW // 2
    here = (slice(size // 2, size // 2 + _CROP + 2 * reach),) * 2
    crops = [image[here] for image in images]
    # The loop does so small a share of the work; its rim is not timed as work.
    share = (_CROP / size) ** 2
    inner = (slice(size // 2 + reach, size // 2 + reach + _CROP),) * 2
    judge = _likeness(_loop(*(crop.astype(float) for crop in crops)), inner)
    contest = Contest(rounds=3 if quick else 9)
    work = contest.ours(
        f"NCC map, {size}² float32, window {_WINDOW}",
        Call(partial(local_ncc, *images, window=_WINDOW)),
        judge,
    )
    loop = Call(partial(_LOOP.call, *crops), per=share)
    contest.peer(work, _LOOP, loop, judge, target=3000)
    filters = Call(partial(_FILTERS.call, *images))
    contest.peer(work, _FILTERS, filters, judge, target=4)
    return [contest.table()]


def _likeness(exact: Image, inner: tuple[slice, ...]) -> Judge:
    """Return a judge of maps: the largest difference to the loop."""

    def judge(found: Any) -> Answer:
        part = found if found.shape == exact.shape else found[inner]
        error = float(np.max(np.abs(part - exact)))
        return Answer(f"{error:.1g}", error <= _ALLOWED)

    return judge
