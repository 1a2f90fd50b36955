"""Whole drifts: errors of every strategy, and what bad frames do."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Table, verdict
from benchmarks.scenes import VIEW, WHOLE, field, moved
from maskalign import DriftTable, estimate_drift

__all__ = ["drift"]

_FRAMES, _STEP, _BLEACHED = 40, 0.6, 0.99
#: Share of a new scene that each frame of a changing one brings.
_NEW = 0.25
_MAX_SHIFT = 16
_STRATEGIES = ("first", "previous", "rolling", "mean", "redundant")
_WITHIN = 68
#: RMSE in pixels to be reached, by strategy and movie.
_TARGETS = {
    ("redundant", "SNR 1, static"): 0.028,
    ("redundant", "SNR 1, changing"): 0.073,
    ("redundant", "SNR 0.5, changing"): 0.13,
    ("redundant", "SNR 0.35, changing"): 0.24,
    ("mean", "SNR 1, static"): 0.025,
}
#: How far bad frames may move the shifts of good ones, pixels.
_MOVED = 0.1
_SEED = 1000


@dataclass(frozen=True, slots=True)
class _Scene:
    name: str
    snr: float
    changing: bool


_SCENES = (
    _Scene("SNR 1, static", 1, changing=False),
    _Scene("SNR 1, changing", 1, changing=True),
    _Scene("SNR 0.5, changing", 0.5, changing=True),
    _Scene("SNR 0.35, changing", 0.35, changing=True),
)


def drift(*, quick: bool) -> list[Table]:
    """Measure the error of whole drifts, and the harm that bad frames do."""
    seeds = range(_SEED, _SEED + (1 if quick else 4))
    return [_errors(seeds), _bad_frames(seeds)]


def _errors(seeds: range) -> Table:
    rows = []
    for scene in _SCENES:
        movies = [_movie(seed, scene) for seed in seeds]
        for strategy in _STRATEGIES:
            found = [_estimate(movie, strategy) for movie, _ in movies]
            paths = [path for _, path in movies]
            rows.append(_row(scene, strategy, found, paths))
    note = (
        f"RMSE of one axis, pixels, relative to frame 0, over {len(seeds)} movies of "
        f"{_FRAMES} frames of {VIEW}² float32: a random walk of {_STEP} px a frame, "
        f"bleaching 1 % a frame; in a changing scene each frame is sqrt(1 - "
        f"{_NEW}²) times the last one and {_NEW} times a new one. max_shift="
        f"{_MAX_SHIFT}. Within 1 sigma: share of errors below their shift_std, "
        f"{_WITHIN} % if it is exact."
    )
    columns = ("movie", "strategy", "RMSE", "target", "met", "within 1 sigma", "ok")
    return Table("Drift of movies", columns, tuple(rows), (note,))


def _row(
    scene: _Scene,
    strategy: str,
    found: list[DriftTable],
    paths: list[NDArray[np.float64]],
) -> tuple[str, ...]:
    errors = np.array(
        [table.shifts - path for table, path in zip(found, paths, strict=True)]
    )[:, 1:]
    sigma = np.array([table.shift_std for table in found])[:, 1:]
    rmse = float(np.sqrt(np.mean(errors**2)))
    target = _TARGETS.get((strategy, scene.name))
    return (
        scene.name,
        strategy,
        f"{rmse:.3f}",
        "-" if target is None else f"<= {target:g}",
        verdict(None if target is None else rmse <= target),
        f"{100 * np.mean(abs(errors) <= sigma):.0f} %",
        f"{100 * np.mean([table.ok.mean() for table in found]):.0f} %",
    )


def _bad_frames(seeds: range) -> Table:
    """Spoil one frame in ten, and compare with the same movie unspoilt."""
    rows = []
    clean = _Scene("", 2, changing=False)
    movies = [_movie(seed, clean)[0] for seed in seeds]
    for strategy in _STRATEGIES:
        named = bad = 0
        moved_by = 0.0
        for seed, movie in zip(seeds, movies, strict=True):
            spoilt, frames = _spoilt(movie, seed)
            table = _estimate(spoilt, strategy)
            good = np.setdiff1d(np.arange(_FRAMES), frames)
            change = table.shifts[good] - _estimate(movie, strategy).shifts[good]
            moved_by = max(moved_by, float(np.max(abs(change))))
            named += np.count_nonzero(~table.ok[frames])
            bad += len(frames)
        met = named == bad and moved_by <= _MOVED
        rows.append(
            (
                strategy,
                f"{named} of {bad}",
                f"{moved_by:.3f} px",
                f"all; <= {_MOVED} px",
                verdict(met),
            )
        )
    note = (
        f"{len(seeds)} movies of {_FRAMES} frames, SNR 2, of which one frame in ten is "
        "blank, saturated, NaN or noise: how many of them have a status that is not "
        "ok, and how far the shifts of the others are from those without bad frames."
    )
    columns = ("strategy", "bad frames named", "others moved by", "target", "met")
    return Table("Bad frames", columns, tuple(rows), (note,))


def _estimate(movie: NDArray[np.float32], strategy: str) -> DriftTable:
    return estimate_drift(movie, reference=strategy, max_shift=_MAX_SHIFT)


def _movie(seed: int, scene: _Scene) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return a movie and its shifts relative to frame 0."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(scale=_STEP, size=(_FRAMES, 2))
    steps[0] = 0
    path = np.cumsum(steps, axis=0)
    frames = [
        _BLEACHED**t * seen + rng.normal(size=seen.shape) / scene.snr
        for t, seen in enumerate(_views(rng, path, changing=scene.changing))
    ]
    return np.stack(frames).astype(np.float32), path


def _views(
    rng: np.random.Generator, path: NDArray[np.float64], *, changing: bool
) -> Iterator[NDArray[np.float64]]:
    corner = (WHOLE - VIEW) // 2
    view = (slice(corner, corner + VIEW),) * 2
    whole = field(rng)
    for t, shift in enumerate(path):
        if changing and t:
            whole = np.sqrt(1 - _NEW**2) * whole + _NEW * field(rng)
        yield moved(whole, -shift)[view]


def _spoilt(
    movie: NDArray[np.float32], seed: int
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return a movie with bad frames, none of them the first, and their numbers."""
    rng = np.random.default_rng(seed)
    out = movie.copy()
    frames = np.sort(1 + rng.permutation(_FRAMES - 1)[: _FRAMES // 10])
    for k, t in enumerate(frames):
        if k % 4 == 0:
            out[t] = 1
        elif k % 4 == 1:
            out[t] = np.minimum(out[t], np.quantile(out[t], 0.3))
        elif k % 4 == 2:
            out[t] = np.nan
        else:
            out[t] = rng.normal(size=out[t].shape)
    return out, frames
