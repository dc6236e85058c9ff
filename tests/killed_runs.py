"""A process that fits when it is told to, each time in a process of its own, which someone may kill.

Lines in: a folder, and at which array that is written the run is to kill itself (-1: never).
Lines out: `pid 123`, `begin`, `done <digest> <seconds of CPU> <interrupted>`, `exit <status>`.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
import warnings
from hashlib import sha256
from pathlib import Path

import numpy as np

HOW = {"chains": 4, "cores": 1, "draws": 800, "random_seed": 2, "progressbar": False, "on_fail": "ignore"}


def _data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(500, 5))
    return X, np.digitize(X @ np.linspace(-1, 1, 5) + rng.logistic(size=500), [-1.5, 0, 1.5])


def _bits(fit) -> str:
    found = sha256()
    for group in ("posterior", "sample_stats"):
        for name in sorted(fit.idata[group].data_vars):
            found.update(np.ascontiguousarray(fit.idata[group][name].values).tobytes())
    return found.hexdigest()


def _die_at(number: int) -> None:
    from bayesord.archive import container

    write, calls = container.write_array, [0]

    def fatal(file, array):
        calls[0] += 1
        if calls[0] > number:
            file.write(b"half")
            os.kill(os.getpid(), signal.SIGKILL)
        write(file, array)

    container.write_array = fatal


def _say(line: str) -> None:
    """In one piece: two processes share the pipe."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _run(folder: str, die_at: int) -> None:
    if die_at >= 0:
        _die_at(die_at)
    import bayesord as bo

    _say("begin")
    began = time.process_time()
    fit = bo.fit(*_data(), checkpoint=folder, resume=True, **HOW)
    interrupted = fit.idata["sample_stats"].attrs["interrupted"]
    _say(f"done {_bits(fit)} {time.process_time() - began} {interrupted}")


def main() -> None:
    import nutpie  # noqa: F401

    import bayesord as bo

    # What every run needs is loaded once. The one other thread here is of Arrow's memory allocator, which can be forked
    warnings.simplefilter("ignore", DeprecationWarning)
    bo.fit(*_data(), method="mode", priors=bo.Priors(beta=bo.priors.normal(0, 1)))
    for line in sys.stdin:
        folder, die_at = line.rstrip("\n").rsplit(" ", 1)
        pid = os.fork()
        if pid == 0:
            try:
                _run(folder, int(die_at))
            finally:
                os._exit(0)
        _say(f"pid {pid}")
        _say(f"exit {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used; infinite where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return math.inf
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Runs:
    """The other end: begins runs, kills them, and reads what they say."""

    def __init__(self) -> None:
        alone = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONUNBUFFERED": "1",
        }  # forked with no threads about
        command = [sys.executable, Path(__file__)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=alone)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def begin(self, folder: Path, die_at: int = -1) -> int:
        """Start a run; its process id, once it is about to fit."""
        self._process.stdin.write(f"{folder} {die_at}\n")
        self._process.stdin.flush()
        said = sorted([self._line(), self._line()])  # of two processes, in any order
        assert said[0] == ["begin"], said
        return int(said[1][1])

    def end(self) -> tuple[list[str] | None, int]:
        """What the run said when it was done, if it came to that, and its exit status."""
        done = None
        while (line := self._line())[0] != "exit":
            done = line[1:]
        return done, int(line[1])

    def _line(self) -> list[str]:
        line = self._process.stdout.readline().split()
        assert line, "the process of the runs has ended"
        return line


if __name__ == "__main__":
    main()
