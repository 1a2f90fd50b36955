"""The layer that shows two frames over each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maskalign._napari.layers import KEY
from maskalign._napari.world import placement

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

__all__ = ["PreviewLayer"]


class PreviewLayer:
    """Adds, changes and takes away the picture of a preview.

    Parameters
    ----------
    viewer : napari viewer
        Where to show it.
    name : str
        What to call the layer; by this the previews of several docks are told apart.
    """

    def __init__(self, viewer: "ViewerModel", name: str = "preview") -> None:
        self._viewer, self._name = viewer, name
        #: The image layer that is previewed.
        self.source: Image | None = None
        #: Other layers that the picture lies above.
        self.beneath: Sequence[Layer] = ()
        #: Which plane of a volume is on show.
        self.plane: int | None = None

    @property
    def layer(self) -> "Image | None":
        """The layer, if it is there."""
        for layer in self._viewer.layers:
            if layer.metadata.get(KEY, {}).get("preview") == self._name:
                return layer
        return None

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture over the image layer, (Y, X, 3)."""
        source = self.source
        if source is None:
            return
        there = self.layer
        place = placement(source, 2)
        if there is None or there.data.shape != picture.shape:
            self.hide()
            active = self._viewer.layers.selection.active
            self._viewer.add_image(
                picture,
                name=self._name,
                rgb=True,
                metadata={KEY: {"preview": self._name}},
                **place,
            )
            # Above the movie and below a mask that is being painted.
            layers = self._viewer.layers
            below = [k for k, x in enumerate(layers) if x in (source, *self.beneath)]
            if below:
                layers.move(len(layers) - 1, max(below) + 1)
            # Who is painting goes on painting.
            self._viewer.layers.selection.active = active
            return
        there.data = np.ascontiguousarray(picture)
        for name, value in place.items():
            setattr(there, name, value)

    def hide(self) -> None:
        """Take the picture away."""
        there = self.layer
        if there is not None:
            self._viewer.layers.remove(there)
