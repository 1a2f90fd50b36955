"""Moving an image by a fraction of a pixel.

A translation is separable: one pass along each axis, of as few taps as the
interpolation has. Whole-pixel moves copy values and compute nothing.
"""

from collections.abc import Sequence
from math import floor, isfinite
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from maskalign.core.validate import working_dtype
from maskalign.model.types import FillValue, FloatArray, Interpolation, ValidArray

__all__ = [
    "as_dtype",
    "check_fill",
    "kernel",
    "support",
    "translate",
    "translate_valid",
]

#: Pixels interpolated at a time.
_PART_PIXELS = 1 << 16

#: Source pixels left and right of the point that is asked for, beyond the nearest one
#: on its left, when it lies between two pixels.
_REACH = {"nearest": (0, 0), "linear": (0, 1), "cubic": (-1, 2), "fourier": (0, 1)}


def translate(
    image: NDArray[Any],
    shift: Sequence[float],
    *,
    interpolation: Interpolation = "linear",
    fill_value: FillValue = 0,
    origin: Sequence[int] | None = None,
    shape: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return an image moved by `shift`.

    Parameters
    ----------
    image : ndarray of real numbers or bool, shape (Y, X) or (Z, Y, X)
        Never modified. bool only with ``'nearest'``.
    shift : sequence of float
        Pixels added to the position of the image, array axis order.
    interpolation : {'linear', 'nearest', 'cubic', 'fourier'}
        ``'nearest'`` moves by whole pixels (halves upwards) and leaves values as they
        are. ``'cubic'`` is the four-tap Catmull-Rom kernel [1]_. ``'fourier'`` is exact
        for a band-limited image, which is mirrored at its edges.
    fill_value : float or 'edge'
        Value of pixels for which the image has none: those with a tap outside it. With
        ``'edge'`` the outermost pixels of the image are repeated beyond it (there a
        Fourier move interpolates linearly).
    origin : sequence of int, optional
        Position of the first pixel of the result; 0 if left out.
    shape : sequence of int, optional
        Shape of the result; that of the image if left out.

    Returns
    -------
    ndarray, dtype of `image`
        Computed in float32, or float64 where that is needed to hold the values;
        rounded and clipped for integers. Floating point values are not clipped:
        ``'cubic'`` and ``'fourier'`` overshoot at sharp edges. A pixel is NaN where one
        of its taps is NaN; for ``'fourier'`` these are the taps of ``'linear'``.

    References
    ----------
    .. [1] R. Keys, "Cubic convolution interpolation for digital image processing",
       IEEE Transactions on Acoustics, Speech and Signal Processing 29(6), 1981,
       doi 10.1109/TASSP.1981.1163711.

    Examples
    --------
    >>> image = np.array([[10, 20, 30, 40]], dtype=np.uint8)
    >>> translate(image, (0, 1))
    array([[ 0, 10, 20, 30]], dtype=uint8)
    >>> translate(image, (0, 0.5))
    array([[ 0, 15, 25, 35]], dtype=uint8)
    >>> translate(image, (0, 2), fill_value="edge")
    array([[10, 10, 10, 20]], dtype=uint8)
    """
    out = np.empty(image.shape if shape is None else tuple(shape), image.dtype)
    origin = (0,) * image.ndim if origin is None else tuple(origin)
    if isinstance(fill_value, str):
        _move_extended(out, image, shift, interpolation, origin)
        return out
    lines = _lines(image.shape, out.shape, shift, interpolation, origin)
    _move(out, image, lines, interpolation)
    target = [line.target for line in lines]
    for axis, inside in enumerate(target):
        # What earlier axes have filled already is left out.
        place = [*target[:axis], slice(0, inside.start)]
        out[tuple(place)] = fill_value
        place[-1] = slice(inside.stop, None)
        out[tuple(place)] = fill_value
    return out


def translate_valid(
    valid: ValidArray,
    shift: Sequence[float],
    *,
    interpolation: Interpolation = "linear",
    origin: Sequence[int] | None = None,
    shape: Sequence[int] | None = None,
) -> ValidArray:
    """Return where an image that is moved by `translate` has pixels of its own.

    Parameters
    ----------
    valid : ndarray of bool, shape (Y, X) or (Z, Y, X)
        True where a pixel of the image may be used.
    shift, interpolation, origin, shape
        As for `translate`.

    Returns
    -------
    ndarray of bool
        True where all taps of a pixel lie inside the image and are valid.

    Examples
    --------
    >>> translate_valid(np.array([[True, True, True, False]]), (0, 0.5))
    array([[False,  True,  True, False]])
    """
    out = np.zeros(valid.shape if shape is None else tuple(shape), bool)
    origin = (0,) * valid.ndim if origin is None else tuple(origin)
    lines = _lines(valid.shape, out.shape, shift, interpolation, origin)
    target = tuple(line.target for line in lines)
    out[target] = _all_taps(valid, lines, interpolation)
    return out


def support(n: int, shift: float, interpolation: Interpolation) -> tuple[int, int]:
    """Return the first and the last pixel (inclusive) that `n` moved pixels reach.

    A pixel counts if all its taps lie inside the image.

    Examples
    --------
    >>> support(10, 2.5, "linear"), support(10, 2.0, "linear")
    ((3, 11), (2, 11))
    """
    return _reached(n, *_step(shift, interpolation), interpolation)


def check_fill(fill_value: FillValue, dtype: Any) -> None:
    """Raise a ValueError if pixels of `dtype` cannot hold `fill_value`."""
    if isinstance(fill_value, str):
        return
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        limit = float(np.finfo(dtype).max)
        # NaN and infinity are values like any other.
        if isfinite(fill_value) and abs(fill_value) > limit:
            msg = f"fill_value={fill_value!r} is beyond the largest {dtype}, {limit}."
            raise ValueError(msg)
        return
    low, high = (0, 1) if dtype.kind == "b" else _limits(dtype)
    # NaN fails the comparison, as it should.
    if not low <= fill_value <= high or fill_value != int(fill_value):
        msg = (
            f"fill_value={fill_value!r} does not fit pixels of dtype {dtype} "
            f"({low} to {high}, whole numbers). Use such a number or 'edge', or "
            "convert the movie to float32 first."
        )
        raise ValueError(msg)


class _Line(NamedTuple):
    """What a move does along one axis."""

    #: Pixels of the result that the image reaches; slice(0, 0) if there are none.
    target: slice
    #: Pixels of the image that enter, those beside included.
    source: slice
    #: Where between two pixels the image is read, 0 to 1.
    fraction: float


def _lines(
    shape: Sequence[int],
    out_shape: Sequence[int],
    shift: Sequence[float],
    interpolation: Interpolation,
    origin: Sequence[int],
) -> list[_Line]:
    lines = []
    for n, n_out, s, o in zip(shape, out_shape, shift, origin, strict=True):
        whole, fraction = _step(s, interpolation)
        first, last = _reached(n, whole, fraction, interpolation)
        start, stop = max(first - o, 0), min(last + 1 - o, n_out)
        if start >= stop:
            lines.append(_Line(slice(0, 0), slice(0, 0), fraction))
            continue
        # Out pixel p + o is read at p + o + whole + fraction.
        before, after = _REACH[interpolation] if fraction else (0, 0)
        source = slice(start + o + whole + before, stop + o + whole + after)
        lines.append(_Line(slice(start, stop), source, fraction))
    return lines


def _move(
    out: NDArray[Any],
    image: NDArray[Any],
    lines: Sequence[_Line],
    interpolation: Interpolation,
) -> None:
    """Write a moved image where it reaches the result, and nothing elsewhere."""
    inner = out[tuple(line.target for line in lines)]
    fractions = [line.fraction for line in lines]
    if not inner.size:
        return
    if not any(fractions):
        inner[...] = image[tuple(line.source for line in lines)]
    elif interpolation == "fourier":
        inner[...] = as_dtype(_fourier(image, lines), out.dtype)
    else:
        weights = [_weights(fraction, interpolation) for fraction in fractions]
        # Infinities of both signs may meet: that is NaN, and no accident.
        with np.errstate(invalid="ignore"):
            _move_by_taps(inner, image[tuple(line.source for line in lines)], weights)


def _move_by_taps(
    out: NDArray[Any], pixels: NDArray[Any], weights: Sequence[Sequence[float]]
) -> None:
    """Write weighted sums of neighbours, a part at a time."""
    margin = len(weights[0]) - 1
    # So many rows stay in the processor's cache.
    rows = max(_PART_PIXELS * len(out) // out.size, 1)
    for start in range(0, len(out), rows):
        stop = min(start + rows, len(out))
        part = _as_float(pixels[start : stop + margin])
        for axis, taps in enumerate(weights):
            part = _taps(part, axis, taps)
        out[start:stop] = as_dtype(part, out.dtype)


def _move_extended(
    out: NDArray[Any],
    image: NDArray[Any],
    shift: Sequence[float],
    interpolation: Interpolation,
    origin: Sequence[int],
) -> None:
    """Write a moved image that goes on beyond its edges with its outermost pixels."""
    if interpolation == "fourier":
        _move_extended(out, image, shift, "linear", origin)
        lines = _lines(image.shape, out.shape, shift, interpolation, origin)
        _move(out, image, lines, interpolation)
        return
    inside, widths, place = [], [], []
    for n, n_out, s, o in zip(image.shape, out.shape, shift, origin, strict=True):
        whole, fraction = _step(s, interpolation)
        before, after = _REACH[interpolation] if fraction else (0, 0)
        # Pixels that are asked for: those of the image, and as many beyond it.
        start, stop = o + whole + before, o + whole + n_out + after
        part = slice(min(max(start, 0), n - 1), max(min(stop, n), 1))
        low = min(max(-start, 0), stop - start - 1)
        inside.append(part)
        widths.append((low, stop - start - low - (part.stop - part.start)))
        place.append(o - start)
    extended = np.pad(image[tuple(inside)], widths, mode="edge")
    lines = _lines(extended.shape, out.shape, shift, interpolation, place)
    _move(out, extended, lines, interpolation)


def _step(shift: float, interpolation: Interpolation) -> tuple[int, float]:
    """Split the way back to the source pixel into whole pixels and the rest."""
    if interpolation == "nearest":
        return -floor(shift + 0.5), 0.0
    whole = floor(-shift)
    fraction = -shift - whole
    # A shift of 1e-20 is one whole pixel back and, rounded, one whole pixel on.
    return (whole, fraction) if fraction < 1 else (whole + 1, 0.0)


def _reached(
    n: int, whole: int, fraction: float, interpolation: Interpolation
) -> tuple[int, int]:
    before, after = _REACH[interpolation] if fraction else (0, 0)
    return -whole - before, n - 1 - whole - after


def _as_float(image: NDArray[Any]) -> FloatArray:
    return image.astype(working_dtype(image.dtype), copy=False)


def _weights(f: float, interpolation: Interpolation) -> list[float]:
    """Return the weights of neighbours that read an image at p + f."""
    if not f:
        return [1.0]
    return [1 - f, f] if interpolation == "linear" else kernel(f)


def kernel(f: Any) -> list[Any]:
    """Return the four weights by which ``'cubic'`` reads an image at p + f."""
    return [
        0.5 * (-f + 2 * f**2 - f**3),
        0.5 * (2 - 5 * f**2 + 3 * f**3),
        0.5 * (f + 4 * f**2 - 3 * f**3),
        0.5 * (-(f**2) + f**3),
    ]


def _taps(image: FloatArray, axis: int, weights: Sequence[float]) -> FloatArray:
    """Return the weighted sum of an image's neighbours along one axis."""
    if len(weights) == 1:
        return image
    n = image.shape[axis] - len(weights) + 1

    def neighbours(k: int) -> FloatArray:
        place = [slice(None)] * image.ndim
        place[axis] = slice(k, k + n)
        return image[tuple(place)]

    # A Python float times a float32 array stays float32.
    out = neighbours(0) * weights[0]
    term = np.empty_like(out)
    for k, weight in enumerate(weights[1:], start=1):
        np.multiply(neighbours(k), weight, out=term)
        out += term
    return out


def _all_taps(
    valid: ValidArray, lines: Sequence[_Line], interpolation: Interpolation
) -> ValidArray:
    """Return where all taps of a pixel are valid."""
    part = valid[tuple(line.source for line in lines)]
    before, after = _REACH[interpolation]
    for axis, line in enumerate(lines):
        if not line.fraction:
            continue
        n = part.shape[axis] - (after - before)
        part = np.logical_and.reduce(
            [part[_along(axis, k, k + n)] for k in range(after - before + 1)]
        )
    return part


def _along(axis: int, start: int, stop: int) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, slice(start, stop))


def _fourier(image: NDArray[Any], lines: Sequence[_Line]) -> FloatArray:
    """Return the part of an image that is asked for, moved by phase ramps.

    Mirrored, the image is continuous where its ends meet, so nothing rings in from the
    other side. For the same reason a pixel that is not finite is first replaced by the
    nearest one that is.
    """
    # All of an axis enters where the image is read between its pixels.
    part = [slice(None) if line.fraction else line.source for line in lines]
    out = _as_float(image[tuple(part)])
    finite = np.isfinite(out)
    whole = bool(finite.all())
    if not whole:
        out = _filled(out, finite)
    for axis, line in enumerate(lines):
        if line.fraction:
            out = _ramp(out, axis, line.fraction)
            start = line.source.start
            n = line.target.stop - line.target.start
            out = out[_along(axis, start, start + n)]
    if not whole:
        out[~_all_taps(np.isfinite(image), lines, "fourier")] = np.nan
    return out


def _ramp(image: FloatArray, axis: int, fraction: float) -> FloatArray:
    """Return an image read at p + fraction along one axis."""
    n = image.shape[axis]
    mirrored = np.concatenate([image, np.flip(image, axis)], axis)
    spectrum = scipy.fft.rfft(mirrored, axis=axis, overwrite_x=True)
    ramp = np.exp(2j * np.pi * fraction * scipy.fft.rfftfreq(2 * n))
    # The highest frequency has no phase, only a part that stays in step.
    ramp[-1] = np.cos(np.pi * fraction)
    spectrum *= ramp.astype(spectrum.dtype).reshape(
        [-1 if a == axis else 1 for a in range(image.ndim)]
    )
    moved: FloatArray = scipy.fft.irfft(spectrum, 2 * n, axis=axis)
    return moved


def _filled(image: FloatArray, finite: ValidArray) -> FloatArray:
    """Return an image whose other pixels have the value of the nearest finite one."""
    if not finite.any():
        return np.zeros_like(image)
    nearest = ndimage.distance_transform_edt(
        ~finite, return_distances=False, return_indices=True
    )
    filled: FloatArray = image[tuple(nearest)]
    return filled


def _limits(dtype: np.dtype[Any]) -> tuple[int, int]:
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def as_dtype(values: FloatArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return float values as `dtype`: rounded and clipped if those are integers."""
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    low, high = _limits(dtype)
    values = np.rint(values, out=values)
    # The limits of 64-bit integers have no float of their own: the next one inside.
    ceiling = np.nextafter(values.dtype.type(high), 0) if high >= 2**53 else high
    return np.clip(values, low, ceiling, out=values).astype(dtype)
