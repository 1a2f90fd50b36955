"""Two images to be compared pixel by pixel, and the pixels that count."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.pixels import Valid
from maskalign.core.similarity.bins import bin_edges, bin_numbers
from maskalign.core.validate import as_valid, check_dtype
from maskalign.errors import MaskError, NoValidPixelsError

__all__ = ["HISTOGRAM_BINS", "Pair", "as_pair", "centred"]

Values = NDArray[np.float64]

#: Bins of one width from the lowest to the highest value in either image.
HISTOGRAM_BINS = 256


@dataclass(frozen=True, eq=False)
class Pair:
    """Two images of one shape.

    All that is computed from them uses `x` and `y`, so that every number sees the same
    pixels.
    """

    #: The images as they came; what is invalid in them is never looked at.
    reference: NDArray[Any]
    moving: NDArray[Any]
    #: Pixels that may be used in both.
    valid: Valid

    @cached_property
    def x(self) -> Values:
        """The valid pixels of the reference, shape (n,)."""
        return self._values(self.reference)

    @cached_property
    def y(self) -> Values:
        """The valid pixels of the moving image, shape (n,)."""
        return self._values(self.moving)

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value in either image."""
        ends = (np.min, self.x, self.y), (np.max, self.x, self.y)
        low, high = (float(end([end(x), end(y)])) for end, x, y in ends)
        return low, high

    @cached_property
    def histograms(self) -> tuple[Values, Values]:
        """Share of the pixels in each of `HISTOGRAM_BINS` common bins, of both."""
        edges = bin_edges(*self.limits, HISTOGRAM_BINS)
        x, y = (
            np.bincount(bin_numbers(values, edges), minlength=HISTOGRAM_BINS)
            for values in (self.x, self.y)
        )
        return x / self.x.size, y / self.y.size

    def spread(self, values: Values) -> Values:
        """Return values of the valid pixels as an image, 0 elsewhere."""
        if self.valid.whole:
            return values.reshape(self.valid.shape)
        image = np.zeros(self.valid.shape)
        image[self.valid.array] = values
        return image

    def _values(self, image: NDArray[Any]) -> Values:
        used = image.ravel() if self.valid.whole else image[self.valid.array]
        return used.astype(np.float64, copy=False)


def as_pair(
    reference: ArrayLike, moving: ArrayLike, mask: ArrayLike | None = None
) -> Pair:
    """Return two images and a mask as a `Pair`.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        Never modified. NaN and infinite pixels are invalid by themselves.
    mask : array_like, the same shape, optional
        Non-zero where a pixel may be used in both images.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all.
    ValueError
        If the shapes differ, or the images are empty.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.
    """
    reference, moving = np.asarray(reference), np.asarray(moving)
    for image, name in ((reference, "reference"), (moving, "moving")):
        if image.dtype != bool:
            check_dtype(image.dtype, name)
    if reference.shape != moving.shape:
        msg = (
            f"reference has shape {reference.shape} but moving has shape "
            f"{moving.shape}; images are compared pixel by pixel and need one shape. "
            "Crop or align them first."
        )
        raise ValueError(msg)
    if not reference.ndim or not reference.size:
        msg = f"The images have shape {reference.shape}: there is nothing to compare."
        raise ValueError(msg)
    valid = _known(mask, reference.shape)
    for image in (reference, moving):
        if image.dtype.kind == "f":
            valid &= np.isfinite(image)
    counted = Valid.of(valid)
    if not counted.count:
        why = "all are NaN or infinite in one of them"
        if mask is not None:
            why = "the mask leaves none that is finite in both"
        msg = (
            f"The images have no valid pixel in common: {why}. Masks are True where a "
            "pixel is used."
        )
        raise NoValidPixelsError(msg)
    return Pair(reference, moving, counted)


def centred(values: Values) -> Values | None:
    """Return values less their mean, scaled to a range of 1; None for a constant.

    Correlation knows neither offset nor gain, so nothing is lost, and the squares
    neither cancel nor overflow however high the offset.
    """
    # Halved first, for the range of two numbers may exceed the largest one.
    low, high = values.min() / 2, values.max() / 2
    if not high > low:
        return None
    scaled: Values = (values / 2 - low) / (high - low)
    scaled -= scaled.mean()
    return scaled


def _known(mask: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if mask is None:
        return np.ones(shape, bool)
    array = np.asarray(mask)
    if array.shape != shape:
        msg = (
            f"mask has shape {array.shape} but the images have shape {shape}; a mask "
            "needs one value for each pixel."
        )
        raise MaskError(msg)
    return as_valid(array, "mask")
