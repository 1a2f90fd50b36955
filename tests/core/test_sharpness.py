"""Detail that two images share."""

import numpy as np
import pytest
from scipy import ndimage

from maskalign.core.sharpness import shared_detail

ALL = np.ones((128, 128), bool)


@pytest.fixture(scope="module")
def scene():
    return ndimage.gaussian_filter(
        np.random.default_rng(0).normal(size=(128, 128)), 2, mode="wrap"
    )


def test_it_is_the_energy_of_the_gradient():
    _, x = np.indices((20, 20))
    wave = np.sin(0.3 * x)
    expected = np.mean((np.cos(0.3 * x) * np.sin(0.3))[:, 1:-1] ** 2)
    assert shared_detail(wave, wave, ALL[:20, :20]) == pytest.approx(expected)


def test_blur_takes_detail_away(scene):
    blurred = ndimage.gaussian_filter(scene, 2, mode="wrap")
    assert shared_detail(blurred, blurred, ALL) < 0.5 * shared_detail(scene, scene, ALL)


def test_noise_of_its_own_is_no_detail(scene):
    rng = np.random.default_rng(1)
    noisy = [scene + 0.1 * rng.normal(size=scene.shape) for _ in range(2)]
    clean = shared_detail(scene, scene, ALL)
    assert shared_detail(*noisy, ALL) == pytest.approx(clean, rel=0.1)
    assert shared_detail(noisy[0], noisy[0], ALL) > 2 * clean


def test_only_valid_pixels_count(scene):
    valid = ALL.copy()
    valid[40:60] = False
    dirty = np.where(valid, scene, 1e6)
    assert shared_detail(dirty, dirty, valid) == shared_detail(scene, scene, valid)


def test_nothing_valid_is_not_a_number(scene):
    assert np.isnan(shared_detail(scene, scene, ~ALL))
