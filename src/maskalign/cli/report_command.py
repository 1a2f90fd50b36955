"""``maskalign report``: whether an alignment made a movie better."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from maskalign.cli.auto_mask import auto_mask_options, with_auto_mask
from maskalign.cli.errors import Command
from maskalign.cli.files import check_files
from maskalign.cli.inputs import load_image, load_mask
from maskalign.cli.options import (
    FILE,
    axes_option,
    options_from,
    overwrite_option,
    select,
)
from maskalign.cli.tables import read_table
from maskalign.model.report_options import ReportOptions

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable
    from maskalign.model.movie import Movie
    from maskalign.pipeline.plan import DriftPlan

__all__ = ["report", "say_report"]


@click.command(cls=Command)
@click.argument("movie", metavar="IN", type=FILE)
@click.option(
    "--drift",
    metavar="TABLE",
    type=FILE,
    required=True,
    help="Drift table of the movie: .csv, .json, or another program's.",
)
@click.option(
    "--mask",
    metavar="MASK",
    type=FILE,
    help="Image file, non-zero where a pixel may be used: one image for all frames, "
    "or one a frame.",
)
@click.option(
    "--invert-mask",
    is_flag=True,
    help="The mask marks what to ignore: non-zero where a pixel does not count.",
)
@click.option(
    "--reference",
    metavar="IMAGE",
    type=FILE,
    help="The image that the table was made over, if it was made over an image.",
)
@click.option(
    "--reference-mask",
    metavar="MASK",
    type=FILE,
    help="Mask of the reference alone, as for `maskalign align`. By itself it marks "
    "the region to look at.",
)
@auto_mask_options
@options_from(ReportOptions)
@click.option("--json", "as_json", is_flag=True, help="Write all numbers as JSON.")
@click.option(
    "--plot",
    metavar="PICTURE",
    type=FILE,
    help="Picture to write, the mean and a line over time, before and after: .png, "
    ".svg, .pdf ...",
)
@axes_option
@overwrite_option
def report(movie: Path, **values: Any) -> None:
    """Say whether an alignment made a movie better; no truth is needed.

    IN is the movie as it was recorded, and TABLE what aligns it. The first line is the
    verdict: better, no better, worse or unknown, and why. Below it: how alike frames
    are and how sharp their mean is, before and after; the error of the table; how many
    frames are good; and what still moves, such as a turn or a growth of the sample, or
    parts of it that move on their own.

    \b
    Examples:
      maskalign report movie.tif --drift drift.csv
      maskalign report movie.tif --drift drift.csv --mask mask.tif --json
      maskalign report cells.tif --drift drift.csv --second-channel 1
      maskalign report long.tif --drift drift.csv --no-two-halves --plot report.png

    The mask, and what else the drift was estimated with that is not in the table, must
    be given once more. With --json, stdout is one object; what is not known is null.
    """  # noqa: D301 - click keeps lines after this character
    if values["invert_mask"] and not values["mask"]:
        msg = "--invert-mask needs --mask."
        raise click.UsageError(msg)
    inputs = {"IN": movie} | {
        f"--{name.replace('_', '-')}": values[name]
        for name in ("drift", "mask", "reference", "reference_mask")
    }
    plot = values["plot"]
    check_files(inputs, {"--plot": plot}, overwrite=values["overwrite"])
    if plot is not None:
        from maskalign.io.plot_files import check_plot_suffix

        check_plot_suffix(plot)
    _report(movie, **values)


def _report(path: Path, **values: Any) -> None:
    from maskalign.io.movies import load_movie
    from maskalign.pipeline.report.assess import assess

    movie = load_movie(path, axes=values["axes"])
    table = read_table(values["drift"])
    mask = _mask(movie, table, **values)
    reference = values["reference"]
    click.echo(f"Looking at {path.name}: {_frames(movie.n_frames)}", err=True)
    found = assess(
        movie,
        table,
        mask=mask,
        reference=None if reference is None else load_image(reference),
        reference_mask=load_mask(values["reference_mask"]),
        **select(values, ReportOptions),
    )
    if values["plot"]:
        _plot(values["plot"], movie, table, mask, _channel(movie, table, **values))
    if values["as_json"]:
        click.echo(json.dumps(found.to_dict(), indent=2, allow_nan=False))
        return
    click.echo(found.summary())
    if values["plot"]:
        click.echo(f"Wrote {values['plot']}")


def say_report(plan: "DriftPlan", table: "DriftTable") -> None:
    """Print the report on a table that was just made."""
    from maskalign.pipeline.report.assess import assess_plan

    click.echo(f"Looking at what it did: {_frames(plan.n_frames)}", err=True)
    click.echo(assess_plan(plan, table).summary())


def _frames(n: int) -> str:
    return f"{n} frame" + "s" * (n != 1)


def _channel(
    movie: "Movie", table: "DriftTable", *, channel: int | str | None, **_: Any
) -> int | str | None:
    """Return the channel to look at, if there are any."""
    if channel is None and "C" in movie.axes:
        known: int | str | None = table.options.get("channel")
        return known
    return channel


def _mask(movie: "Movie", table: "DriftTable", **values: Any) -> Any:
    mask = load_mask(values["mask"], invert=values["invert_mask"])
    how = values | {
        "channel": _channel(movie, table, **values),
        "projection": table.options.get("projection"),
    }
    return with_auto_mask(movie, mask, **how)


def _plot(
    path: Path,
    movie: "Movie",
    table: "DriftTable",
    mask: Any,
    channel: int | str | None,
) -> None:
    """Draw the picture; a mask that is not one image (y, x) is not shown in it."""
    from maskalign.io.report_picture import save_report_picture

    pixels = mask.data if hasattr(mask, "axes") else mask
    flat = pixels is not None and pixels.shape == movie.frame_shape[-2:]
    save_report_picture(
        path,
        movie,
        table,
        mask=np.asarray(pixels) if flat else None,
        channel=None if channel == "mean" else channel,
        title=movie.name,
        # What stood in the way was refused before any work.
        overwrite=True,
    )
