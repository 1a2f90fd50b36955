"""The layers that *Align two images* adds to a viewer. No Qt."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.layers import KEY, LOOK, aligned_name, find_ours
from maskalign._napari.luminance import is_colour
from maskalign._napari.pair import Paired, Surface
from maskalign._napari.place import Carried, carried, carry, factors, grid_place
from maskalign.io.surface_view import surface_layers

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

__all__ = ["add_aligned", "add_along", "add_surface", "carried_by"]

#: What tells an aligned layer of ours, and what a surface.
_MADE, _SURFACE = "registration", "surface"


def carried_by(found: Paired) -> Carried:
    """Return by what the moving layer, and all that lies over it, is carried."""
    asked = found.request
    layers = asked.reference.layer, asked.moving.layer
    return carry(*layers, asked.lie, found.found.shift)


def add_aligned(viewer: "ViewerModel", found: Paired) -> "Image":
    """Show the aligned image: as a new layer, or in place of the last one."""
    source = found.request.moving.layer
    metadata = {**source.metadata, KEY: found.record}
    if found.data is None:
        data, place = source.data, carried(source, carried_by(found))
    else:
        reference = found.request.reference
        data = found.data
        place = grid_place(source, reference.layer, len(reference.letters))
    multiscale = found.data is None and source.multiscale
    there = find_ours(viewer.layers, aligned_name(source), _MADE, source)
    if there is None or there.multiscale != multiscale:
        _take_away(viewer, there)
        return viewer.add_image(
            data,
            name=aligned_name(source),
            metadata=metadata,
            rgb=is_colour(source),
            multiscale=multiscale,
            **{name: getattr(source, name) for name in LOOK},
            **place,
        )
    there.data = data
    there.metadata = metadata
    for name, value in place.items():
        setattr(there, name, value)
    there.visible = True
    return there


def add_along(
    viewer: "ViewerModel", layer: "Layer", by: Carried, made: Mapping[str, Any]
) -> "Layer":
    """Add a copy of a layer that is carried as the moving image was.

    Parameters
    ----------
    viewer : napari viewer
        Where to add it.
    layer : napari.layers.Layer
        A layer of any kind, which is left alone.
    by : Carried
        What it is carried by.
    made : mapping
        How; goes into ``metadata["maskalign"]``.
    """
    from napari.layers import Layer

    data, look, kind = layer.as_layer_data_tuple()
    look |= carried(layer, by)
    look |= {
        "name": aligned_name(layer),
        "metadata": {**layer.metadata, KEY: dict(made)},
        "visible": True,
    }
    # Painting in the copy must not be seen in the layer.
    copied = data.copy() if isinstance(data, (np.ndarray, list)) else data
    there = find_ours(viewer.layers, aligned_name(layer), _MADE, layer)
    _take_away(viewer, there)
    return viewer.add_layer(Layer.create(copied, look, kind))


def add_surface(viewer: "ViewerModel", found: Surface) -> "list[Layer]":
    """Show a correlation surface, its axes the shift, in place of the last one."""
    from napari.layers import Layer

    reference = found.request.reference
    given = tuple(reference.layer.units)[-len(reference.letters) :]
    # napari draws a ring in the unit of the world, whatever that of its layer is.
    units = tuple(viewer.layers.extent.units or given)[-len(given) :]
    units = tuple(
        unit if unit.is_compatible_with(own) else own
        for unit, own in zip(units, given, strict=True)
    )
    size = np.array(reference.scale) * factors(given, units)
    name = f"{found.request.moving.layer.name} (correlation surface)"
    for layer in list(viewer.layers):
        if layer.metadata.get(KEY, {}).get(_SURFACE) == name:
            viewer.layers.remove(layer)
    made = {KEY: {_SURFACE: name, "options": found.request.record}}
    return [
        viewer.add_layer(Layer.create(data, {**look, "metadata": made}, kind))
        for data, look, kind in surface_layers(
            found.surface,
            scale=(found.step * size).tolist(),
            units=[str(unit) for unit in units],
            origin=(found.first * size).tolist(),
            name=name,
        )
    ]


def _take_away(viewer: "ViewerModel", layer: "Layer | None") -> None:
    if layer is not None:
        viewer.layers.remove(layer)
