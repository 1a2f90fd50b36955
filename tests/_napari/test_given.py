"""Where a table is from, what it says, and how it moves."""

import numpy as np
import pytest
from napari.layers import Image

from maskalign import DriftTable, DriftTableError
from maskalign._napari.given import (
    DOUBT,
    Given,
    carried,
    describe_given,
    read_given,
    settled,
)

SHIFTS = [(0, 0), (3.5, -4), (50, 50), (1, 2)]
STATUS = ["ok", "ok", "unsure", "ok"]


@pytest.fixture
def table():
    return DriftTable.from_shifts(SHIFTS, status=STATUS)


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_what_was_written_is_what_is_given(tmp_path, table, suffix):
    path = tmp_path / f"drift.{suffix}"
    getattr(table, f"to_{suffix}")(path)
    given = read_given(path)
    assert given.table == table
    assert given.name == f"drift.{suffix}"
    assert given.carrier is None


def test_a_table_of_another_program_is_read_and_said(tmp_path):
    path = tmp_path / "shifts.csv"
    path.write_text(",Z,Y,X\n0,0,0,0\n1,0,1.5,-2\n")
    given = read_given(path)
    np.testing.assert_array_equal(given.table.shifts, [(0, 0), (-1.5, 2)])
    assert "From a table of napari-correct-drift." in describe_given(given)


def test_what_is_no_table_is_refused(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("cell,area\n1,20\n")
    with pytest.raises(DriftTableError, match="found cell, area"):
        read_given(path)


def test_a_layer_carries_the_table_that_moved_it(table):
    layer = Image(np.zeros((4, 8, 8)), metadata={"maskalign": {"drift": table}})
    given = carried(layer)
    assert given.table is table
    assert given.carrier is layer
    assert carried(None) is None
    assert carried(Image(np.zeros((4, 8, 8)))) is None
    assert carried(Image(np.zeros((4, 8, 8)), metadata={"maskalign": 3})) is None


def test_frames_in_doubt_go_with_their_neighbours_unless_it_is_said(table):
    mended = settled(table, DOUBT[0]).repaired()
    np.testing.assert_allclose(mended.shifts[2], (2.25, -1))
    stands = settled(table, DOUBT[1]).repaired()
    np.testing.assert_array_equal(stands.shifts, table.shifts)


def test_a_frame_without_a_number_goes_with_its_neighbours_all_the_same():
    table = DriftTable.from_shifts([(0, 0), (np.nan, np.nan), (4, 2)])
    for doubt in DOUBT:
        np.testing.assert_array_equal(
            settled(table, doubt).repaired().shifts[1], (2, 1)
        )


@pytest.mark.parametrize("doubt", DOUBT)
def test_back_is_the_other_way(table, doubt):
    there = settled(table, doubt).repaired().shifts
    back = settled(table, doubt, inverse=True).repaired().shifts
    np.testing.assert_array_equal(there + back, 0)


def test_what_a_table_is_stands_in_words(table):
    size = table.replace(scale=(0.2, 0.2), units=("µm", "µm"), version="9.9")
    text = describe_given(Given(size, "drift.csv"))
    assert "drift.csv: 4 frames, y and x, 1 pixel = 0.2 µm." in text
    assert "Largest shift 5.3 px = 1.06 µm (frame 1). 3 ok, 1 unsure." in text
    assert "1 frame will be mended, moved as its neighbours are: 2." in text
    assert "Made with maskalign 9.9." in text
    assert "mended" not in describe_given(Given(size, "drift.csv"), DOUBT[1])


def test_a_table_without_any_good_frame_says_so():
    table = DriftTable.from_shifts([(0, 0), (1, 1)], status=["blank", "blank"])
    assert "nothing to move by" in describe_given(Given(table, "bad"))


def test_pixels_of_several_sizes_are_all_said():
    table = DriftTable.from_shifts(
        [(0, 0, 0)], scale=(1, 0.2, 0.2), units=("µm", "µm", "µm")
    )
    text = describe_given(Given(table, "t"))
    assert "z, y and x, 1 pixel = 1 x 0.2 µm" in text
    assert "size of a pixel not known" in describe_given(
        Given(table.replace(scale=(), units=()), "t")
    )
