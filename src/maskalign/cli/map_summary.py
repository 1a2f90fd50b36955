"""``--map-summary``: what NCC maps say of each aligned frame, in its drift table."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable
    from maskalign.model.movie import Movie
    from maskalign.pipeline.plan import DriftPlan

__all__ = ["check_comparable", "with_maps"]


def check_comparable(movie: "Movie", plan: "DriftPlan") -> None:
    """Raise now where a reference image cannot be compared with whole frames."""
    image, ndim = plan.reference.image, len(movie.frame_shape)
    if image is not None and image.ndim != ndim:
        msg = (
            f"--map-summary compares frames, which have {ndim} axes, with the "
            f"reference, which has {image.ndim}: leave out --projection, or it."
        )
        raise click.UsageError(msg)


def with_maps(
    movie: "Movie", plan: "DriftPlan", table: "DriftTable", how: dict[str, Any]
) -> "DriftTable":
    """Compare the aligned frames with their reference; print and keep what it says.

    Parameters
    ----------
    movie, plan, table
        The movie as it came, what was asked, and what was found.
    how : dict
        The fields of `ApplyOptions`.
    """
    from maskalign.model.movie import Movie
    from maskalign.model.options import ApplyOptions
    from maskalign.pipeline.aligned_maps import aligned_summary

    n = movie.n_frames
    frames = f"{n} frame" + "s" * (n != 1)
    click.echo(f"Comparing with the reference: {frames}", err=True)
    fixed, each = plan.mask.fixed, plan.mask.by_frame
    mask = fixed if each is None else each
    if mask is not None:
        # Its axes are known by now, and need not be told from its shape once more.
        spatial = "ZYX"[-(mask.ndim - (each is not None)) :]
        mask = Movie(mask, spatial if each is None else "T" + spatial)
    summary = aligned_summary(
        movie,
        table,
        mask=mask,
        mask_follows=plan.options.mask_follows,
        channel=plan.frames.channel,
        output=ApplyOptions(**how),
        over=plan.reference,
    )
    click.echo(f"Aligned frames: {summary}")
    return table.with_map(summary)
