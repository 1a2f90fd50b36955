"""The long steps of commands, with their progress on stderr."""

import sys
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from maskalign.model.status import MEANING, TRUSTED, UNSURE

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable
    from maskalign.model.movie import Movie
    from maskalign.pipeline.plan import DriftPlan

__all__ = ["check_output", "estimate", "require_answer", "write_movie"]

T = TypeVar("T")


def check_output(path: Path, movie: "Movie", how: dict[str, Any]) -> None:
    """Raise now what moving and writing a movie would raise after the long work.

    Parameters
    ----------
    path : Path
        Where the aligned movie is to be written.
    movie : Movie
        The movie as it came.
    how : dict
        The fields of `ApplyOptions`.
    """
    from maskalign.io.movies import iter_save_movie
    from maskalign.pipeline.apply import apply_drift

    still = [(0.0,) * len(movie.spatial_axes)] * movie.n_frames
    # Neither call reads a pixel or writes a byte: the iterator is not begun.
    iter_save_movie(path, apply_drift(movie, still, **how), overwrite=True)


def estimate(plan: "DriftPlan", what: str) -> "DriftTable":
    """Do what a plan says, and return the table."""
    passes = plan.n_rows // plan.n_frames
    return plan.table(_progress(plan.rows(), plan.n_frames, what, passes))


def require_answer(table: "DriftTable") -> None:
    """Raise a ValueError if no frame could be laid over the reference.

    A movie could be moved by such a table (the reference lies over itself, and the rest
    would follow it), but it would look as if nothing had drifted.
    """
    matched = [row for row in table if row.frame != row.reference_frame]
    if not matched or any(row.status in TRUSTED for row in matched):
        return
    counts = {w: n for w, n in table.counts().items() if w not in TRUSTED}
    listed = ", ".join(f"{n} {word}" for word, n in counts.items())
    most = max(counts, key=counts.__getitem__)
    msg = (
        f"No frame could be laid over the reference ({listed}). "
        f"{most}: {MEANING.get(most, '')}"
    )
    if most == UNSURE:
        msg += (
            " What may help: --max-shift near the largest that there can be; "
            "--reference previous; --mask, or --auto-mask static, over what stays."
        )
    raise ValueError(msg)


def write_movie(path: Path, movie: "Movie", *, overwrite: bool) -> None:
    """Write a movie; if this is interrupted no part of the file stays."""
    from maskalign.io.movies import iter_save_movie

    steps = iter_save_movie(path, movie, overwrite=overwrite)
    for _ in _progress(steps, movie.n_frames, f"Writing {path.name}"):
        pass


def _progress(
    steps: Iterator[T], n_frames: int, what: str, passes: int = 1
) -> Generator[T]:
    """Show a bar, or a line where nobody watches; end the steps if the user does."""
    total = n_frames * passes
    with closing(steps):  # type: ignore[type-var]
        if not sys.stderr.isatty():
            said = f"{what}: {n_frames} frame" + "s" * (n_frames != 1)
            click.echo(said + f", {passes} passes" * (passes > 1), err=True)
            yield from steps
            return
        from tqdm import tqdm

        bar: Any = tqdm(steps, total=total, desc=what, unit="frame", leave=True)
        with bar:
            yield from bar
