import numpy as np
import pytest

from maskalign._napari.history import History
from maskalign.errors import DriftTableError
from maskalign.model.drift_table import DriftTable

NAN = np.nan


@pytest.fixture
def found():
    shifts = [(0, 0), (1, -1), (NAN, NAN), (3, -3), (4, -4), (5, -5)]
    status = ["ok", "ok", "blank", "ok", "unsure", "ok"]
    return DriftTable.from_shifts(shifts, status=status, ncc=[0.9] * 6)


@pytest.fixture
def history(found):
    return History.of(found)


def test_every_step_can_be_undone_one_by_one(history, found):
    steps = [
        lambda h: h.exclude([1]),
        lambda h: h.set_shift(2, 0, 7.5),
        lambda h: h.flag_outliers(),
        lambda h: h.repair(),
        lambda h: h.smooth(2),
        lambda h: h.jitter(2),
    ]
    now = history
    for step in steps:
        now = step(now)
        assert now.said
    for _ in steps:
        assert now.undoable
        now = now.undo()
    assert not now.undoable
    assert now.now == found
    assert now.undo().now == found


def test_a_shift_is_set_by_hand(history):
    now = history.set_shift(3, 1, -8.0).now
    assert now.shifts[3].tolist() == [3, -8]
    assert now.status[3] == "manual"


def test_a_frame_without_a_shift_gets_the_others_from_its_neighbours(history):
    now = history.set_shift(2, 0, 9.0).now
    assert now.shifts[2].tolist() == [9, -2]


def test_a_frame_that_was_left_out_comes_back_as_it_was(history, found):
    now = history.exclude([1]).smooth(1).undo().include([1]).now
    assert now == found


def test_a_doubtful_frame_is_accepted(history):
    now = history.include([4]).now
    assert now.status[4] == "manual"
    assert now.shifts[4].tolist() == [4, -4]


def test_a_doubtful_frame_that_was_left_out_is_doubtful_again(history):
    assert history.exclude([4]).include([4]).now.status[4] == "unsure"


def test_what_has_no_shift_cannot_be_used(history):
    with pytest.raises(DriftTableError, match=r"Frame 2: .* Type one"):
        history.include([2])


def test_outliers_are_named():
    shifts = [(t, -t) for t in range(12)]
    shifts[7] = (40, 3)
    now = History.of(DriftTable.from_shifts(shifts)).flag_outliers()
    assert now.said == "Outliers: frame 7."
    assert now.now.status[7] == "outlier"


def test_smooth_and_jitter_share_the_motion_between_them():
    rng = np.random.default_rng(0)
    shifts = np.cumsum(rng.normal(size=(30, 2)), axis=0)
    history = History.of(DriftTable.from_shifts(shifts))
    slow, quick = history.smooth(3).now.shifts, history.jitter(3).now.shifts
    np.testing.assert_allclose(slow + quick, shifts, atol=1e-9)
    assert np.abs(np.diff(slow, axis=0)).max() < np.abs(np.diff(shifts, axis=0)).max()


def test_what_was_undone_can_be_brought_back_until_something_else_is_done():
    start = History.of(DriftTable.from_shifts([(0, 0), (3, -4), (2, 2)]))
    edited = start.exclude([1]).set_shift(2, 0, 9.0)
    back = edited.undo().undo()
    assert back.now == start.now
    assert not back.undoable
    once = back.redo()
    assert once.now == edited.undo().now
    assert once.said == "Left out frame 1."
    again = once.redo()
    assert again.now == edited.now
    assert again.words == edited.words
    assert not again.redoable
    assert again.redo() is again
    assert not edited.undo().exclude([0]).redoable
