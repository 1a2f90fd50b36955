r"""Tell a sample that stands still from one that seems to.

Dust, a beam stop or fixed-pattern noise stand still while the sample moves, and may
outweigh it: the best lag is then 0, along one axis or all. What stands still cancels in
the difference of the images laid over each other. What moves does not: it is left as
:math:`m(p) - m(p + v)`, whose autocorrelation has a trough at :math:`\pm v`.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from maskalign.core.lags import LagWindow
from maskalign.core.lone_pixels import held_by_lone_pixels
from maskalign.core.pixels import Pixels
from maskalign.core.refine import refine
from maskalign.core.translate import translate
from maskalign.errors import StaticStructureWarning

__all__ = ["looks_pinned", "warn_pinned"]

#: A trough of the normalized autocorrelation below this is something that moved ...
_TROUGH = -0.1
#: ... if it is lower than so many standard deviations of what is around it ...
_CLEAR = 5.0
#: ... and further away, in pixels, than what interpolation may leave of an edge.
_NEAREST = 5
#: How far it is looked for, in pixels; most of it must be surroundings.
_FAR = 64
#: A difference of less than this share of the images' variance is no motion.
_LITTLE = 0.01


def looks_pinned(reference: Pixels, moving: Pixels, shift: Sequence[float]) -> bool:
    """Tell whether a lag that is zero along some axis hides a motion.

    Parameters
    ----------
    reference, moving : Pixels
        The two images, used whole.
    shift : sequence of float
        The shift that was found.
    """
    lag = [round(s) for s in shift]
    same = reference.values.shape == moving.values.shape
    whole = reference.valid.whole and moving.valid.whole
    if all(lag) or not (same and whole):
        return False
    if held_by_lone_pixels(reference, moving, lag):
        return True
    # A fraction of a pixel would leave the slopes of the image behind.
    none = [0.0] * len(lag)
    refined = refine(reference, moving, lag, none, np.ones(len(lag)))
    fraction = none if refined is None else refined.offset.tolist()
    laid_over = translate(
        moving.values,
        [u + f for u, f in zip(lag, fraction, strict=True)],
        interpolation="cubic",
        fill_value=np.nan,
    )
    rest = reference.values - laid_over
    inside = np.isfinite(rest)
    if not inside.any():
        # Too thin along some axis for what interpolation needs.
        return False
    rest[~inside] = 0
    rest[inside] -= rest.sum() / np.count_nonzero(inside)
    energy = float(np.vdot(rest, rest))
    if energy < _LITTLE * rest.size:
        return False
    shape = rest.shape
    window = LagWindow.within(shape, shape, [min(_FAR, n // 2) for n in shape])
    autocorrelation = window.correlate(
        window.reference_spectrum(rest), window.moving_spectrum(rest)
    )
    grid = np.meshgrid(*window.lags, indexing="ij")
    far = autocorrelation[np.hypot.reduce(grid, dtype=np.float32) > _NEAREST]
    if not far.size:
        return False
    # The median does not mind the trough itself.
    middle = float(np.median(far))
    spread = 1.4826 * float(np.median(abs(far - middle)))
    return bool(far.min() < min(_TROUGH * energy, middle - _CLEAR * spread))


def warn_pinned(subject: str, stacklevel: int) -> None:
    """Warn that a zero shift looks like static structure."""
    warnings.warn(
        f"{subject} something moves while the best shift is 0: what stands still "
        "(dust, a beam stop, hot pixels, fixed-pattern noise?) may hold it there. Mask "
        "what stands still.",
        StaticStructureWarning,
        stacklevel=stacklevel + 1,
    )
