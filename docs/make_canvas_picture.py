"""Make the picture of canvases and fills.

Run by hand: ``python docs/make_canvas_picture.py``. The retina sample is aligned, and
one frame is shown as each canvas and fill lays it out.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

import maskalign
from maskalign.data.samples import retina
from maskalign.io.plot_style import ALARM, COLOURS, INK, WIDTH

OUT = Path(__file__).with_name("img") / "canvas.png"
#: A frame that lies far from the first, and a bright spot in it, (y, x).
FRAME, PLACE = 8, (103, 642)
PANELS = [("same", 0), ("same", "edge"), ("union", 0), ("intersection", 0)]


def main() -> None:
    """Align, lay out, draw."""
    sample = retina()
    movie = sample.movie
    table = maskalign.estimate_drift(movie, mask=sample.mask, max_shift=60).repaired()
    ((_, y, x),) = maskalign.move_points([(FRAME, *PLACE)], table)
    union = maskalign.canvas(movie.frame_shape, table, "union")
    figure = Figure(figsize=(WIDTH, 0.38 * WIDTH))
    for ax, (canvas, fill) in zip(figure.subplots(2, 2).flat, PANELS, strict=True):
        how = {"canvas": canvas, "axes": movie.axes}
        aligned = maskalign.apply_drift(movie.data, table, fill_value=fill, **how)
        region = maskalign.valid_region(movie.data, table, **how)
        frame = maskalign.canvas(movie.frame_shape, table, canvas)
        rows, columns = (o + np.arange(n) for o, n in zip(*frame, strict=True))
        extent = (columns[0] - 0.5, columns[-1] + 0.5, rows[-1] + 0.5, rows[0] - 0.5)
        ax.imshow(aligned[FRAME], cmap="gray", vmin=0, vmax=90, extent=extent)
        own = np.pad(np.asarray(region[FRAME], float), 1)
        around = [np.r_[k[0] - 1, k, k[-1] + 1] for k in (columns, rows)]
        ax.contour(*around, own, [0.5], colors=COLOURS["Z"], linewidths=1.2)
        height, width = movie.frame_shape
        ax.add_patch(
            Rectangle((-0.5, -0.5), width, height, fill=False, ec=ALARM, ls="--")
        )
        ax.plot(x, y, "+", color=COLOURS["Y"], ms=16, mew=2.5)
        ax.set_title(f"canvas={canvas!r}, fill_value={fill!r}", fontsize=8, color=INK)
        ax.set_xlim(union.origin[1] - 6, union.origin[1] + union.shape[1] + 6)
        ax.set_ylim(union.origin[0] + union.shape[0] + 6, union.origin[0] - 6)
        ax.axis("off")
    figure.tight_layout(pad=0.3, w_pad=0.6)
    figure.savefig(OUT, dpi=120)
    picture = Image.open(OUT).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
