"""The best lag of a correlation surface, and what its neighbourhood tells."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from maskalign.model.types import FloatArray, ValidArray

__all__ = ["Peak", "find_peak"]

#: A second peak counts from this many half-widths of the first one on ...
_WIDTHS = 2.0
#: ... but never nearer than this, in pixels.
_NEAREST = 3


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """The highest point of a correlation surface."""

    #: Index into the surface.
    index: tuple[int, ...]
    #: NCC there.
    ncc: float
    #: Where the paraboloid through the neighbours peaks, relative to `index`, pixels.
    offset: tuple[float, ...]
    #: Second derivatives of the NCC there, shape (ndim, ndim), per pixel squared; NaN
    #: along an axis on which a neighbour is missing.
    curvature: NDArray[np.float64]
    #: NCC over the best one outside the neighbourhood; infinite if that is not
    #: positive, NaN if the window holds nothing else.
    ratio: float
    #: Whether a neighbour is missing along an axis that has more than one lag.
    at_limit: bool


def find_peak(ncc: FloatArray) -> Peak:
    """Return the highest point of a surface that is NaN where it may not be used."""
    index = tuple(int(i) for i in np.unravel_index(np.nanargmax(ncc), ncc.shape))
    best = float(ncc[index])
    gradient, curvature = _derivatives(ncc, index)
    searched = np.array(ncc.shape) > 1
    return Peak(
        index,
        best,
        _vertex(gradient, curvature),
        curvature,
        _ratio(ncc, index, curvature),
        bool(np.isnan(gradient[searched]).any()),
    )


def _derivatives(
    ncc: FloatArray, index: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gradient and Hessian by central differences, NaN where they need more."""
    ndim = ncc.ndim
    # NaN on all sides stands for the lags that are not there.
    near = np.full((3,) * ndim, np.nan)
    here = [slice(max(i - 1, 0), i + 2) for i in index]
    there = [
        slice(s.start - i + 1, s.start - i + 1 + min(s.stop, n) - s.start)
        for s, i, n in zip(here, index, ncc.shape, strict=True)
    ]
    near[tuple(there)] = ncc[tuple(here)]

    def at(*steps: tuple[int, int]) -> float:
        place = [1] * ndim
        for axis, step in steps:
            place[axis] += step
        return float(near[tuple(place)])

    gradient = np.empty(ndim)
    hessian = np.empty((ndim, ndim))
    for a in range(ndim):
        gradient[a] = (at((a, 1)) - at((a, -1))) / 2
        hessian[a, a] = at((a, 1)) - 2 * at() + at((a, -1))
    for a, b in combinations(range(ndim), 2):
        mixed = at((a, 1), (b, 1)) - at((a, 1), (b, -1))
        mixed += at((a, -1), (b, -1)) - at((a, -1), (b, 1))
        # A missing corner costs the tilt of the paraboloid, not the peak.
        hessian[a, b] = hessian[b, a] = 0 if np.isnan(mixed) else mixed / 4
    return gradient, hessian


def _vertex(
    gradient: NDArray[np.float64], curvature: NDArray[np.float64]
) -> tuple[float, ...]:
    """Return the top of the paraboloid, at most half a pixel from the lag."""
    offset = np.zeros(len(gradient))
    usable = np.isfinite(gradient) & (np.diag(curvature) < 0)
    if usable.any():
        hessian = curvature[np.ix_(usable, usable)]
        if np.linalg.eigvalsh(hessian).max() >= 0:
            hessian = np.diag(np.diag(hessian))
        offset[usable] = np.linalg.solve(hessian, -gradient[usable])
    # 0 - x turns -0.0 into 0.0 at no cost.
    return tuple((0.0 + np.clip(offset, -0.5, 0.5)).tolist())


def _ratio(
    ncc: FloatArray, index: tuple[int, ...], curvature: NDArray[np.float64]
) -> float:
    """Return the best NCC over the best one outside its neighbourhood."""
    best = float(ncc[index])
    bend = -np.diag(curvature)
    widths = np.sqrt(
        np.divide(max(best, 0), bend, where=bend > 0, out=np.zeros_like(bend))
    )
    reach = np.maximum(np.ceil(_WIDTHS * widths), _NEAREST).astype(int)
    outside: ValidArray = np.ones(ncc.shape, bool)
    outside[
        tuple(
            slice(max(i - r, 0), i + r + 1) for i, r in zip(index, reach, strict=True)
        )
    ] = False
    outside &= ~np.isnan(ncc)
    if not outside.any():
        return float("nan")
    second = float(ncc[outside].max())
    return best / second if second > 0 else float("inf")
