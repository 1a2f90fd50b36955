"""NCC maps lazily: the same numbers, read as little as can be."""

import dask
import dask.array as da
import numpy as np
import pytest

from maskalign import (
    AxesError,
    MapSummary,
    MaskError,
    Movie,
    estimate_drift,
    local_ncc,
    summarize_map,
)
from maskalign.core.local_ncc import ncc_map
from maskalign.model.map_options import MapOptions
from maskalign.pipeline.aligned_pair import aligned_pair


def refuse_to_compute(dsk, keys, **kwargs):
    msg = "something was computed while the graph was being built"
    raise AssertionError(msg)


def assert_same(found, expected, atol=2e-7):
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found, expected, atol=atol)


@pytest.fixture
def pair():
    """Two float32 images, (23, 31): a flat patch, a missing pixel, an offset."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(23, 31))
    b = a + rng.normal(size=a.shape)
    a[3:14, 5:16] = 0
    b[17, 20] = np.nan
    return (a + 6e4).astype("f4"), b.astype("f4")


@pytest.fixture
def films(movie):
    """Two movies, (6, 64, 72), that look alike here and there."""
    rng = np.random.default_rng(0)
    other = movie + rng.normal(0, 80, movie.shape) * (np.arange(72) > 30)
    return movie, np.rint(other).clip(0).astype("u2")


# Images -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "chunks", [(23, 31), (7, 11), (2, 9), ((3, 19, 1), (26, 5)), (23, 1)]
)
@pytest.mark.parametrize("window", [3, (1, 9), 101])
def test_lazy_equals_eager(pair, chunks, window):
    a, b = pair
    valid = np.random.default_rng(1).random(a.shape) > 0.2
    for mask in (None, valid):
        lazy = local_ncc(
            da.from_array(a, chunks=chunks),
            da.from_array(b, chunks=(12, 16)),
            window=window,
            mask=mask,
        )
        assert isinstance(lazy, da.Array)
        assert lazy.dtype == np.float32
        eager = local_ncc(a, b, window=window, mask=mask)
        assert_same(lazy.compute(scheduler="synchronous"), eager)


@pytest.mark.parametrize("weights", ["box", "gaussian"])
@pytest.mark.parametrize("statistic", ["ncc", "z", "p"])
def test_lazy_equals_eager_for_every_option(pair, weights, statistic):
    options = {"window": 5, "weights": weights, "statistic": statistic, "min_valid": 20}
    lazy = [da.from_array(image, chunks=(8, 17)) for image in pair]
    assert_same(local_ncc(*lazy, **options), local_ncc(*pair, **options), atol=1e-5)


def test_lazy_equals_eager_in_three_dimensions():
    a, b = np.random.default_rng(0).normal(size=(2, 9, 10, 11))
    lazy = local_ncc(da.from_array(a, chunks=(4, 5, 7)), b, window=(3, 5, 7))
    assert_same(lazy, local_ncc(a, b, window=(3, 5, 7)), atol=1e-12)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_one_lazy_array_makes_the_map_lazy(pair, which):
    given = [*pair, np.ones(pair[0].shape, bool)]
    given[which] = da.from_array(given[which], chunks=(11, 31))
    found = local_ncc(given[0], given[1], mask=given[2])
    assert isinstance(found, da.Array)
    assert_same(found, local_ncc(*pair))


def test_numpy_in_numpy_out(pair):
    found = local_ncc(*pair, window=5)
    assert isinstance(found, np.ndarray)
    expected = ncc_map(*pair, options=MapOptions(window=5))
    np.testing.assert_array_equal(found, expected)
    lists = [image.astype(float).tolist() for image in pair]
    np.testing.assert_array_equal(local_ncc(*lists), ncc_map(*map(np.array, lists)))


def test_a_part_of_a_lazy_map_reads_a_part():
    read = []

    def block(k):
        read.append(k)
        return np.random.default_rng(k).normal(size=(50, 40))

    blocks = [da.from_delayed(dask.delayed(block)(k), (50, 40), "f8") for k in range(6)]
    image = da.concatenate(blocks)
    local_ncc(image, image + 1)[110:140].compute(scheduler="synchronous")
    assert set(read) <= {1, 2, 3}


# Movies -------------------------------------------------------------------------------


def each(reference, frames, **options):
    return np.stack(
        [ncc_map(r, f, **options) for r, f in zip(reference, frames, strict=True)]
    )


@pytest.mark.parametrize("lazy", [False, True])
def test_frames_are_compared_with_what_is_asked_for(films, lazy):
    one, two = films
    nothing = np.full((1, 64, 72), np.nan, "f4")
    cases = {
        "first": each([one[0]] * 6, one),
        "previous": np.concatenate([nothing, each(one[:-1], one[1:])]),
        2: each([one[2]] * 6, one),
        -1: each([one[5]] * 6, one),
    }
    movie = da.from_array(one, chunks=(4, 17, 31)) if lazy else one
    for reference, expected in cases.items():
        found = local_ncc(reference, movie)
        assert isinstance(found, da.Array if lazy else np.ndarray)
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(local_ncc(two[3], movie), each([two[3]] * 6, one))
    found = local_ncc(two, movie, axes="TYX")
    np.testing.assert_array_equal(found, each(two, one))
    np.testing.assert_array_equal(
        local_ncc(Movie(two), Movie(one)).data, each(two, one)
    )


def test_two_stacks_without_axes_are_volumes(films):
    one, two = (film.astype("f4") for film in films)
    np.testing.assert_array_equal(local_ncc(one, two), ncc_map(one, two))


def test_building_the_graph_computes_nothing(films):
    lazy = [da.from_array(film, chunks=(2, 16, 16)) for film in films]
    masks = da.from_array(films[0] > 0, chunks=(3, 64, 72))
    with dask.config.set(scheduler=refuse_to_compute):
        for reference in ("first", "previous", 3, films[1][0], lazy[1][2]):
            found = local_ncc(reference, lazy[0], mask=masks)
            assert found.chunks == ((1,) * 6, (64,), (72,))
        local_ncc(lazy[0][0], lazy[1][0], mask=masks[0])
        local_ncc(Movie(lazy[0]), Movie(lazy[1]), mask=masks)


@pytest.mark.parametrize(
    ("reference", "expected"), [("first", {0, 4}), ("previous", {3, 4}), (2, {2, 4})]
)
def test_one_frame_of_the_map_reads_one_frame_and_its_reference(
    movie, reference, expected
):
    read = []

    def load(t):
        read.append(t)
        return movie[t]

    frames = [
        da.from_delayed(dask.delayed(load)(t), (64, 72), movie.dtype) for t in range(6)
    ]
    local_ncc(reference, da.stack(frames))[4].compute(scheduler="synchronous")
    assert sorted(read) == sorted(expected)


def test_a_movie_comes_back_for_a_movie_calibrated_whatever_its_axes(films):
    one, two = films
    both = np.stack(films, axis=1)
    movie = Movie(
        both.transpose(2, 1, 3, 0),
        "YCXT",
        scale=(0.2, 1, 0.3, 5),
        units=("µm", "pixel", "µm", "s"),
        origin=(7, 0, 8, 9),
        channels=("a", "b"),
        name="cells",
    )
    found = local_ncc("first", movie, channel="b")
    assert (found.axes, found.scale, found.origin) == ("YXT", (0.2, 0.3, 5), (7, 8, 9))
    assert found.units == ("µm", "µm", "s")
    assert found.name == "cells (NCC map)"
    expected = each([two[0]] * 6, two).transpose(1, 2, 0)
    np.testing.assert_array_equal(found.data, expected)
    mean = local_ncc("first", movie, channel="mean")
    assert mean.data.dtype == np.float64
    blend = (one + two.astype(float)) / 2
    assert_same(
        mean.data.compute().transpose(2, 0, 1), each([blend[0]] * 6, blend), 1e-12
    )


def test_one_image_as_a_movie(films):
    image, other = films[0][0], films[1][0]
    found = local_ncc(other, Movie(image, "YX"))
    assert found.axes == "YX"
    np.testing.assert_array_equal(found.data, ncc_map(other, image))
    np.testing.assert_array_equal(local_ncc(other, image, axes="YX"), found.data)


def test_volumes_over_time(films):
    volumes = np.stack(films, axis=1)
    found = local_ncc("first", volumes, window=(1, 5, 5))
    flat = [local_ncc("first", film, window=5) for film in films]
    np.testing.assert_array_equal(found, np.stack(flat, axis=1))


def test_a_mask_goes_for_every_frame(films):
    one, _ = films
    valid = np.random.default_rng(0).random(one.shape[1:]) > 0.3
    found = local_ncc("first", one, mask=valid)
    np.testing.assert_array_equal(found, each([one[0]] * 6, one, mask=valid))
    volumes = np.stack([one, one + 1], axis=1)
    np.testing.assert_array_equal(
        local_ncc("first", volumes, mask=valid),
        each([volumes[0]] * 6, volumes, mask=np.stack([valid] * 2)),
    )


@pytest.mark.parametrize("lazy", [False, True])
def test_masks_of_both_frames_count(films, lazy):
    one, two = films
    masks = np.random.default_rng(0).random(one.shape) > 0.3
    given = da.from_array(masks, chunks=(4, 30, 72)) if lazy else masks

    def map_of(t, r):
        return ncc_map(one[r], one[t], mask=masks[r] & masks[t])

    np.testing.assert_array_equal(local_ncc("first", one, mask=given)[4], map_of(4, 0))
    np.testing.assert_array_equal(local_ncc(2, one, mask=given)[4], map_of(4, 2))
    np.testing.assert_array_equal(
        local_ncc("previous", one, mask=given)[4], map_of(4, 3)
    )
    # Of an image from elsewhere only the frame's own mask is known.
    expected = ncc_map(two[0], one[4], mask=masks[4])
    np.testing.assert_array_equal(local_ncc(two[0], one, mask=given)[4], expected)


def test_flat_masks_of_each_frame_of_a_volume(films):
    one, _ = films
    volumes = np.stack([one, one[:, ::-1]], axis=1)
    masks = np.random.default_rng(0).random(one.shape) > 0.3
    found = local_ncc(volumes[1], volumes, mask=Movie(masks, "TYX"))
    expected = ncc_map(volumes[1], volumes[3], mask=np.stack([masks[3]] * 2))
    np.testing.assert_array_equal(found[3], expected)


def test_input_is_left_alone(films):
    for film in films:
        film.flags.writeable = False
    local_ncc(films[0], films[1], axes="TYX")
    local_ncc(films[0][0], films[1])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"reference": "mean"}, ValueError, "'first', 'previous'"),
        ({"reference": 6}, ValueError, "frames 0 to 5"),
        ({"reference": np.zeros((64, 70))}, ValueError, r"\(64, 70\)"),
        ({"reference": np.zeros((5, 64, 72)), "axes": "TYX"}, ValueError, "5 frames"),
        ({"reference": np.zeros((64, 72), complex)}, TypeError, "complex"),
        ({"reference": np.zeros((64, 72), bool)}, TypeError, "bool"),
        ({"axes": "ZYX"}, ValueError, "one image"),
        ({"channel": 0}, AxesError, "no channels"),
        ({"mask": np.ones((64, 71))}, MaskError, r"\(64, 71\)"),
        ({"window": 4}, ValueError, "not odd"),
        ({"window": (7, 7, 7)}, ValueError, "3 entries"),
        ({"min_valid": 50}, ValueError, "49 pixels"),
    ],
)
def test_what_does_not_fit_is_named_at_once(movie, change, error, words):
    given = {
        "reference": "first",
        "moving": da.from_array(movie, chunks=(2, 64, 72)),
    } | change
    with (
        dask.config.set(scheduler=refuse_to_compute),
        pytest.raises(error, match=words),
    ):
        local_ncc(**given)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"moving": np.zeros((23, 30), "f4")}, ValueError, "Align them first"),
        ({"mask": np.ones((23, 30))}, MaskError, r"\(23, 30\)"),
        ({"min_valid": 50}, ValueError, "49 pixels"),
        ({"window": 2}, ValueError, "not odd"),
        ({"reference": "previous"}, AxesError, "2 axes"),
    ],
)
def test_lazy_images_that_do_not_fit_are_named_at_once(pair, change, error, words):
    lazy = [da.from_array(image, chunks=(8, 17)) for image in pair]
    given = {"reference": lazy[0], "moving": lazy[1]} | change
    with (
        dask.config.set(scheduler=refuse_to_compute),
        pytest.raises(error, match=words),
    ):
        local_ncc(**given)


# In numbers ---------------------------------------------------------------------------


def test_a_summary_has_a_number_for_each_frame():
    maps = np.full((4, 5, 6), np.nan, "f4")
    maps[0] = 0.9
    maps[1, :, :3], maps[1, :, 3:] = 0.2, 0.6
    maps[2, 0, :5] = [-1, 0.5, 0.51, 0.7, 0.8]
    found = summarize_map(maps)
    assert isinstance(found, MapSummary)
    assert len(found) == 4
    np.testing.assert_allclose(found.median, [0.9, 0.4, 0.51, np.nan])
    np.testing.assert_allclose(found.share, [1, 0.5, 0.6, np.nan])
    np.testing.assert_allclose(found.known, [1, 1, 1 / 6, 0])
    assert summarize_map(maps, above=0.65).share[2] == pytest.approx(0.4)
    assert str(found) == (
        "median ncc 0.60, 70 % above 0.5; lowest in frame 1, median 0.40"
    )
    assert str(summarize_map(maps[3])) == "no pixel has a value"


def test_a_summary_of_a_lazy_map_is_that_of_the_map(films):
    lazy = local_ncc("previous", Movie(da.from_array(films[0], chunks=(2, 64, 72))))
    found, expected = summarize_map(lazy), summarize_map(lazy.data.compute())
    for name in ("median", "share", "known"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    volume = np.random.default_rng(0).normal(size=(3, 4, 5))
    assert summarize_map(volume, axes="ZYX").median == [np.median(volume)]


# Aligned first ------------------------------------------------------------------------


def test_a_drifting_movie_agrees_once_it_is_aligned(movie, path):
    stain = movie.copy()
    stain[:, 20:35, 20:40] = 60000
    valid = np.ones((64, 72), bool)
    valid[20:35, 20:40] = False
    source = Movie(stain, scale=(1, 0.2, 0.2), units=("s", "µm", "µm"))
    table = estimate_drift(source, mask=valid, max_shift=10, subpixel=False)
    np.testing.assert_array_equal(table.shifts, path)
    before = local_ncc("first", source, mask=valid)
    reference, aligned = aligned_pair("first", source, table, mask=valid)
    after = local_ncc(reference, aligned)
    assert summarize_map(before).median[[2, 3, 5]].max() < 0.1
    known = after.data.compute()
    known = known[np.isfinite(known)]
    assert known.min() > 0.999
    assert aligned.scale == source.scale
    # What the stain hides is missing in both places where it lies.
    shift = path[3].astype(int)
    hidden = np.isnan(aligned.data[3].compute())
    assert hidden[20 + shift[0] : 35 + shift[0], 20 + shift[1] : 40 + shift[1]].all()
    assert hidden.sum() < 0.25 * hidden.size


def test_an_image_to_align_with_is_masked_as_well(movie):
    valid = np.ones((64, 72), bool)
    valid[5:9] = False
    table = estimate_drift(movie, reference=movie[0], max_shift=10, subpixel=False)
    reference, _ = aligned_pair(movie[0], Movie(movie), table, mask=valid)
    assert np.isnan(reference[5:9]).all()
    np.testing.assert_array_equal(reference[9:], movie[0, 9:])


def test_nothing_to_compare_is_not_an_error(pair):
    a, b = pair
    assert np.isnan(local_ncc(a, b, mask=np.zeros(a.shape))).all()
    assert np.isnan(local_ncc(np.full_like(a, np.nan), b)).all()
