"""The layer that shows two frames over each other."""

from typing import TYPE_CHECKING

import numpy as np

from maskalign._napari.layers import KEY, is_ours, placement
from maskalign._napari.preview import Previewed

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

__all__ = ["PreviewLayer"]

_NAME = "preview"


class PreviewLayer:
    """Adds, changes and takes away the picture of a preview.

    Parameters
    ----------
    viewer : napari viewer
        Where to show it.
    """

    def __init__(self, viewer: "ViewerModel") -> None:
        self._viewer = viewer
        #: The image layer that is previewed.
        self.source: Image | None = None
        #: Which plane of a volume is on show.
        self.plane: int | None = None

    @property
    def layer(self) -> "Image | None":
        """The layer, if it is there."""
        ours = (x for x in self._viewer.layers if is_ours(x, "preview"))
        return next(ours, None)

    def show(self, found: Previewed, *, after: bool) -> None:
        """Show the two frames, as recorded or aligned."""
        source = self.source
        if source is None:
            return
        low, high = source.contrast_limits
        limits = float(low), float(high)
        picture = found.picture(after=after, limits=limits, plane=self.plane)
        there = self.layer
        place = placement(source, 2)
        if there is None or there.data.shape != picture.shape:
            self.hide()
            active = self._viewer.layers.selection.active
            self._viewer.add_image(
                picture,
                name=_NAME,
                rgb=True,
                metadata={KEY: {"preview": True}},
                **place,
            )
            # Above the movie and below a mask that is being painted.
            layers = self._viewer.layers
            if source in layers:
                layers.move(len(layers) - 1, layers.index(source) + 1)
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
