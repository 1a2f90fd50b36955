"""The widget *Apply drift*, without a window."""

import dask
import dask.array as da
import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

from maskalign import DriftTable, apply_drift, move_points
from maskalign._napari.align_timelapse import AlignTimelapse
from maskalign._napari.apply_drift import ApplyDrift
from maskalign._napari.apply_given import Moving
from maskalign._napari.given import DOUBT
from maskalign.model.options import ApplyOptions

PATIENCE = 20_000


@pytest.fixture
def table(true_shifts):
    status = ["ok", "ok", "ok", "unsure", "ok", "ok"]
    return DriftTable.from_shifts(true_shifts.astype(float), status=status)


@pytest.fixture
def path(tmp_path, table):
    path = tmp_path / "drift.csv"
    table.to_csv(path)
    return str(path)


@pytest.fixture
def dock(viewer, movie, calibration):
    viewer.add_image(movie, name="movie", **calibration)
    return ApplyDrift(viewer)


def press(dock, *layers):
    for layer in layers:
        dock.others.tick(layer)
    dock.apply.changed.emit(True)


def listed(dock):
    names = dock.others.names
    return [names.item(row).text() for row in range(names.count())]


def refuse_to_compute(dsk, keys, **kwargs):
    raise AssertionError("something was computed")


def test_it_opens_on_an_empty_viewer(viewer):
    dock = ApplyDrift(viewer)
    assert "Choose a layer that was aligned, or a drift table" in dock.about.value
    assert not dock.apply.enabled
    dock.apply.changed.emit(True)
    assert "There is no drift table" in dock.status.value


def test_a_table_from_a_file_moves_an_image_lazily(viewer, dock, movie, path, table):
    dock.read(path)
    assert "drift.csv: 6 frames" in dock.about.value
    assert "1 frame will be mended, moved as its neighbours are: 3." in dock.about.value
    assert dock.made_on.value is viewer.layers["movie"]
    assert dock.plot.plot.n_frames == 6
    source = viewer.layers["movie"]
    source.colormap, source.contrast_limits = "magma", (20, 150)
    press(dock, source)
    made = viewer.layers["movie (aligned)"]
    assert isinstance(made.data, da.Array)
    np.testing.assert_array_equal(made.data, apply_drift(movie, table.repaired()))
    for name in ("scale", "translate", "units", "axis_labels", "contrast_limits"):
        assert tuple(getattr(made, name)) == tuple(getattr(source, name)), name
    assert made.colormap.name == "magma"
    record = made.metadata["maskalign"]
    assert record["drift"] == table
    assert record["options"] == {
        "image": "movie",
        "interpolation": "linear",
        "canvas": "same",
        "fill_value": 0,
        "table": "drift.csv",
        "in_doubt": "as neighbours are",
        "inverse": False,
    }
    assert dock.status.value == "Added movie (aligned)."


def test_nothing_is_read_before_it_is_looked_at(viewer, slow, path):
    layer = viewer.add_image(slow.data, name="slow", contrast_limits=(0, 255))
    dock = ApplyDrift(viewer)
    slow.read.clear()
    with dask.config.set(scheduler=refuse_to_compute):
        dock.read(path)
        dock.others.tick(layer)
        how = Moving(dock.given, layer, DOUBT[0], inverse=False, output=ApplyOptions())
        how.moved(layer)
    assert slow.read == []


def test_the_number_in_the_table_is_used_if_that_is_asked_for(
    viewer, dock, movie, path, table
):
    dock.read(path)
    dock.doubt.value = "as the table says"
    assert "mended" not in dock.about.value
    press(dock, viewer.layers["movie"])
    np.testing.assert_array_equal(
        viewer.layers["movie (aligned)"].data, apply_drift(movie, table.shifts)
    )


@pytest.mark.parametrize("interpolation", ["nearest", "cubic"])
@pytest.mark.parametrize("canvas", ["union", "intersection"])
def test_the_options_of_the_library_are_obeyed(
    viewer, dock, movie, path, table, interpolation, canvas
):
    dock.read(path)
    dock.interpolation.value, dock.canvas.value = interpolation, canvas
    dock.fill_value.value = "7"
    source = viewer.layers["movie"]
    press(dock, source)
    made = viewer.layers["movie (aligned)"]
    options = {"interpolation": interpolation, "canvas": canvas, "fill_value": 7}
    expected = apply_drift(movie, table.repaired(), **options)
    np.testing.assert_array_equal(made.data, expected)
    # The first frame was not moved: what it shows lies where it lay.
    y, x = made.world_to_data(source.data_to_world((0, 30, 40)))[1:].round().astype(int)
    assert int(made.data[0, y, x]) == int(movie[0, 30, 40])


def test_how_layers_are_moved_is_remembered(viewer, dock, path):
    dock.read(path)
    dock.canvas.value, dock.interpolation.value = "union", "cubic"
    dock.fill_value.value = "edge"
    assert ApplyDrift(viewer).canvas.value == "same"
    press(dock, viewer.layers["movie"])
    for later in (ApplyDrift(viewer), AlignTimelapse(viewer)):
        assert later.canvas.value == "union"
        assert later.interpolation.value == "cubic"
        assert later.fill_value.value == "edge"


def test_every_kind_of_layer_goes_its_own_way(
    viewer, dock, movie, path, table, calibration
):
    whole = table.repaired()
    labels = viewer.add_labels(movie.astype(int), name="labels", **calibration)
    spots = np.array([(0.0, 9, 9), (5, 20, 30)])
    points = viewer.add_points(spots, name="points", **calibration)
    shapes = viewer.add_shapes([spots], shape_type="path", name="s", **calibration)
    tracks = viewer.add_tracks(
        np.column_stack([[1, 1], spots]), name="t", **calibration
    )
    ahead = np.stack([spots, np.ones_like(spots)], axis=1)
    vectors = viewer.add_vectors(ahead, name="v", **calibration)
    dock.read(path)
    press(dock, labels, points, shapes, tracks, vectors)
    moved = move_points(spots, whole)
    np.testing.assert_array_equal(
        viewer.layers["labels (aligned)"].data,
        apply_drift(labels.data, whole, interpolation="nearest"),
    )
    np.testing.assert_allclose(viewer.layers["points (aligned)"].data, moved)
    np.testing.assert_allclose(viewer.layers["s (aligned)"].data[0], moved)
    np.testing.assert_allclose(viewer.layers["t (aligned)"].data[:, 1:], moved)
    np.testing.assert_allclose(viewer.layers["v (aligned)"].data[:, 0], moved)
    np.testing.assert_array_equal(points.data, spots)
    # Named by what they were made of, so that they are found again.
    n = len(viewer.layers)
    press(dock)
    assert len(viewer.layers) == n


def test_back_undoes_there(viewer, dock, path, calibration):
    spots = np.array([(1.0, 9, 9), (5, 20, 30)])
    points = viewer.add_points(spots, name="points", **calibration)
    dock.read(path)
    press(dock, points)
    there = viewer.layers["points (aligned)"]
    assert "points (aligned)" not in listed(dock)
    dock.inverse.value = True
    assert "points (aligned)" in listed(dock)
    dock.others.tick(points, on=False)
    press(dock, there)
    back = viewer.layers["points (aligned) (moved back)"]
    np.testing.assert_allclose(back.data, spots, atol=1e-9)
    assert back.metadata["maskalign"]["options"]["inverse"] is True


def test_a_table_goes_on_from_the_layer_that_carries_it(
    viewer, movie, bar, calibration, qtbot
):
    viewer.add_image(movie, name="movie", **calibration)
    aligning = AlignTimelapse(viewer)
    aligning.max_shift.value = 12
    aligning.align.changed.emit(True)
    qtbot.waitUntil(lambda: aligning.align.enabled, timeout=PATIENCE)
    aligned = viewer.layers["movie (aligned)"]
    found = aligned.metadata["maskalign"]["drift"]
    place = calibration | {"scale": (2, 0.1, 0.1)}
    fine = np.repeat(np.repeat(255 - movie, 2, 1), 2, 2)
    green = viewer.add_image(fine, name="green", **place)
    dock = ApplyDrift(viewer)
    assert dock.table_of.value is aligned
    assert dock.made_on.value is aligned
    assert "1 pixel = 0.2 µm" in dock.about.value
    press(dock, green)
    np.testing.assert_allclose(
        viewer.layers["green (aligned)"].data,
        apply_drift(fine, 2 * found.repaired().shifts),
    )
    assert "green: 2 of its pixels for each pixel of the table." in dock.status.value
    # What is mended in the other dock is what is applied from then on.
    aligning.table.view.shift_typed.emit(2, 1, 30.0)
    press(dock)
    made = viewer.layers["green (aligned)"].metadata["maskalign"]["drift"]
    assert made.shifts[2, 1] == 60
    # And stays known when the layer that carried it is gone.
    viewer.layers.remove(aligned)
    press(dock)
    assert "Added green (aligned)." in dock.status.value


def test_a_movie_that_is_opened_after_its_table_is_taken_up(viewer, movie, path):
    dock = ApplyDrift(viewer)
    dock.read(path)
    assert dock.made_on.value is None
    assert "6 frames" in dock.about.value
    viewer.add_image(movie[:3], name="short")
    assert dock.made_on.value is None
    layer = viewer.add_image(movie, name="movie")
    assert dock.made_on.value is layer
    press(dock, layer)
    assert dock.made_on.value is layer
    assert dock.status.value == "Added movie (aligned)."


def test_one_opened_while_the_dock_is_closed_is_taken_up_later(viewer, movie, path):
    place = QWidget()
    dock = ApplyDrift(viewer)
    dock.native.setParent(place)
    dock.read(path)
    dock.native.setParent(None)
    layer = viewer.add_image(movie, name="movie")
    assert dock.made_on.value is None
    dock.native.setParent(place)
    assert dock.made_on.value is layer


def test_choosing_a_file_lets_go_of_the_layer(viewer, dock, path):
    dock.read(path)
    press(dock, viewer.layers["movie"])
    dock.table_of.value = viewer.layers["movie (aligned)"]
    assert "movie (aligned): 6 frames" in dock.about.value
    dock.read(path)
    assert dock.table_of.value is None
    assert "drift.csv: 6 frames" in dock.about.value


def test_what_does_not_fit_is_listed_with_the_reason(viewer, dock, movie, path):
    viewer.add_image(movie[:4], name="short")
    viewer.add_labels(np.zeros((64, 72), int), name="mask")
    dock.read(path)
    assert listed(dock) == [
        "movie",
        "short: it has 4 frames, the table 6",
        "mask: it has no time axis",
    ]
    viewer.layers.remove("short")
    assert len(listed(dock)) == 2


def test_points_beyond_the_table_are_refused_and_nothing_is_added(
    viewer, dock, path, notes, calibration
):
    late = viewer.add_points([(17.0, 9, 9)], name="late", **calibration)
    dock.read(path)
    press(dock, viewer.layers["movie"], late)
    assert "outside the drift table, which has the frames 0 to 5" in dock.status.value
    assert [layer.name for layer in viewer.layers] == ["movie", "late"]
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("write", "complaint"),
    [
        ("cell,area\n1,20\n", "found cell, area"),
        ("frame,shift_y,shift_x\n0,0,0\n1,one,2\n", "'one' is not a number"),
        ("", "not a drift table"),
        (None, "No such file"),
    ],
    ids=["other columns", "a word", "empty", "no file"],
)
def test_a_file_that_is_no_table_is_refused_in_words(
    dock, tmp_path, notes, write, complaint
):
    path = tmp_path / "strange.csv"
    if write is not None:
        path.write_text(write)
    dock.read(str(path))
    assert complaint in dock.status.value
    assert dock.given is None
    assert len(notes) == 1


def test_bad_options_are_refused_in_words(viewer, dock, path, notes):
    dock.read(path)
    dock.apply.changed.emit(True)
    assert dock.status.value == "Tick the layers to move first."
    dock.fill_value.value = "grey"
    press(dock, viewer.layers["movie"])
    assert "Fill 'grey' cannot be read" in dock.status.value
    dock.fill_value.value = "300"
    press(dock)
    assert "300" in dock.status.value
    assert len(viewer.layers) == 1
    assert len(notes) == 3


def test_a_table_without_any_good_frame_moves_nothing(viewer, dock, tmp_path, notes):
    bad = DriftTable.from_shifts(np.ones((6, 2)), status=["blank"] * 6)
    bad.to_csv(tmp_path / "bad.csv")
    dock.read(str(tmp_path / "bad.csv"))
    press(dock, viewer.layers["movie"])
    assert "No frame could be estimated (6 blank)" in dock.status.value
    dock.doubt.value = "as the table says"
    press(dock)
    assert "Added movie (aligned)." in dock.status.value


def test_the_plot_follows_the_slider_and_leads_it(viewer, dock, path):
    dock.read(path)
    viewer.dims.set_current_step(0, 4)
    assert dock.plot.shown_frame == 4
    dock.plot.frame_chosen.emit(2)
    assert viewer.dims.current_step[0] == 2
