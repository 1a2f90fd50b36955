"""What a person wants to know of a drift table, in several lines."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from maskalign.model.drift_columns import DriftColumns
from maskalign.model.frame_numbers import frame_list
from maskalign.model.movie import PIXEL

__all__ = ["summary"]

#: Runs of frames that are listed for a status.
_MOST_RUNS = 8
#: Options that the summary tells by themselves, or that say nothing.
_TOLD = ("reference", "source", "map_above")


def summary(table: DriftColumns) -> str:
    """Return the summary; see `DriftTable.summary`."""
    return "\n".join(_lines(table))


def _lines(table: DriftColumns) -> Iterator[str]:
    frames = f"{len(table)} frame" + "s" * (len(table) != 1)
    yield f"{frames}, axes {', '.join(table.axes.lower())}{_pixel(table)}"
    for word, n in table.counts().items():
        noun = "frame" if n == 1 else "frames"
        listed = _shortened(np.flatnonzero(table.status == word))
        yield f"  {n} {word}: {noun} {listed}"
    (good,) = np.nonzero(table.ok)
    measured = good[table.reference_frame[good] != good]
    if good.size:
        yield _largest(table, good)
    if good.size > 1:
        yield _steps(table, good)
    figures = list(_figures(table, measured))
    if figures:
        yield "; ".join(figures)
    yield from _origin(table)


def _pixel(table: DriftColumns) -> str:
    if not table.scale or set(table.units) == {PIXEL}:
        return ""
    sizes = " x ".join(f"{size:.4g}" for size in table.scale)
    units = list(dict.fromkeys(table.units))
    if len(units) < 2:
        return f"; 1 pixel = {sizes} {''.join(units)}".rstrip()
    pairs = zip(table.scale, table.units, strict=True)
    return "; 1 pixel = " + " x ".join(f"{size:.4g} {unit}" for size, unit in pairs)


def _shortened(frames: NDArray[np.intp]) -> str:
    runs = frame_list(frames).split(", ")
    return ", ".join(runs[:_MOST_RUNS]) + ", ..." * (len(runs) > _MOST_RUNS)


def _largest(table: DriftColumns, good: NDArray[np.intp]) -> str:
    lengths = np.linalg.norm(table.drift[good], axis=1)
    at = int(lengths.argmax())
    text = f"Largest drift: {lengths[at]:.2f} px"
    units = set(table.units)
    if table.scale and len(units) == 1 and units != {PIXEL}:
        (unit,) = units
        length = np.linalg.norm(table.drift[good[at]] * table.scale)
        text += f" ({length:.3g} {unit})"
    return f"{text}, frame {good[at]}"


def _steps(table: DriftColumns, good: NDArray[np.intp]) -> str:
    """Tell how far a frame is from the one before it; gaps are shared out evenly."""
    steps = np.linalg.norm(np.diff(table.shifts[good], axis=0), axis=1) / np.diff(good)
    at = int(steps.argmax())
    return (
        f"From frame to frame: median {np.median(steps):.2f} px, at most "
        f"{steps[at]:.2f} px (frame {good[at + 1]})"
    )


def _figures(table: DriftColumns, measured: NDArray[np.intp]) -> Iterator[str]:
    ncc = table.ncc[measured]
    if np.isfinite(ncc).any():
        yield f"Mean ncc {np.nanmean(ncc):.3f}"
    std = table.shift_std[measured]
    if np.isfinite(std).any():
        yield f"median sigma {np.nanmedian(std):.2g} px"
    residual = table.residual[measured]
    if np.isfinite(residual).any():
        yield f"median residual {np.nanmedian(residual):.2g} px"
    median = table.map_median[measured]
    if np.isfinite(median).any():
        share = _share(table, measured)
        yield f"median of the ncc maps {np.nanmedian(median):.2f}{share}"


def _share(table: DriftColumns, measured: NDArray[np.intp]) -> str:
    share, above = table.map_share[measured], table.options.get("map_above")
    if above is None or not np.isfinite(share).any():
        return ""
    return f" ({100 * np.nanmedian(share):.0f} % above {above:g})"


def _origin(table: DriftColumns) -> Iterator[str]:
    options = dict(table.options)
    reference = options.get("reference")
    if reference is not None:
        yield f"Reference: {reference}"
    source = f" from a table of {options['source']}" if "source" in options else ""
    if table.version:
        source = f" with maskalign {table.version}{source}"
    if source:
        told = [
            f"{name}={value}"
            for name, value in options.items()
            if name not in _TOLD and value not in (None, [])
        ]
        yield f"Made{source}" + (f": {', '.join(told)}" if told else "")
