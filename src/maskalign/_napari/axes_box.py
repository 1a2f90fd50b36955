"""The control that says what the axes of an image are, and names them anew."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from magicgui.widgets import LineEdit

from maskalign._napari.axes import read_axes

if TYPE_CHECKING:
    from napari.layers import Image

    from maskalign.model.movie import Movie

__all__ = ["AxesBox"]


class AxesBox(LineEdit):
    """Shows the axes of an image layer as letters; the layer gets those that are typed.

    Parameters
    ----------
    refused : callable
        Takes in words why what was typed cannot be.
    """

    def __init__(self, refused: Callable[[str], None]) -> None:
        self._refused = refused
        self._layer: Image | None = None
        super().__init__(
            label="Axes",
            enabled=False,
            tooltip=(
                "What the axes of the image are, a letter each: t for time, c for "
                "channels, z, y, x. Write others where they are taken for something "
                "else; the layer gets these names."
            ),
        )
        self.changed.connect(self._on_typed)

    def show_for(self, layer: "Image | None", movie: "Movie | None") -> None:
        """Show the axes of the movie that a layer is taken for; None if of none."""
        self._layer = layer
        self.enabled = layer is not None
        with self.changed.blocked():
            self.value = "" if movie is None else " ".join(movie.axes.lower())

    def _on_typed(self, text: str) -> None:
        if self._layer is None:
            return
        try:
            self._layer.axis_labels = read_axes(text, self._layer.data.shape)
        except ValueError as error:
            self._refused(str(error))
