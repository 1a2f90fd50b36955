r"""The correlation coefficient of two aligned images in the window around each pixel.

With weights :math:`w` that are 0 where a pixel may not be used, and sums over a window,

.. math::

    W = \sum w, \quad s_a = \sum w a, \quad q_{ab} = \sum w a b, \qquad
    \mathrm{NCC} = \frac{W q_{ab} - s_a s_b}
                        {\sqrt{(W q_{aa} - s_a^2)(W q_{bb} - s_b^2)}}

All sums are in double precision, and of values counted from the mean of a part of the
image, so that an offset costs no digits. Images of up to 16 bits lose none at all,
for whole numbers add up exactly. What remains are windows that vary little and lie far
from the mean of their part: their variance is a small difference of large terms. They
are found by that, and computed again from differences to their own mean.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.low_contrast import constant, two_pass
from maskalign.core.parts import Part, parts
from maskalign.core.significance import fisher_z, p_value
from maskalign.core.validate import as_valid, check_dtype, working_dtype
from maskalign.core.window import Buffers, Flat, Window, WindowSums
from maskalign.errors import MaskError
from maskalign.model.map_options import MapOptions
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["check_images", "ncc_map"]

#: Roundings that a sum over a window may be off by.
_ROUNDINGS = 8
#: Largest error of the result that is let pass, by its precision.
_ALLOWED = {"float32": 1e-6, "float64": 1e-8}
#: Windows of so few pixels of 16 bits have sums below 2**53, which are exact.
_EXACT_PIXELS = 1448
#: Values that differ by so many roundings are one value.
_SAME = 8
#: Numbers whose binary exponent is larger have squares that overflow or vanish.
_LARGE_EXPONENT = 400


def ncc_map(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    options: MapOptions = MapOptions(),  # noqa: B008 - frozen
) -> FloatArray:
    """Return the NCC map of two arrays; see `maskalign.local_ncc`.

    Parameters
    ----------
    reference, moving : array_like of real numbers, shape (Y, X) or (Z, Y, X)
        Two aligned images of one shape. Never modified.
    mask : array_like, shape of the images, optional
        Non-zero where a pixel may be used, in both.
    options : MapOptions
        The window and what is shown.

    Returns
    -------
    ndarray of float32 or float64, shape of the images
        NaN where there is no value.
    """
    reference, moving = np.asarray(reference), np.asarray(moving)
    check_images(reference, moving)
    valid = None
    if mask is not None:
        valid = as_valid(np.asarray(mask), "mask")
        if valid.shape != reference.shape:
            msg = f"mask has shape {valid.shape}; the images have {reference.shape}."
            raise MaskError(msg)
    dtype = working_dtype(reference.dtype, moving.dtype)
    images = (_tame(reference), _tame(moving))
    maker = _Maker(images, valid, options, dtype)
    out = np.empty(reference.shape, dtype)
    # Elements between the rows of windows hold anything.
    with np.errstate(all="ignore"):
        for part in parts(reference.shape, maker.window.radius):
            out[part.inner] = maker.values(part)
    return out


def check_images(reference: Any, moving: Any) -> None:
    """Raise a TypeError or ValueError unless two images can be compared.

    They need not be in memory: only shapes and dtypes are looked at.
    """
    for name, image in (("reference", reference), ("moving", moving)):
        check_dtype(image.dtype, name)
        if image.ndim not in (2, 3) or 0 in image.shape:
            msg = (
                f"{name} has shape {tuple(image.shape)}; an image needs two axes "
                "(Y, X) or three (Z, Y, X), none of them empty."
            )
            raise ValueError(msg)
    if reference.shape != moving.shape:
        msg = (
            f"reference has shape {tuple(reference.shape)} but moving has shape "
            f"{tuple(moving.shape)}; a map compares aligned images pixel by pixel. "
            "Align them first, on one canvas."
        )
        raise ValueError(msg)


class _Maker:
    """Two images, ready to be compared part by part."""

    def __init__(
        self,
        images: tuple[NDArray[Any], NDArray[Any]],
        valid: ValidArray | None,
        options: MapOptions,
        dtype: np.dtype[Any],
    ) -> None:
        shape = images[0].shape
        self.window = window = Window.of(options, shape)
        self._images = images
        self._valid = valid
        self._statistic = options.statistic
        # A small Gaussian counts a little less than the pixels of its box; what is
        # compared with it is rounded.
        full = min(window.pixels / prod(options.sizes(len(shape))), 1)
        self._least = options.least(shape) * full * (1 - 1e-9)
        self._buffers = Buffers()
        self._sums: dict[tuple[int, ...], WindowSums] = {}
        self._integer = all(image.dtype.kind in "ui" for image in images)
        small = max(image.dtype.itemsize for image in images) <= 2
        few = prod(window.sizes) <= _EXACT_PIXELS
        self._exact = self._integer and small and few and window.box
        eps = float(np.finfo(float).eps)
        #: Share of its terms from which on a difference has digits enough.
        self._limit = 0 if self._exact else _ROUNDINGS * eps / _ALLOWED[dtype.name]
        self._same = 0 if self._integer else _SAME * eps
        #: Whether an image may vary by no more than that: single precision cannot.
        self._fine = any(a.dtype.kind == "f" and a.dtype.itemsize > 4 for a in images)
        #: Sum of the weights inside the image, by place on each axis.
        self._weight = window.within(shape)
        #: Pixels inside the image: for weights other than 1, as many as would average
        #: noise out as well.
        self._pixels = [
            weight**2 / squares
            for weight, squares in zip(
                self._weight, window.squared.within(shape), strict=True
            )
        ]

    def values(self, part: Part) -> FloatArray:
        """Return the map of one part."""
        images = [self._load(image, part, k) for k, image in enumerate(self._images)]
        known, offsets = self._centre(images, part)
        if known is not None and not known.any():
            return np.full([s.stop - s.start for s in part.inner], np.nan)
        weight, pixels = self._weights(part, known)
        floors = [
            self._floor(image, offset)
            for image, offset in zip(images, offsets, strict=True)
        ]
        ncc, doubtful = self._correlate(images, part, weight, floors)
        enough = np.asarray(pixels >= self._least)
        if doubtful is not None and (doubtful := doubtful & enough).any():
            self._settle(ncc, doubtful, part, known)
        if not enough.all():
            ncc[~enough] = np.nan
        if self._statistic == "ncc":
            return ncc
        translate = fisher_z if self._statistic == "z" else p_value
        return np.asarray(translate(ncc, pixels))

    def _load(self, image: NDArray[Any], part: Part, k: int) -> Flat:
        """Return the pixels that windows reach, 0 beyond the image."""
        flat = self._buffers(f"image {k}", prod(part.shape))
        if part.cut:
            flat.fill(0)
        part.place_in(flat)[...] = image[part.seen]
        return flat

    def _centre(
        self, images: Sequence[Flat], part: Part
    ) -> tuple[Flat | None, list[float]]:
        """Count the values of each image from their mean, and say which may be used.

        Returns 1 where a pixel may be used and 0 elsewhere, or None if all inside the
        image may; and the means. Pixels that may not be used are set to 0.
        """
        sums = [image.sum() for image in images]
        valid = None if self._valid is None else self._valid[part.seen]
        # A sum is finite if all of its terms are.
        if not np.isfinite(sums).all():
            views = [part.place_in(image) for image in images]
            finite = np.isfinite(views[0]) & np.isfinite(views[1])
            valid = finite if valid is None else finite & valid
        if valid is not None and not valid.all():
            return self._centre_some(images, part, valid)
        offsets = [self._offset(total, part.n_seen) for total in sums]
        for image, offset in zip(images, offsets, strict=True):
            view = part.place_in(image) if part.cut else image
            view -= offset
        return None, offsets

    def _centre_some(
        self, images: Sequence[Flat], part: Part, valid: ValidArray
    ) -> tuple[Flat, list[float]]:
        known = self._buffers("known", prod(part.shape))
        known.fill(0)
        part.place_in(known)[...] = valid
        n = max(int(np.count_nonzero(valid)), 1)
        offsets = []
        for image in images:
            part.place_in(image)[~valid] = 0
            offsets.append(self._offset(image.sum(), n))
            image -= offsets[-1]
            image *= known
        return known, offsets

    def _offset(self, total: float, n: int) -> float:
        """Return a mean, or a whole number near it for whole numbers."""
        return float(np.rint(total / n) if self._integer else total / n)

    def _floor(self, image: Flat, offset: float) -> float:
        """Return the variance, in terms of sums, that rounding of values may make."""
        if not self._fine:
            return 0.0
        level = abs(offset) + max(image.max(), -image.min())
        return float((self._same * level * self.window.array.sum()) ** 2)

    def _windows(self, shape: tuple[int, ...]) -> WindowSums:
        """Return the sums over windows of arrays of a shape, made once for each."""
        if shape not in self._sums:
            self._sums[shape] = WindowSums(shape, self.window, self._buffers)
        return self._sums[shape]

    def _weights(self, part: Part, known: Flat | None) -> tuple[Any, Any]:
        """Return the sum of weights of every window, and how many pixels that is."""
        sums = self._windows(part.shape)
        if known is None:
            weight = part.product(self._weight)
            pixels = weight if self.window.box else part.product(self._pixels)
            if not part.cut:
                return weight, pixels
            flat = self._buffers("weight", sums.n)
            # Where no window fits, too, there shall be numbers.
            flat.fill(1)
            sums.inside(flat)[...] = weight
            return flat, pixels
        flat = sums(known, "weight")
        pixels = sums.inside(flat)
        if not self.window.box:
            squared = WindowSums(part.shape, self.window.squared, self._buffers)
            pixels = pixels**2 / sums.inside(squared(known, "squares"))
        return flat, pixels

    def _correlate(
        self, images: Sequence[Flat], part: Part, weight: Any, floors: Sequence[float]
    ) -> tuple[NDArray[np.float64], ValidArray | None]:
        """Return the NCC of every window, and where it may have lost its digits.

        None stands for nowhere. The images are overwritten. `floors` are variances, as
        `_floor` returns them, up to which there may be no contrast.
        """
        a, b = images
        sums = self._windows(part.shape)
        s_a, s_b = sums(a, "s_a"), sums(b, "s_b")
        product = self._buffers("product", a.size)
        ncc = sums(np.multiply(a, b, out=product), "ncc")
        ncc *= weight
        ncc -= np.multiply(s_a, s_b, out=product[: s_a.size])
        doubtful = None
        for image, s, floor in ((a, s_a, floors[0]), (b, s_b, floors[1])):
            q = sums(np.multiply(image, image, out=image), "q")
            q *= weight
            s *= s
            np.subtract(q, s, out=s)
            # Mostly it is enough to look at the worst of a part.
            if s.min() <= max(self._limit * q.max(), floor):
                lost = sums.inside(s <= np.maximum(self._limit * q, floor))
                doubtful = lost if doubtful is None else doubtful | lost
        s_a *= s_b
        ncc /= np.sqrt(s_a, out=s_a)
        np.clip(ncc, -1, 1, out=ncc)
        return sums.inside(ncc), doubtful

    def _settle(
        self, ncc: FloatArray, doubtful: ValidArray, part: Part, known: Flat | None
    ) -> None:
        """Tell windows of no contrast from those of little, and compute the latter."""
        if self._exact:
            ncc[doubtful] = np.nan
            return
        images = [self._load(image, part, k) for k, image in enumerate(self._images)]
        if known is None:
            known = self._buffers("known", prod(part.shape))
            known.fill(0)
            part.place_in(known)[...] = 1
        sums = self._windows(part.shape)
        flat = [constant(image, known, sums, self._same) for image in images]
        ncc[doubtful & (flat[0] | flat[1])] = np.nan
        rest = doubtful & ~flat[0] & ~flat[1]
        a, b = images
        ncc[rest] = two_pass(a, b, known, part.shape, self.window, rest)


def _tame(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image whose pixels and their squares fit double precision."""
    kind, size = image.dtype.kind, image.dtype.itemsize
    if kind in "ui" and size == 8:
        # Counted from the lowest (modulo 2**64, which is exact), few numbers are too
        # large.
        lowest = image.min(keepdims=True).astype(np.uint64)
        counted: NDArray[Any] = image.astype(np.uint64) - lowest
        return counted
    if kind == "f" and size >= 8:
        largest = max(image.max(), -image.min())
        if not np.isfinite(largest):
            largest = np.max(abs(image), where=np.isfinite(image), initial=0)
        exponent = int(np.frexp(largest)[1])
        if abs(exponent) > _LARGE_EXPONENT:
            tamed: NDArray[Any] = np.ldexp(image, -exponent)
            return tamed
    return image
