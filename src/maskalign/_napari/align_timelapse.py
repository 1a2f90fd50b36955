"""The dock widget *Align time-lapse*."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, Widget

from maskalign._napari.afterwards import Afterwards
from maskalign._napari.alignment import Aligned, Alignment
from maskalign._napari.form import fold, make_form, scrolled, tabs
from maskalign._napari.layers import movie_of
from maskalign._napari.movie_form import MovieForm
from maskalign._napari.preview import Preview
from maskalign._napari.preview_layer import PreviewLayer
from maskalign._napari.preview_panel import PreviewPanel
from maskalign._napari.remembered import recall, remember
from maskalign._napari.results import Results
from maskalign._napari.run_panel import RunPanel
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie

if TYPE_CHECKING:
    import napari.viewer

__all__ = ["AlignTimelapse"]

#: Name under which it is remembered whether previews are made.
_PREVIEWING = "previewing"


class AlignTimelapse(Container[Widget]):
    """Align a movie: choose it, paint what to ignore, press Align.

    Every control is an attribute, so that a script can do what a hand does::

        dock.image.value = viewer.layers["retina"]
        dock.mask.value = viewer.layers["static bars"]
        dock.max_shift.value = 64
        dock.align.native.click()

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer whose layers are aligned; napari hands it over.

    Attributes
    ----------
    image, mask : LayerBox
        The Image layer to align; the Labels, Shapes or Image layer that masks it, or
        None.
    painted, follows : ComboBox
        ``"ignore painted"`` or ``"use only painted"``; ``"fixed in the camera"``,
        ``"follows the sample"`` or ``"one a frame"``.
    axes : LineEdit
        What the axes of the image are, as letters: ``"t c y x"``.
    reference : ReferenceChoice
        The word for a strategy, such as ``"first"``, or the number of a frame.
    channel : ComboBox
        Channel to estimate on, or ``"mean"``; on show where there are channels.
    max_shift, min_overlap : FloatSpinBox
        Pixels, 0 for no limit; from 0 to 1.
    labels, exclude, projection, time_lags, renew_every, subpixel : Widget
        The other options of `estimate_drift`.
    interpolation, canvas, fill_value : Widget
        The options of `apply_drift`.
    paint, align, cancel : PushButton
        Add an empty mask and take the brush; begin; stop and keep what is done.
    preview : PreviewPanel
        The frame on show over its reference: `on`, `overlay`, `text`.
    plot : DriftView
        Shifts and NCC over time.
    table : TablePanel
        The rows, and what can be done with them.
    others : ApplyPanel
        Other layers, to be moved alike.
    checks : CheckPanel
        Whether it is better than before, and where: `better`, `ncc_maps`, `report`.
    saving : SavePanel
        The aligned movie in a file.
    about, status : WrappedLabel
        What the image is taken for; what is happening, what was found or went wrong.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._closed = False
        self._picture = PreviewLayer(self._viewer)
        self.preview = PreviewPanel(self._prepare_preview, self._picture)
        self._form = MovieForm(self._viewer, self.preview.request)
        for name, widget in self._form.controls.items():
            setattr(self, name, widget)
        panel = self._panel = self._make_panel()
        self.align, self.cancel = panel.begin, panel.cancel
        self.progress, self.status = panel.progress, panel.status
        results = self._results = Results(self._viewer, self._form, panel)
        self.plot, self.table, self.others = results.plot, results.table, results.others
        after = self._after = Afterwards(self._viewer, self._form, panel, results)
        self.checks, self.saving = after.checks, after.saving
        self._lay_out()
        self._recall()
        self._connect()
        self._form.choose_first()
        self._on_image()

    def _make_panel(self) -> RunPanel:
        return RunPanel(
            "Align",
            tooltip="Estimate the drift and add the aligned movie as a layer.",
            prepare=self._prepare,
            finish=self._finish,
            welcome="Paint what to ignore, press Align.",
            each=lambda row: self._results.add(row),
            undone=lambda: self._results.undo(),
            stopping="Stop, and keep the frames that are done.",
        )

    def _lay_out(self) -> None:
        chosen = make_form(self._form.widgets)
        drift = make_form([self._form.axes, *self._form.drift.widgets])
        output = make_form(self._form.output.widgets)
        page = Container[Widget](labels=False)
        page.extend([self._form.about, chosen, self.preview, self._panel])
        page.margins = (4, 4, 4, 4)
        layout = page.native.layout()
        layout.setSpacing(4)
        # Between the form and the preview.
        for at, (title, folded) in enumerate((("Advanced", drift), ("Output", output))):
            layout.insertWidget(2 + at, fold(title, folded))
        table, others = self.table.native, self.others.native
        checks, saving = self.checks.native, self.saving.native
        self.pages = tabs(
            {
                "Plot": self.plot,
                "Table": table,
                "Apply to": others,
                "Check": checks,
                "Save": saving,
            }
        )
        layout.addWidget(self.pages, 1)
        # So that napari tells them when layers come and go.
        self.extend([page])
        self.margins = (0, 0, 0, 0)
        self.native.layout().addWidget(scrolled(page.native))
        # Folded widgets are in no container; these keep them.
        self._folded = drift, output

    def _connect(self) -> None:
        self._panel.stop_with(self)
        self._panel.tell(self._on_running)
        self._results.changed = lambda: self._after.refresh(changed=True)
        self.native_parent_changed.connect(self._on_moved)
        self._form.image.changed.connect(self._on_image)
        self.table.recompute.changed.connect(self._on_recompute)
        output: list[Any] = self._form.output.widgets
        for widget in output:
            widget.changed.connect(self._on_output)
        layers = self._viewer.layers.events
        layers.inserted.connect(self._on_inserted)
        for event in (layers.removed, layers.reordered):
            event.connect(self._on_layers)
        self._viewer.dims.events.current_step.connect(self._on_slider)

    def _recall(self) -> None:
        """Set what was set last."""
        settings = recall()
        self.preview.on.value = settings.get(_PREVIEWING, True)
        self._form.set(settings)

    # What happens when something is chosen, added or moved ----------------------------

    def _on_image(self, *_: Any) -> None:
        movie = self._form.describe()
        if not self._panel.running:
            self._results.show_for(self._form.image.value, movie)
        self._list_layers()
        self.preview.request()

    def _on_inserted(self, event: Any) -> None:
        if not self._closed:
            self.reset_choices()
            self._form.take_up(event.value)
            self._list_layers()

    def _on_layers(self, *_: Any) -> None:
        if not self._closed:
            self._list_layers()

    def _list_layers(self) -> None:
        self._results.list_layers()
        self._after.list_layers()

    def _on_slider(self, *_: Any) -> None:
        if not self._closed:
            self._results.follow(self._form.shown_frame())
            self.preview.request()

    def _on_output(self, *_: Any) -> None:
        if not self._closed:
            self._results.lay_out_anew()
            self._after.refresh()

    def _on_running(self, running: bool) -> None:  # noqa: FBT001 - a callback
        if not running:
            self.preview.request()

    def _on_moved(self) -> None:
        """Rest while the dock is closed; look again when it is opened."""
        self._closed = self.native.parent() is None
        if self._closed:
            self.preview.leave()
            return
        self.reset_choices()
        self._list_layers()

    # Previewing and aligning ----------------------------------------------------------

    def _prepare_preview(self) -> Preview | None:
        form, movie = self._form, self._form.movie()
        if movie is None or movie.n_frames < 2 or self._panel.running or self._closed:
            return None
        source = self._picture.source = form.image.value
        self._picture.plane = form.shown_plane()
        mask = form.mask_choice(source, movie)
        return Preview(movie, mask, form.drift_options(movie), form.shown_frame())

    def _prepare(self, start: DriftTable | None = None) -> Alignment:
        """Collect what is asked for; raise if it cannot be done."""
        form = self._form
        # The axes may have been named since the image was chosen.
        form.describe()
        source = form.image.value
        movie: Movie = movie_of(source)[0]
        request = Alignment(
            source,
            movie,
            form.mask_choice(source, movie),
            form.drift_options(movie),
            form.output.options(),
            start,
        )
        request.check()
        remember(form.settings | {_PREVIEWING: self.preview.on.value})
        self.preview.pause()
        self._results.begin(request)
        return request

    def _on_recompute(self, *_: Any) -> None:
        history = self.table.history
        if history is not None:
            self._panel.start(lambda: self._prepare(history.now))

    def _finish(self, aligned: Aligned) -> str:
        return self._results.finish(aligned)
