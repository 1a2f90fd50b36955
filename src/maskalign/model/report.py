"""Whether an alignment made a movie better: what was measured, and the verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from maskalign.model import report_text
from maskalign.model.status import TRUSTED

__all__ = ["AlignmentReport", "RemainingMotion", "Verdict"]

Verdict: TypeAlias = Literal["better", "no better", "worse", "unknown"]

#: What has to change for a verdict: the mean NCC, the least NCC, or the sharpness (as a
#: share), by more than this; and the NCC of so many of the frames, as a share.
_ALIKER, _LEAST_ALIKER, _SHARPER, _MANY = 0.01, 0.05, 0.02, 0.75
#: A sharpness that is none.
_NONE = 1e-6
#: Share of the frames that must be good for a verdict.
_ENOUGH = 0.5
#: A table that is so many times its error, and so many pixels, from what two estimates
#: say does not come from this movie, or was changed.
_AWAY, _AWAY_PIXELS = 3.0, 0.1
#: An error that is so many times what the table claims is told to be more.
_MORE = 3.0
#: A motion counts if it is this many standard errors, and more than so many pixels at
#: the edge of the image.
_MOTION_SIGMAS, _MOTION_PIXELS = 4.0, 0.1


@dataclass(frozen=True, slots=True)
class RemainingMotion:
    """What the content of an aligned movie has still done between two times.

    Numbers say how the content has gone, along y and x; a stretch of frames at the
    beginning of the movie is compared with a later one.
    """

    #: First and last frame of each of the two stretches.
    frames: tuple[tuple[int, int], tuple[int, int]]
    #: Motion of the whole, (y, x), pixels, and its standard error.
    shift: tuple[float, ...]
    shift_std: tuple[float, ...]
    #: Turn in degrees, counter-clockwise as the image is shown with y downwards.
    rotation: float
    rotation_std: float
    #: Growth, per cent.
    scale: float
    scale_std: float
    #: How much longer one direction has become than the one across, half of it, per
    #: cent: what makes the map affine.
    stretch: float
    stretch_std: float
    #: Half the longer side of the region that was compared, pixels.
    reach: float
    #: Motion of the windows of a grid beyond all that, root mean square over the
    #: windows, less what their errors explain, pixels; 0 if no window moves for sure.
    local_rms: float
    #: Windows that were compared, and those of them that move on their own.
    n_windows: int
    n_moving: int
    #: The largest motion of those, pixels, and the place of that window, (y, x).
    largest: float
    largest_at: tuple[float, ...] | None

    @property
    def at_edge(self) -> dict[str, float]:
        """How far rotation, scale and stretch move the edge of the image, pixels."""
        return {
            "rotation": abs(float(np.radians(self.rotation))) * self.reach,
            "scale": abs(self.scale) / 100 * self.reach,
            "stretch": self.stretch / 100 * self.reach,
        }

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which kinds of motion are more than error, the largest first.

        Of ``"rotation"``, ``"scale"``, ``"stretch"`` (the content has gone by an affine
        map) and ``"local"`` (parts of it move on their own).
        """
        found = {
            name: pixels
            for name, pixels in self.at_edge.items()
            if pixels > _MOTION_PIXELS
            and abs(getattr(self, name)) > _MOTION_SIGMAS * getattr(self, f"{name}_std")
        }
        if self.n_moving:
            found["local"] = self.local_rms
        return tuple(sorted(found, key=found.__getitem__, reverse=True))

    @property
    def size(self) -> float:
        """The motion that is more than error, pixels: at the edge, or of a part."""
        known = self.at_edge | {"local": self.largest}
        return max((known[kind] for kind in self.kinds), default=0.0)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AlignmentReport:
    """Whether an alignment made a movie better, measured without knowing the truth.

    ``print(report)`` says it in words; `to_dict` has all numbers. *Before* is the movie
    as it was recorded, *after* the movie moved by the table; both are looked at in the
    same frames, on the same pixels, with the same smoothing.
    """

    #: Number of frames of the movie.
    n_frames: int
    #: The frames that were looked at: good ones, evenly spaced if there are many.
    frames: NDArray[np.intp]
    #: NCC of each of them with the mean of the others, before and after.
    frame_ncc_before: NDArray[np.float64]
    frame_ncc_after: NDArray[np.float64]
    #: Detail of the mean over that of single frames, noise left out; 1: as sharp.
    sharpness_before: float
    sharpness_after: float
    #: Share of the pixels of a frame that was compared, 0 to 1.
    region: float
    #: Spatial axes that the tuples below are along: ``"YX"`` or ``"ZYX"``.
    axes: str
    #: Size and unit of a pixel along each, where known.
    scale: tuple[float, ...]
    units: tuple[str, ...]
    #: How far frames were moved from their mean place, root mean square, pixels.
    drift_rms: float
    #: Standard error of the shifts, pixels, for each axis; NaN if it is not known.
    error: tuple[float, ...]
    #: What it comes from: ``"halves"`` of the image, another ``"channel"``, or None.
    error_from: Literal["halves", "channel"] | None
    #: The standard error that the table itself claims, median over good frames, pixels.
    claimed: tuple[float, ...]
    #: How far the table is from those estimates, root mean square, pixels.
    away: tuple[float, ...]
    #: Frames for which both estimates were good, and all that were compared.
    error_frames: tuple[int, int]
    #: How far shifts between frames are from adding up, pixels; NaN if not known.
    closure: float
    #: Where that comes from: the ``"table"``, or ``"triples"`` of frames.
    closure_from: Literal["table", "triples"]
    #: Number of frames of each status.
    counts: Mapping[str, int]
    #: What still moves, from the beginning to some later time each; empty if not known.
    remaining: tuple[RemainingMotion, ...]

    @property
    def ncc_before(self) -> float:
        """Mean of `frame_ncc_before`."""
        return _mean(self.frame_ncc_before)

    @property
    def ncc_after(self) -> float:
        """Mean of `frame_ncc_after`."""
        return _mean(self.frame_ncc_after)

    @property
    def good(self) -> float:
        """Share of the frames that are good, ``"ok"`` or ``"manual"``, 0 to 1."""
        return sum(self.counts.get(word, 0) for word in TRUSTED) / self.n_frames

    @property
    def contradicted(self) -> bool:
        """Whether the two estimates agree with each other, and not with the table."""
        error, away = np.linalg.norm(self.error), np.linalg.norm(self.away)
        return bool(away > max(_AWAY * float(error), _AWAY_PIXELS))

    @property
    def overconfident(self) -> bool:
        """Whether along some axis the error is three times what the table claims."""
        # What is not known compares as False.
        both = zip(self.error, self.claimed, strict=True)
        return any(error > _MORE * claimed for error, claimed in both)

    @property
    def largest_motion(self) -> RemainingMotion | None:
        """The largest of `remaining`; the last where nothing is more than error."""
        return max(self.remaining[::-1], key=lambda m: m.size, default=None)

    @property
    def verdict(self) -> Verdict:
        """``"better"``, ``"no better"``, ``"worse"`` or ``"unknown"``.

        Better: three quarters of the frames or more are more like the mean of the
        others than before; and the mean of this NCC has risen by more than 0.01, or the
        least of it by more than 0.05, or the mean has become sharper by more than 2 per
        cent; and none of these three has fallen as much. Worse: the same the other way
        round. Unknown: fewer than half of the frames are good, or they have nothing in
        common.
        """
        before, after = self.frame_ncc_before, self.frame_ncc_after
        known = np.isfinite(before) & np.isfinite(after)
        sharpness = np.array([self.sharpness_before, self.sharpness_after])
        if self.good < _ENOUGH or not known.any() or not np.isfinite(sharpness).all():
            return "unknown"
        before, after = before[known], after[known]
        changes = np.array(
            [
                np.mean(after - before) / _ALIKER,
                (after.min() - before.min()) / _LEAST_ALIKER,
                np.diff(sharpness)[0] / max(abs(sharpness).max(), _NONE) / _SHARPER,
            ]
        )
        if np.mean(after > before) >= _MANY and (changes > 1).any():
            return "no better" if (changes < -1).any() else "better"
        if np.mean(after < before) >= _MANY and (changes < -1).any():
            return "no better" if (changes > 1).any() else "worse"
        return "no better"

    @property
    def reason(self) -> str:
        """Why, in words."""
        return report_text.reason(self)

    def summary(self) -> str:
        """Return what a person wants to know, in some 10 lines, the verdict first."""
        return report_text.summary(self)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return (
            f"AlignmentReport({self.verdict}: ncc {self.ncc_before:.3f} to "
            f"{self.ncc_after:.3f}, sharpness {self.sharpness_before:.2f} to "
            f"{self.sharpness_after:.2f})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain Python objects, for JSON; NaN becomes None."""
        numbers = {
            name: getattr(self, name)
            for name in self.__slots__
            if name not in ("remaining", "counts")
        }
        moving = [asdict(m) | {"kinds": m.kinds} for m in self.remaining]
        words = {
            "verdict": self.verdict,
            "reason": self.reason,
            "ncc_before": self.ncc_before,
            "ncc_after": self.ncc_after,
            "good": self.good,
            "counts": dict(self.counts),
        }
        plain: dict[str, Any] = _plain(words | numbers | {"remaining": moving})
        return plain


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _plain(value: Any) -> Any:
    """Return something made of what JSON knows."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
