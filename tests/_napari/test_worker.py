import threading
import time
import warnings

import pytest

from maskalign import StaticStructureWarning
from maskalign._napari.worker import Cancelled, Done, Failed, Job


class Log:
    """What a job called back, and in which thread."""

    def __init__(self):
        self.steps, self.outcomes, self.threads = [], [], set()
        self.warnings = []

    def take(self, steps):
        self.steps += steps
        self.threads.add(threading.current_thread())

    def warn(self, text):
        self.warnings.append(text)
        self.threads.add(threading.current_thread())

    def end(self, outcome):
        self.outcomes.append(outcome)
        self.threads.add(threading.current_thread())


@pytest.fixture
def log():
    return Log()


def started(work, log, total=3):
    job = Job(
        work,
        total=total,
        title="Test",
        on_steps=log.take,
        on_warning=log.warn,
        on_end=log.end,
    )
    job.start()
    return job


def test_steps_and_result_come_back_to_the_thread_that_asked(qtbot, log):
    worked_in = set()

    def work(stop):
        for step in stop.watch(range(3)):
            worked_in.add(threading.current_thread())
            yield step
        return "result"

    _job = started(work, log)
    qtbot.waitUntil(lambda: bool(log.outcomes), timeout=5000)
    assert log.steps == [0, 1, 2]
    assert log.outcomes == [Done("result")]
    assert log.threads == {threading.main_thread()}
    assert threading.main_thread() not in worked_in


def test_our_warnings_come_back_others_do_not(qtbot, log):
    def work(stop):
        warnings.warn("mask it", StaticStructureWarning, stacklevel=2)
        warnings.warn("somebody else's", DeprecationWarning, stacklevel=2)
        yield 0

    _job = started(work, log)
    qtbot.waitUntil(lambda: bool(log.outcomes), timeout=5000)
    assert log.warnings == ["mask it"]
    assert log.threads == {threading.main_thread()}


@pytest.mark.parametrize(
    "error", [RuntimeError("r"), ValueError("v"), MemoryError("m"), StopIteration("s")]
)
def test_every_error_comes_back_once_as_a_value(qtbot, log, error):
    def work(stop):
        yield 0
        raise error

    _job = started(work, log)
    qtbot.waitUntil(lambda: bool(log.outcomes), timeout=5000)
    qtbot.wait(50)
    (outcome,) = log.outcomes
    assert isinstance(outcome, Failed)
    # Python turns a StopIteration that leaves a generator into a RuntimeError.
    assert error in (outcome.error, outcome.error.__cause__)


def test_cancelling_leaves_the_work_and_closes_what_it_held(qtbot, log):
    closed = threading.Event()
    gate = threading.Event()

    def rows():
        try:
            while gate.wait(5):
                yield 0
        finally:
            closed.set()

    def work(stop):
        yield from stop.watch(rows())

    job = started(work, log)
    job.cancel()
    gate.set()
    qtbot.waitUntil(lambda: bool(log.outcomes), timeout=5000)
    assert log.outcomes == [Cancelled()]
    assert closed.wait(5)


def test_an_abandoned_job_stops_and_calls_nobody(qtbot, log):
    gate, left = threading.Event(), threading.Event()

    def work(stop):
        try:
            gate.wait(5)
            yield from stop.watch(range(10**6))
        finally:
            left.set()

    job = started(work, log)
    job.abandon()
    gate.set()
    assert left.wait(5)
    qtbot.wait(50)
    assert not log.steps
    assert not log.outcomes


def test_a_worker_that_napari_stops_ends_as_cancelled(qtbot, log):
    from napari.qt.threading import WorkerBase

    gate = threading.Event()

    def work(stop):
        yield 0
        gate.wait(5)
        yield 1
        yield 2

    _job = started(work, log)
    qtbot.waitUntil(lambda: log.steps == [0], timeout=5000)
    # What closing the window does.
    for worker in list(WorkerBase._worker_set):
        worker.quit()
    gate.set()
    qtbot.waitUntil(lambda: bool(log.outcomes), timeout=5000)
    assert log.outcomes == [Cancelled()]


def test_a_window_that_is_slower_than_the_work_is_not_flooded(qtbot, qapp, log):
    """napari's progress bar deals with what is waiting each time that it is moved."""
    inside, deepest = 0, 0

    def take(steps):
        nonlocal inside, deepest
        inside += 1
        deepest = max(deepest, inside)
        time.sleep(0.002)
        qapp.processEvents()
        log.take(steps)
        inside -= 1

    def work(stop):
        yield from stop.watch(range(5000))
        return "result"

    job = Job(
        work,
        total=5000,
        title="Test",
        on_steps=take,
        on_warning=log.warn,
        on_end=log.end,
    )
    job.start()
    qtbot.waitUntil(lambda: bool(log.outcomes), timeout=20_000)
    assert log.steps == list(range(5000))
    assert log.outcomes == [Done("result")]
    assert deepest == 1


def test_a_step_that_comes_while_another_is_dealt_with_does_not_wait(qtbot, log):
    second, gate = threading.Event(), threading.Event()

    def work(stop):
        yield 0
        yield 1
        second.set()
        gate.wait(5)
        yield 2

    def take(steps):
        second.wait(5)
        log.take(steps)

    job = Job(
        work,
        total=3,
        title="Test",
        on_steps=take,
        on_warning=log.warn,
        on_end=log.end,
    )
    job.start()
    qtbot.waitUntil(lambda: log.steps == [0, 1], timeout=5000)
    gate.set()
    qtbot.waitUntil(lambda: bool(log.outcomes), timeout=5000)
    assert log.steps == [0, 1, 2]
