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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from maskalign.core.pixels import EROSION, HALO, Pixels
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["Refined", "refine"]

#: Weights of a pixel and its neighbours along one axis.
Taps: TypeAlias = NDArray[np.float64]

#: Taps of the interpolation on each side of the nearest pixel.
_REACH = 3
#: Pixels on each side that the derivative needs; together they are the halo.
_SLOPE = HALO - _REACH
#: Erosion that leaves less than this share is not done.
_BEARABLE = 0.5
#: Rows in a strip of which the score is kept, and strips worked on together; a block of
#: that many rows stays in the processor's cache.
_STRIP = 8
_BLOCK_PIXELS = 1 << 16
_STEPS = 8
#: Error of the interpolation itself, pixels.
_FLOOR = 2e-4
#: From this many pixels on, the first steps use one block in so many.
_LARGE, _SAMPLING = 1 << 19, 4


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

    Returns
    -------
    Refined or None
        None where the images do not bear it: too few pixels, no slope that both share,
        or steps that lead away from the lag.
    """
    overlap = _Overlap.at(reference, moving, lag)
    if overlap is None:
        return None
    offset = np.array(start, dtype=float)
    # Most of the way is gone on a part of a large image; with all of it one step, of
    # about the error of that part, then is enough.
    sampling = _SAMPLING if np.prod(overlap.a.shape) > _LARGE else 1
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
                return Refined(offset, covariance)
            sampling, prepared = 1, True
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Overlap:
    """What two images share at a lag: views with a halo, the longest axis first."""

    #: Views of shape ``n + 2 * HALO`` on each axis.
    a: FloatArray
    b: FloatArray
    #: True where the score is taken, shape ``n``; None for everywhere.
    valid: ValidArray | None
    #: The image axis of each axis of the views.
    axes: tuple[int, ...]

    @classmethod
    def at(
        cls, reference: Pixels, moving: Pixels, lag: Sequence[int]
    ) -> "_Overlap | None":
        here, there = [], []
        for u, n_a, n_b in zip(
            lag, reference.valid.shape, moving.valid.shape, strict=True
        ):
            start, stop = max(u, 0), min(u + n_b, n_a)
            # A flat or thin axis keeps all it has.
            trim = EROSION if stop - start > 4 * EROSION else 0
            here.append(slice(start + trim, stop - trim))
            there.append(slice(start + trim - u, stop - trim - u))
        valid: ValidArray | None = None
        holed = False
        if not (reference.valid.whole and moving.valid.whole):
            at_a, at_b = tuple(here), tuple(there)
            shared = reference.valid.array[at_a] & moving.valid.array[at_b]
            valid = reference.valid.eroded[at_a] & moving.valid.eroded[at_b]
            enough = _BEARABLE * np.count_nonzero(shared)
            holed = bool(np.count_nonzero(valid) < enough)
            valid = shared if holed else valid
        size = [s.stop - s.start for s in here]
        if min(size) < 1 or np.prod(size) < 16:
            return None
        first = int(np.argmax(size))
        axes = (first, *[k for k in range(len(size)) if k != first])

        def view(image: FloatArray, place: list[slice]) -> FloatArray:
            wide = tuple(slice(s.start, s.stop + 2 * HALO) for s in place)
            return image[wide].transpose(axes)

        return cls(
            view(reference.filled if holed else reference.padded, here),
            view(moving.filled if holed else moving.padded, there),
            None if valid is None else valid.transpose(axes),
            axes,
        )


def _score(
    overlap: _Overlap,
    offset: NDArray[np.float64],
    blur: NDArray[np.float64],
    sampling: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the Newton step at an offset and the covariance of the estimate there."""
    ndim = overlap.a.ndim
    half = [offset[k] / 2 for k in overlap.axes]
    spread = [blur[k] for k in overlap.axes]
    taps_a = [_taps(h, s) for h, s in zip(half, spread, strict=True)]
    taps_b = [_taps(-h, s) for h, s in zip(half, spread, strict=True)]
    grams = np.concatenate(_grams(overlap, taps_a, taps_b, sampling))
    total = grams.sum(axis=0)
    n = total[0, 0]
    if n < 16:
        return None
    mean = total[0] / n
    # Sums of products about the mean, for all pixels and for each strip.
    centred = total - n * np.outer(mean, mean)
    strips = (
        grams
        - grams[:, :1, :].swapaxes(1, 2) * mean
        - mean[:, None] * grams[:, :1, :]
        + grams[:, :1, :1] * np.outer(mean, mean)
    )
    if min(centred[1, 1], centred[2, 2]) <= 0:
        return None
    scale = 1 / np.sqrt([centred[1, 1], centred[2, 2]])
    slope_a, slope_b = slice(3, 3 + ndim), slice(3 + ndim, 3 + 2 * ndim)

    def score_of(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of g (a - b), with a, b and g as normalized."""
        residual = np.zeros(sums.shape[-1])
        residual[1], residual[2] = scale[0], -scale[1]
        g = sums[..., slope_a, :] * scale[0] + sums[..., slope_b, :] * scale[1]
        return np.asarray(g @ residual / 2)

    cross = centred[slope_a, slope_b] * (scale[0] * scale[1])
    hessian = (cross + cross.T) / 2
    if np.linalg.eigvalsh(hessian).min() <= 0:
        return None
    inverse = np.linalg.inv(hessian)
    score = score_of(centred)
    # What is left of the score once the step is made scatters about 0.
    scores = score_of(strips) - grams[:, 0, :1] / n * score
    freedom = len(scores) / max(len(scores) - ndim, 1)
    covariance = freedom * inverse @ (scores.T @ scores) @ inverse
    covariance += _FLOOR**2 * np.eye(ndim)
    step = inverse @ score
    back = np.argsort(overlap.axes)
    return step[back], covariance[np.ix_(back, back)]


def _grams(
    overlap: _Overlap, taps_a: list[Taps], taps_b: list[Taps], sampling: int
) -> list[NDArray[np.float64]]:
    """Return, for each strip, the products of (1, a, b, slopes of a, slopes of b)."""
    ndim = overlap.a.ndim
    shape = tuple(n - 2 * HALO for n in overlap.a.shape)
    row = int(np.prod(shape[1:]))
    rows = min(max(_BLOCK_PIXELS // row // _STRIP, 1) * _STRIP, shape[0])
    # The same memory for all blocks: new pages cost more than what is done with them.
    filters = _Filters((rows + 2 * HALO, *overlap.a.shape[1:]), overlap.a.dtype)
    whole_block = np.empty((3 + 2 * ndim, rows, *shape[1:]), overlap.a.dtype)
    out = []
    for start in range(0, shape[0], rows * sampling):
        n = min(rows, shape[0] - start)
        block = slice(start, start + n + 2 * HALO)
        features = whole_block[:, :n]
        if overlap.valid is None:
            features[0] = 1
        else:
            features[0] = overlap.valid[start : start + n]
        for k, (image, taps) in enumerate(((overlap.a, taps_a), (overlap.b, taps_b))):
            moved = filters(image[block], taps)
            features[1 + k] = moved[(slice(_SLOPE, -_SLOPE),) * ndim]
            for axis in range(ndim):
                _slope(moved, axis, features[3 + k * ndim + axis])
        if overlap.valid is not None:
            features[1:] *= features[0]
        whole = n // _STRIP * _STRIP
        for begin, end in ((0, whole), (whole, n)):
            if begin < end:
                strips = max((end - begin) // _STRIP, 1)
                piece = features[:, begin:end].reshape(len(features), strips, -1)
                out.append(_products(piece, ndim))
    return out


class _Filters:
    """Weighted sums of neighbours along every axis, in memory of their own."""

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        size = list(shape)
        self._stages = []
        for axis in range(len(shape)):
            size[axis] -= 2 * _REACH
            self._stages.append((np.empty(size, dtype), np.empty(size, dtype)))

    def __call__(self, image: FloatArray, taps: list[Taps]) -> FloatArray:
        """Return the filtered image, valid until the next call."""
        for axis, (weights, (out, term)) in enumerate(
            zip(taps, self._stages, strict=True)
        ):
            n = image.shape[axis] - 2 * _REACH
            # The last block of rows may be a smaller one.
            rows = n if axis == 0 else len(image)
            out, term = out[:rows], term[:rows]
            for k, weight in enumerate(weights.astype(out.dtype)):
                view = image[(slice(None),) * axis + (slice(k, k + n),)]
                np.multiply(view, weight, out=term if k else out)
                if k:
                    out += term
            image = out
        return image


def _products(features: FloatArray, ndim: int) -> NDArray[np.float64]:
    """Return the products of features that are needed, for each strip.

    `features` has the shape (features, strips, pixels). A general matrix product is
    slow for so few rows of so many pixels, and most of it would not be used.
    """
    n_features, n_strips, _ = features.shape
    out = np.zeros((n_strips, n_features, n_features))
    # (1, a, b) with all, and the slopes of a with those of b.
    out[:, :3] = np.einsum("isp,jsp->sij", features[:3], features)
    of_a, of_b = slice(3, 3 + ndim), slice(3 + ndim, None)
    out[:, of_a, of_b] = np.einsum("isp,jsp->sij", features[of_a], features[of_b])
    out[:, 3:, :3] = out[:, :3, 3:].swapaxes(1, 2)
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


def _slope(image: FloatArray, axis: int, out: FloatArray) -> None:
    """Write the derivative along one axis, exact for polynomials of degree 4."""
    inner = [slice(_SLOPE, -_SLOPE)] * image.ndim

    def at(step: int) -> FloatArray:
        n = image.shape[axis]
        inner[axis] = slice(_SLOPE + step, n - _SLOPE + step)
        return image[tuple(inner)]

    np.subtract(at(1), at(-1), out=out)
    out *= 8
    out -= at(2)
    out += at(-2)
    out /= 12
