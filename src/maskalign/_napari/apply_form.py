"""The controls of *Apply drift*: which table, whose pixels, how layers are moved."""

from collections.abc import Callable
from typing import Any

from magicgui.widgets import CheckBox, ComboBox, PushButton, Widget

from maskalign._napari.controls import LayerBox
from maskalign._napari.given import DOUBT
from maskalign._napari.options_form import OutputControls

__all__ = ["ApplyForm"]


class ApplyForm:
    """The controls of *Apply drift* that say what is to be done.

    Parameters
    ----------
    carriers, movies : callable
        Return the layers that carry a table, and those that it may have been made on.

    Attributes
    ----------
    table_of, load, made_on, doubt, inverse : Widget
        See `ApplyDrift`.
    output : OutputControls
        How layers are moved.
    """

    def __init__(
        self, carriers: Callable[..., list[Any]], movies: Callable[..., list[Any]]
    ) -> None:
        self.table_of = LayerBox(
            label="Table of",
            choices=carriers,
            nullable=True,
            tooltip="A layer that was aligned here, and carries its drift table.",
        )
        self.load = PushButton(
            text="Table from a file ...",
            tooltip=(
                "Read a drift table, CSV or JSON, of maskalign, napari-correct-drift, "
                "Fiji Correct 3D Drift, NanoPyx, NanoJ or Fast4DReg."
            ),
        )
        self.made_on = LayerBox(
            label="Made on",
            choices=movies,
            nullable=True,
            tooltip=(
                "The movie in whose pixels the table counts. Layers with other pixels "
                "are moved by as many more or fewer, points as they lie over it. "
                "Without one, layers count in their own pixels, or in those of the "
                "size that the table has."
            ),
        )
        self.doubt = ComboBox(
            label="In doubt",
            choices=DOUBT,
            value=DOUBT[0],
            tooltip=(
                "How frames are moved whose status is not ok: as their good neighbours "
                "are, which mends the table, or by the number that stands in it."
            ),
        )
        self.inverse = CheckBox(
            text="Move back",
            value=False,
            tooltip=(
                "Move from the aligned movie into the movie as it was recorded, for "
                "what was drawn or found in the aligned one."
            ),
        )
        self.output = OutputControls()

    @property
    def controls(self) -> dict[str, Widget]:
        """All controls by their names."""
        own = {name: w for name, w in vars(self).items() if isinstance(w, Widget)}
        return own | vars(self.output)
