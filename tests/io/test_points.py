import numpy as np
import pytest

from maskalign.io.points import read_points, write_points

#: As napari writes points, and shapes.
POINTS = "index,axis-0,axis-1,axis-2\n0.0,0.0,1.5,2.0\n1.0,1.0,3.0,4.0\n"
SHAPES = (
    "index,shape-type,vertex-index,axis-0,axis-1,axis-2\r\n"
    "0,polygon,0,1.0,0.0,0.0\r\n0,polygon,1,1.0,0.0,4.0\r\n0,polygon,2,1.0,4.0,4.0\r\n"
)
#: As tracking programs write them: names, in any order, and a time in seconds.
TRACKS = ",y,x,mass,frame,particle,t\n0,1.5,2.5,100,0,7,0.0\n1,3,4,,1,7,0.04\n"


@pytest.fixture
def written(tmp_path):
    def write(text, **how):
        path = tmp_path / "points.csv"
        path.write_text(text, newline="", **how)
        return path

    return write


def test_points_of_napari(written):
    points = read_points(written(POINTS))
    assert points.axes is None
    assert points.coordinates.tolist() == [[0, 1.5, 2], [1, 3, 4]]


def test_shapes_of_napari(written):
    points = read_points(written(SHAPES))
    assert points.coordinates.tolist() == [[1, 0, 0], [1, 0, 4], [1, 4, 4]]


def test_columns_that_say_what_they_are(written):
    points = read_points(written("\ufeff" + TRACKS, encoding="utf-8"))
    assert points.axes == "TYX"
    assert points.coordinates.tolist() == [[0, 1.5, 2.5], [1, 3, 4]]
    volumes = read_points(written("T, Z ,Y,X\n3,4,5,6\n"))
    assert volumes.axes == "TZYX"
    assert volumes.coordinates.tolist() == [[3, 4, 5, 6]]


@pytest.mark.parametrize("text", [POINTS, SHAPES, TRACKS])
def test_written_as_read_is_the_same_file(written, tmp_path, text):
    points = read_points(written(text))
    out = tmp_path / "out.csv"
    write_points(out, points, points.coordinates)
    assert out.read_text() == text.replace("\r", "")


def test_only_what_moved_is_written_anew_and_to_the_bit(written, tmp_path):
    points = read_points(written(TRACKS))
    moved = np.add(points.coordinates, [0, 1 / 3, 0])
    out = tmp_path / "out.csv"
    write_points(out, points, moved)
    first = out.read_text().splitlines()[1].split(",")
    assert first[2:] == ["2.5", "100", "0", "7", "0.0"]
    np.testing.assert_array_equal(read_points(out).coordinates, moved)
    with pytest.raises(FileExistsError, match=r"out\.csv exists"):
        write_points(out, points, points.coordinates)
    write_points(out, points, points.coordinates, overwrite=True)
    assert out.read_text() == TRACKS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"has the columns \(none\)"),
        ("a,b\n1,2\n", "a, b.*axis-0, axis-1.*frame, y and x"),
        ("frame,y\n1,2\n", "frame, y"),
        ("frame,y,x\n1,2\n", "row 1: 2 values under 3"),
        ("frame,y,x\n1,2,3\n1,2,far\n", "row 2, x: 'far' is not a number"),
        ("frame,y,x\n1,,3\n", "row 1, y: ''"),
    ],
)
def test_what_holds_no_points_is_refused(written, text, words):
    with pytest.raises(ValueError, match=words):
        read_points(written(text))


def test_a_picture_is_refused(tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(ValueError, match="not a text file"):
        read_points(path)
