r"""Colocalization by cross-correlation: NCC against the distance of the lag.

Two structures that lie near each other, and not only upon each other, show as a peak of
the cross-correlation at the distance between them. Averaged over rings of lags it is a
curve whose peak has a place, a width, and a significance: by how much it exceeds what
images like these, but unrelated, would show.

The NCC of unrelated images has at each lag the variance :math:`\alpha / n`, and at two
lags the correlation coefficient :math:`c(v)`, the autocorrelation of their
cross-correlation at the difference `v` of the lags. The mean over a ring `A` then has
the variance

.. math:: v = \frac{\alpha}{n} \, \big\langle c(u - u') \big\rangle_{u, u' \in A} .

It is like a sum of :math:`1 / v` independent products of two pixels, so its excess
kurtosis is about :math:`2^{-D/2} \kappa_1 \kappa_2 v`, with :math:`\kappa` the kurtosis
of each image; the factor is that of Gaussian spots in `D` dimensions. In images of a
few bright spots this is much, and a ring may be high because two spots happen to meet.
Its chance is that of a gamma distribution with this variance and kurtosis.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, ive

from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import PreparedReference
from maskalign.core.pixels import Pixels
from maskalign.core.similarity.pair import as_pair
from maskalign.core.validate import as_pixels
from maskalign.model.similarity import Colocalization

__all__ = ["colocalization"]

Profile = NDArray[np.float64]

#: Smallest overlap of a lag that enters.
_MIN_OVERLAP = 0.3
#: Pairs of lags that a ring's variance is averaged over, if it has more.
_PAIRS = 100_000
#: A profile that unrelated images show this often has no peak.
_BY_CHANCE = 1e-3
#: Rings that the fit of four numbers needs.
_RINGS = 5


def colocalization(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    max_distance: float | None = None,
    scale: Sequence[float] | None = None,
) -> Colocalization:
    r"""Return the masked NCC of two images against the distance of the lag.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        The two images, (Y, X) or (Z, Y, X). NaN and infinite pixels are invalid by
        themselves.
    mask : array_like, the same shape, optional
        True (non-zero) where a pixel may be used in both: the cell, say. Without one
        the outline of a cell, which both images share, is found to colocalize.
    max_distance : float, optional
        Largest distance, in the unit of `scale`; a quarter of the shortest side of the
        images in y and x if left out.
    scale : sequence of float, optional
        Size of a pixel along each axis; 1 if left out. The rings are as wide as the
        smallest of them.

    Returns
    -------
    Colocalization
        ``.distance``, ``.ncc`` and ``.std``, one value for each ring: the mean NCC and
        what its standard deviation would be between unrelated images. ``.p_value``, the
        chance of such a maximum between them. ``.center``, ``.width`` and ``.height``
        of the peak above a constant, from a fit; NaN where the p-value is above 0.001
        or the fit does not succeed. The center is the typical distance between the two
        structures, 0 if they coincide; the width has their sizes and the blur in it.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all.
    ValueError
        If the shapes differ or the images do not have two or three axes, or if `scale`
        or `max_distance` do not fit.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.
    NoContrastError
        If an image is constant where it is valid.

    Notes
    -----
    At every lag the NCC knows the means and contrasts of just the pixels that overlap
    there. So no random images need to be correlated for a baseline, as they are in
    [1]_; how far unrelated images scatter about 0 follows from the autocorrelations of
    the two images.

    The fit is that of a ring of radius `d`, the center, blurred by a Gaussian of
    standard deviation `s`, the width: in two dimensions

    .. math:: \exp\left(-\frac{r^2 + d^2}{2 s^2}\right) I_0\left(\frac{r d}{s^2}\right)

    and in three the same with :math:`\sinh(z) / z` for :math:`I_0(z)`. A Gaussian of
    `r` would put the center of a small ring too near to 0.

    References
    ----------
    .. [1] A. McCall, "Colocalization by cross-correlation, a new method of
       colocalization suited for super-resolution microscopy", BMC Bioinformatics 25,
       2024, doi 10.1186/s12859-024-05675-z.

    Examples
    --------
    Spots, and others 6 pixels beside them:

    >>> import numpy as np
    >>> from scipy.ndimage import gaussian_filter
    >>> rng = np.random.default_rng(0)
    >>> red, green = np.zeros((2, 128, 128))
    >>> y, x = rng.integers(10, 118, size=(2, 60))
    >>> angle = rng.uniform(0, 2 * np.pi, 60)
    >>> red[y, x] = 1
    >>> green[
    ...     np.rint(y + 6 * np.sin(angle)).astype(int),
    ...     np.rint(x + 6 * np.cos(angle)).astype(int),
    ... ] = 1
    >>> found = colocalization(gaussian_filter(red, 1), gaussian_filter(green, 1))
    >>> round(found.center), found.p_value < 1e-6
    (6, True)
    """
    pair = as_pair(reference, moving, mask)
    steps = _checked_scale(scale, pair.valid.array.ndim)
    farthest = _checked_distance(max_distance, pair.valid.shape, steps)
    fixed, moved = (
        as_pixels(
            image.astype(np.uint8) if image.dtype == bool else image,
            pair.valid,
            name=name,
            mask_name="mask",
            dtype=np.float64,
        )
        for name, image in (("reference", pair.reference), ("moving", pair.moving))
    )
    shape = pair.valid.shape
    window = LagWindow.within(shape, shape, (farthest / steps).tolist())
    prepared = PreparedReference(fixed, window)
    terms = prepared.under(moved.valid, _MIN_OVERLAP)
    found = prepared.correlate(moved, terms)
    rings = _rings(window, steps, farthest, np.isfinite(found.ncc))
    alike = _likeness(fixed.values, moved.values, window)
    surface, weights = found.ncc.ravel(), terms.n.ravel()
    peaked = _kurtosis(fixed) * _kurtosis(moved) / 2 ** (len(shape) / 2)
    ncc, std = np.empty((2, len(rings)))
    for at, ring in enumerate(rings.values()):
        ncc[at] = np.average(surface[ring], weights=weights[ring])
        variance = found.area / weights[ring].mean()
        std[at] = np.sqrt(variance * _shared(ring, window.shape, alike))
    distance = np.array(list(rings)) * float(steps.min())
    p_value = _chance(ncc / std, peaked * std**2)
    nothing = np.nan, np.nan, np.nan
    significant = p_value <= _BY_CHANCE
    peak = _peak(distance, ncc, std, len(shape)) if significant else nothing
    return Colocalization(distance, ncc, std, p_value, *peak)


def _checked_scale(scale: Sequence[float] | None, ndim: int) -> Profile:
    steps = np.ones(ndim) if scale is None else np.asarray(scale, float)
    if steps.shape != (ndim,) or not (np.isfinite(steps) & (steps > 0)).all():
        msg = (
            f"scale={scale!r} must be {ndim} numbers above 0, the size of a pixel "
            "along each axis."
        )
        raise ValueError(msg)
    return steps


def _checked_distance(
    farthest: float | None, shape: tuple[int, ...], steps: Profile
) -> float:
    if farthest is None:
        return float((np.array(shape) * steps)[-2:].min() / 4)
    if not 0 < farthest < np.inf:
        msg = f"max_distance must be a number above 0, got {farthest!r}."
        raise ValueError(msg)
    return float(farthest)


def _rings(
    window: LagWindow, steps: Profile, farthest: float, known: NDArray[np.bool_]
) -> dict[int, NDArray[np.intp]]:
    """Return the lags of each ring that has any, as indices into a flat surface."""
    width = float(steps.min())
    squares = np.zeros(window.shape)
    for axis, (lags, step) in enumerate(zip(window.lags, steps, strict=True)):
        along = [-1 if k == axis else 1 for k in range(squares.ndim)]
        squares += ((lags * step) ** 2).reshape(along)
    number = np.rint(np.sqrt(squares) / width).astype(np.intp)
    (inside,) = np.nonzero((known & (number * width <= farthest)).ravel())
    numbers = number.ravel()[inside]
    order = np.argsort(numbers, kind="stable")
    found, starts = np.unique(numbers[order], return_index=True)
    parts = np.split(inside[order], starts[1:])
    return dict(zip(found.tolist(), parts, strict=True))


def _likeness(x: NDArray[Any], y: NDArray[Any], window: LagWindow) -> NDArray[Any]:
    """Return how alike the NCC at two lags is, by the difference of the lags.

    It is the autocorrelation of the cross-correlation: over all differences that two
    lags of the window may have, 1 in the middle.
    """
    reach = [2 * last for last in window.last]
    wide = LagWindow.within(x.shape, y.shape, reach)
    spectrum = wide.moving_spectrum(y)
    power = wide.reference_spectrum(x) * wide.moving_spectrum(x)
    together = wide.correlate(power, spectrum * np.conj(spectrum))
    middle = tuple(-first for first in wide.first)
    return np.asarray(together / together[middle])


def _shared(
    ring: NDArray[np.intp], shape: tuple[int, ...], alike: NDArray[Any]
) -> float:
    """Return the mean likeness of all pairs of lags of a ring, or of many of them."""
    m = len(ring)
    if m == 1:
        return 1.0
    if m * (m - 1) <= _PAIRS:
        one, other = np.nonzero(~np.eye(m, dtype=bool))
    else:
        draw = np.random.default_rng(0)
        one = draw.integers(m, size=_PAIRS)
        other = (one + draw.integers(1, m, size=_PAIRS)) % m
    at = np.array(np.unravel_index(ring, shape))
    apart = at[:, one] - at[:, other]
    middle = np.array(alike.shape)[:, np.newaxis] // 2
    # Lags further apart than the images are wide have nothing in common.
    near = (np.abs(apart) <= middle).all(axis=0)
    between = float(alike[tuple(apart[:, near] + middle)].sum() / near.size)
    # Each lag is wholly like itself. Noise in the likeness must not make it negative.
    return max(1 / m + (1 - 1 / m) * between, 1e-3 / m)


def _kurtosis(image: Pixels) -> float:
    """Return the kurtosis of the valid pixels; 3 for a normal distribution."""
    return float(np.sum(image.values**4) / image.valid.count)


def _chance(deviations: Profile, excess: Profile) -> float:
    """Return the chance that one of these rings is so many deviations high.

    `excess` is the kurtosis of each beyond that of a normal distribution.
    """
    # Beyond this the gamma distribution is a normal one.
    shape = 6 / np.maximum(excess, 1e-6)
    above = gammaincc(shape, np.maximum(shape + deviations * np.sqrt(shape), 0))
    return float(min(len(above) * above.min(), 1.0))


def _peak(
    distance: Profile, ncc: Profile, std: Profile, ndim: int
) -> tuple[float, float, float]:
    """Return center, width and height of a blurred ring, NaN if none fits."""
    # A quarter of a second to import, and needed only where there is a peak.
    from scipy.optimize import least_squares

    def misfit(found: Profile) -> Profile:
        center, width, size, base = found
        ring = _blurred_ring(distance, center, width, ndim)
        return np.asarray((base + size * ring - ncc) / std)

    nothing = np.nan, np.nan, np.nan
    if len(ncc) < _RINGS:
        return nothing
    step, farthest, base = distance[1], distance[-1], np.median(ncc)
    begin = np.array([distance[ncc.argmax()], 2 * step, ncc.max() - base, base])
    lower, upper = (0, step / 4, 0, -1), (farthest, farthest, np.inf, 1)
    fit = least_squares(misfit, np.clip(begin, lower, upper), bounds=(lower, upper))
    if not fit.success:
        return nothing
    center, width, size, _ = fit.x.tolist()
    fine = np.linspace(0, farthest, 10 * len(distance))
    height = size * float(_blurred_ring(fine, center, width, ndim).max())
    return center, width, height


def _blurred_ring(r: Profile, d: float, s: float, ndim: int) -> Profile:
    """Return a ring, or shell, of radius `d` blurred by a Gaussian, at distance `r`."""
    z = r * d / s**2
    if ndim == 2:
        spread = ive(0, z)
    else:
        # sinh(z) exp(-z) / z, and 1 at 0.
        spread = -np.expm1(-2 * z) / np.where(z > 0, 2 * z, 1) + (z == 0)
    return np.asarray(np.exp(-((r - d) ** 2) / (2 * s**2)) * spread)
