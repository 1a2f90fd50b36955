"""What the best NCC of unrelated images looks like, and that it is not believed."""

import numpy as np
import pytest
from scipy import ndimage

from maskalign import register


def spots(rng, shape, number, *, brightness=1.0):
    """A dark image with spots of very different brightness."""
    image = np.zeros(shape)
    places = tuple(rng.integers(0, n, number) for n in shape)
    np.add.at(image, places, rng.lognormal(brightness, 1.0, number))
    return ndimage.gaussian_filter(image, 1.2)


def taken(rng, scene, corner, size=96, noise=0.02):
    view = scene[corner[0] : corner[0] + size, corner[1] : corner[1] + size]
    return view + rng.normal(scale=noise * scene.std(), size=view.shape)


@pytest.mark.parametrize("max_shift", [None, 20])
@pytest.mark.parametrize("number", [8, 25, 80])
def test_unrelated_spots_are_not_believed(number, max_shift):
    """One bright spot on another makes a high NCC, and means nothing."""
    believed = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        a, b = (taken(rng, spots(rng, (96, 96), number), (0, 0)) for _ in range(2))
        believed += register(a, b, max_shift=max_shift).status == "ok"
    # With so few spots to go by one may get through.
    assert believed <= 2


@pytest.mark.parametrize("number", [25, 80])
def test_noise_over_unrelated_spots_does_not_make_them_alike(number):
    """Filled with noise, the images are no longer dark with a few bright spots."""
    believed = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        a, b = (
            taken(rng, spots(rng, (96, 96), number), (0, 0), noise=2) for _ in range(2)
        )
        believed += register(a, b).status == "ok"
    assert believed <= 3


@pytest.mark.parametrize("noise", [0.02, 2])
@pytest.mark.parametrize("number", [25, 80])
def test_spots_that_are_the_same_are(number, noise):
    believed = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        scene = spots(rng, (116, 116), 2 * number)
        a, b = (
            taken(rng, scene, corner, noise=noise) for corner in [(10, 10), (6, 15)]
        )
        found = register(a, b)
        # Noise of twice the scene moves them by up to half a pixel.
        np.testing.assert_allclose(found.shift, (-4, 5), atol=0.1 + 0.3 * noise)
        believed += found.status == "ok"
    assert believed >= 9


def test_spots_on_a_picture_are_judged_as_a_picture():
    rng = np.random.default_rng(0)
    scene = ndimage.gaussian_filter(rng.normal(size=(116, 116)), 1.5)
    a, b = taken(rng, scene, (10, 10)), taken(rng, scene, (6, 15))
    a[40, 40] = b[70, 20] = 20 * scene.std()
    assert register(a, b).status == "ok"
