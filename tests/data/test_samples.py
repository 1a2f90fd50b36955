"""Real samples: small, licensed, readable anywhere, and worth masking."""

import subprocess
import sys
from importlib.resources import files

import numpy as np
import pytest

from maskalign import StaticStructureWarning
from maskalign.data import samples
from maskalign.pipeline.estimate import estimate_drift

FOLDER = files("maskalign.data") / "samples"


def test_samples_are_small():
    sizes = {path.name: len(path.read_bytes()) for path in FOLDER.iterdir()}
    assert sizes["retina.tif"] < 3e6
    assert sizes["organoid.tif"] < 1.2e6
    assert sum(sizes.values()) < 4.5e6


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("retina", ["MIT License", "(c) 2015 Tom Wright", "WITHOUT WARRANTY"]),
        ("organoid", ["(c) 2024, Marcel Issler", "Neither the name", "AS IS"]),
    ],
)
def test_samples_come_with_their_licence_and_origin(name, words):
    licence = (FOLDER / f"{name}_LICENSE.txt").read_text(encoding="utf-8")
    assert all(word in licence for word in words)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.iterdir():
        if path.suffix in (".tif", ".csv", ".txt"):
            assert f"`{path.name}`" in readme


@pytest.mark.parametrize("codecs", ["with", "without"])
def test_samples_are_read_with_and_without_codecs(codecs):
    block = 'sys.modules["imagecodecs"] = None; ' if codecs == "without" else ""
    code = (
        f"import sys; {block}from maskalign.data.samples import organoid, retina; "
        "print([int(s.movie.data.sum().compute()) for s in (retina(), organoid())], "
        "int(retina().mask.sum()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"[254247918, 97676839] {320 * (1000 - 24 - 32)}\n"


@pytest.fixture(scope="module")
def retina():
    return samples.retina()


@pytest.fixture(scope="module")
def organoid():
    return samples.organoid()


def test_the_retina_is_what_it_is_said_to_be(retina):
    assert retina.movie.shape == (16, 320, 1000)
    assert retina.movie.axes == "TYX"
    assert retina.movie.data.chunksize == (1, 320, 1000)
    assert retina.shifts.shape == (16, 2)
    assert retina.mask.dtype == bool
    assert retina.mask[:, 24:968].all()
    assert not retina.mask[:, :24].any()
    assert not retina.mask[:, 968:].any()


def test_the_retina_stands_still_with_its_mask(retina):
    table = estimate_drift(retina.movie, mask=retina.mask, max_shift=60)
    off = np.abs(table.shifts - retina.shifts).max(axis=1)
    assert (off < 1).sum() >= 15
    assert off.max() < 2
    assert set(table.status) == {"ok"}


def test_without_its_mask_the_retina_seems_not_to_move_in_x(retina):
    with pytest.warns(StaticStructureWarning):
        table = estimate_drift(retina.movie, max_shift=60, subpixel=False)
    assert not table.shifts[:, 1].any()
    assert np.abs(retina.shifts[1:, 1]).min() > 7


def test_the_organoid_is_what_it_is_said_to_be(organoid):
    assert organoid.movie.shape == (5, 20, 2, 96, 92)
    assert organoid.movie.axes == "TZCYX"
    assert organoid.movie.channels == ("cytosol", "nuclei")
    assert organoid.mask is None
    assert organoid.shifts.shape == (5, 3)


@pytest.fixture(scope="module")
def organoid_tables(organoid):
    return [
        estimate_drift(organoid.movie, channel=name, max_shift=16)
        for name in organoid.movie.channels
    ]


def test_both_channels_of_the_organoid_find_the_jump(organoid, organoid_tables):
    for table in organoid_tables:
        np.testing.assert_allclose(table.shifts, organoid.shifts, atol=0.25)


def test_the_channels_of_the_organoid_agree(organoid_tables):
    cytosol, nuclei = organoid_tables
    np.testing.assert_allclose(cytosol.shifts, nuclei.shifts, atol=0.2)
