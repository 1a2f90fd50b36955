import pytest

from maskalign.io.calibration import Calibration


def test_what_is_not_known_is_one_pixel_at_zero():
    nothing = Calibration()
    assert nothing.scale("TYX") == (1, 1, 1)
    assert nothing.units("TYX") == ("pixel",) * 3
    assert nothing.origin("TYX") == (0, 0, 0)


def test_steps_follow_the_letters_of_the_axes():
    found = Calibration({"X": (0.1, "micron"), "Z": (0.5, "um"), "T": (2.0, "sec")})
    assert found.scale("TZYX") == (2, 0.5, 1, 0.1)
    assert found.units("XZT") == ("µm", "µm", "s")


@pytest.mark.parametrize(
    ("position", "unit", "expected"),
    [
        (1.5, "µm", 1.5),
        (0.25, "mm", 250.0),
        (7.0, "reference frame", 0.0),
        (7.0, "pixel", 0.0),
    ],
)
def test_positions_are_given_in_the_unit_of_their_axis(position, unit, expected):
    found = Calibration({"X": (0.1, "µm")}, {"X": (position, unit)})
    assert found.origin("YX") == pytest.approx((0, expected))


def test_a_position_in_pixels_fits_an_axis_in_pixels():
    assert Calibration({}, {"Y": (12.0, "pixel")}).origin("YX") == (12, 0)
