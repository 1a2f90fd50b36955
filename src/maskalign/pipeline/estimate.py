"""The drift of a movie, frame by frame, with memory that does not grow with it."""

from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from typing import Any, TypeVar

from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.options import DriftOptions
from maskalign.model.types import MaskFrame, MaxShift, Projection
from maskalign.pipeline.plan import plan_drift

__all__ = ["estimate_drift", "iter_drift"]

_DEFAULTS = DriftOptions()
F = TypeVar("F", bound=Callable[..., Any])


def estimate_drift(
    movie: Any,
    *,
    reference: Any = _DEFAULTS.reference,
    mask: Any = None,
    reference_mask: Any = None,
    max_shift: MaxShift = _DEFAULTS.max_shift,
    min_overlap: float = _DEFAULTS.min_overlap,
    subpixel: bool = _DEFAULTS.subpixel,
    axes: str | None = None,
    channel: int | str | None = _DEFAULTS.channel,
    projection: Projection | None = _DEFAULTS.projection,
    mask_follows: MaskFrame = _DEFAULTS.mask_follows,
    exclude: Sequence[int] = _DEFAULTS.exclude,
    start: Any = None,
    time_lags: int | Sequence[int] = _DEFAULTS.time_lags,
    renew_every: int = _DEFAULTS.renew_every,
) -> DriftTable:
    """Estimate the drift of a movie.

    Parameters
    ----------
    movie : Movie or array of real numbers
        NumPy, dask, zarr ... Frames are read when their turn comes, once for each pass
        over the movie; memory does not grow with their number. NaN and infinite pixels
        are invalid by themselves.
    reference : str, int or image, optional
        What every frame is laid over.

        ``'first'``, the number of a frame (from 0; -1 is the last), or an image of its
        own, (Y, X) or (Z, Y, X): the same for all. Errors do not add up; the scene must
        stay recognizable.
        ``'previous'``: the last good frame before it. For scenes that change; the
        errors of all steps add up.
        ``'rolling'``: a frame that is renewed every `renew_every` frames; fewer steps.
        ``'mean'``: the mean of all good frames, aligned, in three passes. The least
        noise, for a scene that stays.
        ``'redundant'``: the frames `time_lags` before it; the drift is what fits all
        pairs best, by robust least squares [1]_. The most accurate for scenes that
        change, and each frame gets a `residual`.
    mask : array or Movie, optional
        True (non-zero) where a pixel may be used. Shape of a frame: fixed in the
        camera, the same for all frames and for the reference (unless that is an image
        of another shape). With a leading T: one a frame. (Y, X) goes for every z.
    reference_mask : array, optional
        Mask of the reference alone, in place of `mask`. Given by itself it names a
        region of the reference to follow; the frames are then used whole. Only for a
        reference that is one image.
    max_shift : float or sequence of float, optional
        Largest lag, pixels, for all spatial axes or for each, between two images that
        are laid over each other; with `start`, from there.
    min_overlap : float
        Smallest overlap that is searched, 0 to 1.
    subpixel : bool
        Refine shifts to a fraction of a pixel.
    axes : str, optional
        Axes of the array, such as ``"TCZYX"``; without it three axes are TYX and four
        TZYX. Overrules the axes of a `Movie`.
    channel : int or str, optional
        Channel to estimate on: number, name or ``"mean"``. Needed where there are
        several.
    projection : {None, 'max', 'mean'}
        Estimate along y and x only, on a projection of each volume along z.
    mask_follows : {'camera', 'sample'}
        Whether a mask for all frames stays where it is, or lies on the sample as seen
        in the reference (frame 0 if that is no single image) and goes where it goes.
        The drift is then estimated twice, first with the mask on the reference alone.
    exclude : sequence of int
        Frames to leave out.
    start : DriftTable or array_like of float, shape (T, ndim), optional
        Where to look: shifts, pixels, around which `max_shift` is searched; from
        another channel, a stage log, or an earlier table. Rows that are NaN or not
        ``"ok"`` are taken from their neighbours. Rows whose status is ``"manual"`` stay
        as they are, and the others are laid out around them.
    time_lags : int or sequence of int
        For ``'redundant'``: with how many frames before it each frame is compared, or
        how far back each of those lies.
    renew_every : int
        For ``'rolling'``: frames until the reference is renewed.

    Returns
    -------
    DriftTable
        One row a frame. Shifts are relative to frame k for the number of a frame, to
        the image for an image, else to frame 0, or if that is not good itself to the
        first frame that is. A frame that cannot be estimated gets NaN and a status that
        says why; a doubtful one keeps its number and gets a status, and no other frame
        is laid over it.

    Raises
    ------
    TypeError, ValueError
        If the movie, its axes, a mask or an option does not fit (`AxesError`,
        `MaskError`, ...), or the reference itself cannot be used
        (`NoContrastError`, `NoValidPixelsError`).

    Warns
    -----
    StaticStructureWarning
        If no mask is given and zero shifts look like dirt that stands still.
    EmptyBorderWarning
        If frames have an empty border, such as an earlier alignment leaves.

    See Also
    --------
    iter_drift : the same, a row at a time.
    apply_drift : move the frames.

    References
    ----------
    .. [1] Y. Wang et al., "Localization events-based sample drift correction for
       localization microscopy with redundant cross-correlation algorithm", Optics
       Express 22(13), 2014, doi 10.1364/OE.22.015982.

    Examples
    --------
    >>> import numpy as np
    >>> scene = np.random.default_rng(0).normal(size=(60, 60))
    >>> movie = np.stack([scene[k : k + 48, 4:52] for k in range(3)])
    >>> estimate_drift(movie, max_shift=5, subpixel=False).shifts
    array([[0., 0.],
           [1., 0.],
           [2., 0.]])
    """
    plan = plan_drift(
        movie,
        reference=reference,
        mask=mask,
        reference_mask=reference_mask,
        axes=axes,
        start=start,
        max_shift=max_shift,
        min_overlap=min_overlap,
        subpixel=subpixel,
        channel=channel,
        projection=projection,
        mask_follows=mask_follows,
        exclude=exclude,
        time_lags=time_lags,
        renew_every=renew_every,
    )
    return plan.table(plan.rows())


def _takes_what(other: Callable[..., Any]) -> Callable[[F], F]:
    """Return a decorator: for all who ask, the parameters are those of another one."""

    def decorate(function: F) -> F:
        taken = list(signature(other).parameters.values())
        own = signature(function).replace(parameters=taken)
        function.__signature__ = own  # type: ignore[attr-defined]
        return function

    return decorate


@_takes_what(estimate_drift)
def iter_drift(movie: Any, **options: Any) -> Iterator[DriftRow]:
    """Estimate the drift of a movie and yield each row as soon as it is done.

    Takes what `estimate_drift` takes and raises what it raises, at once. Rows come in
    the order of the frames; some frames are computed ahead, a bounded number. Where
    there are several passes over the movie (``reference="mean"``, ``"redundant"``, a
    mask that follows the sample) the rows of all but the last are provisional: the last
    row of a frame is final. Closing the generator stops the work.

    Yields
    ------
    DriftRow
        ``frame, reference_frame, shift, ncc, overlap, shift_std, peak_ratio, status,
        residual``.

    Examples
    --------
    >>> import numpy as np
    >>> movie = np.random.default_rng(0).normal(size=(1, 16, 16))
    >>> for row in iter_drift(movie):
    ...     print(row.frame, row.shift, row.status)
    0 (0.0, 0.0) ok
    """
    return plan_drift(movie, **options).rows()
