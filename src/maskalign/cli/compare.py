"""``maskalign compare``: how similar two images are, in numbers."""

import json
from contextlib import suppress
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from maskalign.cli.errors import EXIT_CODES, Command
from maskalign.cli.files import check_files
from maskalign.cli.inputs import load_mask
from maskalign.cli.options import FILE, overwrite_option
from maskalign.model.metrics import METRICS, ON_REQUEST, Metric, metric_names

if TYPE_CHECKING:
    from maskalign.model.movie import Movie

__all__ = ["compare"]

#: Percent of the pixels at either end that the picture leaves out.
_CLIP = 0.05


def _listed(metrics: dict[str, Metric]) -> str:
    return "\n".join(f"  {name:<18} {m.meaning}" for name, m in metrics.items())


_NOTES = f"""\b
Metrics:
{_listed(METRICS)}

\b
Only with --metrics:
{_listed(ON_REQUEST)}

{EXIT_CODES}"""


def _names(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[str, ...]:
    """Return the metrics asked for."""
    try:
        names = None if value is None else [n.strip() for n in value.split(",")]
        return metric_names(names)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


@click.command(cls=Command, epilog=_NOTES)
@click.argument("reference", metavar="REFERENCE", type=FILE)
@click.argument("moving", metavar="MOVING", type=FILE)
@click.option(
    "--mask",
    metavar="MASK",
    type=FILE,
    help="TIFF file, non-zero where a pixel may be used in both images.",
)
@click.option(
    "--invert-mask",
    is_flag=True,
    help="The mask marks what to ignore: non-zero where a pixel does not count.",
)
@click.option(
    "--metrics",
    metavar="NAME[,NAME...]",
    callback=_names,
    help="Which numbers, as in pearson,ssim; all of the first list below if left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
@click.option(
    "--plot",
    metavar="PICTURE",
    type=FILE,
    help="Picture of the joint histogram to write: .png, .svg, .pdf ...",
)
@click.option(
    "--frame",
    type=click.INT,
    help="Which frame of a movie to compare, from 0; -1 is the last.",
)
@click.option(
    "--channel",
    metavar="INT|NAME",
    help="Which channel, by number or name, or 'mean'; for images with channels.",
)
@click.option(
    "--axes",
    metavar="LETTERS",
    help="Axes of both files, one letter of T C Z Y X for each, such as ZYX for a "
    "stack that is one volume; if left out, as the files say.",
)
@overwrite_option
def compare(reference: Path, moving: Path, **values: Any) -> None:
    """Say how similar two images are, in every number that people mean by it.

    REFERENCE and MOVING are images of one shape, TIFF files or OME-Zarr; pixel is
    compared with pixel, so align them first. NaN and infinite pixels do not count.

    \b
    Examples:
      maskalign compare first.tif second.tif
      maskalign compare first.tif second.tif --mask cell.tif --json
      maskalign compare red.tif green.tif --metrics pearson,manders_m1,manders_m2
      maskalign compare first.tif movie.tif --frame 12 --plot joint.png

    With --json, stdout is one object with a number for each metric; what is not defined
    for the images, or infinite (the psnr of equal ones), is null.
    """  # noqa: D301 - click keeps lines after this character
    if values["invert_mask"] and values["mask"] is None:
        msg = "--invert-mask needs --mask."
        raise click.UsageError(msg)
    images = {"REFERENCE": reference, "MOVING": moving}
    mask, plot = values["mask"], values["plot"]
    check_files(
        images | {"--mask": mask}, {"--plot": plot}, overwrite=values["overwrite"]
    )
    if plot is not None:
        from maskalign.io.plot_files import check_plot_suffix

        check_plot_suffix(plot)
    pair = _load(images, **values)
    valid = _spread(load_mask(mask, invert=values["invert_mask"]), pair[0].shape)

    from maskalign.core.similarity.compare import compare as measure

    found = measure(*pair, mask=valid, metrics=values["metrics"])
    if plot is not None:
        _plot(plot, pair, valid, (reference.name, moving.name))
    if values["as_json"]:
        plain = {name: v if isfinite(v) else None for name, v in found.items()}
        click.echo(json.dumps(plain, indent=2, allow_nan=False))
        return
    click.echo(table(found))
    if plot is not None:
        click.echo(f"Wrote {plot}")


def table(found: dict[str, float]) -> str:
    """Return numbers as a table, with the range of each and the end that is alike.

    Examples
    --------
    >>> print(table({"pearson": 0.81234567, "mse": 12345678.9, "dice": float("nan")}))
    metric       value  range     more alike
    pearson    0.81235  -1 to 1   higher
    mse      1.2346e+7  0 and up  lower
    dice     undefined  0 to 1    higher
    """
    known = METRICS | ON_REQUEST
    rows = [("metric", "value", "range", "more alike")]
    rows += [
        (name, _number(value), known[name].range, known[name].better)
        for name, value in found.items()
    ]
    a, b, c = (max(len(row[k]) for row in rows) for k in range(3))
    return "\n".join(
        f"{name:<{a}}  {value:>{b}}  {span:<{c}}  {better}"
        for name, value, span, better in rows
    )


def _number(value: float) -> str:
    if isnan(value):
        return "undefined"
    return f"{value:.5g}".replace("e+0", "e+").replace("e-0", "e-")


def _load(paths: dict[str, Path], **values: Any) -> list[Any]:
    """Return one image of each file, (Y, X) or (Z, Y, X), read."""
    from maskalign.io.movies import load_movie

    movies = {n: load_movie(path, axes=values["axes"]) for n, path in paths.items()}
    channel = values["channel"]
    if channel is not None and not any("C" in m.axes for m in movies.values()):
        msg = f"--channel {channel}: neither image has channels."
        raise ValueError(msg)
    with suppress(TypeError, ValueError):
        channel = int(channel)
    return [_image(n, m, values["frame"], channel) for n, m in movies.items()]


def _image(
    name: str, movie: "Movie", frame: int | None, channel: int | str | None
) -> Any:
    from maskalign.pipeline.frames import Frames

    if movie.dtype == bool:
        # As 0 and 1, which the Dice coefficient knows again.
        movie = movie.replace(data=movie.data.astype("u1"))
    frames = Frames(movie, channel if "C" in movie.axes else None)
    at = _frame(name, movie, frame)
    return frames.read(at, at + 1)[0]


def _frame(name: str, movie: "Movie", frame: int | None) -> int:
    """Return the number of the frame asked for; a lone one needs no asking."""
    n = movie.n_frames
    if n == 1:
        return 0
    if frame is None:
        msg = (
            f"{name} has {n} frames: say which with --frame, from 0. If they are the "
            "planes of one volume, say --axes ZYX."
        )
        raise ValueError(msg)
    if not -n <= frame < n:
        msg = f"{name} has no frame {frame}: they go from 0 to {n - 1}."
        raise ValueError(msg)
    return frame % n


def _spread(mask: Any, shape: tuple[int, ...]) -> Any:
    """Return a mask, (Y, X) spread over Z; what does not fit is left as it is."""
    import numpy as np

    if mask is None or mask.shape != shape[-2:]:
        return mask
    return np.broadcast_to(np.asarray(mask), shape)


def _plot(path: Path, pair: list[Any], valid: Any, names: tuple[str, str]) -> None:
    from maskalign.core.similarity.histograms import joint_histogram
    from maskalign.io.joint_plot import save_joint_histogram_plot

    histogram = joint_histogram(*pair, mask=valid, clip=_CLIP)
    # What stood in the way was refused before any work.
    save_joint_histogram_plot(path, histogram, names=names, overwrite=True)
