"""All frames of a movie as one dask array, and what is made of each, lazily."""

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.model.movie import Movie
from maskalign.pipeline.frames import Frames, as_movie

__all__ = ["as_lazy", "by_frame", "lazy_data", "lazy_frames", "whole_frames"]


def lazy_frames(movie: Any, axes: str | None, channel: int | str | None) -> da.Array:
    """Return the frames of one channel, (T, [Z,] Y, X), each whole in its chunk."""
    source = as_movie(movie, axes)
    return whole_frames(Frames(source.replace(data=lazy_data(source)), channel))


def lazy_data(movie: Movie) -> da.Array:
    """Return a movie's array as a dask array, of one frame and channel a chunk."""
    whole = tuple(
        1 if a in "TC" else n for a, n in zip(movie.axes, movie.shape, strict=True)
    )
    lazy: da.Array = as_lazy(movie.data, whole)
    return lazy


def as_lazy(array: Any, chunks: Any = "auto") -> Any:
    """Return an array as a dask array, without a copy of it."""
    if isinstance(array, da.Array):
        return array
    # Naming it by its content would read all of it.
    return da.from_array(_Source(array), chunks=chunks, name=False)


class _Source:
    """An array in memory as something that is read piece by piece.

    Given the array itself, `dask.array.from_array` copies all of it.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, key: Any) -> Any:
        return self._array[key]


def whole_frames(frames: Frames) -> da.Array:
    """Return all frames, lazily, each whole in its chunk."""
    block = frames.block(0, len(frames))
    whole: da.Array = block.rechunk(dict.fromkeys(range(1, block.ndim), -1))
    return whole


def by_frame(function: Callable[..., Any], frames: da.Array) -> da.Array:
    """Return what a function makes of each block of frames, lazily."""
    masks: da.Array = da.map_blocks(
        function, frames, dtype=bool, meta=np.empty((0,) * frames.ndim, bool)
    )
    return masks
