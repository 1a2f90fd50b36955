"""Masks that are found in the movie, on the command line."""

import warnings

import numpy as np
import pytest
import tifffile

import maskalign as library
from maskalign import DriftTable


@pytest.fixture
def align(folder, maskalign):
    """Align `movie.tif`; give back the result and the drift table."""

    def run(*arguments):
        how = ("--drift", "drift.csv", "--max-shift", 10, "--overwrite")
        result = maskalign("align", "movie.tif", *how, *arguments)
        assert result.exit_code == 0, result.output
        return result, DriftTable.from_csv("drift.csv")

    return run


@pytest.fixture
def held(frames):
    """The movie with a second stain, saturated, which no mask file knows of."""
    movie = frames.copy()
    movie[:, 55:68, 8:25] = 2**16 - 1
    tifffile.imwrite("movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
    return movie


def test_saturated_pixels_are_left_out(align, shifts):
    _, plain = align()
    assert np.abs(plain.shifts).max() < 0.5  # held by the stain
    _, table = align("--auto-mask", "saturated", "--saturated-level", 60000)
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)
    assert table.options["mask"] == "one a frame"


def test_static_structure_is_left_out(align, shifts):
    result, table = align("--auto-mask", "static")
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)
    assert "Looking for what stands still" in result.output
    assert "% of a frame" in result.output
    assert table.options["mask"] == "fixed"


def test_what_is_drawn_and_what_is_found_are_both_left_out(align, held, shifts):
    auto = ("--auto-mask", "saturated")
    for alone in (("--mask", "mask.tif"), auto):
        _, table = align(*alone)
        assert np.abs(table.shifts).max() < 0.5
    _, table = align("--mask", "mask.tif", *auto)
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)


@pytest.mark.parametrize(
    "names",
    [
        ("--auto-mask", "saturated,border,static"),
        ("--auto-mask", "static", "--auto-mask", "border, saturated"),
    ],
)
def test_several_are_combined(align, frames, shifts, names):
    tifffile.imwrite("movie.tif", np.pad(frames, [(0, 0), (9, 0), (0, 6)]))
    _, table = align("--axes", "TYX", *names)
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)


def test_masks_for_each_frame_are_combined(align, held, valid, shifts):
    masks = np.stack([valid] * len(held))
    tifffile.imwrite("masks.tif", masks, photometric="minisblack")
    _, table = align("--mask", "masks.tif", "--auto-mask", "saturated")
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)


def test_the_mask_is_that_of_the_library(align, frames):
    _, table = align("--auto-mask", "saturated,static", "--saturated-level", 60000)
    mask = library.static_mask(frames) & library.saturated_mask(frames, level=60000)
    expected = library.estimate_drift(frames, mask=mask, max_shift=10)
    np.testing.assert_array_equal(table.shifts, expected.shifts)


def test_of_several_channels_the_one_that_decides_is_looked_at(
    folder, maskalign, frames, shifts
):
    both = np.stack([np.full_like(frames, 2**16 - 1), frames], axis=1)
    tifffile.imwrite("two.ome.tif", both, metadata={"axes": "TCYX"})
    result = maskalign(
        *("align", "two.ome.tif", "--channel", 1, "--max-shift", 10),
        *("--auto-mask", "static,saturated", "--drift", "drift.csv"),
    )
    assert result.exit_code == 0, result.output
    table = DriftTable.from_csv("drift.csv")
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)


def test_of_volumes_the_projection_is_looked_at(folder, maskalign, frames, shifts):
    deep = np.stack([frames, frames // 2], axis=1)
    tifffile.imwrite("deep.tif", deep, imagej=True, metadata={"axes": "TZYX"})
    arguments = ("--auto-mask", "static", "--max-shift", 10, "--drift", "drift.csv")
    result = maskalign("align", "deep.tif", "--projection", "max", *arguments)
    assert result.exit_code == 0, result.output
    table = DriftTable.from_csv("drift.csv")
    np.testing.assert_allclose(table.shifts[:, -2:], shifts, atol=0.05)


def test_a_movie_that_does_not_move_is_aligned_with_a_warning(folder, maskalign):
    rng = np.random.default_rng(0)
    still = rng.poisson(rng.integers(50, 900, (1, 40, 44)).repeat(6, 0)).astype("u2")
    tifffile.imwrite("still.tif", still, photometric="minisblack")
    arguments = ("--axes", "TYX", "--auto-mask", "static", "--drift", "d.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # as for a user: said, and no error
        result = maskalign("align", "still.tif", *arguments)
    assert result.exit_code == 0, result.output
    assert "Warning: What stands still cannot be told" in result.output
    assert np.abs(DriftTable.from_csv("d.csv").shifts).max() < 0.5


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--auto-mask", "dust"], 2, "'dust' is none of saturated, border, static"),
        (["--auto-mask", "static,"], 2, "'' is none of"),
        (["--saturated-level", "9"], 2, "needs --auto-mask saturated"),
        (["--auto-mask", "saturated", "--saturated-level", "0"], 1, "no"),
    ],
)
def test_what_makes_no_sense_is_refused(
    folder, maskalign, files, arguments, code, words
):
    before = files()
    result = maskalign("align", "movie.tif", "-o", "out.tif", *arguments)
    assert result.exit_code == code, result.output
    assert words in result.output
    assert "Traceback" not in result.output
    assert files() == before
