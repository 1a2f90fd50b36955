"""Windows whose variance is lost in a difference of sums: a slower, sure way."""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from maskalign.core.window import Flat, Window, WindowSums
from maskalign.model.types import ValidArray

__all__ = ["constant", "two_pass"]

#: Pixels of windows that are looked at together.
_BATCH_PIXELS = 1 << 18


def constant(image: Flat, known: Flat, sums: WindowSums, same: float) -> ValidArray:
    """Return which windows hold one value only.

    Parameters
    ----------
    image, known : ndarray of float64, one axis
        Values, and 1 where they may be used.
    sums : WindowSums
        The windows; their weights do not matter.
    same : float
        Values that differ by no more than this share are one value.
    """
    ends = []
    for combine, nothing in ((np.maximum, -np.inf), (np.minimum, np.inf)):
        filled = np.where(known > 0, image, nothing)
        found = sums.extreme(filled, combine, combine.__name__)
        ends.append(sums.inside(found))
    highest, lowest = ends
    flat: ValidArray = highest - lowest <= same * np.maximum(abs(highest), abs(lowest))
    return flat


def two_pass(
    a: Flat,
    b: Flat,
    known: Flat,
    shape: Sequence[int],
    window: Window,
    wanted: ValidArray,
) -> NDArray[np.float64]:
    """Return the NCC of some windows from differences to the mean of each.

    Parameters
    ----------
    a, b, known : ndarray of float64, one axis
        Two images, and 1 where they may be used, of `shape` in one line. What the
        others hold does not matter.
    shape : sequence of int
        Their axes.
    window : Window
        The weights.
    wanted : ndarray of bool
        Which windows.
    """
    size, weights = window.sizes, window.array.ravel()

    def around(values: Flat, some: tuple[NDArray[np.intp], ...]) -> Flat:
        rows: Flat = sliding_window_view(values.reshape(shape), size)[some]
        return rows.reshape(-1, prod(size))

    found = [
        _ncc(around(a, some), around(b, some), weights * around(known, some))
        for some in _batches(np.argwhere(wanted), prod(size))
    ]
    return np.concatenate([np.empty(0), *found]).clip(-1, 1)


def _ncc(
    a: NDArray[np.float64], b: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the NCC of windows, one a row."""
    total = weights.sum(axis=1)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((weights * values).sum(axis=1) / total)

    a, b = (np.where(weights > 0, values, 0) for values in (a, b))
    # Once more takes out what rounding has left of the mean.
    for _ in range(2):
        a, b = (values - mean(values)[:, np.newaxis] for values in (a, b))
    return np.asarray(mean(a * b) / np.sqrt(mean(a * a) * mean(b * b)))


def _batches(
    at: NDArray[np.intp], pixels: int
) -> Iterator[tuple[NDArray[np.intp], ...]]:
    """Yield indices of windows, as many at a time as memory allows."""
    n = max(_BATCH_PIXELS // pixels, 1)
    for start in range(0, len(at), n):
        yield tuple(at[start : start + n].T)
