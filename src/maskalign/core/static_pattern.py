r"""Tell what stands still in a movie from what moves.

An edge that moves by a few pixels to and fro changes its pixels in step with the
steepness of the edge: to first order by :math:`r^2 G`, where :math:`G` is the energy of
the gradient and :math:`r` the root mean square motion, in pixels. Read the other way
round, :math:`r = \sqrt{E / G}` says by how much a place seems to move, whatever its
contrast. Dust and bars seem to move by a tenth of a pixel, the sample by more than one.

Both energies are measured without the noise. :math:`G` is the mean of
:math:`\nabla A \cdot \nabla B`, where A and B are the medians over time of two halves
of the frames, whose noise is not the same. :math:`E` is the mean of
:math:`e(p)\, e(p + 1)`, where e is what a frame differs from the median by, and p + 1
the next pixel: noise differs from one pixel to the next, what moves hardly does. Where
a sample moves far nothing of it is left in the median, and r is large, as it should be.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from maskalign.model.types import FloatArray, ValidArray

__all__ = ["StaticPattern", "Stillness", "grown"]

#: Pixels along y and x over which energies are averaged; fewer along z.
_WINDOW, _WINDOW_Z = 5, 3
#: Still is what seems to move less than this share of the sample's motion ...
_STILL = 1 / 3
#: ... and than so many pixels, ...
_STILL_PIXELS = 0.5
#: ... beyond doubt: with energies so many standard deviations from chance ...
_CLEAR_GRADIENT, _CLEAR_MOTION = 4.0, 2.0
#: ... and a gradient that is not negligible beside what moves.
_SLIGHT = 0.02
#: A still window is narrowed down to where the gradient has this share of its peak.
_CORE = 0.01
#: What changes by less than so many standard deviations, or this share of the mean,
#: is not seen to move.
_UNCLEAR, _QUIET = 3.0, 0.01
#: A quiet place is still if still edges make up this share of its outline ...
_ENCLOSED = 0.8
#: ... and it is smaller than this share of the image.
_LARGEST = 0.5
#: What is left of a frame is rounding up to so many times the resolution of numbers.
_ROUNDING = 8
#: Pixels that tell how far the sample moves.
_ENOUGH = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Stillness:
    """What stands still, and how clearly the rest moves."""

    #: True where something stands still; shape of a frame.
    still: ValidArray
    #: How far the rest seems to move, root mean square, pixels.
    motion: float
    #: Share of what changes in time that is no noise, in the rest of the image.
    change: float


class StaticPattern:
    """Add up what each frame has to say about what stands still.

    Memory is that of six frames, however many are added.

    Parameters
    ----------
    first, second : ndarray of float32 or float64, shape (Y, X) or (Z, Y, X)
        Medians over time of two halves of the frames. NaN where there is none.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scene = ndimage.gaussian_filter(rng.normal(size=(64, 104)), 2)
    >>> frames = [scene[:, 3 * k : 3 * k + 64].copy() for k in rng.permutation(12)]
    >>> for frame in frames:
    ...     frame[20:28, 30:38] = 1  # dust
    >>> halves = [np.median(frames[k::2], axis=0) for k in (0, 1)]
    >>> pattern = StaticPattern(*halves)
    >>> for frame in frames:
    ...     pattern.add(frame)
    >>> found = pattern.found()
    >>> bool(found.still[20:28, 30:38].all()), bool(found.still.mean() < 0.05)
    (True, True)
    >>> found.motion > 1
    True
    """

    def __init__(self, first: FloatArray, second: FloatArray) -> None:
        known = np.isfinite(first) & np.isfinite(second)
        self._known = known
        self._halves = [np.where(known, half, 0) for half in (first, second)]
        self._median = (self._halves[0] + self._halves[1]) / 2
        self._squares = np.zeros_like(self._median)
        #: Along y and along x: what neighbours have in common. Along z, where planes
        #: lie far apart, they may have nothing.
        self._products = [np.zeros_like(self._squares) for _ in "YX"]
        self._largest = float(np.abs(self._median).max(initial=0))
        self._energies: list[float] = []

    def add(self, image: NDArray[Any], gain: float = 1, offset: float = 0) -> None:
        """Add one frame, given its gain and offset; see `brightness`."""
        rest = self._rest(image, gain, offset)
        energy = float(np.mean(rest * rest))
        # What rounding leaves of a frame without content is nothing.
        largest = max(abs(offset), abs(gain) * self._largest)
        if energy < (_ROUNDING * np.finfo(rest.dtype).eps * largest) ** 2:
            energy = 0.0
        self._energies.append(energy)
        if not energy:
            return
        # A frame that lies far off counts no more than any other.
        self._squares += rest * rest / energy
        for axis, products in zip((-2, -1), self._products, strict=True):
            here, there = _neighbours(axis)
            products[here] += rest[here] * rest[there] / energy

    def found(self) -> Stillness:
        """Return what stands still, judging by the frames that were added."""
        if not any(self._energies):
            return Stillness(np.zeros(self._median.shape, bool), 0.0, 0.0)
        window = [_WINDOW_Z] * (self._median.ndim - 2) + [_WINDOW] * 2
        window = [min(w, n) for w, n in zip(window, self._median.shape, strict=True)]
        noise, energy = self._change(window)
        steepness = self._steepness()
        gradient = _mean(steepness, window)
        energy_std, gradient_std = self._uncertainty(window)
        motion = _typical_motion(energy, gradient)
        limit = min(_STILL * motion, _STILL_PIXELS) ** 2
        still = gradient > _CLEAR_GRADIENT * gradient_std * noise
        still &= energy + _CLEAR_MOTION * energy_std * noise < limit * gradient
        if still.all():
            return Stillness(still, motion, 0.0)
        mean = max(float(energy[~still].mean()), 0.0)
        still &= gradient > _SLIGHT * mean
        change = mean / max(float(noise[~still].mean()), np.finfo(float).tiny)
        # Windows reach beyond what is in them: between them lie the quiet places, in
        # them the edges.
        unclear = np.maximum(_UNCLEAR * energy_std * noise, _QUIET * mean)
        quiet = ~still & (energy <= unclear)
        edges = steepness >= _CORE * ndimage.maximum_filter(steepness, window)
        solid = _closed((edges & still) | _enclosed(still, quiet), window)
        solid |= _without_holes(solid) & still
        return Stillness(solid, motion, change)

    def _change(self, window: list[int]) -> tuple[FloatArray, FloatArray]:
        """Return how much changes around each pixel: all of it, and without noise."""
        typical = float(np.median([e for e in self._energies if e > 0]))
        scale = typical / len(self._energies)
        everything = _mean(self._squares, window, scale)
        energy, along_x = (_mean(p, window, scale) for p in self._products)
        # Noise may be alike along rows, or along columns.
        np.minimum(energy, along_x, out=energy)
        return everything, energy

    def _uncertainty(self, window: list[int]) -> tuple[float, float]:
        """Return the standard deviations of energy and gradient, in units of noise."""
        n_frames = len(self._energies)
        # Neighbouring windows share pixels, and products share differences.
        n_apart = float(np.prod(window)) / 2
        # The median of half of the frames has a variance of pi / n_frames.
        of_product = 2 * len(window) * np.pi / n_frames
        return (n_frames * n_apart) ** -0.5, of_product * n_apart**-0.5

    def _rest(self, image: NDArray[Any], gain: float, offset: float) -> FloatArray:
        """Return what a frame differs from the median by, but for its brightness."""
        # Python's numbers leave single precision as it is.
        rest = np.asarray(image, self._median.dtype) - float(gain) * self._median
        rest -= float(offset)
        rest[~(self._known & np.isfinite(rest))] = 0
        return rest

    def _steepness(self) -> FloatArray:
        """Return the energy of the gradient around each pixel, noise left out."""
        first, second = self._halves
        total = np.zeros_like(first)
        for axis in range(-first.ndim, 0):
            here, there = _neighbours(axis)
            step = (first[there] - first[here]) * (second[there] - second[here])
            step[~(self._known[there] & self._known[here])] = 0
            total[here] += step / 2
            total[there] += step / 2
        return total


def grown(region: ValidArray, pixels: int) -> ValidArray:
    """Return a region grown by some pixels along y and x, diagonals included.

    Examples
    --------
    >>> grown(np.array([[1, 0, 0, 0]], bool), 2)
    array([[ True,  True,  True, False]])
    """
    if not pixels:
        return region
    size = (1,) * (region.ndim - 2) + (2 * pixels + 1,) * 2
    larger: ValidArray = ndimage.maximum_filter(region, size, mode="constant")
    return larger


def _neighbours(axis: int) -> tuple[Any, Any]:
    """Return the indices of all pixels that have a next one, and of the next ones."""
    rest = (slice(None),) * (-axis - 1)
    return (..., slice(None, -1), *rest), (..., slice(1, None), *rest)


def _mean(values: FloatArray, window: list[int], scale: float = 1) -> FloatArray:
    """Return the mean over a window around each pixel, times `scale`."""
    mean: FloatArray = ndimage.uniform_filter(values, window)
    mean *= scale
    return mean


def _typical_motion(energy: FloatArray, gradient: FloatArray) -> float:
    """Return the motion in the middle of all that moves, pixels."""
    step = max(energy.size // _ENOUGH, 1)
    weights = np.maximum(energy.ravel()[::step], 0).astype(float)
    if not weights.any():
        return 0.0
    slopes = gradient.ravel()[::step]
    # Where nothing is left of the sample in the median, it moves far.
    squared = np.full(weights.shape, np.inf)
    np.divide(weights, slopes, out=squared, where=slopes > 0)
    order = np.argsort(squared)
    below = np.cumsum(weights[order])
    middle = squared[order[np.searchsorted(below, below[-1] / 2)]]
    return float(np.sqrt(middle))


def _closed(region: ValidArray, window: list[int]) -> ValidArray:
    """Return a region with its gaps closed that are narrower than a window."""
    widths = [(w, w) for w in window]
    inside = tuple(slice(w, -w) for w in window)
    padded = np.pad(region, widths)
    closed: ValidArray = ndimage.binary_closing(padded, np.ones(window))[inside]
    return closed | region


def _without_holes(region: ValidArray) -> ValidArray:
    """Return a region with its holes filled, plane by plane."""
    filled = np.empty_like(region)
    for index in np.ndindex(region.shape[:-2]):
        filled[index] = ndimage.binary_fill_holes(region[index])
    return filled


def _enclosed(still: ValidArray, quiet: ValidArray) -> ValidArray:
    """Return the quiet places that lie between still edges, or behind one."""
    labels, count = ndimage.label(quiet)
    beside_still, beside_moving = np.zeros(count + 1), np.zeros(count + 1)
    for axis in range(-still.ndim, 0):
        here, there = _neighbours(axis)
        for one, other in ((here, there), (there, here)):
            edge = ~quiet[other]
            for beside, kind in (
                (beside_still, still[other]),
                (beside_moving, ~still[other]),
            ):
                beside += np.bincount(labels[one][edge & kind], minlength=count + 1)
    outline = beside_still + beside_moving
    fill = beside_still > _ENCLOSED * outline
    fill &= np.bincount(labels.ravel(), minlength=count + 1) < _LARGEST * still.size
    fill[0] = False
    filled: ValidArray = fill[labels]
    return filled
