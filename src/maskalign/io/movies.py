"""Movies in and out of files: TIFF, OME-TIFF, ImageJ hyperstacks, OME-Zarr, lazily."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import ArrayLike

from maskalign.errors import MovieFileError
from maskalign.io.sources import read_from
from maskalign.io.tiff_load import load_tiff
from maskalign.io.tiff_write import plan_tiff
from maskalign.io.units import normalize_unit
from maskalign.io.zarr_library import ZARR, is_store
from maskalign.io.zarr_load import load_store
from maskalign.io.zarr_write import plan_zarr
from maskalign.model.movie import Movie

__all__ = ["iter_save_movie", "load_movie", "save_movie"]


def load_movie(path: str | Path, *, axes: str | None = None) -> Movie:
    """Open a movie. Its pixels are read when they are needed.

    Parameters
    ----------
    path : str or Path
        A TIFF file: OME-TIFF, ImageJ hyperstack or plain. Of several series in a file
        the first is taken, of a pyramid its finest level. Or the folder of a Zarr
        store with one OME-Zarr image, or of one image or array in it.
    axes : str, optional
        One letter of ``T C Z Y X`` for each axis of the file, where the file does not
        say what they are, or is wrong. Axes of length 1 that the file's format hides
        come back when they are named here.

    Returns
    -------
    Movie
        A dask array with one chunk for each frame and channel, in the file's order of
        axes and its dtype (native byte order), with its scale, units, origin and
        channel names as far as the file knows them. The name is the file's, or the one
        that an OME-Zarr store gives. Frames that a store keeps in one chunk stay
        together in one, up to 128 MiB.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    AxesError
        If the axes are ambiguous, colours, or do not fit the file.
    MovieFileError
        If the file is neither TIFF nor OME-Zarr, or is cut short, or needs codecs or
        the zarr library, which are not installed. A frame that cannot be decoded
        raises it when it is read.

    Notes
    -----
    ``Q`` and ``I``, by which files call a series of images of unknown kind, mean ``T``.
    A file of which no axis is known but Y and X is read as an array would be:
    ``"TYX"``, or ``"TZYX"``.
    """
    path = Path(path)
    named = path.suffix.lower() == ZARR and path.is_dir()
    return (load_store if named or is_store(path) else load_tiff)(path, axes)


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
        ``.ome.zarr`` and ``.zarr`` give OME-Zarr 0.4, a folder.
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
    In TIFF pixels are stored uncompressed, axes in the order TCZYX (OME-TIFF) or TZCYX
    (ImageJ), beyond 4 GB as BigTIFF. In OME-Zarr they are packed without loss, one
    frame and channel a chunk, or a part of it where those are large; it needs the zarr
    library. A file or folder appears, or changes, only when all of it is written.
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
    as_store = Path(path).suffix.lower() == ZARR
    # A link stays a link: what it leads to is written.
    path = Path(path).resolve()
    if read_from(settled.data, path):
        msg = (
            f"The movie is read from {path} while it is written: save it under "
            "another name."
        )
        raise MovieFileError(msg)
    plan = plan_zarr if as_store else plan_tiff
    return plan(path, settled, overwrite=overwrite).write()


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
