import dask.array as da
import numpy as np
import pytest
from napari.layers import Labels

from maskalign._napari.masks import as_mask, iter_painted, mask_axes
from maskalign.errors import MaskError
from maskalign.model.movie import Movie

TYX = Movie(np.zeros((5, 8, 9)))
TZYX = Movie(np.zeros((5, 3, 8, 9)))
TCZYX = Movie(np.zeros((5, 2, 3, 8, 9)), "TCZYX")
YTX = Movie(np.zeros((8, 5, 9)), "YTX")


def painted(shape, *points):
    data = np.zeros(shape, int)
    for label, point in enumerate(points, 1):
        data[point] = label
    return Labels(data, name="drawn")


def union(labels, movie):
    return np.logical_or.reduce(list(iter_painted(labels, mask_axes(labels, movie))))


@pytest.mark.parametrize(
    ("movie", "shape", "axes"),
    [
        (TYX, (8, 9), "YX"),
        (TYX, (5, 8, 9), "TYX"),
        (TZYX, (8, 9), "YX"),
        (TZYX, (3, 8, 9), "ZYX"),
        (TZYX, (5, 3, 8, 9), "TZYX"),
        (TCZYX, (5, 2, 3, 8, 9), "TCZYX"),
        (TCZYX, (5, 3, 8, 9), "TZYX"),
        (TCZYX, (2, 3, 8, 9), "CZYX"),
        (YTX, (8, 9), "YX"),
        (YTX, (8, 5, 9), "YTX"),
    ],
)
def test_a_mask_fits_by_frame_movie_or_plane(movie, shape, axes):
    assert mask_axes(painted(shape), movie) == axes


@pytest.mark.parametrize("shape", [(9, 8), (4, 8, 9), (16, 18)])
def test_another_shape_is_refused_with_both_shapes(shape):
    with pytest.raises(MaskError, match="'drawn' has shape") as error:
        mask_axes(painted(shape), TYX)
    for expected in (shape, (8, 9), (5, 8, 9)):
        assert str(expected) in str(error.value)


def test_what_is_painted_in_any_frame_counts_with_any_label():
    labels = painted((5, 8, 9), (0, 1, 2), (3, 4, 5), (4, 7, 8))
    expected = np.zeros((8, 9), bool)
    expected[[1, 4, 7], [2, 5, 8]] = True
    np.testing.assert_array_equal(union(labels, TYX), expected)


def test_frames_of_any_axis_order_come_as_zyx():
    labels = painted((8, 5, 9), (1, 0, 2), (4, 3, 5))
    expected = np.zeros((8, 9), bool)
    expected[[1, 4], [2, 5]] = True
    np.testing.assert_array_equal(union(labels, YTX), expected)


@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_each_chunk_is_read_once_and_no_sooner_than_needed(chunk):
    read = []

    def load(block, block_info):
        read.append(block_info[0]["chunk-location"][0])
        return block

    data = da.zeros((5, 8, 9), int, chunks=(chunk, -1, -1))
    lazy = data.map_blocks(load, dtype=int, meta=np.empty((0, 0, 0), int))
    frames = iter_painted(Labels(lazy), "TYX")
    read.clear()
    next(frames)
    assert read == [0]
    assert not any(frame.any() for frame in frames)
    assert read == list(range(-(-5 // chunk)))


def test_of_a_pyramid_the_finest_level_counts():
    fine = np.zeros((8, 8), int)
    fine[2, 3] = 1
    labels = Labels([fine, fine[::2, ::2]], multiscale=True)
    movie = Movie(np.zeros((5, 8, 8)))
    np.testing.assert_array_equal(union(labels, movie), fine > 0)


def test_both_meanings():
    drawn = np.array([[True, False], [False, False]])
    ignored = as_mask(drawn, "ignore painted", "m")
    used = as_mask(drawn, "use only painted", "m")
    np.testing.assert_array_equal(ignored.data, ~drawn)
    np.testing.assert_array_equal(used.data, drawn)
    assert ignored.axes == used.axes == "YX"


@pytest.mark.parametrize("meaning", ["ignore painted", "use only painted"])
def test_an_empty_mask_is_an_error_that_says_to_paint(meaning):
    with pytest.raises(MaskError, match=f"paint what to {meaning.split()[0]}"):
        as_mask(np.zeros((8, 9), bool), meaning, "m")


def test_a_mask_that_leaves_nothing_is_an_error():
    full = np.ones((8, 9), bool)
    with pytest.raises(MaskError, match="use only painted"):
        as_mask(full, "ignore painted", "m")
    assert as_mask(full, "use only painted", "m").data.all()
