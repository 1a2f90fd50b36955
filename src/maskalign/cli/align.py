"""``maskalign align``: estimate the drift of a movie and take it out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maskalign.cli.auto_mask import auto_mask_options, with_auto_mask
from maskalign.cli.errors import Command
from maskalign.cli.files import check_files
from maskalign.cli.idle import check_idle
from maskalign.cli.inputs import load_image, load_mask
from maskalign.cli.map_summary import check_comparable, with_maps
from maskalign.cli.motion import check_limit, flagged, motion_options, to_take_out
from maskalign.cli.options import (
    FILE,
    axes_option,
    options_from,
    overwrite_option,
    select,
)
from maskalign.cli.report import name_doubtful
from maskalign.cli.report_command import say_report
from maskalign.cli.steps import check_output, estimate, require_answer, write_movie
from maskalign.cli.tables import check_table_suffix, read_table, write_table
from maskalign.model.options import ApplyOptions, DriftOptions

if TYPE_CHECKING:
    from maskalign.model.movie import Movie
    from maskalign.pipeline.plan import DriftPlan

__all__ = ["align"]


@click.command(cls=Command)
@click.argument("movie", metavar="IN", type=FILE)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=FILE,
    help="Aligned movie: .tif, .ome.tif or .ome.zarr.",
)
@click.option(
    "--drift",
    metavar="TABLE",
    type=FILE,
    help="Drift table to write: .csv or .json.",
)
@click.option(
    "--plot",
    metavar="PICTURE",
    type=FILE,
    help="Picture of the drift to write: .png, .svg, .pdf ...",
)
@click.option(
    "--report",
    "with_report",
    is_flag=True,
    help="Say whether it is better than before, as `maskalign report` does. That "
    "estimates the drift twice more, on two halves of the image.",
)
@click.option(
    "--map-summary",
    is_flag=True,
    help="Compare each aligned frame with the reference place by place: median of its "
    "NCC map, and share above 0.5, go into --drift and --plot. That reads the movie "
    "once more.",
)
@click.option(
    "--mask",
    metavar="MASK",
    type=FILE,
    help="TIFF or OME-Zarr, non-zero where a pixel may be used: one image for all "
    "frames, or one a frame.",
)
@click.option(
    "--invert-mask",
    is_flag=True,
    help="The mask marks what to ignore: non-zero where a pixel does not count.",
)
@click.option(
    "--reference-mask",
    metavar="MASK",
    type=FILE,
    help="Mask of the reference alone, in place of --mask (and never inverted). By "
    "itself it marks a region of the reference to follow.",
)
@auto_mask_options
@click.option(
    "--start",
    metavar="TABLE",
    type=FILE,
    help="Drift table, .csv or .json: where to look. --max-shift is then searched "
    "around its shifts; rows whose status is manual stay as they are.",
)
@options_from(
    DriftOptions,
    reference="Or the file of an image.",
    max_shift="As in 20, or 5,20,20.",
)
@motion_options
@options_from(ApplyOptions)
@axes_option
@overwrite_option
def align(movie: Path, **values: Any) -> None:
    """Take the drift out of a movie.

    Each frame of IN, a TIFF file or OME-Zarr, is laid over the reference where the two
    correlate best, leaving out what the mask says. OUT has the dtype, the axes and the
    calibration of IN.

    \b
    Examples:
      maskalign align movie.tif -o aligned.tif
      maskalign align movie.tif -o aligned.tif --mask mask.tif --max-shift 20
      maskalign align painted.tif -o aligned.tif --mask labels.tif --invert-mask
      maskalign align movie.tif -o aligned.tif --auto-mask saturated,static
      maskalign align stack.ome.tif -o aligned.ome.tif --channel 0 --max-shift 3,20,20
      maskalign align movie.tif --drift drift.csv --plot drift.png --map-summary
      maskalign align cells.tif -o aligned.tif --reference redundant

    A mask is a TIFF file with the shape of a frame, which then stands still in the
    camera (dust, a beam stop, bars), or with one image for each frame (cells that
    move). It is non-zero where a pixel may be used; for one on which you painted what
    to ignore, add --invert-mask.

    A shift, as --drift writes it, is what was added to the position of a frame to lay
    it over the reference, in pixels, for z, y and x. The drift of the sample, as --plot
    shows it, is its negative.

    A frame that cannot be estimated, or is doubtful, does not stop the movie: it is
    named on stderr and in the drift table, and moved by what its neighbours say.
    """  # noqa: D301 - click keeps lines after this character
    outputs = {f"--{name}": values[name] for name in ("output", "drift", "plot")}
    if not any(outputs.values()):
        msg = "nothing to write: give -o OUT, --drift or --plot."
        raise click.UsageError(msg)
    check_idle(values)
    reference = values["reference"]
    inputs = {
        "IN": movie,
        "--mask": values["mask"],
        "--reference-mask": values["reference_mask"],
        "--reference": reference if isinstance(reference, Path) else None,
        "--start": values["start"],
    }
    check_files(inputs, outputs, overwrite=values["overwrite"])
    _check_names(**values)
    _align(movie, **values)


def _check_names(*, drift: Path | None, plot: Path | None, **_: Any) -> None:
    if drift:
        check_table_suffix(drift)
    if plot:
        from maskalign.io.plots import check_plot_suffix

        check_plot_suffix(plot)


def _align(
    path: Path,
    *,
    output: Path | None,
    drift: Path | None,
    plot: Path | None,
    overwrite: bool,
    **values: Any,
) -> None:
    """Load, plan, work, write: the movie last, for it takes longest."""
    from maskalign.io.movies import load_movie
    from maskalign.io.plots import drift_summary, save_drift_plot
    from maskalign.pipeline.apply import apply_drift

    movie = load_movie(path, axes=values["axes"])
    plan = _plan(movie, **values)
    how = select(values, ApplyOptions)
    if output:
        check_output(output, movie, how)
    if values["map_summary"]:
        check_comparable(movie, plan)
    check_limit(len(plan.frames.axes), **values)
    table = flagged(estimate(plan, "Estimating the drift"), **values)
    require_answer(table)
    click.echo(f"{path.name}: {drift_summary(table)}")
    name_doubtful(table)
    if values["map_summary"]:
        table = with_maps(movie, plan, table, how)
    if values["with_report"]:
        say_report(plan, table)
    if drift:
        write_table(table, drift, overwrite=overwrite)
    if plot:
        save_drift_plot(plot, table, title=path.name, overwrite=overwrite)
    if output:
        aligned = apply_drift(movie, to_take_out(table, **values), **how)
        write_movie(output, aligned, overwrite=overwrite)
    written = ", ".join(str(file) for file in (output, drift, plot) if file)
    click.echo(f"Wrote {written}")


def _plan(movie: "Movie", **values: Any) -> "DriftPlan":
    """Read masks and reference, and check that all of it fits together."""
    from maskalign.pipeline.plan import plan_drift

    asked = select(values, DriftOptions)
    start = values["start"]
    if isinstance(asked["reference"], Path):
        asked["reference"] = load_image(asked["reference"])
    mask = load_mask(values["mask"], invert=values["invert_mask"])
    return plan_drift(
        movie,
        mask=with_auto_mask(movie, mask, **values),
        reference_mask=load_mask(values["reference_mask"]),
        start=None if start is None else read_table(start),
        **asked,
    )
