"""The dock widget *Compare images*."""

from math import isnan
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, PushButton, Widget
from napari.layers import Image, Labels, Layer

from maskalign._napari.comparison import Compared, Comparison
from maskalign._napari.controls import LayerBox, WrappedLabel
from maskalign._napari.file_axes import name_axes
from maskalign._napari.form import make_form, scrolled
from maskalign._napari.grid import lie_apart
from maskalign._napari.joint_view import JointView
from maskalign._napari.luminance import colour_note
from maskalign._napari.masks import MaskChoice
from maskalign._napari.number_table import NumberTable
from maskalign._napari.option_boxes import MeaningBox
from maskalign._napari.run_panel import RunPanel
from maskalign._napari.sources import first_two, is_image, is_taken_up, masks_in
from maskalign._napari.still import Still, still_of
from maskalign._napari.wording import describe_error

if TYPE_CHECKING:
    import napari.viewer

__all__ = ["CompareImages"]


class CompareImages(Container[Widget]):
    """Compare two images: choose them, press Compare.

    Of a movie the frame on show is compared. Every control is an attribute, so that a
    script can do what a hand does::

        dock.reference.value = viewer.layers["before"]
        dock.moving.value = viewer.layers["after"]
        dock.compute.native.click()

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer whose layers are compared; napari hands it over.

    Attributes
    ----------
    reference, moving : LayerBox
        The layers to compare: images, or labels, which count as painted or not.
    mask : LayerBox
        The Labels, Shapes or boolean Image layer over them, or None.
    painted : ComboBox
        ``"ignore painted"`` or ``"use only painted"``.
    compute, cancel, copy : PushButton
        Begin; stop; put the numbers on the clipboard.
    about, status : WrappedLabel
        Which images are compared; what is happening, what was found or went wrong.
    table : NumberTable
        The numbers.
    joint : JointView
        The joint histogram.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._make_controls()
        self._lay_out()
        for box in (self.reference, self.moving):
            box.changed.connect(self._describe)
        self.copy.changed.connect(self.table.copy)
        self._viewer.dims.events.current_step.connect(self._describe)
        self._viewer.layers.events.inserted.connect(self._on_inserted)
        self._start_from_selection()
        self._describe()

    def _make_controls(self) -> None:
        self.reference = LayerBox(
            label="Reference",
            choices=self._images,
            tooltip="The image taken as true. Of a movie, the frame on show.",
        )
        self.moving = LayerBox(
            label="Moving",
            choices=self._images,
            tooltip=(
                "The image compared with it, pixel by pixel: align the two first. Of a "
                "movie, the frame on show."
            ),
        )
        self.mask = LayerBox(
            label="Mask",
            choices=self._masks,
            nullable=True,
            tooltip=(
                "A Labels or Shapes layer over the reference, or an image of True and "
                "False. Every label counts as painted, in whichever frame."
            ),
        )
        self.painted = MeaningBox(
            "What painting means: ignore it, or use nothing else."
        )
        self.copy = PushButton(
            text="Copy",
            enabled=False,
            tooltip="Put the selected numbers, or all, on the clipboard.",
        )

    def _lay_out(self) -> None:
        panel = RunPanel(
            "Compare",
            tooltip="Compute all numbers and the joint histogram.",
            prepare=self._prepare,
            finish=self._finish,
            welcome="Choose two images, press Compare.",
            step="Metric",
        )
        panel.stop_with(self)
        self.compute, self.cancel = panel.begin, panel.cancel
        self.progress, self.status = panel.progress, panel.status
        self.about = WrappedLabel()
        form = make_form([self.reference, self.moving, self.mask, self.painted])
        page = Container[Widget](labels=False)
        page.extend([form, self.about, panel, self.copy])
        page.margins = (4, 4, 4, 4)
        self.table, self.joint = NumberTable(), JointView()
        for view in (self.table, self.joint):
            page.native.layout().addWidget(view, 1)
        # So that napari tells them when layers come and go.
        self.extend([page])
        self.margins = (0, 0, 0, 0)
        # Beside another widget there may be little height.
        self.native.layout().addWidget(scrolled(page.native))

    # What there is to choose from -----------------------------------------------------

    def _images(self, *_: Any) -> list[Image | Labels]:
        layers = self._viewer.layers
        return [x for x in layers if is_image(x) or isinstance(x, Labels)]

    def _masks(self, *_: Any) -> list[Layer]:
        return masks_in(self._viewer.layers)

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

    def _stills(self) -> tuple[Still, Still]:
        point = self._viewer.dims.point
        return (
            still_of(self.reference.value, point, "reference"),
            still_of(self.moving.value, point, "moving image"),
        )

    def _describe(self, *_: Any) -> None:
        """Say what would be compared."""
        name_axes(self.reference.value, self.moving.value)
        try:
            reference, moving = self._stills()
        except (TypeError, ValueError) as error:
            self.about.value = describe_error(error)
            return
        note = colour_note(self.reference.value, self.moving.value)
        said = reference.text, moving.text, note
        self.about.value = "\n".join(filter(None, said))
        if reference.data.shape != moving.data.shape:
            return
        if not all(
            x.movie.axes.endswith(x.movie.spatial_axes) for x in (reference, moving)
        ):
            return
        layers = self.reference.value, self.moving.value
        if lie_apart(*layers, reference.data.shape):
            self.about.value += (
                "\nThe layers do not lie over each other in the viewer: what is "
                "compared is pixels of the same number."
            )

    # Comparing ------------------------------------------------------------------------

    def _prepare(self) -> Comparison:
        """Collect what is asked for; raise if it cannot be done."""
        reference, moving = self._stills()
        layer, mask = self.mask.value, None
        if layer is not None:
            source, meaning = self.reference.value, self.painted.value
            mask = MaskChoice(layer, source, reference.movie, meaning)
            mask.check()
        return Comparison(reference, moving, mask)

    def _finish(self, found: Compared) -> str:
        """Show the numbers and the histogram, and return the first of them."""
        self.table.show_numbers(found.numbers)
        self.joint.show_histogram(found.histogram, found.names)
        self.copy.enabled = True
        pearson = found.numbers["pearson"]
        value = "undefined" if isnan(pearson) else f"{pearson:.3f}"
        text = f"{found.names[0]} and {found.names[1]}: Pearson {value}"
        if found.used < 1:
            text += f", on {found.used:.0%} of the pixels".replace("%", " %")
        return f"{text}."
