import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign.core.lags import LagWindow
from maskalign.core.pixels import Valid


def by_hand(a, b, lags):
    """The sum of products at each lag, pixel by pixel."""
    out = np.zeros([len(axis) for axis in lags])
    for index in np.ndindex(*out.shape):
        u = [axis[i] for axis, i in zip(lags, index, strict=True)]
        for p in np.ndindex(*b.shape):
            q = tuple(x + y for x, y in zip(p, u, strict=True))
            if all(0 <= x < n for x, n in zip(q, a.shape, strict=True)):
                out[index] += a[q] * b[p]
    return out


shapes = st.integers(2, 3).flatmap(
    lambda ndim: st.tuples(
        *[st.tuples(*[st.integers(1, 5)] * ndim)] * 2,
        st.none() | st.tuples(*[st.integers(0, 6)] * ndim),
    )
)


@settings(max_examples=60, deadline=None)
@given(shapes, st.integers(0, 2**16))
def test_correlation_equals_summing_by_hand(case, seed):
    shape_a, shape_b, max_shift = case
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=shape_a), rng.normal(size=shape_b)
    window = LagWindow.within(shape_a, shape_b, max_shift)
    found = window.correlate(window.reference_spectrum(a), window.moving_spectrum(b))
    assert found.shape == window.shape
    np.testing.assert_allclose(found, by_hand(a, b, window.lags), atol=1e-12)


def test_the_window_ends_where_the_images_part():
    window = LagWindow.within((10, 20), (4, 30), (6, 5))
    assert [(axis[0], axis[-1]) for axis in window.lags] == [(-3, 6), (-5, 5)]


def test_padding_is_the_search_window_not_a_doubling():
    window = LagWindow.within((1000, 1000), (1000, 1000), 20)
    assert max(window.padded) < 1060


def test_fractions_of_a_pixel_are_cut_off_and_infinity_means_all():
    window = LagWindow.within((10, 10), (10, 10), (2.9, np.inf))
    assert window.shape == (5, 19)


def test_one_entry_for_each_axis():
    with pytest.raises(ValueError, match=r"max_shift=\(1, 2, 3\) has 3 entries"):
        LagWindow.within((8, 8), (8, 8), (1, 2, 3))


@pytest.mark.parametrize("share", [0.03, 0.5, 0.97])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_counts_are_exact_for_a_million_pixels(share, dtype):
    """Single precision must be off by less than a half, at its largest size."""
    rng = np.random.default_rng(0)
    masks = rng.random((2, 1080, 1080)) < share
    masks[:, 0, 0] = True
    window = LagWindow.within((1080, 1080), (1080, 1080), 12)
    a, b = map(Valid.of, masks)

    def spectra():
        return (
            window.reference_spectrum(a.array, dtype),
            window.moving_spectrum(b.array, dtype),
        )

    found = window.counts(a, b, spectra)
    for dy, dx in [(0, 0), (12, -12), (-7, 3)]:
        here = masks[0, max(dy, 0) : 1080 + min(dy, 0), max(dx, 0) : 1080 + min(dx, 0)]
        there = masks[
            1, max(-dy, 0) : 1080 + min(-dy, 0), max(-dx, 0) : 1080 + min(-dx, 0)
        ]
        assert found[dy + 12, dx + 12] == np.count_nonzero(here & there)
