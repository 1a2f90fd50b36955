"""The zarr library, loaded when a store is opened or written."""

from pathlib import Path
from types import ModuleType

from maskalign.errors import MovieFileError

__all__ = ["ZARR", "is_store", "zarr_library"]

#: Suffix of the folder of a store; of an image usually .ome.zarr.
ZARR = ".zarr"
#: Files of which each store has one, in versions 3 and 2 of the format.
_MARKERS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")


def is_store(path: Path) -> bool:
    """Tell whether there is a Zarr store at a path."""
    return path.is_dir() and any((path / marker).is_file() for marker in _MARKERS)


def zarr_library() -> ModuleType:
    """Return the zarr library.

    Raises
    ------
    MovieFileError
        If it is not installed.
    """
    try:
        import zarr
    except ImportError as error:
        msg = (
            f"OME-Zarr needs the zarr library ({error}). Install it: "
            'pip install "napari-maskalign[zarr]".'
        )
        raise MovieFileError(msg) from error
    library: ModuleType = zarr
    return library
