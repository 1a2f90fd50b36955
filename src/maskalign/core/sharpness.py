"""How much detail two images share."""

import numpy as np

from maskalign.model.types import FloatArray, ValidArray

__all__ = ["shared_detail"]


def shared_detail(first: FloatArray, second: FloatArray, valid: ValidArray) -> float:
    r"""Return the mean product of the slopes of two images.

    .. math:: \frac1n \sum_p \nabla a(p) \cdot \nabla b(p)

    For one image taken twice it is the energy of its gradient, which falls when it is
    blurred. The noise of two independent images averages out: it does not count as
    detail, as it would in the gradient of either one.

    Parameters
    ----------
    first, second : ndarray of float, shape (Y, X) or (Z, Y, X)
        The two images, on top of each other.
    valid : ndarray of bool
        True where both may be used.

    Returns
    -------
    float
        For each axis over the pixels both of whose neighbours are valid; the sum over
        axes. Axes that have no such pixels are left out; NaN if none has.

    Examples
    --------
    >>> ramp = np.arange(12.0).reshape(3, 4)
    >>> shared_detail(ramp, 2 * ramp, np.ones((3, 4), bool))
    34.0
    """
    total, known = 0.0, False
    for axis in range(valid.ndim):
        before, after = (
            (slice(None),) * axis + (part,) for part in (slice(-2), slice(2, None))
        )
        used = valid[before] & valid[after]
        if not used.any():
            continue
        slopes = [image[after] - image[before] for image in (first, second)]
        products = np.multiply(*slopes)[used]
        total += float(products.mean(dtype=np.float64)) / 4
        known = True
    return total if known else float("nan")
