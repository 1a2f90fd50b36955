"""The pixels of a layer as one number each: of colours, how bright they are. No Qt."""

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.core.validate import working_dtype
from maskalign.model.movie import PIXEL
from maskalign.pipeline.frames import as_movie

if TYPE_CHECKING:
    from napari.layers import Layer

    from maskalign.model.movie import Movie

__all__ = ["all_colours", "colour_note", "finest", "grey", "is_colour", "luminance"]

#: How much red, green and blue add to what is seen as bright (ITU-R BT.709).
_WEIGHTS = (0.2126, 0.7152, 0.0722)


def finest(layer: Any) -> Any:
    """Return the array of a layer; of a pyramid, its finest level.

    Of a colour image it has one axis more than the layer, red, green, blue and perhaps
    alpha, the last.
    """
    return layer.data[0] if getattr(layer, "multiscale", False) else layer.data


def is_colour(layer: "Layer | None") -> bool:
    """Tell whether a layer is an image in colour."""
    return bool(getattr(layer, "rgb", False))


def colour_note(*layers: "Layer | None", moved: bool = False) -> str:
    """Return what should be known about layers that are in colour; else nothing.

    Parameters
    ----------
    *layers : napari.layers.Layer or None
        The layers.
    moved : bool
        Whether they are moved, and not only looked at.

    Examples
    --------
    >>> from napari.layers import Image
    >>> stain = Image(np.zeros((8, 8, 3), np.uint8), name="stain", rgb=True)
    >>> colour_note(stain)
    "'stain' is in colour: what counts is its brightness (luminance)."
    >>> colour_note(stain, moved=True)
    "'stain' is in colour: what counts is its brightness (luminance); all its colours \
are moved."
    """
    names = [repr(x.name) for x in layers if x is not None and is_colour(x)]
    if not names:
        return ""
    one = len(names) == 1
    is_, its = ("is", "its") if one else ("are", "their")
    text = f"{' and '.join(names)} {is_} in colour: what counts is {its} brightness "
    text += "(luminance)"
    return f"{text}; all {its} colours are moved." if moved else f"{text}."


def all_colours(layer: "Layer", movie: "Movie") -> "Movie":
    """Return what is moved where a layer is aligned by its `grey` pixels.

    Parameters
    ----------
    layer : napari.layers.Image
        The layer.
    movie : Movie
        Its grey pixels.

    Returns
    -------
    Movie
        Of an image in colour, its colours as channels, the last axis; else `movie`.

    Raises
    ------
    ValueError
        If an image in colour has channels besides.
    """
    if not is_colour(layer):
        return movie
    if "C" in movie.axes:
        msg = (
            f"{layer.name!r} has channels and is in colour: right-click it in the "
            "layer list and choose Split RGB."
        )
        raise ValueError(msg)
    return movie.replace(
        data=as_movie(finest(layer), f"{movie.axes}C").data,
        axes=f"{movie.axes}C",
        scale=(*movie.scale, 1.0),
        units=(*movie.units, PIXEL),
        origin=(*movie.origin, 0.0),
    )


def grey(layer: "Layer") -> Any:
    """Return the pixels of a layer, one number each, with the axes of the layer.

    Of a pyramid, the finest level; of an image in colour, its `luminance`, lazily: a
    dask array of one block for each image. Other arrays are handed on as they are.

    Examples
    --------
    >>> from napari.layers import Image
    >>> film = Image(np.zeros((9, 8, 6, 3), np.uint8), rgb=True)
    >>> grey(film).shape, grey(film).chunks[0]
    ((9, 8, 6), (1, 1, 1, 1, 1, 1, 1, 1, 1))
    """
    data = finest(layer)
    if not is_colour(layer):
        return data
    dtype = working_dtype(data.dtype)
    meta = np.empty((0,) * (data.ndim - 1), dtype)
    if isinstance(data, da.Array):
        whole = data.rechunk({data.ndim - 1: -1})
        return whole.map_blocks(
            luminance, drop_axis=data.ndim - 1, dtype=dtype, meta=meta
        )
    seen = _Luminance(data, dtype)
    # Naming it by its content would read all of it.
    return da.from_array(seen, chunks=seen.chunks, name=False, meta=meta)


def luminance(colours: NDArray[Any]) -> NDArray[np.floating[Any]]:
    """Return how bright colours are.

    Parameters
    ----------
    colours : ndarray of real numbers, shape (..., 3) or (..., 4)
        Red, green, blue, and perhaps alpha. A pixel that is wholly transparent (alpha
        0) shows nothing, and is NaN.

    Returns
    -------
    ndarray of float32 or float64, shape (...)
        0.2126 red + 0.7152 green + 0.0722 blue: in the range of the colours, and a
        grey as it is.

    Examples
    --------
    >>> luminance(np.array([[7, 7, 7], [0, 255, 0]], np.uint8)).round(1)
    array([  7. , 182.4], dtype=float32)
    """
    dtype = working_dtype(colours.dtype)
    seen: NDArray[np.floating[Any]] = np.tensordot(
        colours[..., :3].astype(dtype), np.array(_WEIGHTS, dtype), 1
    )
    if colours.shape[-1] == 4:
        seen = np.where(colours[..., 3] == 0, dtype.type(np.nan), seen)
    return seen


class _Luminance:
    """An array in colour as its luminance, of the part that somebody looks at."""

    def __init__(self, colours: Any, dtype: np.dtype[Any]) -> None:
        self._colours = colours
        self.shape = tuple(colours.shape[:-1])
        self.ndim, self.dtype = len(self.shape), dtype
        stored = getattr(colours, "chunks", None)
        apart = (1,) * max(self.ndim - 2, 0)
        self.chunks = stored[:-1] if stored else (*apart, *self.shape[-2:])

    def __getitem__(self, index: Any) -> NDArray[np.floating[Any]]:
        picks = index if isinstance(index, tuple) else (index,)
        rest = () if Ellipsis in picks else (Ellipsis,)
        return luminance(np.asarray(self._colours[(*picks, *rest, slice(None))]))
