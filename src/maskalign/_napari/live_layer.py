"""The aligned layer while its frames are still being found."""

import time
from typing import TYPE_CHECKING, Any

from maskalign._napari.layers import add_or_update, find_result
from maskalign._napari.live import LiveMovie
from maskalign._napari.luminance import all_colours
from maskalign._napari.sliders import shown_frame
from maskalign.model.drift_table import DriftRow
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

__all__ = ["LiveLayer"]

#: Seconds between two looks at whether the frame on show has moved, and how many times
#: as long as the last one took: the window shall be free for other things.
_PAUSE, _REST = 0.2, 9
#: What an earlier result is given back if nothing comes of a run.
_KEPT = ("data", "metadata", "translate", "visible")


class LiveLayer:
    """Shows a movie as far as it is aligned, from the first frame that is found.

    Parameters
    ----------
    viewer : napari viewer
        Where to show it.
    source : napari.layers.Image
        The layer that is being aligned.
    movie : Movie
        What it shows.
    options : ApplyOptions
        How frames are moved.
    """

    def __init__(
        self,
        viewer: "ViewerModel",
        source: "Image",
        movie: Movie,
        options: ApplyOptions,
    ) -> None:
        self._viewer, self._source, self._movie = viewer, source, movie
        self._all = all_colours(source, movie)
        self._live = LiveMovie(self._all, options)
        self._before: dict[str, Any] | None = None
        self._next = 0.0
        self._shown: tuple[Any, ...] = ()
        #: The layer; None until there is one.
        self.layer: Image | None = None

    def add(self, row: DriftRow) -> None:
        """Take up what was found for a frame, and show it if it is on show."""
        self._live.add(row)
        layer = self.layer = self.layer or self._open()
        if time.monotonic() < self._next or layer not in self._viewer.layers:
            return
        began = time.monotonic()
        axes = self._movie.axes
        frame = shown_frame(layer, axes, self._viewer.dims.point)
        shown = frame, self._live.shift_of(frame)
        if shown != self._shown:
            self._shown = shown
            layer.refresh(extent=False)
        ended = time.monotonic()
        self._next = ended + max(_PAUSE, _REST * (ended - began))

    def withdraw(self) -> None:
        """Show what there was before."""
        layer, self.layer = self.layer, None
        if layer is None or layer not in self._viewer.layers:
            return
        if self._before is None:
            self._viewer.layers.remove(layer)
            return
        for name, value in self._before.items():
            setattr(layer, name, value)

    def _open(self) -> "Image":
        there = find_result(self._viewer.layers, self._source)
        if there is not None:
            self._before = {name: getattr(there, name) for name in _KEPT}
            # napari empties the dict that it has and fills it anew.
            self._before["metadata"] = dict(there.metadata)
        made = {"live": True}
        # A layer that begins with a dask array keeps the blocks of later ones.
        empty = _empty(self._all)
        layer = add_or_update(self._viewer, self._source, empty, made)
        layer.data = self._live
        return layer


def _empty(movie: Movie) -> Any:
    """Return a dask array like a movie, with nothing in it: none of it is read."""
    import dask.array as da

    chunks = tuple(1 if letter in "TC" else -1 for letter in movie.axes)
    return da.zeros(movie.shape, dtype=movie.dtype, chunks=chunks)
