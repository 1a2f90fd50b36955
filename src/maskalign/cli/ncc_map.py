"""``maskalign ncc-map``: where two images agree, as an image."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maskalign.cli.errors import Command
from maskalign.cli.files import check_files
from maskalign.cli.inputs import load_mask
from maskalign.cli.options import FILE, options_from, overwrite_option, select
from maskalign.cli.report import name_doubtful
from maskalign.cli.steps import estimate, require_answer, write_movie
from maskalign.model.map_options import MapOptions
from maskalign.model.types import MaxShift

if TYPE_CHECKING:
    from maskalign.model.movie import Movie

__all__ = ["ncc_map"]

#: What REFERENCE may be besides a file and a number.
_WORDS = ("first", "previous")


def _reference(_: click.Context, __: click.Parameter, value: str) -> str | int | Path:
    """Return a word, the number of a frame, or else the path of a file."""
    if value in _WORDS:
        return value
    try:
        return int(value)
    except ValueError:
        return Path(value)


@dataclass(frozen=True, kw_only=True)
class _Movie:
    """What else may be said of MOVING."""

    channel: int | str | None = field(
        default=None,
        metadata={
            "help": "Channel to compare, for files with channels: its number, its "
            "name, or 'mean'."
        },
    )
    max_shift: MaxShift = field(
        default=None,
        metadata={
            "help": "With --align: largest shift to search for, in pixels, as in 20, "
            "or 5,20,20."
        },
    )


@click.command(cls=Command)
@click.argument("reference", metavar="REFERENCE", callback=_reference)
@click.argument("moving", metavar="MOVING", type=FILE)
@click.option(
    "-o", "--output", metavar="OUT", type=FILE, required=True, help="NCC map, TIFF."
)
@options_from(MapOptions, window="As in 7, or 1,7,7.")
@click.option(
    "--mask",
    metavar="MASK",
    type=FILE,
    help="TIFF file, non-zero where a pixel may be used, in both images: one image for "
    "all frames, or one a frame.",
)
@click.option(
    "--invert-mask",
    is_flag=True,
    help="The mask marks what to ignore: non-zero where a pixel does not count.",
)
@click.option(
    "--align",
    "align_first",
    is_flag=True,
    help="Align MOVING first, as `maskalign align` does; the mask then stands still in "
    "the camera.",
)
@options_from(_Movie)
@click.option(
    "--axes",
    metavar="LETTERS",
    help="Axes of MOVING, one letter of T C Z Y X for each in the order of the file, "
    "such as ZYX for a stack that is one volume; if left out, as the file says.",
)
@overwrite_option
def ncc_map(reference: str | int | Path, moving: Path, **values: Any) -> None:
    """Show where two images agree, and how much.

    OUT has for each pixel of MOVING the correlation coefficient of the windows around
    it in the two images: 1 where they agree, 0 where they have nothing in common, NaN
    where too few pixels may be used or an image has no contrast. float32, with the
    calibration of MOVING.

    \b
    Examples:
      maskalign ncc-map first.tif second.tif -o map.tif
      maskalign ncc-map first.tif movie.tif -o maps.tif --mask mask.tif
      maskalign ncc-map previous movie.tif -o maps.tif --window 15
      maskalign ncc-map first movie.tif -o maps.tif --align --max-shift 20
      maskalign ncc-map before.tif after.tif -o map.tif --axes ZYX --window 3,7,7

    REFERENCE is the TIFF file of an image, or of a movie of as many frames as MOVING,
    to be compared frame by frame; or, where MOVING is a movie, "first", "previous" or
    the number of a frame. Pixel is compared with pixel: align the images first, or add
    --align. A stack of planes is a movie unless its file, or --axes, says that it is a
    volume.
    """  # noqa: D301 - click keeps lines after this character
    if values["invert_mask"] and not values["mask"]:
        msg = "--invert-mask needs --mask."
        raise click.UsageError(msg)
    if values["max_shift"] is not None and not values["align_first"]:
        msg = "--max-shift needs --align."
        raise click.UsageError(msg)
    inputs = {
        "REFERENCE": reference if isinstance(reference, Path) else None,
        "MOVING": moving,
        "--mask": values["mask"],
    }
    check_files(inputs, {"--output": values["output"]}, overwrite=values["overwrite"])
    _map(reference, moving, **values)


def _map(reference: str | int | Path, path: Path, **values: Any) -> None:
    """Load, align if asked to, and write the map frame by frame."""
    from maskalign.io.movies import load_movie
    from maskalign.pipeline.map_summary import summarize_map
    from maskalign.pipeline.maps import local_ncc

    output = values["output"]
    movie = load_movie(path, axes=values["axes"])
    mask = load_mask(values["mask"], invert=values["invert_mask"])
    other: Any = reference
    used = "C" in movie.axes
    if isinstance(reference, Path):
        other, has_channels = _load_reference(reference, values["channel"])
        used = used or has_channels
    if values["channel"] is not None and not used:
        msg = f"--channel {values['channel']}: there are no channels."
        raise click.UsageError(msg)
    channel = values["channel"] if "C" in movie.axes else None
    if values["align_first"]:
        other, movie = _aligned(other, movie, mask, channel, values["max_shift"])
        mask = channel = None
    options = select(values, MapOptions)
    maps = local_ncc(other, movie, mask=mask, channel=channel, **options)
    maps = maps.replace(data=maps.data.astype("f4"))
    write_movie(output, maps, overwrite=values["overwrite"])
    if options["statistic"] == "ncc":
        click.echo(f"{path.name}: {summarize_map(load_movie(output, axes=maps.axes))}")
    click.echo(f"Wrote {output}")


def _load_reference(path: Path, channel: int | str | None) -> tuple[Any, bool]:
    """Return an image or a movie, unread, and whether it had channels.

    The file need not say more of its axes than how many they are.
    """
    from maskalign.io.movies import load_movie
    from maskalign.pipeline.frames import Frames

    found = load_movie(path)
    frames = Frames(found, channel if "C" in found.axes else None)
    data = frames.block(0, len(frames))
    return data[0] if len(frames) == 1 else data, "C" in found.axes


def _aligned(
    reference: Any,
    movie: "Movie",
    mask: Any,
    channel: int | str | None,
    max_shift: MaxShift,
) -> Any:
    """Lay a movie over its reference, and return both, NaN where nothing is left."""
    from maskalign.pipeline.aligned_pair import aligned_pair
    from maskalign.pipeline.parallel import compute
    from maskalign.pipeline.plan import plan_drift

    if not isinstance(reference, (str, int)):
        if len(reference.shape) > len(movie.spatial_axes):
            msg = "--align needs one image as REFERENCE, not a movie."
            raise click.UsageError(msg)
        reference = compute(reference)
    plan = plan_drift(
        movie, reference=reference, mask=mask, max_shift=max_shift, channel=channel
    )
    table = estimate(plan, "Estimating the drift")
    require_answer(table)
    name_doubtful(table)
    return aligned_pair(reference, movie, table, mask=mask, channel=channel)
