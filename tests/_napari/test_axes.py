import numpy as np
import pytest
from napari.layers import Image

from maskalign._napari.axes import decide_axes, describe
from maskalign.errors import AxesError
from maskalign.model.movie import Movie


def decided(shape, labels=None, units=None):
    """Decide as for a real layer, whose defaults are napari's own."""
    layer = Image(np.zeros(shape), axis_labels=labels, units=units)
    found = decide_axes(layer.data.shape, layer.axis_labels, layer.units)
    return found.axes, found.because


@pytest.mark.parametrize(
    ("shape", "labels", "units", "expected"),
    [
        ((4, 8, 9), None, None, ("TYX", "position")),
        ((4, 3, 8, 9), None, None, ("TZYX", "position")),
        ((4, 8, 9), ("t", "y", "x"), None, ("TYX", "label")),
        ((4, 8, 9), ("Time", "Row", "Column"), None, ("TYX", "label")),
        ((8, 4, 9), ("y", "frame", "x"), None, ("YTX", "label")),
        ((4, 2, 3, 8, 9), ("t", "c", "z", "y", "x"), None, ("TCZYX", "label")),
        ((2, 4, 8, 9), ("channel", "t", "y", "x"), None, ("CTYX", "label")),
        ((4, 2, 8, 9), ("t", "c", "-2", "-1"), None, ("TCYX", "label")),
        ((3, 4, 8, 9), None, ("um", "s", "um", "um"), ("ZTYX", "unit")),
        ((4, 8, 9), None, ("ms", "um", "um"), ("TYX", "unit")),
        # Labels win over units, units over position.
        (
            (3, 4, 8, 9),
            ("t", "-3", "y", "x"),
            ("um", "s", "um", "um"),
            ("TZYX", "label"),
        ),
        # A label that comes twice counts once.
        ((4, 3, 8, 9), ("t", "frames", "y", "x"), None, ("TZYX", "label")),
    ],
)
def test_labels_then_units_then_position_decide(shape, labels, units, expected):
    assert decided(shape, labels, units) == expected


@pytest.mark.parametrize(
    ("shape", "labels", "complaint"),
    [
        ((8, 9), None, "8 x 9 pixels has no time axis"),
        ((3, 8, 9), ("z", "y", "x"), "no time axis: its axes are labelled z, y, x"),
        ((4, 3, 8, 9), ("t", "z", "c", "y"), "lack y or x"),
        ((2, 4, 3, 8, 9), None, "cannot be told what they are"),
    ],
)
def test_what_is_no_movie_is_refused_with_a_remedy(shape, labels, complaint):
    with pytest.raises(AxesError, match=complaint):
        decided(shape, labels)


def test_the_decision_is_said_in_words():
    movie = Movie(np.zeros((4, 2, 3, 8, 9)), "TCZYX")
    decision = decide_axes(movie.shape, tuple("tczyx"), ("pixel",) * 5)
    assert describe(movie, decision) == (
        "4 frames of 3 x 8 x 9 px (zyx), 2 channels. Time: axis 0, by its label."
    )
