"""What results look like at the prompt: one line that tells the answer."""

import numpy as np
import pytest

import maskalign
from maskalign import DriftTable, Registration


@pytest.fixture(scope="module")
def pair():
    scene = np.random.default_rng(0).normal(size=(60, 60))
    return scene[:48, :48], scene[3:51, 2:50]


def results(a, b):
    yield maskalign.register(a, b), "shift=(3."
    yield maskalign.masked_ncc(a, b, max_shift=5), "11 x 11 lags, y -5 to 5, x -5 to 5"
    yield maskalign.masked_ncc(a, b, max_shift=5), "best ncc 1.000 at (3, 2)"
    yield maskalign.displacement_map(a, b, subpixel=False), "2 x 2 windows of 32 x 32"
    yield maskalign.displacement_map(a, b, subpixel=False), "largest ok shift 3.61 px"
    yield maskalign.joint_histogram(a, b, bins=9), "9 x 9 bins"
    yield maskalign.joint_histogram(a, b, bins=9), "2304 pixels"
    yield maskalign.colocalization(a, b), "p_value"
    yield maskalign.summarize_map(maskalign.local_ncc(a, b)), "1 frame, median ncc"
    yield DriftTable.from_shifts([(0, 0), (1 / 3, -2)])[1], "shift=(0.3333, -2.0)"


def test_every_result_is_a_line_with_the_answer(pair):
    for result, answer in results(*pair):
        text = repr(result)
        assert text.startswith(type(result).__name__ + "(")
        assert answer in text
        # No dump of arrays; a row of a table is the longest.
        assert len(text) < 250
        assert "array" not in text


def test_digits_that_mean_nothing_are_left_out():
    found = Registration((-1e-17, 2.000000061), 1.0, 1.0, (1e-9, 0.25), np.inf, "ok")
    assert "shift=(0.0, 2.0)" in repr(found)
    assert "shift_std=(0.0, 0.25), peak_ratio=inf" in repr(found)


def test_a_surface_without_a_lag_says_so():
    surface = maskalign.CorrelationSurface(
        np.full((1, 2), np.nan), np.zeros((1, 2)), (np.arange(1), np.arange(2))
    )
    assert "no lag has enough overlap" in repr(surface)
