"""Where two layers lie to each other, and where a layer goes that is aligned. No Qt."""

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.grid import is_placed
from maskalign._napari.luminance import finest
from maskalign._napari.world import pixel_map, placement, to_world
from maskalign.core.resample import steps_of
from maskalign.io.units import normalize_unit
from maskalign.model.movie import PIXEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image, Layer

__all__ = [
    "Carried",
    "Lie",
    "carried",
    "carry",
    "decide_lie",
    "embedded",
    "factors",
    "grid_place",
    "why_not",
]

Matrix = NDArray[np.float64]

_ABOUT_PLACE = "Searched about the place where the viewer shows them."
_ABOUT_CORNERS = "Searched about corner on corner."
#: Matrices that differ by less are one.
_SAME = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Lie:
    """How the moving layer lies over the reference now."""

    #: Takes pixels of the moving image to pixels of the reference.
    matrix: Matrix
    #: What was decided, in words.
    words: str
    #: Units in which the aligned layer is placed, along the axes of the image.
    units: tuple[Any, ...]

    def apart(self, reference: "Sequence[int]", moving: "Sequence[int]") -> bool:
        """Tell whether images of these shapes do not touch where they lie."""
        corners = np.array([*product(*((-0.5, n - 0.5) for n in moving), (1,))]).T
        there = (self.matrix @ corners)[:-1]
        sizes = np.array(reference) - 0.5
        return bool(((there.max(axis=1) <= -0.5) | (there.min(axis=1) >= sizes)).any())


def decide_lie(reference: "Image", moving: "Image", ndim: int) -> Lie:
    """Decide how two layers lie to each other, along their last axes.

    As the viewer shows them, by scale, place and unit. A layer without any of these is
    taken to have the pixels of the other, corner on corner.

    Parameters
    ----------
    reference, moving : napari.layers.Image
        The layers.
    ndim : int
        How many axes their images have.

    Raises
    ------
    ValueError
        If their units cannot be turned into each other, or their pixels are turned
        against each other.

    Examples
    --------
    >>> from napari.layers import Image
    >>> a = Image(np.zeros((8, 8)), name="a", scale=(0.2, 0.2), units=("um", "um"))
    >>> b = Image(np.zeros((8, 8)), name="b", scale=(100, 100), units=("nm", "nm"))
    >>> decide_lie(a, b, 2).matrix.diagonal().round(6).tolist()
    [0.5, 0.5, 1.0]
    """
    sides = reference, moving
    units = [tuple(layer.units)[-ndim:] for layer in sides]
    pairs = zip(*units, strict=True)
    strange = [pair for pair in pairs if not pair[0].is_compatible_with(pair[1])]
    bare = [all(_is_pixel(unit) for unit in side) for side in units]
    known = [is_placed(layer, ndim) for layer in sides]
    matrix = pixel_map(moving, reference, ndim)
    kept = units[1]
    if not strange:
        words = _ABOUT_PLACE
        if not any(known):
            words = f"Neither layer says where it lies. {_ABOUT_CORNERS}"
    elif not any(bare):
        one, other = (_spelled(unit) for unit in strange[0])
        msg = (
            f"{reference.name!r} is measured in {one} and {moving.name!r} in {other}, "
            "which cannot be turned into each other. Correct the units of the layers: "
            "layer.units = ('um', 'um'), as it suits."
        )
        raise ValueError(msg)
    else:
        at = bare.index(True)
        name, other = sides[at].name, sides[1 - at].name
        if known[at]:
            unit = _spelled(units[1 - at][-1])
            words = f"{name!r} has no unit: taken for {unit}. {_ABOUT_PLACE}"
            kept = units[1 - at] if at == 1 else kept
        else:
            words = (
                f"{name!r} has no pixel size: taken for that of {other!r}. "
                f"{_ABOUT_CORNERS}"
            )
            matrix, kept = np.eye(ndim + 1), units[0]
    # Turned pixels are refused at once.
    steps_of(matrix, finest(moving).shape[: moving.ndim][-ndim:])
    return Lie(matrix, words, kept)


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """By what the moving image is carried to where it belongs."""

    #: From places in the world before to places after, along the axes of the image.
    matrix: Matrix
    #: The units of both.
    before: tuple[Any, ...]
    after: tuple[Any, ...]


def carry(
    reference: "Layer", moving: "Layer", lie: Lie, shift: "Sequence[float]"
) -> Carried:
    """Return by what a layer is carried whose image is to be shifted.

    Parameters
    ----------
    reference, moving : napari.layers.Layer
        The layers.
    lie : Lie
        How they lie to each other.
    shift : sequence of float
        Pixels of the reference.
    """
    ndim = len(shift)
    there = lie.matrix.copy()
    there[:-1, -1] += shift
    before = tuple(moving.units)[-ndim:]
    unit = factors(tuple(reference.units)[-ndim:], lie.units)
    matrix = np.diag([*unit, 1.0]) @ to_world(reference, ndim) @ there
    matrix = matrix @ np.linalg.inv(to_world(moving, ndim))
    # A mere shift is to stay one.
    if np.allclose(matrix[:-1, :-1], np.eye(ndim), _SAME, _SAME):
        matrix[:-1, :-1] = np.eye(ndim)
    return Carried(matrix, before, lie.units)


def why_not(layer: "Layer", by: Carried) -> str:
    """Return why a layer cannot be carried along; empty if it can."""
    ndim = len(by.before)
    if layer.ndim < ndim:
        return f"it has {layer.ndim} axes, the image {ndim}"
    for unit, other in zip(tuple(layer.units)[-ndim:], by.before, strict=True):
        known = unit.is_compatible_with(other)
        if not (known or _is_pixel(unit) or _is_pixel(other)):
            return f"it is measured in {_spelled(unit)}, the image in {_spelled(other)}"
    return ""


def carried(layer: "Layer", by: Carried) -> dict[str, Any]:
    """Return where a layer lies once it is carried, as keywords of ``add_...``.

    Parameters
    ----------
    layer : napari.layers.Layer
        The moving layer, or any other that lies over it.
    by : Carried
        What it is carried by.

    Examples
    --------
    >>> from napari.layers import Points
    >>> micron = Points(np.zeros((1, 2)), units=("um", "um")).units
    >>> by = Carried(np.array([[1, 0, 2], [0, 1, 0.5], [0, 0, 1.0]]), micron, micron)
    >>> points = Points([(0, 0)], scale=(100, 100), units=("nm", "nm"))
    >>> carried(points, by)["translate"]
    array([2000.,  500.])
    """
    ndim = len(by.before)
    place = placement(layer)
    own = tuple(place["units"])[-ndim:]
    matrix = by.matrix @ np.diag([*factors(own, by.before), 1.0])
    after = by.after
    if by.before == by.after:
        # The layer keeps its own units.
        after = own
        matrix = np.diag([*factors(by.before, own), 1.0]) @ matrix
    place["units"] = (*place["units"][:-ndim], *after)
    linear, offset = matrix[:-1, :-1], matrix[:-1, -1]
    steps = np.diag(linear)
    straight = np.array_equal(place["affine"], np.eye(layer.ndim + 1))
    upright = np.allclose(place["rotate"], np.eye(layer.ndim)) and not np.any(
        place["shear"]
    )
    alone = np.array_equal(linear, np.diag(steps)) and (steps > 0).all()
    mere = np.allclose(linear, np.eye(ndim), _SAME, _SAME)
    if straight and (mere or (upright and alone)):
        grown = np.ones(ndim) if mere else steps
        scale, translate = np.array(place["scale"]), np.array(place["translate"])
        scale[-ndim:] *= grown
        translate[-ndim:] = grown * translate[-ndim:] + offset
        place["scale"], place["translate"] = scale, translate
    else:
        place["affine"] = embedded(matrix, layer.ndim) @ place["affine"]
    return place


def grid_place(moving: "Layer", reference: "Layer", ndim: int) -> dict[str, Any]:
    """Return where an image lies that was resampled, as keywords of ``add_...``.

    Along its last axes it lies as the reference, along others (time, channels) as the
    moving layer.
    """
    own, given = placement(moving), placement(reference, ndim)
    n = moving.ndim - ndim
    identity = np.eye(ndim)
    place: dict[str, Any] = {
        "scale": np.array([*own["scale"][:n], *given["scale"]]),
        "translate": np.array([*own["translate"][:n], *given["translate"]]),
        "rotate": np.eye(moving.ndim),
        "shear": np.zeros(moving.ndim * (moving.ndim - 1) // 2),
        "affine": embedded(given["affine"], moving.ndim),
        "units": (*own["units"][:n], *given["units"]),
        "axis_labels": own["axis_labels"],
    }
    if not any(label.startswith("-") for label in given["axis_labels"]):
        # The reference names its axes.
        place["axis_labels"] = (*own["axis_labels"][:n], *given["axis_labels"])
    if not np.allclose(given["rotate"], identity) or np.any(given["shear"]):
        place["scale"][n:], place["translate"][n:] = 1, 0
        place["affine"] = embedded(to_world(reference, ndim), moving.ndim)
    return place


def embedded(matrix: Matrix, ndim: int) -> Matrix:
    """Return an affine matrix of the last axes as one of all."""
    whole = np.eye(ndim + 1)
    n = len(matrix)
    whole[-n:, -n:] = matrix
    return whole


def factors(units: "Sequence[Any]", others: "Sequence[Any]") -> list[float]:
    """Return by what numbers in some units become numbers in others, if they do."""
    return [
        float((1 * one).to(other).magnitude) if one.is_compatible_with(other) else 1.0
        for one, other in zip(units, others, strict=True)
    ]


def _is_pixel(unit: Any) -> bool:
    return _spelled(unit) == PIXEL


def _spelled(unit: Any) -> str:
    return normalize_unit(str(unit))
