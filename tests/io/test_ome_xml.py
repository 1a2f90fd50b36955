import logging
from xml.etree import ElementTree

import numpy as np
import pytest

from maskalign.io.ome_xml import OME_TYPES, read_calibration, write_xml
from maskalign.model.movie import Movie

HEAD = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="i">'


def image(pixels):
    return f"{HEAD}{pixels}</Image></OME>"


def test_units_that_are_left_out_are_the_standards_own():
    found = read_calibration(
        image('<Pixels PhysicalSizeX="0.5" PhysicalSizeZ="2" TimeIncrement="3"/>')
    )
    assert found.scale("TZYX") == (3, 2, 1, 0.5)
    assert found.units("TZYX") == ("s", "µm", "pixel", "µm")


def test_units_that_are_given_are_taken():
    size = 'PhysicalSizeY="80" PhysicalSizeYUnit="nm"'
    step = 'TimeIncrement="1" TimeIncrementUnit="min"'
    found = read_calibration(image(f"<Pixels {size} {step}/>"))
    assert found.units("TYX") == ("min", "nm", "pixel")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "big"])
def test_a_size_that_makes_no_sense_is_not_believed(value):
    found = read_calibration(image(f'<Pixels PhysicalSizeX="{value}"/>'))
    assert found.scale("X") == (1,)
    assert found.units("X") == ("pixel",)


def test_the_first_planes_place_is_the_origin():
    planes = (
        '<Plane PositionX="-2" PositionXUnit="µm"'
        ' PositionY="0.001" PositionYUnit="mm"/>'
        '<Plane PositionX="50" PositionXUnit="µm"/>'
    )
    pixels = f'<Pixels PhysicalSizeX="1" PhysicalSizeY="1">{planes}</Pixels>'
    assert read_calibration(image(pixels)).origin("YX") == pytest.approx((1, -2))


def test_a_place_on_a_stage_without_units_is_no_origin():
    pixels = '<Pixels PhysicalSizeX="1"><Plane PositionX="5000"/></Pixels>'
    assert read_calibration(image(pixels)).origin("X") == (0,)


def test_channel_names_are_all_there_or_none():
    both = '<Pixels><Channel Name="GFP"/><Channel Name="µ-RFP"/></Pixels>'
    one = '<Pixels><Channel Name="GFP"/><Channel/></Pixels>'
    assert read_calibration(image(both)).channels == ("GFP", "µ-RFP")
    assert read_calibration(image(one)).channels == ()


@pytest.mark.parametrize("xml", [image(""), "<OME/>", HEAD])
def test_xml_without_pixels_calibrates_nothing(xml):
    assert read_calibration(xml).steps == {}


@pytest.fixture
def movie():
    return Movie(
        np.zeros((3, 2, 4, 5, 6), "uint16"),
        "TCZYX",
        scale=(0.1, 1, 1 / 3, 0.1083, 0.1083),
        units=("min", "pixel", "µm", "µm", "µm"),
        channels=("DNA", "µ-tubulin"),
        origin=(0, 0, -1.25, 1e-3, 7),
    )


def test_what_is_written_is_read_to_the_bit(movie):
    xml = write_xml(movie, file_axes="TCZYX", name="cells").decode()
    found = read_calibration(xml)
    assert found.scale(movie.axes) == movie.scale
    assert found.units(movie.axes) == movie.units
    assert found.origin(movie.axes) == movie.origin
    assert found.channels == movie.channels


@pytest.mark.parametrize(
    ("axes", "order"), [("TCZYX", "XYZCT"), ("TYX", "XYTZC"), ("CYX", "XYCZT")]
)
def test_the_order_of_dimensions_is_one_that_ome_knows(axes, order):
    movie = Movie(np.zeros((2,) * len(axes), "uint8"), axes)
    root = ElementTree.fromstring(write_xml(movie, file_axes=axes, name="m"))
    pixels = root.find("{*}Image/{*}Pixels")
    assert pixels.get("DimensionOrder") == order
    assert [pixels.get(f"Size{a}") for a in axes] == ["2"] * len(axes)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"units": ("generation", "nm", "nm"), "scale": (2, 3, 3)}, "along T, 2 gener"),
        ({"units": ("s", "1/nm", "nm"), "scale": (2, 3, 3)}, "along Y, 3 1/nm"),
        ({"origin": (4, 0, 0)}, "origin along T, 4"),
    ],
)
def test_what_ome_cannot_hold_is_said(change, words, caplog):
    movie = Movie(np.zeros((2, 3, 3), "uint8"), "TYX", **change)
    with caplog.at_level(logging.WARNING):
        write_xml(movie, file_axes="TYX", name="m")
    assert words in caplog.text


def test_every_type_has_as_many_bits_as_its_name_says():
    sizes = {"float": 4, "double": 8}
    for dtype, name in OME_TYPES.items():
        bits = int("".join(filter(str.isdigit, name)) or 8 * sizes.get(name, 0))
        assert bits == 8 * dtype.itemsize
