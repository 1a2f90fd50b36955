"""The error of a table, measured without knowing the truth."""

import numpy as np
import pytest

import maskalign
from maskalign.pipeline.report import halves


def errors(drifting, snr, reference, seeds, **scene):
    """Return the true and the reported root mean square error over some movies."""
    true, reported = [], []
    for seed in seeds:
        movie, path = drifting(seed, snr=snr, **scene)
        table = maskalign.estimate_drift(movie, reference=reference, max_shift=12)
        report = maskalign.assess(movie, table)
        good = table.ok & (np.arange(len(table)) > 0)
        assert report.error_from == "halves"
        assert report.error_frames[0] >= report.error_frames[1] - 1
        true.append(np.mean((table.shifts - path)[good] ** 2))
        reported.append(np.mean(np.square(report.error)))
    return np.sqrt(np.mean(true)), np.sqrt(np.mean(reported))


@pytest.mark.parametrize("snr", [0.5, 2, 10])
def test_the_error_is_the_true_one(drifting, snr):
    true, reported = errors(drifting, snr, "first", range(6))
    assert reported == pytest.approx(true, rel=0.3)


@pytest.mark.parametrize("reference", ["redundant", "previous", "mean"])
def test_the_error_is_that_of_the_strategy(drifting, reference):
    true, reported = errors(drifting, 1, reference, range(4), n_frames=6)
    assert reported == pytest.approx(true, rel=0.35)


def test_a_table_that_is_off_is_contradicted(drifting):
    movie, path = drifting(0)
    good = maskalign.assess(movie, path)
    assert not good.contradicted
    off = np.where(np.arange(8)[:, np.newaxis] < 4, 0, (1.5, -1))
    wrong = maskalign.assess(movie, path + off)
    assert wrong.contradicted
    np.testing.assert_allclose(
        wrong.away, np.sqrt(4 / 7) * np.array([1.5, 1]), rtol=0.1
    )
    assert not good.overconfident
    assert wrong.error == pytest.approx(good.error, abs=0.01)
    assert "px from what these say" in str(wrong)


def test_a_table_that_moves_nothing_is_not_said_to_find_nothing(drifting):
    movie, path = drifting(0)
    report = maskalign.assess(movie, np.zeros_like(path))
    assert report.verdict == "no better"
    assert report.contradicted
    assert "nothing moved" not in report.reason


def test_where_nothing_moves_it_says_so(drifting):
    movie, _ = drifting(1, still=True)
    table = maskalign.estimate_drift(movie, max_shift=12)
    report = maskalign.assess(movie, table)
    assert report.reason == "nothing moved by more than the error of its measurement"


def test_pixels_that_are_lost_between_tiles_are_made_up_for(drifting, monkeypatch):
    monkeypatch.setattr(halves, "_SMALLEST", 16)
    true, reported = errors(drifting, 2, "first", range(5), size=128)
    assert reported == pytest.approx(true, rel=0.15)


def test_tiles_go_where_the_sample_goes(drifting):
    field, _ = drifting(6, n_frames=1, size=192, snr=100)
    # A tile of 24 pixels, so that black comes to lie on white and back again.
    path = np.array([(0, 24 * t) for t in range(3)])
    movie = np.stack([field[0, :96, x : x + 96] for _, x in path])
    noise = np.random.default_rng(0).normal(size=movie.shape)
    report = maskalign.assess(movie + 0.2 * noise, path)
    assert report.error_frames == (2, 2)
    assert max(report.error) < 0.05


def test_halves_lie_on_the_sample_under_the_masks(drifting):
    movie, path = drifting(2, size=128, snr=2)
    bars = np.zeros(movie.shape[1:], bool)
    bars[:, 30:100] = True
    movie[:, ~bars] = 50
    table = maskalign.estimate_drift(movie, mask=bars, max_shift=12)
    one = maskalign.assess(movie, table, mask=bars)
    each = maskalign.assess(movie, table, mask=np.broadcast_to(bars, movie.shape))
    true = np.sqrt(np.mean((table.shifts - path)[1:] ** 2, axis=0))
    assert one.error == pytest.approx(true, rel=0.8)
    # Where the tiles begin is another thing if the mask is not known beforehand.
    assert each.error == pytest.approx(one.error, rel=0.8)


def test_a_table_over_an_image_is_measured_over_that_image(drifting):
    movie, path = drifting(3, snr=2)
    template = movie[:1].mean(axis=0)
    table = maskalign.estimate_drift(movie[1:], reference=template, max_shift=12)
    report = maskalign.assess(movie[1:], table, reference=template)
    assert report.error_frames == (7, 7)
    true = np.sqrt(np.mean((table.shifts - path[1:]) ** 2))
    assert np.sqrt(np.mean(np.square(report.error))) == pytest.approx(true, rel=0.8)


def test_a_second_channel_tells_the_error(drifting):
    true, reported = [], []
    for seed in range(4):
        movie, path = drifting(seed, snr=2)
        noise = np.random.default_rng(99 + seed).normal(size=movie.shape)
        pair = np.stack([movie, movie + 0.5 * noise], axis=1)
        table = maskalign.estimate_drift(pair, axes="TCYX", channel=0, max_shift=12)
        report = maskalign.assess(pair, table, axes="TCYX", second_channel=1)
        assert report.error_from == "channel"
        true.append(np.mean((table.shifts - path)[1:] ** 2))
        reported.append(np.mean(np.square(report.error)))
    # The noise of the first is in the second as well: part of it is not seen.
    ratio = np.sqrt(np.mean(reported) / np.mean(true))
    assert 0.3 < ratio < 1.1
    with pytest.raises(ValueError, match="name another one"):
        maskalign.assess(pair, table, axes="TCYX", second_channel=0)


def test_of_a_long_movie_some_frames_are_estimated(drifting):
    movie, _ = drifting(4, n_frames=16, size=64)
    chained = maskalign.estimate_drift(movie, reference="previous", max_shift=12)
    report = maskalign.assess(movie, chained, max_frames=5)
    assert report.error_frames == (4, 4)
    fixed = maskalign.estimate_drift(movie, reference=7, max_shift=12)
    assert maskalign.assess(movie, fixed, max_frames=5).error_frames == (5, 5)


def test_a_table_that_claims_more_than_two_halves_bear_out(drifting):
    movie, _ = drifting(4, snr=1)
    table = maskalign.estimate_drift(movie, max_shift=12)
    report = maskalign.assess(movie, table)
    assert report.claimed == pytest.approx(np.median(table.shift_std, axis=0))
    assert not report.overconfident
    claims = table.replace(shift_std=table.shift_std / 10)
    assert maskalign.assess(movie, claims).overconfident


def test_volumes(drifting):
    movie, _ = drifting(5, n_frames=4, size=64)
    volumes = np.stack([movie, np.roll(movie, 9, axis=2)], axis=1)
    table = maskalign.estimate_drift(volumes, max_shift=(0, 12, 12))
    report = maskalign.assess(volumes, table)
    assert len(report.error) == 3
    assert report.verdict == "better"
