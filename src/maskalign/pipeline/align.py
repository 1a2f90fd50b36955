"""Estimate and apply in one call."""

from collections.abc import Sequence
from typing import Any

from maskalign.model.drift_table import DriftTable
from maskalign.model.options import ApplyOptions, DriftOptions
from maskalign.model.types import (
    Canvas,
    FillValue,
    Interpolation,
    MaskFrame,
    MaxShift,
    Projection,
)
from maskalign.pipeline.apply import apply_drift
from maskalign.pipeline.estimate import estimate_drift

__all__ = ["align"]

_DRIFT = DriftOptions()
_APPLY = ApplyOptions()


def align(
    movie: Any,
    *,
    reference: Any = _DRIFT.reference,
    mask: Any = None,
    reference_mask: Any = None,
    max_shift: MaxShift = _DRIFT.max_shift,
    min_overlap: float = _DRIFT.min_overlap,
    subpixel: bool = _DRIFT.subpixel,
    channel: int | str | None = _DRIFT.channel,
    projection: Projection | None = _DRIFT.projection,
    mask_follows: MaskFrame = _DRIFT.mask_follows,
    exclude: Sequence[int] = _DRIFT.exclude,
    start: Any = None,
    time_lags: int | Sequence[int] = _DRIFT.time_lags,
    renew_every: int = _DRIFT.renew_every,
    interpolation: Interpolation = _APPLY.interpolation,
    canvas: Canvas = _APPLY.canvas,
    fill_value: FillValue = _APPLY.fill_value,
    axes: str | None = None,
) -> tuple[Any, DriftTable]:
    """Estimate the drift of a movie and take it out.

    The parameters are those of `estimate_drift` and `apply_drift`, and so are the
    errors.

    Returns
    -------
    aligned : dask.array.Array, or Movie for a Movie
        The movie, moved lazily by the repaired table: a frame whose shift is doubtful
        is moved by what its neighbours say.
    table : DriftTable
        What was found for each frame, before any repair.

    Raises
    ------
    DriftTableError
        If no frame could be estimated.

    Examples
    --------
    >>> import numpy as np
    >>> scene = np.random.default_rng(0).normal(size=(60, 60))
    >>> movie = np.stack([scene[k : k + 48, 4:52] for k in range(3)])
    >>> aligned, table = align(movie, max_shift=5, subpixel=False)
    >>> bool((aligned[2, 2:] == movie[0, 2:]).all())
    True
    """
    table = estimate_drift(
        movie,
        reference=reference,
        mask=mask,
        reference_mask=reference_mask,
        max_shift=max_shift,
        min_overlap=min_overlap,
        subpixel=subpixel,
        axes=axes,
        channel=channel,
        projection=projection,
        mask_follows=mask_follows,
        exclude=exclude,
        start=start,
        time_lags=time_lags,
        renew_every=renew_every,
    )
    aligned = apply_drift(
        movie,
        table.repaired(),
        interpolation=interpolation,
        canvas=canvas,
        fill_value=fill_value,
        axes=axes,
    )
    return aligned, table
