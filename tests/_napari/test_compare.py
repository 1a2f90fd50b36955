"""*Compare images* on a viewer without a window: layers in, numbers out."""

import threading
from math import isnan

import dask
import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from maskalign import compare, joint_histogram
from maskalign._napari.compare import CompareImages
from maskalign._napari.joint_view import JointView, as_picture
from maskalign._napari.luminance import luminance
from maskalign._napari.still import still_of
from maskalign.model.metrics import METRICS

PATIENCE = 20_000


@pytest.fixture
def second(movie):
    """An image like the first frame of `movie`, in noise."""
    noise = np.random.default_rng(2).normal(0, 10, movie[0].shape)
    return np.clip(movie[0] + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def dock(viewer, movie, second, bar):
    viewer.add_image(movie[0], name="first")
    viewer.add_image(second, name="second")
    viewer.add_labels(bar, name="bar")
    return CompareImages(viewer)


@pytest.fixture
def run(qtbot):
    """Press Compare and wait until the widget is free again."""

    def run(dock):
        dock.compute.native.click()
        qtbot.waitUntil(lambda: dock.compute.enabled, timeout=PATIENCE)

    return run


def shown(dock):
    """Return what the table says: name, value and the rest of each row."""
    table = dock.table
    rows = [
        [table.item(row, column).text() for column in range(table.columnCount())]
        for row in range(table.rowCount())
    ]
    return {name: rest for name, *rest in rows}


def same_numbers(dock, expected):
    found = shown(dock)
    assert list(found) == list(METRICS)
    for name, (value, span, better) in found.items():
        if isnan(expected[name]):
            assert value == "undefined"
        else:
            assert float(value) == pytest.approx(expected[name], rel=1e-3)
        short = {"higher": "high", "lower": "low"}[METRICS[name].better]
        assert (span.replace("≥ 0", "0 and up"), better) == (METRICS[name].range, short)


# What comes out -----------------------------------------------------------------------


def test_the_numbers_are_the_librarys(dock, run, movie, second, notes):
    run(dock)
    expected = compare(movie[0], second)
    same_numbers(dock, expected)
    assert f"Pearson {expected['pearson']:.3f}" in dock.status.value
    assert notes == []


def test_a_mask_counts_as_it_is_meant(viewer, dock, run, movie, second, bar):
    dock.mask.value = viewer.layers["bar"]
    run(dock)
    same_numbers(dock, compare(movie[0], second, mask=bar == 0))
    assert "86 % of the pixels" in dock.status.value
    dock.painted.value = "use only painted"
    run(dock)
    same_numbers(dock, compare(movie[0], second, mask=bar))


def test_masks_of_all_kinds_on_any_grid(viewer, dock, run, movie, second, bar):
    valid = bar == 0
    corners = [(-0.5, -0.5), (-0.5, 9.5), (63.5, 9.5), (63.5, -0.5)]
    masks = (
        viewer.add_image(~valid, name="true and false"),
        viewer.add_shapes([corners], shape_type="rectangle", name="drawn"),
        viewer.add_labels(bar[::2, ::2], scale=(2, 2), translate=(0.5, 0.5)),
    )
    for mask in masks:
        dock.mask.value = mask
        run(dock)
        same_numbers(dock, compare(movie[0], second, mask=valid))


def test_the_joint_histogram_is_drawn(dock, run, movie, second):
    assert dock.joint.isHidden()
    run(dock)
    assert not dock.joint.isHidden()
    picture = dock.joint.grab().toImage()
    colours = {
        picture.pixelColor(x, y).name()
        for x in range(0, picture.width(), 2)
        for y in range(0, picture.height(), 2)
    }
    assert len(colours) > 20


def test_bright_is_where_many_pixels_are():
    a = np.array([[0, 0, 0, 3, 3]])
    found = joint_histogram(a, [[0, 0, 0, 0, 9]], bins=3)
    picture = as_picture(found)[..., :3].astype(int).sum(axis=-1)
    # Columns: values of the first; from the bottom up: those of the second.
    assert picture[2, 0] > picture[2, 2] == picture[0, 2] > 0
    assert np.count_nonzero(picture) == 3


def test_an_empty_view_draws_nothing(qtbot):
    view = JointView()
    qtbot.addWidget(view)
    view.grab()
    assert view.isHidden()


def test_the_numbers_can_be_copied(dock, run, qtbot, movie, second):
    assert not dock.copy.enabled
    run(dock)
    dock.copy.native.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    expected = compare(movie[0], second)
    assert [line.split("\t")[0] for line in lines] == list(METRICS)
    # All digits, not those on show.
    assert [float(line.split("\t")[1]) for line in lines] == list(expected.values())
    dock.table.selectRow(1)
    qtbot.keyClick(dock.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    (line,) = QGuiApplication.clipboard().text().splitlines()
    assert line == f"spearman\t{expected['spearman']!r}"


def test_of_movies_the_frames_on_show_are_compared(viewer, movie, run):
    viewer.add_image(movie, name="movie")
    viewer.add_image(movie[::-1], name="back")
    dock = CompareImages(viewer)
    viewer.dims.set_current_step(0, 1)
    assert "movie, frame 1 of 6: 64 x 72 px" in dock.about.value
    run(dock)
    same_numbers(dock, compare(movie[1], movie[4]))
    viewer.dims.set_current_step(0, 3)
    assert "frame 3 of 6" in dock.about.value
    run(dock)
    same_numbers(dock, compare(movie[3], movie[2]))


def test_one_frame_is_read_and_no_more(viewer, slow, movie, run):
    viewer.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    viewer.add_image(movie[0], name="picture")
    dock = CompareImages(viewer)
    viewer.dims.set_current_step(0, 2)
    slow.read.clear()
    dock._describe()
    assert slow.read == []
    run(dock)
    assert slow.read == [2]


def test_a_mask_over_time_goes_for_the_frame_on_show(viewer, movie, bar, run):
    viewer.add_image(movie, name="movie")
    viewer.add_image(movie[::-1], name="back")
    painted = np.zeros(movie.shape, int)
    painted[4] = bar
    viewer.add_labels(painted, name="bars")
    dock = CompareImages(viewer)
    viewer.dims.set_current_step(0, 0)
    dock.mask.value = viewer.layers["bars"]
    run(dock)
    same_numbers(dock, compare(movie[0], movie[5], mask=bar == 0))


def test_volumes_and_a_flat_mask(viewer, movie, bar, run):
    deep = movie[:, ::2]
    for name, data in (("one", deep), ("two", deep[::-1])):
        viewer.add_image(data, name=name, axis_labels=("z", "y", "x"))
    viewer.add_labels(bar[::2], name="bar")
    dock = CompareImages(viewer)
    assert "one: 6 x 32 x 72 px" in dock.about.value
    dock.mask.value = viewer.layers["bar"]
    run(dock)
    mask = np.broadcast_to(bar[::2] == 0, deep.shape)
    same_numbers(dock, compare(deep, deep[::-1], mask=mask))


def test_labels_are_binary_images(viewer, bar, run):
    other = np.roll(bar, 3, axis=1)
    viewer.add_labels(bar * 7, name="one")
    viewer.add_labels(other + np.arange(72) * (other > 0), name="two")
    dock = CompareImages(viewer)
    dock.reference.value, dock.moving.value = viewer.layers
    run(dock)
    same_numbers(dock, compare(bar > 0, other > 0))
    assert float(shown(dock)["dice"][0]) == pytest.approx(0.7)


def test_channels_and_pyramids(viewer, movie):
    both = np.stack([movie[0], movie[1]])
    layer = viewer.add_image(both, name="both", axis_labels=("c", "y", "x"))
    still = still_of(layer, (1, 0, 0), "reference")
    assert still.text == "both, channel 1 of 2: 64 x 72 px"
    np.testing.assert_array_equal(still.data, movie[1])
    pyramid = viewer.add_image([movie[0], movie[0][::2, ::2]], name="pyramid")
    still = still_of(pyramid, (0, 0, 0), "reference")
    np.testing.assert_array_equal(still.data, movie[0])


def test_axes_in_another_order_are_turned(viewer, movie):
    turned = np.moveaxis(movie, 0, -1)
    layer = viewer.add_image(turned, axis_labels=("y", "x", "t"), rgb=False)
    still = still_of(layer, (0, 0, 2), "reference")
    np.testing.assert_array_equal(still.data, movie[2])
    layer = viewer.add_image(movie[0].T, axis_labels=("x", "y"))
    np.testing.assert_array_equal(still_of(layer, (0, 0, 0), "").data, movie[0])


def test_layers_that_lie_elsewhere_are_told(viewer, movie, second):
    viewer.add_image(movie[0], name="first", scale=(2, 2), units=("um", "um"))
    viewer.add_image(
        second,
        name="second",
        scale=(2000, 2000),
        units=("nm", "nm"),
        translate=(400, 0),
    )
    dock = CompareImages(viewer)
    assert "do not lie over each other" not in dock.about.value
    viewer.layers["second"].translate = (0, 4000)
    dock.moving.changed.emit(dock.moving.value)
    assert "do not lie over each other" in dock.about.value


def test_of_colours_it_is_the_luminance(viewer, movie, second):
    colours = np.stack([movie, movie // 2, movie], axis=-1)
    layer = viewer.add_image(colours, name="stained")
    assert layer.rgb
    still = still_of(layer, (3, 0, 0), "reference")
    assert still.text == "stained, frame 3 of 6: 64 x 72 px"
    np.testing.assert_allclose(still.read(), luminance(colours[3]))


# Going wrong --------------------------------------------------------------------------


def refused(dock, run, notes, complaint):
    """Run; the widget must say why not, once, and be free again."""
    run(dock)
    (note,) = notes
    assert complaint in note.message
    assert note.severity.value == "error"
    assert dock.status.value == note.message
    assert dock.compute.enabled
    assert not dock.cancel.enabled
    assert dock.table.rowCount() == 0


def test_nothing_is_open(viewer, run, notes, qapp):
    dock = CompareImages(viewer)
    assert "There is no reference" in dock.about.value
    refused(dock, run, notes, "There is no reference")


@pytest.mark.parametrize(
    ("data", "options", "complaint"),
    [
        (np.zeros((64, 70), np.uint8), {}, "(64, 70)"),
        (
            np.full((64, 72), np.nan, np.float32),
            {"contrast_limits": (0, 1)},
            "no valid pixel in common",
        ),
        (np.zeros((2, 2, 2, 64, 72), np.uint8), {}, "axis_labels"),
    ],
    ids=["shape", "nan", "axes"],
)
def test_images_that_cannot_be_compared(
    viewer, dock, run, notes, data, options, complaint
):
    layer = viewer.add_image(data, name="odd", **options)
    dock.reset_choices()
    dock.moving.value = layer
    refused(dock, run, notes, complaint)


@pytest.mark.parametrize(
    ("shape", "value", "complaint"),
    [
        ((64, 72), 0, "is empty: paint what to ignore"),
        ((64, 72), 1, "painted all over"),
        ((72, 64), 1, "(72, 64)"),
    ],
    ids=["empty", "full", "turned"],
)
def test_masks_that_do_not_fit(viewer, dock, run, notes, shape, value, complaint):
    layer = viewer.add_labels(np.full(shape, value), name="odd")
    dock.reset_choices()
    dock.mask.value = layer
    refused(dock, run, notes, complaint)


def test_it_can_be_cancelled_and_run_again(viewer, dock, run, qtbot, movie):
    gate = threading.Event()
    lazy = da.from_delayed(
        dask.delayed(lambda: (gate.wait(20), movie[0])[1])(), (64, 72), "u1"
    )
    layer = viewer.add_image(lazy, name="lazy", contrast_limits=(0, 255), visible=False)
    dock.reset_choices()
    dock.moving.value = layer
    dock.compute.native.click()
    assert not dock.compute.enabled
    dock.cancel.native.click()
    gate.set()
    qtbot.waitUntil(lambda: dock.compute.enabled, timeout=PATIENCE)
    assert "Cancelled" in dock.status.value
    assert dock.table.rowCount() == 0
    run(dock)
    assert shown(dock)["identical"][0] == "1"


# Choosing -----------------------------------------------------------------------------


def test_it_begins_with_the_selected_images(viewer, movie):
    layers = [viewer.add_image(frame) for frame in movie[:4]]
    viewer.layers.selection = {layers[1], layers[3]}
    dock = CompareImages(viewer)
    assert {dock.reference.value, dock.moving.value} == {layers[1], layers[3]}


def test_what_is_opened_afterwards_is_taken_up(viewer, movie, qapp):
    dock = CompareImages(viewer)
    first = viewer.add_image(movie[0], name="first")
    second = viewer.add_image(movie[1], name="second")
    viewer.add_image(movie[2], name="third")
    assert (dock.reference.value, dock.moving.value) == (first, second)
    assert "second: 64 x 72 px" in dock.about.value
