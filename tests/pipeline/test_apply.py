import dask
import dask.array as da
import numpy as np
import pytest

from maskalign import DriftTable, DriftTableError, Movie, align, apply_drift, canvas
from maskalign.core.translate import translate

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


def test_labels_and_masks_keep_their_values(movie):
    labels = (movie > 1000).astype("i4") * 70_000
    found = np.asarray(apply_drift(labels, FRACTIONS, interpolation="nearest"))
    assert set(np.unique(found)) == {0, 70_000}
    valid = np.asarray(apply_drift(labels > 0, FRACTIONS, interpolation="nearest"))
    np.testing.assert_array_equal(valid, found > 0)


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
        ({"fill_value": np.nan}, ValueError, "nan"),
        ({"interpolation": "spline"}, ValueError, "'spline'"),
        ({"canvas": "large"}, ValueError, "'large'"),
        ({"movie": np.zeros((6, 4, 4), bool)}, TypeError, "bool"),
        ({"movie": np.zeros((6, 4, 4), complex)}, TypeError, "complex"),
    ],
)
def test_what_does_not_fit_is_named_at_once(movie, change, error, words):
    given = {"movie": movie, "drift": FRACTIONS} | change
    with pytest.raises(error, match=words):
        apply_drift(**given)


def test_input_is_left_alone(movie):
    before = movie.copy()
    movie.flags.writeable = False
    apply_drift(movie, FRACTIONS).compute()
    np.testing.assert_array_equal(movie, before)


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
