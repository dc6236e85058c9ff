"""Files made by someone who knows the format: each has a right checksum, and something in it that is not right."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import pickle
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator

import numpy as np

CANARY = "CANARY"


class Bomb:
    """What a pickle of this does when it is loaded: a file appears."""

    def __reduce__(self):
        return os.system, (f"touch {CANARY}",)


PICKLE = pickle.dumps(Bomb())


def sealed(payload: bytes) -> bytes:
    """A payload behind a header that is right for it."""
    digest = hashlib.sha256(payload).hexdigest()
    return f"bayesord file, format 1\nsha256 {digest}\nbytes {len(payload):020d}\n\n".encode() + payload


def taken_apart(file: bytes) -> tuple[dict, dict[str, bytes]]:
    """The text of a saved fit, and its other members."""
    with zipfile.ZipFile(io.BytesIO(file)) as members:
        parts = {name: members.read(name) for name in members.namelist()}
    return json.loads(parts.pop("contents.json")), parts


def put_together(text: object, parts: dict[str, bytes], **how) -> bytes:
    """A file with this text and these members, whatever they are; `how` goes to each zip entry."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how.get("compression", zipfile.ZIP_STORED)) as members:
        members.writestr("contents.json", text if isinstance(text, bytes) else json.dumps(text))
        for name, part in parts.items():
            members.writestr(name, part)
    return sealed(file.getvalue())


def npy(array: np.ndarray, **how) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **how)
    return file.getvalue()


def npy_header(description: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """An array file whose header is this text."""
    header = description.encode() + b"\n"
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
    return b"\x93NUMPY" + version + size + header + body


def arrays() -> Iterator[tuple[str, bytes]]:
    """What may stand where an array of numbers should be."""
    yield "a pickle", PICKLE
    yield "an array of objects", npy(np.array([Bomb()], dtype=object), allow_pickle=True)
    yield "nothing", b""
    yield "text", b"not an array"
    yield (
        "huge",
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }", b"12345678"),
    )
    yield (
        "overflowing",
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387905, 4), }"),
    )
    yield "negative", npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1), }", b"12345678")
    yield (
        "of true length",
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (True,), }", b"12345678"),
    )
    yield (
        "objects by name",
        npy_header("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"12345678"),
    )
    yield (
        "structured",
        npy_header("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }", b"12345678"),
    )
    yield "void", npy_header("{'descr': '|V8', 'fortran_order': False, 'shape': (1,), }", b"12345678")
    yield (
        "within",
        npy_header("{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (1,), }", b"1234567812345678"),
    )
    yield "calling", npy_header(f"__import__('os').system('touch {CANARY}')")
    yield (
        "calling within",
        npy_header(
            f"{{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os').system('touch {CANARY}'),), }}"
        ),
    )
    yield "deep", npy_header("(" * 9000)
    yield (
        "long",
        npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }" + " " * 50_000, b"12345678"),
    )
    yield "a later version", npy_header("{}", version=b"\x03\x00")
    yield "no version", b"\x93NUMPY\x09\x09"
    yield (
        "columns first",
        npy_header("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }", b"12345678"),
    )
    yield "odd truth", npy(np.array([2, 3], dtype=np.uint8)).replace(b"|u1", b"|b1")
    yield "no characters", npy(np.array(["ab"])).replace(b"a\0\0\0", b"\xff\xff\xff\xff")
    yield "too short", npy(np.arange(4.0))[:-1]
    yield "too long", npy(np.arange(4.0)) + b"x"
    yield "of another shape", npy(np.zeros((2, 3)))
    yield "of another type", npy(np.zeros(3, dtype=np.int64))
    yield "not finite", npy(np.full((1, 1), np.nan))


def members(text: dict, parts: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Zip files that no one would write by accident."""
    for name in (
        "../../CANARY",
        "/tmp/CANARY",
        "a/../CANARY",
        "C:\\CANARY",
        "x.pkl",
        "0099.npy/../../CANARY",
        "__main__.py",
    ):
        yield f"a member called {name}", put_together(text, parts | {name: PICKLE})
    yield "an array that nothing asks for", put_together(text, parts | {"9999.npy": npy(np.zeros(3))})
    yield "compressed", put_together(text, parts, compression=zipfile.ZIP_DEFLATED)
    yield (
        "a bomb",
        put_together(text, parts | {"9999.npy": bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED),
    )
    yield "no text", sealed(_zip(parts))
    yield "no zip", sealed(b"PK\x03\x04" + bytes(100))
    yield "a pickle for a zip", sealed(PICKLE)
    yield "empty", sealed(b"")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("contents.json", json.dumps(text))
        link = zipfile.ZipInfo("0000.npy")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    yield "a link", sealed(file.getvalue())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("contents.json", json.dumps(text))
        archive.writestr("contents.JSON", "{}")
    yield "two texts", sealed(file.getvalue().replace(b"contents.JSON", b"contents.json"))
    plain = _zip({"contents.json": json.dumps(text).encode(), **parts})
    yield "larger than itself", sealed(_with_size(plain, 1 << 40))
    yield (
        "encrypted",
        sealed(plain.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")),
    )


def _zip(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def _with_size(file: bytes, size: int) -> bytes:
    """The last member said to be of another size, in 32 bits."""
    at = file.rindex(b"PK\x01\x02")
    told = struct.pack("<II", size & 0xFFFFFFFE, size & 0xFFFFFFFE)
    return file[: at + 20] + told + file[at + 28 :]


def texts(text: dict, parts: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """JSON that is none, or of impossible size or depth."""
    yield "no JSON", put_together(b"import os; os.system('touch CANARY')", parts)
    yield "a pickle", put_together(PICKLE, parts)
    yield "deep", put_together(b"[" * 200_000, parts)
    yield "deep and closed", put_together(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, parts)
    yield (
        "not a number",
        put_together(json.dumps(text).replace('"formula"', '"x":NaN,"formula"').encode(), parts),
    )
    yield "digits", put_together(b"1" * 1_000_000, parts)
    yield "a list", put_together([1, 2, 3], parts)
    yield "nothing", put_together({}, parts)
    yield "no Unicode", put_together(b"\xff\xfe{}", parts)


WORDS = (
    "__import__('os').system('touch CANARY')",
    "rating ~ __import__('os').system('touch CANARY')",
    "rating ~ I(os.system('touch CANARY'))",
    "rating ~ temp.__class__",
    "rating ~ temp[os.system('touch CANARY')]",
    "rating ~ C(temp, levels=[os.system('touch CANARY')])",
    "__class__",
    "os.system",
    "../../../etc/passwd",
    "dateutil//etc/passwd",
    "",
    "\0",
)

VALUES = (
    None, True, -1, 0, 3, 10**30, 1e308, -0.5, [], {}, [[]], {"tuple": []}, {"float": "inf"}, {"array": "0000.npy"},
    {"__class__": "os"}, {"dict": [["__class__", 1]]}, {"py/object": "os.system"}, {"time": [10**30, "ns", None]},
    {"time": [0, "ns", "../../etc/passwd"]}, {"period": [1, "os.system('touch CANARY')"]}, {"interval": [1, 2, "x"]},
    *WORDS,
)  # fmt: skip


def leaves(text: object, path: tuple = ()) -> Iterator[tuple]:
    """Where every value stands."""
    children = text.items() if isinstance(text, dict) else enumerate(text) if isinstance(text, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from leaves(child, (*path, key))


def changed(text: dict, path: tuple, change: Callable) -> dict:
    """A copy with another value at one place."""
    copied = copy.deepcopy(text)
    *way, last = path
    inner = copied
    for key in way:
        inner = inner[key]
    change(inner, last)
    return copied
