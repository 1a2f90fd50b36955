"""A lazy array of moved frames: one dask block a frame and channel."""

from collections.abc import Callable, Sequence
from typing import Any

import dask.array as da
import numpy as np
from dask.delayed import delayed
from numpy.typing import NDArray

from maskalign.model.axes import spatial_axes

__all__ = ["Move", "move_blocks"]

#: Moves one image, (Y, X) or (Z, Y, X), by a shift.
Move = Callable[[NDArray[Any], Sequence[float]], NDArray[Any]]


def move_blocks(
    data: Any,
    axes: str,
    shifts: NDArray[np.float64],
    move: Move,
    *,
    shape: Sequence[int],
    dtype: Any,
) -> da.Array:
    """Return a dask array whose blocks are the moved frames of an array.

    Parameters
    ----------
    data : dask.array.Array or numpy.ndarray
        The frames. Neither read nor copied now.
    axes : str
        Axes of `data`: one letter of ``T C Z Y X`` for each.
    shifts : ndarray of float, shape (T, ndim)
        Pixels, (z, y, x).
    move : callable
        Gets an image in the order (z, y, x) and its shift, returns the moved image.
    shape : sequence of int
        Shape of a moved image, (z, y, x).
    dtype : dtype
        Its dtype.

    Returns
    -------
    dask.array.Array
        With the axes of `data`.
    """
    sizes = dict(zip(spatial_axes(axes), shape, strict=True))
    if isinstance(data, da.Array):
        frames = data.rechunk([-1 if a in sizes else 1 for a in axes])
    else:
        frames = _frames_of(data, axes)
    moved: da.Array = da.map_blocks(
        _move_block,
        frames,
        axes=axes,
        shifts=_shared(shifts),
        move=move,
        dtype=dtype,
        meta=np.empty((0,) * len(axes), dtype),
        chunks=tuple(
            (sizes[a],) if a in sizes else (1,) * n
            for a, n in zip(axes, data.shape, strict=True)
        ),
    )
    return moved


def _shared(shifts: NDArray[np.float64]) -> Any:
    """Return shifts as a task that all blocks use, instead of a part of each of them.

    It is made of another task: where all that blocks depend on are roots of the graph,
    dask looks through the whole of it for every frame that is shown.
    """
    root = delayed(shifts, pure=True, traverse=False)
    return delayed(np.asarray, pure=True)(root)


def _frames_of(array: NDArray[Any], axes: str) -> da.Array:
    """Return an array in blocks of one frame; da.from_array would copy all of it."""
    frames: da.Array = da.map_blocks(
        _frame_of,
        array=delayed(array, pure=False, traverse=False),
        axes=axes,
        dtype=array.dtype,
        meta=np.empty((0,) * array.ndim, array.dtype),
        chunks=tuple(
            (1,) * n if a in "TC" else (n,)
            for a, n in zip(axes, array.shape, strict=True)
        ),
    )
    return frames


def _frame_of(
    *, array: NDArray[Any], axes: str, block_id: tuple[int, ...]
) -> NDArray[Any]:
    where = zip(axes, block_id, strict=True)
    return array[tuple(slice(i, i + 1) if a in "TC" else slice(None) for a, i in where)]


def _move_block(
    block: NDArray[Any],
    *,
    axes: str,
    shifts: NDArray[np.float64],
    move: Move,
    block_id: tuple[int, ...],
) -> NDArray[Any]:
    """Move the one frame that a block holds."""
    spatial = spatial_axes(axes)
    others = [a for a in axes if a not in spatial]
    t = block_id[axes.index("T")] if "T" in axes else 0
    order = [axes.index(a) for a in (*others, *spatial)]
    image = np.asarray(block).transpose(order)[(0,) * len(others)]
    moved = move(image, shifts[t].tolist())
    return moved[(np.newaxis,) * len(others)].transpose(np.argsort(order))
