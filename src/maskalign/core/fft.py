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


def next_fast_len(n: int, *, real: bool) -> int:
    """Return the smallest length from `n` on that the engine transforms fast."""
    return int(scipy.fft.next_fast_len(n, real=real))


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
