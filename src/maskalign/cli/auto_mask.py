"""Masks found in the movie itself, as options of a command."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from maskalign.model.movie import Movie

__all__ = ["NAMES", "auto_mask_options", "with_auto_mask"]

F = TypeVar("F", bound=Callable[..., Any])

#: What can be found.
NAMES = ("saturated", "border", "static")


def _names(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> tuple[str, ...]:
    """Return the names that were given, each once."""
    names = [name.strip() for value in values for name in value.split(",")]
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        msg = f"{unknown[0]!r} is none of {', '.join(NAMES)}."
        raise click.BadParameter(msg, ctx, param)
    return tuple(dict.fromkeys(names))


def auto_mask_options(function: F) -> F:
    """Add the options for masks that are found in the movie."""
    for add in (
        click.option(
            "--saturated-level",
            type=float,
            help="Smallest value that is saturated, such as 4095 for a camera of 12 "
            "bits; if left out, the largest that a pixel can hold.",
        ),
        click.option(
            "--auto-mask",
            metavar="NAME[,NAME...]",
            multiple=True,
            callback=_names,
            help="Leave out what is found in the movie, beside what --mask leaves out: "
            "'saturated' pixels, the empty 'border' of an earlier alignment or a round "
            "field of view, 'static' structure such as dust and bars.",
        ),
    ):
        function = add(function)
    return function


def with_auto_mask(
    movie: "Movie",
    mask: Any,
    /,
    *,
    auto_mask: Sequence[str],
    saturated_level: float | None,
    channel: int | str | None,
    projection: Any = None,
    **_: Any,
) -> Any:
    """Return a mask that leaves out what it did, and what is found in the movie.

    Parameters
    ----------
    movie : Movie
        The movie.
    mask : array or None
        A mask, read from a file.
    auto_mask, saturated_level
        What the options of `auto_mask_options` say.
    channel, projection
        What of the movie is looked at; see `DriftOptions`. Other options are ignored.

    Returns
    -------
    Movie, array or None
        `mask` itself if nothing is to be found.
    """
    if saturated_level is not None and "saturated" not in auto_mask:
        msg = "--saturated-level needs --auto-mask saturated."
        raise click.UsageError(msg)
    if not auto_mask:
        return mask
    from maskalign.model.movie import Movie
    from maskalign.pipeline.frames import Frames
    from maskalign.pipeline.masks import movie_mask

    frames = Frames(movie, channel, projection)
    seen = Movie(frames.block(0, len(frames)), "T" + frames.axes)
    found = [_found(name, seen, saturated_level) for name in auto_mask]
    drawn = movie_mask(mask, frames)
    if drawn.by_frame is not None:
        one_a_frame = drawn.by_frame != 0
        if one_a_frame.ndim < seen.data.ndim:
            one_a_frame = one_a_frame[:, None]
        found.append(one_a_frame)
    elif drawn.fixed is not None:
        found.append(drawn.fixed)
    together, *others = found
    for other in others:
        together = together & other
    return Movie(together, ("T" + frames.axes)[-together.ndim :])


def _found(name: str, movie: "Movie", saturated_level: float | None) -> Any:
    """Return one mask."""
    from maskalign.pipeline.auto_masks import border_mask, saturated_mask
    from maskalign.pipeline.static_mask import static_mask

    if name == "saturated":
        return saturated_mask(movie, level=saturated_level)
    if name == "border":
        return border_mask(movie)
    click.echo("Looking for what stands still", err=True)
    mask = static_mask(movie)
    if not mask.all():
        click.echo(f"It takes up {1 - mask.mean():.2%} of a frame", err=True)
    return mask
