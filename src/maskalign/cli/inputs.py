"""Masks and reference images, read from files."""

from pathlib import Path
from typing import Any

__all__ = ["load_image", "load_mask"]


def load_image(path: Path) -> Any:
    """Return the pixels of a file, unread; a lone frame or channel without that axis.

    Whether what is left is one image, a stack or one image a frame is for the movie to
    say: few programs that save a mask or a stack write down what its axes are.
    """
    return _without_lone(path, "TC")


def load_mask(path: Path | None, *, invert: bool = False) -> Any:
    """Return a mask, True where a pixel may be used, unread; None for no path.

    Parameters
    ----------
    path : Path or None
        A TIFF file or OME-Zarr.
    invert : bool
        Whether it is 0, instead of not 0, where a pixel may be used.
    """
    if path is None:
        return None
    # Programs that write five axes write a plane as a volume of one.
    pixels = _without_lone(path, "TCZ")
    return pixels == 0 if invert else (pixels != 0) & (pixels == pixels)


def _without_lone(path: Path, letters: str) -> Any:
    """Return the pixels of a file without those axes that have the length 1."""
    from maskalign.io.movies import load_movie

    image = load_movie(path)
    sizes = zip(image.axes, image.shape, strict=True)
    return image.data[
        tuple(0 if a in letters and n == 1 else slice(None) for a, n in sizes)
    ]
