"""Callers' arrays become ours: the only place where input is checked and converted."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.core.pixels import Pixels, Valid
from maskalign.errors import MaskError, NoContrastError, NoValidPixelsError
from maskalign.model.types import FloatArray, ValidArray

__all__ = ["as_pixels", "as_valid", "check_dtype", "check_mask_shape", "working_dtype"]


def check_dtype(dtype: Any, name: str) -> None:
    """Raise a TypeError unless pixels of `dtype` are real numbers."""
    kind = np.dtype(dtype).kind
    if kind in "uif":
        return
    hint = {
        "c": "take its magnitude (np.abs) or its phase first",
        "b": "a boolean array is a mask; convert it to uint8 if it is the image",
    }.get(kind, "convert it to a real number type first")
    msg = f"{name} has dtype {np.dtype(dtype)}, which is not a real image: {hint}."
    raise TypeError(msg)


def working_dtype(*dtypes: Any) -> np.dtype[Any]:
    """Return float32 if it holds every value of the dtypes exactly, else float64.

    Examples
    --------
    >>> working_dtype(np.uint16, np.float16), working_dtype(np.uint16, np.int32)
    (dtype('float32'), dtype('float64'))
    """
    small = all(np.can_cast(dtype, np.float32, "safe") for dtype in dtypes)
    return np.dtype(np.float32 if small else np.float64)


def as_pixels(
    image: ArrayLike,
    mask: ArrayLike | Valid | None,
    *,
    name: str,
    mask_name: str,
    dtype: Any = None,
    constant_ok: bool = False,
) -> Pixels:
    """Return an image and its mask as centred, scaled pixels.

    Parameters
    ----------
    image : array_like of real numbers, shape (Y, X) or (Z, Y, X)
        Never modified. NaN and infinite pixels are invalid by themselves.
    mask : array_like, Valid or None, shape of `image`
        Non-zero where a pixel may be used; None for everywhere. A `Valid` is passed on
        as it is if no pixel under it is NaN or infinite.
    name, mask_name : str
        What the caller calls them, for messages.
    dtype : dtype, optional
        float32 or float64; chosen by `working_dtype` if left out.
    constant_ok : bool
        Return zeros for an image without contrast instead of raising.

    Raises
    ------
    TypeError
        If the image is complex or boolean.
    ValueError
        If it is not 2-D or 3-D, or is empty.
    MaskError
        If the mask does not have the shape of the image.
    NoValidPixelsError
        If no pixel may be used.
    NoContrastError
        If all usable pixels have one value, unless `constant_ok`.
    """
    image = np.asarray(image)
    check_dtype(image.dtype, name)
    if image.ndim not in (2, 3) or not image.size:
        msg = (
            f"{name} has shape {image.shape}; an image needs two axes (Y, X) or three "
            "(Z, Y, X), none of them empty."
        )
        raise ValueError(msg)
    valid = _valid_pixels(image, mask, name, mask_name)
    if not valid.count:
        unmasked = mask is None or (isinstance(mask, Valid) and mask.whole)
        why = "all of it is NaN or infinite" if unmasked else f"{mask_name} leaves none"
        msg = f"{name} has no valid pixel: {why}. Masks are True where a pixel is used."
        raise NoValidPixelsError(msg)
    dtype = np.dtype(dtype or working_dtype(image.dtype))
    try:
        values = _standardized(image, valid, dtype, name)
    except NoContrastError:
        if not constant_ok:
            raise
        values = np.zeros(image.shape, dtype)
    return Pixels(values, valid)


def as_valid(mask: NDArray[Any], name: str) -> ValidArray:
    """Return a mask as booleans: True where it is neither zero nor NaN.

    Raises
    ------
    TypeError
        If it holds something else than real numbers or booleans.
    """
    if mask.dtype.kind not in "buif":
        msg = f"{name} has dtype {mask.dtype}; use booleans or numbers."
        raise TypeError(msg)
    valid: ValidArray = np.not_equal(mask, 0)
    return valid & ~np.isnan(mask) if mask.dtype.kind == "f" else valid


def check_mask_shape(
    mask: tuple[int, ...], image: tuple[int, ...], *, name: str, mask_name: str
) -> None:
    """Raise a MaskError unless a mask has the shape of its image."""
    if mask != image:
        msg = (
            f"{mask_name} has shape {mask} but {name} has shape {image}; "
            "a mask needs one value for each pixel."
        )
        raise MaskError(msg)


def _valid_pixels(
    image: NDArray[Any], mask: ArrayLike | Valid | None, name: str, mask_name: str
) -> Valid:
    if mask is None:
        known = Valid.everywhere(image.shape)
    elif isinstance(mask, Valid):
        known = mask
    else:
        known = Valid.of(as_valid(np.asarray(mask), mask_name))
    check_mask_shape(known.shape, image.shape, name=name, mask_name=mask_name)
    if image.dtype.kind != "f":
        return known
    finite = Valid.of(np.isfinite(image) & known.array)
    return known if finite.count == known.count else finite


def _standardized(
    image: NDArray[Any], valid: Valid, dtype: np.dtype[Any], name: str
) -> FloatArray:
    outside = ~valid.array
    if not valid.whole:
        # Any valid pixel will do in place of those that are not.
        known = image.flat[np.argmax(valid.array)]
        image = image.copy()
        np.copyto(image, known, where=outside)
    lowest, highest = image.min(), image.max()
    if lowest == highest:
        msg = (
            f"{name} is constant ({lowest}) over its {valid.count} valid pixels: there "
            "is nothing to match."
        )
        raise NoContrastError(msg)
    if image.dtype.kind in "ui" and image.dtype.itemsize == 8:
        # Beyond 2**53 float64 has gaps; counted from the darkest pixel (modulo 2**64,
        # which is exact for any pair of 64-bit numbers) nothing is lost.
        ends = np.array([lowest, highest]).astype(np.uint64)
        image = image.astype(np.uint64) - ends[0]
        lowest, highest = ends - ends[:1]
    # Brought to [-1/2, 1/2] before anything is squared: the squares of an image near
    # the limits of its type would overflow or vanish.
    middle = dtype.type(lowest) / 2 + dtype.type(highest) / 2
    half = dtype.type(highest) / 2 - dtype.type(lowest) / 2
    if not half > 0:
        msg = f"{name} varies by less than {dtype} resolves ({lowest} to {highest})."
        raise NoContrastError(msg)
    values: NDArray[Any] = np.subtract(image, middle, dtype=dtype, order="C")
    values /= 2 * half
    np.copyto(values, 0, where=outside)
    mean = values.sum(axis=-1).sum(dtype=np.float64) / valid.count
    values -= dtype.type(mean)
    np.copyto(values, 0, where=outside)
    norm = np.sqrt(np.vdot(values, values).astype(np.float64) / valid.count)
    values /= dtype.type(norm)
    return values
