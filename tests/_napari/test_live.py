"""The aligned movie while its frames are still being found."""

import time

import dask
import dask.array as da
import numpy as np
import pytest

from maskalign import DriftTable, Movie, apply_drift
from maskalign._napari.layers import add_or_update
from maskalign._napari.live import LiveMovie
from maskalign._napari.live_layer import LiveLayer
from maskalign.model.drift_table import DriftRow
from maskalign.model.options import ApplyOptions


def row(frame, shift, status="ok"):
    nan = (np.nan,) * len(shift)
    return DriftRow(frame, 0, tuple(shift), 0.9, 1.0, nan, 2.0, status)


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("axes", ["TYX", "YTX", "TCYX", "CTYX"])
def test_in_the_end_it_is_what_the_library_makes(movie, true_shifts, axes, lazy):
    data = movie
    if "C" in axes:
        data = np.stack([movie, movie // 2], axis=axes.index("C"))
    else:
        data = np.moveaxis(movie, 0, axes.index("T"))
    known = Movie(da.from_array(data) if lazy else data, axes)
    shifts = true_shifts + 0.25
    live = LiveMovie(known)
    for frame, shift in enumerate(shifts):
        live.add(row(frame, shift))
    expected = apply_drift(known, DriftTable.from_shifts(shifts)).data.compute()
    np.testing.assert_array_equal(np.asarray(live), expected)
    at = axes.index("T")
    for key in (
        (slice(None),) * at + (4,),
        (slice(None),) * at + (slice(1, 4), 1),
        (*(slice(None),) * at, -1, Ellipsis, slice(3, 9)),
    ):
        np.testing.assert_array_equal(live[key], expected[key])


def test_frames_follow_the_good_ones_around_them(movie):
    live = LiveMovie(Movie(movie))
    assert live.shift_of(3) == (0, 0)
    live.add(row(0, (0, 0)))
    live.add(row(1, (2, -4)))
    assert live.shift_of(5) == (2, -4)
    live.add(row(2, (99, 99), "unsure"))
    live.add(row(3, (np.nan, np.nan), "blank"))
    assert live.shift_of(3) == (2, -4)
    live.add(row(5, (6, 0)))
    assert live.shift_of(3) == (4, -2)
    np.testing.assert_array_equal(live[1], apply_drift(movie[1:2], [(2, -4)])[0])


def test_a_later_pass_corrects_an_earlier_one(movie):
    live = LiveMovie(Movie(movie))
    live.add(row(1, (2, -4)))
    live.add(row(1, (3, 3)))
    assert live.shift_of(1) == (3, 3)


def test_shifts_along_y_and_x_leave_z_alone(movie):
    live = LiveMovie(Movie(np.stack([movie, movie], axis=1)))
    live.add(row(2, (2, -4)))
    assert live.shift_of(2) == (0, 2, -4)


class Reading:
    """A movie that counts what is read of it, and lacks one frame."""

    def __init__(self, movie, lacking=None):
        self.movie, self.lacking, self.read = movie, lacking, []
        self.shape, self.dtype, self.ndim = movie.shape, movie.dtype, movie.ndim

    def lazy(self):
        def load(t):
            self.read.append(t)
            if t == self.lacking:
                raise KeyError(t)
            return self.movie[t]

        frames = [
            da.from_delayed(
                dask.delayed(load, pure=False)(t), self.shape[1:], self.dtype
            )
            for t in range(len(self.movie))
        ]
        return da.stack(frames)


def test_a_frame_is_read_once_while_its_shift_becomes_known(movie):
    reading = Reading(movie)
    live = LiveMovie(Movie(reading.lazy()))
    for k in range(1, 4):
        live.add(row(k, (k, -k)))
        expected = apply_drift(movie[5:], [(k, -k)]).compute()[0]
        np.testing.assert_array_equal(live[5], expected)
    assert reading.read == [5]
    live[4]
    assert reading.read == [5, 4]


def test_a_frame_that_cannot_be_read_is_empty(movie):
    live = LiveMovie(Movie(Reading(movie, lacking=3).lazy()))
    assert not live[3].any()
    np.testing.assert_array_equal(live[2], movie[2])


def test_the_source_is_not_changed(movie):
    before = movie.copy()
    live = LiveMovie(Movie(movie))
    live.add(row(2, (2, -4)))
    live[2][:] = 0
    np.testing.assert_array_equal(movie, before)


# As a layer ---------------------------------------------------------------------------


@pytest.fixture
def source(viewer, movie):
    return viewer.add_image(movie, name="m")


def live_layer(viewer, source, movie):
    return LiveLayer(viewer, source, Movie(movie), ApplyOptions())


def shown(layer):
    return np.asarray(layer._slice.image.raw)


def test_the_layer_comes_with_the_first_row_and_fills(viewer, source, movie):
    live = live_layer(viewer, source, movie)
    assert len(viewer.layers) == 1
    viewer.dims.set_current_step(0, 2)
    live.add(row(0, (0, 0)))
    layer = viewer.layers["m (aligned)"]
    np.testing.assert_array_equal(shown(layer), movie[2])
    live._next = 0
    live.add(row(2, (2, -4)))
    np.testing.assert_array_equal(
        shown(layer), apply_drift(movie[2:3], [(2, -4)])[0].compute()
    )


def test_the_layer_comes_without_a_copy_or_a_look_at_the_movie(viewer, source, movie):
    reading = Reading(movie, lacking=2)
    live = LiveLayer(viewer, source, Movie(reading.lazy()), ApplyOptions())
    viewer.dims.set_current_step(0, 2)
    live.add(row(0, (0, 0)))
    assert not shown(viewer.layers["m (aligned)"]).any()
    assert set(reading.read) == {2}


def test_who_takes_long_to_show_is_asked_less_often(viewer, source, movie, monkeypatch):
    live = live_layer(viewer, source, movie)
    viewer.dims.set_current_step(0, 5)
    live.add(row(0, (0, 0)))
    looks = []

    def refresh(**_):
        looks.append(time.monotonic())
        time.sleep(0.05)

    monkeypatch.setattr(live.layer, "refresh", refresh)
    live._next = 0
    live.add(row(1, (1, 1)))
    assert live._next - looks[0] >= 0.05 * 10


def test_of_a_run_of_which_nothing_comes_nothing_stays(viewer, source, movie):
    live = live_layer(viewer, source, movie)
    live.add(row(0, (0, 0)))
    live.withdraw()
    assert list(viewer.layers) == [source]


def test_an_earlier_result_comes_back(viewer, source, movie):
    earlier = movie[:, 5:, 5:]
    table = DriftTable.from_shifts(np.zeros((6, 2)))
    made = {"drift": table, "options": {}}
    before = add_or_update(viewer, source, earlier, made, (0, 5, 5))
    live = live_layer(viewer, source, movie)
    live.add(row(0, (0, 0)))
    assert before.data.shape == movie.shape
    live.withdraw()
    assert before.data is earlier
    assert before.metadata["maskalign"] == made
    np.testing.assert_array_equal(before.translate, (0, 5, 5))


def test_a_layer_that_somebody_removes_stays_away(viewer, source, movie):
    live = live_layer(viewer, source, movie)
    live.add(row(0, (0, 0)))
    viewer.layers.remove("m (aligned)")
    live._next = 0
    live.add(row(1, (1, 1)))
    live.withdraw()
    assert list(viewer.layers) == [source]
