"""All frames of a movie as one dask array, and what is made of each, lazily."""

from collections.abc import Callable
from typing import Any

import dask.array as da
import numpy as np

from maskalign.model.movie import Movie
from maskalign.pipeline.frames import Frames, as_movie

__all__ = ["by_frame", "lazy_data", "lazy_frames", "whole_frames"]


def lazy_frames(movie: Any, axes: str | None, channel: int | str | None) -> da.Array:
    """Return the frames of one channel, (T, [Z,] Y, X), each whole in its chunk."""
    source = as_movie(movie, axes)
    return whole_frames(Frames(source.replace(data=lazy_data(source)), channel))


def lazy_data(movie: Movie) -> da.Array:
    """Return a movie's array as a dask array, of one frame and channel a chunk."""
    lazy: da.Array = movie.data
    if isinstance(lazy, da.Array):
        return lazy
    whole = [
        1 if a in "TC" else n for a, n in zip(movie.axes, movie.shape, strict=True)
    ]
    # Naming it by its content would read all of it.
    return da.from_array(movie.data, chunks=whole, name=False)


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
