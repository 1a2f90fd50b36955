"""A frame of a movie: below the public names of maskalign, as little else here.

A movie prepares its reference once; to time one frame of it, so must this.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.lags import LagWindow
from maskalign.core.masked_ncc import PreparedReference
from maskalign.core.pixels import Pixels, Valid
from maskalign.core.register import match
from maskalign.core.tile_sums import Sums, compiled
from maskalign.core.validate import as_pixels, working_dtype
from maskalign.model.options import MatchOptions
from maskalign.model.results import Registration
from maskalign.model.types import MaxShift

__all__ = ["FixedReference", "compiled_sums"]

_DEFAULTS = MatchOptions()


def compiled_sums() -> Sums | None:
    """Return what a long movie is refined with where numba is installed, or None."""
    return compiled(1 << 40, 2, np.float32)


class FixedReference:
    """A reference and a mask that serve every frame."""

    def __init__(
        self,
        reference: NDArray[Any],
        valid: NDArray[np.bool_] | None,
        max_shift: MaxShift,
    ) -> None:
        shape = reference.shape
        self._valid = Valid.everywhere(shape) if valid is None else Valid.of(valid)
        self._dtype = working_dtype(reference.dtype)
        window = LagWindow.within(shape, shape, max_shift)
        self._prepared = PreparedReference(self._pixels(reference), window)
        self._terms = self._prepared.under(self._valid, _DEFAULTS.min_overlap)

    def register(
        self, frame: NDArray[Any], *, subpixel: bool, sums: Sums | None = None
    ) -> Registration:
        """Find the shift of one frame, the checks of its pixels included."""
        pixels = self._pixels(frame)
        return match(self._prepared, pixels, self._terms, subpixel=subpixel, sums=sums)

    def _pixels(self, image: NDArray[Any]) -> Pixels:
        return as_pixels(
            image, self._valid, name="image", mask_name="mask", dtype=self._dtype
        )
