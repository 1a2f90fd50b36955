"""What may be asked of maps: the window around a pixel, and the windows of a grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from numbers import Integral
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from maskalign.model.options import MatchOptions

__all__ = [
    "DisplacementOptions",
    "GridSize",
    "MapOptions",
    "Statistic",
    "Weights",
    "WindowSize",
]

#: An odd number of pixels, for all spatial axes or for each.
WindowSize: TypeAlias = int | Sequence[int]
#: A number of pixels, for all spatial axes or for each.
GridSize: TypeAlias = int | Sequence[int]
Weights: TypeAlias = Literal["box", "gaussian"]
Statistic: TypeAlias = Literal["ncc", "z", "p"]

#: Two pixels always correlate by +1 or -1: from this many on a coefficient says more.
_FEWEST = 3


def _help(text: str) -> Mapping[str, str]:
    return {"help": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOptions:
    """How two aligned images are compared around every pixel."""

    window: WindowSize = field(
        default=7,
        metadata=_help(
            "Size of the window around each pixel, an odd number of pixels: one for "
            "all axes, or one for each spatial axis."
        ),
    )
    weights: Weights = field(
        default="box",
        metadata=_help(
            "'box': the pixels of the window count alike. 'gaussian': the near ones "
            "count more, by a Gaussian that is as wide as the box of that window (the "
            "same standard deviation, a window of 7 has 2 pixels), cut off at three "
            "standard deviations."
        ),
    )
    min_valid: int | None = field(
        default=None,
        metadata=_help(
            "Fewest valid pixels that a window needs, or there is no value. Left out: "
            "a quarter of the window (an eighth in 3-D), which is less than what it "
            "has in the corner of an image, and never fewer than 3."
        ),
    )
    statistic: Statistic = field(
        default="ncc",
        metadata=_help(
            "What the map shows: 'ncc', the correlation coefficient; 'z', how many "
            "standard deviations of unrelated images that is; 'p', how probable it is "
            "that unrelated images have so much of either sign."
        ),
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "window", _odd(_grid_sizes(self.window, "window")))
        for name, choices in (
            ("weights", get_args(Weights)),
            ("statistic", get_args(Statistic)),
        ):
            value = getattr(self, name)
            if value not in choices:
                listed = ", ".join(repr(choice) for choice in choices)
                msg = f"{name} must be one of {listed}; got {value!r}."
                raise ValueError(msg)
        if self.min_valid is not None:
            if isinstance(self.min_valid, bool) or not isinstance(
                self.min_valid, Integral
            ):
                msg = f"min_valid must be a whole number, got {self.min_valid!r}."
                raise TypeError(msg)
            if self.min_valid < 2:
                msg = f"min_valid must be 2 or more, got {self.min_valid}."
                raise ValueError(msg)
            object.__setattr__(self, "min_valid", int(self.min_valid))

    def sizes(self, ndim: int) -> tuple[int, ...]:
        """Return the size of the window along each of so many spatial axes.

        Raises
        ------
        ValueError
            If it has another number of entries, or is a single pixel.

        Examples
        --------
        >>> MapOptions(window=5).sizes(3)
        (5, 5, 5)
        """
        sizes = _spread(self.window, ndim, "window")
        if prod(sizes) == 1:
            msg = "window=1: a single pixel has no correlation; use 3 or more."
            raise ValueError(msg)
        return sizes

    def least(self, shape: Sequence[int]) -> float:
        """Return the fewest valid pixels that a window in an image of a shape needs.

        Raises
        ------
        ValueError
            If `min_valid` is more than a window has.

        Examples
        --------
        >>> MapOptions(window=7).least((64, 64)), MapOptions(min_valid=20).least((9, 9))
        (12.25, 20)
        """
        sizes = self.sizes(len(shape))
        if self.min_valid is None:
            # Of an axis with a single plane a window never has more than that.
            most = prod(min(a, 2 * n - 1) for a, n in zip(sizes, shape, strict=True))
            return float(max(most / 2.0 ** len(shape), _FEWEST))
        if self.min_valid > prod(sizes):
            msg = f"min_valid={self.min_valid}, but a window has {prod(sizes)} pixels."
            raise ValueError(msg)
        return self.min_valid


def _odd(sizes: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the sizes of a window that has a middle pixel."""
    for size in sizes if isinstance(sizes, tuple) else (sizes,):
        if size % 2 == 0:
            msg = (
                f"window={sizes!r}: {size} is not odd, so there is no middle pixel; "
                f"use {size - 1} or {size + 1}."
            )
            raise ValueError(msg)
    return sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacementOptions(MatchOptions):
    """How the windows of a grid are matched."""

    window: GridSize = field(
        default=32,
        metadata=_help(
            "Size of the windows, in pixels: one number for all axes, or one for each. "
            "It should be several times larger than the structures in the image."
        ),
    )
    step: GridSize | None = field(
        default=None,
        metadata=_help(
            "Distance from one window to the next, in pixels. Left out: half a window."
        ),
    )

    def __post_init__(self) -> None:
        # Zero-argument super() does not find its class where slots are made anew.
        MatchOptions.__post_init__(self)
        for name in ("window", "step"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _grid_sizes(value, name))

    def along(
        self, shape: Sequence[int]
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]:
        """Return window, step and largest lag along each axis of an image.

        Examples
        --------
        >>> DisplacementOptions(window=(8, 32, 32), max_shift=6).along((5, 64, 64))
        ((5, 32, 32), (2, 16, 16), (6, 6, 6))
        """
        ndim = len(shape)
        window = tuple(map(min, _spread(self.window, ndim, "window"), shape))
        half = tuple(max(w // 2, 1) for w in window)
        step = half if self.step is None else _spread(self.step, ndim, "step")
        quarter = tuple(w // 4 for w in window)
        if self.max_shift is None:
            return window, step, quarter
        return window, step, _spread(self.max_shift, ndim, "max_shift")


def _grid_sizes(value: Any, name: str) -> int | tuple[int, ...]:
    """Return sizes as plain Python, checked."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    several = isinstance(value, Sequence) and not isinstance(value, str)
    sizes = tuple(value) if several else (value,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, Integral):
            msg = (
                f"{name} must be a whole number of pixels, or one for each axis; "
                f"got {value!r}."
            )
            raise TypeError(msg)
        if size < 1:
            msg = f"{name} must be 1 pixel or more, got {value!r}."
            raise ValueError(msg)
    plain = tuple(int(size) for size in sizes)
    return plain if several else plain[0]


def _spread(value: Any, ndim: int, name: str) -> tuple[Any, ...]:
    """Return one entry for each axis."""
    entries = tuple(value) if isinstance(value, Sequence) else (value,) * ndim
    if len(entries) != ndim:
        msg = (
            f"{name}={value!r} has {len(entries)} entries; give one number, or one for "
            f"each of the {ndim} axes."
        )
        raise ValueError(msg)
    return entries
