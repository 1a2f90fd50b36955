"""How much to blur noisy images before they are compared."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["matched_blur"]

#: Narrower, a sampled Gaussian is no good interpolation; wider, nothing is left.
_NARROWEST, _WIDEST = 0.5, 3.0


def matched_blur(ncc: float, curvature: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the blur that suits the noise, pixels, one for each axis.

    For an image with spectrum :math:`S` in white noise :math:`N` the best weight of a
    frequency is :math:`S / (2 S + N)`: flat up to where :math:`2 S = N`, falling like
    :math:`S` beyond. Both are read off the peak, taken for a Gaussian: its height
    tells :math:`S / N`, its width the spectrum. The Gaussian returned weighs the two
    images together by one half where :math:`2 S = N`.

    References
    ----------
    .. [1] C. Knapp, G. Carter, "The generalized correlation method for estimation of
       time delay", IEEE Transactions on Acoustics, Speech and Signal Processing 24(4),
       1976, doi 10.1109/TASSP.1976.1162830.
    """
    ncc = min(max(ncc, 1e-6), 1 - 1e-6)
    bend = np.maximum(-np.nan_to_num(np.diag(curvature)), 1e-9)
    # The autocorrelation exp(-x^2 / 4 s^2) has the curvature -1 / 2 s^2.
    width = np.sqrt(ncc / (2 * bend))
    signal = ncc / (1 - ncc) * np.prod(np.sqrt(4 * np.pi) * width)
    excess = max(np.log(2 * signal), np.log(2))
    blur: NDArray[np.float64] = width * np.sqrt(np.log(2) / excess)
    return np.clip(blur, _NARROWEST, _WIDEST)
