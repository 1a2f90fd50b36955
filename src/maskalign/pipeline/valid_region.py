"""Where the frames of a moved movie have pixels of their own, lazily."""

from collections.abc import Sequence
from functools import partial
from numbers import Integral
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.translate import translate_valid
from maskalign.core.validate import as_valid
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.types import Canvas, Interpolation, ValidArray
from maskalign.pipeline.canvas import as_shifts, on_canvas
from maskalign.pipeline.canvas import canvas as canvas_frame
from maskalign.pipeline.frame_blocks import move_blocks
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.masks import MovieMask, movie_mask

__all__ = ["valid_region"]

_DEFAULTS = ApplyOptions()


def valid_region(
    movie: Any,
    drift: DriftTable | ArrayLike,
    *,
    mask: Any = None,
    interpolation: Interpolation = _DEFAULTS.interpolation,
    canvas: Canvas = _DEFAULTS.canvas,
    axes: str | None = None,
) -> Any:
    """Return where the frames of an aligned movie have pixels of their own, lazily.

    The rest is what `apply_drift` fills. The pixels of the movie are not read; those
    that are NaN count only if the mask says so (``mask=~np.isnan(movie)``).

    Parameters
    ----------
    movie : Movie, array or tuple of int
        The movie that is moved, or its shape.
    drift : DriftTable, or array_like of float, shape (T, ndim)
        The shifts, as for `apply_drift`.
    mask : array or Movie, optional
        True (non-zero) where a pixel of the movie may be used, as for `estimate_drift`:
        shape (Y, X) or (Z, Y, X), or either with a leading T.
    interpolation, canvas, axes
        As they were for `apply_drift`.

    Returns
    -------
    dask.array.Array of bool, or Movie for a Movie
        The shape of the aligned movie without channels, in the order of its axes. True
        where all pixels that enter lie inside the frame and, with a mask, are valid. A
        mask for what is done with the aligned movie.

    Raises
    ------
    DriftTableError
        If the table does not fit the movie.
    MaskError
        If the mask does not fit the movie.
    ValueError
        If an option does not fit.

    Examples
    --------
    >>> valid_region((2, 1, 4), [(0, 0), (0, 1.5)])[1].compute()
    array([[False, False,  True,  True]])
    """
    options = ApplyOptions(interpolation=interpolation, canvas=canvas)
    source = _blank(movie, axes)
    shifts = as_shifts(drift, len(source.frame_shape), source.n_frames)
    frame = canvas_frame(
        source.frame_shape, shifts, options.canvas, interpolation=options.interpolation
    )
    move = partial(
        _move_valid,
        frame_shape=source.frame_shape,
        interpolation=options.interpolation,
        origin=frame.origin,
        shape=frame.shape,
    )
    region = move_blocks(
        _by_frame(movie_mask(mask, Frames(source)), source),
        source.axes,
        shifts,
        move,
        shape=frame.shape,
        dtype=np.dtype(bool),
    )
    return on_canvas(source, region, frame) if isinstance(movie, Movie) else region


def _blank(movie: Any, axes: str | None) -> Movie:
    """Return a movie without channels whose pixels nobody looks at."""
    if isinstance(movie, Sequence) and all(isinstance(n, Integral) for n in movie):
        movie = np.broadcast_to(np.uint8(0), tuple(movie))
    source = as_movie(movie, axes)
    kept = source.axes.replace("C", "")
    shape = tuple(source.shape[source.axes.index(a)] for a in kept)
    calibration = {n: source.along(n, kept) for n in ("scale", "units", "origin")}
    pixels = np.broadcast_to(np.uint8(0), shape)
    return Movie(pixels, kept, name=source.name, **calibration)


def _by_frame(mask: MovieMask, movie: Movie) -> Any:
    """Return a mask for each frame, unread, with the axes of a movie; z may be 1."""
    data = mask.by_frame
    if data is None:
        data = da.ones(
            (movie.n_frames, *mask.shape), dtype=bool, chunks=(1, *mask.shape)
        )
        if mask.fixed is not None:
            data &= mask.fixed
    if data.ndim == len(mask.shape):
        data = data[:, np.newaxis]
    if "T" not in movie.axes:
        data = data[0]
    order = [a for a in "T" + movie.spatial_axes if a in movie.axes]
    return data.transpose([order.index(a) for a in movie.axes])


def _move_valid(
    mask: NDArray[Any],
    shift: Sequence[float],
    *,
    frame_shape: tuple[int, ...],
    **how: Any,
) -> ValidArray:
    valid = np.broadcast_to(as_valid(mask, "mask"), frame_shape)
    return translate_valid(valid, shift, **how)
