"""Frames that are suddenly out of focus."""

from collections import deque
from math import isfinite
from statistics import median

from maskalign.core.defects import Defects

__all__ = ["FocusWatch"]

#: A frame less than this share as sharp as those before it is out of focus. From frame
#: to frame of real movies it was never below 0.7.
_MUCH_BLUR = 0.5
#: How many frames before it a frame is compared with.
_BEFORE = 3
#: Standard errors by which it must be below that.
_CERTAIN = 2.0


class FocusWatch:
    """Compares each frame with the few before it.

    Focus may drift, or be changed for good, and what is left is still a picture: only
    the first frames of a blurred stretch are called so.
    """

    def __init__(self) -> None:
        self._before: deque[float] = deque(maxlen=_BEFORE)

    def lost(self, defects: Defects) -> bool:
        """Tell whether a frame is out of focus; frames come in order."""
        sharpness, std = defects.sharpness, defects.sharpness_std
        before = median(self._before) if self._before else float("nan")
        if isfinite(sharpness):
            self._before.append(sharpness)
        return sharpness + _CERTAIN * std < _MUCH_BLUR * before
