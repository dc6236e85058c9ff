"""Simulation-based calibration of one model of every kind: `python -m benchmarks.reliability calibration`.

The first three are in the test suite with 200 replicates each, the first six are run by default with 500.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

import bayesord as bo
from bayesord import priors as P
from bayesord.checks import available_cores

__all__ = ["MODELS", "Model", "main"]

QUICK, USUAL = 3, 6


@dataclass(frozen=True)
class Model:
    """What `simulate_calibration` is given: the arguments, as it takes them."""

    data: tuple
    options: dict = field(default_factory=dict)

    def calibrate(self, **settings) -> bo.Calibration:
        """Of this model, with these replicates, seed and cores."""
        return bo.simulate_calibration(*self.data, **self.options, **settings)


def _table(K: int, n: int = 50) -> pd.DataFrame:
    """Two covariates, two grouping factors, weights of 0 to 3; the categories count, the answers do not."""
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "z": rng.normal(2, 3, size=n),
            "judge": rng.integers(0, 8, n),
            "item": rng.integers(0, 6, n),
            "w": rng.integers(0, 4, n),
            "shift": rng.normal(size=n),
            "y": pd.Categorical(np.arange(n) % K, categories=range(K), ordered=True),
        }
    )


def _embedding(K: int, n: int, seed: int, p: int = 20) -> tuple:
    """p positive, correlated columns, many of them zero in most rows, as units of a network's layer are."""
    rng = np.random.default_rng(seed)
    units = np.maximum(rng.normal(size=(n, 5)) @ rng.normal(size=(5, p)) + rng.normal(size=p), 0)
    return units, pd.Categorical(np.arange(n) % K, categories=range(K), ordered=True)


MODELS = {
    "logit, 5 categories, weights": Model(("y ~ x + z", _table(5)), {"sample_weight": "w"}),
    "probit, 4 categories, groups": Model(("y ~ x + (1 | judge)", _table(4)), {"link": "probit"}),
    "cloglog, 7 categories, 20 units of a network": Model(_embedding(7, 35, 8), {"link": "cloglog"}),
    "loglog, 3 categories, groups, weights": Model(
        ("y ~ z + (1 | judge)", _table(3)),
        {"link": "loglog", "sample_weight": "w", "priors": bo.Priors(beta=P.normal(0, 1, autoscale=True))},
    ),
    "cauchit, 2 categories": Model(("y ~ x", _table(2)), {"link": "cauchit"}),
    "logit, 4 categories, slopes, crossed groups": Model(
        ("y ~ x + (x | judge) + (1 | item)", _table(4)), {"priors": bo.Priors(group_sd=P.half_normal(1.0))}
    ),
    "logit, 6 categories, 20 rows": Model(("y ~ x", _table(6, n=20))),
    "probit, 7 categories, interaction, Student's t": Model(
        ("y ~ x * z", _table(7)),
        {"link": "probit", "priors": bo.Priors(cutpoints=P.student_t(5, 0, 2), beta=P.student_t(5, 0, 1))},
    ),
    "cloglog, 3 categories, offset, Laplace": Model(
        ("y ~ x + offset(shift)", _table(3)), {"link": "cloglog", "priors": bo.Priors(beta=P.laplace(1.0))}
    ),
    "loglog, 5 categories, 20 units of a network": Model(_embedding(5, 60, 9), {"link": "loglog"}),
    "cauchit, 4 categories, groups": Model(("y ~ x + (1 | judge)", _table(4)), {"link": "cauchit"}),
    "logit, 2 categories, groups, weights": Model(
        ("y ~ z + (1 | item)", _table(2)), {"sample_weight": "w", "priors": bo.Priors(group_sd=P.exponential(1.0))}
    ),
}  # fmt: skip


def main(arguments: list[str]) -> bool:
    """Run, and print a line for each model as it is done; whether all stayed within the band."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability calibration", description=__doc__)
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument(
        "--full", action="store_true", help=f"all {len(MODELS)} models, not the first {USUAL}"
    )
    parser.add_argument("--cores", type=int, default=min(2, available_cores()))
    parser.add_argument("--seed", type=int, default=20261122)
    chosen = parser.parse_args(arguments)
    models = list(MODELS.items())[: None if chosen.full else USUAL]
    done = []
    for name, model in models:
        began = time.perf_counter()
        done.append(
            model.calibrate(
                replicates=chosen.replicates, cores=chosen.cores, random_seed=chosen.seed, progressbar=False
            )
        )
        print(f"{name}: {done[-1]} ({time.perf_counter() - began:.0f} s)", flush=True)
    passed = sum(calibration.passed for calibration in done)
    worst = max(calibration.deviations.max() for calibration in done)
    print(
        f"Calibration: {len(done)} models, {sum(len(c.ranks) for c in done):,} replicates; {passed} within their band; "
        f"largest deviation {worst:.2f} of the band"
    )
    return passed == len(done)
