"""What histograms tell: distances of two, and the information in a joint one.

The distances compare the histograms of the two images over common bins, each with the
sum 1. They are those of OpenCV's ``compareHist``. Where in the image a value stands is
of no account.
"""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import entr

from maskalign.core.similarity.bins import are_whole, bin_edges, bin_numbers
from maskalign.core.similarity.correlations import correlation
from maskalign.core.similarity.pair import Pair, as_pair
from maskalign.model.similarity import JointHistogram

__all__ = [
    "chi_square",
    "hellinger",
    "histogram_correlation",
    "intersection",
    "joint_histogram",
    "nmi",
]

Shares = NDArray[np.float64]

#: Most bins of each image in a joint histogram.
_JOINT_BINS = 128
#: Bins of each image for the mutual information, as in scikit-image.
_NMI_BINS = 100


def joint_histogram(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    bins: int | None = None,
    clip: float = 0.0,
) -> JointHistogram:
    """Count how often each pair of values occurs at one pixel of two images.

    Alike images lie on a line; images of different stains on several, or in two arms
    along the axes; unrelated ones in a blot.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        The two images. NaN and infinite pixels are invalid by themselves.
    mask : array_like, the same shape, optional
        True (non-zero) where a pixel may be used in both.
    bins : int, optional
        Bins along each axis, of one width from the lowest to the highest value. Left
        out: 128, or for whole numbers as many fewer as give each bin equally many of
        them, for else there would be stripes.
    clip : float
        Percent of the pixels to leave out at either end of each image, 0 to 50 (50
        excluded), so that a hot pixel does not press all others into a corner.

    Returns
    -------
    JointHistogram
        ``.counts``, bins of the reference along the first axis and of moving along the
        second; ``.reference_edges`` and ``.moving_edges``. Pixels beyond the edges,
        which `clip` alone makes, are not counted.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all, or `bins` is no integer.
    ValueError
        If the shapes differ, or an option is out of range.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.

    Examples
    --------
    >>> joint_histogram([[0, 1], [1, 1]], [[0, 5], [5, 0]], bins=2).counts
    array([[1, 0],
           [1, 2]])
    """
    _check_options(bins, clip)
    pair = as_pair(reference, moving, mask)
    x, y = pair.x, pair.y
    ends = [np.percentile(values, [clip, 100 - clip]) for values in (x, y)]
    edges = [
        _edges(values, low, high, bins)
        for values, (low, high) in zip((x, y), ends, strict=True)
    ]
    if clip:
        inside = [
            (values >= low) & (values <= high)
            for values, (low, high) in zip((x, y), ends, strict=True)
        ]
        x, y = x[inside[0] & inside[1]], y[inside[0] & inside[1]]
    return JointHistogram(_joint_counts(x, y, edges), edges[0], edges[1])


def nmi(pair: Pair) -> float:
    r"""Return the normalized mutual information, 1 (none) to 2 (one tells the other).

    .. math:: \frac{H(X) + H(Y)}{H(X, Y)}

    from a joint histogram of 100 bins a side, as
    `skimage.metrics.normalized_mutual_information`. NaN if both images are constant.

    References
    ----------
    .. [1] C. Studholme, D. Hill, D. Hawkes, "An overlap invariant entropy measure of 3D
       medical image alignment", Pattern Recognition 32(1), 1999,
       doi 10.1016/S0031-3203(98)00091-0.
    """
    x, y = pair.x, pair.y
    edges = [bin_edges(v.min(), v.max(), _NMI_BINS) for v in (x, y)]
    shares = _joint_counts(x, y, edges) / x.size
    together = _entropy(shares)
    if not together:
        return np.nan
    apart = _entropy(shares.sum(axis=0)) + _entropy(shares.sum(axis=1))
    return float(np.clip(apart / together, 1, 2))


def histogram_correlation(p: Shares, q: Shares) -> float:
    """Return the correlation coefficient of two histograms; NaN if one is flat."""
    return correlation(p, q)


def chi_square(p: Shares, q: Shares) -> float:
    r"""Return :math:`\sum (p - q)^2 / p` over the bins in which `p` is not 0.

    Not symmetric: what `q` has where the reference has nothing does not enter.
    """
    known = p > 0
    return float(np.sum((p[known] - q[known]) ** 2 / p[known]))


def intersection(p: Shares, q: Shares) -> float:
    r"""Return :math:`\sum \min(p, q)`, what two histograms have in common, 0 to 1."""
    # The same, as both add up to 1; exact for equal ones.
    return float(1 - np.abs(p - q).sum() / 2)


def hellinger(p: Shares, q: Shares) -> float:
    r"""Return :math:`\sqrt{1 - \sum \sqrt{p q}}`, 0 to 1.

    OpenCV calls it both Hellinger's and Bhattacharyya's distance.
    """
    # The same, as both add up to 1; it cancels nothing for like ones.
    return float(np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2))


def _entropy(shares: Shares) -> float:
    # Sorted, so that the same shares add up to the same number.
    return float(entr(np.sort(shares[shares > 0])).sum())


def _check_options(bins: int | None, clip: float) -> None:
    if bins is not None:
        if not isinstance(bins, Integral) or isinstance(bins, bool):
            msg = f"bins must be a whole number, got {bins!r}."
            raise TypeError(msg)
        if bins < 1:
            msg = f"bins must be 1 or more, got {bins}."
            raise ValueError(msg)
    if not 0 <= clip < 50:
        msg = f"clip must be from 0 to below 50 percent, got {clip!r}."
        raise ValueError(msg)


def _edges(
    values: NDArray[np.float64], low: float, high: float, bins: int | None
) -> NDArray[np.float64]:
    """Return the ends of the bins; those of whole numbers lie between two of them."""
    if bins is not None or not are_whole(values):
        return bin_edges(low, high, _JOINT_BINS if bins is None else int(bins))
    low, high = np.floor(low), np.ceil(high)
    width = np.ceil((high - low + 1) / _JOINT_BINS)
    n = int(np.ceil((high - low + 1) / width))
    return np.asarray(low - 0.5 + width * np.arange(n + 1))


def _joint_counts(
    x: NDArray[np.float64], y: NDArray[np.float64], edges: list[NDArray[np.float64]]
) -> NDArray[np.int64]:
    rows, columns = (len(ends) - 1 for ends in edges)
    cell = bin_numbers(x, edges[0]) * columns + bin_numbers(y, edges[1])
    counts = np.bincount(cell, minlength=rows * columns)
    return counts.reshape(rows, columns).astype(np.int64, copy=False)
