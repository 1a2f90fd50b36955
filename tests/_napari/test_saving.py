"""The aligned movie in a file, without Qt."""

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

from maskalign import DriftTable, Movie, apply_drift, load_movie
from maskalign._napari.layers import movie_of
from maskalign._napari.saving import (
    FORMATS,
    Saving,
    aligned_movie,
    describe_saving,
    layer_movie,
    outline,
    saving_path,
)
from maskalign._napari.worker import Cancelled, Done, Failed, Stop, settle
from maskalign.model.options import ApplyOptions


@pytest.fixture
def table(true_shifts):
    status = ["ok", "ok", "ok", "unsure", "ok", "ok"]
    return DriftTable.from_shifts(true_shifts.astype(float), status=status)


@pytest.fixture
def known(movie, calibration):
    return movie_of(Image(movie, name="movie", **calibration))[0]


def saved(task, stop=None, *, stop_at=None):
    stop = stop or Stop()
    run, steps = settle(task.run, stop), []
    while True:
        try:
            steps.append(next(run))
            if steps[-1] == stop_at:
                stop.request()
        except StopIteration as end:
            return steps, end.value


@pytest.mark.parametrize("suffix", FORMATS.values())
@pytest.mark.parametrize("canvas", ["same", "union"])
def test_what_is_saved_is_what_is_seen(tmp_path, known, table, movie, suffix, canvas):
    options = ApplyOptions(canvas=canvas)
    path = tmp_path / f"aligned{suffix}"
    steps, ended = saved(Saving(path, aligned_movie(known, table, options)))
    assert isinstance(ended, Done), ended
    assert steps == [1, 2, 3, 4, 5, 6]
    assert str(path) in ended.result
    again = load_movie(path)
    expected = apply_drift(known, table.repaired(), canvas=canvas)
    np.testing.assert_array_equal(again.data, expected.data)
    assert again.units == known.units
    np.testing.assert_allclose(again.scale, known.scale)
    np.testing.assert_allclose(again.origin, expected.origin)


@pytest.mark.parametrize("suffix", FORMATS.values())
def test_of_a_movie_in_colour_all_colours_are_saved(tmp_path, table, movie, suffix):
    colours = np.stack([movie, 255 - movie, movie // 2], axis=-1)
    layer = Image(colours, rgb=True)
    path = tmp_path / f"aligned{suffix}"
    aligned = aligned_movie(layer_movie(layer), table, ApplyOptions())
    _, ended = saved(Saving(path, aligned))
    assert isinstance(ended, Done), ended
    again = load_movie(path)
    for k in range(3):
        channel = np.take(np.asarray(again.data), k, axis=again.axes.index("C"))
        expected = apply_drift(colours[..., k], table.repaired())
        np.testing.assert_array_equal(channel, expected)


@pytest.mark.parametrize("suffix", FORMATS.values())
def test_a_save_that_is_cancelled_leaves_nothing(tmp_path, known, table, suffix):
    task = Saving(
        tmp_path / f"aligned{suffix}", aligned_movie(known, table, ApplyOptions())
    )
    steps, ended = saved(task, stop_at=3)
    assert isinstance(ended, Cancelled)
    assert steps == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", FORMATS.values())
def test_what_was_there_is_left_alone_unless_it_is_said(tmp_path, known, table, suffix):
    path = tmp_path / f"aligned{suffix}"
    before = known.replace(data=known.data[:2])
    assert isinstance(saved(Saving(path, before))[1], Done)
    aligned = aligned_movie(known, table, ApplyOptions())
    _, ended = saved(Saving(path, aligned))
    assert isinstance(ended, Failed)
    assert isinstance(ended.error, FileExistsError)
    _, ended = saved(Saving(path, aligned, overwrite=True), stop_at=3)
    assert isinstance(ended, Cancelled)
    assert load_movie(path).n_frames == 2
    _, ended = saved(Saving(path, aligned, overwrite=True))
    assert isinstance(ended, Done)
    assert load_movie(path).n_frames == 6


@pytest.mark.parametrize("canvas", ["same", "union", "intersection"])
def test_the_outline_is_that_of_the_movie(known, table, canvas):
    options = ApplyOptions(canvas=canvas)
    aligned, empty = (
        aligned_movie(known, table, options),
        outline(known, table, options),
    )
    assert empty.shape == aligned.shape
    assert empty.dtype == aligned.dtype
    assert describe_saving(empty) == describe_saving(aligned)
    assert isinstance(aligned.data, da.Array)


def test_what_would_be_saved_is_said(known):
    assert describe_saving(known) == (
        "6 frames of 64 x 72 px, uint8, 27.6 kB; pixels of 0.2 x 0.2 µm, a frame "
        "every 2 s."
    )
    volumes = Movie(
        np.zeros((1, 2, 3, 4, 5), "f4"),
        "TCZYX",
        scale=(1, 1, 2, 0.5, 0.5),
        units=("pixel", "pixel", "mm", "µm", "µm"),
    )
    assert describe_saving(volumes) == (
        "1 frame of 3 x 4 x 5 px, 2 channels, float32, 480 B; pixels of "
        "2 mm x 0.5 µm x 0.5 µm."
    )


def test_labels_are_saved_by_their_numbers_or_not_at_all(tmp_path, calibration):
    numbers = np.zeros((2, 4, 5), np.int64)
    numbers[1, 2, 3] = 20_000_003
    layer = Labels(numbers, **calibration)
    movie = layer_movie(layer)
    assert movie.dtype == np.int32
    np.testing.assert_array_equal(movie.data, numbers)
    assert movie.units == ("s", "µm", "µm")
    layer = Labels(numbers * 1000)
    path = tmp_path / "out.ome.tif"
    _, ended = saved(Saving(path, layer_movie(layer)))
    assert "A label is 20000003000" in str(ended.error)
    assert list(tmp_path.iterdir()) == []
    small = np.ones((2, 4, 5), np.uint8)
    assert layer_movie(Labels(small)).dtype == np.uint8


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("typed", ["a", "a.b", "a.tif", "a.OME.TIFF", "a.zarr"])
def test_a_name_gets_a_suffix_if_it_has_none(typed, kind):
    name = saving_path(f"/folder/{typed}", kind).name
    known = typed.lower().endswith((".tif", ".tiff", ".zarr"))
    assert name == (typed if known else typed + FORMATS[kind])


def test_a_table_that_does_not_fit_is_refused(known, table):
    short = known.replace(data=known.data[:4])
    for make in (aligned_movie, outline):
        with pytest.raises(ValueError, match="6 rows; the movie has 4"):
            make(short, table, ApplyOptions())
