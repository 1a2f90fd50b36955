import numpy as np
import pytest

from maskalign._napari.recompute import affected, excluded, merged, starting_from
from maskalign.model.drift_table import DriftTable
from maskalign.model.map_results import MapSummary

STATUS = ["ok", "unsure", "ok", "excluded", "ok", "manual", "ok"]
TABLE = DriftTable.from_shifts(np.arange(14.0).reshape(7, 2), status=STATUS)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("first", [1]),
        (4, [1]),
        ("previous", [1, 2, 4, 6]),
        ("rolling", [1, 2, 4, 6]),
        ("mean", [0, 1, 2, 4, 6]),
        ("redundant", [0, 1, 2, 4, 6]),
    ],
)
def test_what_depends_on_a_change_is_found_anew(reference, expected):
    assert np.flatnonzero(affected(TABLE, reference)).tolist() == expected


@pytest.mark.parametrize("reference", ["first", "previous", "mean"])
def test_where_all_is_good_nothing_is(reference):
    table = DriftTable.from_shifts(np.zeros((4, 2)))
    assert not affected(table, reference).any()


def test_what_is_found_anew_is_not_kept_even_if_it_was_good():
    frames = affected(TABLE, "previous")
    start = starting_from(TABLE, frames)
    assert start.status.tolist() == ["manual", *STATUS[1:]]


def test_what_is_not_found_anew_stays_to_the_bit():
    frames = affected(TABLE, "first")
    start = starting_from(TABLE, frames)
    assert (start.status[~frames & TABLE.ok] == "manual").all()
    new = DriftTable.from_shifts(np.full((7, 2), 99.0), ncc=np.ones(7))
    both = merged(TABLE, new, frames)
    np.testing.assert_array_equal(both.shifts[~frames], TABLE.shifts[~frames])
    assert both.shifts[1].tolist() == [99, 99]
    assert both.status.tolist() == ["ok", "ok", *STATUS[2:]]
    assert excluded(TABLE) == (3,)


def test_what_a_map_says_stays_with_the_frames_that_stay():
    frames = affected(TABLE, "first")
    known = TABLE.with_map(MapSummary(*np.random.default_rng(0).random((3, 7)), 0.25))
    both = merged(known, TABLE.replace(options={"max_shift": 9}), frames)
    for name in ("map_median", "map_share"):
        expected = np.where(frames, np.nan, getattr(known, name))
        np.testing.assert_array_equal(getattr(both, name), expected)
    assert both.options == {"max_shift": 9, "map_above": 0.25}
