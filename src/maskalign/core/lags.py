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
from itertools import pairwise
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
#: Steps in which the overlap that is needed along an axis is counted.
_STEPS = 32


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
        around: Sequence[int] | None = None,
    ) -> "LagWindow":
        """Make the window of all lags up to `max_shift` at which images overlap.

        Parameters
        ----------
        reference_shape, moving_shape : sequence of int
            Shapes of the two images, of the same number of axes.
        max_shift : float, sequence of float, or None
            Largest shift in pixels, for all axes or for each; None for all lags.
        around : sequence of int, optional
            The lag in the middle of the window, 0 if left out. One at which the images
            do not touch is moved to the nearest at which they do.

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
        middle = (0,) * ndim if around is None else around
        first, last = [], []
        for n_reference, n_moving, limit, lag in zip(
            reference_shape, moving_shape, limits, middle, strict=True
        ):
            lowest, highest = 1 - n_moving, n_reference - 1
            centre = min(max(lag, lowest), highest)
            reach = int(min(limit, n_reference + n_moving))
            first.append(max(centre - reach, lowest))
            last.append(min(centre + reach, highest))
        return cls.of(reference_shape, moving_shape, first, last)

    @classmethod
    def of(
        cls,
        reference_shape: Sequence[int],
        moving_shape: Sequence[int],
        first: Sequence[int],
        last: Sequence[int],
    ) -> "LagWindow":
        """Make the window from the first to the last of lags at which images touch."""
        padded = []
        for axis, (n_reference, n_moving, a, b) in enumerate(
            zip(reference_shape, moving_shape, first, last, strict=True)
        ):
            # Circular correlation of length N confuses lags u and u +- N: the next
            # lag beyond each end of the window must fall outside all overlap.
            enough = max(n_reference - min(a, 0), n_moving + max(b, 0))
            padded.append(
                fft.next_fast_len(enough, real=axis == len(reference_shape) - 1)
            )
        return cls(
            tuple(reference_shape),
            tuple(moving_shape),
            tuple(first),
            tuple(last),
            tuple(padded),
        )

    def overlapping(self, least: float) -> "LagWindow":
        """Return the part of the window outside of which no `least` pixels overlap.

        Rounded a little outwards, so that images with much the same mask share one; the
        window itself if nothing is left of it.
        """
        first, last = [], []
        sizes = list(zip(self.reference_shape, self.moving_shape, strict=True))
        most = float(np.prod([min(pair) for pair in sizes]))
        for (n_reference, n_moving), a, b in zip(
            sizes, self.first, self.last, strict=True
        ):
            # Where the other axes overlap as far as they can, this one must so far.
            extent = min(n_reference, n_moving)
            step = max(extent // _STEPS, 1)
            needed = int(least * extent / most) // step * step
            first.append(max(a, needed - n_moving))
            last.append(min(b, n_reference - needed))
        if any(a > b for a, b in zip(first, last, strict=True)):
            return self
        return LagWindow.of(self.reference_shape, self.moving_shape, first, last)

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

        The images are laid down ``-first`` pixels apart, so that the first lag of the
        window comes out at index 0 and the window is one block.
        """
        return self._spectrum(image, [max(-a, 0) for a in self.first], dtype)

    def moving_spectrum(
        self, image: NDArray[Any], dtype: DTypeLike | None = None
    ) -> ComplexArray:
        """Transform the image that is moved, in its own precision or in `dtype`."""
        spectrum = self._spectrum(image, [max(a, 0) for a in self.first], dtype)
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
        asked. Beyond, pixels are counted that are not valid, which are fewer as
        a rule, and in double precision if they are not: of all that overlap, those
        valid in the moving image less those lost in the reference alone.
        """
        # Sums of ones and zeros are whole numbers, exact in double precision.
        if moving.whole:
            return self.reference_sums(reference.array, np.int32)
        if reference.whole:
            return self.moving_sums(moving.array, np.int32)
        if reference.count * moving.count <= _EXACT_COUNT**2:
            return self._lags(*spectra(), np.int32)
        lost = Valid.of(~reference.array), Valid.of(~moving.array)
        few = lost[0].count * lost[1].count <= _EXACT_COUNT**2
        dtype = np.float32 if few else np.float64
        n = self._lags(
            self.reference_spectrum(lost[0].array, dtype),
            self.moving_spectrum(lost[1].array, dtype),
            np.int32,
        )
        n -= self.reference_sums(lost[0].array, np.int32)
        n += self.moving_sums(moving.array, np.int32)
        return n

    def reference_sums(self, image: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
        """Return the sum of the reference over the overlap at every lag."""
        boxes = [
            (np.clip(u, 0, n), np.clip(u + n_other, 0, n))
            for u, n, n_other in zip(
                self.lags, self.reference_shape, self.moving_shape, strict=True
            )
        ]
        return _box_sums(image, boxes, dtype)

    def moving_sums(self, image: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
        """Return the sum of the moving image over the overlap at every lag."""
        boxes = [
            (np.clip(-u, 0, n), np.clip(n_other - u, 0, n))
            for u, n, n_other in zip(
                self.lags, self.moving_shape, self.reference_shape, strict=True
            )
        ]
        return _box_sums(image, boxes, dtype)

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
        first, *middle, last = [weights[k] for k in (*range(1, len(weights)), 0)]
        total = 0.0
        for part in parts(reference):
            product = reference[part] * moving[part]
            if blur is not None:
                product *= np.sqrt(last).astype(product.real.dtype)
            real = product.view(product.real.dtype)
            sums = np.einsum("...k,...k->...", real, real)
            for weight in middle:
                sums = sums @ weight
            total += float(sums @ first[part])
        return total / float(np.prod(self.padded))

    def _spectrum(
        self, image: NDArray[Any], offset: Sequence[int], dtype: DTypeLike | None
    ) -> ComplexArray:
        """Transform axis by axis, from x on, rotating the next one to the end.

        There it finds the zeros that it needs, and is transformed in place.
        """
        dtype = np.dtype(dtype or image.dtype)
        n = self.padded[-1]
        shape = (n // 2 + 1, *image.shape[:-2], self.padded[-2])
        a: ComplexArray = np.empty(shape, np.result_type(dtype, np.complex64))
        inner = _between_zeros(a, offset[-2], image.shape[-2])
        for part in parts(image):
            rows = _laid_down(image[part].astype(dtype, copy=False), offset[-1], n)
            inner[:, part] = np.moveaxis(fft.rfft(rows, n), -1, 0)
        for axis in range(image.ndim - 2, 0, -1):
            n = self.padded[axis]
            out = np.empty((n, *a.shape[:-2], self.padded[axis - 1]), a.dtype)
            inner = _between_zeros(out, offset[axis - 1], image.shape[axis - 1])
            for part in parts(a):
                inner[:, part] = np.moveaxis(fft.fft(a[part], n), -1, 0)
            a = out
        for part in parts(a):
            a[part] = fft.fft(a[part], self.padded[0])
        return a

    def _lags(
        self, reference: ComplexArray, moving: ComplexArray, dtype: DTypeLike
    ) -> NDArray[Any]:
        """Transform a product back, dropping the lags outside axis by axis.

        The axes, (x, y) or (y, x, z), turn back to (y, x) or (z, y, x). For an integer
        `dtype` the result is rounded.
        """
        n = self.shape[0]
        shape = (*reference.shape[1:-1], n, len(reference))
        a: ComplexArray = np.empty(shape, reference.dtype)
        for part in parts(reference):
            rows = fft.ifft(reference[part] * moving[part])
            a[..., part] = np.moveaxis(rows[..., :n], 0, -1)
        surface = np.empty(self.shape, dtype)
        for part in parts(surface):
            if surface.ndim == 2:
                rows = a[part]
            else:
                # (x, z, y): of each z, y is next and x last.
                rows = fft.ifft(np.ascontiguousarray(a[:, part]))
                rows = np.moveaxis(rows[..., : self.shape[1]], 0, -1)
            lines = fft.irfft(np.ascontiguousarray(rows), self.padded[-1])
            lines = lines[..., : self.shape[-1]]
            surface[part] = lines if surface.dtype.kind == "f" else np.rint(lines)
        return surface


def parts(a: NDArray[Any]) -> Iterator[slice]:
    """Cut the first axis into parts that stay in the processor's cache."""
    rows = max(_PART_PIXELS * len(a) // a.size, 1)
    return (slice(k, min(k + rows, len(a))) for k in range(0, len(a), rows))


def _box_sums(
    image: NDArray[Any],
    boxes: Sequence[tuple[NDArray[np.int_], NDArray[np.int_]]],
    dtype: DTypeLike,
) -> NDArray[Any]:
    """Return sums over boxes: all combinations of the ranges given for each axis.

    The pixels between two ends of any range are added up once; a range is then a
    difference of two running totals, in double precision.
    """
    sums: NDArray[Any] = image
    for axis, (start, stop) in reversed(list(enumerate(boxes))):
        ends = np.unique(np.concatenate([start, stop, [0]]))
        # The last axis comes to the front, so that the next one is last.
        running = _running(sums, ends)
        first, last = np.searchsorted(ends, start), np.searchsorted(ends, stop)
        shape = (len(first), *running.shape[1:])
        sums = np.empty(shape, np.float64 if axis else dtype)
        for part in parts(sums):
            sums[part] = running[last[part]] - running[first[part]]
    return sums


def _running(a: NDArray[Any], ends: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return running totals along the last axis, moved to the front.

    They are up to each of `ends`, of which one is 0.
    """
    out = np.zeros((len(ends), *a.shape[:-1]))
    # Most pieces are single pixels; those of a long one are summed pairwise.
    out[1:] = np.moveaxis(np.take(a, ends[:-1], axis=-1), -1, 0)
    for k in np.flatnonzero(np.diff(ends) > 1).tolist():
        out[k + 1] = a[..., ends[k] : ends[k + 1]].sum(axis=-1)
    # Line by line; `np.cumsum` goes from pixel to pixel.
    for before, total in pairwise(out):
        total += before
    return out


def _laid_down(a: NDArray, start: int, n: int) -> NDArray:  # type: ignore[type-arg]
    """Return rows that begin `start` pixels in; zeros behind are left to the FFT."""
    if not start:
        return a
    out = np.zeros((*a.shape[:-1], n), a.dtype)
    out[..., start : start + a.shape[-1]] = a
    return out


def _between_zeros(a: ComplexArray, start: int, n: int) -> ComplexArray:
    """Return a view of `n` pixels of the last axis, with zeros on both sides."""
    a[..., :start] = 0
    a[..., start + n :] = 0
    return a[..., start : start + n]
