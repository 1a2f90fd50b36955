"""Pictures into files, whole or not at all."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

__all__ = ["check_plot_suffix", "write_plot"]


def write_plot(
    path: str | Path, draw: "Callable[[], Figure]", *, overwrite: bool
) -> None:
    """Write the figure that `draw` returns; the suffix says which format.

    Raises
    ------
    ValueError
        If matplotlib does not write files with that suffix.
    FileExistsError
        If `path` exists and `overwrite` is not set.
    FileNotFoundError
        If its folder does not exist.
    """
    path = Path(path)
    check_plot_suffix(path)
    if path.exists() and not overwrite:
        msg = f"{path} exists; choose another name or say overwrite=True."
        raise FileExistsError(msg)
    if not path.parent.is_dir():
        msg = f"There is no folder {path.parent} to write {path.name} in."
        raise FileNotFoundError(msg)
    # Drawn in memory first: a picture that fails leaves no half of a file.
    picture = BytesIO()
    draw().savefig(picture, format=path.suffix[1:].lower(), dpi=160)
    path.write_bytes(picture.getvalue())


def check_plot_suffix(path: str | Path) -> None:
    """Raise a ValueError unless matplotlib writes files with this suffix."""
    from matplotlib.backend_bases import FigureCanvasBase

    path = Path(path)
    known = FigureCanvasBase.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        listed = ", ".join(f".{suffix}" for suffix in sorted(known))
        msg = (
            f"{path}: no picture can be written with that suffix; use one of {listed}."
        )
        raise ValueError(msg)
