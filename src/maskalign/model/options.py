"""What may be asked for. The one home of every option.

Signatures, the command line, the widgets and saved settings are made from the fields
below: their defaults, their choices and their help.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np

from maskalign.model.types import Canvas, Interpolation, MaxShift

__all__ = ["ApplyOptions", "DriftOptions", "MatchOptions", "help_for"]


def _help(text: str) -> Mapping[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """How the shift between two images is searched for."""

    max_shift: MaxShift = field(
        default=None,
        metadata=_help(
            "Largest shift to search for, in pixels: one number for all axes, or one "
            "for each spatial axis. Left out: every shift that min_overlap allows. "
            "A smaller window is faster and cannot jump to a wrong, far match."
        ),
    )
    min_overlap: float = field(
        default=0.3,
        metadata=_help(
            "Smallest overlap that a shift may have, from 0 to 1: valid pixels shared "
            "by both images over the valid pixels of the one that has fewer."
        ),
    )
    subpixel: bool = field(
        default=True,
        metadata=_help("Refine the shift to a fraction of a pixel."),
    )

    def __post_init__(self) -> None:
        # NumPy's numbers become Python's: options are written into files.
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, (np.generic, np.ndarray)):
                object.__setattr__(self, option.name, value.tolist())
        if isinstance(self.min_overlap, bool) or not isinstance(self.min_overlap, Real):
            msg = f"min_overlap must be a number from 0 to 1, got {self.min_overlap!r}."
            raise TypeError(msg)
        if not 0 <= self.min_overlap <= 1:
            msg = f"min_overlap must be from 0 to 1, got {self.min_overlap}."
            raise ValueError(msg)
        if self.max_shift is None:
            return
        for value in _one_or_more(self.max_shift):
            if isinstance(value, bool) or not isinstance(value, Real):
                msg = (
                    "max_shift must be a number of pixels, or one number for each "
                    f"spatial axis, got {self.max_shift!r}."
                )
                raise TypeError(msg)
            if not value >= 0:
                msg = f"max_shift must be 0 pixels or more, got {self.max_shift!r}."
                raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftOptions(MatchOptions):
    """How the drift of a movie is estimated."""

    reference: str | int = field(
        default="first",
        metadata=_help(
            "What every frame is laid over: 'first', or the number of a frame "
            "(from 0; -1 is the last)."
        ),
    )
    channel: int | str | None = field(
        default=None,
        metadata=_help(
            "Channel to estimate the drift on, for a movie with channels: its number, "
            "its name, or 'mean'. All channels are moved alike."
        ),
    )

    def __post_init__(self) -> None:
        # Zero-argument super() does not find its class where slots are made anew.
        MatchOptions.__post_init__(self)
        known = isinstance(self.reference, Integral) or self.reference == "first"
        if isinstance(self.reference, bool) or not known:
            msg = (
                "reference must be 'first', the number of a frame or an image, "
                f"got {self.reference!r}."
            )
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """How shifts are applied to a movie."""

    interpolation: Interpolation = field(
        default="linear",
        metadata=_help(
            "How values between pixels are found: 'nearest' moves by whole pixels and "
            "leaves values untouched (labels, photometry); 'linear' is fast and never "
            "overshoots; 'cubic' is sharper; 'fourier' keeps all detail."
        ),
    )
    canvas: Canvas = field(
        default="same",
        metadata=_help(
            "Frame of the output: 'same' as the input; 'union', large enough for every "
            "frame; 'intersection', only what is seen in every frame."
        ),
    )
    fill_value: float = field(
        default=0,
        metadata=_help("Value where a moved frame has no pixels."),
    )

    def __post_init__(self) -> None:
        for name, choices in (
            ("interpolation", get_args(Interpolation)),
            ("canvas", get_args(Canvas)),
        ):
            value = getattr(self, name)
            if value not in choices:
                listed = ", ".join(repr(choice) for choice in choices)
                msg = f"{name} must be one of {listed}; got {value!r}."
                raise ValueError(msg)
        if isinstance(self.fill_value, bool) or not isinstance(self.fill_value, Real):
            msg = f"fill_value must be a real number, got {self.fill_value!r}."
            raise TypeError(msg)


def help_for(options: type[Any], name: str) -> str:
    """Return the help text of one option.

    Examples
    --------
    >>> help_for(ApplyOptions, "fill_value")
    'Value where a moved frame has no pixels.'
    """
    (text,) = (f.metadata["help"] for f in fields(options) if f.name == name)
    return str(text)


def _one_or_more(value: float | Sequence[float]) -> tuple[Any, ...]:
    """Return a scalar or a sequence as a tuple."""
    return tuple(value) if isinstance(value, Sequence) else (value,)
