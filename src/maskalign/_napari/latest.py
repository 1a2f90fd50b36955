"""Quick work beside the window, of which only the newest request counts."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from superqt.utils import FunctionWorker, create_worker

from maskalign._napari.worker import Done, Failed, Outcome, Stop, leaving

__all__ = ["Latest"]

Result = TypeVar("Result")
Work = Callable[[Stop], Result]


class Latest(Generic[Result]):
    """Runs one piece of work at a time; a newer one replaces those that wait.

    `on_end` is called in the thread that made it, with how the newest work ended; what
    a newer request has overtaken is dropped. Nothing is called after `abandon`.

    Parameters
    ----------
    on_end : callable
        Takes a `Done` or a `Failed`.
    """

    def __init__(self, on_end: Callable[[Outcome[Result]], None]) -> None:
        self._on_end: Callable[[Outcome[Result]], None] | None = on_end
        self._waiting: Work[Result] | None = None
        self._stop: Stop | None = None
        # Nothing else keeps a worker.
        self._worker: FunctionWorker[Any] | None = None

    @property
    def busy(self) -> bool:
        """Whether something runs or waits."""
        return self._stop is not None

    def ask(self, work: Work[Result]) -> None:
        """Run `work`, which takes a `Stop`, as soon as what runs now has ended."""
        self._waiting = work
        if self._stop is None:
            self._begin()
        else:
            self._stop.request()

    def forget(self) -> None:
        """Drop what waits and what runs."""
        self._waiting = None
        if self._stop is not None:
            self._stop.request()

    def abandon(self) -> None:
        """Drop everything, and call nobody: whoever asked is gone."""
        self._on_end = None
        self.forget()

    def _begin(self) -> None:
        work, self._waiting = self._waiting, None
        if work is None:
            return
        stop = self._stop = Stop()
        self._worker = create_worker(
            leaving, work, stop, _start_thread=False, _connect={"returned": self._end}
        )
        self._worker.start()

    def _end(self, outcome: Outcome[Result]) -> None:
        stop, self._stop = self._stop, None
        overtaken = self._waiting is not None or (stop is not None and stop.requested)
        self._begin()
        if self._on_end is None or overtaken:
            return
        if isinstance(outcome, (Done, Failed)):
            self._on_end(outcome)
