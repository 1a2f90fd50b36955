"""The fraction of a pixel, its error, and what chance looks like."""

import numpy as np
import pytest
from scipy import ndimage

from maskalign import register
from maskalign.core.blur import matched_blur
from maskalign.core.pixels import EROSION, HALO, Pixels, Valid
from maskalign.core.refine import _Overlap, _sums, _taps, _trim

SIZE = 96


def moved(scene, shift):
    """A periodic scene moved by a fraction of a pixel, exactly."""
    return np.fft.ifftn(ndimage.fourier_shift(np.fft.fftn(scene), shift)).real


def field(seed, shape=(2 * SIZE, 2 * SIZE), blur=2.0):
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.normal(size=shape), blur, mode="wrap")
    return scene / scene.std()


def views(seed, shift, snr=np.inf):
    """Two windows on one scene, and the Cramer-Rao bound of their shift."""
    rng = np.random.default_rng(1000 + seed)
    scene = field(seed)
    window = (slice(SIZE // 2, SIZE // 2 + SIZE),) * 2
    noise = 0 if np.isinf(snr) else 1 / snr
    images = [
        s[window] + noise * rng.normal(size=(SIZE, SIZE))
        for s in (scene, moved(scene, [-u for u in shift]))
    ]
    slopes = [np.sum(g**2) for g in np.gradient(scene[window])]
    return *images, np.sqrt(2 * noise**2 / np.array(slopes))


def trials(n, snr, **options):
    """Errors, reported errors and bounds of `n` random shifts."""
    errors, reported, bounds = [], [], []
    for seed in range(n):
        shift = np.random.default_rng(seed).uniform(-4, 4, 2)
        a, b, bound = views(seed, shift, snr)
        found = register(a, b, max_shift=8, **options)
        errors.append(found.shift - shift)
        reported.append(found.shift_std)
        bounds.append(bound)
    return np.array(errors), np.array(reported), np.array(bounds)


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


@pytest.mark.parametrize("shift", [(0.5, -0.5), (2.25, 1.6), (-0.1, 4.9), (0, 0)])
def test_without_noise_there_is_no_error(shift):
    a, b, _ = views(1, shift)
    np.testing.assert_allclose(register(a, b).shift, shift, atol=5e-4)


# Three standard errors of an rms over 40 pairs of errors are a quarter of it.


@pytest.mark.parametrize(("snr", "times"), [(10, 1.1), (2, 1.1), (0.5, 1.5)])
def test_noise_costs_what_it_must(snr, times):
    errors, _, bounds = trials(40, snr)
    assert 0.75 < rms(errors) / rms(bounds) < 1.25 * times


@pytest.mark.parametrize("snr", [1, 3, 10])
def test_errors_lie_within_one_sigma_two_times_in_three(snr):
    errors, reported, _ = trials(60, snr)
    share = np.mean(abs(errors) < reported)
    assert 0.55 < share < 0.81


def test_whole_pixels_report_their_rounding():
    errors, reported, _ = trials(10, 10, subpixel=False)
    assert rms(reported) == pytest.approx(12**-0.5, rel=0.01)
    assert abs(errors).max() < 0.55


def test_swapping_the_images_turns_the_shift_round():
    a, b, _ = views(3, (1.3, -2.6), snr=3)
    mask = np.ones(a.shape, bool)
    mask[20:40, 50:70] = False
    there = register(a, b, reference_mask=mask)
    back = register(b, a, moving_mask=mask)
    np.testing.assert_allclose(back.shift, [-s for s in there.shift], atol=1e-3)
    np.testing.assert_allclose(back.shift_std, there.shift_std, rtol=0.05)


def test_three_dimensions():
    scene = field(5, (48, 64, 72), blur=1.5)
    shift = (0.4, -1.7, 2.3)
    window = (slice(10, 38), slice(10, 54), slice(10, 62))
    rng = np.random.default_rng(0)
    a, b = (
        s[window] + 0.1 * rng.normal(size=(28, 44, 52))
        for s in (scene, moved(scene, [-u for u in shift]))
    )
    found = register(a, b, max_shift=(3, 5, 5))
    np.testing.assert_allclose(found.shift, shift, atol=4 * max(found.shift_std))
    assert max(found.shift_std) < 0.01
    # However the axes are laid out, each keeps its own number.
    turned = register(a.T, b.T, max_shift=(5, 5, 3))
    np.testing.assert_allclose(turned.shift[::-1], found.shift, atol=2e-3)


@pytest.mark.parametrize("share", [0, 0.25])
def test_static_dirt_and_bad_pixels_do_not_bias(share):
    """Dirt stands still while the scene moves: under the mask it must weigh nothing."""
    rng = np.random.default_rng(2)
    y, x = np.ogrid[:SIZE, :SIZE]
    good = ((y - 30) ** 2 + (x - 60) ** 2 > 150) & (abs(y - 70) > 3)
    good &= rng.random((SIZE, SIZE)) >= share
    errors = []
    for seed in range(12):
        shift = np.random.default_rng(seed).uniform(-3, 3, 2)
        a, b, bound = views(seed, shift, snr=5)
        for image in (a, b):
            image[~good] = 8
        found = register(a, b, reference_mask=good, moving_mask=good, max_shift=6)
        errors.append((found.shift - shift) / bound)
    # A quarter of bad pixels leaves 56 % of the pairs: 1.33 times the bound at best.
    assert rms(errors) < (1.5 if share == 0 else 2.0)


def test_what_interpolation_reaches_under_a_mask_weighs_nothing():
    """Without noise only the mask's edges are left to err: they must not."""
    y, x = np.ogrid[:SIZE, :SIZE]
    good = (y % 24 > 7) | (x % 24 > 7)
    for shift in ((0.5, 0.5), (1.3, -2.4)):
        a, b, _ = views(1, shift)
        found = register(a, b, reference_mask=good, moving_mask=good)
        np.testing.assert_allclose(found.shift, shift, atol=2e-3)


def test_pixels_are_eroded_by_what_interpolation_reaches():
    array = np.ones((20, 30), bool)
    array[10, 12] = False
    lost = np.argwhere(~Valid.of(array).eroded)
    assert len(lost) == (2 * EROSION + 1) ** 2
    assert abs(lost - [10, 12]).max() == EROSION


def test_missing_pixels_are_filled_smoothly():
    scene = field(4)
    good = np.random.default_rng(0).random(scene.shape) > 0.25
    filled = Pixels(np.where(good, scene, 0), Valid.of(good)).filled
    filled = filled[tuple(slice(HALO, HALO + n) for n in scene.shape)]
    np.testing.assert_array_equal(filled[good], scene[good])
    assert rms((filled - scene)[~good]) < 0.05


# Sums over tiles ----------------------------------------------------------------------


def moved_and_sloped(image, shift, blur):
    """Read an image, which has a halo, at p + shift, and its slopes: a sum a pixel."""
    for axis, (d, s) in enumerate(zip(shift, blur, strict=True)):
        image = ndimage.correlate1d(image, _taps(d, s), axis, mode="nearest")
    stencil = np.array([1, -8, 0, 8, -1]) / 12
    slopes = [ndimage.correlate1d(image, stencil, k) for k in range(image.ndim)]
    inner = (slice(HALO, -HALO),) * image.ndim
    return [part[inner] for part in (image, *slopes)]


@pytest.mark.parametrize("shape", [(20, 600), (37, 50), (5, 33, 18), (40, 16, 3)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_products_over_tiles_are_those_of_whole_images(shape, dtype):
    """However tiles and blocks of tiles divide the image."""
    rng = np.random.default_rng(0)
    images = [ndimage.gaussian_filter(rng.normal(size=shape), 1) for _ in range(2)]
    valid = np.ones(shape, bool)
    valid[3, 10:13] = False
    a, b = (
        Pixels(image.astype(dtype), Valid.of(v))
        for image, v in zip(images, (np.ones(shape, bool), valid), strict=True)
    )
    lag = [1, -2, 0][: len(shape)]
    overlap = _Overlap.at(a, b, lag)
    offset, blur = np.array([0.3, -0.4, 0.2])[: a.values.ndim], np.full(len(shape), 0.7)
    sums, slopes = _sums(overlap, offset, blur, 1)
    # The same with one array for each feature.
    n = [m - abs(u) for m, u in zip(shape, lag, strict=True)]
    trim = [_trim(m) for m in n]
    here = [max(u, 0) + t for u, t in zip(lag, trim, strict=True)]
    wide, features = [m - 2 * t + 2 * HALO for m, t in zip(n, trim, strict=True)], []
    for image, sign, start in (
        (a, 1, here),
        (b, -1, [s - u for s, u in zip(here, lag, strict=True)]),
    ):
        padded = np.pad(image.values.astype(float), HALO, mode="edge")
        view = padded[tuple(slice(s, s + m) for s, m in zip(start, wide, strict=True))]
        features.append(moved_and_sloped(view, sign * offset / 2, blur))
    inside = overlap.valid[tuple(slice(m - 2 * HALO) for m in wide)]
    assert inside.sum() == overlap.valid.sum() > 16
    values = [np.ones(inside.shape), features[0][0], features[1][0]]
    values += features[0][1:] + features[1][1:]
    flat = np.array([v[inside] for v in values])
    scale = np.linalg.norm(flat, axis=1)
    expected = flat @ flat.T / np.outer(scale, scale)
    close = {"atol": 1e-12 if dtype == "f8" else 1e-6}
    found = sums.sum(axis=0) / np.outer(scale[:3], scale)
    np.testing.assert_allclose(found, expected[:3], **close)
    k = 3 + len(shape)
    found = slopes / np.outer(scale[3:k], scale[k:])
    np.testing.assert_allclose(found, expected[3:k, k:], **close)


def test_the_reported_error_is_steady():
    """Small tiles make many independent scores: sigma differs little by chance."""
    _, reported, bounds = trials(20, 3)
    ratio = reported / bounds
    assert np.std(ratio) < 0.2 * np.mean(ratio)


# Blur ---------------------------------------------------------------------------------


def test_the_noisier_the_more_blur_and_the_wider_the_more():
    def blur(ncc, width):
        return matched_blur(ncc, -np.eye(2) * ncc / (2 * width**2))[0]

    assert blur(0.99, 2) < blur(0.5, 2) < blur(0.1, 2)
    assert blur(0.5, 1) < blur(0.5, 2) < blur(0.5, 4)


def test_low_noise_images_are_found_at_all():
    """A sixteenth of the power is signal: the highest lag is not the best one."""
    errors, _, _ = trials(30, 0.25)
    assert np.mean(abs(errors).max(axis=1) < 1.5) == 1


# Chance -------------------------------------------------------------------------------


@pytest.mark.parametrize("blur", [0.5, 1, 2, 4, 8])
def test_unrelated_images_are_never_ok(blur):
    for seed in range(8):
        a, b = (field(seed + k, blur=blur)[:SIZE, :SIZE] for k in (0, 500))
        found = register(a, b, max_shift=12)
        assert found.status != "ok"
        assert max(found.shift_std) > 0.5


def test_faint_but_real_images_are_ok():
    for seed in range(8):
        a, b, _ = views(seed, (1.5, -2.5), snr=0.5)
        assert register(a, b, max_shift=12).status == "ok"


def test_uneven_light_does_not_hide_a_real_match():
    """A vignette shared by both images leaves few independent pixels by itself."""
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    light = 6 * np.exp(-(y**2) - x**2)
    a, b, _ = views(2, (3, -4), snr=2)
    found = register(a + 0 * light, b, max_shift=20)
    lit = register(a + light, b + np.roll(light, (-3, 4), (0, 1)), max_shift=20)
    assert found.status == lit.status == "ok"
    np.testing.assert_allclose(lit.shift, (3, -4), atol=0.1)


def test_a_periodic_scene_is_ambiguous():
    y, x = np.mgrid[:SIZE, :SIZE]
    rng = np.random.default_rng(0)
    grid = np.sin(2 * np.pi * x / 12) * np.sin(2 * np.pi * y / 12)
    a, b = (grid + 0.1 * rng.normal(size=grid.shape) for _ in range(2))
    assert register(a, b, max_shift=30).status == "ambiguous"
    assert register(a, b, max_shift=4).status == "ok"


@pytest.mark.parametrize(
    ("planes", "worst"), [(2, 0.5), (3, 0.1), (5, 0.02), (8, 0.01)]
)
def test_thin_stacks_know_how_well_they_know_z(planes, worst):
    """Beyond the first and the last plane there is nothing to interpolate with."""
    deviations, errors = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        volume = ndimage.gaussian_filter(
            rng.normal(size=(planes + 20, 64, 64)), (1.5, 2, 2), mode="wrap"
        )
        volume /= volume.std()
        drift = np.r_[rng.uniform(-0.45, 0.45), rng.uniform(-2, 2, 2)]
        moved = np.fft.ifftn(ndimage.fourier_shift(np.fft.fftn(volume), drift)).real
        view = (slice(10, 10 + planes), slice(8, 56), slice(8, 56))
        a, b = (
            v[view] + rng.normal(0, 0.05, (planes, 48, 48)) for v in (volume, moved)
        )
        found = register(a, b, max_shift=(min(planes - 1, 2), 6, 6))
        errors.append(np.add(found.shift, drift))
        deviations.append(errors[-1] / found.shift_std)
    errors, deviations = np.abs(errors), np.abs(deviations)
    assert errors[:, 0].max() < worst
    assert errors[:, 1:].max() < 0.03
    # Of twelve to eighteen numbers one may lie beyond three sigma.
    assert np.sqrt(np.mean(np.square(deviations), axis=0)).max() < 2


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("size", [16, 24])
def test_small_images_know_how_well_they_know_the_shift(size, masked):
    """As images, and as regions of a larger one that a mask leaves."""
    deviations = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        scene = ndimage.gaussian_filter(rng.normal(size=(96, 96)), 1.5, mode="wrap")
        drift = rng.uniform(-1.5, 1.5, 2)
        moved = np.fft.ifft2(ndimage.fourier_shift(np.fft.fft2(scene), drift)).real
        whole = slice(8, 88) if masked else slice(30, 30 + size)
        a, b = (
            (view / scene.std() + rng.normal(0, 0.1, scene.shape))[whole, whole]
            for view in (scene, moved)
        )
        mask = None
        if masked:
            mask = np.zeros(a.shape, bool)
            mask[20 : 20 + size, 20 : 20 + size] = True
        found = register(a, b, reference_mask=mask, max_shift=4)
        deviations.append(np.add(found.shift, drift) / found.shift_std)
    # The mean square of 32 deviations, 1 but for an error of a quarter.
    assert 0.4 < np.mean(np.square(deviations)) < 2


def test_of_too_few_pixels_nothing_tells_the_error():
    image = np.random.default_rng(0).normal(size=(8, 8))
    found = register(image, image, max_shift=2)
    assert found.status == "unsure"
    assert min(found.shift_std) >= 1
