"""The windows of two aligned images: how far each moved, and how alike it is then."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskalign.core.displacement import displacement_map
from maskalign.core.translate import translate
from maskalign.model.map_results import DisplacementMap
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["Windows"]

Array = NDArray[np.float64]

#: Windows along the shorter side that are aimed at, and the size of one, pixels.
_WINDOWS, _SMALLEST, _USUAL = 6, 24, 48
#: Most windows along an axis.
_MOST_WINDOWS = 16
#: Tiles of this many pixels tell the error of a window, and so many more are taken to
#: be like those of the other windows.
_TILE, _LIKE_OTHERS = 16, 8
#: Fewest pixels of a window that are compared.
_FEWEST = 32


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of an image, and how far the content of each has gone in another."""

    #: Middle of each, (y, x), pixels, shape (N, 2).
    places: Array
    #: How far the content has gone, (y, x), pixels, shape (N, 2), and standard errors.
    motions: Array
    errors: Array
    _first: FloatArray
    _second: FloatArray
    _corners: NDArray[np.int_]
    _window: tuple[int, ...]

    @classmethod
    def matched(
        cls, images: Sequence[FloatArray], valid: Sequence[ValidArray]
    ) -> "Windows":
        """Match the windows of two images, and leave out those that were not found.

        Windows reach all the way along z: their motion is that along y and x.
        """
        window = _size(images[0].shape)
        found = displacement_map(
            *images,
            window=window,
            step=window,
            max_shift=[n // 4 for n in window],
            reference_mask=valid[0],
            moving_mask=valid[1],
        )
        first, second = (
            np.where(known, image, np.nan)
            for image, known in zip(images, valid, strict=True)
        )
        good = found.ok.reshape(-1)
        places = _flat(np.meshgrid(*found.centres, indexing="ij"))[good]
        motions, errors = (
            _flat(list(values))[good] for values in (-found.shift, found.shift_std)
        )
        corners = np.rint(places - (np.array(found.window) - 1) / 2).astype(int)
        return cls(
            places[:, -2:],
            motions[:, -2:],
            _steadied(errors[:, -2:], found),
            first,
            second,
            corners,
            found.window,
        )

    def __len__(self) -> int:
        return len(self.places)

    def difference(self, number: int, motion: Array) -> float:
        """Return how little a window is like the one it would have gone to.

        One minus the NCC of the two; NaN if too little of them is known.
        """
        corner, window = self._corners[number].tolist(), self._window
        shift = [0.0] * (len(window) - 2) + (0.0 - motion).tolist()
        moved = translate(
            self._second,
            shift,
            interpolation="cubic",
            fill_value=np.nan,
            origin=corner,
            shape=window,
        )
        here = tuple(slice(a, a + n) for a, n in zip(corner, window, strict=True))
        still = self._first[here]
        used = np.isfinite(moved) & np.isfinite(still)
        if np.count_nonzero(used) < _FEWEST:
            return float("nan")
        return float(1 - np.corrcoef(moved[used], still[used])[0, 1])


def _flat(bands: Sequence[Array]) -> Array:
    """Return bands as one row for each window."""
    return np.stack([np.reshape(band, -1) for band in bands], axis=1)


def _size(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the size of a window, whole along z."""
    n, longest = min(shape[-2:]), max(shape[-2:])
    size = min(max(n // _WINDOWS, _SMALLEST), _USUAL)
    size = max(size, longest // _MOST_WINDOWS)
    return (*shape[:-2], min(size, shape[-2]), min(size, shape[-1]))


def _steadied(errors: Array, found: DisplacementMap) -> Array:
    """Return the errors of windows, each known from a few tiles, made more certain."""
    if not len(errors):
        return errors
    tiles = float(np.prod([max(n / _TILE, 1.0) for n in found.window]))
    usual = np.median(errors**2, axis=0)
    pooled = (tiles * errors**2 + _LIKE_OTHERS * usual) / (tiles + _LIKE_OTHERS)
    return np.asarray(np.sqrt(pooled))
