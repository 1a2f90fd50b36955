"""Reading images so that noise is smoothed alike wherever they are moved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskalign.core.pixels import Pixels, Valid
from maskalign.core.steady import read_steadily

SHAPE = (60, 70)
INSIDE = (slice(12, -12), slice(12, -12))


def pixels(values, valid=None):
    valid = np.ones(values.shape, bool) if valid is None else valid
    return Pixels(np.where(valid, values, 0), Valid.of(valid))


def ramp(shift=(0, 0)):
    y, x = np.indices(SHAPE)
    return 0.3 * (y - shift[0]) - 0.2 * (x - shift[1])


@given(st.floats(-4, 4), st.floats(-4, 4))
def test_content_goes_by_the_shift(y, x):
    moved, valid = read_steadily(pixels(ramp()), (y, x))
    assert valid[INSIDE].all()
    np.testing.assert_allclose(moved[INSIDE], ramp((y, x))[INSIDE], atol=1e-3)


@pytest.mark.parametrize("fraction", [(0.5, 0.5), (0.25, -0.4), (0, 0.5)])
def test_every_fraction_smooths_noise_alike(fraction):
    noise = np.random.default_rng(0).normal(size=(300, 300))
    still, _ = read_steadily(pixels(noise), (0, 0))
    moved, _ = read_steadily(pixels(noise), fraction)
    inside = (slice(10, -10),) * 2
    assert moved[inside].std() == pytest.approx(still[inside].std(), rel=2e-3)


def test_whole_pixels_move_what_is_read_without_a_shift():
    noise = np.random.default_rng(1).normal(size=SHAPE)
    still, _ = read_steadily(pixels(noise), (0, 0))
    moved, valid = read_steadily(pixels(noise), (3, -5))
    assert np.array_equal(moved[3:, :-5], still[:-3, 5:])
    assert valid[3:, :-5].all()
    assert not valid[:3].any()
    assert not valid[:, -5:].any()
    assert not moved[~valid].any()


def test_what_is_not_valid_does_not_enter():
    valid = np.ones(SHAPE, bool)
    valid[20:30, 20:40] = False
    moved, known = read_steadily(pixels(ramp(), valid), (0.3, 1.6))
    # Off by less than what half a window of valid pixels may lie aside.
    assert abs(moved - ramp((0.3, 1.6)))[known].max() < 0.6
    assert not known[22:29, 24:39].any()
    assert known[INSIDE].mean() > 0.8


def test_a_shift_beyond_the_image_leaves_nothing():
    moved, valid = read_steadily(pixels(ramp()), (1000, 0))
    assert not valid.any()
    assert not moved.any()


def test_an_axis_of_one_pixel_is_left_alone():
    image = ramp()[np.newaxis]
    moved, valid = read_steadily(pixels(image), (0, 0, 0))
    flat, _ = read_steadily(pixels(image[0]), (0, 0))
    assert valid.all()
    np.testing.assert_allclose(moved[0], flat)
