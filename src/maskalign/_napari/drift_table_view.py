"""The rows of a drift table, to look at and to change by hand."""

from typing import Any

import numpy as np
from qtpy.QtCore import (  # type: ignore[attr-defined]
    QAbstractTableModel,
    QModelIndex,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtGui import QBrush, QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from maskalign._napari.wording import DOUBTFUL, describe_row
from maskalign.model.drift_table import DriftTable

__all__ = ["DriftTableView"]

_LEAST, _USUAL = QSize(160, 84), QSize(260, 84)
_TOP = QModelIndex()
#: Size of its letters, for a dock is narrow.
_SMALLER = 0.85


class _Rows(QAbstractTableModel):
    """A drift table as Qt asks for it; a changed number is passed on, not kept."""

    shift_typed = Signal(int, int, float)

    def __init__(self) -> None:
        super().__init__()
        self.table: DriftTable | None = None

    def show_table(self, table: DriftTable | None) -> None:
        """Show another table."""
        if _size(table) != _size(self.table):
            self.beginResetModel()
            self.table = table
            self.endResetModel()
        elif table is not None:
            # A reset would take away the box in which a shift is being typed.
            self.table = table
            last = self.rowCount() - 1, self.columnCount() - 1
            self.dataChanged.emit(self.index(0, 0), self.index(*last))

    def rowCount(self, parent: QModelIndex = _TOP) -> int:
        """Return the number of frames."""
        return 0 if self.table is None or parent.isValid() else len(self.table)

    def columnCount(self, parent: QModelIndex = _TOP) -> int:
        """Return the number of columns: one an axis, NCC, standard error and status."""
        return 0 if parent.isValid() else self._ndim + 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = 0
    ) -> Any:
        """Return what stands above a column, or before a row."""
        across = orientation == Qt.Orientation.Horizontal
        if role == Qt.ItemDataRole.ToolTipRole and across:
            return self._headings()[section][1]
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._headings()[section][0] if across else str(section)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Let shifts be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if self._is_shift(index) else flags

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Return a text, or how it is shown."""
        table = self.table
        if table is None or not index.isValid():
            return None
        frame, column = index.row(), index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self._text(table, frame, column)
            case Qt.ItemDataRole.ToolTipRole:
                return describe_row(table, frame)
            case Qt.ItemDataRole.TextAlignmentRole if column < self._ndim + 2:
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                return int(right)
            case Qt.ItemDataRole.ForegroundRole if not table.ok[frame]:
                return QBrush(QColor(DOUBTFUL))
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = 2) -> bool:
        """Pass on a number that was typed."""
        try:
            number = float(str(value).replace(",", "."))
        except ValueError:
            return False
        if not self._is_shift(index) or not np.isfinite(number):
            return False
        if str(value) != self._text(self.table, index.row(), index.column()):
            self.shift_typed.emit(index.row(), index.column(), number)
        return True

    @property
    def _ndim(self) -> int:
        return 2 if self.table is None else self.table.ndim

    def _is_shift(self, index: QModelIndex) -> bool:
        return self.table is not None and index.column() < self._ndim

    def _headings(self) -> list[tuple[str, str]]:
        axes = "yx" if self.table is None else self.table.axes.lower()
        moved = [
            (a, f"Shift along {a}, pixels. Type another to set it by hand.")
            for a in axes
        ]
        return [
            *moved,
            ("NCC", "Masked NCC at the shift, 1 for the same picture."),
            ("std", "Standard error of the shift, pixels; the largest of its axes."),
            ("status", "ok, manual for what you have set, or what is wrong."),
        ]

    def _text(self, table: Any, frame: int, column: int) -> str:
        beyond = column - self._ndim
        if beyond < 0:
            return _number(table.shifts[frame, column], 2)
        if beyond == 0:
            return _number(table.ncc[frame], 3)
        if beyond == 1:
            return _number(np.max(table.shift_std[frame]), 2)
        return str(table.status[frame])


class DriftTableView(QTableView):
    """Shows a drift table; says what is typed and which frame is chosen.

    The table is not changed here: whoever keeps it shows the next one.
    """

    frame_chosen = Signal(int)
    shift_typed = Signal(int, int, float)

    def __init__(self) -> None:
        super().__init__()
        self._rows = _Rows()
        self._rows.shift_typed.connect(self.shift_typed)
        self.setModel(self._rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        font = self.font()
        if font.pointSizeF() > 0:
            font.setPointSizeF(max(_SMALLER * font.pointSizeF(), 6.0))
        self.setFont(font)
        header: Any = self.horizontalHeader()
        header.setFont(font)
        header.setMinimumSectionSize(24)
        rows: Any = self.verticalHeader()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 4)
        self.setMinimumSize(_LEAST)
        # The box in which a number is typed fills its cell, whatever the theme says.
        self.setStyleSheet(
            "QLineEdit { padding: 0; margin: 0; border-radius: 0; min-height: 0; }"
        )
        self.clicked.connect(lambda index: self.frame_chosen.emit(index.row()))

    def sizeHint(self) -> QSize:
        """Return the usual size."""
        return _USUAL

    def show_table(self, table: DriftTable | None) -> None:
        """Show another table; what was selected stays selected."""
        chosen = self.chosen()
        self._rows.show_table(table)
        header: Any = self.horizontalHeader()
        modes = QHeaderView.ResizeMode
        last = self._rows.columnCount() - 1
        for column in range(last + 1):
            # What is left is for the status, which has a tooltip where it is cut.
            fit = modes.Stretch if column == last else modes.ResizeToContents
            header.setSectionResizeMode(column, fit)
        n_rows = self._rows.rowCount()
        selection: Any = self.selectionModel()
        flags = selection.SelectionFlag
        for frame in chosen:
            if frame < n_rows:
                index = self._rows.index(frame, 0)
                selection.select(index, flags.Select | flags.Rows)

    def show_frame(self, frame: int) -> None:
        """Scroll to a frame, unless the user is at work here."""
        if not self.hasFocus() and frame < self._rows.rowCount():
            self.scrollTo(self._rows.index(frame, 0))

    def chosen(self) -> list[int]:
        """Return the frames that are selected."""
        selection: Any = self.selectionModel()
        return sorted(index.row() for index in selection.selectedRows())

    def choose(self, frames: list[int]) -> None:
        """Select frames."""
        selection: Any = self.selectionModel()
        flags = selection.SelectionFlag
        selection.clearSelection()
        for frame in frames:
            index = self._rows.index(frame, 0)
            selection.select(index, flags.Select | flags.Rows)


def _size(table: DriftTable | None) -> tuple[int, str] | None:
    return None if table is None else (len(table), table.axes)


def _number(value: float, digits: int) -> str:
    return f"{value:z.{digits}f}" if np.isfinite(value) else ""
