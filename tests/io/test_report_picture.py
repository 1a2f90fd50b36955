"""Kymographs and means, before and after."""

import numpy as np
import pytest

from maskalign import DriftTable, Movie
from maskalign.errors import DriftTableError
from maskalign.io.kymograph import Line, kymographs
from maskalign.io.report_picture import kymograph_figure, save_report_picture


@pytest.fixture(scope="module")
def drifting():
    """A scene of (60, 70) that moves by whole pixels, mostly along x."""
    scene = np.random.default_rng(0).normal(size=(80, 100)).astype(np.float32)
    path = np.array([(0, 0), (1, 3), (-1, 6), (2, 9), (0, 12)])
    frames = [scene[5 + y : 65 + y, 5 + x : 75 + x] for y, x in path]
    return np.stack(frames), DriftTable.from_shifts(path)


def test_a_line_that_was_aligned_stands_still(drifting):
    movie, table = drifting
    found = kymographs(Movie(movie), table)
    assert found.line.along == "x"
    known = np.isfinite(found.after)
    assert known.mean() > 0.8
    still = found.after[:, known.all(axis=0)]
    np.testing.assert_allclose(still, np.broadcast_to(still[0], still.shape))
    assert found.before.std(axis=0).min() > 0.1
    # A line, and one to each side.
    rows = movie[2, found.line.at - 1 : found.line.at + 2]
    np.testing.assert_allclose(found.before[2], rows.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.after[0], found.before[0])


def test_means_are_of_the_frames_before_and_after(drifting):
    movie, table = drifting
    images = kymographs(Movie(movie), table).images
    np.testing.assert_allclose(images.before, movie.mean(axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(images.after[2:-2, 12:], movie[0, 2:-2, 12:], rtol=1e-5)


def test_the_line_lies_along_more_drift_or_where_it_is_asked(drifting):
    movie, table = drifting
    turned = Movie(movie.transpose(0, 2, 1))
    other = DriftTable.from_shifts(table.shifts[:, ::-1])
    found = kymographs(turned, other)
    same = kymographs(Movie(movie), table)
    assert found.line == Line("y", same.line.at)
    np.testing.assert_allclose(found.after, same.after)
    asked = kymographs(Movie(movie), table, line=Line("y", 40))
    assert asked.line == Line("y", 40)
    assert asked.before.shape == (5, 60)


def test_what_is_masked_is_neither_chosen_nor_shown_as_aligned(drifting):
    movie, table = drifting
    movie = movie.copy()
    movie[:, 20:30] = 100 * np.random.default_rng(1).normal(size=(10, 70))
    mask = np.ones(movie.shape[1:], bool)
    mask[20:30] = False
    assert 18 <= kymographs(Movie(movie), table).line.at <= 31
    found = kymographs(Movie(movie), table, mask=mask)
    assert not 19 <= found.line.at <= 30
    assert np.nanmax(abs(found.images.after)) < 10


def test_volumes_channels_and_axes_in_any_order(drifting):
    movie, table = drifting
    stack = np.stack([movie - 9, movie], axis=1)[:, :, np.newaxis]
    stack = np.stack([stack, stack - 5], axis=3)
    source = Movie(
        np.moveaxis(stack[:, :, 0], 0, -1), "CZYXT", channels=("dark", "light")
    )
    plain = kymographs(Movie(movie), table)
    found = kymographs(source, table, channel="light")
    assert found.line == plain.line
    np.testing.assert_allclose(found.after, plain.after, rtol=1e-5)
    first = kymographs(source, table)
    np.testing.assert_allclose(first.before, plain.before - 9, rtol=1e-4)
    with pytest.raises(ValueError, match="channels 0 to 1"):
        kymographs(source, table, channel=2)
    with pytest.raises(DriftTableError, match="frames"):
        kymographs(source, DriftTable.from_shifts(table.shifts[:-1]))


def test_of_a_long_movie_some_frames_are_drawn():
    movie = np.zeros((1000, 8, 8), np.uint8)
    movie[:, 4, 4] = 1
    found = kymographs(Movie(movie), DriftTable.from_shifts(np.zeros((1000, 2))))
    assert len(found.frames) == 400
    assert found.frames[[0, -1]].tolist() == [0, 999]


def test_the_picture_shows_both_and_marks_frames_that_are_not_good(drifting):
    movie, table = drifting
    bad = table.exclude(3)
    figure = kymograph_figure(kymographs(Movie(movie), bad), bad, title="Cells")
    top, bottom = figure.subfigs
    assert figure.get_suptitle() == "Cells"
    titles = [ax.get_title(loc="left") for ax in bottom.axes]
    assert [title.split(", ")[1] for title in titles] == ["as recorded", "aligned"]
    (marks,) = bottom.axes[1].lines
    assert marks.get_ydata().tolist() == [3]
    at = kymographs(Movie(movie), bad).line.at
    for ax in top.axes[:2]:
        assert any(list(line.get_ydata()) == [at, at] for line in ax.lines)
    good = kymograph_figure(kymographs(Movie(movie), table), table)
    assert not good.subfigs[1].axes[0].lines
    # Frame 0 on top, each as high as the next.
    assert bottom.axes[0].get_ylim() == (4.5, -0.5)


def test_it_is_written_whole_or_not_at_all(drifting, tmp_path):
    movie, table = Movie(drifting[0]), drifting[1]
    path = tmp_path / "report.png"
    save_report_picture(path, movie, table)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(FileExistsError, match="exists"):
        save_report_picture(path, movie, table)
    save_report_picture(path, movie, table, overwrite=True, title="Again")
    with pytest.raises(ValueError, match="suffix"):
        save_report_picture(tmp_path / "report.csv", movie, table)
    assert [p.name for p in tmp_path.iterdir()] == ["report.png"]
