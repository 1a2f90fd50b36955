"""What comes back from matching two images."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.model.readable import by_size, rounded_repr, span
from maskalign.model.types import FloatArray

__all__ = ["CorrelationSurface", "Registration"]


@dataclass(frozen=True, slots=True, repr=False)
class Registration:
    """The shift that lays a moving image over a reference, and how far to trust it.

    Examples
    --------
    >>> found = Registration((2.0, -1.5), 0.9, 0.8, (0.01, 0.01), 4.2, "ok")
    >>> found.drift
    (-2.0, 1.5)
    """

    #: Pixels to add to the moving image's position, array axis order (z, y, x).
    shift: tuple[float, ...]
    #: Masked NCC at the best lag, from -1 to 1.
    ncc: float
    #: Overlap at the best lag, from 0 to 1.
    overlap: float
    #: Standard error of the shift (1 sigma), pixels, one for each axis.
    shift_std: tuple[float, ...]
    #: NCC of the best peak over the best one outside its neighbourhood.
    peak_ratio: float
    #: ``"ok"``, or the word for what makes the shift doubtful.
    status: str

    def __repr__(self) -> str:
        return rounded_repr(self)

    @property
    def drift(self) -> tuple[float, ...]:
        """How far the sample had gone: the shift, turned round."""
        return tuple(-s for s in self.shift)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CorrelationSurface:
    """Masked NCC for every lag of the search window.

    ``ncc[i, j]`` belongs to the lag ``(lags[0][i], lags[1][j])``: moving pixel ``p``
    lies on reference pixel ``p + lag``.
    """

    #: Masked NCC, float, one axis for each image axis; NaN where the overlap is
    #: too small, 0 where an image has no contrast in it.
    ncc: FloatArray
    #: Overlap, from 0 to 1, float64, shape of `ncc`.
    overlap: NDArray[np.float64]
    #: Ascending integer lags, one array for each axis.
    lags: tuple[NDArray[np.int_], ...]

    def __repr__(self) -> str:
        letters = "zyx"[-len(self.lags) :]
        lags = ", ".join(
            f"{letter} {span(axis)}"
            for letter, axis in zip(letters, self.lags, strict=True)
        )
        best = "no lag has enough overlap"
        if np.isfinite(self.ncc).any():
            at = np.unravel_index(np.nanargmax(self.ncc), self.shape)
            best = f"best ncc {self.ncc[at]:.3f} at {self.lag_at(at)}"
        return f"CorrelationSurface({by_size(self.shape)} lags, {lags}; {best})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of lags along each axis."""
        return self.ncc.shape

    def lag_at(self, index: tuple[Any, ...]) -> tuple[int, ...]:
        """Return the lag of one element of the surface."""
        return tuple(int(axis[i]) for axis, i in zip(self.lags, index, strict=True))
