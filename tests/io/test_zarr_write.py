"""OME-Zarr as others read it, written frame by frame, whole or not at all."""

import json
import sys
import tracemalloc
from contextlib import closing

import dask.array as da
import numpy as np
import pytest
import zarr

from maskalign.errors import MovieFileError
from maskalign.io import slabs, zarr_write
from maskalign.io.movies import iter_save_movie, load_movie, save_movie
from maskalign.model.movie import Movie


def names_in(folder):
    return sorted(p.name for p in folder.iterdir())


def counted(n_frames, *, fail_at=None, shape=(20, 30)):
    """A lazy movie, and the numbers of the frames that were computed."""
    computed = []

    def block(block_id):
        computed.append(block_id[0])
        if block_id[0] == fail_at:
            raise OSError(28, "No space left on device")
        return np.full((1, *shape), block_id[0], "u2")

    chunks = ((1,) * n_frames, *((n,) for n in shape))
    meta = np.empty((0, 0, 0), "u2")
    return da.map_blocks(block, chunks=chunks, dtype="u2", meta=meta), computed


@pytest.fixture
def movie():
    data = np.random.default_rng(0).integers(0, 999, (3, 2, 4, 20, 30)).astype("u2")
    return Movie(
        data,
        "TCZYX",
        scale=(2.5, 1, 0.5, 0.25, 0.1083),
        units=("s", "pixel", "µm", "µm", "µm"),
        channels=("GFP", "RFP"),
        origin=(0, 0, 1, -20, 7.25),
        name="cells",
    )


# What others find -----------------------------------------------------------------


def test_the_store_is_ome_zarr_0_4(tmp_path, movie):
    path = tmp_path / "movie.ome.zarr"
    save_movie(path, movie)
    attributes = json.loads((path / ".zattrs").read_text())
    (image,) = attributes["multiscales"]
    assert image["version"] == "0.4"
    assert image["name"] == "cells"
    assert image["axes"] == [
        {"name": "t", "type": "time", "unit": "second"},
        {"name": "c", "type": "channel"},
        {"name": "z", "type": "space", "unit": "micrometer"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    (dataset,) = image["datasets"]
    scale, translation = dataset["coordinateTransformations"]
    assert scale == {"type": "scale", "scale": [2.5, 1, 0.5, 0.25, 0.1083]}
    assert translation == {"type": "translation", "translation": [0, 0, 1, -20, 7.25]}
    group = zarr.open_group(path, mode="r")
    assert group.metadata.zarr_format == 2
    np.testing.assert_array_equal(group[dataset["path"]], movie.data)


def test_the_chunks_lie_where_the_specification_has_them(tmp_path, movie):
    """Nested, one frame and channel each, unpacked by nothing but the codec."""
    path = tmp_path / "movie.ome.zarr"
    save_movie(path, movie)
    array = json.loads((path / "0" / ".zarray").read_text())
    assert array["chunks"] == [1, 1, 4, 20, 30]
    assert (array["dtype"], array["dimension_separator"]) == ("<u2", "/")
    assert array["compressor"]["id"] == "blosc"
    chunk = (path / "0" / "2" / "1" / "0" / "0" / "0").read_bytes()
    pixels = np.frombuffer(zarr_blosc().decode(chunk), "<u2").reshape(4, 20, 30)
    np.testing.assert_array_equal(pixels, movie.data[2, 1])


def zarr_blosc():
    return pytest.importorskip("numcodecs").Blosc()


def test_viewers_are_told_names_colours_and_range_of_channels(tmp_path, movie):
    movie.data[:, 1] += 5
    save_movie(tmp_path / "movie.zarr", movie)
    attributes = json.loads((tmp_path / "movie.zarr" / ".zattrs").read_text())
    channels = attributes["omero"]["channels"]
    assert [c["label"] for c in channels] == ["GFP", "RFP"]
    assert len({c["color"] for c in channels}) == 2
    for k, channel in enumerate(channels):
        low, high = movie.data[:, k].min(), movie.data[:, k].max()
        assert channel["window"] == {"min": low, "max": high, "start": low, "end": high}


@pytest.mark.parametrize("n", [1, 2, 7])
def test_any_number_of_channels_has_colours(tmp_path, n):
    movie = Movie(np.full((n, 4, 5), np.nan), "CYX", channels=tuple("abcdefg"[:n]))
    save_movie(tmp_path / "movie.zarr", movie)
    attributes = json.loads((tmp_path / "movie.zarr" / ".zattrs").read_text())
    channels = attributes["omero"]["channels"]
    assert all(len(c["color"]) == 6 for c in channels)
    # Nothing but NaN has no range; a viewer needs one all the same.
    assert all(c["window"]["start"] < c["window"]["end"] for c in channels)


def test_without_names_nothing_is_said_of_channels(tmp_path, movie):
    save_movie(tmp_path / "movie.zarr", movie.replace(channels=(), name=""))
    attributes = json.loads((tmp_path / "movie.zarr" / ".zattrs").read_text())
    assert "omero" not in attributes
    assert attributes["multiscales"][0]["name"] == "movie"


def test_steps_that_json_has_no_word_for_are_left_out(tmp_path, movie):
    odd = movie.replace(scale=(np.nan, 1, np.inf, 2, 2), origin=(0, 0, np.nan, 0, 0))
    save_movie(tmp_path / "movie.zarr", odd)
    text = (tmp_path / "movie.zarr" / ".zattrs").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert load_movie(tmp_path / "movie.zarr").scale == (1, 1, 1, 2, 2)


@pytest.mark.parametrize(
    ("sizes", "itemsize", "expected"),
    [
        ({"T": 9, "C": 3, "Z": 60, "Y": 512, "X": 512}, 2, (1, 1, 16, 512, 512)),
        ({"T": 9, "C": 3, "Z": 5, "Y": 512, "X": 512}, 2, (1, 1, 5, 512, 512)),
        ({"T": 9, "Y": 2048, "X": 2048}, 2, (1, 2048, 2048)),
        ({"T": 9, "Z": 7, "Y": 4096, "X": 600}, 4, (1, 1, 1024, 600)),
    ],
)
def test_chunks_are_of_a_size_that_viewers_like(sizes, itemsize, expected):
    assert zarr_write._chunks(sizes, "".join(sizes), itemsize) == expected


def test_planes_that_are_cut_come_back_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(zarr_write, "_CHUNK_BYTES", 100)
    monkeypatch.setattr(zarr_write, "_TILE", 8)
    data = np.arange(2 * 3 * 20 * 30, dtype="u4").reshape(2, 3, 20, 30)
    save_movie(tmp_path / "movie.zarr", data)
    assert zarr.open_group(tmp_path / "movie.zarr")["0"].chunks == (1, 1, 8, 8)
    np.testing.assert_array_equal(load_movie(tmp_path / "movie.zarr").data, data)


def test_frames_that_are_all_zero_come_back(tmp_path):
    data = np.zeros((3, 4, 5), "i2")
    data[1] = 7
    save_movie(tmp_path / "movie.zarr", data)
    np.testing.assert_array_equal(load_movie(tmp_path / "movie.zarr").data, data)


# Whole or not at all ---------------------------------------------------------------


def test_the_store_appears_when_it_is_whole(tmp_path):
    movie, computed = counted(4)
    frames = iter_save_movie(tmp_path / "movie.zarr", movie)
    assert computed == []
    for expected in (1, 2, 3, 4):
        assert next(frames) == expected
        assert "movie.zarr" not in names_in(tmp_path)
    assert list(frames) == []
    assert names_in(tmp_path) == ["movie.zarr"]


def test_what_is_not_whole_does_not_look_like_an_image(tmp_path):
    with closing(iter_save_movie(tmp_path / "movie.zarr", counted(4)[0])) as frames:
        next(frames)
        (part,) = tmp_path.iterdir()
        with pytest.raises(MovieFileError, match="without the metadata"):
            load_movie(part)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("how", ["close", "fail"])
@pytest.mark.parametrize("existing", [False, True])
def test_a_failure_leaves_everything_as_it_was(tmp_path, how, existing):
    path = tmp_path / "movie.zarr"
    before = np.arange(6, dtype="u1").reshape(1, 2, 3)
    if existing:
        save_movie(path, before)
    movie, _ = counted(4, fail_at=2 if how == "fail" else None)
    frames = iter_save_movie(path, movie, overwrite=True)
    if how == "close":
        next(frames)
        frames.close()
    else:
        with pytest.raises(OSError, match="No space left"):
            list(frames)
    assert names_in(tmp_path) == ["movie.zarr"] * existing
    if existing:
        np.testing.assert_array_equal(load_movie(path).data, before)


def test_a_store_is_replaced_only_if_that_is_said(tmp_path):
    path = tmp_path / "movie.zarr"
    save_movie(path, np.zeros((5, 4, 6), "u1"))
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_movie(path, np.ones((2, 3, 3), "u1"))
    assert load_movie(path).shape == (5, 4, 6)
    save_movie(path, np.ones((2, 3, 3), "u1"), overwrite=True)
    assert (load_movie(path).data.compute() == np.ones((2, 3, 3))).all()
    assert names_in(tmp_path) == ["movie.zarr"]


def test_a_store_that_cannot_be_replaced_stays(tmp_path, monkeypatch):
    path = tmp_path / "movie.zarr"
    save_movie(path, np.zeros((5, 4, 6), "u1"))
    rename = type(path).rename

    def refuse(self, target):
        if target.name == "movie.zarr" and self.name.endswith(".part") and refusing:
            refusing.clear()
            raise PermissionError(13, "in use")
        return rename(self, target)

    refusing = [True]
    monkeypatch.setattr(type(path), "rename", refuse)
    with pytest.raises(PermissionError, match="cannot be replaced"):
        save_movie(path, np.ones((2, 3, 3), "u1"), overwrite=True)
    assert load_movie(path).shape == (5, 4, 6)
    assert names_in(tmp_path) == ["movie.zarr"]


def test_a_store_that_appears_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "movie.zarr"
    frames = iter_save_movie(path, counted(3)[0])
    next(frames)
    save_movie(path, np.zeros((5, 4, 6), "u1"))
    with pytest.raises(FileExistsError):
        list(frames)
    assert load_movie(path).shape == (5, 4, 6)
    assert names_in(tmp_path) == ["movie.zarr"]


def test_a_folder_with_something_else_in_it_is_never_replaced(tmp_path):
    path = tmp_path / "precious.zarr"
    path.mkdir()
    (path / "notes.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="something else than a Zarr store"):
        save_movie(path, np.ones((2, 3, 3)), overwrite=True)
    assert (path / "notes.txt").read_text() == "years of work"
    (path / "notes.txt").unlink()
    save_movie(path, np.ones((2, 3, 3)), overwrite=True)
    assert load_movie(path).shape == (2, 3, 3)


def test_a_link_stays_a_link(tmp_path):
    """Whatever the folder is called that it leads to."""
    path, link = tmp_path / "store", tmp_path / "link.zarr"
    save_movie(tmp_path / "movie.zarr", np.zeros((5, 4, 6), "u1"))
    (tmp_path / "movie.zarr").rename(path)
    link.symlink_to(path)
    save_movie(link, np.ones((2, 3, 3), "u1"), overwrite=True)
    assert link.is_symlink()
    assert load_movie(path).shape == load_movie(link).shape == (2, 3, 3)


def test_a_file_is_never_replaced(tmp_path):
    path = tmp_path / "movie.zarr"
    path.write_bytes(b"PK")
    with pytest.raises(FileExistsError, match="is a file"):
        save_movie(path, np.ones((2, 3, 3)), overwrite=True)
    assert path.read_bytes() == b"PK"


@pytest.mark.parametrize("target", ["movie.zarr", "link.zarr", "plate.zarr"])
def test_the_store_that_is_read_from_is_not_replaced(tmp_path, target):
    inner = tmp_path / "plate.zarr" / "A"
    zarr.create_group(tmp_path / "plate.zarr", zarr_format=2)
    save_movie(inner.with_suffix(".zarr"), np.ones((2, 3, 3), "u1"))
    save_movie(tmp_path / "movie.zarr", np.ones((2, 3, 3), "u1"))
    (tmp_path / "link.zarr").symlink_to(tmp_path / "movie.zarr")
    source = inner.with_suffix(".zarr") if target == "plate.zarr" else "movie.zarr"
    movie = load_movie(tmp_path / source)
    changed = movie.replace(data=(movie.data[:, ::2] + 1).rechunk((2, -1, -1)))
    with pytest.raises(MovieFileError, match="is read from"):
        save_movie(tmp_path / target, changed, overwrite=True)
    np.testing.assert_array_equal(movie.data, np.ones((2, 3, 3)))
    save_movie(tmp_path / "other.zarr", changed)


@pytest.mark.parametrize(
    ("movie", "words"),
    [
        (np.ones((2, 3, 3), "c8"), "complex64 cannot be saved"),
        (np.ones((2, 3, 0), "u1"), "no pixels"),
        (np.array([[["a"]]]), "cannot be saved"),
    ],
)
def test_what_cannot_be_saved_is_refused_at_once(tmp_path, movie, words):
    with pytest.raises(MovieFileError, match=words):
        iter_save_movie(tmp_path / "movie.zarr", movie)
    assert names_in(tmp_path) == []


def test_a_folder_that_is_not_there_is_refused_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        iter_save_movie(tmp_path / "no" / "movie.zarr", np.ones((2, 3, 3)))


def test_without_the_library_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MovieFileError, match="napari-maskalign"):
        iter_save_movie(tmp_path / "movie.zarr", np.ones((2, 3, 3)))


# Memory ---------------------------------------------------------------------------


def test_frames_come_a_few_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "_SLAB_BYTES", 3 * 20 * 30 * 2)
    movie, computed = counted(20)
    with closing(iter_save_movie(tmp_path / "movie.zarr", movie)) as frames:
        next(frames)
        assert sorted(computed) == [0, 1, 2]


def test_memory_does_not_grow_with_the_movie(tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "_SLAB_BYTES", 2**20)
    peaks = []
    for n_frames in (10, 60):
        movie, _ = counted(n_frames, shape=(400, 500))
        tracemalloc.start()
        save_movie(tmp_path / f"{n_frames}.zarr", movie)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]
