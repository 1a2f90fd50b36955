"""Long work beside the window: a job that ends exactly once, however it ends."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

from napari.qt.threading import create_worker
from qtpy.QtCore import QTimer

__all__ = ["Cancelled", "Done", "Failed", "Job", "Outcome", "Stop", "leaving"]

#: Milliseconds for which steps are gathered: each bunch makes the window paint anew.
_REST = 50

Step = TypeVar("Step")
Result = TypeVar("Result")
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Done(Generic[Result]):
    """The work came to its end."""

    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """The work raised an error."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The work was stopped on request."""


Outcome: TypeAlias = Done[Result] | Failed | Cancelled
#: What a job runs: a generator that yields a step now and then and returns its result.
Work: TypeAlias = Callable[["Stop"], Generator[Step, None, Result]]


class _StopRequestedError(Exception):
    """Leaves the work from wherever it is."""


class Stop:
    """A request to stop, made by one thread and found by another."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        """Ask the work to stop."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether somebody has asked the work to stop."""
        return self._event.is_set()

    def leave(self) -> NoReturn:
        """Leave the work, keeping nothing."""
        raise _StopRequestedError

    def watch(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield `items`, and leave the work between two of them when asked to."""
        for item in items:
            if self._event.is_set():
                raise _StopRequestedError
            yield item


def settle(
    work: Work[Step, Result], stop: Stop
) -> Generator[Step, None, Outcome[Result]]:
    """Run `work` and return how it ended: a failure, too, is a value.

    The thread machinery below drops a RuntimeError that a generator raises, without a
    signal, and reports others in ways that differ between the bindings of Qt.
    """
    try:
        return Done((yield from work(stop)))
    except _StopRequestedError:
        return Cancelled()
    except Exception as error:  # noqa: BLE001 - handed to the window, which shows it
        return Failed(error)


def leaving(work: Callable[[Stop], Result], stop: Stop) -> Outcome[Result]:
    """Run work that has no steps, and return how it ended."""
    try:
        return Done(work(stop))
    except _StopRequestedError:
        return Cancelled()
    except Exception as error:  # noqa: BLE001 - as above
        return Failed(error)


class Job(Generic[Step, Result]):
    """Work in a thread of its own, with progress in napari's activity dock.

    Callbacks run in the thread that made the job. `on_end` is called exactly once,
    unless the job is abandoned: then nothing is called any more.

    Steps are handed over in bunches, the next one when the last has been dealt with.
    One signal a step would flood a window that is slower than the work; and napari's
    progress bar deals with whatever is waiting each time that it is moved, so that the
    steps would be dealt with inside one another, until Python gives up.

    Parameters
    ----------
    work : callable
        Takes a `Stop` and returns a generator; what it yields goes to `on_step`.
    total : int
        Number of steps to expect.
    title : str
        What the activity dock calls it.
    on_steps, on_warning, on_end : callable
        Take a list of steps; take the text of a warning of ours; take the `Outcome`.
    """

    def __init__(
        self,
        work: Work[Step, Result],
        *,
        total: int,
        title: str,
        on_steps: Callable[[list[Step]], None],
        on_warning: Callable[[str], None],
        on_end: Callable[[Outcome[Result]], None],
    ) -> None:
        self._stop = Stop()
        self._on_steps: Callable[[list[Step]], None] | None = on_steps
        self._on_warning: Callable[[str], None] | None = on_warning
        self._on_end: Callable[[Outcome[Result]], None] | None = on_end
        # Steps that are still to be handed over, and whether a signal is on its way.
        self._steps: list[Step] = []
        self._told = False
        self._lock = threading.Lock()
        self._worker: Any = create_worker(
            self._run,
            work,
            _start_thread=False,
            # With a total, napari would count signals.
            _progress={"desc": title},
            _connect={
                "yielded": self._hand_over,
                "returned": self._end,
                "aborted": self._aborted,
                "warned": self._warned,
            },
            # `settle` lets no error out.
            _ignore_errors=True,
        )
        self._worker.pbar.total = total

    def start(self) -> None:
        """Begin."""
        self._worker.start()

    def cancel(self) -> None:
        """Ask the work to stop; `on_end` says when it has."""
        self._stop.request()

    def abandon(self) -> None:
        """Ask the work to stop, and call nobody: whoever asked is gone."""
        self._on_steps = self._on_warning = self._on_end = None
        self._stop.request()

    def _run(self, work: Work[Step, Result]) -> Generator[None, None, Outcome[Result]]:
        """Run in the other thread: settle the work, and tell of its steps."""
        steps = settle(work, self._stop)
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                outcome: Outcome[Result] = end.value
                return outcome
            with self._lock:
                self._steps.append(step)
                tell, self._told = not self._told, True
            # napari stops its workers where they yield.
            if tell or self._worker.abort_requested:
                yield

    def _hand_over(self, _signal: Any = None) -> None:
        """Deal with the steps that are there, and soon with those that follow."""
        self._deal()
        QTimer.singleShot(_REST, self._look_again)

    def _look_again(self) -> None:
        with self._lock:
            self._told = bool(self._steps)
        if self._told:
            self._hand_over()

    def _deal(self) -> None:
        with self._lock:
            steps, self._steps = self._steps, []
        if steps and self._on_steps is not None:
            self._on_steps(steps)
            self._worker.pbar.update(len(steps))

    def _end(self, outcome: Outcome[Result]) -> None:
        self._deal()
        on_end, self._on_steps, self._on_end = self._on_end, None, None
        if on_end is not None:
            on_end(outcome)

    def _warned(self, details: tuple[Any, ...]) -> None:
        # As `warnings.showwarning` gets them. napari 0.9 shows no warnings of workers.
        message, category, *_ = details
        ours = category.__module__.startswith("maskalign")
        if ours and self._on_warning is not None:
            self._on_warning(str(message))

    def _aborted(self) -> None:
        """End when napari itself stops its workers, as it does on closing."""
        self._end(Cancelled())
