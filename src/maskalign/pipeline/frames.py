"""A movie's frames, whatever its axes: one image (z, y, x) after the other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise, repeat
from numbers import Integral
from os import PathLike
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.core.validate import check_dtype
from maskalign.errors import AxesError
from maskalign.model.axes import normalize_axes
from maskalign.model.movie import Movie
from maskalign.model.types import Projection
from maskalign.pipeline.reading import read

__all__ = ["Frames", "as_movie"]


def as_movie(movie: Any, axes: str | None = None) -> Movie:
    """Return an array or a movie as a `Movie` with known axes, reading nothing.

    Parameters
    ----------
    movie : Movie, or array
        NumPy and dask arrays are taken as they are; zarr and HDF5 arrays become dask
        arrays with their own chunks.
    axes : str, optional
        Axes of the array; they also replace those of a `Movie`.

    Raises
    ------
    AxesError
        If the axes are unknown or do not fit.
    ValueError
        If the movie has no frames or no pixels.
    """
    if not isinstance(movie, Movie):
        data = _as_array(movie)
        known = Movie(data, normalize_axes(axes, data.shape))
    elif axes is None:
        known = movie
    else:
        known = movie.replace(axes=normalize_axes(axes, movie.shape))
    if 0 in known.shape:
        msg = f"The movie is empty: its shape is {known.shape} ({known.axes})."
        raise ValueError(msg)
    return known


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames of one channel of a movie.

    Parameters
    ----------
    movie : Movie
        The movie.
    channel : int, str or None
        Channel to take, by number or by name; ``"mean"`` for the mean of all.
    projection : {None, 'max', 'mean'}
        Look at volumes from above: each frame becomes one image, (Y, X).

    Raises
    ------
    AxesError
        If a channel is needed and not given, or given and not there; if there is no z
        to project.
    TypeError
        If the pixels are not real numbers.
    """

    movie: Movie
    channel: int | str | None = None
    projection: Projection | None = None

    def __post_init__(self) -> None:
        check_dtype(self.movie.dtype, "movie")
        if self.projection is not None and "Z" not in self.movie.axes:
            msg = (
                f"projection={self.projection!r} is along z, but the movie has no z "
                f"(axes {self.movie.axes})."
            )
            raise AxesError(msg)
        object.__setattr__(self, "channel", _resolved(self.movie, self.channel))

    def __len__(self) -> int:
        return self.movie.n_frames

    @property
    def axes(self) -> str:
        """The spatial axes of one frame, ``"YX"`` or ``"ZYX"``."""
        return "YX" if self.projection else self.movie.spatial_axes

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one frame, (Y, X) or (Z, Y, X)."""
        return self.movie.frame_shape[-len(self.axes) :]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel of a frame: a mean is in double precision."""
        mean = "mean" in (self.channel, self.projection)
        return np.dtype(np.float64 if mean else self.movie.dtype)

    @property
    def blocks(self) -> Iterator[tuple[int, int]]:
        """First and one past the last frame of each piece that is read at once.

        One frame each, unless the array is stored in chunks of several: reading those
        frame by frame would read each chunk as many times.
        """
        chunks = getattr(self.movie.data, "chunks", None)
        sizes: Iterable[int]
        if chunks is None or "T" not in self.movie.axes:
            sizes = repeat(1, len(self))
        else:
            sizes = chunks[self.movie.axes.index("T")]
        return pairwise(accumulate(sizes, initial=0))

    def block(self, start: int, stop: int) -> Any:
        """Return frames `start` to `stop`, shape (stop - start, [Z,] Y, X), unread."""
        return self._in_order(self.movie.data[self._place(start, stop)])

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames `start` to `stop`, shape (stop - start, [Z,] Y, X)."""
        part = read(self.movie.data, self._place(start, stop))
        return np.asarray(self._in_order(part))

    def _place(self, start: int, stop: int) -> tuple[slice, ...]:
        """Return where some frames of the channel are in the array."""
        place = dict.fromkeys(self.movie.axes, slice(None)) | {"T": slice(start, stop)}
        if isinstance(self.channel, int):
            place["C"] = slice(self.channel, self.channel + 1)
        return tuple(place[a] for a in self.movie.axes)

    def _in_order(self, data: Any) -> Any:
        """Return a part of the array as frames: T, then what is spatial."""
        axes = self.movie.axes
        if "C" in axes:
            at = axes.index("C")
            if self.channel == "mean":
                data = data.mean(at, dtype=float)
            else:
                data = data[(slice(None),) * at + (0,)]
            axes = axes.replace("C", "")
        if "T" not in axes:
            data, axes = data[np.newaxis], "T" + axes
        data = data.transpose([axes.index(a) for a in "T" + self.movie.spatial_axes])
        if self.projection == "max":
            return data.max(axis=1)
        # Of whole numbers in double precision: a mean keeps fractions.
        return data.mean(axis=1, dtype=float) if self.projection else data


def _as_array(movie: Any) -> Any:
    """Return something array-like as a NumPy or dask array, lazily if it can be."""
    if isinstance(movie, (np.ndarray, da.Array)):
        return movie
    if all(hasattr(movie, name) for name in ("shape", "dtype", "__getitem__")):
        chunks = getattr(movie, "chunks", None) or "auto"
        # Naming it by its content would read all of it.
        return da.from_array(movie, chunks=chunks, name=False)
    if isinstance(movie, (str, PathLike)):
        name = str(movie)
        msg = (
            f"The movie is the name {name!r}: read the file first, with "
            f"maskalign.load_movie({name!r})."
        )
        raise TypeError(msg)
    try:
        array = np.asarray(movie)
    except ValueError:
        array = None
    if array is None or (array.dtype == object and array.ndim):
        msg = (
            f"The movie is a {type(movie).__name__} whose images do not make one "
            "array: all frames need the same shape."
        )
        raise TypeError(msg)
    if not array.ndim:
        msg = f"The movie must be an array or a maskalign.Movie, got {movie!r}."
        raise TypeError(msg)
    return array


def _resolved(movie: Movie, channel: int | str | None) -> int | str | None:
    """Return the channel as a number, ``"mean"``, or None where there are none."""
    if "C" not in movie.axes:
        if channel is None:
            return None
        msg = f"channel={channel!r}, but the movie has no channels (axes {movie.axes})."
        raise AxesError(msg)
    n = movie.shape[movie.axes.index("C")]
    if isinstance(channel, str):
        if channel == "mean":
            return channel
        if channel in movie.channels:
            return movie.channels.index(channel)
    elif isinstance(channel, Integral) and not isinstance(channel, bool):
        if -n <= channel < n:
            return int(channel) % n
    elif channel is None and n == 1:
        return 0
    names = f" ({', '.join(movie.channels)})" if movie.channels else ""
    problem = "channel is not given" if channel is None else f"channel={channel!r}"
    msg = (
        f"{problem}; the movie has the channels 0 to {n - 1}{names}. Give the "
        "number or the name of one, or 'mean'."
    )
    raise AxesError(msg)
