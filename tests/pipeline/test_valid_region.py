import dask.array as da
import numpy as np
import pytest

from maskalign import (
    DriftTableError,
    MaskError,
    Movie,
    apply_drift,
    estimate_drift,
    valid_region,
)

KINDS = ("nearest", "linear", "cubic", "fourier")
CANVASES = ("same", "union", "intersection")
SHIFTS = [(0, 0), (1.5, -2.25), (-3.0, 0.5), (0.0, 4.0)]


@pytest.fixture
def masks():
    """One mask for all frames, and one for each; shape (4, 20, 24)."""
    return np.random.default_rng(0).random((4, 20, 24)) > 0.1


def where_finite(movie, shifts, valid, **how):
    """Return where an aligned movie has numbers, if it had none where not valid."""
    holed = np.where(valid, movie, np.nan)
    return np.isfinite(np.asarray(apply_drift(holed, shifts, fill_value=np.nan, **how)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("canvas", CANVASES)
def test_it_is_where_a_movie_of_ones_is_not_filled(kind, canvas):
    ones = np.ones((4, 20, 24), "f4")
    how = {"interpolation": kind, "canvas": canvas}
    region = valid_region(ones, SHIFTS, **how)
    assert region.dtype == bool
    np.testing.assert_array_equal(
        region, np.asarray(apply_drift(ones, SHIFTS, **how)) > 0
    )
    assert region.compute().all() == (canvas == "intersection")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("canvas", CANVASES)
def test_a_mask_is_moved_as_missing_pixels_are(masks, kind, canvas):
    movie = np.random.default_rng(1).normal(size=(4, 20, 24))
    how = {"interpolation": kind, "canvas": canvas}
    for mask in (masks, masks[0]):
        found = valid_region(movie, SHIFTS, mask=mask, **how)
        expected = where_finite(movie, SHIFTS, mask, **how)
        np.testing.assert_array_equal(found, expected)
        assert not expected.all()


@pytest.mark.parametrize("axes", ["TZYX", "ZTYX", "CTXZY", "TCZYX"])
def test_axes_in_any_order_and_channels_left_out(axes):
    sizes = {"T": 4, "C": 2, "Z": 3, "Y": 20, "X": 24}
    shape = tuple(sizes[a] for a in axes)
    shifts = np.random.default_rng(0).uniform(-2, 2, (4, 3))
    region = valid_region(shape, shifts, axes=axes, canvas="union")
    moved = np.asarray(apply_drift(np.ones(shape), shifts, axes=axes, canvas="union"))
    if "C" in axes:
        moved = moved.take(0, axis=axes.index("C"))
    np.testing.assert_array_equal(region, moved > 0)


@pytest.mark.parametrize("axes", ["TZYX", "ZTYX"])
def test_masks_of_a_volume(masks, axes):
    sizes = {"T": 4, "Z": 3, "Y": 20, "X": 24}
    shape = tuple(sizes[a] for a in axes)
    shifts = [(0, 0, 0), (0.5, 1.5, 0), (-1, 2, -3.25), (0, 0, 1)]
    volume = np.random.default_rng(2).random((3, 20, 24)) > 0.2
    # One mask for each volume, spread over z; one volume, spread over time.
    every = [np.stack([masks] * 3, axis=1), np.stack([volume] * 4)]
    if axes == "ZTYX":
        every = [array.swapaxes(0, 1) for array in every]
    for mask, spread in zip([masks, volume], every, strict=True):
        found = valid_region(shape, shifts, mask=mask, axes=axes)
        expected = where_finite(1.0, shifts, spread, axes=axes)
        np.testing.assert_array_equal(found, expected)


def test_no_time_is_one_frame(masks):
    found = valid_region((20, 24), [(1.5, 0)], mask=masks[0], axes="YX")
    expected = where_finite(1.0, [(1.5, 0)], masks[:1])
    np.testing.assert_array_equal(found, expected[0])


def test_the_movie_is_not_read_and_masks_frame_by_frame(masks):
    class Unreadable:
        shape, dtype, ndim = (4, 20, 24), np.dtype("u2"), 3

        def __getitem__(self, where):
            raise AssertionError

    read = []

    def load(block_id=None):
        read.append(block_id[0])
        return masks[block_id[0]][np.newaxis]

    lazy = da.map_blocks(
        load,
        chunks=((1,) * 4, (20,), (24,)),
        dtype=bool,
        meta=np.empty((0, 0, 0), bool),
    )
    region = valid_region(Unreadable(), SHIFTS, mask=lazy)
    assert read == []
    region[2].compute()
    assert read == [2]


def test_a_mask_may_be_numbers(masks):
    numbers = np.where(masks, 255, 0).astype("u1")
    np.testing.assert_array_equal(
        valid_region((4, 20, 24), SHIFTS, mask=numbers),
        valid_region((4, 20, 24), SHIFTS, mask=masks),
    )


def test_a_movie_for_a_movie_without_channels():
    movie = Movie(
        np.zeros((4, 2, 20, 24)),
        "TCYX",
        scale=(2, 1, 0.5, 0.1),
        origin=(0, 0, 1, 2),
        units=("s", "", "µm", "µm"),
        channels=("a", "b"),
        name="cells",
    )
    aligned = apply_drift(movie, SHIFTS, canvas="union")
    region = valid_region(movie, SHIFTS, canvas="union")
    assert (region.axes, region.channels, region.name) == ("TYX", (), "cells")
    assert region.scale == (2, 0.5, 0.1)
    assert region.units == ("s", "µm", "µm")
    assert region.along("origin", "TYX") == aligned.along("origin", "TYX")
    assert region.frame_shape == aligned.frame_shape
    np.testing.assert_array_equal(
        region.data, valid_region((4, 20, 24), SHIFTS, canvas="union")
    )


def test_it_is_a_mask_for_the_aligned_movie(movie, path):
    """The drift that was put in is found; the bright fill does not pull at it."""
    far = np.array([(0, 0), (9, -8), (-9, 7), (3, 9), (8, 8), (-7, -9)])
    aligned = apply_drift(movie, far, interpolation="nearest", fill_value=60_000)
    region = valid_region(movie, far, interpolation="nearest")
    table = estimate_drift(aligned, mask=region, max_shift=24, subpixel=False)
    np.testing.assert_array_equal(table.shifts, path - far)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"drift": SHIFTS[:3]}, DriftTableError, "3 rows; the movie has 4"),
        ({"mask": np.ones((19, 24), bool)}, MaskError, r"\(19, 24\)"),
        ({"canvas": "huge"}, ValueError, "'huge'"),
        ({"interpolation": "spline"}, ValueError, "'spline'"),
        ({"movie": (4, 0, 24)}, ValueError, "empty"),
    ],
)
def test_what_does_not_fit_is_named_at_once(change, error, words):
    given = {"movie": (4, 20, 24), "drift": SHIFTS} | change
    with pytest.raises(error, match=words):
        valid_region(**given)
