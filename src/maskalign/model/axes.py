"""Axes of a movie: an upper-case letter for each, as in ``"TCZYX"``."""

from collections.abc import Sequence

from maskalign.errors import AxesError

__all__ = ["SPATIAL", "normalize_axes", "spatial_axes"]

#: The spatial letters in the order of every shift vector.
SPATIAL = "ZYX"
_KNOWN = frozenset("TC" + SPATIAL)
#: Letters that files use for "some series of images": time, to us.
_TIME_LETTERS = frozenset("QI")
#: What an array without labels is taken for.
_DEFAULT = {3: "TYX", 4: "TZYX"}
#: Lengths of a last axis that holds colours, if the two before it are this long.
_COLOURS, _WIDE = (3, 4), 16


def spatial_axes(axes: str) -> str:
    """Return the spatial letters of `axes`, always in the order z, y, x.

    Examples
    --------
    >>> spatial_axes("TCZYX"), spatial_axes("XYT")
    ('ZYX', 'YX')
    """
    return "".join(letter for letter in SPATIAL if letter in axes)


def normalize_axes(axes: str | None, shape: Sequence[int]) -> str:
    """Return `axes` as one known upper-case letter for each axis of an array.

    Parameters
    ----------
    axes : str or None
        Letters from ``T C Z Y X``, in the array's own order; ``Q`` and ``I``, which
        files use for an unnamed series, mean ``T``. None stands for ``"TYX"`` (three
        axes) or ``"TZYX"`` (four).
    shape : sequence of int
        Shape of the array.

    Returns
    -------
    str
        As many letters as the array has axes, each once, ``Y`` and ``X`` among them.

    Raises
    ------
    AxesError
        If letters are unknown, repeated, too few or too many, or if there is no
        default for so many axes, or for what looks like colours.

    Examples
    --------
    >>> normalize_axes(None, (10, 64, 64))
    'TYX'
    >>> normalize_axes("qyx", (10, 64, 64))
    'TYX'
    """
    ndim = len(shape)
    if axes is None:
        if ndim not in _DEFAULT:
            hint = (
                "one image is no movie; say axes='YX' if you mean a movie of one frame"
                if ndim <= 2
                else "say what the axes are, for example axes='TCZYX'"
            )
            msg = f"An array of shape {tuple(shape)} has {ndim} axes: {hint}."
            raise AxesError(msg)
        if shape[-1] in _COLOURS and min(shape[-3:-1]) >= _WIDE:
            colour = "TYXC"[-ndim:]
            msg = (
                f"An array of shape {tuple(shape)} looks like {shape[-1]} colours of "
                f"each pixel: say axes={colour!r} and channel='mean', or the number of "
                f"one colour; or axes={_DEFAULT[ndim]!r} if it is {shape[-1]} pixels "
                "wide."
            )
            raise AxesError(msg)
        return _DEFAULT[ndim]
    letters = "".join("T" if a in _TIME_LETTERS else a for a in str(axes).upper())
    if "S" in letters:
        msg = (
            f"axes={axes!r} has colour samples (S): split the colours into channels or "
            "convert the movie to grey first."
        )
        raise AxesError(msg)
    unknown = sorted(set(letters) - _KNOWN)
    repeated = sorted({a for a in letters if letters.count(a) > 1})
    problem = (
        f"{''.join(unknown)!r} is not one of T, C, Z, Y, X"
        if unknown
        else f"{''.join(repeated)!r} comes twice"
        if repeated
        else f"it names {len(letters)} axes, the shape {tuple(shape)} has {ndim}"
        if len(letters) != ndim
        else "an image needs both Y and X"
        if not {"Y", "X"} <= set(letters)
        else None
    )
    if problem:
        msg = f"axes={axes!r} does not fit: {problem}."
        raise AxesError(msg)
    return letters
