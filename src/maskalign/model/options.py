"""What may be asked for. The one home of every option.

Signatures, the command line, the widgets and saved settings are made from the fields
below: their defaults, their choices and their help.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any, get_args

import numpy as np

from maskalign.model.types import (
    Canvas,
    FillMode,
    FillValue,
    Interpolation,
    MaskFrame,
    MaxShift,
    Projection,
)

__all__ = [
    "ONLY_FOR",
    "STRATEGIES",
    "ApplyOptions",
    "DriftOptions",
    "MatchOptions",
    "help_for",
]

#: The words for what frames are laid over.
STRATEGIES = ("first", "previous", "rolling", "mean", "redundant")

#: Options that mean something for one of them only.
ONLY_FOR = {"time_lags": "redundant", "renew_every": "rolling"}


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
        if not isinstance(self.subpixel, bool):
            msg = f"subpixel must be True or False, got {self.subpixel!r}."
            raise TypeError(msg)
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
            "What every frame is laid over: 'first', or the number of a frame (from 0; "
            "-1 is the last); 'previous', the frame before it; 'rolling', a frame that "
            "is renewed now and then; 'mean', the mean of all aligned frames; "
            "'redundant', several frames before it, solved for the drift that fits all "
            "pairs best."
        ),
    )
    channel: int | str | None = field(
        default=None,
        metadata=_help(
            "Channel to estimate the drift on, for a movie with channels: its number, "
            "its name, or 'mean'. All channels are moved alike."
        ),
    )
    projection: Projection | None = field(
        default=None,
        metadata=_help(
            "Estimate along y and x only, on the 'max' or the 'mean' of each volume "
            "along z: faster, and blind to motion along z. Left out: volumes whole."
        ),
    )
    mask_follows: MaskFrame = field(
        default="camera",
        metadata=_help(
            "What a mask for all frames is fixed to: the 'camera' (dust, a beam stop), "
            "or the 'sample' (one structure to follow, or to leave out, as it lies in "
            "the reference frame; the movie is then gone through twice)."
        ),
    )
    exclude: Sequence[int] = field(
        default=(),
        metadata=_help(
            "Numbers of frames to leave out (from 0; -1 is the last): they get no "
            "estimate, and nothing is laid over them."
        ),
    )
    time_lags: int | Sequence[int] = field(
        default=8,
        metadata=_help(
            "For 'redundant': how many frames before it each frame is compared with, "
            "or a list of how far back, such as 1,2,4,8."
        ),
    )
    renew_every: int = field(
        default=10,
        metadata=_help("For 'rolling': frames until the reference is renewed."),
    )

    def __post_init__(self) -> None:
        # Zero-argument super() does not find its class where slots are made anew.
        MatchOptions.__post_init__(self)
        _check_reference(self.reference)
        _check_choice("projection", self.projection, (None, *get_args(Projection)))
        _check_choice("mask_follows", self.mask_follows, get_args(MaskFrame))
        for name, value, least in (
            ("exclude", self.exclude, None),
            ("time_lags", self.time_lags, 1),
            ("renew_every", (self.renew_every,), 1),
        ):
            _check_whole(name, _one_or_more(value), least)
        if not _one_or_more(self.time_lags):
            msg = "time_lags is empty; give a number of frames, or several."
            raise ValueError(msg)
        object.__setattr__(self, "exclude", tuple(map(int, _one_or_more(self.exclude))))


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
    fill_value: FillValue = field(
        default=0,
        metadata=_help(
            "Value where a moved frame has no pixels: a number (nan for floating point "
            "movies), or 'edge' to repeat the outermost pixels of the frame."
        ),
    )

    def __post_init__(self) -> None:
        _check_choice("interpolation", self.interpolation, get_args(Interpolation))
        _check_choice("canvas", self.canvas, get_args(Canvas))
        value: Any = self.fill_value
        if isinstance(value, (np.generic, np.ndarray)):
            object.__setattr__(self, "fill_value", value := value.tolist())
        if not isinstance(value, Real) and value not in get_args(FillMode):
            msg = f"fill_value must be a real number or 'edge', got {value!r}."
            raise TypeError(msg)


def help_for(options: type[Any], name: str) -> str:
    """Return the help text of one option.

    Examples
    --------
    >>> help_for(MatchOptions, "subpixel")
    'Refine the shift to a fraction of a pixel.'
    """
    (text,) = (f.metadata["help"] for f in fields(options) if f.name == name)
    return str(text)


def _check_reference(reference: object) -> None:
    """Raise unless it is the word for a strategy, or the number of a frame."""
    if isinstance(reference, Integral) and not isinstance(reference, bool):
        return
    if reference not in STRATEGIES:
        words = ", ".join(map(repr, STRATEGIES))
        msg = (
            f"reference must be {words}, the number of a frame or an image, "
            f"got {reference!r}."
        )
        raise ValueError(msg)


def _check_choice(name: str, value: object, choices: Sequence[object]) -> None:
    if value not in choices:
        listed = ", ".join(map(repr, choices))
        msg = f"{name} must be one of {listed}; got {value!r}."
        raise ValueError(msg)


def _check_whole(name: str, values: Sequence[object], least: int | None) -> None:
    """Raise unless all values are whole numbers, not below `least` if that is given."""
    for value in values:
        if isinstance(value, bool) or not isinstance(value, Integral):
            msg = f"{name} counts frames and must be whole numbers, got {value!r}."
            raise TypeError(msg)
        if least is not None and value < least:
            msg = f"{name} must be {least} or more, got {value}."
            raise ValueError(msg)


def _one_or_more(value: object) -> tuple[Any, ...]:
    """Return a scalar or a sequence as a tuple."""
    plural = isinstance(value, Sequence) and not isinstance(value, str)
    return tuple(value) if plural else (value,)  # type: ignore[arg-type]
