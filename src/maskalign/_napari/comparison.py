"""The work behind *Compare images*: masks, numbers, joint histogram. No Qt."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maskalign._napari.masks import MaskChoice
from maskalign._napari.still import Still
from maskalign.core.similarity.compare import iter_metrics
from maskalign.core.similarity.histograms import joint_histogram
from maskalign.model.metrics import METRICS
from maskalign.model.similarity import JointHistogram

if TYPE_CHECKING:
    from maskalign._napari.worker import Stop

__all__ = ["Compared", "Comparison"]

#: Percent of the pixels at either end that the joint histogram leaves out.
_CLIP = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What came out."""

    #: The numbers of `compare`, by name.
    numbers: dict[str, float]
    histogram: JointHistogram
    #: Names of the two layers.
    names: tuple[str, str]
    #: Share of the pixels that the mask leaves, 0 to 1.
    used: float


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What is to be compared: collected from the widgets, then left alone."""

    reference: Still
    moving: Still
    #: What is painted over the reference, and what that means; or None.
    mask: MaskChoice | None

    @property
    def n_steps(self) -> int:
        """Number of metrics, each a step."""
        return len(METRICS)

    def run(self, stop: "Stop") -> Generator[str, None, Compared]:
        """Compute metric by metric, yielding the name of each.

        Raises
        ------
        TypeError, ValueError
            If the images and the mask do not fit together.
        """
        mask = self._mask(stop)
        pair = [still.read() for still in (self.reference, self.moving)]
        numbers = {}
        for name, value in stop.watch(iter_metrics(*pair, mask=mask)):
            numbers[name] = value
            yield name
        histogram = joint_histogram(*pair, mask=mask, clip=_CLIP)
        names = self.reference.movie.name, self.moving.movie.name
        used = 1.0 if mask is None else float(np.mean(mask))
        return Compared(numbers, histogram, names, used)

    def _mask(self, stop: "Stop") -> Any:
        """Return what may be used, with the shape of the image; None for all of it."""
        if self.mask is None:
            return None
        valid = self.mask.fixed(stop).data
        return np.broadcast_to(valid, self.reference.data.shape)
