"""OME-NGFF: what an OME-Zarr store says about its image, read and written.

https://ngff.openmicroscopy.org. Read as of versions 0.1 to 0.6, written as 0.4.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import isfinite
from typing import Any

from maskalign.errors import AxesError, MovieFileError
from maskalign.io.calibration import Calibration, is_size
from maskalign.io.units import normalize_unit
from maskalign.model.movie import PIXEL, Movie

__all__ = ["NgffImage", "read_image", "write_image"]

_LOG = logging.getLogger(__name__)

#: Our letter for each type of axis; that of space goes by its name.
_LETTERS = {"time": "T", "channel": "C"}
_TYPES = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
#: Axes of stores so old that they do not name them.
_OLD_AXES = "tczyx"
#: Units under the names that NGFF takes from UDUNITS.
_UNITS = {
    "pm": "picometer",
    "Å": "angstrom",
    "nm": "nanometer",
    "µm": "micrometer",
    "mm": "millimeter",
    "cm": "centimeter",
    "in": "inch",
    "m": "meter",
    "ns": "nanosecond",
    "µs": "microsecond",
    "ms": "millisecond",
    "s": "second",
    "min": "minute",
    "h": "hour",
    "d": "day",
}
#: Colours for viewers: of one channel, of two, of more.
_COLOURS = {1: ("FFFFFF",), 2: ("00FF00", "FF00FF")}
_MANY_COLOURS = ("00FFFF", "FFFF00", "FF00FF", "FF0000", "00FF00", "0000FF")


@dataclass(frozen=True, slots=True)
class NgffImage:
    """An image of a store, at its finest level."""

    #: Path of the array in its group.
    path: str
    #: Name and type of each axis, as the store has them.
    axes: tuple[tuple[str, str | None], ...]
    #: Steps, units, place and channel names.
    calibration: Calibration
    #: What the store calls it; may be empty.
    name: str

    def letters(self) -> str:
        """Return the axes in our letters.

        Raises
        ------
        AxesError
            If one of them is neither time, channel nor x, y or z.
        """
        letters = ""
        for name, kind in self.axes:
            letter = _letter(name, kind)
            if letter is None:
                msg = (
                    f"its axis {name!r} (type {kind!r}) is none of time, channel, z, "
                    "y, x; say axes=, one letter of TCZYX for each axis"
                )
                raise AxesError(msg)
            letters += letter
        return letters


def read_image(attributes: Mapping[str, Any]) -> NgffImage:
    """Return what the attributes of a group say about its first image.

    Raises
    ------
    MovieFileError
        If they do not follow the specification where it matters.
    """
    ome = attributes.get("ome", attributes)
    scales = _first(ome, "multiscales")
    dataset = _first(scales, "datasets")
    path = dataset.get("path")
    if not isinstance(path, str):
        msg = f"'path' of its first dataset is {path!r}, not the name of an array"
        raise MovieFileError(msg)
    axes, units = _axes(scales)
    transforms = _transforms(dataset)
    if "coordinateSystems" not in scales:
        # Of all levels alike, after those of each; later versions have them between
        # coordinate systems of which we need only the first.
        transforms += _transforms(scales)
    step, place = _apply(transforms, len(axes))
    letters = [_letter(*axis) for axis in axes]
    known = [letter for letter in letters if letter is not None]
    if len(set(known)) < len(known):
        msg = f"its axes {[name for name, _ in axes]} name one thing twice"
        raise MovieFileError(msg)
    steps, places = {}, {}
    for letter, s, p, unit in zip(letters, step, place, units, strict=True):
        if letter is not None and is_size(s):
            steps[letter] = (s, unit)
            places[letter] = (p if isfinite(p) else 0.0, unit)
    name = scales.get("name")
    return NgffImage(
        path,
        axes,
        Calibration(steps, places, _channels(ome)),
        # "/" or "0" is the place of the image in the store, and no name.
        name if isinstance(name, str) and any(map(str.isalpha, name)) else "",
    )


def _letter(name: str, kind: str | None) -> str | None:
    """Return our letter for an axis; None if we have none."""
    letter = _LETTERS.get(kind or "", name[:1].upper())
    space = kind in ("space", None) and name.upper() in ("Z", "Y", "X")
    told = kind in _LETTERS or (kind is None and name in ("t", "c", *_LETTERS))
    return letter if space or told else None


def _first(metadata: Any, key: str) -> Mapping[str, Any]:
    """Return the first entry of a list in the metadata."""
    found = metadata.get(key) if isinstance(metadata, Mapping) else None
    first = found[0] if isinstance(found, list) and found else None
    if not isinstance(first, Mapping):
        msg = f"its metadata have no list {key!r} with an entry"
        raise MovieFileError(msg)
    return first


def _axes(
    scales: Mapping[str, Any],
) -> tuple[tuple[tuple[str, str | None], ...], list[str]]:
    """Return name and type of each axis, and its unit."""
    found = scales.get("axes", _OLD_AXES)
    if "coordinateSystems" in scales:
        found = _first(scales, "coordinateSystems").get("axes")
    axes, units = [], []
    for entry in found if isinstance(found, (list, str)) else [found]:
        # Before version 0.4 an axis was its name.
        if isinstance(entry, str):
            entry = {"name": entry}
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name:
            msg = f"'axes' in its metadata is {found!r}: an axis has no name"
            raise MovieFileError(msg)
        kind = entry.get("type")
        axes.append((name, kind if isinstance(kind, str) else None))
        units.append(normalize_unit(entry.get("unit")))
    return tuple(axes), units


def _transforms(metadata: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the coordinate transformations, sequences resolved."""
    found: list[Mapping[str, Any]] = []
    for entry in metadata.get("coordinateTransformations") or ():
        if not isinstance(entry, Mapping):
            msg = f"its metadata have the coordinate transformation {entry!r}"
            raise MovieFileError(msg)
        if entry.get("type") == "sequence":
            inner = {"coordinateTransformations": entry.get("transformations")}
            found += _transforms(inner)
        else:
            found.append(entry)
    return found


def _apply(
    transforms: Sequence[Mapping[str, Any]], ndim: int
) -> tuple[list[float], list[float]]:
    """Return the step along each axis and the position of the first pixel."""
    step, place = [1.0] * ndim, [0.0] * ndim
    for transform in transforms:
        kind = transform.get("type")
        if kind == "identity":
            continue
        if kind not in ("scale", "translation") or kind not in transform:
            _LOG.warning("A transformation of type %r is left out.", str(kind))
            continue
        values = _numbers(transform[kind], kind, ndim)
        if kind == "scale":
            step = [s * v for s, v in zip(step, values, strict=True)]
            place = [p * v for p, v in zip(place, values, strict=True)]
        else:
            place = [p + v for p, v in zip(place, values, strict=True)]
    return step, place


def _numbers(values: Any, kind: str, ndim: int) -> list[float]:
    try:
        numbers = [float(v) for v in values]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != ndim:
        msg = f"its metadata have the {kind} {values!r}; {ndim} numbers are needed"
        raise MovieFileError(msg)
    return numbers


def _channels(ome: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the channel names, if all channels have one."""
    omero = ome.get("omero")
    channels = omero.get("channels") if isinstance(omero, Mapping) else None
    if not isinstance(channels, Sequence):
        return ()
    names = [c.get("label") if isinstance(c, Mapping) else None for c in channels]
    return tuple(n for n in names if n) if all(names) else ()


def write_image(
    movie: Movie,
    *,
    file_axes: str,
    name: str,
    ranges: Sequence[tuple[float, float]] = (),
) -> dict[str, Any]:
    """Return the attributes of a group that holds a movie in its array ``"0"``.

    Parameters
    ----------
    movie : Movie
        The movie.
    file_axes : str
        The order of its axes in the array.
    name : str
        Name of the image.
    ranges : sequence of (float, float)
        Smallest and largest value of each channel, for viewers; needed where the
        channels have names.
    """
    step = [_or(s, 1.0) for s in movie.along("scale", file_axes)]
    place = [_or(p, 0.0) for p in movie.along("origin", file_axes)]
    transforms: list[dict[str, Any]] = [{"type": "scale", "scale": step}]
    if any(place):
        transforms.append({"type": "translation", "translation": place})
    axes = []
    for letter, unit in zip(file_axes, movie.along("units", file_axes), strict=True):
        axis = {"name": letter.lower(), "type": _TYPES[letter]}
        if unit != PIXEL:
            axis["unit"] = _UNITS.get(unit, unit)
        axes.append(axis)
    image = {
        "version": "0.4",
        "name": name,
        "axes": axes,
        "datasets": [{"path": "0", "coordinateTransformations": transforms}],
    }
    written: dict[str, Any] = {"multiscales": [image]}
    if movie.channels:
        written["omero"] = {
            "version": "0.4",
            "channels": _describe_channels(movie.channels, ranges),
        }
    written["_creator"] = {
        "name": "maskalign",
        "version": version("napari-maskalign"),
    }
    return written


def _or(value: float, default: float) -> float:
    """Return a number that JSON has a word for."""
    return value if isfinite(value) else default


def _describe_channels(
    names: Sequence[str], ranges: Sequence[tuple[float, float]]
) -> list[dict[str, Any]]:
    colours = _COLOURS.get(len(names), _MANY_COLOURS)
    return [
        {
            "label": name,
            "active": True,
            "color": colours[k % len(colours)],
            "window": {"min": low, "max": high, "start": low, "end": high},
        }
        for k, (name, (low, high)) in enumerate(zip(names, ranges, strict=True))
    ]
