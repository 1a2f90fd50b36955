"""The dock widget *NCC map*."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, Widget
from napari.layers import Image, Layer

from maskalign._napari.controls import LayerBox, WrappedLabel
from maskalign._napari.file_axes import name_axes
from maskalign._napari.form import make_form
from maskalign._napari.mapping import (
    Mapped,
    MapRequest,
    Picture,
    add_map,
    choices_against,
    describe_map,
    describe_pair,
    picture_of,
)
from maskalign._napari.masks import MaskChoice
from maskalign._napari.option_boxes import MeaningBox, PixelsBox
from maskalign._napari.run_panel import RunPanel
from maskalign._napari.sources import first_two, images_in, is_taken_up, masks_in
from maskalign._napari.wording import describe_error
from maskalign.model.map_options import MapOptions
from maskalign.model.movie import Movie
from maskalign.model.options import help_for

if TYPE_CHECKING:
    import napari.viewer

__all__ = ["NccMap"]

_DEFAULTS = MapOptions()
#: What the box for weights offers.
_WEIGHTS = ("box", "gaussian")
_LARGEST_WINDOW = 999


class NccMap(Container[Widget]):
    """Show where two images agree: choose them, press Compute.

    Every control is an attribute, so that a script can do what a hand does::

        dock.reference.value = viewer.layers["before"]
        dock.moving.value = viewer.layers["after (aligned)"]
        dock.window.value = 15
        dock.compute.native.click()

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer whose layers are compared; napari hands it over.

    Attributes
    ----------
    reference, moving : LayerBox
        The layers to compare, images or movies, pixel by pixel.
    against : ComboBox
        ``"first frame"``, ``"previous frame"``, ``"same frame"`` or ``"shown frame"``
        of the reference; on show where that is a movie.
    mask : LayerBox
        The Labels, Shapes or boolean Image layer over them, or None.
    painted : ComboBox
        ``"ignore painted"`` or ``"use only painted"``.
    window : FloatSpinBox
        Size of the window, an odd number of pixels.
    weights : ComboBox
        ``"box"`` or ``"gaussian"``.
    compute, cancel : PushButton
        Begin; stop.
    about, status : WrappedLabel
        What is compared; what is happening, what was found or went wrong.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._make_layer_boxes()
        self._make_options()
        self._lay_out()
        for box in (self.reference, self.moving):
            box.changed.connect(self._describe)
        self._viewer.layers.events.inserted.connect(self._on_inserted)
        self._start_from_selection()
        self._describe()

    def _make_layer_boxes(self) -> None:
        self.reference = LayerBox(
            label="Reference",
            choices=self._images,
            tooltip="The image, or movie, to compare with.",
        )
        self.moving = LayerBox(
            label="Moving",
            choices=self._images,
            tooltip=(
                "The image, or movie, that is compared with it, pixel by pixel: align "
                "it first."
            ),
        )
        self.against = ComboBox(
            label="Against",
            choices=self._choices_against,
            tooltip=(
                "Which frame of the reference each frame is compared with: the first, "
                "the one before, the one of the same number, or the one on show."
            ),
        )
        self.mask = LayerBox(
            label="Mask",
            choices=self._masks,
            nullable=True,
            tooltip=(
                "A Labels or Shapes layer over the images, or an image of True and "
                "False. Every label counts as painted, in whichever frame."
            ),
        )
        self.painted = MeaningBox(
            "What painting means: ignore it, or use nothing else."
        )

    def _make_options(self) -> None:
        self.window = PixelsBox(
            self._moving_movie,
            label="Window",
            min=3,
            max=_LARGEST_WINDOW,
            step=2,
            value=_DEFAULTS.sizes(2)[0],
            tooltip=help_for(MapOptions, "window"),
        )
        self.weights = ComboBox(
            label="Weights",
            choices=_WEIGHTS,
            value=_DEFAULTS.weights,
            tooltip=help_for(MapOptions, "weights"),
        )

    def _lay_out(self) -> None:
        panel = RunPanel(
            "Compute",
            tooltip="Compute the map and add it as a layer.",
            prepare=self._prepare,
            finish=self._finish,
            welcome="Choose two aligned images, press Compute.",
        )
        panel.stop_with(self)
        self.compute, self.cancel = panel.begin, panel.cancel
        self.progress, self.status = panel.progress, panel.status
        self.about = WrappedLabel()
        layers = [self.reference, self.moving, self.against, self.mask, self.painted]
        form = make_form([*layers, self.window, self.weights])
        self.extend([form, self.about, panel])

    # What there is to choose from -----------------------------------------------------

    def _images(self, *_: Any) -> list[Image]:
        return images_in(self._viewer.layers)

    def _masks(self, *_: Any) -> list[Layer]:
        return masks_in(self._viewer.layers)

    def _choices_against(self, *_: Any) -> tuple[str, ...]:
        try:
            return choices_against(*self._pictures())
        except (TypeError, ValueError):
            return ()

    def _pictures(self) -> tuple[Picture, Picture]:
        point = self._viewer.dims.point
        return (
            picture_of(self.reference.value, point, "reference"),
            picture_of(self.moving.value, point, "moving image"),
        )

    def _start_from_selection(self) -> None:
        """Begin with two images that are selected, else with the first two."""
        boxes = self.reference, self.moving
        for box, layer in zip(boxes, first_two(self._viewer.layers), strict=False):
            box.value = layer

    def _on_inserted(self, event: Any) -> None:
        """Take a new image as the second one, where there is none yet."""
        self.reset_choices()
        if is_taken_up(event.value, self.reference.value, self.moving.value):
            self.moving.value = event.value
        self._describe()

    def _describe(self, *_: Any) -> None:
        """Say what would be compared, and offer what there is."""
        name_axes(self.reference.value, self.moving.value)
        wanted = self._choices_against()
        if set(wanted) != set(self.against.choices):
            self.against.reset_choices()
            if wanted:
                # The box would keep what was chosen for other layers.
                self.against.value = wanted[0]
        self.against.visible = bool(wanted)
        try:
            reference, moving = self._pictures()
        except (TypeError, ValueError) as error:
            self.about.value = describe_error(error)
        else:
            self.about.value = describe_pair(reference, moving)
        self.window.show_size()

    def _moving_movie(self) -> Movie | None:
        try:
            return self._pictures()[1].movie
        except (TypeError, ValueError):
            return None

    # Computing ------------------------------------------------------------------------

    def _prepare(self) -> MapRequest:
        """Collect what is asked for; raise if it cannot be done."""
        reference, moving = self._pictures()
        options = MapOptions(window=int(self.window.value), weights=self.weights.value)
        layer, mask = self.mask.value, None
        if layer is not None:
            mask = MaskChoice(layer, moving.layer, moving.movie, self.painted.value)
            mask.check()
        against = self.against.value if self.against.choices else None
        return MapRequest(reference, moving, against, mask, options)

    def _finish(self, found: Mapped) -> str:
        """Show the map, and return what was found."""
        add_map(self._viewer, found)
        return describe_map(found)
