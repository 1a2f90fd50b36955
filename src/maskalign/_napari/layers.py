"""Layers to movies and movies to layers: pure functions, no Qt.

An image layer becomes a `Movie`, or an error that says what to do about it; a result
goes back with everything its source had: its place in the world, its units, its look.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.axes import AxesDecision, decide_axes
from maskalign.core.validate import check_dtype
from maskalign.io.units import normalize_unit
from maskalign.pipeline.frames import as_movie

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

    from maskalign.model.movie import Movie

__all__ = [
    "KEY",
    "add_or_update",
    "aligned_name",
    "find_result",
    "is_result",
    "mask_look",
    "movie_of",
    "new_mask",
    "placement",
    "shown_frame",
]

#: Where a layer that we made says so, in its metadata.
KEY = "maskalign"

#: Smallest brush that is offered for painting a mask, pixels.
_BRUSH = 10
_MASK_COLOUR = "#ff9000"
#: How a layer looks. (How it lies in the world is `placement`.)
_LOOK = ("colormap", "contrast_limits", "gamma", "blending", "opacity", "rendering")


def movie_of(layer: "Image | None") -> "tuple[Movie, AxesDecision]":
    """Return the movie that an image layer shows, without reading any of it.

    Parameters
    ----------
    layer : napari.layers.Image or None
        The layer; None is what an empty choice box holds.

    Raises
    ------
    TypeError
        If its pixels are no real numbers (complex, boolean).
    ValueError
        If it is no movie: colour, a pyramid, a single image; the message says what to
        do about it.
    """
    if layer is None:
        msg = (
            "There is no image to align: open a movie, or one of the samples "
            "(File > Open Sample > maskalign)."
        )
        raise ValueError(msg)
    if layer.rgb:
        msg = (
            f"{layer.name!r} is a colour (RGB) image: right-click it in the layer "
            "list, choose Split RGB, and align one of the colours."
        )
        raise ValueError(msg)
    if layer.multiscale:
        msg = (
            f"{layer.name!r} is a multiscale pyramid and cannot be aligned as it is. "
            "Add its finest level as a layer of its own: "
            "viewer.add_image(layer.data[0], scale=layer.scale)."
        )
        raise ValueError(msg)
    check_dtype(layer.data.dtype, repr(layer.name))
    decision = decide_axes(layer.data.shape, layer.axis_labels, layer.units)
    movie = as_movie(layer.data, decision.axes).replace(
        scale=tuple(float(s) for s in layer.scale),
        units=tuple(normalize_unit(str(u)) for u in layer.units),
        origin=tuple(float(o) for o in layer.translate),
        name=layer.name,
    )
    return movie, decision


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
    position = layer.world_to_data(tuple(point)[-layer.ndim :])
    at = axes.index("T")
    return int(np.clip(round(float(position[at])), 0, layer.data.shape[at] - 1))


def placement(layer: "Layer", ndim: int | None = None) -> dict[str, Any]:
    """Return how a layer lies in the world, as keywords of ``viewer.add_...``.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    ndim : int, optional
        Only for the last `ndim` axes; all if left out.

    Examples
    --------
    >>> from napari.layers import Image
    >>> layer = Image(np.zeros((4, 8, 8)), scale=(2, 0.1, 0.1))
    >>> placement(layer, 2)["scale"]
    array([0.1, 0.1])
    """
    from napari.utils.transforms import CompositeAffine

    ndim = layer.ndim if ndim is None else ndim
    axes = list(range(layer.ndim - ndim, layer.ndim))
    local = CompositeAffine(
        scale=layer.scale,
        translate=layer.translate,
        rotate=layer.rotate,
        shear=layer.shear,
    ).set_slice(axes)
    return {
        "scale": local.scale,
        "translate": local.translate,
        "rotate": local.rotate,
        "shear": local.shear,
        "affine": layer.affine.set_slice(axes).affine_matrix,
        "units": tuple(layer.units)[-ndim:],
        "axis_labels": tuple(layer.axis_labels)[-ndim:],
    }


def mask_look() -> dict[str, Any]:
    """Return how a mask looks, as keywords of ``viewer.add_labels``.

    One colour for every label, since every label counts alike.
    """
    from napari.utils import DirectLabelColormap

    colours = DirectLabelColormap(color_dict={None: _MASK_COLOUR, 0: "transparent"})
    return {"colormap": colours, "opacity": 0.5}


def new_mask(viewer: "ViewerModel", image: "Image", name: str) -> "Labels":
    """Add an empty Labels layer of (y, x) over a movie, ready to be painted in.

    It has no time axis, so what is painted in it goes for every frame, and for every z.

    Parameters
    ----------
    viewer : napari viewer
        Where to add it.
    image : napari.layers.Image
        The movie, its last two axes y and x.
    name : str
        What to call it.
    """
    shape = image.data.shape[-2:]
    labels = viewer.add_labels(
        np.zeros(shape, np.uint8), name=name, **mask_look(), **placement(image, 2)
    )
    labels.mode = "paint"
    labels.brush_size = max(_BRUSH, min(shape) // 16)
    viewer.layers.selection.active = labels
    return labels


def aligned_name(layer: "Layer") -> str:
    """Return what the aligned copy of a layer is called."""
    return f"{layer.name} (aligned)"


def is_result(layer: "Layer") -> bool:
    """Tell whether a layer was made by us."""
    made = layer.metadata.get(KEY)
    return isinstance(made, Mapping) and "drift" in made


def find_result(layers: "Sequence[Layer]", source: "Layer") -> "Layer | None":
    """Return the layer that an earlier run made of `source`, if it is still there.

    A user's own layer of that name is left alone: napari then gives ours a number,
    ``name (aligned) [1]``, and under that it is found again.
    """
    name = aligned_name(source)
    for layer in layers:
        numbered = layer.name.startswith(f"{name} [") and layer.name.endswith("]")
        ours = is_result(layer) and layer.ndim == source.ndim
        if ours and (layer.name == name or numbered):
            return layer
    return None


def add_or_update(
    viewer: "ViewerModel", source: "Image", data: Any, made: Mapping[str, Any]
) -> "Image":
    """Show an aligned movie: as a new layer, or in place of the last one.

    Parameters
    ----------
    viewer : napari viewer
        Where to add it.
    source : napari.layers.Image
        The layer that was aligned; the new one lies and looks like it.
    data : dask.array.Array
        The aligned movie, shape of the source's.
    made : mapping
        How it was made; goes into ``metadata["maskalign"]``.
    """
    metadata = {**source.metadata, KEY: dict(made)}
    there = find_result(viewer.layers, source)
    if there is None:
        look = {name: getattr(source, name) for name in _LOOK}
        return viewer.add_image(
            data,
            name=aligned_name(source),
            metadata=metadata,
            **look,
            **placement(source),
        )
    there.data = data
    there.metadata = metadata
    # The look of the last result is the user's by now; where it lies is the source's.
    for name, value in placement(source).items():
        setattr(there, name, value)
    there.visible = True
    return there
