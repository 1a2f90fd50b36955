import tracemalloc

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels, Shapes

from maskalign._napari.luminance import finest
from maskalign._napari.masks import MaskChoice, as_mask, iter_painted, mask_axes
from maskalign._napari.worker import Stop
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
    return np.logical_or.reduce(
        list(iter_painted(finest(labels), mask_axes(labels, movie)))
    )


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
    frames = iter_painted(finest(Labels(lazy)), "TYX")
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


# One choice: a layer, its meaning, where it goes --------------------------------------


def choice(layer, movie=TYX, meaning="ignore painted", **fields):
    source = Image(movie.data, **fields.pop("place", {}))
    return MaskChoice(layer, source, movie, meaning, **fields)


def options(layer, *args, **fields):
    chosen = choice(layer, *args, **fields)
    chosen.check()
    return chosen.options(Stop())


def test_only_labels_that_are_named_count():
    labels = painted((8, 9), (1, 2), (4, 5), (7, 8))
    mask = options(labels, labels=(1, 3))["mask"].data
    assert np.argwhere(~mask).tolist() == [[1, 2], [7, 8]]


@pytest.mark.parametrize(
    "values", [np.eye(8, 9) > 0, 255 * np.eye(8, 9, dtype=np.uint8), np.eye(8, 9) - 0.5]
)
def test_an_image_of_true_and_false_or_of_numbers_is_a_mask(values):
    mask = options(Image(values), meaning="use only painted")["mask"].data
    np.testing.assert_array_equal(mask, np.eye(8, 9) > 0)


def test_nan_is_not_painted():
    values = np.full((8, 9), np.nan)
    values[2, 3] = 1
    mask = options(Image(values), meaning="use only painted")["mask"].data
    assert np.argwhere(mask).tolist() == [[2, 3]]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("meaning", ["ignore painted", "use only painted"])
def test_each_frame_has_the_mask_that_is_painted_in_it(meaning, lazy):
    labels = painted((5, 8, 9), (0, 1, 2), (3, 4, 5))
    if lazy:
        labels = Labels(da.from_array(labels.data, chunks=(2, -1, -1)))
    found = options(labels, meaning=meaning, follows="one a frame")
    assert list(found) == ["mask"]
    assert found["mask"].axes == "TYX"
    drawn = np.asarray(labels.data) > 0
    expected = ~drawn if meaning == "ignore painted" else drawn
    np.testing.assert_array_equal(found["mask"].data.compute(), expected)
    chosen = choice(labels, meaning=meaning, follows="one a frame")
    np.testing.assert_array_equal(chosen.valid(3), expected[3])


def test_a_mask_a_frame_has_the_order_of_the_library_and_no_channels():
    movie = Movie(np.zeros((2, 5, 8, 9)), "CTYX")
    data = np.zeros((2, 5, 8, 9), int)
    data[0, 1, 2, 3] = data[1, 1, 4, 5] = 1
    found = options(Labels(data), movie, follows="one a frame")["mask"]
    assert found.axes == "TYX"
    where = np.argwhere(~found.data.compute()).tolist()
    assert where == [[1, 2, 3], [1, 4, 5]]


def test_a_mask_without_frames_has_none_of_its_own():
    with pytest.raises(MaskError, match="no time axis"):
        options(painted((8, 9), (1, 2)), follows="one a frame")


def test_a_mask_that_follows_says_so():
    found = options(painted((8, 9), (1, 2)), follows="follows the sample")
    assert found["mask_follows"] == "sample"
    assert options(painted((8, 9), (1, 2)))["mask_follows"] == "camera"


RECTANGLE = np.array([(2, 3), (2, 6), (5, 6), (5, 3)], float)


def expected_rectangle():
    drawn = np.zeros((8, 9), bool)
    drawn[2:6, 3:7] = True
    return drawn


@pytest.mark.parametrize("kind", ["rectangle", "polygon"])
def test_shapes_are_masks(kind):
    mask = options(Shapes([RECTANGLE], shape_type=kind))["mask"]
    np.testing.assert_array_equal(~mask.data, expected_rectangle())


def test_shapes_are_mapped_through_the_world():
    """A layer made by a script has a scale of its own."""
    place = {"scale": (2, 0.5, 0.5), "translate": (0, 10, 20)}
    shapes = Shapes([0.5 * RECTANGLE + (10, 20)], shape_type="rectangle")
    mask = options(shapes, place=place)["mask"]
    np.testing.assert_array_equal(~mask.data, expected_rectangle())


def test_shapes_drawn_in_frames_go_for_all_or_for_their_own():
    corners = np.column_stack([np.full(4, 3.0), RECTANGLE])
    shapes = Shapes([corners], shape_type="rectangle")
    every = options(shapes)["mask"]
    np.testing.assert_array_equal(~every.data, expected_rectangle())
    own = options(shapes, follows="one a frame")["mask"]
    drawn = ~own.data.compute()
    assert drawn.any(axis=(1, 2)).tolist() == [False, False, False, True, False]
    np.testing.assert_array_equal(drawn[3], expected_rectangle())


def test_a_layer_without_shapes_is_an_empty_mask():
    with pytest.raises(MaskError, match="is empty"):
        options(Shapes(ndim=2))


def test_a_mask_of_every_frame_is_not_copied_for_one_of_them():
    """A Labels layer of a long movie may be as large as the movie."""
    movie = Movie(np.zeros((50, 256, 256), np.uint8))
    layer = Labels(np.ones((50, 256, 256), np.uint8))
    source = Image(movie.data)
    choice = MaskChoice(layer, source, movie, "ignore painted", "one a frame")
    choice.valid(3)
    tracemalloc.start()
    valid = choice.valid(7)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not valid.any()
    assert peak < layer.data.nbytes / 4
