"""Correlation coefficients of the pixels of two images, and an interval for one."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from maskalign.core.similarity.pair import Pair, as_pair, centred
from maskalign.core.similarity.spectra import independent_pixels
from maskalign.model.similarity import PearsonCorrelation

__all__ = ["KENDALL_PIXELS", "correlation", "kendall", "pearson", "spearman"]

#: Kendall's tau looks at no more pixels than this: it would take seconds, and its
#: standard error is below 0.003 with so many.
KENDALL_PIXELS = 100_000


def pearson(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    confidence: float = 0.95,
    correlated_pixels: bool = False,
) -> PearsonCorrelation:
    r"""Return the correlation coefficient of two images with a confidence interval.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        The two images. NaN and infinite pixels are invalid by themselves.
    mask : array_like, the same shape, optional
        True (non-zero) where a pixel may be used in both.
    confidence : float
        Probability that the interval holds the true coefficient, 0 to 1.
    correlated_pixels : bool
        Whether to allow for pixels being like their neighbours. By default every pixel
        counts as one independent observation, as textbooks have it; in an image they
        are not, and that interval is much too narrow. True counts as many as the
        autocorrelations of the two images leave independent [2]_, which is a rough
        number where structures are nearly as wide as the image.

    Returns
    -------
    PearsonCorrelation
        ``.r``, ``.low``, ``.high``, ``.n``, ``.n_effective``, ``.confidence``. NaN if
        an image is constant where it is valid.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all.
    ValueError
        If the shapes differ, or `confidence` is not between 0 and 1.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.

    Notes
    -----
    Fisher's :math:`z = \operatorname{artanh} r` is nearly normal with the standard
    deviation :math:`1 / \sqrt{n_\mathrm{eff} - 3}` [1]_; with three independent pixels
    or fewer the interval is all of -1 to 1.

    References
    ----------
    .. [1] R. A. Fisher, "On the probable error of a coefficient of correlation deduced
       from a small sample", Metron 1, 1921, pp. 3-32.
    .. [2] P. Clifford, S. Richardson, D. Hemon, "Assessing the significance of the
       correlation between two spatial processes", Biometrics 45(1), 1989,
       doi 10.2307/2532039.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> scene = rng.normal(size=(64, 64))
    >>> found = pearson(scene, scene + rng.normal(size=(64, 64)))
    >>> round(found.r, 2), round(found.low, 2), round(found.high, 2)
    (0.7, 0.69, 0.72)
    """
    if not 0 < confidence < 1:
        msg = f"confidence must lie between 0 and 1, got {confidence!r}."
        raise ValueError(msg)
    pair = as_pair(reference, moving, mask)
    r, n = correlation(pair.x, pair.y), pair.valid.count
    n_effective = independent_pixels(pair) if correlated_pixels else float(n)
    low, high = _interval(r, n_effective, float(confidence))
    return PearsonCorrelation(r, low, high, float(confidence), n, n_effective)


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the correlation coefficient of two samples; NaN if one is constant."""
    a, b = centred(x), centred(y)
    if a is None or b is None:
        return np.nan
    # One root of the product, so that a sample and itself give 1 exactly.
    r = np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b))
    return float(np.clip(r, -1, 1))


def spearman(pair: Pair) -> float:
    """Return the correlation of the ranks; equal values share their mean rank.

    NaN if an image is constant.
    """
    # Half a second to import, and not all need it.
    from scipy.stats import rankdata

    return correlation(rankdata(pair.x), rankdata(pair.y))


def kendall(pair: Pair) -> float:
    """Return Kendall's tau-b of the pixels, or of `KENDALL_PIXELS` of them.

    They are drawn at random, but always the same ones. NaN if an image is constant.
    """
    from scipy.stats import kendalltau

    x, y = pair.x, pair.y
    if x.size > KENDALL_PIXELS:
        draw = np.random.default_rng(0)
        chosen = draw.choice(x.size, KENDALL_PIXELS, replace=False, shuffle=False)
        x, y = x[chosen], y[chosen]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    return float(kendalltau(x, y).statistic)


def _interval(r: float, n: float, confidence: float) -> tuple[float, float]:
    """Return the ends of Fisher's interval."""
    if np.isnan(r):
        return np.nan, np.nan
    if abs(r) == 1:
        return r, r
    if n <= 3:
        return -1.0, 1.0
    half = ndtri((1 + confidence) / 2) / np.sqrt(n - 3)
    z = np.arctanh(r)
    return float(np.tanh(z - half)), float(np.tanh(z + half))
