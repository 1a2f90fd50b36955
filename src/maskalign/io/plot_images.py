"""What alignment did to a movie: its time averages before and after."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.io.plot_style import COLOURS, INK, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

__all__ = ["BeforeAfter", "draw_images", "images_height"]


class BeforeAfter(NamedTuple):
    """What to show of a movie above its drift: images of one shape, (Y, X)."""

    #: Mean of the frames as they came.
    before: ArrayLike
    #: Mean of the frames after alignment; NaN where there is none.
    after: ArrayLike
    #: True where a pixel was used; None for everywhere.
    mask: ArrayLike | None = None


def images_height(images: BeforeAfter) -> float:
    """Return the inches that the images need: frames and details, with titles."""
    n_rows, n_columns = np.shape(images.before)
    height, width = _detail_shape((n_rows, n_columns))
    return WIDTH / 2 * float(n_rows / n_columns + height / width) + 0.5


def _detail_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the size of the part to show larger, 5 wide to 2 high."""
    width = max(min(shape[1] // 3, shape[0] * 5 // 2), 1)
    return max(width * 2 // 5, 1), width


def _detail(image: NDArray[Any], used: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the part of an image that has most to show: the sharpest."""
    height, width = _detail_shape(image.shape)
    # Few frames reach the rim, where their mean is noise.
    rows, columns = (slice(n // 8, n - n // 8) for n in image.shape)
    used = used.copy()
    used[: rows.start], used[rows.stop :] = False, False
    used[:, : columns.start], used[:, columns.stop :] = False, False
    slopes = np.abs(np.diff(image, axis=1, prepend=image[:, :1]))
    # Sums over every box from sums over all that lies above and to the left.
    sums = np.where(used & np.isfinite(slopes), slopes, 0).cumsum(0).cumsum(1)
    sums = np.pad(sums, ((1, 0), (1, 0)))
    boxes = sums[height:] - sums[:-height]
    boxes = boxes[:, width:] - boxes[:, :-width]
    top, left = np.unravel_index(boxes.argmax(), boxes.shape)
    return slice(int(top), int(top) + height), slice(int(left), int(left) + width)


def draw_images(figure: "SubFigure", images: BeforeAfter) -> None:
    """Draw the averages before and after, whole and in detail, in one range of grey."""
    before = np.asarray(images.before, float)
    after = np.ma.masked_invalid(np.asarray(images.after, float))
    used = np.ones(before.shape, bool)
    if images.mask is not None:
        used &= np.asarray(images.mask, bool)
    seen = np.r_[before[used], after[used].compressed()]
    low, high = np.percentile(seen, (0.5, 99.7))
    part = _detail(after.filled(np.nan), used)
    ratios = [
        before.shape[0] / before.shape[1],
        before[part].shape[0] / before[part].shape[1],
    ]
    panels = figure.subplots(2, 2, gridspec_kw={"height_ratios": ratios})
    for column, image, title in (
        (panels[:, 0], before, "mean of all frames, as recorded"),
        (panels[:, 1], after, "mean of all frames, aligned"),
    ):
        for ax, shown in zip(column, (image, image[part]), strict=True):
            ax.imshow(shown, cmap="gray", vmin=low, vmax=high)
            ax.set_axis_off()
        column[0].set_title(title, loc="left", size=9.5, color=INK)
        _outline(column[0], part)
    if not used.all():
        _tint(panels[0, 0], ~used)


def _outline(ax: "Axes", part: tuple[slice, slice]) -> None:
    """Draw the border of the part that is shown larger."""
    (top, bottom), (left, right) = ((s.start - 0.5, s.stop - 0.5) for s in part)
    ax.plot(
        [left, right, right, left, left],
        [top, top, bottom, bottom, top],
        color="white",
        linewidth=1,
    )


def _tint(ax: "Axes", ignored: NDArray[np.bool_]) -> None:
    """Tint what the mask leaves out, and say so."""
    from matplotlib.colors import to_rgb

    tint: NDArray[Any] = np.zeros((*ignored.shape, 4))
    tint[ignored] = (*to_rgb(COLOURS["Y"]), 0.5)
    ax.imshow(tint, interpolation="nearest")
    ax.text(
        0.05,
        0.06,
        "tinted: masked, does not count",
        transform=ax.transAxes,
        ha="left",
        va="bottom",
        size=8,
        color="white",
        bbox={"facecolor": "black", "alpha": 0.6, "pad": 2.5, "linewidth": 0},
    )
