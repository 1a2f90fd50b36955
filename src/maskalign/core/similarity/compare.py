"""All that may be said of two images in one number each."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from maskalign.core.masked_ncc import masked_ncc
from maskalign.core.similarity import histograms as hist
from maskalign.core.similarity.correlations import correlation, kendall, spearman
from maskalign.core.similarity.differences import mse, nrmse, psnr
from maskalign.core.similarity.foreground import dice
from maskalign.core.similarity.hashes import ahash_distance
from maskalign.core.similarity.manders import overlap, shares
from maskalign.core.similarity.pair import Pair, as_pair
from maskalign.core.similarity.spectra import phase_peak
from maskalign.core.similarity.ssim import ssim
from maskalign.model.metrics import metric_names

__all__ = ["compare", "iter_metrics"]


def compare(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    metrics: str | Iterable[str] | None = None,
) -> dict[str, float]:
    r"""Return how similar two images are, in every number that people mean by it.

    Pixel is compared with pixel as the images lie: align them first. All numbers are of
    the same pixels, those that are valid in both images, and are computed in float64.

    Parameters
    ----------
    reference, moving : array_like of real numbers or booleans, one shape
        The two images, of any number of axes; their dtypes may differ. NaN and infinite
        pixels are invalid by themselves.
    mask : array_like, the same shape, optional
        True (non-zero) where a pixel may be used in both.
    metrics : str or iterable of str, optional
        Names of the numbers wanted, in the order wanted; all in the first table below
        if left out.

    Returns
    -------
    dict of str to float
        Plain Python numbers by name. NaN where a number is not defined, which is said
        below; infinite only the ``psnr`` of equal images.

    Raises
    ------
    TypeError
        If an image is complex or no numbers at all.
    ValueError
        If the shapes differ, or a metric is not known.
    MaskError
        If the mask has another shape.
    NoValidPixelsError
        If no pixel is valid in both images.

    See Also
    --------
    pearson : with a confidence interval.
    ssim_map : structural similarity around every pixel.
    joint_histogram : the pairs of values, counted.
    manders : with thresholds of one's own, or Costes'.
    colocalization : NCC against distance.
    register : the shift at which NCC is best.

    Notes
    -----
    With :math:`x, y` the valid pixels of the reference and of moving, and `R` the range
    from the lowest to the highest value in either:

    ``pearson`` (-1 to 1)
        Correlation coefficient. NaN if an image is constant.
    ``spearman`` (-1 to 1)
        The same of the ranks; equal values share their mean rank. NaN likewise.
    ``kendall`` (-1 to 1)
        Kendall's tau-b, the excess of pairs of pixels that are in the same order in
        both images. Of more than 100 000 pixels it takes a random sample of that size,
        always the same one, which costs a standard error below 0.003. NaN likewise.
    ``ncc`` (-1 to 1)
        Normalized cross-correlation at zero shift. Over the pixels valid in both it
        *is* ``pearson``, by the name that alignment uses. At the best shift:
        ``ncc_best``.
    ``mse`` (0 and up, lower is more alike)
        :math:`\langle (x - y)^2 \rangle`, in squared units of the images.
    ``nrmse`` (0 and up, lower)
        :math:`\sqrt{\mathrm{mse} / \langle x^2 \rangle}`, the reference taken as true;
        scikit-image's "euclidean". NaN if the reference is 0 everywhere.
    ``psnr`` (0 and up, dB)
        :math:`10 \log_{10} (R^2 / \mathrm{mse})`. Infinite for equal images.
    ``ssim`` (-1 to 1)
        Structural similarity [1]_, the mean over all uniform windows of 7 pixels a side
        that lie wholly inside the image and hold valid pixels only, with data range
        `R`; otherwise with scikit-image's defaults. NaN if no window is left: an axis
        of 2 to 6 pixels, or holes everywhere.
    ``nmi`` (1 to 2)
        Normalized mutual information :math:`(H(X) + H(Y)) / H(X, Y)` [2]_ of a joint
        histogram of 100 x 100 bins, as in scikit-image. Sees any relation, also one
        turned round. NaN if both images are constant.
    ``hist_correlation`` (-1 to 1), ``hist_chi2`` (0 and up, lower), \
``hist_intersection`` (0 to 1), ``hist_hellinger`` (0 to 1, lower)
        Distances of the two histograms over 256 common bins of one width over `R`, each
        with the sum 1; OpenCV's definitions. ``hist_chi2`` divides by the histogram of
        the reference and leaves out the bins that are empty in it. They do not look at
        where in the image a value stands. NaN only if a histogram is quite flat, for
        ``hist_correlation``.
    ``phase_peak`` (0 to 1)
        Height of the highest peak of the phase correlation [3]_, at whatever shift, of
        images taken as periodic: 1 if one is the other, moved round; near 0 if they are
        unrelated. Pixels that are not valid have the mean, so that a large mask adds a
        peak of its own at zero shift. NaN if an image is constant.
    ``manders_m1``, ``manders_m2`` (0 to 1)
        Share of the intensity of the reference where moving is above 0, and the other
        way round [4]_. Subtract the background first, or take `manders` with Costes'
        thresholds. NaN if an image has no intensity above 0.
    ``dice`` (0 to 1)
        Twice the pixels that both foregrounds share over the sum of their sizes.
        Foreground of an image with no values but 0 and one other: what is not 0; of any
        other image: what lies above its Otsu threshold. NaN if both are empty.
    ``ahash_distance`` (0 to 64, lower)
        Bits that differ in the average hashes, 8 x 8 blocks along y and x. NaN for
        images of fewer than 8 pixels along either.
    ``identical`` (0 or 1)
        1 if all valid pixels have the same value in both, whatever the dtypes.

    Two more, only by name:

    ``ncc_best`` (-1 to 1)
        The highest masked NCC at any shift with an overlap of 0.3, as `masked_ncc` has
        it: 0 for a constant image. For two and three axes.
    ``manders_overlap`` (0 to 1)
        :math:`\sum x y / \sqrt{\sum x^2 \sum y^2}` [4]_.

    Exchanging the images changes ``nrmse`` and ``hist_chi2``, exchanges ``manders_m1``
    and ``manders_m2``, and changes no other.

    References
    ----------
    .. [1] Z. Wang et al., IEEE Transactions on Image Processing 13(4), 2004,
       doi 10.1109/TIP.2003.819861.
    .. [2] C. Studholme et al., Pattern Recognition 32(1), 1999,
       doi 10.1016/S0031-3203(98)00091-0.
    .. [3] C. Kuglin, D. Hines, Proc. IEEE International Conference on Cybernetics and
       Society, 1975, pp. 163-165.
    .. [4] E. Manders et al., Journal of Microscopy 169(3), 1993,
       doi 10.1111/j.1365-2818.1993.tb03313.x.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> scene = rng.normal(100, 20, size=(64, 64))
    >>> noisy = scene + rng.normal(0, 10, size=(64, 64))
    >>> found = compare(scene, noisy, metrics=["pearson", "psnr", "ssim", "identical"])
    >>> {name: round(value, 2) for name, value in found.items()}
    {'pearson': 0.89, 'psnr': 23.37, 'ssim': 0.89, 'identical': 0.0}
    """
    return dict(iter_metrics(reference, moving, mask=mask, metrics=metrics))


def iter_metrics(
    reference: ArrayLike,
    moving: ArrayLike,
    *,
    mask: ArrayLike | None = None,
    metrics: str | Iterable[str] | None = None,
) -> Iterator[tuple[str, float]]:
    """Return an iterator over what `compare` returns: name and value, one by one.

    What is wrong with the arguments is raised by this call.
    """
    names = metric_names(metrics)
    pair = as_pair(reference, moving, mask)
    return ((name, _measured(pair, name)) for name in names)


def _measured(pair: Pair, name: str) -> float:
    # Where squares exceed the largest float64 the answer is infinite or NaN.
    with np.errstate(over="ignore", invalid="ignore"):
        return float(_FUNCTIONS[name](pair))


def _identical(pair: Pair) -> float:
    same = np.equal(pair.reference, pair.moving)
    return float(bool(np.all(same | ~pair.valid.array)))


def _ncc_best(pair: Pair) -> float:
    images = (
        image.astype(np.uint8) if image.dtype == bool else image
        for image in (pair.reference, pair.moving)
    )
    valid = pair.valid.array
    surface = masked_ncc(*images, reference_mask=valid, moving_mask=valid)
    return float(np.nanmax(surface.ncc))


#: Each metric as a function of the pair; the keys are those of `model.metrics`.
_FUNCTIONS: dict[str, Callable[[Pair], float]] = {
    "pearson": lambda pair: correlation(pair.x, pair.y),
    "spearman": spearman,
    "kendall": kendall,
    # At zero shift, over the pixels valid in both, it is the same number.
    "ncc": lambda pair: correlation(pair.x, pair.y),
    "mse": mse,
    "nrmse": nrmse,
    "psnr": psnr,
    "ssim": ssim,
    "nmi": hist.nmi,
    "hist_correlation": lambda pair: hist.histogram_correlation(*pair.histograms),
    "hist_chi2": lambda pair: hist.chi_square(*pair.histograms),
    "hist_intersection": lambda pair: hist.intersection(*pair.histograms),
    "hist_hellinger": lambda pair: hist.hellinger(*pair.histograms),
    "phase_peak": phase_peak,
    "manders_m1": lambda pair: shares(pair)[0],
    "manders_m2": lambda pair: shares(pair)[1],
    "manders_overlap": overlap,
    "dice": dice,
    "ahash_distance": ahash_distance,
    "identical": _identical,
    "ncc_best": _ncc_best,
}
