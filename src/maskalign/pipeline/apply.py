"""Moving every frame of a movie, lazily."""

from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.translate import check_fill, translate
from maskalign.core.validate import check_dtype
from maskalign.errors import DriftTableError
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.types import Canvas, Interpolation
from maskalign.pipeline.canvas import CanvasFrame, as_shifts
from maskalign.pipeline.canvas import canvas as canvas_frame
from maskalign.pipeline.frames import as_movie

__all__ = ["apply_drift"]

_DEFAULTS = ApplyOptions()


def apply_drift(
    movie: Any,
    drift: DriftTable | ArrayLike,
    *,
    interpolation: Interpolation = _DEFAULTS.interpolation,
    canvas: Canvas = _DEFAULTS.canvas,
    fill_value: float = _DEFAULTS.fill_value,
    axes: str | None = None,
) -> Any:
    """Move every frame of a movie by its shift, lazily.

    Nothing is computed yet; later, one frame costs one frame. All channels are moved
    alike.

    Parameters
    ----------
    movie : Movie or array of real numbers or bool
        The movie. Never modified.
    drift : DriftTable, or array_like of float, shape (T, ndim)
        Shifts in pixels, in the order (z, y, x), added to the position of each frame.
        Shifts along (y, x) leave z where it is.
    interpolation : {'linear', 'nearest', 'cubic', 'fourier'}
        ``'nearest'`` moves by whole pixels and leaves values as they are: the one for
        masks and labels.
    canvas : {'same', 'union', 'intersection'}
        Frame of the output; see `maskalign.canvas`.
    fill_value : float
        Value of pixels for which a frame has none.
    axes : str, optional
        Axes of the array, such as ``"TCZYX"``; without it three axes are TYX and four
        TZYX.

    Returns
    -------
    dask.array.Array, or Movie for a Movie
        Same axes, same dtype, one chunk a frame and channel. The `origin` of a `Movie`
        follows the canvas.

    Raises
    ------
    DriftTableError
        If the table has another number of frames, other axes, or shifts that are NaN.
    TypeError, ValueError
        If the movie or an option does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> movie = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    >>> aligned = apply_drift(movie, [(0, 0), (0, 1)])
    >>> aligned[1].compute()
    array([[ 0, 12, 13, 14],
           [ 0, 16, 17, 18],
           [ 0, 20, 21, 22]], dtype=uint8)
    """
    options = ApplyOptions(
        interpolation=interpolation, canvas=canvas, fill_value=fill_value
    )
    source = as_movie(movie, axes)
    if source.dtype.kind != "b" or interpolation != "nearest":
        check_dtype(source.dtype, "movie")
    check_fill(fill_value, source.dtype)
    shifts = as_shifts(drift, len(source.frame_shape))
    if len(shifts) != source.n_frames:
        msg = (
            f"The drift table has {len(shifts)} rows; the movie has {source.n_frames} "
            f"frames (axes {source.axes}, shape {source.shape})."
        )
        raise DriftTableError(msg)
    frame = canvas_frame(
        source.frame_shape, shifts, options.canvas, interpolation=interpolation
    )
    aligned = _moved(source, shifts, frame, options)
    if not isinstance(movie, Movie):
        return aligned
    origin = list(source.origin)
    for letter, first in zip(source.spatial_axes, frame.origin, strict=True):
        at = source.axes.index(letter)
        origin[at] += first * source.scale[at]
    return source.replace(data=aligned, origin=tuple(origin))


def _moved(
    movie: Movie,
    shifts: NDArray[np.float64],
    frame: CanvasFrame,
    options: ApplyOptions,
) -> da.Array:
    """Return the dask array whose blocks are the moved frames."""
    axes = movie.axes
    sizes = dict(zip(movie.spatial_axes, frame.shape, strict=True))
    whole = [1 if a in "TC" else n for a, n in zip(axes, movie.shape, strict=True)]
    data = movie.data
    if isinstance(data, da.Array):
        data = data.rechunk(whole)
    else:
        # Naming it by its content would read all of it.
        data = da.from_array(data, chunks=whole, name=False)
    moved: da.Array = da.map_blocks(
        _move_block,
        data,
        axes=axes,
        shifts=shifts,
        frame=frame,
        options=options,
        dtype=movie.dtype,
        meta=np.empty((0,) * len(axes), movie.dtype),
        chunks=tuple(
            (sizes[a],) if a in sizes else (1,) * n
            for a, n in zip(axes, movie.shape, strict=True)
        ),
    )
    return moved


def _move_block(
    block: NDArray[Any],
    *,
    axes: str,
    shifts: NDArray[np.float64],
    frame: CanvasFrame,
    options: ApplyOptions,
    block_id: tuple[int, ...],
) -> NDArray[Any]:
    """Move the one frame that a block holds."""
    spatial = [a for a in "ZYX" if a in axes]
    others = [a for a in axes if a not in spatial]
    t = block_id[axes.index("T")] if "T" in axes else 0
    order = [axes.index(a) for a in (*others, *spatial)]
    image = block.transpose(order)[(0,) * len(others)]
    moved = translate(
        image,
        shifts[t].tolist(),
        interpolation=options.interpolation,
        fill_value=options.fill_value,
        origin=frame.origin,
        shape=frame.shape,
    )
    return moved[(np.newaxis,) * len(others)].transpose(np.argsort(order))
