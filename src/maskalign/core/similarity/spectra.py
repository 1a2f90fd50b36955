"""What the spectra of two images tell: phase correlation and independent pixels."""

import numpy as np
from numpy.typing import NDArray

from maskalign.core import fft
from maskalign.core.fft import ComplexArray
from maskalign.core.similarity.pair import Pair, centred

__all__ = ["independent_pixels", "phase_peak"]

#: A frequency below this share of the strongest is rounding.
_RESOLVED = 1e-14


def phase_peak(pair: Pair) -> float:
    r"""Return the height of the phase-correlation peak, 0 to 1.

    .. math:: \max_u \frac1N \sum_k
              \frac{F_1(k) \overline{F_2(k)}}{|F_1(k) F_2(k)|} e^{2 \pi i k u}

    over the `N` frequencies at which both images have power. The images are taken as
    periodic and their means are subtracted; what is invalid has the mean. NaN if an
    image is constant.

    References
    ----------
    .. [1] C. Kuglin, D. Hines, "The phase correlation image alignment method", Proc.
       IEEE International Conference on Cybernetics and Society, 1975, pp. 163-165.
    """
    shape = pair.valid.shape
    x, y = centred(pair.x), centred(pair.y)
    if x is None or y is None:
        return np.nan
    a = _spectrum(pair.spread(x), shape)
    b = _spectrum(pair.spread(y), shape)
    sizes = np.abs(a), np.abs(b)
    known = np.logical_and(*(size > _RESOLVED * size.max() for size in sizes))
    phase = np.zeros_like(a)
    np.divide(a * np.conj(b), sizes[0] * sizes[1], out=phase, where=known)
    surface = _image(phase, shape)
    return float(min(surface.max() * surface.size / _whole(known, shape[-1]), 1))


def independent_pixels(pair: Pair) -> float:
    r"""Return how many independent pixels would scatter a correlation as much.

    .. math:: n_\mathrm{eff} = n \Big/ \sum_u \rho_1(u) \rho_2(u)

    with :math:`\rho` the autocorrelation of each image; from 1 to `n`. NaN if an image
    is constant.

    References
    ----------
    .. [1] P. Clifford, S. Richardson, D. Hemon, "Assessing the significance of the
       correlation between two spatial processes", Biometrics 45(1), 1989,
       doi 10.2307/2532039.
    """
    x, y = centred(pair.x), centred(pair.y)
    if x is None or y is None:
        return np.nan
    # Padded, so that no lag wraps round.
    *others, last = (2 * n - 1 for n in pair.valid.shape)
    padded = (
        *(fft.next_fast_len(n, real=False) for n in others),
        fft.next_fast_len(last, real=True),
    )
    power = [np.abs(_spectrum(pair.spread(v), padded)) ** 2 for v in (x, y)]
    together = _whole(power[0] * power[1], padded[-1]) / np.prod(padded, dtype=float)
    squares = np.dot(x, x) * np.dot(y, y)
    # By Parseval this is also the energy of the cross-correlation, to which images
    # that correlate by r add r squared of it with the peak at zero.
    area = together / (squares + np.dot(x, y) ** 2)
    return float(np.clip(pair.valid.count / area, 1, pair.valid.count))


def _spectrum(image: NDArray[np.float64], shape: tuple[int, ...]) -> ComplexArray:
    """Transform an image, padded with zeros to a shape, to half a spectrum."""
    a: NDArray[np.complexfloating] = fft.rfft(image, shape[-1])
    for axis, n in enumerate(shape[:-1]):
        a = np.moveaxis(fft.fft(np.moveaxis(a, axis, -1), n), -1, axis)
    return a


def _image(a: ComplexArray, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Transform half a spectrum back."""
    for axis in range(len(shape) - 1):
        a = np.moveaxis(fft.ifft(np.moveaxis(a, axis, -1)), -1, axis)
    return np.asarray(fft.irfft(a, shape[-1]), np.float64)


def _whole(half: NDArray[np.generic], n: int) -> float:
    """Return the sum over a whole spectrum of which the half along x is stored."""
    middle = half[..., 1 : (n + 1) // 2]
    return float(half.sum() + middle.sum())
