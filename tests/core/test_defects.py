import numpy as np
import pytest
from scipy import ndimage

from maskalign.core.defects import Defects
from maskalign.core.pixels import Valid
from maskalign.core.validate import as_pixels

SHAPE = (40, 50)


def look(image, valid=None):
    known = Valid.everywhere(image.shape) if valid is None else Valid.of(valid)
    return Defects.of(image, known)


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(10, 200, SHAPE).astype("u1")


def test_a_picture_has_none(picture):
    assert look(picture).at_top < 0.05
    assert look(picture).dead == 0


def test_what_is_at_the_top_is_counted_where_it_may_be_used(picture):
    picture[:20] = 255
    assert look(picture).at_top == 0.5
    valid = np.ones(SHAPE, bool)
    valid[:20] = False
    assert look(picture, valid).at_top < 0.05
    assert look(picture, np.zeros(SHAPE, bool)).at_top == 0


@pytest.mark.parametrize("turn", range(4))
def test_dead_lines_are_counted_from_any_edge(picture, turn):
    picture[:12] = 0
    turned = np.rot90(picture, turn)
    assert look(turned).dead == pytest.approx(12 / 40)


def test_dead_lines_inside_are_a_picture(picture):
    picture[5:30] = 0
    assert look(picture).dead == 0


def test_volumes(picture):
    volume = np.stack([picture] * 10)
    volume[:4] = 7
    assert look(volume).dead == pytest.approx(0.4)


def test_only_the_worse_of_two_is_called_bad(picture):
    plain, bright, cut = picture, picture.copy(), picture.copy()
    bright[:20] = 255
    cut[:20] = 0
    assert look(bright).beside(look(plain)) == "saturated"
    assert look(cut).beside(look(plain)) == "cut-off"
    assert look(cut).beside(look(plain), moved=0.4) is None
    assert look(plain).beside(look(bright)) is None
    assert look(bright).beside(look(bright)) is None


def sharpness(image, valid=None):
    known = Valid.everywhere(image.shape) if valid is None else Valid.of(valid)
    pixels = as_pixels(image, known, name="image", mask_name="mask")
    return Defects.of(image, known).focused(pixels).sharpness


@pytest.mark.parametrize("width", [1.0, 1.5, 2.5])
def test_sharpness_tells_the_width_of_structure_whatever_the_noise(width):
    rng = np.random.default_rng(1)
    scene = ndimage.gaussian_filter(rng.normal(size=(300, 300)), width, mode="wrap")
    scene /= scene.std()
    expected = 3 / (4 * width**2)
    assert sharpness(scene) == pytest.approx(expected, rel=0.1)
    noisy = scene + rng.normal(scale=0.7, size=scene.shape)
    assert sharpness(noisy) == pytest.approx(expected, rel=0.2)
    assert sharpness(100 + 3 * scene) == pytest.approx(sharpness(scene), rel=1e-6)


def test_what_is_noise_has_no_sharpness():
    rng = np.random.default_rng(2)
    assert np.isnan(sharpness(rng.normal(size=(100, 100))))
    assert np.isnan(sharpness(rng.normal(size=(3, 4))))
