"""Axes that the file of a layer knows and the layer does not. No Qt."""

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from maskalign._napari.luminance import finest, is_colour
from maskalign.io.movies import load_movie

if TYPE_CHECKING:
    from napari.layers import Layer

__all__ = ["axes_in_file", "name_axes"]

_FILES = {".tif", ".tiff", ".zarr"}
#: What as many axes are taken for where nothing is known of them.
_GUESSED = {4: "tzyx"}
#: What napari calls an axis that has no name: ``"-3"``, once ``"axis -3"``.
_NAMELESS = re.compile(r"(axis )?-?\d+")
#: Files of which it is remembered what they hold.
_FILES_KNOWN = 64
#: Fewer axes than this leave no doubt.
_DOUBTFUL = 4


def name_axes(*layers: "Layer | None") -> None:
    """Give the axes of layers the names that they have in their files.

    napari's reader takes the pixels of a TIFF file alone, so that channels would be
    taken for planes. Names that somebody has given stay.
    """
    for layer in layers:
        letters = None if layer is None else axes_in_file(layer)
        if layer is not None and letters is not None:
            layer.axis_labels = letters


def axes_in_file(layer: "Layer") -> tuple[str, ...] | None:
    """Return the axes of a layer, as letters, as far as only its file knows them.

    Returns
    -------
    tuple of str, or None
        None where the layer has names of its own or needs none, where there is no file,
        or none that says more than the layer.
    """
    path = layer.source.path
    named = any(not _NAMELESS.fullmatch(str(label)) for label in layer.axis_labels)
    if path is None or named or layer.ndim < _DOUBTFUL or is_colour(layer):
        return None
    if Path(path).suffix.lower() not in _FILES:
        return None
    try:
        known = _known(str(path), Path(path).stat().st_mtime_ns)
    except OSError:
        return None
    if known is None:
        return None
    axes, shape = known
    same = shape == tuple(finest(layer).shape)
    if not same or "t" not in axes or axes == _GUESSED.get(len(axes)):
        return None
    return tuple(axes)


@lru_cache(_FILES_KNOWN)
def _known(path: str, _changed: int) -> tuple[str, tuple[int, ...]] | None:
    """Return the axes and the shape of the movie in a file, if there is one.

    Looked at once: docks ask whenever a slider moves.
    """
    try:
        movie = load_movie(path)
    except (OSError, ValueError):
        return None
    return movie.axes.lower(), movie.shape
