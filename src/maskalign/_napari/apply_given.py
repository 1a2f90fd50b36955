"""Moving layers by a drift table that is given, and saying how. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maskalign._napari.apply_to import LayerData, moved_layer, show_moved
from maskalign._napari.counting import footing
from maskalign._napari.given import Given, settled
from maskalign._napari.layers import aligned_name
from maskalign.model.options import ApplyOptions

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Layer

__all__ = ["Moving"]


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """How layers are to be moved: collected from the widgets, then left alone."""

    given: Given
    #: The movie in whose pixels the table counts, or None.
    made_on: "Image | None"
    #: One of `maskalign._napari.given.DOUBT`.
    doubt: str
    #: Whether to move back.
    inverse: bool
    output: ApplyOptions

    def apply(self, viewer: "ViewerModel", layers: "Sequence[Layer]") -> str:
        """Add moved copies of layers, and return what was done.

        Raises
        ------
        ValueError
            If one of them cannot be moved so: then none is added.
        """
        moved = [self.moved(layer) for layer in layers]
        shown = [
            show_moved(viewer, layer, data).name
            for layer, (data, _) in zip(layers, moved, strict=True)
        ]
        said: dict[str, list[str]] = {}
        for layer, (_, text) in zip(layers, moved, strict=True):
            said.setdefault(text, []).append(layer.name)
        lines = [f"{', '.join(who)}: {what}." for what, who in said.items() if what]
        return "\n".join([f"Added {', '.join(shown)}.", *lines])

    def moved(self, layer: "Layer") -> tuple[LayerData, str]:
        """Return what a layer becomes, unread, and what is to be said of its pixels."""
        table = self.given.table
        ground = footing(layer, table, self.made_on)
        back = f"{layer.name} (moved back)"
        data = moved_layer(
            layer,
            ground.source,
            ground.movie,
            settled(table, self.doubt, inverse=self.inverse),
            self.output,
            name=back if self.inverse else aligned_name(layer),
            record={
                "table": self.given.name,
                "in_doubt": self.doubt,
                "inverse": self.inverse,
            },
        )
        return data, ground.said
