import numpy as np
import pytest

import maskalign
from maskalign import DriftTable

NAN = float("nan")


@pytest.fixture
def table():
    return DriftTable(
        [(0, 0), (1.5, -2), (NAN, NAN), (40, 3), (6, -8)],
        ncc=[1, 0.9, NAN, 0.1, 0.8],
        shift_std=[(0, 0), (0.1, 0.1), (NAN, NAN), (9, 9), (0.3, 0.3)],
        status=["ok", "ok", "blank", "unsure", "ok"],
        reference_frame=[0] * 5,
        residual=[NAN, 0.25, NAN, 7, 0.75],
        scale=(0.2, 0.2),
        units=("µm", "µm"),
        options={"reference": "redundant", "max_shift": 20, "channel": None},
    )


def test_it_tells_what_a_person_wants_to_know(table):
    assert table.summary().splitlines() == [
        "5 frames, axes y, x; 1 pixel = 0.2 x 0.2 µm",
        "  3 ok: frames 0-1, 4",
        "  1 blank: frame 2",
        "  1 unsure: frame 3",
        "Largest drift: 10.00 px (2 µm), frame 4",
        "From frame to frame: median 2.50 px, at most 2.50 px (frame 1)",
        "Mean ncc 0.850; median sigma 0.2 px; median residual 0.5 px",
        "Reference: redundant",
        f"Made with maskalign {maskalign.__version__}: max_shift=20",
    ]


def test_it_names_the_median_of_the_maps(table):
    known = table.replace(
        map_median=[1, 0.5, NAN, 9, 0.75], map_share=[1, 0.5, NAN, 9, 1]
    )
    text = "median residual 0.5 px; median of the ncc maps 0.62"
    assert known.summary().splitlines()[6].endswith(text)
    known = known.replace(options={**known.options, "map_above": 0.4})
    assert known.summary().splitlines()[6].endswith(f"{text} (75 % above 0.4)")
    # What the share is above stands there, and not once more.
    assert known.summary().splitlines()[7:] == table.summary().splitlines()[7:]


def test_doubtful_frames_change_no_figure(table):
    wild = table.replace(
        shifts=np.where(table.ok[:, None], table.shifts, 1e6),
        ncc=np.where(table.ok, table.ncc, -1),
        shift_std=np.where(table.ok[:, None], table.shift_std, 1e6),
        residual=np.where(table.ok, table.residual, 1e6),
        map_median=np.where(table.ok, table.map_median, 1e6),
    )
    assert wild.summary() == table.summary()


def test_it_says_nothing_of_what_is_not_known():
    bare = DriftTable.from_shifts([(0, 0, 0), (0, 3, 4)], version="")
    assert bare.summary().splitlines() == [
        "2 frames, axes z, y, x",
        "  2 ok: frames 0-1",
        "Largest drift: 5.00 px, frame 1",
        "From frame to frame: median 5.00 px, at most 5.00 px (frame 1)",
    ]
    nothing = DriftTable.from_shifts([(NAN, NAN)], version="")
    assert nothing.summary().splitlines() == [
        "1 frame, axes y, x",
        "  1 unknown: frame 0",
    ]


def test_pixels_that_are_no_cubes():
    table = DriftTable.from_shifts(
        [(0, 0, 0), (1, 0, 0)], scale=(2, 0.5, 0.5), units=("µm",) * 3
    )
    assert "1 pixel = 2 x 0.5 x 0.5 µm" in table.summary()
    assert "Largest drift: 1.00 px (2 µm)" in table.summary()
    unknown = table.replace(scale=(1, 1, 1), units=("pixel",) * 3)
    assert unknown.summary().splitlines()[0] == "2 frames, axes z, y, x"
    mixed = table.replace(units=("s", "µm", "µm"))
    assert "1 pixel = 2 s x 0.5 µm x 0.5 µm" in mixed.summary()
    assert "Largest drift: 1.00 px, frame 1" in mixed.summary()


def test_a_long_list_of_frames_is_cut_short():
    status = np.where(np.arange(100) % 2, "blank", "ok")
    line = DriftTable(np.zeros((100, 2)), status=status).summary().splitlines()[2]
    assert line == "  50 blank: frames 1, 3, 5, 7, 9, 11, 13, 15, ..."
