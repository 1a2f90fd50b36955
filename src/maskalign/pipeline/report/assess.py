"""Whether an alignment made a movie better."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.model.drift_table import DriftTable
from maskalign.model.report import AlignmentReport
from maskalign.model.report_options import ReportOptions
from maskalign.model.types import MaskFrame
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.masks import movie_mask
from maskalign.pipeline.plan import DriftPlan
from maskalign.pipeline.references import find_reference
from maskalign.pipeline.report.closure import measure_closure
from maskalign.pipeline.report.halves import (
    Agreement,
    compare_channels,
    compare_halves,
)
from maskalign.pipeline.report.likeness import measure_likeness
from maskalign.pipeline.report.remains import measure_remains
from maskalign.pipeline.report.subject import Subject, options_of

__all__ = ["assess", "assess_plan"]

_DEFAULTS = ReportOptions()


def assess(
    movie: Any,
    drift: DriftTable | ArrayLike,
    *,
    mask: Any = None,
    mask_follows: MaskFrame | None = _DEFAULTS.mask_follows,
    reference: Any = None,
    reference_mask: Any = None,
    axes: str | None = None,
    channel: int | str | None = _DEFAULTS.channel,
    second_channel: int | str | None = _DEFAULTS.second_channel,
    two_halves: bool = _DEFAULTS.two_halves,
    max_frames: int = _DEFAULTS.max_frames,
) -> AlignmentReport:
    r"""Tell whether a drift table makes a movie better; no truth is needed.

    Parameters
    ----------
    movie : Movie or array of real numbers
        The movie as it was recorded. Read lazily, with memory for a few frames.
    drift : DriftTable, or array_like of float, shape (T, ndim)
        Its shifts, pixels, as for `apply_drift`. Frames that are not good are left out.
    mask : array or Movie, optional
        True (non-zero) where a pixel may be used, as for `estimate_drift`.
    mask_follows : {'camera', 'sample'}, optional
        As for `estimate_drift`; left out, as the table says it was made.
    reference : str, int or image, optional
        As for `estimate_drift`; left out, as the table says it was made, or else the
        first good frame. To be given if the table was made over an image.
    reference_mask : array, optional
        As for `estimate_drift`. By itself it says which region of the reference was
        followed; that region is what is looked at.
    axes, channel : optional
        As for `estimate_drift`; without `channel`, the one that the table was made on.
    second_channel : int or str, optional
        Take the error of the table from the drift of this channel, in place of that of
        two halves of the image. Noise, bleaching and cells of the two channels differ,
        what moves the stage does not.
    two_halves : bool
        Whether to measure the error of the table on two halves of the image, unless
        there is a `second_channel`. It takes most of the time: the drift is estimated
        twice more.
    max_frames : int
        Of more good frames so many are looked at, evenly spaced. The error of a table
        that was made over previous frames is measured on the first so many instead,
        since it adds up on the way.

    Returns
    -------
    AlignmentReport
        The verdict and all numbers; ``print(report)`` says it in words.

    Raises
    ------
    DriftTableError
        If the table does not fit the movie, or no frame of it is good.
    MaskError, AxesError
        If the mask or the axes do not fit.
    TypeError, ValueError
        If an option does not fit.

    Notes
    -----
    Frames are read with a Gaussian of one pixel folded into the interpolation, before
    and after alike, since interpolation that smooths noise makes frames look more alike
    whatever they are moved by.

    *NCC*: of each frame with the mean of the others, on the pixels that three quarters
    of the frames or more show.

    *Sharpness*: with :math:`m_1, m_2` the means of every other frame,

    .. math:: \frac{\langle \nabla m_1 \cdot \nabla m_2 \rangle}
                   {\langle \nabla f_t \cdot \nabla f_{t+1} \rangle},

    below the bar averaged over the frames looked at, before or after alignment,
    whichever is more. The noise of two images is independent and does not count as
    detail. 1: the mean is as sharp as single frames; 0: nothing is left of them.

    *Error*: the image is divided into tiles like a chessboard, and the drift estimated
    on the black ones and on the white ones, near the shifts of the table, the way that
    the table was made. What the two differ by tells the error of each, and of both
    together. It sees noise, of the camera and of what changes in the scene from place
    to place. It does not see what both halves have in common: dirt that stands still
    everywhere, a turn or growth of the sample, or the same wrong match in a periodic
    scene. Relative to the frame that shifts are relative to.

    *Loop closure*: the median `residual` of the table, or the shifts of some triples of
    frames, a to b to c against a to c, as the error of one of them. It sees what
    differs from pair to pair, not the noise of a frame, which is in all its pairs.

    *What still moves*: means of up to eight frames each at the beginning, in the middle
    and at the end, window by window, and the affine motion that fits most windows.
    Along y and x only.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> scene = rng.normal(size=(90, 90))
    >>> movie = np.stack([scene[2 * t : 2 * t + 72, 9:81] for t in range(8)])
    >>> movie = movie + rng.normal(size=movie.shape)
    >>> report = assess(movie, [(2 * t, 0) for t in range(8)], two_halves=False)
    >>> report.verdict
    'better'
    >>> report.ncc_before < 0.4 and report.ncc_after > 0.6
    True
    """
    asked = ReportOptions(
        channel=channel,
        second_channel=second_channel,
        mask_follows=mask_follows,
        two_halves=two_halves,
        max_frames=max_frames,
    )
    table = drift if isinstance(drift, DriftTable) else DriftTable.from_shifts(drift)
    options = options_of(table, asked)
    source = as_movie(movie, axes)
    frames = Frames(
        source, options.channel if "C" in source.axes else None, options.projection
    )
    table.check_fits(len(frames), len(frames.shape))
    masks = movie_mask(mask, frames)
    if reference is None:
        reference = _known_reference(table)
    found = find_reference(reference, reference_mask, frames, masks)
    subject = Subject.of(
        frames,
        table,
        options,
        reference=reference if found.image is None else found.image,
        reference_valid=found.valid,
        mask=masks,
        max_frames=asked.max_frames,
    )
    return _report(subject, asked)


def assess_plan(plan: DriftPlan, table: DriftTable) -> AlignmentReport:
    """Return the report on the table that a plan has led to."""
    image = plan.reference.image
    subject = Subject.of(
        plan.frames,
        table,
        plan.options,
        reference=plan.options.reference if image is None else image,
        reference_valid=plan.reference.valid,
        mask=plan.mask,
        max_frames=_DEFAULTS.max_frames,
    )
    return _report(subject, _DEFAULTS)


def _known_reference(table: DriftTable) -> str | int:
    """Return what the frames of a table were laid over, or its first good frame.

    Of an image only the name is known, of a table from elsewhere nothing.
    """
    known: str | int = table.options.get("reference", "image")
    return int(table.ok.argmax()) if known == "image" else known


def _report(subject: Subject, asked: ReportOptions) -> AlignmentReport:
    found: Agreement | None = None
    source: Literal["halves", "channel"] | None = None
    if asked.second_channel is not None:
        found, source = compare_channels(subject, asked.second_channel), "channel"
    elif asked.two_halves:
        found, source = compare_halves(subject), "halves"
    likeness = measure_likeness(subject)
    closure, closure_from = _closure(subject)
    movie, axes = subject.frames.movie, subject.frames.axes
    unknown = (float("nan"),) * len(axes)
    return AlignmentReport(
        n_frames=movie.n_frames,
        frames=likeness.frames,
        frame_ncc_before=likeness.ncc[0],
        frame_ncc_after=likeness.ncc[1],
        sharpness_before=likeness.sharpness[0],
        sharpness_after=likeness.sharpness[1],
        region=float(likeness.region.mean()),
        axes=axes,
        scale=movie.along("scale", axes),
        units=movie.along("units", axes),
        drift_rms=_spread(subject.shifts[subject.chosen]),
        error=unknown if found is None else tuple(found.error.tolist()),
        error_from=source,
        claimed=_claimed(subject),
        away=unknown if found is None else tuple(found.away.tolist()),
        error_frames=(0, 0) if found is None else (found.n_good, found.n_frames),
        closure=closure,
        closure_from=closure_from,
        counts=subject.table.counts(),
        remaining=measure_remains(likeness),
    )


def _claimed(subject: Subject) -> tuple[float, ...]:
    """Return the median standard error of good frames, along the axes of a frame."""
    table, ndim = subject.table, len(subject.frames.shape)
    std = table.shift_std[table.ok]
    known = std[np.isfinite(std).all(axis=1)]
    median = np.median(known, axis=0) if len(known) else np.full(table.ndim, np.nan)
    return tuple(
        np.pad(median, (ndim - table.ndim, 0), constant_values=np.nan).tolist()
    )


def _closure(subject: Subject) -> tuple[float, Literal["table", "triples"]]:
    residual = subject.table.residual[subject.table.ok]
    residual = residual[np.isfinite(residual)]
    if residual.size:
        return float(np.median(residual)), "table"
    return measure_closure(subject), "triples"


def _spread(shifts: NDArray[np.float64]) -> float:
    """Return how far shifts are from their mean, root mean square."""
    return float(np.sqrt(np.sum(np.var(shifts, axis=0))))
