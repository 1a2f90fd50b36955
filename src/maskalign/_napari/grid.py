"""What is painted on a grid of its own, by the pixels of an image. No Qt.

A mask need not have the pixels of the image that it is meant for: it goes where the
viewer shows it.
"""

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.luminance import finest
from maskalign._napari.world import pixel_map, placement
from maskalign.core.resample import sample
from maskalign.model.movie import PIXEL, Movie
from maskalign.pipeline.frames import as_movie
from maskalign.pipeline.lazy_frames import as_lazy

if TYPE_CHECKING:
    from napari.layers import Image, Layer

__all__ = ["grid_axes", "is_placed", "lie_apart", "on_grid_of"]

#: Layers that lie no further apart than this show the same pixels, pixels.
_APART = 0.5


def is_placed(layer: "Layer", ndim: int) -> bool:
    """Tell whether a layer says where it lies, or how large its pixels are.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    ndim : int
        How many of its last axes to look at.

    Examples
    --------
    >>> from napari.layers import Labels
    >>> is_placed(Labels(np.zeros((4, 4), int)), 2)
    False
    >>> is_placed(Labels(np.zeros((4, 4), int), scale=(0.1, 0.1)), 2)
    True
    """
    place = placement(layer, ndim)
    identity = np.eye(ndim)
    return not (
        np.allclose(place["scale"], 1)
        and not np.any(place["translate"])
        and np.allclose(place["rotate"], identity)
        and not np.any(place["shear"])
        and np.allclose(place["affine"], np.eye(ndim + 1))
        and all(str(unit) == PIXEL for unit in place["units"])
    )


def lie_apart(one: "Layer", other: "Layer", shape: tuple[int, ...]) -> bool:
    """Tell whether pixels of the same number are shown at different places.

    Parameters
    ----------
    one, other : napari layers
        Two layers whose images lie along their last axes.
    shape : tuple of int
        Shape of the images.

    Examples
    --------
    >>> from napari.layers import Image
    >>> there, beside = (Image(np.zeros((8, 8)), translate=(0, k)) for k in (0, 2))
    >>> lie_apart(there, there, (8, 8)), lie_apart(there, beside, (8, 8))
    (False, True)
    """
    corners = np.array([*product(*((0, n - 1) for n in shape), (1,))], float).T
    there = pixel_map(one, other, len(shape)) @ corners
    return bool(np.abs(there - corners).max() > _APART)


def grid_axes(layer: "Layer", movie: Movie) -> str | None:
    """Return the axes of a mask that has pixels of its own; None if it fits in no way.

    Told by how many there are: y and x, those of an image, of a movie without channels,
    or of the whole movie. Of frames it must have as many as the movie, and of channels
    as many or one. A mask that does not say where it lies is taken for a mistake unless
    it reaches over all of the image, as those do that napari's own button adds.

    Examples
    --------
    >>> from napari.layers import Labels
    >>> movie = Movie(np.zeros((9, 5, 64, 48)))
    >>> grid_axes(Labels(np.zeros((3, 32, 24), int), scale=(2, 2, 2)), movie)
    'ZYX'
    """
    sizes = dict(zip(movie.axes, movie.shape, strict=True))
    frame = "".join(a for a in movie.axes if a in movie.spatial_axes)
    shape = finest(layer).shape
    if not movie.axes.endswith(frame):
        return None
    readings = movie.axes, movie.axes.replace("C", ""), frame, frame[-2:]
    for axes in readings:
        if len(axes) == len(shape) and axes.endswith(frame[-2:]):
            known = dict(zip(axes, shape, strict=True))
            frames = known.get("T", sizes.get("T")) == sizes.get("T")
            spatial = [a for a in axes if a in frame]
            meant = is_placed(layer, len(spatial)) or all(
                known[a] >= sizes[a] for a in spatial
            )
            if frames and meant and known.get("C", 1) in (1, sizes.get("C")):
                return axes
    return None


def on_grid_of(layer: "Layer", axes: str, movie: Movie, source: "Image") -> Any:
    """Return what a mask holds, by the pixels of a movie; nothing where it has none.

    Each pixel has the value of the nearest pixel of the mask, as the viewer shows them
    over each other.

    Parameters
    ----------
    layer : napari.layers.Layer
        A Labels or Image layer.
    axes : str
        Its axes, y and x the last.
    movie : Movie
        The movie that `source` shows.
    source : napari.layers.Image
        The layer of the movie.

    Returns
    -------
    array of the dtype of the mask
        With its axes. The mask's own array if pixels of the same number are shown at
        one place, or if it has the shape and does not say where it lies; else a dask
        array of one block for each image, unread.
    """
    data = finest(layer)
    spatial = "".join(a for a in axes if a in movie.spatial_axes)
    ndim = len(spatial)
    if not (axes.endswith(spatial) and movie.axes.endswith(spatial)):
        # It has the shape of the movie, whose axes stand in another order.
        return data
    shape = movie.along("shape", spatial)
    if tuple(data.shape[-ndim:]) == shape and not (
        is_placed(layer, ndim) and lie_apart(layer, source, shape)
    ):
        return data
    place = pixel_map(source, layer, ndim)
    leading = len(axes) - ndim
    chunks = (1,) * leading + (-1,) * ndim
    lazy = as_lazy(as_movie(data, axes).data, chunks)
    images = lazy.rechunk(chunks)
    return images.map_blocks(
        _sampled,
        place,
        shape,
        dtype=lazy.dtype,
        meta=np.empty((0,) * len(axes), lazy.dtype),
        chunks=(*images.chunks[:leading], *((n,) for n in shape)),
    )


def _sampled(
    block: NDArray[Any], place: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[Any]:
    """Return one image of a mask on another grid, with its leading axes."""
    ndim = len(shape)
    image = block.reshape(block.shape[-ndim:])
    return sample(image, place, shape).reshape(
        (1,) * (block.ndim - ndim) + tuple(shape)
    )
