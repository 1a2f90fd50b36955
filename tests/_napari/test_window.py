"""A real window, looked at. Needs a display; Xvfb will do."""

import numpy as np
import pytest

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
    boxes = (dock.image, dock.mask, dock.reference, dock.max_shift, dock.min_overlap)
    assert len({box.native.x() for box in boxes}) == 1, [b.native.x() for b in boxes]


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
