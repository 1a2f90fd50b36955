"""Other layers are moved as the movie was, each in its own right way."""

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels, Points, Shapes, Surface, Tracks, Vectors

from maskalign import DriftTable, Movie, apply_drift
from maskalign._napari.apply_to import moved_layer, show_moved, why_not
from maskalign._napari.layers import movie_of
from maskalign.model.options import ApplyOptions

PLACE = {
    "scale": (2, 0.5, 0.5),
    "translate": (0, 10, 20),
    "units": ("s", "um", "um"),
}
#: Half the pixel size, another unit, another origin.
FINE = {
    "scale": (2, 250, 250),
    "translate": (0, 9000, 19000),
    "units": ("s", "nm", "nm"),
}


@pytest.fixture
def table(true_shifts):
    return DriftTable.from_shifts(true_shifts.astype(float))


@pytest.fixture
def source(movie):
    return Image(movie, name="movie", **PLACE)


@pytest.fixture
def move(source, table):
    def move(layer, **options):
        known = movie_of(source)[0]
        return moved_layer(layer, source, known, table, ApplyOptions(**options))

    return move


def test_another_channel_is_moved_as_the_library_moves_it(movie, move, table):
    data, look, kind = move(Image(255 - movie, name="other", colormap="red", **PLACE))
    assert kind == "image"
    assert isinstance(data, da.Array)
    np.testing.assert_array_equal(data, apply_drift(255 - movie, table))
    assert look["name"] == "other (aligned)"
    assert look["colormap"]["name"] == "red"
    assert look["metadata"]["maskalign"]["drift"] is table


def test_of_an_image_in_colour_all_colours_are_moved(movie, move, table):
    colours = np.stack([movie, 255 - movie, movie // 2], axis=-1)
    data, look, _ = move(Image(colours, rgb=True, **PLACE), canvas="union")
    layer = Image(data, **look)
    assert layer.rgb
    for k in range(3):
        expected = apply_drift(colours[..., k], table, canvas="union")
        np.testing.assert_array_equal(data[..., k], expected)


def test_labels_keep_their_numbers(movie, move, table):
    numbers = np.arange(movie[0].size).reshape(movie[0].shape) % 1000
    data, _, kind = move(Labels(np.stack([numbers] * 6), **PLACE), fill_value=7)
    assert kind == "labels"
    found = data[3].compute()
    y, x = (int(s) for s in table.shifts[3])
    np.testing.assert_array_equal(found[y:, :x], numbers[:-y, -x:])
    assert not found[:y].any()


def test_pixels_of_another_size_are_moved_by_as_many_more(movie, move, table):
    fine = np.repeat(np.repeat(movie, 2, 1), 2, 2)
    data, _, _ = move(Image(fine, **FINE))
    np.testing.assert_array_equal(data, apply_drift(fine, 2 * table.shifts))


def test_a_larger_canvas_stays_where_it_is_in_the_world(movie, move, source):
    data, look, _ = move(Image(movie, **PLACE), canvas="union")
    assert data.shape[1:] > movie.shape[1:]
    layer = Image(data, translate=look["translate"], scale=look["scale"])
    # The first frame is not moved: its pixels lie where they lay.
    offset = (look["translate"] - source.translate) / source.scale
    y, x = (-offset[1:]).round().astype(int)
    inner = np.asarray(layer.data[0])[y : y + 64, x : x + 72]
    np.testing.assert_array_equal(inner, movie[0])


@pytest.mark.parametrize("place", [PLACE, FINE], ids=["same pixels", "other pixels"])
def test_points_stay_on_what_they_marked(source, move, table, place):
    frames = np.arange(6)
    pixels = np.column_stack([frames, 30.0 - table.shifts + (0.0, 0.5)])
    world = np.array([source.data_to_world(p) for p in pixels])
    # Units are not in `data_to_world`.
    factor = np.array([1, 1000, 1000]) if place is FINE else 1
    data = (world * factor - place["translate"]) / place["scale"]
    layer = Points(data, name="p", size=3, **place)
    moved, look, kind = move(layer)
    assert kind == "points"
    back = (moved * place["scale"] + place["translate"]) / factor
    back = np.array([source.world_to_data(p) for p in back])
    np.testing.assert_allclose(back[:, 0], frames, atol=1e-9)
    np.testing.assert_allclose(back[:, 1:], [(30.0, 30.5)] * 6, atol=1e-9)
    assert (look["size"] == 3).all()


def test_tracks_shapes_and_vectors_are_moved_by_the_same(move, table):
    points = np.array([(0.0, 5, 6), (3, 7, 8), (5, 1, 2)])
    moved = points.copy()
    moved[:, 1:] += table.shifts[[0, 3, 5]]
    tracks, _, _ = move(
        Tracks(np.column_stack([[1.0, 1, 1], points]), name="t", **PLACE)
    )
    np.testing.assert_allclose(tracks[:, 1:], moved)
    np.testing.assert_array_equal(tracks[:, 0], 1)
    shapes, _, _ = move(Shapes([points], shape_type="path", **PLACE))
    np.testing.assert_allclose(shapes[0], moved)
    # Not to be taken for places in frame 1.
    ahead = np.array([(1.0, 1, 1)] * 3)
    vectors, _, _ = move(Vectors(np.stack([points, ahead], axis=1), **PLACE))
    np.testing.assert_allclose(vectors[:, 0], moved)
    np.testing.assert_allclose(vectors[:, 1], ahead)


def test_frames_in_doubt_are_moved_as_their_neighbours(source, movie, table):
    status = ["ok", "ok", "ok", "unsure", "ok", "ok"]
    known = movie_of(source)[0]
    doubtful = table.replace(status=status)
    data, _, _ = moved_layer(
        Points([(3.0, 9, 9)], **PLACE), source, known, doubtful, ApplyOptions()
    )
    expected = (table.shifts[2] + table.shifts[4]) / 2 + 9
    np.testing.assert_allclose(data[0, 1:], expected)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda m: Image(m[0]), "no time axis"),
        (lambda m: Image(m[:4]), "4 frames, the movie 6"),
        (lambda m: Labels(m[0].astype(int)), "no time axis"),
        (lambda m: Points(np.zeros((2, 2))), "no time axis"),
        (
            lambda m: Image(
                np.zeros((6, 2, 8, 9, 3), "u1"),
                rgb=True,
                axis_labels=("t", "c", "y", "x"),
            ),
            "colour",
        ),
        (
            lambda m: Surface((np.zeros((3, 3)), np.array([[0, 1, 2]]), np.ones(3))),
            "Surface",
        ),
    ],
    ids=["picture", "shorter", "mask", "2-D points", "rgb", "surface"],
)
def test_what_cannot_be_moved_says_why(source, movie, move, make, reason):
    layer = make(movie)
    said = why_not(layer, source, movie_of(source)[0])
    assert reason in said
    # It is the end of a sentence of others.
    assert not said.endswith(".")
    with pytest.raises(ValueError, match=reason):
        move(layer)


def test_layers_are_left_alone_and_moved_ones_replaced(viewer, movie, move):
    points = viewer.add_points([(3.0, 9, 9)], name="p", **PLACE)
    first = show_moved(viewer, points, move(points))
    points.data = [(3.0, 20, 20), (1.0, 1, 1)]
    second = show_moved(viewer, points, move(points))
    assert second is first
    assert [layer.name for layer in viewer.layers] == ["p", "p (aligned)"]
    assert len(second.data) == 2
    np.testing.assert_array_equal(points.data[0], (3, 20, 20))


def test_a_layer_without_points_is_moved_too(move):
    data, _, _ = move(Points(ndim=3, **PLACE))
    assert data.shape == (0, 3)


def test_a_movie_with_channels_moves_points_of_all_axes(movie, table):
    both = np.stack([movie, movie], axis=1)
    source = Image(both)
    known = Movie(both, "TCYX")
    data, _, _ = moved_layer(
        Points([(3.0, 1, 9, 9)]), source, known, table, ApplyOptions()
    )
    np.testing.assert_allclose(data, [(3, 1, *(9 + table.shifts[3]))])
