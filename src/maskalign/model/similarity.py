"""What comes back from comparing two images, where one number is not enough."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maskalign.model.readable import by_size, span

__all__ = [
    "Colocalization",
    "CostesThreshold",
    "JointHistogram",
    "MandersCoefficients",
    "PearsonCorrelation",
]


@dataclass(frozen=True, slots=True)
class PearsonCorrelation:
    """A correlation coefficient and the interval in which the true one lies."""

    #: The coefficient, -1 to 1; NaN if an image is constant.
    r: float
    #: Ends of the confidence interval; NaN if an image is constant.
    low: float
    high: float
    #: Probability that the interval holds the true value.
    confidence: float
    #: Valid pixels.
    n: int
    #: How many independent pixels the interval was computed for.
    n_effective: float


@dataclass(frozen=True, slots=True)
class CostesThreshold:
    """Two thresholds below which the images do not correlate."""

    #: Thresholds: colocalized is what lies above both. NaN if the images do not
    #: correlate, so that no thresholds exist.
    reference: float
    moving: float
    #: The line ``moving = slope * reference + intercept`` on which both lie.
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class MandersCoefficients:
    """How much of the intensity of each image lies where the other one has some."""

    #: Share of the intensity of the reference where moving exceeds its threshold.
    m1: float
    #: Share of the intensity of moving where the reference exceeds its threshold.
    m2: float
    #: Overlap coefficient, 0 to 1; knows no thresholds.
    overlap: float
    #: Thresholds of reference and moving.
    thresholds: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class JointHistogram:
    """How often each pair of values occurs at one pixel."""

    #: Number of pixels, int64, shape (bins of reference, bins of moving).
    counts: NDArray[np.int64]
    #: Ends of the bins, ascending; one more than there are bins.
    reference_edges: NDArray[np.float64]
    moving_edges: NDArray[np.float64]

    def __repr__(self) -> str:
        return (
            f"JointHistogram({by_size(self.counts.shape)} bins, reference "
            f"{span(self.reference_edges)}, moving {span(self.moving_edges)}; "
            f"{self.counts.sum()} pixels)"
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Colocalization:
    """Masked NCC of two images against the distance by which one is moved."""

    #: Distance of each ring of lags, ascending from 0, in the unit of the scale.
    distance: NDArray[np.float64]
    #: Mean NCC over each ring.
    ncc: NDArray[np.float64]
    #: Standard deviation of that mean if the images were unrelated.
    std: NDArray[np.float64]
    #: Chance that unrelated images show a ring so high.
    p_value: float
    #: Peak of the profile above a constant: its place and the standard deviation of its
    #: blur, in the unit of the scale, and its height, NCC. NaN if there is none.
    center: float
    width: float
    height: float

    def __repr__(self) -> str:
        return (
            f"Colocalization({len(self.distance)} distances, {span(self.distance)}; "
            f"ncc {self.ncc[0]:.3f} at 0; peak {self.height:.3f} at {self.center:.2f}, "
            f"width {self.width:.2f}; p_value {self.p_value:.2g})"
        )
