"""Images as they are looked at, and their sums."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskalign.model.types import FloatArray, ValidArray

__all__ = ["Seen", "Sum"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An image and where it is known; 0 elsewhere."""

    values: FloatArray
    valid: ValidArray


class Sum:
    """The sum of images, and how many show each pixel."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._total = np.zeros(shape, np.float32)
        self._count = np.zeros(shape, np.uint16)

    def add(self, seen: "Seen") -> None:
        """Add an image that is 0 where it shows nothing."""
        self._total += seen.values
        self._count += seen.valid

    @property
    def count(self) -> NDArray[np.uint16]:
        """How many images show each pixel."""
        return self._count

    @property
    def mean(self) -> FloatArray:
        """The mean; 0 where there is none."""
        return self._total / np.maximum(self._count, 1)

    def without(self, seen: "Seen") -> FloatArray:
        """Return the mean of the others than one of the images."""
        others = np.maximum(self._count, 1) - seen.valid
        return np.asarray((self._total - seen.values) / np.maximum(others, 1))

    def plus(self, other: "Sum") -> "Sum":
        """Return the sum of all that is in both."""
        both = Sum(self._total.shape)
        both._total = self._total + other._total
        both._count = self._count + other._count
        return both
