"""A camera offset must change nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks import peers
from benchmarks.methods import ours, theirs
from benchmarks.report import Table, verdict
from benchmarks.scenes import Pair, field_pair

__all__ = ["camera_offsets"]

_OFFSETS = (0, 1_000, 10_000, 60_000)
_TARGET = 1e-4
#: Counts of a scene of mean 0 and standard deviation 1.
_PEDESTAL, _GAIN = 100, 10

Method = Callable[[Pair], Sequence[float]]


def camera_offsets(*, trials: int) -> Table:
    """Measure how far the shift of the same two images wanders with their offset."""
    methods: dict[str, Method | None] = {"ours": ours}
    for peer in (peers.SKIMAGE_MASKED, peers.ECC, peers.STACKREG):
        methods[peer.label] = partial(theirs, peer) if peer.installed else None
    rows = []
    for dtype in (np.float32, np.uint16):
        cells = {
            name: "not installed" if method is None else _cell(method, dtype, trials)
            for name, method in methods.items()
        }
        worst, *_ = _wander(ours, dtype, trials)
        rows.append(
            (
                f"offset 0 to {_OFFSETS[-1]}, {np.dtype(dtype).name}",
                cells.pop("ours"),
                f"<= {_TARGET:g}",
                verdict(worst <= _TARGET),
                *cells.values(),
            )
        )
    columns = ("scene", "ours", "target", "met", *list(methods)[1:])
    listed = ", ".join(map(str, _OFFSETS))
    note = (
        f"Largest change of a shift, pixels, when {listed} counts are added to both "
        f"images; {trials} pairs, SNR 10, standard deviation {_GAIN} counts. Where a "
        "shift is wrong by 1 px or more, from which offset on."
    )
    return Table("Camera offset", columns, tuple(rows), (note,))


def _cell(method: Method, dtype: type, trials: int) -> str:
    worst, fails_from, failed = _wander(method, dtype, trials)
    if fails_from is None:
        return f"{worst:.1g}"
    return f"fails from {fails_from} on ({failed} of {trials})"


def _wander(method: Method, dtype: type, trials: int) -> tuple[float, int | None, int]:
    """Return the largest change, the first offset with a failure and how many then."""
    shifts = np.empty((len(_OFFSETS), trials, 2))
    errors = np.empty_like(shifts)
    for seed in range(trials):
        pair = field_pair(seed, 10)
        # Whole counts: they are exact in either dtype at every offset.
        images = [
            np.round(_PEDESTAL + _GAIN * image)
            for image in (pair.reference, pair.moving)
        ]
        for k, offset in enumerate(_OFFSETS):
            reference, moving = ((image + offset).astype(dtype) for image in images)
            raised = replace(pair, reference=reference, moving=moving)
            shifts[k, seed] = method(raised)
            errors[k, seed] = shifts[k, seed] - pair.shift
    failed = ~(abs(errors) < 1).all(axis=2)
    for offset, row in zip(_OFFSETS, failed, strict=True):
        if row.any():
            return float("inf"), offset, int(row.sum())
    return float(np.max(abs(shifts - shifts[0]))), None, 0
