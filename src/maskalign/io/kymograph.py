"""One line of a movie over time, and its time averages, before and after alignment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.translate import translate
from maskalign.io.plot_images import BeforeAfter
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie

__all__ = ["Kymographs", "Line", "kymographs"]

Array: TypeAlias = NDArray[np.float64]

#: Of more frames so many are drawn.
_MOST_FRAMES = 400
#: Lines beside each other that are averaged.
_WIDTH = 3
#: A pixel of the mean counts if so many of the frames show it, as a share of the most.
_SEEN = 0.75


@dataclass(frozen=True, slots=True)
class Line:
    """A line of pixels: a row (along x) or a column (along y)."""

    along: Literal["x", "y"]
    #: Where it lies on the other axis, pixels of the aligned movie.
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Kymographs:
    """A line over time, and the time averages it lies in."""

    #: Frames that are drawn, ascending.
    frames: NDArray[np.intp]
    #: The line in each of them, shape (frames, pixels), as recorded and aligned; NaN
    #: where a frame shows nothing.
    before: Array
    after: Array
    #: The time averages of the same frames.
    images: BeforeAfter
    line: Line


def kymographs(
    movie: Movie,
    table: DriftTable,
    *,
    mask: ArrayLike | None = None,
    channel: int | str | None = None,
    line: Line | None = None,
) -> Kymographs:
    """Read a movie twice: for its means, and for one line of every frame.

    Parameters
    ----------
    movie : Movie
        The movie as it was recorded; of volumes the largest value along z is taken.
    table : DriftTable
        Its drift. Frames that are not good are moved by what their neighbours say.
    mask : array_like, shape (Y, X), optional
        True where a pixel of a frame may be used. What it leaves out is tinted in the
        mean before, and left out of all that is aligned.
    channel : int or str, optional
        The channel to show, by number or name; the first if left out.
    line : Line, optional
        Which line. Left out: along the axis with more drift, where the aligned mean has
        most to show.

    Raises
    ------
    DriftTableError
        If the table does not fit the movie.
    ValueError
        If there is no such channel.
    """
    table.check_fits(movie.n_frames, len(movie.frame_shape))
    shifts = table.repaired().shifts[:, -2:]
    at = np.linspace(0, len(shifts) - 1, min(len(shifts), _MOST_FRAMES))
    frames = np.rint(at).astype(np.intp)
    shape = movie.frame_shape[-2:]
    valid = np.ones(shape, bool) if mask is None else np.asarray(mask, bool)
    before, after, seen = (np.zeros(shape) for _ in range(3))
    for number, image in _images(movie, frames, channel):
        before += image
        moved = _moved(np.where(valid, image, np.nan), shifts[number])
        known = np.isfinite(moved)
        np.add(after, moved, out=after, where=known)
        seen += known
    after = np.divide(after, seen, out=np.full(shape, np.nan), where=seen > 0)
    if line is None:
        used = valid & (seen >= _SEEN * seen.max())
        line = _best_line(after, used, shifts[frames])
    pairs = []
    for number, image in _images(movie, frames, channel):
        moved = _moved(np.where(valid, image, np.nan), shifts[number], line)
        pairs.append((_read(image, line), _read(moved, line)))
    return Kymographs(
        frames,
        np.stack([recorded for recorded, _ in pairs]),
        np.stack([aligned for _, aligned in pairs]),
        BeforeAfter(before / len(frames), after, mask),
        line,
    )


def _images(
    movie: Movie, frames: NDArray[np.intp], channel: int | str | None
) -> Iterator[tuple[int, Array]]:
    """Yield the frames as images (y, x), one after the other."""
    data, axes = movie.data, movie.axes
    if "C" in axes:
        at = axes.index("C")
        data = data[(slice(None),) * at + (_channel(movie, channel),)]
        axes = axes.replace("C", "")
    if "T" not in axes:
        data, axes = data[np.newaxis], "T" + axes
    data = data.transpose([axes.index(a) for a in "T" + movie.spatial_axes])
    for number in frames.tolist():
        image = np.asarray(data[number], float)
        yield number, image.max(axis=0) if image.ndim == 3 else image


def _channel(movie: Movie, channel: int | str | None) -> int:
    n = movie.shape[movie.axes.index("C")]
    if isinstance(channel, str) and channel in movie.channels:
        return movie.channels.index(channel)
    number = 0 if channel is None else channel
    if isinstance(number, str) or not -n <= number < n:
        names = f" ({', '.join(movie.channels)})" if movie.channels else ""
        msg = f"channel={channel!r}: the movie has the channels 0 to {n - 1}{names}."
        raise ValueError(msg)
    return number


def _moved(image: Array, shift: Array, line: Line | None = None) -> Array:
    """Return an image laid over the others; of a line, no more than its band."""
    origin, shape = [0, 0], list(image.shape)
    if line is not None:
        across = 0 if line.along == "x" else 1
        band = _band(line, image.shape)
        origin[across], shape[across] = band.start, band.stop - band.start
    moved: Array = translate(
        image, shift.tolist(), fill_value=np.nan, origin=origin, shape=shape
    )
    return moved


def _band(line: Line, shape: tuple[int, ...]) -> slice:
    """Return the lines that are averaged."""
    n = shape[0 if line.along == "x" else 1]
    start = min(max(line.at - _WIDTH // 2, 0), max(n - _WIDTH, 0))
    return slice(start, min(start + _WIDTH, n))


def _read(image: Array, line: Line) -> Array:
    """Return the mean of a line and those beside it; of a band that is all there is."""
    across = 0 if line.along == "x" else 1
    if image.shape[across] > _WIDTH:
        image = image.take(range(*_band(line, image.shape).indices(10**9)), axis=across)
    return np.asarray(image.mean(axis=across))


def _best_line(mean: Array, used: NDArray[np.bool_], shifts: Array) -> Line:
    """Return the line with the steepest slopes along the axis of more drift."""
    spread = np.ptp(shifts, axis=0)
    axis = 0 if spread[0] > spread[1] else 1
    flanks = [slice(None), slice(None)]
    slopes = np.abs(np.diff(mean, axis=axis))
    flanks[axis] = slice(1, None)
    known = used[tuple(flanks)] & np.isfinite(slopes)
    totals = np.where(known, slopes, 0).sum(axis=axis)
    # Lines beside it are shown as well.
    totals = np.convolve(totals, np.ones(_WIDTH), mode="same")
    return Line("y" if axis == 0 else "x", int(totals.argmax()))
