"""Masks with pixels of their own."""

import numpy as np
import pytest
from napari.layers import Image, Labels

from maskalign._napari.grid import grid_axes, is_placed, on_grid_of
from maskalign.model.movie import Movie

TYX = Movie(np.zeros((5, 8, 9)))
TCZYX = Movie(np.zeros((5, 2, 3, 8, 9)), "TCZYX")


@pytest.mark.parametrize(
    ("movie", "shape", "axes"),
    [
        (TYX, (20, 30), "YX"),
        (TYX, (5, 20, 30), "TYX"),
        (TYX, (4, 20, 30), None),
        (TYX, (1, 5, 20, 30), None),
        (TCZYX, (20, 30), "YX"),
        (TCZYX, (9, 20, 30), "ZYX"),
        (TCZYX, (5, 9, 20, 30), "TZYX"),
        (TCZYX, (5, 1, 9, 20, 30), "TCZYX"),
        (TCZYX, (5, 3, 9, 20, 30), None),
        (Movie(np.zeros((8, 5, 9)), "YTX"), (20, 30), None),
    ],
)
def test_what_the_axes_are_is_told_by_their_number(movie, shape, axes):
    assert grid_axes(Labels(np.zeros(shape, int)), movie) == axes


@pytest.mark.parametrize("shape", [(9, 8), (7, 9), (8, 1)])
def test_a_mask_too_small_must_say_where_it_lies(shape):
    assert grid_axes(Labels(np.zeros(shape, int)), TYX) is None
    assert grid_axes(Labels(np.zeros(shape, int), scale=(2, 2)), TYX) == "YX"


@pytest.mark.parametrize(
    "place",
    [
        {"scale": (2, 2)},
        {"translate": (0, 1)},
        {"rotate": 5},
        {"shear": [0.1]},
        {"affine": np.diag([2, 1, 1])},
        {"units": ("nm", "nm")},
    ],
    ids=lambda place: next(iter(place)),
)
def test_a_layer_says_where_it_lies_in_any_way(place):
    assert is_placed(Image(np.zeros((4, 4)), **place), 2)
    assert not is_placed(Image(np.zeros((4, 4))), 2)


@pytest.fixture
def image():
    """An image of 20 x 30 px of 0.5 um, whose first pixel lies at (10, 20) um."""
    place = {"scale": (0.5, 0.5), "translate": (10, 20), "units": ("um", "um")}
    return Image(np.zeros((20, 30)), name="image", **place)


def over(layer, image, axes="YX"):
    found = on_grid_of(layer, axes, Movie(image.data, axes[-image.data.ndim :]), image)
    return np.asarray(found)


def test_a_mask_is_sampled_where_it_is_shown(image):
    drawn = np.zeros((5, 6), int)
    drawn[2, 3] = 4
    # Pixels of 1.5 um, the first at the first of the image; in nanometres.
    mask = Labels(
        drawn, scale=(1500, 1500), translate=(10_000, 20_000), units=("nm", "nm")
    )
    found = over(mask, image)
    assert found.dtype == drawn.dtype
    # The middles of 3 x 3 pixels of the image lie in one of the mask.
    where = np.argwhere(found == 4)
    assert (where.min(axis=0).tolist(), where.max(axis=0).tolist()) == ([5, 8], [7, 10])
    assert len(where) == 9
    # And wherever the viewer shows the label, it is there.
    for at in np.ndindex(*image.data.shape):
        world = 1000 * np.array(image.data_to_world(at))
        assert (mask.get_value(world, world=True) or 0) == found[at]


def test_where_the_mask_has_no_pixels_nothing_is_painted(image):
    mask = Labels(np.ones((4, 4), int), scale=(0.5, 0.5), translate=(12, 20))
    found = over(mask, image)
    expected = np.zeros((20, 30), int)
    expected[4:8, :4] = 1
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("where", [{}, {"scale": (0.5, 0.5), "translate": (10, 20)}])
def test_a_mask_on_the_pixels_of_the_image_is_handed_on(image, where):
    mask = Labels(np.zeros((20, 30), int), **where)
    assert on_grid_of(mask, "YX", Movie(image.data, "YX"), image) is mask.data


def test_of_its_shape_but_elsewhere_it_lies_where_it_is_shown(image):
    mask = Labels(np.ones((20, 30), int), scale=(0.5, 0.5), translate=(12, 20))
    found = over(mask, image)
    assert not found[:4].any()
    assert found[4:].all()


def test_frames_are_sampled_one_by_one_when_they_are_asked_for():
    movie = Image(np.zeros((5, 8, 9)), scale=(2, 1, 1))
    drawn = np.zeros((5, 4, 5), int)
    drawn[3, 1, 2] = 1
    mask = Labels(drawn, scale=(2, 2, 2), translate=(0, 0.5, 0.5))
    found = on_grid_of(mask, "TYX", TYX, movie)
    assert found.chunks == ((1,) * 5, (8,), (9,))
    where = np.argwhere(np.asarray(found))
    assert where.tolist() == [[3, 2, 4], [3, 2, 5], [3, 3, 4], [3, 3, 5]]
