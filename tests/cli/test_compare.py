"""`maskalign compare` on files."""

import json

import numpy as np
import pytest
import tifffile

from maskalign import compare
from maskalign.model.metrics import METRICS, ON_REQUEST


@pytest.fixture
def pair(folder, frames):
    """Two images in files, and as arrays."""
    rng = np.random.default_rng(1)
    first = frames[0].astype("f4")
    second = first + rng.normal(0, 100, first.shape).astype("f4")
    tifffile.imwrite("first.tif", first)
    tifffile.imwrite("second.tif", second)
    return first, second


def numbers(result):
    """Return what the JSON on stdout says; None for null."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def rows(result):
    assert result.exit_code == 0, result.output
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == ["metric", "value", "range", "more", "alike"]
    return {line.split()[0]: line.split()[1:] for line in lines}


def test_json_is_what_the_library_says(maskalign, pair):
    found = numbers(maskalign("compare", "first.tif", "second.tif", "--json"))
    assert list(found) == list(METRICS)
    assert found == pytest.approx(compare(*pair))


def test_the_table_has_every_number_its_range_and_its_better_end(maskalign, pair):
    result = maskalign("compare", "first.tif", "second.tif")
    found, expected = rows(result), compare(*pair)
    assert list(found) == list(METRICS)
    for name, (value, *span, better) in found.items():
        assert float(value) == pytest.approx(expected[name], rel=1e-4)
        assert " ".join(span) == METRICS[name].range
        assert better == METRICS[name].better
    # Columns stand below each other.
    starts = {
        line.index(" to ") for line in result.stdout.splitlines() if " to " in line
    }
    assert len(starts) <= 2


def test_the_mask_counts(maskalign, pair, valid):
    command = ("compare", "first.tif", "second.tif", "--json", "--mask")
    found = numbers(maskalign(*command, "mask.tif"))
    assert found == pytest.approx(compare(*pair, mask=valid))
    assert found["pearson"] != pytest.approx(compare(*pair)["pearson"])
    tifffile.imwrite("painted.tif", (valid == 0).astype("u1") * 3)
    assert numbers(maskalign(*command, "painted.tif", "--invert-mask")) == found


def test_metrics_are_chosen_by_name(maskalign, pair):
    command = ("compare", "first.tif", "second.tif", "--metrics", "ssim, ncc_best")
    assert list(numbers(maskalign(*command, "--json"))) == ["ssim", "ncc_best"]
    assert list(rows(maskalign(*command))) == ["ssim", "ncc_best"]


def test_what_is_not_defined_is_null_and_said(maskalign, folder):
    tifffile.imwrite("flat.tif", np.full((9, 9), 5, "u1"))
    command = ("compare", "flat.tif", "flat.tif", "--metrics", "pearson,psnr,mse")
    found = numbers(maskalign(*command, "--json"))
    assert found == {"pearson": None, "psnr": None, "mse": 0}
    assert rows(maskalign(*command))["pearson"][0] == "undefined"
    assert rows(maskalign(*command))["psnr"][0] == "inf"


def test_one_frame_of_a_movie(maskalign, pair, frames):
    found = numbers(
        maskalign("compare", "first.tif", "movie.tif", "--json", "--frame", 3)
    )
    assert found == pytest.approx(compare(pair[0], frames[3]))
    last = numbers(
        maskalign("compare", "movie.tif", "movie.tif", "--json", "--frame", -1)
    )
    assert last["identical"] == 1


def test_volumes_and_a_flat_mask(maskalign, folder, frames, valid):
    tifffile.imwrite("volume.tif", frames)
    tifffile.imwrite("other.tif", frames[:, ::-1])
    command = ("compare", "volume.tif", "other.tif", "--axes", "ZYX", "--json")
    found = numbers(
        maskalign(*command, "--mask", "mask.tif", "--metrics", "mse,ahash_distance")
    )
    mask = np.broadcast_to(valid, frames.shape)
    expected = compare(
        frames, frames[:, ::-1], mask=mask, metrics=["mse", "ahash_distance"]
    )
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("channel", ["1", "green", "mean"])
def test_a_channel(maskalign, folder, frames, channel):
    both = np.stack([frames[0], frames[1] + 5])
    tifffile.imwrite(
        "both.ome.tif",
        both,
        metadata={"axes": "CYX", "Channel": {"Name": ["red", "green"]}},
    )
    tifffile.imwrite("second.tif", frames[1])
    command = ("compare", "both.ome.tif", "second.tif", "--channel", channel, "--json")
    found = numbers(maskalign(*command))
    expected = both.mean(axis=0) if channel == "mean" else both[1]
    assert found == pytest.approx(compare(expected, frames[1]))


def test_binary_images(maskalign, folder):
    a = np.zeros((12, 12), bool)
    a[2:8, 2:8] = True
    tifffile.imwrite("a.tif", a)
    tifffile.imwrite("b.tif", a.T[::-1])
    found = numbers(maskalign("compare", "a.tif", "b.tif", "--json"))
    assert found["dice"] == pytest.approx(compare(a, a.T[::-1])["dice"])


def test_the_joint_histogram_is_drawn(maskalign, pair, folder):
    command = ("compare", "first.tif", "second.tif", "--plot", "joint.png")
    result = maskalign(*command)
    assert result.stdout.endswith("Wrote joint.png\n")
    assert (folder / "joint.png").read_bytes().startswith(b"\x89PNG")
    again = maskalign(*command)
    assert again.exit_code == 1
    assert "joint.png exists; say --overwrite" in again.output
    numbers(maskalign(*command, "--overwrite", "--json"))


#: Arguments after `compare`, the exit code, and what is said.
REFUSED = [
    (["first.tif"], 2, "MOVING"),
    (["first.tif", "none.tif"], 1, "MOVING: there is no file none.tif"),
    (["first.tif", "movie.tif"], 1, "MOVING has 5 frames: say which with --frame"),
    (["movie.tif", "movie.tif", "--frame", "5"], 1, "they go from 0 to 4"),
    (["first.tif", "small.tif"], 1, "(72, 80) but moving has shape (71, 80)"),
    (["first.tif", "second.tif", "--mask", "small.tif"], 1, "mask has shape (71, 80)"),
    (["first.tif", "second.tif", "--mask", "empty.tif"], 1, "no valid pixel in common"),
    (["first.tif", "complex.tif"], 1, "complex64"),
    (["first.tif", "second.tif", "--channel", "0"], 1, "neither image has channels"),
    (["first.tif", "second.tif", "--axes", "TZC"], 1, "TZC"),
    (["first.tif", "second.tif", "--metrics", "ssim,sim"], 2, "no metric 'sim'"),
    (["first.tif", "second.tif", "--invert-mask"], 2, "needs --mask"),
    (["first.tif", "second.tif", "--plot", "p.xyz"], 1, "p.xyz"),
    (["first.tif", "second.tif", "--plot", "first.tif"], 2, "the same file"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "said"), REFUSED, ids=[" ".join(r[0]) for r in REFUSED]
)
def test_refused_in_words(maskalign, pair, files, arguments, code, said):
    tifffile.imwrite("small.tif", pair[0][1:])
    tifffile.imwrite("empty.tif", np.zeros(pair[0].shape, "u1"))
    tifffile.imwrite("complex.tif", pair[0].astype("c8"))
    before = files()
    result = maskalign("compare", *arguments)
    assert (result.exit_code, files()) == (code, before), result.output
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_help_explains_every_metric(maskalign):
    result = maskalign("compare", "--help")
    assert result.exit_code == 0
    for name, metric in (METRICS | ON_REQUEST).items():
        (line,) = (x for x in result.output.splitlines() if x.split()[:1] == [name])
        assert line.endswith(metric.meaning)
    assert "130 interrupted" in " ".join(result.output.split())
