"""What is to be estimated and how, settled and checked before any work is done."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from numbers import Real
from typing import Any

from maskalign.core.lags import LagWindow
from maskalign.core.validate import working_dtype
from maskalign.errors import MaskError
from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.options import ONLY_FOR, DriftOptions
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.masks import MovieMask, following, movie_mask
from maskalign.pipeline.pairing import Pairing
from maskalign.pipeline.parallel import n_workers
from maskalign.pipeline.references import Reference, find_reference
from maskalign.pipeline.shots import Shots
from maskalign.pipeline.start import Start, as_start
from maskalign.pipeline.strategies.base import Strategy, Task
from maskalign.pipeline.strategies.chain import Chain
from maskalign.pipeline.strategies.fixed import Fixed
from maskalign.pipeline.strategies.redundant import Redundant
from maskalign.pipeline.strategies.template import Mean

__all__ = ["DriftPlan", "plan_drift"]


def plan_drift(
    movie: Any,
    *,
    reference: Any = "first",
    mask: Any = None,
    reference_mask: Any = None,
    axes: str | None = None,
    start: Any = None,
    **options: Any,
) -> "DriftPlan":
    """Check everything that `estimate_drift` takes, and do nothing yet.

    Raises what `estimate_drift` raises, except for what only the pixels can tell.
    """
    # What is no image is the options' to refuse.
    named = reference is None or isinstance(reference, (str, Real))
    asked = DriftOptions(reference=reference if named else "first", **options)
    frames = Frames(as_movie(movie, axes), asked.channel, asked.projection)
    masks = movie_mask(mask, frames)
    if asked.mask_follows == "sample" and masks.kind is None:
        msg = (
            "mask_follows='sample' says where a mask goes, but there is none: give "
            "mask=, or leave mask_follows out."
        )
        raise MaskError(msg)
    found = find_reference(reference, reference_mask, frames, masks)
    shape = frames.shape if found.image is None else found.image.shape
    # Fails here if max_shift does not fit.
    LagWindow.within(shape, frames.shape, asked.max_shift)
    excluded = _excluded(asked.exclude, len(frames), found)
    return DriftPlan(frames, masks, found, as_start(start, frames), excluded, asked)


@dataclass(frozen=True, slots=True, eq=False)
class DriftPlan:
    """A movie, its masks, its reference and the options, settled and checked."""

    frames: Frames
    mask: MovieMask
    reference: Reference
    start: Start | None
    exclude: frozenset[int]
    options: DriftOptions

    @property
    def n_frames(self) -> int:
        """Number of frames, each with one row in the end."""
        return len(self.frames)

    @property
    def n_rows(self) -> int:
        """Number of rows to come, provisional ones included."""
        passes = self._strategy(self._task(self.mask)).n_passes + self._follows
        return self.n_frames * passes

    def rows(self) -> Generator[DriftRow, None, None]:
        """Estimate, and yield a row as soon as it is done, in the order of frames.

        Where there are several passes, the last row of a frame is final.
        """
        mask = self.mask
        if self._follows:
            mask = yield from self._followed()
        task = self._task(mask)
        yield from self._strategy(task).rows()
        task.pairing.warn()

    def table(self, rows: Iterable[DriftRow]) -> DriftTable:
        """Return the rows as a table that knows its pixel size and its options."""
        movie, strategy = self.frames.movie, self.options.reference
        options = {
            name: value
            for name, value in asdict(self.options).items()
            if ONLY_FOR.get(name, strategy) == strategy
        }
        options |= {
            "channel": self.frames.channel,
            "exclude": sorted(self.exclude),
            "mask": self.mask.kind,
        }
        if self.reference.image is not None:
            options["reference"] = "image"
        if self.start is not None:
            options["start"] = "given"
        return DriftTable.from_rows(
            rows,
            scale=movie.along("scale", self.frames.axes),
            units=movie.along("units", self.frames.axes),
            options=options,
        )

    @property
    def _follows(self) -> bool:
        return self.options.mask_follows == "sample" and self.mask.fixed is not None

    def _followed(self) -> Generator[DriftRow, None, MovieMask]:
        """Estimate with the mask on the reference alone; return it for every frame."""
        reference, mask = self.reference, self.mask.fixed
        assert mask is not None
        image = reference.image
        if reference.valid is None and (image is None or image.shape == mask.shape):
            reference = Reference(reference.frame, image, mask)
        whole = MovieMask(None, None, self.frames.shape)
        rows = []
        for row in Fixed(self._task(whole), reference).rows():
            rows.append(row)
            yield row
        return following(mask, DriftTable.from_rows(rows))

    def _task(self, mask: MovieMask) -> Task:
        image = self.reference.image
        dtypes = [self.frames.dtype] + ([] if image is None else [image.dtype])
        shots = Shots(self.frames, mask, working_dtype(*dtypes))
        pairing = Pairing(self.options, self.start, len(shots))
        return Task(shots, pairing, self.options, self.exclude, self.start, n_workers())

    def _strategy(self, task: Task) -> Strategy:
        options = self.options
        match options.reference:
            case "previous":
                return Chain(task, renew_every=1)
            case "rolling":
                return Chain(task, renew_every=options.renew_every)
            case "mean":
                return Mean(task)
            case "redundant":
                return Redundant(task, _ascending(options.time_lags))
            case _:
                return Fixed(task, self.reference)


def _ascending(time_lags: int | Sequence[int]) -> tuple[int, ...]:
    """Return how far back to look, in frames."""
    if isinstance(time_lags, Sequence):
        return tuple(sorted(set(time_lags)))
    return tuple(range(1, time_lags + 1))


def _excluded(
    numbers: Sequence[int], n_frames: int, reference: Reference
) -> frozenset[int]:
    """Return the frames to leave out, counted from 0."""
    outside = [k for k in numbers if not -n_frames <= k < n_frames]
    if outside:
        msg = f"exclude={outside}: the movie has the frames 0 to {n_frames - 1}."
        raise ValueError(msg)
    excluded = frozenset(k % n_frames for k in numbers)
    if reference.alone and reference.frame in excluded:
        msg = (
            f"Frame {reference.frame} is excluded, and it is the reference: name "
            "another one with reference=."
        )
        raise ValueError(msg)
    if len(excluded) == n_frames:
        msg = f"All {n_frames} frames are excluded: nothing is left to align."
        raise ValueError(msg)
    return excluded
