"""The page of the dock that says whether the movie is better, and shows where."""

from collections.abc import Callable
from typing import Any

from magicgui.widgets import Container, FloatSpinBox, PushButton, Widget

from maskalign._napari.checks import describe_report
from maskalign._napari.controls import WrappedLabel
from maskalign.model.map_options import MapOptions
from maskalign.model.options import help_for
from maskalign.model.report import AlignmentReport

__all__ = ["CheckPanel"]

_LARGEST_WINDOW = 999
_WELCOME = (
    "Looks at the movie before and after: how alike frames are, how sharp their mean "
    "is, how large the error of the shifts, and what still moves."
)


class CheckPanel(Container[Widget]):
    """Asks for a report on the alignment, and for NCC maps of its frames.

    Parameters
    ----------
    assess, draw_maps : callable
        What the buttons do.

    Attributes
    ----------
    better : PushButton
        Make the report.
    report : WrappedLabel
        What it says.
    window : FloatSpinBox
        Size of the window of the NCC maps, pixels.
    ncc_maps : PushButton
        Add the NCC map of every frame as a layer.
    """

    def __init__(
        self, assess: Callable[[], None], draw_maps: Callable[[], None]
    ) -> None:
        self.better = PushButton(
            text="Is it better than before?",
            tooltip=(
                "Report on the alignment, with the mask that is set now; no truth is "
                "needed. The drift is estimated twice more, on two halves of the image."
            ),
        )
        self.report = WrappedLabel(value=_WELCOME)
        self.window = FloatSpinBox(
            min=3,
            max=_LARGEST_WINDOW,
            step=2,
            value=MapOptions().sizes(2)[0],
            tooltip=help_for(MapOptions, "window"),
        )
        self.window.native.setDecimals(0)
        self.window.native.setPrefix("window ")
        self.window.native.setSuffix(" px")
        self.ncc_maps = PushButton(
            text="NCC maps",
            tooltip=(
                "Add a layer that shows where each aligned frame agrees with the "
                "reference, from -1 to 1. It is computed for the frame on show. Press "
                "again after a change to the table."
            ),
        )
        widgets: list[Widget] = [self.ncc_maps, self.window]
        row = Container(widgets=widgets, layout="horizontal", labels=False)
        row.margins = (0, 0, 0, 0)
        # The report last, for it may be long.
        super().__init__(widgets=[row, self.better, self.report], labels=False)
        self.margins = (4, 4, 4, 4)
        layout: Any = self.native.layout()
        layout.addStretch(1)
        self.better.changed.connect(lambda *_: assess())
        self.ncc_maps.changed.connect(lambda *_: draw_maps())

    def show_report(self, report: AlignmentReport) -> str:
        """Show a report, and return its first line."""
        text = describe_report(report)
        self.report.value = text
        return text.splitlines()[0]

    def forget(self) -> None:
        """Show no report: the table is another one."""
        self.report.value = _WELCOME

    def enable(self, *, on: bool) -> None:
        """Let the buttons be pressed, or not."""
        self.better.enabled = self.ncc_maps.enabled = on
