"""Boxes less holes: the same sums as by transforms of all of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign import register
from maskalign.core import valid_sums
from maskalign.core.lags import LagWindow
from maskalign.core.pixels import Valid
from maskalign.core.valid_sums import ValidSums


def holed(rng, shape):
    """Valid pixels: everywhere, but for a box here and there, or many holes."""
    valid = np.ones(shape, bool)
    kind = rng.integers(4)
    if kind == 1:
        valid = rng.random(shape) > 0.3
    elif kind > 1:
        corner = [rng.integers(n) for n in shape]
        box = tuple(slice(c, c + rng.integers(1, 5)) for c in corner)
        valid[box] = rng.random(valid[box].shape) < 0.3 * (kind - 2)
    valid.flat[rng.integers(valid.size)] = True
    return valid


cases = st.integers(2, 3).flatmap(
    lambda ndim: st.fixed_dictionaries(
        {
            "shapes": st.tuples(*[st.tuples(*[st.integers(3, 12)] * ndim)] * 2),
            "max_shift": st.none() | st.integers(0, 4),
            "around": st.none() | st.tuples(*[st.integers(-6, 6)] * ndim),
            "of_reference": st.booleans(),
            "seed": st.integers(0, 2**16),
        }
    )
)


@settings(max_examples=150, deadline=None)
@given(cases)
def test_sums_and_counts_are_those_of_transforms(case):
    rng = np.random.default_rng(case["seed"])
    window = LagWindow.within(*case["shapes"], case["max_shift"], case["around"])
    valid = [holed(rng, shape) for shape in case["shapes"]]
    images = [rng.normal(size=shape) for shape in case["shapes"]]

    def by_transforms(reference, moving):
        return window.correlate(
            window.reference_spectrum(reference, float),
            window.moving_spectrum(moving, float),
        )

    first = case["of_reference"]
    sums = [
        ValidSums(window, Valid.of(v), float, of_reference=side)
        for v, side in zip(valid, (True, False), strict=True)
    ]
    found = sums[0](images[1]) if first else sums[1](images[0])
    expected = (
        by_transforms(valid[0], images[1])
        if first
        else by_transforms(images[0], valid[1])
    )
    np.testing.assert_allclose(found, expected, atol=1e-11)
    mine, other = sums if first else sums[::-1]
    counts = mine.counts(other)
    assert counts.dtype == np.int32
    np.testing.assert_array_equal(counts, np.rint(by_transforms(*valid)))


def test_a_hole_in_one_place_needs_no_transform_of_the_whole(monkeypatch):
    """And the shift is the same as with all of it transformed."""
    rng = np.random.default_rng(0)
    scene = rng.normal(size=(140, 150))
    a, b = scene[6:134, 6:142], scene[9:137, 4:140]
    valid = np.ones(a.shape, bool)
    valid[40:60, 70:90] = False
    options = {"reference_mask": valid, "moving_mask": valid, "max_shift": 8}
    spectra = []
    plain = LagWindow.moving_spectrum

    def counted(self, image, dtype=None):
        spectra.append(image.size)
        return plain(self, image, dtype)

    monkeypatch.setattr(LagWindow, "moving_spectrum", counted)
    found = register(a, b, **options)
    assert sum(size == a.size for size in spectra) == 1
    monkeypatch.setattr(valid_sums, "_SMALL", 0)
    other = register(a, b, **options)
    assert found.overlap == other.overlap
    assert found.ncc == pytest.approx(other.ncc, abs=1e-12)
    np.testing.assert_allclose(found.shift, other.shift, atol=1e-9)
    np.testing.assert_allclose(found.shift, (3, -2), atol=0.01)


def test_holes_that_no_lag_brings_near_take_nothing_away():
    """The moving image is a strip at the top; the hole is at the bottom."""
    valid = np.ones((30, 20), bool)
    valid[25:, 5:9] = False
    window = LagWindow.within((30, 20), (6, 20), 4)
    image = np.random.default_rng(0).normal(size=(6, 20))
    sums = ValidSums(window, Valid.of(valid), float, of_reference=True)
    np.testing.assert_allclose(sums(image), window.moving_sums(image, float))
