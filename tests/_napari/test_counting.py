"""A table counts pixels; layers with others are moved by as many more or fewer."""

import numpy as np
import pytest
from napari.layers import Image, Labels, Points, Surface, Vectors

from maskalign import DriftTable, apply_drift
from maskalign._napari.apply_to import moved_layer
from maskalign._napari.counting import footing, made_on_of, pixel_ratio, unfit
from maskalign.model.options import ApplyOptions

MICRONS = {"scale": (2, 0.5, 0.5), "units": ("s", "um", "um")}
#: Half the size, another unit, another origin.
FINE = {
    "scale": (2, 250, 250),
    "units": ("s", "nm", "nm"),
    "translate": (0, 9000, 19000),
}


@pytest.fixture
def table(true_shifts):
    return DriftTable.from_shifts(true_shifts.astype(float))


@pytest.fixture
def sized(table):
    """The table of a movie with pixels of half a micrometre."""
    return table.replace(scale=(0.5, 0.5), units=("µm", "µm"))


def moved(layer, table, made_on=None, **options):
    found = footing(layer, table, made_on)
    data, look, _ = moved_layer(
        layer, found.source, found.movie, table, ApplyOptions(**options)
    )
    return data, look, found.said


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ((0.2, "µm"), (0.2, "um"), 1),
        ((0.2, "µm"), (100, "nm"), 2),
        ((100, "nm"), (0.2, "micron"), 0.5),
        ((0.2, "µm"), (1, "pixel"), None),
        ((1, "pixel"), (0.2, "µm"), None),
        ((1, "pixel"), (0.5, "pixel"), None),
        ((2, "pixel"), (0.5, "pixel"), 4),
        ((0.2, "µm"), (2, "s"), None),
        ((3, "furlong"), (1, "furlong"), 3),
        ((0, "µm"), (0.2, "µm"), None),
    ],
)
def test_how_many_pixels_go_into_one(one, other, ratio):
    assert pixel_ratio(*one, *other) == ratio


def test_the_recorded_size_of_a_pixel_counts(movie, sized):
    fine = np.repeat(np.repeat(movie, 2, 1), 2, 2)
    data, look, said = moved(Image(fine, name="fine", **FINE), sized)
    np.testing.assert_array_equal(data, apply_drift(fine, 2 * sized.shifts))
    assert said == "2 of its pixels for each pixel of the table"
    own = look["metadata"]["maskalign"]["drift"]
    np.testing.assert_array_equal(own.shifts, 2 * sized.shifts)
    assert (own.scale, own.units) == ((250, 250), ("nm", "nm"))


def test_what_was_moved_carries_a_table_in_its_own_pixels(movie, sized):
    """So that the table may go on from there, to a layer with yet other pixels."""
    fine = np.repeat(np.repeat(movie, 2, 1), 2, 2)
    _, look, _ = moved(Image(fine, **FINE), sized)
    again, _, said = moved(
        Image(movie, **MICRONS), look["metadata"]["maskalign"]["drift"]
    )
    np.testing.assert_array_equal(again, apply_drift(movie, sized))
    assert said == "0.5 of its pixels for each pixel of the table"


def test_errors_are_as_large_as_the_shifts_that_they_belong_to(movie, sized):
    fine = np.repeat(np.repeat(movie, 2, 1), 2, 2)
    stated = sized.replace(
        shift_std=np.full(sized.shifts.shape, 0.1), residual=np.full(6, 0.2)
    )
    _, look, _ = moved(Image(fine, **FINE), stated)
    own = look["metadata"]["maskalign"]["drift"]
    np.testing.assert_allclose(own.shift_std, 0.2)
    np.testing.assert_allclose(own.residual, 0.4)


def test_pixels_of_unknown_size_are_taken_as_they_are_and_that_is_said(movie, table):
    layer = Image(movie, **MICRONS)
    data, _, said = moved(layer, table)
    np.testing.assert_array_equal(data, apply_drift(movie, table))
    assert "pixels as they are" in said
    sized = table.replace(scale=(0.5, 0.5), units=("µm", "µm"))
    data, _, said = moved(Image(movie), sized)
    np.testing.assert_array_equal(data, apply_drift(movie, table))
    assert "pixels as they are" in said


def test_the_movie_it_was_made_on_says_what_pixels_are(movie, table):
    fine = np.repeat(np.repeat(movie, 2, 1), 2, 2)
    made_on = Image(movie, **MICRONS)
    data, _, said = moved(Image(fine, **FINE), table, made_on)
    np.testing.assert_array_equal(data, apply_drift(fine, 2 * table.shifts))
    assert said == "2 of its pixels for each pixel of the table"
    _, _, said = moved(made_on, table, made_on)
    assert said == ""


def test_a_recorded_size_is_believed_more_than_that_of_the_movie(movie, sized):
    made_on = Image(movie, scale=(2, 0.25, 0.25), units=("s", "um", "um"))
    data, _, _ = moved(made_on, sized, made_on)
    np.testing.assert_array_equal(data, apply_drift(movie, 2 * sized.shifts))


def test_layers_whose_units_do_not_compare_keep_their_pixels(movie, sized):
    """Labels that a program has added without the calibration of the movie."""
    labels = Labels(movie.astype(int))
    data, _, said = moved(labels, sized, Image(movie, **MICRONS))
    np.testing.assert_array_equal(
        data, apply_drift(labels.data, sized, interpolation="nearest")
    )
    assert "pixels as they are" in said


def test_axes_in_another_order_count_in_units_too(movie, sized):
    stack = np.stack([movie, movie])
    layer = Image(
        stack,
        axis_labels=("c", "t", "y", "x"),
        scale=(1, 2, 1000, 1000),
        units=("pixel", "s", "nm", "nm"),
    )
    data, _, _ = moved(layer, sized, Image(movie, **MICRONS))
    np.testing.assert_allclose(data[1], apply_drift(movie, sized.shifts / 2))


@pytest.mark.parametrize("place", [MICRONS, FINE], ids=["same", "other pixels"])
def test_a_feature_stands_still_in_the_world(sized, place):
    """Points on one spot of the sample, moved, are at one place at all times."""
    factor = 1000 if place is FINE else 1
    world = 15.0 - 0.5 * sized.shifts  # micrometres
    offset = np.array(place.get("translate", (0, 0, 0)))[1:]
    pixels = (world * factor - offset) / np.array(place["scale"])[1:]
    layer = Points(np.column_stack([np.arange(6), pixels]), **place)
    data, look, _ = moved(layer, sized)
    after = Points(data, **{k: look[k] for k in ("scale", "translate", "units")})
    where = np.array([after.data_to_world(p) for p in after.data])[:, 1:] / factor
    np.testing.assert_allclose(where, 15.0, atol=1e-9)


@pytest.mark.parametrize("canvas", ["same", "union", "intersection"])
def test_a_pixel_stands_still_in_the_world_on_every_canvas(true_shifts, sized, canvas):
    movie = np.zeros((6, 64, 72), np.uint8)
    for frame, (y, x) in enumerate(true_shifts):
        movie[frame, 30 - y, 40 - x] = 200
    data, look, _ = moved(
        Image(movie, translate=(0, 3, 4), **MICRONS), sized, canvas=canvas
    )
    layer = Image(data, **{k: look[k] for k in ("scale", "translate", "units")})
    for frame in range(6):
        (at,) = np.argwhere(np.asarray(layer.data[frame]) == 200)
        world = layer.data_to_world((frame, *at))
        np.testing.assert_allclose(world[1:], (3 + 0.5 * 30, 4 + 0.5 * 40))


@pytest.mark.parametrize("place", [MICRONS, FINE], ids=["same", "other pixels"])
def test_there_and_back_again(sized, place):
    start = np.column_stack(
        [np.repeat(np.arange(6), 3), np.random.default_rng(0).uniform(0, 60, (18, 2))]
    )
    layer = Points(start, **place)
    there, _, _ = moved(layer, sized)
    assert np.abs(there - start).max() > 1
    back, _, _ = moved(Points(there, **place), sized.inverse())
    np.testing.assert_allclose(back, start, atol=1e-9)
    rows = np.stack([start, np.ones_like(start)], axis=1)
    there, _, _ = moved(Vectors(rows, **place), sized)
    back, _, _ = moved(Vectors(there, **place), sized.inverse())
    np.testing.assert_allclose(back, rows, atol=1e-9)


def test_labels_there_and_back_are_what_they_were_where_they_were_seen(movie, table):
    layer = Labels(movie.astype(int))
    there, _, _ = moved(layer, table)
    back, _, _ = moved(Labels(there), table.inverse())
    seen = np.asarray(back) > 0
    assert seen.mean() > 0.8
    np.testing.assert_array_equal(np.asarray(back)[seen], layer.data[seen])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda m: Image(m[:4]), "it has 4 frames, the table 6"),
        (
            lambda m: Labels(np.stack([m] * 2).astype(int)),
            "it has 2 frames, the table 6",
        ),
        (lambda m: Image(m[0]), "no time axis"),
        (lambda m: Points(np.zeros((2, 2))), "no time axis"),
        (lambda m: Image(m, axis_labels=("z", "y", "x")), "cannot be told"),
        (lambda m: Points(np.zeros((2, 3)), axis_labels=("z", "y", "x")), "be told"),
        (lambda m: Image(m.astype(complex).real > 90), "bool"),
        (
            lambda m: Surface((np.zeros((3, 3)), np.array([[0, 1, 2]]), np.ones(3))),
            "Surface",
        ),
    ],
)
def test_what_does_not_fit_says_how(movie, table, make, reason):
    layer = make(movie)
    assert reason in unfit(layer, table)
    with pytest.raises(ValueError, match=r"cannot be moved: "):
        footing(layer, table, None)


def test_of_an_image_in_colour_all_colours_are_moved(movie, table):
    colours = np.stack([movie, 255 - movie, movie // 2], axis=-1)
    data, _, _ = moved(Image(colours, rgb=True), table)
    assert data.shape == colours.shape
    for k in range(3):
        np.testing.assert_array_equal(data[..., k], apply_drift(colours[..., k], table))


def test_a_table_with_z_does_not_fit_planes(movie):
    table = DriftTable.from_shifts(np.zeros((6, 3)))
    assert unfit(Image(movie), table) == "the table moves along z, y, x, it has y, x"
    assert unfit(Image(np.stack([movie] * 2, axis=1)), table) == ""


def test_a_table_of_planes_leaves_z_where_it_is(movie, table):
    volume = np.stack([movie, 255 - movie], axis=1)
    data, _, _ = moved(Image(volume), table)
    np.testing.assert_array_equal(data[:, 1], apply_drift(255 - movie, table))


def test_the_movie_is_found_where_that_can_be_told(movie, table, sized):
    plain, fine = Image(movie, name="plain", **MICRONS), Image(movie, name="f", **FINE)
    assert made_on_of([plain, fine], table) is None
    assert made_on_of([fine, plain], sized) is plain
    assert made_on_of([fine, plain], table, fine) is fine
    twin = Image(movie, **MICRONS)
    assert made_on_of([Image(movie[:3]), plain, twin], table) is plain
    assert made_on_of([Labels(movie.astype(int))], table) is None
