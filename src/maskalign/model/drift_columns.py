"""What a drift table holds: one row a frame, and whether the columns fit together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from maskalign import __version__
from maskalign.errors import DriftTableError
from maskalign.model.axes import SPATIAL
from maskalign.model.readable import rounded_repr
from maskalign.model.status import OK, TRUSTED

__all__ = ["DriftColumns", "DriftRow"]

_NUMBERS = (
    "shifts",
    "ncc",
    "overlap",
    "shift_std",
    "peak_ratio",
    "residual",
    "map_median",
    "map_share",
)


@dataclass(frozen=True, slots=True, repr=False)
class DriftRow:
    """What was found for one frame."""

    #: Index of the frame.
    frame: int
    #: Index of the frame it was laid over; -1 where there is no single one.
    reference_frame: int
    #: Pixels to add to the frame's position, (z, y, x); NaN if there is no estimate.
    shift: tuple[float, ...]
    #: Masked NCC at the best lag.
    ncc: float
    #: Overlap at the best lag, from 0 to 1.
    overlap: float
    #: Standard error of the shift (1 sigma), pixels, for each axis.
    shift_std: tuple[float, ...]
    #: NCC of the best peak over the best one outside its neighbourhood.
    peak_ratio: float
    #: ``"ok"``, ``"manual"``, or what went wrong.
    status: str
    #: Loop closure: how far, in pixels, the pairs of frames that this one was compared
    #: in are from agreeing; NaN where no loop of pairs closes.
    residual: float = float("nan")
    #: Median of the NCC map of the frame as it was aligned; NaN without a map.
    map_median: float = float("nan")
    #: Share of that map, 0 to 1, that is above the value in the option `map_above`.
    map_share: float = float("nan")

    def __repr__(self) -> str:
        return rounded_repr(self)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DriftColumns:
    """The columns of a `DriftTable`, checked and read-only; see there."""

    shifts: NDArray[np.float64]
    ncc: NDArray[np.float64] = None  # type: ignore[assignment]
    overlap: NDArray[np.float64] = None  # type: ignore[assignment]
    shift_std: NDArray[np.float64] = None  # type: ignore[assignment]
    peak_ratio: NDArray[np.float64] = None  # type: ignore[assignment]
    status: NDArray[np.str_] = None  # type: ignore[assignment]
    reference_frame: NDArray[np.int64] = None  # type: ignore[assignment]
    residual: NDArray[np.float64] = None  # type: ignore[assignment]
    map_median: NDArray[np.float64] = None  # type: ignore[assignment]
    map_share: NDArray[np.float64] = None  # type: ignore[assignment]
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = __version__

    def __post_init__(self) -> None:
        shifts = _column(self.shifts, float, "shifts")
        if shifts.ndim != 2 or not len(shifts) or not 1 <= shifts.shape[1] <= 3:
            msg = (
                f"shifts has shape {shifts.shape}; it needs one row a frame and one "
                "column for each of (z, y, x) that the movie has."
            )
            raise DriftTableError(msg)
        n = len(shifts)
        known = np.isfinite(shifts).all(axis=1)
        defaults = {
            "ncc": np.full(n, np.nan),
            "overlap": np.full(n, np.nan),
            "shift_std": np.full(shifts.shape, np.nan),
            "peak_ratio": np.full(n, np.nan),
            "status": np.where(known, OK, "unknown"),
            "reference_frame": np.full(n, -1),
            "residual": np.full(n, np.nan),
            "map_median": np.full(n, np.nan),
            "map_share": np.full(n, np.nan),
        }
        object.__setattr__(self, "shifts", shifts)
        for name, default in defaults.items():
            given = getattr(self, name)
            column = _column(
                default if given is None else given, default.dtype.type, name
            )
            if column.shape != default.shape:
                msg = (
                    f"{name} has shape {column.shape}; {n} rows of {shifts.shape[1]} "
                    f"axes need {default.shape}."
                )
                raise DriftTableError(msg)
            object.__setattr__(self, name, column)
        for name in ("scale", "units"):
            if len(getattr(self, name)) not in (0, shifts.shape[1]):
                msg = (
                    f"{name}={getattr(self, name)!r} needs one entry for each of the "
                    f"{shifts.shape[1]} spatial axes."
                )
                raise DriftTableError(msg)
        # As JSON gives them back: a table that was written and read is the same.
        options = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.options.items()
        }
        object.__setattr__(self, "options", MappingProxyType(options))

    def __len__(self) -> int:
        return len(self.shifts)

    def __getitem__(self, frame: int) -> DriftRow:
        frame = range(len(self))[frame]
        return DriftRow(
            frame=frame,
            reference_frame=int(self.reference_frame[frame]),
            shift=tuple(self.shifts[frame].tolist()),
            ncc=float(self.ncc[frame]),
            overlap=float(self.overlap[frame]),
            shift_std=tuple(self.shift_std[frame].tolist()),
            peak_ratio=float(self.peak_ratio[frame]),
            status=str(self.status[frame]),
            residual=float(self.residual[frame]),
            map_median=float(self.map_median[frame]),
            map_share=float(self.map_share[frame]),
        )

    def __iter__(self) -> Iterator[DriftRow]:
        return (self[frame] for frame in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Tell whether every number, word and option is the same, NaN included."""
        if not isinstance(other, DriftColumns):
            return NotImplemented
        return (
            all(
                np.array_equal(getattr(self, c), getattr(other, c), equal_nan=True)
                for c in _NUMBERS
            )
            and np.array_equal(self.status, other.status)
            and np.array_equal(self.reference_frame, other.reference_frame)
            and (self.scale, self.units) == (other.scale, other.units)
            and dict(self.options) == dict(other.options)
            and self.version == other.version
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        # A view of a dict cannot be pickled, nor be copied deep.
        values = [getattr(self, f.name) for f in fields(self)]
        plain = (dict(v) if isinstance(v, MappingProxyType) else v for v in values)
        return type(self), tuple(plain)

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return int(self.shifts.shape[1])

    @property
    def axes(self) -> str:
        """The spatial axes of the columns: ``"YX"`` or ``"ZYX"``."""
        return SPATIAL[-self.ndim :]

    @property
    def drift(self) -> NDArray[np.float64]:
        """How far the sample had gone, pixels, shape (T, ndim): ``-shifts``."""
        # 0 - x, for -x would print the zeros as -0.
        return 0.0 - self.shifts

    @property
    def ok(self) -> NDArray[np.bool_]:
        """True for the frames whose shift may be used as it stands, shape (T,).

        Those that were found (``"ok"``) and those that a person has set or accepted
        (``"manual"``).
        """
        known = np.isfinite(self.shifts).all(axis=1)
        return np.isin(self.status, TRUSTED) & known

    def counts(self) -> dict[str, int]:
        """Return how many frames have each status: good ones, then the others."""
        words, numbers = np.unique(self.status, return_counts=True)
        found = {str(word): int(n) for word, n in zip(words, numbers, strict=True)}
        first = [word for word in TRUSTED if word in found]
        return {word: found[word] for word in (*first, *found)}

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some columns or fields changed."""
        return replace(self, **changes)


def _column(values: Any, dtype: Any, name: str) -> NDArray[Any]:
    """Return a read-only copy, so that a frozen table stays as it is."""
    try:
        column = np.array(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        msg = f"{name} cannot be read as numbers: {error}."
        raise DriftTableError(msg) from error
    column.flags.writeable = False
    return column
