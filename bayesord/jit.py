"""Compiled functions, cached on disk, that never outlive their sources.

numba invalidates a cached function when the file *of that function* changes, not when a function that it
inlines changes: edit an inner kernel, and a cached caller goes on giving the old answer. So every compiled
function of bayesord lives in a cache folder named by a hash of all sources that hold kernels (every module
that imports this one) and of the numba version: change any of them, and the folder is a new one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numba
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.runtime import rtsys
from numba.core.sigutils import normalize_signature

__all__ = ["cache_folder", "cfunc", "fingerprint", "njit"]

_PACKAGE = Path(__file__).parent


def _kernel_sources(package: Path) -> list[Path]:
    """Every module of the package that compiles something, or speaks to the compiler."""
    marks = (b"from bayesord.jit import", b"from numba")
    return [
        path
        for path in sorted(package.rglob("*.py"))
        if path.name == "jit.py" or any(mark in path.read_bytes() for mark in marks)
    ]


def _fingerprint(package: Path) -> str:
    digest = hashlib.sha256(numba.__version__.encode())
    for path in _kernel_sources(package):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


fingerprint: str = _fingerprint(_PACKAGE)


def _find_cache_folder() -> Path:
    """The user's cache, or a temporary folder of this user's own where that cannot be written."""
    chosen = os.environ.get("BAYESORD_CACHE_DIR")
    base = (
        Path(chosen)
        if chosen
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bayesord"
    )
    folder = base / fingerprint
    if _writable(folder):
        return folder
    return Path(tempfile.mkdtemp(prefix="bayesord-"))


cache_folder: Path = _find_cache_folder()


@contextmanager
def _numba_caches_here():
    """numba reads its cache folder while it decorates; give it ours for that moment only."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


class _Cache(FunctionCache):
    """numba's cache, which before it looks loads the rules of lowering all of Python and NumPy: .15 s a process.

    Machine code needs none of them, but for the symbols it is linked to. numba loads the rest when it compiles.
    """

    def load_overload(self, sig, target_context):
        import numba.cpython.hashing  # noqa: F401  has symbols of its own, the salt of Python's hashes

        rtsys.initialize(target_context)  # numba's own memory management
        with self._guard_against_spurious_io_errors():
            found = self._load_overload(sig, target_context)
        return super().load_overload(sig, target_context) if found is None else found


# fastmath is said to be off because what is not said is inherited: a function that is first compiled from within one
# with fastmath would be compiled with it, and stay so on disk. Sums and products in two doubles do not survive that.
_DEFAULTS = {"cache": True, "error_model": "numpy", "fastmath": False}


def njit(*args, **options):
    """`numba.njit`, cached in `cache_folder`, releasing the GIL, with NumPy's division rules."""
    options = _DEFAULTS | {"nogil": True} | options

    def decorate(function):
        with _numba_caches_here():
            dispatcher = numba.njit(**options)(function)
            if options["cache"]:
                dispatcher._cache = _Cache(function)
        return dispatcher

    return decorate(args[0]) if args and callable(args[0]) else decorate


def cfunc(signature, **options):
    """`numba.cfunc`, cached in `cache_folder`: a C function pointer (`.address`) to a compiled function."""
    options = _DEFAULTS | options
    cached = options.pop("cache")

    def decorate(function):
        made = CFunc(function, normalize_signature(signature), locals={}, options=options)
        with _numba_caches_here():
            if cached:
                made._cache = _Cache(function)
            made.compile()
        return made

    return decorate
