"""A prepared reference, and the row that it makes of each frame."""

from typing import Any

from numpy.typing import NDArray

from maskalign.core.masked_ncc import OverlapTerms, PreparedReference
from maskalign.core.pinned import looks_pinned
from maskalign.core.pixels import Pixels, Valid
from maskalign.core.register import match
from maskalign.core.validate import as_pixels
from maskalign.errors import NoContrastError, NoOverlapError, NoValidPixelsError
from maskalign.model import status
from maskalign.model.drift_table import DriftRow
from maskalign.model.options import MatchOptions
from maskalign.model.results import Registration
from maskalign.model.types import ValidArray

__all__ = ["Matcher"]

#: The word for each reason why a frame has no estimate.
_STATUS = {
    NoContrastError: status.BLANK,
    NoValidPixelsError: status.EMPTY,
    NoOverlapError: status.LOW_OVERLAP,
}


class Matcher:
    """A prepared reference that makes a row of each frame."""

    def __init__(
        self,
        prepared: PreparedReference,
        fixed: ValidArray | None,
        reference_frame: int,
        options: MatchOptions,
        probe_every: int,
    ) -> None:
        #: For some frames, whether a zero shift hides a motion.
        self.pinned: list[bool] = []
        self._probe_every = probe_every
        self._prepared = prepared
        self._reference_frame = reference_frame
        self._options = options
        shape = prepared.window.moving_shape
        self._fixed = Valid.everywhere(shape) if fixed is None else Valid.of(fixed)
        # Fails here if no frame could ever overlap enough.
        self._fixed_terms = prepared.under(self._fixed, options.min_overlap)

    def row(
        self, frame: int, image: NDArray[Any], valid: ValidArray | None
    ) -> DriftRow:
        """Match one frame; say why if that cannot be done."""
        ndim = image.ndim
        if frame == self._reference_frame:
            still = (0.0,) * ndim
            return DriftRow(
                frame, frame, still, 1.0, 1.0, still, float("nan"), status.OK
            )
        try:
            pixels = as_pixels(
                image,
                self._fixed if valid is None else valid,
                name=f"frame {frame}",
                mask_name="its mask",
                dtype=self._prepared.pixels.values.dtype,
            )
            found = match(
                self._prepared,
                pixels,
                self._terms_of(pixels.valid),
                subpixel=self._options.subpixel,
            )
            self._probe(frame, pixels, found)
        except tuple(_STATUS) as error:
            unknown, nan = (float("nan"),) * ndim, float("nan")
            word = _STATUS[type(error)]
            return DriftRow(
                frame, self._reference_frame, unknown, nan, nan, unknown, nan, word
            )
        return DriftRow(
            frame,
            self._reference_frame,
            found.shift,
            found.ncc,
            found.overlap,
            found.shift_std,
            found.peak_ratio,
            found.status,
        )

    def _probe(self, frame: int, pixels: Pixels, found: Registration) -> None:
        if frame % self._probe_every == 0:
            pinned = looks_pinned(self._prepared.pixels, pixels, found.shift)
            self.pinned.append(pinned)

    def _terms_of(self, valid: Valid) -> OverlapTerms:
        if valid is self._fixed:
            return self._fixed_terms
        return self._prepared.under(valid, self._options.min_overlap)
