"""What frames are laid over: laws that every strategy keeps, and its own."""

import inspect
from dataclasses import replace
from types import SimpleNamespace

import dask
import dask.array as da
import numpy as np
import pytest
from scipy import ndimage

from maskalign import (
    DriftTable,
    DriftTableError,
    MaskError,
    Movie,
    estimate_drift,
    iter_drift,
)
from maskalign.core.defects import Defects
from maskalign.data.samples import retina
from maskalign.model.options import DriftOptions
from maskalign.model.results import Registration
from maskalign.pipeline.plan import plan_drift
from maskalign.pipeline.strategies.base import Task
from maskalign.pipeline.strategies.chain import Chain

STRATEGIES = ["first", "previous", "rolling", "mean", "redundant"]
WINDOW = {"max_shift": 12, "renew_every": 3, "time_lags": 4}
SIZE = 64


def walk(n, step=0.8, seed=3):
    rng = np.random.default_rng(seed)
    return np.cumsum(np.vstack([np.zeros(2), rng.normal(0, step, (n - 1, 2))]), axis=0)


def make(path, *, snr=8.0, seed=1):
    """A float32 movie whose shifts relative to frame 0 are `path`."""
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.normal(size=(128, 128)), 1.5, mode="wrap")
    spectrum = np.fft.fftn(scene / scene.std())
    frames = [
        np.fft.ifftn(ndimage.fourier_shift(spectrum, -shift)).real[32:96, 32:96]
        for shift in path
    ]
    noise = rng.normal(0, 1 / snr, (len(path), SIZE, SIZE))
    return (np.stack(frames) + noise).astype(np.float32)


@pytest.fixture(scope="module")
def path():
    return walk(14)


@pytest.fixture(scope="module")
def clean(path):
    return make(path)


def error(table, path):
    """Largest distance from the truth, of frames that are ok."""
    return np.abs(table.shifts - path)[table.ok].max()


# What all have in common --------------------------------------------------------------


@pytest.mark.parametrize("reference", STRATEGIES)
def test_all_find_the_drift_relative_to_frame_0(clean, path, reference):
    table = estimate_drift(clean, reference=reference, **WINDOW)
    assert table.ok.all()
    assert table[0].shift == (0, 0)
    # Errors of steps add up for 'previous'; a pair has 0.02 px here.
    assert error(table, path) < 0.1
    assert np.all(table.shift_std[1:] > 0)
    assert table.options["reference"] == reference


@pytest.mark.parametrize("reference", STRATEGIES)
def test_whole_pixels_and_three_dimensions(reference):
    rng = np.random.default_rng(0)
    volume = ndimage.gaussian_filter(rng.normal(size=(22, 56, 56)), 1)
    steps = np.array([(0, 0, 0), (1, 2, -2), (2, 3, 1), (-1, 1, 3), (0, -3, 2)])
    movie = np.stack(
        [volume[5 + z : 17 + z, 8 + y : 48 + y, 8 + x : 48 + x] for z, y, x in steps]
    )
    table = estimate_drift(movie, reference=reference, subpixel=False, **WINDOW)
    # The mean of frames that are moved by whole pixels is no sharper than they are.
    np.testing.assert_allclose(table.shifts, steps, atol=0.3)


@pytest.mark.parametrize("reference", STRATEGIES)
def test_gain_and_offset_of_a_frame_change_nothing(clean, reference):
    bleached = clean * (0.9 ** np.arange(14))[:, None, None] + 100
    plain = estimate_drift(clean, reference=reference, **WINDOW)
    found = estimate_drift(bleached.astype("f4"), reference=reference, **WINDOW)
    np.testing.assert_allclose(found.shifts, plain.shifts, atol=2e-3)


@pytest.mark.parametrize("reference", STRATEGIES)
def test_what_is_under_the_mask_changes_nothing(clean, reference):
    mask = np.ones((SIZE, SIZE), bool)
    mask[20:30, 10:40] = False
    table = estimate_drift(clean, reference=reference, mask=mask, **WINDOW)
    dirty = np.where(mask, clean, 7)
    dirty[3, 25, 25] = np.nan
    again = estimate_drift(dirty, reference=reference, mask=mask, **WINDOW)
    np.testing.assert_array_equal(again.shifts, table.shifts)


@pytest.mark.parametrize("reference", STRATEGIES)
def test_a_mask_for_each_frame(clean, path, reference):
    """Something that moves and is masked does not disturb."""
    spoilt, mask = clean.copy(), np.ones(clean.shape, bool)
    for t in range(len(clean)):
        blob = slice(4 + 2 * t, 20 + 2 * t)
        spoilt[t, blob, blob] = 9
        mask[t, blob, blob] = False
    table = estimate_drift(spoilt, reference=reference, mask=mask, **WINDOW)
    assert table.ok.all()
    assert error(table, path) < 0.15


@pytest.mark.parametrize("reference", STRATEGIES)
def test_lazy_equals_eager_whatever_the_chunks(clean, reference):
    eager = estimate_drift(clean, reference=reference, **WINDOW)
    for chunks in (1, 5):
        lazy = da.from_array(clean, chunks=(chunks, -1, -1))
        assert estimate_drift(lazy, reference=reference, **WINDOW) == eager
    with dask.config.set(num_workers=3):
        assert estimate_drift(clean, reference=reference, **WINDOW) == eager


@pytest.mark.parametrize(
    ("reference", "passes"),
    [("first", 1), ("previous", 1), ("rolling", 1), ("redundant", 1), ("mean", 3)],
)
def test_each_frame_is_read_once_a_pass(clean, reference, passes):
    read = []

    def load(block_id):
        read.append(block_id[0])
        return clean[block_id[0]][None]

    lazy = da.map_blocks(
        load,
        chunks=((1,) * 14, (SIZE,), (SIZE,)),
        dtype=clean.dtype,
        meta=np.empty((0, 0, 0), clean.dtype),
    )
    estimate_drift(lazy, reference=reference, **WINDOW)
    most = max(read.count(k) for k in range(14))
    # 'mean' looks at some frames first, to choose one to begin with.
    assert most == passes + (reference == "mean")
    assert min(read.count(k) for k in range(14)) == passes


@pytest.mark.parametrize("reference", STRATEGIES)
def test_rows_come_as_many_as_promised_and_the_last_are_final(clean, reference):
    plan = plan_drift(clean, reference=reference, **WINDOW)
    rows = list(plan.rows())
    assert len(rows) == plan.n_rows
    assert [row.frame for row in rows] == list(range(14)) * (plan.n_rows // 14)
    assert DriftTable.from_rows(rows[-14:]).shifts.tolist() == (
        estimate_drift(clean, reference=reference, **WINDOW).shifts.tolist()
    )


@pytest.mark.parametrize("reference", STRATEGIES)
def test_rows_can_be_closed_early(clean, reference):
    rows = iter_drift(clean, reference=reference, **WINDOW)
    assert inspect.isgenerator(rows)
    assert next(rows).frame == 0
    rows.close()


@pytest.mark.parametrize("reference", STRATEGIES)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_short_movies(clean, path, reference, n):
    table = estimate_drift(clean[:n], reference=reference, **WINDOW)
    assert table.ok.all()
    assert error(table, path[:n]) < 0.1


@pytest.mark.parametrize("reference", STRATEGIES)
def test_memory_does_not_grow_with_the_movie(reference):
    """The most pixels alive at once are those of a few frames, whatever T is."""
    import tracemalloc

    base = make(walk(3))

    def peak(n):
        lazy = da.map_blocks(
            lambda block_id: base[block_id[0] % 3][None],
            chunks=((1,) * n, (SIZE,), (SIZE,)),
            dtype=base.dtype,
            meta=np.empty((0, 0, 0), base.dtype),
        )
        options = {"max_shift": 3, "subpixel": False, "time_lags": 2}
        with dask.config.set(num_workers=2):
            rows = iter_drift(lazy, reference=reference, **options)
            tracemalloc.start()
            for _ in rows:
                pass
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return most

    peak(8)
    frame = SIZE * SIZE * 4
    # Rows, pairs and names stay, a few kB a frame; no pixels do.
    assert (peak(70) - peak(30)) / 40 < 0.6 * frame


# Frames that fail ---------------------------------------------------------------------

BAD = {3: "blank", 6: "noise", 9: "saturated", 12: "empty"}
WORDS = {
    "blank": {"blank"},
    "empty": {"empty"},
    "noise": {"unsure", "ambiguous"},
    "saturated": {"saturated", "blank"},
}


def spoil(movie, bad, seed=9):
    rng = np.random.default_rng(seed)
    out = movie.copy()
    for t, how in bad.items():
        if how == "blank":
            out[t] = 2
        elif how == "noise":
            out[t] = rng.normal(size=out[t].shape)
        elif how == "saturated":
            out[t] = np.minimum(out[t] + 3, np.quantile(out[t], 0.4) + 3)
        elif how == "blur":
            out[t] = ndimage.gaussian_filter(out[t], 3)
        elif how == "cut":
            out[t, SIZE // 2 :] = 0
        else:
            out[t] = np.nan
    return out


@pytest.mark.parametrize("reference", STRATEGIES)
def test_bad_frames_are_named_and_harm_no_other(clean, path, reference):
    table = estimate_drift(spoil(clean, BAD), reference=reference, **WINDOW)
    for t, how in BAD.items():
        assert table.status[t] in WORDS[how]
    good = [t for t in range(14) if t not in BAD]
    assert table.ok[good].all()
    np.testing.assert_allclose(table.shifts[good], path[good], atol=0.12)
    assert not set(table.reference_frame[good]) & set(BAD)
    # Their places are taken from their neighbours.
    assert np.abs(table.repaired().shifts - path).max() < 2


@pytest.mark.parametrize("reference", STRATEGIES)
def test_a_frame_that_was_cut_off_is_named(clean, path, reference):
    table = estimate_drift(spoil(clean, {5: "cut"}), reference=reference, **WINDOW)
    assert table.status[5] == "cut-off"
    assert table.ok.sum() == 13
    assert error(table, path) < 0.12


@pytest.mark.parametrize("reference", STRATEGIES)
def test_a_frame_out_of_focus_is_named_and_no_reference(clean, path, reference):
    table = estimate_drift(spoil(clean, {5: "blur"}), reference=reference, **WINDOW)
    assert table.status[5] == "defocused"
    assert table.ok.sum() == 13
    assert 5 not in table.reference_frame[6:]
    assert error(table, path) < 0.12


@pytest.mark.parametrize("reference", STRATEGIES)
def test_focus_that_changes_for_good_is_no_fault(clean, path, reference):
    """What is named is the change; the frames after it are pictures as well."""
    later = spoil(clean, dict.fromkeys(range(7, 14), "blur"))
    table = estimate_drift(later, reference=reference, **WINDOW)
    assert set(np.flatnonzero(~table.ok)) <= {7, 8}
    assert error(table, path) < 0.3


@pytest.mark.parametrize("reference", ["previous", "rolling", "mean", "redundant"])
@pytest.mark.parametrize("how", ["blank", "noise", "empty", "saturated"])
def test_a_bad_first_frame_is_no_reference(clean, path, reference, how):
    """The rest lies relative to the first frame that is good."""
    table = estimate_drift(spoil(clean, {0: how}), reference=reference, **WINDOW)
    assert table.status[0] in WORDS[how]
    assert table.ok[1:].all()
    relative = table.shifts[1:] - table.shifts[1]
    np.testing.assert_allclose(relative, path[1:] - path[1], atol=0.12)
    np.testing.assert_allclose(table.shifts[1], 0, atol=1e-9)


@pytest.mark.parametrize("reference", STRATEGIES)
def test_nothing_but_bad_frames_is_no_error(reference):
    noise = np.random.default_rng(0).normal(size=(5, SIZE, SIZE)).astype("f4")
    table = estimate_drift(noise, reference=reference, **WINDOW)
    assert table.ok.sum() <= 1
    if reference != "first":
        blank = np.full((4, SIZE, SIZE), 3.0)
        table = estimate_drift(blank, reference=reference, **WINDOW)
        assert set(table.status) == {"blank"}
        assert np.isnan(table.shifts).all()


@pytest.mark.parametrize("reference", ["first", "mean", "redundant"])
def test_black_and_white_movies_are_not_saturated(clean, reference):
    table = estimate_drift((clean > 0).astype("u1"), reference=reference, **WINDOW)
    assert table.ok.all()


# Exclusion ----------------------------------------------------------------------------


@pytest.mark.parametrize("reference", STRATEGIES)
def test_excluded_frames_are_left_out(clean, path, reference):
    broken = clean.copy()
    # Would be found, wrongly: frame 4 shows the scene of another place.
    broken[[4, 13]] = clean[[0, 1]]
    table = estimate_drift(broken, reference=reference, exclude=[4, -1], **WINDOW)
    assert table.counts() == {"ok": 12, "excluded": 2}
    assert np.isnan(table.shifts[[4, 13]]).all()
    assert error(table, path) < 0.12
    assert 4 not in table.reference_frame
    assert table.options["exclude"] == [4, 13]


def test_excluded_frames_are_not_read(clean):
    def load(block_id):
        assert block_id[0] != 4
        return clean[block_id[0]][None]

    lazy = da.map_blocks(
        load,
        chunks=((1,) * 14, (SIZE,), (SIZE,)),
        dtype=clean.dtype,
        meta=np.empty((0, 0, 0), clean.dtype),
    )
    for reference in STRATEGIES:
        estimate_drift(lazy, reference=reference, exclude=[4], **WINDOW)


def test_what_cannot_be_excluded_is_refused(clean):
    with pytest.raises(ValueError, match=r"exclude=\[14\].*frames 0 to 13"):
        estimate_drift(clean, exclude=[14])
    with pytest.raises(ValueError, match="Frame 0 is excluded, and it is the ref"):
        estimate_drift(clean, exclude=[0])
    with pytest.raises(ValueError, match="All 14 frames are excluded"):
        estimate_drift(clean, reference="mean", exclude=range(14))
    assert estimate_drift(clean[:4], reference="previous", exclude=[0]).ok[1:].all()


# Where to look ------------------------------------------------------------------------


@pytest.mark.parametrize("reach", [2, 3, 5])
def test_in_noise_a_small_window_finds_what_a_large_one_finds(reach):
    sample = retina()
    movie, found = sample.movie.data[[0, 2, 3, 10]], sample.shifts[[0, 2, 3, 10]]
    known = {"mask": sample.mask, "start": found}
    wide = estimate_drift(movie, max_shift=16, **known)
    near = estimate_drift(movie, max_shift=reach, **known)
    assert np.abs(near.shifts - wide.shifts).max() < 0.1


@pytest.mark.parametrize("reference", STRATEGIES)
def test_a_start_lets_large_jumps_be_found_in_a_small_window(reference):
    jump = np.cumsum([(0, 0), (14, -11), (1, 1), (-17, 5), (2, -9)], axis=0) * 1.0
    movie = make(jump)
    narrow = WINDOW | {"max_shift": 4}
    rough = jump + np.array([[0, 0], [1, -2], [-1, 1], [2, 0], [0, 1]])
    table = estimate_drift(movie, reference=reference, start=rough, **narrow)
    assert table.ok.all()
    assert error(table, jump) < 0.15
    blind = estimate_drift(movie, reference=reference, **narrow)
    assert not blind.ok.all()


def test_a_start_of_two_axes_and_of_holes(clean, path):
    holes = path.copy()
    holes[5] = np.nan
    table = estimate_drift(clean, start=DriftTable.from_shifts(holes), max_shift=3)
    assert table.ok.all()
    assert error(table, path) < 0.1
    with pytest.raises(DriftTableError, match=r"start has 3 rows.*14 frames"):
        estimate_drift(clean, start=path[:3])


@pytest.mark.parametrize("reference", STRATEGIES)
def test_rows_set_by_hand_stay(clean, path, reference):
    before = estimate_drift(clean, reference=reference, **WINDOW)
    shifts, status = before.shifts.copy(), before.status.astype("U8")
    shifts[6], status[6] = path[6] + (0.3, -0.2), "manual"
    edited = before.replace(shifts=shifts, status=status)
    table = estimate_drift(clean, reference=reference, start=edited, **WINDOW)
    assert table.status[6] == "manual"
    np.testing.assert_array_equal(table.shifts[6], shifts[6])
    others = np.arange(14) != 6
    assert table.ok.all()
    moved = table.shifts - before.shifts
    if reference == "previous":
        # What is laid over the frame goes with it.
        np.testing.assert_allclose(moved[7:], np.full((7, 2), moved[6]), atol=1e-6)
        np.testing.assert_allclose(moved[:6], 0, atol=1e-6)
    elif reference in ("first", "mean"):
        np.testing.assert_allclose(moved[others], 0, atol=0.02)


# Masks that follow the sample ---------------------------------------------------------


@pytest.mark.parametrize("reference", ["first", 2, "previous", "redundant", "mean"])
def test_a_mask_that_follows_the_sample(reference):
    """One structure moves with the drift, the rest of the picture against it."""
    path = np.arange(8)[:, None] * np.array([2.0, -1.5])
    target, other = make(path, snr=20, seed=1), make(-path, snr=20, seed=2)
    yy, xx = np.mgrid[:SIZE, :SIZE]
    movie, home = [], 0 if isinstance(reference, str) else reference
    for t, shift in enumerate(path):
        centre = 32 - shift
        inside = np.hypot(yy - centre[0], xx - centre[1]) < 15
        movie.append(np.where(inside, target[t], other[t]))
    centre = 32 - path[home]
    mask = np.hypot(yy - centre[0], xx - centre[1]) < 14
    options = {"reference": reference, "max_shift": 20, "min_overlap": 0.4}
    table = estimate_drift(np.stack(movie), mask=mask, mask_follows="sample", **options)
    assert table.options["mask_follows"] == "sample"
    assert error(table, path - path[home]) < 0.25
    if reference == "first":
        fixed = estimate_drift(np.stack(movie), mask=mask, **options)
        assert np.abs(fixed.shifts - path).max() > 0.5


def test_following_needs_a_mask(clean):
    with pytest.raises(MaskError, match="'sample' says where a mask goes"):
        estimate_drift(clean, mask_follows="sample")


def test_a_reference_mask_needs_one_reference(clean):
    with pytest.raises(MaskError, match="reference='previous'"):
        estimate_drift(
            clean, reference="previous", reference_mask=np.ones((SIZE, SIZE))
        )


# Projections --------------------------------------------------------------------------


@pytest.mark.parametrize("projection", ["max", "mean"])
@pytest.mark.parametrize("axes", ["TZYX", "ZTYX"])
def test_a_projection_finds_what_happens_in_the_plane(projection, axes):
    rng = np.random.default_rng(1)
    volume = ndimage.gaussian_filter(rng.normal(size=(6, 90, 90)), (0.5, 2, 2))
    steps = np.array([(0, 0), (3, -2), (-4, 5)])
    movie = np.stack([volume[:, 12 + y : 72 + y, 12 + x : 72 + x] for y, x in steps])
    movie = movie if axes == "TZYX" else movie.swapaxes(0, 1)
    data = Movie(movie, axes, scale=(1, 3, 2, 2) if axes[0] == "T" else (3, 1, 2, 2))
    table = estimate_drift(data, projection=projection, max_shift=8)
    np.testing.assert_allclose(table.shifts, steps, atol=0.02)
    assert table.axes == "YX"
    assert table.scale == (2, 2)


def test_a_projection_needs_a_z(clean):
    with pytest.raises(ValueError, match="no z"):
        estimate_drift(clean, projection="max")
    volume = Movie(np.zeros((2, 3, 8, 8), "f4"), "TZYX")
    with pytest.raises(MaskError, match=r"\(3, 8, 8\)"):
        estimate_drift(volume, projection="max", mask=np.ones((3, 8, 8)))


# Rolling and redundant ----------------------------------------------------------------


def test_rolling_renews_its_reference(clean):
    table = estimate_drift(clean, reference="rolling", renew_every=4, max_shift=12)
    expected = [0, 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12]
    assert table.reference_frame.tolist() == expected


def test_rolling_takes_a_nearer_frame_where_the_reference_is_too_old():
    """Of this scene four in ten parts stay from frame to frame, nothing over ten."""
    rng = np.random.default_rng(4)
    path, frames = walk(16), []
    whole = np.zeros((128, 128))
    for shift in path:
        new = ndimage.gaussian_filter(rng.normal(size=(128, 128)), 1.5, mode="wrap")
        whole = 0.6 * whole + 0.8 * new / new.std()
        moved = ndimage.fourier_shift(np.fft.fftn(whole), -shift)
        frames.append(np.fft.ifftn(moved).real[32:96, 32:96])
    movie = np.stack(frames)
    table = estimate_drift(movie, reference="rolling", max_shift=10)
    assert table.ok.all()
    assert np.all(np.diff(table.reference_frame) >= 0)
    assert np.all(np.arange(16) - table.reference_frame < 10)
    first = estimate_drift(movie, max_shift=10)
    assert not first.ok.all()


class Stub:
    """Frames without pixels, of which it is told how they lie over each other."""

    def __init__(self, n, found):
        self.n, self.found = n, found
        self.frames = SimpleNamespace(shape=(8, 8))

    def __len__(self):
        return self.n

    def stream(self):
        for frame in range(self.n):
            yield SimpleNamespace(
                frame=frame, shape=(8, 8), trouble=None, defects=Defects(0, 0)
            )

    def __call__(self, reference, moving, place=None):
        return self.found(reference.frame, moving.frame)


def seen(shift, status="ok", std=0.1):
    return Registration((shift, 0.0), 0.9, 1.0, (std, std), 2.0, status)


def chained(n, found, renew_every=1):
    stub = Stub(n, found)
    options = DriftOptions(reference="previous")
    task = Task(stub, stub, options, frozenset(), None, 1)
    return list(Chain(task, renew_every).rows())


@pytest.mark.parametrize(("std", "goes_on"), [(1.5, True), (9.0, False)])
def test_a_vague_step_is_passed_with_its_error(std, goes_on):
    """Frame 4 fits frame 3 only vaguely, and all that follow fit frame 4."""

    def found(a, b):
        vague = a < 4 <= b
        return seen(b - a, "unsure", std) if vague else seen(b - a)

    rows = chained(8, found)
    assert [row.shift[0] for row in rows] == list(range(8))
    assert rows[4].status == "unsure"
    assert [row.status == "ok" for row in rows[5:]] == [goes_on] * 3
    if goes_on:
        assert [row.reference_frame for row in rows[4:]] == [3, 4, 5, 6]
        # Three good steps, the vague one, and those after it.
        expected = np.sqrt(std**2 + 0.1**2 * np.arange(3, 7))
        np.testing.assert_allclose([row.shift_std[0] for row in rows[4:]], expected)


@pytest.mark.parametrize("word", ["blank", "saturated", "at-limit", "ambiguous"])
def test_a_bad_step_is_gone_round(word):
    def found(a, b):
        return seen(b - a, word) if 4 in (a, b) else seen(b - a)

    rows = chained(7, found)
    assert [row.status for row in rows] == ["ok"] * 4 + [word] + ["ok"] * 2
    assert rows[5].reference_frame == 3


def test_rolling_every_frame_is_previous(clean):
    rolling = estimate_drift(clean, reference="rolling", renew_every=1, max_shift=12)
    previous = estimate_drift(clean, reference="previous", max_shift=12)
    np.testing.assert_array_equal(rolling.shifts, previous.shifts)
    assert previous.reference_frame.tolist() == [0, *range(13)]


def test_loops_that_do_not_close_show_in_the_residual(clean):
    table = estimate_drift(clean, reference="redundant", **WINDOW)
    assert np.isfinite(table.residual).all()
    assert table.residual.max() < 0.1
    alone = estimate_drift(clean, reference="redundant", time_lags=1, max_shift=12)
    assert np.isnan(alone.residual).all()


def test_time_lags_may_be_a_list(clean, path):
    table = estimate_drift(clean, reference="redundant", time_lags=[4, 1], max_shift=12)
    assert error(table, path) < 0.1
    with pytest.raises(ValueError, match="time_lags must be 1 or more, got 0"):
        estimate_drift(clean, time_lags=[0, 2])
    with pytest.raises(TypeError, match="whole numbers"):
        estimate_drift(clean, time_lags=1.5)


def test_redundant_beats_previous_in_noise():
    path = walk(24, step=0.5, seed=8)
    movie = make(path, snr=0.8)
    rms = {
        reference: np.sqrt(
            np.mean(
                (estimate_drift(movie, reference=reference, max_shift=8).shifts - path)
                ** 2
            )
        )
        for reference in ("previous", "redundant", "mean")
    }
    assert rms["redundant"] < 0.5 * rms["previous"]
    assert rms["mean"] < 0.5 * rms["previous"]


def test_options_that_do_not_matter_are_not_recorded(clean):
    table = estimate_drift(clean[:2])
    assert "time_lags" not in table.options
    assert "renew_every" not in table.options
    assert replace(table[0], residual=0).status == "ok"
