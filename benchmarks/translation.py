"""Moving by a fraction of a pixel: one image beside the peers, and a long movie."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks.contest import Answer, Contest, Judge
from benchmarks.report import Table
from benchmarks.scenes import field, moved
from benchmarks.timing import Call, race
from maskalign import apply_drift
from maskalign.core.translate import translate

__all__ = ["translation"]

_SHIFT = (3.3, -2.7)
#: Pixels at the edges that an image moved in has no values for.
_EDGE = 16
#: Largest error that is right, as a share of the standard deviation of the image.
_ALLOWED = 0.05


def translation(*, quick: bool) -> list[Table]:
    """Time linear and cubic moves of a float32 image, and what dask adds to them."""
    size = 512 if quick else 1024
    scene = field(np.random.default_rng(0), 3.0, (size, size))
    image = scene.astype(np.float32)
    contest = Contest(rounds=5 if quick else 15)
    for kind, target in (("linear", 8), ("cubic", 8)):
        judge = _likeness(moved(scene, _SHIFT))
        work = contest.ours(
            f"translate, {size}² float32, {kind}",
            Call(partial(translate, image, _SHIFT, interpolation=kind)),
            judge,
        )
        cubic = kind == "cubic"
        for peer, wanted in ((peers.NDIMAGE_SHIFT, target), (peers.WARP_AFFINE, None)):
            call = Call(partial(peer.call, image, _SHIFT, cubic=cubic))
            named = replace(peer, label=f"{peer.label}, {kind}")
            contest.peer(work, named, call, judge, target=wanted)
    return [contest.table(), _long_movie(rounds=5 if quick else 15)]


def _long_movie(*, rounds: int) -> Table:
    """Time what is done to a lazy movie beside moving its frames: no peer does it."""
    calls = {}
    for n in (100, 10_000):
        movie = np.broadcast_to(np.float32(0), (n, 32, 32))
        shifts = np.random.default_rng(0).normal(size=(n, 2))
        one = apply_drift(movie, shifts)[n // 2]
        calls[f"build the graph of {n} frames"] = Call(
            partial(apply_drift, movie, shifts)
        )
        calls[f"show one frame of {n}"] = Call(one.compute)
    found = race(calls, rounds=rounds)
    rows = tuple((name, f"{1e3 * found.seconds(name):.2g}") for name in calls)
    return Table(
        "Apply a drift lazily", ("work, frames of 32² float32", "ours, ms"), rows
    )


def _likeness(exact: NDArray[np.float64]) -> Judge:
    """Return a judge of moved images: how far they are from the exact one."""

    def judge(image: Any) -> Answer:
        inside = (slice(_EDGE, -_EDGE),) * exact.ndim
        error = float(np.std(image[inside] - exact[inside]) / np.std(exact))
        return Answer(f"{100 * error:.2g} %", error <= _ALLOWED)

    return judge
