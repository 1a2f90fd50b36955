"""Which movie, which mask, which options: the controls and what they mean."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Widget
from napari.layers import Image, Layer

from maskalign._napari.axes import describe
from maskalign._napari.axes_box import AxesBox
from maskalign._napari.controls import LayerBox, ReferenceChoice, WrappedLabel
from maskalign._napari.file_axes import name_axes
from maskalign._napari.layers import is_result, movie_of
from maskalign._napari.luminance import colour_note
from maskalign._napari.mask_form import MaskForm
from maskalign._napari.masks import MaskChoice
from maskalign._napari.option_boxes import MaxShiftBox
from maskalign._napari.options_form import DriftControls, OutputControls
from maskalign._napari.sliders import shown_frame, shown_index
from maskalign._napari.sources import images_in
from maskalign._napari.watch import Watch
from maskalign._napari.wording import describe_error
from maskalign.model.movie import Movie
from maskalign.model.options import DriftOptions, help_for

if TYPE_CHECKING:
    from napari.components import ViewerModel

__all__ = ["MovieForm"]

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
    image, axes, reference, channel, max_shift, about : Widget
        See `AlignTimelapse`.
    mask_form : MaskForm
        The mask.
    drift, output : DriftControls, OutputControls
        What is folded away.
    """

    def __init__(self, viewer: "ViewerModel", changed: Callable[..., None]) -> None:
        self._viewer, self._changed = viewer, changed
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
        self.mask_form = MaskForm(self._viewer, self.image, self.movie, self._changed)

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
        self.max_shift = MaxShiftBox(self.movie, help_for(DriftOptions, "max_shift"))
        self.drift, self.output = DriftControls(), OutputControls()

    def _connect(self) -> None:
        self.reference.changed.connect(self._on_reference)
        choices: list[Any] = [self.channel, self.max_shift, self.reference]
        for widget in (*choices, *self.drift.widgets):
            widget.changed.connect(self._changed)

    @property
    def controls(self) -> dict[str, Widget]:
        """All controls by their names."""
        own = {name: w for name, w in vars(self).items() if isinstance(w, Widget)}
        return own | self.mask_form.controls | vars(self.drift) | vars(self.output)

    @property
    def widgets(self) -> list[Widget]:
        """Those that are always on show, in order."""
        mask = self.mask_form.controls.values()
        return [self.image, *mask, self.reference, self.channel, self.max_shift]

    # What there is to choose from -----------------------------------------------------

    def images(self, *_: Any) -> list[Image]:
        """Return the images that there are."""
        return images_in(self._viewer.layers)

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
        point = self._viewer.dims.point
        return shown_index(self.image.value, movie.axes.index("Z"), point)

    def choose_first(self) -> None:
        """Choose the layers that the user was working on."""
        active = self._viewer.layers.selection.active
        movies = [layer for layer in self.images() if not is_result(layer)]
        if active in movies:
            self.image.value = active
        elif movies:
            self.image.value = next((m for m in movies if m.ndim > 2), movies[0])
        self.describe()
        self.mask_form.choose_first()

    def take_up(self, layer: Layer) -> None:
        """Take a new Labels layer that fits as the mask, where none is chosen yet."""
        self.mask_form.take_up(layer)

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
        self.mask_form.suit(movie)
        self._on_reference()
        self.max_shift.show_size()
        return movie

    def _say(self, text: str) -> None:
        self.about.value = text

    def _on_replaced(self, *_: Any) -> None:
        """Look again at an image whose data or axes have become others."""
        self.describe()
        self._changed()

    def _on_reference(self, *_: Any) -> None:
        self.drift.suit(self.movie(), self.reference.value)

    # What is asked for ----------------------------------------------------------------

    def mask_choice(self, source: Image, movie: Movie) -> MaskChoice | None:
        """Return the mask that is asked for; raise if it does not fit."""
        return self.mask_form.choice(source, movie, self.drift.counting())

    def drift_options(self, movie: Movie) -> dict[str, Any]:
        """Return what is asked for, as `estimate_drift` takes it."""
        reference = self.reference.value
        return {
            "reference": reference,
            "max_shift": self.max_shift.limit,
            "channel": self.channel.value if "C" in movie.axes else None,
        } | self.drift.options(movie, reference)

    @property
    def settings(self) -> dict[str, Any]:
        """What is set and means something for other movies too, by name."""
        named: dict[str, Any] = vars(self.drift) | vars(self.output)
        named |= {
            "painted": self.mask_form.painted,
            "follows": self.mask_form.follows,
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
