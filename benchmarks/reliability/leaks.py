"""Whether a process that fits again and again grows: memory, threads, open files, temporary files.

A fresh process with a temporary folder of its own. The fits are of every kind in turn: links, groups, weights, sizes,
the mode; and each is asked for labels, the expected and the leave-one-out QWK, a table and replicates.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["Trace", "main", "measure"]

ROOT = Path(__file__).parents[2]
BOUND = 0.1  # MB a fit
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_AVERAGED = 10  # fits at either end: what is free in the allocator's own lists comes and goes


@dataclass
class Trace:
    """After every fit: resident bytes, threads, open files and temporary files."""

    resident: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    temporary: list[int] = field(default_factory=list)

    def note(self) -> None:
        """Look at this process."""
        gc.collect()
        self.resident.append(int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE)
        self.threads.append(len(os.listdir("/proc/self/task")))
        self.files.append(len(os.listdir("/proc/self/fd")))
        self.temporary.append(len(os.listdir(tempfile.gettempdir())))

    def growth(self, since: int) -> float:
        """MB a fit, from fit `since` on: medians of ten fits at either end."""
        tail = np.array(self.resident[since:], dtype=float)
        span = len(tail) - _AVERAGED
        return float(np.median(tail[-_AVERAGED:]) - np.median(tail[:_AVERAGED])) / span / 1e6

    def left(self, since: int) -> dict[str, int]:
        """How many more threads, open files and temporary files there are at the end than after fit `since`."""
        counts = {"threads": self.threads, "open files": self.files, "temporary files": self.temporary}
        return {name: seen[-1] - min(seen[since:]) for name, seen in counts.items()}


def _kinds(draws: int):
    """Functions that fit a model of each kind to data drawn by a generator, and ask the fit its questions."""
    import bayesord as bo

    wine, normal = bo.datasets.load_wine(), bo.Priors(beta=bo.priors.normal(0, 1))
    how = {"draws": draws, "chains": 2, "progressbar": False, "on_fail": "ignore"}

    def formula(text, **options):
        return lambda rng: bo.fit(text, wine, random_seed=int(rng.integers(2**31)), **how | options)

    def arrays(rng):
        n, p = int(rng.integers(50, 400)), int(rng.integers(1, 9))
        X = rng.normal(size=(n, p))
        y = bo.simulate(X=X, beta=rng.normal(0, 0.5, p), random_seed=int(rng.integers(2**31))).y
        return bo.fit(
            X,
            y,
            categories=range(5),
            link="probit",
            sample_weight=rng.integers(1, 4, n),
            random_seed=1,
            **how,
        )

    def mode(rng):
        return bo.fit("rating ~ temp + contact", wine, method="mode", link="cloglog", priors=normal)

    return [
        formula("rating ~ temp + contact"),
        arrays,
        formula("rating ~ temp + (1 | judge)"),
        mode,
        formula("rating ~ contact", link="cauchit", priors=normal),
    ]


def _ask(fit) -> None:
    fit.predict(decision="qwk")
    fit.expected_qwk(random_seed=1)
    if hasattr(fit, "idata"):
        repr(fit)
        fit.qwk()
        fit.posterior_predictive(random_seed=1)


def measure(fits: int, draws: int = 250, say=None) -> Trace:
    """Fit models of every kind in turn, in this process."""
    rng, trace, kinds = np.random.default_rng(1), Trace(), _kinds(draws)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(fits):
            _ask(kinds[i % len(kinds)](rng))
            trace.note()
            if say and (i + 1) % 50 == 0:
                say(
                    f"  after {i + 1:4d} fits: {trace.resident[-1] / 1e6:6.1f} MB, {trace.threads[-1]} threads, "
                    f"{trace.files[-1]} open files, {trace.temporary[-1]} temporary files"
                )
    return trace


def main(arguments: list[str]) -> bool:
    """Measure in a fresh process and print; whether nothing grew or was left."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability leaks", description=__doc__)
    parser.add_argument("--fits", type=int, default=300)
    parser.add_argument("--since", type=int, default=50, help="fits before growth counts")
    parser.add_argument("--draws", type=int, default=250, help="of each of two chains")
    parser.add_argument("--here", action="store_true", help="in this process, not a fresh one")
    chosen = parser.parse_args(arguments)
    if not chosen.here:
        command = [sys.executable, "-m", "benchmarks.reliability.leaks", "--here", *arguments]
        with tempfile.TemporaryDirectory(prefix="leaks-") as own:
            return subprocess.run(command, cwd=ROOT, env=os.environ | {"TMPDIR": own}).returncode == 0
    trace = measure(chosen.fits, chosen.draws, say=lambda text: print(text, flush=True))
    growth, left = trace.growth(chosen.since), trace.left(chosen.since)
    print(
        f"Leaks: {chosen.fits} fits in one process: memory grows by {growth:.3f} MB a fit after fit {chosen.since} "
        f"(bound {BOUND}); left over: " + ", ".join(f"{count} {name}" for name, count in left.items())
    )
    return growth < BOUND and not any(left.values())


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
