import numpy as np
import pytest
import tifffile

from maskalign import DriftTable, apply_drift, load_movie


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic", "fourier"])
def test_applying_the_table_gives_the_movie_that_align_gave(
    folder, maskalign, interpolation
):
    how = ("--interpolation", interpolation, "--canvas", "union", "--fill-value", 3)
    result = maskalign(
        *("align", "movie.tif", "--mask", "mask.tif", "--max-shift", 10),
        *("-o", "a.tif", "--drift", "drift.csv", *how),
    )
    assert result.exit_code == 0, result.output
    result = maskalign(
        "apply", "movie.tif", "--drift", "drift.csv", "-o", "b.tif", *how
    )
    assert result.exit_code == 0, result.output
    aligned, applied = load_movie("a.tif"), load_movie("b.tif")
    np.testing.assert_array_equal(applied.data, aligned.data)
    assert (applied.scale, applied.origin) == (aligned.scale, aligned.origin)
    assert "Wrote b.tif" in result.output


def test_so_it_does_for_a_movie_with_a_bad_frame(folder, maskalign, frames):
    spoilt = frames.copy()
    spoilt[2] = 7
    tifffile.imwrite("movie.tif", spoilt)
    align = ("align", "movie.tif", "--mask", "mask.tif", "--max-shift", 10)
    maskalign(*align, "-o", "a.tif", "--drift", "drift.json")
    result = maskalign("apply", "movie.tif", "--drift", "drift.json", "-o", "b.tif")
    assert "Frame 2: blank." in result.output
    np.testing.assert_array_equal(tifffile.imread("b.tif"), tifffile.imread("a.tif"))


def test_any_table_of_shifts_will_do(folder, maskalign, frames, shifts):
    rows = "\n".join(f"{y},{x}" for y, x in shifts)
    (folder / "own.csv").write_text(f"shift_y,shift_x\n{rows}\n")
    result = maskalign("apply", "movie.tif", "--drift", "own.csv", "-o", "out.tif")
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(
        tifffile.imread("out.tif"), apply_drift(frames, shifts)
    )


def refusal(maskalign, files, *arguments):
    """Run what must fail; return what it says."""
    before = files()
    result = maskalign("apply", "movie.tif", "-o", "out.tif", *arguments)
    assert result.exit_code == 1
    assert files() == before
    assert "Traceback" not in result.output
    return result.output


def test_a_table_of_another_length_is_refused(folder, maskalign, files, shifts):
    DriftTable.from_shifts(shifts[:3]).to_csv("short.csv")
    said = refusal(maskalign, files, "--drift", "short.csv")
    assert "3 rows" in said
    assert "5 frames" in said


def test_a_table_that_is_none_is_refused(folder, maskalign, files):
    (folder / "text.csv").write_text("some,thing\n1,2\n")
    said = refusal(maskalign, files, "--drift", "text.csv")
    assert "text.csv is not a drift table" in said


def test_a_picture_for_a_table_is_refused(folder, maskalign, files):
    said = refusal(maskalign, files, "--drift", "mask.tif")
    assert "mask.tif" in said


def test_a_missing_table_is_refused(folder, maskalign, files):
    assert "no file none.csv" in refusal(maskalign, files, "--drift", "none.csv")


def test_a_fill_that_the_type_cannot_hold_is_refused(folder, maskalign, files, shifts):
    DriftTable.from_shifts(shifts).to_csv("drift.csv")
    said = refusal(maskalign, files, "--drift", "drift.csv", "--fill-value", -1)
    assert "uint16" in said
