"""The work behind *Align time-lapse*: masks, drift, aligned movie. No Qt."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from maskalign._napari.luminance import all_colours
from maskalign._napari.masks import MaskChoice
from maskalign._napari.recompute import affected, excluded, merged, starting_from
from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.status import NOT_REACHED
from maskalign.pipeline.apply import apply_drift
from maskalign.pipeline.canvas import canvas
from maskalign.pipeline.plan import DriftPlan, plan_drift

if TYPE_CHECKING:
    from napari.layers import Image

    from maskalign._napari.worker import Stop

__all__ = ["Aligned", "Alignment", "MaskChoice", "Moved", "move_movie"]

#: A partial table is kept from so many frames on; the first is the reference.
_WORTH = 2
#: How far from its neighbours a frame is searched anew where there is no max shift.
_NEAR = 20


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A movie, moved by a table."""

    #: A dask array with the axes of the movie.
    data: Any
    #: Which pixel of the movie its first pixel lies on, along all axes.
    first: tuple[float, ...]


def move_movie(movie: Movie, table: DriftTable, options: ApplyOptions) -> Moved:
    """Return a movie, moved by a repaired table, and where its first pixel lies.

    Raises
    ------
    ValueError
        If an option does not fit, or no pixel is left.
    DriftTableError
        If the table does not fit, or no frame of it is good.
    """
    table.check_fits(movie.n_frames, len(movie.frame_shape))
    whole = table.repaired()
    moved = apply_drift(movie, whole, **asdict(options))
    frame = canvas(
        movie.frame_shape,
        whole,
        options.canvas,
        interpolation=options.interpolation,
    )
    places = dict(zip(movie.spatial_axes, frame.origin, strict=True))
    return Moved(moved.data, tuple(float(places.get(a, 0)) for a in movie.axes))


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """What is to be aligned and how: collected from the widgets, then left alone."""

    source: "Image"
    movie: Movie
    mask: MaskChoice | None
    #: `reference`, `max_shift`, ... as `estimate_drift` has them.
    options: dict[str, Any]
    output: ApplyOptions = field(default_factory=ApplyOptions)
    #: A table of which only frames in doubt are to be found anew.
    start: DriftTable | None = None

    def check(self) -> None:
        """Raise unless movie, mask and options fit together, reading nothing.

        Raises
        ------
        TypeError, ValueError
            With a message that says what to do.
        """
        if self.mask is not None:
            self.mask.check()
        if self.start is not None and not self._affected.any():
            msg = (
                "There is nothing to find anew: no frame is in doubt. Exclude a frame, "
                "or change its shift, or press Align to begin from nothing."
            )
            raise ValueError(msg)
        self._plan({})

    @property
    def n_steps(self) -> int:
        """Number of rows to come, each a step."""
        plan = self._plan({})
        follows = self.mask is not None and self.mask.follows == "follows the sample"
        return plan.n_rows + follows * plan.n_frames

    def run(self, stop: "Stop") -> Generator[DriftRow, None, "Aligned"]:
        """Estimate the drift, yielding each row, and return the aligned movie.

        Asked to stop, it keeps what it has by then; so it does where a frame cannot be
        read.

        Raises
        ------
        TypeError, ValueError
            If mask, options and movie do not fit together, or no frame could be
            estimated.
        Exception
            What the movie raises where not even two frames of it can be read.
        """
        masks = {} if self.mask is None else self.mask.options(stop)
        plan = self._plan(masks)
        found: dict[int, DriftRow] = {}
        n_rows = 0
        trouble: Exception | None = None
        with closing(plan.rows()) as rows:
            while True:
                # A reader may raise anything, hours after the first frame.
                try:
                    row = next(rows, None)
                except Exception as error:
                    if len(found) < _WORTH:
                        raise
                    trouble = error
                    break
                if row is None or stop.requested:
                    break
                found[row.frame] = row
                n_rows += 1
                yield row
        whole = n_rows == plan.n_rows
        if not whole and len(found) < min(_WORTH, plan.n_frames):
            stop.leave()
        table = _table(plan, found)
        return self.aligned(table, masks, whole=whole, trouble=trouble)

    def aligned(
        self,
        found: DriftTable,
        masks: Mapping[str, Any],
        *,
        whole: bool = True,
        trouble: Exception | None = None,
    ) -> "Aligned":
        """Return what came out."""
        table = found
        if self.start is not None:
            table = merged(self.start, found, self._affected)
        # So that a table in a file tells what was painted, too.
        table = table.replace(options={**table.options, **self._painted})
        moved = move_movie(all_colours(self.source, self.movie), table, self.output)
        fixed = masks.get("mask")
        used = 1.0 if fixed is None or "T" in fixed.axes else float(fixed.data.mean())
        return Aligned(self, moved, table, used, whole, trouble)

    @property
    def _painted(self) -> dict[str, Any]:
        """What the mask was, in words; nothing where there was none."""
        mask = self.mask
        if mask is None:
            return {}
        words: dict[str, Any] = {"mask_layer": mask.layer.name, "painted": mask.meaning}
        if mask.labels is not None:
            words["labels"] = _listed(mask.labels)
        return words

    def _plan(self, masks: Mapping[str, Any]) -> DriftPlan:
        options = {**self.options, **masks}
        if self.start is not None:
            options["start"] = starting_from(self.start, self._affected)
            left_out = {*options.get("exclude", ()), *excluded(self.start)}
            options["exclude"] = tuple(sorted(left_out))
            options["max_shift"] = options.get("max_shift") or _NEAR
        return plan_drift(self.movie, **options)

    @property
    def _affected(self) -> Any:
        assert self.start is not None
        return affected(self.start, self.options.get("reference"))


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """What came out."""

    request: Alignment
    #: The aligned movie.
    moved: Moved
    #: What was found for each frame, before any repair.
    table: DriftTable
    #: Share of a frame that was used, 0 to 1.
    used: float
    #: Whether it came to the end.
    whole: bool = True
    #: What kept it from coming to the end, if it was not asked to stop.
    trouble: Exception | None = None

    @property
    def data(self) -> Any:
        """The aligned movie, a dask array with the axes of the source."""
        return self.moved.data

    @property
    def record(self) -> dict[str, Any]:
        """How it was made, for the metadata of its layer."""
        request = self.request
        mask = request.mask
        asked = {
            "image": request.source.name,
            "axes": request.movie.axes,
            "mask": None if mask is None else mask.layer.name,
            "painted": None if mask is None else mask.meaning,
            "mask_is": None if mask is None else mask.follows,
            "labels": None if mask is None else _listed(mask.labels),
        }
        options = asked | request.options | asdict(request.output)
        return {"drift": self.table, "options": options}


def _table(plan: DriftPlan, found: Mapping[int, DriftRow]) -> DriftTable:
    """Return a table of all frames; those that were not reached say so."""
    nan = float("nan")
    nowhere = (nan,) * len(plan.frames.shape)
    return plan.table(
        found.get(frame)
        or DriftRow(frame, -1, nowhere, nan, nan, nowhere, nan, NOT_REACHED)
        for frame in range(plan.n_frames)
    )


def _listed(labels: Any) -> Sequence[int] | None:
    return None if labels is None else sorted(labels)
