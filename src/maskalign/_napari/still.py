"""One image of a layer: the frame and channel on show. Pure functions, no Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maskalign._napari.axes import decide_axes
from maskalign._napari.luminance import grey
from maskalign._napari.sliders import shown_index
from maskalign.core.validate import check_dtype
from maskalign.errors import AxesError
from maskalign.model.axes import spatial_axes
from maskalign.pipeline.frames import as_movie
from maskalign.pipeline.parallel import compute

if TYPE_CHECKING:
    from napari.layers import Image, Labels

    from maskalign.model.movie import Movie

__all__ = ["Still", "still_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One image of a layer, not read yet."""

    #: All that the layer shows, for masks to be laid over.
    movie: "Movie"
    #: The image, (Y, X) or (Z, Y, X), as the layer has it.
    data: Any
    #: Which frame and which channel it is; None where the layer has no such axis.
    frame: int | None
    channel: int | None
    #: Whether it is of a Labels layer, of which all that counts is where it is painted.
    painted: bool = False

    def read(self) -> Any:
        """Return its pixels, computed if they are lazy."""
        pixels = compute(self.data)
        return pixels > 0 if self.painted else pixels

    @property
    def text(self) -> str:
        """What it is, in words.

        Examples
        --------
        >>> import numpy as np
        >>> from maskalign.model.movie import Movie
        >>> movie = Movie(np.zeros((9, 64, 48)), name="cells")
        >>> Still(movie, movie.data[3], 3, None).text
        'cells, frame 3 of 9: 64 x 48 px'
        """
        text = self.movie.name
        shown = ("frame", "T", self.frame), ("channel", "C", self.channel)
        for name, letter, at in shown:
            if at is not None:
                n = self.movie.shape[self.movie.axes.index(letter)]
                text += f", {name} {at} of {n}"
        return f"{text}: {' x '.join(str(n) for n in self.data.shape)} px"


def still_of(
    layer: "Image | Labels | None", point: Sequence[float], what: str
) -> Still:
    """Return the image of a layer that a viewer shows, without reading it.

    Parameters
    ----------
    layer : napari layer or None
        An Image layer, of colours their luminance; or a Labels layer, which counts as
        painted or not. None is what an empty choice box holds.
    point : sequence of float
        Where the sliders stand, in world coordinates (``viewer.dims.point``).
    what : str
        What the image is for, for messages.

    Raises
    ------
    TypeError
        If its pixels are complex.
    ValueError
        If there is no layer, or it cannot be told what its axes are.
    """
    from napari.layers import Labels

    if layer is None:
        msg = f"There is no {what}: open an image and choose it."
        raise ValueError(msg)
    data: Any = grey(layer)
    if data.dtype != bool:
        check_dtype(data.dtype, repr(layer.name))
    movie = as_movie(data, _axes(data.shape, layer)).replace(name=layer.name)
    data = movie.data
    shown = {
        letter: shown_index(layer, at, point)
        for at, letter in enumerate(movie.axes)
        if letter in "TC"
    }
    image = data[tuple(shown.get(letter, slice(None)) for letter in movie.axes)]
    left = "".join(letter for letter in movie.axes if letter not in shown)
    image = image.transpose([left.index(letter) for letter in spatial_axes(left)])
    painted = isinstance(layer, Labels)
    return Still(movie, image, shown.get("T"), shown.get("C"), painted)


def _axes(shape: Sequence[int], layer: "Image | Labels") -> str:
    """Return what the axes are; a layer needs no time axis here."""
    labels, units = tuple(layer.axis_labels), tuple(layer.units)
    try:
        return decide_axes(shape, labels, units).axes
    except AxesError as error:
        # With a time axis put before it: an image, or a volume whose axes are named.
        try:
            found = decide_axes((1, *shape), ("t", *labels), ("pixel", *units))
        except AxesError:
            raise error from None
        return found.axes[1:]
