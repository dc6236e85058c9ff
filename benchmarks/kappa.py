"""Expected QWK from posterior draws, against scikit-learn's kappa once per draw: `python -m benchmarks.kappa`.

The task: S = 4000 draws of a logit model with K = 5 categories and p = 10 covariates, labels for n rows;
wanted is the distribution of kappa over the draws. The peer is what one writes without bayesord: replicate
the answers of every draw, then `cohen_kappa_score(y_rep, labels, weights="quadratic", labels=range(K))` for
each. It is timed on a few draws and multiplied up, and only its scoring is counted in the ratio; replicating
the answers comes on top. Memory is what a process grows by, beyond X and the draws.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time

import numpy as np
from sklearn.metrics import cohen_kappa_score

from bayesord.checks import available_cores
from bayesord.predictive.kappa import expected_qwk, qwk_mean, qwk_predictive
from bayesord.predictive.probabilities import LinearDraws

DRAWS, COVARIATES, CATEGORIES = 4000, 10, 5
PEER_DRAWS = {10_000: 40, 1_000_000: 4}

TASKS = {
    "qwk_mean": lambda draws, labels, threads: qwk_mean(draws, labels, threads=threads),
    "qwk_predictive": lambda draws, labels, threads: qwk_predictive(
        draws, labels, random_seed=1, threads=threads
    ),
    "expected_qwk, labels given": lambda draws, labels, threads: expected_qwk(
        draws, labels, random_seed=1, threads=threads
    ),
    "expected_qwk, optimal labels": lambda draws, labels, threads: expected_qwk(
        draws, random_seed=1, threads=threads
    ),
}


def make_rows(n: int):
    """X (n, p), and draws as a posterior for some thousand rows would have them."""
    rng = np.random.default_rng(1)
    X = np.empty((n, COVARIATES))
    rng.standard_normal(out=X)  # in place: no second copy that would hide the memory of what follows
    beta = rng.normal(0.0, 0.5, COVARIATES) + 0.05 * rng.normal(size=(DRAWS, COVARIATES))
    cutpoints = np.array([-2.0, -0.7, 0.7, 2.0]) + 0.05 * rng.normal(size=(DRAWS, 1))
    return X, beta, cutpoints


def peak_bytes() -> int:
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def measure(name: str, n: int, threads: int, queue) -> None:
    """Seconds (best of three where that is quick) and growth in memory, in a process of its own."""
    X, beta, cutpoints = make_rows(n)
    labels = np.random.default_rng(2).integers(0, CATEGORIES, n)
    few = LinearDraws("logit", X[:500], beta, cutpoints)
    TASKS[name](few, labels[:500], threads)  # compiles, or loads what has been compiled
    before, seconds = peak_bytes(), []
    while len(seconds) < 3 and sum(seconds) < 2.0:
        start = time.perf_counter()
        TASKS[name](LinearDraws("logit", X, beta, cutpoints), labels, threads)
        seconds.append(time.perf_counter() - start)
    queue.put((min(seconds), peak_bytes() - before))


def measure_peer(n: int) -> tuple[float, float]:
    """Seconds for all draws of scikit-learn's scoring, and of replicating the answers; from a few draws."""
    X, beta, cutpoints = make_rows(n)
    labels = np.random.default_rng(2).integers(0, CATEGORIES, n)
    scoring, replicating = [], []
    for s in range(PEER_DRAWS[n]):
        start = time.perf_counter()
        draw = LinearDraws("logit", X, beta[s : s + 1], cutpoints[s : s + 1])
        answers = draw.replicate(np.random.default_rng(s), threads=1)[0]
        middle = time.perf_counter()
        cohen_kappa_score(answers, labels, weights="quadratic", labels=range(CATEGORIES))
        replicating.append(middle - start)
        scoring.append(time.perf_counter() - middle)
    return DRAWS * float(np.median(scoring)), DRAWS * float(np.median(replicating))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(PEER_DRAWS), choices=list(PEER_DRAWS))
    rows = parser.parse_args().rows
    context = multiprocessing.get_context("spawn")
    cores = available_cores()
    print(
        f"{DRAWS} draws, {COVARIATES} covariates, {CATEGORIES} categories; this process may use {cores} cores\n"
    )
    for n in rows:
        peer, replicating = measure_peer(n)
        print(f"n = {n:,}")
        print(
            f"  scikit-learn once per draw: {peer:,.1f} s, extrapolated from {PEER_DRAWS[n]} draws "
            f"(replicating the answers: {replicating:,.1f} s more)"
        )
        print(f"  {'bayesord':<30} {'threads':>7} {'seconds':>9} {'times faster':>13} {'memory on top':>14}")
        for name in TASKS:
            for threads in sorted({1, cores}):
                queue = context.SimpleQueue()
                process = context.Process(target=measure, args=(name, n, threads, queue))
                process.start()
                process.join()
                seconds, growth = queue.get()
                print(
                    f"  {name:<30} {threads:>7} {seconds:>9.3f} {peer / seconds:>13,.0f} "
                    f"{growth / 2**20:>11,.0f} MB"
                )
        print()


if __name__ == "__main__":
    main()
