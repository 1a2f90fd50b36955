"""Make the pictures of the page on two images, in a real window.

Run by hand where napari is installed; any screen will do, a virtual one too::

    xvfb-run -a -s "-screen 0 1600x1000x24" python docs/make_pair_screenshots.py

A detail of a late frame of the retina is laid over an overview of the first, whose
pixels are twice as large, as a user would do it.
"""

from typing import Any

import napari
import numpy as np
from make_screenshots import open_widget, save, shoot, wait

from maskalign import resample
from maskalign.data.samples import retina

SIZE = (1280, 900)
#: Values shown dark and bright.
SHOWN = 20, 110
#: The frame that the detail is taken from, and which part of it.
LATE, PART = 8, np.s_[60:260, 300:700]


def open_images(viewer: napari.Viewer) -> None:
    """Add an overview and a detail, each where its stage says that it lies."""
    frames = np.asarray(retina().movie.data)
    twice = [[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]]
    overview = resample(frames[0], twice, (160, 500))
    viewer.add_image(
        overview,
        name="overview",
        scale=(2, 2),
        translate=(0.5, 0.5),
        contrast_limits=SHOWN,
    )
    viewer.add_image(
        frames[LATE][PART],
        name="detail",
        contrast_limits=SHOWN,
        translate=(60, 300),
        colormap="green",
        blending="additive",
    )


def press(dock: Any, button: Any) -> None:
    """Press a button and wait until the widget is free again."""
    button.native.click()
    wait(lambda: bool(dock.align.enabled), seconds=120)


def overlays(viewer: napari.Viewer, dock: Any) -> None:
    """Save the overlay before and after, side by side."""
    sides = []
    for which in ("before", "after"):
        dock.overlay.value = which
        wait()
        sides.append(np.asarray(viewer.layers["overlay"].data)[10:130, 110:360])
    sides = [np.kron(side, np.ones((2, 2, 1), np.uint8)) for side in sides]
    gap = np.full((len(sides[0]), 12, 3), 255, np.uint8)
    save("two-images-overlay", np.concatenate([sides[0], gap, sides[1]], axis=1))


def main() -> None:
    """Make all pictures."""
    viewer = napari.Viewer(title="napari")
    viewer.window.resize(*SIZE)
    open_images(viewer)
    dock = open_widget(viewer, "Align two images")
    dock.max_shift.value = 40
    press(dock, dock.align)
    viewer.layers["detail"].visible = False
    shoot(viewer, "two-images")
    overlays(viewer, dock)
    dock.overlay.value = "off"
    press(dock, dock.show_surface)
    for name in ("overview", "detail (aligned)"):
        viewer.layers[name].visible = False
    surface = viewer.layers["detail (correlation surface)"]
    low, high = surface.extent.world
    camera = viewer.scene.camera
    camera.center, camera.zoom = (low + high) / 2 + (0, 15), 420 / (high - low).max()
    shoot(viewer, "two-images-surface")
    viewer.close()


if __name__ == "__main__":
    main()
