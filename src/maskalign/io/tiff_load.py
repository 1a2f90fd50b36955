"""A TIFF file as a movie: axes, calibration and lazy frames."""

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from numpy.typing import NDArray

from maskalign.errors import AxesError, MovieFileError
from maskalign.io import imagej, ome_xml
from maskalign.io.calibration import Calibration
from maskalign.io.folders import stem
from maskalign.io.sources import remember
from maskalign.io.tiff_check import CODECS_HINT, CUT_SHORT
from maskalign.io.tiff_read import TiffReader, open_reader
from maskalign.model.axes import normalize_axes
from maskalign.model.movie import Movie

__all__ = ["load_tiff"]


def load_tiff(path: Path, axes: str | None) -> Movie:
    """Open a TIFF file, as `load_movie` does."""
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
        name=stem(path),
    )


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
    remember(frames.name, reader)
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
