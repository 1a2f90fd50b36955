from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign.core import fft
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


@pytest.mark.parametrize("shape", [(24, 30), (6, 14, 16)])
@pytest.mark.parametrize("around", [0, 5, -7, 11, -13, 100])
def test_a_window_around_a_lag_is_a_part_of_all_lags(shape, around):
    rng = np.random.default_rng(abs(around))
    a, b = rng.normal(size=(2, *shape))
    whole = LagWindow.within(shape, shape, None)
    everything = whole.correlate(whole.reference_spectrum(a), whole.moving_spectrum(b))
    # Further than images reach, the nearest lag at which they touch is the middle.
    middle = [around * (-1) ** k for k in range(len(shape))]
    part = LagWindow.within(shape, shape, 3.7, middle)
    there = tuple(
        slice(first - all_first, last - all_first + 1)
        for first, last, all_first in zip(
            part.first, part.last, whole.first, strict=True
        )
    )
    found = part.correlate(part.reference_spectrum(a), part.moving_spectrum(b))
    np.testing.assert_allclose(found, everything[there], atol=1e-10)
    limits = [np.clip(m, 1 - n, n - 1) for m, n in zip(middle, shape, strict=True)]
    for lags, centre, n in zip(part.lags, limits, shape, strict=True):
        assert lags[0] == max(centre - 3, 1 - n)
        assert lags[-1] == min(centre + 3, n - 1)
    valid = Valid.everywhere(shape)
    n = part.counts(valid, valid, lambda: None)
    ones = np.ones(shape)
    by_fft = part.correlate(part.reference_spectrum(ones), part.moving_spectrum(ones))
    np.testing.assert_array_equal(n, np.rint(by_fft))


@settings(max_examples=60, deadline=None)
@given(shapes, st.floats(0, 1), st.none() | st.integers(-5, 5))
def test_no_lag_that_overlaps_enough_is_left_out(case, share, around):
    shape_a, shape_b, max_shift = case
    middle = None if around is None else [around] * len(shape_a)
    window = LagWindow.within(shape_a, shape_b, max_shift, middle)
    least = share * min(np.prod(shape_a), np.prod(shape_b))
    part = window.overlapping(least)
    kept, asked = set(product(*part.lags)), set(product(*window.lags))
    assert kept <= asked
    for lag in asked - kept:
        sizes = zip(lag, shape_a, shape_b, strict=True)
        assert np.prod([min(n, k + m) - max(0, k) for k, n, m in sizes]) < least


def test_half_the_overlap_needs_half_the_lags_of_an_axis():
    window = LagWindow.within((64, 96), (64, 96), None)
    assert window.overlapping(0.5 * 64 * 96).shape == (65, 97)
    assert window.overlapping(0) == window


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_counts_beyond_single_precision(monkeypatch, share):
    """Of few lost pixels they are counted in single precision, of many in double."""
    rng = np.random.default_rng(0)
    a, b = (Valid.of(rng.random(shape) < share) for shape in ((40, 50), (44, 38)))
    window = LagWindow.within(a.shape, b.shape, 9)

    def spectra():
        return (
            window.reference_spectrum(a.array, "f8"),
            window.moving_spectrum(b.array, "f8"),
        )

    plain = window.counts(a, b, spectra)
    monkeypatch.setattr("maskalign.core.lags._EXACT_COUNT", 500)
    np.testing.assert_array_equal(window.counts(a, b, lambda: None), plain)


@pytest.mark.parametrize("shape", [(11, 14), (11, 16), (5, 8, 12)])
def test_energy_is_the_sum_over_all_lags(shape):
    a, b = np.random.default_rng(0).normal(size=(2, *shape))
    window = LagWindow.within(shape, shape, None)
    spectra = window.reference_spectrum(a), window.moving_spectrum(b)
    surface = window.correlate(*spectra)
    assert window.energy(*spectra) == pytest.approx(np.sum(surface**2))
    # Blurred so little that nothing comes round the padded end.
    blur = np.full(len(shape), 0.3)
    wide = np.pad(
        surface, [(0, n - m) for n, m in zip(window.padded, surface.shape, strict=True)]
    )
    k = np.meshgrid(*[np.fft.fftfreq(n) for n in window.padded], indexing="ij")
    gain = np.exp(
        -0.5 * sum((2 * np.pi * s * f) ** 2 for s, f in zip(blur, k, strict=True))
    )
    blurred = np.fft.ifftn(np.fft.fftn(wide) * gain).real
    assert window.energy(*spectra, blur) == pytest.approx(np.sum(blurred**2))


@pytest.mark.parametrize("real", [True, False])
def test_lengths_are_enough_and_not_much_more(real):
    for n in (1, 7, 97, 1088, 2047, 5003):
        assert n <= fft.next_fast_len(n, real=real) <= max(1.1 * n, n + 2)
