"""A mask of what stands still, found in the movie itself."""

import warnings
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.brightness import brightness, variety
from maskalign.core.register import register
from maskalign.core.static_pattern import StaticPattern, Stillness, grown
from maskalign.core.validate import working_dtype
from maskalign.errors import (
    NoContrastError,
    NoOverlapError,
    NothingMovesWarning,
    NoValidPixelsError,
)
from maskalign.model.status import OK
from maskalign.model.types import FloatArray, ValidArray
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.parallel import compute

__all__ = ["static_mask"]

#: Frames that are looked at, and the fewest that tell anything.
_FRAMES, _FEWEST = 24, 4
#: Pixels that the brightness of a frame is judged by.
_PROBED_PIXELS = 20_000
#: Bytes of frames held at once, at least; and in frames.
_HELD_BYTES, _HELD_FRAMES = 2**27, 4
#: The sample moves if it seems to by so many pixels ...
_LEAST_MOTION = 0.5
#: ... and this share of all change is no noise, ...
_LEAST_CHANGE = 0.05
#: ... and frames differ in more ways than by one jump, after which what happens to look
#: alike at a place seems to stand still, ...
_FEWEST_WAYS = 1.3
#: ... and, seen through the mask, two or more of some frames, and this share of them,
#: lie so many pixels off for sure.
_PROBES, _MOVED, _MOVED_SHARE, _LEAST_SHIFT = 8, 2, 1 / 3, 1.0
#: Share of the frame within which they are looked for.
_REACH = 0.25


def static_mask(
    movie: Any,
    *,
    n_frames: int = _FRAMES,
    grow: int = 2,
    axes: str | None = None,
    channel: int | str | None = None,
) -> ValidArray:
    """Leave out what stands still while the sample moves.

    Dust, bars, a beam stop, hot pixels and fixed patterns hold an alignment in place.
    They are told from the sample by how far each place seems to move: what an edge
    changes by from frame to frame, over how steep it is. Smooth shading is left alone,
    and so is empty background.

    Parameters
    ----------
    movie : Movie or array of real numbers
        The movie.
    n_frames : int
        How many frames, spread over the movie, are looked at; 4 or more. Each is read
        a few times. Between them the sample must move by more than a pixel.
    grow : int
        By how many pixels, along y and x, still places are widened: they have soft
        rims.
    axes : str, optional
        Axes of the array, such as ``"TCYX"``; without it three axes are TYX and four
        TZYX.
    channel : int or str, optional
        Channel to look at: number, name or ``"mean"``. Needed where there are several.

    Returns
    -------
    ndarray of bool, shape (Y, X) or (Z, Y, X)
        True where a pixel may be used.

    Raises
    ------
    ValueError
        If `n_frames` is below 4, or `grow` below 0.

    Warns
    -----
    NothingMovesWarning
        If the sample is not seen to move. What stands still cannot be told from it
        then, and the mask is True everywhere.

    Notes
    -----
    Memory does not grow with the movie: it is that of the frames looked at while they
    are small, of some thirty frames in single precision where they are large. A small
    speck that only dims what shines behind it may be missed.

    Examples
    --------
    >>> from maskalign.data.samples import retina
    >>> sample = retina()
    >>> mask = static_mask(sample.movie)
    >>> bool((mask == sample.mask).mean() > 0.98)
    True
    """
    if n_frames < _FEWEST:
        msg = f"n_frames must be {_FEWEST} or more, got {n_frames}."
        raise ValueError(msg)
    if grow < 0:
        msg = f"grow must be 0 pixels or more, got {grow}."
        raise ValueError(msg)
    frames = Frames(as_movie(movie, axes), channel)
    if len(frames) < _FEWEST:
        plural = "s" * (len(frames) != 1)
        return _cannot_tell(frames, f"the movie has {len(frames)} frame{plural}")
    found, ways = _look(frames, _spread(len(frames), n_frames))
    if found.motion < _LEAST_MOTION or found.change < _LEAST_CHANGE:
        return _cannot_tell(frames, "nothing in it is seen to move")
    if ways < _FEWEST_WAYS:
        return _cannot_tell(frames, "the sample is seen in two places only")
    valid = ~grown(found.still, grow)
    if valid.all():
        return valid
    if not valid.any() or not _moves(frames, valid):
        return _cannot_tell(frames, "beside what stands still nothing is seen to move")
    return valid


def _cannot_tell(frames: Frames, why: str) -> ValidArray:
    """Warn, and return a mask that leaves nothing out."""
    warnings.warn(
        f"What stands still cannot be told from the sample: {why}. No pixel is left "
        "out; draw a mask if something disturbs.",
        NothingMovesWarning,
        stacklevel=3,
    )
    return np.ones(frames.shape, bool)


def _spread(n_frames: int, wanted: int) -> list[int]:
    """Return the numbers of some frames, spread over the movie."""
    numbers = np.linspace(0, n_frames - 1, min(wanted, n_frames))
    return [int(n) for n in np.rint(numbers)]


def _look(frames: Frames, numbers: list[int]) -> tuple[Stillness, float]:
    """Find what stands still in some frames, and in how many ways they differ."""
    halves, probes = _survey(frames, numbers)
    levels = brightness(probes)
    pattern = StaticPattern(*halves)
    for number, (gain, offset) in zip(numbers, levels, strict=True):
        pattern.add(_frame(frames, number), gain, offset)
    return pattern.found(), variety(probes, levels)


def _frame(frames: Frames, number: int) -> NDArray[Any]:
    (frame,) = frames.read(number, number + 1)
    image: NDArray[Any] = frame
    return image


def _survey(frames: Frames, numbers: list[int]) -> tuple[list[FloatArray], FloatArray]:
    """Return the medians over time of every other frame and of those between.

    And some pixels of each, shape (n_frames, n). As many rows are held at a time as
    memory is given for.
    """
    shape, dtype = frames.shape, working_dtype(frames.dtype)
    frame_bytes = prod(shape) * dtype.itemsize
    held = max(_HELD_BYTES, _HELD_FRAMES * frame_bytes)
    rows = max(held * shape[0] // (frame_bytes * len(numbers)), 1)
    step = max(prod(shape) // _PROBED_PIXELS, 1)
    halves, probes = [np.empty(shape, dtype) for _ in range(2)], []
    rng = np.random.default_rng(0)
    for start in range(0, shape[0], rows):
        part = slice(start, start + rows)
        stack = np.stack(
            [
                np.asarray(compute(frames.block(n, n + 1)[:, part]))[0].astype(dtype)
                for n in numbers
            ]
        )
        for k, half in enumerate(halves):
            half[part] = _median(stack[k::2])
        pixels = stack.reshape(len(stack), -1)
        # At random: regular steps might meet the same columns in every row.
        some = rng.integers(pixels.shape[1], size=pixels.shape[1] // step + 1)
        probes.append(pixels[:, some])
    return halves, np.concatenate(probes, axis=1)


def _median(stack: FloatArray) -> FloatArray:
    """Return the median along the first axis of what is finite."""
    unknown = ~np.isfinite(stack)
    if not unknown.any():
        return np.median(stack, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmedian(np.where(unknown, np.nan, stack), axis=0)


def _moves(frames: Frames, valid: ValidArray) -> bool:
    """Tell whether the sample, seen through a mask, is in different places."""
    numbers = _spread(len(frames), _PROBES)
    middle = numbers.pop(len(numbers) // 2)
    reference = _frame(frames, middle)
    reach = [n * _REACH for n in frames.shape]
    moved = 0
    for number in numbers:
        try:
            found = register(
                reference,
                _frame(frames, number),
                reference_mask=valid,
                moving_mask=valid,
                max_shift=reach,
                subpixel=False,
            )
        except (NoContrastError, NoOverlapError, NoValidPixelsError):
            continue
        far = max(abs(s) for s in found.shift) >= _LEAST_SHIFT
        moved += found.status == OK and far
    return moved >= max(_MOVED, _MOVED_SHARE * len(numbers))
