"""``maskalign apply``: move a movie by a drift table that is there already."""

from pathlib import Path
from typing import Any

import click

from maskalign.cli.errors import Command
from maskalign.cli.files import check_files
from maskalign.cli.options import (
    FILE,
    axes_option,
    options_from,
    overwrite_option,
    select,
)
from maskalign.cli.report import name_doubtful
from maskalign.cli.steps import write_movie
from maskalign.cli.tables import read_table
from maskalign.model.options import ApplyOptions

__all__ = ["apply"]


@click.command(cls=Command)
@click.argument("movie", metavar="IN", type=FILE)
@click.option(
    "--drift",
    metavar="TABLE",
    type=FILE,
    required=True,
    help="Drift table, as `maskalign align --drift` writes it: .csv or .json.",
)
@click.option(
    "-o", "--output", metavar="OUT", type=FILE, required=True, help="Moved movie, TIFF."
)
@options_from(ApplyOptions)
@axes_option
@overwrite_option
def apply(movie: Path, **values: Any) -> None:
    """Move a movie by a drift table that is there already.

    For another channel or camera of the same experiment, or to align again with another
    interpolation or canvas. OUT has the dtype, the axes and the calibration of IN.

    \b
    Examples:
      maskalign align red.tif --drift drift.csv
      maskalign apply red.tif --drift drift.csv -o red-aligned.tif
      maskalign apply green.tif --drift drift.csv -o green-aligned.tif
      maskalign apply labels.tif --drift drift.csv -o moved.tif --interpolation nearest

    The table has one row for each frame of IN. Its columns shift_z, shift_y and shift_x
    are pixels that are added to the position of the frame; a table without shift_z
    leaves z where it is. Any CSV file with such columns will do. Frames whose status is
    not ok are moved by what their neighbours say, as `align` does; write ok there to
    have a shift of your own used.
    """  # noqa: D301 - click keeps lines after this character
    drift, output, overwrite = values["drift"], values["output"], values["overwrite"]
    check_files(
        {"IN": movie, "--drift": drift}, {"--output": output}, overwrite=overwrite
    )
    from maskalign.io.movies import load_movie
    from maskalign.pipeline.apply import apply_drift

    source = load_movie(movie, axes=values["axes"])
    table = read_table(drift)
    moved = apply_drift(source, table.repaired(), **select(values, ApplyOptions))
    name_doubtful(table)
    write_movie(output, moved, overwrite=overwrite)
    click.echo(f"Wrote {output}")
