import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskalign.io import imagej
from maskalign.model.movie import Movie

UNKNOWN = ((1, 1), (1, 1))
NONE, INCH, CM = 1, 2, 3


def read(notes, resolution=UNKNOWN, tag_unit=NONE, **sizes):
    return imagej.read_calibration(notes, resolution, tag_unit, sizes)


def test_resolution_is_pixels_per_unit():
    found = read({"unit": "micron", "spacing": 0.4, "finterval": 30}, ((5, 1), (4, 1)))
    assert found.scale("TZYX") == (30, 0.4, 0.25, 0.2)
    assert found.units("TZYX") == ("s", "µm", "µm", "µm")


def test_units_of_their_own_are_taken():
    notes = {"unit": "um", "zunit": "nm", "yunit": "mm", "tunit": "min", "spacing": 3}
    found = read(notes | {"finterval": 2}, ((2, 1), (2, 1)))
    assert found.units("TZYX") == ("min", "nm", "mm", "µm")


@pytest.mark.parametrize(
    ("unit", "dots"),
    [(INCH, 72), (INCH, 96), (INCH, 300), (INCH, 1200), (CM, 28), (CM, 118), (CM, 472)],
)
def test_printing_resolution_is_no_pixel_size(unit, dots):
    assert read({}, ((dots, 1), (dots, 1)), unit).steps == {}


@pytest.mark.parametrize(("unit", "per_um"), [(INCH, 25400), (CM, 10000)])
def test_resolution_finer_than_any_printer_is_a_pixel_size(unit, per_um):
    found = read({}, ((per_um * 5, 1), (per_um * 4, 1)), unit)
    assert found.scale("YX") == pytest.approx((0.25, 0.2))
    assert found.units("YX") == ("µm", "µm")


@pytest.mark.parametrize("ratio", [(0, 1), (1, 0), None])
def test_a_resolution_of_nothing_is_ignored(ratio):
    assert read({"unit": "um"}, (ratio, ratio)).steps == {}


@pytest.mark.parametrize("value", [0, float("nan"), "?", None])
def test_a_step_of_nothing_is_ignored(value):
    assert read({"finterval": value, "spacing": value}).steps == {}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["GFP", "RFP"] * 3, ("GFP", "RFP")),
        (["GFP", "RFP", "GFP", "RFP", "GFP", "other"], ()),
        (["img"] * 6, ()),
        (["GFP", "RFP"], ()),
        ([f"c:{c}/2 t:{t}/3" for t in range(3) for c in range(2)], ()),
    ],
)
def test_labels_are_channel_names_where_each_channel_has_its_own(labels, expected):
    assert read({"Labels": labels}, T=3, C=2, Y=4, X=4).channels == expected


def test_labels_of_a_single_channel_are_names_of_slices():
    assert read({"Labels": ["one"] * 3}, T=3, Y=4, X=4).channels == ()


def movie(**changes):
    fields = {"axes": "TYX", "scale": (2, 0.1, 0.1), "units": ("s", "µm", "µm")}
    fields |= changes
    shape = tuple(3 for _ in fields["axes"])
    dtype = fields.pop("dtype", "uint8")
    return Movie(
        np.broadcast_to(np.zeros((), dtype), fields.pop("shape", shape)), **fields
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dtype": "uint16"},
        {"dtype": "float32"},
        {"units": ("min", "nm", "nm")},
        {"units": ("s", "1/nm", "1/nm")},
        {"scale": (1, 1, 1), "units": ("pixel",) * 3},
    ],
)
def test_imagej_holds(changes):
    assert imagej.fits(movie(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": "int16"},
        {"dtype": "float64"},
        {"shape": (2**12, 2**10, 2**10)},
        {"channels": ("GFP",)},
        {"origin": (0, 1, 0)},
        {"units": ("s", "nm", "µm")},
        {"units": ("s", "pixel", "pixel")},
        {"units": ("pixel", "µm", "µm")},
        {"units": ("s", "мкм", "мкм")},
        {"scale": (2, 1e-12, 1e-12)},
    ],
)
def test_imagej_does_not_hold(changes):
    assert not imagej.fits(movie(**changes))


@given(st.floats(1e-6, 1e6, exclude_min=True))
def test_a_pixel_size_comes_back_to_the_bit(step):
    written = movie(scale=(1, step, step))
    ratio, _ = imagej.write_resolution(written)
    assert max(ratio) < 2**32
    if imagej.fits(written):
        assert read({"unit": "um"}, (ratio, ratio)).scale("X") == (step,)
    else:
        assert not 0.01 < step < 100


def test_the_notes_count_the_planes_of_each_kind():
    hyperstack = movie(
        axes="TZCYX", scale=(1,) * 5, units=("pixel",) * 5, shape=(5, 4, 2, 3, 3)
    )
    lines = imagej.write_description(hyperstack).splitlines()
    assert lines[0].startswith("ImageJ=")
    expected = {"images=40", "channels=2", "slices=4", "frames=5", "hyperstack=true"}
    assert expected <= set(lines)
    assert not [line for line in lines if line.startswith(("unit", "spacing", "fint"))]
