"""The layer that an NCC map is shown in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np

from maskalign._napari.layers import KEY
from maskalign.io.map_plots import map_palette
from maskalign.model.movie import Movie

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

__all__ = ["map_colours", "over_layer", "show_map"]


def over_layer(data: Any, movie: Movie) -> tuple[Any, list[int]]:
    """Return a map as it lies over its layer, and the axes of the layer that it has.

    Layers meet at their last axes: a map without the channels that lie in between
    would be shown at the wrong time. It is shown for every channel, taking no room.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array
        The map, with the axes of the layer less its channels.
    movie : Movie
        What the layer shows.

    Examples
    --------
    >>> movie = Movie(np.zeros((5, 4, 2, 9, 8)), "TZCYX")
    >>> data, kept = over_layer(np.zeros((5, 4, 9, 8)), movie)
    >>> data.shape, kept
    ((5, 4, 2, 9, 8), [0, 1, 2, 3, 4])
    >>> over_layer(np.zeros((5, 9, 8)), Movie(np.zeros((2, 5, 9, 8)), "CTYX"))[1]
    [1, 2, 3]
    """
    axes = movie.axes
    at = axes.find("C")
    if at < 1:
        return data, [k for k, letter in enumerate(axes) if letter != "C"]
    wider = data[(slice(None),) * at + (None,)]
    shape = (*wider.shape[:at], movie.shape[at], *wider.shape[at + 1 :])
    library: Any = np if isinstance(data, np.ndarray) else da
    return library.broadcast_to(wider, shape), list(range(len(axes)))


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
