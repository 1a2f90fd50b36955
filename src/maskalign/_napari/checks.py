"""Is a movie better than before, and where: work behind the page *Check*. No Qt."""

import queue
import re
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign._napari.masks import MaskChoice
from maskalign._napari.wording import pixels_suffix
from maskalign.model.drift_table import DriftTable
from maskalign.model.map_options import MapOptions
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions
from maskalign.model.report import AlignmentReport
from maskalign.model.report_options import ReportOptions
from maskalign.pipeline.aligned_maps import aligned_maps, compared_with
from maskalign.pipeline.lazy_frames import lazy_data
from maskalign.pipeline.report.assess import assess

if TYPE_CHECKING:
    from napari.layers import Image

    from maskalign._napari.worker import Stop

__all__ = ["Assessment", "FrameMaps", "MapsOfAligned", "describe_report", "watched"]

#: How often a report looks at each of its frames: twice before and after, and on two
#: halves; a little more for some triples of frames.
_LOOKS = 5
#: Seconds between two looks at whether somebody has asked to stop.
_PAUSE = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What is to be reported on: collected from the widgets, then left alone."""

    movie: Movie
    table: DriftTable
    mask: MaskChoice | None
    channel: int | str | None

    @property
    def n_steps(self) -> int:
        """How often a frame is read, about."""
        n_good = int(np.count_nonzero(self.table.ok))
        return _LOOKS * max(min(n_good, ReportOptions().max_frames), 1)

    def run(self, stop: "Stop") -> Generator[int, None, AlignmentReport]:
        """Make the report, yielding the number of frames read so far.

        Asked to stop, it leaves before it reads another frame.

        Raises
        ------
        TypeError, ValueError
            If mask, table and movie do not fit together.
        """
        masks = {} if self.mask is None else self.mask.options(stop)
        reads: queue.SimpleQueue[int] = queue.SimpleQueue()

        def look(n: int) -> None:
            if stop.requested:
                stop.leave()
            reads.put(n)

        movie = watched(self.movie, look)
        known = self.table.options.get("channel") is not None
        channel = None if known or "C" not in movie.axes else self.channel
        n_read = 0
        with ThreadPoolExecutor(1, thread_name_prefix="maskalign") as pool:
            report = pool.submit(assess, movie, self.table, channel=channel, **masks)
            try:
                while not report.done() or not reads.empty():
                    try:
                        n = reads.get(timeout=_PAUSE)
                    except queue.Empty:
                        continue
                    for _ in range(n):
                        n_read += 1
                        yield n_read
            finally:
                # Closed on the way, nobody waits for the rest.
                if not report.done():
                    stop.request()
            return report.result()


def watched(movie: Movie, look: Callable[[int], None]) -> Movie:
    """Return a movie that calls `look` with how many frames it has read, each time.

    Nothing is read or copied. What `look` raises, whoever reads the movie gets.
    """
    data = lazy_data(movie)
    at = movie.axes.index("T")

    def read(block: NDArray[Any]) -> NDArray[Any]:
        look(block.shape[at])
        return block

    seen = da.map_blocks(
        read,
        data,
        dtype=data.dtype,
        meta=np.empty((0,) * data.ndim, data.dtype),
        # A function with a lock in it has no name of its own.
        name=f"watched-{uuid4().hex}",
    )
    return movie.replace(data=seen)


def describe_report(report: AlignmentReport) -> str:
    """Return a report as lines that may be broken anywhere.

    Its own columns are for a wide screen.
    """
    first, *rest = report.summary().splitlines()
    lines = [first]
    for line in rest:
        text = re.sub(r" {2,}", " ", line.strip())
        lines.append(
            f"   \u2013 {text}" if line.startswith("    ") else f"\u2022 {text}"
        )
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, eq=False)
class MapsOfAligned:
    """An NCC map of every aligned frame is asked for."""

    #: The layer of the movie, as recorded.
    source: "Image"
    movie: Movie
    table: DriftTable
    output: ApplyOptions
    mask: MaskChoice | None
    channel: int | str | None
    window: int = MapOptions().sizes(2)[0]
    #: Reading the mask and the reference.
    n_steps: int = 1

    def run(self, stop: "Stop") -> Generator[int, None, "FrameMaps"]:
        """Read the mask and the reference, and return maps that are yet to be made.

        Raises
        ------
        TypeError, ValueError
            If mask, table and movie do not fit together.
        """
        masks = {} if self.mask is None else self.mask.options(stop)
        found = self.maps(masks)
        yield 1
        return found

    def maps(self, masks: dict[str, Any]) -> "FrameMaps":
        """Return the maps, of which only the reference has been read."""
        maps = aligned_maps(
            self.movie,
            self.table,
            channel=self.channel if "C" in self.movie.axes else None,
            window=self.window,
            output=self.output,
            **masks,
        )
        asked = {"against": compared_with(self.table), "window": self.window}
        if self.mask is not None:
            asked |= {"mask": self.mask.layer.name, "painted": self.mask.meaning}
        return FrameMaps(self, maps, asked)


@dataclass(frozen=True, slots=True, eq=False)
class FrameMaps:
    """An NCC map of every aligned frame, lazy."""

    request: MapsOfAligned
    #: The maps, with the axes of the movie less its channels.
    maps: Movie
    #: How they were made.
    asked: dict[str, Any]

    @property
    def first(self) -> tuple[float, ...]:
        """Which pixel of the movie the first pixel lies on, along the axes of it."""
        movie, maps = self.request.movie, self.maps
        return tuple(
            (maps.along("origin", a)[0] - movie.along("origin", a)[0])
            / movie.along("scale", a)[0]
            if a in movie.spatial_axes
            else 0.0
            for a in movie.axes
        )

    @property
    def record(self) -> dict[str, Any]:
        """How they were made, for the metadata of their layer."""
        return {"ncc_map": None, "options": self.asked}

    @property
    def text(self) -> str:
        """What was made, in words."""
        against = self.asked["against"]
        what = "the one before" if against == "previous" else f"frame {against}"
        window = self.request.window
        size = f"{window}{pixels_suffix(window, self.request.movie)}"
        return f"NCC map of each aligned frame with {what}, window {size}."
