import threading

import pytest

from maskalign._napari.latest import Latest
from maskalign._napari.worker import Done, Failed


@pytest.fixture
def ended():
    return []


@pytest.fixture
def latest(qapp, ended):
    return Latest(ended.append)


def test_what_is_asked_for_comes_back_to_the_thread_that_asked(qtbot, ended):
    threads = []
    latest = Latest(lambda end: threads.append(threading.current_thread()))
    latest.ask(lambda stop: threads.append(threading.current_thread()))
    qtbot.waitUntil(lambda: len(threads) == 2, timeout=5000)
    assert threads[1] is threading.main_thread()
    assert threads[0] is not threading.main_thread()


def test_only_the_newest_counts(qtbot, latest, ended):
    gate, run = threading.Event(), []

    def first(stop):
        gate.wait(5)
        return "first"

    latest.ask(first)
    for k in range(5):
        latest.ask(lambda stop, k=k: run.append(k) or k)
    gate.set()
    qtbot.waitUntil(lambda: bool(ended), timeout=5000)
    qtbot.wait(50)
    assert ended == [Done(4)]
    assert run == [4]
    assert not latest.busy


def test_an_error_is_a_value_and_the_next_one_runs(qtbot, latest, ended):
    error = RuntimeError("oh")

    def fail(stop):
        raise error

    latest.ask(fail)
    qtbot.waitUntil(lambda: bool(ended), timeout=5000)
    assert ended == [Failed(error)]
    latest.ask(lambda stop: 1)
    qtbot.waitUntil(lambda: len(ended) == 2, timeout=5000)
    assert ended[1] == Done(1)


@pytest.mark.parametrize("how", ["forget", "abandon"])
def test_what_is_dropped_calls_nobody(qtbot, latest, ended, how):
    gate, left = threading.Event(), threading.Event()

    def work(stop):
        gate.wait(5)
        left.set()

    latest.ask(work)
    latest.ask(work)
    getattr(latest, how)()
    gate.set()
    assert left.wait(5)
    qtbot.wait(100)
    assert ended == []
    assert not latest.busy
