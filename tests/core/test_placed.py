"""Two images of other pixel sizes: the world decides what is right."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from maskalign import register, register_placed, resample
from maskalign.core.placed import CommonGrid
from maskalign.errors import (
    EmptyBorderWarning,
    MaskError,
    NoContrastError,
    NoOverlapError,
    StaticStructureWarning,
)
from maskalign.model.options import MatchOptions


@pytest.fixture(scope="module")
def world():
    """A band-limited scene on a fine grid, whose unit is one of its pixels."""
    field = ndimage.gaussian_filter(
        np.random.default_rng(5).normal(size=(420, 440)), 6, mode="wrap"
    )
    return field / field.std()


def taken(world, shape, size, corner):
    """What a camera with pixels of a size sees, the corner of the first at a place."""
    size = np.broadcast_to(size, len(shape))
    first = np.array(corner) + size / 2 - 0.5
    return resample(world, affine(size, first), shape)


def affine(scale, offset):
    matrix = np.diag([*np.broadcast_to(scale, len(offset)), 1.0])
    matrix[:-1, -1] = offset
    return matrix


def place_of(size, corner, reference_size, reference_corner):
    """Where an image lies, in pixels of the reference, by sizes and corners."""
    ratio = np.asarray(size) / reference_size
    there = (np.array(corner) - reference_corner) / reference_size
    return affine(ratio, there + ratio / 2 - 0.5)


@pytest.mark.parametrize("size", [1.5, 2, 3.7, 5, 8.25])
@pytest.mark.parametrize("reference_size", [3, 2])
def test_a_known_offset_in_the_world_is_found(world, size, reference_size):
    """The same place in the world to a fraction of a pixel, whichever is the finer."""
    n = int(300 / reference_size)
    reference = taken(world, (n, n - 10), reference_size, (60, 50))
    shape = int(200 / size), int(210 / size)
    corner = np.array((101.3, 88.6))
    moving = taken(world, shape, size, corner)
    # The stage says something else.
    wrong = np.array((-13.7, 9.2))
    place = place_of(size, corner + wrong, reference_size, (60, 50))
    found = register_placed(reference, moving, place, max_shift=30 / reference_size)
    off = np.array(found.shift) * reference_size + wrong
    assert found.status == "ok"
    coarser = max(size, reference_size)
    assert np.abs(off).max() < 0.06 * coarser
    # Pixels that were taken by means are without noise, and yet no better than this.
    assert found.overlap > 0.9


def test_pixels_need_not_be_square(world):
    reference = taken(world, (60, 140), (5, 2), (40, 40))
    moving = taken(world, (90, 50), (2, 4), (80, 60))
    place = affine((2 / 5, 2), (0, 0))
    truth = place_of((2, 4), (80, 60), np.array((5, 2)), (40, 40))
    found = register_placed(reference, moving, place, min_overlap=0.6)
    np.testing.assert_allclose(found.shift, (truth - place)[:-1, -1], atol=0.2)


def test_on_one_grid_corner_on_corner_it_is_register(pair, holes):
    masks = {"reference_mask": holes, "moving_mask": holes}
    for options in ({}, {"max_shift": 9}, {"subpixel": False, "min_overlap": 0.5}):
        found = register_placed(*pair, np.eye(3), **masks, **options)
        assert found == register(*pair, **masks, **options)


@pytest.mark.parametrize("offset", [(4, -6), (0.25, 7.5), (-60, 3)])
def test_where_it_lies_now_is_taken_off(pair, offset):
    """On one grid nothing is interpolated: the same numbers, and another place."""
    straight = register(*pair)
    found = register_placed(*pair, affine(1, offset))
    np.testing.assert_allclose(np.array(found.shift) + offset, straight.shift)
    assert (found.ncc, found.overlap) == (straight.ncc, straight.overlap)
    assert found.shift_std == straight.shift_std


def test_it_is_searched_about_the_place(pair):
    """Only what lies within max shift of where it lies now."""
    right, wrong = affine(1, (5, -4)), affine(1, (40, 30))
    found = register_placed(*pair, right, max_shift=3)
    np.testing.assert_allclose(found.shift, (-2, -1), atol=0.1)
    elsewhere = register_placed(*pair, wrong, max_shift=3)
    assert np.abs(elsewhere.shift).max() < 4
    assert elsewhere.ncc < 0.9 < found.ncc


def test_swapping_the_images_turns_the_shift_round(world):
    reference = taken(world, (70, 80), 4, (60, 50))
    moving = taken(world, (90, 100), 2, (90, 90))
    place = place_of(2, (93, 84), 4, (60, 50))
    there = register_placed(reference, moving, place)
    back = register_placed(moving, reference, np.linalg.inv(place))
    np.testing.assert_allclose(np.array(there.shift) * 2, -np.array(back.shift))
    np.testing.assert_allclose(
        np.array(there.shift_std) * 2, np.array(back.shift_std), rtol=1e-6
    )


def test_what_lies_under_the_masks_does_not_matter(world):
    reference = taken(world, (70, 80), 4, (60, 50))
    moving = taken(world, (90, 100), 2, (90, 90))
    place = place_of(2, (93, 84), 4, (60, 50))
    valid = np.ones(reference.shape, bool)
    valid[30:45, 20:50] = False
    other = np.ones(moving.shape, bool)
    other[10:31, 50:91] = False
    masks = {"reference_mask": valid, "moving_mask": other}
    clean = register_placed(reference, moving, place, **masks)
    spoilt = np.where(valid, reference, 1e5), np.where(other, moving, -1e6)
    assert register_placed(*spoilt, place, **masks) == clean
    hidden = np.where(other, moving, np.nan)
    assert register_placed(spoilt[0], hidden, place, reference_mask=valid) == clean
    np.testing.assert_allclose(clean.shift, (-0.75, 1.5), atol=0.1)


def test_the_stated_error_is_that_of_the_coarser_image(world):
    """Two times in three, in pixels of the reference, whichever is finer."""
    fine, coarse = (
        taken(world, (150, 150), 2, (60, 60)),
        taken(world, (30, 30), 8, (80, 80)),
    )
    place = place_of(8, (80, 80), 2, (60, 60))
    rng = np.random.default_rng(1)
    off = []
    for _ in range(40):
        noisy = coarse + rng.normal(0, 0.7, coarse.shape)
        found = register_placed(fine, noisy, place, max_shift=20)
        off.append(np.array(found.shift) / found.shift_std)
    # The squares of 80 normal deviates: a mean of 1, within three of its errors.
    assert 0.5 < np.mean(np.square(off)) < 1.9


def test_flipped_pixels_are_followed(pair):
    reference, moving = pair
    n = len(moving)
    flipped = affine((-1, 1), (n - 1, 0))
    found = register_placed(reference, moving[::-1], flipped)
    np.testing.assert_allclose(found.shift, register(*pair).shift, atol=0.02)


def test_volumes(world):
    rng = np.random.default_rng(3)
    scene = ndimage.gaussian_filter(rng.normal(size=(40, 80, 84)), 3)
    reference = taken(scene, (10, 30, 30), (3, 2, 2), (2, 4, 6))
    moving = taken(scene, (26, 40, 44), (1, 1, 1), (6, 16, 18))
    place = place_of(1, (8, 13, 21), np.array((3, 2, 2)), (2, 4, 6))
    found = register_placed(reference, moving, place, max_shift=4)
    np.testing.assert_allclose(found.shift, (-2 / 3, 1.5, -1.5), atol=0.15)


@given(
    size=st.floats(1, 5),
    reference_size=st.floats(1, 5),
    corner=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    shape=st.tuples(st.integers(4, 40), st.integers(4, 40)),
)
@settings(max_examples=40, deadline=None)
def test_what_a_lag_means_is_kept_through_the_grid(size, reference_size, corner, shape):
    """A ramp is its own place: after the shift of a lag, both images read alike."""
    place = place_of(size, corner, reference_size, (0, 0))
    row, column = np.indices((30, 31))
    y, x = np.indices(shape)
    for k, (one, other) in enumerate(((row, y), (column, x))):
        # What each image shows is where it lies now, pixels of the reference.
        seen = place[k, k] * other + place[k, 2]
        grid = CommonGrid.of(one.astype(float), seen.astype(float), place)
        # At lag 0 the first pixels of both meet, moved by `first`; the mean of a ramp
        # over a part of a pixel is off by an eighth of that, at most.
        off = grid.reference[0, 0] - grid.moving[0, 0] - grid.first[k]
        assert abs(off) < (1 + place[k, k] ** 2) / (8 * grid.step[k]) + 1e-9
        steps = np.diff(grid.moving, axis=k)
        if steps.size:
            assert np.nanmean(steps) == pytest.approx(grid.step[k], rel=0.3)


def test_the_surface_has_its_peak_where_the_shift_is(world):
    reference = taken(world, (70, 80), 4, (60, 50))
    moving = taken(world, (90, 100), 2, (90, 90))
    place = place_of(2, (106, 78), 4, (60, 50))
    options = MatchOptions(max_shift=6)
    grid = CommonGrid.of(reference, moving, place)
    surface = grid.surface(options)
    best = np.unravel_index(np.nanargmax(surface.ncc), surface.shape)
    at = grid.step * surface.lag_at(best) + grid.first
    np.testing.assert_allclose(at, grid.register(options).shift, atol=0.51)
    np.testing.assert_allclose(at, (-4, 3), atol=0.51)


def test_dirt_of_the_camera_that_pins_the_images_is_warned_about(pair):
    """The stage has moved, and the best shift is none in pixels of the camera."""
    dirty = [np.array(image[:96, :104]) for image in pair]
    rows, columns = np.random.default_rng(7).integers(4, 88, (2, 14))
    for y, x in zip(rows, columns, strict=True):
        for image in dirty:
            image[y : y + 6, x : x + 6] = 12
    with pytest.warns(StaticStructureWarning, match="Mask what stands still"):
        found = register_placed(*dirty, affine(1, (5, -4)))
    np.testing.assert_allclose(found.shift, (-5, 4), atol=0.5)
    # Binned pixels are no longer those of a camera.
    with warnings.catch_warnings():
        warnings.simplefilter("error", StaticStructureWarning)
        register_placed(*dirty, affine(2, (5, -4)))


def test_an_empty_border_is_warned_about(world):
    reference = taken(world, (70, 80), 4, (60, 50)) + 9
    moving = taken(world, (90, 100), 2, (90, 90)) + 9
    moving[:12] = 0
    place = place_of(2, (90, 90), 4, (60, 50))
    with pytest.warns(EmptyBorderWarning, match="one of the images") as caught:
        register_placed(reference, moving, place, max_shift=5)
    # It points to who has called.
    assert caught[0].filename == __file__


@pytest.mark.parametrize("limit", [2, (2, 3)])
def test_images_that_lie_apart_are_told_how_far(pair, limit):
    with pytest.raises(NoOverlapError, match="lie 105 pixels of the reference apart"):
        register_placed(*pair, affine(1, (200, 0)), max_shift=limit)
    assert register_placed(*pair, affine(1, (200, 0))).status == "ok"


def test_bad_input_is_refused(pair):
    reference, moving = pair
    twice = affine(2, (0, 0))
    with pytest.raises(MaskError, match="moving_mask has shape"):
        register_placed(*pair, twice, moving_mask=np.ones((3, 3)))
    with pytest.raises(NoContrastError, match="moving is constant"):
        register_placed(reference, 0 * moving, twice)
    with pytest.raises(TypeError, match="moving has dtype bool"):
        register_placed(reference, moving > 0, twice)
    with pytest.raises(ValueError, match="both need two axes"):
        register_placed(reference, moving[0], twice)
    with pytest.raises(ValueError, match="place has shape"):
        register_placed(*pair, np.eye(2))
    with pytest.raises(ValueError, match="turned"):
        register_placed(*pair, [[0.8, 0.6, 0], [-0.6, 0.8, 0], [0, 0, 1]])


def test_inputs_are_left_alone(pair):
    images = [np.array(image) for image in pair]
    for image in images:
        image.flags.writeable = False
    register_placed(*images, affine(1.5, (3, 4)), max_shift=20)


def test_the_largest_shift_is_one_of_the_references_pixels(world):
    """However coarse the pixels are in which it is searched."""
    reference = taken(world, (140, 160), 2, (60, 50))
    moving = taken(world, (30, 30), 8, (80, 80))
    place = place_of(8, (80, 80), 2, (60, 50))
    place[:-1, -1] += 20
    far = register_placed(reference, moving, place, max_shift=20)
    np.testing.assert_allclose(far.shift, (-20, -20), atol=0.1)
    # 4 of them are one pixel of the coarser image: nothing further is looked at.
    near = register_placed(reference, moving, place, max_shift=4)
    assert np.abs(near.shift).max() <= 6
