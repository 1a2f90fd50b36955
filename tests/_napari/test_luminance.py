"""Colours as one number a pixel."""

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

from maskalign._napari.luminance import colour_note, finest, grey, luminance


@pytest.fixture
def colours():
    return np.random.default_rng(0).integers(0, 255, (5, 8, 9, 3), np.uint8)


class Stored:
    """An array on disk that counts the pixels read."""

    def __init__(self, array):
        self.array, self.n_read = array, 0
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim
        self.chunks = (1, *array.shape[1:])

    def __getitem__(self, index):
        part = self.array[index]
        self.n_read += part.size
        return part


def test_a_grey_is_what_it_is():
    greys = np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    np.testing.assert_allclose(luminance(greys), greys[:, 0], rtol=1e-6)


def test_green_is_brightest_and_blue_darkest():
    red, green, blue = luminance(np.eye(3))
    assert green > red > blue > 0
    assert red + green + blue == pytest.approx(1)


def test_what_is_wholly_transparent_shows_nothing(colours):
    alpha = np.full((5, 8, 9, 1), 255, np.uint8)
    alpha[2, 3, 4], alpha[2, 3, 5] = 0, 1
    seen = luminance(np.concatenate([colours, alpha], axis=-1))
    assert np.argwhere(np.isnan(seen)).tolist() == [[2, 3, 4]]
    kept = np.isfinite(seen)
    np.testing.assert_array_equal(seen[kept], luminance(colours)[kept])


@pytest.mark.parametrize(
    "wrap",
    [
        np.asarray,
        lambda a: da.from_array(a, chunks=(2, -1, -1, 1)),
        Stored,
    ],
    ids=["numpy", "dask", "stored"],
)
def test_of_any_array_it_is_lazy(colours, wrap):
    layer = Image(wrap(colours), rgb=True, contrast_limits=(0, 255))
    seen = grey(layer)
    assert isinstance(seen, da.Array)
    assert seen.shape == (5, 8, 9)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen.compute(), luminance(colours))
    np.testing.assert_allclose(seen[3, 2:5], luminance(colours)[3, 2:5])


def test_one_frame_costs_one_frame(colours):
    stored = Stored(colours)
    layer = Image(stored, rgb=True, contrast_limits=(0, 255))
    stored.n_read = 0
    seen = grey(layer)
    assert stored.n_read == 0
    seen[3].compute(scheduler="synchronous")
    assert stored.n_read == colours[3].size


def test_other_layers_are_handed_on_as_they_are(colours):
    plain, labels = Image(colours[..., 0]), Labels(colours[..., 0])
    assert grey(plain) is plain.data
    assert grey(labels) is labels.data
    pyramid = Image([colours[0], colours[0, ::2, ::2]], rgb=True, multiscale=True)
    assert finest(pyramid).shape == (8, 9, 3)
    np.testing.assert_allclose(grey(pyramid).compute(), luminance(colours[0]))


def test_only_of_colours_something_is_said(colours):
    assert "luminance" in colour_note(Image(colours, rgb=True))
    assert colour_note(Image(colours[..., 0])) == colour_note(None) == ""
