"""Every labeling tried: slow, exact and obvious references for `bayesord.predictive.decisions`.

Probabilities are given as integers with a common row sum, so that kappas are ratios of integers and ties are
ties: nothing here rounds.
"""

import itertools
from fractions import Fraction

import numpy as np


def labelings(n, K):
    """All K^n labelings of n rows: int64 (K^n, n)."""
    return np.array(list(itertools.product(range(K), repeat=n)), dtype=np.int64).reshape(-1, n)


def monotone_labelings(n, K):
    """All labelings that do not fall."""
    return np.array(list(itertools.combinations_with_replacement(range(K), n)), dtype=np.int64).reshape(-1, n)


def random_counts(rng, n, K, total):
    """Rows of K integers that sum to `total`; repeated rows, zeros and ties are common."""
    pool = rng.multinomial(total, rng.dirichlet(np.full(K, 0.7)), size=rng.integers(1, n + 1))
    return pool[rng.integers(0, len(pool), n)]


def cost_and_chance(counts, W, weights):
    """Integers (C, H): kappa = 1 - total_weight * sum_i w_i C[i, a_i] / sum_i w_i H[a_i]."""
    cost = counts @ W
    return cost, weights @ cost


def disagreements(a, counts, W, weights):
    """Exact numerators and denominators of mu = 1 - kappa for the labelings a (L, n)."""
    cost, chance = cost_and_chance(counts, W, weights)
    observed = (weights * cost[np.arange(a.shape[1]), a]).sum(axis=1)
    return weights.sum() * observed, (weights * chance[a]).sum(axis=1)


def best_kappa(counts, W, weights=None, candidates=None):
    """(largest plug-in weighted kappa as a Fraction, all labelings that reach it); None where all are 0/0."""
    n, K = counts.shape
    weights = np.ones(n, dtype=np.int64) if weights is None else weights
    a = labelings(n, K) if candidates is None else candidates
    top, bottom = disagreements(a, counts, W, weights)
    defined = bottom > 0
    if not defined.any():
        return None, a
    a, top, bottom = a[defined], top[defined], bottom[defined]
    ratio = top / bottom
    near = np.flatnonzero(ratio <= ratio.min() + 1e-9)
    mu = min(Fraction(int(top[i]), int(bottom[i])) for i in near)
    tied = [i for i in near if Fraction(int(top[i]), int(bottom[i])) == mu]
    return 1 - mu, a[tied]


def lowest_labels(counts, W, kappa, weights=None):
    """The rule at the exact optimum, argmin_k (C_ik - mu H_k) in integers, ties to the lower label.

    A label that cannot be wrong, H_k = 0, comes last among equals.
    """
    n, K = counts.shape
    weights = np.ones(n, dtype=np.int64) if weights is None else weights
    cost, chance = cost_and_chance(counts, W, weights)
    mu, total = 1 - kappa, int(weights.sum())
    if kappa == 0:  # no labels beat a constant: the category of least chance disagreement
        return np.full(n, int(np.argmin(chance)))
    scaled = [[int(cost[i, k]) * total - mu * int(chance[k]) for k in range(K)] for i in range(n)]
    return np.array([min(range(K), key=lambda k: (row[k], chance[k] == 0, k)) for row in scaled])


def sample_qwk(a, y, t, w):
    """Quadratic weighted kappa of the labelings a (L, n) with y, from its definition over pairs of rows."""
    observed = (w * (t[y] - t[a]) ** 2).sum(axis=1)
    chance = sum(w[j] * (w * (t[y[j]] - t[a]) ** 2).sum(axis=1) for j in range(y.size)) / w.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - observed / chance


def expected_of_all(tables, t, w=None):
    """E[kappa(Y, a)] of all K^n labelings, Y drawn from one of the equiprobable tables (S, n, K): (K^n,).

    All K^n answers are tried. 0/0 happens for constant labels alone, whose kappa is 0 for every other answer:
    0 there too.
    """
    S, n, K = tables.shape
    w = np.ones(n) if w is None else w
    a = answers = labelings(n, K)
    chances = sum(np.prod(table[np.arange(n), answers], axis=1) for table in tables) / S
    total = np.zeros(len(a))
    for y, chance in zip(answers, chances, strict=True):
        total += chance * np.nan_to_num(sample_qwk(a, y, t, w))
    total[(a == a[:, :1]).all(axis=1)] = 0.0
    return total
