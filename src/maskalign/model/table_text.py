"""Drift tables as text: CSV and JSON, bit for bit there and back."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from math import isfinite, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import DriftTableError
from maskalign.model.axes import SPATIAL
from maskalign.model.drift_columns import DriftColumns

__all__ = [
    "columns",
    "fields",
    "from_csv",
    "from_json",
    "metadata",
    "to_csv",
    "to_json",
]

_SIGN = (
    "shift_*: pixels to add to the position of a frame to lay it over the reference; "
    "the drift of the sample is its negative"
)
#: Columns that few tables have; the others' files do without them.
_OPTIONAL = ("residual", "map_median", "map_share")
_SCALARS = ("ncc", "overlap", "peak_ratio", *_OPTIONAL)
#: Metadata that a comment line of the CSV holds as JSON.
_META = ("scale", "units", "options", "version")


def to_csv(table: DriftColumns) -> str:
    """Return the table as CSV, under comments that say what the numbers mean."""
    out = io.StringIO()
    out.write(f"# maskalign drift table, axes {table.axes}\n# {_SIGN}\n")
    for name, value in metadata(table).items():
        if value:
            out.write(f"# {name}: {json.dumps(value)}\n")
    writer = csv.writer(out, lineterminator="\n")
    written = columns(table)
    writer.writerow(written)
    writer.writerows(zip(*written.values(), strict=True))
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
    header, *rows = [*csv.reader(line for line in lines if line.strip())] or [[]]
    found: dict[str, list[Any]] = {
        name.strip(): [row[i] if i < len(row) else None for row in rows]
        for i, name in enumerate(header)
    }
    return fields(found, meta, source=source)


def to_json(table: DriftColumns) -> str:
    """Return the table as JSON: a list for each column, beside its metadata."""
    written = {
        name: [_plain(v) for v in values] for name, values in columns(table).items()
    }
    document = {"format": "maskalign drift table", "axes": table.axes, "sign": _SIGN}
    return json.dumps(document | metadata(table) | {"columns": written}, indent=1)


def from_json(text: str, *, source: str) -> dict[str, Any]:
    """Return the fields of the table that some JSON text holds."""
    document = _json(text, source)
    if not isinstance(document, dict) or "columns" not in document:
        msg = f"{source} is not a drift table: it has no 'columns'."
        raise DriftTableError(msg)
    found = document["columns"]
    if len({len(column) for column in found.values()}) > 1:
        msg = f"{source}: the columns are not of one length."
        raise DriftTableError(msg)
    meta = {name: document[name] for name in _META if name in document}
    return fields(found, meta, source=source)


def columns(table: DriftColumns) -> dict[str, list[Any]]:
    """Return the columns in the order in which they are written."""
    axes = table.axes.lower()
    written: dict[str, list[Any]] = {
        "frame": list(range(len(table))),
        "reference_frame": table.reference_frame.tolist(),
    }
    written |= {f"shift_{a}": table.shifts[:, i].tolist() for i, a in enumerate(axes)}
    written |= {"ncc": table.ncc.tolist(), "overlap": table.overlap.tolist()}
    written |= {
        f"shift_std_{a}": table.shift_std[:, i].tolist() for i, a in enumerate(axes)
    }
    written["peak_ratio"] = table.peak_ratio.tolist()
    for name in _OPTIONAL:
        if not np.isnan(getattr(table, name)).all():
            written[name] = getattr(table, name).tolist()
    return written | {"status": table.status.tolist()}


def metadata(table: DriftColumns) -> dict[str, Any]:
    """Return what is known beside the columns, as JSON can hold it."""
    return {
        "scale": list(table.scale),
        "units": list(table.units),
        "options": dict(table.options),
        "version": table.version,
    }


def fields(
    found: Mapping[str, Sequence[Any]], meta: Mapping[str, Any], *, source: str
) -> dict[str, Any]:
    """Return the arguments of a `DriftTable`; columns that are missing stay out.

    Parameters
    ----------
    found : mapping of str to sequence
        Columns by name, all of one length: numbers, text that is a number, or None.
    meta : mapping
        Scale, units, options and version, as far as they are known.
    source : str
        What the errors are about.
    """
    axes = "".join(a for a in SPATIAL.lower() if f"shift_{a}" in found)
    if axes not in ("yx", "zyx"):
        named = ", ".join(found) or "nothing"
        msg = (
            f"{source} is not a drift table: it needs the columns shift_y and shift_x "
            f"(and shift_z in 3-D); found {named}."
        )
        raise DriftTableError(msg)
    if not len(found["shift_y"]):
        msg = f"{source} has a header but no rows."
        raise DriftTableError(msg)

    def numbers(name: str) -> NDArray[np.float64]:
        return _numbers(found[name], name, source)

    if "frame" in found:
        _check_frames(numbers("frame"), source)
    shifts = np.stack([numbers(f"shift_{a}") for a in axes], axis=1)
    out: dict[str, Any] = {"shifts": shifts} | _known(meta, source)
    if all(f"shift_std_{a}" in found for a in axes):
        std = [numbers(f"shift_std_{a}") for a in axes]
        out["shift_std"] = np.stack(std, axis=1)
    out |= {name: numbers(name) for name in _SCALARS if name in found}
    if "reference_frame" in found:
        out["reference_frame"] = numbers("reference_frame").astype(int)
    if "status" in found:
        out["status"] = np.array([str(word).strip() for word in found["status"]])
    return out


def _known(meta: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the metadata; empty where a file does not say."""
    try:
        return {
            "scale": tuple(map(float, meta.get("scale", ()))),
            "units": tuple(map(str, meta.get("units", ()))),
            "options": dict(meta.get("options", {})),
            "version": str(meta.get("version", "")),
        }
    except (TypeError, ValueError) as error:
        msg = f"{source}: scale, units or options cannot be read: {error}."
        raise DriftTableError(msg) from error


def _check_frames(frames: NDArray[np.float64], source: str) -> None:
    if not np.array_equal(frames, np.arange(len(frames))):
        msg = (
            f"{source}: the frames must be 0, 1, 2, ... with none left out, "
            f"got {[int(f) if f == f else f for f in frames[:8].tolist()]} ..."
        )
        raise DriftTableError(msg)


def _numbers(values: Sequence[Any], name: str, source: str) -> NDArray[np.float64]:
    out = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        if value is None or value == "":
            continue
        try:
            out[row] = float(value)
        except (TypeError, ValueError) as error:
            msg = f"{source}: row {row}, column {name}: {value!r} is not a number."
            raise DriftTableError(msg) from error
    return out


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: it has neither NaN nor infinity."""
    if isinstance(value, float) and not isfinite(value):
        return None if isnan(value) else str(value)
    return value


def _json(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"{source}: {text[:40]!r} is not JSON ({error})."
        raise DriftTableError(msg) from error
