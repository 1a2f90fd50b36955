"""Two images whose pixels have other sizes, and which lie somewhere already.

Both are brought to one pixel size, along each axis the larger of the two: the finer one
is averaged, so that like is compared with like. What is found there is a shift in
pixels of the reference, to be added to the place that the moving image has now.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.masked_ncc import check_same_axes, surface_of
from maskalign.core.pixels import Pixels
from maskalign.core.register import match_pixels, register, warn_misled
from maskalign.core.resample import Place, as_place, on_grid, steps_of
from maskalign.core.validate import (
    as_pixels,
    as_valid,
    check_dtype,
    check_mask_shape,
    working_dtype,
)
from maskalign.errors import NoOverlapError
from maskalign.model.options import MatchOptions
from maskalign.model.results import CorrelationSurface, Registration
from maskalign.model.types import MaxShift, ValidArray

__all__ = ["CommonGrid", "register_placed"]

_DEFAULTS = MatchOptions()


def register_placed(
    reference: ArrayLike,
    moving: ArrayLike,
    place: ArrayLike,
    *,
    reference_mask: ArrayLike | None = None,
    moving_mask: ArrayLike | None = None,
    max_shift: MaxShift = _DEFAULTS.max_shift,
    min_overlap: float = _DEFAULTS.min_overlap,
    subpixel: bool = _DEFAULTS.subpixel,
) -> Registration:
    """Find the shift between two images that have other pixel sizes, or lie apart.

    Parameters
    ----------
    reference : array_like of real numbers, shape (Y, X) or (Z, Y, X)
        The image that stays. NaN and infinite pixels are invalid by themselves.
    moving : array_like of real numbers
        The image that is moved, with as many axes; shape and pixel size may differ.
    place : array_like of float, shape (ndim + 1, ndim + 1)
        Where the moving image lies now: takes its positions, in pixels as columns
        (position, 1), to positions in the reference, in pixels of that; the centre of
        the first pixel is 0. With pixel sizes p and q along an axis and the centres of
        the first pixels at a and b, its entries are q / p on the diagonal and
        (b - a) / p in the last column. Pixels may not be turned.
    reference_mask, moving_mask : array_like, shape of the image, optional
        True (non-zero) where a pixel may be used.
    max_shift : float or sequence of float, optional
        How far from its place the moving image is searched, in pixels of the
        reference, for all axes or for each; everywhere if left out.
    min_overlap, subpixel
        As for `register`.

    Returns
    -------
    Registration
        ``.shift`` and ``.shift_std`` are in pixels of the reference; the shift is to be
        added to the last column of `place`.

    Raises
    ------
    TypeError, ValueError
        As `register`; `NoOverlapError` also if the images lie further apart than
        `max_shift` reaches.

    Notes
    -----
    Along each axis both images are brought to the larger pixel size of the two: a
    pixel then is the mean of what it covers, of valid pixels alone, and valid where
    these have half of its area. NCC, overlap and standard error are those of two images
    of such pixels.

    Warns
    -----
    StaticStructureWarning, EmptyBorderWarning
        As `register`; the first for pixels of one size.

    See Also
    --------
    register : images of one pixel size, corner on corner.
    place_of : where calibrated images lie.
    resample : lay the moving image over the reference.

    Examples
    --------
    The moving image has pixels twice as large, and lies 3 pixels of the reference too
    far right.

    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> scene = gaussian_filter(np.random.default_rng(0).normal(size=(96, 96)), 2)
    >>> coarse = scene.reshape(48, 2, 48, 2).mean(axis=(1, 3))
    >>> place = [[2, 0, 0.5], [0, 2, 0.5 + 3], [0, 0, 1]]
    >>> found = register_placed(scene, coarse, place, max_shift=10)
    >>> [round(s, 2) + 0.0 for s in found.shift], found.status
    ([0.0, -3.0], 'ok')
    """
    reference, moving = np.asarray(reference), np.asarray(moving)
    check_same_axes(reference, moving)
    matrix = as_place(place, reference.ndim)
    options = MatchOptions(
        max_shift=max_shift, min_overlap=min_overlap, subpixel=subpixel
    )
    if np.array_equal(matrix, np.eye(len(matrix))):
        return register(
            reference,
            moving,
            reference_mask=reference_mask,
            moving_mask=moving_mask,
            max_shift=options.max_shift,
            min_overlap=options.min_overlap,
            subpixel=options.subpixel,
        )
    grid = CommonGrid.of(reference, moving, matrix, reference_mask, moving_mask)
    return grid.register(options)


@dataclass(frozen=True, eq=False)
class CommonGrid:
    """Two images in pixels of one size."""

    #: The images, NaN where a pixel is not valid, if any is not.
    reference: NDArray[np.generic]
    moving: NDArray[np.generic]
    #: Their masks, where their pixels are their own; None for everywhere.
    reference_valid: ValidArray | None
    moving_valid: ValidArray | None
    #: Size of a pixel along each axis, in pixels of the reference as it came.
    step: NDArray[np.float64]
    #: By how much the moving image has moved at a lag of 0, the same pixels.
    first: NDArray[np.float64]
    #: Whether the pixels of both are those that came.
    own: bool

    @classmethod
    def of(
        cls,
        reference: NDArray[np.generic],
        moving: NDArray[np.generic],
        place: Place,
        reference_mask: ArrayLike | None = None,
        moving_mask: ArrayLike | None = None,
    ) -> "CommonGrid":
        """Bring two images to one pixel size.

        Parameters are those of `register_placed`.
        """
        check_dtype(reference.dtype, "reference")
        check_dtype(moving.dtype, "moving")
        masks = (
            _valid(reference_mask, reference.shape, "reference_mask", "reference"),
            _valid(moving_mask, moving.shape, "moving_mask", "moving"),
        )
        ratio = steps_of(place, moving.shape)
        step = np.maximum(np.abs(ratio), 1)
        corner = np.zeros(len(step))
        one: tuple[NDArray[np.generic], ValidArray | None] = reference, masks[0]
        if (step != 1).any():
            # The first of its pixels begins where the reference does.
            corner = (step - 1) / 2
            shape = np.maximum(np.array(reference.shape) // step, 1).astype(int)
            there = _affine(step, corner)
            one = on_grid(reference, masks[0], there, shape.tolist()), None
        offset = place[:-1, -1]
        other: tuple[NDArray[np.generic], ValidArray | None] = moving, masks[1]
        if (ratio != step).any():
            ends = np.array([-0.5 + 0 * ratio, np.array(moving.shape) - 0.5]) * ratio
            low, high = ends.min(axis=0) + offset, ends.max(axis=0) + offset
            # What is left over at the far ends is no whole pixel.
            shape = np.maximum((high - low) / step + 1e-6, 1).astype(int)
            start = low + step / 2
            there = np.linalg.inv(_affine(ratio, offset)) @ _affine(step, start)
            other = on_grid(moving, masks[1], there, shape.tolist()), None
            offset = start
        own = bool((step == 1).all() and (ratio == step).all())
        return cls(one[0], other[0], one[1], other[1], step, corner - offset, own)

    def register(self, options: MatchOptions) -> Registration:
        """Find the shift, in pixels of the reference as it came."""
        options, around = self._search(options)
        pixels = self._pixels(constant_ok=False)
        found = match_pixels(*pixels, options, around)
        warn_misled(*pixels, found.shift if self.own else None, stacklevel=3)
        return replace(
            found,
            shift=tuple((self.step * found.shift + self.first).tolist()),
            shift_std=tuple((self.step * found.shift_std).tolist()),
        )

    def surface(self, options: MatchOptions) -> CorrelationSurface:
        """Return the NCC of all lags, in pixels of its own.

        A lag of u is a shift of ``step * u + first``.
        """
        options, around = self._search(options)
        return surface_of(*self._pixels(constant_ok=True), options, around)

    def _pixels(self, *, constant_ok: bool) -> tuple[Pixels, Pixels]:
        dtype = working_dtype(self.reference.dtype, self.moving.dtype)
        fixed, moved = (
            as_pixels(
                image,
                valid,
                name=name,
                mask_name=f"{name}_mask",
                dtype=dtype,
                constant_ok=constant_ok,
            )
            for image, valid, name in (
                (self.reference, self.reference_valid, "reference"),
                (self.moving, self.moving_valid, "moving"),
            )
        )
        return fixed, moved

    def _search(self, options: MatchOptions) -> tuple[MatchOptions, list[int]]:
        """Return the options in pixels of its own, and the lag at which nothing moves.

        Raises
        ------
        NoOverlapError
            If the images do not touch there, nor as far around as is searched.
        """
        around = np.rint(-self.first / self.step).astype(int).tolist()
        limit = options.max_shift
        if limit is None:
            return options, around
        limits = np.broadcast_to(np.asarray(limit, float), self.step.shape)
        # Rounded up, so that no shift up to the limit is left out.
        whole = np.where(self.step == 1, limits, np.ceil(limits / self.step))
        sizes = zip(around, self._gaps(around), whole, strict=True)
        if any(gap > reach for _, gap, reach in sizes):
            apart = max(
                gap * step
                for gap, step in zip(self._gaps(around), self.step, strict=True)
            )
            msg = (
                f"The images lie {apart:.0f} pixels of the reference apart, and only "
                f"shifts up to {_listed(limits)} are searched. Raise max_shift to more "
                "than that and their sizes, or leave it out: then they are searched "
                "everywhere."
            )
            raise NoOverlapError(msg)
        return replace(options, max_shift=whole.tolist()), around

    def _gaps(self, around: list[int]) -> list[int]:
        """Return how many pixels lie between the images along each axis."""
        shapes = zip(around, self.reference.shape, self.moving.shape, strict=True)
        return [max(lag - n + 1, 1 - m - lag, 0) for lag, n, m in shapes]


def _affine(scale: NDArray[np.float64], offset: NDArray[np.float64]) -> Place:
    matrix = np.diag([*scale, 1.0])
    matrix[:-1, -1] = offset
    return matrix


def _valid(
    mask: ArrayLike | None, shape: tuple[int, ...], mask_name: str, name: str
) -> ValidArray | None:
    """Return a mask as booleans, of the shape of its image."""
    if mask is None:
        return None
    valid = as_valid(np.asarray(mask), mask_name)
    check_mask_shape(valid.shape, shape, name=name, mask_name=mask_name)
    return valid


def _listed(limits: NDArray[np.float64]) -> str:
    """Return limits in words."""
    return " x ".join(f"{limit:g}" for limit in dict.fromkeys(limits.tolist()))
