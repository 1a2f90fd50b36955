"""Frames of a trajectory that do not fit those before and after them.

The identifier of Hampel [1]_ asks how far a value lies from the moving median, in units
of the moving median absolute deviation. Here it is asked of the *steps* from frame to
frame: their median is the local slope, so that a steady drift, however fast, is no
outlier. A step that is too large is a break. What follows it may be an outlier, or the
sample may have jumped and stay there; which of the two is settled for the whole
trajectory at once: frames are left out, at the price of 1 each, or breaks are believed,
at a price of their own, and the cheapest account is taken.

References
----------
.. [1] F. R. Hampel, "The influence curve and its role in robust estimation", Journal of
   the American Statistical Association 69(346), 1974,
   doi 10.1080/01621459.1974.10482962; R. K. Pearson, "Outliers in process modeling and
   identification", IEEE Transactions on Control Systems Technology 10(1), 2002,
   doi 10.1109/87.974338.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["OutlierTest", "outlying"]

#: Median absolute deviation of a normal distribution, turned into its sigma.
_SIGMA = 1.4826
#: Least standard deviation of a step, pixels: below it nothing is worth a flag.
_LEAST = 0.05
#: The price of a frame that must stay.
_NEVER = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class OutlierTest:
    """How steps are judged."""

    #: Number of steps whose median is the local slope; their spread is taken over four
    #: times as many.
    window: int
    #: Standard deviations that a step may differ from the local slope.
    n_sigmas: float
    #: Pixels that a step may differ from it at most, for each axis.
    limit: NDArray[np.float64]

    @classmethod
    def checked(
        cls,
        window: Any,
        n_sigmas: Any,
        limit: float | Sequence[float] | None,
        ndim: int,
    ) -> Self:
        """Return a test of what a caller gave; see `DriftTable.flag_outliers`."""
        if isinstance(window, bool) or not isinstance(window, Integral):
            msg = f"window counts steps and must be a whole number, got {window!r}."
            raise TypeError(msg)
        if window < 3:
            msg = f"window must be 3 steps or more, got {window}."
            raise ValueError(msg)
        if not n_sigmas > 0:
            msg = f"n_sigmas must be more than 0, got {n_sigmas}."
            raise ValueError(msg)
        most = np.asarray(np.inf if limit is None else limit, dtype=float)
        if most.shape not in ((), (ndim,)) or not (most >= 0).all():
            msg = (
                "limit must be a number of pixels, for all axes or for each of "
                f"{ndim}, got {limit!r}."
            )
            raise ValueError(msg)
        return cls(int(window), float(n_sigmas), np.broadcast_to(most, (ndim,)))

    @property
    def longest(self) -> int:
        """Frames in a row that may be left out between others that fit together."""
        return self.window // 2

    @property
    def price_of_break(self) -> float:
        """What a break costs, where a frame that is left out costs 1.

        Two breaks cost more than `longest` frames, and less than one more.
        """
        return (self.longest + 0.5) / 2


def outlying(
    values: NDArray[np.float64],
    good: NDArray[np.bool_],
    std: NDArray[np.float64],
    fixed: NDArray[np.bool_],
    test: OutlierTest,
) -> NDArray[np.bool_]:
    """Return True for the frames that do not fit the others, shape (T,).

    Parameters
    ----------
    values : ndarray of float, shape (T, ndim)
        Pixels.
    good : ndarray of bool, shape (T,)
        The frames that are looked at.
    std : ndarray of float, shape (T, ndim)
        Standard errors of `values`, pixels; 0 where they are not known. Frames are not
        told apart by less than `n_sigmas` of these.
    fixed : ndarray of bool, shape (T,)
        Frames that are never called outliers.
    test : OutlierTest
        How steps are judged.

    Examples
    --------
    >>> values = np.arange(12.0)[:, np.newaxis]
    >>> values[5] = 30
    >>> none = np.zeros(12, bool)
    >>> test = OutlierTest(7, 4.0, np.array([np.inf]))
    >>> np.flatnonzero(outlying(values, ~none, 0 * values, none, test))
    array([5])
    """
    found = np.zeros(len(values), bool)
    while True:
        # Without the worst, the spread of the steps is better known.
        (frames,) = np.nonzero(good & ~found)
        left_out = _left_out(frames, values[frames], std[frames], fixed[frames], test)
        if not left_out.any():
            return found
        found[frames[left_out]] = True


def _left_out(
    frames: NDArray[np.intp],
    values: NDArray[np.float64],
    std: NDArray[np.float64],
    fixed: NDArray[np.bool_],
    test: OutlierTest,
) -> NDArray[np.bool_]:
    """Return which frames the cheapest account leaves out."""
    n = len(frames)
    if n < 3:
        return np.zeros(n, bool)
    prices = _prices_of_steps(frames, values, std, test)
    price = np.where(fixed, _NEVER, 1.0)
    # The price of leaving out all frames before each.
    before = np.concatenate([[0.0], np.cumsum(price)])
    best, source = before[:n].copy(), np.full(n, -1)
    for at in range(1, n):
        near = np.arange(max(at - len(prices), 0), at)
        between = before[at] - before[near + 1]
        cost = best[near] + between + prices[at - near - 1, at]
        cheapest = cost.argmin()
        if cost[cheapest] <= best[at]:
            best[at], source[at] = cost[cheapest], near[cheapest]
    at = int(np.argmin(best + before[n] - before[1:]))
    left_out = np.ones(n, bool)
    while at >= 0:
        left_out[at] = False
        at = int(source[at])
    return left_out


def _prices_of_steps(
    frames: NDArray[np.intp],
    values: NDArray[np.float64],
    std: NDArray[np.float64],
    test: OutlierTest,
) -> NDArray[np.float64]:
    """Return what it costs to believe a step, shape (longest + 1, n).

    Element (k, i) is the step from frame i - k - 1 to i, those between being left out.
    A step of up to `n_sigmas` is free; from there its price rises to that of a break,
    at twice as many.
    """
    gaps = np.diff(frames)[:, np.newaxis]
    rates = np.diff(values, axis=0) / gaps
    wide = _moving_median(rates, test.window)
    spread = _spread(abs(rates - wide), test.window)
    # How fast the end of a bend goes on, no neighbour beyond it tells.
    bend = _moving_median(abs(np.diff(rates, axis=0)), test.window)
    ends = [0, -1]
    spread[ends] = np.maximum(spread[ends], _SIGMA * bend[ends])
    # In a bend the nearest neighbours know the slope better.
    close = _moving_median(rates, 3)
    nearest = np.minimum(abs(rates - close), abs(rates - wide)) * gaps
    # Over several steps a slope that is a little wrong adds up.
    wider = _moving_median(rates, 4 * test.window + 1)
    rests = [_without(slopes * gaps, values) for slopes in (wide, wider)]
    # Each frame that is missing makes the next one harder to foretell.
    sigma, limit = spread * gaps, test.limit * gaps
    prices = np.full((test.longest + 1, len(frames)), test.price_of_break)
    for k in range(min(len(prices), len(frames) - 1)):
        # Leaving frames out gains no tolerance: the widest of the single steps counts.
        widest, most = (
            sliding_window_view(part, k + 1, axis=0).max(axis=-1)
            for part in (sigma, limit)
        )
        noise = np.hypot(std[k + 1 :], std[: -k - 1])
        across = [abs(rest[k + 1 :] - rest[: -k - 1]) for rest in rests]
        step = np.minimum(*across) if k else nearest
        n_sigmas = step / np.maximum(widest, noise)
        beyond = np.clip(n_sigmas / test.n_sigmas - 1, 0, 1)
        beyond[step > most] = 1
        prices[k, k + 1 :] *= beyond.max(axis=1)
    return prices


def _without(
    steps: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a trajectory less another, which is given by its steps."""
    rest = values.copy()
    rest[1:] -= np.cumsum(steps, axis=0)
    return rest


def _spread(off: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the standard deviation of steps, from how far each is from its median."""
    local = _moving_median(off, 4 * window + 1)
    # Where a stretch that shakes begins, it is known from what follows.
    padded = np.pad(local, ((window, window), (0, 0)))
    local = sliding_window_view(padded, 2 * window + 1, axis=0).max(axis=-1)
    spread: NDArray[np.float64] = np.maximum(local, np.median(off, axis=0))
    return np.maximum(_SIGMA * spread, _LEAST)


def _moving_median(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Return the median of the rows around each; at the ends, of the outermost rows."""
    width = min(width, len(values))
    inner = np.median(sliding_window_view(values, width, axis=0), axis=-1)
    first = (width - 1) // 2
    last = len(values) - len(inner) - first
    return np.pad(inner, ((first, last), (0, 0)), mode="edge")
