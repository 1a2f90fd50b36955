import numpy as np
import pytest

from maskalign.core.validate import as_pixels, working_dtype
from maskalign.errors import MaskError, NoContrastError, NoValidPixelsError


def pixels(image, mask=None, **options):
    return as_pixels(image, mask, name="movie", mask_name="mask", **options)


RAMP = np.arange(20).reshape(4, 5)


@pytest.mark.parametrize(
    "dtype",
    [f"{kind}{size}" for kind in "ui" for size in (1, 2, 4, 8)]
    + ["f2", "f4", "f8", ">u2", ">f4", np.longdouble],
)
def test_every_real_dtype_becomes_the_same_pixels(dtype):
    found = pixels(RAMP.astype(dtype))
    assert found.values.dtype == working_dtype(dtype)
    expected = (RAMP - RAMP.mean()) / RAMP.std()
    np.testing.assert_allclose(found.values, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint64, np.int64])
def test_integers_too_large_for_a_float_lose_nothing(dtype):
    far = np.array(2**62, dtype) + RAMP.astype(dtype)
    np.testing.assert_allclose(pixels(far).values, pixels(RAMP).values, atol=1e-12)


def test_the_whole_range_of_int64():
    ends = np.array([[-(2**63), 2**63 - 1]], np.int64)
    np.testing.assert_allclose(pixels(ends).values, [[-1, 1]])


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1e30, 1e300])
def test_neither_overflow_nor_underflow(factor):
    np.testing.assert_allclose(
        pixels(RAMP * factor).values, pixels(RAMP * 1.0).values, atol=1e-12
    )


def test_invalid_pixels_are_exactly_zero_and_do_not_count():
    image = RAMP.astype(float)
    image[0, 0], image[1, 1], image[2, 2] = np.nan, np.inf, -np.inf
    mask = np.ones(image.shape, int)
    mask[3, 3] = 0
    found = pixels(image, mask)
    outside = [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert found.valid.count == 16
    assert all(found.values[p] == 0 and not found.valid.array[p] for p in outside)
    used = found.values[found.valid.array]
    np.testing.assert_allclose([used.mean(), used.std()], [0, 1], atol=1e-12)


@pytest.mark.parametrize("dtype", ["u2", "f4", "f8"])
def test_values_under_the_mask_do_not_matter_bit_for_bit(dtype):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 1000, (9, 11)).astype(dtype)
    mask = rng.random((9, 11)) > 0.3
    other = image.copy()
    other[~mask] = np.nan if np.dtype(dtype).kind == "f" else 65535
    a, b = pixels(image, mask), pixels(other, mask)
    np.testing.assert_array_equal(a.values, b.values)


def test_input_is_left_alone():
    image, mask = RAMP.astype("f4"), np.eye(4, 5, dtype=bool)
    image.flags.writeable = mask.flags.writeable = False
    pixels(image, mask)
    pixels(image)


@pytest.mark.parametrize(
    ("image", "mask", "error", "words"),
    [
        (RAMP + 1j, None, TypeError, "complex128.*np.abs"),
        (RAMP > 3, None, TypeError, "bool.*mask"),
        (RAMP.astype(str), None, TypeError, "real image"),
        (np.arange(5), None, ValueError, r"shape \(5,\)"),
        (np.zeros((0, 5)), None, ValueError, r"shape \(0, 5\)"),
        (np.zeros((1, 1, 5, 5)), None, ValueError, "three"),
        (RAMP, np.ones((5, 4)), MaskError, r"\(5, 4\).*\(4, 5\)"),
        (RAMP, np.ones((4, 5)).astype(str), TypeError, "mask has dtype"),
        (RAMP, np.zeros((4, 5)), NoValidPixelsError, "mask leaves none"),
        (RAMP * np.nan, None, NoValidPixelsError, "NaN"),
        (np.full((4, 5), 7), None, NoContrastError, r"constant \(7\)"),
        (RAMP, np.eye(4, 5) * [1, 0, 0, 0, 0], NoContrastError, "1 valid"),
    ],
)
def test_bad_input_is_named(image, mask, error, words):
    with pytest.raises(error, match=words):
        pixels(image, mask)


def test_constant_images_may_be_let_through():
    assert not pixels(np.full((4, 5), 7), constant_ok=True).values.any()
