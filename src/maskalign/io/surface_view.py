"""A correlation surface as layers of napari, its axes the shift; napari not needed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from maskalign.model.movie import PIXEL
from maskalign.model.results import CorrelationSurface

__all__ = ["best_lag", "surface_layers"]

#: Size of the ring around the peak, as a share of the surface and in lags at least.
_RING, _SMALLEST = 1 / 12, 4
_RING_COLOUR = "#00e5ff"

LayerData = tuple[Any, dict[str, Any], str]


def best_lag(surface: CorrelationSurface) -> tuple[tuple[int, ...], float]:
    """Return the lag of the highest NCC of a surface, and that NCC.

    Raises
    ------
    ValueError
        If the surface has no value.

    Examples
    --------
    >>> lags = (np.array([-1, 0, 1]), np.array([0, 1]))
    >>> ncc = np.array([[0.1, 0.2], [0.3, np.nan], [0.2, 0.9]])
    >>> best_lag(CorrelationSurface(ncc, np.ones((3, 2)), lags))
    ((1, 1), 0.9)
    """
    if not np.isfinite(surface.ncc).any():
        msg = "The surface has no value: at no lag do the images overlap enough."
        raise ValueError(msg)
    at = np.unravel_index(int(np.nanargmax(surface.ncc)), surface.shape)
    return surface.lag_at(at), float(surface.ncc[at])


def surface_layers(
    surface: CorrelationSurface,
    *,
    scale: Sequence[float] | None = None,
    units: Sequence[str] | None = None,
    origin: Sequence[float] | None = None,
    name: str = "correlation surface",
) -> list[LayerData]:
    """Return a correlation surface as layer data of napari: surface and peak.

    The position of the pointer is then the shift: the layers lie so that the lag (0, 0)
    is at the origin, or at the shift that it means.

    Parameters
    ----------
    surface : CorrelationSurface
        From `masked_ncc`.
    scale : sequence of float, optional
        Size of a pixel of the images along each axis, in `units`; 1 if left out.
    units : sequence of str, optional
        Its unit along each axis, ``"pixel"`` if left out.
    origin : sequence of float, optional
        The shift that the lag (0, 0) means, in `units`; 0 if left out.
    name : str
        What to call the layer.

    Returns
    -------
    list of (data, keywords, kind)
        An image layer and a points layer with a ring around the highest NCC, in the
        form that `napari.layers.Layer.create` takes.

    Raises
    ------
    TypeError
        If it is no correlation surface.
    ValueError
        If the surface has no value.

    Examples
    --------
    >>> lags = (np.arange(-2, 3), np.arange(-4, 5))
    >>> ncc = np.random.default_rng(0).random((5, 9))
    >>> surface = CorrelationSurface(ncc, np.ones((5, 9)), lags)
    >>> (data, image, _), (points, peak, _) = surface_layers(surface, scale=(0.5, 0.5))
    >>> image["translate"], points
    (array([-1., -2.]), array([[0, 4]]))
    """
    if not isinstance(surface, CorrelationSurface):
        kind = type(surface).__name__
        msg = f"surface must be what masked_ncc returns, got a value of type {kind}."
        raise TypeError(msg)
    ndim = len(surface.lags)
    lag, ncc = best_lag(surface)
    step = np.array((1.0,) * ndim if scale is None else tuple(scale), float)
    zero = np.zeros(ndim) if origin is None else np.array(tuple(origin), float)
    first = zero + step * [lags[0] for lags in surface.lags]
    letters = "zyx"[-ndim:]
    placed = {
        "scale": step,
        "units": (PIXEL,) * ndim if units is None else tuple(units),
        "axis_labels": tuple(f"shift {letter}" for letter in letters),
    }
    lowest, highest = float(np.nanmin(surface.ncc)), float(np.nanmax(surface.ncc))
    image = {
        "name": name,
        "translate": first,
        "colormap": "viridis",
        "contrast_limits": (min(lowest, 0.0), highest if highest > 0 else 1.0),
        # Between lags there is nothing to see.
        "interpolation2d": "nearest",
        **placed,
    }
    size = max(_RING * max(surface.shape), _SMALLEST)
    # The text stands beside the ring, on the side where there is more room.
    right = lag[-1] <= np.mean(surface.lags[-1])
    beside = [0.0] * (ndim - 1) + [size if right else -size]
    shift = ", ".join(
        f"{value:+d}" if not offset else f"{value + offset:+.1f}"
        for value, offset in zip(lag, (zero / step).tolist(), strict=True)
    )
    peak = {
        "name": f"{name}: peak",
        "symbol": "disc",
        "face_color": "transparent",
        "border_color": _RING_COLOUR,
        "border_width": 0.12,
        "size": size,
        # On its way out of napari, and needed only where there are slices.
        **({"out_of_slice_display": True} if ndim > 2 else {}),
        # Text that is not taken from a feature napari takes for the name of one.
        "features": {"label": [f"({shift})  ncc {ncc:.2f}"]},
        "text": {
            "string": "{label}",
            "color": _RING_COLOUR,
            "anchor": "upper_left" if right else "upper_right",
            "translation": beside,
        },
        **placed,
    }
    peak["translate"] = zero
    return [(surface.ncc, image, "image"), (np.array([lag]), peak, "points")]
