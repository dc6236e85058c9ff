"""The labels of highest plug-in kappa: a ratio maximised by a short sequence of row-wise choices.

A kappa is a ratio of two sums over rows, so no row can be labelled on its own. Dinkelbach's observation takes
the ratio apart: labels are optimal for N/D exactly when they are optimal for N - λ D at λ = the best ratio.
For a fixed λ that is a sum of one term per row, so: label every row on its own, compute the ratio, put it in
place of λ, repeat. The ratio rises at every step and stops, after a handful of them, at the global optimum.

Quadratic weights need only the posterior mean score m_i of each row. With λ fixed the best label is the
category value nearest to g_i = mbar + (m_i - mbar)/λ: the mean score stretched about the grand mean, because
kappa pays for labels that vary as much as the answers do, and mean scores vary less.

Source: Dinkelbach 1967, doi:10.1287/mnsc.13.7.492.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.predictive.inputs import row_products

__all__ = ["TIE", "Optimum", "constant_bounds", "first_minimum", "quadratic_optimum", "weighted_optimum"]

#: Differences below this share of the scale are rounding: they count as ties, and ties take the lower value.
TIE = 1e-12

_MAX_STEPS = 100  # the ratio rises strictly and five steps are usual; this only guards against rounding


@dataclass(frozen=True)
class Optimum:
    """Optimal labels and what a frozen rule needs to give the same ones again.

    Attributes
    ----------
    labels : array (n,) of codes
    value : float
        The plug-in kappa of the labels; nan where it is 0/0.
    lambda_ : float
        λ at the optimum: the value, and 0 where no labels beat a constant.
    upper_bound : float
        No labels have a larger plug-in kappa than this.
    bounds : array (K-1,) or None
        Quadratic weights: a mean score above bounds[k] is labelled above k.
    credit : array (K,) or None
        Other weights: row i takes the k of smallest (Pbar W)_ik - credit_k.
    """

    labels: np.ndarray
    value: float
    lambda_: float
    upper_bound: float
    bounds: np.ndarray | None = None
    credit: np.ndarray | None = None


def first_minimum(costs: np.ndarray, scale: float) -> np.ndarray:
    """The column of each row's smallest entry, (n, K) -> (n,); of those tied within TIE·scale the first."""
    return np.argmax(costs <= costs.min(axis=1, keepdims=True) + TIE * scale, axis=1)


def constant_bounds(label: int, n_categories: int) -> np.ndarray:
    """Bounds that give every score the same label."""
    return np.where(np.arange(n_categories - 1) < label, -np.inf, np.inf)


def quadratic_optimum(
    m: np.ndarray, q: np.ndarray, values: np.ndarray, weights: np.ndarray | None = None
) -> Optimum:
    """Labels of the highest plug-in quadratic weighted kappa among all K^n labelings.

    f(a) = E[A]/E[B], E[A] = 2 Σ w_i (a_i - abar) m_i, E[B] = Σ w_i q_i + Σ w_i a_i² - 2 abar Σ w_i m_i.

    Parameters
    ----------
    m, q : array (n,)
        Mean and mean square of the category value of each row.
    values : array (K,)
        Category values, increasing.
    weights : array (n,), optional

    Returns
    -------
    Optimum with `bounds` = mbar + λ((t_k + t_{k+1})/2 - mbar)

    Notes
    -----
    Equal rows get equal labels, and labels never fall as m rises. Start: the upper bound √(Var m / Var Y).
    Where that stretches too little and the labels come out constant, f = 0 and the next λ is 0: every row
    goes to one of the two ends, which has f > 0 as soon as two rows differ in m.

    Examples
    --------
    >>> import numpy as np
    >>> P = np.array([[6, 3, 1], [4, 4, 2], [3, 4, 3], [2, 4, 4], [5, 4, 1]]) / 10
    >>> t = np.arange(3.0)
    >>> best = quadratic_optimum(P @ t, P @ t**2, t)
    >>> best.labels, round(best.value, 12) == round(92 / 287, 12)
    (array([0, 1, 1, 2, 0]), True)
    """
    w = np.ones(m.size) if weights is None else weights
    total, span = w.sum(), values[-1] - values[0]
    # about the grand mean, so that nothing cancels when the values are far from 0
    mbar = (w @ m) / total
    variance_y = max((w @ q) / total - mbar**2, 0.0)
    variance_m = (w @ (m - mbar) ** 2) / total
    middles = (values[:-1] + values[1:]) / 2

    if np.sqrt(variance_m) <= TIE * span:
        label = int(first_minimum(np.abs(values - mbar)[None, :], span)[0])
        certain = np.sqrt(variance_y) <= np.sqrt(TIE) * span and abs(values[label] - mbar) <= TIE * span
        value = np.nan if certain else 0.0
        return Optimum(np.full(m.size, label), value, 0.0, value, constant_bounds(label, values.size))

    def bounds_at(lam: float) -> np.ndarray:
        return mbar + lam * (middles - mbar) + TIE * span

    def ratio(labels: np.ndarray) -> float:
        """A concordance: 2 cov / (Var Y + Var a + (abar - mbar)²)."""
        a = values[labels] - mbar
        abar = (w @ a) / total
        covariance = (w @ (a * (m - mbar))) / total
        return 2 * covariance / (variance_y + (w @ (a - abar) ** 2) / total + abar**2)

    upper = min(np.sqrt(variance_m / variance_y), 1.0)
    value = max(ratio(np.searchsorted(bounds_at(upper), m)), 0.0)
    for _ in range(_MAX_STEPS):
        lam, labels = value, np.searchsorted(bounds_at(value), m)
        value = ratio(labels)
        if value <= lam:
            break
    return Optimum(labels, float(value), float(lam), float(upper), bounds_at(lam))


def weighted_optimum(
    table: np.ndarray, disagreement: np.ndarray, weights: np.ndarray | None = None
) -> Optimum:
    """Labels of the highest plug-in weighted kappa, for any weights, among all K^n labelings.

    With c = Pbar W (cost of each label in each row), pi the mean of the rows of Pbar and h = pi W (cost of
    each label by chance): kappa = 1 - μ, μ = Σ_i w_i c_{i,a_i} / Σ_i w_i h_{a_i}; for fixed μ the best label
    of row i is argmin_k (c_ik - μ h_k), and its `credit` is μ h.

    Parameters
    ----------
    table : array (n, K)
        Category probabilities.
    disagreement : array (K, K)
        W[true, predicted] >= 0, zero on the diagonal; it need not be symmetric.
    weights : array (n,), optional

    Returns
    -------
    Optimum with `credit`; the value is nan when no label disagrees with anything by chance (0/0)

    Notes
    -----
    The search starts at μ = 1, the ratio of every constant labeling, so no restart is needed: if no row
    prefers anything to its credit there, nothing beats a constant, and the labels are the category of least
    chance disagreement.

    Examples
    --------
    >>> import numpy as np
    >>> P = np.array([[0, 5, 0, 1], [0, 3, 0, 3], [0, 1, 3, 2]]) / 6
    >>> linear = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    >>> best = weighted_optimum(P, linear)
    >>> best.labels, round(best.value, 12) == round(6 / 17, 12)
    (array([1, 3, 2]), True)
    """
    w = np.ones(table.shape[0]) if weights is None else weights
    scale = float(disagreement.max())
    cost = row_products(table, disagreement)
    chance = (w @ cost) / w.sum()
    rows = np.arange(table.shape[0])
    least = (w @ cost.min(axis=1)) / w.sum()
    most = chance.max()

    def credit_at(mu: float) -> np.ndarray:
        # a label that cannot be wrong (some matrices have one) counts on neither side of the ratio: it comes
        # last among equals, or the rows that tie with it would leave 0/0
        return np.where(chance > TIE * scale, mu * chance, -3 * TIE * scale)

    mu = 1.0
    labels = first_minimum(cost - credit_at(mu), scale)
    gain = (w @ (cost[rows, labels] - chance[labels])) / w.sum()
    if gain >= -TIE * scale:
        label = int(first_minimum(chance[None, :], scale)[0])
        value = np.nan if chance[label] <= TIE * scale else 0.0
        upper = 0.0 if most > TIE * scale else np.nan
        return Optimum(np.full(rows.size, label), value, 0.0, upper, credit=_only(label, scale, chance.size))
    for _ in range(_MAX_STEPS):
        ratio = (w @ cost[rows, labels]) / (w @ chance[labels])
        if ratio >= mu:
            break
        mu = ratio
        labels = first_minimum(cost - credit_at(mu), scale)
    return Optimum(labels, float(1 - mu), float(1 - mu), float(1 - least / most), credit=credit_at(mu))


def _only(label: int, scale: float, n_categories: int) -> np.ndarray:
    """A credit that gives every row the same label."""
    return np.where(np.arange(n_categories) == label, 2 * scale + 1, 0.0)
