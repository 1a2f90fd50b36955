"""What commands say about a drift table."""

from typing import TYPE_CHECKING

import click
import numpy as np

from maskalign.model.frame_numbers import frame_list
from maskalign.model.status import MEANING, TRUSTED

if TYPE_CHECKING:
    from maskalign.model.drift_table import DriftTable

__all__ = ["name_doubtful"]


def name_doubtful(table: "DriftTable") -> None:
    """Name the frames that are not good on stderr, and say what is done about them."""
    words = [word for word in table.counts() if word not in TRUSTED]
    for word in words:
        (frames,) = np.nonzero(table.status == word)
        noun = "Frame" if len(frames) == 1 else "Frames"
        listed, meaning = frame_list(frames), MEANING.get(word, "")
        click.echo(f"{noun} {listed}: {word}. {meaning}".rstrip(), err=True)
    if words:
        click.echo(
            "Such frames are moved by what their neighbours that are ok say.", err=True
        )
