"""A table of named numbers that can be copied into a spreadsheet."""

from collections.abc import Mapping
from math import isnan
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from maskalign.model.metrics import METRICS, ON_REQUEST

__all__ = ["NumberTable"]

_SHORT = {"higher": "high", "lower": "low"}
_HEADINGS = ("metric", "value", "range", "alike")
#: Size of its letters, for a dock is narrow and all columns are to be seen.
_SMALLER = 0.85
#: Screen pixels of a table that still shows something.
_LEAST = 120


class NumberTable(QTableWidget):
    """The numbers of `compare`, with their ranges; nothing can be edited."""

    def __init__(self) -> None:
        super().__init__(0, len(_HEADINGS))
        self.setHorizontalHeaderLabels(_HEADINGS)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        font = self.font()
        if font.pointSizeF() > 0:
            font.setPointSizeF(max(_SMALLER * font.pointSizeF(), 6.0))
        self.setFont(font)
        numbers: Any = self.verticalHeader()
        numbers.hide()
        numbers.setDefaultSectionSize(self.fontMetrics().height() + 6)
        header: Any = self.horizontalHeader()
        header.setFont(font)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        last = len(_HEADINGS) - 1
        header.setSectionResizeMode(last, QHeaderView.ResizeMode.Stretch)
        self.setMinimumHeight(_LEAST)
        self._numbers: dict[str, float] = {}

    def show_numbers(self, numbers: Mapping[str, float]) -> None:
        """Show these in place of the last ones."""
        self._numbers = dict(numbers)
        self.setRowCount(len(numbers))
        known = METRICS | ON_REQUEST
        for row, (name, value) in enumerate(numbers.items()):
            metric = known[name]
            shown = "undefined" if isnan(value) else f"{value:.4g}"
            span = metric.range.replace("0 and up", "\N{GREATER-THAN OR EQUAL TO} 0")
            texts = (name, shown, span, _SHORT[metric.better])
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(f"{name}: {metric.meaning}")
                if column == 1:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.setItem(row, column, item)

    def as_text(self) -> str:
        """Return the selected rows, or all, with all digits: tabs between columns."""
        rows = sorted({index.row() for index in self.selectedIndexes()})
        chosen = list(self._numbers.items())
        chosen = [chosen[row] for row in rows] or chosen
        return "".join(f"{name}\t{value!r}\n" for name, value in chosen)

    def copy(self) -> None:
        """Put `as_text` on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.as_text())

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copy on Ctrl+C (Cmd+C)."""
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)
