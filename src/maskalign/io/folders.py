"""Names of files, and whether their folder can be written to."""

import os
import re
from pathlib import Path
from uuid import uuid4

__all__ = ["check_folder", "stem", "unfinished"]


def stem(path: Path) -> str:
    """Return what a movie's file is called, less its suffix.

    Examples
    --------
    >>> stem(Path("day.1/a.b.ome.tif"))
    'a.b'
    """
    return re.sub(r"(\.ome)?\.[^.]*$", "", path.name, flags=re.IGNORECASE)


def unfinished(path: Path) -> Path:
    """Return a name beside `path` that nothing else has."""
    return path.with_name(f".maskalign-{uuid4().hex[:12]}.part")


def check_folder(path: Path) -> None:
    """Raise an OSError that says why `path` cannot be written, if its folder tells."""
    folder = path.parent
    if not folder.exists():
        msg = f"There is no folder {folder} to write {path.name} in; make it first."
        raise FileNotFoundError(msg)
    if not folder.is_dir():
        msg = f"{folder} is not a folder, so {path.name} cannot be written in it."
        raise NotADirectoryError(msg)
    if not os.access(folder, os.W_OK):
        msg = f"{folder} may not be written to; save {path.name} somewhere else."
        raise PermissionError(msg)
