"""What a camera that failed leaves in a frame."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.pixels import Pixels, Valid
from maskalign.model.status import CUT_OFF, SATURATED

__all__ = ["Defects"]

#: A frame with this much more at its upper limit than the one it is laid over is
#: saturated.
_MUCH_LIGHT = 0.25
#: One with this much more of one constant value along an edge is cut off.
_MUCH_DEAD = 0.2
#: Standard errors that an autocorrelation must have to be one.
_CLEAR = 5.0


@dataclass(frozen=True, slots=True)
class Defects:
    """How much of a frame looks like no picture.

    Neither figure says anything by itself: a mask in black and white is at its upper
    limit, too, and a sample may lie on a black ground. Compared with those of a good
    frame of the same movie they do.
    """

    #: Share of the valid pixels that have the highest value.
    at_top: float
    #: Largest share of the frame that is one constant value, from one edge on.
    dead: float
    #: How quickly structure changes from pixel to pixel, whatever the noise; NaN where
    #: noise leaves none of it.
    sharpness: float = float("nan")
    #: Its standard error.
    sharpness_std: float = float("nan")

    @classmethod
    def of(cls, image: NDArray[Any], valid: Valid) -> "Defects":
        """Look at one frame, for all but its sharpness."""
        used = image if valid.whole else image[valid.array]
        at_top = np.count_nonzero(used == used.max()) / used.size if used.size else 0.0
        return cls(at_top, max(_dead_shares(image)))

    def focused(self, pixels: Pixels) -> "Defects":
        """Return these with the sharpness of the pixels."""
        sharpness, std = _sharpness(pixels)
        return replace(self, sharpness=sharpness, sharpness_std=std)

    def beside(self, other: "Defects", moved: float = 0.0) -> str | None:
        """Return the status of a frame that is worse than the other one, or None.

        Parameters
        ----------
        other : Defects
            Those of the other frame.
        moved : float
            How far the sample lies from where it lies there, as a share of the frame:
            of a black ground as much more comes into view.
        """
        if self.at_top > other.at_top + _MUCH_LIGHT:
            return SATURATED
        return CUT_OFF if self.dead > other.dead + _MUCH_DEAD + moved else None


def _sharpness(pixels: Pixels) -> tuple[float, float]:
    r"""Return :math:`\ln (r_1 / r_2)` and its error, from the autocorrelation.

    :math:`r_k` is the one at k pixels. For structure of width :math:`s` the logarithm
    is :math:`3 / 4 s^2`. White noise is in neither term, but for an error of
    :math:`1 / \sqrt n`.
    """
    values = pixels.values.ravel()
    width, n = pixels.values.shape[-1], pixels.valid.count
    # The few pairs that reach from one line to the next do no harm.
    near, far = (
        sum(float(values[s:] @ values[:-s]) for s in (k, k * width)) / (2 * n)
        if 2 * width < len(values)
        else 0.0
        for k in (1, 2)
    )
    error = n**-0.5
    if min(near, far) < _CLEAR * error:
        return float("nan"), float("nan")
    return float(np.log(near / far)), float(error * np.hypot(1 / near, 1 / far))


def _dead_shares(image: NDArray[Any]) -> Iterator[float]:
    for axis in range(image.ndim):
        lines = np.moveaxis(image, axis, 0)
        for inward in (lines, lines[::-1]):
            yield _dead_lines(inward) / len(lines)


def _dead_lines(lines: NDArray[Any]) -> int:
    """Return how many lines, from the first on, have one and the same value."""
    value = lines[0].flat[0]
    for number, line in enumerate(lines):
        if not (line == value).all():
            return number
    return len(lines)
