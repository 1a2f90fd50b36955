"""The work behind *Align time-lapse*: masks, drift, aligned movie. No Qt."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.masks import Painted, as_mask, iter_painted
from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.movie import Movie
from maskalign.pipeline.apply import apply_drift
from maskalign.pipeline.estimate import plan_drift

if TYPE_CHECKING:
    from napari.layers import Image, Labels

    from maskalign._napari.worker import Stop

__all__ = ["Aligned", "Alignment", "MaskChoice"]


@dataclass(frozen=True, slots=True, eq=False)
class MaskChoice:
    """A Labels layer, how it is read and what it means."""

    layer: "Labels"
    axes: str
    meaning: Painted


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """What is to be aligned and how: collected from the widgets, then left alone."""

    source: "Image"
    movie: Movie
    mask: MaskChoice | None
    #: `reference`, `max_shift`, `min_overlap`, `channel`, as `estimate_drift` has them.
    options: dict[str, Any]

    @property
    def n_steps(self) -> int:
        """Number of frames, each a step."""
        return self.movie.n_frames

    def run(self, stop: "Stop") -> Generator[DriftRow, None, "Aligned"]:
        """Estimate the drift, yielding each row, and return the aligned movie.

        Raises
        ------
        TypeError, ValueError
            If mask, options and movie do not fit together, or no frame could be
            estimated.
        """
        mask = None if self.mask is None else _read(self.mask, stop)
        plan = plan_drift(self.movie, mask=mask, **self.options)
        found = []
        with closing(plan.rows()) as rows:
            for row in stop.watch(rows):
                found.append(row)
                yield row
        table = plan.table(found)
        moved = apply_drift(self.movie, table.repaired())
        used = 1.0 if mask is None else float(np.mean(mask.data))
        return Aligned(self, moved.data, table, used)


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """What came out."""

    request: Alignment
    #: The aligned movie, a dask array with the axes of the source.
    data: Any
    #: What was found for each frame, before any repair.
    table: DriftTable
    #: Share of a frame that was used, 0 to 1.
    used: float

    @property
    def record(self) -> dict[str, Any]:
        """How it was made, for the metadata of its layer."""
        mask = self.request.mask
        asked = {
            "image": self.request.source.name,
            "axes": self.request.movie.axes,
            "mask": None if mask is None else mask.layer.name,
            "painted": None if mask is None else mask.meaning,
        }
        return {"drift": self.table, "options": asked | self.request.options}


def _read(choice: MaskChoice, stop: "Stop") -> Movie:
    """Return the union over time of what is painted, as a mask."""
    frames = stop.watch(iter_painted(choice.layer, choice.axes))
    painted = np.array(next(frames))
    for frame in frames:
        painted |= frame
    return as_mask(painted, choice.meaning, choice.layer.name)
