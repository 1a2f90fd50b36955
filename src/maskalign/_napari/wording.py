"""What was found, in words with numbers and units."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import NoContrastError, NoValidPixelsError
from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.movie import PIXEL, Movie
from maskalign.model.results import Registration
from maskalign.model.status import MEANING, NOT_REACHED, TRUSTED

__all__ = [
    "DOUBTFUL",
    "describe_error",
    "describe_match",
    "describe_row",
    "describe_shift",
    "describe_table",
    "in_world",
    "length",
    "list_frames",
    "meaning_of",
    "pixels_suffix",
    "time_left",
]

#: Colour of what may not be trusted, read on dark and on light.
DOUBTFUL = "#e8543f"
#: Said where less than this share of the frames is good.
_MOST = 0.5
_ADVICE = (
    "What may help: a Max shift near the largest that there can be; the previous frame "
    "as the reference; a mask over what stands still or changes."
)
#: How controls are labelled whose options have other names in Python.
_LABELS = {"max_shift": "Max shift", "min_overlap": "Min overlap"}
#: Steps before a time is told.
_TELLING = 3


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


def time_left(elapsed: float, done: int, total: int) -> str:
    """Return how long it will still take, once that can be told.

    Parameters
    ----------
    elapsed : float
        Seconds so far.
    done, total : int
        Steps so far, and of all.

    Examples
    --------
    >>> time_left(6, 3, 9), time_left(600, 10, 100), time_left(0.1, 1, 9)
    (', about 12 s left', ', about 90 min left', '')
    """
    if done < _TELLING or elapsed < 1 or done >= total:
        return ""
    seconds = elapsed / done * (total - done)
    if seconds < 100:
        return f", about {max(round(seconds), 1)} s left"
    return f", about {round(seconds / 60)} min left"


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
    1 of 2 frames aligned. Largest shift 0.0 px (frame 0).
    Not ok, so moved as their neighbours are:
    frame 1: blank. The frame is constant where it may be used: nothing to match.
    """
    moved = table.repaired().shifts
    at = int(np.argmax(np.linalg.norm(moved, axis=1)))
    scale = table.scale or (1.0,) * table.ndim
    units = table.units or (PIXEL,) * table.ndim
    n_good, n = int(np.count_nonzero(table.ok)), len(table)
    text = "" if n_good == n else f"{n_good} of "
    text += f"{n} frame{'s' * (n != 1)} aligned"
    if used < 1:
        text += f" on {used:.0%} of each".replace("%", " %")
    text += f". Largest shift {length(moved[at], scale, units)} (frame {at})."
    if table.ok.all():
        return f"{text} All are ok."
    lines = [text, "Not ok, so moved as their neighbours are:"]
    for word in table.counts():
        if word not in TRUSTED:
            where = list_frames(np.flatnonzero(table.status == word).tolist())
            lines.append(f"{where}: {word}. {meaning_of(word)}".strip())
    reached = table.status != NOT_REACHED
    if np.count_nonzero(table.ok) < _MOST * np.count_nonzero(reached):
        lines.append(_ADVICE)
    return "\n".join(lines)


def describe_match(
    row: DriftRow,
    frame: int,
    over: int | None,
    scale: Sequence[float],
    units: Sequence[str],
) -> str:
    """Return what was found for one frame over another.

    Parameters
    ----------
    row : DriftRow
        What was found.
    frame, over : int
        Which frame over which; None if it is the reference itself.
    scale, units : sequence
        Size and unit of a pixel along each axis of the shift.

    Examples
    --------
    >>> row = DriftRow(1, 0, (3.0, -4.0), 0.9, 0.8, (0.02, 0.01), 2.0, "ok")
    >>> print(describe_match(row, 7, 0, (0.5, 0.5), ("µm", "µm")))
    Frame 7 over frame 0: ok. The shift may be used as it stands.
    Shift y 3.00, x -4.00 px (5.0 px = 2.5 µm), sigma 0.02 px; NCC 0.900, overlap ...%.
    """
    if over is None:
        return f"Frame {frame} is the reference. Go to another frame to see its shift."
    return f"Frame {frame} over frame {over}: {describe_shift(row, scale, units)}"


def describe_shift(
    found: DriftRow | Registration, scale: Sequence[float], units: Sequence[str]
) -> str:
    """Return what a shift may be used for, the shift, and how sure it is, in words.

    Examples
    --------
    >>> found = Registration((3.0, -0.001), 0.9, 0.8, (0.02, 0.01), 2.0, "ok")
    >>> print(describe_shift(found, (0.5, 0.5), ("µm", "µm")))
    ok. The shift may be used as it stands.
    Shift y 3.00, x 0.00 px (3.0 px = 1.5 µm), sigma 0.02 px; NCC 0.900, overlap 80...
    """
    said = f"{found.status}. {meaning_of(found.status)}".strip()
    text = _shift(found.shift, "ZYX"[-len(found.shift) :])
    if np.isfinite(found.shift).all():
        text += f" ({length(found.shift, scale, units)})"
    if np.isfinite(found.shift_std).all():
        text += f", sigma {max(found.shift_std):.2g} px"
    quality: list[str] = []
    if np.isfinite(found.ncc):
        quality.append(f"NCC {found.ncc:.3f}")
    if np.isfinite(found.overlap):
        # The space does not break, or the sign would have a line of its own.
        share = f"{found.overlap:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
        quality.append(f"overlap {share}")
    measured = "; ".join(part for part in (text, ", ".join(quality)) if part)
    return f"{said}\n{measured[0].upper()}{measured[1:]}."


def in_world(
    shift: Sequence[float], scale: Sequence[float], units: Sequence[str]
) -> str:
    """Return a shift in the units of the world; nothing where these are pixels.

    Examples
    --------
    >>> in_world((3, -4), (0.5, 0.25), ("µm", "µm"))
    'y 1.5 µm, x -1 µm'
    >>> (
    ...     in_world((3, -4), (2, 2), ("pixel", "pixel")),
    ...     in_world((3, 4), (1, 1), units=()),
    ... )
    ('y 6, x -8', '')
    """
    if set(scale) == {1} and set(units) <= {PIXEL}:
        return ""
    axes = "zyx"[-len(shift) :]
    parts = zip(axes, shift, scale, units, strict=True)
    return ", ".join(
        f"{axis} {pixels * size:.4g}" + (f" {unit}" if unit != PIXEL else "")
        for axis, pixels, size, unit in parts
    )


def describe_row(table: DriftTable, frame: int) -> str:
    """Return what is known of one frame.

    Examples
    --------
    >>> table = DriftTable.from_shifts([(0, 0), (3, -4)], ncc=[1, 0.9])
    >>> print(describe_row(table, 1))
    frame 1: shift y 3.00, x -4.00 px; NCC 0.900; ok
    """
    row = table[frame]
    parts = [f"frame {frame}: {_shift(row.shift, table.axes)}"]
    if np.isfinite(row.ncc):
        parts.append(f"NCC {row.ncc:.3f}")
    parts.append(row.status)
    text = "; ".join(parts)
    meaning = meaning_of(row.status)
    return text if row.status in TRUSTED else f"{text}. {meaning}".strip()


def _shift(shift: Sequence[float], axes: str) -> str:
    """Return a shift with the names of its axes."""
    if not np.isfinite(shift).all():
        return "no shift"
    named = (f"{a.lower()} {s:z.2f}" for a, s in zip(axes, shift, strict=True))
    return f"shift {', '.join(named)} px"


def meaning_of(word: str) -> str:
    """Return what a status means, as the docks call things; nothing if not known.

    Examples
    --------
    >>> meaning_of("at-limit").split("; ")[1]
    'raise Max shift if the true shift may be larger.'
    """
    return _as_labelled(MEANING.get(word, ""))


def _as_labelled(text: str) -> str:
    """Return a text with options called by the labels of their controls."""
    for name, label in _LABELS.items():
        text = text.replace(name, label)
    return text


def describe_error(error: Exception) -> str:
    """Return the message of an error; some have none of their own."""
    if isinstance(error, MemoryError):
        return (
            "There is not enough memory for this movie: lower Max shift, or align a "
            f"crop of it. {error}".strip()
        )
    said = _as_labelled(str(error)) or type(error).__name__
    if isinstance(error, (NoContrastError, NoValidPixelsError)):
        # Of a frame it would be said in the table: this is about the reference.
        return f"{said} Choose another reference, or mask less of it."
    return said
