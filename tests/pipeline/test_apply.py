import pickle
import tracemalloc

import dask
import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign import (
    DriftTable,
    DriftTableError,
    Movie,
    align,
    apply_drift,
    canvas,
    valid_region,
)
from maskalign.core.translate import translate

KINDS = ("nearest", "linear", "cubic", "fourier")
FRACTIONS = [(0, 0), (1.5, -2.25), (-3.0, 0.5), (0.0, 4.0), (2.75, 2.75), (-1, -1)]


def refuse_to_compute(dsk, keys, **kwargs):
    msg = "something was computed while the graph was being built"
    raise AssertionError(msg)


def test_building_the_graph_computes_nothing(movie):
    lazy = da.from_array(movie, chunks=(2, 16, 16))
    with dask.config.set(scheduler=refuse_to_compute):
        aligned = apply_drift(lazy, FRACTIONS)
    assert aligned.chunks == ((1,) * 6, (64,), (72,))
    assert aligned.dtype == movie.dtype


def test_one_frame_costs_one_frame(movie):
    read = []

    def load(t):
        read.append(t)
        return movie[t]

    frames = [
        da.from_delayed(dask.delayed(load)(t), (64, 72), movie.dtype) for t in range(6)
    ]
    apply_drift(da.stack(frames), FRACTIONS)[2].compute(scheduler="synchronous")
    assert read == [2]


@pytest.mark.parametrize("kind", ["nearest", "linear", "cubic", "fourier"])
@pytest.mark.parametrize("chunks", [(1, 64, 72), (4, 17, 31), None])
def test_lazy_equals_eager(movie, kind, chunks):
    data = movie if chunks is None else da.from_array(movie, chunks=chunks)
    aligned = apply_drift(data, FRACTIONS, interpolation=kind, fill_value=3)
    eager = [
        translate(frame, shift, interpolation=kind, fill_value=3)
        for frame, shift in zip(movie, FRACTIONS, strict=True)
    ]
    np.testing.assert_array_equal(aligned, np.stack(eager))


class Stored:
    """An array in a file, which counts the frames that are read."""

    def __init__(self, data):
        self.data, self.read = data, 0
        self.shape, self.dtype, self.ndim = data.shape, data.dtype, data.ndim
        self.chunks = (1, *data.shape[1:])

    def __getitem__(self, where):
        part = self.data[where]
        self.read += part.size // self.data[0].size
        return part


def test_a_movie_in_a_file_is_read_frame_by_frame(movie):
    stored = Stored(movie)
    aligned = apply_drift(stored, FRACTIONS, canvas="union", fill_value="edge")
    assert stored.read == 0
    aligned[4].compute()
    assert stored.read == 1
    aligned.compute()
    assert stored.read == 1 + len(movie)


def test_a_movie_in_memory_is_not_copied():
    movie = np.zeros((64, 128, 128), "f4")
    shifts = np.full((64, 2), 0.5)
    apply_drift(movie, shifts)[0].compute()
    tracemalloc.start()
    aligned = apply_drift(movie, shifts)
    aligned[5].compute(scheduler="synchronous")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < movie.nbytes / 8


def test_the_graph_of_a_long_movie_is_small():
    n = 2000
    lazy = da.zeros((n, 16, 16), chunks=(1, 16, 16), dtype="u1")
    aligned = apply_drift(lazy, np.zeros((n, 2)) + 0.5)
    assert aligned.name == apply_drift(lazy, np.zeros((n, 2)) + 0.5).name
    assert aligned.name != apply_drift(lazy, np.zeros((n, 2)) + 0.25).name
    (some,) = dask.optimize(aligned[7:9])
    graph = dict(some.__dask_graph__())
    assert len(graph) <= 8
    # All frames share one task that holds the shifts, 32 kB.
    sizes = sorted(len(pickle.dumps(task)) for task in graph.values())
    assert sizes[-1] > 32_000
    assert sum(sizes[:-1]) < 8000
    back = pickle.loads(pickle.dumps(aligned))
    np.testing.assert_array_equal(back[7], aligned[7])


@pytest.mark.parametrize("axes", ["TCZYX", "CZTYX", "ZTYX", "XTZY", "YXTC", "TYX"])
def test_axes_may_be_in_any_order(movie, axes):
    sizes = {"T": 6, "C": 2, "Z": 3, "Y": 20, "X": 24}
    shape = [sizes[a] for a in axes]
    array = np.random.default_rng(0).integers(0, 999, shape).astype("u2")
    spatial = [a for a in "ZYX" if a in axes]
    shifts = np.random.default_rng(1).uniform(-3, 3, (6, len(spatial)))
    before = array.copy()
    found = apply_drift(array, shifts, axes=axes, canvas="union", interpolation="cubic")
    np.testing.assert_array_equal(array, before)
    frame = canvas([sizes[a] for a in spatial], shifts, "union", interpolation="cubic")
    sizes |= dict(zip(spatial, frame.shape, strict=True))
    assert found.shape == tuple(sizes[a] for a in axes)
    order = [axes.index(a) for a in "TC" if a in axes]
    order += [axes.index(a) for a in spatial]
    images, moved = array.transpose(order), np.asarray(found).transpose(order)
    if "C" not in axes:
        images, moved = images[:, np.newaxis], moved[:, np.newaxis]
    for t, c in np.ndindex(images.shape[:2]):
        expected = translate(
            images[t, c], shifts[t], interpolation="cubic", **frame._asdict()
        )
        np.testing.assert_array_equal(moved[t, c], expected)


def test_every_channel_moves_alike_whatever_the_axes(movie):
    tcyx = np.stack([movie, movie[:, ::-1]], axis=1)
    expected = np.asarray(apply_drift(tcyx, FRACTIONS, axes="TCYX"))
    one = np.asarray(apply_drift(movie, FRACTIONS))
    np.testing.assert_array_equal(expected[:, 0], one)
    for axes, order in [("CTYX", (1, 0, 2, 3)), ("YXTC", (2, 3, 0, 1))]:
        found = apply_drift(tcyx.transpose(order), FRACTIONS, axes=axes)
        assert found.shape == tcyx.transpose(order).shape
        np.testing.assert_array_equal(found, expected.transpose(order))


def test_shifts_stay_zyx_when_the_array_is_not(movie):
    found = apply_drift(movie.swapaxes(1, 2), FRACTIONS, axes="TXY")
    expected = np.asarray(apply_drift(movie, FRACTIONS))
    np.testing.assert_array_equal(np.asarray(found).swapaxes(1, 2), expected)


def test_a_table_without_z_leaves_z_alone(movie):
    volume = np.stack([movie, movie // 2], axis=1)
    found = np.asarray(apply_drift(volume, FRACTIONS))
    np.testing.assert_array_equal(found[:, 0], apply_drift(movie, FRACTIONS))


def test_one_image_is_a_movie_of_one_frame(movie):
    found = apply_drift(movie[0], [(2, 0)], axes="YX")
    np.testing.assert_array_equal(found[2:], movie[0, :-2])


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8", "f2", "f4", "f8", ">u2"])
def test_dtype_in_is_dtype_out(movie, dtype):
    found = apply_drift((movie // 16).astype(dtype), FRACTIONS)
    assert found.dtype == np.dtype(dtype)
    assert found.compute().dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", ["u4", "i8", "u8"])
def test_labels_and_masks_keep_their_values(movie, dtype):
    # Neighbours that single precision, for 64 bits double precision, does not resolve.
    base = 2**24 if dtype == "u4" else 2**53
    labels = (movie % 5).astype(dtype) + np.dtype(dtype).type(base)
    found = np.asarray(apply_drift(labels, FRACTIONS, interpolation="nearest"))
    assert set(np.unique(found)) == {0, *range(base, base + 5)}
    chosen = labels == base + 3
    moved = np.asarray(apply_drift(chosen, FRACTIONS, interpolation="nearest"))
    assert moved.dtype == bool
    np.testing.assert_array_equal(moved, found == base + 3)


whole_shifts = st.lists(st.tuples(*[st.integers(-9, 9)] * 2), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(whole_shifts, st.sampled_from(KINDS), st.sampled_from(["u1", "u4", "f4", "i8"]))
def test_whole_pixels_forth_and_back_change_nothing(shifts, kind, dtype):
    movie = np.random.default_rng(0).integers(0, 255, (3, 12, 14)).astype(dtype)
    table = DriftTable.from_shifts(shifts)
    there = np.asarray(apply_drift(movie, table, interpolation=kind))
    back = np.asarray(apply_drift(there, table.inverse(), interpolation=kind))
    own = np.asarray(valid_region(movie, table, interpolation=kind))
    own = np.asarray(valid_region(there, table.inverse(), mask=own, interpolation=kind))
    np.testing.assert_array_equal(back[own], movie[own])
    assert own.sum() == sum((12 - abs(y)) * (14 - abs(x)) for y, x in shifts)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pixel_that_is_no_number_stays_one(movie, kind):
    holed = movie.astype("f4")
    holed[:, 30:33, 20] = np.nan
    found = np.asarray(apply_drift(holed, FRACTIONS, interpolation=kind))
    own = np.asarray(
        valid_region(holed, FRACTIONS, mask=np.isfinite(holed[0]), interpolation=kind)
    )
    inside = np.asarray(valid_region(holed, FRACTIONS, interpolation=kind))
    assert np.isnan(found).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(np.isnan(found), inside & ~own)


def test_integers_do_not_wrap_round(movie):
    step = np.zeros((6, 64, 72), "u1")
    step[:, :, 36:] = 255
    smooth = np.asarray(
        apply_drift(step.astype("f4"), FRACTIONS, interpolation="cubic")
    )
    assert smooth.max() > 260
    found = np.asarray(apply_drift(step, FRACTIONS, interpolation="cubic"))
    np.testing.assert_array_equal(found, np.clip(np.rint(smooth), 0, 255))


# The canvas -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["nearest", "linear", "cubic"])
def test_union_holds_everything_and_intersection_only_what_all_have(kind):
    ones = np.ones((6, 20, 30), "f4")
    options = {"interpolation": kind, "fill_value": np.nan}
    same = np.asarray(apply_drift(ones, FRACTIONS, **options))
    union = np.asarray(apply_drift(ones, FRACTIONS, canvas="union", **options))
    common = np.asarray(apply_drift(ones, FRACTIONS, canvas="intersection", **options))
    assert not np.isnan(common).any()
    assert np.isfinite(union).sum() >= np.isfinite(same).sum()
    seen = np.isfinite(union)
    # Nothing could be cut from the union, nothing added to the intersection.
    for axis in (1, 2):
        edges = np.take(seen, [0, -1], axis=axis)
        assert edges.any(axis=(0, 3 - axis)).all()
    assert np.isfinite(same).all(axis=0).sum() == common[0].size


def test_origin_says_where_the_canvas_is(movie):
    data = Movie(movie, scale=(2, 0.5, 0.1), origin=(7, 1, 2), units=("s", "µm", "µm"))
    union = apply_drift(data, FRACTIONS, canvas="union")
    frame = canvas((64, 72), FRACTIONS, "union")
    assert frame.origin == (-3, -2)
    assert union.origin == (7, 1 - 3 * 0.5, 2 - 2 * 0.1)
    assert union.shape[1:] == frame.shape
    assert (union.scale, union.units) == (data.scale, data.units)
    inside = np.asarray(union.data)[0, 3 : 3 + 64, 2 : 2 + 72]
    np.testing.assert_array_equal(inside, movie[0])
    assert apply_drift(data, FRACTIONS).origin == data.origin


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fill", [0, 7, np.nan, "edge"])
def test_canvases_are_windows_on_one_movie(movie, kind, fill):
    def moved(where):
        how = {"interpolation": kind, "canvas": where}
        array = np.asarray(
            apply_drift(movie.astype("f4"), FRACTIONS, fill_value=fill, **how)
        )
        return array, canvas((64, 72), FRACTIONS, where, interpolation=kind)

    union, large = moved("union")
    for where in ("same", "intersection"):
        found, small = moved(where)
        y, x = np.subtract(small.origin, large.origin)
        h, w = small.shape
        inside = [slice(max(y, 0), y + h), slice(max(x, 0), x + w)]
        there = [slice(max(-y, 0), None), slice(max(-x, 0), None)]
        window = union[(slice(None), *inside)]
        found = found[(slice(None), *there)][:, : window.shape[1], : window.shape[2]]
        np.testing.assert_allclose(found, window, atol=1e-3)


def test_an_edge_fill_repeats_the_outermost_pixels(movie):
    found = np.asarray(apply_drift(movie, [(3, -5)] * 6, fill_value="edge"))
    np.testing.assert_array_equal(found[:, :3, :-5], found[:, 3:4, :-5].repeat(3, 1))
    np.testing.assert_array_equal(found[:, :, -5:], found[:, :, -6:-5].repeat(5, 2))
    np.testing.assert_array_equal(found[:, 3:, :-5], movie[:, :-3, 5:])


def test_no_common_pixel_is_an_error(movie):
    far = DriftTable.from_shifts([(0, 0)] * 5 + [(70, 0)])
    with pytest.raises(ValueError, match="No pixel is seen in every frame"):
        apply_drift(movie, far, canvas="intersection")


# What does not fit ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"drift": [(0, 0)] * 5}, DriftTableError, "5 rows; the movie has 6"),
        ({"drift": [(0, 0, 0)] * 6}, DriftTableError, "along zyx"),
        ({"drift": [(0, 0)] * 5 + [(np.nan, 0)]}, DriftTableError, "frame 5.*repaired"),
        ({"fill_value": -1}, ValueError, "uint16"),
        ({"fill_value": np.nan}, ValueError, "nan.*'edge'.*float32"),
        ({"drift": "drift.csv"}, TypeError, r"from_csv\('drift.csv'\)"),
        ({"fill_value": "mirror"}, TypeError, "'edge', got 'mirror'"),
        ({"interpolation": "spline"}, ValueError, "'spline'"),
        ({"canvas": "large"}, ValueError, "'large'"),
        ({"movie": np.zeros((6, 4, 4), bool)}, TypeError, "bool.*'nearest'"),
        ({"movie": np.zeros((6, 4, 4), complex)}, TypeError, "complex.*imaginary"),
        ({"movie": np.zeros((6, 4, 4), "U3")}, TypeError, "U3"),
    ],
)
def test_what_does_not_fit_is_named_at_once(movie, change, error, words):
    given = {"movie": movie, "drift": FRACTIONS} | change
    with pytest.raises(error, match=words):
        apply_drift(**given)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fill", [0, "edge"])
def test_input_is_left_alone(movie, kind, fill):
    movie[2, 3, 4] = 9
    before = movie.copy()
    movie.flags.writeable = False
    apply_drift(movie, FRACTIONS, interpolation=kind, fill_value=fill).compute()
    np.testing.assert_array_equal(movie, before)


def test_the_result_is_not_the_movie(movie):
    found = np.asarray(apply_drift(movie, np.zeros((6, 2)), interpolation="nearest"))
    assert not np.shares_memory(found, movie)


# Align ------------------------------------------------------------------------------


def test_align_lays_every_frame_over_the_first(movie, path):
    aligned, table = align(movie, max_shift=16, subpixel=False, canvas="intersection")
    np.testing.assert_array_equal(table.shifts, path)
    found = np.asarray(aligned)
    assert (found == found[0]).all()


def test_align_uses_the_repaired_table_and_returns_what_was_found(movie):
    spoilt = movie.copy()
    spoilt[1] = 9
    aligned, table = align(spoilt, max_shift=16, subpixel=False)
    assert table.status[1] == "blank"
    assert np.isnan(table.shifts[1]).all()
    expected = apply_drift(spoilt, table.repaired())
    np.testing.assert_array_equal(aligned, expected)


def test_align_returns_a_movie_for_a_movie(movie):
    aligned, _ = align(Movie(movie, name="cells"), max_shift=16)
    assert isinstance(aligned, Movie)
    assert aligned.name == "cells"
