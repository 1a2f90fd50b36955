"""Align real movies with every strategy; draw the pictures of docs/real-movies.md.

The movies are public, with the origins that the page names, but not in this repository:

    python docs/make_real_movies.py FOLDER [NAME]...

FOLDER holds a folder for each, with the files named below. The tables of the page are
printed; the pictures go to docs/img.
"""

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from maskalign import DriftTable, apply_drift, estimate_drift
from maskalign.io.plot_style import ALARM, COLOURS, FAINT, INK
from maskalign.model.options import STRATEGIES

IMAGES = Path(__file__).parent / "img"


@dataclass(frozen=True)
class Case:
    """A movie and how it is aligned."""

    title: str
    load: Callable[[Path], Any]
    options: dict[str, Any] = field(default_factory=dict)
    #: File with the mask, non-zero where a pixel may be used.
    mask: str = ""
    #: The strategy that is drawn before and after.
    drawn: str = "redundant"


def _read(name: str, *pick: Any) -> Callable[[Path], Any]:
    return lambda folder: tifffile.imread(folder / name)[pick]


ALL = slice(None)
CASES = {
    "retina": Case(
        "Living retina, scanning-laser ophthalmoscope",
        _read("ao_slo_retina/stack.tif"),
        {"max_shift": 80},
        mask="ao_slo_retina/mask.tif",
    ),
    "organoid": Case(
        "Organoid, light sheet, 3-D, cytosol",
        _read("organoid_3dt_2ch/stack.tif", ALL, ALL, 0),
        {"max_shift": (6, 12, 16)},
    ),
    "haadf": Case(
        "Needle, tilt series, HAADF-STEM",
        _read("etspy_haadf_tilt/stack.tif"),
        {"max_shift": 60},
    ),
    "rounds-2": Case(
        "MERFISH rounds, beads out of focus (channel 2)",
        _read("merlin_multiround/fov0.tif", ALL, 2),
        {"max_shift": 16},
    ),
    "rounds-3": Case(
        "MERFISH rounds, another channel of the beads (3)",
        _read("merlin_multiround/fov0.tif", ALL, 3),
        {"max_shift": 16},
    ),
    "rounds-0": Case(
        "MERFISH rounds, spots of different RNA (channel 0)",
        _read("merlin_multiround/fov0.tif", ALL, 0),
        {"max_shift": 16},
        drawn="first",
    ),
    "rounds-1": Case(
        "MERFISH rounds, spots of different RNA (channel 1)",
        _read("merlin_multiround/fov0.tif", ALL, 1),
        {"max_shift": 16},
        drawn="first",
    ),
    "beads": Case(
        "Beads stuck to glass, nothing moves",
        _read("trackpy_stuck_beads/stack.tif"),
        {"max_shift": 16},
    ),
    "cells": Case(
        "Migrating cancer cells",
        _read("small_bio_timelapses/cancer_cell_migration_crop.tif"),
        {"max_shift": 40},
    ),
}


def main(folder: Path, names: list[str]) -> None:
    """Align the movies and draw them."""
    for name in names or CASES:
        case = CASES[name]
        movie = case.load(folder)
        mask = tifffile.imread(folder / case.mask) > 0 if case.mask else None
        tables = {}
        print(f"\n### {case.title}\n")  # noqa: T201
        print("| strategy | largest shift | ncc | sigma | residual | frames |")  # noqa: T201
        print("|---|---|---|---|---|---|")  # noqa: T201
        for strategy in STRATEGIES:
            start = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                table = estimate_drift(
                    movie, reference=strategy, mask=mask, **case.options
                )
            seconds = time.perf_counter() - start
            tables[strategy] = table
            print(_row(strategy, table))  # noqa: T201
            print(f"{name} {strategy}: {seconds:.1f} s", file=sys.stderr)  # noqa: T201
        figure = _figure(case, movie, tables)
        figure.savefig(IMAGES / f"real-{name}.png", dpi=90)


def _row(strategy: str, table: DriftTable) -> str:
    ok = table.ok & (np.arange(len(table)) != table.reference_frame)

    def middle(values: Any) -> str:
        values = values[ok] if ok.any() else np.array([np.nan])
        known = values[np.isfinite(values)]
        return f"{np.median(known):.3f}" if known.size else "-"

    lengths = np.linalg.norm(table.shifts, axis=1)
    largest = f"{lengths[table.ok].max():.2f}"
    frames = ", ".join(f"{n} {word}" for word, n in table.counts().items())
    return (
        f"| {strategy} | {largest} | {middle(table.ncc)} | {middle(table.shift_std)} "
        f"| {middle(table.residual)} | {frames} |"
    )


def _figure(case: Case, movie: Any, tables: dict[str, DriftTable]) -> Figure:
    """Draw a line of pixels over time, before and after, and all drifts."""
    figure = Figure(figsize=(10, 5.2), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    figure.suptitle(case.title, x=0.01, ha="left", weight="bold", color=INK)
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    table = tables[case.drawn]
    aligned = apply_drift(movie, table.repaired()).compute()
    flat = movie.max(axis=1) if movie.ndim == 4 else movie
    moved = aligned.max(axis=1) if movie.ndim == 4 else aligned
    _kymographs(left, flat, moved, case.drawn)
    _drifts(right, tables)
    return figure


def _kymographs(part: Any, before: Any, after: Any, drawn: str) -> None:
    grid = part.subplots(2, 1, sharex=True)
    row, width = before.shape[1] // 2, before.shape[2]
    # So wide that single pixels can be seen.
    shown = slice(max(width // 2 - 150, 0), width // 2 + 150)
    limits = np.percentile(before[:, row, shown], (1, 99.5))
    for axes, movie, title in (
        (grid[0], before, "as recorded"),
        (grid[1], after, f"aligned, {drawn}"),
    ):
        axes.imshow(
            movie[:, row, shown],
            cmap="gray",
            extent=(shown.start, min(shown.stop, width), len(movie) - 0.5, -0.5),
            aspect="auto",
            interpolation="nearest",
            vmin=limits[0],
            vmax=limits[1],
        )
        axes.set_title(f"Row {row} over time, {title}", size=9, loc="left", color=INK)
        axes.set_ylabel("frame", color=INK)
    grid[1].set_xlabel("x, pixels", color=INK)


def _drifts(part: Any, tables: dict[str, DriftTable]) -> None:
    axes_names = next(iter(tables.values())).axes.lower()
    grid = part.subplots(len(axes_names) + 1, 1, sharex=True)
    for k, letter in enumerate(axes_names):
        for colour, (strategy, table) in zip(_colours(), tables.items(), strict=False):
            frames = np.arange(len(table))
            good = np.where(table.ok, table.drift[:, k], np.nan)
            grid[k].plot(frames, good, color=colour, lw=1.2, label=strategy)
            bad = ~table.ok
            grid[k].plot(
                frames[bad], table.drift[bad, k], "x", color=colour, ms=4, alpha=0.6
            )
        grid[k].set_ylabel(f"drift {letter}, px", color=INK)
    for colour, table in zip(_colours(), tables.values(), strict=False):
        frames = np.arange(len(table))
        grid[-1].plot(frames, np.where(table.ok, table.ncc, np.nan), color=colour, lw=1)
        grid[-1].plot(
            frames[~table.ok], table.ncc[~table.ok], "x", color=colour, ms=4, alpha=0.6
        )
    grid[-1].set_ylabel("NCC", color=INK)
    grid[-1].set_xlabel("frame (x: not ok)", color=INK)
    grid[0].legend(ncols=3, fontsize=7, frameon=False, loc="best")
    for axes in grid:
        axes.grid(color=FAINT, lw=0.5)
        axes.spines[["top", "right"]].set_visible(False)


def _colours() -> list[Any]:
    return [*COLOURS.values(), ALARM, INK]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
