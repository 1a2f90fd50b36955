import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign import DriftTable, DriftTableError

NAN = float("nan")
few = settings(max_examples=25, deadline=None)


def table_of(seed, n=6, ndim=2, **fields):
    """Return a table with numbers, statuses and errors of all kinds."""
    rng = np.random.default_rng(seed)
    words = ["ok", "manual", "unsure"]
    return DriftTable(
        rng.normal(scale=9, size=(n, ndim)),
        ncc=rng.random(n),
        shift_std=rng.random((n, ndim)),
        status=np.where(np.arange(n) == 0, "ok", rng.choice(words, n)),
        reference_frame=rng.integers(-1, n, n),
        map_median=rng.random(n),
        map_share=rng.random(n),
        **fields,
    )


seeds = st.integers(0, 1000)


@few
@given(seeds, seeds, seeds)
def test_moving_by_one_table_after_another(a, b, c):
    a, b, c = table_of(a), table_of(b), table_of(c)
    np.testing.assert_allclose(
        a.compose(b).compose(c).shifts, a.compose(b.compose(c)).shifts, atol=1e-9
    )
    np.testing.assert_allclose(a.compose(a.inverse()).shifts, 0, atol=1e-12)
    np.testing.assert_array_equal(
        a.compose(b).inverse().shifts, b.inverse().compose(a.inverse()).shifts
    )
    np.testing.assert_allclose(
        np.square(a.compose(b).shift_std), a.shift_std**2 + b.shift_std**2
    )
    # Good only where both are.
    np.testing.assert_array_equal(a.compose(b).ok, a.ok & b.ok)
    assert np.isnan(a.compose(b).ncc).all()


def test_what_a_map_says_goes_with_the_frames_and_not_with_other_shifts():
    table, other = table_of(1), table_of(2, n=4)
    for name in ("map_median", "map_share"):
        column = getattr(table, name)
        for same in (table.inverse(), table.relative_to(0), table.repaired()):
            np.testing.assert_array_equal(getattr(same, name), column)
        for moved in (table.compose(table), table.smoothed(), table.jitter()):
            assert np.isnan(getattr(moved, name)).all()
        np.testing.assert_array_equal(
            getattr(table.then(other, relative_to=None), name),
            [*column, *getattr(other, name)],
        )
        np.testing.assert_array_equal(
            getattr(table.resampled([0, 0.5, 3]), name), [column[0], NAN, column[3]]
        )


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("ok", "ok", "ok"),
        ("ok", "manual", "manual"),
        ("manual", "ok", "manual"),
        ("manual", "blank", "blank"),
        ("unsure", "ok", "unsure"),
        ("unsure", "blank", "unsure"),
    ],
)
def test_of_two_statuses_the_worse_goes_for_both(one, other, both):
    first, second = (DriftTable([(1, 1)], status=[word]) for word in (one, other))
    assert first.compose(second).status.tolist() == [both]


def test_what_is_known_of_one_table_goes_for_both():
    first = table_of(0, scale=(0.2, 0.2), options={"max_shift": 5, "channel": 1})
    second = table_of(1, units=("µm", "µm"), options={"max_shift": 9, "channel": 1})
    both = first.compose(second)
    assert (both.scale, both.units) == ((0.2, 0.2), ("µm", "µm"))
    assert dict(both.options) == {"channel": 1}


@few
@given(seeds, st.integers(0, 5), st.integers(0, 5))
def test_all_is_relative_to_the_frame_that_is_asked_for(seed, frame, other):
    table = table_of(seed)
    moved = table.relative_to(frame)
    assert not moved.shifts[frame].any()
    assert not moved.shift_std[frame].any()
    np.testing.assert_allclose(
        np.diff(moved.shifts, axis=0), np.diff(table.shifts, axis=0), atol=1e-12
    )
    np.testing.assert_allclose(
        moved.relative_to(other).shifts, table.relative_to(other).shifts, atol=1e-12
    )
    assert moved.status.tolist() == table.status.tolist()


# Pieces ------------------------------------------------------------------------------


@few
@given(seeds, st.integers(1, 7), st.integers(0, 3))
def test_a_movie_cut_in_two_becomes_one_again(seed, cut, shared):
    whole = table_of(seed, 8)
    first = DriftTable.from_shifts(whole.shifts[:cut])
    shared = min(shared, cut)
    origin = cut - shared if shared else cut - 1
    rest = whole.shifts[cut - shared :] - whole.shifts[origin]
    joined = first.then(DriftTable.from_shifts(rest), relative_to=origin, shared=shared)
    np.testing.assert_allclose(joined.shifts, whole.shifts, atol=1e-9)


def test_pieces_over_the_same_image_only_follow_each_other():
    first, second = table_of(0), table_of(1)
    both = first.then(second, relative_to=None)
    for name in ("shifts", "ncc", "shift_std", "status"):
        columns = [getattr(t, name) for t in (first, second)]
        np.testing.assert_array_equal(getattr(both, name), np.concatenate(columns))


def test_what_the_second_piece_refers_to_is_counted_on():
    first = DriftTable.from_shifts(np.zeros((4, 2)), reference_frame=[0] * 4)
    second = DriftTable.from_shifts(np.zeros((3, 2)), reference_frame=[0, 0, -1])
    assert first.then(second).reference_frame.tolist() == [0, 0, 0, 0, 4, 4, -1]
    shared = first.then(second, shared=1)
    assert shared.reference_frame.tolist() == [0, 0, 0, 0, 3, -1]


def test_errors_of_the_link_are_in_all_that_hangs_on_it():
    first = DriftTable([(0, 0), (1, 1)], shift_std=[(0, 0), (3, 0)])
    second = DriftTable([(0, 0), (1, 1)], shift_std=[(0, 0), (4, 1)])
    np.testing.assert_array_equal(first.then(second).shift_std[2:], [(3, 0), (5, 1)])


# Other times -------------------------------------------------------------------------


@few
@given(seeds, st.integers(1, 5))
def test_every_nth_frame_of_a_table_read_at_all_frames_comes_back(seed, every):
    table = table_of(seed).repaired()
    dense = table.resampled(np.arange(6 * every) / every)
    assert len(dense) == 6 * every
    np.testing.assert_allclose(dense.shifts[::every], table.shifts, atol=1e-12)
    again = dense.resampled(np.arange(0, 6 * every, every))
    figures = {"reference_frame": -1 * np.ones(6)}
    assert again == table.replace(shifts=again.shifts, **figures)


def test_between_two_rows_it_is_their_weighted_mean_and_has_no_figures():
    table = DriftTable(
        [(0, 0), (4, -8), (NAN, NAN), (0, 4)],
        ncc=[1, 0.9, NAN, 0.8],
        shift_std=np.full((4, 2), 0.1),
        status=["ok", "manual", "blank", "ok"],
    )
    read = table.resampled([-3, 0.25, 1, 1.5, 2, 9])
    np.testing.assert_allclose(
        read.shifts, [(0, 0), (1, -2), (4, -8), (3, -5), (2, -2), (0, 4)]
    )
    assert read.status.tolist() == ["ok", "manual", "manual", "blank", "blank", "ok"]
    np.testing.assert_array_equal(read.ncc, [NAN, NAN, 0.9, NAN, NAN, NAN])
    assert np.isfinite(read.shift_std).all(axis=1).tolist() == [0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.compose(table_of(0, 5)), DriftTableError, "6 rows, the other 5"),
        (lambda t: t.compose(table_of(0, ndim=3)), DriftTableError, "along yx.*zyx"),
        (
            lambda t: t.replace(scale=(1, 2)).compose(t.replace(scale=(1, 3))),
            DriftTableError,
            r"differ in scale: \(1, 2\) and \(1, 3\)",
        ),
        (lambda t: t.compose(t.shifts), TypeError, "DriftTable, got ndarray"),
        (lambda t: t.relative_to(6), DriftTableError, "no frame 6"),
        (lambda t: t.relative_to("first"), TypeError, "whole number"),
        (lambda t: t.then(t, shared=7), DriftTableError, "shared=7 .* table of 6 rows"),
        (lambda t: t.then(t, shared=-1), DriftTableError, "shared=-1"),
        (lambda t: t.then(t, shared=True), TypeError, "shared counts frames"),
        (lambda t: t.then(t, relative_to=9), DriftTableError, "no frame 9"),
        (lambda t: t.resampled(3), TypeError, "list of frames"),
        (lambda t: t.resampled([0, NAN]), DriftTableError, "not finite"),
    ],
)
def test_tables_that_do_not_fit_say_why(change, error, words):
    with pytest.raises(error, match=words):
        change(table_of(2))


def test_nothing_can_be_relative_to_a_frame_without_a_shift():
    table = DriftTable.from_shifts([(0, 0), (NAN, NAN)])
    with pytest.raises(DriftTableError, match=r"Frame 1 \(unknown\) has no shift"):
        table.relative_to(1)
    with pytest.raises(DriftTableError, match="has no shift"):
        table.then(table)


def test_pixels_that_differ_by_rounding_are_the_same():
    first = table_of(0, scale=(0.2, 0.2))
    assert first.compose(table_of(1, scale=(0.2000001, 0.2))).scale == (0.2, 0.2)
