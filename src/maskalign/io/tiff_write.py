"""A movie is written as TIFF, block by block, and appears when it is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from maskalign.errors import MovieFileError
from maskalign.io import imagej, ome_xml
from maskalign.io.folders import check_folder, unfinished
from maskalign.io.slabs import iter_frames
from maskalign.model.movie import Movie

__all__ = ["TiffPlan", "plan_tiff"]

SUFFIXES = (".ome.tiff", ".ome.tif", ".tiff", ".tif")
#: What to make of pixels whose type no movie file has, by their kind.
_ADVICE = {
    "b": "uint8",
    "i": "int32, if the values fit, or float64",
    "u": "uint32, if the values fit, or float64",
    "f": "float32 or float64",
    "c": "real (their magnitude, or two channels)",
}
#: What fits into classic TIFF, with room for the pages' directories.
_CLASSIC_BYTES = 2**32 - 2**25


@dataclass(frozen=True, slots=True)
class TiffPlan:
    """A movie, where it goes, and in which dress. Nothing is written yet."""

    path: Path
    movie: Movie
    overwrite: bool
    #: Order in which planes are written, slowest first, Y and X included.
    file_axes: str
    #: True for an ImageJ hyperstack, False for OME-XML.
    imagej: bool

    def write(self) -> Iterator[int]:
        """Write the file; yield how many frames are done.

        The target appears, or changes, when all is written. Closing the generator
        before that removes what was begun.
        """
        part = unfinished(self.path)
        try:
            with _create(part, bigtiff=self._nbytes() > _CLASSIC_BYTES) as tiff:
                yield from self._write_frames(tiff)
            _refuse_existing(self.path, overwrite=self.overwrite)
            _replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)

    def _nbytes(self) -> int:
        return prod(self.movie.shape) * int(self.movie.dtype.itemsize)

    def _write_frames(self, tiff: tifffile.TiffWriter) -> Iterator[int]:
        options: dict[str, Any] = {
            "photometric": "minisblack",
            "metadata": None,
            "contiguous": True,
            "description": self._description(),
            "software": "maskalign",
        }
        if self.imagej:
            options["resolution"] = imagej.write_resolution(self.movie)
            options["resolutionunit"] = "NONE"
        for done, frame in enumerate(iter_frames(self.movie, self.file_axes), start=1):
            # One block after the other, all of one shape: tifffile then puts the
            # pixels next to each other, which is what ImageJ counts on.
            for block in frame if self._by_channel else [frame]:
                tiff.write(block, **options)
            yield done

    @property
    def _by_channel(self) -> bool:
        """Whether the channel is the slowest axis of a frame: one block each."""
        return self.file_axes.removeprefix("T").startswith("C")

    def _description(self) -> bytes:
        if self.imagej:
            return imagej.write_description(self.movie).encode("ascii")
        name = self.movie.name or self.path.name
        return ome_xml.write_xml(self.movie, file_axes=self.file_axes, name=name)


def plan_tiff(path: Path, movie: Movie, *, overwrite: bool) -> TiffPlan:
    """Settle how a movie is written, or raise before anything is touched."""
    suffix = next((s for s in SUFFIXES if path.name.lower().endswith(s)), None)
    if suffix is None:
        msg = (
            f"{path.name} does not say which format to write: movies are saved as "
            ".tif, .tiff, .ome.tif, .ome.tiff or .ome.zarr."
        )
        raise MovieFileError(msg)
    dtype = np.dtype(movie.dtype)
    if dtype.newbyteorder("=") not in ome_xml.OME_TYPES:
        msg = (
            f"Pixels of type {dtype} cannot be saved: OME-TIFF has no such type. Make "
            f"them {_ADVICE.get(dtype.kind, 'numbers of another type')} first."
        )
        raise MovieFileError(msg)
    if 0 in movie.shape:
        msg = f"A movie of shape {movie.shape} has no pixels to save."
        raise MovieFileError(msg)
    _refuse_existing(path, overwrite=overwrite)
    check_folder(path)
    as_imagej = not suffix.startswith(".ome") and imagej.fits(movie)
    order = "TZCYX" if as_imagej else "TCZYX"
    file_axes = "".join(letter for letter in order if letter in movie.axes)
    return TiffPlan(path, movie, overwrite, file_axes, as_imagej)


def _refuse_existing(path: Path, *, overwrite: bool) -> None:
    if path.is_dir():
        msg = f"{path} is a folder; name a file to write."
        raise IsADirectoryError(msg)
    if path.exists() and not overwrite:
        msg = f"{path} exists; choose another name or say overwrite=True."
        raise FileExistsError(msg)


def _create(part: Path, *, bigtiff: bool) -> tifffile.TiffWriter:
    try:
        return tifffile.TiffWriter(part, bigtiff=bigtiff, ome=False, byteorder="<")
    except PermissionError as error:
        msg = f"{part.parent} may not be written to ({error.strerror}); save elsewhere."
        raise PermissionError(msg) from error


def _replace(part: Path, path: Path) -> None:
    try:
        part.replace(path)
    except PermissionError as error:
        # Windows holds on to a file that some program has open.
        msg = f"{path} cannot be replaced: it is in use by this or another program."
        raise PermissionError(msg) from error
