"""Average hashes: an image in 64 bits."""

import numpy as np
from numpy.typing import NDArray

from maskalign.core.similarity.pair import Pair, centred

__all__ = ["ahash_distance"]

#: Blocks along y and along x.
_SIDE = 8


def ahash_distance(pair: Pair) -> float:
    """Return how many bits of the average hashes differ, 0 to 64.

    The image is cut into 8 x 8 blocks along its last two axes (means along the others);
    a block's bit says whether its mean exceeds the mean of all blocks. Blocks without a
    valid pixel are left out. NaN for images of fewer than 8 pixels along y or x.
    """
    shape = pair.valid.shape
    if len(shape) < 2 or min(shape[-2:]) < _SIDE:
        return np.nan
    n = _block_sums(pair.valid.array.astype(float))
    a, b = (_bits(pair, values, n) for values in (pair.x, pair.y))
    return float(np.count_nonzero(a != b))


def _bits(
    pair: Pair, values: NDArray[np.float64], n: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return the bits of the blocks that have a valid pixel, `n` of them in each."""
    used = n > 0
    flat = centred(values)
    if flat is None:
        return np.zeros(np.count_nonzero(used), bool)
    means = _block_sums(pair.spread(flat))[used] / n[used]
    bits: NDArray[np.bool_] = means > means.mean()
    return bits


def _block_sums(image: NDArray[np.float64]) -> NDArray[np.float64]:
    plane: NDArray[np.float64] = image.reshape(-1, *image.shape[-2:]).sum(axis=0)
    for axis, size in enumerate(plane.shape):
        starts = np.arange(_SIDE) * size // _SIDE
        plane = np.add.reduceat(plane, starts, axis=axis)
    return plane
