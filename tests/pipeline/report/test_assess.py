"""Whether an alignment made a movie better, and what is read to tell."""

import gc
import json
import tracemalloc

import dask
import dask.array as da
import numpy as np
import pytest

import maskalign
from maskalign.errors import AxesError, DriftTableError, MaskError
from maskalign.model.options import DriftOptions
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.masks import movie_mask
from maskalign.pipeline.report.likeness import measure_likeness
from maskalign.pipeline.report.subject import Subject


def quick(movie, drift, **options):
    return maskalign.assess(movie, drift, two_halves=False, **options)


# Better, no better, worse -------------------------------------------------------------


@pytest.mark.parametrize("snr", [0.5, 5])
def test_the_true_drift_makes_it_better(drifting, snr):
    movie, path = drifting(0, snr=snr)
    report = quick(movie, path)
    assert report.verdict == "better"
    assert report.ncc_after > report.ncc_before + 0.1
    assert report.sharpness_after == pytest.approx(1, abs=0.1)
    assert report.sharpness_before < 0.8
    assert report.drift_rms == pytest.approx(np.sqrt(path.var(axis=0).sum()))


@pytest.mark.parametrize("snr", [0.5, 5])
def test_drift_turned_round_makes_it_worse(drifting, snr):
    movie, path = drifting(0, snr=snr)
    assert quick(movie, -path).verdict == "worse"


@pytest.mark.parametrize("snr", [0.5, 1, 5])
def test_where_nothing_moves_errors_of_the_table_are_not_an_improvement(drifting, snr):
    movie, path = drifting(1, snr=snr, n_frames=12, still=True)
    error = np.random.default_rng(0).normal(scale=0.05 / snr, size=path.shape)
    report = quick(movie, error)
    assert report.verdict == "no better"
    # Interpolation that smooths noise would raise it by some hundredths.
    assert report.ncc_after == pytest.approx(report.ncc_before, abs=1e-3)
    assert report.sharpness_after == pytest.approx(report.sharpness_before, rel=5e-3)


def test_a_frame_is_not_compared_with_itself():
    noise = np.random.default_rng(2).normal(size=(6, 128, 128))
    report = quick(noise, np.zeros((6, 2)))
    assert abs(report.ncc_before) < 0.02
    assert report.verdict == "unknown"
    assert "nothing in common" in report.reason


def test_one_frame_that_was_elsewhere_is_an_improvement(drifting):
    movie, path = drifting(1, n_frames=20, still=True)
    movie[7] = np.roll(movie[7], 9, axis=0)
    path[7] = (-9, 0)
    assert quick(movie, path).verdict == "better"
    assert quick(np.roll(movie, 9, axis=1), 0 * path).verdict == "no better"


def test_what_stands_still_is_left_out_by_a_mask(drifting):
    movie, path = drifting(3)
    movie[:, 30:60, 40:70] = 30 * np.random.default_rng(0).normal(size=(30, 30))
    mask = np.ones(movie.shape[1:], bool)
    mask[30:60, 40:70] = False
    assert quick(movie, path).verdict == "worse"
    assert quick(movie, path, mask=mask).verdict == "better"


def test_a_region_of_the_reference_is_what_is_looked_at(drifting):
    movie, path = drifting(3, size=128)
    movie[:, :40] = 30 * np.random.default_rng(0).normal(size=(40, 128))
    region = np.zeros(movie.shape[1:], bool)
    region[60:120] = True
    assert quick(movie, path).verdict == "worse"
    report = quick(movie, path, reference="first", reference_mask=region)
    assert report.verdict == "better"
    assert report.region <= region.mean()
    follows = quick(movie, path, mask=region, mask_follows="sample")
    assert follows.ncc_after == pytest.approx(report.ncc_after)


def test_bad_frames_are_left_out(drifting):
    movie, path = drifting(4)
    clean = quick(movie, path)
    movie[3] = 0
    status = ["ok"] * 8
    status[3] = "blank"
    shifts = np.where(np.arange(8)[:, np.newaxis] == 3, np.nan, path)
    report = quick(movie, maskalign.DriftTable(shifts, status=status))
    assert report.frames.tolist() == [0, 1, 2, 4, 5, 6, 7]
    assert report.counts == {"ok": 7, "blank": 1}
    assert report.good == 7 / 8
    assert report.ncc_after == pytest.approx(clean.ncc_after, abs=0.05)
    # One that shows nothing, and of which the table does not know.
    assert quick(movie, path).frames.tolist() == [0, 1, 2, 4, 5, 6, 7]


def test_too_few_good_frames_give_no_verdict(drifting):
    movie, path = drifting(5)
    status = ["ok"] + ["unsure"] * 7
    report = maskalign.assess(movie, maskalign.DriftTable(path, status=status))
    assert report.verdict == "unknown"
    assert "only 1 of 8 frames" in str(report)
    assert np.isnan(report.ncc_after)
    assert report.remaining == ()
    with pytest.raises(DriftTableError, match="No frame could be estimated"):
        quick(movie, maskalign.DriftTable(path, status=["unsure"] * 8))


def test_frames_that_share_no_pixel_give_no_verdict(drifting):
    movie, _ = drifting(5, n_frames=2)
    report = quick(movie, [(0, 0), (500, 0)])
    assert report.verdict == "unknown"
    assert report.region == 0


# Axes, channels, and what does not fit ------------------------------------------------


def test_volumes_and_channels_in_any_order(drifting):
    movie, path = drifting(6)
    other = np.random.default_rng(0).normal(size=movie.shape).astype(np.float32)
    stack = np.stack([movie, other], axis=-1)[:, :, :, np.newaxis]
    flat = quick(movie, path)
    report = quick(stack, path, axes="TYXZC", channel=0)
    assert report.axes == "ZYX"
    np.testing.assert_allclose(report.frame_ncc_after, flat.frame_ncc_after, atol=1e-5)
    assert report.sharpness_after == pytest.approx(flat.sharpness_after, rel=1e-4)


def test_the_table_knows_the_channel(drifting):
    movie, _ = drifting(6)
    pair = np.stack([np.zeros_like(movie), movie], axis=1)
    table = maskalign.estimate_drift(pair, axes="TCYX", channel=1, max_shift=10)
    assert quick(pair, table, axes="TCYX").verdict == "better"
    with pytest.raises(AxesError, match="channel is not given"):
        quick(pair, table.shifts, axes="TCYX")


def test_what_does_not_fit_is_refused(drifting):
    movie, path = drifting(6)
    with pytest.raises(DriftTableError, match="7 rows"):
        quick(movie, path[:-1])
    with pytest.raises(MaskError, match="shape"):
        quick(movie, path, mask=np.ones((5, 5)))
    with pytest.raises(ValueError, match="max_frames must be 2 or more"):
        quick(movie, path, max_frames=1)
    with pytest.raises(TypeError, match="whole number"):
        quick(movie, path, max_frames=3.5)
    with pytest.raises(ValueError, match="mask_follows must be one of"):
        quick(movie, path, mask_follows="stage")


# What is read -------------------------------------------------------------------------


def lazily(frame, n_frames, read):
    """Make a lazy movie that notes the frames it reads."""

    def block(block_info=None):
        t = block_info[None]["chunk-location"][0]
        read.append(t)
        return frame(t)[np.newaxis]

    shape = frame(0).shape
    chunks = ((1,) * n_frames, *((n,) for n in shape))
    return da.map_blocks(
        block, chunks=chunks, dtype=np.float32, meta=np.empty((0,) * 3)
    )


def test_a_long_movie_is_looked_at_in_places(drifting):
    frames, path = drifting(7, size=48)
    read = []
    movie = lazily(lambda t: frames[t % 8], 10_000, read)
    shifts = np.tile(path, (1250, 1))
    report = quick(movie, shifts, max_frames=10)
    assert report.n_frames == 10_000
    assert report.frames.tolist() == [1111 * k for k in range(10)]
    assert set(read) == set(report.frames.tolist())
    assert "10 of 10000 frames, evenly spaced" in str(report)
    again = quick(movie, shifts, max_frames=10)
    assert np.array_equal(again.frame_ncc_after, report.frame_ncc_after)


def test_each_frame_is_read_once_a_pass(drifting):
    frames, path = drifting(7, size=48)
    read = []
    movie = lazily(lambda t: frames[t], 8, read)
    table = maskalign.DriftTable.from_shifts(path).replace(residual=np.full(8, 0.1))
    report = quick(movie, table)
    assert sorted(read) == sorted(2 * list(range(8)))
    assert (report.closure, report.closure_from) == (pytest.approx(0.1), "table")


def test_frames_that_are_stored_together_are_read_together(drifting):
    frames, path = drifting(7, size=48)
    read = []

    def block(block_info=None):
        read.append(block_info[None]["chunk-location"][0])
        return frames[4 * read[-1] :][:4]

    movie = da.map_blocks(
        block,
        chunks=((4, 4), (48,), (48,)),
        dtype=np.float32,
        meta=np.empty((0,) * 3, np.float32),
    )
    table = maskalign.DriftTable.from_shifts(path).replace(residual=np.full(8, 0.1))
    quick(movie, table)
    assert sorted(read) == [0, 0, 1, 1]


def test_memory_does_not_grow_with_the_movie(drifting):
    frames, path = drifting(7, size=128)

    def peak(n_frames):
        movie = lazily(lambda t: frames[t % 8].copy(), n_frames, [])
        seen = Frames(maskalign.Movie(movie))
        subject = Subject.of(
            seen,
            maskalign.DriftTable(np.resize(path, (n_frames, 2))),
            DriftOptions(),
            reference="first",
            reference_valid=None,
            mask=movie_mask(None, seen),
            max_frames=n_frames,
        )
        gc.collect()
        tracemalloc.start()
        # With several threads it is chance how many frames wait for their turn.
        with dask.config.set(num_workers=1):
            measure_likeness(subject)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(4)
    assert peak(40) < peak(16) + 8 * frames[0].nbytes


def test_the_movie_is_not_changed(drifting):
    movie, path = drifting(8)
    movie[2, 5:9, 7:9] = np.nan
    before = movie.copy()
    quick(movie, path)
    assert np.array_equal(movie, before, equal_nan=True)


# Loop closure, and what is handed out -------------------------------------------------


def test_loops_of_three_frames_where_the_table_has_none(drifting):
    movie, path = drifting(9, snr=2)
    report = quick(movie, path)
    assert report.closure_from == "triples"
    assert 0 < report.closure < 0.1
    noisier = quick(*drifting(9, snr=0.5))
    assert noisier.closure > 1.5 * report.closure


def test_all_numbers_go_into_json(drifting):
    movie, path = drifting(10)
    source = maskalign.Movie(movie, "TYX", (1, 0.5, 0.5), ("s", "µm", "µm"))
    report = quick(source, path)
    numbers = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert numbers["verdict"] == report.verdict == "better"
    assert numbers["ncc_after"] == report.ncc_after
    assert numbers["error"] == [None, None]
    assert numbers["units"] == ["µm", "µm"]
    assert numbers["remaining"][0]["rotation"] == report.remaining[0].rotation
    assert numbers["frames"] == list(range(8))


def test_the_summary_is_short_and_begins_with_the_verdict(drifting):
    movie, path = drifting(10)
    lines = str(maskalign.assess(movie, path)).splitlines()
    assert lines[0] == "Better: frames are more like their mean, and it is sharper."
    assert 8 <= len(lines) <= 15
    assert max(map(len, lines)) <= 100
