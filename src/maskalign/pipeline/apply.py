"""Moving every frame of a movie, lazily."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from maskalign.core.translate import check_fill, translate
from maskalign.core.validate import check_dtype
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.types import Canvas, FillValue, Interpolation
from maskalign.pipeline.canvas import as_shifts, on_canvas
from maskalign.pipeline.canvas import canvas as canvas_frame
from maskalign.pipeline.frame_blocks import move_blocks
from maskalign.pipeline.frames import as_movie

__all__ = ["apply_drift"]

_DEFAULTS = ApplyOptions()


def apply_drift(
    movie: Any,
    drift: DriftTable | ArrayLike,
    *,
    interpolation: Interpolation = _DEFAULTS.interpolation,
    canvas: Canvas = _DEFAULTS.canvas,
    fill_value: FillValue = _DEFAULTS.fill_value,
    axes: str | None = None,
) -> Any:
    """Move every frame of a movie by its shift, lazily.

    Nothing is read, copied or computed yet; later, one frame costs one frame. All
    channels are moved alike. Pixels are interpolated once: to chain two drifts, add
    them up in one table, and apply that to the movie as it was recorded.

    Parameters
    ----------
    movie : Movie or array of real numbers or bool
        The movie, its axes in any order. Never modified. A NumPy array is not copied
        either: leave it as it is while the result is in use.
    drift : DriftTable, or array_like of float, shape (T, ndim)
        Shifts in pixels, in the order (z, y, x), added to the position of each frame.
        Shifts along (y, x) leave z where it is.
    interpolation : {'linear', 'nearest', 'cubic', 'fourier'}
        ``'nearest'`` moves by whole pixels and leaves values as they are: the one for
        masks, for labels, which keep their numbers, and for photometry.
    canvas : {'same', 'union', 'intersection'}
        Frame of the output; see `maskalign.canvas`.
    fill_value : float or 'edge'
        Value of pixels for which a frame has none: a number (NaN too if the movie has
        floating point pixels), or the outermost pixels of the frame repeated. Which
        pixels these are, `maskalign.valid_region` says.
    axes : str, optional
        Axes of the array, such as ``"TCZYX"``; without it three axes are TYX and four
        TZYX.

    Returns
    -------
    dask.array.Array, or Movie for a Movie
        Same axes, same dtype, one chunk a frame and channel. The `origin` of a `Movie`
        follows the canvas. Integers are rounded, and clipped where ``'cubic'`` or
        ``'fourier'`` overshoot; floating point values are left to overshoot. A NaN in
        the movie makes the pixels NaN that it would enter.

    Raises
    ------
    DriftTableError
        If the table has another number of frames, other axes, or shifts that are NaN.
    TypeError
        If pixels are complex, or bool and not moved by ``'nearest'``.
    ValueError
        If an option does not fit, such as a fill that the dtype cannot hold.

    Examples
    --------
    >>> import numpy as np
    >>> movie = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    >>> aligned = apply_drift(movie, [(0, 0), (0, 1)])
    >>> aligned[1].compute()
    array([[ 0, 12, 13, 14],
           [ 0, 16, 17, 18],
           [ 0, 20, 21, 22]], dtype=uint8)
    >>> apply_drift(movie, [(0, 0), (0, 1.25)], fill_value="edge")[1, 0].compute()
    array([12, 12, 13, 14], dtype=uint8)
    """
    options = ApplyOptions(
        interpolation=interpolation, canvas=canvas, fill_value=fill_value
    )
    source = as_movie(movie, axes)
    _check_pixels(source.dtype, options.interpolation)
    check_fill(options.fill_value, source.dtype)
    shifts = as_shifts(drift, len(source.frame_shape), source.n_frames)
    frame = canvas_frame(
        source.frame_shape,
        shifts,
        options.canvas,
        interpolation=options.interpolation,
    )
    move = partial(
        translate,
        interpolation=options.interpolation,
        fill_value=options.fill_value,
        origin=frame.origin,
        shape=frame.shape,
    )
    aligned = move_blocks(
        source.data, source.axes, shifts, move, shape=frame.shape, dtype=source.dtype
    )
    return on_canvas(source, aligned, frame) if isinstance(movie, Movie) else aligned


def _check_pixels(dtype: Any, interpolation: Interpolation) -> None:
    """Raise a TypeError unless pixels of `dtype` can be moved."""
    kind = np.dtype(dtype).kind
    if kind == "b":
        if interpolation == "nearest":
            return
        msg = (
            "The movie has dtype bool: it is a mask, with nothing between True and "
            "False. Use interpolation='nearest'."
        )
    elif kind == "c":
        msg = (
            f"The movie has dtype {np.dtype(dtype)}; pixels must be real numbers. Move "
            "its real and its imaginary part one after the other."
        )
    else:
        check_dtype(dtype, "movie")
        return
    raise TypeError(msg)
