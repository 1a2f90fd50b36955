"""The best lag of a correlation surface, and what its neighbourhood tells."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from maskalign.core.blur import matched_blur
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["Peak", "find_peak", "find_peak_in_noise"]

#: A second peak counts from this many half-widths of the first one on ...
_WIDTHS = 2.0
#: ... but never nearer than this, in pixels.
_NEAREST = 3
#: Lags looked at together for a second peak.
_ROWS_LAGS = 1 << 17
#: A peak is rough if noise bends it by more than this share of its own curvature ...
_ROUGH = 0.2
#: ... or stands less than this many standard deviations above it.
_CLEAR = 8.0
#: Blur of the images that a rough surface is first looked at with, pixels.
_FIRST_BLUR = 1.0
#: Half of the window is at least as many standard deviations of what blurs it: the mean
#: of the lags that there are is else nearly the same everywhere, and peaks anywhere.
_WITHIN = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Peak:
    """The highest point of a correlation surface."""

    #: Index into the surface.
    index: tuple[int, ...]
    #: NCC there.
    ncc: float
    #: Height of the peak with the noise averaged out.
    height: float
    #: Where the paraboloid through the neighbours peaks, relative to `index`, pixels.
    offset: tuple[float, ...]
    #: Second derivatives of the NCC there, shape (ndim, ndim), per pixel squared; NaN
    #: along an axis on which a neighbour is missing.
    curvature: NDArray[np.float64]
    #: NCC over the next best peak outside the neighbourhood; infinite if there is none,
    #: NaN if the window ends before.
    ratio: float
    #: Height on the blurred surface and the Gaussian that blurred it, pixels, where the
    #: peak was looked for on one.
    blurred: tuple[float, NDArray[np.float64]] | None
    #: Whether a neighbour is missing along an axis that has more than one lag.
    at_limit: bool

    def standard_error(self, n: float) -> NDArray[np.float64]:
        r"""Return the standard error of the peak's place, NaN where it has no width.

        For white noise of equal power in both images the covariance is
        :math:`2 (1 - \rho) / n \cdot (-\rho'')^{-1}` with :math:`\rho` the NCC and
        `n` the pixels that overlap: the Cramer-Rao bound in terms of the surface.
        """
        std = np.full(len(self.index), np.nan)
        bend = -self.curvature
        usable = np.diag(bend) > 0
        if usable.any():
            bend = bend[np.ix_(usable, usable)]
            if np.linalg.eigvalsh(bend).min() <= 0:
                bend = np.diag(np.diag(bend))
            variance = 2 * (1 - self.ncc) / n * np.diag(np.linalg.inv(bend))
            std[usable] = np.sqrt(np.maximum(variance, 0))
        return std

    @property
    def width(self) -> NDArray[np.float64]:
        """Standard deviation of the Gaussian with its height and curvature, pixels."""
        bend = -np.nan_to_num(np.diag(self.curvature))
        wide = max(self.height, 0) / np.maximum(bend, 1e-9)
        return np.asarray(np.sqrt(np.clip(wide, 0.25, None)))


def find_peak(ncc: FloatArray) -> Peak:
    """Return the highest point of a surface that is NaN where it may not be used."""
    index = tuple(int(i) for i in np.unravel_index(np.nanargmax(ncc), ncc.shape))
    best = float(ncc[index])
    gradient, curvature = _derivatives(ncc, index)
    searched = np.array(ncc.shape) > 1
    return Peak(
        index,
        best,
        best,
        _vertex(gradient, curvature),
        curvature,
        _ratio(ncc, index, curvature),
        None,
        bool(np.isnan(gradient[searched]).any()),
    )


def find_peak_in_noise(ncc: FloatArray, n: NDArray[np.int32]) -> Peak:
    r"""Return the peak of a surface whose every lag is noisy.

    White noise in images of which `n` pixels overlap puts noise of standard deviation
    :math:`1 / \sqrt n` on every lag, independently. Where that is enough to roughen the
    top of the peak, the highest lag is not the best one: the surface is blurred first,
    as if the images had been, by as much as suits the height and width of the peak.

    Parameters
    ----------
    ncc : ndarray
        The surface, NaN where it may not be used.
    n : ndarray, shape of `ncc`
        Pixels that overlap at each lag.
    """
    plain = find_peak(ncc)
    noise = float(np.sqrt(max(1 - plain.ncc**2, 0) / n[plain.index]))
    bend = -np.diag(plain.curvature)
    # A second difference of independent noise has sqrt(6) times its deviation.
    rough = np.sqrt(6) * noise > _ROUGH * bend
    if plain.ncc > _CLEAR * noise and not rough.any():
        return plain
    half = (np.array(ncc.shape) - 1) / 2
    most = np.where(half > 0, half / (_WITHIN * np.sqrt(2)), np.inf)
    blur = np.minimum(_FIRST_BLUR, most)
    smooth = _smooth_peak(ncc, blur)
    # Noise falls with the area that is averaged over; the higher of the two above its
    # own noise is the one to believe where they are different peaks.
    quieter = np.prod(1 / np.sqrt(2 * np.sqrt(np.pi) * np.sqrt(2) * blur))
    apart = max(abs(i - j) for i, j in zip(plain.index, smooth.index, strict=True))
    if apart > _NEAREST and plain.ncc > smooth.ncc / quieter:
        return plain
    blur = np.minimum(matched_blur(smooth.height, smooth.curvature), most)
    again = _smooth_peak(ncc, blur)
    best = float(ncc[again.index])
    return replace(again, ncc=best)


def _smooth_peak(ncc: FloatArray, blur: NDArray[np.float64]) -> Peak:
    """Return the peak of the surface that blurred images would have.

    Its height and curvature are given as they would be without the blur, taking the
    peak for a Gaussian; `ncc` is the height of the blurred one.
    """
    # Blurring both images by s blurs their correlation by sqrt(2) s.
    sigma = np.sqrt(2) * blur
    known = np.isfinite(ncc)
    weight = ndimage.gaussian_filter(known.astype(ncc.dtype), sigma, mode="constant")
    total = ndimage.gaussian_filter(np.where(known, ncc, 0), sigma, mode="constant")
    surface = np.full(ncc.shape, np.nan, ncc.dtype)
    np.divide(total, weight, out=surface, where=known)
    peak = find_peak(surface)
    bend = np.maximum(-np.diag(peak.curvature), 1e-9)
    wide = max(peak.ncc, 1e-9) / bend
    narrow = np.maximum(wide - sigma**2, 0.25)
    height = min(peak.ncc * float(np.nanprod(np.sqrt(wide / narrow))), 1.0)
    # A neighbour that is missing stays missing.
    curvature = np.where(np.isnan(peak.curvature), np.nan, np.diag(-height / narrow))
    blurred = (peak.ncc, sigma)
    return replace(peak, height=height, curvature=curvature, blurred=blurred)


def _derivatives(
    ncc: FloatArray, index: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return gradient and Hessian by central differences, NaN where they need more."""
    ndim = ncc.ndim
    # NaN on all sides stands for the lags that are not there.
    near = np.full((3,) * ndim, np.nan)
    here = [slice(max(i - 1, 0), i + 2) for i in index]
    there = [
        slice(s.start - i + 1, s.start - i + 1 + min(s.stop, n) - s.start)
        for s, i, n in zip(here, index, ncc.shape, strict=True)
    ]
    near[tuple(there)] = ncc[tuple(here)]

    def at(*steps: tuple[int, int]) -> float:
        place = [1] * ndim
        for axis, step in steps:
            place[axis] += step
        return float(near[tuple(place)])

    gradient = np.empty(ndim)
    hessian = np.empty((ndim, ndim))
    for a in range(ndim):
        gradient[a] = (at((a, 1)) - at((a, -1))) / 2
        hessian[a, a] = at((a, 1)) - 2 * at() + at((a, -1))
    for a, b in combinations(range(ndim), 2):
        mixed = at((a, 1), (b, 1)) - at((a, 1), (b, -1))
        mixed += at((a, -1), (b, -1)) - at((a, -1), (b, 1))
        # A missing corner costs the tilt of the paraboloid, not the peak.
        hessian[a, b] = hessian[b, a] = 0 if np.isnan(mixed) else mixed / 4
    return gradient, hessian


def _vertex(
    gradient: NDArray[np.float64], curvature: NDArray[np.float64]
) -> tuple[float, ...]:
    """Return the top of the paraboloid, at most half a pixel from the lag."""
    offset = np.zeros(len(gradient))
    usable = np.isfinite(gradient) & (np.diag(curvature) < 0)
    if usable.any():
        hessian = curvature[np.ix_(usable, usable)]
        if np.linalg.eigvalsh(hessian).max() >= 0:
            hessian = np.diag(np.diag(hessian))
        offset[usable] = np.linalg.solve(hessian, -gradient[usable])
    # 0 - x turns -0.0 into 0.0 at no cost.
    return tuple((0.0 + np.clip(offset, -0.5, 0.5)).tolist())


def _ratio(
    ncc: FloatArray, index: tuple[int, ...], curvature: NDArray[np.float64]
) -> float:
    """Return the best NCC over the best one outside its neighbourhood."""
    best = float(ncc[index])
    bend = -np.diag(curvature)
    widths = np.sqrt(
        np.divide(max(best, 0), bend, where=bend > 0, out=np.zeros_like(bend))
    )
    reach = np.maximum(np.ceil(_WIDTHS * widths), _NEAREST).astype(int)
    second = _second(ncc, index, reach)
    if second is None:
        return float("nan")
    return best / second if second > 0 else float("inf")


def _second(
    ncc: FloatArray, index: tuple[int, ...], reach: NDArray[np.int_]
) -> float | None:
    """Return the highest local maximum further away than `reach`.

    0 if there is none, so that the shoulder of a broad peak is no rival of it; None if
    no lag lies so far away.
    """
    ndim = ncc.ndim
    rows = max(_ROWS_LAGS * len(ncc) // ncc.size, 1)
    best, any_far = 0.0, False
    # Some rows at a time, with a margin of one lag to see whether a neighbour is
    # higher: a large surface needs no copies of itself.
    for start in range(0, len(ncc), rows):
        stop = min(start + rows, len(ncc))
        wide = np.full((stop - start + 2, *(n + 2 for n in ncc.shape[1:])), -np.inf)
        first, last = max(start - 1, 0), min(stop + 1, len(ncc))
        inner = (
            slice(first - start + 1, last - start + 1),
            *[slice(1, -1)] * (ndim - 1),
        )
        wide[inner] = np.where(np.isnan(ncc[first:last]), -np.inf, ncc[first:last])
        here = wide[(slice(1, -1),) * ndim]
        far: ValidArray = np.isfinite(here)
        low = [max(i - r, 0) for i, r in zip(index, reach, strict=True)]
        high = [i + r + 1 for i, r in zip(index, reach, strict=True)]
        low[0], high[0] = max(low[0] - start, 0), max(high[0] - start, 0)
        far[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = False
        around = wide
        for axis in range(ndim):
            n = around.shape[axis] - 2
            around = np.maximum.reduce(
                [around[(slice(None),) * axis + (slice(k, k + n),)] for k in range(3)]
            )
        any_far = any_far or bool(far.any())
        best = max(best, float(here[far & (here == around)].max(initial=0)))
    return best if any_far else None
