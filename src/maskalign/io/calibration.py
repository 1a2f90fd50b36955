"""What a file says about its axes: steps, units, place, channel names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from maskalign.io.units import LENGTHS, normalize_unit
from maskalign.model.movie import PIXEL

__all__ = ["Calibration", "is_size"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Steps, units, place and channel names, by the letter of the axis."""

    #: Size of one step and its unit.
    steps: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    #: Position of the first pixel and its unit.
    positions: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    #: Channel names; empty if there are none.
    channels: tuple[str, ...] = ()

    def scale(self, axes: str) -> tuple[float, ...]:
        """Return the step along each of `axes`, 1 where none is known."""
        return tuple(self.steps.get(letter, (1.0, PIXEL))[0] for letter in axes)

    def units(self, axes: str) -> tuple[str, ...]:
        """Return the unit of each of `axes`."""
        return tuple(
            normalize_unit(self.steps.get(letter, (1.0, PIXEL))[1]) for letter in axes
        )

    def origin(self, axes: str) -> tuple[float, ...]:
        """Return the position of the first pixel in the units of `axes`.

        A position whose unit cannot be turned into that of its axis (a stage's own
        "reference frame", for one) says nothing about where the pixels are: 0.
        """
        found = []
        for letter, unit in zip(axes, self.units(axes), strict=True):
            position, given = self.positions.get(letter, (0.0, unit))
            given = normalize_unit(given)
            if given != unit:
                known = given in LENGTHS and unit in LENGTHS
                position *= LENGTHS[given] / LENGTHS[unit] if known else 0.0
            found.append(position)
        return tuple(found)


def is_size(value: float) -> bool:
    """Tell whether a number can be the size of something."""
    return isfinite(value) and value > 0
