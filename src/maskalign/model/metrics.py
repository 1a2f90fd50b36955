"""The numbers that `compare` knows: their names, ranges and meanings."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Literal

__all__ = ["METRICS", "ON_REQUEST", "Metric", "metric_names"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What one number says of two images."""

    lowest: float
    highest: float
    #: Which end of the range means that the images are alike.
    better: Literal["higher", "lower"]
    meaning: str

    @property
    def range(self) -> str:
        """The range in words.

        Examples
        --------
        >>> METRICS["ssim"].range, METRICS["mse"].range
        ('-1 to 1', '0 and up')
        """
        if self.highest == inf:
            return f"{self.lowest:g} and up"
        return f"{self.lowest:g} to {self.highest:g}"


#: What `compare` returns, in this order.
METRICS = {
    "pearson": Metric(-1, 1, "higher", "linear correlation of the pixel values"),
    "spearman": Metric(-1, 1, "higher", "correlation of their ranks"),
    "kendall": Metric(-1, 1, "higher", "pairs of pixels in the same order (tau-b)"),
    "ncc": Metric(-1, 1, "higher", "normalized cross-correlation at zero shift"),
    "mse": Metric(0, inf, "lower", "mean squared difference"),
    "nrmse": Metric(0, inf, "lower", "rms difference over the rms of the reference"),
    "psnr": Metric(0, inf, "higher", "joint data range over the rms difference, dB"),
    "ssim": Metric(-1, 1, "higher", "structural similarity, mean over windows of 7"),
    "nmi": Metric(1, 2, "higher", "normalized mutual information"),
    "hist_correlation": Metric(-1, 1, "higher", "correlation of the histograms"),
    "hist_chi2": Metric(0, inf, "lower", "chi-square distance of the histograms"),
    "hist_intersection": Metric(0, 1, "higher", "share of the histograms in common"),
    "hist_hellinger": Metric(0, 1, "lower", "Hellinger distance of the histograms"),
    "phase_peak": Metric(0, 1, "higher", "height of the phase-correlation peak"),
    "manders_m1": Metric(0, 1, "higher", "reference intensity where moving is above 0"),
    "manders_m2": Metric(0, 1, "higher", "moving intensity where reference is above 0"),
    "dice": Metric(0, 1, "higher", "overlap of the foregrounds"),
    "ahash_distance": Metric(0, 64, "lower", "bits that differ in the average hashes"),
    "identical": Metric(0, 1, "higher", "1 if every value is the same, else 0"),
}

#: What `compare` returns only if it is asked for by name.
ON_REQUEST = {
    "ncc_best": Metric(-1, 1, "higher", "normalized cross-correlation, best shift"),
    "manders_overlap": Metric(0, 1, "higher", "Manders overlap coefficient"),
}


def metric_names(metrics: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the names asked for, each once; all of `METRICS` for None.

    Raises
    ------
    TypeError
        If one is not a string.
    ValueError
        If one is not known.

    Examples
    --------
    >>> metric_names("ssim"), metric_names(["mse", "nmi", "mse"])
    (('ssim',), ('mse', 'nmi'))
    """
    if metrics is None:
        return tuple(METRICS)
    if isinstance(metrics, str) or not isinstance(metrics, Iterable):
        metrics = (metrics,)
    names = tuple(metrics)
    for name in names:
        if not isinstance(name, str):
            msg = f"metrics must be names such as 'pearson', got {name!r}."
            raise TypeError(msg)
        if name not in METRICS and name not in ON_REQUEST:
            known = ", ".join([*METRICS, *ON_REQUEST])
            msg = f"There is no metric {name!r}. Known are: {known}."
            raise ValueError(msg)
    return tuple(dict.fromkeys(names))
