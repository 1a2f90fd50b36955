"""The widget on a viewer without a window: layers in, map out."""

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image

from maskalign import local_ncc, summarize_map
from maskalign._napari import mapping
from maskalign._napari.compare import CompareImages
from maskalign._napari.luminance import luminance
from maskalign._napari.mapping import describe_pair, picture_of
from maskalign._napari.ncc_map import NccMap

#: Milliseconds that a test waits for work that takes a tenth of that.
PATIENCE = 20_000


@pytest.fixture
def pair():
    """Two images of 40 x 48 px that agree but for a noisy square."""
    rng = np.random.default_rng(0)
    scene = rng.normal(1000, 100, size=(40, 48)).astype("f4")
    other = 2 * scene + 7
    other[10:25, 12:30] = rng.normal(2000, 100, size=(15, 18))
    return scene, other


@pytest.fixture
def placed():
    return {
        "scale": (0.2, 0.2),
        "translate": (5, 6),
        "units": ("um", "um"),
        "axis_labels": ("y", "x"),
    }


@pytest.fixture
def dock(viewer, pair, placed):
    for name, image in zip(("before", "after"), pair, strict=True):
        viewer.add_image(image, name=name, **placed)
    return NccMap(viewer)


@pytest.fixture
def run(qtbot):
    """Press Compute and wait until the widget is free again."""

    def run(dock):
        dock.compute.native.click()
        qtbot.waitUntil(lambda: dock.compute.enabled, timeout=PATIENCE)

    return run


# What comes out -----------------------------------------------------------------------


def test_the_map_is_what_the_library_gives(viewer, dock, run, pair, notes):
    dock.window.value = 5
    run(dock)
    layer = viewer.layers["after (NCC map)"]
    expected = local_ncc(*pair, window=5)
    np.testing.assert_array_equal(layer.data, expected)
    summary = layer.metadata["maskalign"]["ncc_map"]
    assert summary.median == summarize_map(expected).median
    assert dock.status.value == f"Compared: {summary}."
    assert notes == []


def test_the_map_lies_over_its_layer_and_looks_like_a_map(viewer, dock, run):
    run(dock)
    moving, layer = viewer.layers["after"], viewer.layers["after (NCC map)"]
    np.testing.assert_allclose(
        layer.data_to_world((3, 7)), moving.data_to_world((3, 7))
    )
    assert (layer.units, layer.axis_labels) == (moving.units, moving.axis_labels)
    assert tuple(layer.contrast_limits) == (-1, 1)
    low, middle, high = layer.colormap.map(np.array([0.0, 0.5, 1.0]))[:, :3]
    # Both ends are dark and unlike, the middle is light.
    assert middle.min() > 0.9
    assert max(low.sum(), high.sum()) < 1.2
    assert np.abs(low - high).max() > 0.3


def test_how_it_was_made_is_recorded(viewer, dock, run):
    painted = np.zeros((40, 48), np.uint8)
    painted[10:25, 12:30] = 1
    dock.mask.value = viewer.add_labels(painted, name="noisy")
    dock.weights.value = "gaussian"
    run(dock)
    layer = viewer.layers["after (NCC map)"]
    assert layer.metadata["maskalign"]["options"] == {
        "reference": "before",
        "moving": "after",
        "against": None,
        "mask": "noisy",
        "painted": "ignore painted",
        "window": 7,
        "weights": "gaussian",
    }
    assert np.nanmin(layer.data) > 0.999
    assert np.isnan(layer.data[17, 20])
    assert "on 86 % of each" in dock.status.value


def test_a_mask_may_have_pixels_of_its_own(viewer, dock, run, pair):
    painted = np.zeros((20, 24), np.uint8)
    painted[5:13, 6:15] = 1
    dock.mask.value = viewer.add_labels(
        painted, scale=(0.4, 0.4), translate=(5.1, 6.1), units=("um", "um")
    )
    run(dock)
    valid = np.kron(painted, np.ones((2, 2))) == 0
    expected = local_ncc(*pair, mask=valid)
    np.testing.assert_array_equal(viewer.layers["after (NCC map)"].data, expected)


def test_running_again_replaces_the_map_and_keeps_its_look(viewer, dock, run):
    run(dock)
    layer = viewer.layers["after (NCC map)"]
    layer.opacity = 0.3
    before = layer.data.copy()
    dock.window.value = 3
    run(dock)
    assert [x.name for x in viewer.layers] == ["before", "after", "after (NCC map)"]
    assert viewer.layers["after (NCC map)"] is layer
    assert not np.array_equal(layer.data, before, equal_nan=True)
    assert layer.opacity == 0.3


def test_a_layer_of_that_name_by_a_user_is_left_alone(viewer, dock, run):
    own = viewer.add_image(np.zeros((40, 48)), name="after (NCC map)")
    dock.reference.value = viewer.layers["before"]
    dock.moving.value = viewer.layers["after"]
    run(dock)
    assert not own.data.any()
    assert "after (NCC map) [1]" in viewer.layers


# Movies -------------------------------------------------------------------------------


@pytest.fixture
def films(viewer, movie, calibration):
    viewer.add_image(movie, name="one", **calibration)
    viewer.add_image(movie[::-1], name="two", **calibration)
    dock = NccMap(viewer)
    return dock


def choose(viewer, dock, reference, moving, against):
    dock.reference.value = viewer.layers[reference]
    dock.moving.value = viewer.layers[moving]
    dock.against.value = against


def test_a_movie_may_be_compared_in_several_ways(viewer, films, run, movie):
    expected = {
        ("one", "one", "first frame"): local_ncc("first", movie),
        ("one", "one", "previous frame"): local_ncc("previous", movie),
        ("one", "two", "same frame"): local_ncc(movie, movie[::-1], axes="TYX"),
        ("one", "two", "first frame"): local_ncc(movie[0], movie[::-1]),
        ("two", "one", "shown frame"): local_ncc(movie[::-1][4], movie),
    }
    viewer.dims.set_current_step(0, 4)
    for chosen, maps in expected.items():
        choose(viewer, films, *chosen)
        run(films)
        layer = viewer.layers[f"{chosen[1]} (NCC map)"]
        np.testing.assert_array_equal(layer.data, maps)
        assert layer.scale[0] == 2
        assert f"{len(movie)} frames compared" in films.status.value


def test_only_what_fits_is_offered(viewer, films, movie):
    viewer.add_image(movie[0], name="still")
    viewer.add_image(movie[:4], name="short")

    def offered(reference, moving):
        films.reset_choices()
        films.reference.value = viewer.layers[reference]
        films.moving.value = viewer.layers[moving]
        return films.against.value, set(films.against.choices)

    first, before, same, shown = (
        "first frame",
        "previous frame",
        "same frame",
        "shown frame",
    )
    assert offered("one", "one") == (first, {first, before, shown})
    assert offered("one", "two") == (same, {same, first, shown})
    assert offered("short", "one") == (first, {first, shown})
    assert offered("one", "still") == (shown, {first, shown})
    assert offered("still", "one") == (None, set())


def test_a_map_too_large_to_keep_is_lazy(viewer, films, run, movie, monkeypatch):
    monkeypatch.setattr(mapping, "_KEPT_BYTES", 100)
    choose(viewer, films, "one", "one", "first frame")
    run(films)
    layer = viewer.layers["one (NCC map)"]
    assert isinstance(layer.data, da.Array)
    assert layer.data.chunks[0] == (1,) * len(movie)
    np.testing.assert_array_equal(layer.data, local_ncc("first", movie))


def test_of_channels_the_one_on_show_is_compared(viewer, movie, run):
    both = np.stack([movie, 255 - movie[::-1]], axis=1)
    labels = {"axis_labels": ("t", "c", "y", "x"), "scale": (2, 1, 0.5, 0.5)}
    viewer.add_image(both, name="both", **labels)
    dock = NccMap(viewer)
    viewer.dims.set_current_step(1, 1)
    dock.moving.value = viewer.layers["both"]
    run(dock)
    layer = viewer.layers["both (NCC map)"]
    # For every channel: without that axis its time would lie on the channels.
    for channel in (0, 1):
        np.testing.assert_array_equal(
            layer.data[:, channel], local_ncc("first", both[:, 1])
        )
    assert layer.axis_labels == ("t", "c", "y", "x")
    np.testing.assert_array_equal(layer.scale, (2, 1, 0.5, 0.5))


def test_volumes(viewer, run):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 9, 14, 15))
    labels = ("z", "y", "x")
    viewer.add_image(a, name="a", axis_labels=labels)
    viewer.add_image(b, name="b", axis_labels=labels)
    dock = NccMap(viewer)
    run(dock)
    np.testing.assert_array_equal(viewer.layers["b (NCC map)"].data, local_ncc(a, b))


def test_of_colours_the_luminance_is_mapped(viewer, dock, run, pair):
    colours = np.stack([pair[1], pair[1], 0 * pair[1]], axis=-1)
    dock.moving.value = viewer.add_image(colours, name="stained", rgb=True)
    run(dock)
    layer = viewer.layers["stained (NCC map)"]
    expected = local_ncc(pair[0], luminance(colours))
    np.testing.assert_array_equal(layer.data, expected)


# Going wrong --------------------------------------------------------------------------


def refused(dock, run, notes, complaint):
    """Run; the widget must say why not, once, and be free again."""
    before = list(dock._viewer.layers)
    run(dock)
    (note,) = notes
    assert complaint in note.message
    assert dock.status.value == note.message
    assert list(dock._viewer.layers) == before
    assert not dock.cancel.enabled


def test_no_layer(viewer, run, notes, qapp):
    refused(NccMap(viewer), run, notes, "There is no reference")


def test_two_sizes(viewer, dock, run, notes):
    dock.moving.value = viewer.add_image(np.zeros((40, 40), "f4"), name="odd")
    assert "40 x 48 px" in dock.about.value
    refused(dock, run, notes, "Align them first")


def test_an_even_window(viewer, dock, run, notes):
    dock.window.value = 8
    refused(dock, run, notes, "use 7 or 9")


def test_an_empty_mask(viewer, dock, run, notes):
    dock.mask.value = viewer.add_labels(np.zeros((40, 48), int), name="nothing")
    refused(dock, run, notes, "is empty: paint what to ignore")


# While it runs ------------------------------------------------------------------------


@pytest.fixture
def held(viewer, slow, qtbot):
    """A widget that is running and waits for its first frame at the gate."""
    viewer.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    dock = NccMap(viewer)
    dock.moving.value = viewer.layers["movie"]
    slow.gate.clear()
    slow.read.clear()
    dock.compute.native.click()
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    return dock


def test_compute_is_disabled_while_it_runs(viewer, held, slow, qtbot):
    assert not held.compute.enabled
    assert held.cancel.enabled
    slow.gate.set()
    qtbot.waitUntil(lambda: held.compute.enabled, timeout=PATIENCE)
    assert "movie (NCC map)" in viewer.layers


def test_cancelling_adds_nothing(viewer, held, slow, qtbot):
    held.cancel.native.click()
    slow.gate.set()
    qtbot.waitUntil(lambda: held.compute.enabled, timeout=PATIENCE)
    assert [layer.name for layer in viewer.layers] == ["movie"]
    assert "Cancelled" in held.status.value


# Choosing -----------------------------------------------------------------------------


def test_it_begins_with_the_selected_images(viewer, pair):
    for name in ("a", "b", "c"):
        viewer.add_image(pair[0], name=name)
    viewer.layers.selection = {viewer.layers["b"], viewer.layers["c"]}
    dock = NccMap(viewer)
    assert dock.reference.value is viewer.layers["b"]
    assert dock.moving.value is viewer.layers["c"]


def test_what_is_opened_afterwards_is_taken_up(viewer, pair, run):
    dock = NccMap(viewer)
    assert dock.reference.value is None
    first = viewer.add_image(pair[0], name="first")
    second = viewer.add_image(pair[1], name="second")
    assert dock.reference.value is first
    assert dock.moving.value is second
    run(dock)
    # A map is no image to map again, unless somebody says so.
    assert dock.moving.value is second


@pytest.mark.parametrize("widget", [NccMap, CompareImages])
def test_an_image_aligned_here_is_taken_up_and_a_picture_is_not(viewer, pair, widget):
    dock = widget(viewer)
    first = viewer.add_image(pair[0], name="first")
    picture = np.zeros((*pair[0].shape, 3), np.uint8)
    made = {"maskalign": {"preview": "overlay"}}
    overlay = viewer.add_image(picture, name="overlay", rgb=True, metadata=made)
    assert dock.moving.value is first
    assert overlay not in dock.moving.choices
    made = {"maskalign": {"registration": None}}
    aligned = viewer.add_image(pair[1], name="other (aligned)", metadata=made)
    assert dock.moving.value is aligned
    assert widget(viewer).moving.value is aligned


def test_layers_that_lie_apart_are_said_to(viewer, dock, pair):
    assert dock.about.value == "40 x 48 px."
    viewer.layers["after"].translate = (5, 6.05)
    dock._describe()
    assert dock.about.value == "40 x 48 px."
    viewer.layers["after"].translate = (5, 7)
    dock._describe()
    assert "do not lie over each other" in dock.about.value
    here, there = (picture_of(Image(p), (0, 0), "image") for p in pair)
    assert "do not lie" not in describe_pair(here, there)


def test_the_window_shows_its_real_size(dock):
    dock.window.value = 11
    assert dock.window.native.text() == "11 px = 2.2 µm"
