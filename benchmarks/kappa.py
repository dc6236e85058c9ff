"""Expected QWK from posterior draws, against scikit-learn's kappa once per draw: `python -m benchmarks.kappa`.

The task: S = 4000 draws of a logit model with K = 5 categories and p = 10 covariates, labels for n rows;
wanted is the distribution of kappa over the draws. The peer is what one writes without bayesord: replicate
the answers of every draw, then `cohen_kappa_score(y_rep, labels, weights="quadratic", labels=range(K))`. It
is timed on a few draws beside every line, and multiplied up; ratios are given to its scoring alone, and to
scoring and replicating together. Memory is what a process grows by at most, beyond X and the draws. Of short
runs the best of several counts, on both sides.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import cohen_kappa_score

from bayesord.checks import available_cores
from bayesord.predictive.kappa import expected_qwk, qwk_mean, qwk_predictive
from bayesord.predictive.probabilities import LinearDraws

DRAWS, COVARIATES, CATEGORIES = 4000, 10, 5
PEER_DRAWS = {10_000: 40, 1_000_000: 3}
SHORT = 2.0  # seconds that repetitions may take together

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
    """X (n, p), draws as a posterior for some thousand rows would have them, and labels."""
    rng = np.random.default_rng(1)
    X = np.empty((n, COVARIATES))
    rng.standard_normal(out=X)  # in place: no second copy that would hide the memory of what follows
    beta = rng.normal(0.0, 0.5, COVARIATES) + 0.05 * rng.normal(size=(DRAWS, COVARIATES))
    cutpoints = np.array([-2.0, -0.7, 0.7, 2.0]) + 0.05 * rng.normal(size=(DRAWS, 1))
    return X, beta, cutpoints, rng.integers(0, CATEGORIES, n)


def peak_bytes() -> int:
    """The most memory that this process has ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def bytes_now() -> int:
    """The memory that this process holds; where the system does not tell, the most that it has ever held."""
    try:
        return resource.getpagesize() * int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak_bytes()


def measure(name: str, n: int, threads: int, queue) -> None:
    """Seconds and growth of memory, in a process of its own."""
    X, beta, cutpoints, labels = make_rows(n)
    few = LinearDraws("logit", X[:500], beta, cutpoints)
    TASKS[name](few, labels[:500], threads)  # compiles, or loads what has been compiled
    before, seconds = bytes_now(), []
    while sum(seconds) < SHORT:
        start = time.perf_counter()
        TASKS[name](LinearDraws("logit", X, beta, cutpoints), labels, threads)
        seconds.append(time.perf_counter() - start)
    queue.put((min(seconds), peak_bytes() - before))


def in_a_process(name: str, n: int, threads: int) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    process = context.Process(target=measure, args=(name, n, threads, queue))
    process.start()
    result = queue.get()
    process.join()
    return result


def measure_peer(rows, n: int) -> tuple[float, float]:
    """Seconds for all draws of scikit-learn's scoring, and of replicating the answers; from a few draws."""
    X, beta, cutpoints, labels = rows
    scoring, replicating = [], []
    for s in range(PEER_DRAWS[n]):
        draw = LinearDraws("logit", X, beta[s : s + 1], cutpoints[s : s + 1])
        start = time.perf_counter()
        answers = draw.replicate(np.random.default_rng(s), threads=1)[0]
        answers = answers.astype(np.int64)  # what NumPy and ArviZ users have
        middle = time.perf_counter()
        cohen_kappa_score(answers, labels, weights="quadratic", labels=range(CATEGORIES))
        replicating.append(middle - start)
        scoring.append(time.perf_counter() - middle)
    return DRAWS * min(scoring), DRAWS * min(replicating)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=list(PEER_DRAWS), choices=list(PEER_DRAWS))
    cores = available_cores()
    print(
        f"{DRAWS} draws, {COVARIATES} covariates, {CATEGORIES} categories. Peer: scikit-learn's seconds of scoring"
    )
    print(
        "and of replicating the answers, for all draws, extrapolated from a few; ratios to scoring, and to both."
    )
    for n in parser.parse_args().rows:
        rows = make_rows(n)
        print(f"\nn = {n:,} (scikit-learn from {PEER_DRAWS[n]} draws)")
        print(
            f"{'':<30}{'threads':>8}{'seconds':>9}{'scoring':>10}{'replic.':>9}{'ratio':>7}{'both':>7}{'MB':>5}"
        )
        for name in TASKS:
            for threads in sorted({1, cores}):
                scoring, replicating = measure_peer(rows, n)
                seconds, growth = in_a_process(name, n, threads)
                ratios = f"{scoring / seconds:>7,.0f}{(scoring + replicating) / seconds:>7,.0f}"
                peer = f"{scoring:>10,.1f}{replicating:>9,.1f}"
                print(
                    f"{name:<30}{threads:>8}{seconds:>9.3f}{peer}{ratios}{growth / 2**20:>5,.0f}", flush=True
                )


if __name__ == "__main__":
    main()
