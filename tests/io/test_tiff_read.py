"""Reading is lazy: a frame costs a frame, and a file is opened once."""

import copy
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import dask
import numpy as np
import pytest
import tifffile

from maskalign.errors import MovieFileError
from maskalign.io.movies import load_movie
from maskalign.io.tiff_read import open_reader


@pytest.fixture(params=["contiguous", "pages", "imagej", "ome"])
def stack(request, tmp_path):
    """A file of the axes TZCYX or, for OME, TCZYX, and what is in it."""
    shape = (4, 3, 2, 8, 9)
    content = np.arange(np.prod(shape), dtype="uint16").reshape(shape)
    path = tmp_path / "stack.tif"
    options = {
        "contiguous": {"metadata": {"axes": "TZCYX"}},
        "pages": {"metadata": {"axes": "TZCYX"}, "compression": "zlib"},
        "imagej": {"imagej": True, "metadata": {"axes": "TZCYX"}},
        "ome": {"ome": True, "metadata": {"axes": "TCZYX"}, "compression": "zlib"},
    }[request.param]
    tifffile.imwrite(path, content, photometric="minisblack", **options)
    return path, content


def test_opening_reads_no_pixels(stack, planes_read):
    path, content = stack
    movie = load_movie(path)
    assert movie.shape == content.shape
    assert movie.dtype == content.dtype
    assert movie.data.chunks[0] == (1,) * 4
    assert (
        movie.data.chunks[movie.axes.index("C")]
        == (1,) * movie.shape[movie.axes.index("C")]
    )
    assert planes_read == []


def test_one_frame_of_one_channel_costs_its_planes(stack, planes_read):
    path, content = stack
    movie = load_movie(path)
    where = [slice(None)] * 5
    where[0], where[movie.axes.index("C")] = 2, 1
    found = movie.data[tuple(where)].compute()
    np.testing.assert_array_equal(found, content[tuple(where)])
    assert (
        len(planes_read) == len(set(planes_read)) == movie.shape[movie.axes.index("Z")]
    )


def test_all_frames_cost_each_plane_once(stack, planes_read):
    path, content = stack
    np.testing.assert_array_equal(load_movie(path).data.compute(), content)
    assert sorted(planes_read) == list(range(4 * 3 * 2))


def test_a_file_is_opened_once(stack, monkeypatch):
    opened = []
    init = tifffile.TiffFile.__init__

    def spy(self, *args, **kwargs):
        opened.append(args)
        init(self, *args, **kwargs)

    monkeypatch.setattr(tifffile.TiffFile, "__init__", spy)
    path, _ = stack
    movie = load_movie(path)
    for t in range(4):
        movie.data[t].compute()
    again = pickle.loads(pickle.dumps(movie.data))
    again.compute()
    load_movie(path).data.compute()
    assert len(opened) == 1


def test_threads_read_what_one_reads(stack):
    path, content = stack
    movie = load_movie(path)
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(lambda t: movie.data[t % 4].compute(scheduler="sync"), range(200))
        )
    for t, found in enumerate(results):
        np.testing.assert_array_equal(found, content[t % 4])


IN_ANOTHER_PROCESS = """
import pickle, sys, numpy as np, tifffile
opened = []
init = tifffile.TiffFile.__init__
tifffile.TiffFile.__init__ = lambda *a, **k: (opened.append(1), init(*a, **k))[1]
total = 0
for line in sys.stdin.buffer.read().split(b"--next frame--"):
    total += int(pickle.loads(line).compute(scheduler="sync").sum())
print(total, len(opened))
"""


def test_frames_travel_to_another_process_which_opens_the_file_once(stack):
    path, content = stack
    movie = load_movie(path)
    frames = [pickle.dumps(movie.data[t]) for t in range(4)]
    assert max(map(len, frames)) < 20_000
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=b"--next frame--".join(frames),
        capture_output=True,
        check=True,
    )
    assert done.stdout.split() == [b"%d" % content.sum(), b"1"]


def test_a_file_that_has_changed_is_not_read_unawares(tmp_path, pixels):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack")
    pickled = pickle.dumps(load_movie(path).data)
    tifffile.imwrite(path, pixels[:3], photometric="minisblack")
    with pytest.raises(MovieFileError, match="has changed"):
        pickle.loads(pickled)


def test_the_same_file_has_the_same_name_in_the_graph(stack, tmp_path):
    path, _ = stack
    other = tmp_path / "other.tif"
    other.write_bytes(path.read_bytes())
    first, second = load_movie(path), load_movie(path)
    assert first.data.name == second.data.name
    assert load_movie(other).data.name != first.data.name
    assert dask.base.tokenize(open_reader(path)) == dask.base.tokenize(
        copy.copy(open_reader(path))
    )


def test_an_undecodable_frame_names_itself_and_spares_the_others(tmp_path, pixels):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack", compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        start = tiff.pages[3].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[start + 5 : start + 65] = bytes(60)
    path.write_bytes(content)
    movie = load_movie(path)
    np.testing.assert_array_equal(movie.data[2].compute(), pixels[2])
    with pytest.raises(MovieFileError, match=r"movie\.tif: frame 3 cannot be read"):
        movie.data[3].compute()


def test_a_file_cut_short_while_it_is_open_names_the_frame(tmp_path, pixels):
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack")
    movie = load_movie(path)
    with path.open("rb+") as file:
        file.truncate(5000)
    np.testing.assert_array_equal(movie.data[1].compute(), pixels[1])
    with pytest.raises(MovieFileError, match="frame 5 cannot be read"):
        movie.data[5].compute()


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
def test_big_endian_files_give_native_arrays(tmp_path, compression, dtype):
    content = np.linspace(0, 60000, 2 * 6 * 7).reshape(2, 6, 7).astype(dtype)
    path = tmp_path / "big.tif"
    tifffile.imwrite(
        path, content, byteorder=">", compression=compression, photometric="minisblack"
    )
    found = load_movie(path).data
    assert found.dtype == found.compute().dtype == np.dtype(dtype)
    assert found.compute().dtype.isnative
    np.testing.assert_array_equal(found.compute(), content)


def test_missing_planes_of_an_aborted_recording_are_zeros(tmp_path, pixels):
    path = tmp_path / "aborted.ome.tif"
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="I:0"><Pixels ID="P:0" DimensionOrder="XYZCT" Type="uint16" '
        'SizeX="30" SizeY="20" '
        'SizeZ="1" SizeC="1" SizeT="9"><Channel ID="C:0" SamplesPerPixel="1"/>'
        '<TiffData IFD="0" PlaneCount="9"/></Pixels></Image></OME>'
    )
    with tifffile.TiffWriter(path, ome=False) as tiff:
        for frame in pixels:
            tiff.write(frame, description=xml, metadata=None, photometric="minisblack")
            xml = None
    movie = load_movie(path)
    assert movie.shape == (9, 20, 30)
    np.testing.assert_array_equal(movie.data[:6].compute(), pixels)
    assert not movie.data[6:].compute().any()


def test_a_series_over_many_files_is_one_movie(tmp_path, pixels):
    names = [f"part{i}.ome.tif" for i in range(3)]
    data = "".join(
        f'<TiffData IFD="{t % 2}" FirstT="{t}" PlaneCount="1">'
        f'<UUID FileName="{names[t // 2]}">urn:uuid:{t // 2}</UUID></TiffData>'
        for t in range(6)
    )
    for i, name in enumerate(names):
        xml = (
            '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{i}"><Image ID="I:0"><Pixels ID="P:0" Type="uint16" '
            'DimensionOrder="XYZCT" SizeX="30" SizeY="20" SizeZ="1" SizeC="1" '
            'SizeT="6" '
            'PhysicalSizeX="0.5" PhysicalSizeY="0.5"><Channel ID="C:0" '
            f'SamplesPerPixel="1"/>{data}</Pixels></Image></OME>'
        )
        with tifffile.TiffWriter(tmp_path / name, ome=False) as tiff:
            for frame in pixels[2 * i : 2 * i + 2]:
                tiff.write(frame, description=xml, metadata=None)
                xml = None
    movie = load_movie(tmp_path / names[0])
    assert movie.scale == (1, 0.5, 0.5)
    np.testing.assert_array_equal(movie.data.compute(), pixels)
    with ThreadPoolExecutor(4) as pool:
        for t, frame in enumerate(
            pool.map(lambda t: movie.data[t].compute(), range(6))
        ):
            np.testing.assert_array_equal(frame, pixels[t])


def test_of_a_pyramid_the_finest_level_is_taken(tmp_path):
    fine = np.arange(3 * 64 * 64, dtype="uint16").reshape(3, 64, 64)
    path = tmp_path / "pyramid.ome.tif"
    options = {"tile": (16, 16), "photometric": "minisblack"}
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(fine, subifds=1, metadata={"axes": "TYX"}, **options)
        tiff.write(fine[:, ::2, ::2], subfiletype=1, **options)
    movie = load_movie(path)
    np.testing.assert_array_equal(movie.data.compute(), fine)


def test_of_several_series_the_first_is_taken(tmp_path, pixels):
    path = tmp_path / "two.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack")
    tifffile.imwrite(path, pixels[:, :5, :5], photometric="minisblack", append=True)
    np.testing.assert_array_equal(load_movie(path).data.compute(), pixels)
