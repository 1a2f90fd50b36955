"""A joint histogram, drawn with Qt alone."""

import numpy as np
from napari.utils.colormaps import ensure_colormap
from numpy.typing import NDArray
from qtpy.QtCore import QRect, QSize, Qt
from qtpy.QtGui import QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from maskalign.model.similarity import JointHistogram

__all__ = ["JointView", "as_picture"]

_COLOURMAP = "magma"
#: Screen pixels of the smallest and the usual picture.
_LEAST, _USUAL = 100, 240


def as_picture(histogram: JointHistogram) -> NDArray[np.uint8]:
    """Return a joint histogram as a picture, shape (bins, bins, 4), RGBA.

    The reference grows to the right, moving upwards; brightness is the logarithm of the
    number of pixels, black is none.

    Examples
    --------
    >>> edges = np.arange(3.0)
    >>> picture = as_picture(JointHistogram(np.array([[0, 9], [0, 0]]), edges, edges))
    >>> (picture[..., :3].sum(axis=-1) > 0).astype(int)
    array([[1, 0],
           [0, 0]])
    """
    heights = np.log1p(histogram.counts.T[::-1].astype(float))
    shown = heights / max(heights.max(), 1)
    colours = ensure_colormap(_COLOURMAP).map(shown.ravel()).reshape(*shown.shape, 4)
    colours[shown == 0] = 0, 0, 0, 1
    return np.ascontiguousarray(np.rint(255 * colours).astype(np.uint8))


class JointView(QWidget):
    """Shows a joint histogram with its axes; empty until there is one."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._texts: tuple[str, ...] = ()
        policy = QSizePolicy.Policy.Expanding
        self.setSizePolicy(policy, policy)
        self.setMinimumSize(_LEAST, _LEAST)
        self.hide()

    def sizeHint(self) -> QSize:
        """Return the usual size."""
        return QSize(_USUAL, _USUAL)

    def show_histogram(self, histogram: JointHistogram, names: tuple[str, str]) -> None:
        """Show this one in place of the last."""
        picture = as_picture(histogram)
        rows, columns, _ = picture.shape
        kind = QImage.Format.Format_RGBA8888
        # A copy: Qt does not keep the array alive.
        self._image = QImage(picture.tobytes(), columns, rows, 4 * columns, kind).copy()
        edges = histogram.reference_edges, histogram.moving_edges
        middles = [(ends[1:] + ends[:-1]) / 2 for ends in edges]
        self._texts = (*names, *(f"{m[k]:.4g}" for m in middles for k in (0, -1)))
        self.setToolTip(
            "How often each pair of values occurs: the reference to the right, moving "
            "upwards, bright for many pixels. Alike images lie on one line."
        )
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the picture as a square, with names and ends of the axes around it."""
        if self._image is None:
            return
        painter = QPainter(self)
        line = painter.fontMetrics().height() + 2
        side = max(min(self.width() - line, self.height() - line), 1)
        square = QRect(line, 0, side, side)
        painter.drawImage(square, self._image)
        self._write(painter, QRect(0, 0, side, line), below=side)
        painter.end()

    def _write(self, painter: QPainter, strip: QRect, *, below: int) -> None:
        """Write along the bottom, and turned along the left."""
        x_name, y_name, x_low, x_high, y_low, y_high = self._texts
        painter.setPen(self.palette().text().color())
        for turned, texts in (
            (False, (x_low, x_name, x_high)),
            (True, (y_low, y_name, y_high)),
        ):
            painter.save()
            if turned:
                painter.translate(0, below)
                painter.rotate(-90)
            else:
                painter.translate(strip.height(), below)
            self._write_line(painter, strip, texts)
            painter.restore()

    def _write_line(
        self, painter: QPainter, strip: QRect, texts: tuple[str, ...]
    ) -> None:
        left, middle, right = (
            Qt.AlignmentFlag.AlignLeft,
            Qt.AlignmentFlag.AlignHCenter,
            Qt.AlignmentFlag.AlignRight,
        )
        low, name, high = texts
        painter.drawText(strip, left, low)
        painter.drawText(strip, right, high)
        metrics = painter.fontMetrics()
        taken = 2 * max(metrics.horizontalAdvance(end) for end in (low, high)) + 12
        room = strip.width() - taken
        short = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(room, 0))
        painter.drawText(strip, middle, short)
