"""One of two images to be aligned: what of a layer is meant. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.luminance import colour_note, is_colour
from maskalign._napari.mapping import picture_of
from maskalign._napari.masks import MaskChoice
from maskalign._napari.place import Lie
from maskalign._napari.sliders import shown_index
from maskalign._napari.still import still_of
from maskalign.core.resample import steps_of
from maskalign.core.validate import check_dtype
from maskalign.errors import AxesError
from maskalign.model.movie import PIXEL, Movie
from maskalign.model.types import ValidArray
from maskalign.pipeline.parallel import compute

if TYPE_CHECKING:
    from napari.layers import Image

    from maskalign._napari.worker import Stop

__all__ = ["Side", "describe_sides", "plane_shown", "sides_of"]

#: Percent of the luminance of an image that is darker than dark and bright.
_SHOWN = 0.5, 99.5


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """An image of a layer, not read yet."""

    layer: "Image"
    #: All that the layer shows, calibrated; of colours, the luminance.
    movie: Movie
    #: The image, (Y, X) or (Z, Y, X).
    image: Any
    #: What it is, in words.
    text: str
    #: Which plane of a volume it is; None if it is none.
    plane: int | None = None
    mask: MaskChoice | None = None

    @property
    def letters(self) -> str:
        """The axes of the image."""
        return "ZYX"[-len(self.image.shape) :]

    @property
    def scale(self) -> tuple[float, ...]:
        """Size of a pixel along each axis of the image."""
        return self.movie.along("scale", self.letters)

    @property
    def units(self) -> tuple[str, ...]:
        """Its unit along each axis."""
        return self.movie.along("units", self.letters)

    def limits(self, pixels: NDArray[Any]) -> tuple[float, float]:
        """Return the values that are shown dark and bright.

        Those of the viewer; of colours, which have none for their luminance, what
        nearly all of some pixels lie between.
        """
        low, high = self.layer.contrast_limits
        if is_colour(self.layer) and np.isfinite(pixels).any():
            low, high = np.nanpercentile(pixels, _SHOWN)
        return float(low), float(high)

    def masked(self, mask: MaskChoice | None) -> "Side":
        """Return it with a mask, which must fit.

        Raises
        ------
        MaskError
            If it does not.
        """
        if mask is not None:
            mask.check()
        return replace(self, mask=mask)

    def read(self) -> NDArray[Any]:
        """Return its pixels."""
        return np.asarray(compute(self.image))

    def valid(self, stop: "Stop") -> ValidArray | None:
        """Return where it may be used; None for everywhere."""
        if self.mask is None:
            return None
        valid = np.asarray(self.mask.fixed(stop).data)
        if self.plane is not None and valid.ndim == 3:
            valid = valid[self.plane]
        return np.broadcast_to(valid, self.image.shape)


def sides_of(
    reference: "Image | None", moving: "Image | None", point: Sequence[float]
) -> tuple[Side, Side]:
    """Return the images that two layers show, without reading them.

    Of a movie the frame on show, of a volume beside a single image the plane on show.

    Parameters
    ----------
    reference, moving : napari.layers.Image or None
        The layers; None is what an empty choice box holds.
    point : sequence of float
        Where the sliders stand, in world coordinates (``viewer.dims.point``).

    Raises
    ------
    TypeError
        If their pixels are not real numbers.
    ValueError
        If a layer is missing, both are one, or it cannot be told what the axes are.
    """
    sides = _side(reference, point, "reference"), _side(moving, point, "moving image")
    if reference is moving:
        msg = (
            f"{sides[0].layer.name!r} is chosen as both: choose two layers. The frames "
            "of a movie are aligned by Align time-lapse."
        )
        raise ValueError(msg)
    if len(sides[0].letters) == len(sides[1].letters):
        return sides
    flat = [side if side.letters == "YX" else _plane(side, point) for side in sides]
    return flat[0], flat[1]


def describe_sides(reference: Side, moving: Side, lie: Lie) -> str:
    """Say which images are meant, and how they lie to each other."""
    lines = [_described(side) for side in (reference, moving)]
    shapes = reference.image.shape, moving.image.shape
    words = lie.words
    if lie.apart(*shapes):
        words += " They do not touch there; without max shift they are searched for."
    if (steps_of(lie.matrix, shapes[1]) != 1).any():
        words += " Their pixels have other sizes: matched in the larger."
    note = colour_note(reference.layer, moving.layer, moved=is_colour(moving.layer))
    return "\n".join(filter(None, [*lines, words, note]))


def _described(side: Side) -> str:
    sizes, units = dict.fromkeys(side.scale), set(side.units)
    if units == {PIXEL} and set(sizes) == {1}:
        return side.text
    shown = side.scale if len(sizes) > 1 else sizes
    listed = " x ".join(f"{size:.4g}" for size in shown)
    if units == {PIXEL}:
        return f"{side.text}, scale {listed}"
    return f"{side.text} of {listed} {side.units[-1]}"


def _side(layer: "Image | None", point: Sequence[float], what: str) -> Side:
    still = still_of(layer, point, what)
    assert layer is not None
    check_dtype(still.data.dtype, repr(layer.name))
    movie = picture_of(layer, point, what).movie
    if not movie.axes.endswith(movie.spatial_axes):
        msg = (
            f"The axes of {layer.name!r} stand in the order {movie.axes.lower()}; to "
            f"be placed in the viewer {movie.spatial_axes.lower()} must be the last."
        )
        raise AxesError(msg)
    return Side(layer, movie, still.data, still.text)


def plane_shown(side: Side, point: Sequence[float]) -> int | None:
    """Return which plane of a volume is on show; None of an image."""
    if side.letters != "ZYX":
        return None
    return shown_index(side.layer, side.movie.axes.index("Z"), point)


def _plane(side: Side, point: Sequence[float]) -> Side:
    """Return the plane on show of a volume."""
    plane, n = plane_shown(side, point), len(side.image)
    assert plane is not None
    image = side.image[plane]
    size = " x ".join(str(k) for k in image.shape)
    before, _, _ = side.text.rpartition(": ")
    text = f"{before}, plane {plane} of {n}: {size} px"
    return replace(side, image=image, text=text, plane=plane)
