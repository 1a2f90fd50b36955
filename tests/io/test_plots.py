import subprocess
import sys

import numpy as np
import pytest

from maskalign import DriftTable
from maskalign.io.plots import BeforeAfter, drift_figure, save_drift_plot


@pytest.fixture
def table():
    """Five frames, (y, x), in µm; frame 2 has no number and frame 3 a doubtful one."""
    return DriftTable(
        [(0, 0), (1, -2), (np.nan, np.nan), (9, 9), (3, -4)],
        ncc=[1, 0.9, np.nan, 0.1, 0.8],
        shift_std=np.full((5, 2), 0.5),
        status=["ok", "ok", "blank", "unsure", "ok"],
        reference_frame=[0] * 5,
        scale=(0.25, 0.25),
        units=("µm", "µm"),
    )


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    mask = np.ones((30, 50), bool)
    mask[:, :5] = False
    after = rng.random((30, 50))
    after[0] = np.nan
    return BeforeAfter(rng.random((30, 50)), after, mask)


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def panels(figure):
    """Return the axes of a figure by the label of their y axis."""
    return {ax.get_ylabel(): ax for ax in figure.axes}


def test_what_is_drawn_is_the_drift(table):
    drawn = lines(panels(drift_figure(table))["drift (pixels)"])
    np.testing.assert_array_equal(drawn["y"].get_ydata(), [0, -1, np.nan, np.nan, -3])
    np.testing.assert_array_equal(drawn["x"].get_ydata(), [0, 2, np.nan, np.nan, 4])


def test_doubtful_frames_are_marked_with_their_status(table):
    ax = panels(drift_figure(table))["drift (pixels)"]
    drawn = lines(ax)
    assert drawn["unsure"].get_xdata().tolist() == [3, 3]
    assert drawn["unsure"].get_ydata().tolist() == [-9, -9]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["x", "y", "blank", "unsure"]
    assert drawn["blank"].get_marker() != drawn["unsure"].get_marker()


def test_a_frame_without_a_number_is_not_drawn_at_one(table):
    ax = panels(drift_figure(table))["drift (pixels)"]
    (foot,) = [
        line
        for line in ax.get_lines()
        if line.get_transform() == ax.get_xaxis_transform() and len(line.get_xdata())
    ]
    assert foot.get_xdata().tolist() == [2]
    assert np.isnan(lines(ax)["blank"].get_ydata()).all()


def test_a_frame_that_a_person_has_set_is_in_the_line_and_marked(table):
    by_hand = table.accept(3)
    ax = panels(drift_figure(by_hand))["drift (pixels)"]
    drawn = lines(ax)
    np.testing.assert_array_equal(drawn["y"].get_ydata(), [0, -1, np.nan, -9, -3])
    assert drawn["manual"].get_xdata().tolist() == [3, 3]
    assert drawn["manual"].get_ydata().tolist() == [-9, -9]
    # Not shaded, as frame 2 is.
    assert [patch.get_x() for patch in ax.patches] == [1.5]
    assert ax.get_title(loc="left").endswith("3 of 5 frames ok, 1 manual (1 blank)")


def test_a_wrong_number_far_away_does_not_squeeze_the_drift(table):
    shifts = table.shifts.copy()
    shifts[3] = (900, -2)
    ax = panels(drift_figure(table.replace(shifts=shifts)))["drift (pixels)"]
    low, high = ax.get_ylim()
    assert -20 < low < high < 20
    unsure, foot = (line for line in ax.get_lines() if line.get_marker() == "D")
    np.testing.assert_array_equal(unsure.get_ydata(), [np.nan, 2])
    assert foot.get_xdata().tolist() == [3]
    assert foot.get_transform() == ax.get_xaxis_transform()


def test_the_band_is_one_standard_error_to_each_side(table):
    ax = panels(drift_figure(table))["drift (pixels)"]
    heights = [c.get_datalim(ax.transData).height for c in ax.collections]
    # y goes from 0 to -3, x from 0 to 4.
    assert sorted(heights) == pytest.approx([4, 5])


def test_a_second_axis_is_in_units(table):
    figure = drift_figure(table)
    ax = panels(figure)["drift (pixels)"]
    (right,) = ax.child_axes
    assert right.get_ylabel() == "drift (µm)"
    figure.canvas.draw()
    np.testing.assert_allclose(right.get_ylim(), np.multiply(ax.get_ylim(), 0.25))


def test_where_pixels_differ_the_legend_says_their_size(table):
    uneven = table.replace(scale=(2.0, 0.25))
    ax = panels(drift_figure(uneven))["drift (pixels)"]
    assert ax.child_axes == []
    assert {"y (1 px = 2 µm)", "x (1 px = 0.25 µm)"} <= set(lines(ax))


def test_pixels_of_unknown_size_have_no_second_axis(table):
    unknown = table.replace(scale=(1.0, 1.0), units=("pixel", "pixel"))
    ax = panels(drift_figure(unknown))["drift (pixels)"]
    assert ax.child_axes == []
    assert {"x", "y"} <= set(lines(ax))


def test_the_numbers_stand_above(table):
    ax = panels(drift_figure(table))["drift (pixels)"]
    assert ax.get_title(loc="left") == (
        "largest drift 5.0 px (frame 4), mean ncc 0.85, "
        "3 of 5 frames ok (1 blank, 1 unsure)"
    )


def test_ncc_is_drawn_where_it_is_known(table):
    (line,) = panels(drift_figure(table))["ncc"].get_lines()
    np.testing.assert_array_equal(line.get_ydata(), [1, 0.9, np.nan, np.nan, 0.8])
    plain = DriftTable.from_shifts(np.zeros((3, 2)))
    assert "ncc" not in panels(drift_figure(plain))


def test_the_residual_is_drawn_where_it_is_known(table):
    assert "residual\n(pixels)" not in panels(drift_figure(table))
    closed = table.replace(residual=[np.nan, 0.1, np.nan, 5, 0.2])
    ax = panels(drift_figure(closed))["residual\n(pixels)"]
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_ydata(), [np.nan, 0.1, *[np.nan] * 2, 0.2])
    assert ax.get_ylim()[0] == 0
    assert "ncc" in panels(drift_figure(closed))


def test_what_the_maps_say_is_drawn_where_it_is_known(table):
    assert "ncc map" not in panels(drift_figure(table))
    known = table.replace(
        map_median=[1, 0.25, np.nan, 5, -0.5],
        map_share=[1, 0.5, np.nan, 5, 0],
        options={"map_above": 0.75},
    )
    figure = drift_figure(known)
    ax = panels(figure)["ncc map"]
    median, share = ax.get_lines()
    np.testing.assert_array_equal(median.get_ydata(), [1, 0.25, *[np.nan] * 2, -0.5])
    np.testing.assert_array_equal(share.get_ydata(), [1, 0.5, *[np.nan] * 2, 0])
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said == ["median", "share above 0.75"]
    assert ax.get_ylim()[0] < -0.5
    title = panels(figure)["drift (pixels)"].get_title(loc="left")
    assert "mean ncc 0.85, map median -0.12, 3 of 5" in title


@pytest.mark.parametrize("n", [1, 1000])
def test_tables_of_any_length_and_any_axes(n):
    shifts = np.cumsum(np.ones((n, 3)), axis=0)
    drawn = lines(
        panels(drift_figure(DriftTable.from_shifts(shifts)))["drift (pixels)"]
    )
    for letter in "xyz":
        assert len(drawn[letter].get_ydata()) == n
    # A lone dot is seen, a thousand would run into a band.
    assert (drawn["x"].get_marker() == "o") == (n == 1)


def test_a_table_without_any_estimate():
    nothing = DriftTable.from_shifts(np.full((4, 2), np.nan))
    ax = panels(drift_figure(nothing))["drift (pixels)"]
    assert ax.get_title(loc="left") == "0 of 4 frames ok (4 unknown)"


def test_images_are_drawn_alike_and_the_mask_is_tinted(table, images):
    figure = drift_figure(table, images=images)
    shown = [ax for ax in figure.axes if ax.get_images()]
    assert [ax.get_title(loc="left") for ax in shown[:2]] == [
        "mean of all frames, as recorded",
        "mean of all frames, aligned",
    ]
    assert len({ax.get_images()[0].get_clim() for ax in shown}) == 1
    picture, tint = shown[0].get_images()
    np.testing.assert_array_equal(picture.get_array(), images.before)
    np.testing.assert_array_equal(tint.get_array()[..., 3] > 0, ~images.mask)
    # What has no value after alignment is not drawn as a value.
    assert shown[1].get_images()[0].get_array().mask[0].all()


@pytest.mark.parametrize(
    ("suffix", "magic"), [("png", b"\x89PNG"), ("PDF", b"%PDF"), ("svg", b"<?xml")]
)
def test_the_suffix_says_which_format(tmp_path, table, images, suffix, magic):
    path = tmp_path / f"drift.{suffix}"
    save_drift_plot(path, table, title="a movie", images=images)
    assert path.read_bytes().startswith(magic)


@pytest.mark.parametrize("name", ["drift.xyz", "drift"])
def test_an_unknown_suffix_is_refused(tmp_path, table, name):
    with pytest.raises(ValueError, match=r"use one of .*\.png"):
        save_drift_plot(tmp_path / name, table)


def test_a_file_that_exists_is_left_alone_unless_told(tmp_path, table):
    path = tmp_path / "drift.png"
    path.write_text("precious")
    with pytest.raises(FileExistsError, match=r"drift\.png exists"):
        save_drift_plot(path, table)
    assert path.read_text() == "precious"
    save_drift_plot(path, table, overwrite=True)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_missing_folder_is_named(tmp_path, table):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        save_drift_plot(tmp_path / "nowhere" / "drift.png", table)


def test_drawing_touches_nothing_that_others_draw_with(tmp_path):
    code = (
        "import sys, matplotlib; before = dict(matplotlib.rcParams.copy())\n"
        "from maskalign import DriftTable\n"
        "from maskalign.io.plots import save_drift_plot\n"
        f"save_drift_plot({str(tmp_path / 'd.png')!r},"
        " DriftTable.from_shifts([(0, 0), (1, 2)]))\n"
        "assert dict(matplotlib.rcParams.copy()) == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
