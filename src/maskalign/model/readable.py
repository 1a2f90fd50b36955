"""Results as a person reads them at the prompt: short, and rounded."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np

__all__ = ["by_size", "rounded_repr", "span"]

#: Decimals of a pixel, of a correlation: more are never known.
_DECIMALS = 4


def rounded_repr(result: Any) -> str:
    """Return what a dataclass prints, its numbers rounded to four decimals.

    Examples
    --------
    >>> from maskalign.model.results import Registration
    >>> Registration((2.0, -1.52371), 0.9, 0.8, (0.01234, 1e-17), 4.2, "ok")
    Registration(shift=(2.0, -1.5237), ncc=0.9, overlap=0.8, shift_std=(0.0123, 0.0), \
peak_ratio=4.2, status='ok')
    """
    named = (f"{f.name}={_rounded(getattr(result, f.name))!r}" for f in fields(result))
    return f"{type(result).__name__}({', '.join(named)})"


def by_size(numbers: Iterable[Any]) -> str:
    """Return sizes along axes: ``"41 x 41"``."""
    return " x ".join(f"{n:g}" for n in numbers)


def span(values: Any) -> str:
    """Return the ends of ascending values: ``"-20 to 20"``."""
    return f"{values[0]:g} to {values[-1]:g}"


def _rounded(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_rounded, value))
    # Rounding may leave a negative zero.
    return round(float(value), _DECIMALS) + 0.0 if _is_float(value) else value


def _is_float(value: Any) -> bool:
    return isinstance(value, (float, np.floating))
