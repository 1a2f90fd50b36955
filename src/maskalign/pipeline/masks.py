"""Masks over a movie: one for all frames, or one for each."""

from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.core.validate import as_valid
from maskalign.errors import MaskError
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie
from maskalign.model.types import ValidArray
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.reading import read

__all__ = ["MovieMask", "following", "image_mask", "movie_mask"]


@dataclass(frozen=True, eq=False)
class MovieMask:
    """Which pixels of each frame may be used."""

    #: One for all frames, shape of a frame; None for everywhere or one a frame.
    fixed: ValidArray | None
    #: One for each frame, shape (T, [Z,] Y, X), read when needed; or None.
    by_frame: Any
    #: Shape of a frame.
    shape: tuple[int, ...]

    def block(self, start: int, stop: int) -> Any:
        """Return the masks of some frames, unread; None where one serves for all."""
        return None if self.by_frame is None else self.by_frame[start:stop]

    def read(self, start: int, stop: int) -> NDArray[Any] | None:
        """Return the masks of some frames; None where one serves for all."""
        if self.by_frame is None:
            return None
        return read(self.by_frame, (slice(start, stop),))

    def spread(self, mask: NDArray[Any]) -> ValidArray:
        """Return one frame's mask as booleans, (Y, X) spread over Z."""
        return np.broadcast_to(as_valid(mask, "mask"), self.shape)

    @property
    def one_for_all(self) -> bool:
        """Whether all frames have the same mask, if any."""
        return self.kind in (None, "fixed")

    @property
    def kind(self) -> str | None:
        """``"fixed"``, ``"one a frame"``, or None if there is none."""
        if self.by_frame is not None:
            return "one a frame"
        return None if self.fixed is None else "fixed"


@dataclass(frozen=True, eq=False)
class _Following(MovieMask):
    """A mask that goes where the sample goes."""

    mask: ValidArray
    shifts: NDArray[np.float64]

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the masks of some frames."""
        return np.stack([_carried(self.mask, s) for s in self.shifts[start:stop]])

    @property
    def kind(self) -> str | None:
        """``"follows the sample"``."""
        return "follows the sample"


def following(mask: ValidArray, table: DriftTable) -> MovieMask:
    """Return a mask that goes where the sample goes, by a table of shifts.

    Frames without a shift to be trusted get one from their neighbours. What comes in
    from outside the mask is like the pixel at its edge.
    """
    shifts = table.repaired().shifts if table.ok.any() else np.zeros_like(table.shifts)
    return _Following(None, None, mask.shape, mask, shifts)


def _carried(mask: ValidArray, shift: NDArray[np.float64]) -> ValidArray:
    """Return a mask by whole pixels against a shift: where the sample had gone."""
    # The pixel p of a frame lies on p + shift of the reference.
    places = [
        np.clip(np.arange(n) + step, 0, n - 1)
        for n, step in zip(mask.shape, np.rint(shift).astype(int), strict=True)
    ]
    return mask[np.ix_(*places)]


def movie_mask(mask: Any, frames: Frames) -> MovieMask:
    """Lay a mask over a movie.

    Parameters
    ----------
    mask : array, Movie or None
        Non-zero where a pixel may be used: shape (Y, X) or (Z, Y, X) for all frames,
        or either with a leading T. (Y, X) goes for every z. A `Movie` says by its axes
        which it is.
    frames : Frames
        The movie.

    Raises
    ------
    MaskError
        If the mask fits the movie in no way, or in two.
    """
    if mask is None:
        return MovieMask(None, None, frames.shape)
    data, axes = _data_and_axes(mask, frames)
    if "T" not in axes:
        return MovieMask(image_mask(data, frames.shape, "mask"), None, frames.shape)
    if len(frames) == 1:
        return MovieMask(image_mask(data[0], frames.shape, "mask"), None, frames.shape)
    return MovieMask(None, data, frames.shape)


def image_mask(mask: Any, shape: tuple[int, ...], name: str) -> ValidArray:
    """Return the mask of one image as booleans; (Y, X) is spread over Z.

    Raises
    ------
    MaskError
        If it has another shape, or leaves no pixel.
    """
    mask = np.asarray(mask.data if isinstance(mask, Movie) else mask)
    if mask.shape not in (shape, shape[-2:]):
        msg = f"{name} has shape {mask.shape}; its image has shape {shape}."
        raise MaskError(msg)
    valid = np.broadcast_to(as_valid(mask, name), shape)
    if not valid.any():
        msg = (
            f"{name} is False everywhere: no pixel is left to align on. Masks are True "
            "(non-zero) where a pixel may be used."
        )
        raise MaskError(msg)
    return valid


def _data_and_axes(mask: Any, frames: Frames) -> tuple[Any, str]:
    """Return the array of a mask, T first, and the axes it is read as."""
    spatial = frames.axes
    sizes = dict(zip("T" + spatial, (len(frames), *frames.shape), strict=True))
    if isinstance(mask, Movie):
        data, readings = mask.data, [mask.axes]
        order = [mask.axes.index(a) for a in "T" + spatial if a in mask.axes]
        if len(order) == len(mask.axes):
            data = data.transpose(order)
            readings = ["".join(a for a in "T" + spatial if a in mask.axes)]
    else:
        data = mask if isinstance(mask, (np.ndarray, da.Array)) else np.asarray(mask)
        readings = list(dict.fromkeys(["YX", spatial, "TYX", "T" + spatial]))
    # Told by an empty piece: a lazy mask is not read yet.
    as_valid(np.empty(0, data.dtype), "mask")
    allowed = {"YX", spatial, "TYX", "T" + spatial}
    fits = [
        axes
        for axes in readings
        if axes in allowed and tuple(data.shape) == tuple(sizes[a] for a in axes)
    ]
    if len(fits) == 1:
        return data, fits[0]
    movie = ", ".join(f"{a} {n}" for a, n in sizes.items())
    if not fits:
        msg = (
            f"mask has shape {tuple(data.shape)}; the movie has {movie}. A mask needs "
            f"the shape of a frame, {frames.shape}, or one a frame, "
            f"{(len(frames), *frames.shape)}."
        )
    else:
        msg = (
            f"mask has shape {tuple(data.shape)}, which may be read as "
            f"{' or as '.join(fits)} (the movie has {movie}). Say which: "
            f"mask=maskalign.Movie(mask, {fits[0]!r})."
        )
    raise MaskError(msg)
