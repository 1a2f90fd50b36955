"""Arrays on another grid."""

import numpy as np
import pytest
from scipy import ndimage

from maskalign.core.resample import on_grid, resample, sample
from maskalign.core.translate import translate


def place(linear, first):
    n = len(first)
    matrix = np.eye(n + 1)
    matrix[:n, :n], matrix[:n, n] = linear, first
    return matrix


@pytest.fixture
def array():
    return np.random.default_rng(3).integers(1, 99, size=(13, 17))


def by_hand(array, matrix, shape, outside):
    """Ask every pixel for its own."""
    out = np.full(shape, outside, array.dtype)
    for at in np.ndindex(*shape):
        there = np.floor((matrix @ (*at, 1))[:-1] + 0.5).astype(int)
        if all(0 <= i < n for i, n in zip(there, array.shape, strict=True)):
            out[at] = array[tuple(there)]
    return out


def test_on_its_own_grid_nothing_changes(array):
    np.testing.assert_array_equal(sample(array, np.eye(3), array.shape), array)


@pytest.mark.parametrize(
    ("linear", "first"),
    [
        (np.diag([0.37, 2.3]), (-1.2, 3.9)),
        (np.diag([-1, 1]), (12, 0)),
        ([[0.8, 0.45], [-0.45, 0.8]], (2.1, 4.2)),
        ([[0, 1], [1, 0]], (0, 0)),
    ],
    ids=["scaled", "flipped", "turned", "transposed"],
)
def test_every_pixel_has_the_value_of_the_nearest(array, linear, first):
    matrix = place(linear, first)
    found = sample(array, matrix, (11, 19), outside=7)
    np.testing.assert_array_equal(found, by_hand(array, matrix, (11, 19), 7))
    assert found.dtype == array.dtype
    assert (found == 7).any()


def test_a_part_at_a_time_is_all_of_it(array, monkeypatch):
    matrix = place([[0.8, 0.45], [-0.45, 0.8]], (2.1, 4.2))
    whole = sample(array, matrix, (11, 19))
    monkeypatch.setattr("maskalign.core.resample._PART_PIXELS", 40)
    np.testing.assert_array_equal(sample(array, matrix, (11, 19)), whole)


def test_volumes_and_booleans(array):
    volume = np.stack([array > 50, array > 20])
    matrix = place(np.diag([0.5, 1, 1]), (0, 2, 1))
    found = sample(volume, matrix, (4, 5, 6))
    assert found.dtype == bool
    for z, there in enumerate((0, 1, 1)):
        np.testing.assert_array_equal(found[z], volume[there, 2:7, 1:7])
    assert not found[3].any()


def test_pixels_half_as_large_come_in_pairs(array):
    # Corner on corner, the middle of a small pixel is never the edge of a large one.
    fine = sample(array, place(np.diag([0.5, 0.5]), (-0.25, -0.25)), (26, 34))
    np.testing.assert_array_equal(fine, np.kron(array, np.ones((2, 2), int)))


# Images -------------------------------------------------------------------------------


def smooth(shape, seed=0):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3)
    return 100 + 30 * field / field.std()


def test_a_larger_pixel_is_the_mean_of_what_it_covers():
    image = np.random.default_rng(0).normal(size=(12, 15))
    found = resample(image, place(np.diag([4, 3]), (1.5, 1)), (3, 5))
    expected = image.reshape(3, 4, 5, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_parts_of_pixels_count_in_part():
    image = np.array([[1.0, 10, 100, 1000, 10_000]])
    # Pixels of 2.5, the first from the middle of the first pixel on.
    found = resample(image, place(np.diag([1, 2.5]), (0, 1.25)), (1, 2), fill_value=-1)
    first = (0.5 * 1 + 10 + 100) / 2.5
    # Of the second 2 pixels lie in the image, and half of another beyond.
    np.testing.assert_allclose(found, [[first, 11_000 / 2]])


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_smaller_pixels_lie_on_the_scene(interpolation):
    scene = smooth((30, 40))
    found = resample(
        scene, place(np.diag([0.4, 0.5]), (3, 4)), (50, 60), interpolation=interpolation
    )
    y, x = np.mgrid[:50, :60]
    expected = ndimage.map_coordinates(scene, (3 + 0.4 * y, 4 + 0.5 * x), order=3)
    rms = np.sqrt(np.mean((found - expected) ** 2))
    assert rms < {"linear": 0.6, "cubic": 0.1}[interpolation]


def test_nothing_fine_is_left_to_alias():
    stripes = np.tile([0.0, 1.0], (64, 32))
    found = resample(stripes, place(np.diag([2, 2.1]), (0.5, 0.55)), (32, 30))
    # Single pixels would beat between 0 and 1.
    assert np.ptp(found) < 0.1


@pytest.mark.parametrize("dtype", ["u1", "i2", "u8", "f4", "f8"])
def test_the_dtype_stays_and_what_is_outside_is_filled(dtype):
    image = (100 * np.ones((8, 8))).astype(dtype)
    found = resample(image, place(np.diag([2, 2]), (-3.5, 0.5)), (6, 6), fill_value=7)
    assert found.dtype == image.dtype
    expected = np.full((6, 6), 7)
    expected[2:, :4] = 100
    np.testing.assert_array_equal(found, expected)


def test_nan_stays_where_it_is_and_is_not_the_fill():
    image = np.ones((8, 8), "f4")
    image[2:4, 2:4] = np.nan
    image[6, 6] = np.nan
    found = resample(image, place(np.diag([2, 2]), (0.5, 0.5)), (4, 5), fill_value=7)
    assert np.argwhere(np.isnan(found)).tolist() == [[1, 1]]
    # A mean of those that are known.
    assert found[3, 3] == 1
    assert (found[:, 4] == 7).all()


def test_on_a_grid_masks_are_respected():
    image = np.random.default_rng(0).normal(size=(8, 8))
    valid = np.ones((8, 8), bool)
    valid[0, 0] = valid[4:6, 4:6] = False
    spoilt = np.where(valid, image, 1e9)
    found = on_grid(spoilt, valid, place(np.diag([2, 2]), (0.5, 0.5)), (4, 4))
    assert np.argwhere(np.isnan(found)).tolist() == [[2, 2]]
    assert found[0, 0] == pytest.approx(image[:2, :2][valid[:2, :2]].mean())


def test_cubic_needs_all_that_it_is_made_of():
    image = np.ones((9, 9))
    image[4, 4] = np.nan
    at = place(np.diag([0.5, 0.5]), (0.25, 0.25))
    linear, cubic = (
        np.isnan(on_grid(image, None, at, (16, 16), kind)).sum()
        for kind in ("linear", "cubic")
    )
    # Of 2 x 2 taps one with more than half of the weight; 4 x 4 taps with any.
    assert (linear, cubic) == (4, 64)


def test_pixels_of_one_size_are_moved_as_ever():
    image = smooth((20, 22)).astype("u1")
    for interpolation in ("nearest", "linear", "cubic", "fourier"):
        found = resample(
            image, place(np.eye(2), (2.3, -4)), (9, 30), interpolation=interpolation
        )
        expected = translate(
            image, (-2.3, 4), interpolation=interpolation, shape=(9, 30)
        )
        np.testing.assert_array_equal(found, expected)


def test_nearest_leaves_values_as_they_are():
    labels = np.random.default_rng(0).integers(0, 9, (20, 20))
    at = place(np.diag([1.7, 0.6]), (0.2, 3))
    found = resample(labels, at, (10, 10), interpolation="nearest", fill_value=3)
    np.testing.assert_array_equal(found, sample(labels, at, (10, 10), outside=3))


@pytest.mark.parametrize(
    ("matrix", "complaint"),
    [
        (np.eye(2), "has shape"),
        (np.diag([1, 0, 1]), "can be undone"),
        (np.full((3, 3), np.nan), "can be undone"),
        ([[1, 0, 0], [0, 1, 0], [0, 1, 1]], "last row"),
        ([[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]], "turned"),
    ],
)
def test_places_that_are_none(matrix, complaint):
    with pytest.raises(ValueError, match=complaint):
        resample(np.ones((8, 8)), matrix, (8, 8))


def test_what_does_not_fit_is_refused():
    twice = np.diag([2, 2, 1])
    with pytest.raises(ValueError, match="axes of the image"):
        resample(np.ones((8, 8)), twice, (4, 4, 4))
    with pytest.raises(ValueError, match="does not fit pixels"):
        resample(np.ones((8, 8), "u1"), twice, (4, 4), fill_value=np.nan)
    with pytest.raises(ValueError, match="pixels of one size"):
        resample(np.ones((8, 8)), twice, (4, 4), fill_value="edge")
    with pytest.raises(TypeError, match="complex"):
        resample(np.ones((8, 8), complex), twice, (4, 4))


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_smaller_pixels_end_where_the_image_does(interpolation):
    image = np.ones((4, 4))
    at = place(np.diag([0.5, 0.5]), (-1.25, -0.25))
    found = on_grid(image, None, at, (12, 12), interpolation)
    expected = np.full((12, 12), np.nan)
    expected[2:10, :8] = 1
    np.testing.assert_array_equal(found, expected)


def test_what_is_nan_is_unknown_under_any_mask():
    image = np.ones((8, 8))
    image[:2, :2] = image[0, 2] = np.nan
    valid = np.ones((8, 8), bool)
    valid[6:, 6:] = False
    found = on_grid(image, valid, place(np.diag([2, 2]), (0.5, 0.5)), (4, 4))
    assert np.argwhere(np.isnan(found)).tolist() == [[0, 0], [3, 3]]
