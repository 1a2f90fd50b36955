"""Overlap of what is in the foreground of two images."""

import numpy as np
from numpy.typing import NDArray

from maskalign.core.similarity.bins import are_whole, bin_edges, bin_numbers
from maskalign.core.similarity.pair import Pair

__all__ = ["dice", "otsu"]

#: Bins for Otsu's threshold ...
_BINS = 256
#: ... but one for each value of integers that have a range of at most this.
_MOST_VALUES = 1 << 16


def dice(pair: Pair) -> float:
    """Return the Dice coefficient of the foregrounds, 0 to 1.

    Twice the pixels that both foregrounds share over the sum of their sizes. In a
    binary image, one with no values but 0 and one other, the foreground is what is not
    0; in any other, what lies above Otsu's threshold. NaN if both are empty.

    References
    ----------
    .. [1] L. Dice, "Measures of the amount of ecologic association between species",
       Ecology 26(3), 1945, doi 10.2307/1932409.
    """
    a, b = _foreground(pair.x), _foreground(pair.y)
    size = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / size if size else np.nan


def otsu(values: NDArray[np.float64]) -> float:
    """Return the threshold that parts values into two classes most unlike each other.

    As `skimage.filters.threshold_otsu`: from a histogram of 256 bins, or of all values
    if they are whole numbers, and not spread too far.

    References
    ----------
    .. [1] N. Otsu, "A threshold selection method from gray-level histograms", IEEE
       Transactions on Systems, Man, and Cybernetics 9(1), 1979,
       doi 10.1109/TSMC.1979.4310076.
    """
    low, high = float(values.min()), float(values.max())
    if high - low < _MOST_VALUES and are_whole(values):
        centers = np.arange(low, high + 1)
        numbers = (values - low).astype(np.intp)
    else:
        edges = bin_edges(low, high, _BINS)
        centers = (edges[1:] + edges[:-1]) / 2
        numbers = bin_numbers(values, edges)
    counts = np.bincount(numbers, minlength=len(centers)).astype(float)
    sums = counts * (centers - low)
    below, total = np.cumsum(counts)[:-1], counts.sum()
    sum_below = np.cumsum(sums)[:-1]
    # No class is empty: the first bin holds the lowest value, the last the highest.
    apart = sum_below / below - (sums.sum() - sum_below) / (total - below)
    return float(centers[np.argmax(below * (total - below) * apart**2)])


def _foreground(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    seen: NDArray[np.bool_] = values != 0
    others = values[seen]
    if not others.size or others.min() == others.max():
        return seen
    return np.greater(values, otsu(values))
