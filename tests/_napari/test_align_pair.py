"""*Align two images* on a viewer without a window: layers in, layers out."""

import re
import threading

import dask
import dask.array as da
import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtWidgets import QWidget
from scipy import ndimage

from maskalign import Registration, masked_ncc, resample
from maskalign._napari.align_pair import AlignPair
from maskalign._napari.align_timelapse import AlignTimelapse
from maskalign._napari.world import pixel_map

PATIENCE = 20_000
#: Of the world, in micrometres: one pixel of the scene.
STEP = 0.1


@pytest.fixture(scope="module")
def scene():
    field = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(300, 320)), 4)
    return 40 + 150 * (field - field.min()) / np.ptp(field)


@pytest.fixture(scope="module")
def overview(scene):
    """Pixels of 0.3 um, from (3, 6) um on: 90 x 80 of them, uint8."""
    return seen(scene, (90, 80), 3, (30, 60)).round().astype(np.uint8)


@pytest.fixture(scope="module")
def detail(scene):
    """Pixels of 0.2 um, from (9, 12) um on: 70 x 60 of them, uint16."""
    return (20 * seen(scene, (70, 60), 2, (90, 120))).round().astype(np.uint16)


def seen(scene, shape, size, corner):
    """What a camera sees whose pixels have a size, from a pixel of the scene on."""
    matrix = np.diag([size, size, 1.0])
    matrix[:-1, -1] = np.array(corner) + (size - 1) / 2
    return resample(scene, matrix, shape)


#: Where the layers say that they lie; the middle of the first pixel is its place.
OVERVIEW = {"scale": (0.3, 0.3), "translate": (3.1, 6.1), "units": ("um", "um")}
TRUE = np.array((9050.0, 12_050.0))
#: Off by (-1.1, 0.7) um.
DETAIL = {
    "scale": (200, 200),
    "translate": (7950, 12_750),
    "units": ("nm", "nm"),
}


@pytest.fixture
def layers(viewer, overview, detail):
    return (
        viewer.add_image(overview, name="overview", **OVERVIEW),
        viewer.add_image(detail, name="detail", colormap="magma", **DETAIL),
    )


@pytest.fixture
def dock(viewer, layers):
    made = AlignPair(viewer)
    made.max_shift.value = 12
    return made


@pytest.fixture
def run(qtbot):
    """Press a button and wait until the widget is free again."""

    def run(dock, button="align"):
        getattr(dock, button).native.click()
        qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)

    return run


def made(viewer, name="detail (aligned)"):
    return viewer.layers[name]


def off(layer, size=200):
    """How far an aligned layer is from where it belongs, in its own pixels."""
    return np.abs((layer.translate[-2:] - TRUE) / size).max()


# What comes out -----------------------------------------------------------------------


def test_the_aligned_layer_lies_where_it_belongs(viewer, layers, dock, run, notes):
    run(dock)
    layer = made(viewer)
    assert off(layer) < 0.05
    # Not a pixel is touched.
    assert layer.data is layers[1].data
    assert tuple(layer.scale) == (200, 200)
    assert layer.units == layers[1].units
    assert layer.colormap.name == "magma"
    assert notes == []


def test_the_layers_themselves_are_left_alone(viewer, layers, dock, run, detail):
    before = [layer.as_layer_data_tuple()[1] for layer in layers]
    pixels = [layer.data.copy() for layer in layers]
    run(dock)
    dock.output.value = "resample on the reference"
    run(dock)
    for layer, look, data in zip(layers, before, pixels, strict=True):
        np.testing.assert_array_equal(layer.data, data)
        np.testing.assert_equal(layer.as_layer_data_tuple()[1], look)


def test_what_was_found_is_said_and_kept(viewer, layers, dock, run):
    run(dock)
    record = made(viewer).metadata["maskalign"]
    found = record["registration"]
    assert isinstance(found, Registration)
    # In pixels of the reference, 0.3 um.
    np.testing.assert_allclose(found.shift, (1.1 / 0.3, -0.7 / 0.3), atol=0.03)
    assert found.status == "ok"
    assert record["options"] == {
        "reference": "overview: 90 x 80 px",
        "reference_mask": None,
        "reference_painted": None,
        "moving": "detail: 70 x 60 px",
        "moving_mask": None,
        "moving_painted": None,
        "max_shift": 12,
        "min_overlap": 0.3,
        "subpixel": True,
        "result": "move the layer",
    }
    text = dock.status.value
    assert text.startswith("detail over overview: ok. ")
    assert "Shift y 3.6" in text
    assert "px (4.3 px = 1.3 µm), sigma 0.0" in text
    assert re.search(r"In the world: y 1\.\d+ µm, x -0\.[67]\d* µm\.", text)
    assert "NCC 0.99" in text
    assert "overlap" in text
    assert "ok. The shift may be used" in text


def test_what_would_be_aligned_is_said(viewer, dock):
    assert dock.about.value == (
        "overview: 90 x 80 px of 0.3 µm\n"
        "detail: 70 x 60 px of 200 nm\n"
        "Searched about the place where the viewer shows them. Their pixels have other "
        "sizes: matched in the larger."
    )
    assert dock.max_shift.native.text() == "12 px = 3.6 µm"
    viewer.layers["detail"].translate = (500_000, 0)
    dock.reference.changed.emit(dock.reference.value)
    assert "They do not touch there" in dock.about.value


def test_resampled_it_has_the_pixels_of_the_reference(viewer, layers, dock, run):
    dock.output.value = "resample on the reference"
    assert not dock.interpolation.native.isHidden()
    run(dock)
    layer = made(viewer)
    assert layer.data.shape == (90, 80)
    assert layer.data.dtype == np.uint16
    np.testing.assert_allclose(pixel_map(layer, layers[0]), np.eye(3), atol=1e-9)
    assert layer.units == layers[0].units
    assert layer.metadata["maskalign"]["options"]["interpolation"] == "linear"
    inside = layer.data > 0
    # 70 x 60 pixels of 0.2 um are 46 x 40 of 0.3, and some that are covered in part.
    assert 46 * 40 <= inside.sum() <= 47 * 41
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert (rows[0], columns[0]) == (20, 20)
    core = layer.data[21:65, 21:59].astype(float)
    scene = layers[0].data[21:65, 21:59].astype(float)
    assert np.corrcoef(core.ravel(), scene.ravel())[0, 1] > 0.998


def test_outside_it_is_nan_where_the_pixels_allow(viewer, dock, run, detail):
    float_layer = viewer.add_image(detail.astype("f4"), name="float", **DETAIL)
    dock.moving.value = float_layer
    dock.output.value = "resample on the reference"
    run(dock)
    data = made(viewer, "float (aligned)").data
    assert data.dtype == np.float32
    assert np.isnan(data[:20]).all()
    assert np.isfinite(data[21:65, 21:59]).all()


@pytest.mark.parametrize("interpolation", ["nearest", "linear", "cubic", "fourier"])
def test_of_one_pixel_size_it_is_moved_as_a_movie_is(viewer, run, scene, interpolation):
    one = seen(scene, (60, 60), 2, (40, 40)).astype("f4")
    other = seen(scene, (60, 60), 2, (44, 36)).astype("f4")
    viewer.add_image(one, name="one")
    viewer.add_image(other, name="other")
    dock = AlignPair(viewer)
    assert "Neither layer says where it lies" in dock.about.value
    dock.output.value = "resample on the reference"
    dock.interpolation.value = interpolation
    run(dock)
    data = made(viewer, "other (aligned)").data
    # By (2, -2) pixels: what is well inside is the reference.
    np.testing.assert_allclose(data[5:, :-5], one[5:, :-5], atol=0.5)
    assert np.isnan(data[0]).all()


def test_running_again_takes_the_place_of_the_last(viewer, layers, dock, run):
    run(dock)
    layer = made(viewer)
    layer.gamma = 0.6
    layers[1].translate = (9300, 12_750)
    run(dock)
    assert [x.name for x in viewer.layers] == ["overview", "detail", "detail (aligned)"]
    assert made(viewer) is layer
    assert layer.gamma == 0.6
    assert off(layer) < 0.05
    dock.output.value = "resample on the reference"
    run(dock)
    assert len(viewer.layers) == 3
    assert made(viewer).data.shape == (90, 80)
    dock.output.value = "move the layer"
    run(dock)
    assert made(viewer).data.shape == (70, 60)
    assert tuple(made(viewer).scale) == (200, 200)


def test_a_layer_of_the_users_own_is_left_alone(viewer, dock, run, detail):
    own = viewer.add_image(detail[:9], name="detail (aligned)")
    run(dock)
    assert own.data.shape[0] == 9
    assert off(made(viewer, "detail (aligned) [1]")) < 0.05


# Layers of all kinds ------------------------------------------------------------------


def as_colours(image):
    scaled = image // 20 if image.dtype == np.uint16 else image
    return np.stack([scaled, scaled // 2, 255 - scaled], axis=-1).astype(np.uint8)


def as_pyramid(image):
    return [image, image[::2, ::2]]


def as_dask(image):
    return da.from_array(image, chunks=(32, 32))


class Stored:
    """An array on disk, as zarr has them."""

    def __init__(self, array):
        self.array, self.chunks = array, (40, 40)
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim

    def __getitem__(self, index):
        return self.array[index]


@pytest.mark.parametrize("output", ["move the layer", "resample on the reference"])
@pytest.mark.parametrize("kind", [as_colours, as_pyramid, as_dask, Stored])
@pytest.mark.parametrize("which", ["reference", "moving"])
def test_any_kind_of_pixels(viewer, run, overview, detail, kind, which, output):
    images = {"reference": overview, "moving": detail}
    images[which] = kind(images[which])
    for name, place in (("reference", OVERVIEW), ("moving", DETAIL)):
        limits = {"contrast_limits": (0, 4000)} if kind is Stored else {}
        viewer.add_image(images[name], name=name, **place, **limits)
    dock = AlignPair(viewer)
    dock.output.value = output
    if kind is as_colours:
        assert f"{which!r} is in colour" in dock.about.value
    run(dock)
    layer = made(viewer, "moving (aligned)")
    found = layer.metadata["maskalign"]["registration"]
    np.testing.assert_allclose(found.shift, (1.1 / 0.3, -0.7 / 0.3), atol=0.04)
    assert layer.rgb == viewer.layers["moving"].rgb
    if output == "move the layer":
        assert off(layer) < 0.06
        assert layer.multiscale == viewer.layers["moving"].multiscale
    else:
        assert layer.data.shape[:2] == (90, 80)
        assert not layer.multiscale


def test_all_colours_are_resampled(viewer, layers, dock, run, detail):
    colours = as_colours(detail)
    dock.moving.value = viewer.add_image(colours, name="stain", **DETAIL)
    dock.output.value = "resample on the reference"
    run(dock)
    layer = made(viewer, "stain (aligned)")
    found = layer.metadata["maskalign"]["registration"]
    place = pixel_map(viewer.layers["stain"], layers[0])
    place[:-1, -1] += found.shift
    for k in range(3):
        expected = resample(colours[..., k], np.linalg.inv(place), (90, 80))
        np.testing.assert_array_equal(layer.data[..., k], expected)


@pytest.mark.parametrize("output", ["move the layer", "resample on the reference"])
def test_of_a_movie_the_frame_on_show_is_matched_and_all_are_moved(
    viewer, layers, dock, run, detail, output
):
    film = np.stack([detail[::-1], detail, detail[:, ::-1]])
    place = {
        "scale": (5, 200, 200),
        "translate": (0, *DETAIL["translate"]),
        "units": ("s", "nm", "nm"),
        "axis_labels": ("t", "y", "x"),
    }
    movie = viewer.add_image(film, name="film", **place)
    viewer.dims.set_current_step(0, 1)
    dock.moving.value = movie
    assert "film, frame 1 of 3: 70 x 60 px of 200 nm" in dock.about.value
    dock.output.value = output
    run(dock)
    layer = made(viewer, "film (aligned)")
    assert layer.axis_labels == ("t", "y", "x")
    assert layer.scale[0] == 5
    options = layer.metadata["maskalign"]["options"]
    assert options["moving"] == "film, frame 1 of 3: 70 x 60 px"
    if output == "move the layer":
        assert layer.data is movie.data
        assert off(layer) < 0.05
    else:
        assert isinstance(layer.data, da.Array)
        assert layer.data.chunks == ((1, 1, 1), (90,), (80,))
        still = np.asarray(layer.data[1])[21:65, 21:59].astype(float)
        scene = layers[0].data[21:65, 21:59].astype(float)
        assert np.corrcoef(still.ravel(), scene.ravel())[0, 1] > 0.998


@pytest.fixture
def volumes(viewer):
    rng = np.random.default_rng(0)
    field = 100 * ndimage.gaussian_filter(rng.normal(size=(24, 80, 84)), (1, 3, 3))
    labels = {"axis_labels": ("z", "y", "x")}
    return (
        viewer.add_image(field[:16], name="deep", scale=(2, 1, 1), **labels),
        viewer.add_image(
            field[3:12, 8:60, 12:70], name="part", scale=(2, 1, 1), **labels
        ),
    )


def test_volumes(viewer, volumes, run, qapp):
    dock = AlignPair(viewer)
    dock.max_shift.value = 20
    run(dock)
    layer = made(viewer, "part (aligned)")
    np.testing.assert_allclose(layer.translate, (6, 8, 12), atol=0.1)
    dock.overlay.value = "after"
    picture = viewer.layers["overlay"]
    assert picture.data.shape == (80, 84, 3)
    before = np.array(picture.data)
    viewer.dims.set_current_step(0, 5)
    assert (np.asarray(picture.data) != before).any()
    # Each plane over its own.
    assert greyness(picture.data) > 0.98
    dock.overlay.value = "before"
    assert greyness(picture.data) < 0.5


@pytest.mark.parametrize("flat", ["reference", "moving"])
def test_of_a_volume_beside_an_image_the_plane_on_show_is_taken(
    viewer, volumes, run, flat
):
    deep, part = volumes
    if flat == "reference":
        still = viewer.add_image(deep.data[5], name="still")
        pair, name = (still, part), "part"
    else:
        still = viewer.add_image(part.data[2], name="still")
        pair, name = (deep, still), "still"
    viewer.dims.set_point(0, 2 * (2 if flat == "reference" else 5))
    dock = AlignPair(viewer)
    dock.reference.value, dock.moving.value = pair
    expected = "part, plane 2 of 9" if flat == "reference" else "deep, plane 5 of 16"
    assert expected in dock.about.value
    run(dock)
    layer = made(viewer, f"{name} (aligned)")
    np.testing.assert_allclose(layer.translate[-2:], (8, 12), atol=0.1)
    dock.output.value = "resample on the reference"
    run(dock)
    layer = made(viewer, f"{name} (aligned)")
    assert layer.data.shape == ((9, 80, 84) if flat == "reference" else (80, 84))
    np.testing.assert_allclose(
        np.asarray(layer.data)[..., 10:58, 14:66][2 if flat == "reference" else ...],
        deep.data[5, 10:58, 14:66],
        atol=1e-3,
    )


def test_a_mask_of_the_volume_counts_in_the_plane_on_show(viewer, volumes, run):
    deep, part = volumes
    drawn = np.zeros(part.data.shape, int)
    drawn[2, :13] = 1
    drawn[3:] = 1
    place = {"scale": part.scale, "axis_labels": part.axis_labels}
    mask = viewer.add_labels(drawn, name="drawn", **place)
    still = viewer.add_image(deep.data[5], name="still")
    viewer.dims.set_point(0, 2 * 2)
    dock = AlignPair(viewer)
    dock.reference.value, dock.moving.value = still, part
    dock.moving_mask.value = mask
    run(dock)
    assert "Matched on 75 % of part." in dock.status.value
    layer = made(viewer, "part (aligned)")
    np.testing.assert_allclose(layer.translate[-2:], (8, 12), atol=0.1)


# Masks --------------------------------------------------------------------------------


@pytest.fixture
def dirty(viewer, overview, detail, scene):
    """Both with bright dirt that lies elsewhere in either: alike, and misleading."""
    dirt = np.zeros((18, 16))
    dirt[2:-2, 2:-2] = np.random.default_rng(5).integers(0, 2, (14, 12))
    one, other = overview.copy(), detail.copy()
    one[40:58, 30:46] = 255 * dirt
    other[10:28, 40:56] = 60_000 * dirt
    return (
        viewer.add_image(one, name="one", **OVERVIEW),
        viewer.add_image(other, name="other", **DETAIL),
    )


def test_without_masks_the_dirt_decides(viewer, dirty, run):
    dock = AlignPair(viewer)
    run(dock)
    assert off(made(viewer, "other (aligned)")) > 1


def labels_over(viewer, layer, ys, xs, grow):
    """A Labels layer with pixels of its own over a part of an image."""
    drawn = np.zeros((2 * (ys.stop - ys.start) + 2 * grow, 99), int)
    drawn[grow:-grow, grow : grow + 2 * (xs.stop - xs.start)] = 3
    scale = layer.scale / 2
    corner = layer.data_to_world((ys.start - 0.5 + 0.25, xs.start - 0.5 + 0.25))
    return viewer.add_labels(
        drawn, scale=scale, translate=np.array(corner) - grow * scale, units=layer.units
    )


def shapes_over(viewer, layer, ys, xs):
    box = [
        (ys.start - 0.5, xs.start - 0.5),
        (ys.start - 0.5, xs.stop - 0.5),
        (ys.stop - 0.5, xs.stop - 0.5),
        (ys.stop - 0.5, xs.start - 0.5),
    ]
    return viewer.add_shapes(
        [[layer.data_to_world(corner) for corner in box]],
        shape_type="polygon",
        units=layer.units,
    )


ONE, OTHER = np.s_[40:58, 30:46], np.s_[10:28, 40:56]


def test_masks_of_any_kind_and_pixels_free_them(viewer, dirty, run):
    one, other = dirty
    truth = np.zeros((70, 60), bool)
    truth[OTHER] = True
    dock = AlignPair(viewer)
    dock.reference_mask.value = labels_over(viewer, one, *ONE, grow=4)
    painted = (
        labels_over(viewer, other, *OTHER, grow=3),
        shapes_over(viewer, other, *OTHER),
        viewer.add_image(truth, name="truth", **DETAIL),
    )
    for layer in painted:
        dock.moving_mask.value = layer
        run(dock)
        aligned = made(viewer, "other (aligned)")
        assert off(aligned) < 0.1
        share = 1 - 18 * 16 / (70 * 60)
        assert f"{share:.0%} of other".replace("%", " %") in dock.status.value
        options = aligned.metadata["maskalign"]["options"]
        assert options["moving_mask"] == layer.name
        assert options["moving_painted"] == "ignore painted"


def test_use_only_painted_is_the_opposite(viewer, dirty, run):
    valid = [np.ones(layer.data.shape, int) for layer in dirty]
    valid[0][ONE] = valid[1][OTHER] = 0
    dock = AlignPair(viewer)
    dock.painted.value = "use only painted"
    for box, layer, drawn in zip(
        (dock.reference_mask, dock.moving_mask), dirty, valid, strict=True
    ):
        place = {"scale": layer.scale, "translate": layer.translate}
        added = viewer.add_labels(drawn, units=layer.units, **place)
        box.reset_choices()
        box.value = added
    run(dock)
    assert off(made(viewer, "other (aligned)")) < 0.1


def test_new_mask_is_made_over_either(viewer, dirty, run):
    one, other = dirty
    dock = AlignPair(viewer)
    for button, box, layer, where in (
        (dock.paint_reference, dock.reference_mask, one, ONE),
        (dock.paint_moving, dock.moving_mask, other, OTHER),
    ):
        button.changed.emit(True)
        mask = box.value
        assert mask.name == f"ignore in {layer.name}"
        assert mask.mode == "paint"
        assert mask.data.shape == layer.data.shape
        np.testing.assert_allclose(pixel_map(mask, layer), np.eye(3), atol=1e-12)
        data = np.array(mask.data)
        data[where] = 1
        mask.data = data
    assert dock.reference_mask.value.name == "ignore in one"
    run(dock)
    assert off(made(viewer, "other (aligned)")) < 0.1
    # In masks of ours what is left out is coloured.
    assert mask.colormap.map(1)[3] == 1
    dock.painted.value = "use only painted"
    assert mask.colormap.map(1)[3] == 0


# Looking at it ------------------------------------------------------------------------


def greyness(picture):
    """Correlate green with magenta where both images are."""
    inner = np.asarray(picture)[30:58, 30:52].astype(float)
    return np.corrcoef(inner[..., 0].ravel(), inner[..., 1].ravel())[0, 1]


def test_the_overlay_shows_before_and_after(viewer, layers, dock, run):
    assert not dock.overlay.enabled
    run(dock)
    dock.overlay.value = "before"
    layer = viewer.layers["overlay"]
    assert layer.rgb
    np.testing.assert_allclose(pixel_map(layer, layers[0]), np.eye(3), atol=1e-9)
    assert viewer.layers.index(layer) > viewer.layers.index(made(viewer))
    assert layer not in dock.reference.choices
    before = greyness(layer.data)
    dock.overlay.value = "after"
    assert viewer.layers["overlay"] is layer
    assert greyness(layer.data) > 0.99 > 0.9 > before
    dock.overlay.value = "off"
    assert "overlay" not in viewer.layers


def test_colours_are_as_bright_as_the_other_in_the_overlay(viewer, layers, dock, run):
    dim = as_colours(layers[0].data) // 4
    dock.reference.value = viewer.add_image(dim, name="stain", **OVERVIEW)
    run(dock)
    dock.overlay.value = "after"
    inner = np.asarray(viewer.layers["overlay"].data)[30:58, 30:52].astype(float)
    assert abs(inner[..., 0].mean() - inner[..., 1].mean()) < 40
    assert greyness(viewer.layers["overlay"].data) > 0.95


def test_the_overlay_goes_when_other_images_are_chosen(viewer, layers, dock, run):
    run(dock)
    dock.overlay.value = "after"
    dock.moving.value = made(viewer)
    assert "overlay" not in viewer.layers
    assert not dock.overlay.enabled


def test_the_surface_has_its_ring_at_the_shift(viewer, layers, dock, run):
    run(dock, "show_surface")
    surface = viewer.layers["detail (correlation surface)"]
    ring = viewer.layers["detail (correlation surface): peak"]
    # In the unit of the world, nanometres.
    at = ring.data_to_world(ring.data[0])
    np.testing.assert_allclose(at, (1100, -700), atol=160)
    assert str(ring.units[0]) == "nanometer"
    best = np.unravel_index(np.nanargmax(surface.data), surface.data.shape)
    np.testing.assert_allclose(surface.data_to_world(best), at, atol=1e-6)
    assert "the place of the pointer is the shift" in dock.status.value
    run(dock, "show_surface")
    assert len(viewer.layers) == 4


def test_the_surface_is_the_librarys(viewer, run, scene):
    one, other = (seen(scene, (40, 40), 2, (c, c)) for c in (40, 46))
    viewer.add_image(one, name="one")
    viewer.add_image(other, name="other", translate=(3, 0))
    dock = AlignPair(viewer)
    run(dock, "show_surface")
    surface = viewer.layers["other (correlation surface)"]
    expected = masked_ncc(one, other)
    np.testing.assert_array_equal(surface.data, expected.ncc)
    # The lag 0 is a shift by -3: there it would lie corner on corner.
    first = [lags[0] for lags in expected.lags]
    np.testing.assert_allclose(surface.translate, np.array(first) - (3, 0))


def test_other_layers_are_carried_along(viewer, layers, dock, run):
    _, detail = layers
    cells = viewer.add_labels(
        np.ones((70, 60), int), name="cells", scale=(200, 200), **_place(detail)
    )
    spots = viewer.add_points([(8.0, 13)], name="spots", units=("um", "um"), size=0.5)
    odd = viewer.add_points([(8.0, 13)], name="odd", units=("s", "s"))
    run(dock)
    dock.along.tick(cells)
    dock.along.tick(spots)
    dock.along.tick(odd)
    dock.along.apply.native.click()
    assert "'odd' cannot be carried: it is measured in s" in dock.status.value
    dock.along.tick(odd, on=False)
    dock.along.apply.native.click()
    aligned = made(viewer)
    for layer in (cells, spots):
        copy = made(viewer, f"{layer.name} (aligned)")
        np.testing.assert_allclose(
            pixel_map(copy, aligned), pixel_map(layer, detail), atol=1e-6
        )
        assert copy.metadata["maskalign"]["registration"].status == "ok"
    assert "Added cells (aligned), spots (aligned)." in dock.status.value
    # Painting in the copy is not seen in the layer.
    made(viewer, "cells (aligned)").data[:] = 7
    assert (cells.data == 1).all()
    dock.along.apply.native.click()
    names = [layer.name for layer in viewer.layers]
    assert names.count("cells (aligned)") == 1
    assert "cells (aligned) [1]" not in names


def _place(layer):
    return {"translate": layer.translate, "units": layer.units}


def test_nothing_to_carry_is_said(viewer, dock, run):
    dock.along.apply.native.click()
    assert "There is no shift yet" in dock.status.value
    run(dock)
    dock.along.apply.native.click()
    assert "Tick the layers" in dock.status.value


# Going wrong --------------------------------------------------------------------------


def refused(dock, run, notes, complaint):
    """Run; the widget must say why not, once, and be free again."""
    before = list(dock._viewer.layers)
    run(dock)
    (note,) = notes
    assert complaint in note.message
    assert note.severity.value == "error"
    assert dock.status.value == note.message
    assert list(dock._viewer.layers) == before
    assert not dock.cancel.enabled


def test_no_layer(viewer, run, notes, qapp):
    refused(AlignPair(viewer), run, notes, "There is no reference: open an image")


def test_one_layer_twice(viewer, dock, run, notes):
    dock.moving.value = dock.reference.value
    assert "'overview' is chosen as both" in dock.about.value
    refused(dock, run, notes, "choose two layers")


@pytest.mark.parametrize(
    ("data", "place", "complaint"),
    [
        (np.full((40, 40), 7, "u2"), {}, "moving is constant (7)"),
        (np.full((40, 40), np.nan, "f4"), {"contrast_limits": (0, 1)}, "moving has no"),
        (np.zeros((40, 40), bool), {}, "boolean array is a mask"),
        (np.eye(40), {"units": ("s", "s")}, "cannot be turned into each other"),
        (np.eye(40), {"units": ("um", "um"), "rotate": 30}, "turned"),
        (np.eye(40), {"axis_labels": ("x", "y")}, "must be the last"),
        (np.zeros((2, 2, 2, 2, 2, 40, 40)), {}, "cannot be told what they are"),
    ],
    ids=["flat", "nan", "bool", "seconds", "turned", "order", "axes"],
)
def test_images_that_cannot_be_aligned(
    viewer, dock, run, notes, data, place, complaint
):
    dock.moving.value = viewer.add_image(data, name="odd", **place)
    refused(dock, run, notes, complaint)


def test_images_that_lie_apart(viewer, layers, dock, run, notes):
    layers[1].translate = (500_000, 0)
    refused(dock, run, notes, "pixels of the reference apart")
    # Without a limit they are searched everywhere.
    dock.max_shift.value = 0
    run(dock)
    assert off(made(viewer)) < 0.1


@pytest.mark.parametrize(
    ("drawn", "place", "complaint"),
    [
        (np.zeros((70, 60), int), DETAIL, "is empty: paint what to ignore"),
        (np.ones((70, 60), int), DETAIL, "painted all over"),
        (np.ones((9, 9), int), {}, "has shape (9, 9)"),
        (np.ones((9, 9), int), {"translate": (9e6, 0)}, "Nothing of the mask 'odd'"),
    ],
    ids=["empty", "full", "small", "elsewhere"],
)
def test_masks_that_do_not_fit(viewer, dock, run, notes, drawn, place, complaint):
    layer = viewer.add_labels(drawn, name="odd", **place)
    dock.moving_mask.reset_choices()
    dock.moving_mask.value = layer
    refused(dock, run, notes, complaint)


def test_unrelated_images_are_doubted(viewer, dock, run, notes):
    noise = np.random.default_rng(0).normal(size=(70, 60))
    dock.moving.value = viewer.add_image(noise, name="noise", **DETAIL)
    run(dock)
    (note,) = notes
    assert note.severity.value == "warning"
    assert "may not be where it belongs" in note.message
    assert "unsure. Unrelated images" in dock.status.value


# While it runs ------------------------------------------------------------------------


@pytest.fixture
def held(viewer, layers, detail, qtbot):
    """A widget that is running, and waits for the moving image at a gate."""
    gate, begun = threading.Event(), threading.Event()
    gate.set()

    def load():
        begun.set()
        gate.wait(20)
        return detail

    lazy = da.from_delayed(dask.delayed(load, pure=False)(), detail.shape, detail.dtype)
    layer = viewer.add_image(lazy, name="lazy", contrast_limits=(0, 4000), **DETAIL)
    dock = AlignPair(viewer)
    dock.moving.value = layer
    gate.clear()
    begun.clear()
    dock.align.native.click()
    qtbot.waitUntil(begun.is_set, timeout=PATIENCE)
    dock.gate = gate
    yield dock
    gate.set()


def let_go(dock, qtbot):
    dock.gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)


def test_align_is_disabled_while_it_runs(viewer, held, qtbot):
    assert not held.align.enabled
    assert held.cancel.enabled
    held.show_surface.native.click()
    let_go(held, qtbot)
    assert off(made(viewer, "lazy (aligned)")) < 0.05
    assert "lazy (correlation surface)" not in viewer.layers


def test_cancelling_adds_nothing(viewer, held, qtbot):
    held.cancel.native.click()
    let_go(held, qtbot)
    assert "lazy (aligned)" not in viewer.layers
    assert "Cancelled" in held.status.value
    held.align.native.click()
    let_go(held, qtbot)
    assert "lazy (aligned)" in viewer.layers


def test_layers_may_go_and_be_renamed_while_it_runs(viewer, held, qtbot, notes):
    viewer.layers["lazy"].name = "late"
    viewer.layers.remove("overview")
    held.reset_choices()
    let_go(held, qtbot)
    assert off(made(viewer, "late (aligned)")) < 0.05
    held.overlay.value = "after"
    viewer.layers.remove("late")
    held.reset_choices()
    assert notes == []


def test_an_error_while_reading_is_said(viewer, dock, run, notes, detail):
    def fail():
        raise OSError("the disk is gone")

    lazy = da.from_delayed(dask.delayed(fail)(), detail.shape, detail.dtype)
    layer = Image(lazy, name="broken", contrast_limits=(0, 1), visible=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "_update_thumbnail", lambda *_: None)
        viewer.add_layer(layer)
    dock.moving.value = layer
    refused(dock, run, notes, "the disk is gone")


# Choosing -----------------------------------------------------------------------------


def test_it_starts_from_the_selection(viewer, layers, detail):
    third = viewer.add_image(detail, name="third")
    viewer.layers.selection = {layers[1], third}
    dock = AlignPair(viewer)
    assert (dock.reference.value, dock.moving.value) == (layers[1], third)


def test_images_that_come_later_are_taken_up(viewer, detail, qapp):
    dock = AlignPair(viewer)
    first = viewer.add_image(detail, name="first")
    second = viewer.add_image(detail, name="second")
    assert (dock.reference.value, dock.moving.value) == (first, second)


@pytest.mark.parametrize("widget", [AlignPair, AlignTimelapse])
def test_what_came_and_went_while_the_dock_was_closed_is_known(viewer, movie, widget):
    place = QWidget()
    gone = viewer.add_image(movie, name="gone")
    dock = widget(viewer)
    dock.native.setParent(place)
    dock.native.setParent(None)
    late = viewer.add_image(movie, name="late")
    late_too = viewer.add_image(movie, name="late too")
    viewer.layers.remove(gone)
    dock.native.setParent(place)
    box = dock.reference if widget is AlignPair else dock.image
    assert tuple(box.choices) == (late, late_too)
    assert box.value is late
    names = (dock.along if widget is AlignPair else dock.others).names
    assert "late too" in names.item(names.count() - 1).text()


def test_settings_are_remembered(viewer, dock, run):
    dock.painted.value = "use only painted"
    dock.subpixel.value = False
    dock.output.value = "resample on the reference"
    run(dock)
    again = AlignPair(viewer)
    assert again.painted.value == "use only painted"
    assert again.max_shift.value == 12
    assert not again.subpixel.value
    assert again.output.value == "resample on the reference"
