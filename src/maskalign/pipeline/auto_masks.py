"""Masks made of the images: saturated, empty border, intensity.

Each takes an array or a `Movie` and never holds it: what depends on the frame comes
back as a dask array, one mask a frame, computed when it is used. Boolean masks are
combined by ``&``::

    mask = drawn & maskalign.saturated_mask(movie)
"""

from functools import partial
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.core.borders import constant_border
from maskalign.core.static_pattern import grown
from maskalign.model.types import ValidArray
from maskalign.pipeline.lazy_frames import by_frame, lazy_frames

__all__ = ["border_mask", "intensity_mask", "saturated_mask"]


def saturated_mask(
    movie: Any,
    *,
    level: float | None = None,
    grow: int = 1,
    axes: str | None = None,
    channel: int | str | None = None,
) -> da.Array:
    """Leave out pixels that the camera could not count: one mask a frame.

    Parameters
    ----------
    movie : Movie or array of real numbers
        The movie.
    level : float, optional
        Smallest value that is saturated, such as 4095 for a camera of 12 bits. Left
        out: the largest that the dtype holds.
    grow : int
        By how many pixels, along y and x, saturated places are widened: charge spills
        over.
    axes : str, optional
        Axes of the array, such as ``"TCYX"``; without it three axes are TYX and four
        TZYX.
    channel : int or str, optional
        Channel to look at: number, name or ``"mean"``. Needed where there are several.

    Returns
    -------
    dask.array.Array of bool, shape (T, [Z,] Y, X)
        True where a pixel may be used. ``.all(axis=0)`` of it, computed, leaves out
        what is saturated in any frame.

    Raises
    ------
    ValueError
        If `level` is left out for floating-point pixels, which have no largest value,
        or `grow` is negative.

    Examples
    --------
    >>> movie = np.array([[[7, 255, 9, 3, 1]]], dtype=np.uint8)
    >>> saturated_mask(movie).compute()
    array([[[False, False, False,  True,  True]]])
    """
    _check_grow(grow)
    frames = lazy_frames(movie, axes, channel)
    if level is None:
        if frames.dtype.kind == "f":
            msg = (
                f"Pixels of dtype {frames.dtype} have no largest value: say at which "
                "level they are saturated, such as level=4095."
            )
            raise ValueError(msg)
        level = np.iinfo(frames.dtype).max
    return by_frame(partial(_below, level=level, grow=grow), frames)


def border_mask(
    movie: Any,
    *,
    value: float | None = None,
    grow: int = 2,
    axes: str | None = None,
    channel: int | str | None = None,
) -> da.Array:
    """Leave out the empty border of each frame: one mask a frame.

    An earlier alignment leaves one, and so does a round field of view. Places of the
    same value inside the image stay, unless they are joined to its edge: a background
    of nothing but zeros all round the sample is a border, too.

    Parameters
    ----------
    movie : Movie or array of real numbers
        The movie.
    value : float, optional
        Value of the border, NaN included. Left out: any value that fills a whole edge
        of the frame, or two of its corners.
    grow : int
        By how many pixels, along y and x, the border is widened: interpolation blends
        its rim, and a stop has a soft one.
    axes, channel : optional
        As in `saturated_mask`.

    Returns
    -------
    dask.array.Array of bool, shape (T, [Z,] Y, X)
        True where a pixel may be used.

    Raises
    ------
    ValueError
        If `grow` is negative.

    Examples
    --------
    >>> movie = np.arange(1, 71).reshape(1, 7, 10)
    >>> movie[0, :, :2] = 0
    >>> border_mask(movie, grow=1).compute()[0, 0]
    array([False, False, False,  True,  True,  True,  True,  True,  True,
            True])
    """
    _check_grow(grow)
    frames = lazy_frames(movie, axes, channel)
    return by_frame(partial(_inside, value=value, grow=grow), frames)


def intensity_mask(
    movie: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    axes: str | None = None,
    channel: int | str | None = None,
) -> da.Array:
    """Use only pixels of some brightness: one mask a frame.

    Parameters
    ----------
    movie : Movie or array of real numbers
        The movie.
    low, high : float, optional
        Smallest and largest value that is used, both included; no limit if left out.
    axes, channel : optional
        As in `saturated_mask`.

    Returns
    -------
    dask.array.Array of bool, shape (T, [Z,] Y, X)
        True where a pixel may be used; never where it is NaN.

    Raises
    ------
    ValueError
        If there is no limit, or `low` is above `high`.

    Examples
    --------
    >>> intensity_mask(np.array([[[3, 10, 200, 255]]]), 10, 250).compute()
    array([[[False,  True,  True, False]]])
    """
    if low is None and high is None:
        msg = "Give low, high or both: the values between which pixels are used."
        raise ValueError(msg)
    low = -np.inf if low is None else low
    high = np.inf if high is None else high
    # NaN fails the comparison, as it should.
    if not low <= high:
        msg = f"low={low:g} must not be above high={high:g}."
        raise ValueError(msg)
    frames = lazy_frames(movie, axes, channel)
    return by_frame(partial(_between, low=low, high=high), frames)


def _check_grow(grow: int) -> None:
    if not grow >= 0:
        msg = f"grow must be 0 pixels or more, got {grow!r}."
        raise ValueError(msg)


def _below(block: NDArray[Any], *, level: float, grow: int) -> ValidArray:
    return ~np.stack([grown(frame >= level, grow) for frame in block])


def _inside(block: NDArray[Any], *, value: float | None, grow: int) -> ValidArray:
    return ~np.stack([grown(constant_border(frame, value), grow) for frame in block])


def _between(block: NDArray[Any], *, low: float, high: float) -> ValidArray:
    inside: ValidArray = (block >= low) & (block <= high)
    return inside
