"""Moving an image by a fraction of a pixel.

A translation is separable: one pass along each axis, of as few taps as the
interpolation has. Whole-pixel moves copy values and compute nothing.
"""

from collections.abc import Sequence
from math import floor
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from maskalign.core.validate import working_dtype
from maskalign.model.types import FloatArray, Interpolation

__all__ = ["check_fill", "support", "translate"]

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
    fill_value: float = 0,
    origin: Sequence[int] | None = None,
    shape: Sequence[int] | None = None,
) -> NDArray[Any]:
    """Return an image moved by `shift`.

    Parameters
    ----------
    image : ndarray of real numbers or bool, shape (Y, X) or (Z, Y, X)
        Never modified.
    shift : sequence of float
        Pixels added to the position of the image, array axis order.
    interpolation : {'nearest', 'linear', 'cubic', 'fourier'}
        ``'nearest'`` moves by whole pixels (halves upwards) and leaves values as they
        are. ``'cubic'`` is the four-tap Catmull-Rom kernel [1]_. ``'fourier'`` is exact
        for a band-limited image, which is mirrored at its edges.
    fill_value : float
        Value of pixels for which the image has none: those with a tap outside it.
    origin : sequence of int, optional
        Position of the first pixel of the result; 0 if left out.
    shape : sequence of int, optional
        Shape of the result; that of the image if left out.

    Returns
    -------
    ndarray, dtype of `image`
        Computed in float32, or float64 where that is needed to hold the values;
        rounded and clipped for integers.

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
    """
    shape = image.shape if shape is None else tuple(shape)
    origin = (0,) * image.ndim if origin is None else tuple(origin)
    steps = [_step(s, interpolation) for s in shift]
    target, source = [], []
    for n_in, n_out, o, (whole, fraction) in zip(
        image.shape, shape, origin, steps, strict=True
    ):
        first, last = _reached(n_in, whole, fraction, interpolation)
        start, stop = max(first - o, 0), min(last + 1 - o, n_out)
        if start >= stop:
            return np.full(shape, fill_value, dtype=image.dtype)
        target.append(slice(start, stop))
        # Out pixel p + o is read at p + o + whole + fraction.
        before, after = _REACH[interpolation] if fraction else (0, 0)
        if interpolation == "fourier" and fraction:
            source.append(slice(0, n_in))
        else:
            source.append(slice(start + o + whole + before, stop + o + whole + after))
    out = np.empty(shape, image.dtype)
    inner, pixels = out[tuple(target)], image[tuple(source)]
    fractions = [fraction for _, fraction in steps]
    if not any(fractions):
        inner[...] = pixels
    elif interpolation == "fourier":
        moved = _fourier(_as_float(pixels), fractions)
        wanted = [
            slice(t.start + o + whole, t.stop + o + whole) if f else slice(None)
            for t, o, (whole, f) in zip(target, origin, steps, strict=True)
        ]
        inner[...] = _as_dtype(moved[tuple(wanted)], image.dtype)
    else:
        weights = [_weights(f, interpolation) for f in fractions]
        margin = len(weights[0]) - 1
        rows = max(_PART_PIXELS * len(inner) // inner.size, 1)
        # A part at a time, which stays in the processor's cache.
        for start in range(0, len(inner), rows):
            stop = min(start + rows, len(inner))
            part = _as_float(pixels[start : stop + margin])
            for axis, taps in enumerate(weights):
                part = _taps(part, axis, taps)
            inner[start:stop] = _as_dtype(part, image.dtype)
    for axis, inside in enumerate(target):
        # What earlier axes have filled already is left out.
        place = [*target[:axis], slice(0, inside.start)]
        out[tuple(place)] = fill_value
        place[-1] = slice(inside.stop, None)
        out[tuple(place)] = fill_value
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


def check_fill(fill_value: float, dtype: Any) -> None:
    """Raise a ValueError if pixels of `dtype` cannot hold `fill_value`."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return
    low, high = (0, 1) if dtype.kind == "b" else _limits(dtype)
    # NaN fails the comparison, as it should.
    if not low <= fill_value <= high or fill_value != int(fill_value):
        msg = (
            f"fill_value={fill_value!r} does not fit pixels of dtype {dtype} "
            f"({low} to {high}, whole numbers)."
        )
        raise ValueError(msg)


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
    if interpolation == "linear":
        return [1 - f, f]
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


def _fourier(image: FloatArray, fractions: Sequence[float]) -> FloatArray:
    """Return an image read at p + fraction, by a phase ramp along each axis.

    Mirrored, the image is continuous where its ends meet, so nothing rings in from
    the other side. A pixel that is not finite counts as 0 and comes back as it was.
    """
    lost = ~np.isfinite(image)
    out = np.where(lost, 0, image) if lost.any() else image
    for axis, fraction in enumerate(fractions):
        if not fraction:
            continue
        n = out.shape[axis]
        mirrored = np.concatenate([out, np.flip(out, axis)], axis)
        spectrum = scipy.fft.rfft(mirrored, axis=axis, overwrite_x=True)
        ramp = np.exp(2j * np.pi * fraction * scipy.fft.rfftfreq(2 * n))
        # The highest frequency has no phase, only a part that stays in step.
        ramp[-1] = np.cos(np.pi * fraction)
        spectrum *= ramp.astype(spectrum.dtype).reshape(
            [-1 if a == axis else 1 for a in range(out.ndim)]
        )
        out = np.take(scipy.fft.irfft(spectrum, 2 * n, axis=axis), range(n), axis)
    if lost.any():
        out[lost] = image[lost]
    return out


def _limits(dtype: np.dtype[Any]) -> tuple[int, int]:
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def _as_dtype(values: FloatArray, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return float values as `dtype`: rounded and clipped if those are integers."""
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    low, high = _limits(dtype)
    values = np.rint(values, out=values)
    # The limits of 64-bit integers have no float of their own: the next one inside.
    ceiling = np.nextafter(values.dtype.type(high), 0) if high >= 2**53 else high
    return np.clip(values, low, ceiling, out=values).astype(dtype)
