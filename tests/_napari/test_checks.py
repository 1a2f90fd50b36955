"""The report and the NCC maps of an alignment, without Qt."""

import dask
import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

from maskalign import DriftTable, Movie, apply_drift, assess, local_ncc
from maskalign._napari.checks import (
    Assessment,
    MapsOfAligned,
    describe_report,
    watched,
)
from maskalign._napari.layers import movie_of
from maskalign._napari.masks import MaskChoice
from maskalign._napari.worker import Cancelled, Done, Stop, settle
from maskalign._napari.world import moved_by
from maskalign.model.options import ApplyOptions


@pytest.fixture
def table(true_shifts):
    return DriftTable.from_shifts(true_shifts.astype(float))


@pytest.fixture
def source(movie, calibration):
    return Image(movie, name="movie", **calibration)


@pytest.fixture
def known(source):
    return movie_of(source)[0]


@pytest.fixture
def mask(source, known, bar):
    return MaskChoice(Labels(bar, name="bar"), source, known, "ignore painted")


def worked(task, stop=None):
    """Run a task to its end; return its steps and how it ended."""
    stop = stop or Stop()
    run, steps = settle(task.run, stop), []
    while True:
        try:
            steps.append(next(run))
        except StopIteration as end:
            return steps, end.value


# The report ---------------------------------------------------------------------------


def test_the_report_is_that_of_the_library(known, table, mask, bar):
    steps, ended = worked(Assessment(known, table, mask, None))
    expected = assess(known, table, mask=bar == 0)
    assert isinstance(ended, Done)
    assert ended.result.to_dict() == expected.to_dict()
    assert expected.verdict == "better"
    # What the progress bar expects is about what is read.
    assert len(steps) == pytest.approx(5 * 6, rel=0.2)
    assert steps == list(range(1, len(steps) + 1))


def test_the_mask_counts(known, table, mask):
    _, without = worked(Assessment(known, table, None, None))
    _, with_it = worked(Assessment(known, table, mask, None))
    assert with_it.result.ncc_after > without.result.ncc_after + 0.05


def test_channels_are_looked_at_one_by_one(movie, table):
    scene = movie[:, :, 10:]
    still = np.broadcast_to(scene[:1], scene.shape)
    both = Movie(np.stack([still, scene], axis=1), "TCYX")
    for channel, verdict in ((0, "worse"), (1, "better")):
        _, ended = worked(Assessment(both, table, None, channel))
        assert ended.result.verdict == verdict


@pytest.mark.parametrize("after", [0, 3, 20])
def test_asked_to_stop_it_reads_no_further_frame(known, table, after):
    stop, read = Stop(), []

    def look(block):
        read.append(1)
        if len(read) == after:
            stop.request()
        return block

    lazy = da.from_array(known.data, chunks=(1, -1, -1)).map_blocks(
        look, dtype=known.dtype, meta=np.empty((0, 0, 0), known.dtype)
    )
    if not after:
        stop.request()
    with dask.config.set(num_workers=1):
        _, ended = worked(Assessment(known.replace(data=lazy), table, None, None), stop)
    assert isinstance(ended, Cancelled)
    assert after <= len(read) <= after + 4


def test_closed_on_the_way_it_ends(known, table):
    run = Assessment(known, table, None, None).run(Stop())
    next(run)
    run.close()


def test_frames_are_counted_as_they_are_read_and_not_before(known):
    seen = []
    movie = watched(known, seen.append)
    assert seen == []
    np.testing.assert_array_equal(movie.data[2].compute(), known.data[2])
    assert seen == [1]
    lazy = known.replace(data=da.from_array(known.data, chunks=(3, -1, -1)))
    watched(lazy, seen.append).data.compute()
    assert seen[1:] == [3, 3]
    assert watched(known, seen.append).data.name != movie.data.name


def test_a_report_can_be_read_in_a_narrow_dock(known, table, mask):
    report = assess(known, table)
    text = describe_report(report)
    assert text.startswith(f"{report.verdict.capitalize()}: ")
    for line in text.splitlines():
        assert "  " not in line.strip()
    words = set(report.summary().split())
    assert words <= set(text.split())


# NCC maps -----------------------------------------------------------------------------


def maps_of(source, known, table, mask=None, *, channel=None, window=7, **output):
    request = MapsOfAligned(
        source, known, table, ApplyOptions(**output), mask, channel, window
    )
    _, ended = worked(request)
    assert isinstance(ended, Done), ended
    return ended.result


def test_a_map_compares_aligned_frames_with_the_reference(source, known, table, movie):
    found = maps_of(source, known, table, window=9)
    aligned = apply_drift(movie, table)
    y, x = 12, 40
    for frame in (2, 5):
        expected = local_ncc(movie[0], aligned[frame].compute(), window=9)
        here = found.maps.data[frame, y : y + 40, x : x + 20]
        np.testing.assert_allclose(here, expected[y : y + 40, x : x + 20], atol=1e-5)
    assert found.maps.axes == "TYX"
    assert "with frame 0, window 9 px = 1.8 µm." in found.text
    np.testing.assert_allclose(found.maps.data[0, :, 20:].compute(), 1, atol=1e-4)


def test_what_was_filled_in_does_not_count(source, known, table):
    """Frame 3 is moved by (5, -2): it has no pixels of its own above and right."""
    maps = maps_of(source, known, table).maps.data[3].compute()
    assert np.isnan(maps[:2]).all()
    assert np.isnan(maps[:, -1]).any()
    # Else the fill, and what lies beside it, would pull them down.
    assert np.nanmedian(maps[5:, 30:]) > 0.99
    assert np.nanmin(maps[9:, 30:-6]) > 0.9


def test_what_is_masked_in_either_frame_does_not_count(source, known, table, mask):
    maps = maps_of(source, known, table, mask).maps.data
    # The bar of the reference, and that of frame 4, which went one pixel to the right.
    valid = np.isfinite(np.asarray(maps[4]))
    assert not valid[:, :6].any()
    assert np.nanmin(np.asarray(maps[4])[5:-5, 11:-5]) > 0.9


def test_a_mask_that_goes_with_the_sample_lies_still(source, known, table):
    painted = np.zeros((64, 72), np.uint8)
    painted[20:50, 30:60] = 1
    mask = MaskChoice(
        Labels(painted, name="cell"),
        source,
        known,
        "use only painted",
        "follows the sample",
    )
    for canvas in ("same", "union"):
        found = maps_of(source, known, table, mask, window=3, canvas=canvas)
        y0, x0 = (round(o) for o in found.first[1:])
        for frame in range(6):
            there = np.argwhere(np.isfinite(np.asarray(found.maps.data[frame])))
            there += np.array((y0, x0))
            low, high = there.min(axis=0), there.max(axis=0)
            # A window looks one pixel beyond.
            assert (low >= (19, 29)).all(), (canvas, frame)
            assert (high <= (50, 60)).all()
            assert len(there) >= 30 * 30


@pytest.mark.parametrize("canvas", ["same", "union", "intersection"])
def test_a_map_lies_over_what_it_is_about(source, known, table, mask, canvas):
    """A blot in one frame is a hole in its map, at the same place in the world."""
    data = np.array(known.data)
    data[4, 28:34, 38:44] = 255 - data[4, 28:34, 38:44]
    found = maps_of(source, known.replace(data=data), table, mask, canvas=canvas)
    layer = Image(
        np.asarray(found.maps.data),
        scale=source.scale,
        translate=moved_by(source, found.first),
    )
    maps = np.nan_to_num(np.asarray(found.maps.data)[4], nan=1.0)
    low = np.argwhere(maps < 0).mean(axis=0)
    world = np.array(layer.data_to_world((4, *low)))
    expected = source.data_to_world((4, *(np.array((30.5, 40.5)) + table.shifts[4])))
    np.testing.assert_allclose(world[1:], expected[1:], atol=0.4)


def test_a_frame_of_the_map_costs_a_frame(slow, true_shifts):
    source = Image(slow.data, contrast_limits=(0, 255))
    table = DriftTable.from_shifts(true_shifts.astype(float))
    slow.read.clear()
    found = maps_of(source, movie_of(source)[0], table)
    assert slow.read == [0]
    found.maps.data[3].compute(scheduler="synchronous")
    assert slow.read == [0, 3]


@pytest.mark.parametrize(
    ("reference", "against"),
    [("first", 0), ("previous", "previous"), ("rolling", "previous"), (-2, 4), (3, 3)],
)
def test_frames_are_compared_with_what_they_were_laid_over(
    source, known, table, reference, against
):
    asked = table.replace(options={"reference": reference})
    found = maps_of(source, known, asked)
    assert found.asked["against"] == against
    maps = found.maps.data
    if against == "previous":
        assert np.isnan(np.asarray(maps[0])).all()
        assert "with the one before" in found.text
    else:
        np.testing.assert_allclose(maps[against].compute()[9:-9, 12:-9], 1, atol=1e-4)


def test_a_first_frame_that_is_bad_is_no_reference(source, known, table):
    status = ["blank", "excluded", "ok", "ok", "ok", "ok"]
    assert maps_of(source, known, table.replace(status=status)).asked["against"] == 2


def test_maps_of_channels_are_maps_of_one(movie, table):
    both = np.stack([np.zeros_like(movie), movie])
    layer = Image(both, axis_labels=("c", "t", "y", "x"))
    found = maps_of(layer, movie_of(layer)[0], table, channel=1)
    assert found.maps.axes == "TYX"
    assert np.nanmedian(np.asarray(found.maps.data[5])) > 0.9
