"""A movie to try things on, and what is known about it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskalign.model.movie import Movie
from maskalign.model.types import ValidArray

__all__ = ["Sample"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A movie, what to ignore in it, and how far it drifts."""

    #: The movie; real ones are read from their file when they are needed.
    movie: Movie
    #: True where a pixel may be used, spatial shape of the movie; None: everywhere.
    mask: ValidArray | None
    #: Pixels to add to each frame's position to lay it over frame 0, shape (T, ndim),
    #: in the order (z, y, x); None if nothing is known.
    shifts: NDArray[np.float64] | None
    #: What is to be seen, where it comes from, and how well the shifts are known.
    story: str
