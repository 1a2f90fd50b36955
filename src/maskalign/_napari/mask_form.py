"""Which mask, what it means and where it goes: its controls."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, PushButton, Widget
from napari.layers import Image, Labels, Layer, Shapes

from maskalign._napari.controls import LayerBox
from maskalign._napari.layers import is_result, new_mask
from maskalign._napari.masks import FOLLOWS, MaskChoice, mask_axes
from maskalign._napari.option_boxes import MeaningBox
from maskalign._napari.sources import is_image
from maskalign._napari.watch import Watch
from maskalign.model.movie import Movie
from maskalign.model.options import DriftOptions, help_for

if TYPE_CHECKING:
    from napari.components import ViewerModel

__all__ = ["MaskForm"]

#: What a mask layer may tell when it is painted in.
_PAINTING = ("data", "paint", "labels_update", "set_data")


class MaskForm:
    """The controls of *Align time-lapse* for the mask.

    Parameters
    ----------
    viewer : napari viewer
        Whose layers there are to choose from.
    image : LayerBox
        The layer of the movie.
    movie : callable
        Returns the movie, or None where there is none.
    changed : callable
        Called when something has changed that counts, painting included.

    Attributes
    ----------
    mask, painted, follows, paint : Widget
        See `AlignTimelapse`.
    """

    def __init__(
        self,
        viewer: "ViewerModel",
        image: LayerBox,
        movie: Callable[[], Movie | None],
        changed: Callable[..., None],
    ) -> None:
        self._viewer, self._image, self._movie = viewer, image, movie
        self._changed = changed
        self._painting = Watch(_PAINTING, changed)
        self._make()
        self.mask.changed.connect(self._on_mask)
        self.painted.changed.connect(self._colour)
        self.paint.changed.connect(self._on_paint)
        choices: list[Any] = [self.painted, self.follows]
        for widget in choices:
            widget.changed.connect(changed)

    def _make(self) -> None:
        self.mask = LayerBox(
            label="Mask",
            choices=self._choices,
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
        self.painted = MeaningBox(
            "What painting means: ignore it (dust, bars, a beam stop, moving cells), "
            "or use nothing else. What is left out is orange in a mask that New mask "
            "has made."
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

    @property
    def controls(self) -> dict[str, Widget]:
        """Its controls by their names, in order."""
        names = ("mask", "paint", "painted", "follows")
        return {name: getattr(self, name) for name in names}

    # What there is to choose from -----------------------------------------------------

    def _choices(self, *_: Any) -> list[Layer]:
        return [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, (Labels, Shapes))
            or (is_image(layer) and self._may_mask(layer))
        ]

    def _may_mask(self, image: Image) -> bool:
        """Tell whether an image is one of True and False, or of one frame that fits."""
        if image is self._image.value or image.rgb:
            return False
        return bool(image.dtype == bool) or (image.ndim < 4 and self._fits(image, "T"))

    def _fits(self, layer: Layer, without: str = "") -> bool:
        """Tell whether a layer can be the mask of the chosen movie."""
        movie = self._movie()
        try:
            axes = "" if movie is None else mask_axes(layer, movie)
        except ValueError:
            return False
        return bool(axes) and not set(without) & set(axes)

    def choose_first(self) -> None:
        """Choose the mask that the user was painting."""
        active = self._viewer.layers.selection.active
        if isinstance(active, Labels) and self._fits(active):
            self.mask.value = active

    def take_up(self, layer: Layer) -> None:
        """Take a new Labels layer that fits as the mask, where none is chosen yet."""
        fresh = isinstance(layer, Labels) and not is_result(layer)
        if self.mask.value is None and fresh and self._fits(layer):
            self.mask.value = layer

    # What happens when something is chosen or pressed ---------------------------------

    def suit(self, movie: Movie | None) -> None:
        """Let a mask be painted where it could lie over the movie."""
        self.paint.enabled = movie is not None and movie.axes.endswith("YX")

    def _on_paint(self, *_: Any) -> None:
        movie = self._movie()
        by_frame = movie is not None and self.follows.value == "one a frame"
        labels = new_mask(
            self._viewer,
            self._image.value,
            self.painted.verb,
            ignored=self.painted.ignored,
            frames=movie.axes if movie is not None and by_frame else "",
        )
        self.mask.reset_choices()
        self.mask.value = labels

    def _on_mask(self, *_: Any) -> None:
        """Look at the mask whenever it is painted in."""
        self._painting.look_at(self.mask.value)
        self._colour()
        self._changed()

    def _colour(self, *_: Any) -> None:
        self.painted.colour((self.mask.value,))

    def choice(
        self, source: Image, movie: Movie, counting: tuple[int, ...] | None
    ) -> MaskChoice | None:
        """Return the mask that is asked for; raise if it does not fit.

        Parameters
        ----------
        source : napari.layers.Image
            The layer of the movie.
        movie : Movie
            The movie.
        counting : tuple of int or None
            The labels that count as painted; None for all.
        """
        if self.mask.value is None:
            return None
        meaning, follows = self.painted.value, self.follows.value
        choice = MaskChoice(self.mask.value, source, movie, meaning, follows, counting)
        choice.check()
        return choice
