"""The samples of *File > Open Sample*: movies with something to ignore in them."""

from typing import Any

import numpy as np

from maskalign._napari.layers import mask_look
from maskalign.data import samples, synthetic
from maskalign.model.axes import spatial_axes

__all__ = ["cells", "diffraction", "organoid", "retina"]

#: Percentiles that are shown black and white.
_CONTRAST = (0.5, 99.8)

LayerData = tuple[Any, dict[str, Any], str]


def retina() -> list[LayerData]:
    """Return a retina that drifts behind dark bars, and the bars as a mask."""
    return _layers(samples.retina(), "retina", "static bars")


def organoid() -> list[LayerData]:
    """Return a drifting organoid in three dimensions and two channels."""
    return _layers(samples.organoid(), "organoid", "ignore")


def diffraction() -> list[LayerData]:
    """Return diffraction rings that move behind a beam stop, and the stop as a mask."""
    return _layers(synthetic.diffraction(), "diffraction", "beam stop")


def cells() -> list[LayerData]:
    """Return drifting cells whose drift is known."""
    return _layers(synthetic.cells(), "cells", "dirt")


def _layers(sample: Any, name: str, mask_name: str) -> list[LayerData]:
    """Return a sample as an Image layer and, if it has a mask, a Labels layer."""
    movie = sample.movie
    about = {"story": sample.story, "known_shifts": sample.shifts}
    image = {"name": name, "metadata": about, "contrast_limits": _contrast(sample)}
    image |= _placed(movie, movie.axes)
    layers: list[LayerData] = [(movie.data, image, "image")]
    if sample.mask is not None:
        axes = ("T" + spatial_axes(movie.axes))[-sample.mask.ndim :]
        mask = {"name": mask_name} | mask_look() | _placed(movie, axes)
        layers.append(((~sample.mask).astype(np.uint8), mask, "labels"))
    return layers


def _contrast(sample: Any) -> tuple[float, float]:
    """Return contrast limits that suit what is not masked."""
    seen = np.asarray(sample.movie.data[0])
    if sample.mask is not None:
        seen = seen[..., sample.mask]
    low, high = np.percentile(seen, _CONTRAST)
    return float(low), float(high)


def _placed(movie: Any, axes: str) -> dict[str, Any]:
    """Return the calibration of some axes as keywords of a layer."""
    return {
        "scale": movie.along("scale", axes),
        "translate": movie.along("origin", axes),
        "units": movie.along("units", axes),
        "axis_labels": tuple(axes.lower()),
    }
