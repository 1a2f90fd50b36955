"""The dock widget *Align two images*."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, Label, PushButton, Widget
from napari.layers import Layer
from napari.utils.notifications import show_warning

from maskalign._napari.apply_panel import ApplyPanel
from maskalign._napari.form import fold, make_form, scrolled
from maskalign._napari.layers import is_ours
from maskalign._napari.pair import Paired, Pairing, Surface, SurfaceTask
from maskalign._napari.pair_form import PairForm
from maskalign._napari.pair_layers import (
    add_aligned,
    add_along,
    add_surface,
    carried_by,
)
from maskalign._napari.place import why_not
from maskalign._napari.preview_layer import PreviewLayer
from maskalign._napari.remembered import recall, remember
from maskalign._napari.run_panel import Errand, RunPanel
from maskalign.model.status import TRUSTED

if TYPE_CHECKING:
    import napari.viewer

__all__ = ["AlignPair"]

#: Name under which the settings are remembered.
_SETTINGS = "two images"
#: Layers of these kinds are ours, and are not offered to be moved along.
_OURS = ("registration", "surface", "preview", "live")


class AlignPair(Container[Widget]):
    """Align two images: choose them, paint what to ignore, press Align.

    They may have other pixel sizes, units, shapes and places. Every control is an
    attribute, so that a script can do what a hand does::

        dock.reference.value = viewer.layers["overview"]
        dock.moving.value = viewer.layers["detail"]
        dock.align.native.click()

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer whose layers are aligned; napari hands it over.

    Attributes
    ----------
    reference, moving : LayerBox
        The Image layers: the one that stays, and the one to lay over it.
    reference_mask, moving_mask : LayerBox
        The Labels, Shapes or boolean Image layer that masks either, or None.
    paint_reference, paint_moving : PushButton
        Add an empty mask over either and take the brush.
    painted : ComboBox
        ``"ignore painted"`` or ``"use only painted"``, in both.
    max_shift : FloatSpinBox
        Pixels of the reference from where the moving image lies now; 0 for no limit.
    min_overlap, subpixel : Widget
        Options of `register`.
    output, interpolation : ComboBox
        ``"move the layer"`` or ``"resample on the reference"``, and how.
    align, cancel : PushButton
        Begin; stop.
    overlay : ComboBox
        ``"off"``, ``"before"`` or ``"after"``: both images in magenta and green.
    show_surface : PushButton
        Show the correlation at every shift as a layer.
    along : ApplyPanel
        Other layers, to be moved as the moving image was.
    about, status : WrappedLabel
        What would be aligned; what is happening, what was found or went wrong.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._closed = False
        self._found: Paired | None = None
        self._picture = PreviewLayer(self._viewer, "overlay")
        self._form = PairForm(self._viewer, self._on_pair)
        for name, widget in self._form.controls.items():
            setattr(self, name, widget)
        panel = self._panel = self._make_panel()
        self.align, self.cancel = panel.begin, panel.cancel
        self.progress, self.status = panel.progress, panel.status
        self._make_views()
        self._lay_out()
        self._form.set(recall().get(_SETTINGS, {}))
        self._connect()
        self._form.choose_first()
        self._form.describe()
        self._list_layers()

    def _make_panel(self) -> RunPanel:
        return RunPanel(
            "Align",
            tooltip="Find the shift and add the aligned image as a layer.",
            prepare=self._prepare,
            finish=self._finish,
            welcome="Choose two images, press Align.",
            step="Step",
        )

    def _make_views(self) -> None:
        self.overlay = ComboBox(
            choices=("off", "before", "after"),
            value="off",
            enabled=False,
            tooltip=(
                "Show the two images over each other, the reference in green and the "
                "moving one in magenta, as they lay or aligned: grey where they agree."
            ),
        )
        self.show_surface = PushButton(
            text="Correlation surface",
            tooltip=(
                "Show how well the images fit at every shift, as a layer whose "
                "coordinates are the shift: the picture to look at when in doubt."
            ),
        )
        self.along = ApplyPanel(
            self._panel.attempt,
            self._move_along,
            intro=(
                "Carry these along with the moving image; they stay as they are, a "
                "copy is added:"
            ),
            tooltip=(
                "Add copies, of any kind of layer, that lie over the aligned image as "
                "they lay over the moving one. Nothing is resampled."
            ),
        )

    def _lay_out(self) -> None:
        chosen = make_form(self._form.widgets)
        advanced = make_form([self._form.min_overlap, self._form.subpixel])
        views: list[Widget] = [Label(value="Overlay"), self.overlay, self.show_surface]
        row = Container[Widget](widgets=views, layout="horizontal", labels=False)
        row.margins = (0, 0, 0, 0)
        page = Container[Widget](labels=False)
        page.extend([chosen, self._form.about, self._panel, row])
        page.margins = (4, 4, 4, 4)
        layout = page.native.layout()
        layout.setSpacing(4)
        layout.insertWidget(2, fold("Advanced", advanced))
        layout.addWidget(fold("Carry other layers along", self.along))
        layout.addStretch(1)
        # So that napari tells them when layers come and go.
        self.extend([page])
        self.margins = (0, 0, 0, 0)
        self.native.layout().addWidget(scrolled(page.native))
        # Folded widgets are in no container; this keeps them.
        self._folded = advanced

    def _connect(self) -> None:
        self._panel.stop_with(self)
        self._panel.tell(self._on_running)
        self.native_parent_changed.connect(self._on_moved)
        self.overlay.changed.connect(self._show_overlay)
        self.show_surface.changed.connect(self._on_surface)
        layers = self._viewer.layers.events
        layers.inserted.connect(self._on_inserted)
        layers.removed.connect(self._list_layers)
        layers.reordered.connect(self._list_layers)
        self._viewer.dims.events.current_step.connect(self._on_slider)

    # What happens when something is chosen, added or moved ----------------------------

    def _on_pair(self, *_: Any) -> None:
        """Take away what was found for other images."""
        found = self._found
        if found is None:
            return
        chosen = self._form.reference.value, self._form.moving.value
        request = found.request
        if chosen != (request.reference.layer, request.moving.layer):
            self._found = None
            self.overlay.value = "off"
            self.overlay.enabled = False

    def _on_inserted(self, event: Any) -> None:
        if not self._closed:
            self.reset_choices()
            self._form.take_up(event.value)
            self._form.describe()
            self._list_layers()

    def _on_slider(self, *_: Any) -> None:
        if not self._closed:
            self._form.describe()
            # One that was deleted, or goes with all others, stays away.
            there = self._picture.layer is not None
            if there and self._form.shown_plane() != self._picture.plane:
                self._show_overlay()

    def _on_moved(self) -> None:
        """Rest while the dock is closed; look again when it is opened."""
        self._closed = self.native.parent() is None
        if self._closed:
            self.overlay.value = "off"
            return
        self.reset_choices()
        self._form.describe()
        self._list_layers()

    def _list_layers(self, *_: Any) -> None:
        if self._closed:
            return
        found = self._found
        by = None if found is None else carried_by(found)
        chosen = self._form.reference.value, self._form.moving.value
        self.along.show_layers(
            [
                (layer, "" if by is None else why_not(layer, by))
                for layer in self._viewer.layers
                if layer not in chosen and not any(is_ours(layer, o) for o in _OURS)
            ]
        )

    # Aligning -------------------------------------------------------------------------

    def _prepare(self) -> Pairing:
        """Collect what is asked for; raise if it cannot be done."""
        self._form.describe()
        request = self._form.pairing()
        remember({_SETTINGS: self._form.settings})
        return request

    def _on_surface(self, *_: Any) -> None:
        errand = Errand(
            title="Correlation surface", finish=self._finish_surface, step="Step"
        )
        self._panel.start(lambda: SurfaceTask(self._form.pairing()), errand)

    def _finish_surface(self, found: Surface) -> str:
        """Show the surface, and say how it is read."""
        add_surface(self._viewer, found)
        # It lies about the origin, where the images need not be.
        self._viewer.reset_view()
        return (
            "Added the correlation surface: the place of the pointer is the shift, "
            "the ring is the best."
        )

    def _on_running(self, running: bool) -> None:  # noqa: FBT001 - a callback
        self.show_surface.enabled = not running

    def _finish(self, found: Paired) -> str:
        """Show the aligned image, and return what was found."""
        layer = add_aligned(self._viewer, found)
        self._found = found
        self.overlay.enabled = True
        self._show_overlay()
        self._list_layers()
        if found.found.status not in TRUSTED:
            show_warning(
                f"{layer.name!r} may not be where it belongs; the dock says why."
            )
        return found.text

    def _show_overlay(self, *_: Any) -> None:
        found = self._found
        if self.overlay.value == "off" or found is None:
            self._picture.hide()
            return
        self._picture.source = found.request.reference.layer
        self._picture.beneath = [
            layer
            for layer in self._viewer.layers
            if layer is found.request.moving.layer or is_ours(layer, "registration")
        ]
        self._picture.plane = self._form.shown_plane()
        after = self.overlay.value == "after"
        self._picture.show(found.picture(after=after, plane=self._picture.plane))

    def _move_along(self, layers: list[Layer]) -> str:
        found = self._found
        if found is None:
            msg = "There is no shift yet: press Align, then carry layers along."
            raise ValueError(msg)
        if not layers:
            msg = "Tick the layers to carry along first."
            raise ValueError(msg)
        by = carried_by(found)
        for layer in layers:
            reason = why_not(layer, by)
            if reason:
                msg = f"{layer.name!r} cannot be carried: {reason}."
                raise ValueError(msg)
        made = [add_along(self._viewer, layer, by, found.record) for layer in layers]
        return f"Added {', '.join(layer.name for layer in made)}."
