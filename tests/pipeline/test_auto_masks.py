"""Masks made of the images: what they leave out, how lazily, and how they combine."""

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import maskalign
from maskalign.errors import AxesError, MaskError
from maskalign.model.movie import Movie

MASKS = {
    "saturated": maskalign.saturated_mask,
    "border": maskalign.border_mask,
    "intensity": lambda movie, **how: maskalign.intensity_mask(movie, 5, 200, **how),
}


def texture(*shape, seed=0, dtype="u1"):
    """Values from 1 to 250, no two neighbours alike for long."""
    return np.random.default_rng(seed).integers(1, 251, shape).astype(dtype)


def refuse_to_compute(*_, **__):
    raise AssertionError("something was computed while the graph was built")


# One mask a frame -----------------------------------------------------------------


@pytest.mark.parametrize("name", MASKS)
def test_a_mask_is_a_lazy_movie_of_booleans(name):
    movie = da.from_array(texture(4, 16, 20), chunks=(2, 8, 20))
    with dask.config.set(scheduler=refuse_to_compute):
        mask = MASKS[name](movie)
    assert (mask.shape, mask.dtype, mask.chunks[0]) == ((4, 16, 20), bool, (2, 2))
    np.testing.assert_array_equal(mask, MASKS[name](movie.compute()))


@pytest.mark.parametrize("name", MASKS)
def test_one_mask_costs_one_frame(name):
    read = []

    def load(block_id):
        read.append(block_id[0])
        return texture(1, 16, 20, seed=block_id[0])

    chunks = ((1,) * 5, (16,), (20,))
    movie = da.map_blocks(load, chunks=chunks, dtype="u1", meta=np.empty((0, 0, 0)))
    MASKS[name](movie)[3].compute(scheduler="synchronous")
    assert read == [3]


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("axes", ["TCZYX", "XYZCT", "CZTYX"])
def test_axes_may_come_in_any_order(name, axes):
    volume = texture(3, 2, 4, 16, 20, dtype="u2")
    volume[..., :3] = 0
    volume[1, 1, 2, 8, 9] = 2**16 - 1
    turned = volume.transpose(["TCZYX".index(a) for a in axes])
    turned.setflags(write=False)
    mask = MASKS[name](turned, axes=axes, channel=1)
    assert mask.shape == (3, 4, 16, 20)
    np.testing.assert_array_equal(mask, MASKS[name](volume[:, 1]))


@pytest.mark.parametrize("name", MASKS)
def test_a_channel_is_asked_for_where_there_are_several(name):
    movie = Movie(texture(2, 2, 16, 20), "TCYX", channels=("red", "green"))
    assert MASKS[name](movie, channel="green").shape == (2, 16, 20)
    with pytest.raises(AxesError, match="channel is not given"):
        MASKS[name](movie)


@pytest.mark.parametrize("name", ["saturated", "border"])
def test_nothing_shrinks(name):
    with pytest.raises(ValueError, match="grow must be 0"):
        MASKS[name](texture(2, 9, 9), grow=-1)


def test_masks_combine():
    movie = texture(3, 16, 20)
    movie[1, 4, 5] = 255
    movie[2, :2] = 0
    drawn = np.ones((16, 20), bool)
    drawn[10:] = False
    mask = drawn & maskalign.saturated_mask(movie) & maskalign.border_mask(movie)
    parts = [drawn, maskalign.saturated_mask(movie), maskalign.border_mask(movie)]
    expected = np.logical_and.reduce([np.broadcast_to(p, movie.shape) for p in parts])
    np.testing.assert_array_equal(mask, expected)
    assert isinstance(mask, da.Array)


def test_an_alignment_takes_them():
    scene = texture(60, 60, seed=3).astype("u2")
    movie = np.stack([scene[k : k + 48, 4:52] for k in range(4)])
    movie[:, 10:20, 10:20] = 4095  # would hold it in place
    masks = maskalign.saturated_mask(movie, level=4095)
    table = maskalign.estimate_drift(movie, mask=masks, max_shift=6)
    np.testing.assert_allclose(table.shifts[:, 0], range(4), atol=0.01)


# Saturated ------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(
    hnp.arrays("u1", (2, 7, 9), elements=st.sampled_from([0, 200, 255])),
    st.sampled_from([None, 200]),
    st.integers(0, 2),
)
def test_saturated_pixels_and_their_neighbours_go(movie, level, grow):
    mask = maskalign.saturated_mask(movie, level=level, grow=grow).compute()
    places = np.argwhere(movie >= (level or 255))
    for t, y, x in np.ndindex(movie.shape):
        near = np.abs(places[places[:, 0] == t, 1:] - (y, x)).max(axis=1, initial=0)
        assert mask[t, y, x] != bool((near <= grow).any())


def test_a_volume_is_widened_plane_by_plane():
    movie = np.zeros((1, 3, 5, 5), "u2")
    movie[0, 1, 2, 2] = 2**16 - 1
    lost = ~maskalign.saturated_mask(movie)[0].compute()
    assert lost.sum(axis=(1, 2)).tolist() == [0, 9, 0]


@pytest.mark.parametrize("dtype", ["i2", "u2", "i4"])
def test_the_largest_value_of_the_dtype_is_saturated(dtype):
    movie = np.zeros((1, 3, 3), dtype)
    movie[0, 0, 0] = np.iinfo(dtype).max
    movie[0, 2, 2] = np.iinfo(dtype).max - 1
    mask = maskalign.saturated_mask(movie, grow=0).compute()
    assert np.argwhere(~mask).tolist() == [[0, 0, 0]]


def test_floating_point_pixels_need_a_level():
    movie = np.array([[[1.0, 4095, np.nan, np.inf]]])
    with pytest.raises(ValueError, match="level=4095"):
        maskalign.saturated_mask(movie)
    mask = maskalign.saturated_mask(movie, level=4095, grow=0)
    np.testing.assert_array_equal(mask, [[[True, False, True, False]]])


# Border ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fill", "dtype"), [(0, "u1"), (255, "u1"), (-7, "f4"), (np.nan, "f8")]
)
@pytest.mark.parametrize("value", [None, "the fill"])
def test_what_an_alignment_filled_is_left_out(fill, dtype, value):
    movie = texture(6, 40, 50).astype(dtype)
    shifts = [(0, 0), (3, 0), (0, -1), (-4, 7), (1, 1), (2.5, -0.5)]
    aligned = maskalign.apply_drift(movie, shifts, fill_value=fill)
    seen = maskalign.apply_drift(np.ones_like(movie), shifts, fill_value=0) > 0
    how = {} if value is None else {"value": fill}
    mask = maskalign.border_mask(aligned, grow=0, **how)
    np.testing.assert_array_equal(mask, seen)


def test_a_border_grows_inwards_only():
    movie = texture(1, 20, 20)
    movie[0, :, :4] = 0
    mask = maskalign.border_mask(movie, grow=3)[0].compute()
    assert not mask[:, :7].any()
    assert mask[:, 7:].all()


@pytest.mark.parametrize("value", [0, np.nan])
@pytest.mark.parametrize("width", [60, 80])
def test_a_round_field_of_view_is_found(value, width):
    """It may reach the edges, so that only the corners are bare, or not."""
    movie = texture(2, 60, width, dtype="f4")
    y, x = np.ogrid[:60, :width]
    field = np.hypot(y - 29.5, x - (width - 1) / 2) < 34
    movie[:, ~field] = value
    mask = maskalign.border_mask(movie, grow=0).compute()
    assert not mask[:, [0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert mask[:, field].all()
    # Only crumbs of its rim are narrower than a border is; the rim goes when it grows.
    assert mask[:, ~field].sum() < 0.01 * field.size
    assert not maskalign.border_mask(movie).compute()[:, ~field].any()


def test_dark_places_inside_stay():
    movie = texture(1, 40, 40)
    movie[0, :6] = 0
    movie[0, 10:20, 10:20] = 0  # as dark as the border, but inside
    movie[0, 25:40, 25:35] = 7  # at an edge, but of another value, and no border
    movie[0, 6:10, 15] = 0  # hangs on the border by a thread
    mask = maskalign.border_mask(movie, grow=0)[0].compute()
    assert not mask[:6].any()
    assert mask[6:].all()


def test_a_value_that_is_named_needs_no_corner():
    movie = texture(1, 40, 40)
    movie[0, :8, 10:20] = 99
    assert maskalign.border_mask(movie, grow=0)[0].compute().all()
    mask = maskalign.border_mask(movie, value=99, grow=0)[0].compute()
    assert not mask[:8, 10:20].any()
    assert mask.sum() == 40 * 40 - 80


def test_without_a_border_nothing_is_left_out():
    assert maskalign.border_mask(texture(3, 40, 50)).all()
    flat = np.full((1, 20, 20), 9, "u1")
    assert not maskalign.border_mask(flat).any()


# Intensity ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "used"),
    [
        (3, 200, [0, 1, 1, 0, 0]),
        (3, None, [0, 1, 1, 1, 0]),
        (None, 200, [1, 1, 1, 0, 0]),
        (200, 200, [0, 0, 1, 0, 0]),
    ],
)
def test_pixels_within_limits_are_used(low, high, used):
    movie = np.array([[[0.0, 3, 200, 201, np.nan]]])
    mask = maskalign.intensity_mask(movie, low, high)
    np.testing.assert_array_equal(mask, np.array([[used]], bool))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (None, None, "Give low, high or both"),
        (5, 3, "low=5 must not be above high=3"),
        (np.nan, 3, "must not be above"),
    ],
)
def test_limits_that_make_no_sense_are_refused(low, high, words):
    with pytest.raises(ValueError, match=words):
        maskalign.intensity_mask(texture(2, 9, 9), low, high)


# Painted labels -------------------------------------------------------------------


@pytest.fixture
def painted():
    """Labels 1 to 4, each in a frame of its own; frame 4 is bare."""
    labels = np.zeros((5, 6, 8), "i4")
    for k in range(4):
        labels[k, k, :4] = k + 1
    return labels


@pytest.mark.parametrize("painting", ["ignore", "use"])
@pytest.mark.parametrize("ids", [None, 3, [1, 4], (2, 99)])
@pytest.mark.parametrize("kind", ["numpy", "dask", "movie"])
def test_what_is_painted_in_any_frame_goes_for_all(painted, painting, ids, kind):
    labels = {
        "numpy": painted,
        "dask": da.from_array(painted, chunks=(2, 3, 8)),
        "movie": Movie(painted.transpose(1, 2, 0), "YXT"),
    }[kind]
    mask = maskalign.labels_mask(labels, ids, painted=painting)
    chosen = painted != 0 if ids is None else np.isin(painted, ids)
    np.testing.assert_array_equal(mask != (painting == "ignore"), chosen.any(axis=0))
    assert isinstance(mask, np.ndarray)


@pytest.mark.parametrize("painting", ["ignore", "use"])
def test_each_frame_may_keep_its_own(painted, painting):
    with dask.config.set(scheduler=refuse_to_compute):
        masks = maskalign.labels_mask(
            da.from_array(painted, chunks=(2, 3, 8)),
            [1, 4],
            painted=painting,
            one_a_frame=True,
        )
    chosen = np.isin(painted, [1, 4])
    np.testing.assert_array_equal(masks, chosen != (painting == "ignore"))


def test_one_image_of_labels_is_a_mask(painted):
    np.testing.assert_array_equal(maskalign.labels_mask(painted[2]), painted[2] == 0)
    volume = maskalign.labels_mask(painted, axes="ZYX")
    np.testing.assert_array_equal(volume, painted == 0)


def test_booleans_and_channels_are_painted_too(painted):
    np.testing.assert_array_equal(
        maskalign.labels_mask(painted > 0), maskalign.labels_mask(painted)
    )
    both = np.stack([painted, painted[::-1, ::-1]], axis=1)
    expected = ((both == 0) | (both == 2)).all(axis=1)
    masks = maskalign.labels_mask(both, [1, 3, 4], axes="TCYX", one_a_frame=True)
    np.testing.assert_array_equal(masks, expected)


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ({"ids": 9}, MaskError, "none of the labels 9"),
        ({"ids": []}, MaskError, "Nothing is painted"),
        ({"painted": "leave out"}, ValueError, "'ignore' or 'use'"),
    ],
)
def test_labels_that_say_nothing_are_refused(painted, how, error, words):
    with pytest.raises(error, match=words):
        maskalign.labels_mask(painted, **how)


def test_an_empty_layer_is_refused(painted):
    with pytest.raises(MaskError, match="no label but 0"):
        maskalign.labels_mask(0 * painted)
    with pytest.raises(TypeError, match="float64"):
        maskalign.labels_mask(painted / 2)
