from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

from maskalign._napari.layers import (
    add_or_update,
    aligned_name,
    find_result,
    is_result,
    movie_of,
    new_mask,
)
from maskalign._napari.sliders import shown_frame
from maskalign._napari.world import placement
from maskalign.model.drift_table import DriftTable

MADE = {"drift": DriftTable.from_shifts([(0, 0)] * 6), "options": {}}


class Stored:
    """An array on disk, as zarr and HDF5 have them, that counts the pixels read."""

    def __init__(self, array):
        self.array, self.n_read = array, 0
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self.chunks = (1, *array.shape[1:])

    def __getitem__(self, index):
        part = self.array[index]
        self.n_read += part.size
        return part


@pytest.fixture
def tilted(movie):
    """A layer with everything by which a layer can be placed."""
    return Image(
        movie,
        name="tilted",
        scale=(2, 0.2, 0.3),
        translate=(1, 5, 6),
        rotate=15,
        shear=[0, 0.1, 0.2],
        affine=np.diag([1, 2, 1, 1]),
        units=("s", "um", "um"),
        axis_labels=("t", "y", "x"),
        colormap="magma",
        contrast_limits=(20, 90),
        gamma=0.7,
        blending="additive",
        opacity=0.8,
    )


def test_a_layer_becomes_a_calibrated_movie(movie, calibration):
    found, _ = movie_of(Image(movie, name="m", **calibration))
    assert found.axes == "TYX"
    assert found.scale == (2, 0.2, 0.2)
    assert found.units == ("s", "µm", "µm")
    assert found.origin == (0, 5, 6)
    assert found.name == "m"


@pytest.mark.parametrize("wrap", [np.asarray, lambda a: da.from_array(a, (2, -1, -1))])
def test_arrays_are_handed_on_as_they_are(movie, wrap):
    data = wrap(movie)
    assert movie_of(Image(data))[0].data is data


def test_an_array_on_disk_stays_there(movie):
    stored = Stored(movie)
    layer = Image(stored, contrast_limits=(0, 255))
    before = stored.n_read
    found, _ = movie_of(layer)
    assert stored.n_read == before
    assert isinstance(found.data, da.Array)
    np.testing.assert_array_equal(found.data[3], movie[3])


@pytest.mark.parametrize(
    ("layer", "error", "remedy"),
    [
        (lambda: None, ValueError, "Open Sample"),
        (
            lambda: Image(
                np.zeros((4, 2, 8, 9, 3), np.uint8),
                rgb=True,
                axis_labels=("t", "c", "y", "x"),
            ),
            ValueError,
            "Split RGB",
        ),
        (lambda: Image(np.zeros((8, 9))), ValueError, "Choose a movie"),
        (lambda: Image(np.zeros((4, 8, 9), bool)), TypeError, "uint8"),
    ],
    ids=["none", "rgb", "2-D", "bool"],
)
def test_what_cannot_be_aligned_is_refused_with_a_remedy(layer, error, remedy):
    with pytest.raises(error, match=remedy):
        movie_of(layer())


def test_of_a_pyramid_the_finest_level_is_the_movie(movie):
    layer = Image([movie, movie[:, ::2, ::2]], multiscale=True, scale=(2, 0.5, 0.5))
    found, _ = movie_of(layer)
    np.testing.assert_array_equal(found.data, movie)
    assert found.scale == (2, 0.5, 0.5)


def test_complex_pixels_are_refused(movie):
    # napari refuses them first, when a layer is made; here is what we would say.
    layer = SimpleNamespace(
        name="m", rgb=False, multiscale=False, data=movie.astype(complex)
    )
    with pytest.raises(TypeError, match="magnitude"):
        movie_of(layer)


@pytest.mark.parametrize("frame", [0, 2, 5])
def test_the_frame_on_show_is_found_through_scale_and_place(tilted, frame):
    point = tilted.data_to_world((frame, 10, 10))
    assert shown_frame(tilted, "TYX", point) == frame
    # A viewer may have more axes in front.
    assert shown_frame(tilted, "TYX", (99.0, *point)) == frame


def test_a_slider_beyond_the_movie_means_its_last_frame(tilted):
    assert shown_frame(tilted, "TYX", tilted.data_to_world((50, 10, 10))) == 5


@pytest.mark.parametrize("ndim", [None, 2])
def test_placement_puts_a_layer_where_the_other_is(tilted, ndim):
    place = placement(tilted, ndim)
    copy = Image(tilted.data if ndim is None else tilted.data[0], **place)
    corner = (3, 11, 17)
    there = tilted.data_to_world(corner)
    n = copy.ndim
    first = tilted.data_to_world((0, *corner[1:]))
    expected = there if ndim is None else first[-n:]
    np.testing.assert_allclose(copy.data_to_world(corner[-n:]), expected)
    assert copy.units == tilted.units[-n:]
    assert copy.axis_labels == tilted.axis_labels[-n:]


def test_a_result_lies_and_looks_like_its_source(viewer, tilted):
    tilted.metadata["mine"] = 1
    viewer.add_layer(tilted)
    made = add_or_update(viewer, tilted, da.from_array(tilted.data), MADE)
    assert made.name == "tilted (aligned)"
    np.testing.assert_allclose(
        made.data_to_world((3, 11, 17)), tilted.data_to_world((3, 11, 17))
    )
    assert made.units == tilted.units
    assert made.axis_labels == tilted.axis_labels
    assert made.colormap.name == "magma"
    assert made.contrast_limits == [20, 90]
    assert (made.gamma, made.blending, made.opacity) == (0.7, "additive", 0.8)
    assert made.metadata["mine"] == 1
    assert made.metadata["maskalign"] == MADE


def test_a_second_result_takes_the_place_of_the_first(viewer, tilted):
    viewer.add_layer(tilted)
    first = add_or_update(viewer, tilted, tilted.data, MADE)
    first.colormap = "gray"
    first.visible = False
    tilted.scale = (2, 0.5, 0.5)
    second = add_or_update(
        viewer, tilted, tilted.data + 1, {**MADE, "options": {"a": 1}}
    )
    assert second is first
    assert len(viewer.layers) == 2
    np.testing.assert_array_equal(second.data, tilted.data + 1)
    np.testing.assert_allclose(second.scale, tilted.scale)
    assert second.metadata["maskalign"]["options"] == {"a": 1}
    assert second.colormap.name == "gray"
    assert second.visible


def test_a_layer_of_the_users_own_is_left_alone(viewer, movie):
    source = viewer.add_image(movie, name="m")
    own = viewer.add_image(movie, name="m (aligned)")
    assert find_result(viewer.layers, source) is None
    made = add_or_update(viewer, source, movie + 1, MADE)
    assert made is not own
    assert np.array_equal(own.data, movie)
    # And the next run finds ours under the name that napari gave it.
    assert add_or_update(viewer, source, movie + 2, MADE) is made
    assert len(viewer.layers) == 3


@pytest.mark.parametrize("first", ["grey", "coloured"])
def test_a_result_in_colour_is_none_of_a_grey_movie(viewer, movie, first):
    colours = np.stack([movie] * 3, axis=-1)
    sources = {
        "grey": Image(movie, name="film"),
        "coloured": Image(colours, name="film", rgb=True),
    }
    before = sources.pop(first)
    (after,) = sources.values()
    kept = add_or_update(viewer, before, before.data, MADE)
    made = add_or_update(viewer, after, after.data, MADE)
    assert made is not kept
    assert [layer.rgb for layer in (kept, made)] == [before.rgb, after.rgb]
    assert made.data.shape == after.data.shape
    assert add_or_update(viewer, after, after.data, MADE) is made


def test_results_are_known_by_what_they_carry(movie):
    layer = Image(movie, name="m (aligned)")
    assert not is_result(layer)
    layer.metadata["maskalign"] = MADE
    assert is_result(layer)
    assert aligned_name(Image(movie, name="m")) == layer.name


def test_a_new_mask_lies_over_the_movie_for_all_frames(viewer, tilted):
    viewer.add_layer(tilted)
    mask = new_mask(viewer, tilted, "ignore")
    assert isinstance(mask, Labels)
    assert mask.data.shape == tilted.data.shape[1:]
    assert not mask.data.any()
    np.testing.assert_allclose(
        mask.data_to_world((11, 17)), tilted.data_to_world((0, 11, 17))[1:]
    )
    assert viewer.layers.selection.active is mask
    assert mask.mode == "paint"
