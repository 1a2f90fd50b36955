"""Movies with known drift."""

import numpy as np
import pytest
from scipy import ndimage

#: Where the window on the scene stands in each frame; minus that is not the shift:
#: content further up in a frame (a window further down) is shifted down to come back.
PATH = np.array([(0, 0), (2, -1), (5, 3), (-4, 6), (1, 1), (-6, -6)])


@pytest.fixture(scope="session")
def scene():
    field = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=(120, 130)), 2)
    return np.round(1000 + 200 * field / field.std()).astype("u2")


@pytest.fixture
def movie(scene):
    """uint16, shape (6, 64, 72); its shifts relative to frame 0 are `PATH`."""
    return np.stack([scene[20 + y : 84 + y, 20 + x : 92 + x] for y, x in PATH])


@pytest.fixture
def path():
    return PATH.astype(float)
