"""What is looked at: a movie, its drift table, and the frames that are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.validate import working_dtype
from maskalign.model.drift_table import DriftTable
from maskalign.model.options import DriftOptions, MatchOptions
from maskalign.model.report_options import ReportOptions
from maskalign.model.types import ValidArray
from maskalign.pipeline.canvas import as_shifts
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.masks import MovieMask, following
from maskalign.pipeline.shots import Block, Shot, Shots
from maskalign.pipeline.start import Start

__all__ = ["Subject", "options_of", "search", "stream"]

#: How far from the shifts of the table matches are searched for, pixels.
_REACH = 10.0
#: Options of a table that say how its frames were matched.
_HOW = (
    *("max_shift", "min_overlap", "subpixel", "channel", "projection"),
    *("mask_follows", "time_lags", "renew_every"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A movie and its table, settled and checked."""

    frames: Frames
    table: DriftTable
    #: How the table was made, as far as that is known and matters.
    options: DriftOptions
    #: What its frames were laid over, as `estimate_drift` takes it.
    reference: str | int | NDArray[Any]
    #: The mask of that image, if it has one of its own.
    reference_valid: ValidArray | None
    #: The mask that a frame has where it was recorded.
    mask: MovieMask
    #: The place where the sample lies when aligned, if only that is looked at.
    place: ValidArray | None
    #: Shifts of all frames, with those of doubtful frames filled in, shape (T, ndim).
    shifts: NDArray[np.float64]
    #: Frames that are good, ascending.
    good: NDArray[np.intp]
    #: Those of them that are looked at, ascending.
    chosen: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        frames: Frames,
        table: DriftTable,
        options: DriftOptions,
        *,
        reference: str | int | NDArray[Any],
        reference_valid: ValidArray | None,
        mask: MovieMask,
        max_frames: int,
    ) -> "Subject":
        """Check that all of it fits together, and read nothing of the movie."""
        table.check_fits(len(frames), len(frames.shape))
        shifts = as_shifts(table.repaired(), len(frames.shape))
        place = None
        if mask.fixed is not None and options.mask_follows == "sample":
            place = mask.fixed
            mask = following(place, DriftTable.from_shifts(shifts))
        elif mask.kind is None and reference_valid is not None:
            place = _within(reference_valid, frames.shape)
        good = np.flatnonzero(table.ok)
        at = np.linspace(0, len(good) - 1, min(max_frames, len(good)))
        chosen = good[np.rint(at).astype(int)]
        return cls(
            *(frames, table, options, reference, reference_valid),
            *(mask, place, shifts, good, chosen),
        )

    @property
    def recorded(self) -> Shots:
        """The frames, each under its mask where it was recorded."""
        return self._shots(self.mask)

    @property
    def seen(self) -> Shots:
        """The frames as they are looked at, before and after.

        A mask that goes with the sample says which place to look at, not what of each
        frame may be used.
        """
        whole = MovieMask(None, None, self.frames.shape)
        return self._shots(self.mask if self.place is None else whole)

    def _shots(self, mask: MovieMask) -> Shots:
        return Shots(self.frames, mask, working_dtype(self.frames.dtype))


def options_of(table: DriftTable, asked: ReportOptions) -> DriftOptions:
    """Return the options that a table was made with, or what is asked instead."""
    known = {name: table.options[name] for name in _HOW if name in table.options}
    own = {"channel": asked.channel, "mask_follows": asked.mask_follows}
    known |= {name: value for name, value in own.items() if value is not None}
    return DriftOptions(**known)


def stream(shots: Shots, numbers: NDArray[np.intp]) -> Iterator[Shot]:
    """Yield some frames in order; what is stored together is read once."""
    wanted = numbers.tolist()
    for start, stop in shots.frames.blocks:
        inside = [number for number in wanted if start <= number < stop]
        block = Block(shots, start, stop)
        yield from map(block.shot, inside)


def search(subject: Subject) -> tuple[MatchOptions, Start]:
    """Return how frames are matched once more: near the shifts of the table."""
    asked = subject.options.max_shift
    ndim = len(subject.frames.shape)
    limits = asked if isinstance(asked, Sequence) else (asked,) * ndim
    options = MatchOptions(
        max_shift=tuple(_REACH if n is None else min(n, _REACH) for n in limits),
        min_overlap=subject.options.min_overlap,
        subpixel=subject.options.subpixel,
    )
    return options, Start(subject.shifts, {})


def _within(valid: ValidArray, shape: tuple[int, ...]) -> ValidArray:
    """Return the mask of an image of any size as one of a frame: corners agree."""
    out = np.zeros(shape, bool)
    shared = tuple(slice(min(a, b)) for a, b in zip(shape, valid.shape, strict=True))
    out[shared] = valid[shared]
    return out
