import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from maskalign.core.translate import check_fill, support, translate, translate_valid

KINDS = ("nearest", "linear", "cubic", "fourier")


@pytest.fixture(scope="module")
def image():
    field = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(48, 56)), 2)
    return (field / field.std()).astype("f4")


shifts = st.tuples(*[st.floats(-60, 60) | st.integers(-60, 60).map(float)] * 2)


thousandths = st.integers(-60_000, 60_000).map(lambda k: k / 1000)


@settings(max_examples=60, deadline=None)
@given(st.tuples(thousandths, thousandths))
def test_linear_is_scipys(shift):
    image = np.random.default_rng(0).normal(size=(20, 30)).astype("f4")
    found = translate(image, shift, fill_value=-99)
    peer = ndimage.shift(image.astype(float), shift, order=1, cval=np.nan)
    inside = found != -99
    np.testing.assert_allclose(found[inside], peer[inside], atol=2e-4)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(
    shifts, st.tuples(*[st.integers(-70, 70)] * 2), st.tuples(*[st.integers(1, 90)] * 2)
)
def test_a_canvas_is_a_window_on_one_large_result(kind, shift, origin, shape):
    image = np.random.default_rng(0).integers(0, 255, (20, 30)).astype("u1")
    large = translate(
        image, shift, interpolation=kind, origin=(-140, -140), shape=(320, 320)
    )
    found = translate(image, shift, interpolation=kind, origin=origin, shape=shape)
    y, x = origin[0] + 140, origin[1] + 140
    window = large[y : y + shape[0], x : x + shape[1]]
    np.testing.assert_array_equal(found, window)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(shifts)
def test_support_is_where_values_are(kind, shift):
    ones = np.ones((20, 30), "f4")
    out = translate(
        ones, shift, interpolation=kind, origin=(-90, -90), shape=(210, 220)
    )
    found = np.argwhere(out > 0.5)
    for axis, n in enumerate(ones.shape):
        first, last = support(n, shift[axis], kind)
        assert (found[:, axis].min() - 90, found[:, axis].max() - 90) == (first, last)
    inside = out[out > 0.5]
    np.testing.assert_allclose(inside, 1, atol=1e-5)


@pytest.mark.parametrize(
    ("shift", "pixels"), [(0.4, 0), (0.5, 1), (0.6, 1), (-0.4, 0), (-0.6, -1), (2.9, 3)]
)
def test_nearest_moves_by_the_nearest_whole_pixel(shift, pixels):
    line = np.arange(1, 21)[np.newaxis]
    moved = translate(line, (0, shift), interpolation="nearest")
    np.testing.assert_array_equal(moved[:, 4:16], line[:, 4:16] - pixels)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["u1", "i4", "u8", "i8", "f2", "f8"])
def test_whole_pixels_copy_values(kind, dtype):
    high = np.iinfo(dtype).max if dtype[0] in "ui" else 1.0
    image = np.full((8, 9), high, dtype)
    out = translate(image, (2, -3), interpolation=kind)
    assert out.dtype == image.dtype
    assert (out[2:, :6] == high).all()
    assert not out[:2].any()
    assert not out[:, 6:].any()


@pytest.mark.parametrize(("kind", "error"), [("cubic", 0.01), ("fourier", 2e-3)])
def test_half_a_pixel_of_a_smooth_scene(kind, error):
    field = np.random.default_rng(3).normal(size=(128, 128))
    field = ndimage.gaussian_filter(field, 2.5, mode="wrap")
    field /= field.std()
    shift = (0.5, -1.3)
    exact = np.fft.ifftn(ndimage.fourier_shift(np.fft.fftn(field), shift)).real
    found = translate(field, shift, interpolation=kind)
    inner = (slice(16, -16),) * 2
    assert abs(found - exact)[inner].max() < error


def test_catmull_rom_is_exact_for_parabolas_inside():
    y, x = np.mgrid[:20, :24].astype(float)
    found = translate(
        x**2 - 3 * y, (0.3, -0.6), interpolation="cubic", fill_value=np.nan
    )
    expected = (x + 0.6) ** 2 - 3 * (y - 0.3)
    inside = ~np.isnan(found)
    assert inside.sum() == 17 * 21
    np.testing.assert_allclose(found[inside], expected[inside])


def test_three_axes():
    volume = np.arange(60.0).reshape(3, 4, 5)
    found = translate(volume, (1, 0.5, 0), fill_value=-1)
    np.testing.assert_allclose(found[1:, 1:], (volume[:2, :3] + volume[:2, 1:]) / 2)
    assert (found[0] == -1).all()
    assert (found[:, 0] == -1).all()


@pytest.mark.parametrize("kind", ["cubic", "fourier"])
def test_integers_are_rounded_and_clipped_not_wrapped(kind):
    step = np.zeros((8, 40), "u1")
    step[:, 20:] = 255
    out = translate(step, (0, 0.5), interpolation=kind)
    smooth = translate(step.astype("f4"), (0, 0.5), interpolation=kind)
    assert smooth.max() > 255
    assert smooth.min() < 0
    np.testing.assert_array_equal(out, np.clip(np.rint(smooth), 0, 255))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_spoils_the_pixels_that_it_enters(image, kind, bad):
    holed = image.copy()
    holed[20, 30] = holed[33:36, 8:11] = bad
    shift = (0.4, -1.7)
    out = translate(holed, shift, interpolation=kind)
    kept = translate_valid(np.isfinite(holed), shift, interpolation=kind)
    inside = translate_valid(np.isfinite(image), shift, interpolation=kind)
    reach = {"nearest": 1, "linear": 2, "cubic": 4, "fourier": 2}[kind]
    assert (inside & ~kept).sum() == reach**2 + (reach + 2) ** 2
    np.testing.assert_array_equal(np.isfinite(out), kept | ~inside)
    whole = translate(image, shift, interpolation=kind)
    # A Fourier move knows only the neighbours of what is missing.
    np.testing.assert_allclose(
        out[kept], whole[kept], atol=0.2 if kind == "fourier" else 0
    )


def test_a_fourier_move_of_an_image_with_an_empty_frame_does_not_ring(image):
    bright = image + 1000
    framed = bright.copy()
    framed[:8] = framed[:, -9:] = np.nan
    shift = (0.5, -1.3)
    out = translate(framed, shift, interpolation="fourier", fill_value=np.nan)
    kept = np.isfinite(out)
    assert kept.sum() == (48 - 9) * (56 - 11)
    # As good as where the image ends there.
    cut = translate(
        bright[8:, :-9],
        shift,
        interpolation="fourier",
        fill_value=np.nan,
        origin=(-8, 0),
        shape=image.shape,
    )
    np.testing.assert_allclose(out[kept], cut[kept], atol=0.5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nothing", [np.nan, np.inf])
def test_an_image_without_numbers_has_none_when_moved(kind, nothing):
    image = np.full((6, 7), nothing, "f4")
    with np.errstate(invalid="raise"):
        out = translate(image, (0.5, 0.5), interpolation=kind, fill_value=np.nan)
    assert not np.isfinite(out).any()


def test_input_is_left_alone(image):
    image.flags.writeable = False
    for kind in KINDS:
        translate(image, (0.5, 0.5), interpolation=kind)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(
    shifts, st.tuples(*[st.integers(-70, 70)] * 2), st.tuples(*[st.integers(1, 90)] * 2)
)
def test_a_move_has_pixels_where_all_that_enter_are_valid(kind, shift, origin, shape):
    valid = np.random.default_rng(0).random((20, 30)) > 0.1
    how = {"interpolation": kind, "origin": origin, "shape": shape}
    found = translate_valid(valid, shift, **how)
    values = np.where(valid, 1, np.nan)
    moved = translate(values, shift, fill_value=np.nan, **how)
    np.testing.assert_array_equal(found, np.isfinite(moved))


# Fills ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nearest", "linear", "cubic"])
@settings(max_examples=40, deadline=None)
@given(
    shifts, st.tuples(*[st.integers(-70, 70)] * 2), st.tuples(*[st.integers(1, 90)] * 2)
)
def test_an_edge_fill_is_a_move_of_a_larger_image(kind, shift, origin, shape):
    image = np.random.default_rng(0).integers(0, 255, (20, 30)).astype("u1")
    larger = np.pad(image, 240, mode="edge")
    corner = [o + 240 for o in origin]
    expected = translate(
        larger, shift, interpolation=kind, origin=corner, shape=shape, fill_value=77
    )
    found = translate(
        image, shift, interpolation=kind, origin=origin, shape=shape, fill_value="edge"
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shift", [(3.5, -2.25), (-4, 6), (0.5, 0), (30, 0.5)])
def test_no_fill_touches_the_pixels_of_the_image(image, kind, shift):
    own = translate_valid(np.ones(image.shape, bool), shift, interpolation=kind)
    moved = [
        translate(image, shift, interpolation=kind, fill_value=fill)
        for fill in (0, -7.5, np.nan, "edge")
    ]
    for other in moved[1:]:
        np.testing.assert_array_equal(other[own], moved[0][own])
    assert (moved[1][~own] == -7.5).all()
    assert np.isnan(moved[2][~own]).all()
    assert np.isfinite(moved[3]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_beyond_its_edges_a_flat_image_stays_flat(kind):
    flat = np.full((9, 11), 200, "u1")
    for shift in [(2.5, -3.75), (40, -40), (0, 0.5)]:
        out = translate(flat, shift, interpolation=kind, fill_value="edge")
        assert (out == 200).all()


@pytest.mark.parametrize("kind", KINDS)
def test_one_plane_moved_along_z_is_repeated(image, kind):
    out = translate(
        image[np.newaxis], (0.5, 0, 0), interpolation=kind, fill_value="edge"
    )
    np.testing.assert_allclose(out[0], image, rtol=1e-6)


@pytest.mark.parametrize(
    ("fill", "dtype"),
    [
        (-1, "u1"),
        (256, "u1"),
        (0.5, "i2"),
        (np.nan, "u2"),
        (np.inf, "i4"),
        (2, "?"),
        (1e5, "f2"),
        (-1e39, "f4"),
    ],
)
def test_a_fill_that_does_not_fit_is_refused(fill, dtype):
    with pytest.raises(ValueError, match=r"fill_value=.* (does not fit|beyond)"):
        check_fill(fill, dtype)


def test_who_wants_nan_in_integers_is_told_what_to_do():
    with pytest.raises(ValueError, match=r"'edge', or convert the movie to float32"):
        check_fill(np.nan, "u2")


@pytest.mark.parametrize(
    ("fill", "dtype"),
    [
        (0, "u1"),
        (np.nan, "f4"),
        (np.inf, "f2"),
        (-7, "i2"),
        (1, "?"),
        (True, "?"),
        ("edge", "u2"),
        (2**63, "u8"),
    ],
)
def test_a_fill_that_fits(fill, dtype):
    check_fill(fill, dtype)
