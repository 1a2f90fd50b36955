"""Resistances in a net are variances of least squares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign.core.resistance import resistances


def inverse_diagonal(first, second, weight, n):
    """Invert the whole normal matrix."""
    normal = np.zeros((n, n))
    for i, j, w in zip(first, second, weight, strict=True):
        row = np.zeros(n)
        for node, sign in ((i, 1), (j, -1)):
            if node >= 0:
                row[node] += sign
        normal += w * np.outer(row, row)
    return np.diag(np.linalg.inv(normal))


def net(n, lags, rng):
    """Return frames over those so many before them; the last one is ground."""
    pairs = [(t - k, t) for t in range(n + 1) for k in lags if t >= k]
    first, second = np.array(pairs).T
    first, second = (np.where(a == n, -1, a) for a in (first, second))
    return first, second, rng.uniform(0.1, 9, len(pairs))


@pytest.mark.parametrize("n", [1, 2, 9, 60])
@pytest.mark.parametrize("lags", [(1,), (1, 2, 3, 4), (1, 7, 30)])
def test_they_are_the_diagonal_of_the_inverse(n, lags):
    pairs = net(n, lags, np.random.default_rng(n))
    np.testing.assert_allclose(
        resistances(*pairs, n), inverse_diagonal(*pairs, n), rtol=1e-10
    )


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_any_net_will_do(n, seed):
    rng = np.random.default_rng(seed)
    # A tree from the ground up, so that all are connected, and any pairs besides.
    tree = np.array([(int(rng.integers(-1, k)), k) for k in range(n)])
    more = np.array([rng.choice(np.arange(-1, n), 2, replace=False) for _ in range(5)])
    first, second = np.concatenate([tree, more]).T
    shuffled = np.append(rng.permutation(n), -1)
    pairs = shuffled[first], shuffled[second], rng.uniform(0.1, 9, n + 5)
    np.testing.assert_allclose(
        resistances(*pairs, n), inverse_diagonal(*pairs, n), rtol=1e-9
    )


def test_far_links_are_folded_into_the_band():
    first, second, weight = net(80, (1, 2), np.random.default_rng(0))
    far = np.array([3, 40]), np.array([75, -1])
    pairs = (
        np.append(first, far[0]),
        np.append(second, far[1]),
        np.append(weight, [9] * 2),
    )
    np.testing.assert_allclose(
        resistances(*pairs, 80), inverse_diagonal(*pairs, 80), rtol=1e-10
    )


def test_weights_may_differ_by_any_factor():
    """Resistors in a row add up, however faint the one that holds the rest."""
    n = 1000
    weight = np.ones(n)
    weight[0] = 1e-30
    found = resistances(np.arange(-1, n - 1), np.arange(n), weight, n)
    np.testing.assert_allclose(found, 1e30, rtol=1e-12)
    weight[0] = 1e9
    found = resistances(np.arange(-1, n - 1), np.arange(n), weight, n)
    np.testing.assert_allclose(found, 1e-9 + np.arange(n), rtol=1e-12)
