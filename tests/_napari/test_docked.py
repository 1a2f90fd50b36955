"""The widget in napari's own window, opened through the manifest. Needs no display."""

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

PATIENCE = 20_000


@pytest.fixture
def window(make_napari_viewer_proxy):
    return make_napari_viewer_proxy()


@pytest.fixture
def opened(window, movie, bar, calibration):
    """A viewer with a movie, its mask, and the widget in a dock."""
    window.add_image(movie, name="movie", **calibration)
    window.add_labels(bar, name="bar", scale=(0.2, 0.2), translate=(5, 6))
    _, dock = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    return dock


@pytest.fixture
def held(window, slow, qtbot):
    """The docked widget, running, waiting for its first frame at the gate."""
    window.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    area, dock = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    slow.gate.clear()
    slow.read.clear()
    dock.align.native.click()
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    return area, dock


def test_it_opens_on_an_empty_viewer(window):
    _, dock = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    assert dock.image.value is None
    assert "There is no image" in dock.about.value


def test_the_active_mask_is_chosen_and_the_movie_aligned(window, opened, qtbot):
    assert opened.image.value.name == "movie"
    assert opened.mask.value.name == "bar"
    opened.max_shift.value = 12
    opened.align.native.click()
    qtbot.waitUntil(lambda: opened.align.enabled, timeout=PATIENCE)
    made = window.layers["movie (aligned)"].metadata["maskalign"]
    assert made["drift"].ok.all()
    assert "86 %" in opened.status.value


def test_the_sliders_stay_where_they_were(window, opened, qtbot):
    window.dims.set_current_step(0, 4)
    opened.align.native.click()
    qtbot.waitUntil(lambda: opened.align.enabled, timeout=PATIENCE)
    assert window.dims.current_step[0] == 4


def test_renaming_keeps_the_choice(window, opened):
    window.add_image(np.zeros((6, 64, 72), np.uint8), name="another")
    window.layers["movie"].name = "zebra"
    assert opened.image.value.name == "zebra"
    assert opened.mask.value.name == "bar"


def test_the_frame_on_show_is_offered_as_the_reference(window, opened):
    window.dims.set_current_step(0, 4)
    opened.reference["kind"].value = "frame"
    assert opened.reference.value == 4


def test_long_names_and_texts_do_not_widen_the_dock(window, opened):
    before = opened.native.minimumSizeHint().width()
    window.layers["movie"].name = "a name as microscopes give them " * 5
    opened.status.value = "word " * 200
    opened.reference.value = 3
    opened.max_shift.value = 50
    assert opened.native.minimumSizeHint().width() <= max(before, 280)


def shown(opened, qtbot, text):
    """Wait until the preview says something."""

    def said():
        return text in opened.preview.text.value and not opened.preview.busy

    qtbot.waitUntil(said, timeout=PATIENCE)


def test_previews_follow_the_window_until_the_dock_is_closed(
    window, movie, bar, calibration, qtbot
):
    window.add_image(movie, name="movie", **calibration)
    window.add_labels(bar, name="bar", scale=(0.2, 0.2), translate=(5, 6))
    area, dock = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    dock.preview.on.value = True
    shown(dock, qtbot, "over frame 0")
    dock.preview.overlay.value = "before"
    assert "preview" in window.layers
    window.dims.set_current_step(0, 5)
    shown(dock, qtbot, "Frame 5 over frame 0")
    window.layers["bar"].paint((40, 40), 1)
    qtbot.waitUntil(lambda: "Frame 5" in dock.preview.text.value, timeout=PATIENCE)
    window.window.remove_dock_widget(area)
    assert "preview" not in window.layers
    window.dims.set_current_step(0, 2)
    qtbot.wait(300)
    assert not dock.preview.busy
    assert "Frame 2" not in dock.preview.text.value


def test_closing_the_viewer_while_it_previews_is_safe(window, slow, qtbot, notes):
    window.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    _, dock = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    slow.gate.clear()
    slow.read.clear()
    dock.preview.on.value = True
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    dock.preview.request()
    window.close()
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    qtbot.wait(300)
    assert notes == []


def test_closing_the_dock_stops_the_work(window, held, slow, qtbot, notes):
    area, dock = held
    window.window.remove_dock_widget(area)
    assert dock.align.enabled
    assert "Cancelled" in dock.status.value
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    qtbot.wait(100)
    assert [layer.name for layer in window.layers] == ["movie"]
    assert notes == []


def test_a_dock_that_was_closed_can_be_opened_again(window, held, slow, qtbot):
    area, _ = held
    window.window.remove_dock_widget(area)
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    _, again = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    again.align.native.click()
    qtbot.waitUntil(lambda: again.align.enabled, timeout=PATIENCE)
    assert "movie (aligned)" in window.layers


def test_closing_the_viewer_while_it_runs_is_safe(window, held, slow, qtbot, notes):
    window.close()
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    # What the work still sends must find nobody, and break nothing.
    qtbot.wait(200)
    assert notes == []


def test_all_pages_are_in_reach_and_widen_nothing(window, opened):
    bar = opened.pages.tabBar()
    assert [bar.tabText(k) for k in range(bar.count())] == [
        *("Plot", "Table", "Apply to", "Check", "Save")
    ]
    before = opened.native.minimumSizeHint().width()
    opened.checks.report.value = "\n".join(["word " * 30] * 30)
    opened.saving.about.value = "word " * 50
    assert opened.native.minimumSizeHint().width() == before
    assert bar.sizeHint().width() <= before


def test_a_long_report_makes_no_other_page_longer(window, opened):
    pages = opened.pages
    before = pages.minimumSizeHint().height()
    opened.checks.report.value = "\n".join(["one line of a report"] * 60)
    assert pages.minimumSizeHint().height() == before
    pages.setCurrentWidget(opened.checks.native)
    assert pages.minimumSizeHint().height() > before + 300
    pages.setCurrentWidget(opened.saving.native)
    assert pages.minimumSizeHint().height() < before + 50
    assert not pages.hasHeightForWidth()


@pytest.fixture
def aligned(window, slow, qtbot):
    """The docked widget with a drift; its movie waits at the gate from now on."""
    window.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    area, dock = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    dock.max_shift.value = 12
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    slow.gate.clear()
    slow.read.clear()
    return area, dock


def test_closing_the_dock_while_it_saves_leaves_no_half_file(
    window, aligned, slow, qtbot, tmp_path
):
    area, dock = aligned
    dock.saving.save(str(tmp_path / "out.ome.tif"))
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    window.window.remove_dock_widget(area)
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    assert "Cancelled" in dock.status.value
    assert list(tmp_path.iterdir()) == []


def test_closing_the_viewer_while_it_is_checked_is_safe(
    window, aligned, slow, qtbot, notes
):
    _, dock = aligned
    notes.clear()
    dock.checks.better.native.click()
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    window.close()
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    qtbot.wait(200)
    assert notes == []


def test_apply_drift_opens_moves_and_closes(window, movie, tmp_path, true_shifts):
    from maskalign import DriftTable

    table = DriftTable.from_shifts(true_shifts.astype(float))
    table.to_json(tmp_path / "drift.json")
    area, dock = window.window.add_plugin_dock_widget("napari-maskalign", "Apply drift")
    assert not dock.apply.enabled
    before = dock.native.minimumSizeHint().width()
    window.add_image(movie, name="a movie with a name as microscopes give them " * 3)
    dock.read(str(tmp_path / "drift.json"))
    dock.others.tick(dock.made_on.value)
    dock.apply.native.click()
    assert window.layers[1].metadata["maskalign"]["drift"] == table
    assert dock.native.minimumSizeHint().width() <= max(before, 300)
    window.window.remove_dock_widget(area)
    window.layers.clear()
    _, again = window.window.add_plugin_dock_widget("napari-maskalign", "Apply drift")
    assert not again.apply.enabled
