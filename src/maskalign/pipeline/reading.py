"""Parts of an array, read one after the other, however many there are.

A slice of a dask array is a new array, with new names for all of its tasks, and dask
remembers names: of a long movie, read frame by frame in that way, more of them would
stay than of anything else. Here the tasks of the array itself are run, those that are
needed and no others.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import count, product
from typing import Any, NamedTuple

import dask
import dask.array as da
import numpy as np
from dask.core import get
from dask.utils import cached_cumsum, key_split
from numpy.typing import NDArray

__all__ = ["on_cluster", "read"]

#: After so many parts, what dask remembers of the names of fused tasks is dropped.
_FORGET_AFTER = 64
_parts_read = count(1)


def read(data: Any, part: Sequence[slice]) -> NDArray[Any]:
    """Return a part of an array, read now.

    Parameters
    ----------
    data : dask.array.Array or numpy.ndarray
        The array. Of a NumPy array the part is a view.
    part : sequence of slice
        For each of its axes, or the first ones; steps are 1.
    """
    if not isinstance(data, da.Array) or on_cluster():
        return np.asarray(data[tuple(part)])
    ends = [slice(None)] * (data.ndim - len(part))
    axes = [
        _covering(sizes, slice(*s.indices(n)[:2]))
        for sizes, s, n in zip(data.chunks, [*part, *ends], data.shape, strict=True)
    ]
    chunks = [[c.number for c in along] for along in axes]
    keys = [(data.name, *numbers) for numbers in product(*chunks)]
    graph = data.__dask_optimize__(data.dask.cull(set(keys)).to_dict(), keys)
    # Run here and now, without what schedulers do besides: they leave garbage behind,
    # and call callbacks, such as napari's, that are for one thread alone.
    found = get(graph, keys)
    if next(_parts_read) % _FORGET_AFTER == 0:
        key_split.cache_clear()
    return _put_together(found, axes)


def on_cluster() -> bool:
    """Tell whether dask computes elsewhere."""
    return dask.config.get("scheduler", None) in ("distributed", "dask.distributed")


class _Chunk(NamedTuple):
    """What a chunk gives to a part, along one axis."""

    number: int
    #: Of the chunk, and of the part.
    taken: slice
    place: slice


def _covering(sizes: tuple[int, ...], wanted: slice) -> list[_Chunk]:
    """Return the chunks of an axis that a part of it lies in; one at least."""
    # Where each chunk begins; dask keeps it for the axis.
    begin = cached_cumsum(sizes, initial_zero=True)
    start, stop = wanted.start, max(wanted.stop, wanted.start)
    number = min(bisect_right(begin, start) - 1, len(sizes) - 1)
    chunks: list[_Chunk] = []
    while not chunks or (number < len(sizes) and begin[number] < stop):
        first, last = begin[number], begin[number + 1]
        a, b = max(start, first), min(stop, last)
        taken, place = slice(a - first, b - first), slice(a - start, b - start)
        chunks.append(_Chunk(number, taken, place))
        number += 1
    return chunks


def _put_together(
    found: Sequence[Any], axes: Sequence[Sequence[_Chunk]]
) -> NDArray[Any]:
    pieces = [
        (np.asarray(chunk)[tuple(c.taken for c in at)], tuple(c.place for c in at))
        for chunk, at in zip(found, product(*axes), strict=True)
    ]
    if len(pieces) == 1:
        return pieces[0][0]
    shape = [along[-1].place.stop for along in axes]
    out = np.empty(shape, np.result_type(*(piece for piece, _ in pieces)))
    for piece, place in pieces:
        out[place] = piece
    return out
