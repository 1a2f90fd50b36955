"""The surface against slow, obvious and independent implementations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign import NoOverlapError, masked_ncc


def pearson_at_each_lag(a, b, a_valid, b_valid, lags):
    """Correlation coefficient of the shared valid pixels, lag by lag.

    Also their number, and the smaller of the two sums of squares about the mean, over
    that of the whole image.
    """
    ncc = np.zeros([len(axis) for axis in lags])
    n = np.zeros(ncc.shape, int)
    contrast = np.zeros(ncc.shape)
    whole = [np.var(i[v]) * v.sum() for i, v in ((a, a_valid), (b, b_valid))]
    for index in np.ndindex(*ncc.shape):
        u = [axis[i] for axis, i in zip(lags, index, strict=True)]
        sizes = list(zip(u, a.shape, b.shape, strict=True))
        here = tuple(slice(max(k, 0), min(k + nb, na)) for k, na, nb in sizes)
        there = tuple(slice(max(-k, 0), min(na - k, nb)) for k, na, nb in sizes)
        both = a_valid[here] & b_valid[there]
        n[index] = both.sum()
        x, y = a[here][both], b[there][both]
        if n[index] and np.ptp(x) > 0 and np.ptp(y) > 0:
            ncc[index] = np.corrcoef(x, y)[0, 1]
            parts = (np.var(i) * i.size / w for i, w in zip((x, y), whole, strict=True))
            contrast[index] = min(parts)
    return ncc, n, contrast


cases = st.integers(2, 3).flatmap(
    lambda ndim: st.fixed_dictionaries(
        {
            "shapes": st.tuples(*[st.tuples(*[st.integers(3, 7)] * ndim)] * 2),
            "max_shift": st.none() | st.integers(0, 5),
            "dtypes": st.tuples(*[st.sampled_from(["u1", "i2", "f4", "f8"])] * 2),
            "offset": st.sampled_from([0, 100]),
            "share": st.floats(0.3, 1),
            "min_overlap": st.sampled_from([0, 0.2, 0.5]),
            "seed": st.integers(0, 2**16),
        }
    )
)


@settings(max_examples=80, deadline=None)
@given(cases)
def test_the_surface_is_pearsons_r_at_each_lag(case):
    rng = np.random.default_rng(case["seed"])
    a, b = (
        (rng.uniform(0, 100, shape) + case["offset"]).astype(dtype)
        for shape, dtype in zip(case["shapes"], case["dtypes"], strict=True)
    )
    a_valid, b_valid = (rng.random(i.shape) < case["share"] for i in (a, b))
    a_valid.flat[:2] = b_valid.flat[:2] = True
    try:
        found = masked_ncc(
            a,
            b,
            reference_mask=a_valid,
            moving_mask=b_valid,
            max_shift=case["max_shift"],
            min_overlap=case["min_overlap"],
        )
    except NoOverlapError:
        return
    a, b = a.astype(float), b.astype(float)
    ncc, n, contrast = pearson_at_each_lag(a, b, a_valid, b_valid, found.lags)
    overlap = n / min(a_valid.sum(), b_valid.sum())
    np.testing.assert_allclose(found.overlap, overlap, atol=1e-12)
    allowed = (overlap >= case["min_overlap"]) & (n > 0)
    np.testing.assert_array_equal(np.isnan(found.ncc), ~allowed)
    # What varies by less than the arithmetic resolves counts as flat.
    tight = found.ncc.dtype == np.float64
    check = allowed & (contrast > (1e-10 if tight else 1e-3))
    np.testing.assert_allclose(
        found.ncc[check], ncc[check], atol=1e-5 if tight else 1e-3
    )


@pytest.mark.parametrize("offset", [0, 1e3, 60_000, 1e6])
def test_float32_keeps_six_digits_at_any_camera_offset(pair, holes, offset):
    a, b = ((10 * image).astype("f4") + np.float32(offset) for image in pair)
    masks = {"reference_mask": holes, "moving_mask": holes}
    single = masked_ncc(a, b, **masks)
    double = masked_ncc(a.astype(float), b.astype(float), **masks)
    assert single.ncc.dtype == np.float32
    assert double.ncc.dtype == np.float64
    np.testing.assert_allclose(single.ncc, double.ncc, atol=3e-6)


def test_the_surface_equals_scikit_image(pair, holes):
    from skimage.registration import _masked_phase_cross_correlation as peer

    a, b = pair
    found = masked_ncc(a, b, reference_mask=holes, moving_mask=holes, min_overlap=0.3)
    other = peer.cross_correlate_masked(
        a, b, holes, holes, mode="full", axes=(0, 1), overlap_ratio=0
    )
    used = ~np.isnan(found.ncc)
    np.testing.assert_allclose(found.ncc[used], other[used], atol=1e-8)


def test_gain_and_offset_change_nothing(pair, holes):
    a, b = (image.astype("f4") for image in pair)
    masks = {"reference_mask": holes, "moving_mask": holes, "max_shift": 10}
    plain = masked_ncc(a, b, **masks)
    other = masked_ncc(3 * a + 7, 0.1 * b - 2, **masks)
    np.testing.assert_allclose(other.ncc, plain.ncc, atol=1e-6)
    turned = masked_ncc(a, -b, **masks)
    np.testing.assert_allclose(turned.ncc, -plain.ncc, atol=1e-6)


def test_a_mask_of_ones_is_no_mask(pair):
    ones = np.ones(pair[0].shape, bool)
    with_mask = masked_ncc(*pair, reference_mask=ones, moving_mask=ones)
    np.testing.assert_allclose(with_mask.ncc, masked_ncc(*pair).ncc, atol=1e-12)


def test_values_under_the_mask_change_nothing_bit_for_bit(pair, holes):
    clean = masked_ncc(*pair, reference_mask=holes, moving_mask=holes)
    dirty = [image.copy() for image in pair]
    for image, value in zip(dirty, (np.nan, 1e6), strict=True):
        image[~holes] = value
    found = masked_ncc(*dirty, reference_mask=holes, moving_mask=holes)
    np.testing.assert_array_equal(found.ncc, clean.ncc)


def test_not_a_number_masks_itself(pair, holes):
    clean = masked_ncc(*pair, reference_mask=holes, moving_mask=holes)
    a, b = (image.copy() for image in pair)
    a[~holes], b[~holes] = np.nan, np.inf
    np.testing.assert_array_equal(masked_ncc(a, b).ncc, clean.ncc)


def test_swapping_the_images_turns_the_surface_round(pair, holes):
    a, b = pair
    there = masked_ncc(a, b, reference_mask=holes)
    back = masked_ncc(b, a, moving_mask=holes)
    np.testing.assert_allclose(back.ncc, there.ncc[::-1, ::-1], atol=1e-10)


def test_a_flat_image_correlates_with_nothing(pair):
    surface = masked_ncc(pair[0], np.full((20, 20), 7.0), min_overlap=0.5)
    assert not surface.ncc[~np.isnan(surface.ncc)].any()


def test_a_flat_part_gives_zero_not_a_large_number():
    a = np.zeros((64, 64), "f4") + np.float32(1000)
    a[:, 32:] += np.random.default_rng(0).normal(size=(64, 32)).astype("f4")
    valid = np.zeros(a.shape, bool)
    valid[:, :20] = True
    valid[0, -1] = True
    # At lag 0 all shared pixels but one lie in the flat half; at -2 all of them do.
    moving = np.random.default_rng(1).normal(size=a.shape)
    found = masked_ncc(a, moving, moving_mask=valid, max_shift=(0, 2), min_overlap=0.1)
    assert abs(found.ncc[0, found.lags[1] == 1]).max() == 0


@pytest.mark.parametrize("share", [0.01, 0.001])
def test_few_valid_pixels_stay_in_range(pair, share):
    rng = np.random.default_rng(3)
    masks = [rng.random(pair[0].shape) < share for _ in range(2)]
    found = masked_ncc(
        *(image.astype("f4") for image in pair),
        reference_mask=masks[0],
        moving_mask=masks[1],
        min_overlap=0,
    )
    used = found.ncc[~np.isnan(found.ncc)]
    assert used.size
    assert abs(used).max() <= 1


def test_opposite_corners_meet_at_one_lag(pair):
    first, last = np.zeros((2, 96, 104), bool)
    first[:8, :8] = last[-8:, -8:] = True
    found = masked_ncc(*pair, reference_mask=first, moving_mask=last, min_overlap=1.0)
    assert np.argwhere(~np.isnan(found.ncc)).shape == (1, 2)
    best = tuple(np.argwhere(~np.isnan(found.ncc))[0])
    assert found.lag_at(best) == (-88, -96)
    assert found.overlap[best] == 1


def test_no_overlap_says_what_there_is(pair):
    first, last = np.zeros((2, 96, 104), bool)
    first[:8, :8] = last[-8:, -8:] = True
    with pytest.raises(NoOverlapError, match=r"largest is 0 \(0 of 64"):
        masked_ncc(*pair, reference_mask=first, moving_mask=last, max_shift=20)


def test_images_need_as_many_axes():
    with pytest.raises(ValueError, match=r"\(4, 4\).*\(4, 4, 4\)"):
        masked_ncc(np.eye(4), np.ones((4, 4, 4)))


def test_input_is_left_alone(pair, holes):
    for array in (*pair, holes):
        array.flags.writeable = False
    masked_ncc(*pair, reference_mask=holes, moving_mask=holes)
