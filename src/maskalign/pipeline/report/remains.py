"""What still moves in an aligned movie, place by place.

Means of some frames from its beginning, its middle and its end are laid over each
other window by window. They were aligned, so that what the windows still need is not a
motion of the whole.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maskalign.core.displacement import displacement_map
from maskalign.core.local_motion import LocalMotion, fit_motion
from maskalign.model.report import RemainingMotion
from maskalign.model.types import ValidArray
from maskalign.pipeline.report.likeness import Likeness
from maskalign.pipeline.report.sums import Sum

__all__ = ["measure_remains"]

#: Windows along the shorter side that are aimed at, and the size of one, pixels.
_WINDOWS, _SMALLEST, _USUAL = 6, 24, 48
#: Most windows along an axis.
_MOST_WINDOWS = 16
#: Tiles of this many pixels tell the error of a window, and so many more are taken to
#: be like those of the other windows.
_TILE, _LIKE_OTHERS = 16, 8
#: A place moves on its own if it is off by more than so many standard errors, and by
#: more than so many pixels.
_SIGMAS, _PIXELS = 6.0, 0.1


def measure_remains(likeness: Likeness) -> tuple[RemainingMotion, ...]:
    """Compare the beginning with what follows; empty if there is too little to see."""
    region = likeness.region
    if not region.any() or len(likeness.parts) < 2:
        return ()
    first, *rest = likeness.parts
    found = (_compare(first, other, region) for other in rest)
    return tuple(one for one in found if one is not None)


def _compare(
    first: tuple[NDArray[np.intp], Sum],
    second: tuple[NDArray[np.intp], Sum],
    region: ValidArray,
) -> RemainingMotion | None:
    box = _box(region)
    window = _window([s.stop - s.start for s in box])
    images = [part.mean[box] for _, part in (first, second)]
    valid = [(region & (part.count > 0))[box] for _, part in (first, second)]
    found = displacement_map(
        *images,
        window=window,
        step=window,
        max_shift=[n // 4 for n in window],
        reference_mask=valid[0],
        moving_mask=valid[1],
    )
    good = found.ok.reshape(-1)
    # Along z windows reach all the way: what is seen is the motion along y and x.
    motions, errors = (
        np.reshape(values[-2:], (2, -1)).T[good]
        for values in (-found.shift, found.shift_std)
    )
    centres = np.meshgrid(*found.centres, indexing="ij")[-2:]
    places = np.stack([axis.reshape(-1) for axis in centres], axis=1)[good]
    half = np.array([(s.stop - s.start) / 2 for s in box[-2:]])
    corner = np.array([s.start for s in box[-2:]])
    errors = _steadied(errors, window)
    fit = fit_motion(places - half + 0.5, motions, errors)
    if fit is None:
        return None
    return _described(
        fit,
        frames=(first[0], second[0]),
        places=places + corner,
        half=half,
    )


def _box(region: ValidArray) -> tuple[slice, ...]:
    """Return the smallest part of an image that holds a region."""
    box = []
    for axis in range(region.ndim):
        others = tuple(k for k in range(region.ndim) if k != axis)
        inside = np.flatnonzero(region.any(axis=others))
        box.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return tuple(box)


def _window(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the size of a window, whole along z."""
    n, longest = min(shape[-2:]), max(shape[-2:])
    size = min(max(n // _WINDOWS, _SMALLEST), _USUAL)
    size = max(size, longest // _MOST_WINDOWS)
    return (*shape[:-2], min(size, shape[-2]), min(size, shape[-1]))


def _steadied(
    errors: NDArray[np.float64], window: Sequence[int]
) -> NDArray[np.float64]:
    """Return the errors of windows, each known from a few tiles, made more certain."""
    if not len(errors):
        return errors
    tiles = float(np.prod([max(n / _TILE, 1.0) for n in window]))
    usual = np.median(errors**2, axis=0)
    pooled = (tiles * errors**2 + _LIKE_OTHERS * usual) / (tiles + _LIKE_OTHERS)
    return np.asarray(np.sqrt(pooled))


def _described(
    fit: LocalMotion,
    *,
    frames: tuple[NDArray[np.intp], NDArray[np.intp]],
    places: NDArray[np.float64],
    half: NDArray[np.float64],
) -> RemainingMotion:
    """Return the fit in numbers that a person knows."""
    length = np.linalg.norm(fit.own, axis=1)
    error = np.linalg.norm(fit.own_error, axis=1) / np.sqrt(2)
    moving = (length > _SIGMAS * error) & (length > _PIXELS)
    farthest = int(np.where(moving, length, 0).argmax())
    excess = np.mean(length**2) - np.mean(np.sum(fit.own_error**2, axis=1))
    scale, turn, *stretch = fit.values[2:].tolist()
    scale_std, turn_std, *stretch_std = fit.errors[2:].tolist()
    return RemainingMotion(
        frames=(_ends(frames[0]), _ends(frames[1])),
        shift=tuple(fit.values[:2].tolist()),
        shift_std=tuple(fit.errors[:2].tolist()),
        rotation=float(np.degrees(turn)),
        rotation_std=float(np.degrees(turn_std)),
        scale=100 * scale,
        scale_std=100 * scale_std,
        stretch=100 * float(np.hypot(*stretch)),
        stretch_std=100 * float(np.max(stretch_std)),
        reach=float(half.max()),
        local_rms=float(np.sqrt(max(excess, 0.0))) if moving.any() else 0.0,
        n_windows=len(length),
        n_moving=int(np.count_nonzero(moving)),
        largest=float(length[farthest]) if moving.any() else 0.0,
        largest_at=tuple(places[farthest].tolist()) if moving.any() else None,
    )


def _ends(numbers: NDArray[np.intp]) -> tuple[int, int]:
    return int(numbers[0]), int(numbers[-1])
