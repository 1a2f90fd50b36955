"""Points, tracks and shapes in CSV files."""

import csv
import io
import re
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["PointFile", "read_points", "write_points"]

#: Columns by name, as tracking programs call them.
_LETTERS = {"frame": "T", "t": "T", "z": "Z", "y": "Y", "x": "X"}
#: Columns by number, as napari writes points and shapes.
_NUMBERED = re.compile(r"axis-(\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class PointFile:
    """A table of which some columns are coordinates."""

    #: Names of all columns.
    header: list[str]
    #: Their texts.
    rows: list[list[str]]
    #: Positions of the columns that are coordinates.
    columns: list[int]
    #: A letter for each of those, where their names say; else None.
    axes: str | None
    #: The coordinates, pixels, shape (N, D).
    coordinates: NDArray[np.float64]


def read_points(path: Path) -> PointFile:
    """Read a CSV file of points, tracks or shapes.

    Parameters
    ----------
    path : Path
        Its first line names the columns: ``axis-0``, ``axis-1`` ... as napari writes
        them, or ``frame`` (or ``t``), ``y``, ``x``, and ``z`` where there is one. Other
        columns are carried along.

    Raises
    ------
    ValueError
        If it is no such file; the message says where and why.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path} is not a text file, so there are no points in it."
        raise ValueError(msg) from error
    header, *rows = [row for row in csv.reader(io.StringIO(text)) if row] or [[]]
    columns, axes = _coordinate_columns([name.strip().lower() for name in header])
    if not columns:
        msg = (
            f"{path} has the columns {', '.join(header) or '(none)'}. Points need "
            "axis-0, axis-1 ... as napari writes them, or frame, y and x."
        )
        raise ValueError(msg)
    coordinates = np.empty((len(rows), len(columns)))
    for number, row in enumerate(rows):
        if len(row) != len(header):
            msg = (
                f"{path}, row {number + 1}: {len(row)} values under {len(header)} "
                "column names."
            )
            raise ValueError(msg)
        coordinates[number] = [
            _number(row[k], f"{path}, row {number + 1}, {header[k]}") for k in columns
        ]
    return PointFile(header, rows, columns, axes, coordinates)


def write_points(
    path: Path,
    points: PointFile,
    coordinates: NDArray[np.float64],
    *,
    overwrite: bool = False,
) -> None:
    """Write a file of points with other coordinates.

    What is the same stays as it was written; other numbers are written so that reading
    them gives the same bits.

    Raises
    ------
    FileExistsError
        If `path` exists and `overwrite` is not set.
    """
    if path.exists() and not overwrite:
        msg = f"{path} exists; choose another name or say overwrite=True."
        raise FileExistsError(msg)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(points.header)
    for row, old, new in zip(
        points.rows, points.coordinates.tolist(), coordinates.tolist(), strict=True
    ):
        texts = list(row)
        for column, before, after in zip(points.columns, old, new, strict=True):
            if before != after:
                texts[column] = repr(after)
        writer.writerow(texts)
    path.write_text(out.getvalue(), encoding="utf-8", newline="")


def _coordinate_columns(names: list[str]) -> tuple[list[int], str | None]:
    """Return where the coordinates are, and a letter for each if the names say."""
    numbered = {
        int(match[1]): column
        for column, name in enumerate(names)
        if (match := _NUMBERED.fullmatch(name))
    }
    if numbered:
        return [numbered[axis] for axis in sorted(numbered)], None
    found: dict[str, int] = {}
    for name, letter in _LETTERS.items():
        if name in names:
            # A file with both has frames, and a time in seconds.
            found.setdefault(letter, names.index(name))
    if not {"Y", "X"} <= set(found):
        return [], None
    return list(found.values()), "".join(found)


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if isnan(value):
        msg = f"{where}: {text!r} is not a number."
        raise ValueError(msg)
    return value
