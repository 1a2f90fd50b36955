"""What was found, in words with numbers and units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import PIXEL, Movie
from maskalign.model.status import MEANING, OK

__all__ = [
    "describe_error",
    "describe_table",
    "length",
    "list_frames",
    "pixels_suffix",
]


def length(
    pixels: Sequence[float] | NDArray[np.float64],
    scale: Sequence[float],
    units: Sequence[str],
) -> str:
    """Return the length of a vector in pixels and, where they have one, in its unit.

    Examples
    --------
    >>> length((3, 4), (0.1, 0.1), ("µm", "µm"))
    '5.0 px = 0.5 µm'
    >>> length((3, 4), (1, 1), ("pixel", "pixel"))
    '5.0 px'
    """
    vector = np.asarray(pixels, dtype=float)
    text = f"{np.linalg.norm(vector):.1f} px"
    if len(set(units)) != 1 or units[0] == PIXEL:
        return text
    return f"{text} = {np.linalg.norm(vector * scale):.3g} {units[0]}"


def pixels_suffix(pixels: float, movie: Movie | None) -> str:
    """Return what to write behind a number of pixels along y and x.

    Examples
    --------
    >>> units = ("s", "µm", "µm")
    >>> movie = Movie(np.zeros((2, 8, 8)), scale=(1, 0.5, 0.5), units=units)
    >>> pixels_suffix(20, movie), pixels_suffix(20, None)
    (' px = 10 µm', ' px')
    """
    if movie is None or not pixels:
        return " px"
    scale, units = set(movie.along("scale", "YX")), set(movie.along("units", "YX"))
    if len(scale) != 1 or len(units) != 1 or PIXEL in units:
        return " px"
    return f" px = {pixels * scale.pop():.3g} {units.pop()}"


def list_frames(frames: Sequence[int], *, most: int = 6) -> str:
    """Return frame numbers as a short list.

    Examples
    --------
    >>> list_frames([3]), list_frames([3, 8]), list_frames(range(40), most=3)
    ('frame 3', 'frames 3, 8', '40 frames (0, 1, 2, ...)')
    """
    listed = ", ".join(str(frame) for frame in frames[:most])
    if len(frames) > most:
        return f"{len(frames)} frames ({listed}, ...)"
    return f"frame{'s' * (len(frames) != 1)} {listed}"


def describe_table(table: DriftTable, used: float = 1.0) -> str:
    """Return what was found: the largest shift, and which frames to doubt.

    Parameters
    ----------
    table : DriftTable
        What was found for each frame, before any repair.
    used : float
        Share of a frame that the mask leaves, 0 to 1.

    Examples
    --------
    >>> print(describe_table(DriftTable.from_shifts([(0, 0), (3, 4)]), used=0.9))
    2 frames aligned on 90 % of each. Largest shift 5.0 px (frame 1). All are ok.
    >>> doubtful = DriftTable.from_shifts([(0, 0), (3, 4)], status=["ok", "blank"])
    >>> print(describe_table(doubtful))
    2 frames aligned. Largest shift 0.0 px (frame 0).
    Not ok, so moved as their neighbours are:
    frame 1: blank. The frame is constant where it may be used: nothing to match.
    """
    moved = table.repaired().shifts
    at = int(np.argmax(np.linalg.norm(moved, axis=1)))
    scale = table.scale or (1.0,) * table.ndim
    units = table.units or (PIXEL,) * table.ndim
    text = f"{len(table)} frame{'s' * (len(table) != 1)} aligned"
    if used < 1:
        text += f" on {used:.0%} of each".replace("%", " %")
    text += f". Largest shift {length(moved[at], scale, units)} (frame {at})."
    if table.ok.all():
        return f"{text} All are ok."
    lines = [text, "Not ok, so moved as their neighbours are:"]
    for word in table.counts():
        if word != OK:
            where = list_frames(np.flatnonzero(table.status == word).tolist())
            lines.append(f"{where}: {word}. {MEANING.get(word, '')}".strip())
    return "\n".join(lines)


def describe_error(error: Exception) -> str:
    """Return the message of an error; some have none of their own."""
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory for this movie: lower max shift, or align a "
            f"crop of it. {error}".strip()
        )
    return str(error) or type(error).__name__
