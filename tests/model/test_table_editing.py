import numpy as np
import pytest

from maskalign import DriftTable, DriftTableError

NAN = float("nan")


@pytest.fixture
def table():
    return DriftTable(
        [(0, 0), (1, -1), (NAN, NAN), (40, 3), (4, -4)],
        ncc=[1, 0.9, NAN, 0.1, 0.8],
        shift_std=np.full((5, 2), 0.1),
        peak_ratio=[NAN, 3, NAN, 1.1, 2],
        status=["ok", "ok", "blank", "unsure", "ok"],
        reference_frame=[0] * 5,
        residual=[0.1] * 5,
        map_median=[1, 0.8, NAN, 0.1, 0.7],
        map_share=[1, 0.9, NAN, 0, 0.8],
    )


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (1, [1]),
        (np.int64(-1), [4]),
        ([0, -2], [0, 3]),
        (range(1, 4), [1, 2, 3]),
        (slice(3, None), [3, 4]),
        ([True, False, False, False, True], [0, 4]),
        ([], []),
    ],
)
def test_frames_are_left_out_on_request(table, frames, expected):
    left_out = table.exclude(frames)
    assert np.flatnonzero(left_out.status == "excluded").tolist() == expected
    assert left_out.replace(status=table.status) == table
    assert table.status.tolist() == ["ok", "ok", "blank", "unsure", "ok"]


def test_frames_left_out_are_filled_from_their_neighbours(table):
    whole = table.exclude(1).repaired()
    np.testing.assert_array_equal(whole.shifts, [(t, -t) for t in range(5)])


def test_a_doubtful_frame_may_be_accepted(table):
    accepted = table.accept(3)
    assert accepted.status.tolist() == ["ok", "ok", "blank", "manual", "ok"]
    assert accepted.replace(status=table.status) == table
    np.testing.assert_array_equal(accepted.repaired().shifts[3], (40, 3))
    assert table.exclude(3).accept(3) == accepted


def test_a_frame_without_a_number_cannot_be_accepted(table):
    with pytest.raises(DriftTableError, match="Frame 2 has no shift to accept; edit"):
        table.accept([1, 2])


def test_a_shift_that_is_set_by_hand_is_used_and_has_no_figures(table):
    edited = table.edit(-2, (3, -3.5))
    row = edited[3]
    assert (row.shift, row.status, row.reference_frame) == ((3, -3.5), "manual", -1)
    figures = [row.ncc, row.overlap, row.peak_ratio, row.residual, *row.shift_std]
    figures += [row.map_median, row.map_share]
    assert np.isnan(figures).all()
    others = [0, 1, 2, 4]
    for name in (
        *("shifts", "ncc", "shift_std", "status", "reference_frame", "residual"),
        *("map_median", "map_share"),
    ):
        np.testing.assert_array_equal(
            getattr(edited, name)[others], getattr(table, name)[others]
        )
    np.testing.assert_array_equal(
        edited.repaired().shifts[2:4], [(2, -2.25), (3, -3.5)]
    )


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            lambda t: t.exclude(5),
            DriftTableError,
            "no frame 5: there are 5, from 0 to 4",
        ),
        (lambda t: t.exclude([0, -6]), DriftTableError, "no frame -6"),
        (lambda t: t.exclude([True]), DriftTableError, r"\(1,\); 5 frames need \(5,\)"),
        (lambda t: t.exclude(1.5), TypeError, "whole numbers"),
        (lambda t: t.accept("first"), TypeError, "whole numbers"),
        (lambda t: t.edit(True, (0, 0)), TypeError, "whole number, got True"),
        (lambda t: t.edit(5, (0, 0)), DriftTableError, "no frame 5"),
        (
            lambda t: t.edit(1, (0, 0, 0)),
            DriftTableError,
            "one number for each of y, x",
        ),
        (lambda t: t.edit(1, (0, NAN)), DriftTableError, "one number for each"),
    ],
)
def test_what_cannot_be_changed_says_why(table, change, error, words):
    with pytest.raises(error, match=words):
        change(table)
