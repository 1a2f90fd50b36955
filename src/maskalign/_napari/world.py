"""How a layer lies in the world that a viewer shows: pure functions, no Qt."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.layers import Layer

__all__ = ["moved_by", "pixel_map", "placement", "to_world"]


def pixel_map(
    layer: "Layer", other: "Layer", ndim: int | None = None
) -> NDArray[np.float64]:
    """Return the matrix that takes pixels of one layer to pixels of another.

    Through the world in which a viewer shows both: scale, place, rotation and units.

    Parameters
    ----------
    layer, other : napari.layers.Layer
        From which layer to which.
    ndim : int, optional
        Only for the last `ndim` axes; all that both have if left out.

    Returns
    -------
    ndarray of float64, shape (ndim + 1, ndim + 1)
        For columns (position, 1).

    Examples
    --------
    >>> from napari.layers import Image
    >>> fine = Image(np.zeros((8, 8)), scale=(0.5, 0.5), units=("um", "um"))
    >>> coarse = Image(np.zeros((4, 4)), scale=(1000, 1000), units=("nm", "nm"))
    >>> (pixel_map(fine, coarse) @ (4, 2, 1)).round(9)
    array([2., 1., 1.])
    """
    n = min(layer.ndim, other.ndim) if ndim is None else ndim
    # napari draws units as they are but leaves them out of `data_to_world`.
    unit = np.ones(n + 1)
    pairs = zip(tuple(layer.units)[-n:], tuple(other.units)[-n:], strict=True)
    for axis, (one, another) in enumerate(pairs):
        if one.is_compatible_with(another):
            unit[axis] = (1 * one).to(another).magnitude
    there: NDArray[np.float64] = np.linalg.inv(to_world(other, n)) @ np.diag(unit)
    return there @ to_world(layer, n)


def to_world(layer: "Layer", ndim: int) -> NDArray[np.float64]:
    """Return the matrix from pixels along the last axes of a layer to the world."""
    from napari.utils.transforms import CompositeAffine

    place = placement(layer, ndim)
    local = CompositeAffine(
        **{name: place[name] for name in ("scale", "translate", "rotate", "shear")}
    )
    matrix: NDArray[np.float64] = place["affine"] @ local.affine_matrix
    return matrix


def placement(
    layer: "Layer", kept: int | Sequence[int] | None = None
) -> dict[str, Any]:
    """Return how a layer lies in the world, as keywords of ``viewer.add_...``.

    Parameters
    ----------
    layer : napari.layers.Layer
        The layer.
    kept : int or sequence of int, optional
        Only for so many of the last axes, or for the axes of these numbers; for all if
        left out.

    Examples
    --------
    >>> from napari.layers import Image
    >>> layer = Image(np.zeros((4, 8, 8)), scale=(2, 0.1, 0.1))
    >>> placement(layer, 2)["scale"]
    array([0.1, 0.1])
    """
    from napari.utils.transforms import CompositeAffine

    axes = list(range(layer.ndim))
    if isinstance(kept, Sequence):
        axes = list(kept)
    elif kept is not None:
        axes = axes[-kept:]
    local = CompositeAffine(
        scale=layer.scale,
        translate=layer.translate,
        rotate=layer.rotate,
        shear=layer.shear,
    ).set_slice(axes)
    return {
        "scale": local.scale,
        "translate": local.translate,
        "rotate": local.rotate,
        "shear": local.shear,
        "affine": layer.affine.set_slice(axes).affine_matrix,
        "units": tuple(layer.units[k] for k in axes),
        "axis_labels": tuple(layer.axis_labels[k] for k in axes),
    }


def moved_by(layer: "Layer", pixels: Sequence[float]) -> NDArray[np.float64]:
    """Return the translation of a layer that begins at another pixel."""
    from napari.utils.transforms import CompositeAffine

    linear = CompositeAffine(
        scale=layer.scale, rotate=layer.rotate, shear=layer.shear, ndim=layer.ndim
    ).linear_matrix
    moved: NDArray[np.float64] = layer.translate + linear @ np.asarray(pixels, float)
    return moved
