"""*Compare images* in napari's own window, opened through the manifest."""

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

PATIENCE = 20_000


@pytest.fixture
def window(make_napari_viewer_proxy):
    return make_napari_viewer_proxy()


def opened(window):
    return window.window.add_plugin_dock_widget("napari-maskalign", "Compare images")


def test_it_opens_on_an_empty_viewer_and_compares_what_comes(window, movie, qtbot):
    _, dock = opened(window)
    assert dock.reference.value is None
    window.add_image(movie[0], name="first")
    window.add_image(movie[1], name="second")
    dock.compute.native.click()
    qtbot.waitUntil(lambda: dock.compute.enabled, timeout=PATIENCE)
    assert "Pearson" in dock.status.value
    assert dock.table.rowCount() == 19
    assert dock.native.minimumSizeHint().width() < 420


def test_removing_an_image_takes_it_off_the_choices(window, movie):
    window.add_image(movie[0], name="first")
    window.add_image(movie[1], name="second")
    _, dock = opened(window)
    window.layers.remove("second")
    assert dock.moving.value.name == "first"


def test_closing_the_viewer_while_it_runs_is_safe(window, slow, qtbot, notes):
    window.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    window.add_image(np.zeros((64, 72), np.uint8), name="picture")
    _, dock = opened(window)
    slow.gate.clear()
    slow.read.clear()
    dock.compute.native.click()
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    window.close()
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    qtbot.wait(200)
    assert notes == []
