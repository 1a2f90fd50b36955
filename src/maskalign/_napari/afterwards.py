"""What can be done with an alignment once it is there: check it, and save it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskalign._napari.apply_to import kind_of
from maskalign._napari.check_panel import CheckPanel
from maskalign._napari.checks import Assessment, FrameMaps, MapsOfAligned
from maskalign._napari.layers import aligned_name, find_result, is_result
from maskalign._napari.luminance import all_colours
from maskalign._napari.map_layer import over_layer, show_map
from maskalign._napari.remembered import recall, remember
from maskalign._napari.run_panel import Errand
from maskalign._napari.save_panel import SavePanel
from maskalign._napari.saving import (
    Saving,
    aligned_movie,
    describe_saving,
    layer_movie,
    outline,
)
from maskalign._napari.world import moved_by, placement
from maskalign.model.drift_table import DriftTable
from maskalign.model.map_options import MapOptions
from maskalign.model.report import AlignmentReport

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from maskalign._napari.movie_form import MovieForm
    from maskalign._napari.results import Results
    from maskalign._napari.run_panel import RunPanel
    from maskalign.model.movie import Movie

__all__ = ["Afterwards"]

#: Name under which it is remembered where to a movie was saved last.
_FOLDER = "folder of movies"


class Afterwards:
    """Checks and saves what was aligned, in the panel where it was aligned.

    Parameters
    ----------
    viewer : napari viewer
        Where layers are shown.
    form : MovieForm
        Says which movie, which mask and which output it is about.
    panel : RunPanel
        Runs the work, and says in words how it goes.
    results : Results
        Knows the table, and which movie it belongs to.

    Attributes
    ----------
    checks : CheckPanel
        The report, and NCC maps.
    saving : SavePanel
        The aligned movie in a file.
    """

    def __init__(
        self,
        viewer: "ViewerModel",
        form: "MovieForm",
        panel: "RunPanel",
        results: "Results",
    ) -> None:
        self._viewer, self._form, self._panel = viewer, form, panel
        self._results = results
        self.checks = CheckPanel(self._assess, self._draw_maps)
        self.saving = SavePanel(
            self._save,
            self._suggest,
            lambda: results.table.save.changed.emit(True),
            self._moved_layers,
        )
        self.saving.changed_layer = self.refresh
        panel.tell(lambda _on: self.refresh())
        self.refresh()

    def refresh(self, *, changed: bool = False) -> None:
        """Offer what can be done now; forget what was said of another table."""
        table, running = self._now, self._panel.running
        self.checks.enable(on=table is not None and not running)
        if changed:
            self.checks.forget()
            self._choose_result()
        about = self._about()
        self.saving.about.value = about or "There is nothing to save yet: press Align."
        self.saving.movie.enabled = bool(about) and not running
        self.saving.table.enabled = table is not None and not running

    def list_layers(self) -> None:
        """Offer the layers that there are now to be saved."""
        self.saving.layer.reset_choices()
        if self.saving.layer.value is None:
            self._choose_result()

    def _choose_result(self) -> None:
        """Offer the aligned movie to be saved."""
        source = self._form.image.value
        if source is not None:
            self.saving.layer.reset_choices()
            self.saving.layer.value = find_result(self._viewer.layers, source)

    def _moved_layers(self, *_: Any) -> list[Any]:
        kinds = ("Image", "Labels")
        layers = self._viewer.layers
        return [x for x in layers if is_result(x) and kind_of(x) in kinds]

    @property
    def _now(self) -> DriftTable | None:
        history = self._results.table.history
        return None if history is None else history.now

    def _about(self) -> str:
        """Return what would be saved, or why it cannot be; empty for nothing."""
        layer = self.saving.layer.value
        try:
            if layer is not None:
                return describe_saving(layer_movie(layer))
            if self._now is None or self._form.movie() is None:
                return ""
            # The aligned layer was removed.
            source, movie, table = self._asked()
            whole = all_colours(source, movie)
            return describe_saving(outline(whole, table, self._output()))
        except (TypeError, ValueError) as error:
            return str(error)

    def _output(self) -> Any:
        return self._form.output.options()

    def _asked(self) -> "tuple[Image, Movie, DriftTable]":
        """Return what it is about; raise if there is nothing."""
        table = self._now
        if table is None:
            msg = "There is no drift yet: press Align, or load a table."
            raise ValueError(msg)
        return *self._results.subject(), table

    # The report -----------------------------------------------------------------------

    def _assess(self) -> None:
        def prepare() -> Assessment:
            source, movie, table = self._asked()
            mask = self._form.mask_choice(source, movie)
            return Assessment(movie, table, mask, self._channel(movie))

        errand = Errand(
            title="Is it better?",
            finish=self._show_report,
            step="Frame read",
            stopping="Stop. There is no report.",
            stopped="Cancelled; there is no report.",
        )
        self._panel.start(prepare, errand)

    def _show_report(self, report: AlignmentReport) -> str:
        return self.checks.show_report(report)

    def _channel(self, movie: "Movie") -> Any:
        return self._form.channel.value if "C" in movie.axes else None

    # NCC maps -------------------------------------------------------------------------

    def _draw_maps(self) -> None:
        def prepare() -> MapsOfAligned:
            source, movie, table = self._asked()
            options = MapOptions(window=int(self.checks.window.value))
            return MapsOfAligned(
                source,
                movie,
                table,
                self._output(),
                self._form.mask_choice(source, movie),
                self._channel(movie),
                options.sizes(len(movie.frame_shape))[0],
            )

        errand = Errand(title="NCC maps", finish=self._show_maps, step="Step")
        self._panel.start(prepare, errand)

    def _show_maps(self, found: FrameMaps) -> str:
        source = found.request.source
        data, kept = over_layer(found.maps.data, found.request.movie)
        placed = placement(source, kept)
        placed["translate"] = moved_by(source, found.first)[kept]
        name = aligned_name(source)
        show_map(self._viewer, name, placed, data, found.record)
        return found.text

    # Saving ---------------------------------------------------------------------------

    def _suggest(self) -> str:
        folder = Path(recall().get(_FOLDER, ""))
        layer, image = self.saving.layer.value, self._form.image.value
        name = "movie-aligned" if image is None else f"{image.name}-aligned"
        if layer is not None:
            name = layer.name
        # A name of a layer may hold what a name of a file cannot.
        safe = "".join(c if c.isalnum() or c in " -_.()" else "_" for c in name)
        return str(folder / f"{safe}.ome.tif")

    def _chosen(self) -> "Movie":
        """Return what is to be saved."""
        layer = self.saving.layer.value
        if layer is not None:
            return layer_movie(layer)
        source, movie, table = self._asked()
        return aligned_movie(all_colours(source, movie), table, self._output())

    def _save(self, path: Path, overwrite: bool) -> None:  # noqa: FBT001 - a callback
        def prepare() -> Saving:
            remember({_FOLDER: str(path.parent)})
            return Saving(path, self._chosen(), overwrite)

        errand = Errand(
            title="Save",
            finish=str,
            stopping="Stop. No file is left.",
            stopped="Cancelled; no file was left.",
        )
        self._panel.start(prepare, errand)
