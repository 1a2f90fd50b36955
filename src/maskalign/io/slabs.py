"""A movie's frames, one after the other, on their way into a file."""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.model.movie import Movie

__all__ = ["iter_frames"]

#: Frames are computed together up to this many bytes, so that cores are used.
_SLAB_BYTES = 2**26


def iter_frames(movie: Movie, file_axes: str) -> Iterator[NDArray[Any]]:
    """Yield frame by frame, its axes in the order of `file_axes` less T."""
    order = [movie.axes.index(letter) for letter in file_axes]
    data = movie.data.transpose(order)
    if "T" not in file_axes:
        yield np.asarray(data)
        return
    for start, stop in _slabs(data):
        yield from np.asarray(data[start:stop])


def _slabs(data: Any) -> Iterator[tuple[int, int]]:
    """Cut the first axis into pieces that are computed together.

    A piece is never less than one chunk, or a chunk would be computed over and over.
    """
    n_frames = data.shape[0]
    steps = getattr(data, "chunks", ((1,) * n_frames,))[0]
    frame_nbytes = prod(data.shape[1:]) * data.dtype.itemsize
    start = stop = 0
    for step in steps:
        if stop > start and (stop + step - start) * frame_nbytes > _SLAB_BYTES:
            yield start, stop
            start = stop
        stop += step
    yield start, stop
