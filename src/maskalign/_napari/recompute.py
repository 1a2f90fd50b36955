"""Which frames of a table are to be found anew, and how the others are kept."""

import numpy as np
from numpy.typing import NDArray

from maskalign.model.drift_table import DriftTable
from maskalign.model.status import EXCLUDED, MANUAL

__all__ = ["affected", "excluded", "merged", "starting_from"]

#: Strategies that lay a frame over one before it, and those that look at all together.
_CHAINS, _JOINT = ("previous", "rolling"), ("mean", "redundant")


def affected(table: DriftTable, reference: object) -> NDArray[np.bool_]:
    """Tell which frames are to be found anew.

    Those that are in doubt; where frames are laid over others, also those that were
    laid over a frame in doubt or one that was set by hand. What a person has set,
    accepted or excluded stays.

    Parameters
    ----------
    table : DriftTable
        What is known.
    reference : str or int
        What frames are laid over, as `estimate_drift` has it.

    Examples
    --------
    >>> shifts, status = [(0, 0)] * 4, ["ok", "unsure", "ok", "manual"]
    >>> table = DriftTable.from_shifts(shifts, status=status)
    >>> affected(table, "first").tolist(), affected(table, "previous").tolist()
    ([False, True, False, False], [False, True, True, False])
    """
    settled = np.isin(table.status, (MANUAL, EXCLUDED))
    doubtful = ~table.ok & ~settled
    if reference in _JOINT and (doubtful | settled).any():
        return ~settled
    if reference in _CHAINS:
        changed: NDArray[np.bool_] = np.logical_or.accumulate(doubtful | settled)
        return changed & ~settled
    return doubtful


def excluded(table: DriftTable) -> tuple[int, ...]:
    """Return the frames that are left out."""
    return tuple(np.flatnonzero(table.status == EXCLUDED).tolist())


def starting_from(table: DriftTable, frames: NDArray[np.bool_]) -> DriftTable:
    """Return a table to start from, by which all frames but `frames` stay.

    Examples
    --------
    >>> table = DriftTable.from_shifts([(0, 0), (5, 5)], status=["ok", "unsure"])
    >>> starting_from(table, np.array([False, True])).status.tolist()
    ['manual', 'unsure']
    """
    keep = ~frames & table.ok
    return table.replace(status=np.where(keep, MANUAL, table.status))


def merged(
    table: DriftTable, found: DriftTable, frames: NDArray[np.bool_]
) -> DriftTable:
    """Return a table with some rows as they were found anew and the others as before.

    Examples
    --------
    >>> old = DriftTable.from_shifts([(0, 0), (5, 5)], status=["ok", "unsure"])
    >>> new = DriftTable.from_shifts([(9, 9), (1, 1)])
    >>> both = merged(old, new, np.array([False, True]))
    >>> both.shifts.tolist(), both.status.tolist()
    ([[0.0, 0.0], [1.0, 1.0]], ['ok', 'ok'])
    """
    columns = {}
    for name in (
        "shifts",
        "ncc",
        "overlap",
        "shift_std",
        "peak_ratio",
        "status",
        "reference_frame",
        "residual",
        "map_median",
        "map_share",
    ):
        old, new = getattr(table, name), getattr(found, name)
        columns[name] = np.where(frames if old.ndim == 1 else frames[:, None], new, old)
    # What is kept of the maps needs to say above which value its share is.
    above = {k: v for k, v in table.options.items() if k == "map_above"}
    return found.replace(**columns, options={**found.options, **above})
