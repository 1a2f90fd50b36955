"""Axes that the file of a layer knows and the layer does not. No Qt."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from maskalign.errors import AxesError
from maskalign.io.movies import load_movie

if TYPE_CHECKING:
    from napari.layers import Image

__all__ = ["axes_in_file", "name_axes"]

_FILES = {".tif", ".tiff", ".zarr"}
#: What as many axes are taken for where nothing is known of them.
_GUESSED = {4: "tzyx"}
#: What napari calls an axis that has no name: ``"-3"``, once ``"axis -3"``.
_NAMELESS = re.compile(r"(axis )?-?\d+")
#: Fewer axes than this leave no doubt.
_DOUBTFUL = 4


def name_axes(layer: "Image | None") -> None:
    """Give the axes of a layer the names that they have in its file.

    napari's reader takes the pixels of a TIFF file alone, so that channels would be
    taken for planes. Names that somebody has given stay.
    """
    letters = None if layer is None else axes_in_file(layer)
    if layer is not None and letters is not None:
        layer.axis_labels = letters


def axes_in_file(layer: "Image") -> tuple[str, ...] | None:
    """Return the axes of a layer, as letters, as far as only its file knows them.

    Returns
    -------
    tuple of str, or None
        None where the layer has names of its own or needs none, where there is no file,
        or none that says more than the layer.
    """
    path = layer.source.path
    named = any(not _NAMELESS.fullmatch(str(label)) for label in layer.axis_labels)
    if path is None or named or layer.ndim < _DOUBTFUL or layer.rgb:
        return None
    if Path(path).suffix.lower() not in _FILES:
        return None
    shape = tuple((layer.data[0] if layer.multiscale else layer.data).shape)
    try:
        movie = load_movie(path)
    except (OSError, AxesError, ValueError):
        return None
    axes = movie.axes.lower()
    if movie.shape != shape or "t" not in axes or axes == _GUESSED.get(len(axes)):
        return None
    return tuple(axes)
