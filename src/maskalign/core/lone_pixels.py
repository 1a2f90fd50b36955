"""Pixels that stand out alone, at the same place in two images: hot or dead ones.

A few of them may outweigh everything else, and then the best lag is 0 wherever the
sample has gone. A motion of a few pixels leaves no trace of its own in the difference
of the images; but the images can be matched without those pixels.
"""

from collections.abc import Sequence

import numpy as np

from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import PreparedReference
from maskalign.core.pixels import Pixels
from maskalign.core.validate import as_pixels
from maskalign.errors import NoContrastError, NoOverlapError
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["held_by_lone_pixels"]

#: A pixel stands out alone if it is beyond all its neighbours by so many standard
#: deviations of the image ...
_BEYOND = 3.0
#: ... and so does no more than this share of them; else it is what the scene is like.
_FEW = 0.01
#: How far a better lag is looked for, pixels.
_REACH = 10
#: A lag is better if it is so by this many standard deviations.
_BETTER = 5.0


def held_by_lone_pixels(reference: Pixels, moving: Pixels, lag: Sequence[int]) -> bool:
    """Tell whether another lag is the best one without pixels that stand out alone.

    Parameters
    ----------
    reference, moving : Pixels
        Two images of one shape, used whole.
    lag : sequence of int
        The best lag with them, 0 along some axis.
    """
    alone = _alone(reference.values) & _alone(moving.values)
    n_alone = np.count_nonzero(alone)
    if not 0 < n_alone <= _FEW * alone.size:
        return False
    window = LagWindow.within(alone.shape, alone.shape, _REACH)
    places = [u - first for u, first in zip(lag, window.first, strict=True)]
    if not all(0 <= i < n for i, n in zip(places, window.shape, strict=True)):
        return False
    try:
        fixed, moved = (
            as_pixels(
                image.values,
                ~alone,
                name="image",
                mask_name="mask",
                dtype=image.values.dtype,
            )
            for image in (reference, moving)
        )
        prepared = PreparedReference(fixed, window, once=True)
        terms = prepared.under(moved.valid, 0.5)
    except (NoContrastError, NoOverlapError):
        return False
    found = prepared.correlate(moved, terms)
    best = np.unravel_index(np.nanargmax(found.ncc), found.ncc.shape)
    heights = np.array([found.ncc[best], found.ncc[tuple(places)]])
    if list(best) == places or not np.isfinite(heights).all():
        return False
    higher, held = np.arctanh(np.clip(heights, -1 + 1e-6, 1 - 1e-6))
    return bool(higher - held > _BETTER * np.sqrt(found.area / terms.n[best]))


def _alone(values: FloatArray) -> ValidArray:
    """Return which pixels are brighter, or darker, than all next to them by far."""
    highest, lowest = np.full_like(values, -np.inf), np.full_like(values, np.inf)
    for axis in range(values.ndim):
        for here, there in (
            (slice(1, None), slice(None, -1)),
            (slice(None, -1), slice(1, None)),
        ):
            at = (slice(None),) * axis + (here,)
            beside = values[(slice(None),) * axis + (there,)]
            np.maximum(highest[at], beside, out=highest[at])
            np.minimum(lowest[at], beside, out=lowest[at])
    alone: ValidArray = (values - highest > _BEYOND) | (lowest - values > _BEYOND)
    return alone
