"""*Align two images* in napari's own window, opened through the manifest."""

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool

PATIENCE = 20_000


@pytest.fixture
def window(make_napari_viewer_proxy):
    return make_napari_viewer_proxy()


def opened(window):
    return window.window.add_plugin_dock_widget("napari-maskalign", "Align two images")


@pytest.fixture
def held(window, slow, movie, qtbot):
    """The docked widget, running, waiting for its moving image at the gate."""
    window.add_image(movie[0], name="still")
    window.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    area, dock = opened(window)
    slow.gate.clear()
    slow.read.clear()
    dock.align.native.click()
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    return area, dock


def test_it_opens_on_an_empty_viewer_and_aligns_what_comes(window, movie, qtbot):
    _, dock = opened(window)
    assert dock.reference.value is None
    assert "There is no reference" in dock.about.value
    window.add_image(movie[0][:, 10:], name="first")
    window.add_image(movie[3][:, 10:], name="second")
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    layer = window.layers["second (aligned)"]
    np.testing.assert_allclose(layer.translate, (5, -2), atol=0.1)
    dock.overlay.value = "after"
    assert "overlay" in window.layers


def test_long_names_and_texts_do_not_widen_the_dock(window, movie):
    window.add_image(movie[0], name="a name as microscopes give them " * 5)
    window.add_image(movie[1], name="another name, no shorter than that " * 5)
    _, dock = opened(window)
    dock.status.value = "word " * 200
    dock.output.value = "resample on the reference"
    dock.max_shift.value = 50
    assert dock.native.minimumSizeHint().width() <= 340


def test_renaming_keeps_the_choice_and_removing_takes_it_off(window, movie):
    for k, name in enumerate(("first", "second", "third")):
        window.add_image(movie[k], name=name)
    _, dock = opened(window)
    dock.moving.value = window.layers["third"]
    window.layers["third"].name = "zebra"
    assert dock.moving.value.name == "zebra"
    window.layers.remove("zebra")
    assert dock.moving.value.name == "first"
    assert "is chosen as both" in dock.about.value


def test_the_overlay_goes_with_the_dock_and_the_sliders_move_no_more(
    window, movie, qtbot
):
    window.add_image(movie[0][:, 10:], name="still")
    window.add_image(movie[:, :, 10:], name="movie")
    area, dock = opened(window)
    window.dims.set_current_step(0, 2)
    assert "movie, frame 2 of 6" in dock.about.value
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    dock.overlay.value = "before"
    window.window.remove_dock_widget(area)
    assert "overlay" not in window.layers
    window.dims.set_current_step(0, 4)
    assert "movie, frame 2 of 6" in dock.about.value


def test_the_overlay_goes_with_all_layers(window, movie, qtbot, notes):
    window.add_image(movie[0][:, 10:], name="still")
    window.add_image(movie[:, :, 10:], name="movie")
    _, dock = opened(window)
    window.dims.set_current_step(0, 2)
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    dock.overlay.value = "after"
    window.layers.clear()
    assert len(window.layers) == 0
    assert not dock.overlay.enabled
    assert notes == []


def test_closing_the_dock_stops_the_work(window, held, slow, qtbot, notes):
    area, dock = held
    window.window.remove_dock_widget(area)
    assert dock.align.enabled
    assert "Cancelled" in dock.status.value
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    qtbot.wait(100)
    assert [layer.name for layer in window.layers] == ["still", "movie"]
    assert notes == []


def test_closing_the_viewer_while_it_runs_is_safe(window, held, slow, qtbot, notes):
    window.close()
    slow.gate.set()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE)
    qtbot.wait(200)
    assert notes == []


def test_two_docks_do_not_take_each_others_picture(window, movie, qtbot):
    """The preview of one and the overlay of the other."""
    window.add_image(movie[:, :, 10:], name="movie")
    window.add_image(movie[0][:, 10:], name="still")
    _, dock = opened(window)
    dock.reference.value = window.layers["still"]
    dock.moving.value = window.layers["movie"]
    _, other = window.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    window.dims.set_current_step(0, 3)
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    dock.overlay.value = "after"
    other.image.value = window.layers["movie"]
    other.preview.on.value = True
    qtbot.waitUntil(lambda: "Frame 3" in other.preview.text.value, timeout=PATIENCE)
    other.preview.overlay.value = "after"
    assert {"overlay", "preview"} <= {layer.name for layer in window.layers}
    other.preview.overlay.value = "off"
    assert "overlay" in window.layers
    assert "preview" not in window.layers
