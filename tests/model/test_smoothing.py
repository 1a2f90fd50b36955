import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign import DriftTable, DriftTableError

few = settings(max_examples=25, deadline=None)


def table_of(seed, n=40):
    """Return a table of a random walk in which one frame in five is bad."""
    rng = np.random.default_rng(seed)
    shifts = np.cumsum(rng.normal(size=(n, 2)), axis=0)
    bad = rng.random(n) < 0.2
    bad[rng.integers(n)] = False
    shifts[bad] = np.nan
    return DriftTable.from_shifts(shifts)


def fitted(times, values, weights, at):
    """Return the value at a time of the weighted straight line, the slow way."""
    if len(times) == 1:
        return values[0]
    return np.polyfit(times - at, values, 1, w=np.sqrt(weights))[1]


@few
@given(st.integers(0, 1000), st.floats(0.8, 6))
def test_good_frames_lie_on_the_line_that_fits_those_around_them(seed, sigma):
    table = table_of(seed)
    (good,) = np.nonzero(table.ok)
    smooth = table.smoothed(sigma).shifts
    for at in good:
        weights = np.exp(-0.5 * ((good - at) / sigma) ** 2)
        for axis in range(2):
            line = fitted(good, table.shifts[good, axis], weights, at)
            # What lies more than five sigma away is left out.
            assert smooth[at, axis] == pytest.approx(line, abs=1e-3)


@few
@given(st.integers(0, 1000), st.floats(0.1, 100))
def test_slow_and_quick_motion_add_up(seed, sigma):
    table = table_of(seed)
    both = table.smoothed(sigma).compose(table.jitter(sigma))
    np.testing.assert_allclose(both.shifts, table.repaired().shifts, atol=1e-9)


@few
@given(st.floats(0.05, 500), st.floats(-20, 20))
def test_a_straight_line_is_slow_up_to_its_ends(sigma, velocity):
    line = np.arange(50.0)[:, None] * [velocity, 1]
    table = DriftTable.from_shifts(line)
    np.testing.assert_allclose(table.smoothed(sigma).shifts, line, atol=1e-6)
    np.testing.assert_allclose(table.jitter(sigma).shifts, 0, atol=1e-6)


def test_smoothing_removes_jitter_and_jitter_removes_slow_motion():
    t = np.arange(200.0)
    slow = np.column_stack([8 * np.sin(t / 40), 0.2 * t])
    quick = np.random.default_rng(0).normal(size=slow.shape)
    table = DriftTable.from_shifts(slow + quick)
    assert np.std(table.smoothed(4).shifts - slow) < 0.35
    assert np.std(table.jitter(4).shifts - quick) < 0.35


def test_smoothing_does_not_listen_to_bad_frames():
    shifts = np.random.default_rng(0).normal(size=(20, 2))
    status = np.where(np.arange(20) % 4, "ok", "unsure")
    tame = DriftTable.from_shifts(shifts, status=status)
    shifts[::4] = 1e6
    wild = DriftTable.from_shifts(shifts, status=status)
    np.testing.assert_array_equal(wild.smoothed().shifts, tame.smoothed().shifts)
    assert wild.smoothed().status.tolist() == status.tolist()


def test_bad_frames_lie_between_their_smoothed_neighbours():
    status = ["ok"] * 10 + ["blank"] * 30 + ["ok"] * 10 + ["blank"] * 3
    shifts = np.random.default_rng(0).normal(size=(53, 2))
    smooth = DriftTable.from_shifts(shifts, status=status).smoothed(1.5).shifts
    np.testing.assert_allclose(np.diff(smooth[9:41], n=2, axis=0), 0, atol=1e-9)
    np.testing.assert_array_equal(smooth[50:], smooth[[49, 49, 49]])


@pytest.mark.parametrize("sigma", [0, -1, np.nan, np.inf])
def test_what_is_no_time_is_refused(sigma):
    with pytest.raises(ValueError, match="more than 0 frames"):
        DriftTable.from_shifts(np.zeros((3, 2))).smoothed(sigma)


def test_nothing_good_is_nothing_to_smooth():
    nothing = DriftTable.from_shifts(np.full((3, 2), np.nan))
    for smooth in (nothing.smoothed, nothing.jitter):
        with pytest.raises(DriftTableError, match="3 unknown"):
            smooth()
