"""Peak memory: of one masked pair, and of movies of different length."""

import json
import os
import subprocess
import sys
from statistics import median

from benchmarks import peers
from benchmarks.report import Table, verdict

__all__ = ["memory"]

_MIB = 2**20
_PAIR_COLUMNS = (
    "work",
    "ours, images",
    "target",
    "met",
    "scikit-image, images",
    "SimpleITK, images",
    "one image, MiB",
)
_MOVIE_COLUMNS = ("work", "peak of the short one, MiB", "of the long one, MiB", "ratio")
#: A movie's peak may grow by this much.
_GROWTH = 1.1
_MOVIE_RUNS = 3
#: A setting of glibc: arrays from this size on are given back when they are done with.
_GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536"}


def memory(*, quick: bool) -> list[Table]:
    """Measure each peak in a fresh process."""
    return [_pairs(quick=quick), _movies(quick=quick)]


def _pairs(*, quick: bool) -> Table:
    flat = (512, 512) if quick else (1024, 1024)
    deep = (12, 128, 128) if quick else (24, 256, 256)
    rows = []
    for shape, window in ((flat, (64, 64)), (deep, (6, 32, 32))):
        size = "x".join(map(str, shape))
        one = 4 * _product(shape)
        # The peers know no window: they are asked once.
        others = [
            _in_images(_pair_peak(peer, shape, None), one)
            for peer in (peers.SKIMAGE_MASKED, peers.SIMPLEITK)
        ]
        for label, limit, target in (
            (f"max_shift={window}", window, 12),
            ("every lag", None, 40),
        ):
            peak = _peak("pair_ours", shape, limit) / one
            rows.append(
                (
                    f"masked pair, {size} float32, {label}, refined",
                    f"{peak:.1f}",
                    f"<= {target}",
                    verdict(peak <= target),
                    *others,
                    f"{one / _MIB:.3g}",
                )
            )
    note = (
        "Peak memory of the process above what it held with the images loaded and "
        "everything imported, one call in a fresh process, in units of one float32 "
        "image. The peers compute every lag in either case; ours leaves out those at "
        "which the overlap cannot be large enough."
    )
    return Table("Memory of one pair", _PAIR_COLUMNS, tuple(rows), (note,))


def _movies(*, quick: bool) -> Table:
    size, short, long = (256, 20, 100) if quick else (512, 60, 1200)
    # How memory that was given back is cut up is chance.
    peaks = [
        median(_peak("movie", n, size) for _ in range(_MOVIE_RUNS))
        for n in (short, long)
    ]
    ratio = peaks[1] / peaks[0]
    row = (
        f"lazy movie of {short} or {long} frames, {size}² uint16, mask, estimated and "
        "moved",
        *(f"{peak / _MIB:.1f}" for peak in peaks),
        f"{ratio:.2f}",
        f"<= {_GROWTH}",
        verdict(ratio <= _GROWTH),
    )
    note = (
        "Peak memory above what the process held before the estimate, one frame at a "
        f"time, the median of {_MOVIE_RUNS} processes; frames are made when they are "
        "read, and dropped when they have been moved."
    )
    columns = (*_MOVIE_COLUMNS, "target", "met")
    return Table("Memory of a movie", columns, (row,), (note,))


def _pair_peak(
    peer: peers.Peer, shape: tuple[int, ...], window: tuple[int, ...] | None
) -> float | None:
    return _peak(peer.module, shape, window) if peer.installed else None


def _peak(work: str, *arguments: object) -> float:
    """Return the peak extra memory of some work in a process of its own, bytes."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.probe", work, json.dumps(arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | (_GIVE_BACK if work == "movie" else {}),
    )
    return float(done.stdout.splitlines()[-1])


def _in_images(peak: float | None, one: int) -> str:
    return "not installed" if peak is None else f"{peak / one:.0f}"


def _product(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size
