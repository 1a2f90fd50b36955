"""What the plot shows, without a window; and that Qt paints it."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskalign._napari.drift_plot import draw_drift, thinned
from maskalign._napari.drift_view import DriftView
from maskalign.model.drift_table import DriftTable

SIZE = (300.0, 220.0)


def table_of(shifts, **fields):
    return DriftTable.from_shifts(shifts, ncc=np.full(len(shifts), 0.9), **fields)


@given(n=st.integers(1, 500), width=st.integers(120, 900), data=st.data())
def test_a_click_on_a_frame_finds_it(n, width, data):
    frame = data.draw(st.integers(0, n - 1))
    plot = draw_drift(None, n, (width, 200))
    assert plot.frame_at(plot.x_of(frame)) == frame
    assert plot.frame_at(-1e6) == 0
    assert plot.frame_at(1e6) == n - 1


def test_larger_shifts_lie_higher_and_later_frames_further_right():
    plot = draw_drift(table_of([(0, 0), (1, -1), (5, -2)]), 3, SIZE)
    y, x = plot.panels[0].curves
    assert (np.diff(y.points[:, 0]) > 0).all()
    assert (np.diff(y.points[:, 1]) < 0).all()
    assert (np.diff(x.points[:, 1]) > 0).all()
    assert (y.name, x.name) == ("y", "x")


def test_ticks_say_where_values_are():
    plot = draw_drift(table_of([(0, 0), (10, -20)]), 2, SIZE)
    upper = plot.panels[0]
    places = {float(tick.text): tick.at for tick in upper.ticks}
    value, at = max(places.items())
    slope = (at - places[0.0]) / value
    y = upper.curves[0].points[1, 1]
    assert y == pytest.approx(places[0.0] + 10 * slope)
    assert upper.zero == pytest.approx(places[0.0])


def test_shifts_are_in_units_where_pixels_have_one():
    table = table_of([(0, 0), (3, 4)], scale=(0.5, 0.5), units=("µm", "µm"))
    in_units, in_pixels = (
        draw_drift(t, 2, SIZE).panels[0] for t in (table, table.replace(units=()))
    )
    assert in_units.title == "shift, µm"
    assert in_pixels.title == "shift, px"
    assert max(float(t.text) for t in in_units.ticks) <= 2
    assert max(float(t.text) for t in in_pixels.ticks) > 2


def test_axes_of_unlike_units_are_shown_in_pixels():
    table = table_of([(0, 0)], scale=(1, 1), units=("µm", "nm"))
    assert draw_drift(table, 1, SIZE).panels[0].title == "shift, px"


def test_bad_frames_are_marked_and_break_the_line():
    status = ["ok", "unsure", "ok", "blank"]
    shifts = [(0, 0), (500, 500), (2, 2), (np.nan, np.nan)]
    plot = draw_drift(table_of(shifts, status=status), 4, SIZE)
    assert [(m.frame, m.status) for m in plot.marks] == [(1, "unsure"), (3, "blank")]
    assert [m.x for m in plot.marks] == [plot.x_of(1), plot.x_of(3)]
    curve = plot.panels[0].curves[0]
    assert np.isfinite(curve.points).all(axis=1).tolist() == [True, False, True, False]
    assert np.isfinite(curve.doubtful).all(axis=1).tolist() == [0, 1, 0, 0]


def test_a_wild_guess_does_not_squeeze_what_is_known():
    """A doubtful number beyond the axis lies on its end; the axis is for the good."""
    good = [(0, 0), (1, 1), (2, 2)]
    calm = draw_drift(table_of(good), 3, SIZE).panels[0]
    wild = draw_drift(
        table_of([*good, (900, 900)], status=["ok"] * 3 + ["unsure"]), 4, SIZE
    ).panels[0]
    assert [t.text for t in wild.ticks] == [t.text for t in calm.ticks]
    assert wild.curves[0].doubtful[3, 1] == pytest.approx(wild.box.top)


def test_the_reference_is_not_compared_with_itself():
    table = table_of([(0, 0), (1, 1)], reference_frame=[0, 0])
    ncc = draw_drift(table, 2, SIZE).panels[1].curves[0].points
    assert np.isfinite(ncc[:, 1]).tolist() == [False, True]


def test_the_first_frames_leave_room_for_the_rest():
    plot = draw_drift(table_of([(0, 0), (1, 1)]), 11, SIZE)
    points = plot.panels[0].curves[0].points
    assert len(points) == 2
    assert points[1, 0] == plot.x_of(1)
    assert plot.x_of(10) == plot.box.right


@given(
    shifts=st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=30),
    size=st.tuples(st.integers(10, 800), st.integers(10, 600)),
)
def test_everything_good_lies_inside(shifts, size):
    plot = draw_drift(table_of([(s, -s) for s in shifts]), len(shifts), size)
    for panel in plot.panels:
        left, top, right, bottom = panel.box
        assert left < right
        assert top < bottom
        for curve in panel.curves:
            x, y = curve.points[np.isfinite(curve.points).all(axis=1)].T
            assert ((x >= left - 1e-6) & (x <= right + 1e-6)).all()
            assert ((y >= top - 1e-6) & (y <= bottom + 1e-6)).all()


# In a widget --------------------------------------------------------------------------


def test_a_click_asks_for_the_frame_below_it(qtbot):
    from qtpy.QtCore import QPoint, Qt

    view = DriftView()
    qtbot.addWidget(view)
    view.resize(300, 220)
    asked = []
    view.frame_chosen.connect(asked.append)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(100, 90))
    assert asked == []  # there is nothing to go to yet
    view.show_table(table_of([(t, -t) for t in range(9)]), 9)
    place = QPoint(round(view.plot.x_of(5)), 90)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)
    assert asked == [5]


def test_it_paints_what_it_is_given(qtbot):
    view = DriftView()
    qtbot.addWidget(view)
    view.resize(300, 220)

    def picture():
        grabbed = view.grab().toImage()
        return {
            grabbed.pixelColor(x, y).name()
            for x in range(grabbed.width())
            for y in range(grabbed.height())
        }

    empty = picture()
    status = ["ok"] * 4 + ["unsure"] + ["ok"] * 4
    view.show_table(table_of([(t, -t) for t in range(9)], status=status), 9)
    full = picture() - empty
    # The line of y, and the ring around the doubtful number.
    for colour in ("#3fa2dd", "#e69f00", "#22a884"):
        assert colour in full


def test_a_long_line_is_thinned_and_looks_the_same():
    rng = np.random.default_rng(1)
    x = np.linspace(10, 210, 20_001)
    points = np.column_stack([x, rng.normal(size=len(x))])
    kept = thinned(points)
    assert len(kept) <= 4 * 201
    for column in (10, 57, 209):
        of, kept_of = (p[np.floor(p[:, 0]) == column, 1] for p in (points, kept))
        assert (kept_of.min(), kept_of.max()) == (of.min(), of.max())
        assert (kept_of[0], kept_of[-1]) == (of[0], of[-1])


@pytest.mark.parametrize("n", [0, 1, 2, 400])
def test_a_line_of_few_points_stays_as_it_is(n):
    points = np.column_stack([np.linspace(10, 210, n), np.arange(n)])
    np.testing.assert_array_equal(thinned(points), points)


def test_thousands_of_frames_are_painted_at_once(qtbot):
    """A tenth of a second is what a hand feels; ten times that is what is allowed."""
    rng = np.random.default_rng(2)
    status = np.where(np.arange(20_000) % 3, "ok", "unsure")
    table = DriftTable.from_shifts(rng.normal(size=(20_000, 2)), status=status)
    view = DriftView()
    qtbot.addWidget(view)
    view.show_table(table, len(table))
    view.grab()
    began = time.perf_counter()
    for frame in (5, 500, 15_000):
        view.show_frame(frame)
        view.grab()
    assert time.perf_counter() - began < 3 * 1.0
