"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["UNFINISHED", "check_target", "replacing"]

UNFINISHED = ".unfinished"  # how the name of a file ends while it is written


def check_target(path: Path, *, overwrite: bool, size: int) -> None:
    """Whether a file of `size` bytes can be written there; an OSError that says what to do where it cannot."""
    folder = path.parent
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; give the name of a file", str(path))
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "the folder does not exist; make it first", str(folder))
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "is a device or a pipe; give the name of a file", str(path))
    if path.exists() and not overwrite:
        raise FileExistsError(errno.EEXIST, "exists already; give another name, or overwrite=True", str(path))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, "nothing may be written in this folder", str(folder))
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(
            errno.ENOSPC, f"{free / 1e6:,.1f} MB are free, and {size / 1e6:,.1f} MB are needed", str(folder)
        )


@contextmanager
def replacing(path: Path, *, overwrite: bool):
    """A new binary file beside `path` that takes its place, on disk, once the block is done; no trace where it fails."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(6)}{UNFINISHED}")
    handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _move(unfinished, path, overwrite)
    except BaseException:
        with suppress(FileNotFoundError):
            unfinished.unlink()
        raise
    _sync_folder(path.parent)


def _move(unfinished: Path, path: Path, overwrite: bool) -> None:
    """Rename; without `overwrite` never onto a file, not even one that another process has just made."""
    if not overwrite:
        try:
            os.link(unfinished, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            check_target(path, overwrite=False, size=0)
        else:
            unfinished.unlink()
            return
    os.replace(unfinished, path)


def _sync_folder(folder: Path) -> None:
    """The new name itself on disk, where folders can be synchronised."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
