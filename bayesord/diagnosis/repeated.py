"""Where rows repeat: whether equal rows answer as differently as the model says, no more and no less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.diagnosis.chi_square import inverse_of
from bayesord.diagnosis.scores import add_information, own_parameters
from bayesord.inference.cells import cells

__all__ = ["Repeated", "repeated_check"]

_ROWS_EACH = 2.0  # on average, for the check to say anything
_REPLICATES = 999
_MOST_NUMBERS = 40_000_000
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Repeated:
    """Pearson's statistic over distinct rows, what it is compared with, and the p value."""

    statistic: float
    expected: float
    n_distinct: int
    p: float


def repeated_check(fit, rng: np.random.Generator) -> Repeated | None:
    """Pearson's X² over distinct rows of covariates, less the part that fitting takes away; None where rows do not repeat.

        X² = Σ_g Σ_k (O_gk - n_g p_gk)² / (n_g p_gk),      T = X² - S_D' M_DD^-1 S_D

    X² is the score test of a model with a distribution for every distinct row, the subtrahend that of the parameters that
    this model has (`scores`), so that T does not depend on where the posterior mean lies. Its distribution is simulated:
    cells are often too small for χ². T is large if something is missing that differs between the rows, whatever it be, and
    also if rows that look equal belong together (overdispersion); it is then `expected` times the ratio of the variances.
    """
    design, draws = fit.design, fit.predictive_draws()
    n, K = draws.n_rows, draws.n_categories
    if not design.predictors:
        return None
    weights = np.ones(n) if design.weights is None else design.weights
    if design.groups or (design.weights is not None and design.weights_kind != "frequency"):
        return None
    if np.any(weights != np.floor(weights)):
        return None
    rows = design.X if design.offset is None else np.column_stack([design.X, design.offset])
    # As bytes they sort much faster than as numbers; + 0.0 makes one of the two zeros
    key = np.ascontiguousarray(rows + 0.0).view(np.dtype((np.void, rows.itemsize * rows.shape[1])))
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    G, total = len(first), weights.sum()
    size = min(_REPLICATES, _MOST_NUMBERS // (G * K))
    if total < _ROWS_EACH * G or len(design.predictors) >= (G - 1) * (K - 1) or size < 199:
        return None
    eta = design.X[first] @ draws.beta.mean(axis=0)
    if design.offset is not None:
        eta = eta + design.offset[first]
    table = cells(fit.link, draws.cutpoints.mean(axis=0) - eta[:, None])
    p = table.p / table.p.sum(axis=1, keepdims=True)
    observed = np.bincount(which.ravel() * K + design.y, weights, G * K).reshape(1, G, K)
    n_g = observed[0].sum(axis=1)
    statistic = _Statistic(table, n_g, design.X[first] - design.mean)
    found = statistic(observed)[0]
    copies = n_g.astype(np.int64)
    block = max(1, _BLOCK // (G * K))
    reference = np.concatenate(
        [
            statistic(rng.multinomial(copies, p, size=(min(block, size - start), G)))
            for start in range(0, size, block)
        ]
    )
    return Repeated(
        float(found), float(reference.mean()), G, float((1 + np.sum(reference >= found)) / (1 + size))
    )


class _Statistic:
    """T of tables of counts (R, G, K)."""

    def __init__(self, table, n_g, x):
        m, q = table.f.shape[1], x.shape[1] + 1
        self.table, self.expected = table, n_g[:, None] * table.p
        Q = np.column_stack([np.ones(len(x)), -x])
        information = np.zeros((m * q, m * q))
        add_information(information, Q, table.covariance(), n_g)
        D = own_parameters(m * q, m, q)
        self.known = inverse_of(D.T @ information @ D)
        self.Q, self.D = Q, D

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        inverse = self.table.inverse
        ratio = counts * inverse
        g = self.table.f * (ratio[..., :-1] - ratio[..., 1:])  # (R, G, m)
        score = np.einsum("rgk,gh->rkh", g, self.Q).reshape(len(counts), -1) @ self.D
        pearson = ((counts - self.expected) ** 2 * np.where(self.expected > 0, inverse, 0.0)).sum(axis=2)
        n_g = self.expected.sum(axis=1)
        return (pearson / n_g).sum(axis=1) - np.einsum("ri,ij,rj->r", score, self.known, score)
