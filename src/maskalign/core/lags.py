r"""Correlation of two images at a window of lags, by FFT.

.. math:: (a * b)(u) = \sum_p a(p + u)\, b(p)

Only what is asked for is computed. An axis is padded just far enough that no lag of the
window wraps round, and after each inverse transform the lags outside are dropped before
the next axis is begun. Transforms always run along the last axis; between them the axes
are rotated by one, so that memory is walked in order: an FFT across rows costs twice
one along them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from maskalign.core import fft
from maskalign.core.fft import ComplexArray
from maskalign.core.pixels import Valid
from maskalign.model.types import FloatArray, MaxShift

__all__ = ["LagWindow", "parts"]

#: Pixels worked on at a time: a megabyte of spectra.
_PART_PIXELS = 1 << 17
#: Up to so many pixels in each image, counts are exact in single precision: their
#: largest error was measured as two roundings of the product of the norms, 0.3 here.
_EXACT_COUNT = 1_200_000


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

    def reference_spectrum(
        self, image: NDArray[Any], dtype: DTypeLike | None = None
    ) -> ComplexArray:
        """Transform the image that stays, in its own precision or in `dtype`.

        It is laid down `first` pixels in, so that the first lag of the window comes
        out at index 0 and the window is one block.
        """
        return self._spectrum(image, tuple(-a for a in self.first), dtype)

    def moving_spectrum(
        self, image: NDArray[Any], dtype: DTypeLike | None = None
    ) -> ComplexArray:
        """Transform the image that is moved, in its own precision or in `dtype`."""
        spectrum = self._spectrum(image, (0,) * image.ndim, dtype)
        return np.conj(spectrum, out=spectrum)

    def correlate(self, reference: ComplexArray, moving: ComplexArray) -> FloatArray:
        """Return the correlation of two spectra at every lag of the window."""
        return self._lags(reference, moving, moving.real.dtype)

    def counts(
        self,
        reference: Valid,
        moving: Valid,
        spectra: Callable[[], tuple[ComplexArray, ComplexArray]],
    ) -> NDArray[np.int32]:
        """Return how many pixels are valid in both images at every lag.

        Exact: by boxes where one image is valid everywhere; else by transforms,
        rounded. Single precision does up to a million pixels, for which `spectra` is
        asked; beyond, double precision is used.
        """
        if moving.whole:
            n = self.reference_sums(reference.array)
        elif reference.whole:
            n = self.moving_sums(moving.array)
        elif reference.count * moving.count <= _EXACT_COUNT**2:
            return self._lags(*spectra(), np.int32)
        else:
            fixed = self.reference_spectrum(reference.array, np.float64)
            moved = self.moving_spectrum(moving.array, np.float64)
            return self._lags(fixed, moved, np.int32)
        return np.rint(n).astype(np.int32)

    def reference_sums(self, image: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sum of the reference over the overlap at every lag."""
        boxes = [
            (np.clip(u, 0, n), np.clip(u + n_other, 0, n))
            for u, n, n_other in zip(
                self.lags, self.reference_shape, self.moving_shape, strict=True
            )
        ]
        return _box_sums(image, boxes)

    def moving_sums(self, image: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sum of the moving image over the overlap at every lag."""
        boxes = [
            (np.clip(-u, 0, n), np.clip(n_other - u, 0, n))
            for u, n, n_other in zip(
                self.lags, self.moving_shape, self.reference_shape, strict=True
            )
        ]
        return _box_sums(image, boxes)

    def energy(
        self,
        reference: ComplexArray,
        moving: ComplexArray,
        blur: NDArray[np.float64] | None = None,
    ) -> float:
        """Return the sum of the squared correlation over all lags (Parseval).

        With `blur`, one for each axis in pixels, that of the correlation blurred by
        such a Gaussian.
        """
        *others, n_x = self.padded
        weights = [np.ones(n) for n in others] + [np.ones(n_x // 2 + 1)]
        if blur is not None:
            for axis, n in enumerate(self.padded):
                frequency = np.fft.fftfreq(n)[: len(weights[axis])]
                weights[axis] = np.exp(-((2 * np.pi * blur[axis] * frequency) ** 2))
        # Half of the frequencies along x are not stored: they count with the others.
        weights[-1][1 : (n_x + 1) // 2] *= 2
        # The axes as `_spectrum` left them: (x, y), or (y, x, z).
        rotated = [weights[k] for k in (*range(1, len(weights)), 0)]
        first, *_, last = rotated
        total = 0.0
        for part in parts(reference):
            a, b = reference[part], moving[part]
            squares = (a.real**2 + a.imag**2) * (b.real**2 + b.imag**2)
            sums = squares @ last.astype(squares.dtype)
            if sums.ndim == 2:
                sums = sums @ rotated[1]
            total += float(sums @ first[part])
        return total / float(np.prod(self.padded))

    def _spectrum(
        self, image: NDArray[Any], offset: tuple[int, ...], dtype: DTypeLike | None
    ) -> ComplexArray:
        """Transform axis by axis, from x on, rotating the next one to the end."""
        dtype = np.dtype(dtype or image.dtype)
        n = self.padded[-1]
        a: ComplexArray = np.empty(
            (n // 2 + 1, *image.shape[:-1]), np.result_type(dtype, np.complex64)
        )
        for part in parts(image):
            rows = _laid_down(image[part].astype(dtype, copy=False), offset[-1], n)
            a[:, part] = np.moveaxis(fft.rfft(rows, n), -1, 0)
        for axis in range(image.ndim - 2, -1, -1):
            n, start = self.padded[axis], offset[axis]
            shape = (n, *a.shape[:-1]) if axis else (*a.shape[:-1], n)
            out = np.empty(shape, a.dtype)
            for part in parts(a):
                rows = fft.fft(_laid_down(a[part], start, n), n)
                if axis:
                    out[:, part] = np.moveaxis(rows, -1, 0)
                else:
                    out[part] = rows
            a = out
        return a

    def _lags(
        self, reference: ComplexArray, moving: ComplexArray, dtype: DTypeLike
    ) -> NDArray[Any]:
        """Transform a product back, dropping the lags outside axis by axis.

        The axes, (x, y) or (y, x, z), turn back to (y, x) or (z, y, x). For an integer
        `dtype` the result is rounded.
        """
        a: ComplexArray | None = None
        for n in self.shape[:-1]:
            source = reference if a is None else a
            out = np.empty((*source.shape[1:-1], n, len(source)), source.dtype)
            for part in parts(source):
                rows = source[part] * moving[part] if a is None else source[part]
                out[..., part] = np.moveaxis(fft.ifft(rows)[..., :n], 0, -1)
            a = out
        surface = np.empty(self.shape, dtype)
        for part in parts(out):
            lines = fft.irfft(out[part], self.padded[-1])[..., : self.shape[-1]]
            surface[part] = lines if surface.dtype.kind == "f" else np.rint(lines)
        return surface


def parts(a: NDArray[Any]) -> Iterator[slice]:
    """Cut the first axis into parts that stay in the processor's cache."""
    rows = max(_PART_PIXELS * len(a) // a.size, 1)
    return (slice(k, min(k + rows, len(a))) for k in range(0, len(a), rows))


def _box_sums(
    image: NDArray[Any], boxes: Sequence[tuple[NDArray[np.int_], NDArray[np.int_]]]
) -> NDArray[np.float64]:
    """Return sums over boxes: all combinations of the ranges given for each axis.

    The pixels between two ends of any range are added up once, in double precision;
    a range is then a difference of two running totals.
    """
    total: NDArray[Any] = image
    for axis, (start, stop) in reversed(list(enumerate(boxes))):
        n = total.shape[axis]
        ends = np.unique(np.concatenate([start, stop]))
        inner = ends[ends < n]
        pieces = np.add.reduceat(total, inner, axis=axis, dtype=np.float64)
        running = np.cumsum(pieces, axis=axis)
        zero = np.zeros_like(np.take(running, [0], axis=axis))
        running = np.concatenate([zero, running], axis=axis)
        first, last = np.searchsorted(ends, start), np.searchsorted(ends, stop)
        total = np.take(running, last, axis=axis)
        total -= np.take(running, first, axis=axis)
    return total


def _laid_down(a: NDArray, start: int, n: int) -> NDArray:  # type: ignore[type-arg]
    """Return rows that begin `start` pixels in; zeros behind are left to the FFT."""
    if not start:
        return a
    out = np.zeros((*a.shape[:-1], n), a.dtype)
    out[..., start : start + a.shape[-1]] = a
    return out
