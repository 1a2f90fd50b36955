"""The widget on a viewer without a window: layers in, layer out."""

import dask.array as da
import numpy as np
import pytest
from scipy import ndimage

from maskalign import DriftTable, apply_drift, estimate_drift
from maskalign._napari.align_timelapse import AlignTimelapse
from maskalign._napari.masks import PAINTED
from maskalign.model.options import DriftOptions

CALIBRATED = {"scale": (2, 0.2, 0.2), "units": ("s", "um", "um")}
#: Milliseconds that a test waits for work that takes a tenth of that.
PATIENCE = 20_000


@pytest.fixture
def dock(viewer, movie, bar, calibration):
    viewer.add_image(movie, name="movie", colormap="magma", **calibration)
    viewer.add_labels(bar, name="bar")
    made = AlignTimelapse(viewer)
    made.max_shift.value = 12
    return made


@pytest.fixture
def run(qtbot):
    """Press Align and wait until the widget is free again."""

    def run(dock):
        dock.align.native.click()
        qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)

    return run


def choose(dock, image=None, mask=None):
    dock.reset_choices()
    if image is not None:
        dock.image.value = image
    dock.mask.value = mask


def result(viewer):
    return viewer.layers["movie (aligned)"]


# What comes out -----------------------------------------------------------------------


def test_with_the_mask_the_movie_stands_still(viewer, dock, run, notes, true_shifts):
    choose(dock, mask=viewer.layers["bar"])
    run(dock)
    table = result(viewer).metadata["maskalign"]["drift"]
    assert isinstance(table, DriftTable)
    np.testing.assert_allclose(table.shifts, true_shifts, atol=0.2)
    assert "6 frames aligned on 86 % of each" in dock.status.value
    assert "6.4 px" not in dock.status.value  # the largest is (5, -2)
    assert "5.4 px = 1.08 µm (frame 3)" in dock.status.value
    assert notes == []


def test_without_the_mask_the_bar_holds_it_back(viewer, dock, run, true_shifts):
    choose(dock)
    run(dock)
    shifts = result(viewer).metadata["maskalign"]["drift"].shifts
    assert np.abs(shifts - true_shifts).max() > 1


def test_a_movie_pinned_by_what_stands_still_suggests_a_mask(
    viewer, dock, run, notes, movie, bar
):
    rng = np.random.default_rng(3)
    scene = ndimage.gaussian_filter(rng.normal(size=(64, 160)), 2)
    scene = 500 + 100 * scene / scene.std()
    moving = np.stack([scene[:, 12 * t : 12 * t + 64] for t in range(4)])
    moving[:, 10:30, 20:40] = 3000
    viewer.add_image(moving.astype("u2"), name="pinned")
    choose(dock, image=viewer.layers["pinned"])
    run(dock)
    assert "Mask what stands still" in dock.status.value
    assert ["Mask what stands still" in note.message for note in notes] == [True]


def test_both_meanings_of_painting_agree(viewer, dock, run, true_shifts):
    scene = viewer.add_labels(1 - viewer.layers["bar"].data, name="scene")
    choose(dock, mask=scene)
    dock.painted.value = "use only painted"
    run(dock)
    shifts = result(viewer).metadata["maskalign"]["drift"].shifts
    np.testing.assert_allclose(shifts, true_shifts, atol=0.2)


def test_what_is_painted_on_one_frame_goes_for_all(
    viewer, dock, run, movie, bar, true_shifts
):
    drawn = np.zeros(movie.shape, int)
    drawn[4] = 3 * bar
    choose(dock, mask=viewer.add_labels(drawn, name="drawn"))
    run(dock)
    shifts = result(viewer).metadata["maskalign"]["drift"].shifts
    np.testing.assert_allclose(shifts, true_shifts, atol=0.2)


@pytest.mark.parametrize("canvas", ["same", "union"])
def test_colours_are_aligned_by_their_brightness(
    viewer, dock, run, movie, true_shifts, canvas
):
    colours = np.stack([movie, movie // 3, 200 - movie // 4], axis=-1)
    layer = viewer.add_image(colours, name="stain", **CALIBRATED)
    assert layer.rgb
    choose(dock, image=layer, mask=viewer.layers["bar"])
    assert "'stain' is in colour" in dock.about.value
    assert "all its colours are moved" in dock.about.value
    dock.canvas.value = canvas
    run(dock)
    made = viewer.layers["stain (aligned)"]
    table = made.metadata["maskalign"]["drift"]
    np.testing.assert_allclose(table.shifts, true_shifts, atol=0.2)
    assert made.rgb
    for k in range(3):
        expected = apply_drift(colours[..., k], table.repaired(), canvas=canvas)
        np.testing.assert_array_equal(made.data[..., k], expected)
    # Mended by hand, it is still in colour.
    dock.table.view.shift_typed.emit(5, 1, 7.0)
    assert made.rgb
    moved = apply_drift(
        colours[..., 1], made.metadata["maskalign"]["drift"], canvas=canvas
    )
    np.testing.assert_array_equal(made.data[5, ..., 1], moved[5])


def test_a_mask_may_have_pixels_of_its_own(viewer, dock, run, bar, true_shifts):
    # Pixels of 0.4 um over those of 0.2 um, corner on corner.
    coarse = viewer.add_labels(
        bar[::2, ::2],
        name="coarse",
        scale=(400, 400),
        translate=(5100, 6100),
        units=("nm", "nm"),
    )
    choose(dock, mask=coarse)
    run(dock)
    made = result(viewer).metadata["maskalign"]
    np.testing.assert_allclose(made["drift"].shifts, true_shifts, atol=0.2)
    assert made["options"]["mask"] == "coarse"
    assert "86 %" in dock.status.value


def test_a_mask_that_lies_elsewhere_is_refused(viewer, dock, run, notes, bar):
    layer = viewer.add_labels(bar[:9], name="far", translate=(500, 500))
    choose(dock, mask=layer)
    refused(dock, run, notes, "Nothing of the mask 'far' lies over 'movie'")


def test_the_result_is_lazy_and_what_the_library_gives(viewer, dock, run, movie, bar):
    choose(dock, mask=viewer.layers["bar"])
    run(dock)
    layer = result(viewer)
    assert isinstance(layer.data, da.Array)
    assert layer.data.chunks == ((1,) * 6, (64,), (72,))
    table = estimate_drift(movie, mask=bar == 0, max_shift=12)
    found = layer.metadata["maskalign"]["drift"]
    np.testing.assert_array_equal(found.shifts, table.shifts)
    np.testing.assert_array_equal(layer.data, apply_drift(movie, table.repaired()))
    assert layer.dtype == movie.dtype


def test_the_result_lies_and_looks_like_its_source(viewer, dock, run):
    choose(dock, mask=viewer.layers["bar"])
    run(dock)
    source, layer = viewer.layers["movie"], result(viewer)
    np.testing.assert_allclose(
        layer.data_to_world((3, 20, 30)), source.data_to_world((3, 20, 30))
    )
    assert layer.units == source.units
    assert layer.axis_labels == source.axis_labels
    assert layer.colormap.name == "magma"
    assert layer.contrast_limits == source.contrast_limits


def test_the_source_is_left_alone(viewer, dock, run, movie):
    before = movie.copy()
    movie.flags.writeable = False
    choose(dock, mask=viewer.layers["bar"])
    run(dock)
    assert viewer.layers["movie"].data is movie
    assert np.array_equal(movie, before)


def test_how_it_was_made_is_recorded(viewer, dock, run, true_shifts):
    choose(dock, mask=viewer.layers["bar"])
    dock.reference.value = 2
    dock.min_overlap.value = 0.4
    run(dock)
    made = result(viewer).metadata["maskalign"]
    assert made["options"] == {
        "image": "movie",
        "axes": "TYX",
        "mask": "bar",
        "painted": "ignore painted",
        "reference": 2,
        "max_shift": 12,
        "min_overlap": 0.4,
        "channel": None,
        "mask_is": "fixed in the camera",
        "labels": None,
        "subpixel": True,
        "exclude": (),
        "interpolation": "linear",
        "canvas": "same",
        "fill_value": 0,
    }
    # Shifts are then relative to that frame.
    np.testing.assert_allclose(
        made["drift"].shifts, true_shifts - true_shifts[2], atol=0.2
    )
    assert made["drift"].units == ("µm", "µm")


def test_the_defaults_are_those_of_the_library(viewer, qapp):
    dock = AlignTimelapse(viewer)
    defaults = DriftOptions()
    assert dock.reference.value == defaults.reference
    assert (dock.max_shift.value or None) == defaults.max_shift
    assert dock.min_overlap.value == defaults.min_overlap
    assert dock.painted.value == PAINTED[0] == "ignore painted"


def test_running_again_replaces_the_result(viewer, dock, run, true_shifts):
    choose(dock)
    run(dock)
    first = result(viewer)
    choose(dock, mask=viewer.layers["bar"])
    run(dock)
    assert result(viewer) is first
    assert len(viewer.layers) == 3
    shifts = first.metadata["maskalign"]["drift"].shifts
    np.testing.assert_allclose(shifts, true_shifts, atol=0.2)


def test_channels_are_moved_alike(viewer, movie, bar, run, true_shifts):
    both = np.stack([movie, 255 - movie], axis=1)
    viewer.add_image(both, name="movie", axis_labels=("t", "c", "y", "x"))
    viewer.add_labels(bar, name="bar")
    dock = AlignTimelapse(viewer)
    assert dock.channel.choices == (0, 1, "mean")
    choose(dock, mask=viewer.layers["bar"])
    dock.channel.value = 1
    dock.max_shift.value = 12
    run(dock)
    made = result(viewer).metadata["maskalign"]
    assert made["options"]["channel"] == 1
    np.testing.assert_allclose(made["drift"].shifts, true_shifts, atol=0.2)
    assert result(viewer).data.shape == both.shape


def test_of_a_pyramid_the_finest_level_is_aligned(viewer, movie, bar, run, true_shifts):
    viewer.add_image([movie, movie[:, ::2, ::2]], multiscale=True, name="movie")
    viewer.add_labels(bar, name="bar")
    dock = AlignTimelapse(viewer)
    choose(dock, mask=viewer.layers["bar"])
    dock.max_shift.value = 12
    run(dock)
    table = result(viewer).metadata["maskalign"]["drift"]
    np.testing.assert_allclose(table.shifts, true_shifts, atol=0.2)
    np.testing.assert_array_equal(result(viewer).data, apply_drift(movie, table))


def test_three_dimensions_and_a_flat_mask(viewer, movie, bar, run):
    deep = np.stack([movie, movie[:, ::-1], movie // 2], axis=1)
    viewer.add_image(deep, name="movie")
    viewer.add_labels(bar, name="bar")
    dock = AlignTimelapse(viewer)
    choose(dock, mask=viewer.layers["bar"])
    # Along z the three planes are unlike each other.
    dock.max_shift.value = 3
    run(dock)
    table = result(viewer).metadata["maskalign"]["drift"]
    assert table.shifts.shape == (6, 3)
    assert "(zyx)" in dock.about.value


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
    assert dock.align.enabled
    assert not dock.cancel.enabled


def test_no_layer(viewer, run, notes, qapp):
    refused(AlignTimelapse(viewer), run, notes, "There is no image to align")


@pytest.mark.parametrize(
    ("data", "options", "complaint"),
    [
        (np.zeros((64, 72), np.uint8), {}, "no time axis"),
        (
            np.zeros((6, 2, 64, 72, 3), np.uint8),
            {"rgb": True, "axis_labels": ("t", "c", "y", "x")},
            "Split RGB",
        ),
        (np.zeros((6, 64, 72), bool), {}, "boolean array is a mask"),
        (np.full((6, 64, 72), 7, np.uint8), {}, "is constant"),
        (np.full((6, 64, 72), np.nan, np.float32), {"contrast_limits": (0, 1)}, "NaN"),
    ],
    ids=["2-D", "rgb", "bool", "constant", "nan"],
)
def test_images_that_cannot_be_aligned(viewer, run, notes, data, options, complaint):
    layer = viewer.add_image(data, name="odd", **options)
    dock = AlignTimelapse(viewer)
    choose(dock, image=layer)
    refused(dock, run, notes, complaint)


@pytest.mark.parametrize(
    ("shape", "value", "complaint"),
    [
        ((64, 72), 0, "is empty: paint what to ignore"),
        ((64, 72), 1, "painted all over"),
        ((72, 64), 1, "(72, 64)"),
        ((60, 72), 1, "(64, 72)"),
        ((5, 64, 72), 1, "(6, 64, 72)"),
    ],
    ids=["empty", "full", "turned", "smaller", "other-length"],
)
def test_masks_that_do_not_fit(viewer, dock, run, notes, shape, value, complaint):
    choose(dock, mask=viewer.add_labels(np.full(shape, value), name="odd"))
    refused(dock, run, notes, complaint)


@pytest.mark.parametrize(
    "error",
    [ValueError("it is bad"), OSError("it is gone"), MemoryError("it is much")],
    ids=lambda error: type(error).__name__,
)
def test_expected_errors_of_the_work_are_said_in_words(viewer, run, notes, slow, error):
    viewer.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    dock = AlignTimelapse(viewer)
    slow.error = error
    refused(dock, run, notes, str(error))
    slow.error = None
    run(dock)
    assert "6 frames aligned" in dock.status.value


@pytest.mark.parametrize("error", [RuntimeError("oh"), KeyError("oh")], ids=repr)
def test_unexpected_errors_keep_their_traceback(viewer, run, notes, slow, error):
    viewer.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    dock = AlignTimelapse(viewer)
    slow.error = error
    run(dock)
    (note,) = notes
    assert note.exception is error
    assert "Something went wrong" in dock.status.value
    assert dock.align.enabled
    assert len(viewer.layers) == 1


def test_a_movie_without_one_good_frame(viewer, run, notes, movie):
    blank = movie.copy()
    blank[1:] = 5
    viewer.add_image(blank[[1, 0, 2]], name="movie")
    dock = AlignTimelapse(viewer)
    choose(dock)
    refused(dock, run, notes, "constant")


def test_doubtful_frames_are_said_and_moved_as_their_neighbours(
    viewer, run, notes, movie, bar
):
    movie[3] = 5
    viewer.add_image(movie, name="movie")
    viewer.add_labels(bar, name="bar")
    dock = AlignTimelapse(viewer)
    choose(dock, mask=viewer.layers["bar"])
    run(dock)
    assert "frame 3: blank" in dock.status.value
    (note,) = notes
    assert note.severity.value == "warning"
    assert "Frame 3" in note.message
    table = result(viewer).metadata["maskalign"]["drift"]
    assert np.isnan(table.shifts[3]).all()
    assert table.status[3] == "blank"


# While it runs ------------------------------------------------------------------------


@pytest.fixture
def held(viewer, slow, qtbot):
    """A widget that is running and waits for its first frame at the gate."""
    viewer.add_image(slow.data, name="movie", contrast_limits=(0, 255))
    dock = AlignTimelapse(viewer)
    slow.gate.clear()
    slow.read.clear()
    dock.align.native.click()
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    return dock


def test_align_is_disabled_while_it_runs(viewer, held, slow, qtbot):
    assert not held.align.enabled
    assert held.cancel.enabled
    slow.gate.set()
    qtbot.waitUntil(lambda: held.align.enabled, timeout=PATIENCE)
    assert not held.cancel.enabled
    assert result(viewer) in viewer.layers


def test_cancelling_before_a_frame_is_done_adds_nothing(viewer, held, slow, run, qtbot):
    held.cancel.native.click()
    assert not held.cancel.enabled
    slow.gate.set()
    qtbot.waitUntil(lambda: held.align.enabled, timeout=PATIENCE)
    assert len(viewer.layers) == 1
    assert "Cancelled" in held.status.value
    run(held)
    assert len(viewer.layers) == 2


def test_a_mask_may_be_cancelled_while_it_is_read(viewer, slow, run, qtbot):
    viewer.add_image(np.zeros(slow.data.shape, np.uint8), name="movie")
    viewer.add_labels(slow.data, name="lazy mask")
    dock = AlignTimelapse(viewer)
    choose(dock, mask=viewer.layers["lazy mask"])
    slow.gate.clear()
    slow.read.clear()
    dock.align.native.click()
    qtbot.waitUntil(lambda: bool(slow.read), timeout=PATIENCE)
    dock.cancel.native.click()
    slow.gate.set()
    qtbot.waitUntil(lambda: dock.align.enabled, timeout=PATIENCE)
    assert "Cancelled" in dock.status.value
    assert len(slow.read) <= 2


def test_a_layer_removed_meanwhile_is_still_aligned(viewer, held, slow, qtbot, notes):
    viewer.layers.remove("movie")
    slow.gate.set()
    qtbot.waitUntil(lambda: held.align.enabled, timeout=PATIENCE)
    assert [layer.name for layer in viewer.layers] == ["movie (aligned)"]
    assert not [note for note in notes if note.severity.value == "error"]


def test_a_layer_renamed_meanwhile_gives_its_new_name(viewer, held, slow, qtbot):
    viewer.layers["movie"].name = "film"
    slow.gate.set()
    qtbot.waitUntil(lambda: held.align.enabled, timeout=PATIENCE)
    assert "film (aligned)" in viewer.layers


# Choosing -----------------------------------------------------------------------------


def test_it_begins_with_the_active_layers(viewer, movie, bar):
    viewer.add_image(movie, name="other")
    chosen = viewer.add_image(movie, name="chosen")
    viewer.add_image(movie, name="third")
    viewer.layers.selection.active = chosen
    dock = AlignTimelapse(viewer)
    assert dock.image.value is chosen
    assert dock.mask.value is None


def test_what_is_opened_afterwards_is_taken_up(viewer, movie, bar):
    dock = AlignTimelapse(viewer)
    assert dock.image.value is None
    assert not dock.paint.enabled
    layer = viewer.add_image(movie, name="movie")
    mask = viewer.add_labels(bar, name="bar")
    assert dock.image.value is layer
    assert dock.mask.value is mask
    assert "6 frames" in dock.about.value
    assert dock.paint.enabled


def test_it_prefers_a_movie_to_a_picture(viewer, movie):
    viewer.add_image(movie[0], name="picture")
    viewer.add_image(movie, name="film")
    viewer.layers.selection.clear()
    assert AlignTimelapse(viewer).image.value is viewer.layers["film"]


def test_renaming_keeps_the_choice(viewer, dock):
    viewer.add_image(viewer.layers["movie"].data, name="second")
    dock.image.value = viewer.layers["second"]
    viewer.layers["second"].name = "zzz"
    assert dock.image.value is viewer.layers["zzz"]
    viewer.layers.move(0, 2)
    assert dock.image.value is viewer.layers["zzz"]


def test_a_new_mask_that_fits_is_taken_up_but_never_in_place_of_another(viewer, dock):
    choose(dock)
    viewer.add_labels(np.zeros((7, 7), int), name="unfit")
    assert dock.mask.value is None
    viewer.add_labels(np.zeros((64, 72), int), name="fits")
    assert dock.mask.value is viewer.layers["fits"]
    viewer.add_labels(np.zeros((64, 72), int), name="later")
    assert dock.mask.value is viewer.layers["fits"]


def test_paint_adds_a_mask_takes_the_brush_and_chooses_it(viewer, dock):
    choose(dock)
    dock.paint.native.click()
    mask = viewer.layers["ignore"]
    assert dock.mask.value is mask
    assert viewer.layers.selection.active is mask
    assert mask.mode == "paint"


def test_what_the_image_is_taken_for_is_said(viewer, dock, movie):
    assert dock.about.value == "6 frames of 64 x 72 px. Time: axis 0, by its label."
    dock.image.value = viewer.add_image(movie[0], name="flat")
    assert "no time axis" in dock.about.value
    assert not dock.paint.enabled


def test_max_shift_shows_its_real_size(dock):
    dock.max_shift.value = 10
    assert dock.max_shift.native.text() == "10 px = 2 µm"
    dock.max_shift.value = 0
    assert dock.max_shift.native.text() == "no limit"


def test_axes_that_are_named_later_count(viewer, movie, bar, run):
    both = np.stack([movie, movie])
    layer = viewer.add_image(both, name="movie")
    viewer.add_labels(bar, name="bar")
    dock = AlignTimelapse(viewer)
    choose(dock, mask=viewer.layers["bar"])
    assert not dock.channel.choices
    layer.axis_labels = ("c", "t", "y", "x")
    run(dock)
    made = result(viewer).metadata["maskalign"]
    assert made["options"]["axes"] == "CTYX"
    assert made["options"]["channel"] == 0


def test_axes_are_shown_and_named_in_the_dock(viewer, movie, bar, run):
    layer = viewer.add_image(np.stack([movie, 255 - movie], axis=1), name="movie")
    viewer.add_labels(bar, name="bar")
    dock = AlignTimelapse(viewer)
    choose(dock, mask=viewer.layers["bar"])
    assert dock.axes.value == "t z y x"
    dock.axes.value = "T, C, Y, X"
    assert layer.axis_labels == ("t", "c", "y", "x")
    assert "2 channels. Time: axis 0, by its label." in dock.about.value
    assert dock.axes.value == "t c y x"
    assert dock.channel.choices == (0, 1, "mean")
    run(dock)
    assert result(viewer).metadata["maskalign"]["options"]["axes"] == "TCYX"


@pytest.mark.parametrize("text", ["", "t c y", "t t y x", "t q y x", "c z y x"])
def test_axes_that_cannot_be_are_refused_in_words(viewer, movie, text):
    layer = viewer.add_image(np.stack([movie, movie], axis=1), name="movie")
    dock = AlignTimelapse(viewer)
    before = layer.axis_labels
    dock.axes.value = text
    assert "each of the 4 axes (6 x 2 x 64 x 72)" in dock.about.value
    assert layer.axis_labels == before


def test_a_movie_that_is_replaced_is_looked_at_again(viewer, movie):
    layer = viewer.add_image(movie, name="movie")
    dock = AlignTimelapse(viewer)
    layer.data = movie[:4, 5:]
    assert dock.about.value.startswith("4 frames of 59 x 72 px")
    other = viewer.add_image(movie, name="other")
    dock.reset_choices()
    dock.image.value = other
    layer.data = movie[:2]
    assert dock.about.value.startswith("6 frames")
