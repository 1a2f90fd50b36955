"""The dock widget *Align time-lapse*."""

from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import ComboBox, Container, FloatSpinBox, PushButton, Widget
from napari.layers import Image, Labels
from napari.utils.notifications import show_warning

from maskalign._napari.alignment import Aligned, Alignment, MaskChoice
from maskalign._napari.axes import describe
from maskalign._napari.controls import LayerBox, ReferenceChoice, WrappedLabel
from maskalign._napari.form import make_form
from maskalign._napari.layers import (
    add_or_update,
    is_result,
    movie_of,
    new_mask,
    shown_frame,
)
from maskalign._napari.masks import PAINTED, mask_axes
from maskalign._napari.run_panel import RunPanel
from maskalign._napari.wording import (
    describe_error,
    describe_table,
    list_frames,
    pixels_suffix,
)
from maskalign.model.movie import Movie
from maskalign.model.options import DriftOptions, help_for

if TYPE_CHECKING:
    import napari.viewer

__all__ = ["AlignTimelapse"]

_DEFAULTS = DriftOptions()
#: What the box for max shift shows in place of None, the default.
_NO_LIMIT = 0


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
        The Image layer to align; the Labels layer painted over it, or None.
    painted : ComboBox
        ``"ignore painted"`` or ``"use only painted"``.
    reference : ReferenceChoice
        ``"first"`` or the number of a frame.
    channel : ComboBox
        Channel to estimate on, or ``"mean"``; on show where there are channels.
    max_shift : FloatSpinBox
        Pixels; 0 for no limit.
    min_overlap : FloatSpinBox
        From 0 to 1.
    paint, align, cancel : PushButton
        Add an empty mask and take the brush; begin; stop.
    about, status : WrappedLabel
        What the image is taken for; what is happening, what was found or went wrong.
    """

    def __init__(self, napari_viewer: "napari.viewer.Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._make_choices()
        self._make_numbers()
        self._lay_out()
        self.image.changed.connect(self._on_image)
        self.max_shift.changed.connect(self._show_units)
        self.paint.changed.connect(self._on_paint)
        self._viewer.layers.events.inserted.connect(self._on_inserted)
        self._start_from_selection()

    def _make_choices(self) -> None:
        self.image = LayerBox(
            label="Image",
            choices=self._images,
            tooltip="The movie to align: an image layer with a time axis.",
        )
        self.about = WrappedLabel()
        self.mask = LayerBox(
            label="Mask",
            choices=self._masks,
            nullable=True,
            tooltip=(
                "A Labels layer over the movie. Every label counts as painted. What is "
                "painted in one frame goes for all: the mask stays where it is while "
                "the sample moves."
            ),
        )
        self.painted = ComboBox(
            label="Meaning",
            choices=PAINTED,
            value=PAINTED[0],
            tooltip=(
                "What painting means: ignore it (dust, bars, a beam stop, moving "
                "cells), or use nothing else."
            ),
        )
        self.channel = ComboBox(
            label="Channel",
            choices=self._channels,
            tooltip=help_for(DriftOptions, "channel"),
        )
        self.paint = PushButton(
            text="Paint a mask",
            tooltip="Add an empty Labels layer over the movie and take the brush.",
        )

    def _make_numbers(self) -> None:
        self.reference = ReferenceChoice(
            self._shown_frame,
            label="Reference",
            tooltip=help_for(DriftOptions, "reference"),
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
        self.min_overlap = FloatSpinBox(
            label="Min overlap",
            min=0,
            max=1,
            step=0.05,
            value=_DEFAULTS.min_overlap,
            tooltip=help_for(DriftOptions, "min_overlap"),
        )

    def _lay_out(self) -> None:
        panel = RunPanel(
            "Align",
            tooltip="Estimate the drift and add the aligned movie as a layer.",
            prepare=self._prepare,
            finish=self._finish,
            welcome="Paint what to ignore, press Align.",
        )
        panel.stop_with(self)
        self.align, self.cancel = panel.begin, panel.cancel
        self.progress, self.status = panel.progress, panel.status
        chosen = [self.image, self.mask, self.paint, self.painted]
        numbers = [self.reference, self.channel, self.max_shift, self.min_overlap]
        form = make_form([*chosen, *numbers])
        self.extend([self.about, form, panel])

    # What there is to choose from -----------------------------------------------------

    def _images(self, *_: Any) -> list[Image]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Image)]

    def _masks(self, *_: Any) -> list[Labels]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Labels)]

    def _channels(self, *_: Any) -> tuple[int | str, ...]:
        movie = self._movie()
        if movie is None or "C" not in movie.axes:
            return ()
        return (*range(movie.shape[movie.axes.index("C")]), "mean")

    def _movie(self) -> Movie | None:
        """Return the chosen movie, or None if what is chosen is none."""
        try:
            return movie_of(self.image.value)[0]
        except (TypeError, ValueError):
            return None

    def _fits(self, labels: Labels) -> bool:
        """Tell whether a Labels layer can be the mask of the chosen movie."""
        movie = self._movie()
        try:
            return movie is not None and bool(mask_axes(labels, movie))
        except ValueError:
            return False

    def _shown_frame(self) -> int:
        movie = self._movie()
        if movie is None:
            return 0
        return shown_frame(self.image.value, movie.axes, self._viewer.dims.point)

    def _start_from_selection(self) -> None:
        """Begin with the layer that the user was working on."""
        active = self._viewer.layers.selection.active
        movies = [layer for layer in self._images() if not is_result(layer)]
        if active in movies:
            self.image.value = active
        elif movies:
            self.image.value = next((m for m in movies if m.ndim > 2), movies[0])
        self._on_image()
        if active in self._masks() and self._fits(active):
            self.mask.value = active

    # What happens when something is chosen, added or pressed --------------------------

    def _on_image(self, *_: Any) -> None:
        """Say what the image is taken for, and offer what it has."""
        movie: Movie | None = None
        try:
            movie, decision = movie_of(self.image.value)
        except (TypeError, ValueError) as error:
            self.about.value = describe_error(error)
        else:
            self.about.value = describe(movie, decision)
        self.channel.reset_choices()
        self.channel.visible = bool(self.channel.choices)
        self.reference.limit(movie.n_frames if movie else None)
        self.paint.enabled = movie is not None and movie.axes.endswith("YX")
        self._show_units()

    def _show_units(self, *_: Any) -> None:
        """Write the real size of the largest shift behind it."""
        suffix = pixels_suffix(self.max_shift.value, self._movie())
        self.max_shift.native.setSuffix(suffix)

    def _on_inserted(self, event: Any) -> None:
        """Take a new Labels layer that fits as the mask, where none is chosen yet."""
        self.reset_choices()
        layer = event.value
        if self.mask.value is None and isinstance(layer, Labels) and self._fits(layer):
            self.mask.value = layer

    def _on_paint(self, *_: Any) -> None:
        name = "ignore" if self.painted.value == PAINTED[0] else "use"
        labels = new_mask(self._viewer, self.image.value, name)
        self.reset_choices()
        self.mask.value = labels

    # Aligning -------------------------------------------------------------------------

    def _prepare(self) -> Alignment:
        """Collect what is asked for; raise if it cannot be done."""
        # The axes may have been named since the image was chosen.
        self._on_image()
        source = self.image.value
        movie, _ = movie_of(source)
        labels = self.mask.value
        mask = None
        if labels is not None:
            mask = MaskChoice(labels, mask_axes(labels, movie), self.painted.value)
        options = {
            "reference": self.reference.value,
            "max_shift": self.max_shift.value or None,
            "min_overlap": self.min_overlap.value,
            "channel": self.channel.value if "C" in movie.axes else None,
        }
        return Alignment(source, movie, mask, options)

    def _finish(self, aligned: Aligned) -> str:
        """Show the aligned movie, and return what was found."""
        source = aligned.request.source
        add_or_update(self._viewer, source, aligned.data, aligned.record)
        doubtful = np.flatnonzero(~aligned.table.ok).tolist()
        if doubtful:
            show_warning(
                f"{list_frames(doubtful).capitalize()} could not be aligned for sure; "
                "the dock says why."
            )
        return describe_table(aligned.table, aligned.used)
