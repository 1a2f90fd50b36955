import dataclasses

import numpy as np
import pytest

from maskalign import AxesError, Movie
from maskalign.model.axes import normalize_axes


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [
        (None, (5, 8, 9), "TYX"),
        (None, (5, 3, 8, 9), "TZYX"),
        (None, (20, 3, 20, 20), "TZYX"),
        (None, (30, 20, 5), "TYX"),
        (None, (4, 8, 3), "TYX"),
        ("TZYX", (5, 64, 64, 3), "TZYX"),
        ("TYXC", (5, 64, 64, 3), "TYXC"),
        ("tczyx", (5, 2, 3, 8, 9), "TCZYX"),
        ("QYX", (5, 8, 9), "TYX"),
        ("IYX", (5, 8, 9), "TYX"),
        ("YX", (8, 9), "YX"),
        ("ZTYX", (3, 5, 8, 9), "ZTYX"),
    ],
)
def test_axes_that_fit(axes, shape, expected):
    assert normalize_axes(axes, shape) == expected


@pytest.mark.parametrize(
    ("axes", "shape", "words"),
    [
        (None, (8, 9), "one image is no movie"),
        (None, (1, 2, 3, 8, 9), "axes='TCZYX'"),
        (None, (5, 64, 64, 3), "3 colours .* axes='TYXC' and channel='mean'"),
        (None, (64, 48, 4), "4 colours .* axes='YXC'"),
        ("TYXS", (5, 8, 9, 3), "colour"),
        ("TQYX", (5, 5, 8, 9), "twice"),
        ("TAYX", (5, 5, 8, 9), "'A'"),
        ("TYX", (5, 5, 8, 9), r"names 3 axes, the shape \(5, 5, 8, 9\) has 4"),
        ("TZX", (5, 5, 8), "both Y and X"),
    ],
)
def test_axes_that_do_not(axes, shape, words):
    with pytest.raises(AxesError, match=words):
        normalize_axes(axes, shape)


def test_a_movie_fills_in_what_is_not_said():
    movie = Movie(np.zeros((5, 8, 9)))
    assert (movie.axes, movie.scale, movie.units) == ("TYX", (1.0,) * 3, ("pixel",) * 3)
    assert (movie.origin, movie.channels, movie.n_frames) == ((0.0,) * 3, (), 5)


def test_a_movie_knows_its_frames():
    movie = Movie(np.zeros((9, 2, 8, 5, 3)), "XCYTZ", scale=(1, 2, 3, 4, 5))
    assert movie.spatial_axes == "ZYX"
    assert movie.frame_shape == (3, 8, 9)
    assert movie.n_frames == 5
    assert movie.along("scale", "ZYX") == (5, 3, 1)
    assert Movie(np.zeros((8, 9)), "YX").n_frames == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scale": (1, 2)}, "scale=.* has 2 entries"),
        ({"scale": (1, 0, 2)}, r"scale=\(1, 0, 2\): .* cannot be 0"),
        ({"units": ("s",)}, "units="),
        ({"origin": (0, 0)}, "origin="),
        ({"channels": ("a", "b")}, "names 2 channels; the movie has 1"),
    ],
)
def test_fields_that_do_not_fit(fields, words):
    with pytest.raises(AxesError, match=words):
        Movie(np.zeros((5, 8, 9)), **fields)


def test_a_movie_is_frozen_and_readable():
    movie = Movie(
        np.zeros((5, 8, 9), "u2"),
        scale=(2, 0.1, 0.1),
        units=("s", "µm", "µm"),
        name="a",
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        movie.axes = "ZYX"
    assert repr(movie) == "Movie(a: uint16; T 5 x 2 s, Y 8 x 0.1 µm, X 9 x 0.1 µm)"
    assert movie.replace(name="b").name == "b"
