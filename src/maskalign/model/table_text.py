"""Drift tables as text: CSV and JSON, bit for bit there and back."""

import csv
import io
import json
from collections.abc import Iterator
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign.errors import DriftTableError
from maskalign.model.axes import SPATIAL

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable

_SIGN = (
    "shift_*: pixels to add to the position of a frame to lay it over the reference; "
    "the drift of the sample is its negative"
)
_SCALARS = ("ncc", "overlap", "peak_ratio")
#: Metadata that a comment line of the CSV holds as JSON.
_META = ("scale", "units", "options")


def to_csv(table: "DriftTable") -> str:
    """Return the table as CSV, under comments that say what the numbers mean."""
    out = io.StringIO()
    out.write(f"# maskalign drift table, axes {table.axes}\n# {_SIGN}\n")
    for name in _META:
        value = getattr(table, name)
        if value:
            plain = dict(value) if name == "options" else list(value)
            out.write(f"# {name}: {json.dumps(plain)}\n")
    writer = csv.writer(out, lineterminator="\n")
    columns = _columns(table)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def from_csv(text: str, *, source: str) -> dict[str, Any]:
    """Return the fields of the table that some CSV text holds."""
    meta: dict[str, Any] = {}
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            lines.append(line)
            continue
        name, _, value = line.lstrip("# ").partition(": ")
        if name in _META:
            meta[name] = _json(value, source)
    reader = csv.DictReader(line for line in lines if line.strip())
    records = list(reader)
    header = [name.strip() for name in reader.fieldnames or ()]
    axes = [a for a in SPATIAL.lower() if f"shift_{a}" in header]
    if "".join(axes) not in ("yx", "zyx"):
        found = ", ".join(header) or "nothing"
        msg = (
            f"{source} is not a drift table: it needs the columns shift_y and shift_x "
            f"(and shift_z in 3-D); found {found}."
        )
        raise DriftTableError(msg)
    if not records:
        msg = f"{source} has a header but no rows."
        raise DriftTableError(msg)
    rows = [dict(zip(header, record.values(), strict=False)) for record in records]
    return _fields(rows, "".join(axes), source) | _tuples(meta)


def to_json(table: "DriftTable") -> str:
    """Return the table as JSON: a list for each column, beside its metadata."""
    columns = {
        name: [_plain(v) for v in values] for name, values in _columns(table).items()
    }
    document = {
        "format": "maskalign drift table",
        "axes": table.axes,
        "sign": _SIGN,
        "scale": list(table.scale),
        "units": list(table.units),
        "options": dict(table.options),
        "columns": columns,
    }
    return json.dumps(document, indent=1)


def from_json(text: str, *, source: str) -> dict[str, Any]:
    """Return the fields of the table that some JSON text holds."""
    document = _json(text, source)
    if not isinstance(document, dict) or "columns" not in document:
        msg = f"{source} is not a drift table: it has no 'columns'."
        raise DriftTableError(msg)
    columns = document["columns"]
    axes = "".join(a for a in SPATIAL.lower() if f"shift_{a}" in columns)
    try:
        rows = [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]
    except ValueError as error:
        msg = f"{source}: the columns are not of one length."
        raise DriftTableError(msg) from error
    meta = {name: document[name] for name in _META if name in document}
    return _fields(rows, axes, source) | _tuples(meta)


def _columns(table: "DriftTable") -> dict[str, list[Any]]:
    """Return the columns in the order in which they are written."""
    axes = table.axes.lower()
    columns: dict[str, list[Any]] = {
        "frame": list(range(len(table))),
        "reference_frame": table.reference_frame.tolist(),
    }
    columns |= {f"shift_{a}": table.shifts[:, i].tolist() for i, a in enumerate(axes)}
    columns |= {"ncc": table.ncc.tolist(), "overlap": table.overlap.tolist()}
    columns |= {
        f"shift_std_{a}": table.shift_std[:, i].tolist() for i, a in enumerate(axes)
    }
    return columns | {
        "peak_ratio": table.peak_ratio.tolist(),
        "status": table.status.tolist(),
    }


def _fields(rows: list[dict[str, Any]], axes: str, source: str) -> dict[str, Any]:
    """Return the arguments of a `DriftTable`; columns that are missing stay out."""
    frames = list(_numbers(rows, "frame", source)) if "frame" in rows[0] else None
    if frames is not None and frames != list(range(len(rows))):
        msg = (
            f"{source}: the frames must be 0, 1, 2, ... with none left out, "
            f"got {[int(f) if f == f else f for f in frames[:8]]} ..."
        )
        raise DriftTableError(msg)

    def stacked(prefix: str) -> Any:
        return np.array([list(_numbers(rows, f"{prefix}_{a}", source)) for a in axes]).T

    fields: dict[str, Any] = {"shifts": stacked("shift")}
    if all(f"shift_std_{a}" in rows[0] for a in axes):
        fields["shift_std"] = stacked("shift_std")
    for name in _SCALARS:
        if name in rows[0]:
            fields[name] = np.array(list(_numbers(rows, name, source)))
    if "reference_frame" in rows[0]:
        numbers = list(_numbers(rows, "reference_frame", source))
        fields["reference_frame"] = np.array(numbers).astype(int)
    if "status" in rows[0]:
        fields["status"] = np.array([str(row["status"]).strip() for row in rows])
    return fields


def _numbers(rows: list[dict[str, Any]], name: str, source: str) -> Iterator[float]:
    for number, row in enumerate(rows):
        value = row.get(name)
        try:
            yield float("nan" if value is None or value == "" else value)
        except (TypeError, ValueError) as error:
            msg = f"{source}: row {number}, column {name}: {value!r} is not a number."
            raise DriftTableError(msg) from error


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: it has neither NaN nor infinity."""
    if isinstance(value, float) and not isfinite(value):
        return None if isnan(value) else str(value)
    return value


def _tuples(meta: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in meta.items()
    }


def _json(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"{source}: {text[:40]!r} is not JSON ({error})."
        raise DriftTableError(msg) from error
