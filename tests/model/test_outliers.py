import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from maskalign import DriftTable

T = 60
NAN = float("nan")
few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10_000)


def walk(seed, n=T, step=0.5):
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(scale=step, size=(n, 2)), axis=0)


def flags(shifts, how=None, **columns):
    """Return the numbers of the frames that are flagged."""
    flagged = DriftTable.from_shifts(shifts, **columns).flag_outliers(**(how or {}))
    return np.flatnonzero(flagged.status == "outlier").tolist()


def shaken(seed):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, size=(T, 2))


def exact(changed, n=50, motion=walk):
    """Return in how many of so many random movies just the right frames are flagged.

    `changed` takes a trajectory and a generator of random numbers, changes the one and
    returns the frames that are to be flagged.
    """
    right = 0
    for seed in range(n):
        shifts = motion(seed)
        expected = changed(shifts, np.random.default_rng(seed))
        right += flags(shifts) == expected
    return right


def test_one_wrong_frame_is_found_and_no_other():
    def changed(shifts, rng):
        at = rng.integers(T)
        shifts[at, rng.integers(2)] += rng.choice([-1, 1]) * rng.uniform(12, 1e4)
        return [at]

    assert exact(changed, 100) >= 98


@few
@given(
    seeds,
    st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
    st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)),
)
def test_a_steady_drift_however_fast_changes_nothing(seed, velocity, start):
    shifts = shaken(seed)
    shifts[[20, 41, 42, 43]] += [(9, 0), *[(-7, 30)] * 3]
    moving = shifts + np.arange(T)[:, None] * velocity + start
    assert flags(moving) == flags(shifts)
    assert {20, 41, 42, 43} <= set(flags(shifts))


@pytest.mark.parametrize("seed", range(10))
def test_a_movie_played_backwards_has_the_same_outliers(seed):
    shifts = shaken(seed)
    rng = np.random.default_rng(seed)
    shifts[[9, 20, 31, 46]] += rng.normal(scale=20, size=(4, 2))
    backwards = [T - 1 - frame for frame in flags(shifts[::-1])]
    assert flags(shifts) == backwards[::-1]


def test_frames_that_move_at_random_are_hardly_ever_flagged():
    walks = [flags(walk(seed, n=200)) for seed in range(10)]
    rng = np.random.default_rng(0)
    trembling = [flags(rng.normal(size=(200, 2))) for _ in range(10)]
    assert sum(map(len, walks + trembling)) <= 1


def test_a_movie_that_stands_still_has_no_outliers():
    rng = np.random.default_rng(0)
    assert flags(rng.normal(scale=0.03, size=(200, 3))) == []
    assert flags(np.zeros((200, 2))) == []


@pytest.mark.parametrize("period", [4.3, 8, 20, 90])
def test_a_movie_that_swings_has_no_outliers(period):
    phase = 2 * np.pi * np.arange(200)[:, None] / period
    rng = np.random.default_rng(0)
    swing = 20 * np.sin(phase + np.array([0, 1])) + rng.normal(
        scale=0.05, size=(200, 2)
    )
    assert flags(swing) == []


@pytest.mark.parametrize(
    ("motion", "length", "n", "missed"),
    [*[(walk, length, 40, 1) for length in range(1, 7)], (shaken, 3, 200, 0)],
)
def test_a_run_is_an_outlier_up_to_half_the_window(motion, length, n, missed):
    def changed(shifts, rng):
        at = rng.integers(8, T - 10)
        shifts[at : at + length] += (-15, 15)
        return list(range(at, at + length)) if length <= 3 else []

    assert exact(changed, n, motion) >= n - missed


def test_a_jump_that_stays_is_none():
    def changed(shifts, rng):
        shifts[rng.integers(3, T - 2) :] += rng.uniform(-1e3, 1e3, 2)
        return []

    assert exact(changed, 100) >= 98


def test_a_jump_in_the_last_frame_cannot_be_told_from_an_outlier():
    shifts = walk(0)
    shifts[-1] += 15
    assert flags(shifts) == [T - 1]


def test_a_blurred_frame_on_the_way_to_a_new_place_is_an_outlier():
    shifts = walk(0)
    shifts[30:] += (40, 0)
    shifts[30] = shifts[29] + (15, -9)
    assert flags(shifts) == [30]


def test_outliers_close_together_do_not_hide_each_other():
    shifts = walk(1)
    shifts[[30, 32, 34, 37]] += [(20, 0), (-30, 9), (12, 0), (0, 25)]
    assert flags(shifts) == [30, 32, 34, 37]


def test_many_outliers_do_not_hide_each_other():
    there = found = wrong = 0
    for seed in range(15):
        shifts, rng = walk(seed, n=100), np.random.default_rng(seed)
        out = rng.random(100) < 0.15
        size = (out.sum(), 2)
        shifts[out] += rng.choice([-1, 1], size) * rng.uniform(10, 30, size)
        flagged = np.isin(np.arange(100), flags(shifts))
        there, found = there + out.sum(), found + (out & flagged).sum()
        wrong += (flagged & ~out).sum()
    assert found > 0.98 * there
    assert wrong <= 3


def test_a_stretch_that_shakes_is_believed():
    rng = np.random.default_rng(0)
    shifts = rng.normal(scale=0.02, size=(120, 2))
    shifts[40:80] += rng.normal(scale=3, size=(40, 2))
    assert flags(shifts) == []


@few
@given(seeds, st.floats(-1e6, 1e6) | st.just(NAN))
def test_frames_that_are_bad_already_have_no_say(seed, junk):
    rng = np.random.default_rng(seed)
    bad = rng.random(T) < 0.2
    assume(not bad[[24, 25, 26]].any())
    shifts, status = shaken(seed), np.where(bad, "unsure", "ok")
    shifts[25] += 15
    expected = flags(shifts, status=status)
    assert 25 in expected
    shifts[bad] = junk
    assert flags(shifts, status=status) == expected


def test_what_a_person_has_set_and_the_reference_are_never_flagged():
    shifts = walk(0)
    shifts[[0, 20, 30]] += 40
    status = np.where(np.arange(T) == 20, "manual", "ok")
    assert flags(shifts) == [0, 20, 30]
    assert flags(shifts, status=status, reference_frame=[0] * T) == [30]


def test_frames_are_not_told_apart_by_less_than_their_errors():
    shifts, std = np.zeros((T, 2)), np.full((T, 2), 0.01)
    shifts[30] = 3
    assert flags(shifts, shift_std=std) == [30]
    std[30] = 1
    assert flags(shifts, shift_std=std) == []


def test_a_limit_is_in_pixels_and_may_differ_between_axes():
    shifts = np.zeros((T, 2))
    shifts[10, 0] = shifts[20, 1] = 3
    only = {"n_sigmas": np.inf}
    assert flags(shifts, only) == []
    assert flags(shifts, only | {"limit": 2}) == [10, 20]
    assert flags(shifts, only | {"limit": (4, 2)}) == [20]
    assert flags(shifts, only | {"limit": (2, 4)}) == [10]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_few_frames_are_too_few_to_tell(n):
    rng = np.random.default_rng(n)
    assert flags(rng.normal(scale=20, size=(n, 2))) == []


def test_a_limit_helps_where_there_are_few():
    assert flags([(0, 0), (40, 0), (0, 0)], {"limit": 5}) == [1]


def test_the_numbers_stay_and_so_does_everything_else():
    shifts = walk(0)
    shifts[30] += 50
    table = DriftTable.from_shifts(shifts, ncc=np.linspace(0, 1, T))
    flagged = table.flag_outliers()
    assert flagged.replace(status=table.status) == table
    assert not flagged.ok[30]
    between = (shifts[29] + shifts[31]) / 2
    np.testing.assert_allclose(flagged.repaired().shifts[30], between)


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"window": 2}, ValueError, "3 steps or more, got 2"),
        ({"window": 7.0}, TypeError, "whole number, got 7.0"),
        ({"n_sigmas": 0}, ValueError, "more than 0"),
        ({"n_sigmas": NAN}, ValueError, "more than 0"),
        ({"limit": -1}, ValueError, "limit must be a number of pixels"),
        ({"limit": (1, 2, 3)}, ValueError, "for each of 2"),
    ],
)
def test_what_makes_no_test_is_refused(how, error, words):
    with pytest.raises(error, match=words):
        DriftTable.from_shifts(walk(0)).flag_outliers(**how)
