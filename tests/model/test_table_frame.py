import sys

import numpy as np
import pytest

from maskalign import DriftTable, DriftTableError

NAN = float("nan")


@pytest.fixture
def table():
    return DriftTable(
        [(0, 0), (1.5, -2.25), (NAN, NAN)],
        ncc=[1, 0.9, NAN],
        shift_std=[(0, 0), (0.01, 0.02), (NAN, NAN)],
        status=["ok", "manual", "blank"],
        reference_frame=[0, 0, 0],
        residual=[0, 0.05, NAN],
        map_median=[1, 0.5, NAN],
        map_share=[1, 0.25, NAN],
        scale=(0.2, 0.2),
        units=("µm", "µm"),
        options={"max_shift": 20},
        version="0.0.1",
    )


def test_a_data_frame_and_back(table):
    pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert frame.index.name == "frame"
    assert frame.loc[1, ["shift_y", "shift_x"]].tolist() == [1.5, -2.25]
    assert frame.attrs["version"] == "0.0.1"
    assert DriftTable.from_pandas(frame) == table
    assert DriftTable.from_pandas(frame.reset_index()) == table


def test_any_data_frame_of_shifts_will_do():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"shift_x": [0, 1], "shift_y": [0, None]})
    table = DriftTable.from_pandas(frame)
    np.testing.assert_array_equal(table.shifts, [(0, 0), (NAN, 1)])
    assert table.version == ""


def test_a_data_frame_without_shifts_says_so():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DriftTableError, match=r"shift_y and shift_x.*found far, near"):
        DriftTable.from_pandas(pandas.DataFrame({"far": [1], "near": [2]}))
    with pytest.raises(DriftTableError, match="no rows"):
        DriftTable.from_pandas(pandas.DataFrame({"shift_y": [], "shift_x": []}))


def test_without_pandas_it_says_what_to_install(table, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        table.to_pandas()
