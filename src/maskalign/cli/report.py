"""What commands say about a drift table."""

from typing import TYPE_CHECKING

import click
import numpy as np
from numpy.typing import NDArray

from maskalign.model.status import MEANING, OK

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable

__all__ = ["frame_list", "name_doubtful"]


def name_doubtful(table: "DriftTable") -> None:
    """Name the frames that are not ok on stderr, and say what is done about them."""
    words = [word for word in table.counts() if word != OK]
    for word in words:
        (frames,) = np.nonzero(table.status == word)
        noun = "Frame" if len(frames) == 1 else "Frames"
        listed, meaning = frame_list(frames), MEANING.get(word, "")
        click.echo(f"{noun} {listed}: {word}. {meaning}".rstrip(), err=True)
    if words:
        click.echo(
            "Such frames are moved by what their neighbours that are ok say.", err=True
        )


def frame_list(frames: NDArray[np.intp]) -> str:
    """Return frame numbers in short.

    Examples
    --------
    >>> frame_list(np.array([3, 7, 8, 9]))
    '3, 7-9'
    """
    runs = np.split(frames, np.flatnonzero(np.diff(frames) != 1) + 1)
    return ", ".join(
        f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs
    )
