r"""A trajectory from the shifts of many pairs of frames, by robust least squares.

A pair :math:`(s, t)` measures :math:`d_{st} = x_t - x_s`, with a standard error. Pairs
over several lags in time make a net with loops in it, which is solved for the
trajectory :math:`x` that fits all of it best [1]_ [2]_: errors that differ from pair to
pair average out, and a pair that was matched wrongly contradicts the others and is
given no weight.

What the loops leave over tells how much of the pairs' errors are their own. The rest is
shared, and no net averages it out: the noise of a frame is in all of its pairs alike,
and what changes in the scene is in all pairs that span it. With the share :math:`f^2`
of the variances :math:`\sigma_{st}^2` seen in the loops,

.. math:: \sigma_{st}^2 (1 - f^2) \approx c + q \, |t - s|

gives the constant :math:`c` that one frame and the first have between them, and the
variance :math:`q` that each step in time adds like a random walk.

References
----------
.. [1] Y. Wang et al., "Localization events-based sample drift correction for
   localization microscopy with redundant cross-correlation algorithm", Optics Express
   22(13), 2014, doi 10.1364/OE.22.015982.
.. [2] B. Savitzky et al., "Image registration of low signal-to-noise cryo-STEM data",
   Ultramicroscopy 191, 2018, doi 10.1016/j.ultramic.2018.04.008.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import splu

from maskalign.core.resistance import resistances

__all__ = ["PairShifts", "Trajectory", "linked", "solve"]

#: A residual of this many standard errors has lost half of its weight.
_TOLERATED = 3.0
#: Each round the tolerance falls by this factor, from the largest residual on: what is
#: least wrong settles first.
_COOLING = 0.6
#: Rounds with the final tolerance.
_FINAL_ROUNDS = 5
#: Least standard error of a pair, pixels.
_FLOOR = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class PairShifts:
    """Measured differences between frames."""

    #: Frames laid over, and frames moved, shape (P,).
    reference: NDArray[np.intp]
    moving: NDArray[np.intp]
    #: What lays the moving one over the other, pixels, shape (P, ndim).
    shift: NDArray[np.float64]
    #: Standard errors, pixels, shape (P, ndim).
    std: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray[np.bool_]) -> "PairShifts":
        return PairShifts(
            self.reference[chosen],
            self.moving[chosen],
            self.shift[chosen],
            self.std[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Where every frame lies, relative to one of them."""

    #: Pixels, shape (T, ndim); NaN for frames that no pair links to the origin.
    shifts: NDArray[np.float64]
    #: Standard error relative to the origin, pixels, shape (T, ndim).
    std: NDArray[np.float64]
    #: How far the pairs of a frame are from agreeing (root mean square over pairs and
    #: axes), pixels, shape (T,); NaN where no loop closes.
    residual: NDArray[np.float64]


def linked(pairs: PairShifts, n_frames: int) -> NDArray[np.int32]:
    """Return a number for each frame: the same for all that pairs link.

    Examples
    --------
    >>> none = np.zeros((2, 1))
    >>> linked(PairShifts(np.array([0, 2]), np.array([1, 3]), none, none), 5)
    array([0, 0, 1, 1, 2], dtype=int32)
    """
    ones = np.ones(len(pairs.reference))
    shape = (n_frames, n_frames)
    graph = sparse.coo_array((ones, (pairs.reference, pairs.moving)), shape)
    _, labels = csgraph.connected_components(graph, directed=False)
    return np.asarray(labels, np.int32)


def solve(pairs: PairShifts, n_frames: int, origin: int) -> Trajectory:
    """Return the trajectory that fits the pairs best.

    Parameters
    ----------
    pairs : PairShifts
        What was measured; all numbers finite.
    n_frames : int
        Number of frames.
    origin : int
        The frame that all others are relative to.
    """
    ndim = pairs.shift.shape[1]
    shifts = np.full((n_frames, ndim), np.nan)
    std = np.full((n_frames, ndim), np.nan)
    squares = np.zeros((len(pairs.reference), ndim))
    labels = linked(pairs, n_frames)
    inside = labels == labels[origin]
    shifts[origin] = std[origin] = 0
    used = inside[pairs.reference]
    net = pairs[used]
    loops = int(np.count_nonzero(used) - np.count_nonzero(inside)) + 1
    if used.any():
        unknown = np.flatnonzero(inside & (np.arange(n_frames) != origin))
        column = np.full(n_frames, -1)
        column[unknown] = np.arange(len(unknown))
        ends = column[net.reference], column[net.moving]
        design = _differences(*ends, len(unknown))
        away = abs(unknown - origin)
        for axis in range(ndim):
            sigma = np.maximum(net.std[:, axis], _FLOOR)
            place, weight = _robust(design, net.shift[:, axis], sigma)
            rest = net.shift[:, axis] - design @ place
            squares[used, axis] = rest**2
            shifts[unknown, axis] = place
            own = _own_share(rest / sigma, weight * sigma**2, loops)
            variance = own * resistances(*ends, weight, len(unknown))
            variance += _shared(net, sigma, min(own, 1.0), away)
            std[unknown, axis] = np.sqrt(variance)
    residual = np.full(n_frames, np.nan)
    if loops > 0:
        residual[inside] = _by_frame(pairs, squares.mean(axis=1), n_frames)[inside]
    return Trajectory(shifts, std, residual)


def _differences(
    reference: NDArray[np.intp], moving: NDArray[np.intp], n: int
) -> sparse.csr_array:
    """Return the matrix that turns `n` places into differences; -1 is the origin."""
    rows = np.arange(len(reference))
    entries = []
    for at, sign in ((moving, 1.0), (reference, -1.0)):
        known = at >= 0
        entries.append((np.full(known.sum(), sign), rows[known], at[known]))
    values, i, j = (np.concatenate(part) for part in zip(*entries, strict=True))
    return sparse.csr_array((values, (i, j)), shape=(len(rows), n))


def _robust(
    design: sparse.csr_array, measured: NDArray[np.float64], sigma: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the places, and the weights that outliers have lost.

    The weights are those of Geman and McClure, approached from far: with all pairs
    tolerated at first, the worst drop out before they have bent the rest.
    """
    weight = sigma**-2
    place = _least_squares(design, measured, weight)
    deviation = abs(measured - design @ place) / sigma
    tolerance = max(float(deviation.max()), _TOLERATED)
    final = 0
    while final < _FINAL_ROUNDS:
        # Where all errors are larger than they claim, none is an outlier for that.
        typical = 1.4826 * float(np.median(deviation))
        least = _TOLERATED * max(typical, 1.0)
        tolerance = max(tolerance * _COOLING, least)
        final += tolerance == least
        weight = sigma**-2 / (1 + (deviation / tolerance) ** 2) ** 2
        place = _least_squares(design, measured, weight)
        deviation = abs(measured - design @ place) / sigma
    return place, weight


def _least_squares(
    design: sparse.csr_array, measured: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    weighted = design.T @ sparse.diags_array(weight)
    place: NDArray[np.float64] = splu((weighted @ design).tocsc()).solve(
        weighted @ measured
    )
    return place


def _own_share(
    deviation: NDArray[np.float64], trust: NDArray[np.float64], loops: int
) -> float:
    """Return which share of the pairs' variance the loops show.

    Without a loop nothing contradicts: all of it may be the pairs' own.
    """
    if loops <= 0:
        return 1.0
    # As if only pairs that are trusted made the loops.
    lost = float((1 - np.sqrt(trust)).sum())
    return float(np.sum(trust * deviation**2) / max(loops - lost, 1.0))


def _shared(
    pairs: PairShifts,
    sigma: NDArray[np.float64],
    own: float,
    away: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return the variance that all pairs share, for frames so far from the origin."""
    gap = abs(pairs.moving - pairs.reference).astype(float)
    # Two numbers fitted to variances, each with an error in proportion to it.
    variance = sigma**2
    model = np.stack([np.ones_like(gap), gap], axis=1) / variance[:, np.newaxis]
    (constant, walk), _ = optimize.nnls(model, np.full(len(gap), 1 - own))
    return np.asarray(constant + walk * away)


def _by_frame(
    pairs: PairShifts, squares: NDArray[np.float64], n_frames: int
) -> NDArray[np.float64]:
    """Return the root mean square over the pairs of each frame."""
    total, number = np.zeros(n_frames), np.zeros(n_frames)
    for frames in (pairs.reference, pairs.moving):
        np.add.at(total, frames, squares)
        np.add.at(number, frames, 1)
    root: NDArray[np.float64] = np.sqrt(total / np.maximum(number, 1))
    return np.where(number > 0, root, np.nan)
