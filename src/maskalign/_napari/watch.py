"""Being told when a layer changes, whichever layer that is at the moment. No Qt."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.layers import Layer

__all__ = ["Watch"]


class Watch:
    """Calls a function when the layer that is looked at changes.

    Parameters
    ----------
    names : sequence of str
        Events of layers to listen to; a kind of layer may lack some.
    then : callable
        What to call.
    """

    def __init__(self, names: Sequence[str], then: Callable[..., None]) -> None:
        self._names, self._then = names, then
        self._layer: Layer | None = None
        self._heard: list[Any] = []

    def look_at(self, layer: "Layer | None") -> None:
        """Look at a layer from now on, or at none."""
        if layer is self._layer:
            return
        self._layer = layer
        for emitter in self._heard:
            emitter.disconnect(self._then)
        events = getattr(layer, "events", None)
        found = (getattr(events, name, None) for name in self._names)
        self._heard = [emitter for emitter in found if emitter is not None]
        for emitter in self._heard:
            emitter.connect(self._then)
