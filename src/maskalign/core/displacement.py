"""The shift of every window of a grid: what motion is left, place by place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.lags import LagWindow
from maskalign.core.local_ncc import check_images
from maskalign.core.masked_ncc import PreparedReference
from maskalign.core.register import match
from maskalign.core.validate import as_pixels, as_valid, working_dtype
from maskalign.errors import (
    MaskError,
    NoContrastError,
    NoOverlapError,
    NoValidPixelsError,
)
from maskalign.model import status
from maskalign.model.map_options import DisplacementOptions, GridSize
from maskalign.model.map_results import DisplacementMap
from maskalign.model.results import Registration
from maskalign.model.types import MaxShift, ValidArray

__all__ = ["displacement_map"]

_DEFAULTS = DisplacementOptions()
#: The word for each reason why a window has no estimate.
_STATUS = {
    NoContrastError: status.BLANK,
    NoValidPixelsError: status.EMPTY,
    NoOverlapError: status.LOW_OVERLAP,
}


def displacement_map(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    window: GridSize = _DEFAULTS.window,
    step: GridSize | None = _DEFAULTS.step,
    max_shift: MaxShift = _DEFAULTS.max_shift,
    reference_mask: ArrayLike | None = None,
    moving_mask: ArrayLike | None = None,
    min_overlap: float = _DEFAULTS.min_overlap,
    subpixel: bool = _DEFAULTS.subpixel,
) -> DisplacementMap:
    """Find the shift of every window of a grid, by masked NCC.

    After an alignment that was right everywhere it is zero everywhere; what it shows is
    motion that one shift cannot undo.

    Parameters
    ----------
    reference, moving : array_like of real numbers, shape (Y, X) or (Z, Y, X)
        Two images of one shape. NaN and infinite pixels are invalid by themselves.
    window : int or sequence of int
        Size of the windows, pixels, for all axes or for each. An axis that is shorter
        is taken whole.
    step : int or sequence of int, optional
        Distance from one window to the next; half a window if left out.
    max_shift : float or sequence of float, optional
        Largest lag, pixels; a quarter of the window if left out.
    reference_mask, moving_mask : array_like, shape of the images, optional
        True (non-zero) where a pixel may be used.
    min_overlap : float
        Smallest overlap that is searched, 0 to 1, for each window.
    subpixel : bool
        Refine to a fraction of a pixel.

    Returns
    -------
    DisplacementMap
        ``.shift`` (to add to the position of the moving image, as everywhere),
        ``.ncc``, ``.shift_std`` and ``.status`` for every window, and the ``.centres``
        of the windows. Where there is no estimate, the shift is NaN and the status says
        why: ``"blank"``, ``"empty"`` or ``"low-overlap"``; a doubtful one keeps its
        number.

    Raises
    ------
    TypeError
        If an image is complex or boolean, or an option of the wrong kind.
    ValueError
        If shapes or options do not fit.
    MaskError
        If a mask does not have the shape of the images.

    Notes
    -----
    A window of the reference is laid over a part of the moving image that is larger by
    `max_shift` to each side, so that all of it is compared at every lag. Each window is
    matched and refined as `register` does it, and its error and status are of the same
    kind. That takes some milliseconds each.

    Examples
    --------
    The right half has moved by one pixel.

    >>> scene = np.random.default_rng(0).normal(size=(64, 130))
    >>> moving = scene[:, :128].copy()
    >>> moving[:, 64:] = scene[:, 65:129]
    >>> found = displacement_map(scene[:, :128], moving, window=32, subpixel=False)
    >>> found.centres[1]
    array([ 15.5,  31.5,  47.5,  63.5,  79.5,  95.5, 111.5])
    >>> found.bands["dx"][1, [0, 1, 5, 6]]
    array([0., 0., 1., 1.])
    """
    options = DisplacementOptions(
        window=window,
        step=step,
        max_shift=max_shift,
        min_overlap=min_overlap,
        subpixel=subpixel,
    )
    reference, moving = np.asarray(reference), np.asarray(moving)
    check_images(reference, moving)
    grid = _Grid.of(options, reference.shape)
    fixed = _Side("reference", reference, _valid(reference_mask, reference.shape))
    moved = _Side("moving", moving, _valid(moving_mask, reference.shape))
    found = [_match(fixed, moved, place, grid, options) for place in grid.places()]
    size = grid.size

    def band(values: Sequence[Any]) -> NDArray[Any]:
        return np.array(values).reshape(size)

    axes = range(len(size))
    return DisplacementMap(
        shift=np.stack([band([one.shift[k] for one in found]) for k in axes]),
        ncc=band([one.ncc for one in found]),
        shift_std=np.stack([band([one.shift_std[k] for one in found]) for k in axes]),
        status=band([one.status for one in found]),
        centres=grid.centres,
        window=grid.window,
        step=grid.step,
    )


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the windows lie in an image."""

    shape: tuple[int, ...]
    window: tuple[int, ...]
    step: tuple[int, ...]
    #: Largest lag along each axis, pixels.
    limit: tuple[float, ...]
    #: First pixel of the windows, along each axis.
    starts: tuple[range, ...]

    @classmethod
    def of(cls, options: DisplacementOptions, shape: tuple[int, ...]) -> "_Grid":
        window, step, limit = options.along(shape)
        starts = []
        for n, w, s in zip(shape, window, step, strict=True):
            spare = (n - w) % s // 2
            starts.append(range(spare, n - w + 1, s))
        return cls(shape, window, step, limit, tuple(starts))

    @property
    def size(self) -> tuple[int, ...]:
        return tuple(len(starts) for starts in self.starts)

    @property
    def centres(self) -> tuple[NDArray[np.float64], ...]:
        return tuple(
            np.array(starts) + (w - 1) / 2
            for starts, w in zip(self.starts, self.window, strict=True)
        )

    def places(self) -> Iterator[tuple[slice, ...]]:
        """Yield the windows, row by row."""
        for corner in product(*self.starts):
            yield tuple(
                slice(a, a + w) for a, w in zip(corner, self.window, strict=True)
            )

    def searched(self, place: tuple[slice, ...]) -> tuple[slice, ...]:
        """Return the part of the moving image in which a window is looked for."""
        return tuple(
            slice(max(s.start - int(limit), 0), min(s.stop + int(limit), n))
            for s, limit, n in zip(place, self.limit, self.shape, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One of the two images."""

    name: str
    image: NDArray[Any]
    valid: ValidArray | None

    def pixels(self, place: tuple[slice, ...], dtype: Any) -> Any:
        return as_pixels(
            self.image[place],
            None if self.valid is None else self.valid[place],
            name=self.name,
            mask_name="its mask",
            dtype=dtype,
        )


def _match(
    fixed: _Side,
    moved: _Side,
    place: tuple[slice, ...],
    grid: _Grid,
    options: DisplacementOptions,
) -> Registration:
    """Match one window, or say why that cannot be done."""
    there = grid.searched(place)
    # Both parts are counted from their own corner.
    corner = [b.start - a.start for a, b in zip(place, there, strict=True)]
    dtype = working_dtype(fixed.image.dtype, moved.image.dtype)
    try:
        reference = fixed.pixels(place, dtype)
        moving = moved.pixels(there, dtype)
        lags = LagWindow.within(
            reference.valid.shape, moving.valid.shape, grid.limit, around=corner
        )
        prepared = PreparedReference(reference, lags)
        terms = prepared.under(moving.valid, options.min_overlap)
        found = match(prepared, moving, terms, subpixel=options.subpixel)
    except tuple(_STATUS) as error:
        unknown, nan = (float("nan"),) * len(place), float("nan")
        return Registration(unknown, nan, nan, unknown, nan, _STATUS[type(error)])
    shift = tuple(s - c for s, c in zip(found.shift, corner, strict=True))
    return Registration(
        shift, found.ncc, found.overlap, found.shift_std, found.peak_ratio, found.status
    )


def _valid(mask: ArrayLike | None, shape: tuple[int, ...]) -> ValidArray | None:
    if mask is None:
        return None
    valid = as_valid(np.asarray(mask), "mask")
    if valid.shape != shape:
        msg = f"A mask has shape {valid.shape}; the images have {shape}."
        raise MaskError(msg)
    return valid
