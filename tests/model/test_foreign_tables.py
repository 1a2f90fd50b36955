"""Tables as other programs write them, for a sample that goes as `GONE` says.

Those of napari-correct-drift and NanoPyx were written by these programs, for a movie
made so; those of Fiji and ImageJ follow the scripts that write them.
"""

import numpy as np
import pytest

from maskalign import DriftTable, DriftTableError

#: How far the sample has gone, pixels, (y, x).
GONE = np.array([(0, 0), (1, -2), (3, -5), (6, -1)])

# napari-correct-drift 0.4.1, "absolute frame", upsample factor 10.
CORRECT_DRIFT = """,Z,Y,X
0,-0.0,-0.0,-0.0
1,-0.0,0.8999999761581421,-2.0999999046325684
2,-0.0,3.0,-5.0
3,-0.0,5.900000095367432,-0.8999999761581421
"""

# Correct_3D_drift.py of Fiji, save_shifts(): what is added to a frame, x first.
FIJI_VECTORS = """ROI zero-based
x_min\ty_min\tz_min\tx_max\ty_max\tz_max
0\t0\t0\t95\t95\t0
Shifts
dx\tdy\tdz
-0.0\t-0.0\t-0.0
2.0\t-1.0\t-0.0
5.0\t-3.0\t-0.0
1.0\t-6.0\t-0.0"""

# The same script, register_hyperstack(): the drift, x first, frames from 1 on.
FIJI_LOG = """Correct_3D_Drift
  computing drifts...
    at frame shifts of 1
      between frames 1 and 2
      between frames 2 and 3
      between frames 3 and 4
  applying shifts...
    frame 1 correcting drift 0,0,0
    frame 2 correcting drift -2,1,0
    frame 3 correcting drift -5,3,0
    frame 4 correcting drift -1,6,0
"""

# NanoPyx 2.1.5, DriftEstimator, export_csv(); previous frame.
NANOPYX = """lib_version;2.1.5
date;2026-11-23 20:42:33.691622
apply;True
ref_option;1
roi;None
comments;None
Drift Table
XY;X;Y
0.0;0.0;0.0
2.1551228;1.927;-0.965
5.6906657;4.8789997;-2.929
5.9340124;0.92799973;-5.861
"""

# The results table "Drift-Table" of NanoJ-Core and Fast4DReg, saved by ImageJ.
NANOJ = """ ,XY-Drift (pixels),X-Drift (pixels),Y-Drift (pixels)
1,0,0,0
2,2.236,2,-1
3,5.831,5,-3
4,6.083,1,-6
"""


@pytest.mark.parametrize(
    ("text", "program"),
    [
        (CORRECT_DRIFT, "napari-correct-drift"),
        (FIJI_VECTORS, "Fiji Correct 3D Drift"),
        (FIJI_LOG, "Fiji Correct 3D Drift, log"),
        (NANOPYX, "NanoPyx"),
        (NANOJ, "NanoJ"),
        (NANOJ.replace(",", "\t"), "NanoJ"),
        (CORRECT_DRIFT.replace("\n", "\r\n"), "napari-correct-drift"),
        ("\ufeff" + NANOJ, "NanoJ"),
    ],
)
def test_every_program_says_the_same_in_its_own_words(tmp_path, text, program):
    path = tmp_path / "drift.txt"
    path.write_bytes(text.encode())
    table = DriftTable.from_csv(path)
    np.testing.assert_allclose(table.drift, GONE, atol=0.15)
    assert table.ok.all()
    assert dict(table.options) == {"source": program}
    assert table.version == ""
    assert f"Made from a table of {program}" in table.summary()
    # From here on it is one of ours.
    table.to_csv(tmp_path / "ours.csv")
    assert DriftTable.from_csv(tmp_path / "ours.csv") == table


@pytest.mark.parametrize("text", [CORRECT_DRIFT, FIJI_VECTORS, FIJI_LOG])
def test_z_is_kept_where_something_moves_along_it(tmp_path, text):
    path = tmp_path / "drift.csv"
    for old, new in [
        ("2,-0.0,", "2,-4.0,"),
        ("-3.0\t-0.0", "-3.0\t4.0"),
        ("3,0", "3,-4"),
    ]:
        text = text.replace(old, new, 1)
    path.write_text(text)
    table = DriftTable.from_csv(path)
    np.testing.assert_array_equal(table.drift[:, 0], [0, 0, -4, 0])
    np.testing.assert_allclose(table.drift[:, 1:], GONE, atol=0.15)


def test_a_frame_that_was_skipped_has_no_shift(tmp_path):
    path = tmp_path / "drift.csv"
    path.write_text(",Z,Y,X\n0,0.0,0.0,0.0\n1,,,\n2,0.0,2.0,4.0\n")
    table = DriftTable.from_csv(path)
    assert table.status.tolist() == ["ok", "unknown", "ok"]
    np.testing.assert_array_equal(table.repaired().drift, [(0, 0), (1, 2), (2, 4)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (",Z,Y,X\n", "table of napari-correct-drift without rows"),
        (",Z,Y,X\n0,0,far,0\n", "row 0 of the shifts is '0,0,far,0', not numbers"),
        (FIJI_VECTORS + "\n1.0\t2.0", r"row 4 of the shifts"),
        (FIJI_LOG + FIJI_LOG, r"\[1, 2, 3, 4, 1, 2, 3, 4\] .*lines of one run"),
        (
            ",x-drift,y-drift,z-drift,rotation-xy\n0,0.0,0.0,0.0,0.0\n",
            "napari-fast4dreg.*rename x-drift to shift_y",
        ),
    ],
)
def test_what_cannot_be_read_safely_is_refused(tmp_path, text, words):
    path = tmp_path / "theirs.csv"
    path.write_text(text)
    with pytest.raises(DriftTableError, match=words) as caught:
        DriftTable.from_csv(path)
    assert "theirs.csv" in str(caught.value)
