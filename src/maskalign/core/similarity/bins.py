"""Values sorted into bins of one width, as NumPy's histograms sort them."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["are_whole", "bin_edges", "bin_numbers"]


def are_whole(values: NDArray[np.float64]) -> bool:
    """Tell whether all values are whole numbers, whatever type they came in."""
    return bool(np.all(values == np.floor(values)))


def bin_edges(low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Return the ends of `bins` bins of one width from `low` to `high`.

    A single value gets bins around it that are 1 wide together, or wider where a
    number so large knows no such step.
    """
    if low == high:
        half = max(0.5, 1e-6 * abs(low))
        low, high = low - half, high + half
    return np.linspace(low, high, bins + 1)


def bin_numbers(
    values: NDArray[np.float64], edges: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the bin of each value; all must lie within the edges.

    A bin holds its lower end and not its upper one; the last holds both.

    Examples
    --------
    >>> bin_numbers(np.array([0, 0.9, 1, 2]), np.array([0, 1, 2]))
    array([0, 0, 1, 1])
    """
    low, high, last = edges[0], edges[-1], len(edges) - 2
    share: NDArray[np.float64] = (values - low) / (high - low)
    numbers: NDArray[np.intp] = (share * (last + 1)).astype(np.intp)
    np.clip(numbers, 0, last, out=numbers)
    # Rounding may have put a value that lies on an end into the bin beside it.
    numbers -= values < edges[numbers]
    numbers += (values >= edges[numbers + 1]) & (numbers < last)
    return numbers
