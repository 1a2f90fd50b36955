"""Parts of an image that windows are moved over one after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.window import Flat

__all__ = ["Part", "parts"]

#: Pixels worked on at a time, by axes: what sums need then is in the processor's cache.
_PART_PIXELS = {2: 3 << 15, 3: 3 << 16}
#: Along rows, parts are so many times longer than across.
_ROW = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A block of pixels of the map, and what their windows reach."""

    #: The pixels.
    inner: tuple[slice, ...]
    #: The pixels of the image that their windows reach.
    seen: tuple[slice, ...]
    #: Where those lie in an array that has room for every window.
    place: tuple[slice, ...]
    #: The shape of that array.
    shape: tuple[int, ...]
    #: Whether windows reach beyond the image.
    cut: bool

    @classmethod
    def of(
        cls,
        inner: tuple[slice, ...],
        shape: tuple[int, ...],
        radius: tuple[int, ...],
    ) -> "Part":
        """Add what the windows of some pixels reach in an image of a shape."""
        seen, place, room = [], [], []
        for s, n, r in zip(inner, shape, radius, strict=True):
            first, last = max(s.start - r, 0), min(s.stop + r, n)
            seen.append(slice(first, last))
            place.append(slice(first - s.start + r, last - s.start + r))
            room.append(s.stop - s.start + 2 * r)
        cut = any(s.stop - s.start < n for s, n in zip(place, room, strict=True))
        return cls(inner, tuple(seen), tuple(place), tuple(room), cut)

    def place_in(self, flat: Flat) -> NDArray[np.float64]:
        """Return the place of the image in a working array."""
        whole: NDArray[np.float64] = flat.reshape(self.shape)
        return whole[self.place]

    def product(self, along: Sequence[NDArray[np.float64]]) -> Any:
        """Return the product of one factor an axis; one number where all are alike."""
        if not self.cut:
            pairs = zip(along, self.inner, strict=True)
            return prod(float(factors[s.start]) for factors, s in pairs)
        parts = [factors[s] for factors, s in zip(along, self.inner, strict=True)]
        return reduce(np.multiply.outer, parts)

    @property
    def n_seen(self) -> int:
        """Number of pixels of the image that windows reach."""
        return prod(s.stop - s.start for s in self.seen)


def parts(shape: tuple[int, ...], radius: tuple[int, ...]) -> Iterator[Part]:
    """Cut an image into parts whose sums stay in the processor's cache.

    The rim, where windows are cut, is kept apart: inside, all windows are alike.
    """
    for start, stop in _regions(shape, radius):
        size = _part_size([b - a for a, b in zip(start, stop, strict=True)], radius)
        corners = product(
            *(range(a, b, n) for a, b, n in zip(start, stop, size, strict=True))
        )
        for corner in corners:
            inner = tuple(
                slice(k, min(k + n, b))
                for k, n, b in zip(corner, size, stop, strict=True)
            )
            yield Part.of(inner, shape, radius)


def _regions(
    shape: tuple[int, ...], radius: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield first and last corner of the rim along every axis, and of what is left."""
    start, stop = [0] * len(shape), list(shape)
    room = _PART_PIXELS[len(shape)]
    if prod(shape) > room and all(
        n > 4 * r for n, r in zip(shape, radius, strict=True)
    ):
        for axis, (n, r) in enumerate(zip(shape, radius, strict=True)):
            for a, b in ((0, r), (n - r, n)) if r else ():
                start[axis], stop[axis] = a, b
                yield tuple(start), tuple(stop)
            start[axis], stop[axis] = r, n - r
    yield tuple(start), tuple(stop)


def _part_size(size: list[int], radius: tuple[int, ...]) -> list[int]:
    """Halve a region until it is small enough; long rows are left longest."""
    room = _PART_PIXELS[len(size)]
    while prod(n + 2 * r for n, r in zip(size, radius, strict=True)) > room:
        axis = int(np.argmax([*size[:-1], size[-1] / _ROW]))
        if size[axis] <= 2 * max(radius):
            break
        size[axis] = -(-size[axis] // 2)
    return size
