"""Checking and saving what was aligned, in the widget, without a window."""

import dask.array as da
import numpy as np
import pytest
from qtpy.QtWidgets import QMessageBox

from maskalign import apply_drift, load_movie
from maskalign._napari.align_timelapse import AlignTimelapse

PATIENCE = 20_000


@pytest.fixture
def dock(barred_dock):
    return barred_dock


@pytest.fixture
def run(qtbot):
    """Do something that takes its time, and wait until the widget is free again."""

    def run(dock, action):
        action()
        qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)

    return run


@pytest.fixture
def done(dock, run):
    run(dock, lambda: dock.align.changed.emit(True))
    return dock


@pytest.fixture
def asked(monkeypatch):
    """What a person is asked; the answer is yes from the second time on."""
    texts = []

    def question(parent, title, text):
        texts.append(text)
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return yes if len(texts) > 1 else no

    monkeypatch.setattr(QMessageBox, "question", question)
    return texts


def buttons(dock):
    checks, saving = dock.checks, dock.saving
    return [checks.better, checks.ncc_maps, saving.movie, saving.table]


def test_there_is_nothing_to_check_before_there_is_a_drift(dock):
    assert not any(button.enabled for button in buttons(dock))
    assert "press Align" in dock.saving.about.value
    dock.checks.better.changed.emit(True)
    assert "There is no drift yet" in dock.status.value


def test_afterwards_it_can_be_asked_whether_it_is_better(viewer, done, run):
    assert all(button.enabled for button in buttons(done))
    run(done, lambda: done.checks.better.changed.emit(True))
    text = done.checks.report.value
    assert text.startswith("Better: ")
    assert "NCC of a frame with the mean of the others" in text
    assert done.status.value == text.splitlines()[0]
    # Of another table it would not be true.
    done.table.view.shift_typed.emit(3, 1, 30.0)
    assert "Better" not in done.checks.report.value


def test_while_it_runs_nothing_else_does_and_it_can_be_cancelled(
    viewer, slow, bar, qtbot, notes, run
):
    viewer.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    dock = AlignTimelapse(viewer)
    dock.max_shift.value = 12
    run(dock, lambda: dock.align.changed.emit(True))
    slow.gate.clear()
    slow.read.clear()
    dock.checks.better.changed.emit(True)
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    assert not dock.align.enabled
    assert not any(button.enabled for button in buttons(dock))
    assert dock.cancel.enabled
    assert dock.cancel.tooltip == "Stop. There is no report."
    assert dock.progress.max == 30
    dock.table.view.shift_typed.emit(3, 1, 30.0)
    assert "Wait until what runs has ended" in dock.status.value
    dock.cancel.changed.emit(True)
    slow.gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert dock.status.value == "Cancelled; there is no report."
    assert all(button.enabled for button in buttons(dock))
    assert "keep the frames" in dock.cancel.tooltip
    assert [note.message for note in notes[1:]] == [
        "Wait until what runs has ended, or press Cancel."
    ]


def test_a_mask_that_does_not_fit_is_refused_in_words(viewer, done, movie, notes):
    done.mask.value = viewer.add_labels(np.ones((9, 9), int), name="small")
    for button in (done.checks.better, done.checks.ncc_maps):
        done.status.value = ""
        button.changed.emit(True)
        assert "'small' has shape (9, 9)" in done.status.value
    assert done.align.enabled


def test_the_maps_are_a_lazy_layer_over_the_aligned_one(viewer, done, run):
    done.canvas.value = "union"
    done.checks.window.value = 9
    run(done, lambda: done.checks.ncc_maps.changed.emit(True))
    aligned = viewer.layers["movie (aligned)"]
    maps = viewer.layers["movie (aligned) (NCC map)"]
    assert isinstance(maps.data, da.Array)
    assert maps.data.shape == aligned.data.shape
    for name in ("scale", "translate", "units", "axis_labels"):
        assert tuple(getattr(maps, name)) == tuple(getattr(aligned, name)), name
    assert tuple(maps.contrast_limits) == (-1, 1)
    assert maps.colormap.name == "ncc"
    options = maps.metadata["maskalign"]["options"]
    assert options["window"] == 9
    assert options["mask"] == "bar"
    assert "with frame 0, window 9 px" in done.status.value
    done.canvas.value = "same"
    run(done, lambda: done.checks.ncc_maps.changed.emit(True))
    assert maps in viewer.layers
    assert maps.data.shape == (6, 64, 72)
    assert len(viewer.layers) == 4


@pytest.mark.parametrize("axis", [0, 1])
def test_the_maps_of_channels_lie_at_their_times(viewer, movie, run, axis):
    labels = ("c", "t", "y", "x") if axis == 0 else ("t", "c", "y", "x")
    scene = movie[:, :, 10:]
    both = np.stack([scene, 255 - scene], axis=axis)
    viewer.add_image(both, name="both", axis_labels=labels)
    dock = AlignTimelapse(viewer)
    dock.max_shift.value = 12
    run(dock, lambda: dock.align.changed.emit(True))
    run(dock, lambda: dock.checks.ncc_maps.changed.emit(True))
    maps = viewer.layers["both (aligned) (NCC map)"]
    # Layers meet at their last axes.
    assert maps.axis_labels == (labels[1:] if axis == 0 else labels)
    assert maps.data.shape[0] == 6
    at = (4,) if axis == 0 else (4, 1)
    value = maps.data[at].compute()
    assert np.nanmedian(value[9:-9, 9:-9]) > 0.9


def test_an_even_window_is_refused_in_words(done, notes):
    done.checks.window.value = 8
    done.checks.ncc_maps.changed.emit(True)
    assert "8" in done.status.value
    assert "odd" in done.status.value
    assert done.align.enabled


def test_the_aligned_movie_is_saved_as_it_is_shown(viewer, done, movie, run, tmp_path):
    done.canvas.value = "intersection"
    aligned = viewer.layers["movie (aligned)"]
    size = " x ".join(map(str, aligned.data.shape[1:]))
    assert f"6 frames of {size} px, uint8" in done.saving.about.value
    path = tmp_path / "out.ome.tif"
    run(done, lambda: done.saving.save(str(path)))
    assert f"Saved {path}: 6 frames of {size} px" in done.status.value
    again = load_movie(path)
    np.testing.assert_array_equal(again.data, aligned.data)
    np.testing.assert_allclose(again.scale, aligned.scale)
    np.testing.assert_allclose(again.origin, aligned.translate)
    assert again.units == ("s", "µm", "µm")


def test_without_the_aligned_layer_all_colours_are_saved(viewer, movie, run, tmp_path):
    colours = np.stack([movie, 255 - movie, movie // 2], axis=-1)
    viewer.add_image(colours, name="film", rgb=True)
    dock = AlignTimelapse(viewer)
    dock.max_shift.value = 12
    run(dock, lambda: dock.align.changed.emit(True))
    aligned = viewer.layers["film (aligned)"]
    viewer.layers.remove(aligned)
    assert dock.saving.layer.value is None
    said = dock.saving.about.value
    path = tmp_path / "out.ome.zarr"
    run(dock, lambda: dock.saving.save(str(path)))
    assert "3 channels, uint8" in said
    assert dock.status.value == f"Saved {path}: {said}"
    again = load_movie(path)
    order = [again.axes.index(letter) for letter in "TYXC"]
    np.testing.assert_array_equal(again.data.transpose(order), aligned.data)


def test_other_layers_that_were_moved_are_saved_too(
    viewer, done, movie, calibration, run, tmp_path
):
    numbers = movie.astype(np.int64) * 1000
    labels = viewer.add_labels(numbers, name="cells", **calibration)
    done.others.tick(labels)
    done.others.apply.changed.emit(True)
    moved = viewer.layers["cells (aligned)"]
    assert list(done.saving.layer.choices) == [
        None,
        viewer.layers["movie (aligned)"],
        moved,
    ]
    assert done.saving.layer.value is viewer.layers["movie (aligned)"]
    done.saving.layer.value = moved
    assert "int32" in done.saving.about.value
    run(done, lambda: done.saving.save(str(tmp_path / "cells.ome.tif")))
    again = load_movie(tmp_path / "cells.ome.tif")
    np.testing.assert_array_equal(again.data, moved.data)
    np.testing.assert_allclose(again.scale, calibration["scale"])
    np.testing.assert_allclose(again.origin, calibration["translate"])


def test_the_movie_is_saved_even_if_its_layer_was_removed(
    viewer, done, movie, run, tmp_path
):
    expected = np.asarray(viewer.layers["movie (aligned)"].data)
    viewer.layers.remove("movie (aligned)")
    assert done.saving.layer.value is None
    assert "6 frames of 64 x 72 px" in done.saving.about.value
    run(done, lambda: done.saving.save(str(tmp_path / "out.tif")))
    np.testing.assert_array_equal(load_movie(tmp_path / "out.tif").data, expected)


def test_nothing_is_replaced_unless_it_is_said(done, run, tmp_path, asked):
    path = tmp_path / "out.tif"
    path.write_bytes(b"precious")
    run(done, lambda: done.saving.save(str(path)))
    assert asked == ["out.tif is there already. Replace it?"]
    assert path.read_bytes() == b"precious"
    run(done, lambda: done.saving.save(str(path)))
    assert load_movie(path).n_frames == 6


def test_the_suffix_is_part_of_what_is_asked_about(done, run, tmp_path, asked):
    for _ in range(2):
        run(
            done,
            lambda: done.saving.save(str(tmp_path / "out"), "OME-Zarr (*.ome.zarr)"),
        )
        assert (tmp_path / "out.ome.zarr").is_dir()
    assert asked == ["out.ome.zarr is there already. Replace it?"]


def test_saving_is_cancelled_without_half_a_file(
    viewer, slow, qtbot, notes, run, tmp_path
):
    viewer.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    dock = AlignTimelapse(viewer)
    dock.max_shift.value = 12
    run(dock, lambda: dock.align.changed.emit(True))
    slow.gate.clear()
    slow.read.clear()
    dock.saving.save(str(tmp_path / "out.ome.tif"))
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    dock.cancel.changed.emit(True)
    slow.gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert dock.status.value == "Cancelled; no file was left."
    assert list(tmp_path.iterdir()) == []
    # And the table is still there.
    assert dock.table.history is not None
    assert [note.type for note in notes] == ["warning"]


def test_a_folder_that_is_not_there_is_said(done, run, tmp_path, notes):
    run(done, lambda: done.saving.save(str(tmp_path / "nowhere" / "out.tif")))
    assert "nowhere" in done.status.value
    assert len(notes) == 1


def test_the_next_save_is_offered_where_the_last_one_went(done, run, tmp_path):
    assert done.saving._suggest() == "movie (aligned).ome.tif"
    run(done, lambda: done.saving.save(str(tmp_path / "out.tif")))
    done.saving.layer.value.name = "a/b: c"
    assert done.saving._suggest() == str(tmp_path / "a_b_ c.ome.tif")


def test_a_loaded_table_can_be_checked_and_saved_too(
    viewer, dock, run, tmp_path, true_shifts, movie
):
    from maskalign import DriftTable

    table = DriftTable.from_shifts(true_shifts.astype(float))
    table.to_csv(tmp_path / "drift.csv")
    dock.table.read(str(tmp_path / "drift.csv"))
    run(dock, lambda: dock.checks.better.changed.emit(True))
    assert dock.checks.report.value.startswith("Better: ")
    run(dock, lambda: dock.saving.save(str(tmp_path / "out.tif")))
    np.testing.assert_array_equal(
        load_movie(tmp_path / "out.tif").data, apply_drift(movie, table)
    )
