"""The peers, called as their documentation says; each is loaded when it is called.

Every function takes images and masks (True = valid) and returns the shift to add to
the moving image, pixels, in the order of the array's axes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ECC",
    "ECC_SHARP",
    "NDIMAGE_SHIFT",
    "PHASE_CORRELATE",
    "SIMPLEITK",
    "SKIMAGE_DFT",
    "SKIMAGE_MASKED",
    "SKUED",
    "STACKREG",
    "WARP_AFFINE",
    "Peer",
]

Image = NDArray[Any]
Valid = NDArray[np.bool_]
Shift = tuple[float, ...]

#: scikit-image's default, as it is ours.
_OVERLAP = 0.3


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that does the same work."""

    label: str
    #: Module that must be there.
    module: str
    call: Callable[..., Any]

    @property
    def installed(self) -> bool:
        """Whether it can be called."""
        return find_spec(self.module) is not None


def _skimage_masked(
    reference: Image, moving: Image, reference_valid: Valid, moving_valid: Valid
) -> Shift:
    from skimage.registration import phase_cross_correlation

    shift, *_ = phase_cross_correlation(
        reference,
        moving,
        reference_mask=reference_valid,
        moving_mask=moving_valid,
        overlap_ratio=_OVERLAP,
    )
    return tuple(shift.tolist())


def _skimage_dft(reference: Image, moving: Image) -> Shift:
    from skimage.registration import phase_cross_correlation

    shift, *_ = phase_cross_correlation(reference, moving, upsample_factor=10)
    return tuple(shift.tolist())


@cache
def _sitk() -> Any:
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    return SimpleITK


def _simpleitk(
    reference: Image, moving: Image, reference_valid: Valid, moving_valid: Valid
) -> Shift:
    sitk = _sitk()
    # Masks must have the pixel type of the images.
    arrays = [a.astype(reference.dtype) for a in (reference_valid, moving_valid)]
    images = [sitk.GetImageFromArray(a) for a in (reference, moving, *arrays)]
    found = sitk.MaskedFFTNormalizedCorrelation(*images, 0, _OVERLAP)
    surface = sitk.GetArrayViewFromImage(found)
    best = np.unravel_index(np.argmax(surface), surface.shape)
    return tuple(float(i - (n - 1)) for i, n in zip(best, moving.shape, strict=True))


@cache
def _cv2() -> Any:
    import cv2

    cv2.setNumThreads(1)
    return cv2


def _phase_correlate(reference: Image, moving: Image) -> Shift:
    images = (a.astype(np.float32, copy=False) for a in (reference, moving))
    (x, y), _ = _cv2().phaseCorrelate(*images)
    return -y, -x


def _ecc(blur: int) -> Callable[..., Shift]:
    """Return ECC with a blur of so many pixels, from a start of whole pixels."""

    def call(
        reference: Image,
        moving: Image,
        reference_valid: Valid,
        moving_valid: Valid,
        start: Shift,
    ) -> Shift:
        cv2 = _cv2()
        warp = np.eye(2, 3, dtype=np.float32)
        warp[:, 2] = -start[1], -start[0]
        masks = [a.astype(np.uint8) for a in (reference_valid, moving_valid)]
        try:
            _, warp = cv2.findTransformECCWithMask(
                reference,
                moving,
                *masks,
                warp,
                cv2.MOTION_TRANSLATION,
                gaussFiltSize=blur,
            )
        except cv2.error:  # it did not converge
            return float("nan"), float("nan")
        return -float(warp[1, 2]), -float(warp[0, 2])

    return call


def _stackreg(reference: Image, moving: Image, *, move: bool = False) -> Shift:
    """Register; with `move` also move the image, as for a movie."""
    from pystackreg import StackReg

    engine = StackReg(StackReg.TRANSLATION)
    matrix = engine.register(reference, moving)
    if move:
        engine.transform(moving)
    return -float(matrix[1, 2]), -float(matrix[0, 2])


def _skued(reference: Image, frames: Sequence[Image], valid: Valid) -> list[Image]:
    """Return the frames, aligned."""
    from skued import ialign

    return list(ialign(frames, reference=reference, mask=valid))


def _ndimage_moved(image: Image, shift: Shift, *, cubic: bool) -> Image:
    """Return an image moved by a shift."""
    from scipy import ndimage

    moved: Image = ndimage.shift(image, shift, order=3 if cubic else 1)
    return moved


def _opencv_moved(image: Image, shift: Shift, *, cubic: bool) -> Image:
    """Return an image moved by a shift."""
    cv2 = _cv2()
    matrix = np.array([[1, 0, shift[1]], [0, 1, shift[0]]], dtype=np.float64)
    flags = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    moved: Image = cv2.warpAffine(image, matrix, image.shape[::-1], flags=flags)
    return moved


SKIMAGE_MASKED = Peer("scikit-image, masked", "skimage", _skimage_masked)
SKIMAGE_DFT = Peer("scikit-image, upsample 10", "skimage", _skimage_dft)
SIMPLEITK = Peer("SimpleITK", "SimpleITK", _simpleitk)
PHASE_CORRELATE = Peer("OpenCV phaseCorrelate", "cv2", _phase_correlate)
ECC = Peer("OpenCV ECC, blur 5 (default)", "cv2", _ecc(5))
ECC_SHARP = Peer("OpenCV ECC, blur 1", "cv2", _ecc(1))
STACKREG = Peer("pystackreg", "pystackreg", _stackreg)
SKUED = Peer("skued.ialign", "skued", _skued)
NDIMAGE_SHIFT = Peer("scipy.ndimage.shift", "scipy", _ndimage_moved)
WARP_AFFINE = Peer("OpenCV warpAffine", "cv2", _opencv_moved)
