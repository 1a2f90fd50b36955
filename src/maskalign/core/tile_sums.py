"""The sums of `maskalign.core.refine` over tiles, compiled where numba is installed.

Two images are read at fractions of a pixel, sloped and multiplied row by row, and
nothing of that is written to memory: four times as fast as with matrix products.

Compiling takes seconds, once for an installation; loading what was compiled before one
or two. So it is for movies of some length. Which sums are used is settled before there
is any: what is done twice gives the same numbers twice.
"""

import logging
from collections.abc import Callable
from importlib.util import find_spec
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from maskalign.core.pixels import HALO

__all__ = ["Sums", "compiled", "tile_sums"]

Sums: TypeAlias = Callable[..., None]

#: From this many pixels on, in all images, it is worth while to load what is compiled.
_WORTH_IT = 1 << 27
#: Taps of a filter, and of one with a slope.
_SMOOTH, _STEEP = 7, 11
_SIGNATURE = (
    "void(float32[:, ::1], float32[:, ::1], boolean[:, ::1], intp, intp, intp,"
    " float32[:, :, ::1], float32[:, :, ::1], float64[:, ::1], float64[:, ::1])"
)
#: Where in a row of sums those of (1, a, b) with (1, a, b, slopes of a, of b) are.
_PLACE = np.array(
    [[0, 1, 2, 3, 4, 5, 6], [1, 7, 8, 9, 10, 11, 12], [2, 8, 13, 14, 15, 16, 17]]
)
_lock = Lock()
#: What was compiled, or None, once it was tried.
_kept: list[Sums | None] = []


def compiled(n_pixels: int, ndim: int, dtype: DTypeLike) -> Sums | None:
    """Return the compiled sums; None where NumPy is to be used.

    The first call that returns them waits for the compiler, others for the first.

    Parameters
    ----------
    n_pixels : int
        Pixels in all images to come.
    ndim : int
        Axes of an image: the sums are for two.
    dtype : dtype
        Type of a pixel: they are for single precision.
    """
    if n_pixels < _WORTH_IT or ndim != 2 or np.dtype(dtype) != np.float32:
        return None
    with _lock:
        if not _kept:
            _kept.append(_compile())
    return _kept[0]


def tile_sums(
    sums: Sums,
    images: tuple[NDArray[np.float32], NDArray[np.float32]],
    valid: NDArray[np.bool_],
    size: tuple[int, int],
    taps: tuple[NDArray[np.float32], NDArray[np.float32]],
    sampling: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums over valid pixels of products of (1, a, b, slopes of a, slopes of b).

    Parameters
    ----------
    sums : callable
        What `compiled` returns.
    images : pair of ndarray, shape (Y + 10, X + 10)
        With a halo of five pixels; rows are contiguous.
    valid : ndarray of bool, shape (Y, X)
        The pixels to sum over.
    size : pair of int
        Rows and columns of a tile.
    taps : pair of ndarray, shapes (2, 2, 7) and (2, 2, 11)
        The filters that read, and those that also slope, for each image and axis.
    sampling : int
        Of the rows of tiles every so many is taken.

    Returns
    -------
    ndarray of float, shape (tiles, 3, 7)
        Sums of the products of (1, a, b) with all, for each tile.
    ndarray of float, shape (2, 2)
        Those of the slopes of a with those of b, for all tiles.
    """
    rows, columns = valid.shape[0] // size[0], valid.shape[1] // size[1]
    out = np.zeros((len(range(0, rows, sampling)) * columns, 18))
    cross = np.zeros((2, 2))
    a, b = images
    sums(_whole_rows(a), _whole_rows(b), valid, *size, sampling, *taps, out, cross)
    return out[:, _PLACE], cross


def _whole_rows(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an image with what lies behind its rows, and is never looked at."""
    rows = image.strides[0] // image.itemsize
    return np.lib.stride_tricks.as_strided(image, (len(image), rows), image.strides)


def _compile() -> Sums | None:
    """Compile, or load what was compiled before; None without numba."""
    if find_spec("numba") is None:
        return None
    try:
        import numba

        # Without its compiler numba would run it as it stands, for minutes.
        if getattr(numba.config, "DISABLE_JIT", False):
            return None
        compiler: Any = numba.njit(_SIGNATURE, cache=True, nogil=True, fastmath=True)
        sums: Sums = compiler(_tile_sums)
    except Exception as error:  # noqa: BLE001 - it works without, if slowly
        logging.getLogger(__name__).warning("numba is of no use here: %s", error)
        return None
    return sums


def _tile_sums(  # noqa: C901 - one function to be compiled
    a: Any, b: Any, valid: Any, height: int, width: int, sampling: int,
    smooth: Any, steep: Any, out: Any, cross: Any,
) -> None:  # fmt: skip
    """Add up products of pixels; see `tile_sums`. Python as numba compiles it."""
    n_rows, n = valid.shape
    wide = n + 2 * HALO
    even, sloped = np.empty(wide, np.float32), np.empty(wide, np.float32)
    # Value and slopes along y and x of one row of each image.
    read = np.empty((2, 3, n), np.float32)
    first = 0
    for top in range(0, n_rows, height * sampling):
        for y in range(top, top + height):
            for k in range(2):
                image = a if k == 0 else b
                for x in range(wide):
                    total, slope = np.float32(0), np.float32(0)
                    for j in range(_SMOOTH):
                        total += smooth[k, 0, j] * image[y + j + 2, x]
                    for j in range(_STEEP):
                        slope += steep[k, 0, j] * image[y + j, x]
                    even[x], sloped[x] = total, slope
                value, along_y, along_x = read[k, 0], read[k, 1], read[k, 2]
                for x in range(n):
                    total, slope = np.float32(0), np.float32(0)
                    for j in range(_SMOOTH):
                        total += smooth[k, 1, j] * even[x + j + 2]
                        slope += smooth[k, 1, j] * sloped[x + j + 2]
                    value[x], along_y[x] = total, slope
                for x in range(n):
                    slope = np.float32(0)
                    for j in range(_STEEP):
                        slope += steep[k, 1, j] * even[x + j]
                    along_x[x] = slope
            va, ya, xa = read[0, 0], read[0, 1], read[0, 2]
            vb, yb, xb = read[1, 0], read[1, 1], read[1, 2]
            for tile in range(n // width):
                s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = s9 = s10 = np.float32(0)
                s11 = s12 = s13 = s14 = s15 = s16 = s17 = np.float32(0)
                c0 = c1 = c2 = c3 = np.float32(0)
                for x in range(tile * width, (tile + 1) * width):
                    one = np.float32(valid[y, x])
                    p, q = one * va[x], one * vb[x]
                    ay, ax = one * ya[x], one * xa[x]
                    by, bx = one * yb[x], one * xb[x]
                    s0 += one
                    s1 += p
                    s2 += q
                    s3 += ay
                    s4 += ax
                    s5 += by
                    s6 += bx
                    s7 += p * p
                    s8 += p * q
                    s9 += p * ay
                    s10 += p * ax
                    s11 += p * by
                    s12 += p * bx
                    s13 += q * q
                    s14 += q * ay
                    s15 += q * ax
                    s16 += q * by
                    s17 += q * bx
                    c0 += ay * by
                    c1 += ay * bx
                    c2 += ax * by
                    c3 += ax * bx
                row = (
                    *(s0, s1, s2, s3, s4, s5, s6, s7, s8),
                    *(s9, s10, s11, s12, s13, s14, s15, s16, s17),
                )
                for j in range(18):
                    out[first + tile, j] += row[j]
                cross[0, 0] += c0
                cross[0, 1] += c1
                cross[1, 0] += c2
                cross[1, 1] += c3
        first += n // width
