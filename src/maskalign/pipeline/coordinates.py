"""Moving coordinates as a movie is moved: points, tracks, shapes, vectors.

Coordinates are in pixels of the movie, as its frames were recorded. Nothing is rounded,
and nothing is interpolated.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.errors import AxesError, DriftTableError
from maskalign.model.axes import normalize_axes, spatial_axes
from maskalign.model.drift_table import DriftTable
from maskalign.pipeline.canvas import as_shifts

__all__ = ["move_points", "move_shapes", "move_tracks", "move_vectors"]

Coordinates = NDArray[np.float64]


def move_points(
    points: ArrayLike,
    drift: DriftTable | ArrayLike,
    *,
    axes: str | None = None,
    inverse: bool = False,
) -> Coordinates:
    """Move points as `apply_drift` moves the frames that they lie in.

    A point on some structure of a frame lies on the same structure of the aligned
    movie. The positions count from the first pixel of the reference whatever the
    canvas: where it is not ``'same'``, its first pixel has a position of its own
    (`Movie.origin`, or `maskalign.canvas`). ``interpolation='nearest'`` moves frames by
    whole pixels, points by all of the shift: up to half a pixel lies between.

    Parameters
    ----------
    points : array_like of real numbers, shape (N, D)
        One point a row, one axis a column, in pixels; as in napari's Points layer.
        Never modified.
    drift : DriftTable, or array_like of float, shape (T, ndim)
        Shifts in pixels, (z, y, x). Shifts along (y, x) leave z where it is.
    axes : str, optional
        What the columns are, such as ``"TYX"``, in their order: T, the number of the
        frame (from 0), Y and X, and Z and C where they are. Left out: TYX for three
        columns, TZYX for four. A time between two frames belongs to the nearer one
        (halves to the later one).
    inverse : bool
        Move back: from the aligned movie into the movie as it was recorded.

    Returns
    -------
    ndarray of float64, shape (N, D)
        The moved points; times and channels as they were.

    Raises
    ------
    AxesError
        If there is no column for the time, or `axes` does not fit the columns.
    DriftTableError
        If a point lies in a frame that the table does not have, or the table has shifts
        that are NaN, or other axes.
    TypeError
        If the points are not real numbers.

    Examples
    --------
    >>> table = DriftTable.from_shifts([(0, 0), (1.5, -2)])
    >>> move_points([(0, 10, 20), (1, 10, 20)], table)
    array([[ 0. , 10. , 20. ],
           [ 1. , 11.5, 18. ]])
    """
    return _moved(_numbers(points, "points", 2), drift, "points", axes, inverse=inverse)


def move_tracks(
    tracks: ArrayLike,
    drift: DriftTable | ArrayLike,
    *,
    axes: str | None = None,
    inverse: bool = False,
) -> Coordinates:
    """Move tracks as `apply_drift` moves the frames that they pass through.

    Parameters
    ----------
    tracks : array_like of real numbers, shape (N, 1 + D)
        One point of a track a row: the number of the track, then what `move_points`
        takes; as in napari's Tracks layer.
    drift, axes, inverse
        As for `move_points`; `axes` without the number of the track.

    Returns
    -------
    ndarray of float64, shape (N, 1 + D)
        The moved tracks.

    Raises
    ------
    AxesError, DriftTableError, TypeError
        As `move_points`.

    Examples
    --------
    >>> move_tracks([(7, 0, 10, 20), (7, 1, 9, 22)], [(0, 0), (1, -2)])
    array([[ 7.,  0., 10., 20.],
           [ 7.,  1., 10., 20.]])
    """
    moved = _numbers(tracks, "tracks", 2)
    moved[:, 1:] = _moved(moved[:, 1:], drift, "tracks", axes, inverse=inverse)
    return moved


def move_shapes(
    shapes: Iterable[ArrayLike],
    drift: DriftTable | ArrayLike,
    *,
    axes: str | None = None,
    inverse: bool = False,
) -> list[Coordinates]:
    """Move shapes as `apply_drift` moves the frames that they are drawn in.

    Parameters
    ----------
    shapes : iterable of array_like of real numbers, shape (V, D)
        The vertices of each shape, each a point that `move_points` takes; as in
        napari's Shapes layer.
    drift, axes, inverse
        As for `move_points`.

    Returns
    -------
    list of ndarray of float64, shape (V, D)
        The moved shapes.

    Raises
    ------
    AxesError, DriftTableError, TypeError
        As `move_points`.

    Examples
    --------
    >>> square = [(1, 0, 0), (1, 0, 4), (1, 4, 4), (1, 4, 0)]
    >>> (moved,) = move_shapes([square], [(0, 0), (0.5, 2)])
    >>> moved[2]
    array([1. , 4.5, 6. ])
    """
    arrays = [_numbers(shape, "shapes", 2) for shape in shapes]
    columns = sorted({array.shape[1] for array in arrays})
    if len(columns) > 1:
        msg = f"shapes have {' and '.join(map(str, columns))} columns; give all alike."
        raise ValueError(msg)
    if not arrays:
        return []
    moved = _moved(np.concatenate(arrays), drift, "shapes", axes, inverse=inverse)
    ends = np.cumsum([len(array) for array in arrays])
    return np.split(moved, ends[:-1])


def move_vectors(
    vectors: ArrayLike,
    drift: DriftTable | ArrayLike,
    *,
    axes: str | None = None,
    inverse: bool = False,
) -> Coordinates:
    """Move vectors as `apply_drift` moves the frames that they lie in.

    Parameters
    ----------
    vectors : array_like of real numbers, shape (N, 2, D)
        The start of each vector, a point that `move_points` takes, and its direction;
        as in napari's Vectors layer.
    drift, axes, inverse
        As for `move_points`.

    Returns
    -------
    ndarray of float64, shape (N, 2, D)
        The moved vectors: they start elsewhere, and point where they did.

    Raises
    ------
    AxesError, DriftTableError, TypeError
        As `move_points`.
    ValueError
        If there are not two rows, start and direction, for each.

    Examples
    --------
    >>> move_vectors([[(1, 10, 20), (0, 3, 4)]], [(0, 0), (1, -2)])
    array([[[ 1., 11., 18.],
            [ 0.,  3.,  4.]]])
    """
    moved = _numbers(vectors, "vectors", 3)
    if moved.shape[1] != 2:
        msg = (
            f"vectors has shape {moved.shape}; each vector needs two rows, its start "
            "and its direction: (N, 2, D)."
        )
        raise ValueError(msg)
    moved[:, 0] = _moved(moved[:, 0], drift, "vectors", axes, inverse=inverse)
    return moved


def _numbers(coordinates: ArrayLike, name: str, ndim: int) -> Coordinates:
    """Return coordinates as float64, in an array of their own."""
    array = np.asarray(coordinates)
    if array.dtype.kind not in "uif":
        msg = f"{name} has dtype {array.dtype}; coordinates are real numbers."
        raise TypeError(msg)
    if array.ndim != ndim:
        wanted = "(N, D)" if ndim == 2 else "(N, 2, D)"
        msg = f"{name} has shape {array.shape}; it needs {wanted}: one axis a column."
        raise ValueError(msg)
    return array.astype(np.float64)


def _moved(
    coordinates: Coordinates,
    drift: DriftTable | ArrayLike,
    name: str,
    axes: str | None,
    *,
    inverse: bool,
) -> Coordinates:
    """Return coordinates, shape (N, D), each moved as its frame is."""
    letters = _letters(axes, coordinates.shape[1], name)
    spatial = spatial_axes(letters)
    table = drift if isinstance(drift, DriftTable) else DriftTable.from_shifts(drift)
    if table.ndim > len(spatial):
        msg = (
            f"{name} has the columns {letters}; the drift table moves along "
            f"{table.axes.lower()}."
        )
        raise DriftTableError(msg)
    shifts = as_shifts(table, len(spatial))
    frames = _frames(coordinates[:, letters.index("T")], len(shifts), name)
    steps = -shifts[frames] if inverse else shifts[frames]
    moved = coordinates.copy()
    moved[:, [letters.index(a) for a in spatial]] += steps
    return moved


def _letters(axes: str | None, n: int, name: str) -> str:
    """Return one letter for each of `n` columns, T, Y and X among them."""
    problem = None
    if axes is None:
        if n > 4:
            problem = f"{name} has {n} columns: name them, for example axes='TCZYX'."
    elif len(axes) != n:
        problem = f"axes={axes!r} names {len(axes)} columns; {name} has {n}."
    unnamed = axes is None and n < 3
    letters = "" if problem or unnamed else normalize_axes(axes, (1,) * n)
    if not problem and "T" not in letters:
        problem = (
            f"{name} has no column for the time, so nothing says in which frame it "
            "lies. Put the number of the frame before the spatial columns."
        )
    if problem:
        raise AxesError(problem)
    return letters


def _frames(times: Coordinates, n_frames: int, name: str) -> NDArray[np.intp]:
    """Return the frame that each time belongs to."""
    # NaN and what is too large for an integer fail the comparison, as they should.
    nearest = np.floor(times + 0.5)
    strange = times[~((nearest >= 0) & (nearest < n_frames))]
    if strange.size:
        found = np.unique(strange)
        listed = ", ".join(f"{t:g}" for t in found[:8])
        listed += " ..." if len(found) > 8 else ""
        msg = (
            f"{name}: {strange.size} of {times.size} lie outside the drift table, "
            f"which has the frames 0 to {n_frames - 1}, at the times {listed}. Times "
            "are numbers of frames, counted from 0."
        )
        raise DriftTableError(msg)
    return nearest.astype(np.intp)
