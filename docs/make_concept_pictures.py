"""Make the pictures of the concept pages, one for each.

Run by hand; no window is opened::

    python docs/make_concept_pictures.py
"""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

import maskalign
from maskalign.data.sample import Sample
from maskalign.data.synthetic import cells
from maskalign.io.plot_style import ALARM, COLOURS, INK, WIDTH

OUT = Path(__file__).with_name("img")
DPI, PALETTE = 110, 128
GO, GOOD, SKY = COLOURS["Y"], COLOURS["Z"], "#56B4E9"

Image2D = NDArray[Any]


def panels(number: int, height: float, **how: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure with some panels in a row."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="white")
    axes = figure.subplots(1, number, **how)
    return figure, list(axes)


def save(name: str, figure: Figure) -> None:
    """Write a figure as a small PNG."""
    path = OUT / f"{name}.png"
    figure.savefig(path, dpi=DPI)
    with Image.open(path) as drawn:
        small = drawn.convert("RGB").quantize(PALETTE, Image.Quantize.MAXCOVERAGE)
    small.save(path, optimize=True)


def show(ax: Axes, image: Image2D, title: str, **how: Any) -> None:
    """Show an image under a title, without axes."""
    ax.imshow(image, cmap="gray", vmin=90, vmax=420, **how)
    ax.set_title(title, size=9, color=INK)
    ax.axis("off")


def mark(ax: Axes, place: Any, colour: str, style: str = "-") -> None:
    """Draw a ring around a place (y, x)."""
    ring = Circle(tuple(place)[::-1], 4, fill=False, ec=colour, ls=style, lw=2)
    ax.add_patch(ring)


def arrow(ax: Axes, start: Any, stop: Any, colour: str, word: str) -> None:
    """Draw an arrow between two places (y, x), and say what it is."""
    how = {"arrowstyle": "-|>", "color": colour, "lw": 2.2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", tuple(stop)[::-1], tuple(start)[::-1], arrowprops=how)
    (y, x) = np.maximum(start, stop)
    ax.text(x + 3, y + 5, word, color=colour, size=12, weight="bold")


def brightest(image: Image2D, valid: Image2D) -> NDArray[np.int_]:
    """Return the place (y, x) of the brightest cell, far from edges and from dirt."""
    smooth = ndimage.gaussian_filter(image.astype(float), 2)
    smooth[~ndimage.binary_erosion(valid, iterations=25)] = 0
    return np.array(np.unravel_index(smooth.argmax(), smooth.shape))


def shift_and_drift(sample: Sample, frame: int) -> None:
    """Show where a sample has gone, and what brings it back."""
    reference, moving = (np.asarray(sample.movie.data[t]) for t in (0, frame))
    shift = sample.shifts[frame]
    here = brightest(reference, sample.mask)
    there = here - shift
    figure, (left, middle, right) = panels(3, 2.7)
    show(left, reference, "reference")
    show(middle, moving, "moving image, and the drift")
    laid = maskalign.apply_drift(moving[np.newaxis], [shift], fill_value=0)[0]
    show(right, np.asarray(laid), "moved by the shift")
    for ax in (left, middle, right):
        y, x = (here + there) / 2
        ax.set(xlim=(x - 40, x + 40), ylim=(y + 36, y - 36))
    mark(left, here, SKY)
    mark(middle, here, SKY, ":")
    mark(middle, there, GO)
    arrow(middle, here, there, GO, "drift")
    mark(right, there, GO, ":")
    mark(right, here, SKY)
    arrow(right, there, here, SKY, "shift")
    save("shift-and-drift", figure)


def tinted(image: Image2D, where: Image2D, colour: str) -> Image2D:
    """Return an image in grey with some places in a colour."""
    grey = np.clip((image - 90) / 330, 0, 1)[..., np.newaxis].repeat(3, -1)
    rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(where[..., np.newaxis], 0.35 * grey + 0.65 * rgb, grey)


def masks(sample: Sample, frame: int) -> None:
    """Show which pixels count when two masked images are laid over each other."""
    reference, moving = (np.asarray(sample.movie.data[t]) for t in (0, frame))
    step = np.rint(sample.shifts[frame])
    valid = ndimage.binary_erosion(sample.mask, iterations=3, border_value=1)
    lay = {"interpolation": "nearest", "canvas": "same"}
    laid = maskalign.apply_drift(moving[np.newaxis], [step], **lay)[0].compute()
    over = maskalign.apply_drift(valid[np.newaxis], [step], **lay)[0].compute()
    both = valid & over
    figure, (left, middle, right) = panels(3, 2.9)
    show(left, tinted(reference, ~valid, ALARM), "reference, its mask")
    show(middle, tinted(moving, ~valid, ALARM), "moving image, its mask")
    overlap = 100 * both.sum() / valid.sum()
    title = f"at this shift {overlap:.0f} % count: the overlap"
    show(right, tinted((reference + laid) / 2, ~both, ALARM), title)
    save("masks", figure)


def surface(ax: Axes, found: Any, title: str) -> NDArray[np.int_]:
    """Show a correlation surface with its best lag; return that."""
    best = np.unravel_index(np.nanargmax(found.ncc), found.ncc.shape)
    lag = np.array(found.lag_at(best))
    (top, bottom), (left, right) = ((k[0] - 0.5, k[-1] + 0.5) for k in found.lags)
    ax.imshow(found.ncc, extent=(left, right, bottom, top))
    ax.plot(lag[1], lag[0], "o", ms=11, mfc="none", mec=GO, mew=2)
    ax.axhline(0, color="white", lw=0.5)
    ax.axvline(0, color="white", lw=0.5)
    ax.set_title(title, size=9, color=INK)
    ax.tick_params(labelsize=7, colors=INK)
    return lag


def method(sample: Sample, frame: int) -> None:
    """Show the way from two images to a fraction of a pixel."""
    reference, moving = (np.asarray(sample.movie.data[t]) for t in (0, frame))
    dust = {"reference_mask": sample.mask, "moving_mask": sample.mask}
    figure, (whole, masked, near) = panels(3, 3.2)
    found = maskalign.masked_ncc(reference, moving, max_shift=20)
    lag = surface(whole, found, "NCC of the whole images")
    whole.set_xlabel(f"held by the dirt: ({lag[0]}, {lag[1]})", size=8, color=INK)
    found = maskalign.masked_ncc(reference, moving, max_shift=20, **dust)
    lag = surface(masked, found, "masked NCC")
    masked.set_xlabel(f"best lag ({lag[0]}, {lag[1]})", size=8, color=INK)
    shift = maskalign.register(reference, moving, max_shift=20, **dust).shift
    surface(near, found, "the same, near its peak")
    near.set_xlim(lag[1] - 3.5, lag[1] + 3.5)
    near.set_ylim(lag[0] + 3.5, lag[0] - 3.5)
    near.plot(shift[1], shift[0], "+", color="white", ms=14, mew=2.5)
    near.set_xlabel(f"refined ({shift[0]:.2f}, {shift[1]:.2f})", size=8, color=INK)
    true = sample.shifts[frame]
    figure.suptitle(f"true shift ({true[0]:.2f}, {true[1]:.2f})", size=9, color=INK)
    save("method", figure)


def trials() -> dict[str, NDArray[Any]]:
    """Register views of a scene in more and more noise; tell what came of it."""
    rows = []
    for seed in range(240):
        rng = np.random.default_rng(seed)
        scene = ndimage.gaussian_filter(rng.normal(size=(136, 136)), 2, mode="wrap")
        scene /= scene.std()
        offset = rng.uniform(-6, 6, 2)
        moved = ndimage.fourier_shift(np.fft.fft2(scene), offset)
        views = (scene, np.fft.ifft2(moved).real)
        noise = 10 ** rng.uniform(-0.7, 1.05)
        a, b = (
            view[20:116, 20:116] + noise * rng.normal(size=(96, 96)) for view in views
        )
        found = maskalign.register(a, b, max_shift=12)
        error = np.abs(np.add(found.shift, offset)).max()
        rows.append((error, max(found.shift_std), found.ncc, found.status == "ok"))
    names = ("error", "std", "ncc", "ok")
    return dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True))


def quality() -> None:
    """Show true errors against what is said of them."""
    seen = trials()
    figure, (left, right) = panels(2, 3.4, sharey=True)
    for ax, name in ((left, "std"), (right, "ncc")):
        for ok, colour, form, word in (
            (True, GOOD, "o", "ok"),
            (False, ALARM, "x", "unsure"),
        ):
            these = seen["ok"] == ok
            at = seen[name][these], seen["error"][these]
            ax.plot(*at, form, color=colour, ms=4, mew=1.3, label=word)
        ax.set_yscale("log")
        ax.tick_params(labelsize=8, colors=INK)
    ends = np.array([1e-2, 8.0])
    left.plot(ends, ends, color=INK, lw=1, label="1 sigma")
    left.plot(ends, 3 * ends, ":", color=INK, lw=1, label="3 sigma")
    left.set_xscale("log")
    left.set_xlabel("shift_std, px: what is said", size=9, color=INK)
    left.set_ylabel("true error, px", size=9, color=INK)
    left.legend(fontsize=8, frameon=False)
    right.set_xlabel("ncc: low is not wrong", size=9, color=INK)
    save("quality", figure)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    made = cells()
    far = int(np.linalg.norm(made.shifts, axis=1).argmax())
    shift_and_drift(made, far)
    masks(made, far)
    method(made, far)
    quality()
