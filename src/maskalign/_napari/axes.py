"""What the axes of an image layer are: decided here, and said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maskalign.errors import AxesError
from maskalign.io.units import TIMES, normalize_unit

if TYPE_CHECKING:
    from maskalign.model.movie import Movie

__all__ = ["AxesDecision", "decide_axes", "describe", "read_axes"]

_WORDS = {
    "T": {"t", "time", "times", "frame", "frames"},
    "C": {"c", "ch", "channel", "channels"},
    "Z": {"z", "depth", "plane", "planes", "slice", "slices"},
    "Y": {"y", "row", "rows", "height"},
    "X": {"x", "col", "column", "columns", "width"},
}
_LETTER = {word: letter for letter, words in _WORDS.items() for word in words}


@dataclass(frozen=True, slots=True)
class AxesDecision:
    """What the axes of a layer were taken for, and why."""

    #: A letter of ``T C Z Y X`` for each axis of the array.
    axes: str
    #: What decided about time: ``"label"``, ``"unit"`` or ``"position"``.
    because: str


def decide_axes(
    shape: Sequence[int], labels: Sequence[str], units: Sequence[Any]
) -> AxesDecision:
    """Decide what the axes of an image layer are.

    Labels come first, then a unit of time, then position: of the axes that are left,
    the first is time and the last are (z, y, x).

    Parameters
    ----------
    shape : sequence of int
        Shape of the layer's array.
    labels : sequence of str
        Its axis labels; napari's defaults (``"-3"``, ``"-2"``, ...) say nothing.
    units : sequence of pint.Unit
        Its units.

    Raises
    ------
    AxesError
        If there is no time axis, no y or x, or more axes than can be told apart.

    Examples
    --------
    >>> decide_axes((20, 64, 64), ("-3", "-2", "-1"), ("pixel",) * 3)
    AxesDecision(axes='TYX', because='position')
    >>> decide_axes((2, 20, 64, 64), ("ch", "time", "y", "x"), ("pixel",) * 4)
    AxesDecision(axes='CTYX', because='label')
    """
    if len(shape) < 3:
        msg = (
            f"A single image of {_by(shape)} pixels has no time axis: there is nothing "
            "to align it with. Choose a movie (an image layer with a time slider)."
        )
        raise AxesError(msg)
    letters: list[str | None] = []
    for label in labels:
        letter = _LETTER.get(str(label).strip().lower())
        letters.append(None if letter in letters else letter)
    because = "label"
    if "T" not in letters:
        because = "unit"
        for at, unit in enumerate(units):
            if letters[at] is None and _is_time(unit):
                letters[at] = "T"
                break
    if "T" not in letters:
        because = "position"
        free = [at for at, letter in enumerate(letters) if letter is None]
        if len(free) > ("Y" not in letters) + ("X" not in letters):
            letters[free[0]] = "T"
    for letter in "XYZ":
        free = [at for at, taken in enumerate(letters) if taken is None]
        if free and letter not in letters:
            letters[free[-1]] = letter
    _check_letters(letters, shape, labels)
    return AxesDecision("".join(a for a in letters if a), because)


def _check_letters(
    letters: Sequence[str | None], shape: Sequence[int], labels: Sequence[str]
) -> None:
    named = ", ".join(str(label) for label in labels)
    if None in letters:
        msg = (
            f"The layer has {len(shape)} axes ({_by(shape)}, labelled {named}) and it "
            "cannot be told what they are. Name them, as it suits: in Align time-lapse "
            "under Advanced, Axes, or by layer.axis_labels = ('t', 'c', 'z', 'y', 'x')."
        )
        raise AxesError(msg)
    if "T" not in letters:
        msg = (
            f"The layer has no time axis: its axes are labelled {named}. If its planes "
            "are to be aligned one by one, name the first axis 't': "
            "layer.axis_labels = ('t', 'y', 'x')."
        )
        raise AxesError(msg)
    if not {"Y", "X"} <= set(letters):
        msg = f"The layer's axes, labelled {named}, lack y or x: there are no images."
        raise AxesError(msg)


def read_axes(text: str, shape: Sequence[int]) -> tuple[str, ...]:
    """Return labels for the axes of an image, read from letters that were typed.

    Parameters
    ----------
    text : str
        A letter of t, c, z, y, x for each axis; spaces and commas do not matter.
    shape : sequence of int
        Shape of the image.

    Raises
    ------
    AxesError
        If it says something else.

    Examples
    --------
    >>> read_axes("T, C, Y, X", (9, 2, 64, 64))
    ('t', 'c', 'y', 'x')
    """
    letters = tuple(text.lower().replace(",", " ").replace(" ", ""))
    known = set(letters) <= set("tczyx") and len(set(letters)) == len(letters)
    if not known or len(letters) != len(shape) or not set("tyx") <= set(letters):
        msg = (
            f"Axes {text!r}: write a different letter of t, c, z, y, x for each of the "
            f"{len(shape)} axes ({_by(shape)}); t, y and x must be among them."
        )
        raise AxesError(msg)
    return letters


def describe(movie: "Movie", decision: AxesDecision) -> str:
    """Return what a layer was taken for, in words.

    Examples
    --------
    >>> import numpy as np
    >>> from maskalign.model.movie import Movie
    >>> describe(Movie(np.zeros((9, 64, 48))), AxesDecision("TYX", "unit"))
    '9 frames of 64 x 48 px. Time: axis 0, by its unit.'
    """
    at = movie.axes.index("T")
    frames = f"{movie.n_frames} frame" + "s" * (movie.n_frames != 1)
    order = " (zyx)" if len(movie.frame_shape) == 3 else ""
    channels = (
        f", {movie.shape[movie.axes.index('C')]} channels" if "C" in movie.axes else ""
    )
    return (
        f"{frames} of {_by(movie.frame_shape)} px{order}{channels}. "
        f"Time: axis {at}, by its {decision.because}."
    )


def _by(shape: Sequence[int]) -> str:
    return " x ".join(str(n) for n in shape)


def _is_time(unit: Any) -> bool:
    """Tell whether a pint unit is one of time."""
    return normalize_unit(str(unit)) in TIMES
