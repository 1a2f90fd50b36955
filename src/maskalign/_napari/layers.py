"""Layers to movies and movies to layers: pure functions, no Qt.

An image layer becomes a `Movie`, or an error that says what to do about it; a result
goes back with everything its source had: its place in the world, its units, its look.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.axes import AxesDecision, decide_axes
from maskalign._napari.luminance import all_colours, finest, grey, is_colour
from maskalign._napari.world import moved_by, placement
from maskalign.core.validate import check_dtype
from maskalign.io.units import normalize_unit
from maskalign.pipeline.frames import as_movie

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

    from maskalign.model.movie import Movie

__all__ = [
    "KEY",
    "LOOK",
    "add_or_update",
    "aligned_name",
    "find_ours",
    "find_result",
    "is_ours",
    "is_result",
    "mask_look",
    "movie_of",
    "new_mask",
]

#: Where a layer that we made says so, in its metadata.
KEY = "maskalign"

#: Smallest brush that is offered for painting a mask, pixels.
_BRUSH = 10
_MASK_COLOUR = "#ff9000"
#: How a layer looks. (How it lies in the world is `placement`.)
LOOK = ("colormap", "contrast_limits", "gamma", "blending", "opacity", "rendering")


def movie_of(layer: "Image | None") -> "tuple[Movie, AxesDecision]":
    """Return the movie that an image layer shows, without reading any of it.

    Of colours, their luminance.

    Parameters
    ----------
    layer : napari.layers.Image or None
        The layer; None is what an empty choice box holds.

    Raises
    ------
    TypeError
        If its pixels are no real numbers (complex, boolean).
    ValueError
        If it is no movie, but a single image, or has axes that cannot be told; the
        message says what to do about it.
    """
    if layer is None:
        msg = (
            "There is no image to align: open a movie, or one of the samples "
            "(File > Open Sample > maskalign)."
        )
        raise ValueError(msg)
    # Of a pyramid, the finest level, whose pixels are what the scale is for.
    data = grey(layer)
    check_dtype(data.dtype, repr(layer.name))
    decision = decide_axes(data.shape, layer.axis_labels, layer.units)
    movie = as_movie(data, decision.axes).replace(
        scale=tuple(float(s) for s in layer.scale),
        units=tuple(normalize_unit(str(u)) for u in layer.units),
        origin=tuple(float(o) for o in layer.translate),
        name=layer.name,
    )
    # Refused now rather than when it is to be moved.
    all_colours(layer, movie)
    return movie, decision


def mask_look(*, ignored: bool = True) -> dict[str, Any]:
    """Return how a mask looks, as keywords of ``viewer.add_labels``.

    What is left out is coloured, whether it is painted or not. One colour for every
    label, since every label counts alike.

    Parameters
    ----------
    ignored : bool
        Whether what is painted is what is left out.
    """
    from napari.utils import DirectLabelColormap

    painted, empty = _MASK_COLOUR, "transparent"
    if not ignored:
        painted, empty = empty, painted
    colours = DirectLabelColormap(color_dict={None: painted, 0: empty})
    return {"colormap": colours, "opacity": 0.5}


def new_mask(
    viewer: "ViewerModel",
    image: "Image",
    name: str,
    *,
    ignored: bool = True,
    frames: str = "",
) -> "Labels":
    """Add an empty Labels layer over a movie, ready to be painted in.

    Without a time axis, so that what is painted in it goes for every frame, and for
    every z; or, if `frames` names the axes of the movie, with time and z.

    Parameters
    ----------
    viewer : napari viewer
        Where to add it.
    image : napari.layers.Image
        The movie, its last two axes y and x.
    name : str
        What to call it.
    ignored : bool
        Whether what is painted is to be left out.
    frames : str
        Axes of the movie, for a mask with frames of its own.
    """
    ndim = len(frames) or 2
    shape = list(finest(image).shape[: image.ndim][-ndim:])
    if "C" in frames:
        # Every channel has the same mask.
        shape[frames.index("C")] = 1
    labels = viewer.add_labels(
        np.zeros(shape, np.uint8),
        name=name,
        metadata={KEY: {"mask": True}},
        **mask_look(ignored=ignored),
        **placement(image, ndim),
    )
    labels.mode = "paint"
    labels.brush_size = max(_BRUSH, min(shape[-2:]) // 16)
    viewer.layers.selection.active = labels
    return labels


def aligned_name(layer: "Layer") -> str:
    """Return what the aligned copy of a layer is called."""
    return f"{layer.name} (aligned)"


def is_result(layer: "Layer") -> bool:
    """Tell whether a layer was moved by us."""
    return is_ours(layer, "drift")


def is_ours(layer: "Layer", what: str) -> bool:
    """Tell whether we made a layer, as a ``"mask"``, a ``"preview"``, ..."""
    made = layer.metadata.get(KEY)
    return isinstance(made, Mapping) and what in made


def find_result(
    layers: "Sequence[Layer]", source: "Layer", name: str = ""
) -> "Layer | None":
    """Return the layer that an earlier run made of `source`, if it is still there.

    Under the `name` of aligned layers if none is given.

    A user's own layer of that name is left alone: napari then gives ours a number,
    ``name (aligned) [1]``, and under that it is found again.
    """
    return find_ours(layers, name or aligned_name(source), "drift", source)


def find_ours(
    layers: "Sequence[Layer]", name: str, what: str, like: "Layer"
) -> "Layer | None":
    """Return the layer of a name that we made as a ``"drift"`` or so, if it is there.

    Also under the number that napari has given it. It is of the kind of the layer
    `like`, with as many axes, and in colour if that is: another cannot show the same.
    """
    for layer in layers:
        numbered = layer.name.startswith(f"{name} [") and layer.name.endswith("]")
        ours = is_ours(layer, what) and _kind(layer) == _kind(like)
        if ours and (layer.name == name or numbered):
            return layer
    return None


def _kind(layer: "Layer") -> tuple[Any, ...]:
    return layer._type_string, layer.ndim, is_colour(layer)


def add_or_update(
    viewer: "ViewerModel",
    source: "Image",
    data: Any,
    made: Mapping[str, Any],
    first: Sequence[float] | None = None,
    there: "Layer | None" = None,
) -> "Image":
    """Show an aligned movie: as a new layer, or in place of the last one.

    Parameters
    ----------
    viewer : napari viewer
        Where to add it.
    source : napari.layers.Image
        The layer that was aligned; the new one lies and looks like it.
    data : dask.array.Array
        The aligned movie, with the axes of the source's.
    made : mapping
        How it was made; goes into ``metadata["maskalign"]``.
    first : sequence of float, optional
        Which pixel of the source its first pixel lies on; the first if left out.
    there : napari.layers.Image, optional
        The layer to show it in; that of an earlier run if left out.
    """
    metadata = {**source.metadata, KEY: dict(made)}
    place = placement(source)
    if first is not None:
        # Colours have a last axis that the layer has not.
        place["translate"] = moved_by(source, first[: source.ndim])
    if there is None or there not in viewer.layers:
        there = find_result(viewer.layers, source)
    if there is None:
        look = {name: getattr(source, name) for name in LOOK}
        return viewer.add_image(
            data,
            name=aligned_name(source),
            metadata=metadata,
            rgb=source.rgb,
            **look,
            **place,
        )
    there.metadata = metadata
    # The look of the last result is the user's by now; where it lies is the source's.
    for name, value in place.items():
        setattr(there, name, value)
    there.visible = True
    # At last, for napari then reads the frame on show, which may fail.
    there.data = data
    return there
