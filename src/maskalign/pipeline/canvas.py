"""Where a moved movie ends up: the frame of the output."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.translate import support
from maskalign.errors import DriftTableError
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.types import Canvas, Interpolation

__all__ = ["CanvasFrame", "as_shifts", "canvas", "on_canvas"]

_DEFAULTS = ApplyOptions()


class CanvasFrame(NamedTuple):
    """Position and size of the output, in pixels of the reference."""

    #: Position of its first pixel, (z, y, x).
    origin: tuple[int, ...]
    #: Its shape, (z, y, x).
    shape: tuple[int, ...]


def canvas(
    shape: Sequence[int],
    drift: DriftTable | ArrayLike,
    kind: Canvas = _DEFAULTS.canvas,
    *,
    interpolation: Interpolation = _DEFAULTS.interpolation,
) -> CanvasFrame:
    """Return the frame in which `apply_drift` lays out a movie.

    Parameters
    ----------
    shape : sequence of int
        Shape of one frame, (Y, X) or (Z, Y, X).
    drift : DriftTable, or array_like of float, shape (T, ndim)
        The shifts, pixels.
    kind : {'same', 'union', 'intersection'}
        The frame of the input; one that holds every frame; what every frame covers.
    interpolation : {'nearest', 'linear', 'cubic', 'fourier'}
        It decides how far a moved frame reaches: taps must lie inside the frame.

    Returns
    -------
    CanvasFrame
        ``.origin`` (the place of the first pixel, relative to that of the reference)
        and ``.shape``, both in pixels.

    Raises
    ------
    DriftTableError
        If shifts are missing (NaN) or do not have the axes of the frame.
    ValueError
        If no pixel is seen in every frame.

    Examples
    --------
    >>> canvas((100, 80), [(0, 0), (3, -2.5)], "union")
    CanvasFrame(origin=(0, -2), shape=(103, 82))
    >>> canvas((100, 80), [(0, 0), (3, -2.5)], "intersection")
    CanvasFrame(origin=(3, 0), shape=(97, 77))
    """
    options = ApplyOptions(canvas=kind, interpolation=interpolation)
    shifts = as_shifts(drift, len(shape))
    if options.canvas == "same":
        return CanvasFrame((0,) * len(shape), tuple(shape))
    reach = np.array(
        [
            [support(n, s, interpolation) for n, s in zip(shape, row, strict=True)]
            for row in shifts.tolist()
        ]
    )
    first, last = reach[..., 0], reach[..., 1]
    if options.canvas == "union":
        low, high = first.min(axis=0), last.max(axis=0)
    else:
        low, high = first.max(axis=0), last.min(axis=0)
    size = high - low + 1
    if (size <= 0).any():
        msg = (
            "No pixel is seen in every frame: the shifts span "
            f"{np.ptp(shifts, axis=0)} pixels, a frame has {tuple(shape)}. "
            "Use canvas='same' or 'union'."
        )
        raise ValueError(msg)
    return CanvasFrame(tuple(low.tolist()), tuple(size.tolist()))


def as_shifts(
    drift: DriftTable | ArrayLike, ndim: int, n_frames: int | None = None
) -> NDArray[np.float64]:
    """Return the shifts of a table or an array, checked, one column an axis.

    A table of (y, x) also fits what has z, which it leaves where it is. Without
    `n_frames` any number of rows will do.
    """
    table = drift if isinstance(drift, DriftTable) else DriftTable.from_shifts(drift)
    table.check_fits(len(table) if n_frames is None else n_frames, ndim)
    shifts: NDArray[np.float64] = table.shifts
    missing = np.flatnonzero(~np.isfinite(shifts).all(axis=1))
    if missing.size:
        listed = ", ".join(map(str, missing[:8])) + (" ..." if missing.size > 8 else "")
        msg = (
            f"The drift table has no shift for frame {listed}; use "
            "drift.repaired() to fill it from its neighbours."
        )
        raise DriftTableError(msg)
    return np.pad(shifts, ((0, 0), (ndim - table.ndim, 0)))


def on_canvas(movie: Movie, data: Any, frame: CanvasFrame) -> Movie:
    """Return a movie with other pixels, laid out on a canvas: its origin follows."""
    origin = list(movie.origin)
    for letter, first in zip(movie.spatial_axes, frame.origin, strict=True):
        at = movie.axes.index(letter)
        origin[at] += first * movie.scale[at]
    return movie.replace(data=data, origin=tuple(origin))
