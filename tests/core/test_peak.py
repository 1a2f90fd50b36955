import numpy as np
import pytest

from maskalign.core.peak import find_peak


def paraboloid(shape, top, bend):
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) - top
    return 0.9 - 0.5 * np.einsum("...i,ij,...j", grid, np.asarray(bend), grid)


@pytest.mark.parametrize(
    ("top", "bend"),
    [
        ((5.3, 6.6), [[0.02, 0], [0, 0.01]]),
        # A tilted ridge: fitted axis by axis it would peak elsewhere.
        ((5.3, 6.6), [[0.02, 0.012], [0.012, 0.01]]),
        ((4.8, 5.1, 6.4), [[0.02, 0.01, 0], [0.01, 0.02, 0.005], [0, 0.005, 0.01]]),
    ],
)
def test_a_paraboloid_is_found_exactly(top, bend):
    surface = paraboloid((12,) * len(top), top, bend)
    # The highest sample may lie a step off along the ridge; look from the nearest.
    peak = find_peak(surface)
    found = np.add(peak.index, peak.offset)
    if max(abs(o) for o in peak.offset) < 0.5:
        np.testing.assert_allclose(found, top, atol=1e-9)
    else:
        assert np.linalg.norm(found - top) <= np.linalg.norm(
            np.subtract(peak.index, top)
        )
    np.testing.assert_allclose(-peak.curvature, bend, atol=1e-12)
    assert not peak.at_limit


def test_nan_is_never_the_peak_and_makes_its_neighbour_a_limit():
    surface = paraboloid((9, 9), (4, 4), [[0.02, 0], [0, 0.02]])
    surface[4, 4] = np.nan
    peak = find_peak(surface)
    assert np.hypot(*np.subtract(peak.index, 4)) == 1
    assert peak.at_limit


@pytest.mark.parametrize("index", [(0, 4), (8, 4), (4, 0), (4, 8)])
def test_every_edge_is_a_limit(index):
    surface = paraboloid((9, 9), index, [[0.02, 0], [0, 0.02]])
    peak = find_peak(surface)
    assert peak.index == index
    assert peak.at_limit


def test_one_lag_along_an_axis_is_no_limit():
    surface = paraboloid((1, 9), (0, 4.25), [[0.02, 0], [0, 0.02]])
    peak = find_peak(surface)
    assert peak.offset == pytest.approx((0, 0.25))
    assert not peak.at_limit


def test_ratio_is_best_over_second_best_elsewhere():
    bend = np.eye(2) * 0.2
    surface = np.maximum(paraboloid((40, 40), (10, 10), bend), 0)
    surface += np.maximum(paraboloid((40, 40), (30, 31), bend) - 0.3, 0)
    assert find_peak(surface).ratio == pytest.approx(0.9 / 0.6)


def test_ratio_without_rivals():
    alone = paraboloid((40, 40), (20, 20), np.eye(2) * 0.2)
    assert find_peak(alone).ratio == np.inf
    assert np.isnan(find_peak(alone[19:22, 19:22]).ratio)
