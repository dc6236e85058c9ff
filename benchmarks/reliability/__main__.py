"""Command line: `python -m benchmarks.reliability [part] [options of the part]`; all parts one after another without."""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _module(name: str) -> Callable[[list[str]], bool]:
    """`main(arguments)` of a module here, imported when it is asked for; None counts as well done."""

    def run(arguments: list[str]) -> bool:
        main = importlib.import_module(f"benchmarks.reliability.{name}").main
        return main(arguments) is not False

    return run


def _tests(*paths: str) -> Callable[[list[str]], bool]:
    """What the test suite shows by itself: these tests, the slow ones too."""

    def run(arguments: list[str]) -> bool:
        missing = [path for path in paths if not (ROOT / path).exists()]
        if missing:
            raise ModuleNotFoundError(f"there is no {', '.join(missing)}")
        command = [sys.executable, "-m", "pytest", "-q", "-rA", "--no-header", *paths, *arguments]
        return subprocess.run(command, cwd=ROOT).returncode == 0

    return run


PARTS = {
    "inputs": _module("inputs"),
    "alarms": _module("alarms"),
    "kills": _tests("tests/test_interruption.py"),
    "files": _tests("tests/test_storage_files.py"),
    "leaks": _module("leaks"),
    "memory": _module("memory"),
    "calibration": _module("calibration"),
    "mutants": _module("mutants"),
}


def main(arguments: list[str]) -> bool:
    """Run one part, or all; whether every promise held."""
    if arguments and arguments[0] not in PARTS:
        print(__doc__)
        print(f"Parts: {', '.join(PARTS)}; --help after one lists its options.")
        return arguments[0] in ("-h", "--help")
    print(
        f"{datetime.date.today()}, {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    )
    held = {}
    for name in arguments[:1] or PARTS:
        print(f"\n{name}", flush=True)
        began = time.perf_counter()
        try:
            held[name] = PARTS[name](arguments[1:])
        except ModuleNotFoundError as error:
            print(f"  this part is not there yet: {error}")
            held[name] = False
        print(f"  ({time.perf_counter() - began:.0f} s)", flush=True)
    print(
        "\n" + "\n".join(f"{name:<12} {'holds' if well else 'DOES NOT HOLD'}" for name, well in held.items())
    )
    return all(held.values())


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
