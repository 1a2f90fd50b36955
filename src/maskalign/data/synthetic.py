"""Synthetic movies whose drift is known exactly, with something to mask in them.

Nothing is interpolated: every frame is computed from formulas at the very place where
its content lies, so the shifts are true to the last digit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.data.cell_scene import Cells, Dirt
from maskalign.data.diffraction_scene import Pattern, beam_stop
from maskalign.data.sample import Sample
from maskalign.model.movie import Movie

__all__ = ["cells", "diffraction"]

Array = NDArray[np.float64]

_SMALLEST = 64


def diffraction(n_frames: int = 12, size: int = 256, seed: int = 0) -> Sample:
    """Make a diffraction pattern that wanders behind a beam stop.

    Powder rings of uneven brightness and a few sharp reflections, falling off from
    the centre, with Poisson noise. The pattern moves by a few pixels; the beam stop, a
    disc on an arm, stands still with the camera. Its edge is the strongest structure
    of all, so that without a mask every frame seems to stand still.

    Parameters
    ----------
    n_frames : int
        Number of frames.
    size : int
        Height and width of a frame, pixels; 64 or more.
    seed : int
        The same seed gives the same movie.

    Returns
    -------
    Sample
        uint16, axes TYX; the mask leaves out the beam stop and its soft edge.

    Raises
    ------
    ValueError
        If `n_frames` is below 1 or `size` below 64.

    Examples
    --------
    >>> sample = diffraction(n_frames=3, size=64)
    >>> sample.movie
    Movie(diffraction: uint16; T 3 x 1 s, Y 64 x 1 pixel, X 64 x 1 pixel)
    >>> bool(sample.mask.mean() > 0.8)
    True
    """
    _check(n_frames, size)
    rng = np.random.default_rng(seed)
    drift = _random_walk(rng, n_frames, largest=min(6.0, size / 16))
    centre = np.array([0.48, 0.53]) * size
    pattern = Pattern.drawn(rng, size)
    stop = beam_stop(size, centre)
    frames = [
        rng.poisson(pattern.seen(centre + moved) * (1 - 0.97 * stop)) for moved in drift
    ]
    return Sample(
        Movie(
            _as_uint16(frames),
            "TYX",
            units=("s", "pixel", "pixel"),
            name="diffraction",
        ),
        mask=stop == 0,
        shifts=0.0 - drift,
        story=(
            "A synthetic diffraction pattern wanders over the detector by a few "
            "pixels; the beam stop does not. Its shifts are known exactly."
        ),
    )


def cells(n_frames: int = 20, size: int = 256, seed: int = 0) -> Sample:
    """Make a fluorescence movie of cells that drift, under a dirty window.

    The view wanders over a larger field, so that cells leave and others enter. They
    creep a little on their own account and bleach; photons and the camera's
    electronics add noise to an offset of 100. Bright and dark specks on the camera's
    window stand still.

    Parameters
    ----------
    n_frames : int
        Number of frames.
    size : int
        Height and width of a frame, pixels; 64 or more.
    seed : int
        The same seed gives the same movie.

    Returns
    -------
    Sample
        uint16, axes TYX, 0.2 µm a pixel, 10 s a frame; the mask leaves out the specks.

    Raises
    ------
    ValueError
        If `n_frames` is below 1 or `size` below 64.

    Examples
    --------
    >>> sample = cells(n_frames=3, size=64)
    >>> sample.movie
    Movie(cells: uint16; T 3 x 10 s, Y 64 x 0.2 µm, X 64 x 0.2 µm)
    >>> sample.shifts.shape, sample.shifts[0]
    ((3, 2), array([0., 0.]))
    """
    _check(n_frames, size)
    rng = np.random.default_rng(seed)
    drift = _random_walk(rng, n_frames, largest=min(15.0, size / 6))
    # Wide enough that no edge of the field ever comes into view.
    living = Cells.drawn(rng, size, margin=60.0)
    dirt = Dirt.drawn(rng, size)
    frames = []
    for t, moved in enumerate(drift):
        bleached = np.exp(-t / 40)
        photons = 15 + bleached * living.seen(moved, size)
        photons = photons * dirt.transmission + dirt.light
        electrons = rng.poisson(photons) + rng.normal(0, 3, (size, size))
        frames.append(100 + electrons)
        living = living.crept(rng)
    return Sample(
        Movie(
            _as_uint16(frames),
            "TYX",
            scale=(10, 0.2, 0.2),
            units=("s", "µm", "µm"),
            name="cells",
        ),
        mask=dirt.clean,
        shifts=0.0 - drift,
        story=(
            "Synthetic fluorescent cells drift, creep and bleach under a window with "
            "dirt on it that stands still. Their shifts are known exactly."
        ),
    )


def _check(n_frames: int, size: int) -> None:
    if n_frames < 1:
        msg = f"A movie needs at least one frame, got n_frames={n_frames}."
        raise ValueError(msg)
    if size < _SMALLEST:
        msg = f"size must be {_SMALLEST} pixels or more, got {size}."
        raise ValueError(msg)


def _random_walk(rng: np.random.Generator, n_frames: int, *, largest: float) -> Array:
    """Return places (y, x), the first (0, 0), none further than `largest` from it."""
    steps = rng.normal(size=(n_frames, 2)) + rng.normal(size=2) * 0.6
    steps[0] = 0
    walk = np.cumsum(steps, axis=0)
    reach = np.linalg.norm(walk, axis=1).max()
    return walk * (largest / reach) if n_frames > 1 else walk


def _as_uint16(frames: list[NDArray[Any]]) -> NDArray[np.uint16]:
    """Return frames as a camera would: whole numbers that fit."""
    counts: Array = np.clip(np.rint(np.stack(frames)), 0, 2**16 - 1)
    return counts.astype(np.uint16)
