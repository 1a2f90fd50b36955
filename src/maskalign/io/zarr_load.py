"""A Zarr store as a movie: axes, calibration and lazy frames."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.errors import AxesError, MovieFileError
from maskalign.io.folders import stem
from maskalign.io.sources import remember
from maskalign.io.tiff_check import CUT_SHORT
from maskalign.io.zarr_read import ZarrReader, open_store
from maskalign.model.axes import normalize_axes
from maskalign.model.movie import Movie

__all__ = ["load_store"]


def load_store(path: Path, axes: str | None) -> Movie:
    """Open a Zarr store, as `load_movie` does."""
    reader = open_store(path)
    try:
        letters = normalize_axes(axes or reader.axes, reader.shape)
    except AxesError as error:
        msg = f"{path}: {error}"
        raise AxesError(msg) from error
    notes = reader.calibration
    n_channels = reader.shape[letters.index("C")] if "C" in letters else 1
    return Movie(
        _lazy(reader, letters),
        letters,
        scale=notes.scale(letters),
        units=notes.units(letters),
        channels=notes.channels if len(notes.channels) == n_channels else (),
        origin=notes.origin(letters),
        name=reader.name or stem(path),
    )


def _lazy(reader: ZarrReader, letters: str) -> da.Array:
    """Return an array that reads a block of a store when it is asked for."""
    steps = reader.steps(letters)
    chunks = tuple(
        (step,) * (n // step) + ((n % step,) if n % step else ())
        for step, n in zip(steps, reader.shape, strict=True)
    )
    frames: da.Array = da.map_blocks(
        _read_block,
        # A store may be written to as it is read: each time it is opened is another.
        name=f"load-movie-{uuid4().hex}",
        chunks=chunks,
        dtype=reader.dtype,
        meta=np.empty((0,) * len(letters), reader.dtype),
        reader=reader,
        steps=steps,
        time=letters.find("T"),
    )
    remember(frames.name, reader)
    return frames


def _read_block(
    *,
    reader: ZarrReader,
    steps: tuple[int, ...],
    time: int,
    block_id: tuple[int, ...],
) -> NDArray[Any]:
    """Return the pixels of one chunk."""
    starts = [i * step for i, step in zip(block_id, steps, strict=True)]
    block = tuple(slice(a, a + n) for a, n in zip(starts, steps, strict=True))
    try:
        return reader.read(block)
    except MemoryError:
        raise
    except Exception as error:
        frame = starts[time] if time >= 0 else 0
        msg = f"{reader.path}: frame {frame} cannot be read ({error}). {CUT_SHORT}"
        raise MovieFileError(msg) from error
