import inspect
import pickle
import threading
import warnings
from dataclasses import replace
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pytest
from scipy import ndimage

from maskalign import (
    AxesError,
    DriftRow,
    DriftTableError,
    EmptyBorderWarning,
    MaskError,
    Movie,
    NoContrastError,
    NoOverlapError,
    NoValidPixelsError,
    StaticStructureWarning,
    apply_drift,
    border_mask,
    estimate_drift,
    iter_drift,
    register,
)
from maskalign.pipeline.plan import plan_drift

WHOLE = {"subpixel": False, "max_shift": 16}


def counted(movie, read, chunk=1):
    """A dask movie that notes in `read` the first frame of each piece it loads."""

    def load(block_id, block_info=None):
        start = block_id[0] * chunk
        read.append(start)
        return movie[start : start + chunk]

    n = len(movie)
    sizes = tuple(min(chunk, n - k) for k in range(0, n, chunk))
    return da.map_blocks(
        load,
        chunks=(sizes, *[(k,) for k in movie.shape[1:]]),
        dtype=movie.dtype,
        meta=np.empty((0,) * movie.ndim, movie.dtype),
    )


# What shifts are relative to ------------------------------------------------------


def test_first_is_relative_to_frame_0(movie, path):
    table = estimate_drift(movie, **WHOLE)
    np.testing.assert_array_equal(table.shifts, path)
    assert table.reference_frame.tolist() == [0] * 6
    assert table.ok.all()
    assert table[0].shift == (0, 0)


@pytest.mark.parametrize("k", [3, -1, np.int64(2)])
def test_an_index_is_relative_to_that_frame(movie, path, k):
    table = estimate_drift(movie, reference=k, **WHOLE)
    np.testing.assert_array_equal(table.shifts, path - path[k])
    assert set(table.reference_frame) == {k % 6}
    assert table[int(k)].shift == (0, 0)
    assert table[int(k)].status == "ok"


@pytest.mark.parametrize("wrap", [np.asarray, lambda a: Movie(a, "YX")])
def test_an_image_is_what_shifts_are_relative_to(movie, scene, path, wrap):
    table = estimate_drift(movie, reference=wrap(scene), subpixel=False)
    np.testing.assert_array_equal(table.shifts, path + 20)
    assert set(table.reference_frame) == {-1}
    assert table.options["reference"] == "image"


def test_each_row_is_what_register_says(movie):
    table = estimate_drift(movie, max_shift=16)
    for t in range(1, len(movie)):
        found = register(movie[0], movie[t], max_shift=16)
        nothing = {"residual": 0, "map_median": 0, "map_share": 0}
        assert replace(table[t], **nothing) == DriftRow(
            t, 0, found.shift, found.ncc, found.overlap,
            found.shift_std, found.peak_ratio, found.status, **nothing,
        )  # fmt: skip


# Arrays of all kinds --------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 2, 4, 6])
@pytest.mark.parametrize("reference", ["first", 3, -1])
def test_each_frame_is_read_once(movie, path, chunk, reference):
    read = []
    table = estimate_drift(counted(movie, read, chunk), reference=reference, **WHOLE)
    assert sorted(read) == list(range(0, 6, chunk))
    index = 0 if reference == "first" else reference
    np.testing.assert_array_equal(table.shifts, path - path[index])


def test_planning_reads_nothing(movie):
    read = []
    plan = plan_drift(counted(movie, read), mask=np.ones(movie.shape[1:]))
    assert plan.n_frames == 6
    assert read == []


def test_axes_in_any_order(movie, path):
    noise = np.random.default_rng(0).integers(0, 99, movie.shape).astype("u2")
    tcyx = np.stack([noise, movie], axis=1)
    for axes, order in [
        ("TCYX", (0, 1, 2, 3)),
        ("CTYX", (1, 0, 2, 3)),
        ("YXCT", (2, 3, 1, 0)),
    ]:
        for data in (tcyx.transpose(order), da.from_array(tcyx.transpose(order))):
            table = estimate_drift(data, axes=axes, channel=1, **WHOLE)
            np.testing.assert_array_equal(table.shifts, path)


def test_channels_by_name_and_their_mean(movie, path):
    data = np.stack([movie[::-1][::-1], movie // 2], axis=1)
    named = Movie(data, "TCYX", channels=("nuclei", "membrane"))
    for channel in ("membrane", "mean", -1):
        table = estimate_drift(named, channel=channel, **WHOLE)
        np.testing.assert_array_equal(table.shifts, path)
    assert table.options["channel"] == 1
    one = Movie(movie[:, None], "TCYX")
    np.testing.assert_array_equal(estimate_drift(one, **WHOLE).shifts, path)


def test_three_dimensions(path):
    rng = np.random.default_rng(3)
    volume = ndimage.gaussian_filter(rng.normal(size=(20, 60, 60)), 1)
    steps = [(0, 0, 0), (1, 3, -2), (-2, 5, 4)]
    movie = np.stack(
        [volume[4 + z : 16 + z, 8 + y : 52 + y, 8 + x : 52 + x] for z, y, x in steps]
    )
    table = estimate_drift(movie, max_shift=(3, 8, 8), subpixel=False)
    np.testing.assert_array_equal(table.shifts, steps)
    # The same with y and z exchanged in the array: shifts stay (z, y, x).
    table = estimate_drift(
        movie.swapaxes(1, 2), axes="TYZX", max_shift=(3, 8, 8), subpixel=False
    )
    np.testing.assert_array_equal(table.shifts, steps)


def test_the_table_knows_its_pixel_size_and_options(movie):
    data = Movie(movie, scale=(2, 0.3, 0.2), units=("s", "µm", "µm"))
    table = estimate_drift(data, max_shift=9, mask=np.ones((64, 72)))
    assert (table.scale, table.units) == ((0.3, 0.2), ("µm", "µm"))
    assert table.options["max_shift"] == 9
    assert table.options["mask"] == "fixed"


def test_one_frame_gives_one_row(movie):
    table = estimate_drift(movie[:1])
    assert len(table) == 1
    assert (table[0].shift, table[0].status, table[0].ncc) == ((0, 0), "ok", 1)
    assert len(estimate_drift(movie[0], axes="YX")) == 1


# Masks -----------------------------------------------------------------------------


@pytest.fixture
def dirty(movie):
    """The movie behind dirt that does not move, and where there is none."""
    valid = np.ones(movie.shape[1:], bool)
    valid[10:30, 15:40] = valid[:, 60:64] = valid[45:55, 5:20] = False
    return np.where(valid, movie, 3000), valid


@pytest.mark.parametrize("lazy", [False, True])
def test_a_mask_fixed_in_the_camera(dirty, path, lazy):
    movie, valid = dirty
    with pytest.warns(StaticStructureWarning):
        assert not estimate_drift(movie, **WHOLE).shifts.any()
    mask = da.from_array(valid) if lazy else valid.astype("u1") * 255
    table = estimate_drift(movie, mask=mask, **WHOLE)
    np.testing.assert_array_equal(table.shifts, path)


@pytest.mark.parametrize("lazy", [False, True])
def test_one_mask_a_frame(movie, path, lazy):
    """A bright visitor wanders against the drift, masked where it is."""
    y, x = np.ogrid[:64, :72]
    valid = np.stack(
        [(y - 30 + 3 * t) ** 2 + (x - 20 - 6 * t) ** 2 > 200 for t in range(6)]
    )
    visited = np.where(valid, movie, 60_000).astype("u2")
    mask = da.from_array(valid, chunks=(1, 64, 72)) if lazy else valid
    table = estimate_drift(visited, mask=mask, **WHOLE)
    np.testing.assert_array_equal(table.shifts, path)
    assert table.options["mask"] == "one a frame"
    wrong = estimate_drift(visited, **WHOLE)
    assert abs(wrong.shifts - path).max() > 2


def test_shifts_pinned_by_what_stands_still_suggest_a_mask(scene):
    valid = np.ones((64, 72), bool)
    valid[10:30, 15:40] = valid[:, 60:64] = valid[45:55, 5:20] = False
    moves = [scene[20:84, 20 + 9 * t : 92 + 9 * t] for t in range(4)]
    movie = np.where(valid, np.stack(moves), 3000)
    with pytest.warns(StaticStructureWarning, match="many frames"):
        estimate_drift(movie, max_shift=30)
    still = np.repeat(movie[:1], 4, axis=0) + np.arange(4)[:, None, None] % 3
    for harmless, mask in ((movie, valid), (still, None)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            estimate_drift(harmless, mask=mask, max_shift=30)


def test_a_movie_that_was_aligned_before_is_warned_of_its_borders(movie, path):
    again = apply_drift(movie, path + 0.25)
    with pytest.warns(EmptyBorderWarning, match="--auto-mask border"):
        estimate_drift(again, **WHOLE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = estimate_drift(again, mask=border_mask(again), **WHOLE)
    np.testing.assert_allclose(table.shifts, 0)


def test_the_reference_frame_uses_its_own_mask(movie, path):
    valid = np.ones(movie.shape, bool)
    valid[2, :, :30] = False
    spoilt = movie.copy()
    spoilt[2, :, :30] = np.random.default_rng(0).integers(0, 60_000, (64, 30))
    table = estimate_drift(spoilt, mask=valid, reference=2, **WHOLE)
    np.testing.assert_array_equal(table.shifts, path - path[2])
    assert (table.overlap[[0, 1]] < 1).all()


def test_a_region_of_the_reference_to_follow(movie, scene, path):
    """Half the view moves otherwise; the region names the half to follow."""
    other = np.stack([scene[40 - t : 104 - t, 40:76] for t in range(6)])
    both = np.concatenate([movie[:, :, :36], other], axis=2)
    region = np.zeros((64, 72), bool)
    region[10:54, 8:28] = True
    table = estimate_drift(both, reference_mask=region, min_overlap=0.9, **WHOLE)
    np.testing.assert_array_equal(table.shifts, path)


def test_a_fixed_mask_serves_an_image_of_the_frames_shape(dirty, path):
    movie, valid = dirty
    table = estimate_drift(movie, reference=movie[0], mask=valid, **WHOLE)
    np.testing.assert_array_equal(table.shifts, path)


def test_a_plane_mask_goes_for_every_z(movie, path):
    volume = np.stack([movie] * 3, axis=1)
    valid = np.ones((64, 72), bool)
    valid[20:40, 20:40] = False
    volume[:, :, ~valid] = 60_000
    for mask in (valid, np.stack([valid] * 3), np.stack([valid] * 6)):
        table = estimate_drift(volume, mask=mask, max_shift=(0, 16, 16), subpixel=False)
        np.testing.assert_array_equal(table.shifts[:, 1:], path)
        assert not table.shifts[:, 0].any()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((64, 71), r"\(64, 71\).*needs the shape of a frame, \(64, 72\)"),
        ((5, 64, 72), r"one a frame, \(6, 64, 72\)"),
        ((100, 100), r"\(100, 100\)"),
        ((72,), r"\(72,\)"),
    ],
)
def test_a_mask_that_does_not_fit(movie, shape, words):
    with pytest.raises(MaskError, match=words):
        plan_drift(movie, mask=np.ones(shape, bool))


def test_a_mask_of_two_readings_must_say_which(movie):
    volume = np.stack([movie] * 6, axis=1)
    mask = np.ones((6, 64, 72), bool)
    with pytest.raises(MaskError, match="ZYX or as TYX"):
        plan_drift(volume, mask=mask)
    assert plan_drift(volume, mask=Movie(mask, "TYX")).mask.kind == "one a frame"
    assert plan_drift(volume, mask=Movie(mask, "ZYX")).mask.kind == "fixed"


def test_a_mask_that_leaves_nothing(movie):
    with pytest.raises(MaskError, match="False everywhere"):
        plan_drift(movie, mask=np.zeros((64, 72), bool))
    with pytest.raises(TypeError, match="mask has dtype <U"):
        plan_drift(movie, mask=np.full((64, 72), "x"))
    with pytest.raises(MaskError, match=r"reference_mask has shape \(3, 3\)"):
        plan_drift(movie, reference_mask=np.ones((3, 3), bool))


# Frames that fail -------------------------------------------------------------------


def test_bad_frames_are_flagged_and_stop_nothing(movie, path):
    spoilt = movie.astype("f4")
    spoilt[1] = 7
    spoilt[3] = np.nan
    spoilt[5, :60] = np.inf
    table = estimate_drift(spoilt, min_overlap=0.5, **WHOLE)
    assert table.status.tolist()[:5] == ["ok", "blank", "ok", "empty", "ok"]
    assert np.isnan(table.shifts[[1, 3]]).all()
    assert np.isnan(table.ncc[[1, 3]]).all()
    np.testing.assert_array_equal(table.shifts[[0, 2, 4]], path[[0, 2, 4]])
    clean = estimate_drift(movie.astype("f4"), min_overlap=0.5, **WHOLE)
    np.testing.assert_array_equal(table.ncc[[2, 4]], clean.ncc[[2, 4]])


def test_a_frame_that_nowhere_overlaps_enough(movie):
    valid = np.zeros((6, 64, 72), bool)
    valid[:, :32] = True
    valid[4] = False
    valid[4, 60:] = True
    table = estimate_drift(movie, mask=valid, max_shift=3)
    assert table.status[4] == "low-overlap"
    assert np.isnan(table.shifts[4]).all()


def test_not_a_number_is_masked_frame_by_frame(movie, path):
    holed = movie.astype("f8")
    rng = np.random.default_rng(0)
    holed[rng.random(movie.shape) < 0.2] = np.nan
    np.testing.assert_array_equal(estimate_drift(holed, **WHOLE).shifts, path)


def test_a_reference_without_contrast_says_which(movie):
    spoilt = movie.copy()
    spoilt[0] = 5
    with pytest.raises(NoContrastError, match=r"\(frame 0\) is constant.*another"):
        estimate_drift(spoilt)
    nothing = np.full(movie.shape, np.nan)
    with pytest.raises(NoValidPixelsError, match=r"reference \(frame 2\)"):
        estimate_drift(nothing, reference=2)


def test_masks_that_never_overlap_fail_at_once(movie):
    left = np.zeros((64, 72), bool)
    left[:, :20] = True
    with pytest.raises(NoOverlapError, match="largest is 0"):
        estimate_drift(movie, mask=~left, reference_mask=left, max_shift=0)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"movie": np.zeros((0, 8, 8))}, ValueError, r"empty: .*\(0, 8, 8\)"),
        ({"movie": np.zeros((8, 8))}, AxesError, "one image is no movie"),
        ({"movie": np.zeros((2, 8, 8), complex)}, TypeError, "complex"),
        ({"movie": np.zeros((2, 8, 8), bool)}, TypeError, "bool"),
        (
            {"movie": [np.zeros((8, 8)), np.zeros((9, 9))]},
            TypeError,
            "list whose images do not make one array",
        ),
        ({"movie": "movie.tif"}, TypeError, r"load_movie\('movie.tif'\)"),
        ({"movie": Path("a.tif")}, TypeError, r"load_movie\('a.tif'\)"),
        ({"movie": None}, TypeError, "got None"),
        ({"reference": None}, ValueError, "an image, got None"),
        ({"reference": 1.5}, ValueError, "an image, got 1.5"),
        ({"start": "drift.csv"}, TypeError, r"from_csv\('drift.csv'\)"),
        ({"start": np.full((6, 2), np.nan)}, DriftTableError, "good .6 unknown"),
        ({"subpixel": "no"}, TypeError, "'no'"),
        ({"reference": 6}, ValueError, "frames 0 to 5"),
        ({"reference": np.zeros((3, 8, 8))}, ValueError, r"\(3, 8, 8\)"),
        ({"reference": "last"}, ValueError, "'last'"),
        ({"channel": 0}, AxesError, "no channels"),
        ({"max_shift": (1, 2, 3)}, ValueError, "3 entries"),
    ],
)
def test_bad_input_is_named_before_any_work(movie, change, error, words):
    with pytest.raises(error, match=words):
        iter_drift(**({"movie": movie} | change))


@pytest.mark.parametrize("channel", [None, 2, -3, "GFP"])
def test_a_channel_that_is_not_there(movie, channel):
    data = Movie(np.stack([movie] * 2, 1), "TCYX", channels=("a", "b"))
    with pytest.raises(AxesError, match=r"channels 0 to 1 \(a, b\)"):
        estimate_drift(data, channel=channel)


# One row after the other --------------------------------------------------------------


def test_rows_come_in_order_and_ahead_by_a_bounded_number(scene):
    read = []
    many = np.broadcast_to(scene[:32, :32], (200, 32, 32))
    with dask.config.set(num_workers=2):
        rows = iter_drift(counted(many, read))
        assert inspect.isgenerator(rows)
        first = [next(rows).frame for _ in range(3)]
        ahead = len(read)
        rows.close()
    assert first == [0, 1, 2]
    assert ahead < 20
    assert len(read) < 25


def test_closing_leaves_no_thread_behind(movie):
    rows = iter_drift(movie)
    next(rows)
    rows.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("maskalign")]


def test_an_error_while_reading_reaches_the_caller(movie):
    def fail(block):
        msg = "disk on fire"
        raise OSError(msg)

    lazy = da.concatenate(
        [
            da.from_array(movie[:4], chunks=(1, -1, -1)),
            da.from_array(movie[4:], chunks=(1, -1, -1)).map_blocks(
                fail, dtype=movie.dtype, meta=np.empty((0, 0, 0), movie.dtype)
            ),
        ]
    )
    with pytest.raises(OSError, match="disk on fire"):
        estimate_drift(lazy)


def test_memory_does_not_grow_with_the_movie(scene):
    """The most pixels alive at once are those of a few frames, whatever T is."""
    import tracemalloc

    def peak(n):
        base = scene[:96, :96]
        lazy = da.map_blocks(
            lambda block_id: np.roll(base, block_id[0] % 3, 0)[None],
            chunks=((1,) * n, (96,), (96,)),
            dtype=base.dtype,
            meta=np.empty((0, 0, 0), base.dtype),
        )
        with dask.config.set(num_workers=2):
            rows = iter_drift(lazy, max_shift=8)
            tracemalloc.start()
            for _ in rows:
                pass
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    peak(10)
    frame = 96 * 96 * 2
    assert (peak(300) - peak(60)) / 240 < 0.25 * frame


def test_a_plan_can_be_sent_elsewhere(movie, path):
    plan = pickle.loads(pickle.dumps(plan_drift(movie, **WHOLE)))
    np.testing.assert_array_equal(plan.table(plan.rows()).shifts, path)


def test_input_is_left_alone(movie):
    movie.flags.writeable = False
    estimate_drift(movie)
