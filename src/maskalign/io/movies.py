"""Movies in and out of files: TIFF, OME-TIFF and ImageJ hyperstacks, lazily."""

import re
import weakref
from collections.abc import Iterator
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from numpy.typing import ArrayLike, NDArray

from maskalign.errors import AxesError, MovieFileError
from maskalign.io import imagej, ome_xml
from maskalign.io.calibration import Calibration
from maskalign.io.tiff_check import CODECS_HINT, CUT_SHORT
from maskalign.io.tiff_read import TiffReader, open_reader
from maskalign.io.tiff_write import plan_tiff
from maskalign.io.units import normalize_unit
from maskalign.model.axes import normalize_axes
from maskalign.model.movie import Movie

__all__ = ["iter_save_movie", "load_movie", "save_movie"]

#: Which file a lazy array is read from, by the name of its layer in the dask graph.
_sources: weakref.WeakValueDictionary[str, TiffReader] = weakref.WeakValueDictionary()


def load_movie(path: str | Path, *, axes: str | None = None) -> Movie:
    """Open a movie. Its pixels are read when they are needed.

    Parameters
    ----------
    path : str or Path
        A TIFF file: OME-TIFF, ImageJ hyperstack or plain. Of several series in a file
        the first is taken, of a pyramid its finest level.
    axes : str, optional
        One letter of ``T C Z Y X`` for each axis of the file, where the file does not
        say what they are, or is wrong. Axes of length 1 that the file's format hides
        come back when they are named here.

    Returns
    -------
    Movie
        A dask array with one chunk for each frame and channel, in the file's order of
        axes and its dtype (native byte order), with its scale, units, origin and
        channel names as far as the file knows them. The name is the file's.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    AxesError
        If the axes are ambiguous, colours, or do not fit the file.
    MovieFileError
        If the file is not TIFF, or is cut short, or needs codecs that are not
        installed. A frame that cannot be decoded raises it when it is read.

    Notes
    -----
    ``Q`` and ``I``, by which files call a series of images of unknown kind, mean ``T``.
    A file of which no axis is known but Y and X is read as an array would be:
    ``"TYX"``, or ``"TZYX"``.
    """
    path = Path(path)
    reader = open_reader(path)
    stored, letters = _settle_axes(reader, axes)
    added = tuple(i for i, letter in enumerate(letters) if letter not in stored)
    notes = _read_calibration(reader)
    return Movie(
        da.expand_dims(_lazy(reader, stored), added),
        letters,
        scale=notes.scale(letters),
        units=notes.units(letters),
        channels=notes.channels,
        origin=notes.origin(letters),
        name=re.sub(r"(\.ome)?\.[^.]*$", "", path.name, flags=re.IGNORECASE),
    )


def save_movie(
    path: str | Path,
    movie: Movie | ArrayLike,
    *,
    axes: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a movie, frame by frame: memory does not grow with its length.

    Parameters
    ----------
    path : str or Path
        Where to. ``.ome.tif`` and ``.ome.tiff`` give OME-TIFF. ``.tif`` and ``.tiff``
        give an ImageJ hyperstack, which Fiji opens with its calibration, or, where
        that cannot hold what the movie carries (channel names, an origin, other types
        of pixel than uint8, uint16 and float32, 4 GB), OME-TIFF under this name.
    movie : Movie or array_like
        The movie. Lazy data are computed as they are written.
    axes : str, optional
        Axes of an array, as in ``"TCYX"``; without them it is ``"TYX"`` or ``"TZYX"``.
    overwrite : bool
        Replace the file if it exists.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is not set.
    FileNotFoundError, PermissionError
        If its folder does not exist or may not be written to.
    MovieFileError
        If the file's suffix or the pixels' type are not for movies, or the movie is
        being read from that same file.
    AxesError
        If the axes do not fit.

    Notes
    -----
    Pixels are stored uncompressed, axes in the order TCZYX (OME-TIFF) or TZCYX
    (ImageJ), beyond 4 GB as BigTIFF. A file appears, or changes, only when all of it
    is written.
    """
    for _ in iter_save_movie(path, movie, axes=axes, overwrite=overwrite):
        pass


def iter_save_movie(
    path: str | Path,
    movie: Movie | ArrayLike,
    *,
    axes: str | None = None,
    overwrite: bool = False,
) -> Iterator[int]:
    """Write a movie as `save_movie` does; yield how many frames are written.

    What can be known to be wrong is raised by this call, before the first frame.
    Closing the iterator early leaves no file behind, and one that existed untouched.

    Returns
    -------
    iterator of int
        1, 2, ... up to the number of frames.
    """
    settled = _as_movie(movie, axes)
    # A link stays a link: what it leads to is written.
    path = Path(path).resolve()
    _refuse_own_source(path, settled)
    return plan_tiff(path, settled, overwrite=overwrite).write()


def _settle_axes(reader: TiffReader, axes: str | None) -> tuple[str, str]:
    """Return the axes of the array in the file, and those of the movie.

    The movie may have some more, of length 1, if the caller names them.
    """
    shape, named = reader.series.shape, reader.series.axes
    try:
        if axes is None:
            # Where a file names no more than Y and X, it is like an array.
            anonymous = len(named) > 3 and set(named) <= set("QIYX")
            settled = normalize_axes(None if anonymous else named, shape)
            return settled, settled
        if len(axes) > len(shape):
            stored = normalize_axes(named, shape)
            kept = "".join(letter for letter in axes.upper() if letter in stored)
            if kept == stored:
                ones = [letter for letter in axes.upper() if letter not in stored]
                return stored, normalize_axes(axes, shape + (1,) * len(ones))
        settled = normalize_axes(axes, shape)
    except AxesError as error:
        msg = f"{reader.path} (axes {named!r} by its own account): {error}"
        raise AxesError(msg) from error
    return settled, settled


def _read_calibration(reader: TiffReader) -> Calibration:
    """Return what the file says about its axes."""
    tiff, series = reader.tiff, reader.series
    sizes = dict(zip(series.axes, series.shape, strict=True))
    if series.kind == "ome" and tiff.ome_metadata:
        notes = ome_xml.read_calibration(tiff.ome_metadata)
    else:
        tags = tiff.pages.first.tags
        shaped = tiff.shaped_metadata or ({},)
        notes = imagej.read_calibration(
            tiff.imagej_metadata or shaped[0],
            resolution=[tags.valueof(name) for name in ("XResolution", "YResolution")],
            tag_unit=int(tags.valueof("ResolutionUnit") or 1),
            sizes=sizes,
        )
    if len(notes.channels) == sizes.get("C", 1):
        return notes
    return replace(notes, channels=())


def _lazy(reader: TiffReader, letters: str) -> da.Array:
    """Return an array that reads a frame of a channel when it is asked for."""
    shape = reader.series.shape
    n_lead = len(shape) - len(reader.plane_shape)
    chunks = tuple(
        (1,) * n if letter in "TC" and axis < n_lead else (n,)
        for axis, (letter, n) in enumerate(zip(letters, shape, strict=True))
    )
    frames: da.Array = da.map_blocks(
        _read_block,
        name=f"load-movie-{tokenize(reader, letters)}",
        chunks=chunks,
        dtype=reader.dtype,
        meta=np.empty((0,) * len(shape), reader.dtype),
        reader=reader,
        letters=letters,
        lead=shape[:n_lead],
    )
    _sources[frames.name] = reader
    return frames


def _read_block(
    *,
    reader: TiffReader,
    letters: str,
    lead: tuple[int, ...],
    block_id: tuple[int, ...],
) -> NDArray[Any]:
    """Return the planes of one chunk, in the order of the file's axes."""
    wanted = tuple(
        slice(i, i + 1) if letter in "TC" else slice(None)
        for i, letter, _ in zip(block_id, letters, lead, strict=False)
    )
    numbers = np.arange(prod(lead)).reshape(lead)[wanted]
    planes = np.empty((numbers.size, *reader.plane_shape), reader.dtype)
    try:
        for place, number in zip(planes, numbers.ravel(), strict=True):
            place[...] = reader.plane(int(number))
    except MemoryError:
        raise
    except Exception as error:
        frame = block_id[letters.index("T")] if "T" in letters else 0
        hint = CODECS_HINT if "imagecodecs" in str(error) else CUT_SHORT
        msg = f"{reader.path}: frame {frame} cannot be read ({error}). {hint}"
        raise MovieFileError(msg) from error
    return planes.reshape(numbers.shape + reader.plane_shape)


def _as_movie(movie: Movie | ArrayLike, axes: str | None) -> Movie:
    """Return what is to be saved as a movie, its units in their usual spelling."""
    if isinstance(movie, Movie):
        settled = movie if axes is None else movie.replace(axes=axes)
    else:
        settled = Movie(_as_array(movie), axes or "")
    return settled.replace(units=tuple(map(normalize_unit, settled.units)))


def _as_array(array: Any) -> Any:
    """Return NumPy and dask arrays as they are, zarr and HDF5 arrays as dask arrays."""
    if isinstance(array, da.Array):
        return array
    return da.from_array(array) if hasattr(array, "chunks") else np.asarray(array)


def _refuse_own_source(path: Path, movie: Movie) -> None:
    """Raise if a lazy movie would overwrite the file that it is read from."""
    layers = getattr(getattr(movie.data, "dask", None), "layers", ())
    readers = (_sources.get(name) for name in layers)
    if any(r is not None and _same_file(r.path, path) for r in readers):
        msg = (
            f"The movie is read from {path} while it is written: save it under "
            "another name."
        )
        raise MovieFileError(msg)


def _same_file(a: Path, b: Path) -> bool:
    return a.exists() and b.exists() and a.samefile(b)
