import numpy as np
import pytest

from maskalign._napari.wording import describe_error, describe_table, pixels_suffix
from maskalign.errors import NoContrastError, NoValidPixelsError
from maskalign.model.drift_table import DriftTable
from maskalign.model.movie import Movie
from maskalign.model.status import MEANING


def test_the_largest_shift_is_said_in_pixels_and_in_its_unit():
    table = DriftTable.from_shifts(
        [(0, 0), (-6, 8), (1, 1)], scale=(0.2, 0.2), units=("µm", "µm")
    )
    text = describe_table(table)
    assert "10.0 px = 2 µm (frame 1)" in text
    assert "All are ok" in text


def test_unlike_pixels_are_measured_each_by_its_own_size():
    table = DriftTable.from_shifts(
        [(0, 0, 0), (3, 0, 4)], scale=(1, 0.5, 0.5), units=("µm",) * 3
    )
    assert "5.0 px = 3.61 µm" in describe_table(table)


def test_doubtful_frames_are_listed_with_the_reason():
    status = ["ok", "blank", "ok", "blank", "at-limit"]
    table = DriftTable.from_shifts(np.zeros((5, 2)), status=status)
    lines = describe_table(table).splitlines()
    assert f"frames 1, 3: blank. {MEANING['blank']}" in lines[2:]
    # Options are called as their controls are labelled.
    raised = MEANING["at-limit"].replace("max_shift", "Max shift")
    assert f"frame 4: at-limit. {raised}" in lines[2:]
    assert "Max shift" in raised


def test_a_shift_that_was_not_found_is_not_the_largest():
    table = DriftTable.from_shifts(
        [(0, 0), (90, 90), (3, 4)], status=["ok", "unsure", "ok"]
    )
    assert "5.0 px (frame 2)" in describe_table(table)


def test_errors_without_words_get_some():
    assert "memory" in describe_error(MemoryError())
    assert describe_error(KeyError()) == "KeyError"
    assert describe_error(ValueError("so")) == "so"


@pytest.mark.parametrize("kind", [NoContrastError, NoValidPixelsError])
def test_a_reference_that_cannot_be_used_gets_a_remedy(kind):
    assert describe_error(kind("It is blank.")) == (
        "It is blank. Choose another reference, or mask less of it."
    )


def test_a_window_has_no_size_where_pixels_have_none():
    square = Movie(np.zeros((2, 8, 8)), scale=(1, 2, 2), units=("s", "nm", "nm"))
    oblong = square.replace(scale=(1, 2, 3))
    assert pixels_suffix(10, square) == " px = 20 nm"
    assert pixels_suffix(0, square) == pixels_suffix(10, oblong) == " px"
    assert pixels_suffix(10, Movie(np.zeros((2, 8, 8)))) == " px"


def test_where_most_frames_are_in_doubt_advice_is_given():
    status = np.array(["ok"] * 5 + ["unsure"] * 5, object)
    table = DriftTable.from_shifts(np.zeros((10, 2)), status=status)
    assert "What may help" not in describe_table(table)
    status[4] = "unsure"
    assert "What may help" in describe_table(table.replace(status=status))
    # Frames that were not reached say nothing about the others.
    status[4:] = "not-reached"
    assert "What may help" not in describe_table(table.replace(status=status))
