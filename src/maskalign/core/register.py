"""The shift between two images: validate, correlate, find the peak, refine."""

import numpy as np
from numpy.typing import ArrayLike

from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import OverlapTerms, PreparedReference, check_same_axes
from maskalign.core.peak import Peak, find_peak
from maskalign.core.validate import Pixels, as_pixels, working_dtype
from maskalign.model import status
from maskalign.model.options import MatchOptions
from maskalign.model.results import Registration
from maskalign.model.types import MaxShift

__all__ = ["match", "register"]

_DEFAULTS = MatchOptions()


def register(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    reference_mask: ArrayLike | None = None,
    moving_mask: ArrayLike | None = None,
    max_shift: MaxShift = _DEFAULTS.max_shift,
    min_overlap: float = _DEFAULTS.min_overlap,
    subpixel: bool = _DEFAULTS.subpixel,
) -> Registration:
    r"""Find the shift that lays a moving image over a reference.

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
        Largest lag, pixels, for all axes or for each; all lags if left out. A refined
        shift may exceed it by half a pixel.
    min_overlap : float
        Smallest overlap that is searched, 0 to 1: valid pixels shared at a lag over
        the valid pixels of the image that has fewer.
    subpixel : bool
        Refine the shift to a fraction of a pixel.

    Returns
    -------
    Registration
        ``.shift``, pixels to add to the position of the moving image, in the order of
        the array's axes (the sign of `skimage.registration.phase_cross_correlation`);
        ``.ncc``, ``.overlap``, ``.shift_std``, ``.peak_ratio``; and ``.status``,
        ``"ok"`` or the word for what makes the shift doubtful.

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
    NoContrastError
        If an image is constant where it may be used.
    NoOverlapError
        If no lag of the window has the overlap asked for.

    Notes
    -----
    `shift_std` follows from the height and the curvature of the peak. For white noise
    of equal power in both images the covariance of the shift is
    :math:`2 (1 - \rho) / n \cdot (-\rho'')^{-1}`, with :math:`\rho` the NCC and
    :math:`n` the number of pixels that overlap: the Cramer-Rao bound written in what
    can be seen on the surface.

    References
    ----------
    .. [1] D. Padfield, "Masked object registration in the Fourier domain", IEEE
       Transactions on Image Processing 21(5), 2012, doi 10.1109/TIP.2011.2181402.

    Examples
    --------
    The content of `moving` lies 2 pixels further up and 3 further right than that of
    `reference`; a shift of (2, -3) brings it back.

    >>> import numpy as np
    >>> scene = np.random.default_rng(0).normal(size=(80, 80))
    >>> found = register(scene[4:68, 4:68], scene[6:70, 1:65], subpixel=False)
    >>> found.shift, found.status
    ((2.0, -3.0), 'ok')
    """
    reference, moving = np.asarray(reference), np.asarray(moving)
    check_same_axes(reference, moving)
    options = MatchOptions(
        max_shift=max_shift, min_overlap=min_overlap, subpixel=subpixel
    )
    dtype = working_dtype(reference.dtype, moving.dtype)
    fixed = as_pixels(
        reference,
        reference_mask,
        name="reference",
        mask_name="reference_mask",
        dtype=dtype,
    )
    moved = as_pixels(
        moving, moving_mask, name="moving", mask_name="moving_mask", dtype=dtype
    )
    window = LagWindow.within(reference.shape, moving.shape, options.max_shift)
    prepared = PreparedReference(fixed, window)
    terms = prepared.under(moved.valid, options.min_overlap)
    return match(prepared, moved, terms, subpixel=options.subpixel)


def match(
    prepared: PreparedReference,
    moving: Pixels,
    terms: OverlapTerms,
    *,
    subpixel: bool,
) -> Registration:
    """Find the shift of a moving image against a prepared reference."""
    peak = find_peak(prepared.correlate(moving, terms))
    lag = [
        first + i for first, i in zip(prepared.window.first, peak.index, strict=True)
    ]
    offset = peak.offset if subpixel else (0.0,) * len(lag)
    return Registration(
        shift=tuple(float(u + o) for u, o in zip(lag, offset, strict=True)),
        ncc=peak.ncc,
        overlap=float(terms.overlap[peak.index]),
        shift_std=_shift_std(peak, float(terms.n[peak.index])),
        peak_ratio=peak.ratio,
        status=_status(peak),
    )


def _shift_std(peak: Peak, n: float) -> tuple[float, ...]:
    """Return the standard error along each axis, NaN where the peak has no width."""
    ndim = len(peak.index)
    std = np.full(ndim, np.nan)
    usable = np.isfinite(np.diag(peak.curvature)) & (np.diag(peak.curvature) < 0)
    if usable.any():
        bend = -peak.curvature[np.ix_(usable, usable)]
        if np.linalg.eigvalsh(bend).min() <= 0:
            bend = np.diag(np.diag(bend))
        variance = 2 * (1 - peak.ncc) / n * np.diag(np.linalg.inv(bend))
        std[usable] = np.sqrt(np.maximum(variance, 0))
    return tuple(std.tolist())


def _status(peak: Peak) -> str:
    """Return the word for what makes a peak doubtful, or ``"ok"``."""
    if peak.ncc <= 0:
        return status.UNSURE
    return status.AT_LIMIT if peak.at_limit else status.OK
