"""What is painted in a Labels layer, as the mask of a movie: pure functions, no Qt."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import MaskError
from maskalign.model.movie import Movie
from maskalign.model.types import ValidArray
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.parallel import compute

if TYPE_CHECKING:
    from napari.layers import Labels

__all__ = ["PAINTED", "Painted", "as_mask", "iter_painted", "mask_axes"]

Painted: TypeAlias = Literal["ignore painted", "use only painted"]
#: What painting may mean.
PAINTED: tuple[Painted, ...] = get_args(Painted)


def mask_axes(labels: "Labels", movie: Movie) -> str:
    """Return the axes of a Labels layer that is to mask a movie.

    A layer may have the shape of one frame, of the whole movie, or of (y, x), which
    then goes for every z.

    Raises
    ------
    MaskError
        If it has another shape; the message gives both.

    Examples
    --------
    >>> from napari.layers import Labels
    >>> movie = Movie(np.zeros((9, 5, 64, 48)))
    >>> mask_axes(Labels(np.zeros((64, 48), int)), movie)
    'YX'
    """
    shape = tuple(_finest(labels).shape)
    sizes = dict(zip(movie.axes, movie.shape, strict=True))
    whole = movie.axes
    frame = "".join(a for a in whole if a in movie.spatial_axes)
    plane = "".join(a for a in whole if a in "YX")
    for axes in (frame, whole, whole.replace("C", ""), whole.replace("T", ""), plane):
        if shape == tuple(sizes[a] for a in axes):
            return axes
    msg = (
        f"The mask {labels.name!r} has shape {shape}; it must have that of a frame, "
        f"{movie.frame_shape}, or of the movie, {movie.shape}."
    )
    raise MaskError(msg)


def iter_painted(labels: "Labels", axes: str) -> Iterator[NDArray[np.bool_]]:
    """Yield where a Labels layer is painted, a few frames at a time.

    As many as are stored in one chunk, so that a large or lazy layer is read once and
    never lies in memory as a whole, and so that whoever asks may stop.

    Parameters
    ----------
    labels : napari.layers.Labels
        The layer; every label above 0 is painted.
    axes : str
        Its axes, from `mask_axes`.

    Yields
    ------
    ndarray of bool, shape (Y, X) or (Z, Y, X)
        True where something is painted in any of those frames.
    """
    drawn = as_movie(_finest(labels), axes)
    for channel in range(drawn.shape[axes.index("C")]) if "C" in axes else (None,):
        frames = Frames(drawn, channel)
        for block in frames.blocks:
            painted = np.asarray(compute(frames.block(*block))) > 0
            yield np.asarray(painted.any(axis=0))


def as_mask(painted: NDArray[np.bool_], meaning: Painted, name: str) -> Movie:
    """Return what is painted as the mask of a movie, True where a pixel may be used.

    Parameters
    ----------
    painted : ndarray of bool, shape (Y, X) or (Z, Y, X)
        True where something is painted, in any frame.
    meaning : {'ignore painted', 'use only painted'}
        What that means.
    name : str
        Name of the layer, for messages.

    Returns
    -------
    Movie
        Axes YX or ZYX, which leave no doubt how it is to be laid over a movie.

    Raises
    ------
    MaskError
        If nothing is painted, or nothing is left.

    Examples
    --------
    >>> bar = np.array([[1, 0, 0], [1, 0, 0]], bool)
    >>> as_mask(bar, "ignore painted", "bar").data
    array([[False,  True,  True],
           [False,  True,  True]])
    """
    if not painted.any():
        what = "ignore" if meaning == "ignore painted" else "use"
        msg = (
            f"The mask {name!r} is empty: paint what to {what} into it, or choose no "
            "mask."
        )
        raise MaskError(msg)
    valid: ValidArray = ~painted if meaning == "ignore painted" else painted
    if not valid.any():
        msg = (
            f"The mask {name!r} is painted all over and all of it is to be ignored: "
            "erase some, or choose 'use only painted'."
        )
        raise MaskError(msg)
    return Movie(valid, "ZYX"[-valid.ndim :])


def _finest(labels: "Labels") -> Any:
    """Return the array of a Labels layer; of a pyramid, its finest level."""
    return labels.data[0] if labels.multiscale else labels.data
