"""The shift of every window of a grid, on scenes whose motion is known."""

import numpy as np
import pytest
from scipy import ndimage

from maskalign import DisplacementMap, MaskError, displacement_map, register
from maskalign.model.map_options import DisplacementOptions


@pytest.fixture(scope="module")
def bent():
    """A reference, a moving image and the shift that brings each pixel back."""
    field = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(170, 190)), 2)
    field /= field.std()
    y, x = np.mgrid[:130, :150].astype(float)
    shift = np.stack(
        [3 * np.sin(2 * np.pi * x / 300), 2 * np.cos(2 * np.pi * y / 260) - 1]
    )
    # The pixel p of the moving image shows what lies on p + shift of the reference.
    moving = ndimage.map_coordinates(field, [y + 20 + shift[0], x + 20 + shift[1]])
    return field[20:150, 20:170], moving, shift


def at_centres(found, field):
    """Return a field at the middle of each window."""
    grid = np.meshgrid(*found.centres, indexing="ij")
    return np.stack([ndimage.map_coordinates(part, grid, order=1) for part in field])


def test_it_finds_a_motion_that_one_shift_cannot_undo(bent):
    reference, moving, shift = bent
    found = displacement_map(reference, moving, window=32, max_shift=8)
    assert isinstance(found, DisplacementMap)
    assert found.ok.all()
    error = found.shift - at_centres(found, shift)
    # A window sees the mean of a shift that changes by two pixels across it.
    assert np.sqrt(np.mean(error**2)) < 0.15
    assert (found.ncc > 0.9).all()
    single = register(reference, moving, max_shift=8)
    spread = np.array(single.shift).reshape(2, 1, 1) - at_centres(found, shift)
    assert np.sqrt(np.mean(spread**2)) > 1


def test_windows_are_where_it_says():
    scene = np.random.default_rng(0).normal(size=(140, 170))
    reference, moving = scene[5:135, 10:160], scene[5:135, 10:160].copy()
    # The window in the second row and third column, and what is around it, has moved.
    moving[25:60, 70:130] = scene[32:67, 76:136]
    found = displacement_map(
        reference, moving, window=(20, 30), step=(25, 40), max_shift=5, subpixel=False
    )
    assert found.shape == (5, 4)
    assert (found.window, found.step) == ((20, 30), (25, 40))
    # Five windows span 120 of 130 pixels: five are left over to each side.
    np.testing.assert_array_equal(found.centres[0], 5 + 9.5 + 25 * np.arange(5))
    np.testing.assert_array_equal(found.centres[1], 14.5 + 40 * np.arange(4))
    expected = np.zeros((2, 5, 4))
    expected[:, 1, 2] = 2, -4
    np.testing.assert_array_equal(found.shift, expected)


def test_whole_pixels_are_exact_and_bands_have_names():
    scene = np.random.default_rng(0).normal(size=(80, 90))
    reference, moving = scene[8:72, 8:80], scene[11:75, 6:78]
    found = displacement_map(reference, moving, window=24, subpixel=False)
    bands = found.bands
    assert list(bands) == ["dy", "dx", "ncc"]
    assert (bands["dy"] == 3).all()
    assert (bands["dx"] == -2).all()
    # At the edges a part of the window has nothing to lie over.
    np.testing.assert_allclose(bands["ncc"], 1)


def test_swapping_the_images_turns_the_shifts_round(bent):
    reference, moving, _ = bent
    there = displacement_map(reference, moving, window=48, max_shift=8)
    back = displacement_map(moving, reference, window=48, max_shift=8)
    # Windows lie still in the one or the other image, so they see other pixels.
    np.testing.assert_allclose(there.shift, -back.shift, atol=0.25)


def test_three_dimensions():
    scene = np.random.default_rng(0).normal(size=(20, 50, 60))
    reference, moving = scene[4:16, 5:45, 6:54], scene[5:17, 3:43, 9:57]
    found = displacement_map(
        reference, moving, window=(64, 20, 24), max_shift=(2, 4, 4), subpixel=False
    )
    assert found.window == (12, 20, 24)
    assert list(found.bands) == ["dz", "dy", "dx", "ncc"]
    for name, shift in (("dz", 1), ("dy", -2), ("dx", 3)):
        assert (found.bands[name] == shift).all()


def test_what_is_masked_does_not_count(bent):
    reference, moving, shift = bent
    masks = []
    spoilt = []
    for seed, image in enumerate((reference, moving)):
        valid = np.ones(image.shape, bool)
        rng = np.random.default_rng(seed)
        for y, x in rng.integers(0, 110, size=(8, 2)):
            valid[y : y + 12, x : x + 12] = False
        masks.append(valid)
        # Still structure that would hold windows at zero.
        spoilt.append(np.where(valid, image, 50))
    given = {"window": 40, "max_shift": 8}
    blind = displacement_map(*spoilt, **given)
    found = displacement_map(
        *spoilt, reference_mask=masks[0], moving_mask=masks[1], **given
    )
    error = np.abs(found.shift - at_centres(found, shift))
    assert np.nanmax(error[:, found.ok]) < 0.5
    assert found.ok.mean() > 0.9
    missing = [np.where(v, s, np.nan) for v, s in zip(masks, spoilt, strict=True)]
    again = displacement_map(*missing, **given)
    np.testing.assert_array_equal(again.shift, found.shift)
    assert np.nanmax(np.abs(blind.shift - at_centres(blind, shift))) > 2


def test_windows_without_an_answer_say_why():
    scene = np.random.default_rng(0).normal(size=(64, 64))
    reference, moving = scene.copy(), scene.copy()
    reference[:16, :16] = 7
    valid, there = np.ones((2, *scene.shape), bool)
    valid[:16, 16:32] = False
    # No pixel is valid in both, and none in the moving image.
    valid[:16, 32:40] = False
    there[:16, 40:48] = False
    there[:16, 48:] = False
    found = displacement_map(
        reference,
        moving,
        window=16,
        step=16,
        max_shift=0,
        reference_mask=valid,
        moving_mask=there,
        subpixel=False,
    )
    assert found.status[0].tolist() == ["blank", "empty", "low-overlap", "empty"]
    assert np.isnan(found.shift[:, 0]).all()
    assert np.isnan(found.ncc[0]).all()
    assert not found.ok[0].any()
    assert (found.shift[:, 1:] == 0).all()


def test_a_shift_beyond_the_search_is_not_ok():
    scene = np.random.default_rng(0).normal(size=(110, 80))
    found = displacement_map(scene[20:100], scene[:80], window=32, max_shift=5)
    assert not found.ok.any()


def test_options_are_spread_over_the_axes():
    options = DisplacementOptions(window=16)
    assert options.along((8, 64, 64)) == ((8, 16, 16), (4, 8, 8), (2, 4, 4))
    options = DisplacementOptions(window=(4, 9, 9), step=3, max_shift=(1, 2, 2.5))
    assert options.along((8, 64, 64)) == ((4, 9, 9), (3, 3, 3), (1, 2, 2.5))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"moving": np.zeros((40, 41))}, ValueError, "Align them first"),
        ({"moving": np.zeros((40, 40), bool)}, TypeError, "bool"),
        ({"reference_mask": np.ones((3, 3))}, MaskError, r"\(3, 3\)"),
        ({"window": 0}, ValueError, "1 pixel or more"),
        ({"window": 3.5}, TypeError, "whole number"),
        ({"step": 0}, ValueError, "1 pixel or more"),
        ({"window": (8, 8, 8)}, ValueError, "3 entries"),
        ({"max_shift": (1, 2, 3)}, ValueError, "3 entries"),
        ({"max_shift": -1}, ValueError, "0 pixels or more"),
        ({"min_overlap": 2}, ValueError, "0 to 1"),
    ],
)
def test_what_does_not_fit_is_named(change, error, words):
    given = {"reference": np.zeros((40, 40)), "moving": np.zeros((40, 40))} | change
    with pytest.raises(error, match=words):
        displacement_map(**given)


def test_input_is_left_alone(bent):
    reference, moving, _ = (part.copy() for part in bent)
    reference[3, 3] = np.nan
    for array in (reference, moving):
        array.flags.writeable = False
    displacement_map(reference, moving, window=64)
