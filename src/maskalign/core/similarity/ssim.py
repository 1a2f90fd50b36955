"""Structural similarity: window by window, and on average."""

from math import prod
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from maskalign.core.similarity.pair import Pair, as_pair

__all__ = ["ssim", "ssim_map"]

_WINDOW = 7
#: The constants of the method, shares of the data range.
_K1, _K2 = 0.01, 0.03


def ssim_map(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    window: int = _WINDOW,
) -> NDArray[np.float64]:
    r"""Return the structural similarity of two images around every pixel.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        The two images, of any number of axes. NaN and infinite pixels are invalid by
        themselves.
    mask : array_like, the same shape, optional
        True (non-zero) where a pixel may be used in both.
    window : int
        Side of the window in pixels, odd, the same along all axes but those of
        length 1.

    Returns
    -------
    ndarray of float64, shape of the images
        From -1 to 1, NaN wherever the window is not wholly inside the image and valid.
        Its mean over the rest is what `compare` calls ``ssim``.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all, or `window` is no integer.
    ValueError
        If the shapes differ, or the window is even, less than 3 or larger than the
        images.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.

    Notes
    -----
    .. math:: \frac{(2 \mu_1 \mu_2 + C_1) (2 \sigma_{12} + C_2)}
                   {(\mu_1^2 + \mu_2^2 + C_1) (\sigma_1^2 + \sigma_2^2 + C_2)}

    with uniform weights, sample covariances, :math:`C_1 = (0.01 R)^2` and
    :math:`C_2 = (0.03 R)^2`, where `R` is the range from the lowest to the highest
    valid value of both images: the defaults of `skimage.metrics.structural_similarity`,
    which lets windows look beyond the edge and has no masks. It is computed in float64,
    with the middle of that range subtracted before anything is squared. Where both
    images have one and the same value everywhere, so that `R` is 0, it is 1.

    References
    ----------
    .. [1] Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment: from
       error visibility to structural similarity", IEEE Transactions on Image Processing
       13(4), 2004, doi 10.1109/TIP.2003.819861, equation 13.

    Examples
    --------
    >>> import numpy as np
    >>> scene = np.random.default_rng(0).normal(size=(20, 24))
    >>> worse = scene.copy()
    >>> worse[:, 12:] = 0
    >>> found = ssim_map(scene, worse)
    >>> bool(np.isnan(found[:3]).all()), float(found[10, 5]), bool(found[10, 20] < 0.1)
    (True, 1.0, True)
    """
    if not isinstance(window, Integral) or isinstance(window, bool):
        msg = f"window must be an odd whole number of pixels, got {window!r}."
        raise TypeError(msg)
    if window < 3 or window % 2 == 0:
        msg = f"window must be odd and 3 or more, got {window}."
        raise ValueError(msg)
    pair = as_pair(reference, moving, mask)
    if not _fits(pair, window):
        msg = (
            f"A window of {window} pixels does not fit into images of shape "
            f"{pair.valid.shape}; choose a smaller one."
        )
        raise ValueError(msg)
    return _map(pair, int(window))


def ssim(pair: Pair) -> float:
    """Return the mean over all windows of 7 pixels that are wholly valid.

    NaN if there is none.
    """
    if not _fits(pair, _WINDOW):
        return np.nan
    found = _map(pair, _WINDOW)
    known = np.isfinite(found)
    return float(found[known].mean()) if known.any() else np.nan


def _fits(pair: Pair, window: int) -> bool:
    shape = pair.valid.shape
    return max(shape) > 1 and all(n == 1 or n >= window for n in shape)


def _map(pair: Pair, window: int) -> NDArray[np.float64]:
    low, high = pair.limits
    # Half each, for the sum of two numbers may exceed the largest one.
    middle = low / 2 + high / 2
    c1, c2 = ((k * (high - low)) ** 2 for k in (_K1, _K2))
    a, b = (pair.spread(values - middle) for values in (pair.x, pair.y))
    sides = tuple(window if n > 1 else 1 for n in a.shape)
    size = prod(sides)
    unbiased = size / (size - 1)

    def mean(image: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(ndimage.uniform_filter(image, sides))

    mean_a, mean_b = mean(a), mean(b)
    covariance = (mean(a * b) - mean_a * mean_b) * unbiased
    # Summed in this order, an image and itself give 1 exactly.
    variances = (mean(a * a) - mean_a**2) + (mean(b * b) - mean_b**2)
    variances *= unbiased
    mean_a += middle
    mean_b += middle
    above = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    below = (mean_a**2 + mean_b**2 + c1) * (variances + c2)
    found = np.ones(a.shape)
    np.divide(above, below, out=found, where=below > 0)
    whole = ndimage.minimum_filter(pair.valid.array, sides, mode="constant", cval=False)
    found[~whole] = np.nan
    return found
