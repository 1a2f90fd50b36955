"""Make the pictures of the documentation in a real window.

Run by hand where napari is installed; any screen will do, a virtual one too::

    xvfb-run -a -s "-screen 0 1600x1000x24" python docs/make_screenshots.py

The retina sample is opened, a mask is painted over its bars, the movie is aligned and
looked at, one frame is mended and the drift applied to labels, as a user would do it.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from qtpy.QtWidgets import QApplication, QMainWindow, QScrollArea

import maskalign
from maskalign._napari.layers import movie_of

OUT = Path(__file__).with_name("img")
SIZE = (1280, 960)
#: Colours of a picture; more would not be seen in a documentation.
COLOURS = 128
#: A frame that lies far from the first.
FAR = 8
#: Frame that is left out, in the picture of the table.
BAD = 5


def wait(until: Callable[[], bool] = lambda: False, seconds: float = 0.6) -> None:
    """Let the window work and draw, for some time or until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not until():
        QApplication.processEvents()
        time.sleep(0.005)


def save(name: str, picture: NDArray[np.uint8]) -> None:
    """Write a picture as a small PNG."""
    image = Image.fromarray(picture[..., :3])
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(
        OUT / f"{name}.png", optimize=True
    )


def shoot(viewer: napari.Viewer, name: str) -> None:
    """Save the whole window."""
    wait()
    save(name, viewer.screenshot(canvas_only=False, flash=False))


def choose(*path: str) -> None:
    """Choose an entry of the menus, one step after the other."""
    windows = QApplication.topLevelWidgets()
    menu: Any = next(
        window.menuBar()
        for window in windows
        if isinstance(window, QMainWindow) and window.isVisible()
    )
    for name in path:
        entry = next(
            entry for entry in menu.actions() if entry.text().replace("&", "") == name
        )
        menu = entry.menu()
        if menu is not None:
            menu.aboutToShow.emit()
    entry.trigger()


def open_widget(viewer: napari.Viewer, name: str = "Align time-lapse") -> Any:
    """Open a widget by the menu, and give it room."""
    title = f"{name} (maskalign)"
    choose("Layers", "Register", title)
    wait()
    viewer.reset_view()
    return viewer.window.dock_widgets[title]


def paint_bars(viewer: napari.Viewer, dock: Any) -> None:
    """Press *New mask* and draw two strokes over the bars, as a hand would."""
    bars = viewer.layers["static bars"]
    used = np.flatnonzero((bars.data == 0).all(axis=0))
    viewer.layers.remove(bars)
    dock.paint.native.click()
    mask = viewer.layers.selection.active
    height, width = mask.data.shape
    for edge, beyond in ((used[0], -used[0]), (used[-1], width - 1 - used[-1])):
        mask.brush_size = abs(beyond)
        for y in np.linspace(0, height, 60):
            mask.paint((y, edge + beyond / 2 + 2 * np.sin(y / 40)), 1)


def preview(dock: Any) -> None:
    """Wait until the preview is up to date."""
    wait()
    wait(lambda: not dock.preview.busy, seconds=60)


def align(dock: Any) -> None:
    """Press *Align* and wait."""
    dock.align.native.click()
    wait(lambda: bool(dock.align.enabled), seconds=300)


def mend(viewer: napari.Viewer, dock: Any) -> None:
    """Leave a frame out, apply the drift to labels, and show the table."""
    movie = viewer.layers["retina"]
    frames = np.asarray(movie.data)
    bright = frames > np.percentile(frames, 97)
    cells = viewer.add_labels(bright.astype(np.uint8), name="bright spots")
    dock.others.tick(cells)
    dock.others.apply.native.click()
    viewer.layers.remove(cells)
    dock.table.view.choose([BAD])
    dock.table.exclude.native.click()
    dock.pages.setCurrentIndex(1)


def apply_table() -> None:
    """Apply a table from a file to a movie, to labels, to smaller pixels."""
    viewer = napari.Viewer(title="napari")
    viewer.window.resize(*SIZE)
    viewer.open_sample("napari-maskalign", "cells")
    movie, dirt = viewer.layers
    dirt.visible = False
    frames = np.asarray(movie.data)
    place = {name: getattr(movie, name) for name in ("units", "axis_labels")}
    bright = (frames > np.percentile(frames, 98)).astype(np.uint8)
    viewer.add_labels(bright, name="nuclei", scale=movie.scale, **place)
    fine = np.repeat(np.repeat(frames, 2, 1), 2, 2)
    viewer.add_image(
        fine,
        name="second camera",
        scale=movie.scale / (1, 2, 2),
        colormap="green",
        blending="additive",
        **place,
    )
    known = movie_of(movie)[0]
    table = maskalign.estimate_drift(
        known, mask=np.asarray(dirt.data) == 0, max_shift=30, exclude=[BAD]
    )
    with tempfile.TemporaryDirectory() as folder:
        table.to_csv(Path(folder) / "drift.csv")
        dock = open_widget(viewer, "Apply drift")
        dock.read(str(Path(folder) / "drift.csv"))
    for layer in list(viewer.layers):
        if layer is not dirt:
            dock.others.tick(layer)
    dock.apply.native.click()
    for layer in list(viewer.layers):
        layer.visible = layer.name in ("cells (aligned)", "nuclei (aligned)")
    viewer.dims.set_current_step(0, FAR)
    shoot(viewer, "apply-drift")
    viewer.close()


def check() -> None:
    """Ask whether an alignment is better, and show where it is not."""
    viewer = napari.Viewer(title="napari")
    viewer.window.resize(*SIZE)
    viewer.open_sample("napari-maskalign", "retina")
    viewer.dims.set_current_step(0, FAR)
    dock = open_widget(viewer)
    dock.max_shift.value = 60
    align(dock)
    dock.pages.setCurrentWidget(dock.checks.native)
    dock.checks.window.value = 25
    for button in (dock.checks.ncc_maps, dock.checks.better):
        button.native.click()
        wait(lambda: bool(dock.align.enabled), seconds=120)
    # The recorded movie above, the map over the aligned one below.
    grid = viewer.canvas.grid
    grid.enabled, grid.shape, grid.stride = True, (2, 1), 2
    viewer.reset_view()
    preview(dock)
    bar = dock.native.findChild(QScrollArea).verticalScrollBar()
    bar.setValue(bar.maximum())
    shoot(viewer, "check")
    viewer.close()


def overlay(data: Any, frames: tuple[int, int]) -> NDArray[np.uint8]:
    """Return two frames over each other, one in green and the other in magenta.

    Where they agree the picture is grey.
    """
    one, other = (np.asarray(data[t])[40:280, 300:700].astype(float) for t in frames)
    one, other = (np.clip((f - 25) * 2.8, 0, 255) for f in (one, other))
    return np.stack([other, one, other], axis=-1).round().astype(np.uint8)


def before_and_after(source: Any, aligned: Any, frames: tuple[int, int]) -> None:
    """Save two frames over each other, as recorded and aligned, side by side."""
    left, right = (overlay(layer.data, frames) for layer in (source, aligned))
    gap = np.full((len(left), 12, 3), 255, np.uint8)
    save("before-after", np.concatenate([left, gap, right], axis=1))


def main() -> None:
    """Make all pictures."""
    OUT.mkdir(exist_ok=True)
    viewer = napari.Viewer(title="napari")
    viewer.window.resize(*SIZE)
    viewer.open_sample("napari-maskalign", "retina")
    source = viewer.layers["retina"]
    viewer.dims.set_current_step(0, FAR)
    dock = open_widget(viewer)
    preview(dock)
    shoot(viewer, "opened")
    dock.max_shift.value = 60
    paint_bars(viewer, dock)
    preview(dock)
    viewer.reset_view()
    shoot(viewer, "paint-mask")
    dock.preview.overlay.value = "after"
    preview(dock)
    shoot(viewer, "preview")
    dock.preview.overlay.value = "off"

    align(dock)
    aligned = viewer.layers["retina (aligned)"]
    # The movie under its mask above, the aligned movie below.
    grid = viewer.canvas.grid
    grid.enabled, grid.shape, grid.stride = True, (2, 1), 2
    viewer.reset_view()
    for frame in (0, FAR):
        viewer.dims.set_current_step(0, frame)
        preview(dock)
    shoot(viewer, "align-timelapse")
    before_and_after(source, aligned, (0, FAR))
    grid.enabled = False
    mend(viewer, dock)
    shoot(viewer, "table")
    viewer.close()


if __name__ == "__main__":
    main()
    apply_table()
    check()
