"""Where an axis of a plot ends, and which numbers stand beside it. No Qt."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_text", "ncc_span", "round_numbers", "span_of"]

Values = NDArray[np.float64]


def span_of(values: Values, *, least: float) -> tuple[float, float]:
    """Return lower and upper end of an axis that holds all values and 0."""
    known = values[np.isfinite(values)]
    low, high = min(known.min(initial=0.0), 0.0), max(known.max(initial=0.0), 0.0)
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def ncc_span(ncc: Values) -> tuple[float, float]:
    """Return lower and upper end of the axis of NCC: up to 1, down to what is seen."""
    known = ncc[np.isfinite(ncc)]
    return min(np.floor(5 * known.min(initial=0.8)) / 5, 0.8), 1.02


def round_numbers(span: tuple[float, float], most: int) -> list[float]:
    """Return round numbers within a span: some, and at most `most` + 1.

    Examples
    --------
    >>> round_numbers((-3.3, 21), 4)
    [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    low, high = span
    rough = max(high - low, 1e-9) / (max(most, 1) + 1)
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= 0.999 * rough)
    first, last = np.ceil(low / step), np.floor(high / step)
    # Adding 0 turns -0 into 0.
    numbers: list[float] = (np.arange(first, last + 1) * step + 0.0).tolist()
    return numbers


def as_text(value: float) -> str:
    """Return a number as it is written beside an axis."""
    return f"{value:.4g}" if abs(value) > 1e-9 else "0"
