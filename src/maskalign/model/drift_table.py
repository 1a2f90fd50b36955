"""The drift of a movie: one row a frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maskalign.errors import DriftTableError
from maskalign.model import foreign_tables, table_algebra, table_frame, table_text
from maskalign.model.drift_columns import DriftColumns, DriftRow
from maskalign.model.drift_rows import columns_of
from maskalign.model.frame_numbers import as_frame, as_frames
from maskalign.model.map_results import MapSummary
from maskalign.model.outliers import OutlierTest, outlying
from maskalign.model.smoothing import filled, smoothed
from maskalign.model.status import EXCLUDED, MANUAL, OUTLIER
from maskalign.model.table_summary import summary

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["DriftRow", "DriftTable"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DriftTable(DriftColumns):
    """The shift of every frame of a movie, and how far to trust each.

    A *shift* is what is added to a frame's position to lay it over the reference, in
    pixels, in the order of the array's spatial axes (z, y, x). The *drift*, how far the
    sample had gone, is its negative. A table is never changed: every method returns a
    new one.

    Parameters
    ----------
    shifts : array_like of float, shape (T, ndim)
        Pixels; NaN where a frame has no estimate.
    ncc, overlap, peak_ratio : array_like of float, shape (T,), optional
        Quality of each estimate; NaN if left out.
    shift_std : array_like of float, shape (T, ndim), optional
        Standard error (1 sigma) of `shifts`, pixels; NaN if left out.
    status : array_like of str, shape (T,), optional
        ``"ok"``, ``"manual"`` for what a person has set or accepted, or what went
        wrong.
    reference_frame : array_like of int, shape (T,), optional
        The frame each row was laid over, -1 (the default) where there is no single one.
    residual : array_like of float, shape (T,), optional
        Loop closure, pixels: how far the pairs of frames that each frame was compared
        in are from agreeing; NaN if left out.
    map_median, map_share : array_like of float, shape (T,), optional
        Of the NCC map of each frame as it was aligned, the median and the share above
        a value; NaN if left out. `with_map` puts them in.
    scale, units : tuple, optional
        Size and unit of a pixel along each spatial axis, where known.
    options : mapping, optional
        What the table was made with; carried along, and written into files.
    version : str, optional
        The version of maskalign that made the table; this one if left out. Empty for a
        table that was read from a file that does not say.

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

    # Making one ---------------------------------------------------------------------

    @classmethod
    def from_shifts(cls, shifts: ArrayLike, **fields: Any) -> Self:
        """Make a table of known shifts, shape (T, ndim), in pixels."""
        if isinstance(shifts, (str, PathLike)):
            name = str(shifts)
            msg = (
                f"The shifts are the name {name!r}: read the table first, with "
                f"maskalign.DriftTable.from_csv({name!r})."
            )
            raise TypeError(msg)
        return cls(shifts, **fields)  # type: ignore[arg-type]

    @classmethod
    def from_rows(cls, rows: Iterable[DriftRow], **fields: Any) -> Self:
        """Make a table of the rows that `iter_drift` yields.

        A row that comes again, as two-pass strategies send it, replaces the first.
        """
        columns = columns_of(rows)
        if not columns:
            msg = "There are no rows to make a table of."
            raise DriftTableError(msg)
        frames = columns.pop("frame")
        missing = np.setdiff1d(np.arange(frames[-1] + 1), frames)
        if missing.size:
            msg = f"Rows are missing for the frames {missing.tolist()}."
            raise DriftTableError(msg)
        return cls(**(fields | columns))

    # Reading it ---------------------------------------------------------------------

    def __repr__(self) -> str:
        lengths = np.linalg.norm(self.shifts, axis=1)
        largest = np.nanmax(lengths) if np.isfinite(lengths).any() else np.nan
        counts = ", ".join(f"{n} {word}" for word, n in self.counts().items())
        frames = f"{len(self)} frame" + "s" * (len(self) != 1)
        return (
            f"DriftTable({frames}, axes {self.axes.lower()}, "
            f"largest shift {largest:.2f} px, {counts})"
        )

    def summary(self) -> str:
        """Return what a person wants to know of the table, in several lines.

        Numbers of frames by status, the drift, its quality, and where the table comes
        from. Means and medians are over frames that are good; the reference, which is
        like itself, does not enter them.

        Examples
        --------
        >>> shifts = [(0, 0), (3, -4), (9, 9)]
        >>> table = DriftTable(
        ...     shifts,
        ...     status=["ok", "ok", "unsure"],
        ...     scale=(0.5, 0.5),
        ...     units=("µm", "µm"),
        ... )
        >>> print(table.summary())  # doctest: +ELLIPSIS
        3 frames, axes y, x; 1 pixel = 0.5 x 0.5 µm
          2 ok: frames 0-1
          1 unsure: frame 2
        Largest drift: 5.00 px (2.5 µm), frame 1
        From frame to frame: median 5.00 px, at most 5.00 px (frame 1)
        Made with maskalign ...
        """
        return summary(self)

    def check_fits(self, n_frames: int, ndim: int) -> None:
        """Raise unless the table fits a movie.

        Parameters
        ----------
        n_frames : int
            Number of frames of the movie.
        ndim : int
            Number of its spatial axes. A table along (y, x) fits a movie with z as
            well, and leaves z where it is.

        Raises
        ------
        DriftTableError
            If the numbers differ; the message says how, and what helps.

        Examples
        --------
        >>> DriftTable.from_shifts([(0, 0), (1, 1)]).check_fits(2, ndim=3)
        """
        if len(self) != n_frames:
            msg = (
                f"The drift table has {len(self)} rows; the movie has {n_frames} "
                "frames. resampled() reads a table at other times, then() joins tables "
                "of consecutive pieces."
            )
            raise DriftTableError(msg)
        if self.ndim != ndim and (self.ndim, ndim) != (2, 3):
            msg = (
                f"The drift table moves along {self.axes.lower()}; a frame of the "
                f"movie has {ndim} axes."
            )
            raise DriftTableError(msg)

    def with_map(self, summary: MapSummary) -> Self:
        """Return a table that knows how alike each frame is to the reference.

        Its columns `map_median` and `map_share` are those of the summary; the option
        `map_above` says above which value the share is. They replace those of a map
        that it had before.

        Parameters
        ----------
        summary : MapSummary
            What `summarize_map` returns for the NCC maps of the aligned frames.

        Raises
        ------
        TypeError
            If `summary` is something else, such as the map itself.
        DriftTableError
            If it has not one entry a row.

        Examples
        --------
        >>> from maskalign import summarize_map
        >>> maps = np.array([[[1.0, 1.0]], [[0.9, 0.3]]])
        >>> table = DriftTable.from_shifts([(0, 0), (3, -4)])
        >>> known = table.with_map(summarize_map(maps))
        >>> known.map_median.tolist(), known.map_share.tolist()
        ([1.0, 0.6], [1.0, 0.5])
        """
        if not isinstance(summary, MapSummary):
            msg = (
                "with_map takes what summarize_map returns, a MapSummary, got "
                f"{type(summary).__name__}."
            )
            raise TypeError(msg)
        if len(summary) != len(self):
            msg = (
                f"The summary is of {len(summary)} map{'s' * (len(summary) != 1)}, the "
                f"drift table has {len(self)} rows: it needs one map for each frame."
            )
            raise DriftTableError(msg)
        return self.replace(
            map_median=summary.median,
            map_share=summary.share,
            options={**self.options, "map_above": float(summary.above)},
        )

    # Frames that fail ---------------------------------------------------------------

    def flag_outliers(
        self,
        *,
        window: int = 7,
        n_sigmas: float = 4.0,
        limit: float | Sequence[float] | None = None,
    ) -> Self:
        """Return a table in which frames that do not fit their neighbours are flagged.

        Their status becomes ``"outlier"``; the numbers stay. Only frames that are
        ``"ok"`` are flagged, and not the reference, nor what a person has set.

        Each step from a frame to the next is compared with the median step around it,
        in units of the spread of the steps (Hampel's identifier, on steps), axis by
        axis. A drift that is steady, however fast, is no outlier. A run of up to
        ``window // 2`` frames that leaves the trajectory and comes back is one; a
        jump that stays is none. What cannot be told: a jump in the very last frame,
        taken for an outlier, and one in the last but one, which is believed. A stretch
        of more than about four windows that shakes is taken for real.

        Parameters
        ----------
        window : int
            Number of steps whose median is the local drift, 3 or more.
        n_sigmas : float
            Up to so many standard deviations a step is believed; beyond, the less the
            larger it is. The standard deviation is that of the steps around, not less
            than that of the shifts themselves, nor than 0.05 px: a movie that stands
            still has no outliers. ``inf`` leaves only `limit`.
        limit : float or sequence of float, optional
            Pixels that a step may differ from the local drift at most, for all axes or
            for each.

        Raises
        ------
        TypeError, ValueError
            If `window` is no whole number or less than 3, `n_sigmas` is not more than
            0, or `limit` is negative or does not have one number an axis.

        Examples
        --------
        >>> shifts = [(t, -t) for t in range(12)]
        >>> shifts[7] = (40, 3)
        >>> flagged = DriftTable.from_shifts(shifts).flag_outliers()
        >>> flagged.status[6:9].tolist()
        ['ok', 'outlier', 'ok']
        >>> flagged.repaired().shifts[7]
        array([ 7., -7.])
        """
        test = OutlierTest.checked(window, n_sigmas, limit, self.ndim)
        manual = self.status == MANUAL
        still = self.reference_frame == np.arange(len(self))
        std = np.where(np.isfinite(self.shift_std), self.shift_std, 0.0)
        found = outlying(self.shifts, self.ok, std, manual | still, test)
        return self._flagged(found, OUTLIER)

    def exclude(self, frames: Any) -> Self:
        """Return a table in which some frames are left out.

        Their status becomes ``"excluded"``, the numbers stay; `repaired` fills them
        from their neighbours.

        Parameters
        ----------
        frames : int, sequence of int, slice, or array of bool, shape (T,)
            Which frames; negative numbers count from the end.

        Raises
        ------
        TypeError, DriftTableError
            If `frames` is none of these, or names frames that are not there.
        """
        return self._flagged(as_frames(frames, len(self)), EXCLUDED)

    def accept(self, frames: Any) -> Self:
        """Return a table in which the shifts of some frames are used as they stand.

        For a person who has looked and finds a doubtful frame in place: its status
        becomes ``"manual"``, the numbers stay. The opposite of `exclude`.

        Parameters
        ----------
        frames : int, sequence of int, slice, or array of bool, shape (T,)
            Which frames.

        Raises
        ------
        TypeError, DriftTableError
            If `frames` is none of these, or a frame is not there or has no shift.
        """
        chosen = as_frames(frames, len(self))
        unknown = np.flatnonzero(chosen & ~np.isfinite(self.shifts).all(axis=1))
        if unknown.size:
            msg = f"Frame {unknown[0]} has no shift to accept; edit() gives it one."
            raise DriftTableError(msg)
        return self._flagged(chosen, MANUAL)

    def edit(self, frame: int, shift: Sequence[float]) -> Self:
        """Return a table in which a person has set the shift of one frame.

        Its status becomes ``"manual"``. Its quality figures, which belonged to the
        old number, become NaN.

        Parameters
        ----------
        frame : int
            Which frame; negative numbers count from the end.
        shift : sequence of float
            Pixels to add to the position of the frame, (z, y, x) as the table has it.

        Raises
        ------
        TypeError, DriftTableError
            If the frame is not there, or the shift is not one finite number an axis.

        Examples
        --------
        >>> table = DriftTable.from_shifts([(0, 0), (np.nan, np.nan), (4, -2)])
        >>> table.edit(1, (3, -1))[1].status
        'manual'
        """
        at = as_frame(frame, len(self))
        numbers = np.asarray(shift, dtype=float)
        if numbers.shape != (self.ndim,) or not np.isfinite(numbers).all():
            msg = (
                f"shift={shift!r} must be one number for each of "
                f"{', '.join(self.axes.lower())}."
            )
            raise DriftTableError(msg)
        return self.replace(**table_algebra.edited(self, at, numbers))

    def _flagged(self, frames: NDArray[np.bool_], word: str) -> Self:
        return self.replace(status=np.where(frames, word, self.status))

    # In time ------------------------------------------------------------------------

    def repaired(self) -> Self:
        """Return a table whose doubtful frames are interpolated in time.

        The shift of every frame that is not good (``"ok"`` or ``"manual"``) is
        interpolated linearly between its nearest good neighbours (before the first and
        after the last good frame it is held). The status stays, and `shift_std` of such
        a frame is NaN: its shift was not measured.

        Raises
        ------
        DriftTableError
            If no frame is good.

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
        return self.replace(
            shifts=filled(self.shifts, ok),
            shift_std=np.where(ok[:, np.newaxis], self.shift_std, np.nan),
        )

    def smoothed(self, sigma: float = 2.0) -> Self:
        """Return a table of the slow motion alone.

        To apply it takes out the slow drift and leaves the jitter. Straight lines
        are fitted to the good frames around each frame, weighted by a Gaussian (local
        linear regression), so that a steady drift stays as it is, up to the ends of the
        movie. The other frames are filled in. What `with_map` told of the frames as
        they were aligned is left out.

        Parameters
        ----------
        sigma : float
            Standard deviation of the Gaussian, in frames: what changes within a few
            times `sigma` is jitter.

        Raises
        ------
        ValueError
            If `sigma` is not positive.
        DriftTableError
            If no frame is good.

        See Also
        --------
        jitter : the rest.
        """
        if not 0 < sigma < np.inf:
            msg = f"sigma must be more than 0 frames, and finite, got {sigma}."
            raise ValueError(msg)
        whole = self.repaired()
        return whole.replace(
            shifts=smoothed(whole.shifts, self.ok, float(sigma)),
            shift_std=np.full(self.shifts.shape, np.nan),
            map_median=None,
            map_share=None,
        )

    def jitter(self, sigma: float = 2.0) -> Self:
        """Return a table of the quick motion alone: the table less its `smoothed` one.

        To apply it takes out the jitter and keeps the slow motion, of an animal, say,
        or of tissue that grows.

        Parameters
        ----------
        sigma : float
            As for `smoothed`: what changes within a few times `sigma` is jitter.

        Raises
        ------
        ValueError, DriftTableError
            As `smoothed`.

        Examples
        --------
        >>> shifts = [(t + 0.5 * (t % 2), 0) for t in range(20)]
        >>> rest = DriftTable.from_shifts(shifts).jitter(3)
        >>> bool(abs(rest.shifts).max() < 0.3)
        True
        """
        slow = self.smoothed(sigma)
        whole = self.repaired()
        return whole.replace(
            shifts=whole.shifts - slow.shifts, map_median=None, map_share=None
        )

    def resampled(self, at: ArrayLike) -> Self:
        """Return the table read at other times, interpolated linearly.

        For a drift that was estimated on some of the frames, or on a movie of another
        frame rate. A row that is read between two others has no figures of its own
        (NaN), and the worse of their statuses; beyond the ends the last row is held.

        Parameters
        ----------
        at : array_like of float, shape (N,)
            Where to read, in frames of this table: ``np.arange(100) / 5`` for all
            frames of a movie of which every fifth has a row here.

        Raises
        ------
        TypeError, DriftTableError
            If `at` is no list of finite numbers, or no frame is good.

        Examples
        --------
        >>> table = DriftTable.from_shifts([(0, 0), (4, -2)])
        >>> table.resampled([0, 0.25, 0.5, 0.75, 1]).shifts[:, 0]
        array([0., 1., 2., 3., 4.])
        """
        times = np.asarray(at)
        if times.dtype.kind not in "iuf" or times.ndim != 1 or not times.size:
            msg = f"at must be a list of frames to read the table at, got {at!r}."
            raise TypeError(msg)
        if not np.isfinite(times).all():
            msg = "at has times that are not finite."
            raise DriftTableError(msg)
        whole = self.repaired()
        return self.replace(**table_algebra.read_at(whole, times.astype(float)))

    # Joining tables -----------------------------------------------------------------

    def inverse(self) -> Self:
        """Return the table that undoes this one."""
        return self.replace(shifts=0.0 - self.shifts)

    def compose(self, other: "DriftTable") -> Self:
        """Return one table that moves as this one and then `other` does.

        For a second pass over a movie that was aligned before: the two shifts are added
        up, so that the raw movie is interpolated once.

        Parameters
        ----------
        other : DriftTable
            With as many rows, along the same axes.

        Returns
        -------
        DriftTable
            Sums of the shifts; standard errors added in quadrature; the worse of the
            two statuses. Other figures, which belong to one of them, are NaN.

        Raises
        ------
        DriftTableError
            If the tables do not fit each other.

        Examples
        --------
        >>> coarse = DriftTable.from_shifts([(0, 0), (7, -3)])
        >>> fine = DriftTable.from_shifts([(0, 0), (0.25, 0.5)])
        >>> coarse.compose(fine).shifts[1]
        array([ 7.25, -2.5 ])
        """
        return self.replace(**table_algebra.composed(self, other))

    def relative_to(self, frame: int) -> Self:
        """Return the table with the shifts relative to another frame.

        That frame then stays where it is, and the others are laid over it.

        Parameters
        ----------
        frame : int
            Which frame; negative numbers count from the end.

        Returns
        -------
        DriftTable
            Standard errors are those of a difference, as if the two frames had been
            measured independently; 0 for the frame itself.

        Raises
        ------
        TypeError, DriftTableError
            If the frame is not there or has no shift.

        Examples
        --------
        >>> DriftTable.from_shifts([(0, 0), (2, -1), (4, 4)]).relative_to(1).shifts
        array([[-2.,  1.],
               [ 0.,  0.],
               [ 2.,  5.]])
        """
        return self.replace(**table_algebra.relative(self, as_frame(frame, len(self))))

    def then(
        self, other: "DriftTable", *, relative_to: int | None = -1, shared: int = 0
    ) -> Self:
        """Return one table for a movie that goes on where this one ends.

        Parameters
        ----------
        other : DriftTable
            Of the piece that follows, along the same axes.
        relative_to : int or None
            The frame of *this* table that the shifts of `other` are relative to: the
            last one, where the second piece was estimated over the last frame of the
            first. None: both are relative to the same thing, an image, say.
        shared : int
            How many frames at the end of this piece come again at the start of
            `other`; they are taken from this one.

        Raises
        ------
        TypeError, DriftTableError
            If the tables do not fit each other, or the frame in between has no shift.

        Examples
        --------
        The pieces share a frame, and each is relative to its own first frame:

        >>> first = DriftTable.from_shifts([(0, 0), (1, 0), (2, 0)])
        >>> second = DriftTable.from_shifts([(0, 0), (0, 5)])
        >>> first.then(second, shared=1).shifts.tolist()
        [[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [2.0, 5.0]]
        """
        origin = None if relative_to is None else as_frame(relative_to, len(self))
        return self.replace(**table_algebra.joined(self, other, origin, shared))

    # To and from files --------------------------------------------------------------

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
    def from_csv(cls, path: str | Path) -> Self:
        """Read a table of shifts: our own, or another program's.

        Tables that `to_csv` wrote; any CSV with the columns ``shift_y, shift_x`` (and
        ``shift_z``); and, told by what is in them, those of napari-correct-drift
        (``Z, Y, X``), of Fiji's Correct 3D Drift (the text file of "Only compute drift
        vectors", or its log), of NanoPyx, and of NanoJ and Fast4DReg, saved from
        ImageJ as CSV. Signs and axes are turned into ours; along z, where such a table
        is 0 in all rows, it becomes one of y and x.

        Raises
        ------
        DriftTableError
            If the file is not such a table; the message says where and why.
        """
        text, source = _read(path), str(path)
        fields = foreign_tables.read(text, source=source)
        return cls(**(fields or table_text.from_csv(text, source=source)))

    def to_json(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the table as JSON.

        Raises
        ------
        FileExistsError
            If `path` exists and `overwrite` is not set.
        """
        _write(path, table_text.to_json(self), overwrite=overwrite)

    @classmethod
    def from_json(cls, path: str | Path) -> Self:
        """Read a table that `to_json` wrote.

        Raises
        ------
        DriftTableError
            If the file is not such a table.
        """
        return cls(**table_text.from_json(_read(path), source=str(path)))

    def to_pandas(self) -> "DataFrame":
        """Return the table as a pandas DataFrame, one row a frame.

        Its columns are those of the CSV; scale, units, options and version are in its
        `attrs`.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        return table_frame.to_pandas(self)

    @classmethod
    def from_pandas(cls, frame: "DataFrame") -> Self:
        """Make a table of a pandas DataFrame that has ``shift_y`` and ``shift_x``.

        Raises
        ------
        DriftTableError
            If columns are missing, or hold something else than numbers.
        """
        return cls(**table_frame.from_pandas(frame))


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
