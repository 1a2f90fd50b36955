"""A movie: an array, usually lazy, and what its axes mean."""

from dataclasses import dataclass, replace
from typing import Any

from maskalign.errors import AxesError
from maskalign.model.axes import normalize_axes, spatial_axes

__all__ = ["Movie"]

#: Unit of an axis about which nothing is known.
PIXEL = "pixel"


@dataclass(frozen=True, slots=True, eq=False)
class Movie:
    """An array with named, calibrated axes.

    Parameters
    ----------
    data : dask.array.Array or numpy.ndarray
        The pixels. Files are opened as dask arrays and read when they are needed.
    axes : str, optional
        One letter of ``T C Z Y X`` for each axis of `data`, in its order. Left out:
        ``"TYX"`` for three axes, ``"TZYX"`` for four.
    scale : tuple of float, optional
        Size of one step along each axis, in `units`; 1 if left out.
    units : tuple of str, optional
        Unit of each axis, such as ``"µm"`` or ``"s"``; ``"pixel"`` if left out.
    channels : tuple of str, optional
        Channel names; empty, or one for each channel.
    origin : tuple of float, optional
        Position of the first pixel along each axis, in `units`; 0 if left out.
    name : str, optional
        What to call it.

    Raises
    ------
    AxesError
        If the axes do not fit the array, a field does not have one entry an axis, or a
        scale is 0.

    Examples
    --------
    >>> import numpy as np
    >>> movie = Movie(np.zeros((5, 2, 32, 40)), "TCYX", channels=("GFP", "RFP"))
    >>> movie.n_frames, movie.frame_shape, movie.spatial_axes
    (5, (32, 40), 'YX')
    """

    data: Any
    axes: str = ""
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    origin: tuple[float, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        axes = normalize_axes(self.axes or None, self.data.shape)
        ndim = len(axes)
        scale = tuple(float(s) for s in self.scale) or (1.0,) * ndim
        settled = {
            "axes": axes,
            "scale": scale,
            "units": tuple(str(u) for u in self.units) or (PIXEL,) * ndim,
            "origin": tuple(float(o) for o in self.origin) or (0.0,) * ndim,
            "channels": tuple(str(c) for c in self.channels),
        }
        for name in ("scale", "units", "origin"):
            if len(settled[name]) != ndim:
                msg = (
                    f"{name}={getattr(self, name)!r} has {len(settled[name])} entries; "
                    f"the axes {axes!r} need {ndim}."
                )
                raise AxesError(msg)
        if 0 in scale:
            msg = (
                f"scale={self.scale!r}: the size of a step cannot be 0; leave scale "
                "out if it is not known."
            )
            raise AxesError(msg)
        n_channels = self.data.shape[axes.index("C")] if "C" in axes else 1
        if settled["channels"] and len(settled["channels"]) != n_channels:
            msg = (
                f"channels={self.channels!r} names {len(self.channels)} channels; "
                f"the movie has {n_channels} (axes {axes!r}, "
                f"shape {tuple(self.data.shape)})."
            )
            raise AxesError(msg)
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.data.shape)

    @property
    def dtype(self) -> Any:
        """Type of a pixel."""
        return self.data.dtype

    @property
    def n_frames(self) -> int:
        """Number of frames; 1 where there is no time axis."""
        return self.shape[self.axes.index("T")] if "T" in self.axes else 1

    @property
    def spatial_axes(self) -> str:
        """The spatial letters, in the order z, y, x."""
        return spatial_axes(self.axes)

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """Shape of one frame of one channel, in the order z, y, x."""
        return tuple(self.shape[self.axes.index(a)] for a in self.spatial_axes)

    def along(self, name: str, letters: str) -> tuple[Any, ...]:
        """Return the entries of `scale`, `units` or `origin` for some axes.

        Examples
        --------
        >>> import numpy as np
        >>> Movie(np.zeros((5, 8, 8)), scale=(2, 0.1, 0.2)).along("scale", "XY")
        (0.2, 0.1)
        """
        values = getattr(self, name)
        return tuple(values[self.axes.index(letter)] for letter in letters)

    def replace(self, **changes: Any) -> "Movie":
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    def __repr__(self) -> str:
        steps = ", ".join(
            f"{letter} {n} x {step:g} {unit}"
            for letter, n, step, unit in zip(
                self.axes, self.shape, self.scale, self.units, strict=True
            )
        )
        return f"Movie({self.name or 'unnamed'}: {self.dtype}; {steps})"
