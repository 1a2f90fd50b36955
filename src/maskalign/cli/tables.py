"""Drift tables in files: the suffix says whether CSV or JSON."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable

__all__ = ["check_table_suffix", "read_table", "write_table"]


def check_table_suffix(path: Path) -> None:
    """Raise a ValueError unless a drift table can be written under this name."""
    if path.suffix.lower() not in (".csv", ".json"):
        msg = f"{path}: a drift table is written as .csv or .json."
        raise ValueError(msg)


def write_table(table: "DriftTable", path: Path, *, overwrite: bool) -> None:
    """Write a drift table."""
    write = table.to_json if path.suffix.lower() == ".json" else table.to_csv
    write(path, overwrite=overwrite)


def read_table(path: Path) -> "DriftTable":
    """Read a drift table; what is not .json is taken for CSV, or another program's."""
    from maskalign.model.drift_table import DriftTable

    if path.suffix.lower() == ".json":
        return DriftTable.from_json(path)
    return DriftTable.from_csv(path)
