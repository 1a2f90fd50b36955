"""What has a function of its own: intervals, thresholds, histograms, rings of lags."""

import warnings
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage, stats

from maskalign import (
    NoContrastError,
    colocalization,
    compare,
    costes_threshold,
    joint_histogram,
    manders,
    masked_ncc,
    pearson,
)
from maskalign.core.similarity.bins import bin_edges, bin_numbers


@pytest.fixture(autouse=True)
def _no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def smooth(rng, shape, sigma):
    field = ndimage.gaussian_filter(rng.normal(size=shape), sigma)
    return field / field.std()


# Pearson with its interval ------------------------------------------------------------


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("n", [4, 5, 300])
def test_the_interval_is_scipys(n, confidence):
    x, y = np.random.default_rng(n).normal(size=(2, n))
    found = pearson(x, x + y, confidence=confidence)
    expected = stats.pearsonr(x, x + y).confidence_interval(confidence)
    assert (found.low, found.high) == pytest.approx(tuple(expected))
    assert (found.n, found.n_effective, found.confidence) == (n, n, confidence)


def test_the_interval_counts_valid_pixels():
    x, y = np.random.default_rng(0).normal(size=(2, 20, 20))
    mask = np.arange(400).reshape(20, 20) % 3 > 0
    found = pearson(x, x + y, mask=mask)
    assert found == pearson(x[mask], (x + y)[mask])
    assert found.n == mask.sum()
    assert found.r == compare(x, x + y, mask=mask)["pearson"]


@pytest.mark.parametrize(("n", "interval"), [(2, (1, 1)), (3, (-1, 1))])
def test_intervals_of_next_to_nothing(n, interval):
    found = pearson(np.arange(n), [1, 2, 0][:n])
    assert (found.low, found.high) == interval


def test_a_constant_has_no_interval():
    found = pearson(np.ones((8, 8)), np.arange(64).reshape(8, 8))
    assert np.isnan([found.r, found.low, found.high]).all()
    again = pearson(np.ones((8, 8)), np.ones((8, 8)), correlated_pixels=True)
    assert np.isnan(again.n_effective)


@pytest.mark.parametrize("confidence", [0, 1, -1, 2, np.nan])
def test_a_confidence_that_is_none(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        pearson([1, 2], [3, 4], confidence=confidence)


@pytest.mark.parametrize(
    ("shape", "sigma"), [((96, 90), 0), ((96, 90), 1), ((96, 90), 3), ((24, 30, 26), 1)]
)
def test_independent_pixels_tell_how_unrelated_images_scatter(shape, sigma):
    rng = np.random.default_rng(1)
    fields = [smooth(rng, shape, sigma) for _ in range(15)]
    found = [
        pearson(a, b, correlated_pixels=True)
        for k, a in enumerate(fields)
        for b in fields[:k]
    ]
    # 105 pairs: the standard error of the ratio is 7 %.
    scatter = np.std(np.arctanh([f.r for f in found]))
    expected = np.mean([1 / np.sqrt(f.n_effective) for f in found])
    assert scatter == pytest.approx(expected, rel=0.2)
    assert all(1 <= f.n_effective <= f.n for f in found)


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_being_related_does_not_make_pixels_less_independent(share):
    rng = np.random.default_rng(2)
    a, noise = smooth(rng, (128, 128), 2), smooth(rng, (128, 128), 2)
    b = share * a + (1 - share) * noise
    found = pearson(a, b, correlated_pixels=True)
    # The squared autocorrelation of such a field covers 2 pi sigma^2 pixels.
    assert found.n_effective == pytest.approx(128**2 / (2 * np.pi * 4), rel=0.2)


# Manders and Costes -------------------------------------------------------------------


def test_manders_by_hand():
    a, b = np.array([[2, 4, 6, 0, 8]]), np.array([[1, 0, 5, 7, 3]])
    found = manders(a, b, thresholds=(3, 2))
    assert found.m1 == (6 + 8) / 20
    assert found.m2 == (0 + 5 + 3) / 16
    assert found.overlap == pytest.approx((2 + 30 + 24) / np.sqrt(120 * 84))
    assert found.thresholds == (3, 2)
    default = manders(a, b)
    assert default.thresholds == (0, 0)
    both = compare(a, b, metrics=["manders_m1", "manders_m2", "manders_overlap"])
    assert tuple(both.values()) == (default.m1, default.m2, default.overlap)


@pytest.mark.parametrize("bad", ["otsu", (1,), (1, 2, 3), 4])
def test_thresholds_that_are_none(bad):
    with pytest.raises(ValueError, match="two numbers"):
        manders([[1, 2]], [[1, 2]], thresholds=bad)


def cells(seed=0, shape=(80, 90)):
    """Two stains that share half of their spots, over a noisy background."""
    rng = np.random.default_rng(seed)
    spots = np.zeros((3, *shape))
    for image in spots:
        image[rng.integers(0, shape[0], 40), rng.integers(0, shape[1], 40)] = 1
    shared, one, other = (400 * ndimage.gaussian_filter(s, 2) for s in spots)
    noise = rng.normal(20, 2, (2, *shape))
    return shared + one + noise[0], 1.6 * (shared + other) + noise[1]


def below_is_uncorrelated(a, b, found, threshold):
    """Whether the pixels not above both thresholds correlate by 0 or less."""
    above = (a > threshold) & (b > found.slope * threshold + found.intercept)
    if np.count_nonzero(~above) < 2:
        return True
    return np.cov(a[~above], b[~above])[0, 1] <= 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_costes_thresholds_are_the_highest_with_nothing_below(seed):
    a, b = (np.round(v, 1) for v in cells(seed, (40, 44)))
    found = costes_threshold(a, b)
    assert below_is_uncorrelated(a, b, found, found.reference)
    assert found.moving == pytest.approx(
        found.slope * found.reference + found.intercept
    )
    assert a.min() < found.reference < a.max()
    # All higher ones that part the pixels differently, tried one by one.
    at = np.unique(np.minimum(a, (b - found.intercept) / found.slope))
    higher = at[(at > found.reference) & (at < at[-1])]
    assert higher.size > 100
    assert not any(below_is_uncorrelated(a, b, found, t) for t in higher)


def test_the_costes_line_is_the_principal_axis():
    a, b = cells()
    found = costes_threshold(a, b)
    _, axes = np.linalg.eigh(np.cov(a.ravel(), b.ravel()))
    assert found.slope == pytest.approx(axes[1, 1] / axes[0, 1])
    assert found.intercept == pytest.approx(b.mean() - found.slope * a.mean())
    back = costes_threshold(b, a)
    assert back.slope == pytest.approx(1 / found.slope)
    assert (back.moving, back.reference) == pytest.approx(
        (found.reference, found.moving)
    )


@pytest.mark.parametrize("gain", [1e-9, 1e9])
def test_the_costes_line_of_images_in_other_units(gain):
    a, b = cells()
    covariance = np.cov(a.ravel(), gain * b.ravel())
    # So flat or so steep, it is the regression on one of the two.
    flat, steep = covariance[0, 1] / covariance[0, 0], covariance[1, 1]
    expected = flat if gain < 1 else steep / covariance[0, 1]
    assert costes_threshold(a, gain * b).slope == pytest.approx(expected)


def test_costes_sees_no_mask_and_knows_no_offset():
    a, b = cells()
    mask = np.ones(a.shape, bool)
    mask[:, 60:] = False
    found = costes_threshold(a, b, mask=mask)
    cut = costes_threshold(a[:, :60], b[:, :60])
    assert astuple(found) == pytest.approx(astuple(cut))
    high = costes_threshold(a + 1000, b)
    whole = costes_threshold(a, b)
    assert high.reference - 1000 == pytest.approx(whole.reference)
    assert high.moving == pytest.approx(whole.moving)


def test_costes_thresholds_part_spots_from_background():
    a, b = cells()
    found = manders(a, b, thresholds="costes")
    threshold = costes_threshold(a, b)
    assert found.thresholds == (threshold.reference, threshold.moving)
    assert manders(a, b).m1 == manders(a, b).m2 == 1
    assert 0.2 < found.m1 < 0.9
    assert 0.2 < found.m2 < 0.9


def test_without_a_correlation_there_are_no_costes_thresholds():
    a, b = cells()
    found = costes_threshold(a, -b)
    assert np.isnan([found.reference, found.moving]).all()
    assert found.slope < 0
    none = manders(a, 300 - b, thresholds="costes")
    assert np.isnan([none.m1, none.m2]).all()
    assert np.isnan(astuple(costes_threshold(a, np.ones(a.shape)))).all()


# Joint histograms ---------------------------------------------------------------------


small = hnp.arrays("f8", (6, 7), elements=st.integers(-8, 8).map(lambda k: k / 4))


@settings(max_examples=60, deadline=None)
@given(small, small, st.integers(1, 12))
def test_counts_are_numpys(a, b, bins):
    found = joint_histogram(a, b, bins=bins)
    counts, rows, columns = np.histogram2d(a.ravel(), b.ravel(), bins)
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_allclose(found.reference_edges, rows)
    np.testing.assert_allclose(found.moving_edges, columns)
    assert found.counts.dtype == np.int64


@settings(max_examples=100, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.integers(1, 256))
def test_values_on_the_ends_of_bins_are_sorted_as_numpy_does(low, width, bins):
    edges = bin_edges(low, low + width, bins)
    beside = [np.nextafter(edges[1:], -np.inf), np.nextafter(edges[:-1], np.inf)]
    values = np.concatenate([edges, *beside])
    expected = np.searchsorted(edges, values, side="right") - 1
    expected[values == edges[-1]] = bins - 1
    np.testing.assert_array_equal(bin_numbers(values, edges), expected)


@pytest.mark.parametrize(("dtype", "high"), [("u1", 90), ("f4", 1000), (bool, 2)])
def test_whole_numbers_leave_no_stripes(dtype, high):
    image = np.arange(60_000).reshape(200, 300) % high
    found = joint_histogram(image.astype(dtype), image + 0.5)
    per_value = found.counts.sum(axis=1)
    assert len(per_value) <= 128
    # As many values in each bin, but for the last.
    assert np.ptp(per_value[:-1]) <= 300
    assert per_value.sum() == found.counts.sum() == image.size
    assert found.counts.shape[1] == 128
    width = np.diff(found.reference_edges)
    assert (width == width[0]).all()
    assert width[0] == round(width[0])


def test_only_valid_pixels_are_counted():
    a, b = cells()
    mask = a > 25
    found = joint_histogram(a, b, mask=mask, bins=32)
    assert found.counts.sum() == mask.sum()
    assert found.reference_edges[0] > 25


def test_clipping_leaves_a_hot_pixel_out():
    a, b = cells()
    a[0, 0] = 1e6
    assert np.count_nonzero(joint_histogram(a, b).counts.sum(axis=1)) < 4
    found = joint_histogram(a, b, bins=256, clip=1)
    assert found.reference_edges[-1] == np.percentile(a, 99)
    assert np.count_nonzero(found.counts.sum(axis=1)) > 100
    inside = (a >= np.percentile(a, 1)) & (a <= np.percentile(a, 99))
    inside &= (b >= np.percentile(b, 1)) & (b <= np.percentile(b, 99))
    assert found.counts.sum() == inside.sum() < a.size


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"bins": 0}, ValueError),
        ({"bins": 2.5}, TypeError),
        ({"clip": 50}, ValueError),
        ({"clip": -1}, ValueError),
        ({"clip": np.nan}, ValueError),
    ],
)
def test_options_that_are_none(options, error):
    with pytest.raises(error):
        joint_histogram([[1, 2]], [[3, 4]], **options)


# Colocalization -----------------------------------------------------------------------


def spots(apart, shape=(128, 128), scale=1):
    """Spots in one image, and in the other a partner of each, so far away."""
    rng = np.random.default_rng(0)
    places = np.array([rng.integers(14, size - 14, 60) for size in shape])
    away = rng.normal(size=places.shape)
    away *= apart / np.linalg.norm(away, axis=0) / np.reshape(scale, (-1, 1))
    images = np.zeros((2, *shape))
    images[0][tuple(places)] = 1
    images[1][tuple(np.rint(places + away).astype(int))] = 1
    return [ndimage.gaussian_filter(image, 1) for image in images]


@pytest.mark.parametrize("apart", [0, 3, 8, 12])
def test_the_center_is_the_distance(apart):
    found = colocalization(*spots(apart))
    assert found.center == pytest.approx(apart, abs=0.3)
    # Two blurs of 1 px, the rounding of places, and what chance adds.
    assert 1.3 < found.width < 2.3
    assert found.p_value < 1e-6
    assert found.ncc.max() == pytest.approx(found.height, rel=0.35)


def test_three_axes_of_different_scale():
    scale = (3, 1, 1)
    red, green = spots(6, (60, 80, 80), scale)
    found = colocalization(red, green, scale=scale, max_distance=12.5)
    assert found.center == pytest.approx(6, abs=0.3)
    assert found.distance[-1] == 12
    # As cubes, the pixels would put lags of one distance into different rings.
    cubes = colocalization(red, green, max_distance=12.5)
    assert cubes.center < 5.5
    assert cubes.p_value > 100 * found.p_value


def test_scale_is_a_unit():
    red, green = spots(5)
    pixels = colocalization(red, green, max_distance=20)
    lengths = colocalization(red, green, max_distance=2, scale=(0.1, 0.1))
    np.testing.assert_allclose(lengths.distance, 0.1 * pixels.distance)
    np.testing.assert_allclose(lengths.ncc, pixels.ncc)
    assert lengths.center == pytest.approx(0.1 * pixels.center, rel=1e-3)


def test_rings_are_means_of_the_surface():
    red, green = spots(5)
    mask = np.hypot(*(np.mgrid[:128, :128] - 64)) < 55
    found = colocalization(red, green, mask=mask, max_distance=10)
    surface = masked_ncc(
        red, green, reference_mask=mask, moving_mask=mask, max_shift=10
    )
    y, x = np.meshgrid(*surface.lags, indexing="ij")
    ring = np.rint(np.hypot(y, x))
    for number, ncc in zip(found.distance, found.ncc, strict=True):
        here = ring == number
        # Lags weigh by their overlap, which hardly differs within a ring.
        assert ncc == pytest.approx(surface.ncc[here].mean(), abs=1e-3)
    assert found.ncc[0] == surface.ncc[10, 10]


@pytest.mark.parametrize("sigma", [0, 1.5, 4])
def test_unrelated_images_scatter_as_said_and_have_no_peak(sigma):
    rng = np.random.default_rng(4)
    found = [
        colocalization(
            smooth(rng, (80, 90), sigma), smooth(rng, (80, 90), sigma), max_distance=18
        )
        for _ in range(60)
    ]
    z = np.array([f.ncc / f.std for f in found])
    # 60 trials: the standard error of a standard deviation is 9 %; 19 rings.
    assert np.median(z.std(axis=0)) == pytest.approx(1, abs=0.15)
    assert np.abs(z.std(axis=0) - 1).max() < 0.4
    assert sum(f.p_value < 0.05 for f in found) <= 8
    assert all(np.isnan([f.center, f.width, f.height]).all() for f in found)


@pytest.mark.parametrize("n", [5, 20, 60])
def test_a_few_spots_that_happen_to_meet_are_no_evidence(n):
    rng = np.random.default_rng(6)
    found = []
    for _ in range(60):
        images = np.zeros((2, 96, 96))
        for image in images:
            image[tuple(rng.integers(0, 96, (2, n)))] = 1
        pair = (ndimage.gaussian_filter(image, 1) for image in images)
        found.append(colocalization(*pair, max_distance=16))
    # By a normal distribution one in five of the sparsest would be.
    assert sum(f.p_value < 0.05 for f in found) <= 4
    assert all(f.p_value > 1e-3 for f in found)


def test_a_shared_outline_is_left_to_the_mask():
    """Two stains of one cell that have nothing to do with each other inside it."""
    rng = np.random.default_rng(5)
    cell = np.hypot(*(np.mgrid[:128, :128] - 64)) < 45
    red, green = (cell * (20 + 3 * smooth(rng, cell.shape, 1)) for _ in range(2))
    assert colocalization(red, green).p_value < 0.01
    assert colocalization(red, green, mask=cell).p_value > 0.1


def test_distances_up_to_the_size_of_the_image():
    red, green = spots(6, (64, 72))
    near = colocalization(red, green, max_distance=20)
    far = colocalization(red, green, max_distance=500)
    assert far.distance[-1] >= 50
    np.testing.assert_allclose(far.ncc[:20], near.ncc[:20], atol=1e-12)
    # Estimated from lags further away, too.
    np.testing.assert_allclose(far.std[:20], near.std[:20], rtol=0.2)
    assert np.isfinite(far.std).all()
    with_one_ring = colocalization(red, green, max_distance=0.4)
    assert with_one_ring.distance.tolist() == [0]
    assert np.isnan(with_one_ring.center)


def test_binary_images_colocalize_too():
    red, green = (image > 0.05 for image in spots(6))
    assert colocalization(red, green).center == pytest.approx(6, abs=0.5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scale": (1,)}, "2 numbers above 0"),
        ({"scale": (1, 0)}, "2 numbers above 0"),
        ({"scale": (1, np.nan)}, "2 numbers above 0"),
        ({"max_distance": 0}, "above 0"),
        ({"max_distance": np.nan}, "above 0"),
    ],
)
def test_distances_that_are_none(options, said):
    red, green = spots(5)
    with pytest.raises(ValueError, match=said):
        colocalization(red, green, **options)


def test_images_that_cannot_colocalize():
    red, _ = spots(5)
    with pytest.raises(NoContrastError, match="moving is constant"):
        colocalization(red, np.ones(red.shape))
    with pytest.raises(ValueError, match="two axes"):
        colocalization(np.arange(9), np.arange(9))
