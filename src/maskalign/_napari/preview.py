"""One frame over its reference, at once: what is found, and a picture of it. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.masks import MaskChoice
from maskalign._napari.wording import describe_match
from maskalign.core.register import register
from maskalign.core.translate import translate
from maskalign.model.drift_table import DriftRow
from maskalign.model.movie import Movie
from maskalign.model.status import OK
from maskalign.model.types import ValidArray
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.plan import plan_drift

if TYPE_CHECKING:
    from maskalign._napari.worker import Stop

__all__ = ["Preview", "Previewed", "coarse_shift", "overlay", "partner"]

#: Images with more pixels than this are first looked at in coarse pixels, and the fine
#: search stays within so many of those.
_COARSE, _AROUND = 192**2, 3
#: A window that reaches no further than so many coarse pixels is searched at once.
_WORTH = 16
#: Options of `estimate_drift` that mean something for two frames.
_OF_TWO = ("max_shift", "min_overlap", "subpixel")


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What is to be previewed: collected from the widgets, then left alone."""

    movie: Movie
    mask: MaskChoice | None
    #: As `estimate_drift` has them.
    options: dict[str, Any]
    frame: int

    def run(self, stop: "Stop") -> "Previewed":
        """Lay the frame over its reference.

        Raises
        ------
        TypeError, ValueError
            If mask, options and movie do not fit together, or the reference cannot be
            used.
        """
        movie = self.movie
        frames = Frames(movie, self.options.get("channel"), self._projection)
        other = partner(self.frame, self.options)
        two = [frames.read(k, k + 1)[0] for k in (other, self.frame)]
        pair = Movie(np.stack(two), "T" + frames.axes)
        options = {name: self.options[name] for name in _OF_TWO if name in self.options}
        masks = {} if self.mask is None else self._masks(stop, other)
        if stop.requested:
            stop.leave()
        row = _estimate(pair, masks, options)
        used = 1.0 if self.mask is None else float(np.mean(masks["mask"].data[-1]))
        scale, units = (movie.along(name, frames.axes) for name in ("scale", "units"))
        over = None if other == self.frame else other
        text = describe_match(row, self.frame, over, scale, units)
        return Previewed(row, other, (two[0], two[1]), used, text)

    @property
    def _projection(self) -> Any:
        return self.options.get("projection")

    def _masks(self, stop: "Stop", other: int) -> dict[str, Any]:
        """Return the mask of the two frames, as options of `estimate_drift`."""
        mask = self.mask
        assert mask is not None
        if mask.follows == "one a frame":
            valid = np.stack([mask.valid(k) for k in (other, self.frame)])
            return {"mask": Movie(valid, "TYX" if valid.ndim == 3 else "TZYX")}
        return mask.options(stop)


@dataclass(frozen=True, slots=True, eq=False)
class Previewed:
    """What a preview has found."""

    row: DriftRow
    #: The frame that it was laid over.
    reference_frame: int
    #: That frame, and the one that was laid over it, (Y, X) or (Z, Y, X).
    images: tuple[NDArray[Any], NDArray[Any]]
    #: Share of the frame that was used, 0 to 1.
    used: float
    text: str

    def picture(
        self, *, after: bool, limits: tuple[float, float], plane: int | None = None
    ) -> NDArray[np.uint8]:
        """Return both over each other, in green and magenta, (Y, X, 3).

        Parameters
        ----------
        after : bool
            Whether the frame is moved by what was found.
        limits : tuple of float
            Values that are shown dark and bright.
        plane : int, optional
            Of volumes, which plane; the middle one if left out.
        """
        one, other = self.images
        shift = self.row.shift
        if after and np.isfinite(shift).all():
            other = translate(other, shift, interpolation="linear")
        if one.ndim == 3:
            plane = len(one) // 2 if plane is None else min(plane, len(one) - 1)
            one, other = one[plane], other[plane]
        return overlay(one, other, limits)


def overlay(
    one: NDArray[Any], other: NDArray[Any], limits: tuple[float, float]
) -> NDArray[np.uint8]:
    """Return two images over each other, the first in green, the second in magenta.

    Where they agree the picture is grey.

    Examples
    --------
    >>> overlay(np.array([[0, 9]]), np.array([[9, 9]]), (0, 9)).tolist()
    [[[255, 0, 255], [255, 255, 255]]]
    """
    low, high = limits
    span = max(high - low, np.finfo(float).tiny)
    green, magenta = (
        np.nan_to_num(np.clip((image.astype(float) - low) / span, 0, 1))
        for image in (one, other)
    )
    layers = np.stack([magenta, green, magenta], axis=-1)
    return np.rint(255 * layers).astype(np.uint8)


def partner(frame: int, options: dict[str, Any]) -> int:
    """Return the frame that a frame is laid over, to begin with.

    Examples
    --------
    >>> partner(23, {"reference": "rolling", "renew_every": 10})
    20
    >>> partner(23, {"reference": "mean"})
    0
    """
    reference = options.get("reference", "first")
    if not isinstance(reference, str):
        return int(reference)
    if frame == 0 or reference in ("first", "mean"):
        return 0
    if reference == "rolling":
        every = int(options["renew_every"])
        return (frame - 1) // every * every
    return frame - 1


def _estimate(pair: Movie, masks: dict[str, Any], options: dict[str, Any]) -> DriftRow:
    """Return what is found for the second of two frames."""
    coarse = coarse_shift(pair, masks.get("mask"), options)
    if coarse is not None:
        shift, reach = coarse
        start = [(0,) * len(shift), shift]
        near = plan_drift(pair, **masks, **options | {"max_shift": reach}, start=start)
        row = list(near.rows())[-1]
        if row.status == OK:
            return row
    return list(plan_drift(pair, **masks, **options).rows())[-1]


def coarse_shift(
    pair: Movie, mask: Movie | None, options: dict[str, Any]
) -> tuple[tuple[int, ...], int] | None:
    """Return roughly where the second of two frames lies; None if in doubt.

    Found in coarse pixels, which costs a fraction of a search in fine ones.

    Parameters
    ----------
    pair : Movie
        Two frames.
    mask : Movie or None
        Their mask.
    options : dict
        `max_shift` and `min_overlap`.

    Returns
    -------
    tuple of int, int
        The shift, pixels, and how far from it to search; or None, too, where the
        images or the window are so small that it is not worth it.
    """
    shape, limit = pair.frame_shape, options.get("max_shift")
    n_bins = 1
    while np.prod([-(-n // n_bins) for n in shape[-2:]]) > _COARSE:
        n_bins += 1
    if n_bins == 1 or len(shape) != 2 or isinstance(limit, Sequence):
        return None
    if limit is not None and limit < _WORTH * n_bins:
        return None
    valid = np.ones(pair.shape, bool)
    if mask is not None:
        valid &= np.asarray(mask.data)
    valid &= np.isfinite(pair.data)
    try:
        (one, one_valid), (other, other_valid) = (
            _binned(*image, n_bins) for image in zip(pair.data, valid, strict=True)
        )
        found = register(
            one,
            other,
            reference_mask=one_valid,
            moving_mask=other_valid,
            max_shift=None if limit is None else limit // n_bins,
            min_overlap=options.get("min_overlap", 0.3),
            subpixel=False,
        )
    except ValueError:
        return None
    if found.status != OK:
        return None
    shift = tuple(int(n_bins * s) for s in found.shift)
    return shift, _AROUND * n_bins


def _binned(
    image: NDArray[Any], valid: ValidArray, n: int
) -> tuple[NDArray[np.float64], ValidArray]:
    """Return an image and its mask in pixels `n` times as large."""
    rows, columns = (length // n for length in image.shape)
    cut = np.s_[: rows * n, : columns * n]
    blocks = rows, n, columns, n
    known = valid[cut]
    count = known.reshape(blocks).sum(axis=(1, 3))
    values = np.where(known, image[cut], 0).astype(np.float64).reshape(blocks)
    mean = values.sum(axis=(1, 3)) / np.maximum(count, 1)
    return mean, 2 * count >= n * n
