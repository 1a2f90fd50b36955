"""Images read at fractions of a pixel so that each fraction smooths noise alike.

Interpolation smooths, most of all half-way between pixels: noisy frames that are moved
look more like each other, and a mean looks less noisy, whatever they are moved by.
Here a Gaussian of one pixel is folded into the interpolation, which then weighs noise
the same for every fraction, to a few parts in ten thousand. An image before it is moved
is read by the same rule, with a shift of 0.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from maskalign.core.pixels import Pixels
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["read_steadily"]

A = TypeVar("A", bound=NDArray[Any])

#: Standard deviation of the Gaussian, pixels.
_BLUR = 1.0
#: Taps to each side of the nearest pixel.
_REACH = 4
#: A pixel counts if so much of the weight around it lies on valid pixels.
_LEAST = 0.5


def read_steadily(
    pixels: Pixels, shift: Sequence[float]
) -> tuple[FloatArray, ValidArray]:
    """Return an image, smoothed and moved, and where it is known.

    Parameters
    ----------
    pixels : Pixels
        The image and its valid pixels.
    shift : sequence of float
        Pixels added to the position of the image, array axis order.

    Returns
    -------
    moved : ndarray of float, shape of the image
        Weighted means of the valid pixels around; 0 where it is not known.
    valid : ndarray of bool, shape of the image
        True where at least half of the weight lies on valid pixels of the image.
    """
    shape = pixels.valid.shape
    nearest = np.rint(shift).astype(int)
    taps = [
        _taps(float(step - away), n)
        for step, away, n in zip(nearest, shift, shape, strict=True)
    ]
    values = _filtered(pixels.values, taps)
    if pixels.valid.whole:
        weight = _inside(shape, taps)
    else:
        weight = _filtered(pixels.valid.array.astype(values.dtype), taps)
    known = weight >= _LEAST
    np.divide(values, weight, out=values, where=known)
    np.copyto(values, 0, where=~known)
    return _placed(values, nearest), _placed(known, nearest)


def _taps(fraction: float, n: int) -> NDArray[np.float64]:
    """Return the weights of a pixel and its neighbours that read at a fraction."""
    if n == 1:
        # An axis of one pixel has nothing to be smoothed with.
        return np.ones(1)
    distance = np.arange(-_REACH, _REACH + 1) - fraction
    # The Gaussian is cut where the spectrum of a sampled image ends ...
    k = (np.arange(64) + 0.5) * (np.pi / 64)
    weights = np.cos(np.outer(distance, k)) @ np.exp(-0.5 * (_BLUR * k) ** 2)
    # ... and the ripples that leaves are faded out.
    weights *= np.cos(distance * np.pi / (2 * (_REACH + 1))) ** 2
    return np.asarray(weights / weights.sum())


def _filtered(image: FloatArray, taps: list[NDArray[np.float64]]) -> FloatArray:
    for axis, weights in enumerate(taps):
        image = ndimage.correlate1d(image, weights, axis=axis, mode="constant")
    return image


def _inside(shape: tuple[int, ...], taps: list[NDArray[np.float64]]) -> FloatArray:
    """Return the weight that lies inside an image, of which every pixel is valid."""
    weight = np.ones(())
    for n, weights in zip(shape, taps, strict=True):
        line = ndimage.correlate1d(np.ones(n), weights, mode="constant")
        weight = np.multiply.outer(weight, line)
    return weight


def _placed(array: A, steps: NDArray[np.int_]) -> A:
    """Return an array moved by whole pixels, with zeros where nothing moves in."""
    out: A = np.zeros_like(array)
    here, there = [], []
    for n, step in zip(array.shape, steps.tolist(), strict=True):
        here.append(slice(min(max(step, 0), n), max(min(n + step, n), 0)))
        there.append(slice(min(max(-step, 0), n), max(min(n - step, n), 0)))
    out[tuple(here)] = array[tuple(there)]
    return out
