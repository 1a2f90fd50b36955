"""Which layers are offered, and which are taken without being asked for. No Qt."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from maskalign._napari.layers import KEY, is_ours, is_result

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Image, Layer

__all__ = ["first_two", "images_in", "is_image", "is_source", "is_taken_up", "masks_in"]


def is_image(layer: "Layer") -> bool:
    """Tell whether a layer is an image, and no picture of a moment of ours."""
    from napari.layers import Image

    return isinstance(layer, Image) and not is_ours(layer, "preview")


def images_in(layers: "Iterable[Layer]") -> "list[Image]":
    """Return the images among some layers."""
    return [layer for layer in layers if is_image(layer)]


def masks_in(layers: "Iterable[Layer]") -> "list[Layer]":
    """Return the layers that may be masks: Labels, Shapes, images of True and False."""
    from napari.layers import Image, Labels, Shapes

    return [
        layer
        for layer in layers
        if isinstance(layer, (Labels, Shapes))
        or (isinstance(layer, Image) and layer.dtype == bool)
    ]


def is_source(layer: "Layer") -> bool:
    """Tell whether an image is none that we made, or one that we aligned."""
    aligned = is_result(layer) or is_ours(layer, "registration")
    return is_image(layer) and (KEY not in layer.metadata or aligned)


def first_two(layers: "LayerList") -> "list[Image]":
    """Return the images to begin with: two that are selected, else the first two.

    Fewer where there are not so many.
    """
    images = [layer for layer in images_in(layers) if is_source(layer)]
    chosen = [layer for layer in images if layer in layers.selection]
    # One alone says nothing: napari selects what was opened last.
    return (chosen if len(chosen) > 1 else images)[:2]


def is_taken_up(
    layer: "Layer", reference: "Layer | None", moving: "Layer | None"
) -> bool:
    """Tell whether a new layer is taken as the second image, for there is none yet."""
    alone = moving is None or moving is reference
    return alone and is_source(layer)
