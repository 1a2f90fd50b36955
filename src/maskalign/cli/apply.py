"""``maskalign apply``: move a movie, or points, by a drift table that is there."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

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

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable

__all__ = ["apply"]


@click.command(cls=Command)
@click.argument("source", metavar="IN", type=FILE)
@click.option(
    "--drift",
    metavar="TABLE",
    type=FILE,
    required=True,
    help="Drift table, as `maskalign align --drift` writes it: .csv or .json.",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=FILE,
    required=True,
    help="Moved movie, TIFF or OME-Zarr, or moved points, CSV.",
)
@click.option(
    "--inverse",
    is_flag=True,
    help="Move back: from the aligned movie to the movie as it was recorded.",
)
@options_from(ApplyOptions)
@axes_option
@overwrite_option
def apply(source: Path, **values: Any) -> None:
    """Move a movie, labels or points by a drift table that is there already.

    For another channel or camera of the same experiment, for what was drawn or found in
    its frames, or to align again with another interpolation or canvas. A moved movie
    has the dtype, the axes and the calibration of IN.

    \b
    Examples:
      maskalign align red.tif --drift drift.csv
      maskalign apply red.tif --drift drift.csv -o red-aligned.tif
      maskalign apply green.tif --drift drift.csv -o green-aligned.tif
      maskalign apply labels.tif --drift drift.csv -o moved.tif --interpolation nearest
      maskalign apply points.csv --drift drift.csv -o moved.csv

    The table has one row for each frame of IN. Its columns shift_z, shift_y and shift_x
    are pixels that are added to the position of the frame; a table without shift_z
    leaves z where it is. Any CSV file with such columns will do. Frames whose status is
    not ok are moved by what their neighbours say, as `align` does; write manual there
    to have a shift of your own used.

    Points, shapes and tracks are CSV files with columns axis-0, axis-1 ..., as napari
    saves them (frame first, then z, y and x), or frame, y and x, and z where there is
    one. Coordinates are pixels, frames are counted from 0; other columns stay as they
    are.
    """  # noqa: D301 - click keeps lines after this character
    drift, output, overwrite = values["drift"], values["output"], values["overwrite"]
    check_files(
        {"IN": source, "--drift": drift}, {"--output": output}, overwrite=overwrite
    )
    points = source.suffix.lower() == ".csv"
    _check_kinds(source, output, points=points)
    table = read_table(drift)
    steps = table.repaired()
    if values["inverse"]:
        steps = steps.inverse()
    (_move_points if points else _move_movie)(source, table, steps, **values)
    click.echo(f"Wrote {output}")


def _check_kinds(source: Path, output: Path, *, points: bool) -> None:
    """Raise where options or the output do not go with what is moved."""
    if points != (output.suffix.lower() == ".csv"):
        msg = f"{source} holds {'points' if points else 'a movie'}, so {output} cannot."
        raise click.UsageError(msg)
    context = click.get_current_context()
    for name in select(context.params, ApplyOptions) if points else ():
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flag = f"--{name.replace('_', '-')}"
            msg = f"{flag} is for movies; {source} holds points, which are moved as is."
            raise click.UsageError(msg)


def _move_movie(
    path: Path, table: "DriftTable", steps: "DriftTable", **values: Any
) -> None:
    from maskalign.io.movies import load_movie
    from maskalign.pipeline.apply import apply_drift

    movie = load_movie(path, axes=values["axes"])
    moved = apply_drift(movie, steps, **select(values, ApplyOptions))
    name_doubtful(table)
    write_movie(values["output"], moved, overwrite=values["overwrite"])


def _move_points(
    path: Path, table: "DriftTable", steps: "DriftTable", **values: Any
) -> None:
    from maskalign.io.points import read_points, write_points
    from maskalign.pipeline.coordinates import move_points

    points = read_points(path)
    if points.axes and values["axes"]:
        msg = f"--axes: the columns of {path} say by their names what they are."
        raise click.UsageError(msg)
    moved = move_points(points.coordinates, steps, axes=values["axes"] or points.axes)
    name_doubtful(table)
    write_points(values["output"], points, moved, overwrite=values["overwrite"])
