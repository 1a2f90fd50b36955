"""An image ready for arithmetic, and which of its pixels may be used."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.model.types import FloatArray, ValidArray

__all__ = ["EROSION", "HALO", "MOST_SMALL", "TILE", "Pixels", "Valid"]

#: How far valid pixels are eroded before images are interpolated: taps that reach under
#: the mask from further away weigh next to nothing.
EROSION = 2
#: Side of a block whose mean tells what there is besides noise, pixels.
_BLOCK = 4
#: Rounds in which missing pixels are predicted from their neighbours.
_FILLING = 8
#: Pixels around an image that interpolation and derivatives may ask for.
HALO = 5
#: Longest side of a tile in which images are compared, pixels.
TILE = 16
#: Most tiles along an axis of an image so small that they are smaller.
MOST_SMALL = 4


@dataclass(frozen=True, eq=False)
class Valid:
    """Which pixels of an image may be used.

    One object serves all frames under one mask, so that what follows from it is
    computed once.
    """

    array: ValidArray
    count: int

    @classmethod
    def of(cls, array: ValidArray) -> "Valid":
        """Count the valid pixels of an array."""
        return cls(array, int(np.count_nonzero(array)))

    @classmethod
    def everywhere(cls, shape: tuple[int, ...]) -> "Valid":
        """Make every pixel of a shape valid."""
        return cls(np.ones(shape, bool), int(np.prod(shape)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the image."""
        return self.array.shape

    @property
    def share(self) -> float:
        """Share of the pixels that are valid."""
        return self.count / self.array.size

    @property
    def whole(self) -> bool:
        """Whether every pixel may be used."""
        return self.count == self.array.size

    @cached_property
    def eroded(self) -> ValidArray:
        """True where all pixels up to `EROSION` away along each axis are valid.

        What lies beyond the edges of the image counts as valid.
        """
        valid = self.array
        for axis, size in enumerate(valid.shape):
            width = [(EROSION * (k == axis),) * 2 for k in range(valid.ndim)]
            wide = np.pad(valid, width, constant_values=True)
            valid = np.ones(valid.shape, bool)
            for k in range(2 * EROSION + 1):
                valid &= wide[(slice(None),) * axis + (slice(k, k + size),)]
        return valid


@dataclass(frozen=True, eq=False)
class Pixels:
    """An image, centred and scaled.

    `values` have mean 0 and standard deviation 1 over the valid pixels and are exactly
    0 on the others. NCC knows neither offset nor gain, so nothing is lost, and squares
    neither cancel, overflow nor underflow however high the camera offset.
    """

    values: FloatArray
    valid: Valid

    @cached_property
    def kurtosis(self) -> float:
        """Kurtosis of the image without its noise: of means of small blocks.

        3 for a normal distribution, tens and hundreds where a few bright spots are all
        there is. Pixels themselves would not do: noise that fills an image hides it.
        """
        total, count = (_block_sums(a) for a in (self.values, self.valid.array))
        known = count >= count.max() / 2
        means = total[known] / count[known]
        squares = (means - means.mean()) ** 2
        variance = float(np.mean(squares))
        return float(np.mean(squares**2)) / variance**2 if variance > 0 else 3.0

    @cached_property
    def plane(self) -> "Pixels":
        """The first plane of a volume, as an image."""
        return Pixels(self.values[0], Valid.of(self.valid.array[0]))

    @cached_property
    def padded(self) -> FloatArray:
        """The values with `HALO` pixels more at every edge, like the last one.

        Behind the last ones follow as many as tiles of one size may need.
        """
        return _padded(self.values)

    @cached_property
    def filled(self) -> FloatArray:
        """`padded`, with pixels that may not be used replaced by those around them."""
        near = np.exp(-0.5 * np.arange(-HALO, HALO + 1, dtype=self.values.dtype) ** 2)
        total, weight = self.values, self.valid.array.astype(self.values.dtype)
        for axis in range(total.ndim):
            total, weight = (_spread(part, near, axis) for part in (total, weight))
        # Further than the halo from any valid pixel there is nothing to go by but 0.
        around = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
        values = np.where(self.valid.array, self.values, around)
        for _ in range(_FILLING):
            wide = np.pad(values, 2, mode="edge")
            around = np.mean([_predicted(wide, k) for k in range(values.ndim)], axis=0)
            values = np.where(self.valid.array, values, around)
        return _padded(values)


def _block_sums(image: NDArray[Any]) -> FloatArray:
    """Return the sums over blocks; what is left at the end of an axis is left out."""
    total: NDArray[Any] = image
    for axis, n in enumerate(image.shape):
        side = min(_BLOCK, n)
        place = [slice(None)] * image.ndim
        parts = []
        for k in range(side):
            place[axis] = slice(k, n - n % side, side)
            parts.append(total[tuple(place)])
        total = sum(parts[1:], parts[0].astype(np.float32))
    return total


def _padded(values: FloatArray) -> FloatArray:
    """Return an image with what its tiles need around it."""
    # Tiles of one size cover n pixels and less than one more for each tile.
    spare = [min(max(n // TILE, MOST_SMALL), TILE - 1) for n in values.shape]
    return np.pad(values, [(HALO, HALO + k) for k in spare], mode="edge")


def _predicted(wide: FloatArray, axis: int) -> FloatArray:
    """Return what the neighbours along one axis say of each pixel: exact for cubics."""
    place = [slice(2, -2)] * wide.ndim

    def at(step: int) -> FloatArray:
        place[axis] = slice(2 + step, wide.shape[axis] - 2 + step)
        return wide[tuple(place)]

    return (4 * (at(1) + at(-1)) - (at(2) + at(-2))) / 6


def _spread(image: FloatArray, taps: FloatArray, axis: int) -> FloatArray:
    """Return the sum of neighbours along one axis, weighted, with 0 beyond the edge."""
    width = [(HALO * (k == axis),) * 2 for k in range(image.ndim)]
    wide = np.pad(image, width)
    n = image.shape[axis]
    out = np.zeros_like(image)
    for k, weight in enumerate(taps):
        out += weight * wide[(slice(None),) * axis + (slice(k, k + n),)]
    return out
