import threading

import dask.array as da
import numpy as np
import pytest

from maskalign.pipeline.parallel import compute, in_order


@pytest.mark.parametrize("workers", [1, 3])
def test_results_come_in_order_and_items_are_taken_as_needed(workers):
    taken = []

    def items():
        for k in range(100):
            taken.append(k)
            yield k

    results = in_order(lambda k: -k, items(), workers=workers)
    assert [next(results) for _ in range(5)] == [0, -1, -2, -3, -4]
    assert len(taken) <= 5 + 2 * workers + 1
    assert list(results) == [-k for k in range(5, 100)]


def test_work_is_done_at_the_same_time():
    # Each waits for the other: in turns, neither would end.
    meeting = threading.Barrier(2, timeout=10)
    results = in_order(lambda _: meeting.wait(), range(2), workers=2)
    assert sorted(results) == [0, 1]


def test_closing_drops_what_has_not_begun():
    begun = []
    gate = threading.Event()

    def work(k):
        begun.append(k)
        if k:
            gate.wait(10)
        return k

    results = in_order(work, range(50), workers=1)
    assert next(results) == 0
    gate.set()
    results.close()
    assert len(begun) < 5


def test_an_error_comes_in_its_turn():
    def work(k):
        if k == 2:
            msg = "two"
            raise ValueError(msg)
        return k

    results = in_order(work, range(5), workers=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)


def test_lazy_arrays_are_computed_others_are_passed_on():
    array = np.arange(4)
    assert compute(array) is array
    np.testing.assert_array_equal(compute(da.from_array(array) + 1), array + 1)
