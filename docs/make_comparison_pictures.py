"""Make the pictures of ``howto/compare.md``.

Run by hand; no window is opened::

    python docs/make_comparison_pictures.py
"""

from math import isfinite
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

import maskalign
from maskalign.data import synthetic
from maskalign.io.joint_plot import colocalization_figure, joint_histogram_figure
from maskalign.model.metrics import METRICS

OUT = Path(__file__).with_name("img")
DPI = 110
COLOURS = 128
#: The specks on the camera are brighter than all cells.
BRIGHTEST = 700
#: What stands for the far end of a range that has none.
FAR = {"mse": 20000, "nrmse": 1, "psnr": 40, "hist_chi2": 2}

Picture = NDArray[np.float64]


def save(name: str, figure: Figure) -> None:
    """Write a figure as a small PNG."""
    path = OUT / f"{name}.png"
    figure.savefig(path, dpi=DPI)
    with Image.open(path) as drawn:
        small = drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def cells(seed: int) -> Picture:
    """Return one frame of synthetic cells on a camera offset of 100."""
    sample = synthetic.cells(n_frames=1, size=192, seed=seed)
    return np.minimum(np.asarray(sample.movie.data[0], float), BRIGHTEST)


def changed(image: Picture) -> dict[str, Picture]:
    """Return what may happen to an image, by name."""
    rng = np.random.default_rng(0)
    light = (image - 100).clip(0)
    return {
        "itself": image,
        "gain 0.7,\noffset +60": 160 + 0.7 * light,
        "square\nroot": 100 + np.sqrt(light * light.max()),
        "inverted": image.max() + 100 - image,
        "noise": image + rng.normal(0, 40, image.shape),
        "blurred": ndimage.gaussian_filter(image, 2.5),
        "moved\n5 px": np.roll(image, 5, axis=1),
        "another\nfield": cells(5),
    }


def likeness(name: str, value: float) -> float:
    """Return where a value lies between unlike, 0, and alike, 1."""
    metric = METRICS[name]
    far = FAR.get(name, metric.highest)
    low = max(metric.lowest, 0)
    share = float(np.clip((min(value, far) - low) / (far - low), 0, 1))
    return share if metric.better == "higher" else 1 - share


def which_number() -> Figure:
    """Draw what each number says of each change."""
    image = cells(0)
    columns = changed(image)
    found = [maskalign.compare(image, other) for other in columns.values()]
    figure = Figure(figsize=(9.2, 7.6), facecolor="white")
    left, width, top = 0.17, 0.82 / len(columns), 0.80
    for k, (title, other) in enumerate(columns.items()):
        ax = figure.add_axes((left + k * width + 0.004, top, width - 0.008, 0.12))
        ax.imshow(other, cmap="gray", vmin=80, vmax=BRIGHTEST)
        ax.set_axis_off()
        ax.set_title(title, fontsize=9)
    table = figure.add_axes((left, 0.02, 0.82, top - 0.03))
    shades = [[likeness(name, f[name]) for f in found] for name in METRICS]
    table.imshow(shades, cmap="PiYG", vmin=0, vmax=1, aspect="auto", alpha=0.6)
    for row, name in enumerate(METRICS):
        for column, numbers in enumerate(found):
            value = numbers[name]
            text = f"{value:.3g}" if abs(value) < 999 else f"{value:.0f}"
            text = text if isfinite(value) else "inf"
            table.text(column, row, text, ha="center", va="center", fontsize=8.5)
    table.set_xticks([])
    table.set_yticks(range(len(METRICS)), METRICS, fontsize=9)
    table.tick_params(length=0)
    table.spines[:].set_visible(False)
    return figure


def two_stains() -> tuple[Picture, Picture]:
    """Return two stains that share half of their spots, over background and noise."""
    rng = np.random.default_rng(0)
    spots = np.zeros((3, 160, 160))
    for image in spots:
        image[tuple(rng.integers(0, 160, (2, 90)))] = 1
    shared, one, other = (400 * ndimage.gaussian_filter(s, 2) for s in spots)
    noise = rng.normal(20, 2, (2, 160, 160))
    return shared + one + noise[0], 1.6 * (shared + other) + noise[1]


def neighbours() -> tuple[Picture, Picture]:
    """Return spots, and others 6 px beside them in any direction."""
    rng = np.random.default_rng(0)
    places, angle = rng.integers(10, 150, (2, 90)), rng.uniform(0, 2 * np.pi, 90)
    beside = np.rint(places + 6 * np.array([np.sin(angle), np.cos(angle)])).astype(int)
    images = np.zeros((2, 160, 160))
    images[0][tuple(places)] = images[1][tuple(beside)] = 1
    red, green = (ndimage.gaussian_filter(image, 1) for image in images)
    return red, green


def main() -> None:
    """Make all pictures."""
    OUT.mkdir(exist_ok=True)
    save("which-number", which_number())
    red, green = two_stains()
    histogram = maskalign.joint_histogram(red, green)
    threshold = maskalign.costes_threshold(red, green)
    figure = joint_histogram_figure(
        histogram, names=("red", "green"), threshold=threshold
    )
    save("joint-histogram", figure)
    save(
        "colocalization", colocalization_figure(maskalign.colocalization(*neighbours()))
    )


if __name__ == "__main__":
    main()
