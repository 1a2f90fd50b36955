"""Drift tables made of others: the columns that change, ready for a new table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import DriftTableError
from maskalign.model.drift_columns import DriftColumns
from maskalign.model.smoothing import sampled
from maskalign.model.status import MANUAL, worse

__all__ = ["composed", "edited", "joined", "read_at", "relative"]

#: Figures that belong to the shift as it was measured.
_FIGURES = ("ncc", "overlap", "peak_ratio", "residual", "map_median", "map_share")


def edited(
    table: DriftColumns, frame: int, shift: NDArray[np.float64]
) -> dict[str, Any]:
    """Return the columns with one shift set by hand, which no figure belongs to."""
    changed: dict[str, Any] = {}
    for name in ("shifts", "shift_std", "reference_frame", *_FIGURES):
        changed[name] = getattr(table, name).copy()
        changed[name][frame] = -1 if name == "reference_frame" else np.nan
    changed["shifts"][frame] = shift
    changed["status"] = np.where(np.arange(len(table)) == frame, MANUAL, table.status)
    return changed


def read_at(table: DriftColumns, times: NDArray[np.float64]) -> dict[str, Any]:
    """Return the columns of a table without gaps, read between its rows."""
    inside = np.clip(times, 0, len(table) - 1)
    before, after = np.floor(inside).astype(int), np.ceil(inside).astype(int)
    exact = (before == after) & (inside == times)

    def measured(name: str) -> NDArray[np.float64]:
        column: NDArray[np.float64] = getattr(table, name)[before]
        return np.where(exact if column.ndim == 1 else exact[:, None], column, np.nan)

    return {name: measured(name) for name in ("shift_std", *_FIGURES)} | {
        "shifts": sampled(table.shifts, inside),
        "status": worse(table.status[before], table.status[after]),
        "reference_frame": np.full(len(times), -1),
    }


def composed(first: DriftColumns, second: DriftColumns) -> dict[str, Any]:
    """Return the columns of moving by `first`, and then by `second`."""
    _check_axes(first, second)
    if len(first) != len(second):
        msg = (
            f"One table has {len(first)} rows, the other {len(second)}: to move by one "
            "and then by the other they need as many."
        )
        raise DriftTableError(msg)
    same = first.reference_frame == second.reference_frame
    nothing = np.full(len(first), np.nan)
    return (
        _shared_fields(first, second)
        | dict.fromkeys(_FIGURES, nothing)
        | {
            "shifts": first.shifts + second.shifts,
            "shift_std": np.hypot(first.shift_std, second.shift_std),
            "status": worse(first.status, second.status),
            "reference_frame": np.where(same, first.reference_frame, -1),
        }
    )


def relative(table: DriftColumns, frame: int) -> dict[str, Any]:
    """Return the columns that change if all is relative to one frame."""
    _check_known(table, frame)
    std = np.hypot(table.shift_std, table.shift_std[frame])
    std[frame] = 0
    return {"shifts": table.shifts - table.shifts[frame], "shift_std": std}


def joined(
    first: DriftColumns, second: DriftColumns, origin: int | None, shared: int
) -> dict[str, Any]:
    """Return the columns of `first` and, after them, those of `second`.

    Parameters
    ----------
    first, second : DriftColumns
        Tables of consecutive pieces.
    origin : int or None
        The frame of `first` that `second` is relative to.
    shared : int
        Rows at the start of `second` that `first` has at its end.
    """
    _check_axes(first, second)
    if isinstance(shared, bool) or not isinstance(shared, (int, np.integer)):
        msg = f"shared counts frames and must be a whole number, got {shared!r}."
        raise TypeError(msg)
    if not 0 <= shared <= min(len(first), len(second)):
        msg = (
            f"shared={shared} frames cannot be at the end of a table of {len(first)} "
            f"rows and at the start of one of {len(second)}."
        )
        raise DriftTableError(msg)
    start = len(first) - shared
    shifts, std = second.shifts, second.shift_std
    if origin is not None:
        _check_known(first, origin)
        shifts = shifts + first.shifts[origin]
        std = np.hypot(std, first.shift_std[origin])
    frames = second.reference_frame
    follows = {
        "shifts": shifts,
        "shift_std": std,
        "reference_frame": np.where(frames >= 0, frames + start, -1),
    }

    def both(name: str) -> NDArray[Any]:
        column: NDArray[Any] = follows.get(name, getattr(second, name))
        return np.concatenate([getattr(first, name), column[shared:]])

    columns = (*_FIGURES, "status", *follows)
    return _shared_fields(first, second) | {name: both(name) for name in columns}


def _check_axes(first: DriftColumns, second: DriftColumns) -> None:
    if not isinstance(second, DriftColumns):
        msg = f"The other table must be a DriftTable, got {type(second).__name__}."
        raise TypeError(msg)
    if first.ndim != second.ndim:
        msg = (
            f"One table moves along {first.axes.lower()}, the other along "
            f"{second.axes.lower()}."
        )
        raise DriftTableError(msg)
    for name in ("scale", "units"):
        one, other = getattr(first, name), getattr(second, name)
        if one and other and not _alike(one, other):
            msg = (
                f"The tables differ in {name}: {one} and {other}. Shifts are in pixels "
                "and cannot be joined across pixels that differ."
            )
            raise DriftTableError(msg)


def _alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Tell whether units, or sizes of pixels but for rounding, are the same."""
    if isinstance(one[0], str):
        return one == other
    return bool(np.allclose(one, other, rtol=1e-4, atol=0))


def _check_known(table: DriftColumns, frame: int) -> None:
    if not np.isfinite(table.shifts[frame]).all():
        msg = (
            f"Frame {frame} ({table.status[frame]}) has no shift that others could be "
            "relative to; choose another, or use repaired()."
        )
        raise DriftTableError(msg)


def _shared_fields(first: DriftColumns, second: DriftColumns) -> dict[str, Any]:
    """Return what goes for both: options that differ went for one of them only."""
    mine, others = dict(first.options), dict(second.options)
    return {
        "scale": first.scale or second.scale,
        "units": first.units or second.units,
        "options": {k: v for k, v in mine.items() if k in others and others[k] == v},
    }
