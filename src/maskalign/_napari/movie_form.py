"""Which movie, which mask, which options: the controls and what they mean."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import ComboBox, FloatSpinBox, PushButton, Widget
from napari.layers import Image, Labels, Layer, Shapes

from maskalign._napari.axes import describe
from maskalign._napari.axes_box import AxesBox
from maskalign._napari.controls import LayerBox, ReferenceChoice, WrappedLabel
from maskalign._napari.file_axes import name_axes
from maskalign._napari.layers import (
    is_ours,
    is_result,
    mask_look,
    movie_of,
    new_mask,
    shown_frame,
)
from maskalign._napari.luminance import colour_note
from maskalign._napari.masks import FOLLOWS, PAINTED, MaskChoice, mask_axes
from maskalign._napari.options_form import DriftControls, OutputControls
from maskalign._napari.sources import images_in
from maskalign._napari.watch import Watch
from maskalign._napari.wording import describe_error, pixels_suffix
from maskalign.model.movie import Movie
from maskalign.model.options import DriftOptions, help_for

if TYPE_CHECKING:
    from napari.components import ViewerModel

__all__ = ["MovieForm"]

#: What the box for max shift shows in place of None, the default.
_NO_LIMIT = 0
#: What a mask layer may tell when it is painted in.
_PAINTING = ("data", "paint", "labels_update", "set_data")
#: What an image layer tells when it shows something else.
_REPLACED = ("data", "axis_labels", "units", "scale")


class MovieForm:
    """The controls of *Align time-lapse* that say what is to be done.

    Parameters
    ----------
    viewer : napari viewer
        Whose layers there are to choose from.
    changed : callable
        Called when something has changed that a preview depends on, painting included.

    Attributes
    ----------
    image, axes, mask, painted, follows, reference, channel, max_shift, paint, about : \
Widget
        See `AlignTimelapse`.
    drift, output : DriftControls, OutputControls
        What is folded away.
    """

    def __init__(self, viewer: "ViewerModel", changed: Callable[..., None]) -> None:
        self._viewer, self._changed = viewer, changed
        self._painting = Watch(_PAINTING, changed)
        self._replaced = Watch(_REPLACED, self._on_replaced)
        self._make_choices()
        self._make_options()
        self._connect()

    def _make_choices(self) -> None:
        self.image = LayerBox(
            label="Image",
            choices=self.images,
            tooltip="The movie to align: an image layer with a time axis.",
        )
        self.about = WrappedLabel()
        self.axes = AxesBox(self._say)
        self.mask = LayerBox(
            label="Mask",
            choices=self.masks,
            nullable=True,
            tooltip=(
                "A Labels or Shapes layer over the movie, or an image of True and "
                "False, with pixels of its own or of the movie. New mask adds one."
            ),
        )
        self.paint = PushButton(
            text="New mask",
            tooltip="Add an empty Labels layer over the movie and take the brush.",
        )
        self.painted = ComboBox(
            label="Meaning",
            choices=PAINTED,
            value=PAINTED[0],
            tooltip=(
                "What painting means: ignore it (dust, bars, a beam stop, moving "
                "cells), or use nothing else. What is left out is orange in a mask "
                "that New mask has made."
            ),
        )
        self.follows = ComboBox(
            label="Mask is",
            choices=FOLLOWS,
            value=FOLLOWS[0],
            tooltip=(
                "Fixed in the camera: what is painted in any frame goes for all. "
                f"{help_for(DriftOptions, 'mask_follows')} One a frame: each frame has "
                "the mask that is painted in it."
            ),
        )

    def _make_options(self) -> None:
        self.reference = ReferenceChoice(
            self.shown_frame,
            label="Reference",
            tooltip=help_for(DriftOptions, "reference"),
        )
        self.channel = ComboBox(
            label="Channel",
            choices=self._channels,
            tooltip=help_for(DriftOptions, "channel"),
        )
        self.max_shift = FloatSpinBox(
            label="Max shift",
            min=0,
            max=1e6,
            step=1,
            value=_NO_LIMIT,
            tooltip=help_for(DriftOptions, "max_shift"),
        )
        self.max_shift.native.setDecimals(0)
        self.max_shift.native.setSpecialValueText("no limit")
        self.drift, self.output = DriftControls(), OutputControls()

    def _connect(self) -> None:
        self.mask.changed.connect(self._on_mask)
        self.painted.changed.connect(self._colour_mask)
        self.max_shift.changed.connect(self._show_units)
        self.reference.changed.connect(self._on_reference)
        self.paint.changed.connect(self._on_paint)
        choices: list[Any] = [self.painted, self.follows, self.channel, self.max_shift]
        for widget in (*choices, self.reference, *self.drift.widgets):
            widget.changed.connect(self._changed)

    @property
    def controls(self) -> dict[str, Widget]:
        """All controls by their names."""
        own = {name: w for name, w in vars(self).items() if isinstance(w, Widget)}
        return own | vars(self.drift) | vars(self.output)

    @property
    def widgets(self) -> list[Widget]:
        """Those that are always on show, in order."""
        masks = [self.mask, self.paint, self.painted, self.follows]
        return [self.image, *masks, self.reference, self.channel, self.max_shift]

    # What there is to choose from -----------------------------------------------------

    def images(self, *_: Any) -> list[Image]:
        """Return the images that there are."""
        return images_in(self._viewer.layers)

    def masks(self, *_: Any) -> list[Layer]:
        """Return what may be a mask."""
        found: list[Layer] = []
        for layer in self._viewer.layers:
            image = isinstance(layer, Image) and self._may_mask(layer)
            if image or isinstance(layer, (Labels, Shapes)):
                found.append(layer)
        return found

    def _may_mask(self, image: Image) -> bool:
        """Tell whether an image is one of True and False, or of one frame that fits."""
        if image is self.image.value or image.rgb or is_ours(image, "preview"):
            return False
        return bool(image.dtype == bool) or (image.ndim < 4 and self.fits(image, "T"))

    def _channels(self, *_: Any) -> tuple[int | str, ...]:
        movie = self.movie()
        if movie is None or "C" not in movie.axes:
            return ()
        return (*range(movie.shape[movie.axes.index("C")]), "mean")

    def movie(self) -> Movie | None:
        """Return the chosen movie, or None if what is chosen is none."""
        try:
            return movie_of(self.image.value)[0]
        except (TypeError, ValueError):
            return None

    def fits(self, layer: Layer, without: str = "") -> bool:
        """Tell whether a layer can be the mask of the chosen movie."""
        movie = self.movie()
        try:
            axes = "" if movie is None else mask_axes(layer, movie)
        except ValueError:
            return False
        return bool(axes) and not set(without) & set(axes)

    def shown_frame(self) -> int:
        """Return the frame on show."""
        movie = self.movie()
        if movie is None:
            return 0
        return shown_frame(self.image.value, movie.axes, self._viewer.dims.point)

    def shown_plane(self) -> int | None:
        """Return the plane of a volume that is on show; None if there are none."""
        movie = self.movie()
        if movie is None or "Z" not in movie.axes:
            return None
        point = tuple(self._viewer.dims.point)[-self.image.value.ndim :]
        at = movie.axes.index("Z")
        place = self.image.value.world_to_data(point)[at]
        return int(np.clip(round(float(place)), 0, movie.shape[at] - 1))

    def choose_first(self) -> None:
        """Choose the layers that the user was working on."""
        active = self._viewer.layers.selection.active
        movies = [layer for layer in self.images() if not is_result(layer)]
        if active in movies:
            self.image.value = active
        elif movies:
            self.image.value = next((m for m in movies if m.ndim > 2), movies[0])
        self.describe()
        if isinstance(active, Labels) and self.fits(active):
            self.mask.value = active

    def take_up(self, layer: Layer) -> None:
        """Take a new Labels layer that fits as the mask, where none is chosen yet."""
        fresh = isinstance(layer, Labels) and not is_result(layer)
        if self.mask.value is None and fresh and self.fits(layer):
            self.mask.value = layer

    # What happens when something is chosen or pressed ---------------------------------

    def describe(self) -> Movie | None:
        """Say what the image is taken for, offer what it has, and return it."""
        movie: Movie | None = None
        name_axes(self.image.value)
        try:
            movie, decision = movie_of(self.image.value)
        except (TypeError, ValueError) as error:
            self.about.value = describe_error(error)
        else:
            said = describe(movie, decision), colour_note(self.image.value, moved=True)
            self.about.value = "\n".join(filter(None, said))
        self._replaced.look_at(self.image.value)
        self.axes.show_for(self.image.value, movie)
        self.channel.reset_choices()
        self.channel.visible = bool(self.channel.choices)
        self.reference.limit(movie.n_frames if movie else None)
        self.paint.enabled = movie is not None and movie.axes.endswith("YX")
        self._on_reference()
        self._show_units()
        return movie

    def _say(self, text: str) -> None:
        self.about.value = text

    def _on_replaced(self, *_: Any) -> None:
        """Look again at an image whose data or axes have become others."""
        self.describe()
        self._changed()

    def _on_reference(self, *_: Any) -> None:
        self.drift.suit(self.movie(), self.reference.value)

    def _show_units(self, *_: Any) -> None:
        """Write the real size of the largest shift behind it."""
        suffix = pixels_suffix(self.max_shift.value, self.movie())
        self.max_shift.native.setSuffix(suffix)

    def _on_paint(self, *_: Any) -> None:
        ignored = self.painted.value == PAINTED[0]
        movie = self.movie()
        by_frame = movie is not None and self.follows.value == "one a frame"
        labels = new_mask(
            self._viewer,
            self.image.value,
            "ignore" if ignored else "use",
            ignored=ignored,
            frames=movie.axes if movie is not None and by_frame else "",
        )
        self.mask.reset_choices()
        self.mask.value = labels

    def _on_mask(self, *_: Any) -> None:
        """Look at the mask whenever it is painted in."""
        self._painting.look_at(self.mask.value)
        self._colour_mask()
        self._changed()

    def _colour_mask(self, *_: Any) -> None:
        """Colour what is left out, in masks that are ours to colour."""
        mask = self.mask.value
        if isinstance(mask, Labels) and is_ours(mask, "mask"):
            ignored = self.painted.value == PAINTED[0]
            mask.colormap = mask_look(ignored=ignored)["colormap"]

    # What is asked for ----------------------------------------------------------------

    def mask_choice(self, source: Image, movie: Movie) -> MaskChoice | None:
        """Return the mask that is asked for; raise if it does not fit."""
        if self.mask.value is None:
            return None
        choice = MaskChoice(
            self.mask.value,
            source,
            movie,
            self.painted.value,
            self.follows.value,
            self.drift.counting(),
        )
        choice.check()
        return choice

    def drift_options(self, movie: Movie) -> dict[str, Any]:
        """Return what is asked for, as `estimate_drift` takes it."""
        reference = self.reference.value
        return {
            "reference": reference,
            "max_shift": self.max_shift.value or None,
            "channel": self.channel.value if "C" in movie.axes else None,
        } | self.drift.options(movie, reference)

    @property
    def settings(self) -> dict[str, Any]:
        """What is set and means something for other movies too, by name."""
        named: dict[str, Any] = vars(self.drift) | vars(self.output)
        named |= {
            "painted": self.painted,
            "follows": self.follows,
            "max_shift": self.max_shift,
        }
        values = {
            name: widget.value
            for name, widget in named.items()
            if name not in ("exclude", "labels")
        }
        if isinstance(self.reference.value, str):
            values["reference"] = self.reference.value
        return values

    def set(self, settings: dict[str, Any]) -> None:
        """Set controls by their names; names that are none of theirs are left out."""
        controls: dict[str, Any] = self.controls
        for name, value in settings.items():
            if name in controls:
                controls[name].value = value
