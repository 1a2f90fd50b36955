"""Errors of one image against another: mean squared, normalized, in decibels."""

import numpy as np

from maskalign.core.similarity.pair import Pair

__all__ = ["mse", "nrmse", "psnr"]


def mse(pair: Pair) -> float:
    """Return the mean squared difference."""
    difference = pair.x - pair.y
    return float(np.dot(difference, difference) / difference.size)


def nrmse(pair: Pair) -> float:
    """Return the rms difference over the rms of the reference.

    NaN if the reference is 0 everywhere.
    """
    power = float(np.dot(pair.x, pair.x) / pair.x.size)
    return float(np.sqrt(mse(pair)) / np.sqrt(power)) if power else np.nan


def psnr(pair: Pair) -> float:
    """Return the range of values in both images over the rms difference, in decibels.

    Infinite if the images are equal.
    """
    low, high = pair.limits
    error = mse(pair)
    return float(10 * np.log10((high - low) ** 2 / error)) if error else np.inf
