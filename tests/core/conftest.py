"""Scenes with known truth, for the core."""

import numpy as np
import pytest
from scipy import ndimage


@pytest.fixture(scope="session")
def scene():
    """A band-limited random field, float64, standard deviation 1, shape (160, 180)."""
    field = ndimage.gaussian_filter(
        np.random.default_rng(5).normal(size=(160, 180)), 2, mode="wrap"
    )
    return field / field.std()


@pytest.fixture
def pair(scene):
    """A reference and a moving image whose shift is (3, -5)."""
    return scene[20:116, 20:124].copy(), scene[23:119, 15:119].copy()


@pytest.fixture
def holes():
    """Valid pixels of `pair`: everything but a disc and a bar."""
    y, x = np.ogrid[:96, :104]
    return ~(((y - 40) ** 2 + (x - 60) ** 2 < 300) | (abs(x - 20) < 4))
