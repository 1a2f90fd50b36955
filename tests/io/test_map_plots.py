"""Maps and surfaces as pictures and as layers: what is where."""

import numpy as np
import pytest

from maskalign import displacement_map, local_ncc, masked_ncc, surface_layers
from maskalign.io.map_plots import displacement_figure, ncc_map_figure, surface_figure
from maskalign.io.surface_view import best_lag
from maskalign.model.results import CorrelationSurface


@pytest.fixture(scope="module")
def surface():
    """The surface of two images whose shift is (3, -5)."""
    scene = np.random.default_rng(0).normal(size=(60, 70))
    reference, moving = scene[10:50, 10:55], scene[13:53, 5:50]
    return masked_ncc(reference, moving, max_shift=(8, 12))


@pytest.fixture(scope="module")
def deep():
    """A surface of three axes whose peak is at (1, -2, 3)."""
    lags = tuple(np.arange(-n, n + 1) for n in (2, 4, 5))
    ncc = np.full((5, 9, 11), 0.1, "f4")
    ncc[3, 2, 8] = 0.7
    ncc[0] = np.nan
    return CorrelationSurface(ncc, np.ones(ncc.shape), lags)


# Layers -------------------------------------------------------------------------------


def test_the_place_of_a_layer_is_the_shift(surface):
    (data, image, kind), (points, peak, points_kind) = surface_layers(surface)
    assert (kind, points_kind) == ("image", "points")
    assert data is surface.ncc
    at = np.unravel_index(np.nanargmax(data), data.shape)
    np.testing.assert_array_equal(at * image["scale"] + image["translate"], (3, -5))
    np.testing.assert_array_equal(points * peak["scale"], [(3, -5)])
    assert image["axis_labels"] == ("shift y", "shift x")
    low, high = image["contrast_limits"]
    assert low <= 0 < high == pytest.approx(1)


def test_pixels_become_units(deep):
    placed = {"scale": (2, 0.5, 0.5), "units": ("µm",) * 3}
    (_, image, _), (points, peak, _) = surface_layers(deep, **placed, name="found")
    np.testing.assert_array_equal(image["translate"], (-4, -2, -2.5))
    np.testing.assert_array_equal(points[0] * peak["scale"], (2, -1, 1.5))
    assert image["units"] == peak["units"] == ("µm",) * 3
    assert image["axis_labels"] == ("shift z", "shift y", "shift x")
    assert (image["name"], peak["name"]) == ("found", "found: peak")


def test_the_lag_zero_may_mean_a_shift(surface):
    (_, image, _), (points, peak, _) = surface_layers(
        surface, scale=(0.5, 2), origin=(10, -0.5)
    )
    at = np.unravel_index(np.nanargmax(surface.ncc), surface.shape)
    there = (10 + 0.5 * 3, -0.5 - 2 * 5)
    np.testing.assert_allclose(at * image["scale"] + image["translate"], there)
    np.testing.assert_allclose(points[0] * peak["scale"] + peak["translate"], there)
    (label,) = peak["features"]["label"]
    assert label.startswith("(+23.0, -5.2)")


def test_napari_takes_the_layers(surface, deep):
    layers = pytest.importorskip("napari.layers")
    for one in (surface, deep):
        units = ("um",) * len(one.lags)
        image, points = (
            layers.Layer.create(*data) for data in surface_layers(one, units=units)
        )
        assert image.units == points.units
        lag, _ = best_lag(one)
        np.testing.assert_array_equal(
            image.world_to_data(lag),
            np.array(np.unravel_index(np.nanargmax(one.ncc), one.shape)),
        )
        np.testing.assert_array_equal(points.data_to_world(points.data[0]), lag)
        (text,) = points.text.values
        assert text.startswith("(+")
        assert "ncc" in text


def test_a_surface_without_a_value_is_refused():
    lags = (np.arange(2), np.arange(2))
    empty = CorrelationSurface(np.full((2, 2), np.nan), np.zeros((2, 2)), lags)
    with pytest.raises(ValueError, match="no value"):
        surface_layers(empty)
    with pytest.raises(TypeError, match="what masked_ncc returns"):
        surface_layers(empty.ncc)


# Pictures -----------------------------------------------------------------------------


def drawn(figure):
    figure.canvas.draw()
    return figure


def test_a_surface_is_drawn_over_the_shift(surface):
    picture, *sections = [
        ax
        for ax in drawn(surface_figure(surface, title="pair")).axes
        if ax.get_xlabel()
    ]
    assert picture.get_title(loc="left") == "peak at (+3, -5), ncc 1.00"
    # Shift x to the right, shift y downwards, as in an image.
    assert picture.get_xlim() == (-12.5, 12.5)
    assert picture.get_ylim() == (8.5, -8.5)
    cross, ring = picture.lines
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (0, 0)
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (-5, 3)
    along_y, along_x = (ax.lines[-1] for ax in sections)
    np.testing.assert_array_equal(along_y.get_xdata(), surface.lags[0])
    np.testing.assert_array_equal(along_y.get_ydata(), surface.ncc[:, 12 - 5])
    np.testing.assert_array_equal(along_x.get_ydata(), surface.ncc[8 + 3])


def test_of_three_axes_the_plane_of_the_peak_is_drawn(deep):
    axes = [ax for ax in drawn(surface_figure(deep)).axes if ax.get_xlabel()]
    assert len(axes) == 4
    np.testing.assert_array_equal(axes[0].images[0].get_array(), deep.ncc[3])
    titles = [ax.get_xlabel() for ax in axes[1:]]
    assert titles == [f"shift {letter} (pixels)" for letter in "zyx"]


@pytest.mark.parametrize("shape", [(30, 90), (60, 50)])
def test_a_map_is_drawn_beside_its_images(shape):
    a, b = np.random.default_rng(0).normal(size=(2, *shape))
    b[:5] = np.nan
    ncc = local_ncc(a, b)
    figure = drawn(ncc_map_figure(ncc, {"before": a, "after": b}, title="pair"))
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in panels] == ["before", "after", "NCC map"]
    image = panels[-1].images[0]
    assert image.get_clim() == (-1, 1)
    np.testing.assert_array_equal(image.get_array().mask, np.isnan(ncc))
    # Wide images stand below each other.
    left = {round(ax.get_position().x0, 3) for ax in panels}
    assert len(left) == (1 if shape[1] > 2 * shape[0] else 3)


def test_arrows_show_the_drift():
    scene = np.random.default_rng(0).normal(size=(80, 90))
    found = displacement_map(
        scene[8:72, 8:80], scene[10:74, 5:77], window=24, subpixel=False
    )
    (ax, *_) = drawn(displacement_figure(found)).axes
    (good,), (doubtful,) = ax.collections, ax.lines
    assert found.ncc.size == good.N
    assert len(doubtful.get_xdata()) == 0
    # A shift of (2, -3) undoes a drift of (-2, 3): up and to the right.
    np.testing.assert_array_equal(good.U, 3)
    np.testing.assert_array_equal(good.V, -2)
    bottom, top = ax.get_ylim()
    assert bottom > top


def test_windows_without_a_shift_have_a_cross():
    scene = np.random.default_rng(0).normal(size=(64, 64))
    flat = scene.copy()
    flat[:32, :32] = 0
    found = displacement_map(flat, scene, window=32, step=32, subpixel=False)
    ax = drawn(displacement_figure(found)).axes[0]
    assert ax.collections[0].N == 3
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [(15.5, 15.5)])
