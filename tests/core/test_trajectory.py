"""Trajectories from pairs: exact where pairs agree, robust and honest where not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign.core.trajectory import PairShifts, linked, solve


def pairs_of(path, lags, std=0.05, errors=None):
    """All pairs of a path over some lags in time."""
    ends = [(t - k, t) for t in range(len(path)) for k in lags if t >= k]
    a, b = np.array(ends).T
    shift = path[b] - path[a]
    shift = shift if errors is None else shift + errors(a, b)
    return PairShifts(a, b, shift, np.full(shift.shape, std))


def random_path(rng, n, ndim=2):
    return np.cumsum(rng.normal(size=(n, ndim)), axis=0)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 25),
    st.integers(1, 3),
    st.sets(st.integers(1, 6), min_size=1, max_size=4),
    st.integers(0, 99),
)
def test_pairs_that_agree_give_the_path_exactly(n, ndim, lags, seed):
    path = random_path(np.random.default_rng(seed), n, ndim)
    pairs = pairs_of(path, sorted({1} | lags))
    origin = seed % n
    found = solve(pairs, n, origin)
    np.testing.assert_allclose(found.shifts, path - path[origin], atol=1e-7)
    assert np.all(found.std[origin] == 0)
    assert np.all(np.delete(found.std, origin, axis=0) > 0)


def test_the_order_and_the_direction_of_pairs_do_not_matter():
    rng = np.random.default_rng(0)
    path = random_path(rng, 12)
    noise = rng.normal(scale=0.1, size=(12, 12, 2))
    pairs = pairs_of(path, (1, 2, 4), errors=lambda a, b: noise[a, b])
    order = rng.permutation(len(pairs.reference))
    turned = PairShifts(
        pairs.moving[order], pairs.reference[order], -pairs.shift[order],
        pairs.std[order],
    )  # fmt: skip
    one, other = solve(pairs, 12, 0), solve(turned, 12, 0)
    np.testing.assert_allclose(one.shifts, other.shifts, atol=1e-8)
    np.testing.assert_allclose(one.std, other.std, rtol=1e-6)
    np.testing.assert_allclose(one.residual, other.residual, rtol=1e-6)


def test_wrong_pairs_have_no_say():
    rng = np.random.default_rng(1)
    path = random_path(rng, 40)

    def errors(a, b):
        out = rng.normal(scale=0.05, size=(len(a), 2))
        wrong = rng.random(len(a)) < 0.15
        out[wrong] += rng.uniform(-20, 20, (wrong.sum(), 2))
        return out

    found = solve(pairs_of(path, range(1, 9), errors=errors), 40, 0)
    assert np.abs(found.shifts - path + path[0]).max() < 0.15


def test_better_pairs_count_more():
    """Of two ways to a frame the one with the smaller error decides."""
    pairs = PairShifts(
        np.array([0, 0]), np.array([1, 1]),
        np.array([[1.0], [1.2]]), np.array([[0.01], [0.1]]),
    )  # fmt: skip
    found = solve(pairs, 2, 0)
    assert found.shifts[1, 0] == pytest.approx(1.002, abs=0.001)


@pytest.mark.parametrize(
    ("own", "shared", "walk"), [(0.1, 0, 0), (0.05, 0.05, 0), (0.05, 0.03, 0.02)]
)
def test_the_standard_error_is_that_of_the_errors(own, shared, walk):
    """Errors of a pair's own, of a frame's own, and of a scene that changes."""
    deviations = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        path = random_path(rng, 40)
        of_frame = rng.normal(scale=shared / np.sqrt(2), size=(40, 2))
        of_steps = np.cumsum(rng.normal(scale=walk, size=(40, 2)), axis=0)
        rest = of_frame + of_steps
        pairs = pairs_of(
            path,
            range(1, 9),
            errors=lambda a, b: (
                rng.normal(scale=own, size=(len(a), 2)) + rest[b] - rest[a]  # noqa: B023
            ),
        )
        gap = (pairs.moving - pairs.reference)[:, None]
        std = np.sqrt(own**2 + shared**2 + walk**2 * gap) * np.ones(2)
        net = PairShifts(pairs.reference, pairs.moving, pairs.shift, std)
        found = solve(net, 40, 0)
        deviations.append((found.shifts - path + path[0])[1:] / found.std[1:])
    # 12 x 39 x 2 errors, neighbours in time alike: some 100 of their own.
    assert 0.75 < np.sqrt(np.mean(np.square(deviations))) < 1.25


def test_the_residual_tells_which_frame_does_not_fit():
    rng = np.random.default_rng(2)
    path = random_path(rng, 20)

    def errors(a, b):
        # Pairs of frame 7 contradict each other: no place fits them.
        bad = (a == 7) | (b == 7)
        return np.where(bad[:, None], rng.normal(scale=2, size=(len(a), 2)), 0)

    found = solve(pairs_of(path, range(1, 5), errors=errors), 20, 0)
    assert np.argmax(found.residual) == 7
    assert found.residual[7] > 1
    assert np.median(found.residual) < 0.8


def test_without_loops_there_is_no_residual():
    path = random_path(np.random.default_rng(3), 6)
    found = solve(pairs_of(path, (1,)), 6, 0)
    assert np.isnan(found.residual).all()
    # The errors of all steps add up, where nothing says that they are shared.
    np.testing.assert_allclose(found.std[:, 0], 0.05 * np.sqrt(np.arange(6)))


def test_frames_that_nothing_links_have_no_place():
    path = random_path(np.random.default_rng(4), 6)
    pairs = pairs_of(path, (1, 2))
    apart = pairs[(pairs.moving < 4) | (pairs.reference >= 4)]
    found = solve(apart, 6, 0)
    assert np.isfinite(found.shifts[:4]).all()
    assert np.isnan(found.shifts[4:]).all()
    assert linked(apart, 6).tolist() == [0, 0, 0, 0, 1, 1]
    alone = solve(apart[apart.reference > 9], 6, 2)
    assert np.isfinite(alone.shifts).sum() == 2
