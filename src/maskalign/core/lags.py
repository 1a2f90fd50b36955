r"""Correlation of two images at a window of lags, by FFT.

.. math:: (a * b)(u) = \sum_p a(p + u)\, b(p)

Only what is asked for is computed. An axis is padded just far enough that no lag of the
window wraps round, and after each inverse transform the lags outside are dropped before
the next axis is begun. Transforms always run along the last axis; between them the axes
are rotated by one, so that memory is walked in order: an FFT across rows costs twice
one along them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskalign.core import fft
from maskalign.core.fft import ComplexArray
from maskalign.model.types import FloatArray, MaxShift

__all__ = ["LagWindow"]


@dataclass(frozen=True, slots=True)
class LagWindow:
    """The lags from `first` to `last` (inclusive) between images of given shapes."""

    reference_shape: tuple[int, ...]
    moving_shape: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    #: Length to which each axis is padded.
    padded: tuple[int, ...]

    @classmethod
    def within(
        cls,
        reference_shape: Sequence[int],
        moving_shape: Sequence[int],
        max_shift: MaxShift,
    ) -> "LagWindow":
        """Make the window of all lags up to `max_shift` at which images overlap.

        Parameters
        ----------
        reference_shape, moving_shape : sequence of int
            Shapes of the two images, of the same number of axes.
        max_shift : float, sequence of float, or None
            Largest shift in pixels, for all axes or for each; None for all lags.

        Raises
        ------
        ValueError
            If `max_shift` has neither one entry nor one for each axis.
        """
        ndim = len(reference_shape)
        if max_shift is None or not isinstance(max_shift, Sequence):
            limits = [np.inf if max_shift is None else float(max_shift)] * ndim
        elif len(max_shift) == ndim:
            limits = [float(limit) for limit in max_shift]
        else:
            msg = (
                f"max_shift={tuple(max_shift)} has {len(max_shift)} entries; give one "
                f"number, or one for each of the {ndim} spatial axes."
            )
            raise ValueError(msg)
        first, last, padded = [], [], []
        for axis, (n_reference, n_moving, limit) in enumerate(
            zip(reference_shape, moving_shape, limits, strict=True)
        ):
            first.append(-int(min(limit, n_moving - 1)))
            last.append(int(min(limit, n_reference - 1)))
            # Circular correlation of length N confuses lags u and u +- N: the next
            # lag beyond each end of the window must fall outside all overlap.
            enough = max(n_reference - first[-1], n_moving + last[-1])
            padded.append(fft.next_fast_len(enough, real=axis == ndim - 1))
        return cls(
            tuple(reference_shape),
            tuple(moving_shape),
            tuple(first),
            tuple(last),
            tuple(padded),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of lags along each axis."""
        return tuple(b - a + 1 for a, b in zip(self.first, self.last, strict=True))

    @property
    def lags(self) -> tuple[NDArray[np.int_], ...]:
        """The lags along each axis, ascending."""
        return tuple(
            np.arange(a, b + 1) for a, b in zip(self.first, self.last, strict=True)
        )

    def reference_spectrum(self, image: FloatArray) -> ComplexArray:
        """Transform the image that stays.

        It is laid down `first` pixels in, so that the first lag of the window comes
        out at index 0 and the window is one block.
        """
        return self._spectrum(image, tuple(-a for a in self.first))

    def moving_spectrum(self, image: FloatArray) -> ComplexArray:
        """Transform the image that is moved."""
        return np.conj(self._spectrum(image, (0,) * image.ndim))

    def correlate(self, reference: ComplexArray, moving: ComplexArray) -> FloatArray:
        """Return the correlation of two spectra at every lag of the window."""
        a: ComplexArray = reference * moving
        # The axes come as `_spectrum` left them, (y, x, z), and turn back to (z, y, x).
        for n in self.shape[:-1]:
            a = _rotate_forward(fft.ifft(a)[..., :n])
        return fft.irfft(a, self.padded[-1])[..., : self.shape[-1]]

    def power(self, spectrum: ComplexArray) -> FloatArray:
        """Return the squared magnitude of a spectrum, ready for `energy`.

        Half of the frequencies along x are not stored: they count with the others.
        """
        power: FloatArray = spectrum.real**2 + spectrum.imag**2
        twice = np.full(power.shape[-2], 2, power.dtype)
        twice[0] = 1
        if self.padded[-1] % 2 == 0:
            twice[-1] = 1
        power *= twice[:, np.newaxis]
        return power

    def energy(
        self,
        reference_power: FloatArray,
        moving: ComplexArray,
        blur: NDArray[np.float64] | None = None,
    ) -> float:
        """Return the sum of the squared correlation over all lags (Parseval).

        With `blur`, one for each axis in pixels, that of the correlation blurred by
        such a Gaussian.
        """
        squares = moving.real**2 + moving.imag**2
        if blur is None:
            total = float(np.vdot(reference_power, squares))
            return total / float(np.prod(self.padded))
        squares *= reference_power
        # Axes as `_spectrum` left them: (y, x, z), each contracted in turn.
        order = [*range(1, len(blur) - 1), len(blur) - 1, 0]
        for axis in order[::-1]:
            n = self.padded[axis]
            last = axis == len(blur) - 1
            frequency = np.fft.rfftfreq(n) if last else np.fft.fftfreq(n)
            weight = np.exp(-((2 * np.pi * blur[axis] * frequency) ** 2))
            squares = squares @ weight.astype(squares.dtype)
        return float(squares) / float(np.prod(self.padded))

    def _spectrum(self, image: FloatArray, offset: tuple[int, ...]) -> ComplexArray:
        rows = _laid_down(image, offset[-1], self.padded[-1])
        a: ComplexArray = fft.rfft(rows, self.padded[-1])
        for n, start in zip(self.padded[:-1][::-1], offset[:-1][::-1], strict=True):
            a = fft.fft(_laid_down(_rotate_back(a), start, n), n)
        return a


def _laid_down(a: NDArray, start: int, n: int) -> NDArray:  # type: ignore[type-arg]
    """Return rows that begin `start` pixels in; zeros behind are left to the FFT."""
    if not start:
        return a
    out = np.zeros((*a.shape[:-1], n), a.dtype)
    out[..., start : start + a.shape[-1]] = a
    return out


def _rotate_back(a: ComplexArray) -> ComplexArray:
    """Bring the last axis to the front: (y, x) -> (x, y), (z, y, x) -> (x, z, y)."""
    return np.ascontiguousarray(np.moveaxis(a, -1, 0))


def _rotate_forward(a: ComplexArray) -> ComplexArray:
    """Bring the first axis to the end, the inverse of `_rotate_back`."""
    return np.ascontiguousarray(np.moveaxis(a, 0, -1))
