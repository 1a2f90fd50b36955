"""The planes of one series in a TIFF file, read one by one."""

import threading
import weakref
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import MovieFileError
from maskalign.io.tiff_check import first_series, open_tiff

__all__ = ["TiffReader", "open_reader"]

#: Size and time of change of a file: tells whether it is still the same one.
Stamp = tuple[int, int]


class TiffReader:
    """The planes of the first series of a TIFF file.

    The file is opened and its pages are listed once: a reader that was pickled finds
    the one that is open in its new process, or opens the file there. Threads may read
    at the same time; they take turns at the file, not at decoding.

    Parameters
    ----------
    path : Path
        The file. It must not change as long as it is being read.

    Attributes
    ----------
    tiff : tifffile.TiffFile
        The open file.
    series : tifffile.TiffPageSeries
        What is read of it; length-1 axes are left out.
    dtype : numpy.dtype
        Type of a pixel, in native byte order.
    plane_shape : tuple of int
        Shape of one plane, the unit of reading: the last axes of the series.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    MovieFileError
        If it is no TIFF file, it is cut short, or its pixels cannot be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamp = _stamp(path)
        self.tiff = open_tiff(path)
        # Left to the garbage collector, the file would be closed with a warning.
        weakref.finalize(self, self.tiff.close)
        self.series = first_series(self.tiff, path)
        self.dtype = np.dtype(self.series.dtype).newbyteorder("=")
        self.plane_shape = tuple(self.series.keyframe.shape)
        self._offset = self.series.dataoffset
        # Looking pages up in tifffile may read the file again.
        self._pages = [] if self._offset is not None else list(self.series)
        self._lock = threading.RLock()
        self.tiff.filehandle.set_lock(True)

    def plane(self, number: int) -> NDArray[Any]:
        """Return one plane, counted through the series; zeros where the file lacks it.

        Whatever a codec raises is let through.
        """
        if self._offset is not None:
            count = prod(self.plane_shape)
            stored = self.dtype.newbyteorder(self.tiff.byteorder)
            start = self._offset + number * count * stored.itemsize
            with self._lock:
                pixels = self.tiff.filehandle.read_array(stored, count, start)
            return pixels.reshape(self.plane_shape)
        page = self._pages[number]
        if page is None:
            return np.zeros(self.plane_shape, self.dtype)
        handle = page.parent.filehandle
        if handle is self.tiff.filehandle:
            # One thread, for dask reads several frames at once.
            return page.asarray(maxworkers=1)
        # One of many files of a series: a process may not hold them all open.
        with self._lock:
            handle.open()
            try:
                return page.asarray(maxworkers=1)
            finally:
                handle.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.path, self.stamp)

    def __dask_tokenize__(self) -> tuple[Any, ...]:
        return type(self).__name__, str(self.path), self.stamp


_open: weakref.WeakValueDictionary[tuple[Path, Stamp], TiffReader] = (
    weakref.WeakValueDictionary()
)


def open_reader(path: Path) -> TiffReader:
    """Return the reader of a file: the one that is open, or a new one."""
    path = path.absolute()
    key = path, _stamp(path)
    return _open.get(key) or _open.setdefault(key, TiffReader(path))


def _reopen(path: Path, stamp: Stamp) -> TiffReader:
    """Return the reader of a file in the process where a pickled one arrives."""
    return _open.get((path, stamp)) or _keep_open(path, stamp)


@lru_cache(maxsize=8)
def _keep_open(path: Path, stamp: Stamp) -> TiffReader:
    """Open a file and hold it, for the next frame's task to find it open."""
    if _stamp(path) != stamp:
        msg = f"{path} has changed since the movie was loaded; load it again."
        raise MovieFileError(msg)
    return open_reader(path)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except FileNotFoundError:
        msg = f"There is no file {path}."
        raise FileNotFoundError(msg) from None
    return status.st_size, status.st_mtime_ns
