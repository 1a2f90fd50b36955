import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from maskalign import (
    AxesError,
    DriftTable,
    DriftTableError,
    apply_drift,
    canvas,
    move_points,
    move_shapes,
    move_tracks,
    move_vectors,
)

SHIFTS = np.array([(0, 0), (1.5, -2.25), (-3.0, 0.5), (0.0, 4.0)])
VOLUME = np.column_stack([[0, 0.5, -1, 2], SHIFTS])


@pytest.fixture
def points():
    """Ten points of each of four frames, TYX."""
    places = np.random.default_rng(0).uniform(5, 30, (40, 2))
    return np.column_stack([np.repeat(np.arange(4), 10), places])


# A point lies on what it lay on -----------------------------------------------------

whole = st.integers(-15, 15)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(whole, whole, whole), min_size=3, max_size=3),
    st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 11)),
    st.sampled_from(["same", "union"]),
)
def test_a_point_on_a_bright_pixel_stays_on_it(shifts, place, where):
    movie = np.zeros((3, 6, 10, 12), "u1")
    movie[(slice(None), *place)] = 9
    moved = move_points([(t, *place) for t in range(3)], shifts)
    aligned = np.asarray(apply_drift(movie, shifts, canvas=where))
    frame = canvas(movie.shape[1:], shifts, where)
    for t, at in zip(range(3), moved[:, 1:] - frame.origin, strict=True):
        inside = (at >= 0).all() and (at < frame.shape).all()
        assert inside or where == "same"
        expected = [at.tolist()] if inside else []
        assert np.argwhere(aligned[t]).tolist() == expected


@pytest.mark.parametrize("kind", ["linear", "cubic", "fourier"])
@pytest.mark.parametrize("where", ["same", "union", "intersection"])
def test_a_point_in_a_spot_stays_in_its_middle(kind, where):
    y, x = np.mgrid[:40, :44]
    places = np.array([(t, 18.3 + t, 22.6 - t) for t in range(4)])
    movie = np.exp([-((y - p) ** 2 + (x - q) ** 2) / 8 for _, p, q in places])
    aligned = np.asarray(apply_drift(movie, SHIFTS, canvas=where, interpolation=kind))
    frame = canvas((40, 44), SHIFTS, where, interpolation=kind)
    moved = move_points(places, SHIFTS)
    for t in range(4):
        middle = ndimage.center_of_mass(aligned[t])
        np.testing.assert_allclose(moved[t, 1:] - frame.origin, middle, atol=0.01)


def test_labels_moved_by_whole_pixels_are_half_a_pixel_away_at_most(points):
    rounded = DriftTable.from_shifts(np.floor(SHIFTS + 0.5))
    exact, whole = move_points(points, SHIFTS), move_points(points, rounded)
    assert 0.4 < abs(exact - whole).max() <= 0.5


# Exact, forth and back --------------------------------------------------------------


def test_each_point_moves_with_its_frame_and_nothing_is_rounded(points):
    moved = move_points(points, SHIFTS)
    assert moved.dtype == np.float64
    np.testing.assert_array_equal(moved[:, 0], points[:, 0])
    for t, shift in enumerate(SHIFTS):
        own = points[:, 0] == t
        np.testing.assert_array_equal(moved[own, 1:], points[own, 1:] + shift)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-1e4, 1e4)] * 2), min_size=4, max_size=4))
def test_back_is_the_way_back(shifts):
    there = np.column_stack(
        [[3, 0, 1, 2, 2], np.random.default_rng(0).normal(size=(5, 2)) * 100]
    )
    back = move_points(move_points(there, shifts), shifts, inverse=True)
    np.testing.assert_allclose(back, there, atol=1e-9)
    table = DriftTable.from_shifts(shifts)
    np.testing.assert_array_equal(
        move_points(there, table, inverse=True), move_points(there, table.inverse())
    )


def test_whole_numbers_become_fractions_and_the_input_stays():
    points = np.array([(1, 10, 20)])
    points.flags.writeable = False
    np.testing.assert_array_equal(move_points(points, SHIFTS), [(1, 11.5, 17.75)])
    assert points.tolist() == [[1, 10, 20]]


@pytest.mark.parametrize("axes", ["ZTYX", "TCZYX", "XYZT", "cztyx"])
def test_columns_may_be_in_any_order(axes):
    letters = axes.upper()
    table = np.random.default_rng(0).uniform(0, 3.4, (20, 5))
    columns = dict(zip("TCZYX", table.T, strict=True))
    expected = dict(columns)
    for letter, shift in zip("ZYX", VOLUME.T, strict=True):
        frames = np.round(columns["T"]).astype(int)
        expected[letter] = columns[letter] + shift[frames]
    found = move_points(
        np.column_stack([columns[a] for a in letters]), VOLUME, axes=axes
    )
    np.testing.assert_array_equal(
        found, np.column_stack([expected[a] for a in letters])
    )


def test_a_table_without_z_leaves_z_alone(points):
    deep = np.insert(points, 1, 7.5, axis=1)
    moved = move_points(deep, SHIFTS)
    np.testing.assert_array_equal(moved[:, 1], 7.5)
    np.testing.assert_array_equal(np.delete(moved, 1, 1), move_points(points, SHIFTS))


def test_a_time_between_frames_belongs_to_the_nearer_one():
    times = [-0.5, 0.49, 0.5, 1.2, 2.5, 3.49]
    moved = move_points([(t, 0, 0) for t in times], SHIFTS)
    np.testing.assert_array_equal(moved[:, 0], times)
    np.testing.assert_array_equal(moved[:, 1:], SHIFTS[[0, 0, 1, 1, 3, 3]])


# Tracks, shapes, vectors ------------------------------------------------------------


def test_tracks_are_points_with_a_number(points):
    numbers = np.arange(40) % 10
    moved = move_tracks(np.column_stack([numbers, points]), SHIFTS)
    np.testing.assert_array_equal(moved[:, 0], numbers)
    np.testing.assert_array_equal(moved[:, 1:], move_points(points, SHIFTS))
    deep = np.insert(points, 1, 7.5, axis=1)
    moved = move_tracks(np.column_stack([numbers, deep]), VOLUME, inverse=True)
    np.testing.assert_array_equal(moved[:, 1:], move_points(deep, VOLUME, inverse=True))


def test_a_track_that_follows_the_drift_stands_still_when_moved():
    track = np.column_stack([np.full(4, 5), np.arange(4), 20 - SHIFTS])
    assert (move_tracks(track, SHIFTS)[:, 2:] == 20).all()


def test_shapes_move_as_their_vertices(points):
    shapes = [points[:3], points[3:4], points[12:20]]
    moved = move_shapes(shapes, SHIFTS, axes="TYX", inverse=True)
    assert isinstance(moved, list)
    for shape, found in zip(shapes, moved, strict=True):
        expected = move_points(shape, SHIFTS, inverse=True)
        np.testing.assert_array_equal(found, expected)
    assert move_shapes([], SHIFTS) == []


def test_vectors_start_elsewhere_and_point_where_they_did(points):
    directions = np.random.default_rng(1).normal(size=points.shape)
    vectors = np.stack([points, directions], axis=1)
    moved = move_vectors(vectors, SHIFTS)
    np.testing.assert_array_equal(moved[:, 0], move_points(points, SHIFTS))
    np.testing.assert_array_equal(moved[:, 1], directions)
    back = move_vectors(moved, SHIFTS, inverse=True)
    np.testing.assert_allclose(back, vectors, atol=1e-12)


@pytest.mark.parametrize(
    ("move", "shape"),
    [(move_points, (0, 3)), (move_tracks, (0, 5)), (move_vectors, (0, 2, 4))],
)
def test_nothing_moved_is_nothing(move, shape):
    assert move(np.empty(shape), SHIFTS).shape == shape


# What does not fit ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "change", "error", "words"),
    [
        ([(0, 1)], {}, AxesError, "no column for the time.*number of the frame"),
        ([(0, 1, 2)], {"axes": "ZYX"}, AxesError, "no column for the time"),
        ([(0, 1)], {"axes": "TX"}, AxesError, "needs both Y and X"),
        ([(0, 1, 2)], {"axes": "TZYX"}, AxesError, "names 4 columns; points has 3"),
        ([(0, 0, 1, 2, 3)], {}, AxesError, "5 columns: name them.*'TCZYX'"),
        ([(4, 0, 0), (1, 0, 0)], {}, DriftTableError, "1 of 2.*0 to 3.*times 4"),
        ([(-0.6, 0, 0)], {}, DriftTableError, "-0.6"),
        ([(np.nan, 0, 0)], {}, DriftTableError, "nan"),
        ([(1e300, 0, 0)], {}, DriftTableError, "1e[+]300"),
        ([(t + 9, 0, 0) for t in range(9)], {}, DriftTableError, r"16 \.\.\.\. Times"),
        ([(0, 1, 2)], {"drift": VOLUME}, DriftTableError, "columns TYX;.*along zyx"),
        ([(0, 1, 2)], {"drift": SHIFTS * np.nan}, DriftTableError, "repaired"),
        ([(0, 1, 2j)], {}, TypeError, "complex128"),
        ([("a", "b", "c")], {}, TypeError, "U1"),
        ([0, 1, 2], {}, ValueError, r"\(3,\).*\(N, D\)"),
    ],
)
def test_what_does_not_fit_is_named(points, change, error, words):
    given = {"drift": SHIFTS} | change
    with pytest.raises(error, match=words):
        move_points(points, **given)


def test_shapes_and_vectors_that_are_none_are_refused():
    with pytest.raises(ValueError, match="3 and 4 columns"):
        move_shapes([np.zeros((3, 3)), np.zeros((3, 4))], SHIFTS)
    with pytest.raises(ValueError, match="start and its direction"):
        move_vectors(np.zeros((4, 3, 3)), SHIFTS)
    with pytest.raises(ValueError, match=r"\(N, 2, D\)"):
        move_vectors(np.zeros((4, 3)), SHIFTS)
    with pytest.raises(DriftTableError, match="vectors: 1 of 1"):
        move_vectors([[(9, 0, 0), (0, 1, 1)]], SHIFTS)
