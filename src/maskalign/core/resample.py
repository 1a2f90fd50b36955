"""Images and masks on another grid: other pixel sizes, another place.

Where two grids lie is told by a *place*: the affine matrix, shape (ndim + 1, ndim + 1),
that takes positions in pixels of one grid, as columns (position, 1), to those of the
other. The centre of the first pixel is position 0.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["sample"]

Place = NDArray[np.float64]

#: Positions that are worked out at a time.
_PART_PIXELS = 1 << 20
#: Nearer than this to halfway between two pixels a position is halfway, pixels.
_ROUNDING = 1e-9


def sample(
    array: NDArray[Any],
    place: Place,
    shape: Sequence[int],
    *,
    outside: Any = 0,
) -> NDArray[Any]:
    """Return an array on another grid, each value that of the nearest pixel.

    Parameters
    ----------
    array : ndarray, shape (Y, X) or (Z, Y, X)
        Labels, a mask or an image. Never modified.
    place : ndarray of float, shape (ndim + 1, ndim + 1)
        Takes positions on the other grid to positions in `array`.
    shape : sequence of int
        Shape of the other grid.
    outside : scalar
        Value where there is no pixel.

    Returns
    -------
    ndarray, dtype of `array`
        Halfway between two pixels, the value of the later one.

    Examples
    --------
    >>> sample(np.array([[1, 2, 3]]), np.diag([1, 0.5, 1]), (1, 8))
    array([[1, 2, 2, 3, 3, 0, 0, 0]])
    """
    out = np.full(tuple(shape), outside, array.dtype)
    linear, first = place[:-1, :-1], place[:-1, -1]
    if np.array_equal(linear, np.diag(np.diag(linear))):
        # Along each axis for itself, as on all grids that are not turned.
        target, source = [], []
        for n, n_out, step, start in zip(
            array.shape, shape, np.diag(linear), first, strict=True
        ):
            index = _nearest(step * np.arange(n_out) + start)
            inside = (index >= 0) & (index < n)
            target.append(np.flatnonzero(inside))
            source.append(index[inside])
        out[np.ix_(*target)] = array[np.ix_(*source)]
        return out
    for rows in _parts(shape):
        grid = np.indices((rows.stop - rows.start, *shape[1:]), dtype=np.float64)
        grid[0] += rows.start
        index = _nearest(
            np.tensordot(linear, grid, 1) + first[(...,) + (np.newaxis,) * len(shape)]
        )
        sizes = np.reshape(array.shape, (-1,) + (1,) * len(shape))
        inside = ((index >= 0) & (index < sizes)).all(axis=0)
        out[rows][inside] = array[tuple(index[:, inside])]
    return out


def _nearest(positions: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the pixel that a position lies in."""
    return np.floor(positions + (0.5 + _ROUNDING)).astype(np.intp)


def _parts(shape: Sequence[int]) -> Iterator[slice]:
    """Yield slices of the first axis that hold so many pixels."""
    n_rows = max(_PART_PIXELS * shape[0] // max(int(np.prod(shape)), 1), 1)
    for start in range(0, shape[0], n_rows):
        yield slice(start, min(start + n_rows, shape[0]))
