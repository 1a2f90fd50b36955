"""NCC maps of aligned frames: each against what it was laid over."""

from dataclasses import asdict, replace
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.core.translate import translate_valid
from maskalign.model.drift_table import DriftTable
from maskalign.model.map_options import GridSize, MapOptions
from maskalign.model.map_results import MapSummary
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.types import MaskFrame
from maskalign.pipeline.apply import apply_drift
from maskalign.pipeline.canvas import CanvasFrame, canvas
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.map_summary import summarize_map
from maskalign.pipeline.maps import local_ncc
from maskalign.pipeline.masks import image_mask
from maskalign.pipeline.parallel import compute
from maskalign.pipeline.references import Reference
from maskalign.pipeline.valid_region import valid_region

__all__ = ["aligned_maps", "aligned_summary", "compared_with"]

_WINDOW = MapOptions().window
#: Strategies that lay a frame over one before it.
_CHAINS = ("previous", "rolling")


def compared_with(table: DriftTable) -> int | str:
    """Return what aligned frames are compared with: a frame's number, or "previous".

    The frame that the table says they were laid over; where it was no single frame of
    the movie, the first good one.
    """
    asked = table.options.get("reference", "first")
    if asked in _CHAINS:
        return "previous"
    if isinstance(asked, int):
        return asked % len(table)
    return int(table.ok.argmax())


def aligned_maps(
    movie: Movie,
    table: DriftTable,
    *,
    mask: Any = None,
    mask_follows: MaskFrame = "camera",
    channel: int | str | None = None,
    window: GridSize = _WINDOW,
    output: ApplyOptions | None = None,
    over: Reference | None = None,
) -> Movie:
    """Return an NCC map of each aligned frame, lazily; only the reference is read.

    What is masked does not count, nor what an aligned frame does not have itself.
    Frames whose shift is doubtful are moved by what their neighbours say.

    Parameters
    ----------
    movie : Movie
        The movie as it was recorded.
    table : DriftTable
        Its shifts.
    mask, mask_follows
        As for `estimate_drift`.
    channel : int or str, optional
        The channel to compare, of several.
    window
        As for `local_ncc`.
    output : ApplyOptions, optional
        How the frames are moved.
    over : Reference, optional
        An image from elsewhere that the frames were laid over; without one, as
        `compared_with` says.

    Raises
    ------
    TypeError, ValueError
        If mask, table, image and movie do not fit together.
    """
    table.check_fits(movie.n_frames, len(movie.frame_shape))
    options = output or ApplyOptions()
    whole = table.repaired()
    aligned = apply_drift(movie, whole, **asdict(options))
    frame = canvas(
        movie.frame_shape, whole, options.canvas, interpolation=options.interpolation
    )
    still = mask if mask_follows == "sample" else None
    region: Movie = valid_region(
        movie,
        whole,
        mask=None if still is not None else mask,
        interpolation=options.interpolation,
        canvas=options.canvas,
    )
    if still is not None:
        region = _lying_still(still, region, movie, frame, options)
    reference: Any = compared_with(table)
    if over is not None and over.image is not None:
        reference = _laid_out(over, movie, frame)
    elif reference != "previous":
        # Read once, so that a frame of the map costs one frame of the movie.
        k = reference
        reference = np.asarray(compute(Frames(aligned, channel).block(k, k + 1)[0]))
        at = region.axes.index("T")
        there = np.asarray(compute(da.take(region.data, [k], axis=at)))
        region = region.replace(data=region.data & there)
    maps: Movie = local_ncc(
        reference, aligned, mask=region, channel=channel, window=window
    )
    return maps


def aligned_summary(
    movie: Movie, table: DriftTable, *, over: Reference | None = None, **how: Any
) -> MapSummary:
    """Return numbers for the map of each aligned frame.

    A frame that is compared with itself has none: it is like itself, however good the
    others are.

    Parameters
    ----------
    movie, table, over, **how
        As for `aligned_maps`.
    """
    found = summarize_map(aligned_maps(movie, table, over=over, **how))
    other = compared_with(table)
    if isinstance(other, str) or (over is not None and over.image is not None):
        return found
    itself = np.arange(len(found)) == other
    return replace(
        found,
        median=np.where(itself, np.nan, found.median),
        share=np.where(itself, np.nan, found.share),
    )


def _lying_still(
    mask: Any, region: Movie, movie: Movie, frame: CanvasFrame, options: ApplyOptions
) -> Movie:
    """Return a region less what a mask that goes with the sample leaves out.

    In the aligned movie such a mask lies still.
    """
    valid = translate_valid(
        image_mask(mask, movie.frame_shape, "mask"),
        (0.0,) * len(movie.frame_shape),
        interpolation=options.interpolation,
        origin=frame.origin,
        shape=frame.shape,
    )
    letters = "T" + movie.spatial_axes
    order = [letters.index(a) for a in region.axes]
    return region.replace(data=region.data & valid[np.newaxis].transpose(order))


def _laid_out(over: Reference, movie: Movie, frame: CanvasFrame) -> NDArray[Any]:
    """Return an image on the frame of the aligned movie, NaN beyond it."""
    image = over.image
    assert image is not None
    if image.ndim != len(movie.frame_shape):
        msg = (
            f"The reference has {image.ndim} axes, a frame of the movie "
            f"{len(movie.frame_shape)}: they cannot be compared place by place."
        )
        raise ValueError(msg)
    seen = image if over.valid is None else np.where(over.valid, image, np.nan)
    out = np.full(frame.shape, np.nan)
    from_, to = [], []
    for o, size, n in zip(frame.origin, frame.shape, image.shape, strict=True):
        low = max(o, 0)
        high = max(min(o + size, n), low)
        from_.append(slice(low, high))
        to.append(slice(low - o, high - o))
    out[tuple(to)] = seen[tuple(from_)]
    return out
