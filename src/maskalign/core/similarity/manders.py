"""How much of each image lies where the other one has something."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.similarity.pair import Pair, as_pair, centred
from maskalign.model.similarity import CostesThreshold, MandersCoefficients

__all__ = ["costes_threshold", "manders", "overlap", "shares"]


def manders(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    thresholds: Sequence[float] | Literal["costes"] = (0.0, 0.0),
) -> MandersCoefficients:
    r"""Return Manders' colocalization coefficients of two images.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        The two images. NaN and infinite pixels are invalid by themselves.
    mask : array_like, the same shape, optional
        True (non-zero) where a pixel may be used in both.
    thresholds : pair of float, or ``"costes"``
        Above which value an image has something, for the reference and for moving: 0
        for images whose background is subtracted; ``"costes"`` for the thresholds that
        `costes_threshold` finds.

    Returns
    -------
    MandersCoefficients
        ``.m1``, ``.m2`` and ``.overlap``, all 0 to 1, and the ``.thresholds`` used. NaN
        where there is no answer: an image without any intensity, or images for which
        there are no Costes thresholds.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all.
    ValueError
        If the shapes differ, or `thresholds` are not two numbers nor ``"costes"``.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.

    Notes
    -----
    With :math:`x, y` the values and :math:`t_x, t_y` the thresholds,

    .. math:: M_1 = \frac{\sum_{y > t_y} x}{\sum x}, \quad
              M_2 = \frac{\sum_{x > t_x} y}{\sum y}, \quad
              r = \frac{\sum x y}{\sqrt{\sum x^2 \sum y^2}} .

    Negative values, which noise leaves where a background was subtracted, count as 0.
    A camera's offset counts as intensity: subtract it first.

    References
    ----------
    .. [1] E. Manders, F. Verbeek, J. Aten, "Measurement of co-localization of objects
       in dual-colour confocal images", Journal of Microscopy 169(3), 1993,
       doi 10.1111/j.1365-2818.1993.tb03313.x.

    Examples
    --------
    Half of what the first image has lies where the second has something:

    >>> manders([[4, 4, 0, 0]], [[0, 9, 0, 0]])
    MandersCoefficients(m1=0.5, m2=1.0, overlap=0.707..., thresholds=(0.0, 0.0))
    """
    pair = as_pair(reference, moving, mask)
    if isinstance(thresholds, str):
        if thresholds != "costes":
            msg = f"thresholds must be two numbers or 'costes', got {thresholds!r}."
            raise ValueError(msg)
        found = _costes(pair)
        chosen = found.reference, found.moving
    else:
        numbers = np.asarray(thresholds, float)
        if numbers.shape != (2,):
            msg = (
                f"thresholds={thresholds!r} must be two numbers, one for the reference "
                "and one for moving, or 'costes'."
            )
            raise ValueError(msg)
        chosen = float(numbers[0]), float(numbers[1])
    m1, m2 = shares(pair, chosen)
    return MandersCoefficients(m1, m2, overlap(pair), chosen)


def costes_threshold(
    reference: ArrayLike, moving: ArrayLike, *, mask: ArrayLike | None = None
) -> CostesThreshold:
    r"""Return the thresholds below which two images do not correlate.

    Both lie on one line, the orthogonal regression of moving on the reference. They are
    the highest at which the pixels *not* above both of them have a correlation of 0 or
    less [1]_; every threshold between two pixel values is looked at.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        The two images. NaN and infinite pixels are invalid by themselves.
    mask : array_like, the same shape, optional
        True (non-zero) where a pixel may be used in both.

    Returns
    -------
    CostesThreshold
        ``.reference`` and ``.moving``, colocalized being what lies *above* both, and
        the line, ``.slope`` and ``.intercept``. The thresholds are NaN if the images
        have no positive correlation; so is the line if one of them is constant.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all.
    ValueError
        If the shapes differ.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.

    References
    ----------
    .. [1] S. Costes et al., "Automatic and quantitative measurement of protein-protein
       colocalization in live cells", Biophysical Journal 86(6), 2004,
       doi 10.1529/biophysj.103.038422.

    Examples
    --------
    A structure that both images show, in noise that they do not share:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> red, green = rng.normal(100, 5, size=(2, 64, 64))
    >>> red[20:40, 20:40] += 60
    >>> green[20:40, 20:40] += 90
    >>> found = costes_threshold(red, green)
    >>> 100 < found.reference < 130, 100 < found.moving < 140, round(found.slope, 1)
    (True, True, 1.5)
    """
    return _costes(as_pair(reference, moving, mask))


def shares(
    pair: Pair, thresholds: tuple[float, float] = (0.0, 0.0)
) -> tuple[float, float]:
    """Return M1 and M2; NaN for an image without intensity."""
    if np.isnan(thresholds).any():
        return np.nan, np.nan
    above_x, above_y = thresholds
    return (
        _share(pair.x, pair.y > above_y),
        _share(pair.y, pair.x > above_x),
    )


def overlap(pair: Pair) -> float:
    """Return Manders' overlap coefficient; NaN if an image has no intensity."""
    x, y = np.maximum(pair.x, 0), np.maximum(pair.y, 0)
    power = np.sqrt(np.dot(x, x) * np.dot(y, y))
    return float(min(np.dot(x, y) / power, 1.0)) if power else np.nan


def _share(values: NDArray[np.float64], there: NDArray[np.bool_]) -> float:
    intensity = np.maximum(values, 0)
    total = intensity.sum()
    return float(min(intensity[there].sum() / total, 1.0)) if total else np.nan


def _costes(pair: Pair) -> CostesThreshold:
    x, y = centred(pair.x), centred(pair.y)
    if x is None or y is None:
        return CostesThreshold(np.nan, np.nan, np.nan, np.nan)
    slope, intercept = _line(pair)
    if not slope > 0:
        return CostesThreshold(np.nan, np.nan, slope, intercept)
    # The highest threshold of the reference that a pixel is above both of.
    height = np.minimum(pair.x, (pair.y - intercept) / slope)
    order = np.argsort(height)
    x, y, height = x[order], y[order], height[order]
    n = np.arange(1, len(x) + 1)
    covariance = np.cumsum(x * y) - np.cumsum(x) * np.cumsum(y) / n
    # What rounding makes of 0; the values have a range of 1.
    apart = covariance <= np.finfo(float).eps * n
    # A threshold parts pixels of different height, and leaves some above.
    apart &= np.append(np.diff(height) > 0, False)
    if not apart.any():
        threshold = float(height[0])
    else:
        threshold = float(height[np.flatnonzero(apart)[-1]])
    return CostesThreshold(threshold, slope * threshold + intercept, slope, intercept)


def _line(pair: Pair) -> tuple[float, float]:
    """Return slope and intercept of the orthogonal regression of moving."""
    x, y = pair.x - pair.x.mean(), pair.y - pair.y.mean()
    xx, yy, xy = np.dot(x, x), np.dot(y, y), np.dot(x, y)
    if not xy:
        return np.nan, np.nan
    root = np.hypot(yy - xx, 2 * xy)
    # Two forms of one number: each of them cancels where the other does not.
    slope = (yy - xx + root) / (2 * xy) if yy > xx else 2 * xy / (xx - yy + root)
    return float(slope), float(pair.y.mean() - slope * pair.x.mean())
