"""Weighted sums over the window around every pixel, axis by axis.

Everything is done on flat arrays: a step along an axis is a step of as many elements,
so that each addition is one pass over memory in order. What wraps round an edge of the
array on the way ends up where no window fits, and is never looked at.

A box of n pixels is put together from runs of pixels that are doubled in length, which
takes about 2 log2(n) additions. Running sums would take two, but carry the rounding of
bright pixels into the dark ones behind; here a pixel touches no sum that it is not in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, prod, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maskalign.model.map_options import MapOptions

__all__ = ["Buffers", "Flat", "Window", "WindowSums"]

#: An array with its axes laid out in one line.
Flat: TypeAlias = NDArray[np.float64]
Combine: TypeAlias = Callable[..., Any]

#: Buffers for what comes between.
_SPARE = ("run 0", "run 1")
#: Standard deviations at which a Gaussian is cut off.
_CUT = 3


class Buffers:
    """Memory by name, used again from one part of an image to the next.

    Fresh memory would cost more than what is computed in it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Flat] = {}

    def __call__(self, name: str, size: int) -> Flat:
        """Return so many elements, holding whatever they held before."""
        known = self._kept.get(name)
        if known is None or known.size < size:
            known = self._kept[name] = np.empty(size)
        return known[:size]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The weights of the pixels around a pixel: a product of one factor an axis."""

    #: An odd number of weights for each axis, symmetric.
    factors: tuple[NDArray[np.float64], ...]
    #: Whether all weights are 1.
    box: bool
    #: How many pixels of a box average noise out as well as all of it.
    pixels: float

    @classmethod
    def of(cls, options: MapOptions, shape: Sequence[int]) -> "Window":
        """Make the window that options ask for, no larger than an image can need."""
        box = options.weights == "box"
        factors, pixels = [], 1.0
        for size, n in zip(options.sizes(len(shape)), shape, strict=True):
            factor = np.ones(size) if box else _gaussian(size)
            pixels *= float(factor.sum() ** 2 / np.sum(factor**2))
            unused = max(len(factor) // 2 - (n - 1), 0)
            factors.append(factor[unused : len(factor) - unused])
        return cls(tuple(factors), box, pixels)

    @property
    def radius(self) -> tuple[int, ...]:
        """How many pixels it reaches to each side, along each axis."""
        return tuple(len(factor) // 2 for factor in self.factors)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many pixels it spans along each axis."""
        return tuple(len(factor) for factor in self.factors)

    @property
    def squared(self) -> "Window":
        """The window with the squares of its weights."""
        return replace(self, factors=tuple(factor**2 for factor in self.factors))

    @property
    def array(self) -> NDArray[np.float64]:
        """The weights of all its pixels."""
        out = np.ones(())
        for factor in self.factors:
            out = np.multiply.outer(out, factor)
        return out

    def within(self, shape: Sequence[int]) -> tuple[NDArray[np.float64], ...]:
        """Return the sum of the weights inside an image, for each place on each axis.

        The product of one entry an axis is the sum of the whole window.
        """
        sums = []
        for n, factor, reach in zip(shape, self.factors, self.radius, strict=True):
            totals = np.concatenate([[0.0], np.cumsum(factor)])
            first = np.clip(reach - np.arange(n), 0, None)
            last = np.clip(reach + n - np.arange(n), None, len(factor))
            sums.append(totals[last] - totals[first])
        return tuple(sums)


class WindowSums:
    """Sums over the windows inside an array of one shape, laid out in one line.

    Each result begins with the window that begins at the first element, and is as long
    as there are windows; `inside` gives it its axes.

    Parameters
    ----------
    shape : sequence of int
        Axes of the array, each at least as long as the window.
    window : Window
        The weights.
    buffers : Buffers
        Where to work.
    """

    def __init__(self, shape: Sequence[int], window: Window, buffers: Buffers) -> None:
        strides = [prod(shape[k + 1 :]) for k in range(len(shape))]
        self._size = [n - 2 * r for n, r in zip(shape, window.radius, strict=True)]
        self._strides = strides
        self._buffers = buffers
        self._box = window.box
        axes = zip(window.factors, strides, strict=True)
        self._runs = [_Run.of(f, stride) for f, stride in axes if len(f) > 1]
        #: How many elements a result has.
        self.n = prod(shape) - sum(run.reach for run in self._runs)

    def __call__(self, values: Flat, name: str) -> Flat:
        """Return the weighted sum over every window, in the buffer of that name."""
        step = _put_together if self._box else _weigh
        return self._along_axes(step, values, np.add, name)

    def extreme(self, values: Flat, combine: Combine, name: str) -> Flat:
        """Return the largest or smallest value (`combine`) of every window."""
        return self._along_axes(_put_together, values, combine, name)

    def _along_axes(
        self, step: Callable[..., Flat], values: Flat, combine: Combine, name: str
    ) -> Flat:
        last = len(self._runs) - 1
        for axis, run in enumerate(self._runs):
            place = name if axis == last else f"axis {axis}"
            values = step(run, values, combine, self._buffers, place)
        return values

    def inside(self, sums: NDArray[Any]) -> NDArray[Any]:
        """Return a result with its axes: one element for every window."""
        strides = [sums.itemsize * stride for stride in self._strides]
        return np.ndarray(self._size, sums.dtype, sums, 0, strides)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """The neighbours of a pixel along one axis."""

    factor: NDArray[np.float64]
    stride: int
    #: Elements from the first neighbour to the last.
    reach: int
    #: How a run of all of them is put together. It is doubled, and in some steps
    #: lengthened by one: step along the run, elements it has lost, step to that one.
    steps: tuple[tuple[int, int, int], ...]

    @classmethod
    def of(cls, factor: NDArray[np.float64], stride: int) -> "_Run":
        size, length, steps = len(factor), 1, []
        # Which is done when is said by the binary digits of the size.
        for digit in f"{size:b}"[1:]:
            longer = 2 * length + (digit == "1")
            extra = 2 * length * stride if digit == "1" else 0
            steps.append((length * stride, (longer - 1) * stride, extra))
            length = longer
        return cls(factor, stride, (size - 1) * stride, tuple(steps))


def _gaussian(size: int) -> NDArray[np.float64]:
    """Return the Gaussian that has the standard deviation of a box, cut off."""
    sigma = sqrt((size**2 - 1) / 12)
    if not sigma:
        return np.ones(1)
    place = np.arange(-ceil(_CUT * sigma), ceil(_CUT * sigma) + 1)
    weights = np.exp(-0.5 * (place / sigma) ** 2)
    return np.asarray(weights / weights.sum())


def _put_together(
    along: _Run, values: Flat, combine: Combine, buffers: Buffers, name: str
) -> Flat:
    """Combine the neighbours of every element by ever longer runs."""
    run, last = values, len(along.steps) - 1
    for place, (step, lost, extra) in enumerate(along.steps):
        n = values.size - lost
        # In place NumPy would first copy what overlaps.
        out = buffers(name if place == last else _SPARE[place % 2], n)
        run = combine(run[:n], run[step : step + n], out=out)
        if extra:
            combine(run, values[extra:], out=run)
    return run


def _weigh(
    along: _Run, values: Flat, combine: Combine, buffers: Buffers, name: str
) -> Flat:
    """Sum neighbours with weights, the pairs that share one together."""
    factor, stride, n = along.factor, along.stride, values.size - along.reach
    reach = len(factor) // 2
    out, pair = buffers(name, n), buffers(_SPARE[0], n)
    np.multiply(values[reach * stride :][:n], factor[reach], out=out)
    for k in range(1, reach + 1):
        near, far = (reach - k) * stride, (reach + k) * stride
        combine(values[near:][:n], values[far:][:n], out=pair)
        pair *= factor[reach - k]
        combine(out, pair, out=out)
    return out
