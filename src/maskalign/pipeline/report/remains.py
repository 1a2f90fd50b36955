"""What still moves in an aligned movie, place by place.

Means of some frames from its beginning, its middle and its end are laid over each
other window by window. They were aligned, so that what the windows still need is not a
motion of the whole.
"""

import numpy as np
from numpy.typing import NDArray

from maskalign.core.local_motion import LocalMotion, fit_motion
from maskalign.model.report import RemainingMotion
from maskalign.model.types import ValidArray
from maskalign.pipeline.report.likeness import Likeness
from maskalign.pipeline.report.sums import Sum
from maskalign.pipeline.report.windows import Windows

__all__ = ["measure_remains"]

#: A place moves on its own if it is off by more than so many standard errors, and by
#: more than so many pixels ...
_SIGMAS, _PIXELS = 6.0, 0.1
#: ... and would differ by so much more if it had moved with the rest.
_WORSE = 1.1


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
    windows = Windows.matched(
        [part.mean[box] for _, part in (first, second)],
        [(region & (part.count > 0))[box] for _, part in (first, second)],
    )
    half = np.array([(s.stop - s.start) / 2 for s in box[-2:]])
    fit = fit_motion(windows.places - half + 0.5, windows.motions, windows.errors)
    if fit is None:
        return None
    corner = np.array([s.start for s in box[-2:]])
    return _described(
        fit,
        frames=(first[0], second[0]),
        places=windows.places + corner,
        moving=_moving(fit, windows),
        half=half,
    )


def _moving(fit: LocalMotion, windows: Windows) -> NDArray[np.bool_]:
    """Tell for each window whether it moves on its own.

    On the flank of something bright that has changed a little, the best match may be a
    wrong one, however small its error: a window that has moved must be less like the
    place that the motion of the whole would take it to.
    """
    length = np.linalg.norm(fit.own, axis=1)
    error = np.linalg.norm(fit.own_error, axis=1) / np.sqrt(2)
    moving = (length > _SIGMAS * error) & (length > _PIXELS)
    for k in np.flatnonzero(moving).tolist():
        own, rest = windows.motions[k], windows.motions[k] - fit.own[k]
        # What is not known compares as False.
        alone, with_rest = (windows.difference(k, motion) for motion in (own, rest))
        moving[k] = with_rest > _WORSE * alone
    return np.asarray(moving)


def _box(region: ValidArray) -> tuple[slice, ...]:
    """Return the smallest part of an image that holds a region."""
    box = []
    for axis in range(region.ndim):
        others = tuple(k for k in range(region.ndim) if k != axis)
        inside = np.flatnonzero(region.any(axis=others))
        box.append(slice(int(inside[0]), int(inside[-1]) + 1))
    return tuple(box)


def _described(
    fit: LocalMotion,
    *,
    frames: tuple[NDArray[np.intp], NDArray[np.intp]],
    places: NDArray[np.float64],
    moving: NDArray[np.bool_],
    half: NDArray[np.float64],
) -> RemainingMotion:
    """Return the fit in numbers that a person knows."""
    length = np.linalg.norm(fit.own, axis=1)
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
