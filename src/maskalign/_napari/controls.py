"""Controls that magicgui lacks."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

from magicgui.widgets import ComboBox, Label, SpinBox
from magicgui.widgets.bases import ValuedContainerWidget
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QComboBox, QSizePolicy

__all__ = ["LayerBox", "ReferenceChoice", "WrappedLabel"]

_NUMBERED = "frame"
#: What each strategy is called where a person chooses.
_WORDS = {
    "first": "first frame",
    _NUMBERED: "a frame",
    "previous": "previous frame",
    "rolling": "renewed now and then",
    "mean": "mean of all",
    "redundant": "several before",
}
#: Upper end of the frame numbers while no movie is chosen.
_ANY_FRAME = 999_999
#: Width that a box can be squeezed to, screen pixels.
_NARROW = 56
#: Name of the property of labels that do not shrink.
_STEADY = "steady"
#: When a label may need another height.
_RESHAPED = (QEvent.Type.Resize, QEvent.Type.FontChange, QEvent.Type.StyleChange)
#: Letters of a layer's name that are always seen.
_SHORT = 10


class LayerBox(ComboBox):
    """A box of layers that holds on to the chosen one.

    magicgui chooses by name: when the chosen layer is renamed it would jump to another.
    A long name is cut, where it would widen the whole dock.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.native.setSizeAdjustPolicy(policy)
        self.native.setMinimumContentsLength(_SHORT)

    def reset_choices(self, *_: Any) -> None:
        """Take up the layers that there are now."""
        chosen = self.value if len(self) else None
        with self.changed.blocked():
            super().reset_choices()
            if chosen is not None and chosen in self.choices:
                self.value = chosen
        if self.value is not chosen:
            self.changed.emit(self.value)


class ReferenceChoice(ValuedContainerWidget[str | int]):
    """What frames are laid over: the word for a strategy, or a frame by its number.

    Parameters
    ----------
    shown_frame : callable
        Returns the frame that is on show, which a user who chooses "a frame" is
        offered.
    **kwargs
        What every magicgui widget takes: name, label, tooltip.
    """

    def __init__(self, shown_frame: Callable[[], int], **kwargs: Any) -> None:
        self._shown_frame = shown_frame
        kinds = [(text, word) for word, text in _WORDS.items()]
        self._kind = ComboBox(choices=kinds, name="kind")
        self._frame = SpinBox(min=0, max=_ANY_FRAME, name="number")
        tooltip = kwargs.get("tooltip", "")
        self._kind.tooltip = self._frame.tooltip = tooltip
        super().__init__(
            widgets=(self._kind, self._frame),
            layout="horizontal",
            labels=False,
            **kwargs,
        )
        self.margins = (0, 0, 0, 0)
        # Else the two of them would widen the whole dock.
        for box in (self._kind, self._frame):
            box.native.setMinimumWidth(_NARROW)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self._kind.native.setSizeAdjustPolicy(policy)
        self._kind.native.setMinimumContentsLength(_SHORT)
        self._frame.visible = False
        self._kind.changed.connect(self._on_kind)
        self._frame.changed.connect(self._on_frame)

    def get_value(self) -> str | int:
        """Return the word for a strategy or the number of a frame."""
        kind = str(self._kind.value)
        return int(self._frame.value) if kind == _NUMBERED else kind

    def set_value(self, value: Any) -> None:
        """Choose a strategy by its word, or the frame of that number.

        Raises
        ------
        ValueError
            If it is neither, or the movie has no such frame.
        """
        numbered = isinstance(value, Integral) and not isinstance(value, bool)
        if not numbered and (value not in _WORDS or value == _NUMBERED):
            words = ", ".join(repr(word) for word in _WORDS if word != _NUMBERED)
            msg = f"reference must be {words} or the number of a frame, got {value!r}."
            raise ValueError(msg)
        last = int(self._frame.max)
        with self._kind.changed.blocked(), self._frame.changed.blocked():
            if numbered:
                # -1 is the last frame, once it is known which that is.
                frame = int(value)
                frame += (last + 1) * (frame < 0 and last != _ANY_FRAME)
                if not 0 <= frame <= last:
                    msg = f"There is no frame {value}: they go from 0 to {last}."
                    raise ValueError(msg)
                self._frame.value = frame
            self._kind.value = _NUMBERED if numbered else value
            self._frame.visible = bool(numbered)
        self.changed.emit(self.value)

    def limit(self, n_frames: int | None) -> None:
        """Offer the frames of a movie of that length; None where there is none."""
        last = _ANY_FRAME if n_frames is None else max(n_frames - 1, 0)
        if self._frame.value > last:
            self._frame.value = last
        self._frame.max = last

    def _on_kind(self, kind: str) -> None:
        """Offer the frame on show to a user who chooses "a frame"."""
        if kind == _NUMBERED:
            with self._frame.changed.blocked():
                self._frame.value = min(self._shown_frame(), int(self._frame.max))
        self._frame.visible = kind == _NUMBERED
        self.changed.emit(self.value)

    def _on_frame(self, _frame: int) -> None:
        self.changed.emit(self.value)


class WrappedLabel(Label):
    """A text that is broken into lines, for a long one would widen the whole dock.

    All of its lines are seen: a layout by itself would rather cut some off than take
    the room from others.

    Parameters
    ----------
    steady : bool
        Whether it stays as high as it has been, until it has nothing to say: what lies
        below does not move away from under the pointer when the text is another one.
    **kwargs
        As for a label of magicgui.
    """

    def __init__(self, *, steady: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.native.setProperty(_STEADY, steady)
        self.native.setWordWrap(True)
        self.native.setTextFormat(Qt.TextFormat.PlainText)
        self.native.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.native.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum
        )
        self.native.installEventFilter(_Grower(self.native))

    def set_value(self, value: Any) -> None:
        """Show another text."""
        super().set_value(value)
        _grow(self.native)


class _Grower(QObject):
    """Gives a label the height of its lines whenever its width or font is another.

    Keeps nothing of its own, for it may be asked while it is being taken apart.
    """

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Look at every event and stop none."""
        if event is not None and event.type() in _RESHAPED:
            _grow(watched)
        return False


def _grow(label: Any) -> None:
    """Keep a label from being lower than its lines."""
    before = label.minimumHeight()
    # What it is kept from being lower than counts as its height.
    label.setMinimumHeight(0)
    height = max(label.heightForWidth(label.width()), 0) if label.text() else 0
    if height and label.property(_STEADY):
        height = max(height, before)
    label.setMinimumHeight(height)
    if height != before:
        label.updateGeometry()
