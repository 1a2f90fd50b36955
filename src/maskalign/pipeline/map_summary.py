"""Numbers that stand for the NCC map of each frame of a movie."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.model.map_results import MapSummary
from maskalign.model.movie import Movie
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.parallel import in_order, n_workers

__all__ = ["frame_figures", "summarize_map", "summary_of"]

#: What counts as alike.
_ABOVE = 0.5


def summarize_map(
    ncc: Any, *, above: float = _ABOVE, axes: str | None = None
) -> MapSummary:
    """Return numbers for each frame of an NCC map: how alike, and how much of it.

    Parameters
    ----------
    ncc : Movie or array of float
        The map, as `local_ncc` returns it. Lazy maps are computed frame by frame, and
        nothing of them is kept.
    above : float
        What counts as alike.
    axes : str, optional
        Axes of an array; without it two axes are one image, three TYX and four TZYX.

    Returns
    -------
    MapSummary
        ``.median``, ``.share`` (of the pixels that have a value, those above `above`)
        and ``.known`` (the pixels that have a value), arrays of one entry a frame.

    Examples
    --------
    >>> import numpy as np
    >>> print(summarize_map(np.array([[0.9, 0.7], [0.2, np.nan]])))
    median ncc 0.70, 67 % above 0.5
    """
    if axes is None and not isinstance(ncc, Movie) and np.ndim(ncc) == 2:
        axes = "YX"
    frames = Frames(as_movie(ncc, axes))

    def of_block(block: tuple[int, int]) -> list[tuple[float, float, float]]:
        return [frame_figures(image, above) for image in frames.read(*block)]

    found = in_order(of_block, frames.blocks, workers=n_workers())
    return summary_of([figures for block in found for figures in block], above)


def summary_of(
    figures: list[tuple[float, float, float]], above: float = _ABOVE
) -> MapSummary:
    """Put the figures of all frames together."""
    median, share, known = np.array(figures).T
    return MapSummary(median, share, known, above)


def frame_figures(
    ncc: NDArray[Any], above: float = _ABOVE
) -> tuple[float, float, float]:
    """Return median, share above a value and share of known pixels of one map."""
    values = ncc[np.isfinite(ncc)]
    if not values.size:
        return float("nan"), float("nan"), 0.0
    share = np.count_nonzero(values > above) / values.size
    return float(np.median(values)), share, values.size / ncc.size
