"""Synthetic movies: what is said of them is true."""

import warnings

import numpy as np
import pytest

from maskalign import StaticStructureWarning
from maskalign.data.synthetic import cells, diffraction
from maskalign.pipeline.estimate import estimate_drift

MAKERS = [diffraction, cells]


@pytest.fixture(scope="module", params=MAKERS, ids=lambda maker: maker.__name__)
def sample(request):
    return request.param()


def test_all_parts_fit_together(sample):
    n_frames, height, width = sample.movie.shape
    assert sample.movie.axes == "TYX"
    assert sample.movie.dtype == np.uint16
    assert sample.mask.dtype == bool
    assert sample.mask.shape == (height, width) == (256, 256)
    assert sample.shifts.shape == (n_frames, 2)
    assert sample.shifts.dtype == np.float64
    assert "known exactly" in sample.story


def test_the_path_starts_at_zero_and_is_not_whole_numbered(sample):
    assert not sample.shifts[0].any()
    fractions = sample.shifts[1:] % 1
    assert np.abs(fractions - 0.5).min() < 0.2
    assert len(np.unique(sample.shifts, axis=0)) == len(sample.shifts)


@pytest.mark.parametrize(("maker", "farthest"), [(diffraction, 6), (cells, 15)])
def test_the_path_goes_as_far_as_is_said(maker, farthest):
    reach = np.linalg.norm(maker(n_frames=4).shifts, axis=1).max()
    assert reach == pytest.approx(farthest)


@pytest.mark.parametrize("maker", MAKERS)
def test_a_seed_is_a_movie(maker):
    first, same, other = (maker(n_frames=2, size=64, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.movie.data, same.movie.data)
    np.testing.assert_array_equal(first.shifts, same.shifts)
    np.testing.assert_array_equal(first.mask, same.mask)
    assert (first.movie.data != other.movie.data).any()
    assert (first.shifts != other.shifts).any()


@pytest.mark.parametrize("maker", MAKERS)
def test_sizes_are_those_asked_for(maker):
    sample = maker(n_frames=1, size=100)
    assert sample.movie.shape == (1, 100, 100)
    assert sample.mask.shape == (100, 100)
    assert 0.8 < sample.mask.mean() < 1


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("wrong", [{"n_frames": 0}, {"size": 63}])
def test_sizes_that_cannot_be_are_refused(maker, wrong):
    with pytest.raises(
        ValueError, match=next(iter(wrong)).replace("n_frames", "frame")
    ):
        maker(**wrong)


def test_pixels_are_counts_with_the_noise_of_counting():
    """Fourth differences leave no more of a smooth pattern than 36 times its noise."""
    frame = diffraction(n_frames=1).movie.data[0].astype(float)
    rough = np.diff(np.diff(frame, 2, axis=0), 2, axis=1)
    far_from_the_stop = (slice(100), slice(100))
    noise = rough[far_from_the_stop].var() / 36
    assert noise == pytest.approx(frame[far_from_the_stop].mean(), rel=0.1)


def test_cells_stand_on_the_cameras_offset_and_bleach():
    sample = cells()
    movie = sample.movie.data.astype(float)
    assert 90 < np.percentile(movie, 1) < 125
    signal = np.where(sample.mask, movie, np.nan) - 115
    means = np.nanmean(signal, axis=(1, 2))
    assert means[-1] / means[0] == pytest.approx(np.exp(-19 / 40), rel=0.2)


def test_what_is_masked_stands_still_and_nothing_else_does(sample):
    movie = sample.movie.data.astype(float)
    change = np.abs(movie[-1] - movie[0]) / np.sqrt(movie[-1] + movie[0] + 1)
    contrast = np.abs(movie[0] - np.median(movie[0])) / np.sqrt(movie[0] + 1)
    strong = contrast > np.percentile(contrast[~sample.mask], 75)
    still = change[strong & ~sample.mask]
    moving = change[strong & sample.mask]
    assert np.median(still) < 0.5 * np.median(moving)


def test_with_the_mask_the_drift_is_right(sample):
    table = estimate_drift(sample.movie, mask=sample.mask, max_shift=20)
    assert set(table.status) == {"ok"}
    error = np.abs(table.shifts - sample.shifts)
    assert error.max() < 0.25


def test_without_the_mask_it_is_pinned_at_zero(sample):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = estimate_drift(sample.movie, max_shift=20, subpixel=False)
    assert not table.shifts.any()
    # A few pixels of a diffraction pattern cannot be told from its own structure.
    warned = [w.category for w in caught]
    assert warned == (
        [] if sample.movie.name == "diffraction" else [StaticStructureWarning]
    )
