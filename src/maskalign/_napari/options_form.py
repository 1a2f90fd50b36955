"""The options that most people never touch, each with a control and its help."""

from typing import Any, get_args

from magicgui.widgets import ComboBox, LineEdit, SpinBox, Widget

from maskalign._napari.numbers_text import read_numbers
from maskalign._napari.option_boxes import (
    interpolation_box,
    min_overlap_box,
    subpixel_box,
)
from maskalign.model.movie import Movie
from maskalign.model.options import ApplyOptions, DriftOptions, help_for
from maskalign.model.types import Canvas, FillValue, Projection

__all__ = ["DriftControls", "OutputControls"]

_DRIFT = DriftOptions()
_OUTPUT = ApplyOptions()
#: What a box shows for None.
_NONE = "none"


def _tip(name: str) -> str:
    return help_for(DriftOptions, name)


class DriftControls:
    """Controls for how a drift is estimated, folded away.

    Attributes
    ----------
    min_overlap, subpixel, projection, exclude, time_lags, renew_every, labels : Widget
        One an option of `estimate_drift`; `labels` says which labels of a mask count.
    """

    def __init__(self) -> None:
        self.min_overlap = min_overlap_box()
        self.labels = LineEdit(
            label="Labels",
            value="all",
            tooltip="Which labels of the mask count as painted: all, or 1, 4-6.",
        )
        self.exclude = LineEdit(
            label="Exclude",
            value="",
            tooltip=f"{_tip('exclude')} Written as 3, 7-9.",
        )
        self.projection = ComboBox(
            label="Projection",
            choices=(_NONE, *get_args(Projection)),
            value=_NONE,
            tooltip=_tip("projection"),
        )
        self.time_lags = LineEdit(
            label="Time lags", value=str(_DRIFT.time_lags), tooltip=_tip("time_lags")
        )
        self.renew_every = SpinBox(
            label="Renew every",
            min=1,
            max=999_999,
            value=_DRIFT.renew_every,
            tooltip=_tip("renew_every"),
        )
        self.subpixel = subpixel_box()

    @property
    def widgets(self) -> list[Widget]:
        """All of them, in order."""
        return [
            self.min_overlap,
            self.labels,
            self.exclude,
            self.projection,
            self.time_lags,
            self.renew_every,
            self.subpixel,
        ]

    def suit(self, movie: Movie | None, reference: object) -> None:
        """Show those that mean something for a movie and a strategy."""
        self.projection.visible = movie is not None and "Z" in movie.axes
        self.time_lags.visible = reference == "redundant"
        self.renew_every.visible = reference == "rolling"

    def options(self, movie: Movie, reference: object) -> dict[str, Any]:
        """Return what is set, as `estimate_drift` takes it.

        Raises
        ------
        ValueError
            If a text cannot be read.
        """
        found: dict[str, Any] = {
            "min_overlap": self.min_overlap.value,
            "subpixel": self.subpixel.value,
            "exclude": read_numbers(self.exclude.value, "Exclude"),
        }
        if "Z" in movie.axes and self.projection.value != _NONE:
            found["projection"] = self.projection.value
        if reference == "redundant":
            lags = read_numbers(self.time_lags.value, "Time lags")
            found["time_lags"] = lags[0] if len(lags) == 1 else lags
        if reference == "rolling":
            found["renew_every"] = self.renew_every.value
        return found

    def counting(self) -> tuple[int, ...] | None:
        """Return the labels that count as painted; None for all.

        Raises
        ------
        ValueError
            If the text cannot be read.
        """
        text = self.labels.value.strip().lower()
        return None if text in ("", "all") else read_numbers(text, "Labels")


class OutputControls:
    """Controls for how frames are moved, folded away.

    Attributes
    ----------
    interpolation, canvas, fill_value : ComboBox
        One an option of `apply_drift`.
    """

    def __init__(self) -> None:
        self.interpolation = interpolation_box()
        self.canvas = ComboBox(
            label="Canvas",
            choices=get_args(Canvas),
            value=_OUTPUT.canvas,
            tooltip=help_for(ApplyOptions, "canvas"),
        )
        self.fill_value = LineEdit(
            label="Fill",
            value=str(_OUTPUT.fill_value),
            tooltip=help_for(ApplyOptions, "fill_value"),
        )

    @property
    def widgets(self) -> list[Widget]:
        """All of them, in order."""
        return [self.interpolation, self.canvas, self.fill_value]

    def options(self) -> ApplyOptions:
        """Return what is set.

        Raises
        ------
        ValueError
            If the fill is no number and no word that is known.
        """
        return ApplyOptions(
            interpolation=self.interpolation.value,
            canvas=self.canvas.value,
            fill_value=_read_fill(self.fill_value.value),
        )


def _read_fill(text: str) -> FillValue:
    """Return a fill value as it was typed.

    Examples
    --------
    >>> _read_fill("12"), _read_fill("edge"), _read_fill("0.5")
    (12, 'edge', 0.5)
    """
    wanted = text.strip().lower()
    if wanted == "edge":
        return "edge"
    try:
        number = float(wanted)
    except ValueError as error:
        msg = f"Fill {text!r} cannot be read: write a number, 'nan' or 'edge'."
        raise ValueError(msg) from error
    return int(number) if number.is_integer() else number
