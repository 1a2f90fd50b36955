"""Moving an image by a fraction of a pixel: how many times faster than the peers."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks.contest import Answer, Contest, Judge
from benchmarks.report import Table
from benchmarks.scenes import field, moved
from benchmarks.timing import Call
from maskalign.core.translate import translate

__all__ = ["translation"]

_SHIFT = (3.3, -2.7)
#: Pixels at the edges that an image moved in has no values for.
_EDGE = 16
#: Largest error that is right, as a share of the standard deviation of the image.
_ALLOWED = 0.05


def translation(*, quick: bool) -> list[Table]:
    """Time linear and cubic interpolation of a float32 image."""
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
    return [contest.table()]


def _likeness(exact: NDArray[np.float64]) -> Judge:
    """Return a judge of moved images: how far they are from the exact one."""

    def judge(image: Any) -> Answer:
        inside = (slice(_EDGE, -_EDGE),) * exact.ndim
        error = float(np.std(image[inside] - exact[inside]) / np.std(exact))
        return Answer(f"{100 * error:.2g} %", error <= _ALLOWED)

    return judge
