r"""Masked normalized cross-correlation (Padfield 2012).

With :math:`f_1, f_2` the images, 0 where they are not valid, :math:`m_1, m_2` their
valid pixels as 0 and 1, and :math:`(a * b)(u) = \sum_p a(p + u) b(p)`,

.. math::

    n &= m_1 * m_2 \\
    s_1 &= f_1 * m_2, \quad s_2 = m_1 * f_2 \\
    q_1 &= f_1^2 * m_2, \quad q_2 = m_1 * f_2^2 \\
    \mathrm{NCC} &= \frac{f_1 * f_2 - s_1 s_2 / n}
                         {\sqrt{(q_1 - s_1^2 / n)(q_2 - s_2^2 / n)}}

is at every lag :math:`u` the correlation coefficient of the pixels valid in both
images. What does not depend on :math:`f_2` is computed once for a reference and a mask.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.fft import ComplexArray
from maskalign.core.lags import LagWindow, parts
from maskalign.core.pixels import Pixels, Valid
from maskalign.core.valid_sums import ValidSums
from maskalign.core.validate import as_pixels, working_dtype
from maskalign.errors import NoOverlapError
from maskalign.model.options import MatchOptions
from maskalign.model.results import CorrelationSurface
from maskalign.model.types import FloatArray, MaxShift

__all__ = ["OverlapTerms", "PreparedReference", "masked_ncc", "surface_of"]

_DEFAULTS = MatchOptions()
#: A variance counts as resolved from this many rounding errors of a transform on.
_RESOLVED = 32


def masked_ncc(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    reference_mask: ArrayLike | None = None,
    moving_mask: ArrayLike | None = None,
    max_shift: MaxShift = _DEFAULTS.max_shift,
    min_overlap: float = _DEFAULTS.min_overlap,
) -> CorrelationSurface:
    """Return the masked NCC of two images for every lag of the search window.

    Parameters
    ----------
    reference : array_like of real numbers, shape (Y, X) or (Z, Y, X)
        The image that stays. NaN and infinite pixels are invalid by themselves.
    moving : array_like of real numbers
        The image that is moved, with as many axes; its shape may differ. Without a
        shift the two share their first corner.
    reference_mask, moving_mask : array_like, shape of the image, optional
        True (non-zero) where a pixel may be used.
    max_shift : float or sequence of float, optional
        Largest lag, pixels, for all axes or for each; all lags if left out.
    min_overlap : float
        Smallest overlap that is searched, 0 to 1: valid pixels shared at a lag over
        the valid pixels of the image that has fewer.

    Returns
    -------
    CorrelationSurface
        ``.ncc`` (float32 if that holds the pixels of both images exactly, else
        float64), NaN where the overlap is too small, 0 where an image has no contrast
        in the overlap; ``.overlap``; ``.lags``, one ascending array of integers for
        each axis.

    Raises
    ------
    TypeError
        If an image is complex or boolean.
    ValueError
        If shapes or options do not fit.
    MaskError
        If a mask does not have the shape of its image.
    NoValidPixelsError
        If an image has no valid pixel.

    See Also
    --------
    register : the best lag, refined.

    References
    ----------
    .. [1] D. Padfield, "Masked object registration in the Fourier domain", IEEE
       Transactions on Image Processing 21(5), 2012, doi 10.1109/TIP.2011.2181402,
       equations 20 to 22.

    Examples
    --------
    >>> import numpy as np
    >>> scene = np.random.default_rng(0).normal(size=(40, 40))
    >>> surface = masked_ncc(scene[4:36, 4:36], scene[6:38, 1:33], max_shift=5)
    >>> best = np.unravel_index(np.nanargmax(surface.ncc), surface.shape)
    >>> surface.lag_at(best), round(float(surface.ncc[best]), 3)
    ((2, -3), 1.0)
    """
    reference, moving = np.asarray(reference), np.asarray(moving)
    check_same_axes(reference, moving)
    options = MatchOptions(max_shift=max_shift, min_overlap=min_overlap)
    dtype = working_dtype(reference.dtype, moving.dtype)
    # A flat image correlates with nothing: an answer, if a dull one.
    fixed = as_pixels(
        reference,
        reference_mask,
        name="reference",
        mask_name="reference_mask",
        dtype=dtype,
        constant_ok=True,
    )
    moved = as_pixels(
        moving,
        moving_mask,
        name="moving",
        mask_name="moving_mask",
        dtype=dtype,
        constant_ok=True,
    )
    return surface_of(fixed, moved, options)


def surface_of(
    reference: Pixels,
    moving: Pixels,
    options: MatchOptions,
    around: Sequence[int] | None = None,
) -> CorrelationSurface:
    """Return the masked NCC of two images for every lag around one, 0 if left out."""
    shapes = reference.valid.shape, moving.valid.shape
    window = LagWindow.within(*shapes, options.max_shift, around)
    prepared = PreparedReference(reference, window, once=True)
    terms = prepared.under(moving.valid, options.min_overlap)
    ncc = prepared.correlate(moving, terms).ncc
    return CorrelationSurface(ncc, terms.n / terms.most, window.lags)


def check_same_axes(reference: NDArray[Any], moving: NDArray[Any]) -> None:
    """Raise a ValueError unless two images have as many axes."""
    if reference.ndim != moving.ndim:
        msg = (
            f"reference has shape {reference.shape} but moving has shape "
            f"{moving.shape}; both need two axes, or both three."
        )
        raise ValueError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class OverlapTerms:
    """All that follows from a reference and the valid pixels of a moving image."""

    #: Pixels valid in both images, for each lag.
    n: NDArray[np.int32]
    #: The largest number that `n` could have.
    most: int
    #: The smallest number that is searched.
    least: float
    #: s1 / n.
    mean: FloatArray
    #: q1 - s1^2 / n; infinite where it is not resolved, so that NCC is 0 there.
    variance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Correlated:
    """The surface of one moving image, and what unrelated images would show there."""

    #: NCC for every lag of the window, NaN where the overlap is too small.
    ncc: FloatArray
    #: How many pixels vary together: an overlap of n pixels holds ``n / area``
    #: independent ones, so that the NCC of unrelated images like these has the variance
    #: ``area / n``.
    area: float
    #: The same for the surface blurred by a Gaussian, given in pixels for each axis.
    blurred_area: Callable[[NDArray[np.float64]], float]
    #: Pixels that overlap at each lag.
    n: NDArray[np.int32]
    #: Kurtosis of the product of two unrelated places, of either image one; 9 for
    #: normal distributions, thousands where a few bright spots are all there is.
    kurtosis: Callable[[], float]


class PreparedReference:
    """A reference with its spectra, ready for any number of moving images.

    Parameters
    ----------
    reference : Pixels
        The image that stays.
    window : LagWindow
        The lags to search, between images of the shapes to come.
    once : bool
        Whether there will be one moving image only: what is done with is let go.
    """

    def __init__(
        self, reference: Pixels, window: LagWindow, *, once: bool = False
    ) -> None:
        self.pixels = reference
        self.window = window
        self._once = once

    @cached_property
    def _values(self) -> ComplexArray:
        return self.window.reference_spectrum(self.pixels.values)

    @cached_property
    def _over_valid(self) -> ValidSums:
        valid, dtype = self.pixels.valid, self.pixels.values.dtype
        return ValidSums(self.window, valid, dtype, of_reference=True)

    def under(self, moving_valid: Valid, min_overlap: float) -> OverlapTerms:
        """Return the terms that hold for every moving image with these valid pixels.

        Raises
        ------
        NoOverlapError
            If no lag of the window has the overlap asked for.
        """
        valid, values, window = self.pixels.valid, self.pixels.values, self.window
        over_moving = ValidSums(window, moving_valid, values.dtype, of_reference=False)
        n = self._over_valid.counts(over_moving)
        most = min(valid.count, moving_valid.count)
        # A share of a whole number is compared as such, but for its rounding.
        least = max(min_overlap * most * (1 - 1e-12), 1)
        if n.max() < least:
            msg = (
                f"No lag up to max_shift has an overlap of {min_overlap:g}; the "
                f"largest is {n.max() / most:.3g} ({n.max()} of {most} pixels). "
                "Lower min_overlap, raise max_shift or mask less."
            )
            raise NoOverlapError(msg)
        norm = _norm(values**2)
        floor = self._rounding(norm * np.sqrt(moving_valid.count))
        variance = over_moving.of_squares(values)
        mean = over_moving(values, self._values)
        for lags in parts(n):
            count = np.maximum(n[lags], 1)
            mean[lags] /= count
            variance[lags] -= mean[lags] ** 2 * count
        variance[variance <= floor] = np.inf
        return OverlapTerms(n, most, least, mean, variance)

    def correlate(self, moving: Pixels, terms: OverlapTerms) -> Correlated:
        """Return the NCC with a moving image for every lag of the window.

        `terms` must be those of the moving image's valid pixels.
        """
        window = self.window
        norm = _norm(moving.values**2)
        floor = self._rounding(norm * np.sqrt(self.pixels.valid.count))
        spectrum = window.moving_spectrum(moving.values)
        ncc = window.correlate(self._values, spectrum)
        area = self._area(spectrum, moving)
        if self._once:
            # It is made again in the rare case that it is needed again.
            del self._values
        total = self._over_valid(moving.values, spectrum)
        del spectrum
        variance = self._over_valid.of_squares(moving.values)
        # A part at a time, which stays in the cache and needs no large temporaries.
        for lags in parts(ncc):
            n, s2, q2 = terms.n[lags], total[lags], variance[lags]
            q2 -= s2**2 / np.maximum(n, 1)
            q2[q2 <= floor] = np.inf
            ncc[lags] -= terms.mean[lags] * s2
            ncc[lags] /= np.sqrt(terms.variance[lags] * q2)
            np.clip(ncc[lags], -1, 1, out=ncc[lags])
            ncc[lags][n < terms.least] = np.nan

        def blurred_area(blur: NDArray[np.float64]) -> float:
            return self._area(window.moving_spectrum(moving.values), moving, blur)

        def kurtosis() -> float:
            return self.pixels.kurtosis * moving.kurtosis

        return Correlated(ncc, max(area, 1.0), blurred_area, terms.n, kurtosis)

    def _area(
        self,
        spectrum: ComplexArray,
        moving: Pixels,
        blur: NDArray[np.float64] | None = None,
    ) -> float:
        # Over all lags, overlaps add up to the product of the sizes of two images.
        pairs = self.pixels.valid.count * moving.valid.count
        return self.window.energy(self._values, spectrum, blur) / pairs

    def _rounding(self, norms: float) -> float:
        """Return the variance below which a transform's rounding may be all of it.

        The error of a correlation by FFT is about one rounding of the product of the
        norms of its two factors, the same at every lag.
        """
        return float(_RESOLVED * np.finfo(self.pixels.values.dtype).eps * norms)


def _norm(a: FloatArray) -> float:
    return float(np.linalg.norm(a.ravel()))
