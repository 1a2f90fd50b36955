"""A movie is written as OME-Zarr, frame by frame, and appears when it is whole."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import MovieFileError
from maskalign.io import ngff
from maskalign.io.folders import check_folder, stem, unfinished
from maskalign.io.slabs import iter_frames
from maskalign.io.zarr_library import is_store, zarr_library
from maskalign.model.movie import Movie

__all__ = ["ZarrPlan", "plan_zarr"]

#: Types of pixel that can be written, by kind and bytes.
_PIXELS = {"b": (1,), "u": (1, 2, 4, 8), "i": (1, 2, 4, 8), "f": (2, 4, 8)}
#: A chunk is one plane, or more of a volume, up to this many bytes; a plane that is
#: larger is cut into squares of this many pixels.
_CHUNK_BYTES, _TILE = 2**23, 1024


@dataclass(frozen=True, slots=True)
class ZarrPlan:
    """A movie, and where it goes. Nothing is written yet."""

    path: Path
    movie: Movie
    overwrite: bool
    #: Order of the axes in the store.
    file_axes: str

    def write(self) -> Iterator[int]:
        """Write the store; yield how many frames are done.

        The target appears, or changes, when all is written. Closing the generator
        before that removes what was begun.
        """
        part = unfinished(self.path)
        try:
            yield from self._write_frames(part)
            _refuse_existing(self.path, overwrite=self.overwrite)
            _replace(part, self.path)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _write_frames(self, part: Path) -> Iterator[int]:
        zarr = zarr_library()
        # The metadata come last: what is not whole does not look like an image.
        group = zarr.create_group(part, zarr_format=2)
        array = self._create(group)
        ranges = _Ranges(self.movie, self.file_axes)
        for number, frame in enumerate(iter_frames(self.movie, self.file_axes)):
            array[number if "T" in self.file_axes else ...] = frame
            ranges.add(frame)
            yield number + 1
        group.attrs.update(
            ngff.write_image(
                self.movie,
                file_axes=self.file_axes,
                name=self.movie.name or stem(self.path),
                ranges=ranges.found(),
            )
        )

    def _create(self, group: Any) -> Any:
        """Create the array that the frames go into."""
        sizes = dict(zip(self.movie.axes, self.movie.shape, strict=True))
        dtype = np.dtype(self.movie.dtype).newbyteorder("<")
        return group.create_array(
            "0",
            shape=tuple(sizes[letter] for letter in self.file_axes),
            chunks=_chunks(sizes, self.file_axes, dtype.itemsize),
            dtype=dtype,
            fill_value=0,
            # What nearly all stores of this version are packed with.
            compressors={
                "id": "blosc",
                "cname": "lz4",
                "clevel": 5,
                "shuffle": 1,
                "blocksize": 0,
            },
            chunk_key_encoding={"name": "v2", "separator": "/"},
            attributes={"_ARRAY_DIMENSIONS": list(self.file_axes.lower())},
        )


def plan_zarr(path: Path, movie: Movie, *, overwrite: bool) -> ZarrPlan:
    """Settle how a movie is written, or raise before anything is touched."""
    zarr_library()
    dtype = np.dtype(movie.dtype)
    if dtype.itemsize not in _PIXELS.get(dtype.kind, ()):
        msg = f"Pixels of type {dtype} cannot be saved: make them real numbers first."
        raise MovieFileError(msg)
    if 0 in movie.shape:
        msg = f"A movie of shape {movie.shape} has no pixels to save."
        raise MovieFileError(msg)
    _refuse_existing(path, overwrite=overwrite)
    check_folder(path)
    # The order that the specification asks for.
    file_axes = "".join(letter for letter in "TCZYX" if letter in movie.axes)
    return ZarrPlan(path, movie, overwrite, file_axes)


class _Ranges:
    """The smallest and the largest value of each channel, for viewers."""

    def __init__(self, movie: Movie, file_axes: str) -> None:
        self._wanted = bool(movie.channels)
        self._by_channel = "C" in file_axes
        self._found: list[tuple[float, float]] = []

    def add(self, frame: NDArray[Any]) -> None:
        """Look at one frame, ([C,] [Z,] Y, X)."""
        if not self._wanted:
            return
        channels = frame if self._by_channel else [frame]
        seen = [_range(channel) for channel in channels]
        before = self._found or seen
        self._found = [
            (min(low, lowest), max(high, highest))
            for (low, high), (lowest, highest) in zip(seen, before, strict=True)
        ]

    def found(self) -> list[tuple[float, float]]:
        """Return them; (0, 1) for a channel without a value."""
        return [(low, high) if low <= high else (0.0, 1.0) for low, high in self._found]


def _range(pixels: NDArray[Any]) -> tuple[float, float]:
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    if not finite.size:
        return np.inf, -np.inf
    return float(finite.min()), float(finite.max())


def _chunks(sizes: dict[str, int], file_axes: str, itemsize: int) -> tuple[int, ...]:
    """Return the shape of a chunk: one frame and channel, or a part of it."""
    chunk = {"T": 1, "C": 1, "Z": 1, "Y": sizes["Y"], "X": sizes["X"]}
    plane = sizes["Y"] * sizes["X"] * itemsize
    if plane > _CHUNK_BYTES:
        chunk |= {a: min(sizes[a], _TILE) for a in "YX"}
    else:
        chunk["Z"] = min(_CHUNK_BYTES // plane, sizes.get("Z", 1))
    return tuple(chunk[letter] for letter in file_axes)


def _refuse_existing(path: Path, *, overwrite: bool) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        msg = f"{path} is a file; an OME-Zarr movie is a folder. Choose another name."
        raise FileExistsError(msg)
    if not overwrite:
        msg = f"{path} exists; choose another name or say overwrite=True."
        raise FileExistsError(msg)
    if not is_store(path) and any(path.iterdir()):
        msg = (
            f"{path} is a folder with something else than a Zarr store in it, which is "
            "not replaced. Choose another name."
        )
        raise FileExistsError(msg)


def _replace(part: Path, path: Path) -> None:
    """Put a store in its place; one that was there is moved aside, then removed."""
    old = unfinished(path)
    try:
        if path.exists():
            path.rename(old)
        part.rename(path)
    except OSError as error:
        if old.exists() and not path.exists():
            old.rename(path)
        # Windows holds on to files that some program has open.
        msg = f"{path} cannot be replaced: it is in use by this or another program."
        raise PermissionError(msg) from error
    shutil.rmtree(old, ignore_errors=True)
