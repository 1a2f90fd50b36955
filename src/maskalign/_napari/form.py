"""A form whose boxes stand in a column."""

from magicgui.widgets import Container, Widget
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QLabel, QWidget

__all__ = ["make_form"]

#: When a widget has got its colours and fonts.
_STYLED = (QEvent.Type.Show, QEvent.Type.StyleChange)


def make_form(widgets: list[Widget]) -> Container[Widget]:
    """Return a form of labelled widgets, its boxes in a column, without margins.

    magicgui gives the labels one width in the font of the desktop; napari's font is
    another, known only when the form is on show.
    """
    form = Container[Widget]()
    form.margins = (0, 0, 0, 0)
    form.extend(widgets)
    form.native.installEventFilter(_Leveller(form.native))
    return form


class _Leveller(QObject):
    """Gives the labels of a form one width whenever their font may be another.

    Keeps nothing of its own, for it may be asked while it is being taken apart.
    """

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Look at every event and stop none."""
        styled = event is not None and event.type() in _STYLED
        if styled and isinstance(watched, QWidget):
            labels = watched.findChildren(QLabel)
            for label in labels:
                label.ensurePolished()
            widest = max(label.sizeHint().width() for label in labels)
            for label in labels:
                label.setMinimumWidth(widest)
        return False
