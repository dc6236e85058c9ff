"""Fitting again and again leaves nothing behind; and what measures it sees a leak where there is one."""

import mmap
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from benchmarks.reliability.leaks import Trace

ROOT = Path(__file__).parents[1]
LINUX = sys.platform == "linux"


@pytest.mark.slow
@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_sixty_fits_leave_nothing_behind():
    """The full figure is that of 300 fits; after 60 the first compilations are still part of the growth."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.reliability.leaks",
        "--fits",
        "60",
        "--since",
        "20",
        "--draws",
        "100",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_leaks_are_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    trace, kept, files, stop = Trace(), [], [], threading.Event()
    for i in range(16):
        kept.append(mmap.mmap(-1, 4_000_000))  # pages of its own: 4 MB of NumPy's may be memory freed before
        kept[-1].write(bytes([1]) * 4_000_000)
        if i in (3, 12):
            threading.Thread(target=stop.wait, daemon=True).start()
            files.append(os.open(os.devnull, os.O_RDONLY))
            tempfile.mkdtemp()
        trace.note()
    stop.set()
    for file in files:
        os.close(file)
    assert trace.growth(0) == pytest.approx(4.0, rel=0.1)
    assert trace.left(5) == {"threads": 1, "open files": 1, "temporary files": 1}
    assert trace.left(13) == {"threads": 0, "open files": 0, "temporary files": 0}


def test_growth_is_the_slope_between_the_ends():
    resident = [10**9] * 50 + [10**9 + 200_000 * i for i in range(250)]
    assert Trace(resident).growth(50) == pytest.approx(0.2)
    assert Trace([10**9] * 300).growth(50) == 0
