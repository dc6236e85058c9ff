"""One file: header, checksum, zip of arrays and JSON."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import zipfile
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bayesord.archive.atomic import check_target, replacing
from bayesord.archive.npy import read_array, write_array

__all__ = ["Arrays", "read_archive", "write_archive"]

FORMAT = 1
_FIRST = "bayesord file, format "
_HEADER = re.compile(rb"sha256 ([0-9a-f]{64})\nbytes ([0-9]{20})\n\n")
_TEXT = "contents.json"
_ARRAY_NAME = re.compile(r"[0-9]{4,9}(-[A-Za-z0-9_]{1,40})?\.npy")
_MOST_MEMBERS = 100_000
_BLOCK = 1 << 20
_WRITTEN = (1980, 1, 1, 0, 0, 0)  # the earliest that zip knows: the same contents make the same file


class Arrays:
    """The arrays of one archive, by the names under which its text speaks of them."""

    def __init__(self, held: dict[str, np.ndarray] | None = None) -> None:
        self.held = {} if held is None else held
        self.asked: set[str] = set()

    def put(self, array: np.ndarray, about: str = "") -> str:
        """Keep an array; the name to ask for it by. `about` makes the name readable."""
        said = re.sub(r"[^A-Za-z0-9_]+", "_", about).strip("_")[:40]
        name = f"{len(self.held):04d}" + (f"-{said}" if said else "") + ".npy"
        self.held[name] = np.asarray(array)
        return name

    def get(self, name: str) -> np.ndarray:
        self.asked.add(name)
        return self.held[name]

    @property
    def size(self) -> int:
        """Bytes, about."""
        return sum(array.nbytes + 1024 for array in self.held.values())


def write_archive(path: Path, text: object, arrays: Arrays, *, overwrite: bool = False) -> None:
    """Write `text` (what JSON can say) and arrays into one file, whole or not at all.

    Raises
    ------
    OSError
        Where it cannot be written; a file that was there before is as it was.
    """
    written = json.dumps(text, allow_nan=False, separators=(",", ":")).encode()
    check_target(path, overwrite=overwrite, size=len(written) + arrays.size)
    with replacing(path, overwrite=overwrite) as file:
        file.write(_header(b"0" * 64, 0))
        start = file.tell()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as members:
            members.writestr(_member(_TEXT), written)
            for name, array in arrays.held.items():
                with members.open(_member(name), "w", force_zip64=array.nbytes > 1 << 30) as member:
                    write_array(member, array)
        digest, size = _digest(file, start)
        file.seek(0)
        file.write(_header(digest, size))


def read_archive(path: Path, what: str, use):
    """What `use(text, arrays)` makes of a file, which is whole and as it was written.

    Parameters
    ----------
    path : Path
    what : str
        What the file should be, for messages: "a saved fit".
    use : callable
        It must use every array; errors in it count as errors in the file.

    Raises
    ------
    ValueError
        For files that are damaged, altered, or not of this kind.
    OSError
        For files that cannot be read.
    """
    payload = _verified(path, what)
    try:
        text, arrays = _unpack(payload)
        made = use(text, arrays)
        if arrays.asked != arrays.held.keys():
            raise ValueError("it holds arrays that nothing speaks of")
        return made
    except MemoryError:
        raise
    except Exception as error:  # whatever its contents lead to, it is the file that is wrong
        said = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} is not {what} that bayesord has written: {said}") from error


def _header(digest: bytes, size: int) -> bytes:
    return b"%s%d\nsha256 %s\nbytes %020d\n\n" % (_FIRST.encode(), FORMAT, digest, size)


def _digest(file: BinaryIO, start: int) -> tuple[bytes, int]:
    file.flush()
    file.seek(start)
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return digest.hexdigest().encode(), size


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _WRITTEN)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def _verified(path: Path, what: str) -> bytes:
    """The whole file, once its checksum is right."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"{path} is not a file")
    with open(path, "rb") as file:
        first = file.readline(64)
        if not first.startswith(_FIRST.encode()):
            raise ValueError(f"{path} is not {what}: it does not begin with {_FIRST!r}")
        if first != b"%s%d\n" % (_FIRST.encode(), FORMAT):
            number = first[len(_FIRST) :].decode(errors="replace").strip()
            raise ValueError(
                f"{path} has format {number!r}, and this version of bayesord reads format {FORMAT}. Load it with the "
                "version that wrote it, or a later one"
            )
        header = _HEADER.fullmatch(file.read(len(_header(b"0" * 64, 0)) - len(first)))
        start, end = file.tell(), os.fstat(file.fileno()).st_size
        if header is None:
            raise ValueError(f"{path} is damaged: its header is not whole")
        if end - start != int(header[2]):
            raise ValueError(
                f"{path} is damaged: {int(header[2]):,} bytes should follow its header, and {end - start:,} do"
            )
        file.seek(0)
        whole = file.read(end)
    if hashlib.sha256(memoryview(whole)[start:]).hexdigest().encode() != header[1]:
        raise ValueError(f"{path} is damaged or was altered: its contents do not have the checksum it names")
    return whole


def _unpack(whole: bytes) -> tuple[object, Arrays]:
    with zipfile.ZipFile(BytesIO(whole)) as members:
        found = members.infolist()
        _check_members(found, len(whole))
        text = json.loads(members.read(_TEXT).decode(), parse_constant=_refuse)
        held = {}
        for info in found:
            if info.filename != _TEXT:
                with members.open(info) as file:
                    held[info.filename] = read_array(file, info.file_size)
    return text, Arrays(held)


def _check_members(found: list[zipfile.ZipInfo], size: int) -> None:
    """Members are stored as they are, under plain names, and are no more than the file has room for."""
    names = [info.filename for info in found]
    if len(set(names)) < len(names) or names.count(_TEXT) != 1 or len(names) > _MOST_MEMBERS:
        raise ValueError("its list of contents is not one that bayesord writes")
    for info in found:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.filename != _TEXT and not _ARRAY_NAME.fullmatch(info.filename):
            raise ValueError(f"it holds {info.filename[:80]!r}")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ValueError("it is compressed, which files of bayesord are not")
        if info.flag_bits & 0x1 or kind not in (0, stat.S_IFREG):
            raise ValueError(f"{info.filename} is encrypted, or no plain file")
    if sum(info.file_size for info in found) > size:
        raise ValueError("its contents are larger than itself")


def _refuse(constant: str):
    raise ValueError(f"{constant} in its text")
