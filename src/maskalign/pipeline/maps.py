"""NCC maps of images and movies, lazily where they are."""

from numbers import Integral
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from maskalign.core.local_ncc import check_images, ncc_map
from maskalign.core.validate import as_valid, working_dtype
from maskalign.core.window import Window
from maskalign.errors import MaskError
from maskalign.model.map_options import MapOptions, Statistic, Weights, WindowSize
from maskalign.model.movie import Movie
from maskalign.pipeline.lazy_frames import as_lazy
from maskalign.pipeline.movie_maps import map_of_movie

__all__ = ["local_ncc"]

_DEFAULTS = MapOptions()


def local_ncc(
    reference: Any,
    moving: Any,
    *,
    window: WindowSize = _DEFAULTS.window,
    mask: Any = None,
    weights: Weights = _DEFAULTS.weights,
    min_valid: int | None = _DEFAULTS.min_valid,
    statistic: Statistic = _DEFAULTS.statistic,
    axes: str | None = None,
    channel: int | str | None = None,
) -> Any:
    r"""Return the NCC map of two aligned images: where they agree, and how much.

    The value of a pixel is the correlation coefficient of the two windows around it.

    Parameters
    ----------
    reference : array or Movie of real numbers, 'first', 'previous' or int
        What to compare with: an image of the shape of `moving`. For a movie: one image
        for all frames; a movie, frame by frame; the first frame; the frame before (the
        map of frame 0 is then NaN); the frame of that number.
    moving : array or Movie of real numbers
        An image, (Y, X) or (Z, Y, X), aligned with the reference. It is a movie if it
        is a `Movie`, if it has one axis more than the reference, if `axes` is given, or
        if the reference is a word or a number. NaN and infinite pixels of either image
        are left out.
    window : int or sequence of int
        Size of the window, an odd number of pixels, for all spatial axes or for each.
        At an edge the part of the window counts that is inside.
    mask : array or Movie, optional
        True (non-zero) where a pixel may be used, in both images: shape of an image, or
        one a frame. A window counts its valid pixels.
    weights : {'box', 'gaussian'}
        ``'gaussian'`` weighs pixels by a Gaussian with the standard deviation of the
        box, :math:`\sqrt{(\mathrm{window}^2 - 1) / 12}` (2 pixels for 7), cut off at
        three standard deviations. It reaches further than the box, and counts as many
        pixels as a box that averages noise as well, about `window` along each axis.
    min_valid : int, optional
        Fewest valid pixels that a window needs. Left out: a quarter of the window in
        2-D, an eighth in 3-D, which is less than what it has in a corner; never fewer
        than 3.
    statistic : {'ncc', 'z', 'p'}
        What the map shows: NCC; its Fisher z score (see `fisher_z`); or the probability
        that unrelated images have so large an NCC, of either sign, by chance. z and p
        are those of the number of valid pixels of each window, taken as independent:
        where an image is smooth they are too optimistic.
    axes : str, optional
        Axes of a movie, such as ``"TCZYX"``; without it three axes are TYX and four
        TZYX.
    channel : int or str, optional
        Channel of a movie: number, name or ``"mean"``.

    Returns
    -------
    numpy.ndarray for NumPy, dask.array.Array for dask, Movie for a Movie
        Shape of `moving`, less its channels. float32 if that holds the pixels of both
        images exactly, else float64. NaN where fewer than `min_valid` pixels may be
        used, and where an image has no contrast in the window: all its values are one.
        The map of a movie that is dask or a `Movie` is lazy, one chunk a frame; a frame
        of the map reads one frame, and that which it is compared with.

    Raises
    ------
    TypeError
        If an image is complex or boolean.
    ValueError
        If shapes or options do not fit.
    AxesError
        If the axes of a movie do not fit.
    MaskError
        If the mask fits neither image nor movie.

    See Also
    --------
    summarize_map : numbers for each frame.
    displacement_map : where windows match better elsewhere.

    Notes
    -----
    The answer is that of a loop over all pixels with a two-pass formula in double
    precision, whatever the offset of the images: sums are in double precision and of
    values counted from a local mean, and a window in which even those lose their digits
    is computed again by itself.

    Examples
    --------
    Two images that agree on the left half only.

    >>> import numpy as np
    >>> reference = np.random.default_rng(0).normal(size=(64, 64))
    >>> moving = reference.copy()
    >>> moving[:, 32:] = np.random.default_rng(1).normal(size=(64, 32))
    >>> ncc = local_ncc(reference, moving)
    >>> round(float(np.median(ncc[:, :28])), 2)
    1.0
    >>> abs(float(np.median(ncc[:, 36:]))) < 0.1
    True
    """
    options = MapOptions(
        window=window, weights=weights, min_valid=min_valid, statistic=statistic
    )
    if _is_movie(reference, moving, axes, channel):
        return map_of_movie(reference, moving, mask, options, axes, channel)
    return _map_of_images(_array(reference), _array(moving), mask, options)


def _array(image: Any) -> Any:
    return image if isinstance(image, da.Array) else np.asarray(image)


def _is_movie(
    reference: Any, moving: Any, axes: str | None, channel: int | str | None
) -> bool:
    """Tell whether `moving` is a movie, by what is said of it."""
    if isinstance(moving, Movie) or isinstance(reference, (Movie, str, Integral)):
        return True
    if axes is not None or channel is not None:
        return True
    return bool(np.ndim(moving) == np.ndim(reference) + 1)


def _map_of_images(reference: Any, moving: Any, mask: Any, options: MapOptions) -> Any:
    if isinstance(mask, Movie):
        mask = mask.data
    if not any(isinstance(a, da.Array) for a in (reference, moving, mask)):
        return ncc_map(reference, moving, mask=mask, options=options)
    check_images(reference, moving)
    shape = reference.shape
    options.least(shape)
    arrays = [as_lazy(reference), as_lazy(moving)]
    if mask is not None:
        mask = as_lazy(_array(mask))
        # Told by an empty piece: nothing is read yet.
        as_valid(np.empty(0, mask.dtype), "mask")
        if mask.shape != shape:
            msg = f"mask has shape {mask.shape}; the images have {shape}."
            raise MaskError(msg)
        arrays.append(mask)
    dtype = working_dtype(reference.dtype, moving.dtype)
    lazy: da.Array = da.map_overlap(
        _map_block,
        *arrays,
        depth=dict(enumerate(Window.of(options, shape).radius)),
        # At the edges of the image windows are cut, as they are in memory.
        boundary="none",
        dtype=dtype,
        meta=np.empty((0,) * len(shape), dtype),
        options=options,
    )
    return lazy


def _map_block(
    reference: NDArray[Any],
    moving: NDArray[Any],
    mask: NDArray[Any] | None = None,
    *,
    options: MapOptions,
) -> NDArray[Any]:
    return ncc_map(reference, moving, mask=mask, options=options)
