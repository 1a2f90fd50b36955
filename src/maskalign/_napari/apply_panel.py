"""The page of the dock on which other layers are chosen, to be moved alike."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from magicgui.widgets import Container, PushButton, Widget
from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QLabel, QListWidget, QListWidgetItem, QSizePolicy

if TYPE_CHECKING:
    from napari.layers import Layer

__all__ = ["ApplyPanel"]

_INTRO = (
    "Move these as the movie was moved; they stay as they are, a moved copy is added:"
)
_TOOLTIP = (
    "Images with the interpolation that is set, labels by the nearest pixel, points, "
    "shapes, tracks and vectors by their coordinates."
)


class ApplyPanel(Container[Widget]):
    """Lists layers; those that are ticked are moved when the button is pressed.

    Parameters
    ----------
    attempt : callable
        Runs a function and says in words what it returns, or what went wrong.
    apply : callable
        Takes the ticked layers, and returns what to say.
    intro, tooltip : str
        What is said above the list, and about the button.

    Attributes
    ----------
    apply : PushButton
        Move the ticked layers.
    names : QListWidget
        The layers.
    """

    def __init__(
        self,
        attempt: Callable[[Callable[[], str | None]], None],
        apply: Callable[[list["Layer"]], str],
        intro: str = _INTRO,
        tooltip: str = _TOOLTIP,
    ) -> None:
        super().__init__(labels=False)
        self.margins = (0, 0, 0, 0)
        self._layers: list[Layer] = []
        above = QLabel(intro)
        above.setWordWrap(True)
        self.names = QListWidget()
        self.names.setMinimumSize(QSize(120, 80))
        # It takes what room there is, and asks for none.
        policy = QSizePolicy.Policy
        self.names.setSizePolicy(policy.Expanding, policy.Ignored)
        # What is long is read in two lines, not by scrolling sideways.
        self.names.setWordWrap(True)
        self.names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.apply = PushButton(text="Apply to ticked layers", tooltip=tooltip)
        self.append(self.apply)
        layout = self.native.layout()
        layout.insertWidget(0, above)
        layout.insertWidget(1, self.names, 1)
        self.apply.changed.connect(lambda *_: attempt(lambda: apply(self.ticked())))

    def show_layers(self, layers: Sequence[tuple["Layer", str]]) -> None:
        """List layers, each with the reason why it cannot be moved, if any.

        Those that were ticked stay ticked.
        """
        ticked = self.ticked()
        self.names.clear()
        self._layers = [layer for layer, _ in layers]
        for layer, reason in layers:
            text = f"{layer.name}: {reason}" if reason else layer.name
            item = QListWidgetItem(text)
            item.setToolTip(f"Cannot be moved: {reason}." if reason else layer.name)
            flags = Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled
            item.setFlags(Qt.ItemFlag.NoItemFlags if reason else flags)
            on = any(layer is other for other in ticked) and not reason
            item.setCheckState(_STATES[on])
            self.names.addItem(item)

    def tick(self, layer: "Layer", *, on: bool = True) -> None:
        """Tick a layer, as a hand does."""
        for row, other in enumerate(self._layers):
            if other is layer:
                item: Any = self.names.item(row)
                item.setCheckState(_STATES[on])

    def ticked(self) -> list["Layer"]:
        """Return the layers that are ticked."""
        rows = range(self.names.count())
        items: list[Any] = [self.names.item(row) for row in rows]
        return [
            layer
            for layer, item in zip(self._layers, items, strict=True)
            if item.checkState() == Qt.CheckState.Checked
        ]


_STATES = {True: Qt.CheckState.Checked, False: Qt.CheckState.Unchecked}
