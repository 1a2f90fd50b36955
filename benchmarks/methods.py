"""Ours and the peers on a pair of the accuracy scenes."""

from collections.abc import Sequence

import numpy as np

from benchmarks import peers
from benchmarks.scenes import Pair
from maskalign import register

__all__ = ["ours", "theirs"]

Shift = Sequence[float]


def ours(pair: Pair, max_shift: float | None = None) -> Shift:
    """Return the shift that maskalign finds."""
    return register(
        pair.reference,
        pair.moving,
        reference_mask=pair.reference_valid,
        moving_mask=pair.moving_valid,
        max_shift=max_shift,
    ).shift


def theirs(peer: peers.Peer, pair: Pair) -> Shift:
    """Return the shift that a peer finds, given all that it takes."""
    arguments = [pair.reference, pair.moving]
    if peer is not peers.STACKREG:
        arguments += [
            np.ones(pair.reference.shape, bool) if valid is None else valid
            for valid in (pair.reference_valid, pair.moving_valid)
        ]
    if peer in (peers.ECC, peers.ECC_SHARP):
        # A local method: it needs to be brought near.
        arguments.append(np.round(pair.shift))
    found: Shift = peer.call(*arguments)
    return found
