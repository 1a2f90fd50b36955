"""The shift of one frame and of one pair: how many times faster than the peers."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks import peers
from benchmarks.contest import Contest, shift_error
from benchmarks.fixed_reference import FixedReference, compiled_sums
from benchmarks.report import Table
from benchmarks.scenes import Shots, camera_shots
from benchmarks.timing import Call
from maskalign import register
from maskalign.core.tile_sums import Sums

__all__ = ["masked_frame", "masked_pair", "masked_volume", "unmasked_frame"]

#: Largest error that is right: of a whole-pixel answer, of a refined one, of 0.1 px.
_WHOLE, _REFINED, _TENTH = 0.7, 0.05, 0.15


def masked_frame(*, quick: bool) -> list[Table]:
    """Time a uint16 frame against a fixed reference under a beam-stop mask."""
    size = 512 if quick else 1024
    shots = camera_shots((size, size), [(0, 0), (12.34, -7.58)])
    reference, frame = shots.frames
    fixed = FixedReference(reference, shots.valid, 64)
    contest = Contest(rounds=3 if quick else 9)
    for subpixel, sums, label, allowed, target in (
        (False, None, "whole pixels", _WHOLE, 50),
        *((True, sums, label, _REFINED, 30) for label, sums in _refinements()),
    ):
        work = contest.ours(
            f"masked frame, {size}², max_shift=64, fixed reference, {label}",
            Call(partial(fixed.register, frame, subpixel=subpixel, sums=sums)),
            shift_error(shots.shifts[1], allowed),
        )
        _enter(contest, work, peers.SKIMAGE_MASKED, shots, target)
    return [contest.table()]


def masked_pair(*, quick: bool) -> list[Table]:
    """Time a pair from scratch at every lag."""
    size = 512 if quick else 1024
    shots = camera_shots((size, size), [(0, 0), (12.34, -7.58)])
    contest = Contest(rounds=2 if quick else 5)
    work = f"masked pair, {size}², every lag"
    return [_pair(contest, work, shots, None, 6, 20)]


def masked_volume(*, quick: bool) -> list[Table]:
    """Time a pair of volumes from scratch; the peers know no window of lags."""
    shape = (12, 128, 128) if quick else (24, 256, 256)
    shots = camera_shots(shape, [(0, 0, 0), (2.23, -9.41, 14.67)])
    contest = Contest(rounds=2 if quick else 3)
    window = (6, 32, 32)
    work = f"masked pair, {'x'.join(map(str, shape))}, max_shift={window}"
    return [_pair(contest, work, shots, window, 25, 60)]


def unmasked_frame(*, quick: bool) -> list[Table]:
    """Time a uint16 frame without a mask, refined."""
    size = 512 if quick else 1024
    # Phase correlation weighs all frequencies alike, so it is given detail.
    shots = camera_shots(
        (size, size), [(0, 0), (12.34, -7.58)], blur=1, snr=10, masked=False
    )
    reference, frame = shots.frames
    # What need be done but once for a reference, the peer need do but once.
    as_float = reference.astype(np.float32)
    contest = Contest(rounds=3 if quick else 9)
    plain, *fast = _refinements()
    for lags, limit, targets, (label, sums) in (
        *(("max_shift=64", 64, (4, 1), refinement) for refinement in (plain, *fast)),
        ("every lag", None, (None, None), plain),
    ):
        fixed = FixedReference(reference, None, limit)
        work = contest.ours(
            f"unmasked frame, {size}², {lags}, fixed reference, {label}",
            Call(partial(fixed.register, frame, subpixel=True, sums=sums)),
            shift_error(shots.shifts[1], _REFINED),
        )
        judge = shift_error(shots.shifts[1], _TENTH)
        for peer, fixed_image, target in zip(
            (peers.SKIMAGE_DFT, peers.PHASE_CORRELATE),
            (reference, as_float),
            targets,
            strict=True,
        ):
            call = Call(partial(peer.call, fixed_image, frame))
            contest.peer(work, peer, call, judge, target=target)
    return [contest.table()]


def _refinements() -> list[tuple[str, Sums | None]]:
    """Return how frames are refined, and with what: also with numba if it is there."""
    compiled = compiled_sums()
    plain: list[tuple[str, Sums | None]] = [("refined", None)]
    return plain if compiled is None else [*plain, ("refined, numba", compiled)]


def _pair(
    contest: Contest,
    work: str,
    shots: Shots,
    max_shift: Any,
    over_skimage: float,
    over_sitk: float,
) -> Table:
    """Time one pair in whole pixels, which is all that the peers give."""

    def ours() -> Any:
        return register(
            *shots.frames,
            reference_mask=shots.valid,
            moving_mask=shots.valid,
            max_shift=max_shift,
            subpixel=False,
        )

    judge = shift_error(shots.shifts[1], _WHOLE)
    work = contest.ours(f"{work}, whole pixels", Call(ours), judge)
    _enter(contest, work, peers.SKIMAGE_MASKED, shots, over_skimage)
    _enter(contest, work, peers.SIMPLEITK, shots, over_sitk)
    return contest.table()


def _enter(
    contest: Contest, work: str, peer: peers.Peer, shots: Shots, target: float
) -> None:
    contest.peer(
        work,
        peer,
        Call(partial(peer.call, *shots.frames, shots.valid, shots.valid)),
        shift_error(shots.shifts[1], _WHOLE),
        target=target,
    )
