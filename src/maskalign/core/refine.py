r"""The shift to a fraction of a pixel, by symmetric masked Gauss-Newton.

From the best lag on, the images themselves are compared. Each is moved half the way,
:math:`a'(p) = a(p + \delta/2)` and :math:`b'(p) = b(p - u - \delta/2)`, both are
brought to mean 0 and norm 1 over the pixels valid in both, and the fraction
:math:`\delta` is where the score

.. math:: \psi = \sum_p g\, (a' - b'), \qquad g = \nabla (a' + b') / 2

vanishes. Because both images are interpolated alike, noise is smoothed alike and no
fraction is favoured, which is what goes wrong where the NCC of interpolated images is
maximized. The slope of the score is the *cross* term
:math:`H = \sum_p \nabla a'\, \nabla b'^T`, in which the noise of the two images
averages out: a Newton step with it neither creeps nor overshoots however noisy they
are.

What carries signal is weighted more than what carries noise by a Gaussian folded into
the interpolation (`maskalign.core.blur`).

The covariance is the sandwich :math:`H^{-1} V H^{-1}`, with :math:`V` the sum of the
squared scores of strips of the image: whatever the noise is like, it tells itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike, NDArray

from maskalign.core.pixels import EROSION, HALO, MOST_SMALL, TILE, Pixels, Valid
from maskalign.core.tile_sums import Sums, tile_sums
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["Refined", "refine"]

#: Weights of a pixel and its neighbours along one axis.
Taps: TypeAlias = NDArray[np.float64]

#: Taps of the interpolation on each side of the nearest pixel; what is left of the
#: halo is for the derivative.
_REACH = 3
#: Weights of five neighbours in a derivative exact for polynomials of degree 4.
_SLOPE = np.array([1, -8, 0, 8, -1]) / 12
#: Erosion that leaves less than this share is not done.
_BEARABLE = 0.5
_STEPS = 8
#: Error of the interpolation itself, pixels.
_FLOOR = 2e-4
#: Error along an axis so thin that 0, 1 or 2 lines are left out at its ends, as what is
#: read beyond them is made up.
_MADE_UP = (0.25, 0.02, 0.0)
#: From this many pixels on, the first steps use one row of tiles in so many.
_LARGE, _SAMPLING = 1 << 19, 8
#: Fewer tiles than this are divided, to no less than so many pixels a side.
_FEW, _SMALLEST = 16, 4
#: Of an image of which less than this share may be used only that part is tiled.
_SPARSE = 0.25
#: Tiles in a row that are worked on together, by axes: what is made of them is in the
#: processor's cache.
_TILES = {2: 32, 3: 16}
#: With so many features, one of them empty, BLAS is twice as fast as with one less.
_EVEN = 8


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """A shift to a fraction of a pixel."""

    #: To add to the lag, pixels.
    offset: NDArray[np.float64]
    #: Covariance, pixels squared, shape (ndim, ndim).
    covariance: NDArray[np.float64]


def refine(
    reference: Pixels,
    moving: Pixels,
    lag: Sequence[int],
    start: Sequence[float],
    blur: NDArray[np.float64],
    sums: Sums | None = None,
) -> Refined | None:
    """Return the fraction of a pixel to add to a lag.

    Parameters
    ----------
    reference, moving : Pixels
        The two images.
    lag : sequence of int
        The best lag, pixels.
    start : sequence of float
        Where to begin, relative to the lag.
    blur : ndarray of float, shape (ndim,)
        Standard deviation of the Gaussian in the interpolation, pixels.
    sums : callable, optional
        What `maskalign.core.tile_sums.compiled` returns for such images.

    Returns
    -------
    Refined or None
        None where the images do not bear it: too few pixels, no slope that both share,
        or steps that lead away from the lag.
    """
    overlap = _Overlap.at(reference, moving, lag, sums)
    if overlap is None:
        return None
    offset = np.array(start, dtype=float)
    # Most of the way is gone on a part of a large image; with all of it one step, of
    # about the error of that part, then is enough.
    sampling = _SAMPLING if overlap.valid.size > _LARGE else 1
    prepared = False
    for _ in range(_STEPS):
        score = _score(overlap, offset, blur, sampling)
        if score is None:
            return None
        step, covariance = score
        offset -= step
        if (abs(offset) > 1.5).any():
            return None
        # The slope is good to a few hundredths, and so is a step.
        small = np.maximum(0.005, (6 if prepared else 3) * np.sqrt(np.diag(covariance)))
        if (abs(step) < small).all():
            if sampling == 1:
                return Refined(offset, covariance + np.diag(overlap.made_up))
            sampling, prepared = 1, True
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Overlap:
    """What two images share at a lag, to be cut into tiles of one size."""

    #: Views of shape ``number * size + 2 * HALO``.
    a: FloatArray
    b: FloatArray
    #: True where the score is taken, shape ``number * size``.
    valid: ValidArray
    #: Number of tiles and their size along each axis.
    number: tuple[int, ...]
    size: tuple[int, ...]
    #: Variance along each axis of what is read beyond the image.
    made_up: NDArray[np.float64]
    #: Compiled sums over them, if there are any.
    fast: Sums | None

    @classmethod
    def at(
        cls,
        reference: Pixels,
        moving: Pixels,
        lag: Sequence[int],
        fast: Sums | None = None,
    ) -> "_Overlap | None":
        here, there, made_up = [], [], []
        for u, n_a, n_b in zip(
            lag, reference.valid.shape, moving.valid.shape, strict=True
        ):
            start, stop = max(u, 0), min(u + n_b, n_a)
            trim = _trim(stop - start)
            made_up.append(_MADE_UP[trim] ** 2 if stop - start > 1 else 0.0)
            here.append(slice(start + trim, stop - trim))
            there.append(slice(start + trim - u, stop - trim - u))
        if min(reference.valid.share, moving.valid.share) < _SPARSE:
            box = _box(
                reference.valid.array[tuple(here)], moving.valid.array[tuple(there)]
            )
            here, there = _cut(here, box), _cut(there, box)
        n = [s.stop - s.start for s in here]
        if min(n) < 1 or np.prod(n) < 16:
            return None
        number = _number(n)
        size = tuple(ceil(k / m) for k, m in zip(n, number, strict=True))
        # The last tiles may reach beyond the overlap, where nothing is valid.
        valid = np.zeros([k * m for k, m in zip(size, number, strict=True)], bool)
        inside = valid[tuple(slice(k) for k in n)]
        holed = _mark(inside, reference.valid, moving.valid, tuple(here), tuple(there))

        def wide(image: FloatArray, place: list[slice]) -> FloatArray:
            return image[
                tuple(
                    slice(s.start, s.start + k + 2 * HALO)
                    for s, k in zip(place, valid.shape, strict=True)
                )
            ]

        return cls(
            wide(reference.filled if holed else reference.padded, here),
            wide(moving.filled if holed else moving.padded, there),
            valid,
            number,
            size,
            np.array(made_up),
            fast,
        )


def _box(*valid: ValidArray) -> list[tuple[int, int]]:
    """Return first and last but one index of what is valid in all, along each axis."""
    shared = np.logical_and.reduce(valid)
    ends = []
    for axis in range(shared.ndim):
        others = tuple(k for k in range(shared.ndim) if k != axis)
        used = np.flatnonzero(shared.any(axis=others))
        ends.append((int(used[0]), int(used[-1]) + 1) if used.size else (0, 0))
    return ends


def _cut(place: list[slice], box: list[tuple[int, int]]) -> list[slice]:
    return [
        slice(s.start + first, s.start + last)
        for s, (first, last) in zip(place, box, strict=True)
    ]


def _number(shape: Sequence[int]) -> tuple[int, ...]:
    """Return how many tiles along each axis: of a small overlap more and smaller ones.

    The scatter of the score from tile to tile is the standard error, and of one tile or
    two there is none.
    """
    number = tuple(ceil(k / TILE) for k in shape)
    if np.prod(number) >= _FEW:
        return number
    return tuple(
        max(m, min(k // _SMALLEST, MOST_SMALL))
        for m, k in zip(number, shape, strict=True)
    )


def _trim(n: int) -> int:
    """Return how many lines to leave out at either end of an overlap of `n`.

    There interpolation reaches beyond the image. Of a thin axis the middle stays.
    """
    return min(EROSION, max(n, 0) // 3)


def _mark(
    inside: ValidArray,
    reference: Valid,
    moving: Valid,
    here: tuple[slice, ...],
    there: tuple[slice, ...],
) -> bool:
    """Mark the pixels of an overlap that may be used; tell if they have many holes."""
    if reference.whole and moving.whole:
        inside[...] = True
        return False
    shared = reference.array[here] & moving.array[there]
    np.logical_and(reference.eroded[here], moving.eroded[there], out=inside)
    if np.count_nonzero(inside) >= _BEARABLE * np.count_nonzero(shared):
        return False
    inside[...] = shared
    return True


def _score(
    overlap: _Overlap,
    offset: NDArray[np.float64],
    blur: NDArray[np.float64],
    sampling: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the Newton step at an offset and the covariance of the estimate there."""
    ndim = overlap.valid.ndim
    sums, slopes = _sums(overlap, offset, blur, sampling)
    total = sums.sum(axis=0)
    n = total[0, 0]
    if n < 16:
        return None
    mean = total[0] / n
    power = np.diag(total)[1:] - n * mean[1:3] ** 2
    if power.min() <= 0:
        return None
    scale = 1 / np.sqrt(power)
    slope_a, slope_b = slice(3, 3 + ndim), slice(3 + ndim, None)
    cross = slopes - n * np.outer(mean[slope_a], mean[slope_b])
    hessian = (cross + cross.T) / 2 * scale[0] * scale[1]
    if np.linalg.eigvalsh(hessian).min() <= 0:
        return None
    inverse = np.linalg.inv(hessian)
    # With a and b brought to mean 0 and norm 1, a - b and the mean of their slopes are
    # these sums of the features.
    residual = np.array([0, scale[0], -scale[1]])
    residual[0] = -residual @ mean[:3]
    g = np.zeros((ndim, len(mean)))
    g[:, slope_a], g[:, slope_b] = (
        scale[0] / 2 * np.eye(ndim),
        scale[1] / 2 * np.eye(ndim),
    )
    g[:, 0] = -g @ mean
    scores = residual @ sums @ g.T
    score = scores.sum(axis=0)
    # What is left of the score once the step is made scatters about 0.
    scores -= sums[:, 0, :1] / n * score
    used = int(np.count_nonzero(sums[:, 0, 0]))
    if used <= ndim:
        # As many numbers were found as there are scores: nothing scatters.
        return None
    freedom = used / (used - ndim)
    covariance = freedom * inverse @ (scores.T @ scores) @ inverse
    covariance += _FLOOR**2 * np.eye(ndim)
    return inverse @ score, covariance


def _sums(
    overlap: _Overlap,
    offset: NDArray[np.float64],
    blur: NDArray[np.float64],
    sampling: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums over valid pixels of products of (1, a, b, slopes of a, slopes of b).

    For each tile those of (1, a, b) with all, shape (tiles, 3, features); for all tiles
    those of the slopes of a with those of b, shape (ndim, ndim).
    """
    ndim, dtype = overlap.valid.ndim, overlap.a.dtype
    taps_a, taps_b = _both_taps(offset / 2, blur), _both_taps(-offset / 2, blur)
    if overlap.fast is not None:
        even, steep = (
            np.array([[t[k] for t in taps] for taps in (taps_a, taps_b)], dtype)
            for k in range(2)
        )
        images = overlap.a, overlap.b
        size = overlap.size[0], overlap.size[1]
        return tile_sums(
            overlap.fast, images, overlap.valid, size, (even, steep), sampling
        )
    filters_a, filters_b = _filters(overlap, taps_a), _filters(overlap, taps_b)
    # The same memory for all blocks: new pages cost more than what is done with them.
    width = min(overlap.number[-1], _TILES[ndim])
    read = _Reader(overlap.size, width, dtype)
    # Laid out as they are read: 1, a, its slopes, b, its slopes.
    a, b, end = 1, 2 + ndim, 3 + 2 * ndim
    order = [0, a, b, *range(a + 1, b), *range(b + 1, end)]
    features = np.zeros((width, max(end, _EVEN), *overlap.size), dtype)
    sums, slopes = [], np.zeros((ndim, ndim))
    for block, valid in _blocks(overlap, sampling):
        f = features[: len(valid)]
        read(overlap.a[block], filters_a, f[:, a:b])
        read(overlap.b[block], filters_b, f[:, b:end])
        f[:, 0] = valid
        # As a rule it is one tile, at the end of a row or at the edge of a mask.
        holed = np.flatnonzero(~valid.reshape(len(valid), -1).all(axis=1))
        if len(holed):
            some = f[holed[0] : holed[-1] + 1]
            some[:, a : b + 1] *= some[:, :1]
        rows = f.reshape(*f.shape[:2], -1)
        products = rows[:, : b + 1] @ rows.swapaxes(1, 2)
        sums.append(products[:, [0, a, b]])
        slopes += products[:, a + 1 : b, b + 1 : end].sum(axis=0, dtype=np.float64)
    return np.concatenate(sums)[..., order].astype(np.float64), slopes


def _blocks(
    overlap: _Overlap, sampling: int
) -> Iterator[tuple[tuple[slice, ...], ValidArray]]:
    """Yield blocks of tiles in a row, with their halo, and the valid pixels of each.

    Of the rows of tiles every so many is taken.
    """
    split = zip(overlap.number, overlap.size, strict=True)
    ndim = overlap.valid.ndim
    tiled = overlap.valid.reshape([k for pair in split for k in pair])
    tiled = tiled.transpose(*range(0, 2 * ndim, 2), *range(1, 2 * ndim, 2))
    for row in list(np.ndindex(overlap.number[:-1]))[::sampling]:
        for start in range(0, overlap.number[-1], _TILES[ndim]):
            valid = tiled[row][start : start + _TILES[ndim]]
            first = (*row, start)
            last = (*row, start + len(valid) - 1)
            block = tuple(
                slice(i * n, (j + 1) * n + 2 * HALO)
                for i, j, n in zip(first, last, overlap.size, strict=True)
            )
            yield block, valid


class _Reader:
    """Reads blocks of tiles at fractions of a pixel, in memory of its own.

    A filter along an axis is a product with a small matrix, which takes a fifth of the
    time of a sum over neighbours. Each product is small enough for any BLAS to do it
    in one thread.
    """

    def __init__(self, size: tuple[int, ...], width: int, dtype: DTypeLike) -> None:
        shape = [n + 2 * HALO for n in (*size[:-1], width * size[-1])]
        self._stages = []
        for axis in range(len(size) - 1):
            shape[axis] -= 2 * HALO
            # The image, and its slopes along the axes so far.
            self._stages.append(np.empty((axis + 2, *shape), dtype))
        last = size[-1]
        # All lines of a tile, and of its slopes, go through one product.
        lines = self._stages[-1].reshape(-1, shape[-1])
        tiles = sliding_window_view(lines, last + 2 * HALO, axis=1)[:, ::last]
        self._tiles = np.moveaxis(tiles, 1, 0)

    def __call__(
        self,
        image: FloatArray,
        filters: list[tuple[FloatArray, FloatArray]],
        out: FloatArray,
    ) -> None:
        """Write a filtered block, tile by tile, and its slopes along each axis."""
        parts = image[np.newaxis]
        for axis, stage in enumerate(self._stages):
            smooth, steep = filters[axis]
            filtered = stage[..., : image.shape[-1]]
            # The new slope comes last.
            same, new = filtered[:-1], filtered[-1]
            np.matmul(
                smooth, parts.swapaxes(axis + 1, -2), out=same.swapaxes(axis + 1, -2)
            )
            np.matmul(steep, parts[0].swapaxes(axis, -2), out=new.swapaxes(axis, -2))
            parts = filtered
        smooth, steep = filters[-1]
        n, last = len(out), out.shape[-1]
        # Those of the image itself come first.
        value = self._tiles[:n, : self._tiles.shape[1] // len(parts)]
        np.matmul(self._tiles[:n], smooth, out=out[:, :-1].reshape(n, -1, last))
        np.matmul(value, steep, out=out[:, -1].reshape(n, -1, last))


def _both_taps(
    offset: NDArray[np.float64], blur: NDArray[np.float64]
) -> list[tuple[Taps, Taps]]:
    """Return for each axis the weights that read at an offset, and with a slope."""
    read = [_taps(shift, width) for shift, width in zip(offset, blur, strict=True)]
    return [(taps, np.convolve(taps, _SLOPE)) for taps in read]


def _filters(
    overlap: _Overlap, taps: list[tuple[Taps, Taps]]
) -> list[tuple[FloatArray, FloatArray]]:
    """Return for each axis the matrices that read a tile, and its slope.

    That of the last axis is multiplied from the right.
    """
    out = [
        (_matrix(np.pad(even, HALO - _REACH), n), _matrix(steep, n))
        for n, (even, steep) in zip(overlap.size, taps, strict=True)
    ]
    out[-1] = (out[-1][0].T, out[-1][1].T)
    dtype = overlap.a.dtype
    return [(a.astype(dtype, "C"), b.astype(dtype, "C")) for a, b in out]


def _matrix(taps: Taps, n: int) -> NDArray[np.float64]:
    """Return the matrix of a filter that makes `n` pixels of those and their halo."""
    out = np.zeros((n, n + len(taps) - 1))
    for k, weight in enumerate(taps):
        out[np.arange(n), np.arange(n) + k] = weight
    return out


def _taps(shift: float, blur: float) -> Taps:
    """Return weights of p - 3 to p + 3 that read a blurred image at p + shift."""
    distance = np.arange(-_REACH, _REACH + 1) - shift
    # The Gaussian is cut where the spectrum of a sampled image ends ...
    k = (np.arange(64) + 0.5) * (np.pi / 64)
    weights = np.cos(np.outer(distance, k)) @ np.exp(-0.5 * (blur * k) ** 2)
    # ... and the ripples that leaves are faded out.
    weights *= np.cos(distance * np.pi / (2 * (_REACH + 1))) ** 2
    return np.asarray(weights / weights.sum())
