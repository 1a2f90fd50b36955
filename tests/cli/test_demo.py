import re
import shlex
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from click.testing import CliRunner

from maskalign import DriftTable, apply_drift
from maskalign.cli import demo
from maskalign.cli.program import program
from maskalign.data.samples import retina

NAMES = {"movie.tif", "mask.tif", "aligned.tif", "drift.csv", "drift.png"}


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder of a demo that was run, and what it said."""
    out = tmp_path_factory.mktemp("demo") / "new" / "folder"
    result = CliRunner().invoke(program, ["demo", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out, result.output


def test_writes_what_it_says(done):
    out, said = done
    assert {path.name for path in out.iterdir()} == NAMES
    for name in NAMES:
        assert name in said
    assert (out / "drift.png").read_bytes().startswith(b"\x89PNG")


def test_the_mask_lets_the_retina_be_seen_to_move(done):
    sample, table = retina(), DriftTable.from_csv(done[0] / "drift.csv")
    off = np.abs(table.shifts - sample.shifts).max(axis=1)
    assert np.count_nonzero(off <= 1) >= 15
    assert f"{np.count_nonzero(off <= 1)} of 16 frames within 1 px" in done[1]


def test_says_what_happens_without_the_mask(done):
    masked, unmasked = re.search(
        r"Median of \|x\|: +(\S+) px with the mask, (\S+) px without", done[1]
    ).groups()
    table = DriftTable.from_csv(done[0] / "drift.csv")
    assert float(masked) == pytest.approx(
        np.median(np.abs(table.shifts[:, 1])), abs=0.1
    )
    assert float(unmasked) < float(masked) / 2
    assert "pull x towards zero" in done[1]


def test_the_aligned_movie_is_the_sample_moved_by_the_table(done):
    out, _ = done
    sample, table = retina(), DriftTable.from_csv(out / "drift.csv")
    expected = apply_drift(sample.movie, table.repaired())
    np.testing.assert_array_equal(tifffile.imread(out / "aligned.tif"), expected.data)


def test_the_same_by_hand_is_the_same(done, maskalign, tmp_path, monkeypatch):
    out, said = done
    program_name, *arguments = shlex.split(said.strip().splitlines()[-1])
    assert program_name == "maskalign"
    monkeypatch.chdir(tmp_path)
    result = maskalign(*arguments, "--drift", "again.csv")
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(
        DriftTable.from_csv("again.csv").shifts,
        DriftTable.from_csv(out / "drift.csv").shifts,
    )
    np.testing.assert_array_equal(
        tifffile.imread("again.tif"), tifffile.imread(out / "aligned.tif")
    )


@pytest.mark.parametrize("existing", ["aligned.tif", "mask.tif"])
def test_files_that_exist_are_left_alone(tmp_path, maskalign, existing):
    (tmp_path / existing).write_text("precious")
    result = maskalign("demo", "--out", tmp_path)
    assert result.exit_code == 1
    assert "say --overwrite" in result.output
    assert [p.name for p in tmp_path.iterdir()] == [existing]
    assert (tmp_path / existing).read_text() == "precious"


def test_a_second_run_needs_overwrite(tmp_path, maskalign, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert maskalign("demo").exit_code == 0
    (tmp_path / "maskalign-demo" / "drift.csv").write_text("old")
    assert maskalign("demo").exit_code == 1
    assert (tmp_path / "maskalign-demo" / "drift.csv").read_text() == "old"
    assert maskalign("demo", "--overwrite").exit_code == 0
    assert len(DriftTable.from_csv("maskalign-demo/drift.csv")) == 16


def test_a_file_is_no_folder(tmp_path, maskalign):
    (tmp_path / "file").write_text("precious")
    result = maskalign("demo", "--out", tmp_path / "file")
    assert result.exit_code == 1
    assert "--out names a folder" in result.output


def test_viewing_needs_napari_and_says_so_first(tmp_path, maskalign, monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    result = maskalign("demo", "--view", "--out", tmp_path / "new")
    assert result.exit_code == 1
    assert 'pip install "napari-maskalign[napari]"' in result.output
    assert not (tmp_path / "new").exists()


def test_viewing_shows_both_movies(tmp_path, maskalign, monkeypatch):
    shown, ran = {}, []

    class Viewer:
        def __init__(self, title):
            assert "maskalign" in title

        def add_image(self, data, *, name, scale, **_):
            shown[name] = data.shape, tuple(scale)

        def add_labels(self, data, *, name, scale, **_):
            shown[name] = data.shape, tuple(scale)

    napari = SimpleNamespace(Viewer=Viewer, run=lambda: ran.append(set(shown)))
    monkeypatch.setitem(sys.modules, "napari", napari)
    monkeypatch.setattr(demo, "find_spec", lambda name: napari)
    result = maskalign("demo", "--view", "--out", tmp_path / "new")
    assert result.exit_code == 0, result.output
    movie = retina().movie
    assert shown["retina"] == shown["retina (aligned)"] == (movie.shape, movie.scale)
    assert shown["ignored by the mask"] == (movie.shape[1:], movie.scale[1:])
    assert ran == [set(shown)]
