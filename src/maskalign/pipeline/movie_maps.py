"""The NCC map of a movie: a lazy array with one block a frame."""

from numbers import Integral
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.core.local_ncc import check_images, ncc_map
from maskalign.core.validate import as_valid, check_dtype, working_dtype
from maskalign.model.map_options import MapOptions
from maskalign.model.movie import Movie
from maskalign.pipeline.frames import Frames, as_movie
from maskalign.pipeline.lazy_frames import as_lazy
from maskalign.pipeline.masks import movie_mask

__all__ = ["map_of_movie", "stacked", "valid_frames"]

_FIRST, _PREVIOUS = "first", "previous"


def map_of_movie(
    reference: Any,
    moving: Any,
    mask: Any,
    options: MapOptions,
    axes: str | None,
    channel: int | str | None,
) -> Any:
    """Return the map of a movie, as `maskalign.local_ncc` describes it."""
    source = as_movie(moving, axes)
    if "T" not in source.axes and isinstance(reference, (str, Integral)):
        msg = (
            f"reference={reference!r} is a frame of a movie, but there is one image "
            f"(axes {source.axes}): give an image to compare it with."
        )
        raise ValueError(msg)
    frames = Frames(source, channel)
    images = stacked(frames)
    others = _others(reference, images, channel)
    check_images(others[0], images[0])
    options.least(frames.shape)
    valid = _in_both(valid_frames(mask, frames), reference)
    dtype = working_dtype(others.dtype, images.dtype)
    maps = da.map_blocks(
        _map_block,
        others,
        images,
        *([] if valid is None else [valid]),
        options=options,
        first_is_alone=_is_previous(reference),
        dtype=dtype,
        meta=np.empty((0,) * images.ndim, dtype),
        chunks=images.chunks,
    )
    letters = source.axes.replace("C", "")
    ours = "T" + source.spatial_axes
    maps = (maps if "T" in letters else maps[0]).transpose(
        [ours[-len(letters) :].index(a) for a in letters]
    )
    if isinstance(moving, Movie):
        known = {n: source.along(n, letters) for n in ("scale", "units", "origin")}
        name = f"{source.name} (NCC map)" if source.name else ""
        return Movie(maps, letters, name=name, **known)
    given = [a.data if isinstance(a, Movie) else a for a in (reference, source, mask)]
    return maps if any(isinstance(a, da.Array) for a in given) else maps.compute()


def stacked(frames: Frames) -> Any:
    """Return the frames of one channel, T first, each one block."""
    movie = frames.movie
    if not isinstance(movie.data, da.Array):
        # A mean over channels, too, shall be of one frame at a time.
        chunks = [1 if a in "TC" else -1 for a in movie.axes]
        movie = movie.replace(data=as_lazy(movie.data, chunks))
    images = Frames(movie, frames.channel).block(0, len(frames))
    return images.rechunk((1,) + (-1,) * (images.ndim - 1))


def _is_previous(reference: Any) -> bool:
    return isinstance(reference, str) and reference == _PREVIOUS


def _others(reference: Any, images: Any, channel: int | str | None) -> Any:
    """Return what frames are compared with: one image for all, or one for each."""
    if isinstance(reference, str):
        if reference not in (_FIRST, _PREVIOUS):
            msg = (
                "reference must be 'first', 'previous', the number of a frame, an "
                f"image or a movie; got {reference!r}."
            )
            raise ValueError(msg)
        return images[:1] if reference == _FIRST else _before(images)
    if isinstance(reference, Integral) and not isinstance(reference, bool):
        number = _frame_number(int(reference), len(images))
        return images[number : number + 1]
    if isinstance(reference, Movie):
        has_channels = "C" in reference.axes
        others = stacked(Frames(reference, channel if has_channels else None))
    else:
        array = reference if isinstance(reference, da.Array) else np.asarray(reference)
        check_dtype(array.dtype, "reference")
        if array.ndim < images.ndim:
            array = array[np.newaxis]
        others = as_lazy(array).rechunk((1,) + (-1,) * (array.ndim - 1))
    if len(others) not in (1, len(images)):
        msg = (
            f"The reference has {len(others)} frames and the movie {len(images)}: give "
            "one image for all frames, or a movie of as many frames."
        )
        raise ValueError(msg)
    return others


def _frame_number(number: int, n: int) -> int:
    if not -n <= number < n:
        msg = f"reference={number}: the movie has the frames 0 to {n - 1}."
        raise ValueError(msg)
    return number % n


def _before(frames: Any) -> Any:
    """Return for each frame the one before; the first stands for itself."""
    return da.concatenate([frames[:1], frames[:-1]])


def valid_frames(mask: Any, frames: Frames) -> Any:
    """Return which pixels may be used, T first: one mask for all frames, or one each.

    None for no mask. Nothing is read yet.
    """
    found = movie_mask(mask, frames)
    if found.fixed is not None:
        return as_lazy(found.fixed[np.newaxis], -1)
    masks = found.block(0, len(frames))
    if masks is None:
        return None
    masks = da.map_blocks(as_valid, as_lazy(masks), "mask", dtype=bool)
    if masks.ndim <= len(frames.shape):
        masks = masks[:, np.newaxis]
    shape = (len(frames), *frames.shape)
    return da.broadcast_to(masks, shape).rechunk((1,) + (-1,) * len(frames.shape))


def _in_both(valid: Any, reference: Any) -> Any:
    """Return which pixels may be used in each frame and in what it is compared with."""
    if valid is None or len(valid) == 1:
        return valid
    if _is_previous(reference):
        return valid & _before(valid)
    if isinstance(reference, str):
        return valid & valid[:1]
    if isinstance(reference, Integral):
        number = _frame_number(int(reference), len(valid))
        return valid & valid[number : number + 1]
    return valid


def _map_block(
    reference: NDArray[Any],
    image: NDArray[Any],
    mask: NDArray[Any] | None = None,
    *,
    options: MapOptions,
    first_is_alone: bool,
    block_id: tuple[int, ...],
) -> NDArray[Any]:
    """Return the map of the one frame that a block holds."""
    if first_is_alone and not block_id[0]:
        return np.full(image.shape, np.nan, working_dtype(reference.dtype, image.dtype))
    valid = None if mask is None else mask[0]
    return ncc_map(reference[0], image[0], mask=valid, options=options)[np.newaxis]
