"""What the sliders of a viewer show of a layer: pure functions, no Qt."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maskalign._napari.luminance import finest

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

__all__ = ["go_to_frame", "shown_frame", "shown_index"]


def shown_frame(layer: "Image", axes: str, point: Sequence[float]) -> int:
    """Return the frame of a layer that a viewer shows.

    Parameters
    ----------
    layer : napari.layers.Image
        The layer.
    axes : str
        Its axes.
    point : sequence of float
        Where the sliders stand, in world coordinates (``viewer.dims.point``).
    """
    return shown_index(layer, axes.index("T"), point)


def shown_index(layer: "Image | Labels", at: int, point: Sequence[float]) -> int:
    """Return which pixel along an axis of a layer a viewer shows, the nearest it has.

    Parameters
    ----------
    layer : napari.layers.Image or Labels
        The layer.
    at : int
        Which of its axes.
    point : sequence of float
        Where the sliders stand, in world coordinates (``viewer.dims.point``).
    """
    position = layer.world_to_data(tuple(point)[-layer.ndim :])
    return int(np.clip(round(float(position[at])), 0, finest(layer).shape[at] - 1))


def go_to_frame(viewer: "ViewerModel", layer: "Image", axes: str, frame: int) -> None:
    """Move the time slider of a viewer to a frame of a layer.

    Parameters
    ----------
    viewer : napari viewer
        The viewer.
    layer : napari.layers.Image
        The layer; if it lies askew, its first pixel is what is gone to.
    axes : str
        Its axes.
    frame : int
        Which frame.
    """
    at = axes.index("T")
    position = [0.0] * layer.ndim
    position[at] = frame
    world = layer.data_to_world(position)
    viewer.dims.set_point(viewer.dims.ndim - layer.ndim + at, world[at])
