"""Writing is lazy, and leaves either the whole file or nothing."""

import os
import tracemalloc
from contextlib import closing

import dask
import dask.array as da
import numpy as np
import pytest
import tifffile

from maskalign.errors import MovieFileError
from maskalign.io import slabs, tiff_write
from maskalign.io.movies import iter_save_movie, load_movie, save_movie
from maskalign.model.movie import Movie


class DiskFull(Exception):
    pass


def counted(n_frames, *, chunk=1, fail_at=None, shape=(20, 30)):
    """A lazy movie that notes which chunks were computed."""
    computed = []

    def block(block_id):
        if block_id[0] == fail_at:
            raise DiskFull
        computed.append(block_id[0])
        return np.full((chunk, *shape), block_id[0], "uint16")

    movie = da.map_blocks(
        block,
        chunks=((chunk,) * (n_frames // chunk), *((n,) for n in shape)),
        dtype="uint16",
        meta=np.empty((0, 0, 0), "uint16"),
    )
    return movie, computed


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def refuse_to_compute(dsk, keys, **kwargs):
    raise AssertionError("something was computed before the first frame was asked for")


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif"])
def test_nothing_is_computed_or_written_before_the_first_frame(tmp_path, suffix):
    movie, _ = counted(4)
    with dask.config.set(scheduler=refuse_to_compute):
        frames = iter_save_movie(tmp_path / f"movie{suffix}", movie)
    assert files_in(tmp_path) == []
    assert list(frames) == [1, 2, 3, 4]
    assert files_in(tmp_path) == [f"movie{suffix}"]


def test_every_chunk_is_computed_once(tmp_path):
    movie, computed = counted(12, chunk=3)
    save_movie(tmp_path / "movie.tif", movie)
    assert sorted(computed) == [0, 1, 2, 3]


def test_frames_come_a_few_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(slabs, "_SLAB_BYTES", 3 * 20 * 30 * 2)
    movie, computed = counted(20)
    with closing(iter_save_movie(tmp_path / "movie.tif", movie)) as frames:
        next(frames)
        assert len(computed) == 3


def peak_of_saving(path, n_frames):
    tracemalloc.start()
    save_movie(path, counted(n_frames, shape=(512, 1024))[0])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path, monkeypatch):
    megabyte = 2**20
    monkeypatch.setattr(slabs, "_SLAB_BYTES", 4 * megabyte)
    peak_of_saving(tmp_path / "warm.tif", 4)
    few = peak_of_saving(tmp_path / "few.tif", 12)
    many = peak_of_saving(tmp_path / "many.tif", 96)
    assert many < few + 2 * megabyte
    # A slab, the chunks it is put together from, and what is being written.
    assert many < 16 * megabyte


@pytest.mark.parametrize("existing", [None, b"precious"])
def test_a_failure_leaves_what_was_there(tmp_path, existing, monkeypatch):
    monkeypatch.setattr(slabs, "_SLAB_BYTES", 1)
    path = tmp_path / "movie.tif"
    if existing:
        path.write_bytes(existing)
    before = files_in(tmp_path)
    movie, _ = counted(6, fail_at=4)
    frames = iter_save_movie(path, movie, overwrite=True)
    assert [next(frames) for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(DiskFull):
        next(frames)
    assert files_in(tmp_path) == before
    assert not existing or path.read_bytes() == existing


def test_closing_early_leaves_what_was_there(tmp_path):
    path = tmp_path / "movie.tif"
    path.write_bytes(b"precious")
    frames = iter_save_movie(path, counted(6)[0], overwrite=True)
    next(frames)
    assert len(files_in(tmp_path)) == 2
    frames.close()
    assert files_in(tmp_path) == ["movie.tif"]
    assert path.read_bytes() == b"precious"


def test_an_existing_file_is_kept_unless_asked(tmp_path, pixels):
    path = tmp_path / "movie.tif"
    save_movie(path, pixels)
    with pytest.raises(FileExistsError, match=r"movie\.tif exists.*overwrite=True"):
        save_movie(path, pixels[:2])
    assert load_movie(path).n_frames == 6
    save_movie(path, pixels[:2], overwrite=True)
    assert load_movie(path).n_frames == 2


def test_a_file_that_came_meanwhile_is_kept(tmp_path):
    path = tmp_path / "movie.tif"
    frames = iter_save_movie(path, counted(3)[0])
    next(frames)
    path.write_bytes(b"somebody else's")
    with pytest.raises(FileExistsError):
        list(frames)
    assert path.read_bytes() == b"somebody else's"
    assert files_in(tmp_path) == ["movie.tif"]


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        ("nowhere/movie.tif", FileNotFoundError, "no folder .*nowhere"),
        ("file.txt/movie.tif", NotADirectoryError, "is not a folder"),
        ("folder.tif", IsADirectoryError, "is a folder"),
        ("movie.png", MovieFileError, r"movies are saved as \.tif"),
        ("movie", MovieFileError, r"movies are saved as \.tif"),
        ("movie.ome", MovieFileError, r"movies are saved as \.tif"),
    ],
)
def test_a_place_that_cannot_be_is_refused(tmp_path, pixels, target, error, words):
    (tmp_path / "file.txt").touch()
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(error, match=words):
        iter_save_movie(tmp_path / target, pixels)


def test_a_folder_that_may_not_be_written_to_is_refused(tmp_path, pixels, monkeypatch):
    """The superuser may write anywhere: for him the system's answer is made up."""
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "access", lambda path, mode: False)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="may not be written to"):
            iter_save_movie(tmp_path / "movie.tif", pixels)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [
        ("bool", "uint8"),
        ("int64", "int32"),
        ("uint64", "uint32"),
        ("float16", "float32"),
        ("complex64", "real"),
        ("datetime64", "another type"),
    ],
)
def test_types_that_no_file_holds_are_refused_with_advice(tmp_path, dtype, advice):
    with pytest.raises(MovieFileError, match=dtype) as caught:
        iter_save_movie(tmp_path / "movie.tif", np.zeros((2, 3, 4), dtype))
    assert advice in str(caught.value)


def test_a_movie_of_no_pixels_is_refused(tmp_path):
    with pytest.raises(MovieFileError, match="no pixels"):
        save_movie(tmp_path / "movie.tif", np.zeros((0, 3, 4), "uint8"))


@pytest.mark.parametrize("suffix", [".tif", ".ome.tif"])
def test_a_large_movie_is_bigtiff(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr(tiff_write, "_CLASSIC_BYTES", 1000)
    monkeypatch.setattr("maskalign.io.imagej._MAX_BYTES", 1000)
    movie = Movie(np.arange(6 * 9 * 11, dtype="uint16").reshape(6, 9, 11))
    save_movie(tmp_path / f"movie{suffix}", movie)
    with tifffile.TiffFile(tmp_path / f"movie{suffix}") as tiff:
        assert tiff.is_bigtiff
        # ImageJ knows no BigTIFF.
        assert tiff.is_ome
    found = load_movie(tmp_path / f"movie{suffix}")
    np.testing.assert_array_equal(found.data.compute(), movie.data)
