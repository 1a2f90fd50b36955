"""The surface against implementations that share no line with it."""

import numpy as np
import pytest

from maskalign import masked_ncc

SHAPES = {2: ((24, 31), (20, 34)), 3: ((7, 14, 11), (6, 10, 13))}


@pytest.fixture(params=[2, 3], ids=["2-D", "3-D"])
def scene(request):
    """Two images of different shapes with offset and gain, and their valid pixels."""
    rng = np.random.default_rng(request.param)
    images = [50 + 10 * rng.normal(size=shape) for shape in SHAPES[request.param]]
    valid = [rng.random(image.shape) > 0.2 for image in images]
    for v in valid:
        # A hole that is not scattered, too.
        v[(slice(2, 6),) * v.ndim] = False
    return images, valid


def ours(images, valid):
    return masked_ncc(
        *images, reference_mask=valid[0], moving_mask=valid[1], min_overlap=0.2
    ).ncc


def test_the_surface_equals_scikit_image(scene):
    from skimage.registration import _masked_phase_cross_correlation as peer

    images, valid = scene
    found = ours(images, valid)
    other = peer.cross_correlate_masked(
        *images, *valid, mode="full", axes=tuple(range(found.ndim)), overlap_ratio=0
    )
    used = ~np.isnan(found)
    assert used.mean() > 0.1
    np.testing.assert_allclose(found[used], other[used], atol=1e-8)


def test_the_surface_equals_simpleitk(scene):
    sitk = pytest.importorskip("SimpleITK")
    images, valid = scene
    found = ours(images, valid)
    # Masks must have the pixel type of the images.
    arrays = [*images, *(v.astype(float) for v in valid)]
    surface = sitk.MaskedFFTNormalizedCorrelation(*map(sitk.GetImageFromArray, arrays))
    other = sitk.GetArrayFromImage(surface)
    used = ~np.isnan(found)
    assert other.shape == found.shape
    np.testing.assert_allclose(found[used], other[used], atol=1e-6)
