"""Threads of the linear algebra library, which are one setting for the whole process."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cache

import scipy.linalg  # noqa: F401  its BLAS is the one that compiled code calls: loaded before we look
import threadpoolctl

__all__ = ["blas_threads"]

_lock = threading.Lock()
_users = 0
_before: list[int] = []


@contextmanager
def blas_threads(limit: int):
    """Hold BLAS to `limit` threads; of fits that overlap the first sets the limit and the last restores it."""
    global _users, _before
    with _lock:
        if _users == 0:
            _before = [library.num_threads for library in _libraries()]
            _set([limit] * len(_before))
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _set(_before)


@cache
def _libraries() -> list[threadpoolctl.LibController]:
    """The BLAS libraries of this process. Looking for them takes milliseconds, so it is done once."""
    return threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers


def _set(counts: list[int]) -> None:
    """threadpoolctl lets the first thread that sets a limit keep it, and ignores all others without a word.

    But the fit that restores may run in another thread than the one that began, and a user's threads have limits
    of their own to set afterwards: so nobody is left in possession.
    """
    for library, count in zip(_libraries(), counts, strict=True):
        release = getattr(library, "clear_controlling_thread", None)  # which not every version has
        if release:
            release(force=True)
        library.set_num_threads(count)
        if release:
            release(force=True)
