"""Make the pictures of the pages on NCC maps and on correlation surfaces.

Run by hand; no window is opened::

    python docs/make_map_pictures.py
"""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

import maskalign
from maskalign.data import synthetic
from maskalign.data.samples import organoid, retina
from maskalign.io.map_plots import displacement_figure, ncc_map_figure, surface_figure
from maskalign.io.plot_style import COLOURS, INK
from maskalign.io.surface_view import best_lag

OUT = Path(__file__).with_name("img")
DPI = 110
PALETTE = 256

#: The plane of the organoid that is shown.
PLANE = 8


def save(name: str, figure: Figure) -> None:
    """Write a figure as a small PNG."""
    path = OUT / f"{name}.png"
    figure.savefig(path, dpi=DPI)
    with Image.open(path) as drawn:
        small = drawn.convert("RGB").quantize(PALETTE, Image.Quantize.MAXCOVERAGE)
    small.save(path, optimize=True)


def maps() -> None:
    """Draw what is in ``howto/ncc-map.md``."""
    movie = organoid().movie
    before, after = (np.asarray(movie.data[t, :, 1]) for t in (0, 2))
    reference, moving = before[PLANE], after[PLANE]
    found = maskalign.register(reference, moving, max_shift=16)
    flat = maskalign.apply_drift(
        moving.astype("f4"), [found.shift], axes="YX", fill_value=np.nan
    ).compute()
    images = {"reference": reference, "moving": moving, "moving, aligned": flat}
    ncc = maskalign.local_ncc(reference, flat, window=9)
    save("ncc-map", ncc_map_figure(ncc, images))
    found = maskalign.register(before, after, max_shift=16)
    deep = maskalign.apply_drift(
        after.astype("f4"), [found.shift], axes="ZYX", fill_value=np.nan
    ).compute()
    ncc = maskalign.local_ncc(before, deep, window=(3, 9, 9))
    images["moving, aligned"] = deep[PLANE]
    save("ncc-map-3d", ncc_map_figure(ncc[PLANE], images))


def swelling() -> None:
    """Draw what is left where a sample has swollen by 3 %."""
    cells = np.asarray(synthetic.cells().movie.data[0], float)
    swollen = ndimage.affine_transform(cells, [1 / 1.03] * 2, 128 * (1 - 1 / 1.03))
    left = maskalign.displacement_map(cells, swollen, window=48)
    save("displacement-map", displacement_figure(left))


def grains(seed: int, blur: float = 2.0, size: int = 160) -> NDArray[np.float64]:
    """Return a random texture of standard deviation 1."""
    field = np.random.default_rng(seed).normal(size=(size, size))
    field = ndimage.gaussian_filter(field, blur)
    return np.asarray(field / field.std())


def doubtful() -> dict[str, Any]:
    """Return surfaces by what is the matter with them."""
    scene, other = grains(0), grains(1)
    here, there = (slice(20, 116),) * 2, (slice(29, 125), slice(8, 104))
    noise = np.random.default_rng(2).normal(size=(2, 96, 96))
    dust = np.zeros((96, 96))
    dust[tuple(np.random.default_rng(3).integers(0, 96, (2, 40)))] = 200
    dust = ndimage.gaussian_filter(dust, 1.5)
    y, x = np.mgrid[:160, :160] * 2 * np.pi / 12
    grid = np.sin(y) * np.sin(x) + 0.1 * scene
    pairs = {
        "one clear peak": (scene[here], scene[there]),
        "noise: lower, but alone": (
            scene[here] + 2 * noise[0],
            scene[there] + 2 * noise[1],
        ),
        "dust that stands still": (scene[here] + dust, scene[there] + dust),
        "a scene that repeats": (grid[here], grid[there]),
        "nothing in common": (scene[here], other[there]),
        "further than max_shift": (scene[here], scene[44:140, 0:96]),
    }
    return {
        name: maskalign.masked_ncc(*two, max_shift=20) for name, two in pairs.items()
    }


def surfaces() -> None:
    """Draw what is in ``howto/read-a-correlation-surface.md``."""
    sample = retina()
    reference, moving = (np.asarray(sample.movie.data[t]) for t in (0, 8))
    surface = maskalign.masked_ncc(
        reference,
        moving,
        reference_mask=sample.mask,
        moving_mask=sample.mask,
        max_shift=60,
    )
    save("correlation-surface", surface_figure(surface))
    figure = Figure(figsize=(8, 5.4), layout="constrained", facecolor="white")
    panels: Any = figure.subplots(2, 3)
    for ax, (name, one) in zip(panels.flat, doubtful().items(), strict=True):
        (dy, dx), ncc = best_lag(one)
        limits = (-20.5, 20.5, 20.5, -20.5)
        ax.imshow(one.ncc, extent=limits, vmin=-0.2, vmax=max(ncc, 0.35))
        ring = {"markerfacecolor": "none", "markeredgecolor": COLOURS["Y"]}
        ax.plot(dx, dy, "o", markersize=12, markeredgewidth=1.8, **ring)
        ax.plot(0, 0, "+", color="white", markersize=8)
        ax.set_title(f"{name}\n({dy:+d}, {dx:+d}), ncc {ncc:.2f}", size=9.5, color=INK)
        ax.tick_params(colors=INK, labelsize=8)
    save("correlation-surfaces", figure)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    maps()
    swelling()
    surfaces()
