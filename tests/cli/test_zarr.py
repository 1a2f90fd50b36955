"""OME-Zarr in and out of the program."""

import numpy as np
import pytest
import tifffile
import zarr

import maskalign as library
from maskalign import DriftTable, Movie


@pytest.fixture
def store(folder, frames):
    """The working directory, with the movie in it as `movie.ome.zarr` too."""
    calibrated = Movie(frames, scale=(2, 0.1, 0.1), units=("s", "µm", "µm"))
    library.save_movie("movie.ome.zarr", calibrated)
    return folder


def test_a_store_is_aligned_into_a_store(store, maskalign, frames, shifts):
    arguments = ("--mask", "mask.tif", "--max-shift", 10, "--drift", "drift.csv")
    result = maskalign("align", "movie.ome.zarr", "-o", "aligned.ome.zarr", *arguments)
    assert result.exit_code == 0, result.output
    assert "Wrote aligned.ome.zarr, drift.csv" in result.output
    table = DriftTable.from_csv("drift.csv")
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)
    aligned = library.load_movie("aligned.ome.zarr")
    assert aligned.scale == (2, 0.1, 0.1)
    assert aligned.units == ("s", "µm", "µm")
    expected = library.apply_drift(frames, table.repaired())
    np.testing.assert_array_equal(aligned.data, expected)


@pytest.mark.parametrize(
    ("source", "target"),
    [("movie.tif", "out.zarr"), ("movie.ome.zarr", "out.tif")],
)
def test_one_format_becomes_the_other(store, maskalign, frames, source, target):
    maskalign("align", source, "--drift", "drift.csv", "--mask", "mask.tif")
    result = maskalign("apply", source, "--drift", "drift.csv", "-o", target)
    assert result.exit_code == 0, result.output
    expected = library.apply_drift(frames, DriftTable.from_csv("drift.csv"))
    np.testing.assert_array_equal(library.load_movie(target).data, expected)


@pytest.mark.parametrize("axes", ["YX", "ZYX", "TCZYX"])
def test_masks_and_references_may_be_stores(
    store, maskalign, frames, valid, shifts, axes
):
    """Programs that always write five axes do so for masks, too."""
    lone = (1,) * (len(axes) - 2)
    library.save_movie("mask.zarr", Movie(valid.reshape(*lone, *valid.shape), axes))
    image = Movie(frames[:1, None], "TCYX")
    library.save_movie("image.zarr", image)
    result = maskalign(
        *("align", "movie.ome.zarr", "--drift", "drift.csv", "--max-shift", 10),
        *("--mask", "mask.zarr", "--reference", "image.zarr"),
    )
    assert result.exit_code == 0, result.output
    table = DriftTable.from_csv("drift.csv")
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)


def test_a_store_is_replaced_only_if_that_is_said(store, maskalign, files):
    library.save_movie("out.zarr", np.ones((2, 3, 4), "u1"))
    before = files()
    result = maskalign("align", "movie.tif", "-o", "out.zarr")
    assert result.exit_code == 1
    assert "out.zarr exists; say --overwrite" in result.output
    assert files() == before
    result = maskalign("align", "movie.tif", "-o", "out.zarr", "--overwrite")
    assert result.exit_code == 0, result.output
    assert library.load_movie("out.zarr").n_frames == 5


def make_other_folder():
    zarr.create_group("plate.zarr", zarr_format=2)
    library.save_movie("plate.zarr/A.zarr", np.ones((5, 72, 80), "u2"))
    tifffile.imwrite("plate.zarr/mask.tif", np.ones((72, 80), "u1"))


#: Arguments after `align`, the exit code, and what is said.
REFUSED = [
    (["movie.ome.zarr", "-o", "movie.ome.zarr", "--overwrite"], 2, "the same file"),
    (["plate.zarr/A.zarr", "-o", "plate.zarr", "--overwrite"], 2, "IN lies in"),
    (
        ["movie.tif", "-o", "plate.zarr", "--mask", "plate.zarr/mask.tif"],
        2,
        "--mask lies in --output",
    ),
    (
        ["movie.tif", "-o", "plate.zarr", "--drift", "plate.zarr/drift.csv"],
        2,
        "--drift lies in --output",
    ),
    (["movie.tif", "-o", "mask.tif/out.zarr"], 1, "there is no folder"),
    (["none.zarr", "-o", "out.tif"], 1, "there is no file none.zarr"),
    (["movie.tif", "-o", "folder.tif"], 1, "is a folder"),
    (["empty.zarr", "-o", "out.tif"], 1, "empty.zarr is not a Zarr store"),
    (["movie.tif", "-o", "full.zarr", "--overwrite"], 1, "something else than a Zarr"),
    (["movie.tif", "-o", "file.zarr", "--overwrite"], 1, "is a file"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "words"), REFUSED, ids=[" ".join(r[0]) for r in REFUSED]
)
def test_refused_before_any_work(store, maskalign, files, arguments, code, words):
    make_other_folder()
    for name in ("folder.tif", "empty.zarr", "full.zarr"):
        (store / name).mkdir()
    (store / "full.zarr" / "notes.txt").write_text("precious")
    (store / "file.zarr").write_text("precious")
    before = files()
    result = maskalign("align", *arguments)
    assert (result.exit_code, files()) == (code, before), result.output
    assert words in result.output
    assert "Traceback" not in result.output
    assert "Estimating" not in result.output


def test_what_is_damaged_is_said_in_one_line(store, maskalign, files):
    (store / "movie.ome.zarr" / ".zattrs").write_text('{"multiscales": [')
    before = files()
    result = maskalign("align", "movie.ome.zarr", "-o", "out.tif")
    assert result.exit_code == 1
    (line,) = [x for x in result.output.splitlines() if x.startswith("Error: ")]
    assert "movie.ome.zarr" in line
    assert files() == before
