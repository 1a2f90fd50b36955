"""What is painted or drawn in a layer, as the mask of a movie: pure functions, no Qt.

Labels, Shapes and images can be masks. Each is first read as *drawn*: an array that is
True where something is painted, and its axes. What painting means comes afterwards.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign._napari.grid import grid_axes, on_grid_of
from maskalign._napari.luminance import finest
from maskalign._napari.shapes_mask import shapes_axes, shapes_drawn
from maskalign.errors import MaskError
from maskalign.model.movie import Movie
from maskalign.model.types import ValidArray
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.lazy_frames import as_lazy
from maskalign.pipeline.parallel import compute

if TYPE_CHECKING:
    from napari.layers import Image, Layer

    from maskalign._napari.worker import Stop

__all__ = [
    "FOLLOWS",
    "PAINTED",
    "Follows",
    "MaskChoice",
    "Painted",
    "as_mask",
    "iter_painted",
    "mask_axes",
]

Painted: TypeAlias = Literal["ignore painted", "use only painted"]
#: What painting may mean.
PAINTED: tuple[Painted, ...] = get_args(Painted)

Follows: TypeAlias = Literal["fixed in the camera", "follows the sample", "one a frame"]
#: What a mask may be fixed to.
FOLLOWS: tuple[Follows, ...] = get_args(Follows)


def mask_axes(layer: "Layer", movie: Movie, *, own_grid: bool = False) -> str:
    """Return the axes of a layer that is to mask a movie.

    A layer may have the shape of one frame, of the whole movie, or of (y, x), which
    then goes for every z. Shapes have none of their own and always fit.

    Parameters
    ----------
    layer : napari.layers.Layer
        A Labels, Shapes or Image layer.
    movie : Movie
        The movie.
    own_grid : bool
        Whether it may have pixels of its own, to be laid over the movie where the
        viewer shows it.

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
    if _is_shapes(layer):
        return shapes_axes(layer, movie)
    shape = tuple(finest(layer).shape)
    sizes = dict(zip(movie.axes, movie.shape, strict=True))
    whole = movie.axes
    frame = "".join(a for a in whole if a in movie.spatial_axes)
    plane = "".join(a for a in whole if a in "YX")
    one_channel = sizes | {"C": 1}
    for axes in (frame, whole, whole.replace("C", ""), whole.replace("T", ""), plane):
        for known in (sizes, one_channel):
            if shape == tuple(known[a] for a in axes):
                return axes
    msg = (
        f"The mask {layer.name!r} has shape {shape}; it must have that of a frame, "
        f"{movie.frame_shape}, or of the movie, {movie.shape}"
    )
    if own_grid:
        found = grid_axes(layer, movie)
        if found is not None:
            return found
        msg += ", or as many axes, of other pixels, and as many frames"
    msg += "."
    raise MaskError(msg)


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


@dataclass(frozen=True, slots=True, eq=False)
class MaskChoice:
    """A layer that masks a movie: how it is read, what it means, where it goes."""

    #: A Labels, Shapes or Image layer.
    layer: "Layer"
    #: The layer of the movie, and the movie that it shows.
    source: "Image"
    movie: Movie
    meaning: Painted
    follows: Follows = "fixed in the camera"
    #: The labels that count as painted; None for all.
    labels: Collection[int] | None = None

    def check(self) -> None:
        """Raise a `MaskError` unless it fits the movie, reading nothing."""
        axes = self._axes
        if self.follows == "one a frame" and "T" not in axes:
            msg = (
                f"The mask {self.layer.name!r} has no time axis, so it has no frames. "
                "Choose 'fixed in the camera', or press New mask: it adds one with "
                "all frames."
            )
            raise MaskError(msg)

    def options(self, stop: "Stop") -> dict[str, Any]:
        """Read it, and return it as options of `estimate_drift`."""
        if self.follows == "one a frame":
            return {"mask": Movie(self._by_frame(), "T" + self._spatial)}
        follows = "sample" if self.follows == "follows the sample" else "camera"
        return {"mask": self.fixed(stop), "mask_follows": follows}

    def fixed(self, stop: "Stop") -> Movie:
        """Return the union over time of what is painted, as a mask."""
        data, axes = self._drawn()
        frames = stop.watch(iter_painted(data, axes, self._counting))
        painted = np.array(next(frames))
        for frame in frames:
            painted |= frame
        elsewhere = not _is_shapes(self.layer) and data is not finest(self.layer)
        if elsewhere and not painted.any():
            msg = (
                f"Nothing of the mask {self.layer.name!r} lies over "
                f"{self.source.name!r} where the viewer shows them: paint there, or "
                "choose another mask."
            )
            raise MaskError(msg)
        return as_mask(painted, self.meaning, self.layer.name)

    def valid(self, frame: int) -> ValidArray:
        """Return the mask of one frame, where each has its own."""
        valid: ValidArray = np.asarray(compute(self._by_frame()[frame]))
        return valid

    @property
    def _counting(self) -> Collection[int] | None:
        """Labels to look at; an image has none."""
        return self.labels if _is_labels(self.layer) else None

    @property
    def _axes(self) -> str:
        return mask_axes(self.layer, self.movie, own_grid=True)

    @property
    def _spatial(self) -> str:
        return "".join(a for a in "ZYX" if a in self._axes)

    def _drawn(self) -> tuple[Any, str]:
        axes = self._axes
        if _is_shapes(self.layer):
            return shapes_drawn(self.layer, self.movie, self.source), axes
        return on_grid_of(self.layer, axes, self.movie, self.source), axes

    def _by_frame(self) -> Any:
        """Return a lazy mask of each frame, shape (T, [Z,] Y, X)."""
        data, axes = self._drawn()
        if not isinstance(data, da.Array):
            chunks = tuple(1 if a == "T" else -1 for a in axes)
            data = as_lazy(data, chunks)
        painted = data.map_blocks(
            _painted, self._counting, dtype=bool, meta=np.empty((0,) * data.ndim, bool)
        )
        if "C" in axes:
            painted = painted.any(axis=axes.index("C"))
            axes = axes.replace("C", "")
        order = [axes.index(a) for a in "TZYX" if a in axes]
        painted = painted.transpose(order)
        return ~painted if self.meaning == "ignore painted" else painted


def iter_painted(
    data: Any, axes: str, labels: Collection[int] | None = None
) -> Iterator[NDArray[np.bool_]]:
    """Yield where an array is painted, a few frames at a time.

    As many as are stored in one chunk, so that a large or lazy layer is read once and
    never lies in memory as a whole, and so that whoever asks may stop.

    Parameters
    ----------
    data : array
        Labels, numbers, or True and False.
    axes : str
        Its axes, from `mask_axes`.
    labels : collection of int, optional
        The labels that count as painted; every number above 0 if left out.

    Yields
    ------
    ndarray of bool, shape (Y, X) or (Z, Y, X)
        True where something is painted in any of those frames.
    """
    drawn = as_movie(data, axes)
    if drawn.dtype == bool:
        # Frames are of numbers.
        drawn = drawn.replace(data=drawn.data.view(np.uint8))
    for channel in range(drawn.shape[axes.index("C")]) if "C" in axes else (None,):
        frames = Frames(drawn, channel)
        for ends in frames.blocks:
            block = frames.read(*ends)
            yield np.asarray(_painted(block, labels).any(axis=0))


def _painted(values: NDArray[Any], labels: Collection[int] | None) -> NDArray[np.bool_]:
    """Return where something is painted: True, a label, a number above 0."""
    if labels is not None:
        return np.isin(values, list(labels))
    painted: NDArray[np.bool_] = values > 0
    return painted


def _is_shapes(layer: "Layer") -> bool:
    from napari.layers import Shapes

    return isinstance(layer, Shapes)


def _is_labels(layer: "Layer") -> bool:
    from napari.layers import Labels

    return isinstance(layer, Labels)
