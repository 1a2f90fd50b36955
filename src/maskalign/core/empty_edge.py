"""Tell an edge that was filled from one that the sample leaves dark.

What an alignment, or a camera that was read in part, leaves empty at an edge begins and
ends at once. Its outline is a structure as any other, and often the strongest: a movie
that was aligned before is found to drift as its borders do.
"""

import warnings
from collections.abc import Iterator

import numpy as np

from maskalign.core.pixels import Pixels
from maskalign.errors import EmptyBorderWarning
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["has_empty_edge", "warn_empty_edge"]

#: An edge ends at once if less than this share of the next line has its value ...
_GOES_ON = 0.5
#: ... and the rest of that differs from it by more than so many standard deviations.
_STEP = 1.0


def has_empty_edge(pixels: Pixels) -> bool:
    """Tell whether an edge of an image is of one value that ends at once.

    Pixels that may not be used are no edge.

    Examples
    --------
    >>> from maskalign.core.validate import as_pixels
    >>> image = 9 + np.random.default_rng(0).random((20, 20))
    >>> image[:3] = 0
    >>> has_empty_edge(as_pixels(image, None, name="image", mask_name="mask"))
    True
    """
    values, valid = pixels.values, pixels.valid.array
    return any(
        _is_empty(lines, used)
        for axis in range(values.ndim)
        for lines, used in _from_both_ends(values, valid, axis)
    )


def warn_empty_edge(subject: str, stacklevel: int) -> None:
    """Warn that an empty border takes part."""
    warnings.warn(
        f"{subject} an edge is empty, all of one value, as an earlier alignment leaves "
        "it: its outline is matched like the sample. Leave it out, with border_mask or "
        "--auto-mask border.",
        EmptyBorderWarning,
        stacklevel=stacklevel + 1,
    )


def _from_both_ends(
    values: FloatArray, valid: ValidArray, axis: int
) -> Iterator[tuple[FloatArray, ValidArray]]:
    lines, used = np.moveaxis(values, axis, 0), np.moveaxis(valid, axis, 0)
    yield lines, used
    yield lines[::-1], used[::-1]


def _is_empty(lines: FloatArray, used: ValidArray) -> bool:
    """Tell whether the first lines are empty and the next is not."""
    value = lines[0].flat[0]
    depth = same = 0
    for depth, line in enumerate(lines[: len(lines) // 2 + 1]):
        same = int(np.count_nonzero(line == value))
        if same < line.size or not used[depth].all():
            break
    next_line = lines[depth]
    if not depth or same >= _GOES_ON * next_line.size:
        return False
    picture = next_line[next_line != value]
    # Something of one value on a ground of one value is a drawing.
    if picture.min() == picture.max():
        return False
    return bool(abs(picture.mean() - value) > _STEP * picture.std())
