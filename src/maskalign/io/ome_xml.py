"""OME-XML: what a movie's file says about it, read and written."""

import logging
from collections.abc import Callable
from math import isfinite, prod
from xml.etree import ElementTree

import numpy as np

from maskalign.io.calibration import Calibration, is_size
from maskalign.io.units import LENGTHS, TIMES
from maskalign.model.axes import SPATIAL
from maskalign.model.movie import PIXEL, Movie

__all__ = ["OME_TYPES", "read_calibration", "write_xml"]

_LOG = logging.getLogger(__name__)
_SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"

#: Pixel types, under OME's names.
OME_TYPES = {
    np.dtype(numpy_name): ome_name
    for numpy_name, ome_name in (
        ("int8", "int8"),
        ("int16", "int16"),
        ("int32", "int32"),
        ("uint8", "uint8"),
        ("uint16", "uint16"),
        ("uint32", "uint32"),
        ("float32", "float"),
        ("float64", "double"),
    )
}


def read_calibration(xml: str) -> Calibration:
    """Return what OME-XML says about its first image."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        _LOG.warning("The OME-XML cannot be read (%s): no calibration.", error)
        return Calibration()
    pixels = root.find("{*}Image/{*}Pixels")
    if pixels is None:
        return Calibration()
    steps: dict[str, tuple[float, str]] = {}
    for letter in SPATIAL:
        size = f"PhysicalSize{letter}"
        _note(steps, letter, pixels, size, unit="µm", accept=is_size)
    _note(steps, "T", pixels, "TimeIncrement", unit="s", accept=is_size)
    positions: dict[str, tuple[float, str]] = {}
    plane = pixels.find("{*}Plane")
    if plane is not None:
        for letter in SPATIAL:
            position = f"Position{letter}"
            unit = "reference frame"
            _note(positions, letter, plane, position, unit=unit, accept=isfinite)
    names = [channel.get("Name") for channel in pixels.findall("{*}Channel")]
    known = tuple(name for name in names if name)
    return Calibration(
        steps, positions, channels=known if len(known) == len(names) else ()
    )


def _note(
    found: dict[str, tuple[float, str]],
    letter: str,
    element: ElementTree.Element,
    name: str,
    *,
    unit: str,
    accept: Callable[[float], bool],
) -> None:
    """Enter an attribute and its unit, if they are there and make sense."""
    try:
        value = float(element.get(name, "nan"))
    except ValueError:
        return
    if accept(value):
        found[letter] = (value, element.get(f"{name}Unit", unit))


def write_xml(movie: Movie, *, file_axes: str, name: str) -> bytes:
    """Return OME-XML for pages that hold `movie` in the order of `file_axes`.

    Parameters
    ----------
    movie : Movie
        The movie that the file holds; its dtype must be one of `OME_TYPES`.
    file_axes : str
        The order in which the planes are written, slowest first, such as ``"TCZYX"``.
    name : str
        Name of the image.

    Returns
    -------
    bytes
        UTF-8. Steps and positions are written so that reading gives the same bits.
    """
    sizes = dict(zip(movie.axes, movie.shape, strict=True))
    missing = "".join(letter for letter in "TCZ" if letter not in file_axes)
    order = (missing + file_axes)[::-1]
    root = ElementTree.Element("OME", {"xmlns": _SCHEMA})
    image = ElementTree.SubElement(root, "Image", {"ID": "Image:0", "Name": name})
    attributes = {
        "ID": "Pixels:0",
        "DimensionOrder": order,
        "Type": OME_TYPES[np.dtype(movie.dtype).newbyteorder("=")],
        "BigEndian": "false",
    }
    attributes |= {f"Size{letter}": str(sizes.get(letter, 1)) for letter in order}
    pixels = ElementTree.SubElement(image, "Pixels", attributes | _sizes(movie))
    for number in range(sizes.get("C", 1)):
        channel = {"ID": f"Channel:0:{number}", "SamplesPerPixel": "1"}
        if movie.channels:
            channel["Name"] = movie.channels[number]
        ElementTree.SubElement(pixels, "Channel", channel)
    n_planes = prod(sizes.get(letter, 1) for letter in "TCZ")
    tiff_data = {"IFD": "0", "PlaneCount": str(n_planes)}
    ElementTree.SubElement(pixels, "TiffData", tiff_data)
    positions = _positions(movie)
    if positions:
        first = {"TheZ": "0", "TheT": "0", "TheC": "0"}
        ElementTree.SubElement(pixels, "Plane", first | positions)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def _sizes(movie: Movie) -> dict[str, str]:
    """Return the steps that OME can hold, and say which it cannot."""
    found: dict[str, str] = {}
    for letter, step, unit in zip(movie.axes, movie.scale, movie.units, strict=True):
        name = "TimeIncrement" if letter == "T" else f"PhysicalSize{letter}"
        known = TIMES if letter == "T" else (*LENGTHS, PIXEL)
        if letter == "C" or (step == 1 and unit == PIXEL):
            continue
        if unit in known and is_size(step):
            found |= {name: repr(step), f"{name}Unit": unit}
        else:
            _left_out(f"the step along {letter}, {step:g} {unit}")
    return found


def _positions(movie: Movie) -> dict[str, str]:
    """Return the place of the first pixel, as far as OME can hold it."""
    found: dict[str, str] = {}
    for letter, place, unit in zip(movie.axes, movie.origin, movie.units, strict=True):
        if place == 0:
            continue
        if letter in SPATIAL and unit in (*LENGTHS, PIXEL):
            name = f"Position{letter}"
            found |= {name: repr(place), f"{name}Unit": unit}
        else:
            _left_out(f"the origin along {letter}, {place:g} {unit}")
    return found


def _left_out(what: str) -> None:
    _LOG.warning("OME-TIFF cannot hold %s: it is left out of the file.", what)
