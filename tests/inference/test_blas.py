"""BLAS is held to a number of threads, and let go."""

import threading

import numpy as np
import pytest
import threadpoolctl

from bayesord.inference.blas import _libraries, _set, blas_threads


def threads():
    return {
        library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"
    }


@pytest.fixture(autouse=True)
def two_threads():
    before = [library.num_threads for library in _libraries()]
    _set([2] * len(before))
    yield
    _set(before)


def test_held_and_let_go():
    with blas_threads(1):
        assert threads() == {1}
        np.ones((300, 300)) @ np.ones((300, 300))
    assert threads() == {2}


def test_let_go_after_an_error():
    with pytest.raises(KeyboardInterrupt), blas_threads(1):
        raise KeyboardInterrupt
    assert threads() == {2}


def in_a_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_of_fits_that_overlap_the_first_sets_and_the_last_restores():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with blas_threads(1):
            inside.set()
            leave.wait(10)

    thread = in_a_thread(other)
    inside.wait(10)
    with blas_threads(2):
        assert threads() == {1}
        leave.set()
        thread.join()
        assert threads() == {1}
    assert threads() == {2}


def test_a_thread_of_the_user_can_set_limits_afterwards():
    with blas_threads(2):
        pass
    seen = []

    def other():
        with threadpoolctl.threadpool_limits(1, user_api="blas"):
            seen.append(threads())

    in_a_thread(other).join()
    assert seen == [{1}]
