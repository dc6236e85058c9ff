"""Compiled code is kept on disk, and never outlives a change of any kernel source."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bayesord import jit

INNER = """
from bayesord.jit import njit

@njit
def inner(x):
    return {answer} * x
"""
OUTER = """
from bayesord.inner import inner
from bayesord.jit import njit

@njit
def outer(x):
    return inner(x)
"""
ASK = """
from bayesord.jit import cache_folder
from bayesord.outer import outer
print(outer(1.0), sum(outer.stats.cache_hits.values()), cache_folder)
"""
FROM_DISK = """
import sys
import numba
import numpy as np
from bayesord.outer import outer

answer = outer(1.0)
rules = "numba.np.linalg" in sys.modules

@numba.njit
def other(x):
    return np.dot(x, x) + outer(1.0)

print(answer, rules, other(np.ones(3)))
"""


@pytest.fixture
def package(tmp_path):
    """A small package of the same name: the real jit.py, and a kernel that inlines another."""
    folder = tmp_path / "source" / "bayesord"
    folder.mkdir(parents=True)
    shutil.copy(jit.__file__, folder / "jit.py")
    (folder / "__init__.py").write_text("")
    (folder / "inner.py").write_text(INNER.format(answer="1.0"))
    (folder / "outer.py").write_text(OUTER)
    return folder


@pytest.fixture
def ask(package, tmp_path, monkeypatch):
    """Run the kernel in a fresh process: its answer, whether it came from the disk, and the cache folder."""
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("BAYESORD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def run(script=ASK):
        command = [sys.executable, "-c", script]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        if script != ASK:
            return done.stdout.split()
        answer, hits, folder = done.stdout.split(maxsplit=2)
        return float(answer), int(hits), Path(folder.strip())

    return run


def test_a_changed_inner_kernel_changes_its_callers(ask, package):
    first, hits, folder = ask()
    assert (first, hits) == (1.0, 0)
    again, hits, same = ask()
    assert (again, hits, same) == (1.0, 1, folder)  # from the disk: the next answer could be stale
    (package / "inner.py").write_text(INNER.format(answer="2.0"))
    changed, hits, other = ask()
    assert (changed, hits) == (2.0, 0)
    assert other != folder


def test_a_file_without_kernels_leaves_the_cache_alone(ask, package):
    _, _, folder = ask()
    (package / "words.py").write_text("GREETING = 'good day'\n")
    assert ask() == (1.0, 1, folder)


def test_what_is_on_the_disk_loads_without_the_rules_of_compiling(ask):
    ask()
    answer, rules, other = ask(FROM_DISK)
    assert (float(answer), rules) == (1.0, "False")
    assert float(other) == 4.0  # and they are loaded once something is to be compiled


def test_the_cache_is_where_the_variable_says(ask, tmp_path):
    _, _, folder = ask()
    assert folder.parent == tmp_path / "cache"
    assert list(folder.rglob("outer.*.nbi"))


def test_a_place_that_cannot_be_written_is_replaced_by_a_temporary_one(ask, tmp_path, monkeypatch):
    occupied = tmp_path / "a file"
    occupied.write_text("not a folder")
    monkeypatch.setenv("BAYESORD_CACHE_DIR", str(occupied))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    answer, _, folder = ask()
    assert answer == 1.0
    assert folder.parent == tmp_path
    assert folder.name.startswith("bayesord-")
    assert occupied.read_text() == "not a folder"


def test_fingerprint_covers_every_kernel_and_the_version_of_numba(package, monkeypatch):
    seen = {jit._fingerprint(package)}
    for name in ("inner.py", "outer.py", "jit.py"):
        path = package / name
        path.write_text(path.read_text() + "\n# changed\n")
        seen.add(jit._fingerprint(package))
    monkeypatch.setattr(jit.numba, "__version__", "0.0")
    seen.add(jit._fingerprint(package))
    assert len(seen) == 5


def test_every_module_that_compiles_is_counted():
    """A kernel that went round `bayesord.jit` would be cached under a key that does not know its callees."""
    package = Path(jit.__file__).parent
    counted = set(jit._kernel_sources(package))
    compiling = re.compile(r"^\s*@(njit|cfunc|intrinsic)\b", re.MULTILINE)
    around = re.compile(
        r"from numba import .*\b(njit|jit|cfunc|vectorize)\b|numba\.(njit|jit|cfunc|vectorize)\("
    )
    seen = set()
    for path in package.rglob("*.py"):
        text = path.read_text()
        if compiling.search(text):
            seen.add(path.name)
            assert path in counted, path
        if path.name != "jit.py":
            assert not around.search(text), path
    assert {"kernels.py", "special.py", "density.py"} <= seen


def test_no_function_inherits_fastmath_from_its_first_caller():
    """numba hands options that are not said on to callees: PyTensor's functions have fastmath, and ours must not."""
    import numba

    from bayesord.jit import njit

    @njit(cache=False)
    def head_of(x):
        u = 134217729.0 * x
        return u - (u - x)

    @numba.njit(fastmath=True)
    def fast(x):
        return head_of(x) + 1.0

    x = 1.2345678901234567
    fast(x)
    assert head_of(x) != x  # the upper half of the digits; with fastmath it would be all of them
