r"""Sums of one image over the valid pixels of the other, at every lag.

Where everything is valid, the pixels that overlap make a box, and a sum over a box is a
difference of running totals. What a few holes take away from it,

.. math:: m * f = 1 * f - (1 - m) * f,

is a correlation with no more of the image than lies within reach of them: a beam stop,
or an organelle that is masked, needs no transform of the whole. Where holes lie all
over the image, one does.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from maskalign.core.fft import ComplexArray
from maskalign.core.lags import LagWindow
from maskalign.core.pixels import Valid
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["ValidSums"]

_T = TypeVar("_T")

#: Holes that reach further than this share of all that is transformed are not worth
#: transforms of their own.
_SMALL = 0.5


class ValidSums:
    """Sums over the valid pixels of one image of a pair, for every lag of a window.

    Parameters
    ----------
    window : LagWindow
        The lags.
    valid : Valid
        The pixels to sum over.
    dtype : dtype
        float32 or float64, for the transforms.
    of_reference : bool
        Whether `valid` is that of the reference, and moving images are summed; else it
        is the other way round.
    """

    def __init__(
        self, window: LagWindow, valid: Valid, dtype: DTypeLike, *, of_reference: bool
    ) -> None:
        self.window = window
        self.valid = valid
        self._dtype = np.dtype(dtype)
        self._of_reference = of_reference

    def __call__(
        self, image: NDArray[Any], spectrum: ComplexArray | None = None
    ) -> NDArray[np.floating[Any]]:
        """Return the sum of an image, whose spectrum may be known, at every lag."""
        if self._holes is not None:
            sums = self._box(image, self._dtype)
            for holes in self._holes:
                sums[holes.place] -= holes.sums(image[holes.reach])
            return sums
        if spectrum is None:
            spectrum = self._spectrum_of(image)
        return self.window.correlate(*self._in_order(self.spectrum, spectrum))

    def of_squares(self, image: FloatArray) -> FloatArray:
        """Return the sum of the squares of an image at every lag."""
        if self._holes is not None:
            return self(image**2)
        # No name for the squares: they are gone before the surface is made.
        spectrum = self._spectrum_of(image**2)
        return self.window.correlate(*self._in_order(self.spectrum, spectrum))

    def counts(self, other: "ValidSums") -> NDArray[np.int32]:
        """Return how many valid pixels of two images meet at every lag, exactly."""
        if self._holes is None and other._holes is not None:
            return other.counts(self)
        if self._holes is None or other.valid.whole:
            return self.window.counts(
                *self._in_order(self.valid, other.valid),
                lambda: self._in_order(self.spectrum, other.spectrum),
            )
        counts = self._box(other.valid.array, np.int32)
        for holes in self._holes:
            met = ValidSums(
                holes.sums.window,
                Valid.of(other.valid.array[holes.reach]),
                self._dtype,
                of_reference=not self._of_reference,
            )
            counts[holes.place] -= holes.sums.counts(met)
        return counts

    @cached_property
    def spectrum(self) -> ComplexArray:
        """Spectrum of the valid pixels."""
        if self._of_reference:
            return self.window.reference_spectrum(self.valid.array, self._dtype)
        return self.window.moving_spectrum(self.valid.array, self._dtype)

    def _spectrum_of(self, image: NDArray[Any]) -> ComplexArray:
        if self._of_reference:
            return self.window.moving_spectrum(image, self._dtype)
        return self.window.reference_spectrum(image, self._dtype)

    def _box(self, image: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
        """Return the sums as if all pixels were valid."""
        if self._of_reference:
            return self.window.moving_sums(image, dtype)
        return self.window.reference_sums(image, dtype)

    def _in_order(self, of_valid: _T, of_image: _T) -> tuple[_T, _T]:
        """Return what belongs to the reference, then what to the moving image."""
        return (of_valid, of_image) if self._of_reference else (of_image, of_valid)

    @cached_property
    def _holes(self) -> "tuple[_Holes, ...] | None":
        """What is not valid: at most one part; None if it is too much of the image."""
        if self.valid.whole:
            return ()
        window, invalid = self.window, ~self.valid.array
        box = _bounds(invalid)
        # From the reference's holes on, moving pixels lie at p - u; else at p + u.
        first, last = window.first, window.last
        shape = window.moving_shape
        if not self._of_reference:
            first, last = tuple(-b for b in last), tuple(-a for a in first)
            shape = window.reference_shape
        reach = tuple(
            slice(max(s.start - b, 0), min(s.stop - a, n))
            for s, a, b, n in zip(box, first, last, shape, strict=True)
        )
        if any(s.start >= s.stop for s in reach):
            return ()
        part, place = _between(window, *self._in_order(box, reach))
        if np.prod(part.padded) > _SMALL * np.prod(window.padded):
            return None
        sums = ValidSums(
            part,
            Valid.of(invalid[box]),
            self._dtype,
            of_reference=self._of_reference,
        )
        return (_Holes(sums, reach, place),)


@dataclass(frozen=True, slots=True, eq=False)
class _Holes:
    """A part of an image in which all pixels lie that are not valid."""

    #: Sums over them, for the lags at which the other image reaches them.
    sums: ValidSums
    #: The part of the other image that does.
    reach: tuple[slice, ...]
    #: Where those lags are in the window.
    place: tuple[slice, ...]


def _bounds(marked: ValidArray) -> tuple[slice, ...]:
    """Return the smallest box around all marked pixels."""
    axes = range(marked.ndim)
    out = []
    for axis in axes:
        rows = np.flatnonzero(marked.any(axis=tuple(k for k in axes if k != axis)))
        out.append(slice(int(rows[0]), int(rows[-1]) + 1))
    return tuple(out)


def _between(
    window: LagWindow, here: tuple[slice, ...], there: tuple[slice, ...]
) -> tuple[LagWindow, tuple[slice, ...]]:
    """Return the window between parts of two images, and its place in the whole one."""
    first, last, place = [], [], []
    for a, b, s, t in zip(window.first, window.last, here, there, strict=True):
        # Counted from the corners of the parts, a lag is larger by this.
        more = t.start - s.start
        first.append(max(a + more, 1 - (t.stop - t.start)))
        last.append(min(b + more, s.stop - s.start - 1))
        place.append(slice(first[-1] - more - a, last[-1] - more - a + 1))
    sizes = [[s.stop - s.start for s in part] for part in (here, there)]
    return LagWindow.of(sizes[0], sizes[1], first, last), tuple(place)
