"""What the widget shows while it runs and afterwards: plot, table, other layers."""

import threading
from dataclasses import replace

import dask
import dask.array as da
import numpy as np
import pytest
from dask.callbacks import Callback

from maskalign import DriftTable, apply_drift
from maskalign._napari import remembered
from maskalign._napari.align_timelapse import AlignTimelapse
from maskalign._napari.wording import DOUBTFUL

PATIENCE = 20_000


@pytest.fixture
def dock(barred_dock):
    return barred_dock


@pytest.fixture
def run(qtbot):
    """Press a button and wait until the widget is free again."""

    def run(dock, button="align"):
        (dock.align if button == "align" else getattr(dock.table, button)).changed.emit(
            True
        )
        qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)

    return run


@pytest.fixture
def done(dock, run):
    run(dock)
    return dock


def result(viewer):
    return viewer.layers["movie (aligned)"]


def drift(viewer):
    return result(viewer).metadata["maskalign"]["drift"]


def press(dock, button, *frames):
    if frames:
        dock.table.view.choose(list(frames))
    getattr(dock.table, button).changed.emit(True)


# While it runs ------------------------------------------------------------------------


@pytest.fixture
def half(viewer, movie, bar, qtbot):
    """A widget that runs and has done three of six frames; the rest wait at a gate."""
    gate = threading.Event()
    gate.set()
    wrong = []

    def load(t):
        if t > 2:
            gate.wait(20)
            if wrong:
                raise wrong[0]
        return movie[t]

    frames = [
        da.from_delayed(dask.delayed(load, pure=False)(t), movie.shape[1:], movie.dtype)
        for t in range(6)
    ]
    viewer.add_image(da.stack(frames), name="movie", contrast_limits=(0, 255))
    viewer.add_labels(bar, name="bar")
    viewer.dims.set_current_step(0, 1)
    dock = AlignTimelapse(viewer)
    dock.mask.value = viewer.layers["bar"]
    dock.max_shift.value = 12
    gate.clear()
    with dask.config.set(num_workers=2):
        dock.align.changed.emit(True)
        qtbot.waitUntil(lambda: "Frame 3 of 6" in dock.status.value, timeout=PATIENCE)
        yield dock, gate, wrong
        gate.set()
        qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)


def test_the_aligned_layer_and_the_plot_grow_while_it_runs(viewer, half):
    dock, _, _ = half
    layer = result(viewer)
    assert layer.data.shape == (6, 64, 72)
    points = dock.plot.plot.panels[0].curves[0].points
    assert 1 <= len(points) < 6
    assert dock.plot.plot.n_frames == 6
    assert dock.progress.value == 3
    assert dock.progress.max == 6


def test_cancelling_keeps_what_is_done(viewer, half, qtbot, notes, run):
    dock, gate, _ = half
    dock.cancel.changed.emit(True)
    gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    table = drift(viewer)
    assert table.status[:3].tolist() == ["ok"] * 3
    assert set(table.status[3:]) == {"not-reached"}
    assert dock.status.value.startswith("Cancelled; what was done is kept: 3 of 6 ")
    assert "stopped before it came to this frame" in dock.status.value
    assert isinstance(result(viewer).data, da.Array)
    assert notes == []
    # And the rest can be found without the first ones.
    run(dock, "recompute")
    assert (drift(viewer).status == "ok").all()
    np.testing.assert_array_equal(drift(viewer).shifts[:3], table.shifts[:3])


@pytest.mark.parametrize("error", [OSError("disk gone"), KeyError("chunk")], ids=repr)
def test_an_error_on_the_way_keeps_what_is_done(viewer, half, qtbot, notes, error):
    dock, gate, wrong = half
    wrong.append(error)
    gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    table = drift(viewer)
    assert table.status[:3].tolist() == ["ok"] * 3
    assert set(table.status[3:]) == {"not-reached"}
    assert dock.table.history.now == table
    assert str(error) in dock.status.value
    assert "What was done is kept: 3 of 6 frames" in dock.status.value
    (note,) = notes
    assert str(error) in note.message


def test_a_frame_that_cannot_be_shown_loses_nothing(viewer, run, notes, movie):
    """The one that is on show: napari reads it when the layer comes, and at the end."""
    doomed = False

    def load(t):
        if doomed and t == 4:
            raise KeyError("chunk 4")
        return movie[t]

    frames = [
        da.from_delayed(dask.delayed(load, pure=False)(t), movie.shape[1:], movie.dtype)
        for t in range(6)
    ]
    viewer.add_image(da.stack(frames), name="movie", contrast_limits=(0, 255))
    dock = AlignTimelapse(viewer)
    dock.max_shift.value = 12
    viewer.dims.set_current_step(0, 4)
    doomed = True
    run(dock)
    assert drift(viewer).status.tolist() == ["ok"] * 4 + ["not-reached"] * 2
    assert dock.table.history.now == drift(viewer)
    assert "What was done is kept: 4 of 6 frames" in dock.status.value
    assert len(notes) == 1
    assert [layer.name for layer in viewer.layers] == ["movie", "movie (aligned)"]


def test_what_is_chosen_meanwhile_gets_no_table_of_another(viewer, half, qtbot, movie):
    dock, gate, _ = half
    second = viewer.add_image(movie, name="second")
    dock.image.value = second
    gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert drift(viewer).ok.all()
    assert dock.status.value.startswith("movie: 6 frames aligned")
    assert dock.table.history is None
    dock.image.value = viewer.layers["movie"]
    assert dock.table.history.now == drift(viewer)


def test_a_table_whose_movie_is_gone_moves_no_other(
    viewer, half, qtbot, movie, notes, tmp_path
):
    dock, gate, _ = half
    viewer.add_image(movie, name="second")
    viewer.layers.remove("movie")
    # As napari does for what is docked.
    dock.reset_choices()
    gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert dock.table.history.now == drift(viewer)
    dock.table.view.choose([3])
    dock.table.exclude.changed.emit(True)
    assert "The table is of 'movie'" in dock.status.value
    assert "second (aligned)" not in viewer.layers
    dock.table.write(str(tmp_path / "drift.csv"))
    assert len(DriftTable.from_csv(tmp_path / "drift.csv")) == 6


def test_an_error_while_a_row_is_shown_ends_the_run(viewer, half, qtbot, notes):
    dock, gate, _ = half

    def no_room(row):
        raise RuntimeError("no room for it")

    dock._panel._errand = replace(dock._panel._errand, each=no_room)
    gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert "no room for it" in dock.status.value
    assert [note.message for note in notes] == ["no room for it"]
    assert "movie (aligned)" not in viewer.layers


def test_the_growing_layer_may_be_removed(viewer, half, qtbot, notes):
    dock, gate, _ = half
    viewer.layers.remove("movie (aligned)")
    gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert "movie (aligned)" in viewer.layers
    assert notes == []


def test_everything_may_be_removed(viewer, half, qtbot, notes):
    dock, gate, _ = half
    viewer.layers.clear()
    gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert [note for note in notes if note.severity.value == "error"] == []


def test_what_napari_hooks_into_dask_does_not_reach_the_work(viewer, movie, run, notes):
    """Its cache is for one thread: it fails where others compute meanwhile."""

    class ForOneThread(Callback):
        def _posttask(self, *_):
            assert threading.current_thread() is threading.main_thread()

    viewer.add_image(da.from_array(movie, chunks=(1, -1, -1)), name="movie")
    dock = AlignTimelapse(viewer)
    with ForOneThread():
        run(dock)
    assert "6 frames aligned" in dock.status.value
    assert [note for note in notes if note.severity.value == "error"] == []


def test_two_may_run_at_once(viewer, dock, movie, qtbot, notes, true_shifts):
    other = AlignTimelapse(viewer)
    other.image.value = viewer.layers["movie"]
    other.mask.value = viewer.layers["bar"]
    other.max_shift.value = 12
    for one in (dock, other):
        one.align.changed.emit(True)
    for one in (dock, other):
        qtbot.waitUntil(lambda one=one: one.align.enabled, timeout=PATIENCE)
        np.testing.assert_allclose(one.table.history.now.shifts, true_shifts, atol=0.2)
    assert [note for note in notes if note.severity.value == "error"] == []


# Plot and slider ----------------------------------------------------------------------


def test_the_cursor_follows_the_slider_and_a_click_moves_it(viewer, done):
    viewer.dims.set_current_step(0, 4)
    assert done.plot.shown_frame == 4
    done.plot.frame_chosen.emit(2)
    assert viewer.dims.current_step[0] == 2
    assert done.plot.shown_frame == 2
    done.table.view.frame_chosen.emit(5)
    assert viewer.dims.current_step[0] == 5


def test_the_plot_is_in_the_unit_of_the_layer(done):
    assert done.plot.plot.panels[0].title == "shift, µm"


def test_another_image_shows_its_own_result(viewer, done, movie):
    done.image.value = viewer.add_image(movie, name="other")
    assert done.table.history is None
    done.image.value = viewer.layers["movie"]
    assert done.table.history.now == drift(viewer)


# The table ----------------------------------------------------------------------------


def test_a_shift_that_is_typed_moves_its_frame_alone(viewer, done, movie):
    before = result(viewer).data.compute()
    model = done.table.view.model()
    assert model.setData(model.index(3, 1), "-7,5")
    table = drift(viewer)
    assert table.shifts[3, 1] == -7.5
    assert table.status[3] == "manual"
    after = result(viewer).data.compute()
    changed = (before != after).any(axis=(1, 2))
    assert changed.tolist() == [False, False, False, True, False, False]
    np.testing.assert_array_equal(after, apply_drift(movie, table.repaired()))
    press(done, "undo")
    np.testing.assert_array_equal(result(viewer).data.compute(), before)


def test_typing_a_shift_leaves_the_box_that_it_is_typed_into(viewer, done, qtbot):
    model = done.table.view.model()
    with qtbot.assertNotEmitted(model.modelReset):
        assert model.setData(model.index(3, 1), "-7.5")
    assert model.data(model.index(3, 1)) == "-7.50"
    assert drift(viewer).status[3] == "manual"


@pytest.mark.parametrize("text", ["", "abc", "nan"])
def test_what_is_no_number_is_not_taken(viewer, done, text):
    model = done.table.view.model()
    assert not model.setData(model.index(3, 1), text)
    assert not done.table.history.undoable


def test_only_shifts_can_be_typed(done):
    from qtpy.QtCore import Qt

    model = done.table.view.model()
    editable = [
        bool(model.flags(model.index(1, c)) & Qt.ItemFlag.ItemIsEditable)
        for c in range(model.columnCount())
    ]
    assert editable == [True, True, False, False, False]


def test_a_frame_is_left_out_and_used_again(viewer, done):
    found = drift(viewer)
    press(done, "exclude", 2, 4)
    assert np.flatnonzero(drift(viewer).status == "excluded").tolist() == [2, 4]
    assert [mark.frame for mark in done.plot.plot.marks] == [2, 4]
    assert "Left out frames 2, 4." in done.status.value
    press(done, "include", 2, 4)
    assert drift(viewer) == found


def test_without_a_selection_it_asks_for_one(done, notes):
    press(done, "exclude")
    assert "Select frames" in done.status.value
    assert len(notes) == 1


def test_a_bad_frame_is_found_anew_and_the_others_stay(viewer, done, run, true_shifts):
    found = drift(viewer)
    wrong = found.shifts.copy()
    wrong[3] = 40, 40
    status = found.status.copy()
    status[3] = "unsure"
    done._results._on_edited(
        done.table.history.then(found.replace(shifts=wrong, status=status), "broken")
    )
    run(done, "recompute")
    table = drift(viewer)
    np.testing.assert_allclose(table.shifts[3], true_shifts[3], atol=0.2)
    assert (table.status == "ok").all()
    np.testing.assert_array_equal(table.ncc[:3], found.ncc[:3])
    press(done, "undo")
    assert drift(viewer).shifts[3].tolist() == [40, 40]


def test_where_nothing_is_in_doubt_nothing_is_found_anew(done, run, notes):
    run(done, "recompute")
    assert "nothing to find anew" in done.status.value
    assert not done.table.history.undoable


def test_smoothing_and_jitter_move_the_movie(viewer, done, movie):
    for button in ("smooth", "jitter"):
        press(done, button)
        expected = apply_drift(movie, drift(viewer).repaired())
        np.testing.assert_array_equal(result(viewer).data, expected)
        press(done, "undo")


def test_a_table_is_saved_and_loaded_again(viewer, done, tmp_path):
    press(done, "exclude", 2)
    before = drift(viewer)
    for name in ("drift.csv", "drift.json"):
        done.table.write(str(tmp_path / name))
    assert DriftTable.from_csv(tmp_path / "drift.csv") == before
    viewer.layers.remove("movie (aligned)")
    other = AlignTimelapse(viewer)
    for name in ("drift.csv", "drift.json"):
        other._panel.attempt(lambda name=name: other.table.read(str(tmp_path / name)))
        assert "Loaded a table." in other.status.value
        assert drift(viewer) == before
    assert [mark.frame for mark in other.plot.plot.marks] == [2]


@pytest.mark.parametrize("text", ["shift_y,shift_x\n0,0\n1,1\n", "hello\n"])
def test_a_table_that_does_not_fit_is_refused_in_words(
    viewer, done, tmp_path, notes, text
):
    (tmp_path / "odd.csv").write_text(text)
    before = drift(viewer)
    done._panel.attempt(lambda: done.table.read(str(tmp_path / "odd.csv")))
    (note,) = notes
    assert note.severity.value == "error"
    assert drift(viewer) == before
    assert done.table.history.now == before


def test_aligning_again_can_be_undone(viewer, done, run):
    first = drift(viewer)
    done.mask.value = None
    run(done)
    assert drift(viewer) != first
    press(done, "undo")
    assert drift(viewer) == first


# Output and other layers --------------------------------------------------------------


def test_output_options_act_at_once(viewer, done, movie):
    done.canvas.value = "intersection"
    layer = result(viewer)
    assert layer.data.shape[1:] < movie.shape[1:]
    table = drift(viewer)
    np.testing.assert_array_equal(
        layer.data, apply_drift(movie, table, canvas="intersection")
    )
    # What lies on what in the world does not change.
    corner = layer.data_to_world((0, 0, 0))
    pixel = viewer.layers["movie"].world_to_data(corner)
    y, x = pixel[1:].round().astype(int)
    h, w = layer.data.shape[1:]
    np.testing.assert_array_equal(layer.data[0], movie[0, y : y + h, x : x + w])
    done.interpolation.value = "nearest"
    assert result(viewer).metadata["maskalign"]["options"]["interpolation"] == "nearest"


def test_a_fill_that_makes_no_sense_is_refused_in_words(viewer, done, notes):
    done.fill_value.value = "grey"
    assert "Fill 'grey' cannot be read" in done.status.value


def test_ticked_layers_are_moved_alike(viewer, done, movie, calibration):
    labels = viewer.add_labels(movie.astype(int), name="cells", **calibration)
    points = viewer.add_points([(3.0, 9, 9)], name="spots", **calibration)
    names = [done.others.names.item(k).text() for k in range(done.others.names.count())]
    assert names == ["bar: it has no time axis", "cells", "spots"]
    assert "no time axis" in done.others.names.item(0).toolTip()
    for layer in (labels, points):
        done.others.tick(layer)
    done.others.apply.changed.emit(True)
    moved = viewer.layers["cells (aligned)"]
    np.testing.assert_array_equal(
        moved.data, apply_drift(labels.data, drift(viewer), interpolation="nearest")
    )
    shift = drift(viewer).shifts[3]
    np.testing.assert_allclose(viewer.layers["spots (aligned)"].data[0, 1:], 9 + shift)
    assert "Added cells (aligned), spots (aligned)." in done.status.value
    assert done.mask.value is viewer.layers["bar"]


def test_what_one_cannot_do_stops_the_others(viewer, done, movie, calibration, notes):
    done.others.tick(viewer.add_labels(movie.astype(int), name="cells", **calibration))
    late = viewer.add_points([(17.0, 9, 9)], name="late", **calibration)
    before = len(viewer.layers)
    done.others.tick(late)
    done.others.apply.changed.emit(True)
    assert "outside the drift table" in done.status.value
    assert len(viewer.layers) == before


def test_without_a_drift_there_is_nothing_to_apply(viewer, dock, movie, notes):
    dock.others.tick(viewer.add_labels(movie.astype(int), name="cells"))
    dock.others.apply.changed.emit(True)
    assert "There is no drift yet" in dock.status.value


# Options ------------------------------------------------------------------------------


def test_settings_are_remembered_for_the_session(viewer, dock, run):
    dock.reference.value = "redundant"
    dock.time_lags.value = "1, 2"
    dock.min_overlap.value = 0.45
    dock.subpixel.value = False
    dock.canvas.value = "union"
    dock.exclude.value = "2"
    run(dock)
    later = AlignTimelapse(viewer)
    for name in ("reference", "time_lags", "min_overlap", "subpixel", "canvas"):
        assert getattr(later, name).value == getattr(dock, name).value, name
    assert later.max_shift.value == 12
    # Frames of one movie are not those of another.
    assert later.exclude.value == ""
    remembered.forget()
    assert AlignTimelapse(viewer).reference.value == "first"


def test_options_reach_the_estimate(viewer, dock, run):
    dock.reference.value = "redundant"
    dock.time_lags.value = "1, 3"
    dock.exclude.value = "2"
    run(dock)
    table = drift(viewer)
    assert table.status[2] == "excluded"
    assert table.options["reference"] == "redundant"
    assert table.options["time_lags"] == [1, 3]
    assert dock.time_lags.visible or not dock.native.isVisible()


def test_a_table_in_a_file_says_how_it_was_made(viewer, dock, run, tmp_path):
    dock.labels.value = "1"
    run(dock)
    dock.table.write(str(tmp_path / "drift.csv"))
    options = DriftTable.from_csv(tmp_path / "drift.csv").options
    assert options["max_shift"] == 12
    assert options["mask"] == "fixed"
    assert options["mask_layer"] == "bar"
    assert options["painted"] == "ignore painted"
    assert options["labels"] == [1]
    dock.mask.value = None
    run(dock)
    assert "mask_layer" not in drift(viewer).options


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("exclude", "2, x", "Exclude: '2, x' cannot be read"),
        ("exclude", "17", "the movie has the frames 0 to 5"),
        ("labels", "one", "Labels: 'one' cannot be read"),
        ("fill_value", "grey", "Fill 'grey' cannot be read"),
    ],
)
def test_texts_that_cannot_be_read_are_refused(
    dock, run, notes, name, value, complaint
):
    getattr(dock, name).value = value
    run(dock)
    assert complaint in dock.status.value


@pytest.mark.parametrize("follows", ["follows the sample", "one a frame"])
def test_masks_that_move(viewer, dock, run, bar, follows, true_shifts):
    dock.mask.value = None
    dock.follows.value = follows
    drawn = np.stack([bar] * 6)
    place = {"scale": (2, 0.2, 0.2), "translate": (0, 5, 6)}
    layer = viewer.add_labels(drawn, name="drawn", **place)
    dock.mask.value = layer
    run(dock)
    options = drift(viewer).options
    if follows == "follows the sample":
        assert options["mask_follows"] == "sample"
    else:
        assert options["mask"] == "one a frame"
        np.testing.assert_allclose(drift(viewer).shifts, true_shifts, atol=0.2)
    assert dock.progress.max == 6 * (1 + (follows == "follows the sample"))


def test_a_new_mask_colours_what_is_left_out(viewer, dock):
    dock.painted.value = "use only painted"
    dock.paint.changed.emit(True)
    mask = dock.mask.value
    assert mask.name == "use"
    # Nothing is painted, so all of it is left out.
    assert mask.colormap.map(0)[3] == 1
    assert mask.colormap.map(1)[3] == 0
    dock.painted.value = "ignore painted"
    assert mask.colormap.map(0)[3] == 0
    assert mask.colormap.map(1)[3] == 1


def test_a_new_mask_with_frames_of_its_own(viewer, dock):
    dock.follows.value = "one a frame"
    dock.paint.changed.emit(True)
    assert dock.mask.value.data.shape == (6, 64, 72)


# Preview ------------------------------------------------------------------------------


@pytest.fixture
def previewed(dock, qtbot):
    def previewed():
        qtbot.waitUntil(lambda: not dock.preview.busy, timeout=PATIENCE)
        return dock.preview.text.value

    return previewed


def test_the_preview_follows_slider_mask_and_options(
    viewer, dock, previewed, qtbot, bar
):
    dock.preview.on.value = True
    dock.mask.value = None
    viewer.dims.set_current_step(0, 3)
    qtbot.waitUntil(lambda: "Frame 3 over frame 0" in previewed(), timeout=PATIENCE)
    held = previewed()
    dock.mask.value = viewer.layers["bar"]
    qtbot.waitUntil(lambda: previewed() != held, timeout=PATIENCE)
    free = previewed()
    assert "y 5." in free or "y 4.9" in free
    # Erasing the mask is seen, and putting it back.
    viewer.layers["bar"].data_setitem((np.array([5]), np.array([3])), 0)
    viewer.layers["bar"].data = np.pad(bar[:30], ((0, 34), (0, 0)))
    qtbot.waitUntil(lambda: previewed() != free, timeout=PATIENCE)
    viewer.layers["bar"].data = bar
    qtbot.waitUntil(lambda: previewed() == free, timeout=PATIENCE)
    dock.reference.value = "previous"
    qtbot.waitUntil(lambda: "Frame 3 over frame 2" in previewed(), timeout=PATIENCE)
    viewer.layers["bar"].data = np.zeros_like(bar)
    qtbot.waitUntil(lambda: "is empty: paint" in previewed(), timeout=PATIENCE)


def test_the_overlay_comes_and_goes(viewer, dock, previewed, qtbot):
    viewer.dims.set_current_step(0, 3)
    dock.preview.on.value = True
    qtbot.waitUntil(lambda: "Frame 3" in previewed(), timeout=PATIENCE)
    active = viewer.layers.selection.active
    dock.preview.overlay.value = "before"
    layer = viewer.layers["preview"]
    before = np.array(layer.data)
    assert layer.rgb
    assert viewer.layers.selection.active is active
    assert dock.image.value.name == "movie"
    assert layer not in dock.image.choices
    np.testing.assert_allclose(layer.scale, (0.2, 0.2))
    dock.preview.overlay.value = "after"
    assert viewer.layers["preview"] is layer
    assert (np.asarray(layer.data) != before).any()
    dock.preview.overlay.value = "off"
    assert "preview" not in viewer.layers


def test_a_preview_that_is_off_does_nothing(viewer, dock, qtbot):
    viewer.dims.set_current_step(0, 3)
    qtbot.wait(300)
    assert dock.preview.text.value == ""
    assert not dock.preview.busy


def test_a_step_that_changes_nothing_needs_no_undoing(viewer, done):
    before = drift(viewer)
    press(done, "outliers")
    assert "no frame" in done.status.value
    assert not done.table.history.undoable
    assert drift(viewer) == before


def test_a_preview_in_doubt_is_coloured(viewer, dock, previewed, qtbot, movie):
    frames = movie.copy()
    frames[3] = 5
    viewer.layers["movie"].data = frames
    dock.preview.on.value = True
    for frame, status in ((3, "blank"), (2, "ok")):
        viewer.dims.set_current_step(0, frame)
        said = f"Frame {frame} over frame 0: {status}."
        qtbot.waitUntil(lambda said=said: said in previewed(), timeout=PATIENCE)
        coloured = DOUBTFUL in dock.preview.text.native.styleSheet()
        assert coloured == (status != "ok")


def test_an_alignment_that_was_undone_comes_back(viewer, done, run):
    press(done, "exclude", 2)
    edited = drift(viewer)
    press(done, "undo")
    assert drift(viewer) != edited
    assert not done.table.undo.enabled
    press(done, "redo")
    assert drift(viewer) == edited
    assert done.status.value == "Redone: Left out frame 2."
    assert not done.table.redo.enabled
