"""SIGTERM as the first Ctrl-C: what batch systems send before they kill."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

__all__ = ["terminated_as_interrupted"]


@contextmanager
def terminated_as_interrupted():
    """While in here SIGTERM raises KeyboardInterrupt; before and after it does what it did.

    Only in the main thread, the one that handles signals, and only where nobody else handles this one.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(number, frame):
    raise KeyboardInterrupt("SIGTERM")
