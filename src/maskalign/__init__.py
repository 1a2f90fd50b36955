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
    from maskalign.core.displacement import displacement_map
    from maskalign.core.masked_ncc import masked_ncc
    from maskalign.core.placed import register_placed
    from maskalign.core.register import register
    from maskalign.core.resample import resample
    from maskalign.core.significance import fisher_z
    from maskalign.core.similarity.compare import compare
    from maskalign.core.similarity.correlations import pearson
    from maskalign.core.similarity.histograms import joint_histogram
    from maskalign.core.similarity.manders import costes_threshold, manders
    from maskalign.core.similarity.radial import colocalization
    from maskalign.core.similarity.ssim import ssim_map
    from maskalign.errors import (
        AxesError,
        DriftTableError,
        EmptyBorderWarning,
        MaskError,
        MovieFileError,
        NoContrastError,
        NoOverlapError,
        NothingMovesWarning,
        NoValidPixelsError,
        StaticStructureWarning,
    )
    from maskalign.io.movies import load_movie, save_movie
    from maskalign.io.places import place_of
    from maskalign.io.surface_view import surface_layers
    from maskalign.model.drift_table import DriftRow, DriftTable
    from maskalign.model.map_results import DisplacementMap, MapSummary
    from maskalign.model.movie import Movie
    from maskalign.model.report import AlignmentReport, RemainingMotion
    from maskalign.model.results import CorrelationSurface, Registration
    from maskalign.model.similarity import (
        Colocalization,
        CostesThreshold,
        JointHistogram,
        MandersCoefficients,
        PearsonCorrelation,
    )
    from maskalign.pipeline.align import align
    from maskalign.pipeline.apply import apply_drift
    from maskalign.pipeline.auto_masks import (
        border_mask,
        intensity_mask,
        saturated_mask,
    )
    from maskalign.pipeline.canvas import canvas
    from maskalign.pipeline.coordinates import (
        move_points,
        move_shapes,
        move_tracks,
        move_vectors,
    )
    from maskalign.pipeline.estimate import estimate_drift, iter_drift
    from maskalign.pipeline.labels_mask import labels_mask
    from maskalign.pipeline.map_summary import summarize_map
    from maskalign.pipeline.maps import local_ncc
    from maskalign.pipeline.report.assess import assess
    from maskalign.pipeline.static_mask import static_mask
    from maskalign.pipeline.valid_region import valid_region

__version__ = version("napari-maskalign")

_HOME = {
    "AlignmentReport": "model.report",
    "AxesError": "errors",
    "Colocalization": "model.similarity",
    "CorrelationSurface": "model.results",
    "CostesThreshold": "model.similarity",
    "DisplacementMap": "model.map_results",
    "DriftRow": "model.drift_table",
    "DriftTable": "model.drift_table",
    "DriftTableError": "errors",
    "EmptyBorderWarning": "errors",
    "JointHistogram": "model.similarity",
    "MandersCoefficients": "model.similarity",
    "MapSummary": "model.map_results",
    "MaskError": "errors",
    "Movie": "model.movie",
    "MovieFileError": "errors",
    "NoContrastError": "errors",
    "NoOverlapError": "errors",
    "NoValidPixelsError": "errors",
    "NothingMovesWarning": "errors",
    "PearsonCorrelation": "model.similarity",
    "Registration": "model.results",
    "StaticStructureWarning": "errors",
    "RemainingMotion": "model.report",
    "align": "pipeline.align",
    "apply_drift": "pipeline.apply",
    "assess": "pipeline.report.assess",
    "border_mask": "pipeline.auto_masks",
    "canvas": "pipeline.canvas",
    "colocalization": "core.similarity.radial",
    "compare": "core.similarity.compare",
    "costes_threshold": "core.similarity.manders",
    "displacement_map": "core.displacement",
    "estimate_drift": "pipeline.estimate",
    "fisher_z": "core.significance",
    "intensity_mask": "pipeline.auto_masks",
    "iter_drift": "pipeline.estimate",
    "labels_mask": "pipeline.labels_mask",
    "joint_histogram": "core.similarity.histograms",
    "load_movie": "io.movies",
    "local_ncc": "pipeline.maps",
    "manders": "core.similarity.manders",
    "masked_ncc": "core.masked_ncc",
    "move_points": "pipeline.coordinates",
    "move_shapes": "pipeline.coordinates",
    "move_tracks": "pipeline.coordinates",
    "move_vectors": "pipeline.coordinates",
    "pearson": "core.similarity.correlations",
    "place_of": "io.places",
    "register": "core.register",
    "register_placed": "core.placed",
    "resample": "core.resample",
    "saturated_mask": "pipeline.auto_masks",
    "save_movie": "io.movies",
    "ssim_map": "core.similarity.ssim",
    "static_mask": "pipeline.static_mask",
    "summarize_map": "pipeline.map_summary",
    "surface_layers": "io.surface_view",
    "valid_region": "pipeline.valid_region",
}

__all__ = [
    "AlignmentReport",
    "AxesError",
    "Colocalization",
    "CorrelationSurface",
    "CostesThreshold",
    "DisplacementMap",
    "DriftRow",
    "DriftTable",
    "DriftTableError",
    "EmptyBorderWarning",
    "JointHistogram",
    "MandersCoefficients",
    "MapSummary",
    "MaskError",
    "Movie",
    "MovieFileError",
    "NoContrastError",
    "NoOverlapError",
    "NoValidPixelsError",
    "NothingMovesWarning",
    "PearsonCorrelation",
    "Registration",
    "RemainingMotion",
    "StaticStructureWarning",
    "align",
    "apply_drift",
    "assess",
    "border_mask",
    "canvas",
    "colocalization",
    "compare",
    "costes_threshold",
    "displacement_map",
    "estimate_drift",
    "fisher_z",
    "intensity_mask",
    "iter_drift",
    "joint_histogram",
    "labels_mask",
    "load_movie",
    "local_ncc",
    "manders",
    "masked_ncc",
    "move_points",
    "move_shapes",
    "move_tracks",
    "move_vectors",
    "pearson",
    "place_of",
    "register",
    "register_placed",
    "resample",
    "saturated_mask",
    "save_movie",
    "ssim_map",
    "static_mask",
    "summarize_map",
    "surface_layers",
    "valid_region",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    # What a person may type, not what this file imports.
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
