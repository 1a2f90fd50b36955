"""Errors on scenes of known shift, beside the Cramer-Rao bound and the peers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import peers
from benchmarks.methods import ours, theirs
from benchmarks.offsets import camera_offsets
from benchmarks.report import Table, verdict
from benchmarks.scenes import Pair, field_pair

__all__ = ["accuracy"]

#: An error of this or more is a failure and not part of the RMSE, pixels.
_FAILED = 1.0
_PEERS = (peers.SKIMAGE_MASKED, peers.ECC, peers.ECC_SHARP, peers.STACKREG)
_COLUMNS = (
    "scene",
    "bound",
    "ours",
    "ours / bound",
    "target",
    "met",
    *(peer.label for peer in _PEERS),
)


@dataclass(frozen=True, slots=True)
class _Scene:
    name: str
    make: Callable[[int], Pair]
    #: Largest RMSE, pixels, and smallest share of trials without failure.
    target: float | None
    success: float = 1.0
    max_shift: float | None = None


_SCENES = (
    _Scene("SNR 10", partial(field_pair, snr=10), 0.0025),
    _Scene("SNR 2", partial(field_pair, snr=2), 0.0125),
    _Scene("SNR 0.5", partial(field_pair, snr=0.5), 0.060),
    _Scene("SNR 0.25, max_shift=16", partial(field_pair, snr=0.25), 0.16, 0.99, 16),
    _Scene("static dust, SNR 5", partial(field_pair, snr=5, masked="dust"), 0.0055),
    _Scene("moving cells, SNR 5", partial(field_pair, snr=5, masked="cells"), 0.0063),
    _Scene("25 % bad pixels, SNR 5", partial(field_pair, snr=5, masked="bad"), None),
    _Scene("no noise", field_pair, 0.0005),
)


def accuracy(*, quick: bool) -> list[Table]:
    """Measure the RMSE of all methods on all scenes, and what a camera offset does."""
    trials = 8 if quick else 100
    rows = tuple(_row(scene, trials) for scene in _SCENES)
    note = (
        f"RMSE of one axis, pixels, over {trials} pairs of 192² float32 and the trials "
        "with an error below 1 px; their share in brackets where it is not 100 %. "
        "The bound is that of Cramer and Rao for a pair. ECC is a local method: it is "
        "started at the true shift, rounded to whole pixels. pystackreg takes no masks."
    )
    table = Table("Accuracy", _COLUMNS, rows, (note,))
    return [table, camera_offsets(trials=2 if quick else 10)]


def _row(scene: _Scene, trials: int) -> tuple[str, ...]:
    pairs = [scene.make(seed) for seed in range(trials)]
    bound = float(np.sqrt(np.mean([pair.bound**2 for pair in pairs])))
    error, success = _scores(pairs, [ours(pair, scene.max_shift) for pair in pairs])
    wanted, met = "-", None
    if scene.target is not None:
        wanted = f"<= {scene.target:g}"
        if scene.success < 1:
            wanted += f" ({100 * scene.success:g} %)"
        met = error <= scene.target and success >= scene.success
    others = []
    for peer in _PEERS:
        found = [theirs(peer, pair) for pair in pairs] if peer.installed else None
        cell = "not installed" if found is None else _cell(*_scores(pairs, found))
        others.append(cell)
    return (
        scene.name,
        f"{bound:.2g}",
        _cell(error, success),
        f"{error / bound:.2f}" if bound else "-",
        wanted,
        verdict(met),
        *others,
    )


def _scores(
    pairs: Sequence[Pair], found: Sequence[Sequence[float]]
) -> tuple[float, float]:
    """Return the RMSE of what did not fail (NaN if all did), and its share."""
    errors = np.subtract(found, [pair.shift for pair in pairs])
    good = (abs(errors) < _FAILED).all(axis=1)
    rmse = np.sqrt(np.mean(errors[good] ** 2)) if good.any() else np.nan
    return float(rmse), float(good.mean())


def _cell(rmse: float, success: float) -> str:
    if success == 0:
        return "all failed"
    share = "" if success == 1 else f" ({100 * success:.3g} %)"
    return f"{rmse:.2g}{share}"
