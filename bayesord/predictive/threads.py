"""Independent pieces of compiled work on several threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bayesord.checks import available_cores, check_count

__all__ = ["check_threads", "for_each", "spans"]

_LITTLE = 200_000  # pairs that are done sooner than threads are started


def spans(total: int, size: int) -> list[tuple[int, int]]:
    """0..total cut into (start, stop) of at most `size`.

    Examples
    --------
    >>> spans(7, 3)
    [(0, 3), (3, 6), (6, 7)]
    """
    return [(start, min(start + size, total)) for start in range(0, total, size)]


def check_threads(threads: int | None) -> int | None:
    """A number of threads of at least 1, or None."""
    return None if threads is None else check_count("threads", threads)


def for_each(
    work: Callable[..., None], items: Iterable[tuple], threads: int | None = None, *, amount: float = np.inf
) -> None:
    """work(*item) for every item, on several threads.

    Items must write to places of their own: then neither their order nor the number of threads matters. The
    work has to release the interpreter, as compiled functions here do. An error or Ctrl-C drops what has not
    begun.

    Parameters
    ----------
    work : callable
    items : iterable of tuples
    threads : int, optional
        Default: all processors this process may use, and one where little is to be done.
    amount : float
        (draw, row) pairs in all items together.
    """
    items = list(items)
    if check_threads(threads) is not None:
        threads = int(threads)
    elif len(items) < 2 or amount < _LITTLE:
        threads = 1
    else:
        threads = available_cores()
    if threads == 1 or len(items) < 2:
        for item in items:
            work(*item)
        return
    pool = ThreadPoolExecutor(min(threads, len(items)), thread_name_prefix="bayesord")
    try:
        for done in [pool.submit(work, *item) for item in items]:
            done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
