"""A form whose boxes stand in a column."""

from collections.abc import Mapping

from magicgui.widgets import Container, Widget
from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFrame, QLabel, QScrollArea, QTabWidget, QWidget
from superqt import QCollapsible

__all__ = ["fold", "make_form", "scrolled", "tabs"]

#: Height that a page can be squeezed to, screen pixels.
_LOW = 200
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


def fold(title: str, form: Widget) -> QCollapsible:
    """Return a form folded away under a title, to be opened by a click."""
    folded = QCollapsible(title)
    folded.setCollapsedIcon("▸")
    folded.setExpandedIcon("▾")
    # At once: an animation leaves a gap where the dock is laid out anew.
    folded.setDuration(0)
    for layout, margins in (
        (folded.layout(), (0, 0, 0, 0)),
        (folded.content().layout(), (8, 4, 0, 4)),
    ):
        if layout is not None:
            layout.setContentsMargins(*margins)
            # What is folded away takes no room.
            layout.setSpacing(0)
    folded.addWidget(form.native)
    folded.collapse(animate=False)
    return folded


def scrolled(page: QWidget) -> QScrollArea:
    """Return a page that can be scrolled where there is too little height for it.

    It never scrolls sideways: it asks for the width that its page needs.
    """
    area = _Upright()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(page)
    return area


def tabs(pages: Mapping[str, QWidget]) -> QTabWidget:
    """Return pages that lie behind each other, by their names.

    They are as high as the page in front needs.
    """
    shown = _Pages()
    for name, page in pages.items():
        shown.addTab(page, name)
    return shown


class _Pages(QTabWidget):
    """Asks for the width of its widest page and for the height of the one in front."""

    def __init__(self) -> None:
        super().__init__()
        self.currentChanged.connect(self.updateGeometry)

    def hasHeightForWidth(self) -> bool:
        """Tell that texts grow by themselves; Qt would ask for the highest page."""
        return False

    def minimumSizeHint(self) -> QSize:
        """Ask for what the page in front needs."""
        hint = super().minimumSizeHint()
        heights = [
            max(page.minimumSizeHint().height(), page.minimumHeight())
            for page in map(self.widget, range(self.count()))
            if page is not None
        ]
        if heights:
            spare = max(heights) - heights[self.currentIndex()]
            hint.setHeight(hint.height() - spare)
        return hint

    def sizeHint(self) -> QSize:
        """Ask for no more: what else there is goes to the page anyway."""
        return QSize(super().sizeHint().width(), self.minimumSizeHint().height())


class _Upright(QScrollArea):
    """Scrolls up and down alone."""

    def minimumSizeHint(self) -> QSize:
        """Ask for the width of the page, and for little height."""
        page, bar = self.widget(), self.verticalScrollBar()
        if page is None or bar is None:
            return super().minimumSizeHint()
        width = page.minimumSizeHint().width() + bar.sizeHint().width()
        return QSize(width, _LOW)

    def sizeHint(self) -> QSize:
        """Ask for all of the page."""
        page = self.widget()
        wide = self.minimumSizeHint().width()
        high = _LOW if page is None else page.sizeHint().height()
        return QSize(wide, high)


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
