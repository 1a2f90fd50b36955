"""The page of the dock on which aligned layers are written to files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from magicgui.widgets import Container, PushButton, Widget
from qtpy.QtWidgets import QFileDialog, QMessageBox

from maskalign._napari.controls import LayerBox, WrappedLabel
from maskalign._napari.form import make_form
from maskalign._napari.saving import FORMATS, saving_path

__all__ = ["SavePanel"]


class SavePanel(Container[Widget]):
    """Asks where to save to, and never overwrites without asking.

    Parameters
    ----------
    write : callable
        Takes the path, and whether a file that is there may be replaced.
    suggest : callable
        Returns the path that is offered.
    write_table : callable
        Saves the table.
    layers : callable
        Returns the layers that may be saved.

    Attributes
    ----------
    layer : LayerBox
        The aligned layer to save.
    movie, table : PushButton
        Save that layer; save the drift table.
    about : WrappedLabel
        What would be written.
    """

    def __init__(
        self,
        write: Callable[[Path, bool], None],
        suggest: Callable[[], str],
        write_table: Callable[[], None],
        layers: Callable[..., list[Any]],
    ) -> None:
        self._write, self._suggest = write, suggest
        self.layer = LayerBox(
            label="Layer",
            choices=layers,
            nullable=True,
            tooltip="The aligned movie, or another layer that was moved.",
        )
        self.movie = PushButton(
            text="Save movie ...",
            tooltip=(
                "Write the layer with its pixel size, its units and its place, "
                "frame by frame: as OME-TIFF, as TIFF for Fiji, or as OME-Zarr. "
                "(napari's own Save computes all of it at once and leaves these out.)"
            ),
        )
        self.about = WrappedLabel(value="")
        self.table = PushButton(
            text="Save drift table ...",
            tooltip="Write the table, with its options, as CSV or JSON.",
        )
        chosen = make_form([self.layer])
        super().__init__(
            widgets=[chosen, self.about, self.movie, self.table], labels=False
        )
        self.margins = (4, 4, 4, 4)
        layout: Any = self.native.layout()
        layout.addStretch(1)
        self.layer.changed.connect(lambda *_: self.changed_layer())
        self.changed_layer: Callable[[], None] = lambda: None
        self.movie.changed.connect(self._on_movie)
        self.table.changed.connect(lambda *_: write_table())

    def save(self, text: str, kind: str = "") -> None:
        """Save to what was typed; ask before anything is replaced."""
        path = saving_path(text, kind)
        there = path.exists()
        if not there or self.may_replace(path):
            self._write(path, there)

    def may_replace(self, path: Path) -> bool:
        """Ask whether a file may be replaced."""
        answer = QMessageBox.question(
            self.native, "Replace it?", f"{path.name} is there already. Replace it?"
        )
        return bool(answer == QMessageBox.StandardButton.Yes)

    def _on_movie(self, *_: Any) -> None:
        # It would not ask about a folder, which OME-Zarr is, nor after the suffix.
        asking = QFileDialog.Option.DontConfirmOverwrite
        text, kind = QFileDialog.getSaveFileName(
            self.native,
            "Save the aligned movie",
            self._suggest(),
            ";;".join(FORMATS),
            options=asking,
        )
        if text:
            self.save(text, kind)
