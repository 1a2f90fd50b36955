"""What the shifts of a drift table count, for a layer that is to be moved by it. No Qt.

A table counts pixels: of the movie that it was made on. A layer with other pixels is
moved by as many more or fewer, where both sizes are known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.apply_to import MOVABLE, kind_of
from maskalign._napari.axes import decide_axes
from maskalign._napari.layers import movie_of
from maskalign._napari.luminance import finest
from maskalign._napari.world import pixel_map, placement
from maskalign.core.validate import check_dtype
from maskalign.errors import AxesError
from maskalign.io.units import LENGTHS, normalize_unit
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import PIXEL, Movie

if TYPE_CHECKING:
    from napari.layers import Image, Layer

__all__ = ["Footing", "fits", "footing", "made_on_of", "pixel_ratio", "unfit"]

#: Kinds of layers that have a pixel for every place.
_GRIDS = ("Image", "Labels")


@dataclass(frozen=True, slots=True, eq=False)
class Footing:
    """In whose pixels a table counts, as `moved_layer` takes it."""

    source: "Image"
    movie: Movie
    #: What is to be said about sizes of pixels, after its name; empty for nothing.
    said: str


def pixel_ratio(size: float, unit: str, other: float, other_unit: str) -> float | None:
    """Return how many pixels of one size go into one of another; None if not known.

    Pixels without a unit of length are of known size only beside each other, and only
    where somebody has given them one: 1 is what is there if nobody has.

    Parameters
    ----------
    size, unit : float, str
        The size of a pixel of the table.
    other, other_unit : float, str
        The size of a pixel of a layer.

    Examples
    --------
    >>> pixel_ratio(0.2, "um", 100, "nm")
    2.0
    >>> pixel_ratio(1, "pixel", 0.2, "um") is None
    True
    """
    unit, other_unit = normalize_unit(unit), normalize_unit(other_unit)
    if not (size > 0 and other > 0):
        return None
    if unit == other_unit:
        return None if unit == PIXEL and size == 1 else size / other
    if unit not in LENGTHS or other_unit not in LENGTHS:
        return None
    # To so many digits that 0.2 µm are 200 nm.
    return float(f"{size * LENGTHS[unit] / (other * LENGTHS[other_unit]):.12g}")


def unfit(layer: "Layer", table: DriftTable) -> str:
    """Return why a layer cannot be moved by a table; empty if it can."""
    try:
        _axes(layer, table)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def fits(layer: "Layer", table: DriftTable) -> bool:
    """Tell whether a layer may be the movie that a table was made on."""
    return kind_of(layer) == "Image" and not unfit(layer, table)


def made_on_of(
    layers: Sequence["Layer"], table: DriftTable, carrier: "Layer | None" = None
) -> "Image | None":
    """Return the layer in whose pixels a table counts, if that can be told.

    The layer that carries it; else one with the size of pixels that the table has;
    else any, if all images that fit have pixels of one size.

    Parameters
    ----------
    layers : sequence of napari.layers.Layer
        What there is.
    table : DriftTable
        The table.
    carrier : napari.layers.Layer, optional
        The layer that the table was taken from.
    """
    images: list[Any] = [layer for layer in layers if fits(layer, table)]
    if carrier is not None and carrier in images:
        return carrier
    for image in images:
        ratios = _ratios(image, table)
        if ratios is not None and np.allclose(ratios, 1):
            return image
    sizes = {_size_of(image, table) for image in images}
    return images[0] if len(sizes) == 1 else None


def footing(layer: "Layer", table: DriftTable, made_on: "Image | None") -> Footing:
    """Return in whose pixels a table counts when it moves a layer.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer to move.
    table : DriftTable
        What moves it. Its size of a pixel, where it has one, is believed more than that
        of a layer.
    made_on : napari.layers.Image or None
        The movie that the table was made on. Without it, or where their units have
        nothing to do with each other, the layer is taken to lie as that movie does,
        with pixels of the size that the table has.

    Raises
    ------
    ValueError
        If the layer cannot be moved by the table; the message says how they differ.
    """
    reason = unfit(layer, table)
    if reason:
        msg = f"{layer.name!r} cannot be moved: {reason}."
        raise ValueError(msg)
    if made_on is not None and not _comparable(layer, made_on, table):
        made_on = None
    if made_on is None:
        axes = _axes(layer, table)
        like: Layer = layer
        grid = kind_of(layer) in _GRIDS
        shape = _grid_shape(layer) if grid else _shape(axes, table)
        movie = Movie(np.broadcast_to(np.uint8(0), shape), axes)
    else:
        movie, _ = movie_of(made_on)
        axes, like = movie.axes, made_on
    ratios = _ratios(like, table, axes)
    source = _stand_in(like, axes, table, ratios)
    return Footing(source, movie, _say(layer, source, table, axes, ratios, made_on))


def _say(
    layer: "Layer",
    source: "Image",
    table: DriftTable,
    axes: str,
    ratios: "Sequence[float] | None",
    made_on: "Image | None",
) -> str:
    """Return what is to be said about the sizes of pixels."""
    if made_on is None and ratios is None:
        return "pixels as they are, for table and layer know no common size of a pixel"
    if kind_of(layer) not in _GRIDS:
        return ""
    n = min(layer.ndim, source.ndim)
    linear = np.abs(pixel_map(source, layer, n)[:-1, :-1])
    at = [axes.index(a) - len(axes) + n for a in table.axes if a in axes]
    factors = linear[at].sum(axis=1) if min(at) >= 0 else np.ones(1)
    if np.allclose(factors, 1, rtol=1e-6):
        return ""
    told = " x ".join(f"{f:.3g}" for f in dict.fromkeys(factors.round(9).tolist()))
    return f"{told} of its pixels for each pixel of the table"


def _axes(layer: Any, table: DriftTable) -> str:
    """Return the axes of a layer; raise with the reason why a table does not fit."""
    kind = kind_of(layer)
    if kind not in MOVABLE:
        msg = f"a {kind} layer cannot be moved"
        raise TypeError(msg)
    grid = kind in _GRIDS
    shape = _grid_shape(layer) if grid else (1,) * layer.ndim
    if len(shape) < 3:
        msg = "it has no time axis"
        raise AxesError(msg)
    try:
        axes = decide_axes(shape, layer.axis_labels, layer.units).axes
    except AxesError as error:
        msg = (
            "it cannot be told which of its axes is time and which are z, y, x: name "
            "them (layer.axis_labels)"
        )
        raise AxesError(msg) from error
    if kind == "Image":
        check_dtype(finest(layer).dtype, "it")
    missing = set(table.axes) - set(axes)
    if missing:
        own = ", ".join(a for a in axes.lower() if a in "zyx")
        msg = f"the table moves along {', '.join(table.axes.lower())}, it has {own}"
        raise AxesError(msg)
    n = shape[axes.index("T")]
    if grid and n != len(table):
        msg = f"it has {n} frames, the table {len(table)}"
        raise AxesError(msg)
    return axes


def _grid_shape(layer: Any) -> tuple[int, ...]:
    """Return the shape of a layer of pixels along its own axes, colours left out."""
    return tuple(finest(layer).shape[: layer.ndim])


def _shape(axes: str, table: DriftTable) -> tuple[int, ...]:
    return tuple(len(table) if letter == "T" else 1 for letter in axes)


def _ratios(
    layer: Any, table: DriftTable, axes: str | None = None
) -> tuple[float, ...] | None:
    """Return how many pixels of a layer go into one of a table, axis by axis."""
    if not (table.scale and table.units):
        return None
    axes = axes or _axes(layer, table)
    found = []
    for letter, size, unit in zip(table.axes, table.scale, table.units, strict=True):
        at = axes.index(letter)
        own = float(layer.scale[at]), str(layer.units[at])
        ratio = pixel_ratio(float(size), str(unit), *own)
        if ratio is None:
            return None
        found.append(ratio)
    return tuple(found)


def _comparable(layer: "Layer", made_on: "Image", table: DriftTable) -> bool:
    """Tell whether a viewer knows how large the pixels of two layers are together."""
    n = table.ndim
    for unit, other in zip(layer.units[-n:], made_on.units[-n:], strict=True):
        words = normalize_unit(str(unit)), normalize_unit(str(other))
        if words[0] != words[1] and not set(words) <= set(LENGTHS):
            return False
    return True


def _size_of(layer: Any, table: DriftTable) -> tuple[Any, ...]:
    axes = _axes(layer, table)
    at = [axes.index(letter) for letter in table.axes]
    return tuple((float(layer.scale[k]), str(layer.units[k])) for k in at)


def _stand_in(
    like: "Layer", axes: str, table: DriftTable, ratios: Sequence[float] | None
) -> "Image":
    """Return an empty layer that lies as another does, with the pixels of a table."""
    from napari.layers import Image

    place = placement(like)
    scale = np.array(place["scale"], float)
    if ratios is not None:
        for letter, ratio in zip(table.axes, ratios, strict=True):
            scale[axes.index(letter)] *= ratio
    return Image(
        np.zeros((1,) * len(axes), np.uint8),
        contrast_limits=(0, 1),
        name=like.name,
        **place | {"scale": scale},
    )
