"""Kappa from its definition, in exact fractions, by listing every set of answers. Nothing of bayesord.

A table of probabilities is a list of rows of Fractions; labels and answers are tuples of codes; t are the
category values and w the row weights, as integers or Fractions.
"""

from fractions import Fraction
from itertools import product

import numpy as np


def table(rows, denominator=1):
    """Rows of numbers or 'a/b' strings, as Fractions of a common denominator."""
    return [[Fraction(p) / denominator for p in row] for row in rows]


def floats(rows):
    return np.array([[float(p) for p in row] for row in rows])


def random_table(rng, n, K, denominator=12):
    """Rows of random multiples of 1/denominator, zeros among them."""
    return [[Fraction(int(c), denominator) for c in rng.multinomial(denominator, rng.dirichlet(np.ones(K)))]
            for _ in range(n)]  # fmt: skip


def weighted_kappa(y, a, D, w=None):
    """1 - Σ_i w_i D[y_i, a_i] / (Σ_ij w_i w_j D[y_i, a_j] / Σ w); None for 0/0."""
    w = [1] * len(y) if w is None else w
    observed = sum(wi * D[yi][ai] for wi, yi, ai in zip(w, y, a, strict=True))
    chance = sum(
        wi * wj * D[yi][aj] for wi, yi in zip(w, y, strict=True) for wj, aj in zip(w, a, strict=True)
    )
    return None if chance == 0 else 1 - Fraction(observed) * sum(w) / chance


def squares(t):
    return [[(s - u) ** 2 for u in t] for s in t]


def qwk(y, a, t=None, w=None):
    t = range(max(*y, *a) + 1) if t is None else t
    return weighted_kappa(y, a, squares(t), w)


def outcomes(P):
    """Every (answers, probability) of independent rows."""
    for y in product(*(range(len(row)) for row in P)):
        probability = Fraction(1)
        for row, k in zip(P, y, strict=True):
            probability *= row[k]
        if probability:
            yield y, probability


def kappa_moments(P, a, t, w=None):
    """Exact mean and variance of kappa over the answers; 0/0 counts as 0."""
    mean = square = Fraction(0)
    for y, probability in outcomes(P):
        k = qwk(y, a, t, w) or Fraction(0)
        mean += probability * k
        square += probability * k * k
    return mean, square - mean**2


def numerator_and_chance(y, a, t, w=None):
    """A = 2 Σ w (a - abar) y and B = Σ w y² + Σ w a² - 2 abar Σ w y."""
    w = [1] * len(y) if w is None else w
    ys, scores = [t[k] for k in y], [t[k] for k in a]
    middle = Fraction(sum(wi * s for wi, s in zip(w, scores, strict=True))) / sum(w)
    top = 2 * sum(wi * (s - middle) * v for wi, s, v in zip(w, scores, ys, strict=True))
    bottom = sum(wi * (v * v + s * s - 2 * middle * v) for wi, s, v in zip(w, scores, ys, strict=True))
    return top, bottom


def ratio_moments(P, a, t, w=None):
    """E[A], E[B], Var A, Cov(A, B), Var B and Cov(kappa, B), by enumeration."""
    sums = dict.fromkeys(("A", "B", "AA", "AB", "BB", "k", "kB"), Fraction(0))
    for y, probability in outcomes(P):
        A, B = numerator_and_chance(y, a, t, w)
        k = A / B if B else Fraction(0)
        for name, value in {
            "A": A,
            "B": B,
            "AA": A * A,
            "AB": A * B,
            "BB": B * B,
            "k": k,
            "kB": k * B,
        }.items():
            sums[name] += probability * value
    A, B = sums["A"], sums["B"]
    return A, B, sums["AA"] - A * A, sums["AB"] - A * B, sums["BB"] - B * B, sums["kB"] - sums["k"] * B


def second_order(P, a, t, w=None):
    """rho, and the mean and variance of kappa to second and first order in 1/n."""
    A, B, vaa, vab, vbb, _ = ratio_moments(P, a, t, w)
    rho = A / B
    return rho, rho - (vab - rho * vbb) / B**2, (vaa - 2 * rho * vab + rho**2 * vbb) / B**2


def plugin(P, a, t, w=None):
    """E[A]/E[B] from the scores' means and mean squares alone; None for 0/0."""
    w = [1] * len(P) if w is None else w
    m = [sum(p * v for p, v in zip(row, t, strict=True)) for row in P]
    q = [sum(p * v * v for p, v in zip(row, t, strict=True)) for row in P]
    scores, total = [t[k] for k in a], sum(w)
    s1 = sum(wi * s for wi, s in zip(w, scores, strict=True))
    s2 = sum(wi * s * s for wi, s in zip(w, scores, strict=True))
    m1 = sum(wi * mi for wi, mi in zip(w, m, strict=True))
    am = sum(wi * s * mi for wi, s, mi in zip(w, scores, m, strict=True))
    chance = sum(wi * qi for wi, qi in zip(w, q, strict=True)) + s2 - 2 * s1 * m1 / Fraction(total)
    return None if chance == 0 else 2 * (am - s1 * m1 / Fraction(total)) / chance


def mixture(tables):
    """Mean of equally likely tables."""
    return [
        [sum(cells) / len(tables) for cells in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)
    ]


def fleiss_cohen_everitt(counts, D):
    """Large-sample standard error of a weighted kappa, as published, in agreement weights 1 - D/max D."""
    n = counts.sum()
    p, agreement = counts / n, 1 - D / D.max()
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, chance = np.sum(p * agreement), rows @ agreement @ columns
    row_mean, column_mean = agreement @ columns, rows @ agreement
    inner = agreement * (1 - chance) - (row_mean[:, None] + column_mean[None, :]) * (1 - observed)
    variance = np.sum(p * inner**2) - (observed * chance - 2 * chance + observed) ** 2
    return np.sqrt(variance / n) / (1 - chance) ** 2
