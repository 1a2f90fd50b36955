"""What stands still is found, the sample is left alone, and doubt is said."""

import tracemalloc
import warnings

import dask.array as da
import numpy as np
import pytest
from scipy import ndimage

import maskalign
from maskalign.data.samples import retina
from maskalign.data.synthetic import cells, diffraction
from maskalign.errors import NothingMovesWarning, StaticStructureWarning
from maskalign.model.movie import Movie

BAR, SPECK = (slice(None), slice(0, 14)), (slice(50, 56), slice(60, 67))


def scene(shape, seed=0, sigma=2.0):
    field = ndimage.gaussian_filter(
        np.random.default_rng(seed).normal(size=shape), sigma
    )
    return 1000 + 200 * field / field.std()


def wandering(n_frames=16, size=96, reach=10, seed=0):
    """Frames of a texture that moves by up to `reach` pixels, with photon noise."""
    rng = np.random.default_rng(seed)
    large = scene((size + 2 * reach, size + 2 * reach), seed)
    corners = rng.integers(0, 2 * reach + 1, (n_frames, 2))
    views = [large[y : y + size, x : x + size] for y, x in corners]
    return rng.poisson(np.stack(views)).astype(float), corners - corners[0]


@pytest.fixture(scope="module")
def dirty():
    """A moving texture with a dark bar at an edge, a bright speck, and hot pixels."""
    movie, shifts = wandering()
    movie[:, *BAR] = np.random.default_rng(1).normal(50, 3, (len(movie), 96, 14))
    movie[:, *SPECK] += 3000
    movie[:, [10, 30, 80], [40, 77, 30]] += 5000
    return movie, shifts


@pytest.fixture(scope="module")
def found(dirty):
    return maskalign.static_mask(dirty[0])


def test_bars_specks_and_hot_pixels_are_found(found):
    assert not found[BAR].any()
    assert not found[SPECK].any()
    assert not found[[10, 30, 80], [40, 77, 30]].any()


def test_the_sample_is_left_alone(found):
    near = np.zeros(found.shape, bool)
    near[:, :19] = near[46:60, 56:71] = True
    for y, x in [(10, 40), (30, 77), (80, 30)]:
        near[y - 4 : y + 5, x - 4 : x + 5] = True
    assert found[~near].mean() > 0.998


def test_the_alignment_comes_right(dirty, found):
    movie, shifts = dirty
    with pytest.warns(StaticStructureWarning):
        held = maskalign.estimate_drift(movie, max_shift=22, subpixel=False)
    assert np.abs(held.shifts - shifts).max() > 3
    freed = maskalign.estimate_drift(movie, mask=found, max_shift=22, subpixel=False)
    np.testing.assert_array_equal(freed.shifts, shifts)


@pytest.mark.parametrize("make", [cells, diffraction])
@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_as_good_as_the_true_mask(make, seed):
    sample = make(n_frames=12, size=192, seed=seed)
    mask = maskalign.static_mask(sample.movie)
    reach = np.abs(sample.shifts).max() + 5
    table = maskalign.estimate_drift(sample.movie, mask=mask, max_shift=reach)
    assert np.abs(table.shifts - sample.shifts).max() < 0.15
    assert mask.mean() > 0.8


def test_the_bars_of_the_retina_are_found():
    sample = retina()
    movie, drawn = sample.movie.data[:, 80:240], sample.mask[80:240]
    mask = maskalign.static_mask(movie)
    assert not mask[~drawn].any()
    # The rim of the bars is soft: a few columns go with them.
    assert (mask == drawn).mean() > 0.99
    how = {"max_shift": 70, "subpixel": False}
    found = maskalign.estimate_drift(movie[:6], mask=mask, **how)
    expected = maskalign.estimate_drift(movie[:6], mask=drawn, **how)
    np.testing.assert_allclose(found.shifts, expected.shifts, atol=1)
    assert np.abs(expected.shifts).max() > 20


def still(kind):
    rng = np.random.default_rng(2)
    image = scene((80, 80))
    if kind == "noise":
        return rng.normal(100, 5, (12, 80, 80))
    if kind == "constant":
        return np.full((12, 80, 80), 7.0)
    if kind == "the same frame":
        return np.stack([image] * 12)
    if kind == "bleaching":
        image = 100 + image * np.exp(-np.arange(12) / 10)[:, np.newaxis, np.newaxis]
    if kind == "blinking":
        # Steady cells, and others that light up each at its own times.
        spots = np.zeros((13, 80, 80))
        spots[0, *rng.integers(5, 75, (2, 15))] = 30_000
        spots[range(1, 13), *rng.integers(5, 75, (2, 12))] = 1
        steady, *others = ndimage.gaussian_filter(spots, (0, 2, 2))
        active = np.tensordot(rng.gamma(0.5, 3e4, (12, 12)), others, 1)
        image = 200 + steady + active
    return rng.poisson(np.broadcast_to(image, (12, 80, 80)))


@pytest.mark.parametrize(
    "kind",
    ["noise", "constant", "the same frame", "photons", "bleaching", "blinking"],
)
def test_where_nothing_moves_it_says_so_and_leaves_nothing_out(kind):
    with pytest.warns(NothingMovesWarning, match="cannot be told from the sample"):
        mask = maskalign.static_mask(still(kind))
    assert mask.shape == (80, 80)
    assert mask.all()


def test_a_warning_points_to_the_caller():
    with pytest.warns(NothingMovesWarning) as caught:
        maskalign.static_mask(still("noise"))
    assert caught[0].filename == __file__


@pytest.mark.parametrize(("n_frames", "words"), [(1, "1 frame"), (3, "3 frames")])
def test_few_frames_tell_nothing(n_frames, words):
    with pytest.warns(NothingMovesWarning, match=rf"the movie has {words}\."):
        mask = maskalign.static_mask(wandering(n_frames)[0])
    assert mask.all()


def test_one_jump_does_not_tell_either():
    """What happens to look alike before and after would seem to stand still."""
    large = scene((90, 90), seed=9, sigma=1.5)
    movie = np.stack([large[:80, :80]] * 4 + [large[6:86, 9:89]] * 5)
    movie = np.random.default_rng(9).poisson(movie)
    movie[:, 20:30, 20:30] = 4000
    with pytest.warns(NothingMovesWarning, match="two places only"):
        assert maskalign.static_mask(movie).all()


def test_a_clean_movie_is_left_whole():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mask = maskalign.static_mask(wandering(seed=4)[0])
    assert mask.mean() > 0.998


def test_shading_is_left_alone():
    movie, _ = wandering(20, seed=5)
    y, x = np.ogrid[-1:1:96j, -1:1:96j]
    shaded = movie * np.exp(-(y**2 + x**2) / 2)
    assert maskalign.static_mask(shaded).mean() > 0.99


def test_the_unit_of_brightness_does_not_matter(dirty, found):
    other = maskalign.static_mask(0.37 * dirty[0] + 20_000)
    assert (other == found).mean() > 0.999


def test_turning_the_movie_turns_the_mask(dirty, found):
    turned = maskalign.static_mask(dirty[0].transpose(0, 2, 1)[:, ::-1])
    assert (turned == found.T[::-1]).mean() > 0.995


@pytest.mark.parametrize("along", [0, 1])
def test_noise_along_lines_is_no_motion(dirty, found, along):
    """A scanner's lines differ from frame to frame."""
    lines = np.random.default_rng(11).normal(0, 30, (16, 96))
    movie = dirty[0] + np.expand_dims(lines, 1 + along)
    mask = maskalign.static_mask(movie)
    assert not mask[BAR].any()
    assert not mask[SPECK].any()


def test_flicker_and_bad_frames_do_not_matter(dirty, found):
    movie = dirty[0] * np.random.default_rng(6).uniform(0.6, 1.4, (16, 1, 1))
    movie[3], movie[7], movie[11, 20:60] = 0, 65535, np.nan
    mask = maskalign.static_mask(movie)
    assert not mask[BAR].any()
    assert not mask[SPECK].any()
    assert (mask == found).mean() > 0.98


def test_pixels_without_a_value_are_no_structure(dirty, found):
    movie = dirty[0].copy()
    movie[:, 60:80, 80:90] = np.nan
    mask = maskalign.static_mask(movie)
    inside = np.ones(found.shape, bool)
    inside[58:82, 78:92] = False
    assert (mask == found)[inside].mean() > 0.998
    assert mask[58:82, 78:92].mean() > 0.9


def test_volumes_have_masks_too():
    flat, _ = wandering(12, 64, seed=7)
    deep = np.stack([flat, np.roll(flat, 20, 2), np.roll(flat, 31, 1)], axis=1)
    deep[:, :, 40:48, 20:28] = 4000
    mask = maskalign.static_mask(deep)
    assert mask.shape == (3, 64, 64)
    assert not mask[:, 40:48, 20:28].any()
    assert mask.mean() > 0.93


@pytest.mark.parametrize("axes", ["TCYX", "YXCT"])
def test_axes_and_channel_are_those_of_the_movie(dirty, found, axes):
    both = np.stack([np.zeros_like(dirty[0]), dirty[0]], axis=1)
    data = both.transpose(["TCYX".index(a) for a in axes])
    movie = Movie(data, axes, channels=("empty", "sample"))
    np.testing.assert_array_equal(maskalign.static_mask(movie, channel="sample"), found)


def test_grow_widens_what_is_found(dirty, found):
    tight = maskalign.static_mask(dirty[0], grow=0)
    grown = ndimage.binary_dilation(~tight, np.ones((5, 5)))
    np.testing.assert_array_equal(~found, grown)


@pytest.mark.parametrize("wrong", [{"n_frames": 3}, {"grow": -1}])
def test_what_makes_no_sense_is_refused(dirty, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        maskalign.static_mask(dirty[0], **wrong)


def lazy(n_frames, read=None):
    """A movie of many frames, each made when it is asked for."""
    movie, _ = wandering(8, 64, seed=8)
    movie[:, 40:48, 20:28] = 9000

    def load(block_id):
        if read is not None:
            read.append(block_id[0])
        return movie[block_id[0] % 8][np.newaxis].astype("u2")

    chunks = ((1,) * n_frames, (64,), (64,))
    return da.map_blocks(
        load, chunks=chunks, dtype="u2", meta=np.empty((0, 0, 0), "u2")
    )


def test_some_frames_are_read_and_no_others():
    read = []
    mask = maskalign.static_mask(lazy(90, read), n_frames=10)
    assert not mask[40:48, 20:28].any()
    asked = {round(n) for n in np.linspace(0, 89, 10)}
    probes = {round(n) for n in np.linspace(0, 89, 8)}
    assert set(read) == asked | probes
    assert max(read.count(n) for n in read) <= 3


def test_large_frames_are_read_in_strips(monkeypatch):
    whole = maskalign.static_mask(lazy(30))
    monkeypatch.setattr(maskalign.pipeline.static_mask, "_HELD_BYTES", 1)
    strips = maskalign.static_mask(lazy(30))
    assert (strips == whole).mean() > 0.999


def test_memory_does_not_grow_with_the_movie():
    peaks = []
    for n_frames in (40, 400):
        movie = lazy(n_frames)
        tracemalloc.start()
        maskalign.static_mask(movie)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
