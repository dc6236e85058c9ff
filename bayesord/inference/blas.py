"""Threads of the linear algebra library, which are one setting for the whole process."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import threadpoolctl

__all__ = ["blas_threads"]

_lock = threading.Lock()
_users = 0
_limits = None


@contextmanager
def blas_threads(limit: int):
    """Hold BLAS to `limit` threads; of fits that overlap the first sets the limit and the last restores it."""
    global _users, _limits
    with _lock:
        if _users == 0:
            _limits = threadpoolctl.threadpool_limits(limits=limit)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limits.restore_original_limits()
