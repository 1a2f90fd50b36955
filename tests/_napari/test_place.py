"""Where two layers lie to each other, and where an aligned one goes. No window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Image, Labels, Points

from maskalign._napari.place import carried, carry, decide_lie, grid_place, why_not
from maskalign._napari.world import pixel_map

MICRON = {"units": ("um", "um")}


def image(shape=(20, 30), name="a", **place):
    return Image(np.zeros(shape), name=name, **place)


@pytest.fixture
def coarse():
    return image(name="coarse", scale=(0.4, 0.4), translate=(10, 20), **MICRON)


@pytest.fixture
def fine():
    place = {"scale": (100, 200), "translate": (11_000, 22_000), "units": ("nm", "nm")}
    return image((40, 35), "fine", **place)


# Deciding -----------------------------------------------------------------------------


def test_layers_lie_as_the_viewer_shows_them(coarse, fine):
    lie = decide_lie(coarse, fine, 2)
    np.testing.assert_allclose(lie.matrix @ (0, 0, 1), (2.5, 5, 1))
    np.testing.assert_allclose(lie.matrix @ (8, 6, 1), (4.5, 8, 1))
    assert "where the viewer shows them" in lie.words
    assert lie.units == fine.units


def test_layers_that_say_nothing_lie_corner_on_corner():
    lie = decide_lie(image(), image((9, 8)), 2)
    np.testing.assert_array_equal(lie.matrix, np.eye(3))
    assert "corner on corner" in lie.words


@pytest.mark.parametrize("bare", ["reference", "moving"])
def test_a_layer_without_pixel_size_takes_that_of_the_other(coarse, bare):
    plain = image(name="plain")
    sides = (plain, coarse) if bare == "reference" else (coarse, plain)
    lie = decide_lie(*sides, 2)
    np.testing.assert_array_equal(lie.matrix, np.eye(3))
    assert "'plain' has no pixel size: taken for that of 'coarse'" in lie.words
    assert lie.units == sides[0].units


def test_numbers_without_a_unit_are_taken_for_that_of_the_other(coarse):
    bare = image(name="bare", scale=(0.2, 0.2), translate=(10, 22))
    lie = decide_lie(coarse, bare, 2)
    np.testing.assert_allclose(lie.matrix @ (0, 0, 1), (0, 5, 1))
    assert "'bare' has no unit: taken for µm" in lie.words
    assert lie.units == coarse.units
    assert decide_lie(bare, coarse, 2).units == coarse.units


@pytest.mark.parametrize("units", [("s", "s"), ("um", "s")])
def test_units_that_cannot_be_turned_into_each_other(coarse, units):
    other = image(name="odd", units=units)
    with pytest.raises(
        ValueError, match=r"measured in µm and 'odd' in s.*layer\.units"
    ):
        decide_lie(coarse, other, 2)


def test_pixels_turned_against_each_other_are_refused(coarse):
    with pytest.raises(ValueError, match="turned"):
        decide_lie(coarse, image(rotate=10, **MICRON), 2)


def test_pixels_turned_alike_are_not():
    one, other = (image(rotate=30, scale=(s, s)) for s in (1, 2))
    lie = decide_lie(one, other, 2)
    np.testing.assert_allclose(lie.matrix, np.diag([2, 2, 1]), atol=1e-12)


def test_images_that_do_not_touch_are_told_apart(coarse):
    near = image((5, 5), scale=(0.4, 0.4), translate=(17.6, 20), **MICRON)
    far = image((5, 5), scale=(0.4, 0.4), translate=(18.1, 20), **MICRON)
    shapes = (20, 30), (5, 5)
    assert not decide_lie(coarse, near, 2).apart(*shapes)
    assert decide_lie(coarse, far, 2).apart(*shapes)
    assert decide_lie(far, coarse, 2).apart(*shapes[::-1])


# Carrying -----------------------------------------------------------------------------

SIZES = st.sampled_from([0.1, 0.25, 1.0, 3.0])
PLACES = st.builds(
    dict,
    scale=st.tuples(SIZES, SIZES),
    translate=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    units=st.sampled_from([("um", "um"), ("nm", "nm"), ("mm", "mm")]),
)


@given(
    reference=PLACES,
    moving=PLACES,
    shift=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
)
@settings(max_examples=50, deadline=None)
def test_the_aligned_layer_lies_where_the_shift_says(reference, moving, shift):
    """The law: each pixel lies on the pixel of the reference that it belongs to."""
    one, other = image(**reference), image((9, 8), "b", **moving)
    lie = decide_lie(one, other, 2)
    place = carried(other, carry(one, other, lie, shift))
    made = image((9, 8), **place)
    belongs = lie.matrix.copy()
    belongs[:-1, -1] += shift
    found = pixel_map(made, one)
    np.testing.assert_allclose(found, belongs, atol=1e-6 * np.abs(belongs).max())
    # Not a pixel is touched, nor is its size.
    np.testing.assert_allclose(place["scale"], moving["scale"])
    assert made.units == other.units


@pytest.mark.parametrize(
    "place",
    [
        {"rotate": 20},
        {"shear": [0.3]},
        {"affine": [[0, 2, 3], [-1, 0, 4], [0, 0, 1]]},
    ],
    ids=["turned", "sheared", "affine"],
)
def test_layers_that_lie_askew_are_carried_too(place):
    one = image(scale=(0.5, 0.5), **place, **MICRON)
    other = image(scale=(0.25, 0.25), **place, **MICRON)
    shift = (3, -4)
    lie = decide_lie(one, other, 2)
    made = image(**carried(other, carry(one, other, lie, shift)))
    belongs = lie.matrix.copy()
    belongs[:-1, -1] += shift
    np.testing.assert_allclose(pixel_map(made, one), belongs, atol=1e-9)


@pytest.mark.parametrize("bare", ["reference", "moving"])
def test_what_had_no_pixel_size_gets_that_of_the_reference(coarse, bare):
    plain = image(name="plain")
    one, other = (plain, coarse) if bare == "reference" else (coarse, plain)
    by = carry(one, other, decide_lie(one, other, 2), (2, -3))
    made = image(**carried(other, by))
    np.testing.assert_allclose(pixel_map(made, one) @ (0, 0, 1), (2, -3, 1), atol=1e-9)
    np.testing.assert_allclose(made.scale, one.scale)
    assert made.units == one.units
    np.testing.assert_array_equal(made.affine.affine_matrix, np.eye(3))


def test_axes_before_the_image_stay_as_they_are(coarse):
    movie = image(
        (5, 20, 30),
        scale=(3, 200, 200),
        translate=(7, 0, 0),
        units=("s", "nm", "nm"),
        axis_labels=("t", "y", "x"),
    )
    place = carried(movie, carry(coarse, movie, decide_lie(coarse, movie, 2), (1, 2)))
    np.testing.assert_allclose(place["translate"], (7, 400, 800))
    assert place["units"] == movie.units
    assert place["axis_labels"] == movie.axis_labels


def test_what_lies_over_the_moving_image_lies_over_it_afterwards(coarse, fine):
    by = carry(coarse, fine, decide_lie(coarse, fine, 2), (1.5, -2))
    made = image((40, 35), **carried(fine, by))
    others = (
        Points([(1, 2)], scale=(0.5, 0.5), translate=(11, 22), **MICRON),
        Labels(np.zeros((5, 5), int), scale=(300, 300), units=("nm", "nm")),
        Points([(1, 2)], scale=(500, 500), rotate=15),
        Points([(1, 2, 3)], scale=(2, 100, 100), units=("s", "nm", "nm")),
    )
    for layer in others:
        assert why_not(layer, by) == ""
        _, look, kind = layer.as_layer_data_tuple()
        copy = type(layer)(layer.data, **{**look, **carried(layer, by)})
        np.testing.assert_allclose(
            pixel_map(copy, made, 2), pixel_map(layer, fine, 2), atol=1e-6, err_msg=kind
        )


def test_what_cannot_be_carried_says_why(coarse, fine):
    by = carry(coarse, fine, decide_lie(coarse, fine, 2), (0, 0))
    assert "measured in s" in why_not(image(units=("s", "s")), by)
    volumes = Image(np.zeros((3, 4, 5))), Image(np.zeros((3, 4, 5)), name="b")
    deep = carry(*volumes, decide_lie(*volumes, 3), (0, 0, 0))
    assert "2 axes, the image 3" in why_not(Points([(1, 2)]), deep)


@pytest.mark.parametrize("place", [{}, {"rotate": 20}, {"affine": np.diag([2, 3, 1])}])
def test_a_resampled_image_lies_on_the_pixels_of_the_reference(place):
    one = image(scale=(0.5, 0.3), translate=(4, 5), **place, **MICRON)
    movie = image((5, 9, 8), scale=(2, 100, 100), translate=(3, 0, 0))
    made = image((5, 20, 30), **grid_place(movie, one, 2))
    np.testing.assert_allclose(pixel_map(made, one, 2), np.eye(3), atol=1e-9)
    assert made.scale[0] == 2
    assert made.translate[0] == 3
    assert made.units[1:] == one.units


def test_a_resampled_image_has_the_names_of_the_axes_that_have_any():
    names = ("t", "row", "column")
    movie = image((5, 9, 8), axis_labels=names)
    assert grid_place(movie, image(), 2)["axis_labels"] == names
    named = image(axis_labels=("y", "x"))
    assert grid_place(movie, named, 2)["axis_labels"] == ("t", "y", "x")
