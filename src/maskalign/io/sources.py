"""Which file a lazy array is read from."""

import weakref
from pathlib import Path
from typing import Any, Protocol

__all__ = ["Source", "read_from", "remember"]


class Source(Protocol):
    """Something that reads a file."""

    path: Path


#: The readers, by the name of their layer in a dask graph.
_sources: weakref.WeakValueDictionary[str, Source] = weakref.WeakValueDictionary()


def remember(layer: str, reader: Source) -> None:
    """Enter that a layer of dask graphs is read from a file."""
    _sources[layer] = reader


def read_from(data: Any, target: Path) -> bool:
    """Tell whether an array is read from a file, or from one in that folder."""
    layers = getattr(getattr(data, "dask", None), "layers", ())
    readers = (_sources.get(name) for name in layers)
    return any(r is not None and _lies_in(r.path, target) for r in readers)


def _lies_in(file: Path, target: Path) -> bool:
    if not (file.exists() and target.exists()):
        return False
    return any(part.samefile(target) for part in (file, *file.resolve().parents))
