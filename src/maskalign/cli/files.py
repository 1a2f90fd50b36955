"""Files of a command: everything about them is checked before any work is done."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

__all__ = ["check_files", "writable_file"]


def check_files(
    inputs: Mapping[str, Path | None],
    outputs: Mapping[str, Path | None],
    *,
    overwrite: bool,
) -> None:
    """Refuse files that cannot be read, and outputs that would do harm.

    Parameters
    ----------
    inputs, outputs : mapping of str to Path or None
        The files by the name that the user knows them by; None where not given.
    overwrite : bool
        Whether outputs may exist.

    Raises
    ------
    OSError
        If an input cannot be read, or an output exists or cannot be written.
    click.UsageError
        If an output is also an input, two outputs are one file, or one of them is a
        folder that another file lies in: that is replaced as a whole.
    """
    reads = {name: path for name, path in inputs.items() if path is not None}
    writes = {name: path for name, path in outputs.items() if path is not None}
    taken = dict(reads)
    for name, path in writes.items():
        for other, used in taken.items():
            if _same_file(path, used):
                msg = f"{name} and {other} are the same file, {path}."
                raise click.UsageError(msg)
        taken[name] = path
    for name, path in reads.items():
        _check_readable(name, path)
    for name, path in writes.items():
        _check_writable(name, path)
        for other, used in taken.items():
            if path.resolve() in used.resolve().parents:
                msg = f"{other} lies in {name}, a folder that is replaced as a whole."
                raise click.UsageError(msg)
    existing = [str(path) for path in writes.values() if path.exists()]
    if existing and not overwrite:
        verb = "exists" if len(existing) == 1 else "exist"
        msg = f"{', '.join(existing)} {verb}; say --overwrite to replace."
        raise FileExistsError(msg)


def writable_file(path: Path) -> bool:
    """Tell whether a file can be written: it, or its folder if it is new."""
    # A store is written beside the old one, and then takes its place.
    fresh = not path.exists() or path.is_dir()
    return os.access(path.parent if fresh else path, os.W_OK)


def _check_readable(name: str, path: Path) -> None:
    if not path.exists():
        msg = f"{name}: there is no file {path}."
        raise FileNotFoundError(msg)
    if not os.access(path, os.R_OK):
        msg = f"{name}: {path} may not be read."
        raise PermissionError(msg)


def _check_writable(name: str, path: Path) -> None:
    if path.is_dir() and path.suffix.lower() != ".zarr":
        msg = f"{name}: {path} is a folder; give the name of a file."
        raise IsADirectoryError(msg)
    if not path.parent.is_dir():
        msg = f"{name}: there is no folder {path.parent}; make it first."
        raise FileNotFoundError(msg)
    if not writable_file(path):
        msg = f"{name}: {path} may not be written."
        raise PermissionError(msg)


def _same_file(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.resolve() == b.resolve()
