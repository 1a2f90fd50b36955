"""A trajectory in time: filled where it is not known, smoothed, read in between.

Plain functions on arrays. `values` has the shape (T, ndim); `good`, of shape (T,), is
True where a row may be used, and is so at least once.
"""

from math import ceil

import numpy as np
from numpy.typing import NDArray

__all__ = ["filled", "sampled", "smoothed"]

#: Weights of frames further away, in standard deviations, do not count.
_REACH = 5


def filled(values: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the values with the rows that are not good interpolated linearly.

    Before the first and after the last good row the value of that row is held.

    Examples
    --------
    >>> filled(np.array([[0.0], [9], [4], [9]]), np.array([True, False, True, False]))
    array([[0.],
           [2.],
           [4.],
           [4.]])
    """
    out = values.copy()
    rows = np.arange(len(values))
    for axis in range(values.shape[1]):
        out[~good, axis] = np.interp(rows[~good], rows[good], values[good, axis])
    return out


def sampled(
    values: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return values between rows, linearly interpolated and held beyond the ends."""
    rows = np.arange(len(values))
    return np.stack([np.interp(at, rows, column) for column in values.T], axis=1)


def smoothed(
    values: NDArray[np.float64], good: NDArray[np.bool_], sigma: float
) -> NDArray[np.float64]:
    """Return the values smoothed in time.

    Each good row becomes the value of the straight line that fits the good rows around
    it best, with the weights of a Gaussian (local linear regression [1]_). A straight
    line therefore stays as it is, up to its ends, where a weighted mean would bend it.
    Other rows are filled from these.

    Parameters
    ----------
    values, good : ndarray
        See above.
    sigma : float
        Standard deviation of the Gaussian, in rows.

    References
    ----------
    .. [1] W. S. Cleveland, "Robust locally weighted regression and smoothing
       scatterplots", Journal of the American Statistical Association 74(368), 1979,
       doi 10.1080/01621459.1979.10481038.

    Examples
    --------
    >>> line = np.arange(5.0)[:, np.newaxis]
    >>> smoothed(line, np.ones(5, bool), 2).ravel().round(12)
    array([0., 1., 2., 3., 4.])
    """
    n = len(values)
    half = min(ceil(_REACH * sigma), n - 1)
    away = np.arange(-half, half + 1)
    weights = np.exp(-0.5 * (away / sigma) ** 2)
    counted = good.astype(float)
    known = np.where(good[:, np.newaxis], values, 0.0)

    def moment(power: int, series: NDArray[np.float64]) -> NDArray[np.float64]:
        # A convolution turns its kernel round.
        kernel = weights * (-away) ** power
        return np.convolve(series, kernel)[half : half + n]

    s0, s1, s2 = (moment(power, counted) for power in range(3))
    spread = s0 * s2 - s1**2
    # A row that has no other near it keeps its value.
    alone = spread <= 0
    out = np.empty_like(values)
    for axis, column in enumerate(known.T):
        level, tilt = moment(0, column), moment(1, column)
        line = (s2 * level - s1 * tilt) / np.where(alone, 1.0, spread)
        out[:, axis] = np.where(alone, column, line)
    return filled(out, good)
