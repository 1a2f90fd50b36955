"""Names for the types that signatures share."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A real array of our own arithmetic: float32 or float64.
FloatArray: TypeAlias = NDArray[np.floating[Any]]
#: True where a pixel may be used.
ValidArray: TypeAlias = NDArray[np.bool_]

MaxShift: TypeAlias = float | Sequence[float] | None
Interpolation: TypeAlias = Literal["nearest", "linear", "cubic", "fourier"]
Canvas: TypeAlias = Literal["same", "union", "intersection"]
FillMode: TypeAlias = Literal["edge"]
FillValue: TypeAlias = float | FillMode
Projection: TypeAlias = Literal["max", "mean"]
MaskFrame: TypeAlias = Literal["camera", "sample"]
