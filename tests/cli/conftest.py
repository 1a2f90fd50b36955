"""Movies in files, and a way to run the program on them."""

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner
from scipy import ndimage

from maskalign.cli.program import program

#: Shift that lays each frame over the first.
SHIFTS = np.array([(0, 0), (3, -2), (-4, 5), (6, 1), (-2, -7)])


@pytest.fixture(scope="session")
def frames():
    """uint16, shape (5, 72, 80): a texture that moves, behind a stain that does not."""
    field = ndimage.gaussian_filter(np.random.default_rng(7).normal(size=(110, 120)), 2)
    scene = np.round(2000 + 300 * field / field.std()).astype("u2")
    movie = np.stack([scene[15 + y : 87 + y, 15 + x : 95 + x] for y, x in SHIFTS])
    movie[:, 20:50, 30:60] = 60000
    return movie


@pytest.fixture(scope="session")
def valid(frames):
    """uint8, shape (72, 80): 255 where there is no stain."""
    mask = np.full(frames.shape[1:], 255, "u1")
    mask[20:50, 30:60] = 0
    return mask


@pytest.fixture
def folder(tmp_path, monkeypatch, frames, valid):
    """The working directory, with `movie.tif` and `mask.tif` in it."""
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("movie.tif", frames, imagej=True, metadata={"axes": "TYX"})
    tifffile.imwrite("mask.tif", valid)
    return tmp_path


@pytest.fixture
def shifts():
    return SHIFTS.astype(float)


@pytest.fixture
def maskalign():
    """Run the program in this process: ``maskalign("align", "movie.tif", ...)``."""

    def run(*arguments):
        return CliRunner().invoke(program, [str(a) for a in arguments])

    return run


@pytest.fixture
def files(folder):
    """Return the content of every file in the working directory, by name."""

    def read():
        return {
            str(p.relative_to(folder)): p.read_bytes()
            for p in folder.rglob("*")
            if p.is_file()
        }

    return read
