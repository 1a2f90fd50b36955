"""Rings, reflections and a beam stop: the parts of a diffraction pattern."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Pattern", "beam_stop"]

Array = NDArray[np.float64]

_N_RINGS = 7
_N_REFLECTIONS = 40


@dataclass(frozen=True, slots=True)
class Pattern:
    """Light that a sample scatters, known at every place."""

    #: Height and width of a frame, pixels.
    size: int
    #: Radius and width (pixels) and brightness (photons) of each ring, shape (3, n).
    rings: Array
    #: Where each ring is brightest, radians, shape (2, n).
    brightest: Array
    #: Place from the centre (y, x), width (pixels), photons, shape (n, 4).
    reflections: Array

    @classmethod
    def drawn(cls, rng: np.random.Generator, size: int) -> "Pattern":
        """Draw a pattern at random."""
        radii = size * np.sort(rng.uniform(0.13, 0.62, _N_RINGS))
        widths = rng.uniform(1.5, 3.5, _N_RINGS)
        photons = 260 * np.exp(-radii / (0.25 * size)) * rng.uniform(0.5, 1.5, _N_RINGS)
        angles = rng.uniform(0, 2 * np.pi, _N_REFLECTIONS)
        distances = rng.choice(radii, _N_REFLECTIONS)
        reflections = np.stack(
            [
                distances * np.sin(angles),
                distances * np.cos(angles),
                rng.uniform(1.2, 2.2, _N_REFLECTIONS),
                400 * np.exp(-distances / (0.4 * size)) * rng.uniform(0.3, 1, 40),
            ],
            axis=1,
        )
        return cls(
            size,
            np.stack([radii, widths, photons]),
            rng.uniform(0, 2 * np.pi, (2, _N_RINGS)),
            reflections,
        )

    def seen(self, centre: Array) -> Array:
        """Return the mean number of photons in each pixel, shape (size, size)."""
        y, x = _from(centre, self.size)
        radius, angle = np.hypot(y, x), np.arctan2(y, x)
        light = 8000 * np.exp(-radius / (0.04 * self.size))
        light += 40 * np.exp(-radius / (0.35 * self.size)) + 2
        for (at, width, photons), (twofold, fivefold) in zip(
            self.rings.T, self.brightest.T, strict=True
        ):
            uneven = 1 + 0.4 * np.cos(2 * (angle - twofold))
            uneven += 0.2 * np.cos(5 * (angle - fivefold))
            light += photons * uneven * np.exp(-(((radius - at) / width) ** 2) / 2)
        for at_y, at_x, width, photons in self.reflections:
            distance = (y - at_y) ** 2 + (x - at_x) ** 2
            light += photons * np.exp(-distance / (2 * width**2))
        return light


def beam_stop(size: int, centre: Array) -> Array:
    """Return how much a disc on an arm shades each pixel, from 0 to 1.

    Its edge is soft over two pixels, as out of focus. The arm reaches the lower edge.
    """
    y, x = _from(centre, size)
    disc = 0.085 * size - np.hypot(y, x)
    arm = np.minimum(0.02 * size - np.abs(x - 0.1 * y), y)
    return np.clip(np.maximum(disc, arm) / 2 + 0.5, 0, 1)


def _from(centre: Array, size: int) -> tuple[Array, Array]:
    """Return how far each row and each column lies from a place."""
    pixels = np.arange(size)
    return pixels[:, np.newaxis] - centre[0], pixels - centre[1]
