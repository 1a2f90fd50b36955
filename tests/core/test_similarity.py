"""Every number of `compare` against a library, a formula by hand, and its laws."""

import json
import math
import warnings

import numpy as np
import pytest
import skimage.filters
import skimage.measure
import skimage.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage, spatial, stats

import maskalign
from maskalign import MaskError, NoValidPixelsError, compare, masked_ncc, ssim_map
from maskalign.core.similarity.correlations import KENDALL_PIXELS
from maskalign.core.similarity.foreground import otsu
from maskalign.model.metrics import METRICS, ON_REQUEST


@pytest.fixture(autouse=True)
def _no_warning():
    """Whatever the images are like, nothing is warned of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


EVERY = (*METRICS, *ON_REQUEST)
DTYPES = ["u1", "u2", "i4", "f4", "f8"]


def two_images(shape=(40, 44), dtype="f8", seed=0):
    """A smooth scene, and the same in noise with another gain and offset."""
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    scene = 100 + 25 * scene / scene.std()
    other = 1.2 * scene - 10 + rng.normal(0, 8, shape)
    if np.dtype(dtype).kind in "ui":
        scene, other = np.rint(scene), np.rint(other)
    return (np.clip(image, 0, 255).astype(dtype) for image in (scene, other))


@pytest.fixture
def images():
    return tuple(two_images())


@pytest.fixture
def mask(images):
    """Holes of all sizes, and a border."""
    rng = np.random.default_rng(3)
    holes = ndimage.gaussian_filter(rng.normal(size=images[0].shape), 2) > 0.1
    valid = ~holes
    valid[:, -2:] = False
    return valid


# What is promised ---------------------------------------------------------------------


def test_the_keys_are_these_in_this_order(images):
    words = (
        "pearson spearman kendall ncc mse nrmse psnr ssim nmi hist_correlation "
        "hist_chi2 hist_intersection hist_hellinger phase_peak manders_m1 manders_m2 "
        "dice ahash_distance identical"
    )
    assert list(compare(*images)) == words.split()


def test_they_are_plain_numbers(images):
    found = compare(*images, metrics=EVERY)
    assert {type(value) for value in found.values()} == {float}
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("name", EVERY)
def test_each_is_in_the_docstring_and_may_be_asked_for_alone(images, name):
    assert f"``{name}``" in compare.__doc__
    (alone,) = compare(*images, metrics=[name]).items()
    assert alone == (name, compare(*images, metrics=EVERY)[name])


def test_names_come_back_in_the_order_asked(images):
    assert list(compare(*images, metrics=["ssim", "mse", "ssim"])) == ["ssim", "mse"]
    assert list(compare(*images, metrics="nmi")) == ["nmi"]
    assert compare(*images, metrics=()) == {}


def test_a_name_that_is_not_known_is_told_those_that_are(images):
    with pytest.raises(ValueError, match="no metric 'sim'") as info:
        compare(*images, metrics=["ssim", "sim"])
    assert all(name in str(info.value) for name in EVERY)
    with pytest.raises(TypeError, match="such as 'pearson', got 7"):
        compare(*images, metrics=7)
    with pytest.raises(TypeError, match="got 3"):
        compare(*images, metrics=[3])


# Against libraries and formulas -------------------------------------------------------


def joint_range(a, b):
    return float(max(a.max(), b.max())) - float(min(a.min(), b.min()))


def opencv_distances(a, b):
    """The formulas of ``compareHist``, bin by bin."""
    ends = min(a.min(), b.min()), max(a.max(), b.max())
    p, q = (np.histogram(v, 256, ends)[0] / v.size for v in (a, b))
    shared = sum(min(x, y) for x, y in zip(p, q, strict=True))
    chi2 = sum((x - y) ** 2 / x for x, y in zip(p, q, strict=True) if x > 0)
    above = np.sum((p - p.mean()) * (q - q.mean()))
    below = np.sum((p - p.mean()) ** 2) * np.sum((q - q.mean()) ** 2)
    likeness = np.sum(np.sqrt(p * q)) / np.sqrt(p.mean() * q.mean() * 256**2)
    return {
        "hist_correlation": above / np.sqrt(below),
        "hist_chi2": chi2,
        "hist_intersection": shared,
        "hist_hellinger": np.sqrt(max(1 - likeness, 0)),
    }


def by_pixel(a, b):
    """What libraries say of the pixels of two images, in whatever shape."""
    a, b = a.ravel(), b.ravel()
    x, y = a.astype(float), b.astype(float)
    bright = [v > skimage.filters.threshold_otsu(v) for v in (a, b)]
    return opencv_distances(x, y) | {
        "pearson": stats.pearsonr(x, y).statistic,
        "spearman": stats.spearmanr(x, y).statistic,
        "kendall": stats.kendalltau(x, y).statistic,
        "ncc": np.corrcoef(x, y)[0, 1],
        "mse": skimage.metrics.mean_squared_error(x, y),
        "nrmse": skimage.metrics.normalized_root_mse(x, y),
        "psnr": skimage.metrics.peak_signal_noise_ratio(
            x, y, data_range=joint_range(x, y)
        ),
        "nmi": skimage.metrics.normalized_mutual_information(x, y),
        "manders_m1": skimage.measure.manders_coloc_coeff(x, y > 0),
        "manders_m2": skimage.measure.manders_coloc_coeff(y, x > 0),
        "manders_overlap": skimage.measure.manders_overlap_coeff(x, y),
        "dice": 1 - spatial.distance.dice(*bright),
        "identical": float(np.array_equal(x, y)),
    }


def by_window(a, b, valid, side=7):
    """SSIM of every window by its definition, NaN where one is not wholly valid."""
    found = np.full(a.shape, np.nan)
    size = joint_range(a[valid], b[valid])
    c1, c2 = (0.01 * size) ** 2, (0.03 * size) ** 2
    half = side // 2
    for at in np.ndindex(*(n - side + 1 for n in a.shape)):
        box = tuple(slice(i, i + side) for i in at)
        if not valid[box].all():
            continue
        x, y = a[box].ravel().astype(float), b[box].ravel().astype(float)
        covariance = np.cov(x, y)
        means = 2 * x.mean() * y.mean() + c1, x.mean() ** 2 + y.mean() ** 2 + c1
        spread = 2 * covariance[0, 1] + c2, np.trace(covariance) + c2
        found[tuple(i + half for i in at)] = (
            means[0] * spread[0] / (means[1] * spread[1])
        )
    return found


def phase_by_hand(a, b):
    """The mean phase factor of all frequencies but 0, at the best lag."""
    spectra = [np.fft.fftn(v - v.mean()) for v in (a.astype(float), b.astype(float))]
    product = spectra[0] * np.conj(spectra[1])
    product.flat[0] = 0
    phase = np.divide(product, abs(product), where=abs(product) > 0, out=product)
    return np.fft.ifftn(phase).real.max() * a.size / (a.size - 1)


def hash_by_hand(a):
    """64 bits of block means, leading axes averaged."""
    plane = a.astype(float).reshape(-1, *a.shape[-2:]).mean(axis=0)
    rows, columns = ([i * n // 8 for i in range(9)] for n in plane.shape)
    blocks = np.array(
        [
            [
                plane[rows[i] : rows[i + 1], columns[j] : columns[j + 1]].mean()
                for j in range(8)
            ]
            for i in range(8)
        ]
    )
    return blocks > blocks.mean()


@pytest.mark.parametrize("shape", [(40, 44), (13, 18, 21)])
@pytest.mark.parametrize("dtype", DTYPES)
def test_known_values(shape, dtype):
    a, b = two_images(shape, dtype)
    size = joint_range(a, b)
    doubles = a.astype(float), b.astype(float)
    expected = by_pixel(a, b) | {
        "ssim": skimage.metrics.structural_similarity(*doubles, data_range=size),
        "phase_peak": phase_by_hand(a, b),
        "ahash_distance": np.count_nonzero(hash_by_hand(a) != hash_by_hand(b)),
        "ncc_best": np.nanmax(masked_ncc(a, b).ncc),
    }
    assert set(expected) == set(EVERY)
    found = compare(a, b, metrics=EVERY)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_known_values_under_a_mask(images, mask):
    a, b = images
    expected = by_pixel(a[mask], b[mask])
    found = compare(a, b, mask=mask, metrics=EVERY)
    known = {name: found[name] for name in expected}
    assert known == pytest.approx(expected, rel=1e-9, abs=1e-12)
    windows = by_window(a, b, mask)
    assert 50 < np.isfinite(windows).sum() < windows.size / 2
    assert found["ssim"] == pytest.approx(np.nanmean(windows), rel=1e-12)
    filled = (np.where(mask, v, v[mask].mean()) for v in images)
    assert found["phase_peak"] == pytest.approx(phase_by_hand(*filled))


@pytest.mark.parametrize("shape", [(14, 17), (9, 10, 8)])
@pytest.mark.parametrize("window", [3, 7])
def test_the_ssim_map_is_the_double_loops(shape, window):
    a, b = two_images(shape)
    valid = np.ones(shape, bool)
    valid[tuple(n // 2 for n in shape)] = window == 7
    found = ssim_map(a, b, mask=valid, window=window)
    np.testing.assert_allclose(found, by_window(a, b, valid, window), rtol=1e-11)


def test_an_axis_of_one_pixel_is_none():
    a, b = two_images((20, 21))
    flat = compare(a, b)
    for shape in ((1, 20, 21), (20, 1, 21)):
        deep = [v.reshape(shape) for v in (a, b)]
        assert compare(*deep)["ssim"] == pytest.approx(flat["ssim"])
        assert ssim_map(*deep).shape == shape


@pytest.mark.parametrize("dtype", DTYPES)
def test_otsu_is_scikit_images(dtype):
    for seed in range(5):
        image, _ = two_images((30, 31), dtype, seed)
        found = otsu(image.ravel().astype(float))
        assert found == pytest.approx(skimage.filters.threshold_otsu(image), rel=1e-6)


def test_a_small_example_by_hand():
    a, b = np.array([[0, 1, 2, 3]]), np.array([[0, 2, 1, 5]])
    found = compare(a, b)
    assert found["mse"] == (0 + 1 + 1 + 4) / 4
    assert found["nrmse"] == pytest.approx(math.sqrt(6 / 14))
    assert found["psnr"] == pytest.approx(10 * math.log10(25 / 1.5))
    assert found["kendall"] == pytest.approx((5 - 1) / 6)
    assert found["spearman"] == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert found["manders_m1"] == found["manders_m2"] == 1
    # Bins of 5 / 256: 0, and one that only one of the two has, and 0 in common.
    assert found["hist_intersection"] == 0.75
    assert found["hist_chi2"] == 0.25
    assert math.isnan(found["ssim"])
    assert math.isnan(found["ahash_distance"])


def test_dice_of_binary_images_by_hand():
    a, b = np.zeros((2, 6, 8), bool)
    a[1:4, 1:5], b[2:5, 2:8] = True, True
    expected = 2 * 6 / (12 + 18)
    for one in (a, a * np.uint8(255), a * 0.5, a.astype(int) * -3):
        assert compare(one, b, metrics="dice") == {"dice": pytest.approx(expected)}


def test_phase_peak_knows_an_image_that_was_moved_round(images):
    a, _ = images
    moved = 3 * np.roll(a, (5, -7), (0, 1)) + 40
    assert compare(a, moved)["phase_peak"] == pytest.approx(1, abs=1e-6)
    rng = np.random.default_rng(1)
    assert compare(*rng.normal(size=(2, 64, 64)))["phase_peak"] < 0.1


def test_the_best_shift_is_found_where_the_zero_shift_is_not():
    scene, _ = two_images((60, 64))
    a, b = scene[4:50, 4:50].copy(), scene[7:53, :46].copy()
    mask = np.ones(a.shape, bool)
    # At the best shift, each would lie on valid pixels of the other.
    mask[10:20, 10:20] = False
    a[~mask], b[~mask] = 1000, -1000
    found = compare(a, b, mask=mask, metrics=["ncc", "ncc_best"])
    assert found["ncc"] < 0.4
    assert found["ncc_best"] == pytest.approx(1)


def test_average_hashes_of_opposite_images():
    y, x = np.mgrid[:32, :40]
    board = (y // 4 + x // 5) % 2
    assert compare(board, 1 - board)["ahash_distance"] == 64
    assert compare(board, board[:, ::-1])["ahash_distance"] == 64
    holes = (y >= 4) | (x >= 10)
    assert compare(board, 1 - board, mask=holes)["ahash_distance"] == 62


# Laws ---------------------------------------------------------------------------------


def same(one, other, **tolerance):
    assert one == pytest.approx(other, nan_ok=True, **tolerance)


def test_what_is_masked_changes_nothing(images, mask):
    expected = compare(*images, mask=mask, metrics=EVERY)
    rng = np.random.default_rng(9)
    for _ in range(2):
        a, b = (np.where(mask, v, rng.normal(0, 1e6, v.shape)) for v in images)
        same(compare(a, b, mask=mask, metrics=EVERY), expected)
    a[~mask], b[0, 0] = np.inf, np.nan
    without = mask.copy()
    without[0, 0] = False
    expected = compare(*images, mask=without, metrics=EVERY)
    same(compare(a, b, mask=mask, metrics=EVERY), expected)


def test_nan_and_infinity_are_a_mask(images, mask):
    a, b = (v.copy() for v in images)
    a[~mask & (np.arange(44) % 2 == 0)] = np.nan
    b[~mask & (np.arange(44) % 2 == 1)] = -np.inf
    expected = compare(*images, mask=mask, metrics=EVERY)
    same(compare(a, b, metrics=EVERY), expected)


@pytest.mark.parametrize("kind", [bool, "u1", "f4"])
def test_a_mask_is_true_where_it_is_not_zero(images, mask, kind):
    expected = compare(*images, mask=mask)
    same(compare(*images, mask=(mask * 3).astype(kind)), expected)


SYMMETRIC = set(EVERY) - {"nrmse", "hist_chi2", "manders_m1", "manders_m2"}


def test_exchanging_the_images(images, mask):
    there = compare(*images, mask=mask, metrics=EVERY)
    back = compare(*images[::-1], mask=mask, metrics=EVERY)
    same(*({k: found[k] for k in SYMMETRIC} for found in (there, back)), rel=1e-9)
    assert there["manders_m1"] == back["manders_m2"]
    assert there["hist_chi2"] != pytest.approx(back["hist_chi2"])


#: What a gain and an offset of one image leave as it is.
CORRELATIONS = "pearson spearman kendall ncc ncc_best phase_peak dice ahash_distance"


@pytest.mark.parametrize(("gain", "offset"), [(0.01, 0), (7, -3), (1, 1e6)])
def test_gain_and_offset_of_one_image(images, mask, gain, offset):
    a, b = images
    names = CORRELATIONS.split()
    expected = compare(a, b, mask=mask, metrics=names)
    found = compare(a, gain * b + offset, mask=mask, metrics=names)
    same(found, expected, rel=1e-8, abs=1e-8)
    turned = compare(a, -gain * b + offset, mask=mask)
    for name in ("pearson", "spearman", "kendall", "ncc"):
        assert turned[name] == pytest.approx(-expected[name], abs=1e-8)


def test_offset_and_gain_of_both_images(images):
    names = set(EVERY) - {"mse", "nrmse", "ssim", "manders_overlap"}
    names -= {"manders_m1", "manders_m2"}
    # Powers of two, so that no value changes its bin by rounding.
    before, after = (
        compare(*(4 * v + o for v in images), metrics=sorted(names)) for o in (0, 1024)
    )
    same(after, before, rel=1e-6)
    a, b = images
    before, after = compare(a, b), compare(4 * a, 4 * b)
    assert after["mse"] == pytest.approx(16 * before["mse"])
    for name in set(METRICS) - {"mse"}:
        assert after[name] == pytest.approx(before[name]), name


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_image_and_itself(dtype):
    image, _ = two_images((40, 44), dtype)
    best = {name: metric.highest for name, metric in METRICS.items()}
    lowest = {
        name: metric.lowest
        for name, metric in METRICS.items()
        if metric.better == "lower"
    }
    found = compare(image, image.copy())
    # SciPy's own last digit.
    assert found.pop("kendall") == pytest.approx(best.pop("kendall"))
    assert found == best | lowest


def test_no_order_of_pixels_matters_to_histograms_and_ranks(images):
    order = np.random.default_rng(2).permutation(images[0].size)
    mixed = [v.ravel()[order].reshape(v.shape) for v in images]
    before, after = compare(*images), compare(*mixed)
    placed = {"ssim", "phase_peak", "ahash_distance"}
    for name in set(METRICS) - placed:
        assert after[name] == pytest.approx(before[name]), name
    for name in placed:
        assert after[name] != pytest.approx(before[name]), name


values = st.integers(0, 4) | st.sampled_from([-3, 255])
pictures = hnp.arrays(np.int16, (8, 9), elements=values)


@settings(max_examples=60, deadline=None)
@given(pictures, pictures, hnp.arrays(bool, (8, 9)))
def test_every_number_is_in_its_range_or_nan(a, b, mask):
    if not mask.any():
        return
    every = METRICS | ON_REQUEST
    for name, value in compare(a, b, mask=mask, metrics=every).items():
        low, high = every[name].lowest, every[name].highest
        assert math.isnan(value) or low - 1e-12 <= value <= high + 1e-12, name


@settings(max_examples=40, deadline=None)
@given(*(hnp.arrays("f8", (7, 7), elements=st.floats(-1e150, 1e150)) for _ in "ab"))
def test_no_number_is_too_large_or_small_for_it(a, b):
    found = compare(a, b)
    for name in ("pearson", "spearman", "kendall", "hist_intersection", "phase_peak"):
        low, high = METRICS[name].lowest, METRICS[name].highest
        assert math.isnan(found[name]) or low <= found[name] <= high + 1e-12


def test_a_camera_offset_costs_no_digits(images):
    a, b = (v.astype("f4") for v in images)
    # Exact in float64, far beyond what float32 could square.
    high = compare(a.astype(float) + 2**30, b.astype(float) + 2**30)
    low = compare(a, b)
    for name in ("pearson", "mse", "psnr", "phase_peak", "hist_intersection", "nmi"):
        assert high[name] == pytest.approx(low[name], rel=1e-9), name


# Images that have little to say -------------------------------------------------------

NAN = {"pearson", "spearman", "kendall", "ncc", "phase_peak"}


def undefined(found):
    return {name for name, value in found.items() if math.isnan(value)}


def test_two_constant_images():
    found = compare(np.full((9, 9), 7), np.full((9, 9), 9.0))
    assert undefined(found) == NAN | {"nmi"}
    assert found["mse"] == 4
    assert found["psnr"] == 0
    assert found["hist_intersection"] == 0
    assert found["identical"] == 0


def test_twice_the_same_constant():
    found = compare(np.full((9, 9), 0.1), np.full((9, 9), 0.1))
    assert undefined(found) == NAN | {"nmi"}
    assert found["psnr"] == math.inf
    assert found["ssim"] == found["identical"] == found["hist_intersection"] == 1
    assert found["ahash_distance"] == 0


def test_one_constant_image(images):
    found = compare(images[0], np.full(images[0].shape, 0.1), metrics=EVERY)
    assert undefined(found) == NAN
    assert found["nmi"] == 1
    assert found["ncc_best"] == 0


def test_images_of_nothing():
    empty = np.zeros((9, 9))
    found = compare(empty, empty, metrics=EVERY)
    nothing = {"nmi", "nrmse", "dice", "manders_m1", "manders_m2", "manders_overlap"}
    assert undefined(found) == NAN | nothing


def test_one_valid_pixel(images):
    mask = np.zeros(images[0].shape, bool)
    mask[3, 4] = True
    found = compare(*images, mask=mask)
    assert undefined(found) == NAN | {"nmi", "ssim"}
    assert found["mse"] == (images[0][3, 4] - images[1][3, 4]) ** 2


def test_negative_values_are_no_intensity():
    a, b = np.array([[-5, 4, 4, 0]]), np.array([[9, 9, -1, -1]])
    found = compare(a, b)
    assert found["manders_m1"] == 0.5
    assert found["manders_m2"] == 0.5


@pytest.mark.parametrize("ndim", [1, 2, 3, 4, 5])
def test_any_number_of_axes(ndim):
    shape = (8,) * ndim if ndim < 4 else (2, 3, 7, 8, 8)[-ndim:]
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, *shape))
    found = compare(a, b)
    assert found["pearson"] == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    assert found["phase_peak"] == pytest.approx(phase_by_hand(a, b))
    assert undefined(found) == (
        {"ahash_distance"} if ndim == 1 else {"ssim"} if ndim > 3 else set()
    )


def test_kendall_of_a_large_image_looks_at_the_same_sample_every_time():
    a, b = two_images((400, 400))
    assert a.size > KENDALL_PIXELS
    found = compare(a, b, metrics="kendall")
    assert found == compare(a, b, metrics="kendall")
    assert found["kendall"] == pytest.approx(stats.kendalltau(a, b).statistic, abs=0.01)
    assert found["kendall"] != stats.kendalltau(a, b).statistic


def test_dtypes_may_differ(images):
    a, b = two_images(dtype="u1")
    for dtype in ("u2", "i8", "f2", "f8"):
        assert compare(a, a.astype(dtype))["identical"] == 1
        same(compare(b.astype(dtype), a), compare(b, a))
    assert compare(a, a.astype("f4") + 0.25)["identical"] == 0
    large = np.full((8, 8), 2**63, "u8")
    assert compare(large, large + 1)["identical"] == 0


def test_identical_looks_at_valid_pixels_only(images, mask):
    a = images[0]
    b = np.where(mask, a, np.nan)
    assert compare(a, b)["identical"] == 1
    b[tuple(np.argwhere(mask)[0])] += 1
    assert compare(a, b)["identical"] == 0


def test_inputs_are_left_alone(images, mask):
    arrays = [v.copy() for v in (*images, mask)]
    for v in arrays:
        v.setflags(write=False)
    compare(arrays[0], arrays[1], mask=arrays[2], metrics=EVERY)
    ssim_map(arrays[0], arrays[1], mask=arrays[2])
    for v, before in zip(arrays, (*images, mask), strict=True):
        assert np.array_equal(v, before)


def test_lists_are_images_too():
    assert compare([[1, 2], [3, 4]], [[1, 2], [3, 5]])["mse"] == 0.25


# What is refused ----------------------------------------------------------------------

GOOD = np.arange(64.0).reshape(8, 8)


@pytest.mark.parametrize(
    ("a", "b", "mask", "error", "said"),
    [
        (GOOD, GOOD[:7], None, ValueError, r"\(8, 8\) .*\(7, 8\)"),
        (GOOD, GOOD[None], None, ValueError, r"\(1, 8, 8\)"),
        (GOOD[:0], GOOD[:0], None, ValueError, r"\(0, 8\)"),
        (GOOD.astype(complex), GOOD, None, TypeError, "reference has dtype complex"),
        (GOOD, GOOD.astype(str), None, TypeError, "moving has dtype"),
        (GOOD, GOOD, GOOD[:7] > 0, MaskError, r"mask has shape \(7, 8\)"),
        (GOOD, GOOD, GOOD.astype(str), TypeError, "mask has dtype"),
        (GOOD, GOOD, GOOD < 0, NoValidPixelsError, "mask leaves none"),
        (GOOD * np.nan, GOOD, None, NoValidPixelsError, "NaN or infinite"),
    ],
    ids=["shape", "ndim", "empty", "complex", "str", "mask", "text", "nothing", "nan"],
)
@pytest.mark.parametrize(
    "function", ["compare", "pearson", "ssim_map", "joint_histogram", "manders"]
)
def test_refused(function, a, b, mask, error, said):
    with pytest.raises(error, match=said):
        getattr(maskalign, function)(a, b, mask=mask)


@pytest.mark.parametrize(
    ("window", "error", "said"),
    [
        (4, ValueError, "odd"),
        (1, ValueError, "3 or more"),
        (9, ValueError, "does not fit"),
        (3.0, TypeError, "whole number"),
        (True, TypeError, "whole number"),
    ],
)
def test_windows_that_are_none(window, error, said):
    with pytest.raises(error, match=said):
        ssim_map(GOOD, GOOD, window=window)
