"""How often each category was answered, against how often the posterior expects it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import ndtr

from bayesord.predictive.linear_draws import LinearDraws
from bayesord.predictive.threads import spans

__all__ = ["category_counts"]

_REPLICATES = 2000
_MOST_ANSWERS = 40_000_000  # replicates x rows
_LEAST_REPLICATES = 100
_ENOUGH = 1000  # replicates for p values of their own; with fewer, of many rows, counts are normal
_FEW = 10  # replicates say too little of a p value that would need fewer: it is held against .005 / K
_NORMAL = 25  # but for those that are rarer than this
_BLOCK = 20_000_000


def category_counts(fit, prob: float, rng: np.random.Generator) -> pd.DataFrame:
    """Observed counts of the categories beside their posterior predictive distribution.

    Every replicate belongs to a posterior draw: new answers for all training rows, counted. Of weights, frequency weights
    that are whole numbers stand for so many answers; others weigh the one answer of a row.

    Cutpoints are fitted to these counts, so that p values are nearer to 1/2 than under a test: a small one is the more to
    be taken seriously (a strong prior in the way, weights that do not mean what they should).

    Returns
    -------
    DataFrame, one row per category
        observed, mean, lower, upper (equal-tailed, of probability `prob`), p: two-sided, a tie counting half (mid-p).
        Of categories with a mean of 25 and more, a p below ten over the number of replicates, and above 40,000 rows any,
        is from the normal distribution; of rarer ones p is at least one over the number of replicates.
    """
    design, draws = fit.design, fit.predictive_draws()
    n, K = draws.n_rows, draws.n_categories
    w = design.weights
    copies = w is not None and design.weights_kind == "frequency" and np.all(w == np.floor(w))
    size = int(np.clip(_MOST_ANSWERS // n, _LEAST_REPLICATES, _REPLICATES))
    if draws.n_draws > 1:
        size = min(size, draws.n_draws)
    draws = _some(draws, np.linspace(0, draws.n_draws - 1, size).round().astype(int))
    counts = np.zeros((size, K))
    for start, stop in spans(n, max(1, _BLOCK // (size * (10 * K if copies else 1)))):
        part, own = draws.rows(start, stop), None if w is None else w[start:stop]
        if copies:
            answers = rng.multinomial(own.astype(np.int64), part.probs())
            counts += answers.sum(axis=1)
            continue
        codes = part.replicate(rng)
        for k in range(K):
            counts[:, k] += (codes == k).sum(axis=1) if w is None else (codes == k) @ own
    observed = np.bincount(design.y, w, K)
    low, high = np.quantile(counts, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    return pd.DataFrame(
        {
            "observed": observed,
            "mean": counts.mean(axis=0),
            "lower": low,
            "upper": high,
            "p": _two_sided(counts, observed),
        },
        index=pd.Index(list(design.categories), name="category"),
    )


def _some(draws: LinearDraws, chosen: np.ndarray) -> LinearDraws:
    """Those draws, each as often as it is chosen."""
    groups = tuple(replace(term, effects=term.effects[chosen]) for term in draws.groups)
    return replace(
        draws, beta=draws.beta[chosen], cutpoints=draws.cutpoints[chosen], n_chains=1, groups=groups
    )


def _two_sided(counts: np.ndarray, observed: np.ndarray) -> np.ndarray:
    p, mean, sd = _mid_p(counts, observed), counts.mean(axis=0), counts.std(axis=0)
    normal = (mean >= _NORMAL) & (sd > 0) & ((len(counts) < _ENOUGH) | (p < _FEW / len(counts)))
    z = np.divide(np.abs(observed - mean), sd, out=np.zeros_like(mean), where=sd > 0)
    return np.where(normal, 2 * ndtr(-z), p)


def _mid_p(counts: np.ndarray, observed: np.ndarray) -> np.ndarray:
    near = 1e-9 * np.maximum(observed, 1.0)  # sums of weights have rounding
    ties = 0.5 * (np.abs(counts - observed) <= near).mean(axis=0)
    below, above = (counts < observed - near).mean(axis=0), (counts > observed + near).mean(axis=0)
    return np.clip(2 * np.minimum(below + ties, above + ties), 1 / len(counts), 1.0)
