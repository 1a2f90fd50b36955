"""Axes that a file knows, and that napari's reader does not hand over."""

import numpy as np
import pytest
import tifffile

from maskalign import load_movie
from maskalign._napari import file_axes
from maskalign._napari.file_axes import axes_in_file, name_axes


@pytest.fixture
def viewer(make_napari_viewer_proxy):
    """A viewer that has readers."""
    return make_napari_viewer_proxy()


@pytest.fixture
def opened(viewer, tmp_path):
    """Write a hyperstack, and open it as a user does."""

    def opened(shape, axes=None, name="stack.tif"):
        path = tmp_path / name
        known = {"imagej": True, "metadata": {"axes": axes}} if axes else {}
        tifffile.imwrite(path, np.ones(shape, np.uint16), **known)
        (layer,) = viewer.open(path, plugin="napari")
        return layer

    return opened


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((4, 3, 2, 16, 18), "TZCYX"), ((4, 2, 16, 18), "TCYX")],
    ids=["volumes", "planes"],
)
def test_the_dock_knows_what_the_file_knows(viewer, opened, shape, axes):
    layer = opened(shape, axes)
    _, dock = viewer.window.add_plugin_dock_widget(
        "napari-maskalign", "Align time-lapse"
    )
    assert layer.axis_labels == tuple(axes.lower())
    assert dock.about.value.startswith("4 frames of")
    assert "2 channels" in dock.about.value
    assert dock.channel.choices == (0, 1, "mean")


@pytest.mark.parametrize(
    "widget", ["Align two images", "Compare images", "NCC map", "Apply drift"]
)
def test_every_dock_knows_it_and_looks_once(viewer, opened, widget, monkeypatch):
    seen = []

    def load(path):
        seen.append(path)
        return load_movie(path)

    monkeypatch.setattr(file_axes, "load_movie", load)
    one = opened((4, 2, 16, 18), "TCYX", f"{widget} 1.tif")
    viewer.window.add_plugin_dock_widget("napari-maskalign", widget)
    other = opened((4, 2, 16, 18), None, f"{widget} 2.tif")
    for frame in range(4):
        viewer.dims.set_point(0, frame)
    assert one.axis_labels == tuple("tcyx")
    assert other.axis_labels == ("-4", "-3", "-2", "-1")
    assert len(seen) == 2


def test_names_that_somebody_gave_stay(viewer, opened):
    layer = opened((4, 2, 16, 18), "TCYX")
    layer.axis_labels = ("t", "z", "y", "x")
    name_axes(layer)
    assert layer.axis_labels == ("t", "z", "y", "x")


def test_three_axes_are_a_movie_whatever_the_file_says(opened):
    """Fiji calls the frames of many a movie slices."""
    assert axes_in_file(opened((4, 16, 18), "ZYX")) is None


def test_a_file_that_says_nothing_names_nothing(opened):
    assert axes_in_file(opened((4, 2, 16, 18))) is None


def test_what_no_longer_is_as_in_the_file_is_left_alone(opened, tmp_path):
    layer = opened((4, 2, 16, 18), "TCYX")
    layer.data = layer.data[:, :1]
    assert axes_in_file(layer) is None
    layer = opened((4, 2, 16, 18), "TCYX", "gone.tif")
    (tmp_path / "gone.tif").unlink()
    assert axes_in_file(layer) is None


def test_a_layer_without_a_file_names_nothing(viewer):
    assert axes_in_file(viewer.add_image(np.ones((4, 2, 16, 18)))) is None
    name_axes(None)
