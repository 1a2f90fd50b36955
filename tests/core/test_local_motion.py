"""What the motions of many places have in common."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskalign.core.local_motion import fit_motion

GRID = np.array(
    [(y, x) for y in range(-90, 91, 30) for x in range(-120, 121, 30)], float
)
SMALL = st.floats(-0.05, 0.05)


def affine(places, t=(0, 0), s=0.0, turn=0.0, e=0.0, h=0.0):
    y, x = places.T
    return np.stack(
        [
            t[0] + s * y - turn * x + e * y + h * x,
            t[1] + s * x + turn * y - e * x + h * y,
        ],
        axis=1,
    )


def fit(motions, sigma=0.05, places=GRID):
    return fit_motion(places, motions, np.full(places.shape, sigma))


@given(st.tuples(SMALL, SMALL), SMALL, SMALL, SMALL, SMALL)
def test_an_affine_motion_is_found(t, s, turn, e, h):
    found = fit(affine(GRID, t, s, turn, e, h))
    np.testing.assert_allclose(found.values, [*t, s, turn, e, h], atol=1e-9)
    np.testing.assert_allclose(found.own, 0, atol=1e-7)


def test_standard_errors_are_those_of_many_trials():
    rng = np.random.default_rng(0)
    found = [fit(rng.normal(scale=0.05, size=GRID.shape)) for _ in range(200)]
    deviations = np.array([f.values / f.errors for f in found])
    assert deviations.std() == pytest.approx(1, abs=0.15)


def test_errors_that_were_claimed_too_small_are_noticed():
    rng = np.random.default_rng(1)
    found = [fit(rng.normal(scale=0.5, size=GRID.shape)) for _ in range(100)]
    deviations = np.array([f.values / f.errors for f in found])
    assert deviations.std() == pytest.approx(1, abs=0.2)


def test_a_part_that_moves_on_its_own_is_no_turn_of_the_whole():
    motions = affine(GRID, turn=0.01)
    motions += np.random.default_rng(2).normal(scale=0.05, size=GRID.shape)
    part = (GRID[:, 0] > 20) & (GRID[:, 1] > 50)
    motions[part] += (3, 0)
    found = fit(motions)
    assert found.values[3] == pytest.approx(0.01, abs=4 * found.errors[3])
    np.testing.assert_allclose(found.own[part], [(3, 0)] * part.sum(), atol=0.3)
    assert abs(found.own[~part]).max() < 0.3


def test_few_places_are_less_certain():
    rng = np.random.default_rng(3)
    few = GRID[[0, 2, 4, 20, 24, 40, 42, 44, 60]]
    many = [fit(rng.normal(scale=0.05, size=GRID.shape)).values[3] for _ in range(9)]
    found = [
        fit(rng.normal(scale=0.05, size=few.shape), places=few) for _ in range(100)
    ]
    deviations = np.array([f.values / f.errors for f in found])
    assert deviations.std() < 0.9
    assert np.std([f.values[3] for f in found]) > np.std(many)


def test_too_few_places_or_places_on_a_line_tell_nothing():
    assert fit(np.zeros((7, 2)), places=GRID[:7]) is None
    line = np.stack([np.zeros(20), np.arange(20.0)], axis=1)
    assert fit(np.zeros((20, 2)), places=line) is None
