"""Damaged files are known for what they are when they are opened."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile

from maskalign.errors import MovieFileError
from maskalign.io.movies import load_movie, save_movie
from maskalign.model.movie import Movie

WRITERS = {
    "plain": {"photometric": "minisblack"},
    "plain pages": {"photometric": "minisblack", "metadata": None},
    "zlib": {"photometric": "minisblack", "compression": "zlib"},
    "zlib pages": {
        "photometric": "minisblack",
        "compression": "zlib",
        "metadata": None,
    },
    "big-endian": {"photometric": "minisblack", "byteorder": ">"},
    "bigtiff": {"photometric": "minisblack", "bigtiff": True},
    "imagej": {"imagej": True, "metadata": {"axes": "TYX"}},
    "ome": {"ome": True, "metadata": {"axes": "TYX"}},
}


@pytest.fixture(params=[*WRITERS, "ours", "ours ome"])
def whole(request, tmp_path, pixels):
    """A file of six frames, as one program or another writes it."""
    path = tmp_path / "whole.tif"
    if request.param in WRITERS:
        tifffile.imwrite(path, pixels, **WRITERS[request.param])
    else:
        channels = ("GFP",) if "ome" in request.param else ()
        save_movie(path, Movie(pixels, "TYX", channels=channels))
    return path


def test_a_file_is_opened_whole_or_not_at_all(whole, tmp_path, pixels):
    """Wherever it is cut: no frame is lost, or changed, without an error."""
    content = whole.read_bytes()
    path = tmp_path / "cut.tif"
    refused = 0
    for length in np.linspace(0, len(content), 40, endpoint=False).astype(int):
        path.write_bytes(content[:length])
        try:
            movie = load_movie(path)
        except MovieFileError:
            refused += 1
        else:
            np.testing.assert_array_equal(movie.data.compute(), pixels)
    # What may be lost without harm is at most the directories behind the pixels.
    assert refused >= 30


def test_a_hyperstack_with_one_directory_is_not_taken_for_an_image(tmp_path, pixels):
    """ImageJ writes such files: nothing but its notes tells how many frames follow."""
    notes = "ImageJ=1.53t\nimages=6\nframes=6\nhyperstack=true\n"
    path = tmp_path / "imagej.tif"
    with tifffile.TiffWriter(path, ome=False) as tiff:
        tiff.write(pixels[0], description=notes, metadata=None)
    with path.open("ab") as file:
        file.write(pixels[1:].tobytes())
    whole = path.read_bytes()
    np.testing.assert_array_equal(np.asarray(load_movie(path).data), pixels)

    path.write_bytes(whole[:-1000])
    with pytest.raises(MovieFileError, match="should hold 6 images, it holds 1"):
        load_movie(path)


def test_there_is_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*nowhere\.tif"):
        load_movie(tmp_path / "nowhere.tif")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not a TIFF file"),
        (b"II*\0\xff\xff\xff\x7f" + bytes(100), "holds no image"),
    ],
)
def test_what_is_no_movie_is_refused(tmp_path, content, words):
    path = tmp_path / "file.tif"
    path.write_bytes(content)
    with pytest.raises(MovieFileError, match=words):
        load_movie(path)


def test_a_folder_is_no_movie(tmp_path):
    with pytest.raises(MovieFileError, match="is a folder"):
        load_movie(tmp_path)


WITHOUT_CODECS = """
import sys
sys.modules["imagecodecs"] = None
from maskalign.io.movies import load_movie
try:
    load_movie(sys.argv[1])
except ValueError as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


@pytest.mark.parametrize("options", [{"compression": "lzw"}, {"predictor": 3}])
def test_codecs_that_are_missing_are_named(tmp_path, options):
    pytest.importorskip("imagecodecs")
    path = tmp_path / "packed.tif"
    frames = np.zeros((2, 16, 16), "float32")
    tifffile.imwrite(path, frames, **({"compression": "zlib"} | options))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CODECS, path], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "MovieFileError" in done.stderr
    assert 'pip install "napari-maskalign[codecs]"' in done.stderr
