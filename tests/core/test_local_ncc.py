"""The NCC map of two arrays, held against a double loop that cannot be wrong."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from maskalign import MaskError
from maskalign.core import parts as parts_module
from maskalign.core.local_ncc import ncc_map
from maskalign.core.parts import parts
from maskalign.core.significance import fisher_z, p_value
from maskalign.core.window import Window
from maskalign.model.map_options import MapOptions

#: float32 has 6e-8; what is asked for is 1e-5.
CLOSE = 2e-7


def loop(reference, moving, window, *, valid=None, least=None, weights=None):
    """Return the map, pixel by pixel, in two passes and double precision."""
    a, b = (np.asarray(image, np.float64) for image in (reference, moving))
    known = np.isfinite(a) & np.isfinite(b)
    if valid is not None:
        known &= valid
    if weights is None:
        weights = np.ones(window)
    if least is None:
        least = max(np.prod(window) / 2**a.ndim, 3)
    out = np.full(a.shape, np.nan)
    for middle in itertools.product(*map(range, a.shape)):
        x, y, w = [], [], []
        for at in itertools.product(*map(range, weights.shape)):
            place = tuple(
                m + k - n // 2
                for m, k, n in zip(middle, at, weights.shape, strict=True)
            )
            inside = all(0 <= p < n for p, n in zip(place, a.shape, strict=True))
            if inside and known[place]:
                x.append(a[place])
                y.append(b[place])
                w.append(weights[at])
        if not x or sum(w) ** 2 / np.dot(w, w) < least - 1e-9:
            continue
        if min(x) == max(x) or min(y) == max(y):
            continue
        x, y = (v - np.average(v, weights=w) for v in (x, y))
        x, y = (v - np.average(v, weights=w) for v in (x, y))
        out[middle] = np.dot(w, x * y) / np.sqrt(np.dot(w, x * x) * np.dot(w, y * y))
    return out


def assert_same(found, expected, atol=CLOSE):
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, atol=atol)


def scene(shape, offset=0.0, seed=0, dtype="f4"):
    """Two related images with flat patches, one of them common to both."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=shape)
    b = a + rng.normal(size=shape)
    corner = tuple(slice(0, n // 2) for n in shape)
    a[corner] = 0
    b[(..., slice(-6, None))] = 2.5
    return (a + offset).astype(dtype), (b + offset).astype(dtype)


def holes(shape, seed=1):
    """Valid pixels: random ones, and none in a block."""
    valid = np.random.default_rng(seed).random(shape) > 0.3
    valid[tuple(slice(n // 2, n // 2 + 6) for n in shape)] = False
    return valid


# Against the loop ---------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0, 1e4, 6e4])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("window", [(7, 7), (3, 3), (1, 5), (9, 1), (5, 3), (25, 3)])
def test_it_is_the_loop_in_2d(window, masked, offset):
    a, b = scene((20, 23), offset)
    valid = holes(a.shape) if masked else None
    found = ncc_map(a, b, mask=valid, options=MapOptions(window=window))
    assert found.dtype == np.float32
    assert_same(found, loop(a, b, window, valid=valid))


@pytest.mark.parametrize("offset", [0, 6e4])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("window", [(3, 3, 3), (1, 5, 3), (5, 1, 1), (3, 1, 5)])
def test_it_is_the_loop_in_3d(window, masked, offset):
    a, b = scene((6, 9, 11), offset)
    valid = holes(a.shape) if masked else None
    found = ncc_map(a, b, mask=valid, options=MapOptions(window=window))
    assert_same(found, loop(a, b, window, valid=valid))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("window", [(3, 5), (1, 3), (3, 3, 1)])
def test_it_is_the_loop_with_a_gaussian(window, masked):
    a, b = scene((12, 14) if len(window) == 2 else (5, 8, 7), 1e4)
    valid = holes(a.shape) if masked else None
    options = MapOptions(window=window, weights="gaussian")
    kernel = np.ones(())
    for n in window:
        sigma = np.sqrt((n**2 - 1) / 12)
        reach = int(np.ceil(3 * sigma))
        place = np.arange(-reach, reach + 1)
        factor = np.exp(-0.5 * (place / sigma) ** 2) if sigma else np.ones(1)
        kernel = np.multiply.outer(kernel, factor)
    # A window without holes has all the pixels that there are to have.
    full = kernel.sum() ** 2 / np.sum(kernel**2) / np.prod(window)
    least = max(np.prod(window) / 2**a.ndim, 3) * min(full, 1)
    expected = loop(a, b, window, valid=valid, least=least, weights=kernel)
    assert_same(ncc_map(a, b, mask=valid, options=options), expected)


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "f2", "i4", "u8", "i8", "f8"])
def test_it_is_the_loop_for_every_type(dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 200, (15, 16)).astype(dtype) for _ in range(2))
    a[:8, :8] = 3
    found = ncc_map(a, b, options=MapOptions(window=5))
    small = dtype in ("u1", "i2", "u2", "f2")
    assert found.dtype == ("f4" if small else "f8")
    assert_same(found, loop(a, b, (5, 5)), atol=CLOSE if small else 1e-12)


@pytest.mark.parametrize("type_", ["u8", "i8"])
def test_large_whole_numbers_lose_nothing(type_):
    rng = np.random.default_rng(0)
    small = [rng.integers(0, 200, (15, 16)) for _ in range(2)]
    info = np.iinfo(type_)
    large = [(info.max - 300) + v.astype(type_) for v in small]
    assert_same(ncc_map(*large), ncc_map(*small), atol=1e-12)
    if type_ == "i8":
        assert_same(ncc_map(*(info.min + v for v in small)), ncc_map(*small), 1e-12)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_is_the_loop_for_any_images(data):
    shape = data.draw(st.tuples(st.integers(1, 7), st.integers(1, 9)))
    window = data.draw(st.tuples(st.sampled_from([3, 5, 9]), st.sampled_from([1, 3])))
    # Few values, so that windows are often flat, and far apart.
    values = st.sampled_from([0.0, 1.0, 2.0, 1e4, 1e4 + 1e-3, -6e4, np.nan, np.inf])
    draw = st.lists(values, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    a, b = (np.array(data.draw(draw), "f4").reshape(shape) for _ in range(2))
    least = data.draw(st.integers(2, 3))
    options = MapOptions(window=window, min_valid=least)
    found = ncc_map(a, b, options=options)
    expected = loop(a, b, window, least=least)
    assert_same(found, expected, atol=1e-6)
    known = found[np.isfinite(found)]
    assert (abs(known) <= 1).all()


# Where arithmetic is hard -------------------------------------------------------------


def test_a_faint_texture_beside_a_bright_one():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 16, 40)) * 1e-3
    a[:, 20:] += 5e6
    b[:, 25:] *= 1e12
    expected = loop(a, b, (3, 3))
    assert_same(ncc_map(a, b, options=MapOptions(window=3)), expected, atol=1e-8)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_very_small_and_very_large_numbers(scale):
    a, b = scene((16, 18), dtype="f8")
    expected = ncc_map(a, b)
    assert_same(ncc_map(a * scale, b), expected, atol=1e-9)
    assert_same(ncc_map(a, b * scale), expected, atol=1e-9)


@pytest.mark.parametrize("level", [0, 0.1, 1 / 3, 6e4 + 0.1, -1e-12, 1e300])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_flat_window_has_no_value(level, dtype, masked):
    if dtype == "f4" and level > 1e38:
        return
    rng = np.random.default_rng(0)
    b = rng.normal(size=(30, 30)).astype(dtype)
    a = np.full(b.shape, level, dtype)
    a[:, 20:] = rng.normal(size=(30, 10)) * (abs(level) or 1)
    valid = holes(a.shape) if masked else None
    found = ncc_map(a, b, mask=valid)
    assert np.isnan(found[:, :17]).all()
    assert np.isfinite(found[0, 24])


def test_rounding_of_double_precision_is_no_contrast():
    b = np.random.default_rng(0).normal(size=(12, 12))
    a = np.full(b.shape, 0.3)
    a[::2] = 0.1 + 0.2  # 0.30000000000000004
    assert np.isnan(ncc_map(a, b)).all()
    # In single precision that is a step of its own, and whole numbers have none.
    step = np.where(a == 0.3, np.float32(1), np.nextafter(np.float32(1), 2)).astype(
        "f4"
    )
    assert np.isfinite(ncc_map(step, b.astype("f4"))).all()


# Laws ---------------------------------------------------------------------------------


def test_swapping_the_images_changes_nothing():
    a, b = scene((40, 50))
    valid = holes(a.shape)
    found = ncc_map(a, b, mask=valid)
    np.testing.assert_array_equal(found, ncc_map(b, a, mask=valid))


@pytest.mark.parametrize(
    ("gain", "offset"), [(3, 0), (0.25, 6e4), (1e-3, 0), (-2, 1e4), (1e20, 0)]
)
def test_gain_and_offset_of_an_image_change_nothing_but_the_sign(gain, offset):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40, 50))
    expected = np.sign(gain) * ncc_map(a, b)
    np.testing.assert_allclose(ncc_map(gain * a + offset, b), expected, atol=1e-8)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_nothing_is_more_alike_than_one(dtype):
    a = np.random.default_rng(0).normal(size=(60, 70)).astype(dtype)
    for gain in (3, -0.7):
        found = ncc_map((gain * a.astype("f8") + 5).astype(dtype), a)
        assert np.abs(found).max() <= 1
        np.testing.assert_allclose(found, np.sign(gain), atol=1e-5)


def test_an_image_is_like_itself_everywhere():
    a, _ = scene((40, 50), 1e4)
    found = ncc_map(a, a)
    known = found[np.isfinite(found)]
    assert (known == 1).all()
    negative = ncc_map(a.astype("f8"), -a.astype("f8"))
    assert (negative[np.isfinite(negative)] == -1).all()


@pytest.mark.parametrize("value", [0, 1e6, np.nan, np.inf, -np.inf])
def test_what_lies_under_the_mask_does_not_matter(value):
    a, b = scene((40, 50))
    valid = holes(a.shape)
    expected = ncc_map(a, b, mask=valid)
    a[~valid] = value
    b[~valid] = -value
    assert_same(ncc_map(a, b, mask=valid), expected)
    if not np.isfinite(value):
        assert_same(ncc_map(a, b), expected)


def test_nothing_outside_a_window_touches_it():
    a, b = scene((60, 60))
    expected = ncc_map(a, b)
    a[40:] = 1e30
    assert_same(ncc_map(a, b)[:30], expected[:30])


def test_a_mask_of_ones_is_no_mask():
    a, b = scene((40, 50))
    expected = ncc_map(a, b)
    for ones in (np.ones(a.shape, bool), np.full(a.shape, 255, "u1")):
        np.testing.assert_array_equal(ncc_map(a, b, mask=ones), expected)


@pytest.mark.parametrize("shape", [(150, 310), (3, 700), (500, 2), (20, 40, 60)])
@pytest.mark.parametrize("window", [3, 7])
@pytest.mark.parametrize("integer", [False, True])
def test_parts_do_not_show(shape, window, integer, monkeypatch):
    rng = np.random.default_rng(0)
    a, b = rng.normal(500, 100, size=(2, *shape))
    if integer:
        a, b = a.astype("u2"), b.astype("u2")
    valid = rng.random(shape) > 0.1
    options = MapOptions(window=window)
    kept = [ncc_map(a, b, mask=m, options=options) for m in (None, valid)]
    monkeypatch.setattr(parts_module, "_PART_PIXELS", {2: 700, 3: 3000})
    cut = [ncc_map(a, b, mask=m, options=options) for m in (None, valid)]
    for one, other in zip(kept, cut, strict=True):
        # Whole numbers are counted exactly, from wherever.
        assert_same(one, other, atol=0 if integer else 1e-12)


@pytest.mark.parametrize(
    ("shape", "radius"), [((2048, 2048), (3, 3)), ((64, 256, 256), (2, 3, 3))]
)
def test_parts_cover_every_pixel_once_and_stay_small(shape, radius):
    seen = np.zeros(shape, "u1")
    for part in parts(shape, radius):
        seen[part.inner] += 1
        assert np.prod(part.shape) <= parts_module._PART_PIXELS[len(shape)]
    assert (seen == 1).all()


def test_input_is_left_alone():
    a, b = scene((40, 50))
    a[3, 3] = np.nan
    valid = holes(a.shape)
    for array in (a, b, valid):
        array.flags.writeable = False
    ncc_map(a, b, mask=valid)


def test_memory_order_does_not_matter():
    a, b = scene((40, 50))
    turned = ncc_map(np.asfortranarray(a), b[::-1][::-1])
    np.testing.assert_array_equal(turned, ncc_map(a, b))


# How many pixels ----------------------------------------------------------------------


def test_min_valid_counts_the_valid_pixels_of_the_window():
    a, b = np.random.default_rng(0).normal(size=(2, 20, 20))
    valid = np.zeros(a.shape, bool)
    valid[5:8, 5:8] = True
    for least, n_windows in ((2, 21), (3, 13), (4, 9), (6, 5), (9, 1)):
        options = MapOptions(window=3, min_valid=least)
        found = np.isfinite(ncc_map(a, b, mask=valid, options=options))
        assert found.sum() == n_windows


@pytest.mark.parametrize("weights", ["box", "gaussian"])
@pytest.mark.parametrize("window", [3, 5, 7, (3, 9)])
def test_a_whole_window_has_as_many_pixels_as_can_be_asked_for(window, weights):
    a, b = np.random.default_rng(0).normal(size=(2, 40, 40))
    a[0, 0] = np.nan
    most = int(np.prod(MapOptions(window=window).sizes(2)))
    options = MapOptions(window=window, weights=weights, min_valid=most)
    found = np.isfinite(ncc_map(a, b, options=options))
    assert found[20, 20]
    assert not found[0].any()


@pytest.mark.parametrize("shape", [(9, 9), (5, 9, 9), (1, 20, 20), (3, 3)])
@pytest.mark.parametrize("weights", ["box", "gaussian"])
def test_by_default_corners_have_a_value(shape, weights):
    a, b = np.random.default_rng(0).normal(size=(2, *shape))
    found = ncc_map(a, b, options=MapOptions(window=7, weights=weights))
    assert np.isfinite(found).all()


def test_a_window_larger_than_the_image_is_the_whole_image():
    a, b = np.random.default_rng(0).normal(size=(2, 6, 7))
    found = ncc_map(a, b, options=MapOptions(window=101))
    np.testing.assert_allclose(found, np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_a_gaussian_is_as_wide_as_its_box():
    for size in (3, 5, 7, 21):
        (factor,) = Window.of(
            MapOptions(window=(1, size), weights="gaussian"), (1, 999)
        ).factors[1:]
        place = np.arange(len(factor)) - len(factor) // 2
        spread = np.sqrt(np.average(place**2, weights=factor))
        # A box has sqrt((n^2 - 1) / 12); cutting at three sigma takes a little.
        assert spread == pytest.approx(np.sqrt((size**2 - 1) / 12), rel=0.02)
        assert 1 / np.sum(factor**2) == pytest.approx(size, rel=0.06)


# Significance -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_z_and_p_are_those_of_each_window(dtype):
    a, b = (image.astype(dtype) for image in scene((20, 22)))
    valid = holes(a.shape)
    maps = {
        name: ncc_map(a, b, mask=valid, options=MapOptions(window=5, statistic=name))
        for name in ("ncc", "z", "p")
    }
    assert {m.dtype for m in maps.values()} == {np.dtype(dtype)}
    window = (slice(8, 13), slice(7, 12))
    used = valid[window]
    peer = stats.pearsonr(a[window][used], b[window][used])
    assert maps["ncc"][10, 9] == pytest.approx(peer.statistic, abs=CLOSE)
    assert maps["p"][10, 9] == pytest.approx(peer.pvalue, rel=1e-4)
    expected = np.arctanh(peer.statistic) * np.sqrt(used.sum() - 3)
    assert maps["z"][10, 9] == pytest.approx(expected, rel=1e-5)


def test_unrelated_images_have_z_of_one_and_p_that_is_even():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 210, 210))
    middles = (slice(3, None, 7),) * 2
    z = ncc_map(a, b, options=MapOptions(statistic="z"))[middles]
    # 900 windows that do not overlap: the standard error of both is 0.03.
    assert abs(z.mean()) < 0.1
    assert z.std() == pytest.approx(1, abs=0.1)
    p = ncc_map(a, b, options=MapOptions(statistic="p"))[middles]
    assert stats.kstest(p.ravel(), "uniform").pvalue > 0.01


def test_fisher_z_and_p_at_their_ends():
    ncc = np.array([0, 1, -1, np.nan, 0.5, 0.5], "f4")
    n = np.array([49, 49, 49, 49, 3, 2])
    np.testing.assert_array_equal(
        fisher_z(ncc, n), np.array([0, np.inf, -np.inf, np.nan, np.nan, np.nan])
    )
    found = p_value(ncc, n)
    np.testing.assert_array_equal(found[:4], [1, 0, 0, np.nan])
    assert found[4] == pytest.approx(2 / 3)
    assert np.isnan(found[5])
    assert fisher_z(ncc, n).dtype == found.dtype == np.float32
    assert fisher_z(0, 10) == 0
    assert fisher_z(0.3, 103) == pytest.approx(10 * np.arctanh(0.3))


@given(st.floats(-0.999999, 0.999999), st.integers(4, 200))
def test_p_is_that_of_scipy(r, n):
    expected = 2 * stats.t.sf(abs(r) * np.sqrt((n - 2) / (1 - r * r)), n - 2)
    assert p_value(r, n) == pytest.approx(expected, rel=1e-6, abs=1e-300)


# What does not fit --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"moving": np.zeros((8, 9))}, ValueError, r"\(8, 8\) but moving.*\(8, 9\)"),
        ({"reference": np.zeros(8)}, ValueError, "two axes"),
        ({"reference": np.zeros((0, 8))}, ValueError, "empty"),
        ({"reference": np.zeros((8, 8), complex)}, TypeError, "complex"),
        ({"moving": np.zeros((8, 8), bool)}, TypeError, "bool"),
        ({"mask": np.ones((8, 7))}, MaskError, r"\(8, 7\)"),
        ({"mask": np.full((8, 8), "a")}, TypeError, "booleans or numbers"),
    ],
)
def test_what_does_not_fit_is_named(change, error, words):
    given = {"reference": np.zeros((8, 8)), "moving": np.zeros((8, 8))} | change
    mask = given.pop("mask", None)
    with pytest.raises(error, match=words):
        ncc_map(**given, mask=mask)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"window": 4}, ValueError, "use 3 or 5"),
        ({"window": (7, 2)}, ValueError, "2 is not odd"),
        ({"window": 0}, ValueError, "1 pixel or more"),
        ({"window": -3}, ValueError, "1 pixel or more"),
        ({"window": 7.0}, TypeError, "whole number"),
        ({"window": True}, TypeError, "whole number"),
        ({"window": "7"}, TypeError, "whole number"),
        ({"window": (7, 7, 7)}, ValueError, "3 entries"),
        ({"window": 1}, ValueError, "single pixel"),
        ({"weights": "disc"}, ValueError, "'box', 'gaussian'"),
        ({"statistic": "t"}, ValueError, "'ncc', 'z', 'p'"),
        ({"min_valid": 1}, ValueError, "2 or more"),
        ({"min_valid": 50}, ValueError, "49 pixels"),
        ({"min_valid": 2.5}, TypeError, "whole number"),
    ],
)
def test_options_that_do_not_fit_are_named(options, error, words):
    with pytest.raises(error, match=words):
        ncc_map(np.zeros((9, 9)), np.zeros((9, 9)), options=MapOptions(**options))


def test_options_take_what_numpy_has():
    assert MapOptions(window=np.int64(5)).window == 5
    assert MapOptions(window=np.array([3, 5])).window == (3, 5)
    assert type(MapOptions(min_valid=np.int64(5)).min_valid) is int
