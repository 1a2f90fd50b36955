import numpy as np
import pytest
import tifffile

from maskalign import Movie, load_movie, local_ncc, save_movie, summarize_map


@pytest.fixture
def aligned(folder, frames):
    """Two images that agree, but for noise on the right: `a.tif` and `b.tif`."""
    a = frames[0]
    noise = np.random.default_rng(0).normal(0, 300, a.shape) * (np.arange(80) > 50)
    b = (a + noise).clip(0).astype("u2")
    tifffile.imwrite("a.tif", a)
    tifffile.imwrite("b.tif", b)
    return a, b


def done(result):
    assert result.exit_code == 0, result.output
    return result.output


def test_two_images_give_the_map_of_the_library(aligned, maskalign):
    said = done(maskalign("ncc-map", "a.tif", "b.tif", "-o", "map.tif", "--window", 9))
    found = tifffile.imread("map.tif")
    assert found.dtype == np.float32
    expected = local_ncc(*aligned, window=9)
    np.testing.assert_array_equal(found, expected)
    assert f"b.tif: {summarize_map(expected)}" in said
    assert "Wrote map.tif" in said


def test_every_option_reaches_the_library(aligned, maskalign):
    options = {
        "window": (3, 5),
        "weights": "gaussian",
        "min_valid": 12,
        "statistic": "z",
    }
    given = [f"--{k.replace('_', '-')}" for k in options]
    values = ["3,5", "gaussian", 12, "z"]
    pairs = [x for pair in zip(given, values, strict=True) for x in pair]
    done(maskalign("ncc-map", "a.tif", "b.tif", "-o", "map.tif", *pairs))
    expected = local_ncc(*aligned, **options)
    np.testing.assert_array_equal(tifffile.imread("map.tif"), expected)


def test_a_movie_gives_a_map_a_frame_calibrated(folder, maskalign, frames, valid):
    movie = Movie(frames, scale=(2, 0.2, 0.2), units=("s", "µm", "µm"))
    save_movie("cal.tif", movie)
    tifffile.imwrite("first.tif", frames[0])
    for reference in ("first", "first.tif", 0):
        out = ("-o", f"{reference}.out.tif", "--mask", "mask.tif")
        said = done(maskalign("ncc-map", reference, "cal.tif", *out))
        assert "lowest in frame" in said
        found = load_movie(f"{reference}.out.tif")
        assert found.axes == "TYX"
        assert (found.scale, found.units) == (movie.scale, movie.units)
        expected = local_ncc(frames[0], frames, mask=valid > 0)
        np.testing.assert_array_equal(found.data, expected)


def test_movies_are_compared_frame_by_frame_and_with_the_frame_before(
    folder, maskalign, frames
):
    save_movie("other.tif", frames[::-1])
    done(maskalign("ncc-map", "other.tif", "movie.tif", "-o", "a.tif"))
    expected = local_ncc(frames[::-1], frames, axes="TYX")
    np.testing.assert_array_equal(tifffile.imread("a.tif"), expected)
    done(maskalign("ncc-map", "previous", "movie.tif", "-o", "b.tif"))
    expected = local_ncc("previous", frames)
    np.testing.assert_array_equal(tifffile.imread("b.tif"), expected)


def test_a_stack_is_a_volume_if_axes_say_so(folder, maskalign, frames):
    save_movie("other.tif", frames[::-1])
    how = ("--axes", "ZYX", "--window", "3,5,5")
    done(maskalign("ncc-map", "other.tif", "movie.tif", "-o", "out.tif", *how))
    expected = local_ncc(frames[::-1], frames, window=(3, 5, 5))
    found = load_movie("out.tif")
    assert found.axes == "ZYX"
    np.testing.assert_array_equal(found.data, expected)


def test_channels_are_chosen_in_both_files(folder, maskalign, frames):
    both = np.stack([frames, frames[:, ::-1]], axis=1)
    save_movie("two.ome.tif", Movie(both, "TCYX", channels=("red", "green")))
    how = ("--channel", "green", "-o", "out.tif")
    done(maskalign("ncc-map", "two.ome.tif", "two.ome.tif", *how))
    done(maskalign("ncc-map", "first", "two.ome.tif", *how[:2], "-o", "b.tif"))
    found = tifffile.imread("out.tif")
    assert (found[np.isfinite(found)] == 1).all()
    expected = local_ncc("first", frames[:, ::-1])
    np.testing.assert_array_equal(tifffile.imread("b.tif"), expected)


@pytest.mark.parametrize("reference", ["first", "image.tif"])
def test_align_first_undoes_the_drift(folder, maskalign, frames, reference):
    movie = frames.copy()
    # The stain has a texture, which would be compared if it were not masked.
    movie[:, 20:50, 30:60] -= np.random.default_rng(0).integers(0, 9, (30, 30), "u2")
    save_movie("movie.tif", movie, overwrite=True)
    tifffile.imwrite("image.tif", movie[0])
    how = ("--mask", "mask.tif", "--align", "--max-shift", 10)
    said = done(maskalign("ncc-map", reference, "movie.tif", "-o", "a.tif", *how))
    found = tifffile.imread("a.tif")
    medians = summarize_map(found).median
    assert (medians > 0.99).all()
    assert np.isnan(found[0, 24:46, 34:56]).all()
    # Moved by (3, -2), the stain lies elsewhere in frame 1: both places are missing.
    assert np.isnan(found[1, 24:49, 32:56]).all()
    done(maskalign("ncc-map", reference, "movie.tif", "-o", "b.tif", *how[:2]))
    assert (summarize_map(tifffile.imread("b.tif")).median[1:] < 0.5).all()
    assert "lowest in frame" in said


def test_a_painted_mask_is_turned_round(folder, maskalign, frames, valid):
    tifffile.imwrite("painted.tif", (valid == 0).astype("u1"))
    how = ("--mask", "painted.tif", "--invert-mask")
    done(maskalign("ncc-map", "first", "movie.tif", "-o", "out.tif", *how))
    expected = local_ncc("first", frames, mask=valid > 0)
    np.testing.assert_array_equal(tifffile.imread("out.tif"), expected)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("firs", "movie.tif", "-o", "o.tif"), 1, "no file firs"),
        (("first", "none.tif", "-o", "o.tif"), 1, "no file none.tif"),
        (("first", "movie.tif", "-o", "mask.tif"), 1, "--overwrite"),
        (("first", "movie.tif", "-o", "movie.tif"), 2, "same file"),
        (("first", "movie.tif", "-o", "o.png"), 1, "o.png"),
        (("first", "movie.tif", "-o", "o.tif", "--window", 4), 2, "use 3 or 5"),
        (("first", "movie.tif", "-o", "o.tif", "--window", "3,3,3"), 1, "3 entries"),
        (("first", "movie.tif", "-o", "o.tif", "--min-valid", 99), 1, "49 pixels"),
        (("first", "movie.tif", "-o", "o.tif", "--invert-mask"), 2, "needs --mask"),
        (("first", "movie.tif", "-o", "o.tif", "--max-shift", 9), 2, "needs --align"),
        (("9", "movie.tif", "-o", "o.tif"), 1, "frames 0 to 4"),
        (("previous", "mask.tif", "-o", "o.tif"), 1, "one image"),
        (("movie.tif", "mask.tif", "-o", "o.tif"), 1, "5 frames"),
        (("movie.tif", "other.tif", "-o", "o.tif", "--align"), 2, "one image"),
        (("first", "movie.tif", "-o", "o.tif", "--channel", 1), 2, "no channels"),
        (("first", "movie.tif", "-o", "o.tif", "--align"), 1, "unsure"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(
    folder, maskalign, files, frames, arguments, code, words
):
    save_movie("other.tif", frames)
    if "unsure" in words:
        noise = np.random.default_rng(0).normal(size=(5, 72, 80)).astype("f4")
        save_movie("movie.tif", noise, overwrite=True)
    before = files()
    result = maskalign("ncc-map", *arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output
    assert "Traceback" not in result.output
    assert files() == before
