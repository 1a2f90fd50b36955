"""Numbers of frames, as people give and read them."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import DriftTableError

__all__ = ["as_frame", "as_frames", "frame_list"]


def as_frame(frame: Any, n: int) -> int:
    """Return the number of one frame of `n`, from 0.

    Examples
    --------
    >>> as_frame(-1, 5)
    4
    """
    if isinstance(frame, (bool, np.bool_)) or not isinstance(frame, Integral):
        msg = f"A frame is a whole number, got {frame!r}."
        raise TypeError(msg)
    number = int(frame)
    if not -n <= number < n:
        msg = f"There is no frame {number}: there are {n}, from 0 to {n - 1}."
        raise DriftTableError(msg)
    return number % n


def as_frames(frames: Any, n: int) -> NDArray[np.bool_]:
    """Return True for the chosen ones of `n` frames, shape (n,).

    Parameters
    ----------
    frames : int, sequence of int, slice, or array of bool, shape (n,)
        Negative numbers count from the end.

    Examples
    --------
    >>> as_frames([0, -1], 4)
    array([ True, False, False,  True])
    """
    chosen = np.zeros(n, bool)
    if isinstance(frames, slice):
        chosen[frames] = True
        return chosen
    numbers = np.atleast_1d(np.asarray(frames))
    if numbers.dtype.kind == "b":
        if numbers.shape != (n,):
            msg = (
                f"Frames are chosen by True and False of shape {numbers.shape}; "
                f"{n} frames need ({n},)."
            )
            raise DriftTableError(msg)
        return numbers.copy()
    if numbers.size and (numbers.dtype.kind not in "iu" or numbers.ndim != 1):
        msg = (
            "Frames are chosen by whole numbers, a slice, or True and False for each; "
            f"got {frames!r}."
        )
        raise TypeError(msg)
    for number in numbers.tolist():
        chosen[as_frame(number, n)] = True
    return chosen


def frame_list(frames: NDArray[np.intp]) -> str:
    """Return frame numbers in short.

    Examples
    --------
    >>> frame_list(np.array([3, 7, 8, 9]))
    '3, 7-9'
    """
    runs = np.split(frames, np.flatnonzero(np.diff(frames) != 1) + 1)
    return ", ".join(
        f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs
    )
