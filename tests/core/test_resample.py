"""Arrays on another grid."""

import numpy as np
import pytest

from maskalign.core.resample import sample


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
