"""``maskalign apply`` on points, and back again."""

import numpy as np
import pytest
import tifffile

from maskalign import DriftTable, apply_drift

POINTS = "index,axis-0,axis-1,axis-2\n0,0,10,20\n1,1,30.25,40\n2,4,50,60\n"


@pytest.fixture
def drift(folder, shifts):
    """Write `drift.csv` and `points.csv`."""
    (folder / "points.csv").write_text(POINTS)
    table = DriftTable.from_shifts(shifts)
    table.to_csv("drift.csv")
    return table


def test_points_move_with_their_frames(folder, maskalign, drift):
    result = maskalign("apply", "points.csv", "--drift", "drift.csv", "-o", "out.csv")
    assert result.exit_code == 0, result.output
    assert result.output == "Wrote out.csv\n"
    assert (folder / "out.csv").read_text() == (
        "index,axis-0,axis-1,axis-2\n0,0,10,20\n1,1,33.25,38.0\n2,4,48.0,53.0\n"
    )


def test_and_back(folder, maskalign, drift):
    maskalign("apply", "points.csv", "--drift", "drift.csv", "-o", "out.csv")
    result = maskalign(
        *("apply", "out.csv", "--drift", "drift.csv", "-o", "back.csv", "--inverse")
    )
    assert result.exit_code == 0, result.output
    numbers = [
        np.loadtxt(folder / name, delimiter=",", skiprows=1)
        for name in ("points.csv", "back.csv")
    ]
    np.testing.assert_array_equal(*numbers)


def test_named_columns_and_axes_of_others(folder, maskalign, drift):
    (folder / "named.csv").write_text("x,y,frame,id\n20,10,1,a\n")
    maskalign("apply", "named.csv", "--drift", "drift.csv", "-o", "out.csv")
    assert (folder / "out.csv").read_text() == "x,y,frame,id\n18.0,13.0,1,a\n"
    (folder / "five.csv").write_text(
        "axis-0,axis-1,axis-2,axis-3,axis-4\n1,0,7,10,20\n"
    )
    result = maskalign(
        *("apply", "five.csv", "--drift", "drift.csv", "-o", "o.csv"),
        *("--axes", "TCZYX"),
    )
    assert result.exit_code == 0, result.output
    assert (folder / "o.csv").read_text().endswith("\n1,0,7,13.0,18.0\n")


def test_a_movie_goes_back_too(folder, maskalign, drift, frames):
    how = ("--interpolation", "nearest", "--fill-value", "edge")
    result = maskalign(
        "apply", "movie.tif", "--drift", "drift.csv", "-o", "b.tif", "--inverse", *how
    )
    assert result.exit_code == 0, result.output
    expected = apply_drift(
        frames, drift.inverse(), interpolation="nearest", fill_value="edge"
    )
    np.testing.assert_array_equal(tifffile.imread("b.tif"), expected)


def test_nan_fills_a_movie_of_floats(folder, maskalign, drift, frames):
    tifffile.imwrite("float.tif", frames.astype("f4"))
    result = maskalign(
        *("apply", "float.tif", "--drift", "drift.csv", "-o", "out.tif"),
        *("--fill-value", "nan", "--axes", "TYX"),
    )
    assert result.exit_code == 0, result.output
    expected = apply_drift(frames.astype("f4"), drift, fill_value=np.nan)
    np.testing.assert_array_equal(tifffile.imread("out.tif"), expected)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("points.csv", "-o", "out.tif"), 2, "points.csv holds points, so out.tif"),
        (("movie.tif", "-o", "out.csv"), 2, "movie.tif holds a movie, so out.csv"),
        (("points.csv", "-o", "o.csv", "--canvas", "union"), 2, "--canvas is for mov"),
        (("points.csv", "-o", "o.csv", "--fill-value", "0"), 2, "--fill-value is for"),
        (("late.csv", "-o", "o.csv"), 1, "frames 0 to 4, at the times 5"),
        (("named.csv", "-o", "o.csv", "--axes", "TYX"), 2, "--axes: the columns"),
        (("drift.csv", "-o", "o.csv"), 1, "axis-0, axis-1"),
        (("movie.tif", "-o", "o.tif", "--fill-value", "nan"), 1, "'edge'"),
        (("movie.tif", "-o", "o.tif", "--fill-value", "edgy"), 2, "edgy"),
    ],
)
def test_what_does_not_go_together_is_refused(
    folder, maskalign, files, drift, arguments, code, words
):
    (folder / "late.csv").write_text("frame,y,x\n5,1,1\n")
    (folder / "named.csv").write_text("frame,y,x\n1,1,1\n")
    before = files()
    result = maskalign("apply", *arguments, "--drift", "drift.csv")
    assert (result.exit_code, files()) == (code, before)
    assert words in " ".join(result.output.split())
