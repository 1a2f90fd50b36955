"""Tables: as text for the terminal, as Markdown for the documentation."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

__all__ = ["Table", "as_markdown", "as_text", "check", "merged", "missed", "verdict"]

_BEGIN = "<!-- benchmarks: begin -->"
_END = "<!-- benchmarks: end -->"
_MET = "met"
_NOT_MET = "no"


@dataclass(frozen=True, slots=True)
class Table:
    """A title, columns, rows of text, and remarks."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, fields: dict[str, Any]) -> "Table":
        """Make a table of what JSON has left of one."""
        return cls(
            fields["title"],
            tuple(fields["columns"]),
            tuple(tuple(row) for row in fields["rows"]),
            tuple(fields["notes"]),
        )


def verdict(met: bool | None) -> str:  # noqa: FBT001 - a value, not a switch
    """Return the cell for a target met, not met, or not there (None)."""
    return {True: "yes", False: _NOT_MET, None: "-"}[met]


def merged(tables: Iterable[Table]) -> list[Table]:
    """Put the rows of tables of the same title together, each remark once."""
    by_title: dict[str, Table] = {}
    for table in tables:
        known = by_title.get(table.title, Table(table.title, table.columns, ()))
        by_title[table.title] = Table(
            table.title,
            table.columns,
            known.rows + table.rows,
            tuple(dict.fromkeys(known.notes + table.notes)),
        )
    return list(by_title.values())


def missed(tables: Iterable[Table]) -> list[str]:
    """Name the rows whose target was not met."""
    out = []
    for table in tables:
        if _MET in table.columns:
            at = table.columns.index(_MET)
            cells = [row for row in table.rows if row[at] == _NOT_MET]
            # A row is named by what stands before its first figure.
            named = 2 if table.columns[1] == "peer" else 1
            out += [f"{table.title}, " + " / ".join(row[:named]) for row in cells]
    return out


def as_text(table: Table) -> str:
    """Return a table in aligned columns."""
    grid = [table.columns, *table.rows]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in grid
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    body = [line.rstrip() for line in lines]
    return "\n".join([table.title, "", *body, *(f"* {n}" for n in table.notes)])


def as_markdown(facts: Iterable[str], tables: Iterable[Table]) -> str:
    """Return the facts, the tables and a list of the targets that were not met."""
    tables = list(tables)
    parts = ["\n".join(f"- {fact}" for fact in facts)]
    for table in tables:
        rows = [_row(table.columns), _row(["---"] * len(table.columns))]
        rows += [_row(_strong(row)) for row in table.rows]
        parts += [f"## {table.title}", "\n".join(rows), *table.notes]
    not_met = missed(tables)
    parts.append("## Not met in this run")
    parts.append("\n".join(f"- {row}" for row in not_met) if not_met else "Nothing.")
    return "\n\n".join(parts)


def check(path: Path) -> None:
    """Raise an error unless `path` is new or has marks to write between."""
    if path.exists():
        _around(path)


def write(path: Path, text: str) -> None:
    """Write text into a file, between its marks if there is such a file."""
    before, after = _around(path) if path.exists() else ("", "\n")
    path.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", "utf-8")


def _around(path: Path) -> tuple[str, str]:
    before, begin, rest = path.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (begin and end):
        msg = (
            f"{path} exists and has no lines {_BEGIN!r} and {_END!r} to write between. "
            "Add them, or name a new file."
        )
        raise click.ClickException(msg)
    return before, after


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _strong(row: Iterable[str]) -> list[str]:
    """Make it easy to see what was not met."""
    return [f"**{cell}**" if cell == _NOT_MET else cell for cell in row]
