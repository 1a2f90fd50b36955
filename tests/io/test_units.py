import pytest

from maskalign.io.units import LENGTHS, TIMES, normalize_unit


@pytest.mark.parametrize(
    "spelling",
    [
        "µm",
        "μm",
        "um",
        "micron",
        "Microns",
        "micrometer",
        r"\u00B5m",
        r"\u03BCm",
        "Âµm",
    ],
)
def test_every_spelling_of_the_micrometre_is_one_unit(spelling):
    assert normalize_unit(spelling) == "µm"


@pytest.mark.parametrize("unit", [*LENGTHS, *TIMES, "pixel", "furlong", "1/nm"])
def test_a_unit_in_its_usual_spelling_stays_as_it_is(unit):
    assert normalize_unit(unit) == unit


@pytest.mark.parametrize("nothing", [None, "", "  ", "px", "pixels"])
def test_no_unit_means_pixels(nothing):
    assert normalize_unit(nothing) == "pixel"


def test_letters_in_capitals_are_other_units():
    assert normalize_unit("Mm") != normalize_unit("mm")
