"""The drift of a movie: one row a frame."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.errors import DriftTableError
from maskalign.model import table_text
from maskalign.model.axes import SPATIAL
from maskalign.model.status import OK

__all__ = ["DriftRow", "DriftTable"]


@dataclass(frozen=True, slots=True)
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
    #: ``"ok"``, or what went wrong.
    status: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DriftTable:
    """The shift of every frame of a movie, and how far to trust each.

    A *shift* is what is added to a frame's position to lay it over the reference, in
    pixels, in the order of the array's spatial axes (z, y, x). The *drift*, how far the
    sample had gone, is its negative.

    Parameters
    ----------
    shifts : array_like of float, shape (T, ndim)
        Pixels; NaN where a frame has no estimate.
    ncc, overlap, peak_ratio : array_like of float, shape (T,), optional
        Quality of each estimate; NaN if left out.
    shift_std : array_like of float, shape (T, ndim), optional
        Standard error (1 sigma) of `shifts`, pixels; NaN if left out.
    status : array_like of str, shape (T,), optional
        ``"ok"``, or what went wrong.
    reference_frame : array_like of int, shape (T,), optional
        The frame each row was laid over, -1 (the default) where there is no single one.
    scale, units : tuple, optional
        Size and unit of a pixel along each spatial axis, where known.
    options : mapping, optional
        What the table was made with; carried along, and written into files.

    Raises
    ------
    DriftTableError
        If lengths differ, or there is no row.

    Examples
    --------
    >>> table = DriftTable.from_shifts([(0, 0), (1.5, -2), (3, -4.5)])
    >>> table
    DriftTable(3 frames, axes yx, largest shift 5.41 px, 3 ok)
    >>> table.drift[1]
    array([-1.5,  2. ])
    """

    shifts: NDArray[np.float64]
    ncc: NDArray[np.float64] = None  # type: ignore[assignment]
    overlap: NDArray[np.float64] = None  # type: ignore[assignment]
    shift_std: NDArray[np.float64] = None  # type: ignore[assignment]
    peak_ratio: NDArray[np.float64] = None  # type: ignore[assignment]
    status: NDArray[np.str_] = None  # type: ignore[assignment]
    reference_frame: NDArray[np.int64] = None  # type: ignore[assignment]
    scale: tuple[float, ...] = ()
    units: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

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

    # Making one ---------------------------------------------------------------------

    @classmethod
    def from_shifts(cls, shifts: ArrayLike, **fields: Any) -> "DriftTable":
        """Make a table of known shifts, shape (T, ndim), in pixels."""
        return cls(np.asarray(shifts, dtype=float), **fields)

    @classmethod
    def from_rows(cls, rows: Iterable[DriftRow], **fields: Any) -> "DriftTable":
        """Make a table of the rows that `iter_drift` yields.

        A row that comes again, as two-pass strategies send it, replaces the first.
        """
        latest = {row.frame: row for row in rows}
        ordered = [latest[frame] for frame in sorted(latest)]
        if [row.frame for row in ordered] != list(range(len(ordered))):
            missing = sorted(set(range(max(latest) + 1)) - set(latest))
            msg = f"Rows are missing for the frames {missing}."
            raise DriftTableError(msg)
        if not ordered:
            msg = "There are no rows to make a table of."
            raise DriftTableError(msg)
        return cls(
            shifts=np.array([row.shift for row in ordered], dtype=float),
            ncc=np.array([row.ncc for row in ordered]),
            overlap=np.array([row.overlap for row in ordered]),
            shift_std=np.array([row.shift_std for row in ordered], dtype=float),
            peak_ratio=np.array([row.peak_ratio for row in ordered]),
            status=np.array([row.status for row in ordered]),
            reference_frame=np.array([row.reference_frame for row in ordered]),
            **fields,
        )

    # Reading it ---------------------------------------------------------------------

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
        )

    def __iter__(self) -> Iterator[DriftRow]:
        return (self[frame] for frame in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Tell whether every number, word and option is the same, NaN included."""
        if not isinstance(other, DriftTable):
            return NotImplemented
        return (
            all(
                np.array_equal(getattr(self, c), getattr(other, c), equal_nan=True)
                for c in ("shifts", "ncc", "overlap", "shift_std", "peak_ratio")
            )
            and np.array_equal(self.status, other.status)
            and np.array_equal(self.reference_frame, other.reference_frame)
            and (self.scale, self.units) == (other.scale, other.units)
            and dict(self.options) == dict(other.options)
        )

    __hash__ = None  # type: ignore[assignment]

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
        """True for the frames whose status is ``"ok"``, shape (T,)."""
        return np.asarray(self.status == OK)

    def counts(self) -> dict[str, int]:
        """Return how many frames have each status, ``"ok"`` first."""
        words, numbers = np.unique(self.status, return_counts=True)
        found = {str(word): int(n) for word, n in zip(words, numbers, strict=True)}
        return dict(sorted(found.items(), key=lambda item: item[0] != OK))

    def __repr__(self) -> str:
        lengths = np.linalg.norm(self.shifts, axis=1)
        largest = np.nanmax(lengths) if np.isfinite(lengths).any() else np.nan
        counts = ", ".join(f"{n} {word}" for word, n in self.counts().items())
        frames = f"{len(self)} frame" + "s" * (len(self) != 1)
        return (
            f"DriftTable({frames}, axes {self.axes.lower()}, "
            f"largest shift {largest:.2f} px, {counts})"
        )

    # Changing it, into a new one ----------------------------------------------------

    def replace(self, **changes: Any) -> "DriftTable":
        """Return a copy with some columns or fields changed."""
        return replace(self, **changes)

    def inverse(self) -> "DriftTable":
        """Return the table that undoes this one."""
        return self.replace(shifts=0.0 - self.shifts)

    def repaired(self) -> "DriftTable":
        """Return a table whose doubtful frames are interpolated in time.

        The shift of every frame that is not ``"ok"`` is interpolated linearly between
        its nearest good neighbours (before the first and after the last good frame it
        is held). The status stays, and `shift_std` of such a frame is NaN: its shift
        was not measured.

        Raises
        ------
        DriftTableError
            If no frame is ``"ok"``.

        Examples
        --------
        >>> table = DriftTable.from_shifts([(0, 0), (np.nan, np.nan), (4, -2)])
        >>> table.repaired().shifts[1]
        array([ 2., -1.])
        """
        ok = self.ok
        if not ok.any():
            counts = ", ".join(f"{n} {word}" for word, n in self.counts().items())
            msg = f"No frame could be estimated ({counts}): there is nothing to repair."
            raise DriftTableError(msg)
        frames = np.arange(len(self))
        shifts = self.shifts.copy()
        for axis in range(self.ndim):
            shifts[~ok, axis] = np.interp(frames[~ok], frames[ok], shifts[ok, axis])
        shift_std = np.where(ok[:, np.newaxis], self.shift_std, np.nan)
        return self.replace(shifts=shifts, shift_std=shift_std)

    def smoothed(self, sigma: float = 2.0) -> "DriftTable":
        """Return a table smoothed in time by a Gaussian.

        Only frames whose status is ``"ok"`` enter the averages; the others are filled
        from them.

        Parameters
        ----------
        sigma : float
            Standard deviation of the Gaussian, in frames.

        Raises
        ------
        ValueError
            If `sigma` is not positive.
        DriftTableError
            If no frame is ``"ok"``.
        """
        if not sigma > 0:
            msg = f"sigma must be more than 0 frames, got {sigma}."
            raise ValueError(msg)
        whole = self.repaired()
        frames = np.arange(len(self))
        distance = (frames[:, np.newaxis] - frames[self.ok]) / sigma
        # Far from every good frame all weights underflow; the nearest then counts.
        exponent = -0.5 * distance**2
        weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return whole.replace(
            shifts=weights @ whole.shifts[self.ok],
            shift_std=np.full(self.shifts.shape, np.nan),
        )

    # To and from text ---------------------------------------------------------------

    def to_csv(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the table as comma-separated values, under a header of comments.

        Numbers are written so that reading them gives the same bits.

        Raises
        ------
        FileExistsError
            If `path` exists and `overwrite` is not set.
        """
        _write(path, table_text.to_csv(self), overwrite=overwrite)

    @classmethod
    def from_csv(cls, path: str | Path) -> "DriftTable":
        """Read a table that `to_csv` wrote, or any CSV with ``shift_y, shift_x``.

        Raises
        ------
        DriftTableError
            If the file is not such a table; the message says where and why.
        """
        return cls(**table_text.from_csv(_read(path), source=str(path)))

    def to_json(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the table as JSON.

        Raises
        ------
        FileExistsError
            If `path` exists and `overwrite` is not set.
        """
        _write(path, table_text.to_json(self), overwrite=overwrite)

    @classmethod
    def from_json(cls, path: str | Path) -> "DriftTable":
        """Read a table that `to_json` wrote.

        Raises
        ------
        DriftTableError
            If the file is not such a table.
        """
        return cls(**table_text.from_json(_read(path), source=str(path)))


def _column(values: Any, dtype: Any, name: str) -> NDArray[Any]:
    """Return a read-only copy, so that a frozen table stays as it is."""
    try:
        column = np.array(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        msg = f"{name} cannot be read as numbers: {error}."
        raise DriftTableError(msg) from error
    column.flags.writeable = False
    return column


def _write(path: str | Path, text: str, *, overwrite: bool) -> None:
    path = Path(path)
    if path.exists() and not overwrite:
        msg = f"{path} exists; choose another name or say overwrite=True."
        raise FileExistsError(msg)
    path.write_text(text, encoding="utf-8", newline="")


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path} is not a text file, so it is no drift table."
        raise DriftTableError(msg) from error
