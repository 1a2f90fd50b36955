"""Cells, and the dirt on the window before them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cells", "Dirt"]

Array = NDArray[np.float64]

#: Area of the field, in pixels, for each cell and for each speck of dirt in it.
_AREA_OF_A_CELL = 600
_AREA_OF_A_SPECK = 5500
#: How far a blob is drawn, in standard deviations: no photon in 10,000 is lost.
_REACH = 5.0
#: Blobs a cell is made of: its body, its nucleus, and grains.
_N_GRAINS = 4


@dataclass(frozen=True, slots=True)
class Cells:
    """Fluorescent cells in a field, each made of Gaussian blobs."""

    #: Place of each cell (y, x), pixels, shape (n, 2).
    places: Array
    #: Blobs: place in their cell (y, x), widths along and across (pixels), direction
    #: (radians), photons; shape (n, blobs a cell, 6).
    blobs: Array

    @classmethod
    def drawn(cls, rng: np.random.Generator, size: int, *, margin: float) -> "Cells":
        """Draw cells over a field that is larger than the view by a margin (pixels)."""
        n = round((size + 2 * margin) ** 2 / _AREA_OF_A_CELL)
        n_blobs = 2 + _N_GRAINS
        places = rng.uniform(-margin, size + margin, (n, 2))
        blobs = np.zeros((n, n_blobs, 6))
        blobs[:, 1:, :2] = rng.normal(0, 2.5, (n, n_blobs - 1, 2))
        blobs[:, :, 2] = rng.uniform(1.0, 1.6, (n, n_blobs))
        blobs[:, 0, 2] = rng.uniform(5, 9, n)
        blobs[:, 1, 2] = rng.uniform(2.5, 3.5, n)
        blobs[:, :, 3] = blobs[:, :, 2] * rng.uniform(0.5, 1, (n, n_blobs))
        blobs[:, :, 4] = rng.uniform(0, np.pi, (n, n_blobs))
        blobs[:, :, 5] = rng.uniform(40, 120, (n, n_blobs))
        blobs[:, 0, 5] = rng.uniform(60, 180, n)
        blobs[:, 1, 5] = rng.uniform(80, 240, n)
        return cls(places, blobs)

    def crept(self, rng: np.random.Generator) -> "Cells":
        """Return the cells a frame later, each a little further on its own way."""
        return replace(
            self, places=self.places + rng.normal(0, 0.07, self.places.shape)
        )

    def seen(self, moved: Array, size: int) -> Array:
        """Return the photons of a view when the field has moved by (y, x) pixels."""
        image = np.zeros((size, size))
        places = self.places[:, np.newaxis] + self.blobs[:, :, :2] + moved
        shapes = self.blobs[:, :, 2:].reshape(-1, 4)
        for place, shape in zip(places.reshape(-1, 2), shapes, strict=True):
            _add_blob(image, place, *shape)
        return image


def _add_blob(
    image: Array,
    place: Array,
    along: float,
    across: float,
    direction: float,
    photons: float,
) -> None:
    """Add one Gaussian blob to the part of an image that it reaches."""
    reach = _REACH * along
    first = np.maximum(np.ceil(place - reach).astype(int), 0)
    last = np.minimum(np.floor(place + reach).astype(int) + 1, image.shape)
    if np.any(first >= last):
        return
    y = np.arange(first[0], last[0])[:, np.newaxis] - place[0]
    x = np.arange(first[1], last[1]) - place[1]
    sine, cosine = np.sin(direction), np.cos(direction)
    distance = ((y * sine + x * cosine) / along) ** 2
    distance += ((y * cosine - x * sine) / across) ** 2
    part = image[first[0] : last[0], first[1] : last[1]]
    part += photons * np.exp(-distance / 2)


@dataclass(frozen=True, slots=True)
class Dirt:
    """Specks on the camera's window, half of them bright, half of them dark."""

    #: Photons that shine from each pixel of the window, and the part it lets through.
    light: Array
    transmission: Array
    #: True where there is no dirt.
    clean: NDArray[np.bool_]

    @classmethod
    def drawn(cls, rng: np.random.Generator, size: int) -> "Dirt":
        """Strew specks over a window."""
        light, transmission = np.zeros((size, size)), np.ones((size, size))
        clean = np.ones((size, size), dtype=bool)
        y, x = np.ogrid[:size, :size]
        for number in range(max(2, size**2 // _AREA_OF_A_SPECK)):
            at_y, at_x = rng.uniform(0, size, 2)
            width = rng.uniform(1.5, 2.5)
            distance = np.hypot(y - at_y, x - at_x) / width
            speck = np.exp(-(distance**2) / 2)
            if number % 2:
                transmission *= 1 - 0.9 * speck
            else:
                light += rng.uniform(1500, 4500) * speck
            clean &= distance > _REACH - 1
        return cls(light, transmission, clean)
