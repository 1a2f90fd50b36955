"""Align microscopy images and movies by masked normalized cross-correlation.

Two images::

    found = maskalign.register(reference, moving, moving_mask=mask)
    found.shift, found.ncc, found.shift_std

A movie::

    aligned, table = maskalign.align(movie, mask=mask, max_shift=50)

Masks are True where a pixel may be used. Shifts are in pixels, in the order of the
array's axes, and are added to the position of the moving image.

The names below are loaded when they are first used, so that importing maskalign costs
nothing that is not needed yet.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maskalign.core.masked_ncc import masked_ncc
    from maskalign.core.register import register
    from maskalign.errors import (
        AxesError,
        DriftTableError,
        MaskError,
        MovieFileError,
        NoContrastError,
        NoOverlapError,
        NoValidPixelsError,
        StaticStructureWarning,
    )
    from maskalign.io.movies import load_movie, save_movie
    from maskalign.model.drift_table import DriftRow, DriftTable
    from maskalign.model.movie import Movie
    from maskalign.model.results import CorrelationSurface, Registration
    from maskalign.pipeline.align import align
    from maskalign.pipeline.apply import apply_drift
    from maskalign.pipeline.canvas import canvas
    from maskalign.pipeline.estimate import estimate_drift, iter_drift

__version__ = version("napari-maskalign")

_HOME = {
    "AxesError": "errors",
    "CorrelationSurface": "model.results",
    "DriftRow": "model.drift_table",
    "DriftTable": "model.drift_table",
    "DriftTableError": "errors",
    "MaskError": "errors",
    "Movie": "model.movie",
    "MovieFileError": "errors",
    "NoContrastError": "errors",
    "NoOverlapError": "errors",
    "NoValidPixelsError": "errors",
    "Registration": "model.results",
    "StaticStructureWarning": "errors",
    "align": "pipeline.align",
    "apply_drift": "pipeline.apply",
    "canvas": "pipeline.canvas",
    "estimate_drift": "pipeline.estimate",
    "iter_drift": "pipeline.estimate",
    "load_movie": "io.movies",
    "masked_ncc": "core.masked_ncc",
    "register": "core.register",
    "save_movie": "io.movies",
}

__all__ = [
    "AxesError",
    "CorrelationSurface",
    "DriftRow",
    "DriftTable",
    "DriftTableError",
    "MaskError",
    "Movie",
    "MovieFileError",
    "NoContrastError",
    "NoOverlapError",
    "NoValidPixelsError",
    "Registration",
    "StaticStructureWarning",
    "align",
    "apply_drift",
    "canvas",
    "estimate_drift",
    "iter_drift",
    "load_movie",
    "masked_ncc",
    "register",
    "save_movie",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
