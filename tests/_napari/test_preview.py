"""One frame over its reference: the numbers and the picture, without a window."""

import numpy as np
import pytest
from napari.layers import Image, Labels
from scipy.ndimage import gaussian_filter

from maskalign import Movie, estimate_drift
from maskalign._napari.masks import MaskChoice
from maskalign._napari.preview import Preview, coarse_shift, overlay, partner
from maskalign._napari.worker import Stop


def choice_of(movie, layer, **fields):
    return MaskChoice(
        layer,
        Image(movie.data),
        movie,
        fields.pop("meaning", "ignore painted"),
        **fields,
    )


@pytest.fixture
def known(movie):
    return Movie(movie)


@pytest.mark.parametrize("frame", [1, 3, 5])
def test_it_finds_what_align_finds(known, bar, frame):
    mask = choice_of(known, Labels(bar))
    options = {"max_shift": 12, "min_overlap": 0.4, "reference": "first"}
    found = Preview(known, mask, options, frame).run(Stop())
    table = estimate_drift(known, mask=bar == 0, max_shift=12, min_overlap=0.4)
    np.testing.assert_allclose(found.row.shift, table.shifts[frame])
    assert found.row.ncc == pytest.approx(table.ncc[frame])
    assert found.row.status == table.status[frame]
    assert found.used == pytest.approx(np.mean(bar == 0))
    assert found.text.startswith(f"Frame {frame} over frame 0: ok. ")
    assert f"Shift y {found.row.shift[0]:.2f}" in found.text


@pytest.mark.filterwarnings("ignore::maskalign.errors.StaticStructureWarning")
def test_painting_changes_the_number(known, bar, true_shifts):
    options = {"max_shift": 12}
    held = Preview(known, None, options, 3).run(Stop())
    free = Preview(known, choice_of(known, Labels(bar)), options, 3).run(Stop())
    assert np.abs(free.row.shift - true_shifts[3]).max() < 0.2
    assert free.row.ncc > held.row.ncc


def test_a_mask_a_frame_is_read_for_the_two_frames(known, bar, true_shifts):
    drawn = np.stack([bar] * 6)
    drawn[4] = 1
    mask = choice_of(known, Labels(drawn), follows="one a frame")
    found = Preview(known, mask, {"max_shift": 12}, 2).run(Stop())
    assert np.abs(found.row.shift - true_shifts[2]).max() < 0.2
    empty = Preview(known, mask, {"max_shift": 12}, 4).run(Stop())
    assert empty.row.status == "empty"
    assert empty.text.endswith("No shift.")


def far_apart():
    """Two frames of 400 x 400 px with a bar; the second is to be moved (-129, 83)."""
    rng = np.random.default_rng(1)
    scene = gaussian_filter(rng.normal(size=(700, 700)), 2)
    scene = 1000 + 100 * scene / scene.std()
    pair = np.stack([scene[200:600, 200:600], scene[71:471, 283:683]])
    pair[:, :, :60] = 5000
    return Movie(pair.astype("f4"))


def test_coarse_pixels_find_roughly_where_it_lies():
    movie, valid = far_apart(), np.ones((400, 400), bool)
    valid[:, :60] = False
    shift, reach = coarse_shift(movie, Movie(valid, "YX"), {})
    assert np.abs(np.subtract(shift, (-129, 83))).max() <= reach < 20


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (np.random.default_rng(0).normal(size=(2, 300, 300)), {}),
        (far_apart().data, {"max_shift": 40}),
        (far_apart().data[:, :150, :150], {}),
        (np.zeros((2, 300, 300)), {}),
    ],
    ids=["noise", "small window", "small image", "blank"],
)
def test_coarse_pixels_say_nothing_where_they_are_in_doubt(data, options):
    assert coarse_shift(Movie(data), None, options) is None


@pytest.mark.parametrize("limit", [None, 300])
def test_a_large_image_is_found_by_way_of_coarse_pixels(limit):
    """Far shifts, a mask and sub-pixel accuracy; as without the detour."""
    movie = far_apart()
    bar = np.zeros((400, 400), int)
    bar[:, :60] = 1
    mask = choice_of(movie, Labels(bar))
    found = Preview(movie, mask, {"max_shift": limit}, 1).run(Stop())
    np.testing.assert_allclose(found.row.shift, (-129, 83), atol=0.02)
    table = estimate_drift(movie, mask=bar == 0, max_shift=limit)
    np.testing.assert_allclose(found.row.shift, table.shifts[1], atol=1e-3)
    assert found.row.status == "ok"


def test_noise_is_called_unsure_by_coarse_pixels_too():
    rng = np.random.default_rng(2)
    movie = Movie(rng.normal(size=(2, 300, 300)).astype("f4"))
    found = Preview(movie, None, {"max_shift": None}, 1).run(Stop())
    assert found.row.status == "unsure"


@pytest.mark.parametrize(
    ("reference", "frame", "expected"),
    [
        ("first", 7, 0),
        ("mean", 7, 0),
        (3, 7, 3),
        ("previous", 7, 6),
        ("redundant", 7, 6),
        ("rolling", 7, 4),
        ("rolling", 8, 4),
        ("rolling", 9, 8),
        ("previous", 0, 0),
    ],
)
def test_whom_a_frame_is_laid_over(reference, frame, expected):
    options = {"reference": reference, "renew_every": 4}
    assert partner(frame, options) == expected


def test_the_reference_over_itself_says_so(known):
    found = Preview(known, None, {}, 0).run(Stop())
    assert "is the reference" in found.text


def test_aligned_frames_are_grey(known, bar):
    mask = choice_of(known, Labels(bar))
    found = Preview(known, mask, {"max_shift": 12}, 3).run(Stop())

    def colour(*, after):
        picture = found.picture(after=after, limits=(0, 255))[10:50, 20:60].astype(int)
        return np.abs(picture[..., 0] - picture[..., 1]).mean()

    assert colour(after=True) < 0.2 * colour(after=False)


def test_a_plane_of_a_volume_is_shown(known):
    movie = Movie(np.stack([known.data, 255 - known.data], axis=1))
    found = Preview(movie, None, {"max_shift": 2}, 0).run(Stop())
    low, high = (
        found.picture(after=False, limits=(0, 255), plane=z)[..., 1] for z in (0, 1)
    )
    np.testing.assert_array_equal(low, known.data[0])
    np.testing.assert_array_equal(high, 255 - known.data[0])


def test_pixels_that_are_nan_are_dark():
    picture = overlay(np.array([[np.nan, 1]]), np.array([[1.0, 1]]), (0, 1))
    assert picture.tolist() == [[[255, 0, 255], [255, 255, 255]]]


@pytest.mark.filterwarnings("ignore::maskalign.errors.StaticStructureWarning")
def test_nothing_is_changed(known):
    before = known.data.copy()
    found = Preview(known, None, {"max_shift": 12}, 3).run(Stop())
    found.picture(after=True, limits=(0, 255))
    np.testing.assert_array_equal(known.data, before)
