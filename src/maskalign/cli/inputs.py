"""Masks and reference images, read from files."""

from pathlib import Path
from typing import Any

__all__ = ["load_image", "load_mask"]


def load_image(path: Path) -> Any:
    """Return the pixels of a TIFF file, unread; a lone frame without its time axis.

    Whether what is left is one image, a stack or one image a frame is for the movie to
    say: few programs that save a mask or a stack write down what its axes are.
    """
    from maskalign.io.movies import load_movie

    image = load_movie(path)
    if image.axes.startswith("T") and image.n_frames == 1:
        return image.data[0]
    return image.data


def load_mask(path: Path | None, *, invert: bool = False) -> Any:
    """Return a mask, True where a pixel may be used, unread; None for no path.

    Parameters
    ----------
    path : Path or None
        A TIFF file.
    invert : bool
        Whether it is 0, instead of not 0, where a pixel may be used.
    """
    if path is None:
        return None
    pixels = load_image(path)
    return pixels == 0 if invert else (pixels != 0) & (pixels == pixels)
