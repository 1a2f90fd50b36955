"""The layer that an NCC map is shown in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from maskalign._napari.layers import KEY
from maskalign.io.map_plots import map_palette

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

__all__ = ["map_colours", "show_map"]


def show_map(
    viewer: "ViewerModel",
    of: str,
    placed: Mapping[str, Any],
    data: Any,
    record: Mapping[str, Any],
) -> "Image":
    """Show a map of a layer over it: as a new layer, or in place of the last one.

    Parameters
    ----------
    viewer : napari viewer
        Where to show it.
    of : str
        The name of the layer that it is a map of.
    placed : mapping
        How it lies in the world, as `placement` has it.
    data : array
        The map.
    record : mapping
        How it was made, under ``"ncc_map"`` and ``"options"``.
    """
    name = f"{of} (NCC map)"
    metadata = {KEY: dict(record)}
    for other in viewer.layers:
        ours = "ncc_map" in other.metadata.get(KEY, {})
        if ours and other.name == name and other.ndim == data.ndim:
            other.data, other.metadata, other.visible = data, metadata, True
            for key, value in placed.items():
                setattr(other, key, value)
            return other
    return viewer.add_image(
        data,
        name=name,
        metadata=metadata,
        contrast_limits=(-1, 1),
        colormap=map_colours(),
        **placed,
    )


def map_colours() -> Any:
    """Return the colours of a map, as napari has them."""
    from napari.utils import Colormap

    return Colormap(map_palette(), name="ncc", display_name="NCC")
