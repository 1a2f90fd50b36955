r"""The error of a drift, from two estimates that share no noise.

The image is cut into tiles, and the drift estimated on the black ones and on the white
ones of the chessboard that they make. The tiles lie on the sample and go where it goes,
by the table that is looked at, so that in all frames a half shows the same.

With errors :math:`\sigma_a` and :math:`\sigma_b` of the halves, their difference has
:math:`\sigma_a^2 + \sigma_b^2`, and what both together find

.. math:: \sigma = \sqrt{\sigma_a^2 + \sigma_b^2} \;
          \frac{\sigma_a \sigma_b}{\sigma_a^2 + \sigma_b^2},

half of the difference where they are equally good. How much better one is than the
other is told by their standard errors, of which only the ratio is used.

Single pixels in turn would not do: the noise of neighbours is alike in a blurred or a
resampled image, and a motion of parts of the scene would be the same in both. Tiles
share noise along their edges only, where the estimator loses some pixels in each half,
for which the error is corrected; and what moves on its own differs from tile to tile
and counts as the error that it is.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.pixels import Valid
from maskalign.errors import EmptyBorderWarning, StaticStructureWarning
from maskalign.model.drift_table import DriftTable
from maskalign.model.types import ValidArray
from maskalign.pipeline.masks import MovieMask
from maskalign.pipeline.plan import DriftPlan, plan_drift
from maskalign.pipeline.report.subject import Subject, search

__all__ = ["Agreement", "compare_channels", "compare_halves"]

#: Tiles along an axis that are aimed at, and their size in pixels.
_TILES, _SMALLEST, _LARGEST = 8, 24, 64
#: Erosion that leaves less than this share is not done by the estimator.
_BEARABLE = 0.5
#: Strategies whose errors add up from frame to frame.
_CHAINED = ("previous", "rolling", "redundant")


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How well estimates that share no noise agree."""

    #: Standard error of the table, pixels, shape (ndim,); NaN if that is not known.
    error: NDArray[np.float64]
    #: Root mean square distance of the table from what the two say, pixels, (ndim,).
    away: NDArray[np.float64]
    #: Frames that were compared, and those of them for which both estimates were good.
    n_frames: int
    n_good: int


def compare_halves(subject: Subject) -> Agreement:
    """Estimate the drift on two halves of the image, and compare."""
    plan = _plan(subject, subject.options.channel)
    board = _Board.over(_extent(subject))
    masks = [_Half.of(subject, board, colour) for colour in (0, 1)]
    a, b = (_estimated(_under(plan, mask, subject.shifts)) for mask in masks)
    both = _Both.of(subject, plan, a, b)
    std = both.std(a, b)
    share = std**2 / np.sum(std**2, axis=0)
    first, second = both.shifts
    table = both.relative(subject.shifts)
    # The better half has the greater say.
    middle = share[1] * first + share[0] * second
    root = np.sqrt(share[0] * share[1])
    kept = _kept(subject, masks, int(subject.good[0]))
    return Agreement(
        error=_rms(first - second) * root * np.sqrt(kept),
        away=_rms(table - middle),
        n_frames=len(both.compared),
        n_good=len(both.frames),
    )


def compare_channels(subject: Subject, channel: int | str) -> Agreement:
    """Estimate the drift on another channel, and compare the table with it."""
    plan = _plan(subject, channel)
    if plan.frames.channel == subject.frames.channel:
        msg = (
            f"second_channel={channel!r} is the channel that the table was made on: "
            "name another one."
        )
        raise ValueError(msg)
    other = _estimated(replace(plan, mask=subject.mask))
    table = subject.table.replace(shifts=subject.shifts)
    both = _Both.of(subject, plan, table, other)
    std = both.std(table, other)
    first, second = both.shifts
    off = _rms(first - second)
    return Agreement(
        error=off * std[0] / np.hypot(*std),
        away=off,
        n_frames=len(both.compared),
        n_good=len(both.frames),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Both:
    """Two estimates of the same frames, relative to the same one."""

    #: Frames that were compared, and those for which both are good, but the origin.
    compared: NDArray[np.intp]
    frames: NDArray[np.intp]
    #: The frame that shifts are relative to; None for an image.
    origin: int | None
    #: Of each estimate, one row for each of `frames`.
    shifts: tuple[NDArray[np.float64], NDArray[np.float64]]

    @classmethod
    def of(
        cls, subject: Subject, plan: DriftPlan, a: DriftTable, b: DriftTable
    ) -> "_Both":
        compared = _frames(subject)
        good = compared[a.ok[compared] & b.ok[compared]]
        origin = None
        if plan.reference.image is None:
            known = good if good.size else compared
            origin = plan.reference.frame if plan.reference.alone else int(known[0])
            good, compared = good[good != origin], compared[compared != origin]
        made = cls(compared, good, origin, (a.shifts, b.shifts))
        both = made.relative(a.shifts), made.relative(b.shifts)
        return replace(made, shifts=both)

    def relative(self, shifts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rows of shifts relative to the origin."""
        rows: NDArray[np.float64] = shifts[self.frames]
        return rows if self.origin is None else rows - shifts[self.origin]

    def std(self, a: DriftTable, b: DriftTable) -> NDArray[np.float64]:
        """Return what standard error is usual for each, (2, ndim); 1 if not known."""
        rows = np.stack([t.shift_std[self.frames] for t in (a, b)])
        known = np.isfinite(rows).all(axis=(0, 2))
        if not known.any():
            return np.ones((2, rows.shape[2]))
        return np.maximum(np.median(rows[:, known], axis=1), 1e-9)


def _frames(subject: Subject) -> NDArray[np.intp]:
    """Return the frames to estimate: in one piece where errors add up on the way."""
    if isinstance(subject.reference, str) and subject.reference in _CHAINED:
        return subject.good[: len(subject.chosen)]
    return subject.chosen


def _plan(subject: Subject, channel: int | str | None) -> DriftPlan:
    """Return the plan to estimate some of the frames as the table was."""
    options, frames, reference = subject.options, subject.frames, subject.reference
    wanted = set(_frames(subject).tolist())
    if isinstance(reference, Integral):
        wanted.add(int(reference) % len(frames))
    match, start = search(subject)
    return plan_drift(
        frames.movie,
        reference=reference,
        reference_mask=subject.reference_valid,
        start=start.shifts,
        max_shift=match.max_shift,
        min_overlap=match.min_overlap,
        subpixel=match.subpixel,
        channel=channel,
        projection=options.projection,
        exclude=sorted(set(range(len(frames))) - wanted),
        time_lags=options.time_lags,
        renew_every=options.renew_every,
    )


def _under(plan: DriftPlan, mask: "_Half", shifts: NDArray[np.float64]) -> DriftPlan:
    """Return a plan with one half of the image as its mask."""
    reference = plan.reference
    image, valid = reference.image, reference.valid
    if image is not None or valid is not None:
        # An image lies where the sample is laid to.
        known = np.ones(mask.shape if image is None else image.shape, bool)
        known = known if valid is None else valid
        shift = np.zeros(known.ndim) if image is not None else shifts[reference.frame]
        half = mask.board.colours(known.shape, shift) == mask.colour
        reference = replace(reference, valid=known & half)
    return replace(plan, mask=mask, reference=reference)


def _estimated(plan: DriftPlan) -> DriftTable:
    with warnings.catch_warnings():
        # It was said when the table was made.
        warnings.simplefilter("ignore", StaticStructureWarning)
        warnings.simplefilter("ignore", EmptyBorderWarning)
        return plan.table(plan.rows())


@dataclass(frozen=True, slots=True)
class _Board:
    """A chessboard of tiles on the sample, over y and x; z is not divided."""

    #: First pixel, where the sample is laid to, and size of a tile, (y, x).
    first: tuple[int, int]
    tile: tuple[int, int]

    @classmethod
    def over(cls, extent: Sequence[slice]) -> "_Board":
        """Lay a board over a part of the image, with an even number of tiles."""
        tiles = []
        for part in extent:
            n = part.stop - part.start
            aim = min(max(n // _TILES, _SMALLEST), _LARGEST)
            tiles.append(-(-n // (2 * max(round(n / (2 * aim)), 1))))
        y, x = extent
        return cls((y.start, x.start), (tiles[0], tiles[1]))

    def colours(
        self, shape: Sequence[int], shift: NDArray[np.float64]
    ) -> NDArray[np.int_]:
        """Return 0 or 1 for each pixel (y, x) of a frame that has such a shift."""
        y, x = (
            (np.arange(n) + round(float(step)) - first) // tile
            for n, step, first, tile in zip(
                shape[-2:], shift[-2:], self.first, self.tile, strict=True
            )
        )
        return np.add.outer(y, x) % 2


@dataclass(frozen=True, eq=False)
class _Half(MovieMask):
    """The tiles of one colour, of what another mask leaves."""

    base: MovieMask
    board: _Board
    colour: int
    shifts: NDArray[np.float64]

    @classmethod
    def of(cls, subject: Subject, board: _Board, colour: int) -> "_Half":
        base = subject.mask
        return cls(None, None, base.shape, base, board, colour, subject.shifts)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return the masks of some frames."""
        known = self.base.read(start, stop)
        masks = []
        for k, shift in enumerate(self.shifts[start:stop]):
            half = self.board.colours(self.shape, shift) == self.colour
            masks.append(half & _valid(self.base, None if known is None else known[k]))
        return np.stack(masks)

    @property
    def kind(self) -> str | None:
        """``"half"``."""
        return "half"


def _valid(base: MovieMask, own: Any) -> ValidArray:
    """Return the mask of a frame, that is its own or that of all."""
    if own is not None:
        return base.spread(np.asarray(own))
    return np.ones(base.shape, bool) if base.fixed is None else base.fixed


def _extent(subject: Subject) -> tuple[slice, slice]:
    """Return the part of the image, along y and x, that may be used."""
    valid = subject.mask.fixed if subject.place is None else subject.place
    shape = subject.frames.shape
    if valid is None:
        return slice(0, shape[-2]), slice(0, shape[-1])
    flat = valid.reshape(-1, *shape[-2:])
    y, x = (np.flatnonzero(flat.any(axis=k)) for k in ((0, 2), (0, 1)))
    return slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1)


def _kept(subject: Subject, halves: Sequence[_Half], frame: int) -> float:
    """Return the share of the pixels used for the whole image that the halves use."""
    known = subject.mask.read(frame, frame + 1)
    whole = _valid(subject.mask, None if known is None else known[0])
    parts = [half.read(frame, frame + 1)[0] for half in halves]
    return min(sum(map(_used, parts)) / _used(whole), 1.0)


def _used(valid: ValidArray) -> int:
    """Return how many pixels the estimator refines a shift on."""
    known = Valid.of(valid)
    inner = int(np.count_nonzero(known.eroded))
    return inner if inner >= _BEARABLE * known.count else known.count


def _rms(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the root mean square over frames for each axis; NaN if there is none."""
    if not len(values):
        return np.full(values.shape[1], np.nan)
    return np.asarray(np.sqrt(np.mean(values**2, axis=0)))
