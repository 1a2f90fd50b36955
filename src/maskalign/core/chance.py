r"""Is a peak real? What the best NCC of unrelated images looks like.

The NCC of unrelated images at one lag scatters about 0 with the variance
:math:`\alpha / n`, where :math:`n` pixels overlap and :math:`\alpha` of them vary
together; Fisher's :math:`\operatorname{artanh}` makes it nearly normal. The best of
:math:`M` independent lags exceeds it with the probability

.. math:: P \approx M \, \tfrac12 \operatorname{erfc}
          \frac{\operatorname{artanh}(\rho)}{\sqrt{2 \alpha / n}} .

Where a few bright spots are all there is in the images, an NCC is not nearly normal:
one spot of one image on one of the other makes a high one, also where noise fills the
ground between them. The surface itself then tells how its high peaks are spread. With
an exponential tail of scale :math:`b`, read off the best rivals, the best of unrelated
peaks is :math:`g` above the second with the probability :math:`\exp(-g / b)` [1]_.

References
----------
.. [1] A. Renyi, "On the theory of order statistics", Acta Mathematica Academiae
   Scientiarum Hungaricae 4, 1953, doi 10.1007/BF02127580.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import erfc

from maskalign.core.masked_ncc import Correlated
from maskalign.core.peak import Peak
from maskalign.model.types import FloatArray

__all__ = ["chance"]


#: A probability below this needs no second look.
_CLEAR = 1e-6
#: Widths of the peak over which its surroundings are averaged.
_SURROUNDINGS = (3.0, 10.0)
#: A peak this many times as high as the next leads, however its rivals are spread.
_LEADING = 3.0
#: Excess kurtosis that the sum over an overlap has where it is far from normal, and how
#: many pixels vary together at least, those of a block.
_SPARSE, _BLOCK = 0.5, 16
#: Rivals further away than this many widths of the peak, and than this many pixels; as
#: many of the best as this, at least and at most, tell how high chance goes.
_AWAY, _NEAREST = 2.0, 3
_FEWEST_RIVALS, _MOST_RIVALS = 4, 20


def chance(peak: Peak, n: float, found: Correlated) -> float:
    """Return the probability of so high a peak between unrelated images.

    Broad structure, such as uneven illumination, makes any two images correlate a
    little over many lags and leaves few independent pixels. A peak that is not clear
    by its height is therefore judged by what it rises above its surroundings, too.

    Parameters
    ----------
    peak : Peak
        The peak.
    n : float
        Pixels that overlap there.
    found : Correlated
        The surface it was found on.
    """
    lags = np.count_nonzero(np.isfinite(found.ncc))

    def by_chance(height: float, area: float) -> float:
        return _tail(height, area / n) * max(lags / max(area, 1.0), 1.0)

    tails = [by_chance(peak.ncc, found.area)]
    if peak.blurred is not None:
        height, sigma = peak.blurred
        tails.append(by_chance(height, found.blurred_area(sigma)))
    if min(tails) > _CLEAR:
        for factor in _SURROUNDINGS:
            wide = factor * peak.width
            # Of a surface less its blur, (1 - g)^2 of the energy is left.
            blurred = found.blurred_area(wide)
            area = found.area - 2 * found.blurred_area(wide / np.sqrt(2)) + blurred
            height = peak.ncc - _around(found.ncc, peak, wide)
            tails.append(by_chance(height, max(area, 1e-12)))
    probability = len(tails) * min(tails)
    if peak.ratio < _LEADING and _sparse(found, n):
        probability = max(probability, _above_rivals(peak, found))
    return float(min(probability, 1.0))


def _sparse(found: Correlated, n: float) -> bool:
    """Tell whether so few spots overlap that their sum is far from normal."""
    independent = n / max(found.area, _BLOCK)
    # Two normal distributions have 9.
    return (found.kurtosis() - 9) / independent > _SPARSE


def _above_rivals(peak: Peak, found: Correlated) -> float:
    """Return how probable the lead of the peak is, by how its rivals are spread.

    0 if there are too few of them to tell.
    """
    # In standard deviations, if with an unknown unit: the overlap differs.
    known = np.isfinite(found.ncc)
    bounded = np.clip(np.where(known, found.ncc, -1), -1 + 1e-6, 1 - 1e-6)
    height = np.arctanh(bounded) * np.sqrt(found.n)
    best = (ndimage.maximum_filter(height, 3, mode="nearest") == height) & known
    reach = np.maximum(np.ceil(_AWAY * peak.width), _NEAREST).astype(int)
    near = [
        slice(max(i - r, 0), i + r + 1) for i, r in zip(peak.index, reach, strict=True)
    ]
    best[tuple(near)] = False
    rivals = np.sort(height[best])[::-1]
    if len(rivals) <= _FEWEST_RIVALS:
        return 0.0
    count = int(np.clip(len(rivals) // 4, _FEWEST_RIVALS, _MOST_RIVALS))
    scale = float(rivals[:count].mean() - rivals[count])
    lead = float(height[peak.index] - rivals[0])
    return float(np.exp(-max(lead, 0.0) / max(scale, 1e-9)))


def _tail(ncc: float, variance: float) -> float:
    """Return the probability of an NCC above this one at one lag."""
    deviations = np.arctanh(min(max(ncc, 0.0), 1 - 1e-12)) / np.sqrt(variance)
    return float(erfc(deviations / np.sqrt(2)) / 2)


def _around(ncc: FloatArray, peak: Peak, sigma: NDArray[np.float64]) -> float:
    """Return the mean of the surface about the peak, weighted by a Gaussian."""
    total, weight = np.nan_to_num(ncc), np.isfinite(ncc).astype(ncc.dtype)
    for index, s, n in reversed(
        list(zip(peak.index, sigma.tolist(), ncc.shape, strict=True))
    ):
        distance = (np.arange(n) - index) / max(s, 1e-6)
        factor = np.exp(-0.5 * distance**2).astype(ncc.dtype)
        # Axis by axis, from the last on: no weights for all lags are needed.
        total, weight = total @ factor, weight @ factor
    return float(total / weight)
