"""What the current frame does over its reference, kept up to date in the dock."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox, ComboBox, Container, Label, Widget
from superqt.utils import qdebounced

from maskalign._napari.controls import WrappedLabel
from maskalign._napari.latest import Latest
from maskalign._napari.preview import Preview, Previewed
from maskalign._napari.wording import DOUBTFUL, describe_error
from maskalign._napari.worker import Done, Failed, Outcome
from maskalign.model.status import TRUSTED

if TYPE_CHECKING:
    from maskalign._napari.preview_layer import PreviewLayer

__all__ = ["PreviewPanel"]

#: Milliseconds of rest after which a preview is made.
_REST = 150


class PreviewPanel(Container[Widget]):
    """Makes a preview when something has changed and stayed so for a moment.

    In a thread of its own, and only the newest.

    Parameters
    ----------
    prepare : callable
        Returns the `Preview` to make, or raises what is to be said; None for none.
    layer : PreviewLayer
        Shows the picture of it.

    Attributes
    ----------
    on : CheckBox
        Whether previews are made.
    overlay : ComboBox
        ``"off"``, ``"before"`` or ``"after"``: the picture, as recorded or aligned.
    text : WrappedLabel
        What was found.
    """

    def __init__(
        self, prepare: Callable[[], Preview | None], layer: "PreviewLayer"
    ) -> None:
        self._prepare, self._layer = prepare, layer
        self._latest: Latest[Previewed] = Latest(self._on_end)
        self._found: Previewed | None = None
        self._alive = True
        self.on = CheckBox(
            text="Preview",
            value=True,
            tooltip=(
                "Lay the frame on show over its reference at once, and again when the "
                "mask or an option changes."
            ),
        )
        self.overlay = ComboBox(
            choices=("off", "before", "after"),
            value="off",
            tooltip=(
                "Show the two frames over each other, the reference in green and the "
                "frame in magenta, as recorded or aligned: grey where they agree."
            ),
        )
        self.text = WrappedLabel(steady=True)
        widgets: list[Widget] = [self.on, Label(value="Overlay"), self.overlay]
        row = Container(widgets=widgets, layout="horizontal", labels=False)
        row.margins = (0, 0, 0, 0)
        super().__init__(widgets=[row, self.text], labels=False)
        self.margins = (0, 0, 0, 0)
        self._later = qdebounced(self.now, timeout=_REST)
        self.on.changed.connect(self._on_switched)
        self.overlay.changed.connect(self._on_overlay)
        self.native.destroyed.connect(self._on_destroyed)

    @property
    def busy(self) -> bool:
        """Whether a preview is being made."""
        return self._latest.busy

    def request(self, *_: Any) -> None:
        """Make a preview after a moment of rest."""
        if self._alive and self.on.value:
            self._later()

    def now(self) -> None:
        """Make a preview."""
        if not self._alive or not self.on.value:
            return
        try:
            preview = self._prepare()
        except (TypeError, ValueError) as error:
            self._say(describe_error(error))
            return
        if preview is None:
            self._say("")
            return
        self._latest.ask(preview.run)

    def pause(self) -> None:
        """Drop what is being made: there is other work."""
        self._latest.forget()

    def leave(self) -> None:
        """Drop everything, and take the picture away: the dock is closed."""
        self._latest.forget()
        self.overlay.value = "off"

    def _on_end(self, outcome: Outcome[Previewed]) -> None:
        match outcome:
            case Done(found):
                self._found = found
                self.text.value = found.text
                self._colour(doubtful=found.row.status not in TRUSTED)
                self._on_overlay()
            case Failed(error):
                self._say(describe_error(error))

    def _say(self, text: str) -> None:
        self._found = None
        self.text.value = text
        self._colour(doubtful=False)
        self._layer.hide()

    def _colour(self, *, doubtful: bool) -> None:
        """Tell at a glance what may not be trusted."""
        self.text.native.setStyleSheet(f"color: {DOUBTFUL}" if doubtful else "")

    def _on_switched(self, on: bool) -> None:  # noqa: FBT001 - a signal's
        self.overlay.enabled = on
        if on:
            self.now()
        else:
            self._latest.forget()
            self._say("")

    def _on_overlay(self, *_: Any) -> None:
        found, layer = self._found, self._layer
        if self.overlay.value == "off" or found is None or layer.source is None:
            layer.hide()
            return
        low, high = layer.source.contrast_limits
        layer.show(
            found.picture(
                after=self.overlay.value == "after",
                limits=(float(low), float(high)),
                plane=layer.plane,
            )
        )

    def _on_destroyed(self) -> None:
        self._alive = False
        self._latest.abandon()
