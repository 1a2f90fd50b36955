"""ImageJ's notes on a hyperstack, and resolution tags: read and written."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from maskalign.io.calibration import Calibration, is_size
from maskalign.io.units import normalize_unit
from maskalign.model.movie import PIXEL, Movie

__all__ = ["fits", "read_calibration", "write_description", "write_resolution"]

#: Types of pixel that ImageJ has.
_TYPES = ("uint8", "uint16", "float32")
#: Classic TIFF ends at 4 GiB; a little is left for the pages' directories.
_MAX_BYTES = 2**32 - 2**25
#: TIFF's codes for the unit of its resolution tags, in µm.
_TAG_UNITS = {2: 25400.0, 3: 10000.0}
#: Largest pixel (µm) that is believed where only the printing tags speak of it.
_LARGEST_BELIEVED = 10.0
#: Rational numbers in TIFF are made of two of these.
_MAX_UINT32 = 2**32 - 1


def read_calibration(
    notes: Mapping[str, Any],
    resolution: Sequence[tuple[int, int] | None],
    tag_unit: int,
    sizes: Mapping[str, int],
) -> Calibration:
    """Return what ImageJ's notes and the resolution tags say.

    Parameters
    ----------
    notes : mapping
        ImageJ's or tifffile's metadata; empty for a plain TIFF.
    resolution : sequence of (int, int) or None
        Pixels per unit along x and along y, as rational numbers.
    tag_unit : int
        TIFF's code for the unit of `resolution`: 1 none, 2 inch, 3 centimetre.
    sizes : mapping of str to int
        Length of every axis, by its letter.
    """
    steps: dict[str, tuple[float, str]] = {}
    unit = normalize_unit(notes.get("unit"))
    for letter, ratio in zip("XY", resolution, strict=True):
        numerator, denominator = ratio or (0, 0)
        if not numerator or not denominator:
            continue
        step = denominator / numerator
        if unit != PIXEL:
            steps[letter] = (step, _text(notes, f"{letter.lower()}unit", unit))
        elif tag_unit in _TAG_UNITS:
            # 72 or 300 dots an inch is what paper-minded programs write by default,
            # a pixel of 353 or 85 µm. Only what is finer than any printer is a scale.
            in_um = step * _TAG_UNITS[tag_unit]
            if in_um < _LARGEST_BELIEVED:
                steps[letter] = (in_um, "µm")
    _note(steps, "Z", notes, "spacing", _text(notes, "zunit", unit))
    _note(steps, "T", notes, "finterval", _text(notes, "tunit", "s"))
    return Calibration(steps, channels=_constant_labels(notes.get("Labels"), sizes))


def _text(notes: Mapping[str, Any], key: str, default: str) -> str:
    return str(notes.get(key) or default)


def _note(
    steps: dict[str, tuple[float, str]],
    letter: str,
    notes: Mapping[str, Any],
    key: str,
    unit: str,
) -> None:
    """Enter a step, if it is there and makes sense."""
    try:
        # ImageJ lets a stack run backwards: the step's size is what counts here.
        step = abs(float(notes.get(key, "nan")))
    except (TypeError, ValueError):
        return
    if is_size(step):
        steps[letter] = (step, unit)


def _constant_labels(labels: Any, sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Return the slice labels as channel names, where each channel has its own."""
    n_channels = sizes.get("C", 1)
    n_planes = n_channels * prod(sizes.get(letter, 1) for letter in "TZ")
    if not isinstance(labels, list) or len(labels) != n_planes or n_channels < 2:
        return ()
    # The channel is the fastest of ImageJ's axes.
    per_channel = [set(labels[c::n_channels]) for c in range(n_channels)]
    names = tuple(str(min(found)) for found in per_channel)
    constant = all(len(found) == 1 for found in per_channel)
    return names if constant and len(set(names)) == n_channels and all(names) else ()


def fits(movie: Movie) -> bool:
    """Tell whether ImageJ's format can hold all that the movie carries."""
    nbytes = prod(movie.shape) * movie.dtype.itemsize
    units = dict(zip(movie.axes, movie.units, strict=True))
    steps = dict(zip(movie.axes, movie.scale, strict=True))
    lateral_known = units["X"] != PIXEL and all(
        _exact(steps[letter]) is not None for letter in "YX"
    )
    lateral_plain = units["X"] == PIXEL and steps["Y"] == steps["X"] == 1
    time_known = units.get("T", PIXEL) != PIXEL or steps.get("T", 1) == 1
    return (
        movie.dtype.name in _TYPES
        and nbytes < _MAX_BYTES
        and not movie.channels
        and not any(movie.origin)
        and len({units[a] for a in "ZYX" if a in units}) == 1
        and (lateral_known or lateral_plain)
        and time_known
        and all(_is_plain(unit) for unit in movie.units)
    )


def _is_plain(unit: str) -> bool:
    """Tell whether a unit comes back as it is from ImageJ's line of ASCII."""
    word = _word(unit)
    return word.isascii() and "\n" not in word and normalize_unit(word) == unit


def _word(unit: str) -> str:
    """Return a unit as ImageJ writes it."""
    return {"µm": "micron", "s": "sec", "µs": "usec", "Å": "angstrom"}.get(unit, unit)


def _exact(step: float) -> tuple[int, int] | None:
    """Return the pixels per unit as a ratio that gives the very same step back."""
    if not is_size(step):
        return None
    largest = int(_MAX_UINT32 / max(step, 1))
    short = Fraction(repr(step)).limit_denominator(max(largest, 1))
    exact = short.numerator / short.denominator == step and short <= _MAX_UINT32
    return (short.denominator, short.numerator) if exact else None


def write_resolution(movie: Movie) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the pixels per unit along x and y, as rational numbers."""
    x, y = (_exact(step) for step in movie.along("scale", "XY"))
    return x or (1, 1), y or (1, 1)


def write_description(movie: Movie) -> str:
    """Return the notes that make ImageJ open the pages as a hyperstack."""
    sizes = dict(zip(movie.axes, movie.shape, strict=True))
    steps = dict(zip(movie.axes, movie.scale, strict=True))
    units = dict(zip(movie.axes, movie.units, strict=True))
    counts = {
        name: sizes.get(letter, 1)
        for name, letter in (("channels", "C"), ("slices", "Z"), ("frames", "T"))
    }
    lines = ["ImageJ=1.54f", f"images={prod(counts.values())}"]
    lines += [f"{name}={count}" for name, count in counts.items() if count > 1]
    if prod(counts.values()) > 1:
        mode = "composite" if counts["channels"] > 1 else "grayscale"
        lines += ["hyperstack=true", f"mode={mode}", "loop=false"]
    if units["X"] != PIXEL:
        lines.append(f"unit={_word(units['X'])}")
    if "Z" in steps and (steps["Z"] != 1 or units["Z"] != PIXEL):
        lines.append(f"spacing={steps['Z']!r}")
    if units.get("T", PIXEL) != PIXEL:
        lines.append(f"finterval={steps['T']!r}")
        lines.append(f"tunit={_word(units['T'])}")
    return "\n".join(lines) + "\n"
