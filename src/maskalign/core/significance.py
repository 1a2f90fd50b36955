"""How much of a correlation coefficient may be chance."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = ["fisher_z", "p_value"]


def fisher_z(ncc: ArrayLike, n: ArrayLike) -> Any:
    r"""Return how many standard deviations of chance a correlation coefficient is.

    .. math:: z = \sqrt{n - 3}\; \operatorname{artanh}(\mathrm{NCC})

    is normal with mean 0 and standard deviation 1 for unrelated images [1]_.

    Parameters
    ----------
    ncc : array_like of float
        Correlation coefficients, -1 to 1; NaN stays NaN.
    n : float or array_like
        Pixels that each was computed from. It is *independent* pixels that count: where
        an image is smooth over an area of k pixels, give ``n / k``.

    Returns
    -------
    ndarray of float, or float
        dtype of `ncc`; infinite where that is 1 or -1, NaN where n is 3 or less.

    References
    ----------
    .. [1] R. A. Fisher, "On the 'probable error' of a coefficient of correlation
       deduced from a small sample", Metron 1, 1921.

    Examples
    --------
    >>> round(float(fisher_z(0.5, 49)), 2)
    3.73
    """
    ncc = _coefficients(ncc)
    spread = np.sqrt(np.maximum(np.asarray(n, float) - 3, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.arctanh(ncc) * spread
    return np.where(spread > 0, z, np.nan).astype(ncc.dtype)[()]


def p_value(ncc: ArrayLike, n: ArrayLike) -> Any:
    """Return how probable so high a coefficient, of either sign, is by chance.

    Exact for unrelated images of independent, normal pixels: Student's t with n - 2
    degrees of freedom, as in `scipy.stats.pearsonr`.

    Parameters
    ----------
    ncc, n : array_like of float
        As for `fisher_z`.

    Returns
    -------
    ndarray of float, or float
        From 0 to 1, dtype of `ncc`; NaN where n is 2 or less.

    Examples
    --------
    >>> round(float(p_value(0.5, 49)), 5)
    0.00025
    """
    ncc, n = _coefficients(ncc), np.asarray(n, float)
    half = np.where(n > 2, n - 2, np.nan) / 2
    # 1 - r^2, without losing what is left of it near 1.
    rest = (1 - ncc.astype(float)) * (1 + ncc.astype(float))
    return special.betainc(half, 0.5, rest).astype(ncc.dtype)[()]


def _coefficients(ncc: ArrayLike) -> NDArray[Any]:
    ncc = np.asarray(ncc)
    return ncc if ncc.dtype.kind == "f" else ncc.astype(float)
