"""Controls that several docks have alike, each with its help."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox
from napari.layers import Labels

from maskalign._napari.layers import is_ours, mask_look
from maskalign._napari.masks import PAINTED
from maskalign._napari.wording import pixels_suffix
from maskalign.model.options import ApplyOptions, MatchOptions, help_for
from maskalign.model.types import Interpolation

if TYPE_CHECKING:
    from napari.layers import Layer

    from maskalign.model.movie import Movie

__all__ = [
    "MaxShiftBox",
    "MeaningBox",
    "PixelsBox",
    "interpolation_box",
    "min_overlap_box",
    "subpixel_box",
]

#: What the box for max shift holds in place of None, the default.
_NO_LIMIT = 0


class PixelsBox(FloatSpinBox):
    """A whole number of pixels along y and x, with its real size behind it.

    Unlike magicgui's box for whole numbers, that for others can show a unit.

    Parameters
    ----------
    movie : callable
        Returns the movie whose pixels are meant, or None where there is none.
    **kwargs
        What a box for numbers takes.
    """

    def __init__(self, movie: "Callable[[], Movie | None]", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._movie = movie
        self.native.setDecimals(0)
        self.changed.connect(self.show_size)

    def show_size(self, *_: Any) -> None:
        """Write the real size behind the number; the movie may be another."""
        self.native.setSuffix(pixels_suffix(self.value, self._movie()))


class MaxShiftBox(PixelsBox):
    """How far to search; 0 for everywhere.

    Parameters
    ----------
    movie : callable
        As for `PixelsBox`.
    tooltip : str
        Its help.
    """

    def __init__(self, movie: "Callable[[], Movie | None]", tooltip: str) -> None:
        super().__init__(
            movie,
            label="Max shift",
            min=0,
            max=1e6,
            step=1,
            value=_NO_LIMIT,
            tooltip=tooltip,
        )
        self.native.setSpecialValueText("no limit")

    @property
    def limit(self) -> float | None:
        """The largest shift, as the library takes it."""
        return None if self.value == _NO_LIMIT else float(self.value)


class MeaningBox(ComboBox):
    """What painting means: ignore it, or use nothing else.

    Parameters
    ----------
    tooltip : str
        Its help.
    """

    def __init__(
        self, tooltip: str = "What painting means: ignore it, or use nothing else."
    ) -> None:
        super().__init__(
            label="Meaning", choices=PAINTED, value=PAINTED[0], tooltip=tooltip
        )

    @property
    def ignored(self) -> bool:
        """Whether what is painted is left out."""
        return bool(self.value == PAINTED[0])

    @property
    def verb(self) -> str:
        """What is done with what is painted."""
        return "ignore" if self.ignored else "use"

    def colour(self, masks: "Iterable[Layer | None]") -> None:
        """Colour what is left out, in those masks that are ours to colour."""
        for mask in masks:
            if isinstance(mask, Labels) and is_ours(mask, "mask"):
                mask.colormap = mask_look(ignored=self.ignored)["colormap"]


def min_overlap_box() -> FloatSpinBox:
    """Return a box for the smallest overlap."""
    return FloatSpinBox(
        label="Min overlap",
        min=0,
        max=1,
        step=0.05,
        value=MatchOptions().min_overlap,
        tooltip=help_for(MatchOptions, "min_overlap"),
    )


def subpixel_box() -> CheckBox:
    """Return a box for whether shifts are finer than a pixel."""
    return CheckBox(
        label="Sub-pixel",
        value=MatchOptions().subpixel,
        tooltip=help_for(MatchOptions, "subpixel"),
    )


def interpolation_box() -> ComboBox:
    """Return a box for how values between pixels are found."""
    return ComboBox(
        label="Interpolation",
        choices=get_args(Interpolation),
        value=ApplyOptions().interpolation,
        tooltip=help_for(ApplyOptions, "interpolation"),
    )
