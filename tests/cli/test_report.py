"""``maskalign report``, and ``align --report``."""

import json

import numpy as np
import pytest


@pytest.fixture
def aligned(folder, maskalign):
    """A folder with `drift.csv` of `movie.tif`, made with the mask."""
    done = maskalign(
        *("align", "movie.tif", "--mask", "mask.tif", "--max-shift", 12),
        *("--drift", "drift.csv"),
    )
    assert done.exit_code == 0, done.output
    return folder


def test_it_says_better_and_why(aligned, maskalign):
    done = maskalign(
        "report", "movie.tif", "--drift", "drift.csv", "--mask", "mask.tif"
    )
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "Better: frames are more like their mean, and it is sharper."
    assert any("from two halves of the image" in line for line in lines)
    assert len(lines) <= 15
    assert "Looking at movie.tif: 5 frames" in done.stderr


def test_without_the_mask_the_stain_speaks_against_it(aligned, maskalign):
    done = maskalign("report", "movie.tif", "--drift", "drift.csv", "--no-two-halves")
    assert done.stdout.startswith("Worse")
    inverted = maskalign(
        *("report", "movie.tif", "--drift", "drift.csv", "--no-two-halves"),
        *("--mask", "mask.tif", "--invert-mask"),
    )
    assert not inverted.stdout.startswith("Better")


def test_json_is_all_that_stdout_holds(aligned, maskalign):
    done = maskalign(
        *("report", "movie.tif", "--drift", "drift.csv", "--mask", "mask.tif"),
        *("--json", "--no-two-halves", "--max-frames", 3),
    )
    found = json.loads(done.stdout)
    assert found["verdict"] == "better"
    assert found["frames"] == [0, 2, 4]
    assert found["error_from"] is None
    assert found["ncc_after"] > found["ncc_before"]


def test_a_picture_is_written_and_nothing_overwritten(aligned, maskalign, files):
    command = (
        *("report", "movie.tif", "--drift", "drift.csv", "--mask", "mask.tif"),
        *("--no-two-halves", "--plot", "report.png"),
    )
    done = maskalign(*command)
    assert "Wrote report.png" in done.stdout
    before = files()
    again = maskalign(*command)
    assert again.exit_code == 1
    assert "exists" in again.output
    assert files() == before
    assert maskalign(*command, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing.tif", "--drift", "drift.csv"), 1, "there is no file nothing.tif"),
        (("movie.tif",), 2, "--drift"),
        (("movie.tif", "--drift", "drift.csv", "--invert-mask"), 2, "needs --mask"),
        (("movie.tif", "--drift", "drift.csv", "--max-frames", 1), 2, "2 or more"),
        (("movie.tif", "--drift", "drift.csv", "--plot", "a.xyz"), 1, "suffix"),
        (("movie.tif", "--drift", "short.csv"), 1, "has 2 rows"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    aligned, maskalign, arguments, code, words
):
    (aligned / "short.csv").write_text("shift_y,shift_x\n0,0\n1,1\n")
    done = maskalign("report", *arguments)
    assert done.exit_code == code
    assert words in done.output
    assert "Traceback" not in done.output


def test_align_tells_it_at_once(folder, maskalign):
    done = maskalign(
        *("align", "movie.tif", "--mask", "mask.tif", "--max-shift", 12),
        *("--drift", "drift.csv", "--report"),
    )
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[1] == "Better: frames are more like their mean, and it is sharper."
    again = maskalign(
        "report", "movie.tif", "--drift", "drift.csv", "--mask", "mask.tif"
    )
    assert again.stdout in done.stdout


def test_a_table_over_an_image_is_looked_at_with_that_image(folder, maskalign, frames):
    import tifffile

    tifffile.imwrite("first.tif", np.asarray(frames[0]))
    common = ("--mask", "mask.tif", "--reference", "first.tif")
    made = maskalign(
        *("align", "movie.tif", *common, "--max-shift", 12, "--drift", "over.csv"),
        "--report",
    )
    done = maskalign("report", "movie.tif", "--drift", "over.csv", *common)
    assert done.exit_code == 0, done.output
    assert "5 of 5 frames" in done.stdout
    assert done.stdout in made.stdout
