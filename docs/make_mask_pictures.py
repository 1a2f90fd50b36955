"""Make the picture of masks that are found in a movie.

Run by hand: ``python docs/make_mask_pictures.py``. The retina sample is aligned without
a mask and with the one that is found in it; what masks leave out is tinted.
"""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

import maskalign
from maskalign.data.samples import retina
from maskalign.io.plot_style import ALARM, INK, WIDTH

OUT = Path(__file__).with_name("img") / "found-masks.png"
#: A frame that lies far from the first.
FRAME = 8
#: How much of the tint covers the image.
TINT = 0.55


def show(ax: Axes, title: str, image: NDArray[Any], mask: Any = None) -> None:
    """Show an image, what a mask leaves out in colour."""
    grey = np.clip(np.asarray(image, float) / 90, 0, 1)
    colours = np.repeat(grey[..., np.newaxis], 3, axis=-1)
    if mask is not None:
        out = ~np.asarray(mask)
        colours[out] = (1 - TINT) * colours[out] + TINT * np.array(to_rgb(ALARM))
    ax.imshow(colours)
    ax.set_title(title, fontsize=8, color=INK)
    ax.axis("off")


def mean_of(aligned: Any) -> NDArray[Any]:
    """Return the mean over time, twice as steep."""
    mean = np.asarray(aligned).mean(axis=0)
    return 45 + 2 * (mean - np.median(mean))


def main() -> None:
    """Find, align, draw."""
    movie = retina().movie
    static = maskalign.static_mask(movie)
    held, _ = maskalign.align(movie.data, max_shift=60)
    freed, _ = maskalign.align(movie.data, mask=static, max_shift=60)
    border = maskalign.border_mask(freed)
    figure = Figure(figsize=(WIDTH, 0.37 * WIDTH))
    axes = figure.subplots(2, 2)
    frame = np.asarray(movie.data[FRAME])
    show(axes[0, 0], "static_mask(movie), over a frame", frame, static)
    moved, edge = np.asarray(freed[FRAME]), np.asarray(border[FRAME])
    show(axes[0, 1], "border_mask(aligned), over that frame", moved, edge)
    show(axes[1, 0], "mean over time, aligned without a mask", mean_of(held))
    show(axes[1, 1], "the same, aligned with mask=static_mask(movie)", mean_of(freed))
    figure.tight_layout(pad=0.3, w_pad=0.6)
    figure.savefig(OUT, dpi=120)
    picture = Image.open(OUT).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
