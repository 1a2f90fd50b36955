"""Moving other layers as a movie was moved, each in its own right way. No Qt.

Images and labels are resampled, labels by the nearest pixel; points, shapes, tracks and
vectors get new coordinates. The layers themselves are left alone.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.alignment import move_movie
from maskalign._napari.axes import decide_axes
from maskalign._napari.layers import KEY, aligned_name, find_result
from maskalign._napari.luminance import finest, is_colour
from maskalign._napari.world import moved_by, pixel_map
from maskalign.core.validate import check_dtype
from maskalign.io.units import normalize_unit
from maskalign.model.drift_table import DriftTable
from maskalign.model.options import ApplyOptions
from maskalign.pipeline.coordinates import move_points
from maskalign.pipeline.frames import as_movie

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from maskalign.model.movie import Movie

__all__ = [
    "MOVABLE",
    "LayerData",
    "finest",
    "kind_of",
    "moved_layer",
    "show_moved",
    "why_not",
]

LayerData = tuple[Any, dict[str, Any], str]
#: What kinds of layers can be moved.
MOVABLE = ("Image", "Labels", "Points", "Shapes", "Tracks", "Vectors")
#: What a layer cannot be made anew with, or is only right for all of its levels.
_LEFT_OUT = ("multiscale", "locked_data_level", "plane", "experimental_clipping_planes")


def why_not(layer: "Layer", source: "Image", movie: "Movie") -> str:
    """Return why a layer cannot be moved as a movie was; empty if it can.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    source : napari.layers.Image
        The layer of the movie that was aligned.
    movie : Movie
        That movie.
    """
    kind = kind_of(layer)
    if kind not in MOVABLE:
        return f"a {kind} layer cannot be moved"
    if layer.ndim < 3:
        return "it has no time axis"
    if kind not in ("Image", "Labels"):
        seen = set(movie.axes[-layer.ndim :])
        return "" if {"T", "Y", "X"} <= seen else "it has no time axis"
    if layer.ndim < 3:
        return "it has no time axis, and is the same in every frame"
    try:
        axes = _axes(layer, movie)
        if kind == "Image":
            check_dtype(finest(layer).dtype, "it")
        if is_colour(layer) and "C" in axes:
            return "it has channels and is in colour: split its colours first"
    except (TypeError, ValueError) as error:
        return str(error).rstrip(".")
    n = finest(layer).shape[axes.index("T")]
    if n != movie.n_frames:
        return f"it has {n} frames, the movie {movie.n_frames}"
    return ""


def moved_layer(
    layer: "Layer",
    source: "Image",
    movie: "Movie",
    table: DriftTable,
    options: ApplyOptions,
    *,
    name: str = "",
    record: Mapping[str, Any] | None = None,
) -> LayerData:
    """Return what a layer becomes, as napari takes it: data, keywords, kind.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer to move; it may have other pixels than the movie.
    source : napari.layers.Image
        The layer of the movie that was aligned.
    movie : Movie
        That movie.
    table : DriftTable
        Its drift; frames in doubt are moved as their neighbours are.
    options : ApplyOptions
        How images are moved. Labels are moved by the nearest pixel.
    name : str
        What to call it; as aligned layers are called if left out.
    record : mapping, optional
        More that is to be kept of how it was made.

    Raises
    ------
    ValueError
        If it cannot be moved as the movie was.

    Notes
    -----
    The table that is kept in its metadata counts pixels of this very layer.
    """
    reason = why_not(layer, source, movie)
    if reason:
        msg = f"{layer.name!r} cannot be moved: {reason}."
        raise ValueError(msg)
    _, look, kind = layer.as_layer_data_tuple()
    look = {name: value for name, value in look.items() if name not in _LEFT_OUT}
    own = _in_pixels_of(layer, source, movie, table)
    if kind in ("image", "labels"):
        if kind == "labels":
            options = replace(options, interpolation="nearest", fill_value=0)
        axes = _axes(layer, movie) + ("C" if is_colour(layer) else "")
        moved = move_movie(as_movie(finest(layer), axes), own, options)
        data = moved.data
        look["translate"] = moved_by(layer, moved.first[: layer.ndim])
    else:
        data = _moved_places(layer, source, movie, table)
    asked = {"image": source.name} | asdict(options) | dict(record or {})
    made = {"drift": own, "options": asked}
    look["name"] = name or aligned_name(layer)
    look["metadata"] = {**layer.metadata, KEY: made}
    return data, look, kind


def show_moved(viewer: "ViewerModel", layer: "Layer", moved: LayerData) -> "Layer":
    """Show a moved layer: as a new one, or in place of the last one.

    Parameters
    ----------
    viewer : napari viewer
        Where to show it.
    layer : napari.layers.Layer
        The layer that was moved.
    moved : tuple
        What `moved_layer` returned.
    """
    from napari.layers import Layer

    data, look, kind = moved
    there = find_result(viewer.layers, layer, look["name"])
    if there is None:
        return viewer.add_layer(Layer.create(data, look, kind))
    there.data = data
    for name in ("metadata", "translate"):
        setattr(there, name, look[name])
    return there


def _in_pixels_of(
    layer: Any, source: "Image", movie: "Movie", table: DriftTable
) -> DriftTable:
    """Return a table in pixels of a layer."""
    if kind_of(layer) in ("Image", "Labels"):
        axes = _axes(layer, movie)
    else:
        axes = movie.axes[-layer.ndim :]
    linear = _linear(layer, source, axes, movie.axes, table.axes)
    if np.allclose(linear, np.eye(len(linear)), atol=1e-9):
        return table
    at = [axes.index(letter) for letter in table.axes]
    return table.replace(
        shifts=table.shifts @ linear.T,
        # Errors along the axes are independent.
        shift_std=np.sqrt(table.shift_std**2 @ (linear**2).T),
        residual=table.residual * abs(np.linalg.det(linear)) ** (1 / len(linear)),
        scale=tuple(float(layer.scale[k]) for k in at),
        units=tuple(normalize_unit(str(layer.units[k])) for k in at),
    )


def _linear(
    layer: "Layer", source: "Image", axes: str, movie_axes: str, letters: str
) -> NDArray[np.float64]:
    """Return the matrix from pixels of a shift to pixels of a layer."""
    if axes != movie_axes:
        # They share no grid to be turned in, only sizes of pixels.
        return np.diag(
            [_size(source, movie_axes.index(a), layer, axes.index(a)) for a in letters]
        )
    at = [axes.index(a) for a in letters]
    return pixel_map(source, layer)[:-1, :-1][np.ix_(at, at)]


def _size(source: Any, at: int, layer: Any, axis: int) -> float:
    """Return the size of a pixel of one layer along an axis in pixels of another."""
    size, unit, other = source.scale[at], source.units[at], layer.units[axis]
    if unit.is_compatible_with(other):
        size = size * (1 * unit).to(other).magnitude
    return float(size / layer.scale[axis])


def _moved_places(
    layer: Any, source: "Image", movie: "Movie", table: DriftTable
) -> Any:
    """Return the moved coordinates of points, shapes, tracks or vectors."""
    whole = table.repaired()

    def moved(places: Any) -> NDArray[np.float64]:
        return _displaced(np.asarray(places, float), layer, source, movie, whole)

    data: Any = layer.data
    match kind_of(layer):
        case "Points":
            return moved(data)
        case "Tracks":
            return np.column_stack([data[:, 0], moved(data[:, 1:])])
        case "Vectors":
            # A direction stays what it is.
            return np.stack([moved(data[:, 0]), data[:, 1]], axis=1)
        case _:
            return [moved(vertices) for vertices in data]


def _displaced(
    places: NDArray[np.float64],
    layer: "Layer",
    source: "Image",
    movie: "Movie",
    table: DriftTable,
) -> NDArray[np.float64]:
    """Return places of a layer, shape (N, D), moved through pixels of the movie."""
    if not len(places):
        return places
    axes = movie.axes[-layer.ndim :]
    matrix = pixel_map(layer, source, len(axes))
    pixels = places[:, -len(axes) :] @ matrix[:-1, :-1].T + matrix[:-1, -1]
    steps = move_points(pixels, table, axes=axes) - pixels
    out = places.copy()
    out[:, -len(axes) :] += steps @ np.linalg.inv(matrix[:-1, :-1]).T
    return out


def _axes(layer: Any, movie: "Movie") -> str:
    """Return the axes of an Image or Labels layer: the movie's, where they may be."""
    shape = finest(layer).shape[: layer.ndim]
    sizes = dict(zip(movie.axes, movie.shape, strict=True))
    if len(shape) == len(movie.axes) and shape[movie.axes.index("T")] == sizes["T"]:
        return movie.axes
    return decide_axes(shape, layer.axis_labels, layer.units).axes


def kind_of(layer: Any) -> str:
    """Return what napari calls this kind of layer."""
    return str(layer._type_string).capitalize()
