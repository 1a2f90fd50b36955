import json

import numpy as np
import pytest
import tifffile

import maskalign as library
from maskalign import DriftTable
from maskalign.pipeline.plan import DriftPlan


@pytest.fixture
def align(folder, maskalign):
    """Align `movie.tif`; give back the result and the drift table."""

    def run(*arguments):
        result = maskalign("align", "movie.tif", "--drift", "drift.csv", *arguments)
        assert result.exit_code == 0, result.output
        return result, DriftTable.from_csv("drift.csv")

    return run


def test_the_mask_decides(align, shifts):
    _, masked = align("--mask", "mask.tif", "--max-shift", 10)
    np.testing.assert_allclose(masked.shifts, shifts, atol=0.05)
    _, plain = align("--max-shift", 10, "--overwrite")
    assert np.abs(plain.shifts).max() < 0.5  # held by the stain


def test_a_mask_of_what_to_ignore_is_the_other_way_round(align, valid):
    _, table = align("--mask", "mask.tif")
    tifffile.imwrite("ignore.tif", np.where(valid, 0, 3).astype("u1"))
    _, other = align("--mask", "ignore.tif", "--invert-mask", "--overwrite")
    np.testing.assert_array_equal(other.shifts, table.shifts)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "float32"])
def test_a_mask_may_be_of_any_type(align, valid, shifts, dtype):
    mask = np.where(valid, 1, 0).astype(dtype)
    if dtype == "float32":
        mask[mask == 0] = np.nan
    tifffile.imwrite("other.tif", mask)
    _, table = align("--mask", "other.tif", "--max-shift", 10)
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)


def test_a_mask_for_each_frame(align, frames, valid, shifts):
    tifffile.imwrite("masks.tif", np.stack([valid] * len(frames)))
    _, table = align("--mask", "masks.tif", "--max-shift", 10)
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)
    assert table.options["mask"] == "one a frame"


def test_a_mask_saved_as_a_movie_of_one_frame(align, valid, shifts):
    axes = {"axes": "TYX"}
    tifffile.imwrite("one.ome.tif", valid[np.newaxis], metadata=axes)
    _, table = align("--mask", "one.ome.tif", "--max-shift", 10)
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)


def test_the_output_is_what_the_library_gives(align, frames, valid):
    _, table = align("--mask", "mask.tif", "-o", "out.tif", "--canvas", "union")
    expected = library.apply_drift(frames, table.repaired(), canvas="union")
    np.testing.assert_array_equal(tifffile.imread("out.tif"), expected)


def test_options_reach_the_library(align, frames, valid):
    _, table = align(
        *("--mask", "mask.tif", "--reference", -1, "--max-shift", "12,13"),
        *("--min-overlap", 0.4, "--no-subpixel"),
    )
    expected = library.estimate_drift(
        frames,
        mask=valid,
        reference=-1,
        max_shift=(12, 13),
        min_overlap=0.4,
        subpixel=False,
    )
    np.testing.assert_array_equal(table.shifts, expected.shifts)
    assert table.reference_frame.tolist() == [4] * 5
    assert table.options["min_overlap"] == 0.4
    assert list(table.options["max_shift"]) == [12, 13]


def test_the_reference_may_be_an_image_with_a_mask_of_its_own(align, frames, shifts):
    image = frames[0].copy()
    clean = np.ones(image.shape, "u1")
    clean[20:50, 30:60] = 0
    tifffile.imwrite("image.tif", image)
    tifffile.imwrite("clean.tif", clean)
    _, table = align(
        *("--reference", "image.tif", "--reference-mask", "clean.tif"),
        *("--mask", "mask.tif", "--max-shift", 10),
    )
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)
    assert table.reference_frame.tolist() == [-1] * 5


@pytest.mark.parametrize("channel", [1, "red"])
def test_one_channel_decides_and_all_are_moved(
    folder, maskalign, frames, shifts, channel
):
    noise = np.random.default_rng(0).integers(0, 99, frames.shape).astype("u2")
    both = np.stack([noise, frames], axis=1)
    channels = {"axes": "TCYX", "Channel": {"Name": ["grey", "red"]}}
    tifffile.imwrite("two.ome.tif", both, metadata=channels)
    result = maskalign(
        *("align", "two.ome.tif", "--channel", channel, "--mask", "mask.tif"),
        *("--max-shift", 10, "-o", "out.ome.tif", "--drift", "drift.json"),
    )
    assert result.exit_code == 0, result.output
    table = DriftTable.from_json("drift.json")
    np.testing.assert_allclose(table.shifts, shifts, atol=0.05)
    expected = library.apply_drift(both, table, axes="TCYX")
    np.testing.assert_array_equal(tifffile.imread("out.ome.tif"), expected)


def test_axes_may_be_given_for_a_file_that_says_nothing(folder, maskalign):
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 999, (2, 8, 24, 24)).astype("u2")
    volumes = np.stack([stack[0]] * 3, axis=1)
    tifffile.imwrite("zt.tif", volumes, photometric="minisblack")
    arguments = ("--axes", "ZTYX", "--drift", "drift.json", "--max-shift", 2)
    result = maskalign("align", "zt.tif", *arguments)
    assert result.exit_code == 0, result.output
    assert DriftTable.from_json("drift.json").shifts.shape == (3, 3)


def test_says_what_it_found_and_where_it_is(align):
    result, _ = align("--mask", "mask.tif", "--max-shift", 10, "-o", "out.tif")
    # The largest shift is (-2, -7).
    assert "movie.tif: largest drift 7.3 px (frame 4), mean ncc 1.00, " in result.output
    assert "Wrote out.tif, drift.csv" in result.output


def test_a_bad_frame_is_named_and_does_not_stop_the_movie(align, frames):
    spoilt = frames.copy()
    spoilt[2] = 7
    tifffile.imwrite("movie.tif", spoilt)
    result, table = align("--mask", "mask.tif", "--max-shift", 10, "-o", "out.tif")
    assert "Frame 2: blank." in result.output
    assert table.status.tolist() == ["ok", "ok", "blank", "ok", "ok"]
    assert np.isnan(table.shifts[2]).all()
    assert tifffile.imread("out.tif").shape == frames.shape


def test_a_movie_in_which_no_frame_matches_has_no_answer(folder, maskalign, files):
    movie = np.full((3, 32, 32), 7, "u2")
    movie[0] = np.random.default_rng(0).integers(0, 99, (32, 32))
    tifffile.imwrite("movie.tif", movie, photometric="minisblack")
    before = files()
    result = maskalign("align", "movie.tif", "-o", "out.tif", "--drift", "d.csv")
    assert result.exit_code == 1
    assert "No frame could be laid over the reference (2 blank)" in result.output
    assert "--max-shift" not in result.output
    assert files() == before


def test_what_may_help_is_said_where_every_frame_is_unsure(folder, maskalign):
    movie = np.random.default_rng(0).integers(0, 99, (3, 64, 64)).astype("u2")
    tifffile.imwrite("movie.tif", movie, photometric="minisblack")
    result = maskalign("align", "movie.tif", "-o", "out.tif")
    assert result.exit_code == 1
    assert "(2 unsure)" in result.output
    assert "--max-shift near the largest" in " ".join(result.output.split())


def test_a_movie_of_one_frame(folder, maskalign, frames):
    tifffile.imwrite("one.tif", frames[0])
    arguments = ("--axes", "TYX", "--drift", "drift.json", "-o", "out.tif")
    result = maskalign("align", "one.tif", *arguments)
    assert result.exit_code == 0, result.output
    assert json.loads((folder / "drift.json").read_text())["columns"]["frame"] == [0]
    np.testing.assert_array_equal(tifffile.imread("out.tif"), frames[0])


def test_the_picture_is_drawn(align, folder):
    align("--mask", "mask.tif", "--plot", "drift.svg")
    assert "movie.tif" in (folder / "drift.svg").read_text()


def test_an_interruption_leaves_no_file(folder, maskalign, files, monkeypatch):
    whole = DriftPlan.rows

    def interrupted(self):
        rows = whole(self)
        yield next(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(DriftPlan, "rows", interrupted)
    before = files()
    result = maskalign("align", "movie.tif", "-o", "out.tif", "--drift", "d.csv")
    assert result.exit_code == 130
    assert "Interrupted" in result.output
    assert files() == before


def test_an_interruption_while_writing_leaves_the_table_but_no_movie(
    folder, maskalign, files, monkeypatch
):
    from maskalign.cli import steps

    seen = []

    def interrupt(self, n_frames, what, passes=1):
        seen.append(what)
        for step in self:
            yield step
            if what.startswith("Writing"):
                self.close()
                raise KeyboardInterrupt

    monkeypatch.setattr(steps, "_progress", interrupt)
    before = files()
    result = maskalign("align", "movie.tif", "-o", "out.tif", "--drift", "d.csv")
    assert result.exit_code == 130
    assert seen == ["Estimating the drift", "Writing out.tif"]
    assert set(files()) - set(before) == {"d.csv"}
    assert len(DriftTable.from_csv("d.csv")) == 5
