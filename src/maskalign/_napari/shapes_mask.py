"""Shapes that were drawn over a movie, as pixels. No Qt."""

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign._napari.world import pixel_map
from maskalign.model.movie import Movie

if TYPE_CHECKING:
    from napari.layers import Image, Shapes

__all__ = ["shapes_axes", "shapes_drawn"]


def shapes_axes(layer: "Shapes", movie: Movie) -> str:
    """Return the axes that shapes are read along: with T if they lie in frames.

    Examples
    --------
    >>> from napari.layers import Shapes
    >>> movie = Movie(np.zeros((5, 8, 9)))
    >>> flat = Shapes([[[0, 0], [0, 4], [4, 4], [4, 0]]])
    >>> shapes_axes(flat, movie)
    'YX'
    """
    return "TYX" if layer.ndim == len(movie.axes) and "T" in movie.axes else "YX"


def shapes_drawn(layer: "Shapes", movie: Movie, source: "Image") -> Any:
    """Return where shapes are drawn, by pixels of a movie.

    They are mapped through the world: a Shapes layer has a scale of its own. A shape
    lies in every z.

    Parameters
    ----------
    layer : napari.layers.Shapes
        The shapes.
    movie : Movie
        The movie that `source` shows, y and x its last axes.
    source : napari.layers.Image
        The layer of the movie.

    Returns
    -------
    array of bool, shape (Y, X), or dask array (T, Y, X)
        As `shapes_axes` says.
    """
    from napari.layers import Shapes

    plane = movie.shape[-2:]
    axes = shapes_axes(layer, movie)
    ndim = 2 if axes == "YX" else len(movie.axes)
    matrix = pixel_map(layer, source, ndim)
    drawn: dict[int, NDArray[np.bool_]] = {}
    for vertices, kind in zip(layer.data, layer.shape_type, strict=True):
        corners = np.asarray(vertices, float)[:, -ndim:]
        mapped = corners @ matrix[:-1, :-1].T + matrix[:-1, -1]
        frame = 0
        if axes == "TYX":
            frame = int(np.rint(mapped[:, movie.axes.index("T")].mean()))
        # A rectangle may be none any more where pixels are oblique.
        kind = "polygon" if kind == "rectangle" else kind
        one = Shapes([mapped[:, -2:]], shape_type=kind, ndim=2)
        pixels = one.to_labels(plane) > 0
        drawn[frame] = drawn.get(frame, False) | pixels
    if axes == "YX":
        return drawn.get(0, np.zeros(plane, bool))
    return _stack(drawn, movie.n_frames, plane)


def _stack(
    drawn: dict[int, NDArray[np.bool_]], n_frames: int, plane: tuple[int, ...]
) -> Any:
    """Return frames, most of them empty, without holding those."""

    def frame(block_id: tuple[int, ...]) -> NDArray[np.bool_]:
        found = drawn.get(block_id[0])
        return np.zeros((1, *plane), bool) if found is None else found[np.newaxis]

    return da.map_blocks(
        frame,
        dtype=bool,
        meta=np.empty((0, 0, 0), bool),
        chunks=((1,) * n_frames, (plane[0],), (plane[1],)),
    )
