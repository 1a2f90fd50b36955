r"""What the shifts of many places of an image have in common.

Content that has gone from :math:`p` to :math:`p + v(p)`, with :math:`p = (y, x)`
counted from the middle, is described by

.. math:: v = t + s \begin{pmatrix} y \\ x \end{pmatrix}
          + \theta \begin{pmatrix} -x \\ y \end{pmatrix}
          + e \begin{pmatrix} y \\ -x \end{pmatrix}
          + h \begin{pmatrix} x \\ y \end{pmatrix}

a translation, a change of scale, a turn (counter-clockwise as an image is shown, with y
downwards) and two kinds of stretch: to first order every affine map. What a place does
beyond that it does on its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["LocalMotion", "fit_motion"]

Array = NDArray[np.float64]

#: Numbers of the model, in the order of the formula: t (two), s, theta, e, h.
_PARAMETERS = 6
#: Fewest places, of two numbers each, that are taken for evidence.
_FEWEST = 8
#: How improbable an error of so many standard errors is: from few places it is made
#: larger, so that one is never more probable than from many.
_IMPROBABLE, _SIGMAS = 3e-5, 4.0
#: A place that is off by this many standard errors has lost half of its weight.
_TOLERATED = 3.0
#: Each round the tolerance falls by this factor, from the largest error on.
_COOLING = 0.6
#: Rounds with the final tolerance.
_FINAL_ROUNDS = 5
#: Least standard error of a place, pixels.
_FLOOR = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class LocalMotion:
    """The affine motion that fits most places, and what is left of each."""

    #: t (y, x) in pixels, then s, theta, e and h (per pixel), shape (6,).
    values: Array
    #: Their standard errors, shape (6,); larger where places scatter by more than
    #: their own errors say, and where there are few.
    errors: Array
    #: Motion of each place beyond the model, (y, x) in pixels, shape (N, 2).
    own: Array
    #: Standard error of `own`, from the places themselves, shape (N, 2).
    own_error: Array


def fit_motion(places: Array, motions: Array, errors: Array) -> LocalMotion | None:
    """Fit one affine motion to those of many places, robustly.

    Parameters
    ----------
    places : ndarray of float, shape (N, 2)
        (y, x) of each, pixels from the middle of the image.
    motions : ndarray of float, shape (N, 2)
        How far the content has gone there, (y, x), pixels.
    errors : ndarray of float, shape (N, 2)
        Standard errors of `motions`, pixels.

    Returns
    -------
    LocalMotion or None
        None if there are fewer than eight places, or all lie on one line.

    Notes
    -----
    Weighted least squares, in rounds: places that move on their own lose their weight
    (the function of Geman and McClure, approached from far), so that they do not pass
    for a turn of the whole.

    Examples
    --------
    A turn by a hundredth of a radian:

    >>> places = np.array([(y, x) for y in (-9.0, 0, 9) for x in (-9.0, 0, 9)])
    >>> motions = 0.01 * np.stack([-places[:, 1], places[:, 0]], axis=1)
    >>> fit = fit_motion(places, motions, np.full((9, 2), 0.01))
    >>> np.round(fit.values, 4) + 0
    array([0.  , 0.  , 0.  , 0.01, 0.  , 0.  ])
    """
    design = _design(places)
    if len(places) < _FEWEST or np.linalg.matrix_rank(design) < _PARAMETERS:
        return None
    measured, sigma = motions.ravel(), np.maximum(errors.ravel(), _FLOOR)
    values, weight, inflation = _robust(design, measured, sigma)
    covariance = np.linalg.inv(design.T @ (weight[:, np.newaxis] * design))
    rest = (measured - design @ values).reshape(-1, 2)
    return LocalMotion(
        values,
        np.sqrt(np.diag(covariance)) * inflation * _for_few(len(design) - _PARAMETERS),
        rest,
        sigma.reshape(-1, 2),
    )


def _for_few(freedom: int) -> float:
    """Return how much larger errors are to be taken that are known from few numbers."""
    return float(-stats.t.ppf(_IMPROBABLE, freedom) / _SIGMAS)


def _design(places: Array) -> Array:
    """Return the matrix that turns the numbers of the model into motions."""
    y, x = places.T
    one, none = np.ones_like(y), np.zeros_like(y)
    along_y = np.stack([one, none, y, -x, y, x], axis=1)
    along_x = np.stack([none, one, x, y, -x, y], axis=1)
    return np.stack([along_y, along_x], axis=1).reshape(-1, _PARAMETERS)


def _robust(design: Array, measured: Array, sigma: Array) -> tuple[Array, Array, float]:
    """Return the numbers, the weights, and by how much errors exceed what they say."""
    weight = sigma**-2
    values = _least_squares(design, measured, weight)
    deviation = _deviation(design, measured, values, sigma)
    tolerance = max(float(deviation.max()), _TOLERATED)
    final, inflation = 0, 1.0
    while final < _FINAL_ROUNDS:
        # Of two axes together, the median of Rayleigh's distribution is 1.18.
        inflation = max(float(np.median(deviation)) / 1.18, 1.0)
        least = _TOLERATED * inflation
        tolerance = max(tolerance * _COOLING, least)
        final += tolerance == least
        weight = sigma**-2 / (1 + (np.repeat(deviation, 2) / tolerance) ** 2) ** 2
        values = _least_squares(design, measured, weight)
        deviation = _deviation(design, measured, values, sigma)
    return values, weight, inflation


def _least_squares(design: Array, measured: Array, weight: Array) -> Array:
    root = np.sqrt(weight)
    values = np.linalg.lstsq(root[:, np.newaxis] * design, root * measured, rcond=None)
    return np.asarray(values[0], float)


def _deviation(design: Array, measured: Array, values: Array, sigma: Array) -> Array:
    """Return how many standard errors each place is off, both axes together."""
    off = ((measured - design @ values) / sigma).reshape(-1, 2)
    return np.asarray(np.hypot(off[:, 0], off[:, 1]))
