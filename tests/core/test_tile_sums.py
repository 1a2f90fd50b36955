"""The compiled sums are those of NumPy."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import ndimage

from maskalign import estimate_drift
from maskalign.core import refine as refining
from maskalign.core import tile_sums
from maskalign.core.pixels import Valid
from maskalign.core.refine import refine
from maskalign.core.validate import as_pixels


@pytest.fixture(scope="module")
def sums():
    numba = pytest.importorskip("numba")
    compiler = numba.njit(tile_sums._SIGNATURE, nogil=True, fastmath=True)
    return compiler(tile_sums._tile_sums)


def pixels(image, valid=None):
    return as_pixels(image, valid, name="image", mask_name="mask", dtype=np.float32)


def images(shape, *, seed=0, noise=0.2):
    """Return two views of one scene, moved by a fraction of a pixel, with noise."""
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.normal(size=np.add(shape, 20)), 2)
    scene /= scene.std()
    moved = ndimage.shift(scene, (0.3, -0.4), order=5)
    return [a[10:-10, 10:-10] + noise * rng.normal(size=shape) for a in (scene, moved)]


@pytest.mark.parametrize("shape", [(16, 16), (61, 40), (90, 133)])
@pytest.mark.parametrize("sampling", [1, 2])
def test_compiled_and_not_they_are_the_same(sums, shape, sampling):
    valid = np.random.default_rng(1).random(shape) > 0.02
    pair = [pixels(a, valid) for a in images(shape)]
    found = []
    for kernel in (None, sums):
        overlap = refining._Overlap.at(*pair, [2, -1], kernel)
        arguments = np.array([0.21, -0.34]), np.array([0.7, 1.2]), sampling
        found.append(refining._sums(overlap, *arguments))
    for plain, fast in zip(*found, strict=True):
        np.testing.assert_allclose(fast, plain, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("noise", [0, 0.2, 2])
def test_a_shift_is_the_same_to_a_millionth(sums, noise):
    valid = np.ones((96, 120), bool)
    valid[30:50, 60:] = False
    pair = [pixels(a, Valid.of(valid)) for a in images(valid.shape, noise=noise)]
    plain, fast = (refine(*pair, [0, 0], [0, 0], np.ones(2), k) for k in (None, sums))
    np.testing.assert_allclose(fast.offset, plain.offset, atol=1e-6)
    variances = [np.diag(found.covariance) for found in (fast, plain)]
    np.testing.assert_allclose(*variances, rtol=1e-4)


def test_frames_at_once_do_not_mix(sums):
    pairs = [[pixels(a) for a in images((70, 80), seed=k)] for k in range(4)]

    def found(pair):
        return refine(*pair, [0, 0], [0, 0], np.ones(2), sums).offset.tolist()

    alone = [found(pair) for pair in pairs]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(found, pairs * 5)) == alone * 5


def test_a_long_movie_is_compiled_for_and_a_short_one_not(sums, monkeypatch):
    asked = []
    monkeypatch.setattr(tile_sums, "_kept", [])
    monkeypatch.setattr(tile_sums, "_compile", lambda: asked.append(1) or sums)
    assert tile_sums.compiled(1 << 20, 2, np.float32) is None
    assert tile_sums.compiled(1 << 30, 3, np.float32) is None
    assert tile_sums.compiled(1 << 30, 2, np.float64) is None
    assert asked == []
    assert tile_sums.compiled(1 << 30, 2, np.float32) is sums
    assert tile_sums.compiled(1 << 30, 2, np.float32) is sums
    assert asked == [1]


def test_a_movie_gives_the_same_with_them(sums, monkeypatch):
    movie = np.stack([images((48, 56), seed=3)[k % 2] for k in range(4)])
    movie = movie.astype(np.float32)
    plain = estimate_drift(movie, max_shift=4)
    used = []

    def counted(*arguments):
        used.append(1)
        return sums(*arguments)

    monkeypatch.setattr(tile_sums, "_WORTH_IT", movie.size)
    monkeypatch.setattr(tile_sums, "_kept", [counted])
    fast = estimate_drift(movie, max_shift=4)
    assert used
    np.testing.assert_allclose(fast.shifts, plain.shifts, atol=1e-6)


@pytest.mark.parametrize("broken", [False, True])
def test_without_numba_numpy_does_it(monkeypatch, caplog, broken):
    found = object() if broken else None
    monkeypatch.setattr(tile_sums, "find_spec", lambda _: found)
    # What is None there cannot be imported.
    monkeypatch.setitem(sys.modules, "numba", None)
    assert tile_sums._compile() is None
    assert ("numba is of no use" in caplog.text) == broken
