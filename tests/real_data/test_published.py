"""Real images whose shift is known exactly. Their origin: files/README.md."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from matplotlib.image import imread

from maskalign import StaticStructureWarning, estimate_drift, register

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize(
    ("name", "shift"),
    [
        ("X75Y75", (75, -75)),
        ("X-130Y130", (130, 130)),
        ("X130Y130", (130, -130)),
    ],
)
def test_the_published_pairs_of_masked_registration(name, shift):
    """Padfield's ultrasound sectors: the outline stays, the content moves."""
    original, transformed = (
        imread(FILES / f"{kind}{name}.png") for kind in ("Original", "Transformed")
    )
    masks = {"reference_mask": original != 0, "moving_mask": transformed != 0}
    whole = register(original, transformed, **masks, min_overlap=0.1, subpixel=False)
    assert whole.shift == shift
    assert whole.ncc > 0.9999
    fine = register(original, transformed, **masks, min_overlap=0.1)
    np.testing.assert_allclose(fine.shift, shift, atol=2e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StaticStructureWarning)
        outline = register(original, transformed, min_overlap=0.1)
    assert np.abs(np.subtract(outline.shift, shift)).max() > 10


def test_a_patch_that_slides_behind_an_occluder():
    movie = tifffile.imread(FILES / "occluded.tif")
    mask = tifffile.imread(FILES / "occluded_mask.tif")
    steps = -2 * np.arange(37)
    table = estimate_drift(movie, mask=mask, subpixel=False)
    np.testing.assert_array_equal(table.shifts, np.c_[np.zeros(37), steps])
    assert table.ok.all()
    fine = estimate_drift(movie, mask=mask)
    np.testing.assert_allclose(fine.shifts[:, 1], steps, atol=0.02)
    with pytest.warns(StaticStructureWarning, match="Mask what stands still"):
        assert not estimate_drift(movie, subpixel=False).shifts.any()


def test_speckle_moved_by_whole_pixels():
    movie = tifffile.imread(FILES / "speckle.tif")
    steps = np.repeat([[0], [-1], [-7], [-15]], 2, axis=1)
    whole = estimate_drift(movie, subpixel=False)
    np.testing.assert_array_equal(whole.shifts, steps)
    fine = estimate_drift(movie)
    np.testing.assert_allclose(fine.shifts, steps, atol=1e-3)


def test_what_is_stuck_stays():
    table = estimate_drift(tifffile.imread(FILES / "beads.tif"))
    # The beads themselves are known to stand still within about 0.3 px.
    assert abs(table.shifts).max() < 0.3
