import numpy as np
import pytest
from napari.layers import Layer

from maskalign._napari import sample_data
from maskalign._napari.layers import movie_of
from maskalign._napari.masks import mask_axes

KEYS = ["retina", "organoid", "diffraction", "cells"]


@pytest.fixture(scope="module", params=KEYS)
def layers(request):
    """The layers of one sample, as napari makes them."""
    return [Layer.create(*data) for data in getattr(sample_data, request.param)()]


def test_a_sample_is_a_calibrated_movie_that_can_be_aligned(layers):
    movie, decision = movie_of(layers[0])
    assert decision.because == "label"
    assert movie.n_frames > 1
    assert movie.name in KEYS


def test_a_sample_tells_its_story(layers):
    assert len(layers[0].metadata["story"]) > 40


def test_the_mask_of_a_sample_lies_over_its_movie(layers):
    for mask in layers[1:]:
        movie, _ = movie_of(layers[0])
        axes = mask_axes(mask, movie)
        share = np.mean(np.asarray(mask.data) > 0)
        assert 0 < share < 0.5
        at = np.ones(mask.ndim)
        first = np.zeros(layers[0].ndim)
        first[-mask.ndim :] = at
        expected = layers[0].data_to_world(first)[-mask.ndim :]
        np.testing.assert_allclose(mask.data_to_world(at), expected)
        assert mask.axis_labels == tuple(axes.lower())


@pytest.mark.parametrize("key", ["retina", "diffraction", "cells"])
def test_where_the_mask_decides_it_comes_with_the_sample(key):
    kinds = [kind for _, _, kind in getattr(sample_data, key)()]
    assert kinds == ["image", "labels"]


@pytest.mark.parametrize("key", ["retina", "diffraction", "cells"])
def test_the_drift_is_told(key):
    data, about, _ = getattr(sample_data, key)()[0]
    assert about["metadata"]["known_shifts"].shape == (len(data), 2)
