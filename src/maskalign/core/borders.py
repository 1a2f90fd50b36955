"""The constant border that an earlier alignment or a round field of view leaves."""

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from maskalign.model.types import ValidArray

__all__ = ["constant_border"]

#: A border is so wide, in pixels, along the edge; it may be one pixel deep.
_WIDTH = 5
#: A value that fills no whole edge of the image must fill so many of its corners.
_CORNERS = 2


def constant_border(image: NDArray[Any], value: float | None = None) -> ValidArray:
    """Find the pixels of one value that reach in from the edges of an image.

    Parameters
    ----------
    image : ndarray, shape (Y, X) or (Z, Y, X)
        Volumes are looked at plane by plane.
    value : float, optional
        Value of the border, which may be NaN. Left out: any value that fills a whole
        edge, or two corners.

    Returns
    -------
    ndarray of bool, shape of `image`
        True for the border. A patch of the same value that does not reach an edge is
        no part of it, nor is what hangs on it by a thread.

    Examples
    --------
    >>> image = np.arange(80).reshape(8, 10)
    >>> image[:2] = image[4, 4:8] = 0
    >>> constant_border(image).sum(axis=1)
    array([10, 10,  0,  0,  0,  0,  0,  0])
    """
    border = np.zeros(image.shape, bool)
    for index in np.ndindex(image.shape[:-2]):
        plane = image[index]
        for candidate in _candidates(plane) if value is None else [value]:
            same = np.isnan(plane) if _is_nan(candidate) else plane == candidate
            patch = _broad(same)
            if value is not None or _is_frame(patch):
                border[index] |= _from_edges(patch)
    return border


def _candidates(plane: NDArray[Any]) -> list[Any]:
    """Return the values that a whole edge has, or two corners."""
    edges = (plane[0], plane[-1], plane[:, 0], plane[:, -1])
    found = [edge[0].item() for edge in edges if _all_same(edge)]
    corners = plane[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()
    # As text NaN equals NaN.
    counts = Counter(map(str, corners))
    found += [value for value in corners if counts[str(value)] >= _CORNERS]
    return list({str(value): value for value in found}.values())


def _all_same(edge: NDArray[Any]) -> bool:
    same = edge == edge[0]
    return bool(same.all() or (edge.dtype.kind == "f" and np.isnan(edge).all()))


def _is_nan(value: Any) -> bool:
    return bool(value != value)


def _broad(same: ValidArray) -> ValidArray:
    """Return what is left of a region without its narrow parts.

    Beyond the edge on which it lies a region is taken to go on.
    """
    broad = np.zeros(same.shape, bool)
    for axis in (0, 1):
        around = [(0, 0), (0, 0)]
        around[axis] = (_WIDTH, _WIDTH)
        opened = np.pad(same, around, mode="edge")
        for step in (ndimage.minimum_filter1d, ndimage.maximum_filter1d):
            for along in (0, 1):
                opened = step(opened, _WIDTH, along, mode="constant")
        inside = tuple(
            slice(w, w + n) for (w, _), n in zip(around, same.shape, strict=True)
        )
        broad |= opened[inside]
    return broad


def _is_frame(patch: ValidArray) -> bool:
    """Tell whether a patch fills a whole edge, or corners enough."""
    edges = (patch[0], patch[-1], patch[:, 0], patch[:, -1])
    corners = int(patch[[0, 0, -1, -1], [0, -1, 0, -1]].sum())
    return any(edge.all() for edge in edges) or corners >= _CORNERS


def _from_edges(patch: ValidArray) -> ValidArray:
    """Return the parts of a patch that touch an edge."""
    labels, _ = ndimage.label(patch)
    touching = np.unique(
        np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    )
    reached: ValidArray = np.isin(labels, touching[touching > 0])
    return reached
