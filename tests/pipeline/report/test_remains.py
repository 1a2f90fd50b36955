"""What still moves once the drift is taken out."""

import numpy as np
import pytest

import maskalign
from maskalign.data import synthetic


def motion(movie, path):
    report = maskalign.assess(movie, path, two_halves=False)
    return report.largest_motion, str(report)


@pytest.mark.parametrize("snr", [0.7, 10])
def test_of_pure_translation_nothing_remains(drifting, snr):
    for seed in range(3):
        found, text = motion(*drifting(seed, snr=snr, size=128, n_frames=6))
        assert found.kinds == ()
        assert found.size == 0
        assert "nothing beyond the error" in text


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("snr", [1, 10])
def test_a_turn_of_one_degree(warped, turn, snr):
    found, text = motion(*warped(0, turn=turn, snr=snr))
    assert found.kinds == ("rotation",)
    assert found.rotation == pytest.approx(turn, abs=4 * found.rotation_std)
    assert found.rotation_std < 0.1
    way = "counter-clockwise" if turn > 0 else " clockwise"
    assert way in text
    assert "Translation alone does not align this movie" in text


@pytest.mark.parametrize("growth", [0.01, -0.01])
@pytest.mark.parametrize("snr", [1, 10])
def test_a_growth_of_one_per_cent(warped, growth, snr):
    found, text = motion(*warped(1, growth=growth, snr=snr))
    assert found.kinds == ("scale",)
    assert found.scale == pytest.approx(100 * growth, abs=4 * found.scale_std)
    assert ("grows" if growth > 0 else "shrinks") in text


@pytest.mark.parametrize("snr", [3, 10])
def test_a_part_that_moves_on_its_own(warped, snr):
    found, text = motion(*warped(2, part=2.0, snr=snr))
    assert found.kinds == ("local",)
    assert found.largest == pytest.approx(2, abs=0.4)
    # Those that it reaches into count as well.
    assert 1 <= found.n_moving <= found.n_windows // 3
    y, x = found.largest_at
    # Its middle lies at (100, 43), and it reaches 29 pixels.
    assert abs(y - 100) < 29
    assert abs(x - 43) < 29
    assert "windows move on their own" in text
    assert "Translation alone" not in text


def test_a_flank_that_changed_brightness_does_not_move():
    # Cells crawl over the scene, masked: what is left of them in the means are bright
    # flanks, on which a window finds a best match that is no motion.
    sample = synthetic.cells(n_frames=8, size=160)
    table = maskalign.estimate_drift(sample.movie, mask=sample.mask, max_shift=25)
    report = maskalign.assess(sample.movie, table, mask=sample.mask, two_halves=False)
    assert report.largest_motion.kinds == ()
    assert report.largest_motion.n_moving == 0


def test_a_place_is_told_in_pixels_of_the_image(warped):
    movie, path = warped(2, part=2.0, snr=10)
    mask = np.ones(movie.shape[1:], bool)
    mask[:40] = False
    found = maskalign.assess(movie, path, mask=mask, two_halves=False).largest_motion
    assert found.largest == pytest.approx(2, abs=0.4)
    y, x = found.largest_at
    assert abs(y - 100) < 29
    assert abs(x - 43) < 29


def test_a_turn_with_a_part_that_moves(warped):
    found, _ = motion(*warped(3, turn=1.0, part=2.0))
    assert set(found.kinds) == {"rotation", "local"}
    assert found.rotation == pytest.approx(1, abs=0.1)


def test_it_is_the_time_in_between_that_counts(warped):
    report = maskalign.assess(*warped(4, turn=1.0), two_halves=False)
    middle, end = report.remaining
    assert middle.frames == ((0, 0), (2, 2)) or middle.frames[1][0] in (2, 3)
    assert end.frames == ((0, 0), (5, 5))
    assert middle.rotation == pytest.approx(middle.frames[1][0] / 5, abs=0.1)
    assert report.largest_motion is end


def test_a_shift_of_the_whole_that_was_left_is_told(drifting):
    movie, path = drifting(0, n_frames=6, size=128)
    path[-1] += (0.5, 0)
    found = maskalign.assess(movie, path, two_halves=False).remaining[-1]
    assert found.shift == pytest.approx((0.5, 0), abs=0.05)


def test_a_small_image_says_nothing(drifting):
    report = maskalign.assess(*drifting(0, size=48), two_halves=False)
    assert report.remaining == ()
    assert "Still moving: not known" in str(report)
