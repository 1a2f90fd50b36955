import numpy as np
import pytest

from maskalign import Movie, place_of
from maskalign.errors import AxesError

MICRON = {"scale": (0.5, 0.25), "units": ("µm", "µm"), "origin": (3, -7)}


def image(shape=(8, 9), axes="YX", **calibration):
    return Movie(np.zeros(shape), axes, **calibration)


def world(movie, position):
    letters = movie.spatial_axes
    scale, origin = (movie.along(name, letters) for name in ("scale", "origin"))
    return np.array(origin) + np.array(scale) * position


@pytest.mark.parametrize(
    ("unit", "per_micron"), [("µm", 1), ("nm", 1000), ("mm", 1e-3), ("microns", 1)]
)
def test_the_same_place_in_the_world(unit, per_micron):
    reference = image(**MICRON)
    moving = image(scale=(2, 3), units=(unit, unit), origin=(5, 6))
    there = (place_of(moving, reference) @ (4, 2, 1))[:-1]
    np.testing.assert_allclose(
        world(reference, there) * per_micron, world(moving, (4, 2))
    )
    back = place_of(reference, moving)
    np.testing.assert_allclose(back @ place_of(moving, reference), np.eye(3), atol=1e-9)


def test_images_without_calibration_lie_corner_on_corner():
    np.testing.assert_array_equal(place_of(image(), image((4, 4))), np.eye(3))


def test_only_spatial_axes_count_whatever_their_order():
    reference = image((2, 8, 9), "TYX", scale=(9, 0.5, 0.25), units=("s", "nm", "µm"))
    moving = image((9, 8, 3), "XYC", scale=(2, 3, 1), units=("µm", "nm", "pixel"))
    expected = np.diag([3 / 0.5, 2 / 0.25, 1])
    np.testing.assert_allclose(place_of(moving, reference), expected)


def test_what_does_not_fit_is_refused():
    with pytest.raises(AxesError, match="has the axes zyx, the reference yx"):
        place_of(image((3, 8, 9), "ZYX"), image())
    with pytest.raises(ValueError, match="Along y the moving image is"):
        place_of(image(), image(**MICRON))
