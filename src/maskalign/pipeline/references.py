"""What the frames of a movie are laid over."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskalign.core.validate import check_dtype
from maskalign.errors import MaskError
from maskalign.model.movie import Movie
from maskalign.model.types import ValidArray
from maskalign.pipeline.frames import Frames
from maskalign.pipeline.masks import MovieMask, image_mask

__all__ = ["Reference", "find_reference"]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One image that every frame is laid over."""

    #: Index of the frame it is; -1 for an image from elsewhere.
    frame: int
    #: The image, if it comes from elsewhere.
    image: NDArray[Any] | None
    #: True where it may be used, if that is not the mask of its own frame.
    valid: ValidArray | None
    #: Whether all frames are laid over this one image.
    alone: bool = True


def find_reference(
    reference: Any, reference_mask: Any, frames: Frames, mask: MovieMask
) -> Reference:
    """Settle what frames are laid over, reading nothing of the movie.

    Parameters
    ----------
    reference : str, int, or image
        The word for a strategy; the number of a frame; or an image (Y, X) or (Z, Y, X).
    reference_mask : array or None
        Non-zero where the reference may be used; in place of the movie's mask.
    frames : Frames
        The movie.
    mask : MovieMask
        Its masks.

    Raises
    ------
    ValueError
        If there is no such frame, or the image has the wrong number of axes.
    MaskError
        If the mask does not fit.
    """
    alone = not isinstance(reference, str) or reference == "first"
    if reference_mask is not None and not alone:
        msg = (
            f"reference_mask is for one reference image; with reference={reference!r} "
            "every frame is one: give mask."
        )
        raise MaskError(msg)
    if isinstance(reference, str):
        index, image = 0, None
    elif isinstance(reference, Integral):
        index, image = _frame_number(int(reference), len(frames)), None
    else:
        index, image = -1, _image(reference, len(frames.shape))
    shape = frames.shape if image is None else image.shape
    if reference_mask is not None:
        valid = image_mask(reference_mask, shape, "reference_mask")
    elif image is not None and mask.fixed is not None and mask.shape == shape:
        valid = mask.fixed
    else:
        valid = None
    return Reference(index, image, valid, alone)


def _frame_number(number: int, n: int) -> int:
    if not -n <= number < n:
        msg = f"reference={number}: the movie has the frames 0 to {n - 1}."
        raise ValueError(msg)
    return number % n


def _image(reference: Any, ndim: int) -> NDArray[Any]:
    if isinstance(reference, Movie):
        if reference.n_frames != 1 or "C" in reference.axes:
            msg = f"The reference must be one image; got {reference!r}."
            raise ValueError(msg)
        reference = Frames(reference).block(0, 1)[0]
    image: NDArray[Any] = np.asarray(reference)
    check_dtype(image.dtype, "reference")
    if image.ndim != ndim:
        msg = (
            f"The reference image has shape {image.shape}; the frames of the movie "
            f"have {ndim} axes."
        )
        raise ValueError(msg)
    return image
