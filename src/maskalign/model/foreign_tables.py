"""Tables of drift that other programs write, told by what is in them.

Each has its own sign and order of axes; what comes back is ours: pixels that are added
to the position of a frame, (z, y, x). The signs were read from the programs' sources,
and those of napari-correct-drift and NanoPyx were checked by running them.

========================  ===========================  =========================
program                   told by                      its numbers, in our words
========================  ===========================  =========================
napari-correct-drift      columns ``Z,Y,X``            drift
(0.4.0, 0.4.1)
Fiji Correct 3D Drift     ``dx  dy  dz`` under a line  shift, (x, y, z)
(vectors, 2016 to 2024)   ``Shifts``
Fiji Correct 3D Drift     ``frame 1 correcting drift   drift, (x, y, z), from
(its log)                 0,0,0``                      frame 1 on
NanoPyx (2.1.5)           ``XY;X;Y`` under a line      shift, (x, y)
                          ``Drift Table``
NanoJ, Fast4DReg (saved   ``X-Drift (pixels)``,        shift
from ImageJ)              ``Y-Drift (pixels)``
========================  ===========================  =========================

napari-fast4dreg 0.2.7 is refused: what it calls ``x-drift`` lies along y.
"""

import csv
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import DriftTableError

__all__ = ["read"]

_LOG_LINE = re.compile(r"frame (\d+) correcting drift ([^,]+),([^,]+),(.+)")


def read(text: str, *, source: str) -> dict[str, Any] | None:
    r"""Return the arguments of a `DriftTable`, or None if the text is none of these.

    Parameters
    ----------
    text : str
        What is in the file.
    source : str
        What the errors are about.

    Raises
    ------
    DriftTableError
        If it is such a table, but not a whole one.

    Examples
    --------
    >>> fields = read(",Z,Y,X\n0,0,0,0\n1,0,1.5,-2", source="drift.csv")
    >>> fields["shifts"]
    array([[ 0. ,  0. ],
           [-1.5,  2. ]])
    >>> fields["options"]
    {'source': 'napari-correct-drift'}
    """
    lines = [line for line in text.splitlines() if line.strip()]
    for program, reader in _READERS.items():
        shifts = reader(lines, source)
        if shifts is None:
            continue
        if not len(shifts):
            msg = f"{source} is a table of {program} without rows."
            raise DriftTableError(msg)
        # -0 and 0 are the same; z that never moves belongs to a movie without z.
        shifts = shifts + 0.0
        if shifts.shape[1] == 3 and not np.nan_to_num(shifts[:, 0]).any():
            shifts = shifts[:, 1:]
        return {"shifts": shifts, "options": {"source": program}, "version": ""}
    return None


def _napari_correct_drift(
    lines: Sequence[str], source: str
) -> NDArray[np.float64] | None:
    if not lines or _cells(lines[0], ",") != ["", "Z", "Y", "X"]:
        return None
    return -_rows(lines[1:], ",", (1, 2, 3), source)


def _fiji_vectors(lines: Sequence[str], source: str) -> NDArray[np.float64] | None:
    for number, line in enumerate(lines):
        if line.split() == ["dx", "dy", "dz"] and "Shifts" in lines[:number]:
            return _rows(lines[number + 1 :], "\t", (2, 1, 0), source)
    return None


def _fiji_log(lines: Sequence[str], source: str) -> NDArray[np.float64] | None:
    found = [match for match in map(_LOG_LINE.search, lines) if match]
    if not found:
        return None
    numbers = [int(match[1]) for match in found]
    if numbers != list(range(1, len(found) + 1)):
        msg = (
            f"{source} is a log of Correct 3D Drift in which the frames are not "
            f"1, 2, 3, ..., but {numbers[:8]} ...; keep the lines of one run."
        )
        raise DriftTableError(msg)
    rows = ["\t".join(match.groups()) for match in found]
    return -_rows(rows, "\t", (3, 2, 1), source)


def _nanopyx(lines: Sequence[str], source: str) -> NDArray[np.float64] | None:
    for number, line in enumerate(lines):
        if _cells(line, ";") == ["XY", "X", "Y"]:
            return _rows(lines[number + 1 :], ";", (2, 1), source)
    return None


def _nanoj(lines: Sequence[str], source: str) -> NDArray[np.float64] | None:
    for separator in (",", "\t"):
        header = _cells(lines[0], separator) if lines else []
        if {"X-Drift (pixels)", "Y-Drift (pixels)"} <= set(header):
            axes = [header.index(f"{a}-Drift (pixels)") for a in "YX"]
            return _rows(lines[1:], separator, axes, source)
    return None


def _napari_fast4dreg(lines: Sequence[str], source: str) -> NDArray[np.float64] | None:
    header = _cells(lines[0], ",") if lines else []
    if {"x-drift", "y-drift", "z-drift"} <= set(header):
        msg = (
            f"{source} is a table of napari-fast4dreg, whose columns are named the "
            "wrong way round (0.2.7: x-drift lies along y). If that is so in yours, "
            "rename x-drift to shift_y, y-drift to shift_x and z-drift to shift_z."
        )
        raise DriftTableError(msg)
    return None


def _cells(line: str, separator: str) -> list[str]:
    (row,) = csv.reader([line], delimiter=separator)
    return [cell.strip() for cell in row]


def _rows(
    lines: Sequence[str], separator: str, wanted: Sequence[int], source: str
) -> NDArray[np.float64]:
    """Return some columns, in the order in which they are wanted."""
    out = np.empty((len(lines), len(wanted)))
    for number, line in enumerate(lines):
        cells = _cells(line, separator)
        try:
            # pandas leaves a cell empty where there is no number.
            out[number] = [float(cells[i] or "nan") for i in wanted]
        except (IndexError, ValueError) as error:
            msg = f"{source}: row {number} of the shifts is {line!r}, not numbers."
            raise DriftTableError(msg) from error
    return out


_Reader = Callable[[Sequence[str], str], NDArray[np.float64] | None]
_READERS: dict[str, _Reader] = {
    "napari-correct-drift": _napari_correct_drift,
    "Fiji Correct 3D Drift": _fiji_vectors,
    "Fiji Correct 3D Drift, log": _fiji_log,
    "NanoPyx": _nanopyx,
    "NanoJ": _nanoj,
    "napari-fast4dreg": _napari_fast4dreg,
}
