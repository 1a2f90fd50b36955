"""A movie laid over its reference, with NaN where there is nothing to compare."""

from typing import Any

import dask.array as da
import numpy as np

from maskalign.core.validate import working_dtype
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie
from maskalign.pipeline.apply import apply_drift
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.movie_maps import stacked, valid_frames

__all__ = ["aligned_pair"]


def aligned_pair(
    reference: Any,
    movie: Movie,
    table: DriftTable,
    *,
    mask: Any = None,
    channel: int | str | None = None,
) -> tuple[Any, Movie]:
    """Return a reference and a movie, aligned, in the form `local_ncc` takes them.

    A mask lies still in the camera: it moves with each frame. So what it leaves out
    becomes NaN, and so does what a moved frame does not cover.

    Parameters
    ----------
    reference : image, 'first', 'previous' or int
        What the shifts were estimated against. An image of the shape of the mask is
        masked as well.
    movie : Movie
        The movie.
    table : DriftTable
        Its shifts; frames whose shift is doubtful are moved by what their neighbours
        say.
    mask : array or Movie, optional
        True where a pixel may be used, as in `estimate_drift`.
    channel : int or str, optional
        The channel to take.

    Returns
    -------
    reference : as given, or array of float
    aligned : Movie
        Lazy, float, one channel.
    """
    frames = Frames(movie, channel)
    images = stacked(frames)
    dtype = working_dtype(images.dtype)
    valid = valid_frames(mask, frames)
    seen = images.astype(dtype)
    if valid is not None:
        seen = da.where(valid, seen, dtype.type(np.nan))
    letters = "T" + frames.movie.spatial_axes
    letters = letters if "T" in movie.axes else letters[1:]
    source = Movie(
        seen if "T" in letters else seen[0],
        letters,
        name=movie.name,
        **{what: movie.along(what, letters) for what in ("scale", "units", "origin")},
    )
    aligned = apply_drift(
        source, table.repaired(), interpolation="cubic", fill_value=float("nan")
    )
    fits = valid is not None and len(valid) == 1 and np.shape(reference) == frames.shape
    if fits:
        reference = np.asarray(reference, working_dtype(reference.dtype))
        reference = np.where(np.asarray(valid[0]), reference, np.nan)
    return reference, aligned
