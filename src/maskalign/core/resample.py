"""Images and masks on another grid: other pixel sizes, another place.

Where two grids lie is told by a *place*: the affine matrix, shape (ndim + 1, ndim + 1),
that takes positions in pixels of one grid, as columns (position, 1), to those of the
other. The centre of the first pixel is position 0.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from maskalign.core.translate import as_dtype, check_fill, kernel, translate
from maskalign.core.validate import check_dtype, working_dtype
from maskalign.model.types import FillValue, FloatArray, Interpolation, ValidArray

__all__ = ["Place", "as_place", "on_grid", "resample", "sample", "steps_of"]

Place = NDArray[np.float64]

#: Positions that are worked out at a time.
_PART_PIXELS = 1 << 20
#: Nearer than this to halfway between two pixels a position is halfway, pixels.
_ROUNDING = 1e-9
#: Grids that slip by less than this over all of an image are in step, pixels.
_SLIP = 0.05
#: A pixel is known if so much of what it is made of is, less rounding.
_KNOWN = 0.5 - 1e-6


def as_place(place: ArrayLike, ndim: int) -> Place:
    """Return a place as an array of its own, checked.

    Raises
    ------
    ValueError
        If it is no affine matrix for so many axes that can be undone.
    """
    matrix = np.array(place, np.float64)
    if matrix.shape != (ndim + 1, ndim + 1):
        msg = (
            f"place has shape {matrix.shape}; for images of {ndim} axes it must be "
            f"{(ndim + 1, ndim + 1)}: what takes (position, 1) in one image to "
            "(position, 1) in the other."
        )
        raise ValueError(msg)
    last = np.array([0.0] * ndim + [1.0])
    regular = np.isfinite(matrix).all() and abs(np.linalg.det(matrix)) > 0
    if not regular or not np.array_equal(matrix[-1], last):
        msg = (
            f"place must be an affine matrix that can be undone, its last row "
            f"{last.tolist()}; got {matrix.tolist()}."
        )
        raise ValueError(msg)
    return matrix


def resample(
    image: ArrayLike,
    place: ArrayLike,
    shape: Sequence[int],
    *,
    interpolation: Interpolation = "linear",
    fill_value: FillValue = 0,
) -> NDArray[Any]:
    """Return an image on another grid: of other pixels, at another place.

    Parameters
    ----------
    image : array_like of real numbers, shape (Y, X) or (Z, Y, X)
        Never modified.
    place : array_like of float, shape (ndim + 1, ndim + 1)
        Takes positions on the other grid, in pixels as columns (position, 1), to
        positions in `image`; the centre of the first pixel is 0. With the place of the
        image on the other grid, as `register_placed` takes it, this is its inverse.
        Pixels may have other sizes along each axis, but may not be turned.
    shape : sequence of int
        Shape of the other grid.
    interpolation : {'linear', 'nearest', 'cubic', 'fourier'}
        How values between pixels are found. ``'nearest'`` leaves values as they are.
        Otherwise a pixel that is larger than those of the image is their mean over
        its area, so that nothing fine is left to alias. ``'fourier'`` is for pixels of
        one size; for others it is ``'cubic'``.
    fill_value : float or 'edge'
        Value where the image has no pixels (``'edge'`` for pixels of one size only).

    Returns
    -------
    ndarray, dtype of `image`
        Rounded and clipped for integers. NaN where most of what a pixel is made of is.

    Raises
    ------
    TypeError
        If the pixels are not real numbers.
    ValueError
        If an option does not fit, or the grids are turned against each other.

    See Also
    --------
    register_placed : find the place.

    Examples
    --------
    Four pixels into one:

    >>> image = np.arange(16, dtype=np.uint8).reshape(4, 4)
    >>> place = [[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]]
    >>> resample(image, place, (2, 2))
    array([[ 2,  4],
           [10, 12]], dtype=uint8)
    """
    image = np.asarray(image)
    check_dtype(image.dtype, "image")
    matrix = as_place(place, image.ndim)
    if len(shape) != image.ndim:
        msg = f"shape={tuple(shape)} has not the {image.ndim} axes of the image."
        raise ValueError(msg)
    check_fill(fill_value, image.dtype)
    if np.all(steps_of(matrix, shape) == 1):
        return translate(
            image,
            (-matrix[:-1, -1]).tolist(),
            interpolation=interpolation,
            fill_value=fill_value,
            shape=shape,
        )
    if isinstance(fill_value, str):
        msg = f"fill_value={fill_value!r} needs pixels of one size; give a number."
        raise ValueError(msg)
    if interpolation == "nearest":
        return sample(image, matrix, shape, outside=fill_value)
    if interpolation == "fourier":
        interpolation = "cubic"
    values = on_grid(image, None, matrix, shape, interpolation)
    inside = _spread([_sums(w) for w in _weights(image, matrix, shape, interpolation)])
    # Nothing is left unknown of whole numbers.
    whole = image.dtype.kind != "f"
    out = as_dtype(np.nan_to_num(values) if whole else values, image.dtype)
    out[inside < _KNOWN] = fill_value
    return out


def on_grid(
    image: NDArray[Any],
    valid: ValidArray | None,
    place: Place,
    shape: Sequence[int],
    interpolation: Interpolation = "linear",
) -> FloatArray:
    """Return what is known of an image on another grid, NaN where nothing is.

    Parameters
    ----------
    image : ndarray of real numbers, shape (Y, X) or (Z, Y, X)
        NaN and infinite pixels are unknown.
    valid : ndarray of bool, shape of `image`, optional
        False where a pixel is unknown as well.
    place, shape
        As for `resample`.
    interpolation : {'linear', 'cubic'}
        Along axes whose pixels are not larger than those of the image. Along the others
        a pixel is the mean of what it covers.

    Returns
    -------
    ndarray of float32 or float64
        The weighted mean of the pixels that are known, where they have half of the
        weight. ``'cubic'`` needs all of them.
    """
    dtype = working_dtype(image.dtype)
    weights = _weights(image, place, shape, interpolation)
    known = np.isfinite(image) if image.dtype.kind == "f" else None
    if valid is not None:
        known = valid if known is None else known & valid
    if known is not None and known.all():
        known = None
    values = np.asarray(image, dtype)
    if known is None:
        share = _spread([_sums(w) for w in weights])
    else:
        values = np.where(known, values, dtype.type(0))
        share = _applied(weights, known.astype(dtype))
        if interpolation == "cubic":
            lost = _applied([abs(w) for w in weights], (~known).astype(dtype))
            share[lost > _ROUNDING] = 0
    out = _applied(weights, values)
    enough = share >= _KNOWN
    np.divide(out, share, out=out, where=enough)
    out[~enough] = np.nan
    return out


def steps_of(place: Place, shape: Sequence[int]) -> NDArray[np.float64]:
    """Return how far one pixel of a grid reaches on another, along each axis.

    Exactly 1 where the two are in step over all of a shape.

    Raises
    ------
    ValueError
        If they are turned against each other.
    """
    linear = place[:-1, :-1]
    steps = np.diag(linear).copy()
    extent = np.array(shape, float)
    if (np.abs(linear - np.diag(steps)) * extent).max() > _SLIP or not steps.all():
        msg = (
            "The pixels of the images are turned or sheared against each other, "
            f"{linear.tolist()}; only their sizes and places may differ."
        )
        raise ValueError(msg)
    steps[np.abs(steps - 1) * extent < _SLIP] = 1
    return steps


def _weights(
    image: NDArray[Any],
    place: Place,
    shape: Sequence[int],
    interpolation: Interpolation,
) -> list[Any]:
    """Return for each axis the weights of the pixels of an image, sparse, (out, in)."""
    steps = steps_of(place, shape)
    dtype = working_dtype(image.dtype)
    found = []
    for n, n_out, step, first in zip(
        image.shape, shape, steps, place[:-1, -1], strict=True
    ):
        at = step * np.arange(n_out) + first
        if abs(step) > 1:
            picks, weights = _covered(at, abs(step))
            weights[(picks < 0) | (picks >= n)] = 0
        else:
            picks, weights = _taps(at, interpolation)
            # Half a pixel around the image belongs to it.
            beyond = (at < -0.5 - _ROUNDING) | (at > n - 0.5 + _ROUNDING)
            weights[beyond] = 0
        rows = np.broadcast_to(np.arange(n_out)[:, np.newaxis], picks.shape)
        matrix = sparse.csr_array(
            (
                weights.astype(dtype).ravel(),
                (rows.ravel(), np.clip(picks, 0, n - 1).ravel()),
            ),
            shape=(n_out, n),
        )
        found.append(matrix)
    return found


def _covered(
    at: NDArray[np.float64], width: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return which pixels lie under pixels of some width, and what share they have."""
    low, high = at[:, np.newaxis] - width / 2, at[:, np.newaxis] + width / 2
    picks = np.floor(low + 0.5).astype(np.intp) + np.arange(int(np.ceil(width)) + 2)
    shared = np.minimum(picks + 0.5, high) - np.maximum(picks - 0.5, low)
    return picks, np.clip(shared, 0, None) / width


def _taps(
    at: NDArray[np.float64], interpolation: Interpolation
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return between which pixels positions lie, and their weights."""
    whole = np.floor(at + _ROUNDING)
    f = np.clip(at - whole, 0, 1)
    if interpolation == "cubic":
        offsets = np.arange(-1, 3)
        weights = np.stack(kernel(f), axis=1)
    else:
        offsets = np.arange(2)
        weights = np.stack([1 - f, f], axis=1)
    return whole.astype(np.intp)[:, np.newaxis] + offsets, weights


def _sums(weights: Any) -> FloatArray:
    """Return the sum of the weights of each pixel of a grid along one axis."""
    sums: FloatArray = np.asarray(weights.sum(axis=1))
    return sums


def _spread(along: Sequence[FloatArray]) -> FloatArray:
    """Return the product of what is known along each axis."""
    product: FloatArray = along[0]
    for factor in along[1:]:
        product = product[..., np.newaxis] * factor
    return product


def _applied(weights: Sequence[Any], image: FloatArray) -> FloatArray:
    """Return the weighted sums of an image, one axis after the other."""
    for axis, matrix in enumerate(weights):
        moved = np.moveaxis(image, axis, 0)
        flat = matrix @ np.ascontiguousarray(moved).reshape(len(moved), -1)
        image = np.moveaxis(flat.reshape(-1, *moved.shape[1:]), 0, axis)
    return image


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
