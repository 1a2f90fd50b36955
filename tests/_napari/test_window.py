"""A real window, looked at. Needs a display; Xvfb will do."""

import numpy as np
import pytest
from qtpy.QtWidgets import QDockWidget, QScrollArea

pytestmark = pytest.mark.window

PATIENCE = 120_000


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


def picture(viewer, qtbot, frame):
    """Scrub to a frame, and return what the canvas shows of it, grey."""
    viewer.dims.set_current_step(0, frame)
    qtbot.wait(300)
    shot = viewer.screenshot(canvas_only=True, flash=False)
    return shot[..., :3].mean(axis=-1)


def likeness(one, other):
    """Correlate two pictures."""
    return np.corrcoef(one.ravel(), other.ravel())[0, 1]


def test_the_boxes_stand_in_a_column(viewer, qtbot):
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    dock.reference.value = 3
    qtbot.wait(300)
    for boxes in (
        (dock.image, dock.mask, dock.reference, dock.max_shift),
        (dock.min_overlap, dock.labels, dock.exclude),
        (dock.interpolation, dock.canvas, dock.fill_value),
    ):
        places = {box.native.x() for box in boxes}
        assert len(places) == 1, places


def test_nothing_is_below_the_end_of_a_usual_window(viewer, qtbot):
    """Plot and buttons are seen without scrolling, whatever there is to be said."""
    viewer.window.resize(1400, 950)
    viewer.open_sample("napari-maskalign", "retina")
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    dock.status.value = "What was found, and which frames are in doubt. " * 3
    dock.preview.text.value = "How the frame lies over its reference. " * 3
    area = dock.native.findChild(QScrollArea)
    for page in range(dock.pages.count()):
        dock.pages.setCurrentIndex(page)
        qtbot.wait(200)
        assert area.verticalScrollBar().maximum() == 0


def test_a_sample_is_opened_aligned_and_scrubbed(viewer, qtbot):
    """From the menus to a movie that stands still before the eye."""
    viewer.open_sample("napari-maskalign", "retina")
    area, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    assert dock.image.value.name == "retina"
    assert dock.mask.value.name == "static bars"
    source, bars = dock.image.value, dock.mask.value
    bars.visible = False
    # Near enough for the canvas to show nothing but retina.
    camera = getattr(viewer, "scene", viewer).camera
    camera.center, camera.zoom = (160, 500), 4
    shifts = source.metadata["known_shifts"]
    far = int(np.argmax(np.linalg.norm(shifts - shifts[0], axis=1)))
    loose = [picture(viewer, qtbot, frame) for frame in (0, far)]
    assert loose[0].std() > 5, "the canvas is blank"

    dock.max_shift.value = 64
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    aligned = viewer.layers["retina (aligned)"]
    found = aligned.metadata["maskalign"]["drift"].repaired().shifts
    off = np.linalg.norm(found - found[0] - (shifts - shifts[0]), axis=1)
    assert np.sum(off < 1) >= len(off) - 1

    still = [picture(viewer, qtbot, frame) for frame in (0, far)]
    assert still[0].std() > 5, "the canvas is blank"
    assert likeness(*still) > likeness(*loose) + 0.1
    assert area.isVisible()


def test_the_whole_way_of_a_new_user(viewer, qtbot, tmp_path):
    """Sample, New mask, paint, Align, plot, a bad frame, labels, table: and back."""
    viewer.open_sample("napari-maskalign", "retina")
    bars = np.array(viewer.layers["static bars"].data)
    viewer.layers.remove("static bars")
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    dock.max_shift.value = 64
    dock.preview.on.value = True
    viewer.dims.set_current_step(0, 12)

    def previewed():
        text = dock.preview.text.value
        return "Frame 12 over frame 0" in text and not dock.preview.busy

    qtbot.waitUntil(previewed, timeout=PATIENCE)
    held = dock.preview.text.value
    dock.paint.native.click()
    mask = viewer.layers["ignore"]
    assert mask.mode == "paint"
    # As a brush does, stroke by stroke.
    for y, x in np.argwhere(bars[::20, ::4]).tolist():
        mask.brush_size = 24
        mask.paint((20 * y, 4 * x), 1)
    qtbot.waitUntil(
        lambda: previewed() and dock.preview.text.value != held, timeout=PATIENCE
    )
    dock.preview.overlay.value = "after"
    qtbot.wait(300)
    assert picture(viewer, qtbot, 12).std() > 5
    dock.preview.overlay.value = "off"

    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    aligned = viewer.layers["retina (aligned)"]
    table = aligned.metadata["maskalign"]["drift"]
    assert table.ok.sum() >= 15
    assert dock.plot.isVisible()
    dock.plot.frame_chosen.emit(5)
    assert viewer.dims.current_step[0] == 5

    dock.table.view.shift_typed.emit(5, 1, 99.0)
    assert aligned.metadata["maskalign"]["drift"].shifts[5, 1] == 99
    dock.table.view.choose([5])
    dock.table.exclude.native.click()
    dock.table.include.native.click()
    dock.table.undo.native.click()
    dock.table.write(str(tmp_path / "drift.csv"))
    mended = aligned.metadata["maskalign"]["drift"]
    assert mended.status[5] == "excluded"

    movie = viewer.layers["retina"].data
    cells = viewer.add_labels((movie > 128).astype(int), name="cells")
    dock.others.tick(cells)
    dock.others.apply.native.click()
    assert "cells (aligned)" in viewer.layers

    viewer.layers.remove("retina (aligned)")
    dock.table.read(str(tmp_path / "drift.csv"))
    again = viewer.layers["retina (aligned)"].metadata["maskalign"]["drift"]
    assert again == mended


def test_a_run_in_the_window_is_cancelled(viewer, qtbot):
    movie = np.random.default_rng(0).integers(0, 255, (80, 400, 400), np.uint8)
    viewer.add_image(movie, name="noise")
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.progress.value >= 2, timeout=PATIENCE)
    dock.cancel.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert "Cancelled; what was done is kept" in dock.status.value
    assert not dock.cancel.enabled


def test_a_table_from_a_file_stills_a_movie_before_the_eye(
    viewer, qtbot, movie, true_shifts, tmp_path
):
    from maskalign import DriftTable

    table = DriftTable.from_shifts(true_shifts.astype(float))
    table.to_csv(tmp_path / "drift.csv")
    source = viewer.add_image(movie[:, :, 10:], name="movie")
    _, dock = viewer.window.add_plugin_dock_widget("napari-maskalign", "Apply drift")
    assert not dock.plot.isVisible()
    camera = getattr(viewer, "scene", viewer).camera
    camera.center, camera.zoom = (32, 30), 12
    loose = [picture(viewer, qtbot, frame) for frame in (0, 3)]
    dock.read(str(tmp_path / "drift.csv"))
    dock.others.tick(source)
    dock.apply.native.click()
    assert dock.plot.isVisible()
    still = [picture(viewer, qtbot, frame) for frame in (0, 3)]
    assert still[0].std() > 5, "the canvas is blank"
    assert likeness(*still) > 0.95
    assert likeness(*loose) < 0.5


def test_the_map_of_the_frame_on_show_is_drawn(viewer, qtbot, movie):
    viewer.add_image(movie[:, :, 10:], name="movie")
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    dock.max_shift.value = 12
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    dock.pages.setCurrentWidget(dock.checks.native)
    dock.checks.ncc_maps.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    viewer.dims.set_current_step(0, 4)
    qtbot.wait(300)
    shot = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    # NCC near 1 is brown.
    red, _, blue = np.moveaxis(shot, -1, 0)
    assert (red - blue > 60).mean() > 0.1
    dock.checks.better.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert dock.checks.report.native.isVisible()
    assert dock.checks.report.value.startswith("Better")


def test_the_widgets_fit_into_one_window_together(viewer, qtbot):
    """napari stacks them, and makes the window higher than the screen where it must."""
    viewer.window.resize(1300, 820)
    viewer.open_sample("napari-maskalign", "cells")
    for name in ("Align time-lapse", "Compare images"):
        viewer.window.add_plugin_dock_widget("napari-maskalign", name)
        qtbot.wait(200)
    assert viewer.window._qt_window.height() == 820
    least = [
        dock.minimumSizeHint().height()
        for dock in viewer.window._qt_window.findChildren(QDockWidget)
        if "maskalign" in dock.windowTitle()
    ]
    assert len(least) == 2
    assert max(least) < 300


def test_all_columns_of_the_numbers_are_seen(viewer, qtbot, movie):
    viewer.add_image(movie, name="one")
    viewer.add_image(movie[::-1], name="other")
    _, dock = viewer.window.add_plugin_dock_widget("napari-maskalign", "Compare images")
    dock.compute.native.click()
    qtbot.waitUntil(lambda: dock.table.rowCount() > 15, timeout=PATIENCE)
    qtbot.wait(200)
    assert dock.table.horizontalScrollBar().maximum() == 0
    last = dock.table.columnCount() - 1
    assert dock.table.columnWidth(last) >= dock.table.sizeHintForColumn(last)
