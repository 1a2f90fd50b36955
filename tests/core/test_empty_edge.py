"""An edge that was filled, told from one that the sample leaves dark."""

import numpy as np
import pytest
from scipy import ndimage

from maskalign import EmptyBorderWarning, register
from maskalign.core.empty_edge import has_empty_edge
from maskalign.core.validate import as_pixels


def looked_at(image, mask=None):
    pixels = as_pixels(image, mask, name="image", mask_name="mask", constant_ok=True)
    return has_empty_edge(pixels)


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    return 100 + 10 * ndimage.gaussian_filter(rng.normal(size=(40, 50)), 1.5)


@pytest.mark.parametrize("fill", [0, 300, np.float32(99.5)])
@pytest.mark.parametrize(
    "edge", [np.s_[:3], np.s_[-1:], np.s_[:, :7], np.s_[:, -4:]], ids=str
)
def test_a_filled_edge_is_seen_on_every_side(picture, edge, fill):
    assert not looked_at(picture)
    picture[edge] = fill
    # A fill like the picture has no outline to be matched.
    assert looked_at(picture) == (abs(fill - 100) > 10)


def test_register_says_so_once(picture):
    moved = np.roll(picture, 2, axis=1)
    moved[:, :2] = 0
    with pytest.warns(EmptyBorderWarning, match="one of the images") as caught:
        register(picture, moved, max_shift=5)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_two_edges_of_a_volume(picture):
    volume = np.stack([picture + z for z in range(6)])
    volume[0] = volume[:, :5] = 0
    assert looked_at(volume)


def test_what_a_mask_leaves_out_is_no_edge(picture):
    picture[:3] = 0
    mask = np.ones(picture.shape, bool)
    mask[:3] = False
    assert not looked_at(picture, mask)


def test_a_sample_on_a_dark_ground_has_no_edge():
    ground = np.zeros((60, 60))
    ground[20:30, 25:40] = 50
    assert not looked_at(ground)
    assert not looked_at(np.rint(ndimage.gaussian_filter(ground, 6)))
    assert not looked_at(np.zeros((8, 8)))
    ground[5:58, -3:] = 9
    assert not looked_at(ground[:, ::-1])
    assert not looked_at(np.pad(ground, ((0, 0), (0, 4))))
