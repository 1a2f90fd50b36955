"""Strategies, exclusions, start tables and motion on the command line."""

import numpy as np
import pytest
import tifffile

from maskalign import DriftTable, load_movie


@pytest.fixture
def align(folder, maskalign):
    def run(*arguments, code=0):
        common = ("--mask", "mask.tif", "--max-shift", 16, "--overwrite")
        result = maskalign("align", "movie.tif", *common, *arguments)
        assert result.exit_code == code, result.output
        return result

    return run


def drift(name="drift.csv"):
    return DriftTable.from_csv(name)


@pytest.mark.parametrize("name", ["previous", "rolling", "mean", "redundant"])
def test_every_strategy(align, shifts, name):
    align("--drift", "drift.csv", "--reference", name)
    np.testing.assert_allclose(drift().shifts, shifts, atol=0.05)
    assert drift().options["reference"] == name


def test_options_of_strategies(align):
    options = ("--reference", "redundant", "--time-lags", "1,3", "--exclude", "2,-1")
    align("--drift", "drift.csv", *options)
    table = drift()
    assert table.options["time_lags"] == [1, 3]
    assert table.status[[2, 4]].tolist() == ["excluded"] * 2
    align("--drift", "drift.csv", "--reference", "rolling", "--renew-every", 2)
    assert drift().reference_frame.tolist() == [0, 0, 0, 2, 2]
    align("--drift", "drift.csv", "--reference", "redundant", "--time-lags", "2")
    assert drift().options["time_lags"] == 2


def test_a_start_table_and_a_row_set_by_hand(align, shifts):
    rough = DriftTable.from_shifts(shifts + 1).edit(3, (6.5, 1.5))
    rough.to_csv("start.csv")
    align("--drift", "drift.csv", "--start", "start.csv", "--max-shift", 3)
    table = drift()
    assert table.status[3] == "manual"
    assert table[3].shift == (6.5, 1.5)
    others = [1, 2, 4]
    np.testing.assert_allclose(table.shifts[others], shifts[others], atol=0.05)


def test_bad_values_are_named(align):
    for arguments, words in (
        (("--exclude", "two"), "'two' is not whole numbers"),
        (("--exclude", "9"), "frames 0 to 4"),
        (("--time-lags", "0"), "time_lags must be 1 or more"),
        (("--reference", "redundent"), "'redundant'"),
        (("--projection", "max"), "no z"),
        (("--outlier-limit", "-1"), "limit must be a number of pixels"),
        (("--outlier-limit", "1,2,3"), "for each of 2"),
    ):
        code = 1 if words[:5] in ("no z", "frame", "limit", "for e") else 2
        result = align("--drift", "drift.csv", *arguments, code=code)
        assert words in result.output
        assert "Estimating" not in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sigma", 3), "--sigma needs --take-out"),
        (("--time-lags", 3), "--time-lags needs --reference redundant"),
        (("--renew-every", 5, "--reference", 1), "--renew-every needs"),
        (("--take-out", "jitter"), "--take-out is about the movie"),
        (("--canvas", "union"), "--canvas is about the movie"),
        (("--fill-value", "edge"), "--fill-value is about the movie"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(align, arguments, words):
    assert words in align("--drift", "drift.csv", *arguments, code=2).output


def test_outliers_are_flagged_on_request(align):
    limit = ("--outlier-limit", 4)
    align("--drift", "plain.csv")
    assert drift("plain.csv").ok.all()
    align("--drift", "drift.csv", *limit)
    assert "outlier" in drift().status
    # The numbers stay as they were found.
    np.testing.assert_array_equal(drift().shifts, drift("plain.csv").shifts)


@pytest.mark.parametrize("what", ["all", "jitter", "slow"])
def test_what_is_taken_out(align, what, maskalign):
    sigma = () if what == "all" else ("--sigma", 1)
    align("-o", "out.tif", "--drift", "drift.csv", "--take-out", what, *sigma)
    table = drift()
    wanted = {
        "all": table.repaired(),
        "jitter": table.jitter(1),
        "slow": table.smoothed(1),
    }[what]
    wanted.to_csv("wanted.csv")
    result = maskalign("apply", "movie.tif", "--drift", "wanted.csv", "-o", "same.tif")
    assert result.exit_code == 0, result.output
    same = tifffile.imread("same.tif")
    np.testing.assert_array_equal(load_movie("out.tif").data.compute(), same)
