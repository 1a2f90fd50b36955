"""Where to look for each frame: shifts that are known before, if only roughly."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import DriftTableError
from maskalign.model.drift_table import DriftTable
from maskalign.model.status import MANUAL
from maskalign.pipeline.frames import Frames

__all__ = ["Start", "as_start"]


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Shifts to search around, and those that were set by hand and stay."""

    #: Pixels, shape (T, ndim), all finite.
    shifts: NDArray[np.float64]
    #: The shifts that stay, by frame.
    manual: dict[int, tuple[float, ...]]

    def between(self, reference: int, moving: int) -> tuple[int, ...]:
        """Return the lag to search around; `reference` is -1 where it is no frame."""
        away = self.shifts[moving]
        if reference >= 0:
            away = away - self.shifts[reference]
        return tuple(np.rint(away).astype(int).tolist())


def as_start(start: Any, frames: Frames) -> Start | None:
    """Return shifts to search around, checked; None for None.

    Parameters
    ----------
    start : DriftTable, array_like of float, shape (T, ndim), or None
        Rows that are not to be trusted, or NaN, are taken from their neighbours. A
        table along (y, x) leaves z at 0.
    frames : Frames
        The movie.

    Raises
    ------
    DriftTableError
        If it does not fit the movie, or holds no shift at all.
    """
    if start is None:
        return None
    table = start if isinstance(start, DriftTable) else DriftTable.from_shifts(start)
    ndim = len(frames.shape)
    if len(table) != len(frames) or table.ndim > ndim:
        msg = (
            f"start has {len(table)} rows along {table.axes.lower()}; the movie has "
            f"{len(frames)} frames along {frames.axes.lower()}."
        )
        raise DriftTableError(msg)
    if not table.ok.any():
        counts = ", ".join(f"{n} {word}" for word, n in table.counts().items())
        msg = f"start has no shift to look around: none of its rows is good ({counts})."
        raise DriftTableError(msg)
    manual = table.status == MANUAL
    flat = ((0, 0), (ndim - table.ndim, 0))
    shifts = np.pad(table.repaired().shifts, flat)
    kept = {int(k): tuple(shifts[k].tolist()) for k in np.flatnonzero(manual)}
    return Start(shifts, kept)
