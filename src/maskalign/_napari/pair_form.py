"""Which two images, which masks, which options: the controls of *Align two images*."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, PushButton, Widget
from napari.layers import Image, Layer

from maskalign._napari.controls import LayerBox, WrappedLabel
from maskalign._napari.file_axes import name_axes
from maskalign._napari.layers import new_mask
from maskalign._napari.masks import MaskChoice
from maskalign._napari.option_boxes import (
    MaxShiftBox,
    MeaningBox,
    interpolation_box,
    min_overlap_box,
    subpixel_box,
)
from maskalign._napari.pair import OUTPUTS, Pairing
from maskalign._napari.pair_side import Side, describe_sides, plane_shown, sides_of
from maskalign._napari.place import decide_lie
from maskalign._napari.sources import first_two, images_in, is_taken_up, masks_in
from maskalign._napari.wording import describe_error
from maskalign.model.options import MatchOptions

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from maskalign.model.movie import Movie

__all__ = ["PairForm"]

#: What is kept for other images too.
_REMEMBERED = (
    *("painted", "max_shift", "min_overlap", "subpixel"),
    *("output", "interpolation"),
)


class PairForm:
    """The controls that say what is to be done.

    Parameters
    ----------
    viewer : napari viewer
        Whose layers there are to choose from.
    changed : callable
        Called when other images are chosen.

    The controls are attributes; see `AlignPair`.
    """

    def __init__(self, viewer: "ViewerModel", changed: Callable[..., None]) -> None:
        self._viewer = viewer
        self._movie: Movie | None = None
        self._make_layers()
        self._make_options()
        for box in (self.reference, self.moving):
            box.changed.connect(self.describe)
            box.changed.connect(changed)
        self.output.changed.connect(self._on_output)
        self.painted.changed.connect(self._colour_masks)
        self.paint_reference.changed.connect(self._on_paint_reference)
        self.paint_moving.changed.connect(self._on_paint_moving)
        self._on_output()

    def _make_layers(self) -> None:
        self.reference = LayerBox(
            label="Reference",
            choices=self._images,
            tooltip="The image that stays. Of a movie, the frame on show.",
        )
        self.moving = LayerBox(
            label="Moving",
            choices=self._images,
            tooltip=(
                "The image to lay over it, whatever its pixel size. Of a movie, the "
                "frame on show; all frames are moved alike."
            ),
        )
        self.reference_mask, self.moving_mask = (
            LayerBox(
                label="Its mask",
                choices=self._masks,
                nullable=True,
                tooltip=(
                    f"A Labels or Shapes layer over the {name}, or an image of True "
                    "and False, with any pixels: it counts where the viewer shows it."
                ),
            )
            for name in ("reference", "moving image")
        )
        self.paint_reference, self.paint_moving = (
            PushButton(
                text="New mask",
                tooltip=f"Add an empty Labels layer over the {name}, and the brush.",
            )
            for name in ("reference", "moving image")
        )
        self.painted = MeaningBox(
            "What painting means in both masks: ignore it, or use nothing else. "
            "What is left out is orange in a mask that New mask has made."
        )
        self.about = WrappedLabel()

    def _make_options(self) -> None:
        self.max_shift = MaxShiftBox(
            lambda: self._movie,
            "How far from where it lies now the moving image is searched, in pixels "
            "of the reference.",
        )
        self.min_overlap, self.subpixel = min_overlap_box(), subpixel_box()
        self.output = ComboBox(
            label="Result",
            choices=OUTPUTS,
            value=OUTPUTS[0],
            tooltip=(
                "Move the layer: a copy that lies where it belongs, its pixels "
                "untouched. Resample: a layer with the pixels of the reference."
            ),
        )
        self.interpolation = interpolation_box()

    @property
    def controls(self) -> dict[str, Widget]:
        """All controls by their names."""
        return {name: w for name, w in vars(self).items() if isinstance(w, Widget)}

    @property
    def widgets(self) -> list[Widget]:
        """Those that are always on show, in order."""
        one = [self.reference, self.reference_mask, self.paint_reference]
        other = [self.moving, self.moving_mask, self.paint_moving]
        rest = [self.painted, self.max_shift, self.output, self.interpolation]
        return [*one, *other, *rest]

    # What there is to choose from -----------------------------------------------------

    def _images(self, *_: Any) -> list[Image]:
        return images_in(self._viewer.layers)

    def _masks(self, *_: Any) -> list[Layer]:
        return masks_in(self._viewer.layers)

    def choose_first(self) -> None:
        """Begin with two images that are selected, else with the first two."""
        boxes = self.reference, self.moving
        for box, layer in zip(boxes, first_two(self._viewer.layers), strict=False):
            box.value = layer

    def take_up(self, layer: Layer) -> None:
        """Take a new image as the second one, where there is none yet."""
        if is_taken_up(layer, self.reference.value, self.moving.value):
            self.moving.value = layer

    # What happens when something is chosen or pressed ---------------------------------

    def sides(self) -> tuple[Side, Side]:
        """Return the two images; raise if what is chosen is none."""
        point = self._viewer.dims.point
        return sides_of(self.reference.value, self.moving.value, point)

    def shown_plane(self) -> int | None:
        """Return the plane of the reference that is on show; None if there are none."""
        try:
            side = self.sides()[0]
        except (TypeError, ValueError):
            return None
        return plane_shown(side, self._viewer.dims.point)

    def describe(self, *_: Any) -> None:
        """Say what would be aligned, and how the two lie to each other."""
        name_axes(self.reference.value, self.moving.value)
        self._movie = None
        try:
            reference, moving = self.sides()
            self._movie = reference.movie
            lie = decide_lie(reference.layer, moving.layer, len(reference.letters))
        except (TypeError, ValueError) as error:
            self.about.value = describe_error(error)
        else:
            self.about.value = describe_sides(reference, moving, lie)
        for box, button in (
            (self.reference, self.paint_reference),
            (self.moving, self.paint_moving),
        ):
            button.enabled = box.value is not None
        self.max_shift.show_size()

    def _on_output(self, *_: Any) -> None:
        self.interpolation.visible = self.output.value != OUTPUTS[0]

    def _on_paint_reference(self, *_: Any) -> None:
        self._new_mask(self.reference, self.reference_mask)

    def _on_paint_moving(self, *_: Any) -> None:
        self._new_mask(self.moving, self.moving_mask)

    def _new_mask(self, box: LayerBox, mask: LayerBox) -> None:
        name = f"{self.painted.verb} in {box.value.name}"
        ignored = self.painted.ignored
        labels = new_mask(self._viewer, box.value, name, ignored=ignored)
        for each in (self.reference_mask, self.moving_mask):
            each.reset_choices()
        mask.value = labels

    def _colour_masks(self, *_: Any) -> None:
        self.painted.colour((self.reference_mask.value, self.moving_mask.value))

    def pairing(self) -> Pairing:
        """Return what is asked for.

        Raises
        ------
        TypeError, ValueError
            If it cannot be done; the message says what to do.
        """
        reference, moving = self.sides()
        lie = decide_lie(reference.layer, moving.layer, len(reference.letters))
        options = MatchOptions(
            max_shift=self.max_shift.limit,
            min_overlap=self.min_overlap.value,
            subpixel=self.subpixel.value,
        )
        return Pairing(
            self._masked(reference, self.reference_mask.value),
            self._masked(moving, self.moving_mask.value),
            lie,
            options,
            self.output.value,
            self.interpolation.value,
        )

    def _masked(self, side: Side, layer: Layer | None) -> Side:
        if layer is None:
            return side
        painted = self.painted.value
        return side.masked(MaskChoice(layer, side.layer, side.movie, painted))

    @property
    def settings(self) -> dict[str, Any]:
        """What is set and means something for other images too, by name."""
        return {name: getattr(self, name).value for name in _REMEMBERED}

    def set(self, settings: dict[str, Any]) -> None:
        """Set controls by their names."""
        controls: dict[str, Any] = self.controls
        for name, value in settings.items():
            controls[name].value = value
