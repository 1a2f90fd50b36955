"""How bright frames are, and in how many ways they differ otherwise."""

import numpy as np
from numpy.typing import NDArray

from maskalign.model.types import FloatArray

__all__ = ["brightness", "variety"]

#: Points of the distribution of values by which the brightness is judged.
_QUANTILES = np.linspace(0.02, 0.98, 25)


def brightness(probes: FloatArray) -> NDArray[np.float64]:
    """Return gain and offset of each frame against the typical one.

    Judged by the distribution of values, which a motion hardly changes: bleaching and
    flicker are taken out, whether the sample moves or not.

    Parameters
    ----------
    probes : ndarray, shape (n_frames, n)
        Values of the same pixels in each frame. NaN where there is none.

    Returns
    -------
    ndarray, shape (n_frames, 2)
        Gain and offset: a frame is about gain times the typical frame, plus offset.

    Examples
    --------
    >>> values = np.arange(50.0)
    >>> brightness(np.stack([values, values[::-1], 2 * values + 3])).round(3)
    array([[1., 0.],
           [1., 0.],
           [2., 3.]])
    """
    known = np.isfinite(probes).all(axis=0)
    if not known.any():
        return np.tile([1.0, 0.0], (len(probes), 1))
    levels = np.quantile(probes[:, known], _QUANTILES, axis=1)
    typical = np.median(levels, axis=1)
    terms = np.stack([typical, np.ones_like(typical)], axis=1)
    if np.ptp(typical) == 0:
        return np.stack([np.ones(len(probes)), levels[0] - typical[0]], axis=1)
    fit, *_ = np.linalg.lstsq(terms, levels, rcond=None)
    pairs: NDArray[np.float64] = fit.T
    return pairs


def variety(probes: FloatArray, levels: NDArray[np.float64]) -> float:
    """Return in how many ways frames differ: 1 if all do by one and the same pattern.

    Parameters
    ----------
    probes : ndarray, shape (n_frames, n)
        Values of the same pixels in each frame. NaN where there is none.
    levels : ndarray, shape (n_frames, 2)
        Gain and offset of each frame, from `brightness`.

    Returns
    -------
    float
        The participation ratio of the covariance between frames, 0 to n_frames.

    Examples
    --------
    >>> here, there = np.eye(2)
    >>> jump = np.stack([here, here, there, there])
    >>> round(variety(jump, brightness(jump)), 6)
    1.0
    """
    gain, offset = levels.T[:, :, np.newaxis]
    rest = probes - gain * np.median(probes, axis=0) - offset
    rest = rest[:, np.isfinite(rest).all(axis=0)]
    covariance = rest @ rest.T
    total = float((covariance**2).sum())
    return float(np.trace(covariance)) ** 2 / total if total else 0.0
