"""What comes back from comparing two aligned images place by place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.model.readable import by_size
from maskalign.model.status import TRUSTED

__all__ = ["DisplacementMap", "MapSummary"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MapSummary:
    """How alike the images of a movie are, a number of each kind for every frame.

    NaN where a frame has no value at all.
    """

    #: Median of the map over the pixels that have a value, float64, shape (T,).
    median: NDArray[np.float64]
    #: Share of those pixels whose value is above `above`, 0 to 1.
    share: NDArray[np.float64]
    #: Share of all pixels that have a value, 0 to 1.
    known: NDArray[np.float64]
    #: The value that counts as alike.
    above: float

    def __len__(self) -> int:
        return len(self.median)

    def __repr__(self) -> str:
        frames = f"{len(self)} frame" + "s" * (len(self) != 1)
        return f"MapSummary({frames}, {self})"

    def __str__(self) -> str:
        if not np.isfinite(self.median).any():
            return "no pixel has a value"
        text = (
            f"median ncc {np.nanmean(self.median):.2f}, "
            f"{100 * np.nanmean(self.share):.0f} % above {self.above:g}"
        )
        if len(self) > 1:
            worst = int(np.nanargmin(self.median))
            text += f"; lowest in frame {worst}, median {self.median[worst]:.2f}"
        return text


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DisplacementMap:
    """Where the windows of a grid match best: the motion that is left, place by place.

    Arrays have the shape of the grid, (Y, X) or (Z, Y, X), with one more axis in front
    where there is one value for each axis of the image.
    """

    #: What to add to the position of the moving image there, pixels, float64, shape
    #: (ndim, ...), in the order (z, y, x); NaN where there is no estimate.
    shift: NDArray[np.float64]
    #: NCC of the window at its best lag, float64.
    ncc: NDArray[np.float64]
    #: Standard error of `shift` (1 sigma), pixels, shape (ndim, ...).
    shift_std: NDArray[np.float64]
    #: ``"ok"``, or the word for what makes an estimate doubtful; see `register`.
    status: NDArray[np.str_]
    #: Middle of the windows along each axis of the image, pixels.
    centres: tuple[NDArray[np.float64], ...]
    #: Size of a window along each axis, pixels.
    window: tuple[int, ...]
    #: Distance from one window to the next along each axis, pixels.
    step: tuple[int, ...]

    def __repr__(self) -> str:
        words, counts = np.unique(self.status, return_counts=True)
        said = ", ".join(f"{n} {word}" for word, n in zip(words, counts, strict=True))
        largest = "none"
        if self.ok.any():
            lengths = np.linalg.norm(self.shift[:, self.ok], axis=0)
            largest = f"{lengths.max():.2f} px"
        return (
            f"DisplacementMap({by_size(self.shape)} windows of {by_size(self.window)} "
            f"px, {by_size(self.step)} px apart; {said}; largest ok shift {largest})"
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of windows along each axis."""
        return self.ncc.shape

    @property
    def ok(self) -> NDArray[np.bool_]:
        """True where the shift may be used as it stands."""
        return np.isin(self.status, TRUSTED)

    @property
    def bands(self) -> dict[str, NDArray[Any]]:
        """The maps by name: ``dz`` (in 3-D), ``dy``, ``dx`` and ``ncc``."""
        names = [f"d{letter}" for letter in "zyx"[-len(self.shift) :]]
        return dict(zip(names, self.shift, strict=True)) | {"ncc": self.ncc}
