"""What was found, in the dock: plot, table, other layers, and the moved layer."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Layer
from napari.utils.notifications import show_warning

from maskalign._napari.alignment import Aligned, Alignment, move_movie
from maskalign._napari.apply_panel import ApplyPanel
from maskalign._napari.apply_to import moved_layer, show_moved, why_not
from maskalign._napari.drift_view import DriftView
from maskalign._napari.history import History
from maskalign._napari.layers import KEY, add_or_update, find_result, is_ours, movie_of
from maskalign._napari.live_layer import LiveLayer
from maskalign._napari.luminance import all_colours
from maskalign._napari.saying import notify
from maskalign._napari.sliders import go_to_frame
from maskalign._napari.table_panel import TablePanel
from maskalign._napari.wording import describe_table, list_frames
from maskalign.model.drift_table import DriftRow, DriftTable
from maskalign.model.movie import Movie

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from maskalign._napari.movie_form import MovieForm
    from maskalign._napari.run_panel import RunPanel

__all__ = ["Results"]

#: Seconds between two looks of the plot at what was found, and how many times as long
#: as the last one took.
_PAUSE, _REST = 0.1, 9
#: Layers of these kinds are ours, and are not offered to be moved.
_OURS = ("drift", "live", "preview", "ncc_map")


class Results:
    """Shows what a run finds, while it runs and afterwards, and lets it be mended.

    Parameters
    ----------
    viewer : napari viewer
        Where layers are shown.
    form : MovieForm
        Says which movie it is about and how it is moved.
    panel : RunPanel
        Says in words what was done.

    Attributes
    ----------
    plot : DriftView
        Shifts and NCC over time.
    table : TablePanel
        The rows, and what can be done with them.
    others : ApplyPanel
        Other layers, to be moved alike.
    """

    def __init__(
        self, viewer: "ViewerModel", form: "MovieForm", panel: "RunPanel"
    ) -> None:
        self._viewer, self._form, self._panel = viewer, form, panel
        self._source: Image | None = None
        self._request: Alignment | None = None
        self._live: LiveLayer | None = None
        self._rows: dict[int, DriftRow] = {}
        self._next_look = 0.0
        self.plot = DriftView()
        self.table = TablePanel(
            panel.attempt, changed=self._on_edited, loaded=self._on_loaded
        )
        self.others = ApplyPanel(panel.attempt, self._apply)
        #: Called whenever the table is another one.
        self.changed: Callable[[], None] = lambda: None
        self.plot.frame_chosen.connect(self._go_to)
        self.table.view.frame_chosen.connect(self._go_to)

    # While it runs --------------------------------------------------------------------

    def begin(self, request: Alignment) -> None:
        """Get ready for the rows of a run."""
        self._request, self._source = request, request.source
        self._rows, self._live = {}, None
        # Frames that are found anew do not empty what there is.
        if request.start is None:
            self._live = LiveLayer(
                self._viewer, request.source, request.movie, request.output
            )
            self.plot.show_table(None, request.movie.n_frames)

    def add(self, row: DriftRow) -> None:
        """Show a row as soon as it is there."""
        if self._live is None or self._request is None:
            return
        self._rows[row.frame] = row
        self._live.add(row)
        began = monotonic()
        if began >= self._next_look:
            movie = self._request.movie
            self.plot.show_table(self._so_far(movie), movie.n_frames)
            ended = monotonic()
            self._next_look = ended + max(_PAUSE, _REST * (ended - began))

    def undo(self) -> None:
        """Show what there was before a run of which nothing came."""
        live, self._live = self._live, None
        if live is not None:
            live.withdraw()
        history = self.table.history
        table = None if history is None else history.now
        self.plot.show_table(table, 0 if table is None else len(table))
        self._catch_up()

    def finish(self, aligned: Aligned) -> str:
        """Show the aligned movie, and return what was found."""
        live, self._live = self._live, None
        table, source = aligned.table, aligned.request.source
        said = "Recomputed." if aligned.request.start is not None else "Aligned."
        before = self.table.history
        self._show(History.of(table) if before is None else before.then(table, said))
        trouble = aligned.trouble
        try:
            add_or_update(
                self._viewer,
                source,
                aligned.data,
                aligned.record,
                aligned.moved.first,
                None if live is None else live.layer,
            )
        except Exception as error:  # noqa: BLE001 - napari reads the frame on show
            trouble = trouble or error
        self._catch_up()
        self.list_layers()
        # There is a layer now that can be saved.
        self.changed()
        text = describe_table(table, aligned.used)
        if source is not self._form.image.value:
            text = f"{source.name}: {text}"
        if trouble is not None:
            return f"{notify(trouble)}\nWhat was done is kept: {text}"
        if not aligned.whole:
            return f"Cancelled; what was done is kept: {text}"
        doubtful = np.flatnonzero(~table.ok).tolist()
        if doubtful:
            show_warning(
                f"{list_frames(doubtful).capitalize()} could not be aligned for sure; "
                "the dock says why."
            )
        return text

    def _so_far(self, movie: Movie) -> DriftTable:
        rows = list(self._rows.values())
        letters = movie.spatial_axes[-len(rows[0].shift) :]
        return DriftTable.from_rows(
            rows,
            scale=movie.along("scale", letters),
            units=movie.along("units", letters),
        )

    # Afterwards -----------------------------------------------------------------------

    def show_for(self, source: "Image | None", movie: Movie | None) -> None:
        """Show what an earlier run has found for an image, unless it is on show."""
        if source is self._source:
            return
        self._source = source
        found = None
        if source is not None and movie is not None:
            found = find_result(self._viewer.layers, source)
        table = None if found is None else found.metadata[KEY]["drift"]
        self._show(History.of(table) if isinstance(table, DriftTable) else None)

    def _catch_up(self) -> None:
        """Show what is known of the image that was chosen while another was aligned.

        What was found for one that is gone stays, to be saved.
        """
        if self._source in self._viewer.layers:
            self.show_for(self._form.image.value, self._form.movie())

    def subject(self) -> tuple["Image", Movie]:
        """Return what is aligned; raise if what is on show was found for another."""
        source = self._form.image.value
        movie, _ = movie_of(source)
        about = self._source
        if about is not None and about is not source:
            msg = (
                f"The table is of {about.name!r}, which is not open any more. Save it, "
                "open the movie again, and load it."
            )
            raise ValueError(msg)
        return source, movie

    def follow(self, frame: int) -> None:
        """Show where the time slider is."""
        self.plot.show_frame(frame)
        self.table.view.show_frame(frame)

    def lay_out_anew(self) -> None:
        """Move the movie by the same table, with the options that are set now."""
        history = self.table.history
        if history is not None and not self._panel.running:
            self._panel.attempt(lambda: self._move(history.now))

    def list_layers(self) -> None:
        """List what can be moved alike."""
        movie = self._form.movie()
        if movie is None:
            self.others.show_layers([])
            return
        source = self._form.image.value
        self.others.show_layers(
            [
                (layer, why_not(layer, source, movie))
                for layer in self._viewer.layers
                if layer is not source and not any(is_ours(layer, o) for o in _OURS)
            ]
        )

    def _show(self, history: History | None) -> None:
        self.table.show_history(history)
        table = None if history is None else history.now
        self.plot.show_table(table, 0 if table is None else len(table))
        self.plot.show_frame(self._form.shown_frame())
        self.changed()

    def _go_to(self, frame: int) -> None:
        movie = self._form.movie()
        if movie is not None and frame < movie.n_frames:
            go_to_frame(self._viewer, self._form.image.value, movie.axes, frame)

    def _on_edited(self, history: History) -> None:
        """Move the movie by the table as it is now."""
        if self._panel.running:
            msg = "Wait until what runs has ended, or press Cancel."
            raise ValueError(msg)
        self._move(history.now)
        self._show(history)

    def _on_loaded(self, table: DriftTable) -> str:
        before, said = self.table.history, "Loaded a table."
        fresh = History.of(table, said)
        self._on_edited(fresh if before is None else before.then(table, said))
        return f"{said} {describe_table(table)}"

    def _move(self, table: DriftTable) -> None:
        """Show the movie, moved by a table; keep how that came about."""
        source, movie = self.subject()
        output = self._form.output.options()
        moved = move_movie(all_colours(source, movie), table, output)
        there = find_result(self._viewer.layers, source)
        made: dict[str, Any] = {} if there is None else dict(there.metadata[KEY])
        options = dict(made.get("options", {"image": source.name, "axes": movie.axes}))
        options |= {name: getattr(output, name) for name in vars(self._form.output)}
        record = made | {"drift": table, "options": options}
        add_or_update(self._viewer, source, moved.data, record, moved.first)

    def _apply(self, layers: list[Layer]) -> str:
        history = self.table.history
        if history is None:
            msg = "There is no drift yet: press Align, or load a table, then apply it."
            raise ValueError(msg)
        if not layers:
            msg = "Tick the layers to move first."
            raise ValueError(msg)
        source, movie = self.subject()
        output = self._form.output.options()
        # All of them, before any is shown: what one cannot do stops the others.
        moved = [moved_layer(x, source, movie, history.now, output) for x in layers]
        shown = [
            show_moved(self._viewer, layer, data).name
            for layer, data in zip(layers, moved, strict=True)
        ]
        return f"Added {', '.join(shown)}."
