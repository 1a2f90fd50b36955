"""Images with known shift: the scenes of all tables.

Scene `field`: a band-limited Gaussian random field, seen through two 192 x 192 windows
on a 384 x 384 original that is moved by an exact Fourier shift, so that new content
enters as the old leaves. White noise is added to both. The signal-to-noise ratio is
that of standard deviations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft, ndimage

__all__ = ["Pair", "Shots", "beam_stop", "camera_shots", "field", "field_pair", "moved"]

VIEW = 192
WHOLE = 384

Valid = NDArray[np.bool_]
#: Camera counts: of a scene of mean 0 and standard deviation 1, and of a beam stop.
_OFFSET, _GAIN, _DARK = 2000, 250, 150


@dataclass(frozen=True)
class Pair:
    """Two images, their valid pixels, the true shift and the best possible error."""

    reference: NDArray[Any]
    moving: NDArray[Any]
    reference_valid: Valid | None
    moving_valid: Valid | None
    shift: NDArray[np.float64]
    #: Cramer-Rao bound of the pair for each axis, pixels.
    bound: NDArray[np.float64]


@dataclass(frozen=True)
class Shots:
    """Frames of a camera, the shifts that lay them over the first, and a mask."""

    frames: NDArray[np.uint16]
    shifts: NDArray[np.float64]
    valid: Valid


def field(
    rng: np.random.Generator, blur: float = 2.0, shape: Sequence[int] = (WHOLE, WHOLE)
) -> NDArray[np.float64]:
    """Return a periodic random field of standard deviation 1."""
    scene: NDArray[np.float64] = ndimage.gaussian_filter(
        rng.normal(size=shape), blur, mode="wrap"
    )
    return scene / scene.std()


def moved(scene: NDArray[np.float64], shift: ArrayLike) -> NDArray[np.float64]:
    """Return a periodic scene, moved exactly."""
    spectrum = ndimage.fourier_shift(fft.fftn(scene), shift)
    return np.real(fft.ifftn(spectrum))


def field_pair(
    seed: int,
    snr: float = np.inf,
    *,
    blur: float = 2.0,
    max_shift: float = 8.0,
    masked: str = "",
) -> Pair:
    """Return a pair of views.

    `masked` is one of ``""``, ``"dust"`` (static), ``"cells"`` (moving) and ``"bad"``
    (a quarter of the pixels at random).
    """
    rng = np.random.default_rng(seed)
    scene = field(rng, blur)
    shift = rng.uniform(-max_shift, max_shift, 2)
    corner = (WHOLE - VIEW) // 2
    view = (slice(corner, corner + VIEW),) * 2
    noise = 0 if np.isinf(snr) else 1 / snr
    scenes = (scene, moved(scene, -shift))
    images = [s[view] + noise * rng.normal(size=(VIEW, VIEW)) for s in scenes]
    masks = _masks(rng, masked)
    for image, mask in zip(images, masks, strict=True):
        if mask is not None:
            image[~mask] = 6 if masked != "bad" else rng.normal(size=(~mask).sum()) * 6
    shared = _shared(masks, np.round(shift).astype(int))
    slopes = np.array([np.sum(s[view][shared] ** 2) for s in _slopes(scene)])
    bound = np.sqrt(2 * noise**2 / slopes)
    reference, moving = (image.astype(np.float32) for image in images)
    return Pair(reference, moving, *masks, shift, bound)


def camera_shots(
    shape: Sequence[int],
    shifts: Sequence[Sequence[float]],
    *,
    blur: float = 2.0,
    snr: float = 5.0,
    masked: bool = True,
) -> Shots:
    """Return uint16 frames of a moving scene, behind a beam stop if `masked`.

    Parameters
    ----------
    shape : sequence of int
        Shape of a frame, two axes or three.
    shifts : sequence of sequences of float
        For each frame what lays it over the first (whose shift is 0), pixels.
    blur, snr : float
        Grain of the scene, pixels, and signal-to-noise ratio.
    masked : bool
        Whether there is a beam stop; else every pixel is valid.
    """
    rng = np.random.default_rng(7)
    margin = np.ceil(np.max(np.abs(shifts), axis=0)).astype(int) + 1
    scene = field(rng, blur, [fft.next_fast_len(n) for n in shape + 2 * margin])
    view = tuple(slice(m, m + n) for m, n in zip(margin, shape, strict=True))
    valid = beam_stop(shape) if masked else np.ones(shape, bool)
    frames = []
    for shift in shifts:
        frame = moved(scene, np.negative(shift))[view]
        frame = _OFFSET + _GAIN * (frame + rng.normal(size=shape) / snr)
        frames.append(np.where(valid, frame, _DARK).round().astype(np.uint16))
    return Shots(np.stack(frames), np.array(shifts, float), valid)


def beam_stop(shape: Sequence[int]) -> Valid:
    """Return the valid pixels around a disc on an arm, the same for every z."""
    n, m = shape[-2:]
    y, x = np.ogrid[:n, :m]
    stop = (y - n / 2) ** 2 + (x - m / 2) ** 2 < (min(n, m) / 10) ** 2
    stop |= (abs(y - n / 2) < n / 50) & (x < m / 2)
    return np.broadcast_to(~stop, tuple(shape)).copy()


def _slopes(scene: NDArray[np.float64]) -> list[NDArray[Any]]:
    """Return the derivative along each axis, exact for a periodic scene."""
    spectrum = fft.fftn(scene)
    out = []
    for axis, n in enumerate(scene.shape):
        k = 2j * np.pi * fft.fftfreq(n)
        ramp = k.reshape([-1 if a == axis else 1 for a in range(scene.ndim)])
        out.append(fft.ifftn(spectrum * ramp).real)
    return out


def _shared(masks: Sequence[Valid | None], lag: NDArray[np.int_]) -> Valid:
    """Return the pixels of the reference that are valid in both images at a lag."""
    reference, moving = (np.ones((VIEW, VIEW), bool) if m is None else m for m in masks)
    # Padded by the lag, nothing comes in from the other side.
    reach = int(np.max(np.abs(lag)))
    there: Valid = np.roll(np.pad(moving, reach), lag, (0, 1))
    return reference & there[reach : reach + VIEW, reach : reach + VIEW]


def _masks(rng: np.random.Generator, kind: str) -> tuple[Valid | None, Valid | None]:
    if kind == "dust":
        mask = ~_discs(rng, 12, (4, 9))
        mask[:, 120:128] = False
        return mask, mask
    if kind == "cells":
        return ~_discs(rng, 10, (6, 10)), ~_discs(rng, 10, (6, 10))
    if kind == "bad":
        mask = rng.random((VIEW, VIEW)) > 0.25
        return mask, mask
    return None, None


def _discs(rng: np.random.Generator, number: int, radii: tuple[float, float]) -> Valid:
    y, x = np.ogrid[:VIEW, :VIEW]
    inside = np.zeros((VIEW, VIEW), bool)
    for _ in range(number):
        cy, cx = rng.uniform(0, VIEW, 2)
        inside |= (y - cy) ** 2 + (x - cx) ** 2 < rng.uniform(*radii) ** 2
    return inside
