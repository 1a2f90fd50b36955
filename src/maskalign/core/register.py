"""The shift between two images: validate, correlate, find the peak, refine."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.blur import matched_blur
from maskalign.core.chance import chance
from maskalign.core.empty_edge import has_empty_edge, warn_empty_edge
from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import OverlapTerms, PreparedReference, check_same_axes
from maskalign.core.peak import Peak, find_peak_in_noise
from maskalign.core.pinned import looks_pinned, warn_pinned
from maskalign.core.pixels import Pixels, Valid
from maskalign.core.refine import refine
from maskalign.core.tile_sums import Sums
from maskalign.core.validate import as_pixels, working_dtype
from maskalign.errors import NoOverlapError
from maskalign.model import status
from maskalign.model.options import MatchOptions
from maskalign.model.results import Registration
from maskalign.model.types import MaxShift

__all__ = ["match", "match_pixels", "register", "warn_misled"]

_DEFAULTS = MatchOptions()
#: A peak this probable between unrelated images is no evidence.
_BY_CHANCE = 1e-3
#: Nor is one whose place has a standard error of more than this, pixels.
_VAGUE = 0.8
#: Standard deviation of rounding to whole pixels.
_ROUNDING = 12**-0.5
#: Standard error of a place that the images themselves do not bear out, pixels.
_ASTRAY = 1.0
#: Two peaks whose heights have less than this ratio cannot be told apart.
_EQUAL = 1.03


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

    Warns
    -----
    StaticStructureWarning
        If no mask is given and a zero shift looks like dirt that stands still.
    EmptyBorderWarning
        If an image has an empty border, such as an earlier alignment leaves.

    Notes
    -----
    The best lag of the masked NCC surface is found first [1]_; where noise roughens
    the top of the peak, on a surface blurred to suit it. The fraction of a pixel then
    comes from the images themselves, by symmetric masked Gauss-Newton, and with it the
    standard error `shift_std`, from the scatter of the score over the image. It is
    the total error: a peak that unrelated images might show by chance adds the width
    of the search window.

    The status is ``"unsure"`` if that chance is more than 1 in 1000 or the error more
    than 0.8 pixels, ``"at-limit"`` if the best lag lies at the edge of the window,
    and ``"ambiguous"`` if a second peak is as high.

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
    found = match_pixels(fixed, moved, options)
    warn_misled(fixed, moved, found.shift, stacklevel=2)
    return found


def warn_misled(
    reference: Pixels, moving: Pixels, shift: Sequence[float] | None, stacklevel: int
) -> None:
    """Warn where something else than the sample may have decided a shift.

    The shift is None where pixels of the same number are none of the same of a camera.
    """
    if shift is not None and looks_pinned(reference, moving, shift):
        warn_pinned("Between the images", stacklevel=stacklevel + 1)
    if has_empty_edge(reference) or has_empty_edge(moving):
        warn_empty_edge("In one of the images", stacklevel=stacklevel + 1)


def match_pixels(
    reference: Pixels,
    moving: Pixels,
    options: MatchOptions,
    around: Sequence[int] | None = None,
) -> Registration:
    """Find the shift of a moving image that is searched around a lag, 0 if left out.

    Raises
    ------
    NoOverlapError
        If no lag of the window has the overlap asked for.
    """
    prepared, terms = _prepare(reference, moving.valid, options, around)
    return match(prepared, moving, terms, subpixel=options.subpixel)


def _prepare(
    reference: Pixels,
    moving_valid: Valid,
    options: MatchOptions,
    around: Sequence[int] | None,
) -> tuple[PreparedReference, OverlapTerms]:
    """Return what does not depend on the moving image's values."""
    shapes = reference.valid.shape, moving_valid.shape
    window = LagWindow.within(*shapes, options.max_shift, around)
    least = options.min_overlap * min(reference.valid.count, moving_valid.count)
    prepared = PreparedReference(reference, window.overlapping(least), once=True)
    try:
        return prepared, prepared.under(moving_valid, options.min_overlap)
    except NoOverlapError:
        # The message tells the largest overlap, wherever it is.
        whole = PreparedReference(reference, window, once=True)
        return whole, whole.under(moving_valid, options.min_overlap)


def match(
    prepared: PreparedReference,
    moving: Pixels,
    terms: OverlapTerms,
    *,
    subpixel: bool,
    sums: Sums | None = None,
) -> Registration:
    """Find the shift of a moving image against a prepared reference.

    `sums`, if given, are those of `maskalign.core.tile_sums.compiled`.
    """
    found = prepared.correlate(moving, terms)
    peak = find_peak_in_noise(found.ncc, terms.n)
    window = prepared.window
    lag = [first + i for first, i in zip(window.first, peak.index, strict=True)]
    n = float(terms.n[peak.index])
    if subpixel:
        offset, std = _fraction(prepared.pixels, moving, lag, peak, n, sums)
    else:
        # Rounding to whole pixels is an error of its own.
        offset, std = np.zeros(len(lag)), np.hypot(peak.standard_error(n), _ROUNDING)
    by_chance = chance(peak, n, found)
    return Registration(
        shift=tuple((lag + offset).tolist()),
        ncc=peak.ncc,
        overlap=n / terms.most,
        shift_std=_or_anywhere(std, by_chance, window.shape),
        peak_ratio=peak.ratio,
        status=_status(peak, by_chance, std),
    )


def _fraction(
    reference: Pixels,
    moving: Pixels,
    lag: list[int],
    peak: Peak,
    n: float,
    sums: Sums | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what to add to the lag and its standard error, pixels."""
    blur = matched_blur(peak.height, peak.curvature)
    # A volume of one plane is an image: along z there is nothing to refine.
    one_plane = reference.valid.shape[0] == moving.valid.shape[0] == 1
    deep = int(one_plane and len(lag) == 3)
    refined = refine(
        reference.plane if deep else reference,
        moving.plane if deep else moving,
        lag[deep:],
        peak.offset[deep:],
        blur[deep:],
        sums,
    )
    if refined is not None:
        std = np.sqrt(np.diag(refined.covariance))
        return np.pad(refined.offset, (deep, 0)), np.pad(std, (deep, 0))
    # A line has no slopes across it; anything else would have been refined were the
    # images alike to a fraction of a pixel about the lag.
    astray = 0.0 if 1 in reference.valid.shape[deep:] else _ASTRAY
    return np.array(peak.offset), np.hypot(peak.standard_error(n), astray)


def _or_anywhere(
    std: NDArray[np.float64], by_chance: float, shape: tuple[int, ...]
) -> tuple[float, ...]:
    """Return the standard error if the peak may also be chance.

    The shift is then anywhere in the window, whose lags have the variance
    (N^2 - 1) / 12; so it is where the error is not known at all.
    """
    anywhere = (np.square(shape) - 1) / 12
    known = np.sqrt(std**2 + by_chance * anywhere)
    return tuple(np.where(np.isnan(std), np.sqrt(anywhere), known).tolist())


def _status(peak: Peak, by_chance: float, std: NDArray[np.float64]) -> str:
    """Return the word for what makes a peak doubtful, or ``"ok"``."""
    if by_chance > _BY_CHANCE or np.max(std) > _VAGUE:
        return status.UNSURE
    if peak.ratio < _EQUAL:
        return status.AMBIGUOUS
    return status.AT_LIMIT if peak.at_limit else status.OK
