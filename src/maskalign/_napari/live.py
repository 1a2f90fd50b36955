"""A movie that shows what is known of its drift so far. No Qt."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from maskalign.core.translate import translate
from maskalign.model.drift_table import DriftRow
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.smoothing import filled
from maskalign.model.status import TRUSTED
from maskalign.pipeline.parallel import compute

__all__ = ["LiveMovie"]


class LiveMovie:
    """An array whose frames lie where the shifts known so far say.

    Frames that are not good, or not reached, lie where their good neighbours say, as
    they will in the end. A frame is read and moved when somebody looks at it, and
    again when he looks again: its shift may be another by then, so that it is no dask
    array, whose blocks napari would keep. What was read last is kept, since one frame
    is looked at again and again while shifts become known. A frame that cannot be read
    is empty here; whoever estimates its shift will say so.

    Parameters
    ----------
    movie : Movie
        The movie as recorded.
    options : ApplyOptions
        How to move it; its canvas is ``"same"`` while shifts are still to come.

    Examples
    --------
    >>> movie = Movie(np.arange(12).reshape(2, 2, 3))
    >>> live = LiveMovie(movie)
    >>> nan = (np.nan,) * 2
    >>> live.add(DriftRow(1, 0, (0.0, 1.0), 0.9, 1.0, nan, 2.0, "ok"))
    >>> live[1]
    array([[ 0,  6,  7],
           [ 0,  9, 10]])
    """

    def __init__(self, movie: Movie, options: ApplyOptions | None = None) -> None:
        self._movie = movie
        self._options = options or ApplyOptions()
        self.shape = movie.shape
        self.ndim = len(movie.shape)
        self.dtype: np.dtype[Any] = movie.dtype
        shape = movie.n_frames, len(movie.frame_shape)
        self._found = np.zeros(shape)
        self._good = np.zeros(len(self._found), bool)
        self._shifts: NDArray[np.float64] | None = self._found
        self._last: tuple[tuple[int, int | None], NDArray[Any]] | None = None

    def add(self, row: DriftRow) -> None:
        """Take up what was found for a frame, now or anew."""
        if self._shifts is self._found:
            # What there was are zeros.
            self._found = np.zeros_like(self._found)
        at = len(self._found[row.frame]) - len(row.shift)
        self._found[row.frame, at:] = row.shift
        self._good[row.frame] = row.status in TRUSTED
        self._shifts = None

    def shift_of(self, frame: int) -> tuple[float, ...]:
        """Return by how much a frame is moved now, pixels, (z, y, x)."""
        if self._shifts is None:
            known = self._good.any()
            self._shifts = filled(self._found, self._good) if known else 0 * self._found
        return tuple(self._shifts[frame].tolist())

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Return some of it as NumPy has it, for whole numbers and slices."""
        keys = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            keys[at : at + 1] = [slice(None)] * (self.ndim - len(keys) + 1)
        keys += [slice(None)] * (self.ndim - len(keys))
        axes = self._movie.axes
        picks: list[NDArray[Any] | int] = []
        for letter, wanted, n in zip(axes, keys, self.shape, strict=True):
            # Moved as a whole, and cut afterwards.
            picks.append(np.arange(n)[wanted if letter in "TC" else slice(None)])
        frames = self._frames(axes, picks)
        rest = tuple(
            k if a not in "TC" else (0 if np.ndim(p) == 0 else slice(None))
            for a, k, p in zip(axes, keys, picks, strict=True)
        )
        return frames[rest]

    def __array__(
        self, dtype: DTypeLike | None = None, *, copy: bool | None = None
    ) -> NDArray[Any]:
        """Return all of it."""
        return np.asarray(self[...], dtype=dtype)

    def _frames(self, axes: str, picks: list[Any]) -> NDArray[Any]:
        """Return whole frames, moved, with all axes."""
        times = np.atleast_1d(picks[axes.index("T")])
        channels = np.atleast_1d(picks[axes.index("C")]) if "C" in axes else (None,)
        spatial = self._movie.spatial_axes
        left = [a for a in axes if a in spatial]
        order = [left.index(a) for a in spatial]
        shape = [len(np.atleast_1d(p)) for p in picks]
        out = np.empty(shape, self.dtype)
        for i, t in enumerate(times.tolist()):
            for j, c in enumerate(channels):
                there = {"T": i, "C": j}
                moved = translate(
                    self._read(t, c).transpose(order),
                    self.shift_of(t),
                    interpolation=self._options.interpolation,
                    fill_value=self._options.fill_value,
                )
                out[tuple(_at(axes, there))] = moved.transpose(np.argsort(order))
        return out

    def _read(self, frame: int, channel: int | None) -> NDArray[Any]:
        """Return a frame as recorded, its axes in the order of the movie's."""
        wanted = frame, channel
        if self._last is not None and self._last[0] == wanted:
            return self._last[1]
        lazy = self._movie.data[
            tuple(_at(self._movie.axes, {"T": frame, "C": channel}))
        ]
        try:
            image = np.asarray(compute(lazy))
        except Exception:  # noqa: BLE001 - a reader may raise anything
            image = np.zeros(lazy.shape, self.dtype)
        self._last = wanted, image
        return image


def _at(axes: str, where: dict[str, Any]) -> list[Any]:
    return [where.get(letter, slice(None)) for letter in axes]
