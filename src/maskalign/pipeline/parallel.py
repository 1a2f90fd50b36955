"""Work over many frames, spread over the cores, in order and with bounded memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import dask
from dask.base import is_dask_collection
from dask.system import CPU_COUNT

from maskalign.pipeline.reading import on_cluster

__all__ = ["compute", "in_order", "n_workers"]

T = TypeVar("T")
R = TypeVar("R")


def n_workers() -> int:
    """Return how many frames to work on at once: dask's setting, or the cores."""
    return int(dask.config.get("num_workers", None) or CPU_COUNT)


def compute(lazy: Any) -> Any:
    """Compute a dask object, or return an array as it is.

    The calling thread is one of ours, so dask needs no threads of its own; a cluster,
    where one is connected, is used as usual.
    """
    if not is_dask_collection(lazy):
        return lazy
    if on_cluster():
        return lazy.compute()
    # dask's callbacks are for one thread alone; napari's cache, one of them, fails
    # where the viewer draws while frames are read here.
    return lazy.compute(scheduler="synchronous", callbacks=())


def in_order(
    function: Callable[[T], R], items: Iterable[T], *, workers: int
) -> Iterator[R]:
    """Yield ``function(item)`` for each item, in order, computed on threads.

    At most two results for each worker exist ahead of the one that is yielded, so
    memory does not grow with the number of items. Closing the generator drops what
    has not begun and waits for what has.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="maskalign") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                # What is done with is held by nobody.
                del item
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
