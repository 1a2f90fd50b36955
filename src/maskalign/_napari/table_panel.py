"""The page of the dock on which a drift table is mended, saved and loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, FloatSpinBox, PushButton, Widget
from qtpy.QtWidgets import QFileDialog

from maskalign._napari.drift_table_view import DriftTableView
from maskalign._napari.history import History
from maskalign.model.drift_table import DriftTable

__all__ = ["TablePanel"]

_FILES = "Drift tables (*.csv *.json);;All files (*)"
#: Name, what the button says, what it does.
_BUTTONS = (
    ("exclude", "Exclude", "Leave the selected frames out: they follow neighbours."),
    ("include", "Include", "Use the selected frames as they stand, doubtful or not."),
    ("undo", "Undo", "Take back the last change to the table."),
    ("redo", "Redo", "Bring back what was taken back last."),
    ("outliers", "Outliers", "Flag frames that do not fit those before and after."),
    ("repair", "Repair", "Write the shifts of neighbours into frames in doubt."),
    (
        "recompute",
        "Recompute",
        "Find frames in doubt anew, near their neighbours, with the mask and the "
        "options that are set now. Frames that are good, or set by hand, stay.",
    ),
    ("smooth", "Smooth", "Keep the slow motion alone: jitter stays in the movie."),
    ("jitter", "Jitter only", "Take out the jitter alone: slow motion stays."),
    ("load", "Load ...", "Read a table from a file and move the movie by it."),
    ("save", "Save ...", "Write the table, with its options, as CSV or JSON."),
)


class TablePanel(Container[Widget]):
    """Shows a table and changes it, a step at a time.

    Parameters
    ----------
    attempt : callable
        Runs a function and says in words what it returns, or what went wrong.
    changed : callable
        Takes the `History` after each step; shows it everywhere.
    loaded : callable
        Takes a `DriftTable` from a file.

    Attributes
    ----------
    exclude, include, undo, redo, outliers, repair, recompute, smooth, jitter, load, \
save : PushButton
        What their text says.
    sigma : FloatSpinBox
        For how many frames motion is smoothed.
    view : DriftTableView
        The rows.
    """

    exclude: PushButton
    include: PushButton
    undo: PushButton
    redo: PushButton
    outliers: PushButton
    repair: PushButton
    recompute: PushButton
    smooth: PushButton
    jitter: PushButton
    load: PushButton
    save: PushButton

    def __init__(
        self,
        attempt: Callable[[Callable[[], str | None]], None],
        *,
        changed: Callable[[History], None],
        loaded: Callable[[DriftTable], str],
    ) -> None:
        super().__init__(labels=False)
        self.margins = (0, 0, 0, 0)
        self._attempt, self._changed, self._loaded = attempt, changed, loaded
        self._history: History | None = None
        self.view = DriftTableView()
        buttons = {
            name: PushButton(text=text, tooltip=tip) for name, text, tip in _BUTTONS
        }
        for name, button in buttons.items():
            setattr(self, name, button)
        self.sigma = FloatSpinBox(
            value=2.0,
            min=0.5,
            max=1000,
            step=0.5,
            tooltip="Frames over which motion is smoothed: quicker is jitter.",
        )
        self.sigma.native.setDecimals(1)
        self.sigma.native.setPrefix("over ")
        rows = (
            ("exclude", "include", "undo", "redo"),
            ("outliers", "repair", "recompute"),
            ("smooth", "jitter"),
            ("load", "save"),
        )
        for names in rows:
            widgets: list[Widget] = [buttons[name] for name in names]
            if "smooth" in names:
                widgets.append(self.sigma)
            row = Container(widgets=widgets, layout="horizontal", labels=False)
            row.margins = (0, 0, 0, 0)
            self.append(row)
        self.native.layout().insertWidget(0, self.view, 1)
        self._connect()
        self.show_history(None)

    def _connect(self) -> None:
        self.view.shift_typed.connect(
            lambda frame, axis, pixels: self._step(
                lambda h: h.set_shift(frame, axis, pixels)
            )
        )
        steps: dict[str, Callable[[History], History]] = {
            "exclude": lambda h: h.exclude(self._chosen()),
            "include": lambda h: h.include(self._chosen()),
            "outliers": History.flag_outliers,
            "repair": History.repair,
            "smooth": lambda h: h.smooth(self.sigma.value),
            "jitter": lambda h: h.jitter(self.sigma.value),
        }
        for name, step in steps.items():
            button: PushButton = getattr(self, name)
            button.changed.connect(lambda *_, step=step: self._step(step))
        self.undo.changed.connect(self._on_undo)
        self.redo.changed.connect(self._on_redo)
        self.save.changed.connect(self._on_save)
        self.load.changed.connect(self._on_load)

    @property
    def history(self) -> History | None:
        """The table and what was done to it; None while there is none."""
        return self._history

    def show_history(self, history: History | None) -> None:
        """Show a table, or none."""
        self._history = history
        self.view.show_table(None if history is None else history.now)
        for name, *_ in _BUTTONS:
            if name != "load":
                getattr(self, name).enabled = history is not None
        self.undo.enabled = history is not None and history.undoable
        self.redo.enabled = history is not None and history.redoable

    def write(self, path: str) -> str:
        """Save the table and return what to say."""
        assert self._history is not None
        table = self._history.now
        if Path(path).suffix.lower() == ".json":
            table.to_json(path, overwrite=True)
        else:
            table.to_csv(path, overwrite=True)
        return f"Saved {path}."

    def read(self, path: str) -> str:
        """Load a table and return what to say."""
        known = Path(path).suffix.lower() == ".json"
        table = (DriftTable.from_json if known else DriftTable.from_csv)(path)
        return self._loaded(table)

    def _chosen(self) -> list[int]:
        """Return the selected frames; raise if there are none."""
        chosen = self.view.chosen()
        if not chosen:
            msg = "Select frames in the table first: click a row, or several."
            raise ValueError(msg)
        return chosen

    def _step(self, step: Callable[[History], History]) -> None:
        def action() -> str | None:
            if self._history is None:
                return None
            history = step(self._history)
            # What has changed nothing needs no undoing.
            if history.now != self._history.now:
                self._changed(history)
            return history.said

        self._attempt(action)

    def _on_undo(self, *_: Any) -> None:
        def action() -> str | None:
            if self._history is None or not self._history.undoable:
                return None
            said = self._history.said
            self._changed(self._history.undo())
            return f"Undone: {said}"

        self._attempt(action)

    def _on_redo(self, *_: Any) -> None:
        def action() -> str | None:
            if self._history is None or not self._history.redoable:
                return None
            history = self._history.redo()
            self._changed(history)
            return f"Redone: {history.said}"

        self._attempt(action)

    def _on_save(self, *_: Any) -> None:
        path, _kind = QFileDialog.getSaveFileName(
            self.native, "Save the drift table", "drift.csv", _FILES
        )
        if path:
            self._attempt(lambda: self.write(path))

    def _on_load(self, *_: Any) -> None:
        path, _kind = QFileDialog.getOpenFileName(
            self.native, "Load a drift table", "", _FILES
        )
        if path:
            self._attempt(lambda: self.read(path))
