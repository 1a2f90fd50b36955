"""What the command line says to input that has no answer, and that it does no harm."""

import os

import numpy as np
import pytest
import tifffile

RNG = np.random.default_rng(3)
NOISE = RNG.integers(0, 999, (4, 40, 44)).astype("u2")


def save(path, array, **options):
    tifffile.imwrite(path, array, **{"photometric": "minisblack"} | options)


def save_truncated(path):
    save(path, NOISE)
    with open(path, "r+b") as file:  # noqa: PTH123 - the shortest way to cut a file
        file.truncate(4000)


def save_bytes(path, content):
    with open(path, "wb") as file:  # noqa: PTH123 - beside the one above
        file.write(content)


#: Name of the case: how to make bad.tif, and what is said of it.
MOVIES = {
    "missing": (lambda p: None, ["there is no file bad.tif"]),
    "empty file": (lambda p: save_bytes(p, b""), ["bad.tif is empty"]),
    "no TIFF": (lambda p: save_bytes(p, b"GIF89a" * 50), ["not a TIFF file"]),
    "truncated": (save_truncated, ["bad.tif", "cut short"]),
    "a folder": (os.mkdir, ["bad.tif is a folder"]),
    "constant": (lambda p: save(p, np.full((4, 40, 44), 5, "u2")), ["constant (5)"]),
    "NaN": (lambda p: save(p, np.full((4, 40, 44), np.nan, "f4")), ["NaN"]),
    "complex": (lambda p: save(p, NOISE.astype("c8")), ["complex64", "magnitude"]),
    "boolean": (lambda p: save(p, NOISE > 500), ["bool", "a mask"]),
    "colour": (
        lambda p: save(
            p, RNG.integers(0, 255, (4, 40, 44, 3), "u1"), photometric="rgb"
        ),
        ["colour samples"],
    ),
    "channels": (
        lambda p: save(p, NOISE[:, None][:, [0, 0]], imagej=True),
        ["channel is not given", "0 to 1"],
    ),
    "one image": (lambda p: save(p, np.zeros((5, 5, 5, 8, 8), "u1")), ["axes"]),
}


@pytest.mark.parametrize("case", MOVIES)
def test_a_movie_without_an_answer(folder, maskalign, files, case):
    make, said = MOVIES[case]
    make("bad.tif")
    before = files()
    result = maskalign("align", "bad.tif", "-o", "out.tif", "--drift", "d.csv")
    assert result.exit_code == 1
    (line,) = [x for x in result.output.splitlines() if x.startswith("Error: ")]
    for words in said:
        assert words in line
    assert "Traceback" not in result.output
    assert files() == before


#: Name of the case: a mask, and what is said of it.
MASKS = {
    "wrong shape": (np.ones((72, 79), "u1"), ["(72, 79)", "(72, 80)"]),
    "larger": (np.ones((100, 120), "u1"), ["(100, 120)", "(72, 80)"]),
    "too few frames": (np.ones((3, 72, 80), "u1"), ["(3, 72, 80)", "T 5"]),
    "nothing valid": (np.zeros((72, 80), "u1"), ["no pixel is left"]),
    "one pixel": (np.arange(72 * 80).reshape(72, 80) == 99, ["1 valid pixel"]),
}


@pytest.mark.parametrize("case", MASKS)
@pytest.mark.parametrize("option", ["--mask", "--reference-mask"])
def test_a_mask_that_does_not_fit(folder, maskalign, files, case, option):
    mask, said = MASKS[case]
    if option == "--reference-mask":
        said = said[:1]
    save("bad.tif", mask)
    before = files()
    result = maskalign("align", "movie.tif", "-o", "out.tif", option, "bad.tif")
    assert result.exit_code == 1
    for words in said:
        assert words in result.output
    assert files() == before


def test_everything_painted_leaves_nothing(folder, maskalign, valid):
    save("all.tif", np.ones_like(valid))
    arguments = ("--mask", "all.tif", "--invert-mask", "-o", "out.tif")
    result = maskalign("align", "movie.tif", *arguments)
    assert result.exit_code == 1
    assert "no pixel is left" in result.output


#: Arguments after `align movie.tif`, the exit code, and what is said.
REFUSED = [
    (["-o", "no/out.tif"], 1, "there is no folder no"),
    (["-o", "mask.tif/out.tif"], 1, "there is no folder mask.tif"),
    (["-o", "."], 1, "is a folder"),
    (["-o", "out.jpg"], 1, "out.jpg"),
    (["-o", "out.tif", "--plot", "p.xyz"], 1, "p.xyz"),
    (["-o", "out.tif", "--drift", "d.xls"], 1, ".csv or .json"),
    (["-o", "out.tif", "--mask", "none.tif"], 1, "no file none.tif"),
    (["-o", "out.tif", "--reference", "none.tif"], 1, "no file none.tif"),
    (["-o", "out.tif", "--reference", "99"], 1, "frames 0 to 4"),
    (["-o", "out.tif", "--max-shift", "1,2,3"], 1, "2 spatial axes"),
    (["-o", "out.tif", "--channel", "0"], 1, "no channels"),
    (["-o", "out.tif", "--axes", "TZC"], 1, "TZC"),
    (["-o", "out.tif", "--fill-value", "-1"], 1, "uint16"),
    (["-o", "out.tif", "--fill-value", "nan"], 1, "uint16"),
    ([], 2, "nothing to write"),
    (["-o", "movie.tif", "--overwrite"], 2, "the same file"),
    (["-o", "./movie.tif"], 2, "the same file"),
    (["-o", "mask.tif", "--mask", "mask.tif", "--overwrite"], 2, "the same file"),
    (["--drift", "a.csv", "--plot", "a.csv"], 2, "the same file"),
    (["-o", "out.tif", "--invert-mask"], 2, "needs --mask"),
    (["-o", "out.tif", "--mask-follows", "sample"], 2, "needs --mask or --auto-mask"),
    (["-o", "out.tif", "--max-shift", "far"], 2, "'far' is not a number"),
    (["-o", "out.tif", "--max-shift", "-3"], 2, "0 pixels or more"),
    (["-o", "out.tif", "--max-shift", "nan"], 2, "0 pixels or more"),
    (["-o", "out.tif", "--min-overlap", "1.5"], 2, "from 0 to 1"),
    (["-o", "out.tif", "--interpolation", "lanczos"], 2, "'lanczos'"),
    (["-o", "out.tif", "--canvas", "big"], 2, "'big'"),
    (["-o", "out.tif", "--maks", "mask.tif"], 2, "--maks"),
]


@pytest.mark.parametrize(
    ("arguments", "code", "said"), REFUSED, ids=[" ".join(r[0]) for r in REFUSED]
)
def test_refused_before_any_work(folder, maskalign, files, arguments, code, said):
    before = files()
    result = maskalign("align", "movie.tif", *arguments)
    assert (result.exit_code, files()) == (code, before), result.output
    assert said in result.output
    assert "Traceback" not in result.output
    assert "Estimating" not in result.output


@pytest.mark.parametrize("existing", ["out.tif", "d.csv", "p.png"])
def test_an_output_that_exists_is_left_alone(folder, maskalign, files, existing):
    (folder / existing).write_text("precious")
    before = files()
    arguments = ("-o", "out.tif", "--drift", "d.csv", "--plot", "p.png")
    result = maskalign("align", "movie.tif", *arguments)
    assert result.exit_code == 1
    assert f"{existing} exists; say --overwrite" in result.output
    assert "Estimating" not in result.output
    assert files() == before
    assert maskalign("align", "movie.tif", *arguments, "--overwrite").exit_code == 0
    assert (folder / existing).read_bytes() != b"precious"


def test_a_link_to_the_input_is_the_input(folder, maskalign, files):
    (folder / "link.tif").hardlink_to(folder / "movie.tif")
    before = files()
    result = maskalign("align", "movie.tif", "-o", "link.tif", "--overwrite")
    assert result.exit_code == 2
    assert files() == before


def test_a_folder_that_may_not_be_written_to(folder, maskalign, monkeypatch):
    # Told, not made: the user who runs the tests may be one who may write anywhere.
    (folder / "locked").mkdir()
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda p, mode: "locked" not in str(p) and real(p, mode)
    )
    result = maskalign("align", "movie.tif", "-o", "locked/out.tif")
    assert result.exit_code == 1
    assert "locked/out.tif may not be written" in result.output
    assert "Estimating" not in result.output


def test_a_disk_that_is_full_is_said_in_one_line(folder, maskalign, monkeypatch):
    from maskalign.io import movies

    def full(path, movie, **options):
        yield 1
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(movies, "iter_save_movie", full)
    result = maskalign("align", "movie.tif", "-o", "out.tif")
    assert result.exit_code == 1
    assert "Error: out.tif: No space left on device." in result.output


def test_debug_shows_where_it_happened(folder, maskalign):
    result = maskalign("align", "none.tif", "-o", "out.tif", "--debug")
    assert isinstance(result.exception, FileNotFoundError)
