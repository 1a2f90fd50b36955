"""The image of an OME-Zarr store, read block by block."""

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.errors import MovieFileError
from maskalign.io.calibration import Calibration
from maskalign.io.ngff import NgffImage, read_image
from maskalign.io.zarr_library import zarr_library

__all__ = ["ZarrReader", "open_store"]

#: Frames are read together, where the store keeps them together, up to this many bytes.
_BLOCK_BYTES = 2**27


class ZarrReader:
    """The finest level of the first image of a store.

    It may be pickled, and read by several threads at a time.

    Parameters
    ----------
    path : Path
        The store.
    array : zarr.Array
        The pixels.
    image : NgffImage or None
        What the store says about them; None for an array that stands alone.

    Attributes
    ----------
    shape : tuple of int
        Shape of the array.
    dtype : numpy.dtype
        Type of a pixel, in native byte order.
    """

    def __init__(self, path: Path, array: Any, image: NgffImage | None) -> None:
        self.path = path
        self._array = array
        self._image = image
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype: np.dtype[Any] = np.dtype(array.dtype).newbyteorder("=")

    @property
    def axes(self) -> str | None:
        """The axes by the store's account; None if it says nothing of them."""
        return None if self._image is None else self._image.letters()

    @property
    def calibration(self) -> Calibration:
        """What the store says about its axes."""
        return Calibration() if self._image is None else self._image.calibration

    @property
    def name(self) -> str:
        """What the store calls its image; may be empty."""
        return "" if self._image is None else self._image.name

    def steps(self, letters: str) -> tuple[int, ...]:
        """Return the shape of the blocks to read: one frame of one channel each.

        What the store keeps in one chunk is read at once, within reason: chunk after
        chunk is decoded whole, whatever is wanted of it.
        """
        step = [
            min(chunk, n) if letter in "TC" else n
            for letter, chunk, n in zip(
                letters, self._array.chunks, self.shape, strict=True
            )
        ]
        for axis in (letters.find("T"), letters.find("C")):
            if axis >= 0:
                others = prod(step) // max(step[axis], 1) * self.dtype.itemsize
                step[axis] = max(min(step[axis], _BLOCK_BYTES // max(others, 1)), 1)
        return tuple(step)

    def read(self, block: tuple[slice, ...]) -> NDArray[Any]:
        """Return the pixels of a block; where the store has none, its fill value.

        Whatever the store or a codec raises is let through.
        """
        pixels = np.asarray(self._array[block])
        return pixels.astype(self.dtype, copy=False)


def open_store(path: Path) -> ZarrReader:
    """Open the first image of a store.

    Raises
    ------
    MovieFileError
        If the zarr library is not installed, the store or its metadata are damaged, it
        holds no image, or several of which one must be named.
    """
    zarr = zarr_library()
    try:
        node = zarr.open(path, mode="r")
    # What is raised depends on the format, the store and what is wrong with it.
    except Exception as error:
        msg = f"{path} is not a Zarr store that can be read ({_of(error)})."
        raise MovieFileError(msg) from error
    if not isinstance(node, zarr.Group):
        return ZarrReader(path, node, None)
    group = _image_group(node, path)
    try:
        image = read_image(group.attrs.asdict())
    except MovieFileError as error:
        msg = f"{path} is no OME-Zarr image: {error}."
        raise MovieFileError(msg) from error
    return ZarrReader(path, _array(group, image, path, zarr), image)


def _image_group(root: Any, path: Path) -> Any:
    """Return the group of the only image; of several, say how to choose."""
    attributes = root.attrs.asdict()
    ome = attributes.get("ome", attributes)
    if not isinstance(ome, dict) or "multiscales" in ome:
        return root
    images = sorted(name for name in root.group_keys() if name.isdigit())
    if "bioformats2raw.layout" in ome and len(images) == 1:
        return root[images[0]]
    if "plate" in ome:
        msg = f"{path} is a plate of many images; name one, such as {path / 'A/1/0'}."
    elif images:
        listed = ", ".join(images)
        one = path / images[0]
        msg = f"{path} holds the images {listed}; name one, such as {one}."
    else:
        arrays = sorted(root.array_keys())
        hint = f"; name an array of it, such as {path / arrays[0]}" if arrays else ""
        msg = f"{path} is a Zarr group without the metadata of an OME-Zarr image{hint}."
    raise MovieFileError(msg)


def _array(group: Any, image: NgffImage, path: Path, zarr: Any) -> Any:
    """Return the array that the metadata name."""
    try:
        array = group[image.path]
    except Exception as error:
        msg = (
            f"{path}: its array {image.path!r}, which its metadata name, cannot be "
            f"opened ({_of(error)})."
        )
        raise MovieFileError(msg) from error
    if not isinstance(array, zarr.Array):
        msg = f"{path}: {image.path!r}, which its metadata name, is no array."
        raise MovieFileError(msg)
    if array.ndim != len(image.axes):
        msg = (
            f"{path}: its metadata name {len(image.axes)} axes, "
            f"{', '.join(name for name, _ in image.axes)}; the array {image.path!r} "
            f"has the shape {tuple(array.shape)}."
        )
        raise MovieFileError(msg)
    return array


def _of(error: Exception) -> str:
    """Return one line on what was raised."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
