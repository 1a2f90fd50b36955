"""The drift table that *Apply drift* is given: where from, and what it is. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.layers import KEY
from maskalign._napari.wording import length
from maskalign.model.drift_table import DriftTable
from maskalign.model.frame_numbers import frame_list
from maskalign.model.movie import PIXEL
from maskalign.model.status import MANUAL

if TYPE_CHECKING:
    from napari.layers import Layer

__all__ = ["DOUBT", "Given", "carried", "describe_given", "read_given", "settled"]

#: How frames in doubt may be moved.
DOUBT = ("as neighbours are", "as the table says")

#: What frames were laid over, by the word of the strategy.
_OVER = {
    "image": "an image",
    "first": "the first frame",
    "previous": "previous frames",
    "rolling": "a frame renewed now and then",
    "mean": "the mean of all frames",
    "redundant": "several frames before",
}


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A table, and where it is from."""

    table: DriftTable
    #: Name of the file or of the layer.
    name: str
    #: The layer that carries it; None if it is from a file.
    carrier: "Layer | None" = None


def carried(layer: "Layer | None") -> Given | None:
    """Return the table that a layer carries, if it carries one."""
    made: Any = {} if layer is None else layer.metadata.get(KEY)
    table = made.get("drift") if isinstance(made, dict) else None
    if layer is None or not isinstance(table, DriftTable):
        return None
    return Given(table, layer.name, layer)


def read_given(path: str | Path) -> Given:
    """Read a table from a file, CSV or JSON, ours or another program's.

    Raises
    ------
    DriftTableError
        If it is no drift table.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    known = path.suffix.lower() == ".json"
    table = (DriftTable.from_json if known else DriftTable.from_csv)(path)
    return Given(table, path.name)


def settled(table: DriftTable, doubt: str, *, inverse: bool = False) -> DriftTable:
    """Return the table that moves: how frames in doubt go, and which way.

    Parameters
    ----------
    table : DriftTable
        What is given.
    doubt : str
        One of `DOUBT`. A frame without a shift always goes as its neighbours do.
    inverse : bool
        Whether to move back.

    Examples
    --------
    >>> table = DriftTable.from_shifts([(0, 0), (9, 9), (2, 2)])
    >>> table = table.replace(status=["ok", "unsure", "ok"])
    >>> settled(table, DOUBT[0]).repaired().shifts[1]
    array([1., 1.])
    >>> settled(table, DOUBT[1], inverse=True).repaired().shifts[1]
    array([-9., -9.])
    """
    if doubt == DOUBT[1]:
        stands = np.isfinite(table.shifts).all(axis=1) & ~table.ok
        table = table.replace(status=np.where(stands, MANUAL, table.status))
    return table.inverse() if inverse else table


def describe_given(given: Given, doubt: str = DOUBT[0]) -> str:
    """Return what a table is, in words.

    Examples
    --------
    >>> table = DriftTable.from_shifts(
    ...     [(0, 0), (3, 4), (9, 9)],
    ...     status=["ok", "ok", "unsure"],
    ...     scale=(0.5, 0.5),
    ...     units=("µm", "µm"),
    ...     options={"source": "NanoPyx"},
    ...     version="",
    ... )
    >>> print(describe_given(Given(table, "drift.csv")))
    drift.csv: 3 frames, y and x, 1 pixel = 0.5 µm. Largest shift 5.0 px = 2.5 µm \
(frame 1). 2 ok, 1 unsure.
    1 frame will be mended, moved as its neighbours are: 2.
    From a table of NanoPyx.
    """
    table = given.table
    n = len(table)
    axes = " and ".join(", ".join(table.axes.lower()).rsplit(", ", 1))
    text = f"{given.name}: {n} frame{'s' * (n != 1)}, {axes}, {_pixel(table)}."
    mended = settled(table, doubt)
    if mended.ok.any():
        moved = mended.repaired().shifts
        at = int(np.argmax(np.linalg.norm(moved, axis=1)))
        scale, units = table.scale or (1.0,) * table.ndim, table.units
        told = length(moved[at], scale, units or (PIXEL,) * table.ndim)
        text += f" Largest shift {told} (frame {at})."
    counts = ", ".join(f"{k} {word}" for word, k in table.counts().items())
    lines = [f"{text} {counts}."]
    lines += _mended(np.flatnonzero(~mended.ok).tolist(), n)
    origin = _origin(table)
    return "\n".join([*lines, origin] if origin else lines)


def _mended(frames: Sequence[int], n: int) -> list[str]:
    if not frames:
        return []
    if len(frames) == n:
        return ["No frame has a shift to be trusted: there is nothing to move by."]
    one = len(frames) == 1
    what = "1 frame" if one else f"{len(frames)} frames"
    whose = "its" if one else "their"
    listed = frame_list(np.asarray(frames))
    return [f"{what} will be mended, moved as {whose} neighbours are: {listed}."]


def _pixel(table: DriftTable) -> str:
    """Return how large a pixel is."""
    units = set(table.units)
    if not table.scale or not units or units == {PIXEL}:
        return "size of a pixel not known"
    sizes = dict.fromkeys(f"{size:.4g}" for size in table.scale)
    if len(units) == 1:
        return f"1 pixel = {' x '.join(sizes)} {units.pop()}"
    pairs = zip(table.scale, table.units, strict=True)
    return "1 pixel = " + " x ".join(f"{size:.4g} {unit}" for size, unit in pairs)


def _origin(table: DriftTable) -> str:
    """Return what has made a table."""
    source, reference = table.options.get("source"), table.options.get("reference")
    if source is not None:
        return f"From a table of {source}."
    if not table.version:
        return ""
    over = "" if reference is None else f", over {_reference(reference)}"
    return f"Made with maskalign {table.version}{over}."


def _reference(reference: Any) -> str:
    if isinstance(reference, int):
        return f"frame {reference}"
    return _OVER.get(str(reference), str(reference))
