"""Stores that others wrote, made here with zarr alone or byte by byte."""

import json
import pickle
import sys

import dask
import numpy as np
import pytest
import zarr

from maskalign.errors import AxesError, MovieFileError
from maskalign.io import zarr_read
from maskalign.io.movies import load_movie
from maskalign.io.zarr_read import ZarrReader

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def axes_of(letters, **units):
    return [
        {"name": a, "type": TYPES[a]} | ({"unit": units[a]} if a in units else {})
        for a in letters
    ]


def image(letters, path="0", name="", transforms=None, **units):
    """One entry of `multiscales`."""
    ones = [{"type": "scale", "scale": [1] * len(letters)}]
    dataset = {"path": path, "coordinateTransformations": transforms or ones}
    return {"axes": axes_of(letters, **units), "datasets": [dataset], "name": name}


def write(path, content, attributes, *, version="0.4", array="0", **options):
    """Write a store as other programs do, in zarr's format 2 or 3."""
    form = 2 if version < "0.5" else 3
    if form == 3:
        attributes = {"ome": {"version": version} | attributes}
    group = zarr.create_group(path, zarr_format=form, attributes=attributes)
    options = {"chunks": (1,) * (content.ndim - 2) + content.shape[-2:]} | options
    made = group.create_array(
        array, shape=content.shape, dtype=content.dtype, **options
    )
    made[...] = content
    return path


@pytest.fixture
def content():
    return np.arange(3 * 2 * 4 * 8 * 9, dtype="u2").reshape(3, 2, 4, 8, 9)


@pytest.fixture(params=["0.4", "0.5", "0.6"])
def version(request):
    return request.param


def as_version(entry, version):
    """Say the same as versions from 0.6 on do."""
    if version < "0.6":
        return entry
    entry = dict(entry)
    entry["coordinateSystems"] = [{"name": "physical", "axes": entry.pop("axes")}]
    (dataset,) = entry["datasets"]
    inner = {
        "type": "sequence",
        "transformations": dataset["coordinateTransformations"],
    }
    entry["datasets"] = [dataset | {"coordinateTransformations": [inner]}]
    return entry


def test_everything_that_a_store_says_is_read(tmp_path, content, version):
    entry = image(
        "tczyx",
        path="images/fine",
        name="embryo",
        transforms=[
            {"type": "scale", "scale": [2.5, 1, 0.5, 0.2, 0.1]},
            {"type": "translation", "translation": [0, 0, 1.5, -20, 7.25]},
        ],
        t="second",
        z="micrometer",
        y="micrometer",
        x="micrometer",
    )
    omero = {"channels": [{"label": "GFP"}, {"label": "RFP"}]}
    attributes = {"multiscales": [as_version(entry, version)], "omero": omero}
    path = tmp_path / "theirs.ome.zarr"
    write(path, content, attributes, version=version, array="images/fine")
    movie = load_movie(path)
    assert movie.axes == "TCZYX"
    assert movie.scale == (2.5, 1, 0.5, 0.2, 0.1)
    assert movie.units == ("s", "pixel", "µm", "µm", "µm")
    assert movie.origin == (0, 0, 1.5, -20, 7.25)
    assert movie.channels == ("GFP", "RFP")
    assert movie.name == "embryo"
    assert movie.data.chunks == ((1, 1, 1), (1, 1), (4,), (8,), (9,))
    np.testing.assert_array_equal(movie.data, content)


def test_a_store_written_byte_by_byte_is_read(tmp_path):
    """The format by its specification, without any library."""
    content = np.arange(2 * 3 * 4, dtype=">i4").reshape(2, 3, 4)
    root = tmp_path / "bytes.zarr"
    (root / "0" / "0" / "0").mkdir(parents=True)
    (root / ".zgroup").write_text('{"zarr_format": 2}')
    (root / ".zattrs").write_text(json.dumps({"multiscales": [image("tyx")]}))
    array = {"zarr_format": 2, "shape": [2, 3, 4], "chunks": [1, 3, 4], "dtype": ">i4"}
    array |= {"compressor": None, "fill_value": -1, "order": "C", "filters": None}
    array |= {"dimension_separator": "/"}
    (root / "0" / ".zarray").write_text(json.dumps(array))
    (root / "0" / "0" / "0" / "0").write_bytes(content[0].tobytes())
    movie = load_movie(root)
    assert movie.dtype == np.dtype("int32")
    np.testing.assert_array_equal(movie.data[0], content[0])
    # A chunk that is not there has the fill value: a frame that was never written.
    assert (movie.data[1].compute() == -1).all()


@pytest.mark.parametrize("letters", ["yx", "zyx", "tyx", "cyx", "tczxy", "tcyx", "txy"])
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<f4", ">f8", "bool", "i8"])
def test_axes_and_dtypes_are_kept(tmp_path, letters, dtype, version):
    shape = [2 + k for k in range(len(letters))]
    content = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    attributes = {"multiscales": [as_version(image(letters), version)]}
    # Big-endian numbers are a matter of the codec in format 3.
    stored = (
        content if version < "0.5" else content.astype(content.dtype.newbyteorder("="))
    )
    movie = load_movie(write(tmp_path / "a.zarr", stored, attributes, version=version))
    assert movie.axes == letters.upper()
    assert movie.dtype == content.dtype.newbyteorder("=")
    assert movie.units == ("pixel",) * len(letters)
    pixels = movie.data.compute()
    np.testing.assert_array_equal(pixels, content)
    assert pixels.dtype == movie.dtype


def test_transformations_of_all_levels_come_after_those_of_each(tmp_path, content):
    """As where the time between frames is said once."""
    first = [
        {"type": "scale", "scale": [1, 1, 2, 3, 4]},
        {"type": "translation", "translation": [0, 0, 5, 6, 7]},
    ]
    entry = image("tczyx", transforms=first, t="minute", z="nanometer")
    entry["coordinateTransformations"] = [
        {"type": "identity"},
        {"type": "scale", "scale": [10, 1, 1, 2, 1]},
        {"type": "translation", "translation": [0, 0, 0, 1, 0]},
    ]
    path = write(tmp_path / "a.zarr", content, {"multiscales": [entry]})
    movie = load_movie(path)
    assert movie.scale == (10, 1, 2, 6, 4)
    assert movie.origin == (0, 0, 5, 13, 7)
    assert movie.units == ("min", "pixel", "nm", "pixel", "pixel")


def test_transformations_that_we_do_not_know_are_left_out_aloud(
    tmp_path, content, caplog
):
    turned = {"type": "rotation", "rotation": [[0, 1], [1, 0]]}
    transforms = [turned, {"type": "scale", "scale": [1, 1, 1, 2, 2]}]
    entry = image("tczyx", transforms=transforms)
    movie = load_movie(write(tmp_path / "a.zarr", content, {"multiscales": [entry]}))
    assert movie.scale == (1, 1, 1, 2, 2)
    assert "rotation" in caplog.text


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf")])
def test_a_step_that_makes_no_sense_is_no_step(tmp_path, scale):
    transforms = [{"type": "scale", "scale": [scale, 0.5, 0.5]}]
    entry = image("tyx", transforms=transforms, t="second", y="micrometer")
    content = np.zeros((2, 3, 4), "u1")
    movie = load_movie(write(tmp_path / "a.zarr", content, {"multiscales": [entry]}))
    assert movie.scale == (1, 0.5, 0.5)
    assert movie.units == ("pixel", "µm", "pixel")


def test_the_finest_level_is_read(tmp_path, content):
    entry = image("tczyx")
    entry["datasets"].append({"path": "1", "coordinateTransformations": []})
    path = write(tmp_path / "a.zarr", content, {"multiscales": [entry]})
    coarse = content[..., ::2, ::2]
    made = zarr.open_group(path).create_array("1", shape=coarse.shape, dtype="u2")
    made[...] = coarse
    np.testing.assert_array_equal(load_movie(path).data, content)


@pytest.mark.parametrize(
    ("entry", "axes"),
    [
        ({"axes": ["t", "c", "z", "y", "x"]}, "TCZYX"),  # version 0.3
        ({}, "TCZYX"),  # versions 0.1 and 0.2
        ({"axes": [{"name": n} for n in "tczyx"]}, "TCZYX"),  # no types
    ],
)
def test_older_versions_are_read(tmp_path, content, entry, axes):
    entry = entry | {"datasets": [{"path": "0"}]}
    movie = load_movie(write(tmp_path / "a.zarr", content, {"multiscales": [entry]}))
    assert movie.axes == axes
    assert movie.scale == (1,) * 5


def test_axes_go_by_their_type_not_their_name(tmp_path):
    entry = image("tcyx")
    entry["axes"][0]["name"], entry["axes"][1]["name"] = "frame", "wavelength"
    content = np.zeros((2, 3, 4, 5), "u1")
    path = write(tmp_path / "a.zarr", content, {"multiscales": [entry]})
    assert load_movie(path).axes == "TCYX"


def test_axes_that_we_do_not_know_may_be_named(tmp_path):
    entry = image("tyx", t="second", y="micrometer")
    entry["axes"][0] = {"name": "angle", "type": "tilt"}
    content = np.zeros((2, 3, 4), "u1")
    path = write(tmp_path / "a.zarr", content, {"multiscales": [entry]})
    with pytest.raises(AxesError, match=r"a\.zarr: its axis 'angle'.* say axes="):
        load_movie(path)
    movie = load_movie(path, axes="TYX")
    assert movie.units == ("pixel", "µm", "pixel")
    with pytest.raises(AxesError, match="names 2 axes"):
        load_movie(path, axes="YX")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("HeLa 3", "HeLa 3"), ("/", "day 1"), ("0", "day 1"), ("", "day 1"), (7, "day 1")],
)
def test_a_name_that_says_nothing_is_the_files(tmp_path, name, expected):
    entry = image("tyx", name=name)
    content = np.zeros((2, 3, 4), "u1")
    path = write(tmp_path / "day 1.ome.zarr", content, {"multiscales": [entry]})
    assert load_movie(path).name == expected


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ([{"label": "a"}, {"label": "b"}], ("a", "b")),
        ([{"label": "a"}], ()),
        ([{"label": "a"}, {}], ()),
        ([{"label": "a"}, None], ()),
        ("ab", ()),
        (None, ()),
    ],
)
def test_channel_names_that_do_not_fit_are_left_out(tmp_path, channels, expected):
    attributes = {"multiscales": [image("cyx")], "omero": {"channels": channels}}
    content = np.zeros((2, 3, 4), "u1")
    assert (
        load_movie(write(tmp_path / "a.zarr", content, attributes)).channels == expected
    )


# What is in a folder --------------------------------------------------------------


def test_the_one_image_of_a_converted_file_is_found(tmp_path, content):
    root = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    root.attrs["bioformats2raw.layout"] = 3
    root.create_group("OME")
    path = write(tmp_path / "a.zarr" / "0", content, {"multiscales": [image("tczyx")]})
    np.testing.assert_array_equal(load_movie(tmp_path / "a.zarr").data, content)
    np.testing.assert_array_equal(load_movie(path).data, content)
    write(tmp_path / "a.zarr" / "1", content, {"multiscales": [image("tczyx")]})
    with pytest.raises(MovieFileError, match=r"holds the images 0, 1; name one"):
        load_movie(tmp_path / "a.zarr")


def test_a_plate_asks_for_one_of_its_images(tmp_path):
    zarr.create_group(tmp_path / "a.zarr", attributes={"ome": {"plate": {}}})
    with pytest.raises(MovieFileError, match=r"is a plate .*A.1.0\."):
        load_movie(tmp_path / "a.zarr")


@pytest.mark.parametrize("form", [2, 3])
def test_an_array_alone_is_read_as_an_array(tmp_path, content, form):
    store = zarr.create_array(
        tmp_path / "a.zarr",
        shape=(3, 4, 8, 9),
        chunks=(1, 4, 8, 9),
        dtype="u2",
        zarr_format=form,
    )
    store[...] = content[:, 0]
    movie = load_movie(tmp_path / "a.zarr")
    assert (movie.axes, movie.name) == ("TZYX", "a")
    assert load_movie(tmp_path / "a.zarr", axes="TCYX").axes == "TCYX"
    np.testing.assert_array_equal(movie.data, content[:, 0])


def test_a_group_without_metadata_names_its_arrays(tmp_path, content):
    path = write(tmp_path / "a.zarr", content, {}, array="raw")
    with pytest.raises(MovieFileError, match=r"without the metadata .*raw\."):
        load_movie(path)
    assert load_movie(path / "raw", axes="TCZYX").shape == content.shape


# What is wrong --------------------------------------------------------------------


def transformed(entry):
    return {"datasets": [{"path": "0", "coordinateTransformations": [entry]}]}


#: Name of the case: what is changed in an image of axes tyx, and what is said of it.
BAD_IMAGES = {
    "no dataset": ({"datasets": []}, "no list 'datasets'"),
    "datasets no list": ({"datasets": {"path": "0"}}, "no list 'datasets'"),
    "no path": ({"datasets": [{}]}, "'path' of its first dataset is None"),
    "no such array": ({"datasets": [{"path": "7"}]}, "its array '7'"),
    "axis without a name": ({"axes": [{"type": "time"}, "y", "x"]}, "has no name"),
    "axis no entry": ({"axes": [3, "y", "x"]}, "has no name"),
    "too few axes": (
        {"axes": ["y", "x"], "datasets": [{"path": "0"}]},
        "2 axes, y, x; the array '0'",
    ),
    "an axis twice": ({"axes": ["t", "t", "x"]}, "one thing twice"),
    "axes no list": ({"axes": 5}, "'axes' in its metadata is 5"),
    "scale of another length": (
        transformed({"type": "scale", "scale": [1, 2]}),
        "the scale [1, 2]; 3 numbers",
    ),
    "scale of words": (
        transformed({"type": "scale", "scale": "abc"}),
        "the scale 'abc'; 3 numbers",
    ),
    "transformation no entry": (
        transformed("scale"),
        "coordinate transformation 'scale'",
    ),
}


@pytest.mark.parametrize("case", BAD_IMAGES)
def test_metadata_that_are_wrong_are_named(tmp_path, case):
    changes, words = BAD_IMAGES[case]
    attributes = {"multiscales": [image("tyx") | changes]}
    path = write(tmp_path / "bad.zarr", np.zeros((2, 3, 4), "u1"), attributes)
    with pytest.raises(MovieFileError) as caught:
        load_movie(path)
    assert words in str(caught.value)
    assert "bad.zarr" in str(caught.value)


@pytest.mark.parametrize("multiscales", [[], {}, "image", [5]])
def test_an_image_without_an_entry_is_refused(tmp_path, multiscales):
    attributes = {"multiscales": multiscales}
    path = write(tmp_path / "bad.zarr", np.zeros((2, 3, 4), "u1"), attributes)
    with pytest.raises(MovieFileError, match="no list 'multiscales'"):
        load_movie(path)


@pytest.mark.parametrize("file", [".zattrs", ".zgroup", "0/.zarray"])
def test_metadata_that_are_cut_short_are_refused(tmp_path, content, file):
    attributes = {"multiscales": [image("tczyx")]}
    path = write(tmp_path / "bad.zarr", content, attributes)
    whole = (path / file).read_text()
    (path / file).write_text(whole[: len(whole) // 2])
    with pytest.raises(MovieFileError, match=r"bad\.zarr"):
        load_movie(path)


def test_a_folder_without_a_store_is_refused(tmp_path):
    (tmp_path / "bad.zarr").mkdir()
    with pytest.raises(MovieFileError, match=r"bad\.zarr is not a Zarr store"):
        load_movie(tmp_path / "bad.zarr")
    with pytest.raises(MovieFileError, match="is a folder"):
        load_movie(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no file .*none\.zarr"):
        load_movie(tmp_path / "none.zarr")


def test_a_chunk_that_is_damaged_is_named_when_it_is_read(tmp_path, content):
    path = write(tmp_path / "bad.zarr", content, {"multiscales": [image("tczyx")]})
    chunk = path / "0" / "2.1.3.0.0"
    chunk.write_bytes(chunk.read_bytes()[:9])
    movie = load_movie(path)
    np.testing.assert_array_equal(movie.data[0], content[0])
    with pytest.raises(MovieFileError, match=r"bad\.zarr: frame 2 cannot be read"):
        movie.data[2].compute()


def test_without_the_library_it_says_what_to_install(tmp_path, content, monkeypatch):
    path = write(tmp_path / "a.zarr", content, {"multiscales": [image("tczyx")]})
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MovieFileError, match=r'pip install "napari-maskalign\[zarr\]"'):
        load_movie(path)


# Laziness -------------------------------------------------------------------------


@pytest.fixture
def blocks_read(monkeypatch):
    """The shapes of the blocks that were read, in order."""
    shapes = []
    read = ZarrReader.read

    def spy(self, block):
        pixels = read(self, block)
        shapes.append(pixels.shape)
        return pixels

    monkeypatch.setattr(ZarrReader, "read", spy)
    return shapes


def test_reading_a_frame_reads_that_frame(tmp_path, content, blocks_read):
    path = write(tmp_path / "a.zarr", content, {"multiscales": [image("tczyx")]})
    movie = load_movie(path)
    assert blocks_read == []
    movie.data[1, 0].compute()
    assert blocks_read == [(1, 1, 4, 8, 9)]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(2**27, (2, 1)), (3 * 2 * 4 * 8 * 9 * 2, (2, 1)), (1, (1, 1, 1))],
)
def test_frames_that_are_stored_together_are_read_together(
    tmp_path, content, monkeypatch, limit, expected
):
    monkeypatch.setattr(zarr_read, "_BLOCK_BYTES", limit)
    attributes = {"multiscales": [image("tczyx")]}
    path = write(tmp_path / "a.zarr", content, attributes, chunks=(2, 2, 1, 3, 9))
    movie = load_movie(path)
    assert movie.data.chunks[0] == expected
    np.testing.assert_array_equal(movie.data, content)


def test_a_sharded_store_is_read_by_its_inner_chunks(tmp_path, content):
    path = write(
        tmp_path / "a.zarr",
        content,
        {"multiscales": [image("tczyx")]},
        version="0.5",
        chunks=(1, 1, 2, 4, 9),
        shards=(3, 2, 4, 8, 9),
    )
    movie = load_movie(path)
    assert movie.data.chunks[0] == (1, 1, 1)
    np.testing.assert_array_equal(movie.data, content)


def test_a_movie_may_be_pickled(tmp_path, content):
    path = write(tmp_path / "a.zarr", content, {"multiscales": [image("tczyx")]})
    movie = load_movie(path)
    again = pickle.loads(pickle.dumps(movie))
    np.testing.assert_array_equal(again.data, content)


def test_many_threads_may_read(tmp_path, content):
    path = write(tmp_path / "a.zarr", content, {"multiscales": [image("tczyx")]})
    with dask.config.set(scheduler="threads", num_workers=8):
        np.testing.assert_array_equal(load_movie(path).data, content)
