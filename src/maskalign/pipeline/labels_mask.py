"""A mask of labels painted by hand."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.errors import MaskError
from maskalign.model.movie import Movie
from maskalign.model.types import ValidArray
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.lazy_frames import by_frame, lazy_data, whole_frames
from maskalign.pipeline.parallel import compute

__all__ = ["labels_mask"]

Painted: TypeAlias = Literal["ignore", "use"]


def labels_mask(
    labels: Any,
    ids: int | Sequence[int] | None = None,
    *,
    painted: Painted = "ignore",
    one_a_frame: bool = False,
    axes: str | None = None,
) -> ValidArray | da.Array:
    """Turn labels painted by hand into a mask.

    Parameters
    ----------
    labels : Movie or array of integers or booleans
        One image, or a movie of labels. Of several channels each may be painted.
    ids : int or sequence of int, optional
        Labels that count; all but 0 if left out.
    painted : {'ignore', 'use'}
        What painting means: leave these places out, or use nothing else.
    one_a_frame : bool
        Return the mask of each frame. Otherwise what is painted in any frame goes for
        all: painting one frame is enough for what stands still.
    axes : str, optional
        Axes of the array; without it two are YX, three TYX and four TZYX.

    Returns
    -------
    ndarray of bool, shape (Y, X) or (Z, Y, X)
        True where a pixel may be used. With `one_a_frame` a dask array with a leading
        T, computed when it is used.

    Raises
    ------
    TypeError
        If the labels are not whole numbers or booleans.
    ValueError
        If `painted` is another word.
    MaskError
        If nothing is painted with such a label (`one_a_frame` looks only when used).

    Examples
    --------
    >>> labels = np.array([[0, 1, 2, 2]])
    >>> labels_mask(labels, ids=2)
    array([[ True,  True, False, False]])
    >>> labels_mask(labels, painted="use")
    array([[False,  True,  True,  True]])
    """
    if painted not in get_args(Painted):
        msg = f"painted must be 'ignore' or 'use', got {painted!r}."
        raise ValueError(msg)
    marked = _marked(labels, ids, axes)
    if one_a_frame:
        return ~marked if painted == "ignore" else marked
    anywhere = np.zeros(marked.shape[1:], bool)
    for stop, size in zip(np.cumsum(marked.chunks[0]), marked.chunks[0], strict=True):
        anywhere |= np.asarray(compute(marked[stop - size : stop])).any(axis=0)
    if not anywhere.any():
        which = "no label but 0" if ids is None else f"none of the labels {ids}"
        msg = f"Nothing is painted: {which} is there."
        raise MaskError(msg)
    return ~anywhere if painted == "ignore" else anywhere


def _marked(labels: Any, ids: int | Sequence[int] | None, axes: str | None) -> da.Array:
    """Return where a movie of labels is painted, (T, [Z,] Y, X), in any channel."""
    if axes is None and not isinstance(labels, Movie) and np.ndim(labels) == 2:
        axes = "YX"
    source = as_movie(labels, axes)
    if np.dtype(source.dtype).kind not in "bui":
        msg = f"labels have dtype {source.dtype}; they must be whole numbers or bool."
        raise TypeError(msg)
    wanted = None if ids is None else np.unique(np.asarray(ids))
    marked = by_frame(partial(_is_marked, ids=wanted), lazy_data(source))
    axes = source.axes
    if "C" in axes:
        marked = marked.any(axis=axes.index("C"))
        axes = axes.replace("C", "")
    # Frames are made of numbers.
    frames = Frames(Movie(marked.astype(np.uint8), axes))
    painted: da.Array = whole_frames(frames).astype(bool)
    return painted


def _is_marked(block: NDArray[Any], ids: NDArray[Any] | None) -> ValidArray:
    marked: ValidArray = block != 0 if ids is None else np.isin(block, ids)
    return marked
