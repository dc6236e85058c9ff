"""Whether an array that is asked for can be held."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["available_memory", "check_memory"]


def check_memory(
    what: str, shape: tuple[int, ...], instead: str, *, bytes_each: int = 8, available: int | None = None
) -> None:
    """Refuse an array that would take more than half of the memory that is free, before any of it is made.

    Parameters
    ----------
    what : str
        What the array holds, with the names of its dimensions.
    shape : tuple of int
    instead : str
        What to call where it does not fit.
    bytes_each : int
        What an entry takes, with the copies that are made of it.
    available : int, optional
        Bytes; by default what this process can still have.

    Raises
    ------
    MemoryError

    Examples
    --------
    >>> check_memory("eta (draws x rows)", (4000, 1_000_000), "Use predict_proba().", available=16 * 10**9)
    Traceback (most recent call last):
    ...
    MemoryError: eta (draws x rows) would take 32.0 GB (4,000 x 1,000,000 entries), and 16.0 GB of memory are free, half of which may be used. Use predict_proba().
    """
    size = math.prod(shape) * bytes_each
    if size < 1e8:  # nothing to ask about
        return
    free = available_memory() if available is None else available
    if free is not None and size > free / 2:
        raise MemoryError(
            f"{what} would take {size / 1e9:.1f} GB ({' x '.join(f'{length:,}' for length in shape)} entries), and "
            f"{free / 1e9:.1f} GB of memory are free, half of which may be used. {instead}"
        )


def available_memory(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that this process can still have: what the machine has free, and its control group; None if unknown."""
    machine = _of_machine(proc)
    group = _of_group(cgroup)
    known = [size for size in (machine, group) if size is not None]
    return max(0, min(known)) if known else None


def _of_machine(proc: Path) -> int | None:
    try:
        lines = dict(line.split(":", 1) for line in (proc / "meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:  # what is free of the whole is not known: macOS gives memory to caches, and takes it back
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows
        return None


def _of_group(cgroup: Path) -> int | None:
    """Limit less use, of version 2 or 1 of control groups; pages of files that can be dropped are not in use."""
    for limit, use, droppable in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        try:
            most, used = int((cgroup / limit).read_text()), int((cgroup / use).read_text())
            stat = dict(line.split() for line in (cgroup / droppable).read_text().splitlines())
            return most - used + int(stat.get("inactive_file", 0))
        except (OSError, ValueError):  # no such file, or no limit ("max")
            continue
    return None
