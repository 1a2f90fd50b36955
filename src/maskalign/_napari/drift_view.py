"""The plot of a drift in a dock: painted with Qt alone, in the colours of the theme."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import (  # type: ignore[attr-defined]
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from maskalign._napari.drift_plot import DriftPlot, Panel, draw_drift, thinned
from maskalign._napari.wording import DOUBTFUL, describe_row
from maskalign.model.drift_table import DriftTable

__all__ = ["DriftView"]

#: Told apart by people who see colours differently, on dark and on light.
_COLOURS = {"z": "#cc79a7", "y": "#3fa2dd", "x": "#e69f00", "ncc": "#22a884"}
# A dock that asks for more than it needs gets a scroll bar before it uses its room.
_USUAL, _LEAST = QSize(260, 140), QSize(160, 140)
#: Radius of the point of a frame, screen pixels.
_POINT = 2.0


class DriftView(QWidget):
    """Shows shifts and NCC over time, and which frame is on show.

    A click, or dragging, asks for a frame by `frame_chosen`.
    """

    frame_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._table: DriftTable | None = None
        self._n_frames = 0
        self._frame = 0
        # What was drawn last, and what it was drawn of.
        self._drawn: tuple[tuple[Any, ...], DriftPlot] | None = None
        policy = QSizePolicy.Policy.Expanding
        self.setSizePolicy(policy, policy)
        self.setMinimumSize(_LEAST)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:
        """Return the usual size."""
        return _USUAL

    def show_table(self, table: DriftTable | None, n_frames: int = 0) -> None:
        """Show a table, or as much of it as there is, on an axis of `n_frames`."""
        self._table, self._n_frames, self._drawn = table, n_frames, None
        self.update()

    def show_frame(self, frame: int) -> None:
        """Move the cursor to a frame."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    @property
    def shown_frame(self) -> int:
        """Where the cursor is."""
        return self._frame

    @property
    def plot(self) -> DriftPlot:
        """What is painted at the size it has now."""
        metrics = QFontMetricsF(self._small())
        letter = metrics.averageCharWidth(), metrics.height()
        size = float(self.width()), float(self.height())
        # Not the table itself, which would be compared number by number.
        wanted = id(self._table), self._n_frames, size, letter
        if self._drawn is None or self._drawn[0] != wanted:
            plot = draw_drift(self._table, self._n_frames, size, letter)
            self._drawn = wanted, plot
        return self._drawn[1]

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Ask for the frame that was clicked."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Say what is known of the frame below the mouse; dragging asks for it."""
        if event is None:
            return
        frame = self.plot.frame_at(event.position().x())
        if self._table is not None and frame < len(self._table):
            text = describe_row(self._table, frame)
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event)

    def _choose(self, event: QMouseEvent) -> None:
        if self._n_frames:
            self.frame_chosen.emit(self.plot.frame_at(event.position().x()))

    # Painting -------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paint everything."""
        painter = QPainter(self)
        painter.setFont(self._small())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._n_frames:
            self._write_welcome(painter)
        else:
            self._paint(painter, self.plot)
        painter.end()

    def _write_welcome(self, painter: QPainter) -> None:
        painter.setPen(self._text_colour(0.6))
        middle = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        text = "Shifts and NCC over time are drawn here."
        painter.drawText(QRectF(self.rect()), int(middle), text)

    def _paint(self, painter: QPainter, plot: DriftPlot) -> None:
        box = plot.box
        painter.setPen(QPen(_clear(DOUBTFUL, 0.35), 2.0))
        # One line a pixel: many upon each other would hide what is below them.
        for column in sorted({round(mark.x) for mark in plot.marks}):
            painter.drawLine(QPointF(column, box.top), QPointF(column, box.bottom))
        for panel in plot.panels:
            self._paint_panel(painter, panel, dots=plot.dots)
        painter.setPen(self._text_colour(0.8))
        height = painter.fontMetrics().height()
        for tick in plot.ticks:
            place = QRectF(tick.at - 40, box.bottom + 2, 80, height)
            painter.drawText(place, int(Qt.AlignmentFlag.AlignHCenter), tick.text)
        x = plot.x_of(min(self._frame, plot.n_frames - 1))
        painter.setPen(QPen(self._text_colour(0.9), 1.0))
        painter.drawLine(QPointF(x, box.top), QPointF(x, box.bottom))

    def _paint_panel(self, painter: QPainter, panel: Panel, *, dots: bool) -> None:
        box = panel.box
        frame = QRectF(box.left, box.top, box.right - box.left, box.bottom - box.top)
        painter.setPen(QPen(self._text_colour(0.35), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame)
        if panel.zero is not None:
            painter.setPen(QPen(self._text_colour(0.3), 1.0, Qt.PenStyle.DotLine))
            painter.drawLine(
                QPointF(box.left, panel.zero), QPointF(box.right, panel.zero)
            )
        height = painter.fontMetrics().height()
        painter.setPen(self._text_colour(0.8))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for tick in panel.ticks:
            place = QRectF(0, tick.at - height / 2, box.left - 4, height)
            painter.drawText(place, int(right), tick.text)
        self._write_title(painter, panel, height)
        for curve in panel.curves:
            self._paint_curve(painter, curve.points, curve.name, dots=dots)
            self._paint_doubtful(painter, curve.doubtful)

    def _write_title(self, painter: QPainter, panel: Panel, height: int) -> None:
        """Write what the panel shows, each name in the colour of its line."""
        x, y = panel.box.left, panel.box.top - height - 1
        several = len(panel.curves) > 1
        words: list[tuple[str, str | None]] = [
            (f"{panel.title}:" if several else panel.title, None)
        ]
        if several:
            words += [(curve.name, curve.name) for curve in panel.curves]
        for word, name in words:
            colour = QColor(_COLOURS[name]) if name else self._text_colour(0.8)
            painter.setPen(colour)
            wide = painter.fontMetrics().horizontalAdvance(word + " ")
            painter.drawText(QRectF(x, y, wide + 4, height), 0, word)
            x += wide + 3

    def _paint_curve(
        self, painter: QPainter, points: NDArray[np.float64], name: str, *, dots: bool
    ) -> None:
        colour = QColor(_COLOURS[name])
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        known = np.isfinite(points).all(axis=1)
        ends = np.flatnonzero(np.diff(np.r_[False, known, False]))
        for first, last in ends.reshape(-1, 2).tolist():
            line = thinned(points[first:last]).tolist()
            run = [QPointF(x, y) for x, y in line]
            painter.drawPolyline(QPolygonF(run))
        if dots:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            for x, y in points[known].tolist():
                painter.drawEllipse(QPointF(x, y), _POINT, _POINT)

    def _paint_doubtful(self, painter: QPainter, points: NDArray[np.float64]) -> None:
        painter.setPen(QPen(QColor(DOUBTFUL), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        known = points[np.isfinite(points).all(axis=1)]
        for x, y in np.unique(known.round(), axis=0).tolist():
            painter.drawEllipse(QPointF(x, y), _POINT + 0.5, _POINT + 0.5)

    def _small(self) -> QFont:
        font = QFont(self.font())
        if font.pointSizeF() > 0:
            font.setPointSizeF(max(0.85 * font.pointSizeF(), 6.0))
        elif font.pixelSize() > 0:
            font.setPixelSize(max(round(0.85 * font.pixelSize()), 8))
        return font

    def _text_colour(self, opacity: float) -> QColor:
        return _clear(self.palette().windowText().color(), opacity)


def _clear(colour: QColor | str, opacity: float) -> QColor:
    """Return a colour that lets some of what is below it through."""
    clear = QColor(colour)
    clear.setAlphaF(opacity)
    return clear
