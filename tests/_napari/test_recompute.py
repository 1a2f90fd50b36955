import numpy as np
import pytest

from maskalign._napari.recompute import affected, excluded, merged, starting_from
from maskalign.model.drift_table import DriftTable

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
