"""Parts of long arrays, read one after the other."""

import gc
import tracemalloc

import dask
import dask.array as da
import numpy as np
import pytest

from maskalign import iter_drift
from maskalign.pipeline.reading import read

WHOLE = np.arange(7 * 5 * 6).reshape(7, 5, 6)


class Store:
    """An array that tells how many elements were asked of it."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.ndim, self.asked = array.ndim, 0

    def __getitem__(self, place):
        part = self.array[place]
        self.asked += part.size
        return part


@pytest.mark.parametrize("chunks", [(1, 5, 6), (3, 2, 4), ((2, 4, 1), 5, (1, 5)), -1])
@pytest.mark.parametrize(
    "part",
    [
        (slice(2, 3),),
        (slice(0, 7), slice(1, 4)),
        (slice(3, 6), slice(None), slice(3, None)),
        (slice(-2, None), slice(4, 5), slice(0, 1)),
        (slice(4, 4), slice(0, 2)),
    ],
)
def test_a_part_is_what_slicing_gives(chunks, part):
    lazy = da.from_array(WHOLE, chunks=chunks)
    for array in (WHOLE, lazy, lazy.transpose(2, 0, 1).transpose(1, 2, 0) + 0):
        np.testing.assert_array_equal(read(array, part), WHOLE[part], strict=True)


def test_no_more_is_asked_of_a_file_than_is_needed():
    store = Store(WHOLE)
    lazy = da.from_array(store, chunks=(1, 5, 6), name=False)[:, 1:3, ::2]
    found = read(lazy, (slice(4, 6),))
    np.testing.assert_array_equal(found, WHOLE[4:6, 1:3, ::2])
    assert store.asked == found.size


def test_on_a_cluster_the_cluster_computes(monkeypatch):
    sent = []

    def get(graph, keys, **_):
        sent.append(keys)
        return dask.get(graph, keys)

    monkeypatch.setitem(dask.base.named_schedulers, "distributed", get)
    with dask.config.set(scheduler="distributed"):
        found = read(da.from_array(WHOLE, chunks=(1, 5, 6)), (slice(2, 4),))
    np.testing.assert_array_equal(found, WHOLE[2:4])
    assert sent


def long_movie(n, size=16):
    """Return a lazy movie in several layers of tasks, in each of which is each t."""
    frame = np.random.default_rng(0).integers(0, 999, (1, size, size)).astype("u2")
    frames = da.map_blocks(
        lambda block_id: np.roll(frame, block_id[0] % 3, 1),
        chunks=((1,) * n, (size,), (size,)),
        dtype=frame.dtype,
        meta=np.empty((0, 0, 0), frame.dtype),
    )
    return da.stack([frames, frames[::-1]], axis=1)[:, :, 1:, 1:]


def kept(work, *, times):
    """Return how many bytes stay of each of the next pieces of work."""
    tracemalloc.start()
    stays = []
    # As often, in the beginning, as it takes until what dask remembers is dropped.
    for n in (64, times):
        for _ in range(n):
            next(work)
        gc.collect()
        stays.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return (stays[1] - stays[0]) / times


def test_nothing_stays_of_what_was_read():
    lazy = long_movie(192)
    parts = (read(lazy, (slice(t, t + 1),)) for t in range(192))
    # Of a slice it would be 1.4 kB; the oldest dask keeps some 100 bytes.
    assert kept(parts, times=128) < 128


def test_nothing_stays_of_a_frame():
    options = {"axes": "TCYX", "channel": 0, "max_shift": 2, "subpixel": False}
    with dask.config.set(num_workers=1):
        rows = iter_drift(long_movie(324), **options)
        # The row itself is dropped here; what a slice leaves in dask is 1.4 kB.
        assert kept(rows, times=256) < 200
