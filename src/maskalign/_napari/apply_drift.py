"""The dock widget *Apply drift*."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, PushButton, Widget
from napari.layers import Layer
from qtpy.QtWidgets import QFileDialog

from maskalign._napari.apply_form import ApplyForm
from maskalign._napari.apply_given import Moving
from maskalign._napari.apply_panel import ApplyPanel
from maskalign._napari.controls import LayerBox, WrappedLabel
from maskalign._napari.counting import fits, made_on_of, unfit
from maskalign._napari.drift_view import DriftView
from maskalign._napari.file_axes import name_axes
from maskalign._napari.form import fold, make_form, scrolled
from maskalign._napari.given import (
    Given,
    carried,
    describe_given,
    read_given,
)
from maskalign._napari.layers import KEY, is_ours, movie_of
from maskalign._napari.remembered import recall, remember
from maskalign._napari.saying import StatusLine
from maskalign._napari.sliders import go_to_frame, shown_frame
from maskalign._napari.sources import images_in

if TYPE_CHECKING:
    import napari.viewer

__all__ = ["ApplyDrift"]

_FILES = "Drift tables (*.csv *.json *.txt *.log);;All files (*)"
_WELCOME = (
    "Choose a layer that was aligned, or a drift table from a file: of maskalign, "
    "napari-correct-drift, Fiji Correct 3D Drift, NanoPyx, NanoJ or Fast4DReg."
)
#: Height of the plot, screen pixels: the list below it is to be seen, too.
_PLOT = 190
#: Layers of ours that are pictures of a moment, not ready, or of something aligned.
_PASSING = ("preview", "live", "ncc_map")


class ApplyDrift(Container[Widget]):
    """Move layers by a drift table that is there: choose it, tick them, press Apply.

    Every control is an attribute, so that a script can do what a hand does::

        dock.read("drift.csv")
        dock.others.tick(viewer.layers["green"])
        dock.apply.native.click()

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer whose layers are moved; napari hands it over.

    Attributes
    ----------
    table_of : LayerBox
        A layer that carries a table, or None where the table is from a file.
    load : PushButton
        Ask for a file; `read` takes one by its path.
    made_on : LayerBox
        The movie in whose pixels the table counts, or None.
    doubt : ComboBox
        ``"as neighbours are"`` or ``"as the table says"``.
    inverse : CheckBox
        Move back: from the aligned movie to the recorded one.
    interpolation, canvas, fill_value : Widget
        The options of `apply_drift`.
    others : ApplyPanel
        The layers, to be ticked.
    apply : PushButton
        Move what is ticked.
    plot : DriftView
        The shifts over time.
    about, status : WrappedLabel
        What the table is; what was done, or went wrong.
    """

    table_of: LayerBox
    load: PushButton
    made_on: LayerBox
    doubt: ComboBox
    inverse: CheckBox

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._given: Given | None = None
        self._closed = False
        self.status = StatusLine(value="")
        self.about = WrappedLabel(value=_WELCOME)
        self.plot = DriftView()
        self.plot.hide()
        form = self._form = ApplyForm(self._carriers, self._movies)
        for name, widget in form.controls.items():
            setattr(self, name, widget)
        self.others = ApplyPanel(
            self.status.attempt,
            self._apply,
            "Layers to move; they stay as they are, a moved copy is added:",
        )
        self.apply = self.others.apply
        self._lay_out()
        self._recall()
        self._connect()
        self._choose_first()

    def _lay_out(self) -> None:
        chosen = make_form([self.table_of, self.load])
        made_on = make_form([self.made_on])
        output = make_form([self.doubt, *self._form.output.widgets])
        page = Container[Widget](labels=False)
        page.extend(
            [chosen, self.about, made_on, self.inverse, self.others, self.status]
        )
        page.margins = (4, 4, 4, 4)
        layout = page.native.layout()
        layout.setSpacing(4)
        self.plot.setMaximumHeight(_PLOT)
        layout.insertWidget(2, self.plot)
        layout.insertWidget(4, fold("Output", output))
        self.extend([page])
        # Folded widgets are in no container; this keeps them.
        self._folded = output
        self.margins = (0, 0, 0, 0)
        self.native.layout().addWidget(scrolled(page.native))

    def _connect(self) -> None:
        self.table_of.changed.connect(self._on_layer)
        self.load.changed.connect(self._on_load)
        self.doubt.changed.connect(self._describe)
        self.made_on.changed.connect(self._on_slider)
        self.inverse.changed.connect(self._list_layers)
        self.plot.frame_chosen.connect(self._go_to)
        self.native_parent_changed.connect(self._on_moved)
        layers = self._viewer.layers.events
        layers.inserted.connect(self._on_inserted)
        for event in (layers.removed, layers.reordered):
            event.connect(self._on_layers)
        self._viewer.dims.events.current_step.connect(self._on_slider)

    def _recall(self) -> None:
        """Set how layers are moved as it was set last, here or in the other dock."""
        for name, value in recall().items():
            if name in vars(self._form.output):
                getattr(self, name).value = value

    def _choose_first(self) -> None:
        """Begin with the layer that is selected, else with the newest, if any fits."""
        name_axes(*images_in(self._viewer.layers))
        carriers = self._carriers()
        active = self._viewer.layers.selection.active
        if carriers:
            self.table_of.value = active if active in carriers else carriers[-1]
        self._list_layers()

    # What there is to choose from -----------------------------------------------------

    def _carriers(self, *_: Any) -> list[Layer]:
        return [x for x in self._viewer.layers if carried(x) is not None]

    def _movies(self, *_: Any) -> list[Layer]:
        if self._given is None:
            return []
        table = self._given.table
        return [x for x in images_in(self._viewer.layers) if fits(x, table)]

    @property
    def given(self) -> Given | None:
        """The table, and where it is from; None while there is none."""
        return self._given

    def read(self, path: str) -> None:
        """Read a table from a file."""
        self.status.attempt(lambda: self._take(read_given(path)))

    # What happens when something is chosen or moved -----------------------------------

    def _on_load(self, *_: Any) -> None:
        path, _kind = QFileDialog.getOpenFileName(
            self.native, "Load a drift table", "", _FILES
        )
        if path:
            self.read(path)

    def _on_layer(self, layer: Layer | None) -> None:
        given = carried(layer)
        if given is not None:
            self._take(given)
        elif self._given is not None and self._given.carrier is not None:
            # It was removed; the table is still known.
            self._given = Given(self._given.table, self._given.name)

    def _take(self, given: Given) -> str:
        """Show a table, and what it may be applied to."""
        self._given = given
        if given.carrier is None:
            with self.table_of.changed.blocked():
                self.table_of.value = None
        self.made_on.reset_choices()
        self._find_movie(given)
        self.plot.show_table(given.table, len(given.table))
        self.plot.show()
        self._describe()
        self._list_layers()
        self._on_slider()
        self.status.value = ""
        return ""

    def _find_movie(self, given: Given) -> None:
        images = images_in(self._viewer.layers)
        self.made_on.value = made_on_of(images, given.table, given.carrier)

    def _describe(self, *_: Any) -> None:
        if self._given is not None:
            self.about.value = describe_given(self._given, self.doubt.value)

    def _on_inserted(self, event: Any) -> None:
        """Take a movie that was opened after its table, where none is chosen yet."""
        self._on_layers()
        if carried(event.value) is None:
            self._find_movie_if_none()

    def _find_movie_if_none(self) -> None:
        # What is chosen from is taken up while the dock is open.
        if not self._closed and self._given is not None and self.made_on.value is None:
            self._find_movie(self._given)

    def _on_layers(self, *_: Any) -> None:
        if not self._closed:
            name_axes(*images_in(self._viewer.layers))
            self.reset_choices()
            self._list_layers()

    def _list_layers(self, *_: Any) -> None:
        """List what can be moved, and say of the rest why it cannot."""
        table = None if self._given is None else self._given.table
        self.others.show_layers(
            [
                (layer, "" if table is None else unfit(layer, table))
                for layer in self._viewer.layers
                if self._is_offered(layer)
            ]
        )
        self.apply.enabled = table is not None

    def _is_offered(self, layer: Layer) -> bool:
        """Tell whether a layer is not just on its way, nor moved this way before."""
        if any(is_ours(layer, what) for what in _PASSING):
            return False
        if carried(layer) is None:
            return True
        back = bool(layer.metadata[KEY].get("options", {}).get("inverse"))
        return back != self.inverse.value

    def _ground(self) -> Any:
        """Return a movie whose frames are those of the table."""
        return self.made_on.value or next(iter(self._movies()), None)

    def _on_slider(self, *_: Any) -> None:
        movie = None if self._closed else self._ground()
        if movie is not None:
            axes = movie_of(movie)[0].axes
            self.plot.show_frame(shown_frame(movie, axes, self._viewer.dims.point))

    def _go_to(self, frame: int) -> None:
        movie = self._ground()
        if movie is not None:
            go_to_frame(self._viewer, movie, movie_of(movie)[0].axes, frame)

    def _on_moved(self) -> None:
        """Rest while the dock is closed; look again when it is opened."""
        self._closed = self.native.parent() is None
        self._on_layers()
        self._find_movie_if_none()

    # Moving ---------------------------------------------------------------------------

    def _apply(self, layers: list[Layer]) -> str:
        # It may have been mended in the other dock since it was chosen.
        newest = None if self._given is None else carried(self._given.carrier)
        if newest is not None and newest.table is not self._given.table:  # type: ignore[union-attr]
            self._take(newest)
        if self._given is None:
            msg = "There is no drift table: choose a layer that carries one, or a file."
            raise ValueError(msg)
        if not layers:
            msg = "Tick the layers to move first."
            raise ValueError(msg)
        moving = Moving(
            self._given,
            self.made_on.value,
            self.doubt.value,
            bool(self.inverse.value),
            self._form.output.options(),
        )
        said = moving.apply(self._viewer, layers)
        widgets = vars(self._form.output)
        remember({name: widget.value for name, widget in widgets.items()})
        return said
