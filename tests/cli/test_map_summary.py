"""``align --map-summary``."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from maskalign import (
    DriftTable,
    Movie,
    apply_drift,
    local_ncc,
    summarize_map,
    valid_region,
)

COMMON = ("align", "movie.tif", "--max-shift", 10, "--drift", "drift.csv")


@pytest.fixture
def summarized(folder, maskalign):
    """Align `movie.tif` with --map-summary; give back what it says, and the table."""

    def run(*arguments):
        done = maskalign(*COMMON, "--map-summary", *arguments)
        assert done.exit_code == 0, done.output
        return done.stdout, DriftTable.from_csv("drift.csv")

    return run


@pytest.fixture
def hurt(frames):
    """Write `movie.tif` with a stain in frame 3 that the mask knows nothing of."""

    def write():
        movie = np.array(frames)
        movie[3, 5:17, 5:75] = np.random.default_rng(0).integers(0, 4000, (12, 70))
        tifffile.imwrite("movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
        return movie

    return write


@pytest.mark.parametrize("canvas", ["same", "union"])
def test_it_is_the_map_of_the_aligned_frames_under_the_mask(
    summarized, hurt, valid, canvas
):
    movie = hurt()
    said, table = summarized(
        *("--mask", "mask.tif", "--canvas", canvas, "-o", "out.tif"),
        *("--plot", "drift.svg"),
    )
    whole, how = table.repaired(), {"canvas": canvas}
    aligned = apply_drift(Movie(movie, "TYX"), whole, **how)
    region = valid_region(Movie(movie, "TYX"), whole, mask=valid, **how).data
    region &= region[0]
    expected = summarize_map(local_ncc(0, aligned, mask=region))
    # That frame 0 is like itself says nothing of the others.
    assert expected.median[0] == pytest.approx(1)
    expected.median[0] = expected.share[0] = np.nan
    np.testing.assert_array_equal(table.map_median, expected.median)
    np.testing.assert_array_equal(table.map_share, expected.share)
    assert f"Aligned frames: {expected}" in said
    others = [1, 2, 4]
    assert table.map_share[3] < table.map_share[others].min() - 0.1
    assert "ncc map" in Path("drift.svg").read_text(encoding="utf-8")


def test_without_it_files_are_as_they_were(folder, maskalign, summarized):
    _, known = summarized()
    assert maskalign(*COMMON, "--overwrite").exit_code == 0
    plain = DriftTable.from_csv("drift.csv")
    assert "map_median" not in Path("drift.csv").read_text(encoding="utf-8")
    assert known.replace(map_median=None, map_share=None, options=plain.options) == (
        plain
    )


def test_a_mask_for_each_frame_counts(summarized, hurt, frames, valid):
    hurt()
    _, without = summarized("--mask", "mask.tif")
    masks = np.stack([valid] * len(frames))
    masks[3, 4:18] = 0
    tifffile.imwrite("masks.tif", masks)
    _, table = summarized("--mask", "masks.tif", "--overwrite")
    assert table.options["mask"] == "one a frame"
    assert table.map_share[3] > without.map_share[3] + 0.1


def test_an_image_is_compared_where_it_lies(summarized, frames, valid):
    """Also where it is larger than the frames, and they are laid out otherwise."""
    room = ((0, 18), (0, 20))
    noise = np.random.default_rng(1).normal(0, 60, frames[2].shape)
    tifffile.imwrite("image.tif", np.pad(frames[2] + noise, room).astype("f4"))
    tifffile.imwrite("inside.tif", np.pad(valid, room))
    given = (
        *("--reference", "image.tif", "--reference-mask", "inside.tif"),
        *("--mask", "mask.tif", "-o", "out.tif", "--max-shift", 16),
    )
    for canvas in ("same", "union", "intersection"):
        _, table = summarized(*given, "--canvas", canvas, "--overwrite")
        assert (table.map_share > 0.99).all(), canvas
        # The noise of the image is in no frame.
        assert (table.map_median < 0.99).all()


def test_with_the_frame_before(summarized):
    """What is masked in either of the two is left out."""
    said, table = summarized(
        *("--reference", "previous", "--mask", "mask.tif", "--max-shift", 16)
    )
    assert np.isnan(table.map_median[0])
    assert (table.map_share[1:] > 0.99).all()
    assert "Aligned frames: median ncc" in said


def test_planes_are_not_compared_with_a_projection(folder, maskalign, frames):
    stack = np.stack([frames] * 2, axis=1)
    tifffile.imwrite("movie.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    tifffile.imwrite("image.tif", frames[0])
    flat = ("--projection", "max", "--reference", "image.tif")
    done = maskalign(*COMMON, "--map-summary", *flat)
    assert done.exit_code == 2
    assert "frames, which have 3 axes, with the reference, which has 2" in done.output
    assert not (folder / "drift.csv").exists()
    # With a frame of its own it is compared plane by plane.
    done = maskalign(*COMMON, "--map-summary", "--projection", "max")
    assert done.exit_code == 0, done.output
    assert np.isfinite(DriftTable.from_csv("drift.csv").map_median[1:]).all()
