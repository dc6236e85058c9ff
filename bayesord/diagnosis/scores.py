"""Score tests of what a model leaves out, without another fit.

Write a_ik = c_k - eta_i for the argument of F at cutpoint k of row i. Every extension considered here moves these
arguments by θ v_ik: a coefficient of column x that belongs to cutpoint k alone has v = -x_i there and 0 elsewhere. With
g_ik the derivative of log P(y_i) by a_ik and W_i the covariance of g_i (tridiagonal, `inference.cells`), an extension has

    score S = Σ_i w_i v_i'g_i,    information with another one  M = Σ_i w_i v_i'W_i u_i .

Cutpoints and coefficients of the model are extensions as well (nuisance, D). Their part is taken out,

    S* = S - M_vD M_DD^-1 S_D,    T = S*' Var(S*)^-1 S*   ~  χ²

which makes the test one of Neyman's C(α): any estimate at the usual distance from the truth will do, so that the
posterior mean serves, where the score S_D of the likelihood is not zero.

Group effects are no parameters of that kind: each has few rows. The score of the marginal likelihood, which integrates
over them, is the mean of S over their posterior (Fisher's identity), here over some draws, moved by linear regression to
where the other parameters are held. Its information is M - M_vu (M_uu + Σ^-1)^-1 M_uv, with Σ their covariance; and since
the mean of S_u - Σ^-1 u over the posterior is zero, what few draws leave of it is taken out in the same way. That is
right where v does not depend on u. The moves of the link's shape do: what is known of its skewness is M less the variance
of S over the posterior (Louis), from the draws, group by group.

With importance weights Var(S*) has w² in the place of w (a sandwich); frequency weights stand for rows.

Neyman (1959); Rao (1948), doi:10.1017/S0305004100023987; of proportional odds, Peterson & Harrell (1990),
doi:10.2307/2347760; of mixed models, Lin (1997), doi:10.1093/biomet/84.2.309; Fisher's identity, Louis (1982),
doi:10.1111/j.2517-6161.1982.tb01203.x.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, sparse

from bayesord.diagnosis.chi_square import ScoreTest, inverse_of, score_test
from bayesord.inference.blas import blas_threads
from bayesord.inference.cells import Cells, cells
from bayesord.predictive.linear_draws import LinearDraws
from bayesord.predictive.threads import spans

__all__ = [
    "Scores",
    "add_information",
    "effects_at_mean",
    "merged_cutpoints",
    "own_parameters",
    "score_table",
]

_CHUNK = 65536
_MOST_PARAMETERS, _MOST_BORDER = 3000, 50_000_000
_MOST_DRAWS, _LEAST_DRAWS, _MOST_ROWS = 40, 8, 400_000  # draws of group effects, and draws times rows
_LEAST_ROWS = 5  # of a category, for the check: a rarer one is merged with its neighbour


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores and information of all extensions, group effects eliminated.

    Extension (h, k) is a coefficient of column h of (1, -X) at cutpoint k alone, at k (p+1) + h; two of the link's shape
    follow, then the p squares of the columns.

    Attributes
    ----------
    score : (M,) array
    information, variance : (M, M) arrays
        They differ with importance weights.
    cutpoints : (m,) array of int
        Those of the model that the check keeps; others belong to categories too rare, merged with a neighbour.
    n_columns : int
        p + 1.
    beta : (p,) array
        Where the scores are taken: the posterior mean.
    missed : float or None
        By how much `information` is too large for the skewness of the link; None without groups.
    """

    score: np.ndarray
    information: np.ndarray
    variance: np.ndarray
    cutpoints: np.ndarray
    n_columns: int
    beta: np.ndarray
    missed: float | None = None

    @cached_property
    def own(self) -> np.ndarray:
        """(M, m + p): the model's own parameters as sums of extensions, cutpoints before coefficients."""
        return own_parameters(len(self.score), len(self.cutpoints), self.n_columns)

    @cached_property
    def known(self) -> np.ndarray:
        """(m + p, m + p): the inverse of their information."""
        return inverse_of(self.own.T @ self.information @ self.own)

    def without_own(self, which: np.ndarray) -> np.ndarray:
        """(len(which), M): what makes projected scores S* of some extensions out of all scores."""
        project = -((self.information[which] @ self.own) @ self.known) @ self.own.T
        project[np.arange(len(which)), which] += 1.0
        return project

    def test(self, which: np.ndarray) -> ScoreTest:
        """The test of some extensions together."""
        project = self.without_own(which)
        if self.variance is self.information:
            variance = (
                project @ self.information[:, which]
            )  # what the projection takes out is not correlated with the rest
        else:
            variance = project @ self.variance @ project.T
        return score_test(project @ self.score, variance, np.diag(self.variance)[which])


def own_parameters(size: int, m: int, q: int) -> np.ndarray:
    """(size, m + q - 1): cutpoints and common coefficients as sums of the extensions (column h, cutpoint k)."""
    D = np.zeros((size, m + q - 1))
    D[np.arange(m) * q, np.arange(m)] = 1.0
    for h in range(1, q):
        D[np.arange(m) * q + h, m + h - 1] = 1.0
    return D


def add_information(M: np.ndarray, Q: np.ndarray, W: tuple[np.ndarray, np.ndarray], w: np.ndarray) -> None:
    """M[(k, h), (l, i)] += Σ_rows w Q_h W_kl Q_i for all columns and cutpoints."""
    m, q = W[0].shape[1], Q.shape[1]
    for k in range(m):
        here, after = slice(k * q, (k + 1) * q), slice((k + 1) * q, (k + 2) * q)
        M[here, here] += Q.T @ ((w * W[0][:, k])[:, None] * Q)
        if k + 1 < m:
            beside = Q.T @ ((w * W[1][:, k])[:, None] * Q)
            M[here, after] += beside
            M[after, here] += beside


def merged_cutpoints(counts: np.ndarray, least: float = _LEAST_ROWS) -> np.ndarray:
    """Which cutpoints to keep so that each category between them has at least so many rows.

    Merging neighbours leaves a cumulative model of the cutpoints that remain, with the same coefficients.

    Examples
    --------
    >>> merged_cutpoints(np.array([2, 9, 0, 7, 8, 1])).tolist()
    [1, 3]
    """
    kept, held = [], 0.0
    for k, count in enumerate(counts[:-1]):
        held += count
        if held >= least:
            kept.append(k)
            held = 0.0
    if kept and held + counts[-1] < least:
        kept.pop()
    return np.array(kept, dtype=int)


def score_table(fit) -> Scores | str:
    """`Scores` of a fit; a sentence where there is nothing to test or it would not fit memory."""
    design, draws = fit.design, fit.predictive_draws()
    K, (n, p) = len(design.categories), design.X.shape
    w = np.ones(n) if design.weights is None else design.weights
    importance = design.weights is not None and design.weights_kind == "importance"
    if importance and design.groups:
        return "importance weights together with groups"
    kept = merged_cutpoints(np.bincount(design.y, w / w.mean() if importance else w, K))
    m = len(kept)
    effects = sum(term.n_groups * term.n_terms for term in design.groups)
    if m < 1:
        return f"fewer than two categories with {_LEAST_ROWS} rows"
    if m * (p + 1) > _MOST_PARAMETERS or m * (p + 1) * effects > _MOST_BORDER:
        return f"{p} columns and {m} cutpoints are too many for it"
    y = np.searchsorted(kept, design.y, side="left")
    beta, c = draws.beta.mean(axis=0), draws.cutpoints.mean(axis=0)[kept]
    u = effects_at_mean(draws) if effects else np.zeros((1, 0))
    table = _Sums(m, 1.0 / design.sd, effects, importance)
    Z = _group_matrix(design) if effects else None
    block = (
        min(design.groups, key=lambda term: term.n_groups).index if effects else np.zeros(n, dtype=np.int64)
    )
    skew, missed = np.zeros((len(u), block.max() + 1)), None
    with blas_threads(1):
        for start, stop in spans(n, _CHUNK):
            here = slice(start, stop)
            Q = np.column_stack([np.ones(stop - start), design.mean - design.X[here]])
            eta = design.X[here] @ beta
            if design.offset is not None:
                eta += design.offset[here]
            own = None if Z is None else Z[here]
            for r, effect in enumerate(u):
                at = c - (eta if own is None else eta + own @ effect)[:, None]
                of_rows = table.add(Q, cells(fit.link, at), y[here], w[here] / len(u), own)
                skew[r] += np.bincount(block[here], of_rows * len(u), skew.shape[1])
        if effects:
            k = m * (p + 1) + 1
            complete = table.M[k, k]
            table.eliminate(u.mean(axis=0), _prior_precision(fit))
            missed = skew.var(axis=0, ddof=1).sum() - (complete - table.M[k, k])
    return Scores(table.S, table.M, table.M if table.V is None else table.V, kept, p + 1, beta, missed)


def effects_at_mean(draws: LinearDraws) -> np.ndarray:
    """(R, E) draws of all group effects as they would be with the other parameters at their posterior mean."""
    u = np.hstack([term.effects.reshape(draws.n_draws, -1) for term in draws.groups])
    others = np.hstack([draws.beta, draws.cutpoints])
    others = others - others.mean(axis=0)
    size = int(np.clip(_MOST_ROWS // draws.n_rows, _LEAST_DRAWS, _MOST_DRAWS))
    chosen = np.unique(np.linspace(0, draws.n_draws - 1, size).astype(int))
    slopes = np.linalg.lstsq(others, u - u.mean(axis=0), rcond=1e-10)[0]
    return u[chosen] - others[chosen] @ slopes


class _Sums:
    """Scores and information, chunk after chunk of rows."""

    def __init__(self, m: int, unit: np.ndarray, effects: int, importance: bool):
        self.m, self.unit = m, unit
        size = m * (len(unit) + 1) + 2 + len(unit)
        self.S, self.M = np.zeros(size), np.zeros((size, size))
        self.V = np.zeros((size, size)) if importance else None
        if effects:
            self.S_u = np.zeros(effects)
            self.B, self.I_u = np.zeros((size, effects)), sparse.csr_array((effects, effects))

    def add(self, Q: np.ndarray, table: Cells, y: np.ndarray, w: np.ndarray, Z) -> np.ndarray:
        """Returns the part of each row in the score of the skewness."""
        g = w[:, None] * table.scores(y)
        shapes, squares = _shapes(table), -((Q[:, 1:] * self.unit) ** 2)
        tails, skewness = ((g * v).sum(axis=1) for v in shapes)
        self.S += np.concatenate([(g.T @ Q).ravel(), [tails.sum(), skewness.sum()], g.sum(axis=1) @ squares])
        W = table.covariance()
        _add_all(self.M, Q, W, w, shapes, squares)
        if self.V is not None:
            _add_all(self.V, Q, W, w**2, shapes, squares)
        if Z is not None:  # eta moves by z'u, so that every a_k moves by -z'u
            across = w[:, None] * _apply(W, np.ones_like(g))
            self.S_u -= Z.T @ g.sum(axis=1)
            self.I_u = self.I_u + (Z.T.multiply(across.sum(axis=1)) @ Z).tocsr()
            moved = [
                *(across[:, k, None] * Q for k in range(self.m)),
                np.column_stack([(across * v).sum(axis=1) for v in shapes]),
                across.sum(axis=1)[:, None] * squares,
            ]
            self.B -= np.vstack([(Z.T @ part).T for part in moved])
        return skewness

    def eliminate(self, u: np.ndarray, precision) -> None:
        """Take group effects with their prior out of scores and information."""
        solve = sparse.linalg.splu(sparse.csc_matrix(self.I_u + precision)).solve
        solved = solve(self.B.T)
        self.S = self.S - solved.T @ (self.S_u - precision @ u)
        self.M = self.M - self.B @ solved


def _add_all(M, Q, W, w, shapes, squares) -> None:
    """M += information of all extensions with each other."""
    m, q = W[0].shape[1], Q.shape[1]
    first, last = slice(0, m * q), slice(m * q + 2, None)
    add_information(M[first, first], Q, W, w)
    across = w[:, None] * _apply(W, np.ones_like(W[0]))
    M[last, last] += squares.T @ (across.sum(axis=1)[:, None] * squares)
    border = np.hstack([squares.T @ (across[:, k, None] * Q) for k in range(m)])
    M[last, first] += border
    M[first, last] += border.T
    for r, v in enumerate(shapes, start=m * q):
        moved = w[:, None] * _apply(W, v)
        border = (moved.T @ Q).ravel()
        M[r, first] += border
        M[first, r] += border
        M[r, m * q : m * q + 2] += [(moved * u).sum() for u in shapes]
        border = moved.sum(axis=1) @ squares
        M[r, last] += border
        M[last, r] += border


def _apply(W: tuple[np.ndarray, np.ndarray], v: np.ndarray) -> np.ndarray:
    """W_i v_i of every row, W tridiagonal."""
    diagonal, beside = W
    out = diagonal * v
    out[:, :-1] += beside * v[:, 1:]
    out[:, 1:] += beside * v[:, :-1]
    return out


def _shapes(table: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Two ways in which F may be another distribution: more weight in both tails, or in one than in the other.

    dF = F(1-F)(2F-1) and F(1-F)(2F-1)², as moves of a. Bounded in their effect on any probability, so that χ² holds
    in small samples, which the squares of Pregibon and Stukel leave to the few rows furthest out.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        unit = np.where(table.f > 1e-280, table.below * table.above / table.f, 0.0)
    side = table.below - table.above
    return unit * side, unit * side**2


def _group_matrix(design) -> sparse.csr_array:
    """(n, E) with eta = Z u, the effects u of all terms one after another, each group's together."""
    parts = []
    for term in design.groups:
        n, q = term.Z.shape
        columns = (term.index[:, None] * q + np.arange(q)).ravel()
        shape = (n, term.n_groups * q)
        parts.append(sparse.csr_array((term.Z.ravel(), columns, np.arange(0, n * q + 1, q)), shape=shape))
    return sparse.hstack(parts, format="csr")


def _prior_precision(fit):
    """(E, E): the inverse of the posterior mean covariance of each group's effects."""
    posterior, parts = fit.idata["posterior"], []
    for term in fit.design.groups:
        sd = posterior[term.sd].values.reshape(-1, term.n_terms)
        covariance = sd[:, :, None] * sd[:, None, :]
        if term.n_terms > 1:
            covariance = covariance * posterior[term.corr].values.reshape(covariance.shape)
        one = sparse.csr_array(linalg.inv(covariance.mean(axis=0)))
        parts.append(sparse.kron(sparse.eye_array(term.n_groups), one))
    return sparse.csr_array(sparse.block_diag(parts))
