import numpy as np
import pytest

from maskalign import (
    Colocalization,
    CostesThreshold,
    JointHistogram,
    joint_histogram,
)
from maskalign.io.joint_plot import (
    colocalization_figure,
    joint_histogram_figure,
    save_joint_histogram_plot,
)


@pytest.fixture
def histogram():
    a, b = np.random.default_rng(0).normal(100, 10, (2, 40, 40))
    return joint_histogram(a, a + b, bins=20)


def panel(figure, x, y):
    """Return the axes with these labels."""
    (ax,) = (ax for ax in figure.axes if (ax.get_xlabel(), ax.get_ylabel()) == (x, y))
    return ax


def test_counts_are_drawn_with_the_reference_to_the_right(histogram):
    figure = joint_histogram_figure(histogram, names=("red", "green"), title="Two")
    ax = panel(figure, "red", "green")
    (mesh,) = ax.collections
    drawn = mesh.get_array().reshape(20, 20)
    np.testing.assert_array_equal(drawn.filled(0), histogram.counts.T)
    assert mesh.norm.vmax == histogram.counts.max()
    x, y = histogram.reference_edges, histogram.moving_edges
    assert (*ax.get_xlim(), *ax.get_ylim()) == (x[0], x[-1], y[0], y[-1])
    assert figure.get_suptitle() == "Two"


def test_the_histograms_of_both_images_stand_beside_it(histogram):
    figure = joint_histogram_figure(histogram)
    above, beside = (
        next(p for p in ax.patches if hasattr(p, "get_data")).get_data()
        for ax in (figure.axes[0], figure.axes[3])
    )
    np.testing.assert_array_equal(above.values, histogram.counts.sum(axis=1))
    np.testing.assert_array_equal(beside.values, histogram.counts.sum(axis=0))
    np.testing.assert_array_equal(beside.edges, histogram.moving_edges)


def test_thresholds_are_marked_where_there_are_any(histogram):
    # The values of the two have no range in common, so there is no line for that.
    ax = panel(joint_histogram_figure(histogram), "reference", "moving")
    assert len(ax.lines) == 0
    marks = CostesThreshold(100, 200, 1.5, 50)
    ax = panel(
        joint_histogram_figure(histogram, threshold=marks), "reference", "moving"
    )
    line, upright, level = ax.lines
    x, y = line.get_data()
    np.testing.assert_allclose(y, 1.5 * np.asarray(x) + 50)
    assert list(upright.get_xdata()) == [100, 100]
    assert list(level.get_ydata()) == [200, 200]
    nothing = CostesThreshold(np.nan, np.nan, -1, 0)
    ax = panel(
        joint_histogram_figure(histogram, threshold=nothing), "reference", "moving"
    )
    assert len(ax.lines) == 0


def test_equal_values_lie_on_the_dashed_line():
    edges = np.arange(0.0, 5), np.arange(2.0, 9)
    figure = joint_histogram_figure(JointHistogram(np.ones((4, 6), int), *edges))
    (line,) = panel(figure, "reference", "moving").lines
    assert line.get_linestyle() == "--"
    assert [list(ends) for ends in line.get_data()] == [[2, 4], [2, 4]]


@pytest.mark.parametrize("image", [[[1, 1], [1, 1]], [[0, 1], [2, 3]]])
def test_next_to_nothing_can_be_drawn(image, tmp_path):
    found = joint_histogram(image, image, bins=4)
    save_joint_histogram_plot(tmp_path / "p.png", found)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_files_are_not_replaced_unless_told(histogram, tmp_path):
    path = tmp_path / "joint.svg"
    save_joint_histogram_plot(path, histogram)
    with pytest.raises(FileExistsError, match="overwrite"):
        save_joint_histogram_plot(path, histogram)
    before = path.read_bytes()
    save_joint_histogram_plot(path, histogram, title="Again", overwrite=True)
    assert path.read_bytes() != before
    with pytest.raises(ValueError, match="suffix"):
        save_joint_histogram_plot(tmp_path / "joint.doc", histogram)
    with pytest.raises(FileNotFoundError, match="no folder"):
        save_joint_histogram_plot(tmp_path / "no" / "joint.png", histogram)


@pytest.mark.parametrize("center", [3.0, np.nan])
def test_ncc_against_distance(center):
    distance = np.arange(6.0)
    found = Colocalization(
        distance, distance / 10, np.full(6, 0.1), 1e-9, center, 1.0, 0.4
    )
    (ax,) = colocalization_figure(found, unit="µm").axes
    curve, *marks = ax.lines
    np.testing.assert_array_equal(curve.get_ydata(), found.ncc)
    assert [list(mark.get_xdata()) for mark in marks] == (
        [[3, 3]] if np.isfinite(center) else []
    )
    assert ax.get_xlabel() == "distance (µm)"
    (band,) = ax.collections
    assert band.get_datalim(ax.transData).bounds[1::2] == pytest.approx((-0.2, 0.4))
