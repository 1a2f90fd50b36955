"""Masks that leave little, or nothing, or just enough: an oracle, or a named error."""

import numpy as np
import pytest
from scipy import ndimage

from maskalign import NoContrastError, NoOverlapError, masked_ncc, register

SHAPES = [(24, 28), (8, 12, 11)]


def images(shape, seed=0):
    rng = np.random.default_rng(seed)
    return [ndimage.gaussian_filter(rng.normal(size=shape), 0.7) for _ in range(2)]


def parts_at(lag, a, b):
    """Slices of two images that lie over each other at a lag."""
    sizes = list(zip(lag, a.shape, b.shape, strict=True))
    here = tuple(slice(max(k, 0), min(k + nb, na)) for k, na, nb in sizes)
    there = tuple(slice(max(-k, 0), min(na - k, nb)) for k, na, nb in sizes)
    return here, there


def check_against_pearson(a, b, a_valid, b_valid, *, min_overlap):
    """Compare some lags with the correlation coefficient; return the surface."""
    found = masked_ncc(
        a, b, reference_mask=a_valid, moving_mask=b_valid, min_overlap=min_overlap
    )
    rng = np.random.default_rng(1)
    allowed = np.argwhere(~np.isnan(found.ncc))
    others = np.argwhere(np.isnan(found.ncc))
    chosen = [
        *rng.permutation(allowed)[:150].tolist(),
        *rng.permutation(others)[:50].tolist(),
    ]
    most = min(a_valid.sum(), b_valid.sum())
    for index in map(tuple, chosen):
        here, there = parts_at(found.lag_at(index), a, b)
        both = a_valid[here] & b_valid[there]
        n = both.sum()
        assert found.overlap[index] == pytest.approx(n / most, abs=1e-12)
        assert np.isnan(found.ncc[index]) == (n < max(min_overlap * most, 1))
        x, y = a[here][both], b[there][both]
        if np.isnan(found.ncc[index]):
            continue
        if n < 2:
            assert found.ncc[index] == 0
        elif n > 4:
            expected = np.corrcoef(x, y)[0, 1]
            assert found.ncc[index] == pytest.approx(expected, abs=1e-6)
    return found


@pytest.mark.parametrize("shape", SHAPES)
def test_one_valid_pixel_has_nothing_to_correlate(shape):
    a, b = images(shape)
    one = np.zeros(shape, bool)
    one[tuple(n // 3 for n in shape)] = True
    everywhere = np.ones(shape, bool)
    found = check_against_pearson(a, b, one, everywhere, min_overlap=0.5)
    assert not found.ncc[~np.isnan(found.ncc)].any()
    with pytest.raises(NoContrastError, match="1 valid pixel"):
        register(a, b, reference_mask=one)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_checkerboard_meets_itself_at_every_other_lag(shape):
    a, b = images(shape)
    board = np.indices(shape).sum(axis=0) % 2 == 0
    found = check_against_pearson(a, b, board, board, min_overlap=0.2)
    odd = np.indices(found.ncc.shape).sum(axis=0) + sum(u[0] for u in found.lags)
    assert np.isnan(found.ncc[odd % 2 == 1]).all()
    with pytest.raises(NoOverlapError, match="largest is 0 "):
        register(a, b, reference_mask=board, moving_mask=~board, max_shift=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_checkerboard_does_not_move_the_answer(shape):
    scene = ndimage.gaussian_filter(
        np.random.default_rng(3).normal(size=[n + 4 for n in shape]), 1.2
    )
    a = scene[tuple(slice(2, 2 + n) for n in shape)]
    b = scene[tuple(slice(3, 3 + n) for n in shape)]
    board = np.indices(shape).sum(axis=0) % 2 == 0
    # One step along three axes takes black to white.
    other = board if len(shape) == 2 else ~board
    found = register(
        a, b, reference_mask=board, moving_mask=other, max_shift=3, subpixel=False
    )
    assert found.shift == (1,) * len(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_disjoint_masks_meet_at_other_lags(shape):
    a, b = images(shape)
    left = np.zeros(shape, bool)
    left[..., : shape[-1] // 2] = True
    found = check_against_pearson(a, b, left, ~left, min_overlap=0.2)
    touching = found.lags[-1] < 0
    assert np.isnan(found.ncc[..., ~touching]).all()
    assert not np.isnan(found.ncc[..., touching]).all()
    with pytest.raises(NoOverlapError, match=r"overlap of 0\.3; the largest is 0 "):
        register(a, b, reference_mask=~left, moving_mask=left, max_shift=(0,) * a.ndim)


@pytest.mark.parametrize("shape", [(90, 100), (20, 34, 36)])
def test_a_hundredth_of_the_pixels_is_enough(shape):
    rng = np.random.default_rng(0)
    a, b = images(shape)
    lag = (2,) * len(shape)
    here, there = parts_at(lag, a, b)
    valid = rng.random(shape) < 0.01
    b[there] = a[here]
    moved = np.zeros(shape, bool)
    moved[there] = valid[here]
    found = check_against_pearson(a, b, valid, moved, min_overlap=0.1)
    best = np.unravel_index(np.nanargmax(found.ncc), found.ncc.shape)
    assert found.lag_at(best) == lag
    assert found.ncc[best] == pytest.approx(1)


@pytest.mark.parametrize("shape", SHAPES)
def test_opposite_corners_meet_at_one_lag(shape):
    a, b = images(shape)
    first, last = np.zeros((2, *shape), bool)
    first[(slice(3),) * a.ndim] = last[(slice(-3, None),) * a.ndim] = True
    found = check_against_pearson(a, b, first, last, min_overlap=1)
    assert [found.lag_at(i) for i in np.argwhere(~np.isnan(found.ncc))] == [
        tuple(3 - n for n in shape)
    ]
    # Without a window that lag is found; in a small one there is none.
    options = {"reference_mask": first, "moving_mask": last, "min_overlap": 1}
    best = register(a, b, **options, subpixel=False)
    assert best.shift == tuple(3 - n for n in shape)
    with pytest.raises(NoOverlapError, match=f"largest is 0 .0 of {3**a.ndim} pixels"):
        register(a, b, **options, max_shift=2)


@pytest.mark.parametrize("shape", [(40, 44), (10, 20, 18)])
@pytest.mark.parametrize("axes", [1, 3])
def test_the_smallest_overlap_that_is_allowed_is_allowed(shape, axes):
    """The best lag lies where overlap is just enough, and one pixel less is not."""
    rng = np.random.default_rng(5)
    lag = tuple(n // 3 * (k < axes) for k, n in enumerate(shape))
    a, b = rng.normal(size=(2, *shape))
    here, there = parts_at(lag, a, b)
    b[there] = a[here]
    shared = np.prod([s.stop - s.start for s in here])
    just = shared / a.size
    found = register(a, b, min_overlap=just, subpixel=False)
    assert found.shift == lag
    assert found.overlap == pytest.approx(just, abs=1e-12)
    assert found.ncc == pytest.approx(1)
    more = register(a, b, min_overlap=(shared + 1) / a.size, subpixel=False)
    assert more.shift != lag
    # The same under masks, which take some of the pixels that are shared.
    valid = rng.random(shape) > 0.3
    both = np.count_nonzero(valid[here] & valid[there])
    masks = {"reference_mask": valid, "moving_mask": valid, "subpixel": False}
    exactly = both / valid.sum()
    assert register(a, b, **masks, min_overlap=exactly).shift == lag
    too_much = (both + 1) / valid.sum()
    assert register(a, b, **masks, min_overlap=too_much).shift != lag
