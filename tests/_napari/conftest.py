"""A viewer without OpenGL, a small drifting movie, and the notifications of a test."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.notifications import notification_manager
from scipy.ndimage import gaussian_filter

HEADLESS = sys.platform.startswith("linux") and not (
    os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
)


@pytest.fixture(autouse=True, scope="session")
def _viewer_without_gl() -> None:
    """Answer what napari asks OpenGL where there is none; draw nothing.

    Without a display there is no OpenGL context, and adding an image layer to a viewer
    fails. Under a real or virtual display nothing is changed.
    """
    if not HEADLESS:
        return
    from napari._vispy import canvas
    from napari._vispy.layers import base, image, labels

    image.get_gl_extensions = lambda: ""
    for module in (canvas, base, image, labels):
        module.get_max_texture_sizes = lambda: (16384, 2048)


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    """Let no test find what another has set; previews are asked for where tested."""
    from maskalign._napari import remembered

    remembered.forget()
    remembered.remember({"previewing": False})
    yield
    remembered.forget()


@pytest.fixture
def true_shifts() -> np.ndarray:
    """The shifts that undo the drift of `movie`, (y, x), whole pixels."""
    return np.array([(0, 0), (2, -1), (3, -4), (5, -2), (4, 1), (1, 3)])


@pytest.fixture
def movie(true_shifts: np.ndarray) -> np.ndarray:
    """Six frames of 64 x 72 px, uint8, drifting behind a striped bar of 10 px."""
    scene = gaussian_filter(np.random.default_rng(7).normal(size=(90, 100)), 2)
    scene = 40 + 150 * (scene - scene.min()) / np.ptp(scene)
    frames = [scene[10 + y : 74 + y, 12 + x : 84 + x] for y, x in true_shifts]
    movie = np.array(frames).astype(np.uint8)
    movie[:, :, :10] = np.where(np.arange(64) % 16 < 8, 255, 0)[:, np.newaxis]
    return movie


@pytest.fixture
def bar() -> np.ndarray:
    """The bar of `movie`, painted: 1 on it and 0 elsewhere."""
    painted = np.zeros((64, 72), np.uint8)
    painted[:, :10] = 1
    return painted


@pytest.fixture
def calibration() -> dict[str, tuple]:
    """How the layers of `movie` lie in the world."""
    return {
        "scale": (2, 0.2, 0.2),
        "translate": (0, 5, 6),
        "units": ("s", "um", "um"),
        "axis_labels": ("t", "y", "x"),
    }


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    """A viewer without a window."""
    return ViewerModel()


@pytest.fixture
def barred_dock(viewer, movie, bar, calibration) -> Any:
    """*Align time-lapse* over `movie`, its bar masked."""
    from maskalign._napari.align_timelapse import AlignTimelapse

    viewer.add_image(movie, name="movie", **calibration)
    place = {"scale": (0.2, 0.2), "translate": (5, 6), "units": ("um", "um")}
    viewer.add_labels(bar, name="bar", **place)
    made = AlignTimelapse(viewer)
    made.mask.value = viewer.layers["bar"]
    made.max_shift.value = 12
    return made


@pytest.fixture
def notes() -> Iterator[list]:
    """The notifications that napari shows while the test runs."""
    seen: list = []
    notification_manager.notification_ready.connect(seen.append)
    yield seen
    notification_manager.notification_ready.disconnect(seen.append)


@pytest.fixture
def slow(movie: np.ndarray) -> SimpleNamespace:
    """A lazy movie whose frames wait at a gate, or raise an error, when told to."""
    state = SimpleNamespace(gate=threading.Event(), error=None, read=[])
    state.gate.set()

    def load(t: int) -> np.ndarray:
        state.read.append(t)
        state.gate.wait(20)
        if state.error is not None:
            raise state.error
        return movie[t]

    frames: list[Callable] = [
        da.from_delayed(dask.delayed(load, pure=False)(t), movie.shape[1:], movie.dtype)
        for t in range(len(movie))
    ]
    state.data = da.stack(frames)
    yield state
    state.gate.set()
