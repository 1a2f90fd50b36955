import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import ndimage

from maskalign import (
    MaskError,
    NoContrastError,
    NoOverlapError,
    NoValidPixelsError,
    StaticStructureWarning,
    register,
)
from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import PreparedReference
from maskalign.core.register import match
from maskalign.core.validate import as_pixels


def ellipse(shape, centre, radii):
    grid = np.indices(shape)
    return (
        sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radii, strict=True))
        <= 1
    )


@pytest.mark.parametrize("shift", [(0, 0), (3, -5), (-11, 2), (0, 17)])
def test_the_shift_undoes_the_displacement(scene, shift):
    dy, dx = shift
    reference = scene[20:116, 20:124]
    moving = scene[20 + dy : 116 + dy, 20 + dx : 124 + dx]
    found = register(reference, moving, subpixel=False)
    assert found.shift == shift
    assert found.status == "ok"
    assert found.ncc > 0.99999
    assert found.drift == (-dy, -dx)


def test_a_volume_of_one_plane_is_an_image(pair):
    image = register(*pair)
    volume = register(*(plane[np.newaxis] for plane in pair))
    np.testing.assert_allclose(volume.shift, (0, *image.shift), atol=1e-6)
    np.testing.assert_allclose(volume.shift_std, (0, *image.shift_std), rtol=1e-3)
    assert volume.status == "ok"


def test_a_fraction_that_the_images_do_not_bear_out_is_unsure():
    """The tail of a Gaussian is the same everywhere, but for its brightness."""
    y, x = np.ogrid[:32, :32]
    tail = np.exp(-((y + 10.0) ** 2 + (x + 12.0) ** 2) / 8)
    moved = np.exp(-((y + 7.0) ** 2 + (x + 14.0) ** 2) / 8)
    found = register(tail, moved, max_shift=8)
    assert found.status != "ok"
    assert min(found.shift_std) > 0.8


def test_swapping_the_images_turns_the_shift_round(pair, holes):
    a, b = pair
    there = register(a, b, reference_mask=holes, moving_mask=holes)
    back = register(b, a, reference_mask=holes, moving_mask=holes)
    np.testing.assert_allclose(back.shift, [-s for s in there.shift], atol=1e-6)


def test_three_axes_with_their_own_limits():
    rng = np.random.default_rng(2)
    volume = ndimage.gaussian_filter(rng.normal(size=(30, 40, 50)), 1)
    reference, moving = volume[5:25, 5:35, 8:40], volume[3:23, 8:38, 2:34]
    found = register(reference, moving, max_shift=(4, 5, 8), subpixel=False)
    assert found.shift == (-2, 3, -6)
    assert found.status == "ok"
    assert len(found.shift_std) == 3


@pytest.mark.parametrize("dtype", ["f4", "u2"])
def test_the_same_shift_at_every_camera_offset(pair, dtype):
    a, b = (np.round(500 + 100 * image).astype(dtype) for image in pair)
    plain = register(a, b).shift
    for offset in (1_000, 10_000, 60_000):
        high = register(a + np.asarray(offset, dtype), b + np.asarray(offset, dtype))
        np.testing.assert_allclose(high.shift, plain, atol=1e-4)


def test_images_of_different_sizes_share_their_corner(scene):
    found = register(scene[:100, :100], scene[30:60, 50:90], subpixel=False)
    assert found.shift == (30, 50)


# The two examples of scikit-image's gallery page on masked registration.


def gallery_pair():
    from skimage import data

    image = data.camera()
    return image, np.roll(image, (-22, 13), (0, 1))


def test_a_quarter_of_the_pixels_corrupted_at_random():
    image, moved = gallery_pair()
    rng = np.random.default_rng(0)
    good = rng.random(image.shape) > 0.25
    corrupted = np.where(good, image, rng.integers(0, 256, image.shape))
    corrupted_moved = np.roll(corrupted, (-22, 13), (0, 1))
    good_moved = np.roll(good, (-22, 13), (0, 1))
    found = register(
        corrupted,
        corrupted_moved.astype(moved.dtype),
        reference_mask=good,
        moving_mask=good_moved,
        subpixel=False,
    )
    assert found.shift == (22, -13)


def test_a_different_ellipse_on_each_image():
    image, moved = gallery_pair()
    found = register(
        image,
        moved,
        reference_mask=ellipse(image.shape, (256, 256), (170, 100)),
        moving_mask=ellipse(image.shape, (240, 260), (110, 150)),
        subpixel=False,
    )
    assert found.shift == (22, -13)


# Sub-pixel -----------------------------------------------------------------------


def shifted(scene, shift):
    """The scene moved by a fraction of a pixel, exactly (it is periodic)."""
    return np.fft.ifftn(ndimage.fourier_shift(np.fft.fftn(scene), shift)).real


@pytest.mark.parametrize("shift", [(0.3, -0.4), (2.25, 1.5), (-0.1, 4.9)])
def test_fractions_of_a_pixel(scene, shift):
    moving = shifted(scene, [-s for s in shift])[20:116, 20:124]
    found = register(scene[20:116, 20:124], moving)
    # A paraboloid through a peak of this width errs by less than that.
    np.testing.assert_allclose(found.shift, shift, atol=0.02)


def test_the_reported_error_is_of_the_size_of_the_true_one(scene):
    rng = np.random.default_rng(11)
    shift = (0.2, -0.3)
    moving = shifted(scene, [-s for s in shift])
    errors, reported = [], []
    for _ in range(40):
        a, b = (
            (image + rng.normal(scale=0.5, size=image.shape))[20:116, 20:124]
            for image in (scene, moving)
        )
        found = register(a, b, max_shift=4)
        errors.append(np.subtract(found.shift, shift))
        reported.append(found.shift_std)
    ratio = np.sqrt(np.mean(np.square(errors))) / np.mean(reported)
    assert 0.5 < ratio < 3


def test_whole_pixels_on_request(scene):
    moving = shifted(scene, (0.3, 0.4))[20:116, 20:124]
    found = register(scene[20:116, 20:124], moving, subpixel=False)
    assert all(s == int(s) for s in found.shift)


# What cannot be known, and what is doubtful -----------------------------------------


def test_a_best_lag_at_the_edge_of_the_window_says_so(pair):
    assert register(*pair, max_shift=4).status == "at-limit"
    assert register(*pair, max_shift=6).status == "ok"


def test_an_axis_that_is_held_is_no_limit(scene):
    reference, moving = scene[20:116, 20:124], scene[23:119, 20:124]
    found = register(reference, moving, max_shift=(8, 0))
    assert found.status == "ok"
    np.testing.assert_allclose(found.shift, (3, 0), atol=0.01)


def test_a_negative_image_is_no_match(pair):
    assert register(pair[0], -pair[0], max_shift=0).status == "unsure"


def test_a_clear_peak_stands_out_more_than_noise(pair):
    noise = np.random.default_rng(0).normal(size=(2, 96, 104))
    assert register(*pair).peak_ratio > 1.5 > register(*noise).peak_ratio > 1


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"moving": np.full((96, 104), 5)}, NoContrastError, "moving is constant"),
        ({"reference": np.full((96, 104), np.nan)}, NoValidPixelsError, "reference"),
        ({"moving_mask": np.zeros((96, 104))}, NoValidPixelsError, "moving_mask"),
        ({"moving_mask": np.ones((96, 103))}, MaskError, r"\(96, 103\)"),
        ({"moving": np.ones((96, 104)) * 1j}, TypeError, "complex"),
        ({"moving": np.eye(96, 104) > 0}, TypeError, "bool"),
        ({"min_overlap": 1.5}, ValueError, "from 0 to 1, got 1.5"),
        ({"min_overlap": float("nan")}, ValueError, "nan"),
        ({"min_overlap": "much"}, TypeError, "'much'"),
        ({"max_shift": -1}, ValueError, "0 pixels or more"),
        ({"max_shift": (1, 2, 3)}, ValueError, "3 entries"),
        ({"max_shift": "far"}, TypeError, "far"),
    ],
)
def test_bad_input_is_named(pair, change, error, words):
    images = {"reference": pair[0], "moving": pair[1]} | change
    with pytest.raises(error, match=words):
        register(**images)


def test_disjoint_masks_have_no_answer(pair):
    left = np.zeros((96, 104), bool)
    left[:, :40] = True
    with pytest.raises(NoOverlapError, match=r"overlap of 0\.3"):
        register(*pair, reference_mask=left, moving_mask=~left, max_shift=3)


@pytest.mark.parametrize(
    "stored",
    [
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1][::-1],
        lambda a: a.astype(">f8"),
        lambda a: a.tolist(),
    ],
)
def test_how_an_array_is_stored_does_not_matter(pair, stored):
    assert register(*map(stored, pair)).shift == register(*pair).shift


@pytest.mark.parametrize(
    "dtype",
    [f"{kind}{size}" for kind in "ui" for size in (1, 2, 4, 8)]
    + ["f2", "f4", "f8", ">u2", ">i4", ">f4", np.longdouble],
)
def test_every_type_of_pixel_gives_the_same_shift(pair, holes, dtype):
    counts = [np.round(20 * image).clip(-60, 60) + 60 for image in pair]
    masks = {"reference_mask": holes, "moving_mask": holes}
    expected = register(*counts, **masks)
    found = register(*(image.astype(dtype) for image in counts), **masks)
    np.testing.assert_allclose(found.shift, expected.shift, atol=1e-4)
    assert found.ncc == pytest.approx(expected.ncc, abs=1e-6)
    assert found.overlap == expected.overlap


def test_files_mapped_into_memory_are_read_where_they_are(pair, holes, tmp_path):
    arrays = (*pair, holes)
    for k, array in enumerate(arrays):
        np.save(tmp_path / f"{k}.npy", array)
    a, b, valid = (np.load(tmp_path / f"{k}.npy", mmap_mode="r") for k in range(3))
    found = register(a, b, reference_mask=valid, moving_mask=valid)
    assert found == register(*pair, reference_mask=holes, moving_mask=holes)


# Static structure -------------------------------------------------------------------


def behind_dust(scene, shift):
    """Two frames of a scene that moves behind dust that does not."""
    dy, dx = shift
    rng = np.random.default_rng(7)
    dust = np.zeros((96, 104), bool)
    for y, x in rng.integers(8, 88, (12, 2)):
        dust |= ellipse(dust.shape, (y, x), (5, 5))
    frames = [scene[20:116, 20:124], scene[20 + dy : 116 + dy, 20 + dx : 124 + dx]]
    return [np.where(dust, 12, frame) for frame in frames], ~dust


def test_dust_pins_the_shift_unless_it_is_masked(scene):
    frames, valid = behind_dust(scene, (7, -9))
    with pytest.warns(StaticStructureWarning, match="Mask what stands still"):
        assert register(*frames, subpixel=False).shift == (0, 0)
    masks = {"reference_mask": valid, "moving_mask": valid}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert register(*frames, **masks, subpixel=False).shift == (7, -9)


@pytest.mark.parametrize("shift", [(0, 0), (0, -9), (7, -9)])
def test_what_is_right_is_not_warned_about(scene, shift):
    dy, dx = shift
    rng = np.random.default_rng(0)
    a, b = (
        image + 0.3 * rng.normal(size=image.shape)
        for image in (
            scene[20:116, 20:124],
            scene[20 + dy : 116 + dy, 20 + dx : 124 + dx],
        )
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert register(a, b, subpixel=False).shift == shift


def hot_pair(seed, motion, brightness):
    """A scene that moves behind 30 pixels that do not."""
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.normal(size=(148, 148)), 2)
    scene /= scene.std()
    y, x = motion
    images = scene[10:138, 10:138].copy(), scene[10 + y : 138 + y, 10 + x : 138 + x]
    hot = np.zeros((128, 128))
    hot[tuple(rng.integers(0, 128, (2, 30)))] = brightness
    return [im + rng.normal(scale=0.3, size=im.shape) + hot for im in images], hot != 0


@pytest.mark.parametrize("brightness", [40, -40])
@pytest.mark.parametrize("motion", [(2, -1), (0, 3), (-6, 5)])
def test_hot_pixels_that_hold_the_shift_suggest_a_mask(motion, brightness):
    images, hot = hot_pair(0, motion, brightness)
    with pytest.warns(StaticStructureWarning, match="hot pixels"):
        held = register(*images, max_shift=10)
    assert max(map(abs, held.shift)) < 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = register(*images, reference_mask=~hot, moving_mask=~hot, max_shift=10)
    np.testing.assert_allclose(found.shift, motion, atol=0.1)


@pytest.mark.parametrize("brightness", [0, 10, 40])
def test_hot_pixels_over_what_stands_still_hold_nothing(brightness):
    for seed in range(5):
        images, _ = hot_pair(seed, (0, 0), brightness)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = register(*images, max_shift=10)
        np.testing.assert_allclose(found.shift, 0, atol=0.1)


def test_what_is_done_with_is_let_go():
    """Surfaces and spectra of all lags, each three to five times a volume."""
    rng = np.random.default_rng(0)
    reference, moving = rng.normal(size=(2, 24, 128, 128)).astype(np.float32)
    valid = rng.random(moving.shape) > 0.1
    tracemalloc.start()
    register(reference, moving, reference_mask=valid, moving_mask=valid)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # What is worked on at a time, a megabyte or two, is no part of the law.
    assert most - 2**21 < 40 * moving.nbytes


def test_a_reference_for_once_gives_the_same():
    """Noise, for which the spectrum that was let go is made again."""
    rng = np.random.default_rng(1)
    pixels = [
        as_pixels(rng.normal(size=(40, 44)), None, name="image", mask_name="mask")
        for _ in range(2)
    ]
    window = LagWindow.within((40, 44), (40, 44), 12)
    found = []
    for once in (True, False):
        prepared = PreparedReference(pixels[0], window, once=once)
        terms = prepared.under(pixels[1].valid, 0.3)
        found.append(match(prepared, pixels[1], terms, subpixel=True))
    assert found[0] == found[1]
