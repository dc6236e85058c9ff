"""False alarms and alarms missed: `python -m benchmarks.reliability alarms`.

Healthy fits, of every kind in turn and with new data each, should have the verdict "ok": at most 2 in 100 may not.
Planted faults should be flagged, every one, in the line of the diagnosis that is about them.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

import bayesord as bo
from bayesord import priors as P
from bayesord.inference.diagnostics import judge
from bayesord.likelihood.links import LINKS

__all__ = ["HEALTHY", "PATHOLOGIES", "Pathology", "main", "run"]

ALLOWED = 0.02
_QUIET = {"progressbar": False, "on_fail": "ignore"}


# -- healthy fits --------------------------------------------------------------------------------------------------


def _numbers(n: int, p: int, K: int, link: str = "logit", **options) -> Callable:
    """Normal covariates, unequal categories, coefficients of one standard deviation together."""

    def make(rng: np.random.Generator, draws: int):
        beta = rng.normal(size=p) * np.sqrt(LINKS[link].latent_variance / p)
        shares = np.cumsum(rng.dirichlet(np.full(K, 30.0)))[:-1]
        truth = bo.simulate(n, beta=beta, cutpoints=LINKS[link].quantile(shares), link=link, random_seed=rng)
        given = {name: value(rng, n) if callable(value) else value for name, value in options.items()}
        return bo.fit(
            truth.X,
            truth.y,
            categories=range(K),
            link=link,
            draws=draws,
            random_seed=_seed(rng),
            **given,
            **_QUIET,
        )

    return make


def _factors(rng: np.random.Generator, draws: int):
    data = pd.DataFrame({name: rng.choice(list(levels), 300) for name, levels in (("a", "xyz"), ("b", "pq"))})
    latent = 0.8 * (data["a"] == "y") - 0.5 * (data["b"] == "q") + rng.logistic(size=300)
    data["y"] = np.searchsorted([-1, 0, 1], latent)
    return bo.fit("y ~ a + b", data, draws=draws, random_seed=_seed(rng), **_QUIET)


def _groups(rng: np.random.Generator, draws: int):
    group = np.repeat(np.arange(15), 20)
    x = rng.normal(size=300)
    latent = x + 0.8 * rng.normal(size=15)[group] + rng.logistic(size=300)
    data = pd.DataFrame({"y": np.searchsorted([-1, 0, 1], latent), "x": x, "g": group})
    return bo.fit("y ~ x + (1 | g)", data, draws=draws, random_seed=_seed(rng), **_QUIET)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


HEALTHY: dict[str, Callable] = {
    **{f"{link}, 300 x 3": _numbers(300, 3, 4, link) for link in LINKS},
    "1,000 x 5, K = 5": _numbers(1000, 5, 5),
    "200 x 20, K = 3": _numbers(200, 20, 3),
    "100 x 2, K = 7": _numbers(100, 2, 7),
    "500 x 2, K = 2": _numbers(500, 2, 2),
    "normal priors": _numbers(300, 3, 4, priors=bo.Priors(beta=P.normal(0, 2.5))),
    "Student-t priors": _numbers(300, 3, 4, priors=bo.Priors(P.student_t(3, 0, 5), P.student_t(4, 0, 2))),
    "flat priors": _numbers(300, 3, 4, priors=bo.Priors(P.dirichlet(1.0), P.flat())),
    "importance weights": _numbers(
        400, 3, 4, sample_weight=lambda rng, n: rng.uniform(0.5, 1.5, n), weights="importance"
    ),
    "factors": _factors,
    "groups": _groups,
}


def run(n: int = 200, seed: int = 1, draws: int = 1000) -> dict:
    """Fit `n` healthy data sets and count what is not "ok".

    Returns
    -------
    dict
        fits, verdicts not ok, diagnoses not ok, seconds; of each alarm a line (model, who raised it, what it says); and
        the p values of each score test of the diagnosis (those of several predictors by Holm's adjustment).
    """
    rng, kinds = np.random.default_rng(seed), list(HEALTHY.items())
    alarms, verdicts, diagnoses = [], 0, 0
    p_values = {name: [] for name in ("link shape", "parallel", "curves")}
    began = time.perf_counter()
    for i in range(n):
        name, make = kinds[i % len(kinds)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = make(rng, draws)
            diagnosis = fit.diagnose()
        verdicts += fit.verdict.level != "ok"
        diagnoses += diagnosis.level != "ok"
        alarms += [f"{name}: verdict: {text}" for text in fit.verdict.problems]
        for check in diagnosis.checks:
            if check.name in p_values:
                p_values[check.name].append(check.figure)
        alarms += [
            f"{name}: {check.name}: {check.advice}" for check in diagnosis.checks if check.level != "ok"
        ]
    return {
        "fits": n,
        "verdicts not ok": verdicts,
        "diagnoses not ok": diagnoses,
        "seconds": time.perf_counter() - began,
        "alarms": alarms,
        "p values": p_values,
    }


# -- planted faults ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pathology:
    """A fault: how to make a fit with it, the check that is about it, and the level that this check should give."""

    make: Callable
    check: str
    level: str = "caution"


def _fit(X, y, **options):
    options = {"draws": 500, "random_seed": 1} | options
    return bo.fit(X, y, **options, **_QUIET)


def _clean(rng, **options):
    truth = bo.simulate(200, beta=(0.8, -0.5), n_categories=4, random_seed=rng)
    return _fit(truth.X, truth.y, **options)


def _disturbed(change: Callable) -> Callable:
    """A clean fit whose draws or statistics are changed and judged again."""

    def make(rng):
        fit = _clean(rng)
        idata = xr.DataTree.from_dict(
            {name: fit.idata[name].to_dataset().copy(deep=True) for name in fit.idata.children}
        )
        change(idata, rng)
        verdict = judge(idata, chains_asked=4)
        return bo.OrdinalFit(fit.design, fit.link, fit.priors, idata, verdict)

    return make


def _two_modes(idata, rng):
    idata["posterior"]["beta"].values[:2] += 1.0


def _slow(idata, rng):
    beta = idata["posterior"]["beta"].values
    for t in range(1, beta.shape[1]):
        beta[:, t] = 0.98 * beta[:, t - 1] + 0.05 * beta[:, t]


def _diverging(idata, rng):
    idata["sample_stats"]["diverging"].values[:, ::50] = True


def _stuck_energy(idata, rng):
    energy = idata["sample_stats"]["energy"].values
    energy[:] = np.cumsum(rng.normal(size=energy.shape), axis=1)


def _deep_trees(idata, rng):
    idata["sample_stats"]["reached_max_treedepth"].values[:, ::20] = True


def _separated(rng, how: str):
    X = rng.normal(size=(120, 3))
    score = X[:, 0] - X[:, 1] if how == "combination" else X[:, 0]
    y = np.searchsorted([-0.7, 0.5], score)
    if how == "indicator":
        X[:, 2] = np.arange(120) < 9
        y = np.where(X[:, 2] == 1, 2, np.searchsorted([-1, 1], score + rng.logistic(size=120)))
    return _fit(X, y)


def _empty(rng):
    truth = bo.simulate(200, beta=(0.8,), n_categories=3, random_seed=rng)
    return _fit(truth.X, np.array([1, 2, 4])[truth.y], categories=[1, 2, 3, 4])


def _conflict(rng):
    truth = bo.simulate(400, beta=(3.0, 0.5), n_categories=4, random_seed=rng)
    return _fit(truth.X, truth.y, priors=bo.Priors(beta=P.normal(0, 0.3)))


def _narrow_cutpoints(rng):
    truth = bo.simulate(400, beta=(0.5,), cutpoints=(-4.5, -3.5, -2.5), random_seed=rng)
    return _fit(truth.X, truth.y, priors=bo.Priors(P.dirichlet(300.0), P.normal(0, 1)), categories=range(4))


def _not_parallel(rng):
    X = rng.normal(size=(800, 3))
    below = 1 / (
        1 + np.exp(-(np.array([-1.5, 0.0, 1.5]) - X[:, :1] - X[:, 1:2] * np.array([0.9, 0.3, -0.2])))
    )
    u = rng.uniform(size=(800, 1))
    return _fit(X, (u > np.maximum.accumulate(below, axis=1)).sum(axis=1))


def _wrong_link(rng):
    truth = bo.simulate(800, beta=(1.2, -0.8), cutpoints=(-2, -1, 0), link="cloglog", random_seed=rng)
    return _fit(truth.X, truth.y, link="loglog")


def _curve(rng):
    x = rng.normal(size=(500, 2))
    return _fit(x, np.searchsorted([0, 1, 2], 0.6 * x[:, 0] ** 2 + x[:, 1] + rng.logistic(size=500)))


def _overdispersed(rng):
    row = np.repeat(np.arange(40), 10)
    x = rng.normal(size=(40, 2))
    latent = x[row] @ [0.8, -0.5] + 1.2 * rng.normal(size=40)[row] + rng.logistic(size=400)
    return _fit(x[row], np.searchsorted([-1, 0, 1], latent))


PATHOLOGIES: dict[str, Pathology] = {
    "chains in two modes": Pathology(_disturbed(_two_modes), "R-hat", "failed"),
    "chains too slow": Pathology(_disturbed(_slow), "ESS bulk", "failed"),
    "chains too short": Pathology(lambda rng: _clean(rng, draws=30, tune=5, chains=2), "ESS tail", "failed"),
    "one chain": Pathology(lambda rng: _clean(rng, chains=1), "chains"),
    "divergences": Pathology(_disturbed(_diverging), "divergences", "failed"),
    "energy that hardly moves": Pathology(_disturbed(_stuck_energy), "E-BFMI", "failed"),
    "trees at their limit": Pathology(_disturbed(_deep_trees), "tree depth"),
    "separation by one column": Pathology(lambda rng: _separated(rng, "column"), "separation"),
    "separation by two together": Pathology(lambda rng: _separated(rng, "combination"), "separation"),
    "quasi-separation by an indicator": Pathology(lambda rng: _separated(rng, "indicator"), "separation"),
    "an empty category": Pathology(_empty, "empty categories"),
    "a prior far from the data": Pathology(_conflict, "prior-data conflict"),
    "counts that the prior forbids": Pathology(_narrow_cutpoints, "category counts"),
    "a coefficient for every cutpoint": Pathology(_not_parallel, "parallel"),
    "a link that is skewed the wrong way": Pathology(_wrong_link, "link shape"),
    "a square that is missing": Pathology(_curve, "curves"),
    "rows that belong together": Pathology(_overdispersed, "repeated rows"),
}


def planted(seed: int = 1) -> dict[str, bool]:
    """Whether each planted fault is flagged in its line, at its level."""
    found = {}
    for name, pathology in PATHOLOGIES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            diagnosis = pathology.make(np.random.default_rng(seed)).diagnose()
        levels = {check.name: check.level for check in diagnosis.checks}
        found[name] = levels.get(pathology.check) == pathology.level
    return found


def main(arguments: list[str]) -> bool:
    """Print the figures; whether the promises hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability alarms", description=__doc__)
    parser.add_argument("--fits", type=int, default=200, help="healthy fits (200)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    flagged = planted(options.seed)
    for name, seen in flagged.items():
        print(f"  {'flagged' if seen else 'MISSED':8} {name}")
    found = run(options.fits, options.seed)
    share = found["verdicts not ok"] / found["fits"]
    print(
        f"planted faults flagged: {sum(flagged.values())} of {len(flagged)}\n"
        f"healthy fits: {found['fits']} of {len(HEALTHY)} kinds in {found['seconds']:.0f} s; verdicts not ok: "
        f"{found['verdicts not ok']} ({share:.1%}); diagnoses with any line not ok: {found['diagnoses not ok']} "
        f"({found['diagnoses not ok'] / found['fits']:.1%})"
    )
    for alarm in found["alarms"]:
        print(f"  {alarm}")
    for test, values in found["p values"].items():
        print(f"p of the {test} test below .05: {np.mean(np.array(values) < 0.05):.1%} of {len(values)} fits")
    return all(flagged.values()) and share <= ALLOWED
