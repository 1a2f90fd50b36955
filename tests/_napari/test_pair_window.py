"""*Align two images* in a real window, looked at. Needs a display; Xvfb will do."""

import numpy as np
import pytest

from maskalign import resample
from maskalign.data.samples import retina

pytestmark = pytest.mark.window

PATIENCE = 120_000


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def dock(viewer):
    """An overview of the retina in micrometres, and a detail in nanometres."""
    frames = np.asarray(retina().movie.data)
    twice = [[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]]
    viewer.add_image(
        resample(frames[0], twice, (160, 500)),
        name="overview",
        scale=(2, 2),
        translate=(0.5, 0.5),
        units=("um", "um"),
    )
    viewer.add_image(
        frames[8, 60:260, 300:700],
        name="detail",
        scale=(1000, 1000),
        translate=(60_000, 300_000),
        units=("nm", "nm"),
    )
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align two images"
    )
    dock.max_shift.value = 40
    return dock


def picture(viewer, qtbot):
    """Return the middle of what the canvas shows."""
    qtbot.wait(300)
    shot = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(float)
    rows, columns = (n // 2 for n in shot.shape[:2])
    return shot[rows - 60 : rows + 60, columns - 60 : columns + 60]


def test_the_boxes_stand_in_a_column(viewer, dock, qtbot):
    dock.output.value = "resample on the reference"
    qtbot.wait(300)
    boxes = (
        dock.reference,
        dock.reference_mask,
        dock.moving,
        dock.moving_mask,
        dock.painted,
        dock.max_shift,
        dock.output,
        dock.interpolation,
    )
    assert len({box.native.x() for box in boxes}) == 1
    assert all(box.native.isVisible() for box in boxes)


def test_a_detail_is_laid_over_its_overview(viewer, dock, qtbot):
    """From the press of a button to two images that are one before the eye."""
    dock.align.native.click()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    layer = viewer.layers["detail (aligned)"]
    found = layer.metadata["maskalign"]["registration"]
    assert found.status == "ok"
    truth = np.diff(retina().shifts[[0, 8]], axis=0)[0]
    assert np.abs(2 * np.array(found.shift) - truth).max() < 1
    moved = layer.translate - viewer.layers["detail"].translate
    np.testing.assert_allclose(moved, 2000 * np.array(found.shift))
    assert "µm" in dock.status.value

    # What is seen in the middle of the detail: green and magenta, then grey.
    camera = viewer.scene.camera
    camera.center = np.add(layer.translate, (100_000, 200_000))
    camera.zoom = 4 / 1000
    colour = {}
    for which in ("before", "after"):
        dock.overlay.value = which
        shot = picture(viewer, qtbot)
        assert shot.std() > 3, "the canvas is blank"
        colour[which] = np.corrcoef(shot[..., 0].ravel(), shot[..., 1].ravel())[0, 1]
    assert colour["after"] > colour["before"] + 0.3


def test_both_results_are_drawn_at_one_place(viewer, dock, qtbot):
    shots = []
    for output in ("move the layer", "resample on the reference"):
        dock.output.value = output
        dock.align.native.click()
        qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
        for other in viewer.layers:
            other.visible = other.name == "detail (aligned)"
        viewer.layers["detail (aligned)"].contrast_limits = (20, 110)
        viewer.reset_view()
        viewer.scene.camera.center = (130_000, 535_000)
        viewer.scene.camera.zoom = 2 / 1000
        shots.append(picture(viewer, qtbot).mean(axis=-1))
        assert shots[-1].std() > 5, "the canvas is blank"
    coarse = [s.reshape(30, 4, 30, 4).mean(axis=(1, 3)).ravel() for s in shots]
    assert np.corrcoef(*coarse)[0, 1] > 0.9
