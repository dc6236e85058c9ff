"""The most memory that a million answers take, from the data to the expected QWK; and what is refused.

A fresh process, whose peak counts from its first moment: the interpreter, the imports and the data are in it.
"""

from __future__ import annotations

import argparse
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

__all__ = ["main", "measure", "peak_bytes"]

ROOT = Path(__file__).parents[2]
BOUND = 2e9


def peak_bytes() -> int:
    """The most memory that this process has held at once.

    Linux keeps it by process image; `getrusage` would begin with what the parent held when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(n: int, p: int, K: int, draws: int, say=print) -> int:
    """Fit, predict, score; the peak in bytes. `say` is told of every step."""
    import bayesord as bo

    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, p))
    y = bo.simulate(X=X, beta=rng.normal(0, 0.5, p), n_categories=K, random_seed=1).y
    fit = None

    def step(name, call):
        began = time.perf_counter()
        result = call()
        say(f"  {name:<32} {peak_bytes() / 1e9:.2f} GB so far, {time.perf_counter() - began:.0f} s")
        return result

    fit = step("fit", lambda: bo.fit(X, y, draws=draws, random_seed=1, progressbar=False, on_fail="ignore"))
    step("category probabilities, means", fit.predict_proba)
    step("labels, frozen rule", lambda: fit.predict(X, "qwk"))
    step("expected QWK", lambda: fit.expected_qwk(random_seed=1))
    asked = {
        "category_probs": fit.category_probs,
        "linear_predictor": fit.linear_predictor,
        "posterior_predictive": fit.posterior_predictive,
        "log_likelihood": fit.log_likelihood,
    }
    for name, call in asked.items():
        step(f"{name}, asked for", lambda call=call: _refused(call, say))
    return peak_bytes()


def _refused(call, say) -> None:
    try:
        call()
    except MemoryError as error:
        say(f"  refused: {error}")


def main(arguments: list[str]) -> bool:
    """Measure in a fresh process and print; whether the peak stayed below the bound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability memory", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--predictors", type=int, default=8)
    parser.add_argument("--categories", type=int, default=5)
    parser.add_argument("--draws", type=int, default=1000, help="of each of four chains")
    parser.add_argument("--here", action="store_true", help="in this process, not a fresh one")
    chosen = parser.parse_args(arguments)
    if not chosen.here:
        command = [sys.executable, "-m", "benchmarks.reliability.memory", "--here", *arguments]
        return subprocess.run(command, cwd=ROOT).returncode == 0
    size = (chosen.rows, chosen.predictors, chosen.categories, chosen.draws)
    peak = measure(*size, say=lambda text: print(text, flush=True))
    print(
        f"Memory: n = {size[0]:,}, p = {size[1]}, K = {size[2]}, 4 x {size[3]:,} draws: peak {peak / 1e9:.2f} GB of "
        f"{BOUND / 1e9:g} GB"
    )
    return peak <= BOUND


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
