"""Where the images of two movies lie to each other, by their calibration."""

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import AxesError
from maskalign.io.units import LENGTHS, normalize_unit
from maskalign.model.movie import Movie

__all__ = ["place_of"]


def place_of(moving: Movie, reference: Movie) -> NDArray[np.float64]:
    """Return the place of one image over another, as `register_placed` takes it.

    Parameters
    ----------
    moving, reference : Movie
        Two images or movies with the same spatial axes, as `load_movie` returns them:
        what counts is their `scale`, `units` and `origin`.

    Returns
    -------
    ndarray of float64, shape (ndim + 1, ndim + 1)
        Takes positions in pixels of `moving`, as columns (position, 1), to positions in
        pixels of `reference`.

    Raises
    ------
    AxesError
        If their spatial axes differ.
    ValueError
        If their units along an axis cannot be turned into each other.

    Examples
    --------
    >>> coarse = Movie(np.zeros((8, 8)), "YX", scale=(0.4, 0.4), units=("µm", "µm"))
    >>> fine = coarse.replace(scale=(100, 100), units=("nm", "nm"), origin=(800, 0))
    >>> place_of(fine, coarse).round(9).tolist()
    [[0.25, 0.0, 2.0], [0.0, 0.25, 0.0], [0.0, 0.0, 1.0]]
    """
    letters = reference.spatial_axes
    if moving.spatial_axes != letters:
        msg = (
            f"The moving image has the axes {moving.spatial_axes.lower()}, the "
            f"reference {letters.lower()}; both need the same."
        )
        raise AxesError(msg)
    place: NDArray[np.float64] = np.eye(len(letters) + 1)
    for k, letter in enumerate(letters):
        sides = [
            [movie.along(name, letter)[0] for name in ("scale", "units", "origin")]
            for movie in (moving, reference)
        ]
        (q, unit, b), (p, other, a) = sides
        factor = _factor(unit, other, letter)
        place[k, k] = factor * q / p
        place[k, -1] = (factor * b - a) / p
    return place


def _factor(unit: str, other: str, letter: str) -> float:
    """Return by what a length in one unit becomes one in the other."""
    one, another = normalize_unit(unit), normalize_unit(other)
    if one == another:
        return 1.0
    if one in LENGTHS and another in LENGTHS:
        return LENGTHS[one] / LENGTHS[another]
    msg = (
        f"Along {letter.lower()} the moving image is measured in {one} and the "
        f"reference in {another}, which cannot be turned into each other. Say what is "
        "right: movie.replace(scale=..., units=...)."
    )
    raise ValueError(msg)
