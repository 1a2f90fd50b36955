"""Peak memory of one piece of work: ``python -m benchmarks.probe WORK [ARGUMENTS]``.

Linux keeps the peak of a process and lets it be reset; nothing is sampled.
"""

import ctypes
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks.fixed_reference import compiled_sums
from benchmarks.scenes import camera_shots
from maskalign import align, register
from maskalign.pipeline.reading import read

_PROCESS = Path("/proc/self")
#: The number that resets the peak, see ``man 5 proc``.
_RESET = "5"


def pair_ours(shape: tuple[int, ...], window: Any) -> Callable[[], Any]:
    """Prepare one refined registration of float32 images."""
    images, valid = _pair(shape)
    return lambda: register(
        *images, reference_mask=valid, moving_mask=valid, max_shift=window
    )


def skimage(shape: tuple[int, ...], _: Any) -> Callable[[], Any]:
    """Prepare scikit-image's registration of the same images."""
    images, valid = _pair(shape)
    return lambda: peers.SKIMAGE_MASKED.call(*images, valid, valid)


def simpleitk(shape: tuple[int, ...], _: Any) -> Callable[[], Any]:
    """Prepare SimpleITK's correlation of the same images."""
    images, valid = _pair(shape)
    return lambda: peers.SIMPLEITK.call(*images, valid, valid)


def movie(n: int, size: int) -> Callable[[], Any]:
    """Prepare a lazy movie that is estimated, then moved frame by frame.

    One frame at a time: how many are worked on at once is the peak's largest part, and
    whether they have their largest moment together is chance.
    """
    shots = camera_shots((size, size), [(0, 0), (3.3, -5.7), (-6.1, 2.2)])

    def frame(block_id: tuple[int, ...] = (0,)) -> NDArray[np.uint16]:
        t = block_id[0]
        noise = np.random.default_rng(t).integers(0, 50, (1, size, size), np.uint16)
        return shots.frames[t % len(shots.frames)] + noise

    frames = da.map_blocks(
        frame,
        chunks=((1,) * n, (size,), (size,)),
        dtype=np.uint16,
        meta=np.empty((0, 0, 0), np.uint16),
    )

    # What numba takes, where it is installed, goes by no frame: a hundred MiB.
    compiled_sums()

    def work() -> None:
        with dask.config.set(num_workers=1):
            aligned, _ = align(frames, mask=shots.valid, max_shift=16)
        for t in range(n):
            # As maskalign reads frames. Of a slice, dask would remember the names.
            read(aligned, (slice(t, t + 1),))

    return work


WORK: dict[str, tuple[Callable[..., Callable[[], Any]], tuple[Any, Any]]] = {
    # With what is small enough to warm up on.
    "pair_ours": (pair_ours, (32, None)),
    "skimage": (skimage, (32, None)),
    "SimpleITK": (simpleitk, (32, None)),
    # Frames enough for Python to have all the small objects that it keeps for later.
    "movie": (movie, (200, 64)),
}


def main(name: str, arguments: str) -> None:
    """Warm up on something small, then print the peak extra memory in bytes."""
    prepare, small = WORK[name]
    given = json.loads(arguments)
    if isinstance(given[0], list):
        small = ([small[0]] * len(given[0]), small[1])
    work = prepare(*given)
    gc.collect()
    prepare(*small)()
    _let_go()
    (_PROCESS / "clear_refs").write_text(_RESET)
    before = _status("VmRSS")
    work()
    print(_status("VmHWM") - before)


def _pair(shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    shots = camera_shots(
        tuple(shape), [(0,) * len(shape), (1.2, -3.4, 4.7)[-len(shape) :]]
    )
    return shots.frames.astype(np.float32), shots.valid


def _let_go() -> None:
    """Give back what the scene took to make, or it would serve the work unseen."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _status(key: str) -> int:
    for line in (_PROCESS / "status").read_text("ascii").splitlines():
        if line.startswith(f"{key}:"):
            return 1024 * int(line.split()[1])
    msg = f"/proc/self/status has no {key}."
    raise OSError(msg)


if __name__ == "__main__":
    main(*sys.argv[1:])
