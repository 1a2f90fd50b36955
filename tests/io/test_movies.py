"""What is saved is what is loaded; what a file says about its axes is kept."""

import tempfile
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from maskalign.errors import AxesError, MovieFileError
from maskalign.io.movies import iter_save_movie, load_movie, save_movie
from maskalign.model.movie import Movie

DTYPES = [f"{kind}{bits}" for kind in ("uint", "int") for bits in (8, 16, 32)]
DTYPES += ["float32", "float64"]
ZARR_DTYPES = [*DTYPES, "bool", "int64", "uint64", "float16"]
STEPS = st.floats(1e-3, 1e3) | st.sampled_from([1, 0.1, 0.1083, 1 / 3])


@st.composite
def movies(draw, dtypes=DTYPES):
    """Movies of all axes, in any order, with any calibration that files can hold."""
    others = draw(st.lists(st.sampled_from("TCZ"), unique=True))
    axes = "".join(draw(st.permutations([*others, "Y", "X"])))
    # Older versions of tifffile take images one pixel wide for something else.
    shape = [draw(st.integers(2 if a in "YX" else 1, 4)) for a in axes]
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    if draw(st.booleans()):
        dtype = dtype.newbyteorder()
    length = draw(st.sampled_from(["µm", "nm", "pixel"]))
    units = {"T": draw(st.sampled_from(["s", "min"])), "C": "pixel"}
    scale = {"C": 1.0}
    places = draw(st.sampled_from([st.just(0), st.floats(-1e3, 1e3)]))
    named = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1)
    n_channels = shape[axes.index("C")] if "C" in axes else 1
    names = st.lists(named, min_size=n_channels, max_size=n_channels)
    return Movie(
        np.arange(np.prod(shape)).reshape(shape).astype(dtype),
        axes,
        scale=tuple(scale.get(a) or draw(STEPS) for a in axes),
        units=tuple(units.get(a, length) for a in axes),
        channels=tuple(draw(st.just([]) | names)),
        origin=tuple(0 if a in "TC" else draw(places) for a in axes),
    )


@settings(deadline=None, max_examples=150)
@given(movies(), st.sampled_from([".tif", ".ome.tif", ".TIFF", ".ome.tiff"]))
def test_what_is_saved_is_loaded(movie, suffix):
    # Windows does not delete what is still open.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"movie{suffix}"
        save_movie(path, movie)
        with tifffile.TiffFile(path) as tiff:
            order = "TZCYX" if tiff.is_imagej else "TCZYX"
        axes = "".join(sorted(movie.axes, key=order.index))
        found = load_movie(path, axes=axes)
        pixels = found.data.compute()
    expected = movie.data.transpose([movie.axes.index(a) for a in axes])
    np.testing.assert_array_equal(pixels, expected, strict=False)
    assert found.dtype == movie.dtype.newbyteorder("=")
    assert found.axes == axes
    for name in ("scale", "units", "origin"):
        assert found.along(name, axes) == movie.along(name, axes)
    assert found.channels == movie.channels
    assert found.name == "movie"


@settings(deadline=None, max_examples=60)
@given(movies(ZARR_DTYPES), st.sampled_from([".zarr", ".ome.zarr", ".OME.ZARR"]))
def test_what_is_saved_as_zarr_is_loaded(movie, suffix):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"movie{suffix}"
        save_movie(path, movie)
        found = load_movie(path)
        pixels = found.data.compute()
        assert [p.name for p in Path(folder).iterdir()] == [path.name]
    axes = "".join(sorted(movie.axes, key="TCZYX".index))
    expected = movie.data.transpose([movie.axes.index(a) for a in axes])
    np.testing.assert_array_equal(pixels, expected, strict=False)
    assert found.dtype == pixels.dtype == movie.dtype.newbyteorder("=")
    assert found.axes == axes
    for name in ("scale", "units", "origin"):
        assert found.along(name, axes) == movie.along(name, axes)
    assert found.channels == movie.channels
    assert found.name == "movie"


@pytest.fixture
def calibrated(pixels):
    return Movie(
        pixels.reshape(3, 2, 20, 30),
        "TCYX",
        scale=(2.5, 1, 0.25, 0.1083),
        units=("s", "pixel", "µm", "µm"),
    )


def test_other_programs_read_our_imagej_files(tmp_path, calibrated):
    """As ImageJ does: from the notes, the first directory and what lies behind it."""
    path = tmp_path / "movie.tif"
    save_movie(path, calibrated)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_imagej
        assert tiff.series[0].axes == "TCYX"
        assert tiff.imagej_metadata["unit"] == "micron"
        assert tiff.imagej_metadata["finterval"] == 2.5
        numerator, denominator = tiff.pages[0].tags["XResolution"].value
        assert denominator / numerator == pytest.approx(0.1083)
        numerator, denominator = tiff.pages[0].tags["YResolution"].value
        assert denominator / numerator == pytest.approx(0.25)
        start = tiff.pages[0].dataoffsets[0]
    behind = np.fromfile(path, "<u2", offset=start, count=calibrated.data.size)
    np.testing.assert_array_equal(behind, calibrated.data.ravel())


def test_other_programs_read_our_ome_files(tmp_path, calibrated):
    path = tmp_path / "movie.ome.tif"
    save_movie(path, calibrated.replace(channels=("GFP", "RFP"), name="cells"))
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        (series,) = tiff.series
        assert series.axes == "TCYX"
        assert series.name == "cells"
        np.testing.assert_array_equal(series.asarray(), calibrated.data)


@pytest.mark.parametrize(
    ("changes", "imagej"),
    [({}, True), ({"channels": ("a", "b")}, False), ({"origin": (0, 0, 1, 0)}, False)],
)
def test_plain_tiff_is_imagej_where_that_holds_everything(
    tmp_path, calibrated, changes, imagej
):
    path = tmp_path / "movie.tif"
    save_movie(path, calibrated.replace(**changes))
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_imagej == imagej
        assert tiff.is_ome != imagej


def test_imagej_files_of_others_keep_their_calibration(tmp_path):
    path = tmp_path / "theirs.tif"
    content = np.arange(2 * 3 * 2 * 8 * 9, dtype="uint16").reshape(2, 3, 2, 8, 9)
    notes = {
        "axes": "TZCYX",
        "unit": "\\u00B5m",
        "spacing": 0.5,
        "finterval": 10.0,
        "Labels": ["GFP", "RFP"] * 6,
    }
    tifffile.imwrite(path, content, imagej=True, resolution=(5, 4), metadata=notes)
    movie = load_movie(path)
    assert movie.axes == "TZCYX"
    assert movie.scale == pytest.approx((10, 0.5, 1, 0.25, 0.2))
    assert movie.units == ("s", "µm", "pixel", "µm", "µm")
    assert movie.channels == ("GFP", "RFP")
    np.testing.assert_array_equal(movie.data.compute(), content)


def test_ome_files_of_others_keep_their_calibration(tmp_path):
    path = tmp_path / "theirs.ome.tif"
    content = np.arange(2 * 2 * 3 * 8 * 9, dtype="uint8").reshape(2, 2, 3, 8, 9)
    notes = {
        "axes": "TCZYX",
        "PhysicalSizeX": 65,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 65,
        "PhysicalSizeYUnit": "nm",
        "PhysicalSizeZ": 0.3,
        "TimeIncrement": 5,
        "TimeIncrementUnit": "min",
        "Channel": {"Name": ["DNA", "actin"]},
        "Plane": {"PositionX": [0.13] * 12, "PositionXUnit": ["µm"] * 12},
    }
    tifffile.imwrite(path, content, metadata=notes)
    movie = load_movie(path)
    assert movie.axes == "TCZYX"
    assert movie.scale == (5, 1, 0.3, 65, 65)
    assert movie.units == ("min", "pixel", "µm", "nm", "nm")
    assert movie.channels == ("DNA", "actin")
    assert movie.origin == pytest.approx((0, 0, 0, 0, 130))
    assert movie.name == "theirs"
    np.testing.assert_array_equal(movie.data.compute(), content)


def test_tifffiles_own_notes_are_read(tmp_path, pixels):
    path = tmp_path / "shaped.tif"
    notes = {"axes": "TYX", "unit": "um", "finterval": 2}
    tifffile.imwrite(path, pixels, resolution=(5, 5), metadata=notes)
    movie = load_movie(path)
    assert movie.scale == (2, 0.2, 0.2)
    assert movie.units == ("s", "µm", "µm")


@pytest.mark.parametrize(
    ("axes", "asked", "expected"),
    [
        ("QYX", None, "TYX"),
        (None, None, "TYX"),
        ("ZYX", None, "ZYX"),
        ("ZYX", "TYX", "TYX"),
        ("ZYX", "tyx", "TYX"),
    ],
)
def test_axes_come_from_the_file_unless_they_are_given(
    tmp_path, pixels, axes, asked, expected
):
    path = tmp_path / "stack.tif"
    metadata = {"axes": axes} if axes else None
    tifffile.imwrite(path, pixels, metadata=metadata, photometric="minisblack")
    movie = load_movie(path, axes=asked)
    assert movie.axes == expected
    assert movie.data.chunksize[0] == (1 if expected[0] == "T" else 6)
    np.testing.assert_array_equal(movie.data.compute(), pixels)


def test_axes_of_which_nothing_is_known_are_those_of_an_array(tmp_path):
    path = tmp_path / "stack.tif"
    tifffile.imwrite(path, np.zeros((2, 3, 8, 9), "uint8"), photometric="minisblack")
    assert load_movie(path).axes == "TZYX"
    assert load_movie(path, axes="TCYX").axes == "TCYX"


def test_axes_of_length_one_come_back_when_they_are_named(tmp_path, pixels):
    path = tmp_path / "one.ome.tif"
    save_movie(path, Movie(pixels[:1], "TYX", channels=("GFP",)))
    hidden = load_movie(path)
    assert (hidden.axes, hidden.n_frames, hidden.channels) == ("YX", 1, ("GFP",))
    named = load_movie(path, axes="TCYX")
    assert named.shape == (1, 1, 20, 30)
    np.testing.assert_array_equal(named.data[0, 0].compute(), pixels[0])
    save_movie(tmp_path / "six.tif", pixels)
    assert load_movie(tmp_path / "six.tif", axes="TZCYX").shape == (6, 1, 1, 20, 30)


@pytest.mark.parametrize(
    ("content", "asked", "words"),
    [
        (np.zeros((4, 8, 9, 3), "uint8"), None, "colour"),
        (np.zeros((2, 3, 4, 8, 9), "uint8"), None, "5 axes: say what the axes are"),
        (np.zeros((4, 8, 9), "uint8"), "YX", "names 2 axes"),
        (np.zeros((4, 8, 9), "uint8"), "TYQX", "does not fit"),
    ],
)
def test_axes_that_do_not_fit_are_refused(tmp_path, content, asked, words):
    path = tmp_path / "stack.tif"
    photometric = "rgb" if content.shape[-1] == 3 else "minisblack"
    tifffile.imwrite(path, content, photometric=photometric)
    with pytest.raises(AxesError, match=words) as caught:
        load_movie(path, axes=asked)
    assert "stack.tif" in str(caught.value)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a.tif", "a"),
        ("a.OME.TIF", "a"),
        ("a.b.tiff", "a.b"),
        ("day 1.ome.tiff", "day 1"),
    ],
)
def test_the_movie_is_called_what_the_file_is_called(tmp_path, pixels, file, name):
    tifffile.imwrite(tmp_path / file, pixels, photometric="minisblack", ome=False)
    assert load_movie(tmp_path / file).name == name


def test_a_movie_may_not_overwrite_the_file_it_is_read_from(tmp_path, pixels):
    path, link = tmp_path / "movie.tif", tmp_path / "link.tif"
    save_movie(path, pixels)
    link.symlink_to(path)
    movie = load_movie(path)
    changed = movie.replace(data=(movie.data[:, ::2] + 1).rechunk((2, -1, -1)))
    before = path.read_bytes()
    for target in (path, link):
        with pytest.raises(MovieFileError, match="is read from"):
            save_movie(target, changed, overwrite=True)
    assert path.read_bytes() == before
    save_movie(path, np.asarray(changed.data), overwrite=True)
    np.testing.assert_array_equal(load_movie(path).data.compute(), pixels[:, ::2] + 1)


def test_arrays_of_all_kinds_are_saved(tmp_path, pixels):
    for i, array in enumerate([pixels, da.from_array(pixels, chunks=(4, 7, -1))]):
        path = tmp_path / f"{i}.tif"
        assert list(iter_save_movie(path, array)) == [1, 2, 3, 4, 5, 6]
        np.testing.assert_array_equal(load_movie(path).data.compute(), pixels)
    save_movie(tmp_path / "list.tif", [[0.5, 1], [2, 3]], axes="YX")
    np.testing.assert_array_equal(
        load_movie(tmp_path / "list.tif").data.compute(), [[0.5, 1], [2, 3]]
    )


@pytest.mark.parametrize("file", ["movie.tif", "movie.ome.tif", "movie.ome.zarr"])
def test_units_are_written_in_their_usual_spelling(tmp_path, pixels, file):
    movie = Movie(pixels, scale=(1, 2, 2), units=("second", "micrometer", "micrometer"))
    save_movie(tmp_path / file, movie)
    assert load_movie(tmp_path / file).units == ("s", "µm", "µm")


def test_a_link_stays_a_link(tmp_path, pixels):
    path, link = tmp_path / "movie.tif", tmp_path / "link.tif"
    save_movie(path, pixels)
    link.symlink_to(path)
    save_movie(link, pixels[:2], overwrite=True)
    assert link.is_symlink()
    assert load_movie(path).n_frames == 2


def test_channel_names_that_do_not_fit_are_left_out(tmp_path, pixels):
    """Not every program describes every channel."""
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="I">'
        '<Pixels ID="P" DimensionOrder="XYCZT" Type="uint16" SizeX="30" SizeY="20" '
        'SizeZ="1" SizeC="2" SizeT="3"><Channel ID="C:0" Name="GFP"/>'
        '<TiffData IFD="0" PlaneCount="6"/></Pixels></Image></OME>'
    )
    path = tmp_path / "theirs.ome.tif"
    with tifffile.TiffWriter(path, ome=False) as tiff:
        tiff.write(pixels, description=xml, metadata=None, photometric="minisblack")
    movie = load_movie(path)
    assert (movie.axes, movie.channels) == ("TCYX", ())
