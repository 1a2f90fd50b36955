"""The drift of a movie, frame by frame, with memory that does not grow with it."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import PreparedReference
from maskalign.core.pinned import warn_pinned
from maskalign.core.validate import as_pixels, working_dtype
from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.options import DriftOptions
from maskalign.model.types import MaxShift
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.masks import MovieMask, movie_mask
from maskalign.pipeline.matcher import Matcher
from maskalign.pipeline.parallel import compute, in_order, n_workers
from maskalign.pipeline.references import Reference, find_reference

__all__ = ["DriftPlan", "estimate_drift", "iter_drift", "plan_drift"]

_DEFAULTS = DriftOptions()
#: Frames that are looked at for static structure, and the share of them that, where it
#: is found, is worth a warning.
_PROBES, _MANY_PINNED = 16, 0.25


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
) -> DriftTable:
    """Estimate the drift of a movie.

    Parameters
    ----------
    movie : Movie or array of real numbers
        NumPy, dask, zarr ... Frames are read once, when their turn comes; memory does
        not grow with their number. NaN and infinite pixels are invalid by themselves.
    reference : 'first', int or image, optional
        What every frame is laid over: the first frame, the frame of that number (from
        0; -1 is the last), or an image of its own, (Y, X) or (Z, Y, X).
    mask : array or Movie, optional
        True (non-zero) where a pixel may be used. Shape of a frame: fixed in the
        camera, the same for all frames and for the reference (unless that is an image
        of another shape). With a leading T: one a frame. (Y, X) goes for every z.
    reference_mask : array, optional
        Mask of the reference alone, in place of `mask`. Given by itself it names a
        region of the reference to follow; the frames are then used whole.
    max_shift : float or sequence of float, optional
        Largest lag, pixels, for all spatial axes or for each.
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

    Returns
    -------
    DriftTable
        One row a frame. Shifts are relative to frame 0 for ``'first'``, to frame k for
        an index, to the image for an image. A frame that cannot be estimated gets NaN
        and a status that says why; a doubtful one keeps its number and gets a status.

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

    See Also
    --------
    iter_drift : the same, a row at a time.
    apply_drift : move the frames.

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
        max_shift=max_shift,
        min_overlap=min_overlap,
        subpixel=subpixel,
        axes=axes,
        channel=channel,
    )
    return plan.table(plan.rows())


def iter_drift(
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
) -> Iterator[DriftRow]:
    """Estimate the drift of a movie and yield each row as soon as it is done.

    Takes what `estimate_drift` takes and raises what it raises, at once. Rows come in
    the order of the frames; some frames are computed ahead, a bounded number. Closing
    the generator stops the work.

    Yields
    ------
    DriftRow
        ``frame, reference_frame, shift, ncc, overlap, shift_std, peak_ratio, status``.

    Examples
    --------
    >>> import numpy as np
    >>> movie = np.random.default_rng(0).normal(size=(1, 16, 16))
    >>> for row in iter_drift(movie):
    ...     print(row.frame, row.shift, row.status)
    0 (0.0, 0.0) ok
    """
    return plan_drift(
        movie,
        reference=reference,
        mask=mask,
        reference_mask=reference_mask,
        max_shift=max_shift,
        min_overlap=min_overlap,
        subpixel=subpixel,
        axes=axes,
        channel=channel,
    ).rows()


def plan_drift(
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
) -> "DriftPlan":
    """Check everything that `estimate_drift` takes, and do nothing yet.

    Raises what `estimate_drift` raises, except for what only the pixels can tell.
    """
    named = isinstance(reference, (str, int, np.integer))
    options = DriftOptions(
        reference=reference if named else _DEFAULTS.reference,
        max_shift=max_shift,
        min_overlap=min_overlap,
        subpixel=subpixel,
        channel=channel,
    )
    frames = Frames(as_movie(movie, axes), channel)
    valid = movie_mask(mask, frames)
    found = find_reference(reference, reference_mask, frames, valid)
    shape = frames.shape if found.image is None else found.image.shape
    window = LagWindow.within(shape, frames.shape, options.max_shift)
    return DriftPlan(frames, valid, found, window, options)


@dataclass(frozen=True, slots=True, eq=False)
class DriftPlan:
    """A movie, its masks, its reference and the options, settled and checked."""

    frames: Frames
    mask: MovieMask
    reference: Reference
    window: LagWindow
    options: DriftOptions

    @property
    def n_frames(self) -> int:
        """Number of rows to come."""
        return len(self.frames)

    def rows(self) -> Generator[DriftRow, None, None]:
        """Estimate, and yield a row as soon as it is done, in the order of frames."""
        blocks = self.frames.blocks
        kept: dict[tuple[int, int], NDArray[Any]] = {}
        if self.reference.image is None:
            # The block that holds the reference is read first and kept for its turn:
            # each frame is read once.
            home = next(b for b in blocks if b[0] <= self.reference.frame < b[1])
            kept[home] = np.asarray(compute(self.frames.block(*home)))
        matcher = self._matcher(kept)

        def rows_of(block: tuple[int, int]) -> list[DriftRow]:
            images = kept.pop(block, None)
            if images is None:
                images = np.asarray(compute(self.frames.block(*block)))
            masks = self.mask.block(*block)
            if masks is not None:
                masks = np.asarray(compute(masks))
            return [
                matcher.row(
                    frame,
                    images[frame - block[0]],
                    None
                    if masks is None
                    else self.mask.spread(masks[frame - block[0]]),
                )
                for frame in range(*block)
            ]

        for rows in in_order(rows_of, blocks, workers=n_workers()):
            yield from rows
        if sum(matcher.pinned) > _MANY_PINNED * len(matcher.pinned):
            warn_pinned("In many frames", stacklevel=2)

    def table(self, rows: Iterable[DriftRow]) -> DriftTable:
        """Return the rows as a table that knows its pixel size and its options."""
        movie = self.frames.movie
        options = asdict(self.options) | {
            "channel": self.frames.channel,
            "mask": self.mask.kind,
        }
        if self.reference.image is not None:
            options["reference"] = "image"
        return DriftTable.from_rows(
            rows,
            scale=movie.along("scale", movie.spatial_axes),
            units=movie.along("units", movie.spatial_axes),
            options=options,
        )

    def _matcher(self, kept: dict[tuple[int, int], NDArray[Any]]) -> Matcher:
        """Prepare the reference."""
        reference, mask = self.reference, self.mask
        image, valid = reference.image, reference.valid
        if image is None:
            ((block, images),) = kept.items()
            image = images[reference.frame - block[0]]
            if valid is None:
                masks = mask.block(reference.frame, reference.frame + 1)
                valid = (
                    mask.fixed
                    if masks is None
                    else mask.spread(np.asarray(compute(masks))[0])
                )
        dtype = working_dtype(image.dtype, self.frames.movie.dtype)
        name = "the reference" + (
            f" (frame {reference.frame})" if reference.frame >= 0 else ""
        )
        pixels = as_pixels(image, valid, name=name, mask_name="its mask", dtype=dtype)
        prepared = PreparedReference(pixels, self.window)
        step = max(len(self.frames) // _PROBES, 1)
        return Matcher(prepared, mask.fixed, reference.frame, self.options, step)
