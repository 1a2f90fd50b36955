"""The FFT seam: every transform of maskalign goes through these five names.

Transforms run along the last axis, where memory is contiguous. The engine is SciPy's
pocketfft; another one needs to be named nowhere but here. Each call uses one thread:
movies spread frames, not transforms, over the cores.
"""

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from maskalign.model.types import FloatArray

__all__ = ["fft", "ifft", "irfft", "next_fast_len", "rfft"]

ComplexArray = NDArray[np.complexfloating[Any, Any]]


#: Cost of a transform for each factor of its length, over that of a pass over memory:
#: fitted to the engine's times for lengths from 96 to 2400, which it tells to 7 %.
_COSTS = {2: 0.05, 3: 0.13, 5: 0.18, 7: 0.30, 11: 0.50}
#: How much longer than needed a transform may be if that makes it faster.
_LONGER = 1.06


def next_fast_len(n: int, *, real: bool) -> int:
    """Return a length, `n` or a little more, that the engine transforms fast."""
    lengths = [int(scipy.fft.next_fast_len(n, real=real))]
    while lengths[-1] <= _LONGER * n:
        lengths.append(int(scipy.fft.next_fast_len(lengths[-1] + 1, real=real)))
    return min(lengths[:-1] or lengths, key=_cost)


def _cost(n: int) -> float:
    passes, rest = 1.0, n
    for factor, cost in _COSTS.items():
        while rest % factor == 0:
            rest //= factor
            passes += cost
    return n * passes


def rfft(a: FloatArray, n: int) -> ComplexArray:
    """Transform real rows, zero-padded to length `n`, to half spectra."""
    return scipy.fft.rfft(a, n, axis=-1)  # type: ignore[no-any-return]


def irfft(a: ComplexArray, n: int) -> FloatArray:
    """Transform half spectra to real rows of length `n`; `a` may be overwritten."""
    return scipy.fft.irfft(a, n, axis=-1, overwrite_x=True)  # type: ignore[no-any-return]


def fft(a: ComplexArray, n: int) -> ComplexArray:
    """Transform complex rows, zero-padded to length `n`; `a` may be overwritten."""
    return scipy.fft.fft(a, n, axis=-1, overwrite_x=True)  # type: ignore[no-any-return]


def ifft(a: ComplexArray) -> ComplexArray:
    """Transform complex rows back; `a` may be overwritten."""
    return scipy.fft.ifft(a, axis=-1, overwrite_x=True)  # type: ignore[no-any-return]
