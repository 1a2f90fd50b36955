"""A whole movie, estimated and moved, beside tools that do the same."""

import os
from functools import partial
from typing import Any

import dask
import numpy as np

from benchmarks import peers
from benchmarks.contest import Answer, Contest, shift_error
from benchmarks.report import Table
from benchmarks.scenes import Shots, camera_shots
from benchmarks.timing import Call
from maskalign import align, estimate_drift, register
from maskalign.core.tile_sums import compiled

__all__ = ["movie"]

_MAX_SHIFT = 64
#: Frames of their own; longer movies repeat them.
_DISTINCT = 8
#: Frames that a peer aligns; its time is given for one.
_PEER_FRAMES = 3
_REFINED = 0.05


def movie(*, quick: bool) -> list[Table]:
    """Time a uint16 movie with a beam stop, one thread, and estimation on all cores."""
    size, n = (512, 16) if quick else (1024, 200)
    shots = _walk(size, n)
    contest = Contest(rounds=2 if quick else 3)
    _aligned(contest, shots)
    _estimated(contest, shots, 16 if quick else 64)
    return [contest.table()]


def _aligned(contest: Contest, shots: Shots) -> None:
    n, *_, size = shots.frames.shape
    with_numba = compiled(shots.frames.size, 2, np.float32) is not None
    refined = "refined, numba" if with_numba else "refined"
    work = contest.ours(
        f"a frame of a movie, {n} x {size}², mask, {refined}, estimated and moved",
        Call(partial(_align, shots), per=n),
        shift_error(shots.shifts, _REFINED),
    )
    first, frames = shots.frames[0], shots.frames[1 : 1 + _PEER_FRAMES]
    ialign = Call(
        partial(peers.SKUED.call, first, list(frames), shots.valid), per=_PEER_FRAMES
    )
    contest.peer(work, peers.SKUED, ialign, partial(_moved_by, shots), target=50)
    stackreg = Call(
        lambda: [peers.STACKREG.call(first, frame, move=True) for frame in frames],
        per=_PEER_FRAMES,
    )
    true = shots.shifts[1 : 1 + _PEER_FRAMES]
    judge = shift_error(true, 1.0)
    contest.peer(work, peers.STACKREG, stackreg, judge, target=20)


def _estimated(contest: Contest, shots: Shots, n: int) -> None:
    """Enter the drift of `n` frames on all cores, beside one peer on one."""
    cores = os.cpu_count() or 1
    size = shots.frames.shape[-1]
    for subpixel, label, allowed, target in (
        (False, "whole pixels", 0.7, 100),
        (True, "refined", _REFINED, 60),
    ):
        work = contest.ours(
            f"masked frame, {size}², max_shift={_MAX_SHIFT}, in a movie, "
            f"{cores} core{'s' * (cores > 1)}, {label}",
            Call(partial(_drift, shots, n, cores=cores, subpixel=subpixel), per=n),
            shift_error(shots.shifts[:n], allowed),
            cores=cores,
        )
        peer = peers.SKIMAGE_MASKED
        call = Call(partial(peer.call, *shots.frames[:2], shots.valid, shots.valid))
        judge = shift_error(shots.shifts[1], 0.7)
        # Twice the target of one core.
        wanted = target if cores == 2 else None
        contest.peer(work, peer, call, judge, target=wanted)


def _walk(size: int, n: int) -> Shots:
    """Return a movie that walks through a few frames again and again."""
    rng = np.random.default_rng(3)
    shifts = [(0.0, 0.0), *rng.uniform(-30, 30, (_DISTINCT - 1, 2)).tolist()]
    shots = camera_shots((size, size), shifts)
    order = np.append(0, 1 + np.arange(n - 1) % (_DISTINCT - 1))
    return Shots(shots.frames[order], shots.shifts[order], shots.valid)


def _align(shots: Shots) -> Any:
    """Estimate, move every frame, and keep the shifts only."""
    with dask.config.set(num_workers=1, scheduler="synchronous"):
        aligned, table = align(shots.frames, mask=shots.valid, max_shift=_MAX_SHIFT)
        for frame in aligned:
            frame.compute()
    return table.shifts


def _drift(shots: Shots, n: int, *, cores: int, subpixel: bool) -> Any:
    with dask.config.set(num_workers=cores):
        table = estimate_drift(
            shots.frames[:n],
            mask=shots.valid,
            max_shift=_MAX_SHIFT,
            subpixel=subpixel,
        )
    return table.shifts


def _moved_by(shots: Shots, aligned: list[Any]) -> Answer:
    """Judge aligned frames: each is a copy of its frame, moved by some shift."""
    found = [
        register(np.where(after == 0, np.nan, after), before, max_shift=_MAX_SHIFT)
        for after, before in zip(aligned, shots.frames[1:], strict=False)
    ]
    true = shots.shifts[1 : 1 + len(aligned)]
    return shift_error(true, 1.0)([f.shift for f in found])
