"""Drift tables as pandas DataFrames."""

from typing import TYPE_CHECKING, Any

from maskalign.errors import DriftTableError
from maskalign.model import table_text
from maskalign.model.drift_columns import DriftColumns

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["from_pandas", "to_pandas"]


def to_pandas(table: DriftColumns) -> "DataFrame":
    """Return the columns that are written into files, and the rest as `attrs`."""
    try:
        import pandas
    except ImportError as error:
        msg = "A table becomes a DataFrame with pandas: pip install pandas."
        raise ImportError(msg) from error
    frame = pandas.DataFrame(table_text.columns(table)).set_index("frame")
    frame.attrs = table_text.metadata(table)
    return frame


def from_pandas(frame: "DataFrame") -> dict[str, Any]:
    """Return the fields of the table that a DataFrame holds."""
    whole = frame.reset_index() if frame.index.name == "frame" else frame
    found = {str(name): list(whole[name]) for name in whole.columns}
    if not len(whole):
        msg = "The DataFrame has no rows."
        raise DriftTableError(msg)
    return table_text.fields(found, dict(frame.attrs), source="The DataFrame")
