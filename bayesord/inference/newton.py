"""The mode of a laid-out model, by Newton's method with the expected information.

Group effects, of which there may be thousands, are held apart from the steps and coefficients: their information is
sparse, and a Newton step solves for the others first (a Schur complement).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import linalg, sparse

from bayesord.inference.covariance import term_factor
from bayesord.inference.direct import DirectDensity
from bayesord.inference.layout import Layout
from bayesord.inference.rows import Rows

__all__ = ["Information", "block_diagonal", "curvature", "find_mode"]

_CHUNK = 65536  # rows of (n, K) tables held at a time


def find_mode(
    layout: Layout,
    tau: float = 1.0,
    hyper: Sequence[np.ndarray] = (),
    *,
    start: np.ndarray | None = None,
    jacobian: bool = True,
    steps: int = 100,
    tolerance: float = 1e-10,
) -> tuple[np.ndarray, Information, bool]:
    """Newton's method with the expected information, the shared coefficients held at Normal(0, τ²).

    Parameters
    ----------
    hyper : sequence of arrays
        Log standard deviations and partial correlations at which each group term is held; empty: no group effects.
    jacobian : bool
        Whether the density is that of the steps (for sampling) or of the cutpoints themselves.
    steps : int
        At most so many iterations.
    tolerance : float
        Stop when the squared length of the Newton step, in standard errors, is below this.

    Returns
    -------
    mode : (K-1+p+E,) array
        Steps, coefficients and, with u = A v, the v of all group effects.
    information : Information
        Expected information of the likelihood at the mode plus curvature of the priors.
    converged : bool
    """
    density = layout.density(tau, hyper)
    size = density.n_dim - density.n_hyper
    gaps = np.zeros(size)
    gaps[1 : layout.n_steps] = 0.0 if jacobian else 1.0
    held = np.zeros(density.n_hyper)

    def objective(v):
        value, gradient = density(np.concatenate([v, held]))
        return value - gaps @ v, gradient[:size] - gaps

    v = np.concatenate([layout.start(), np.zeros(density.n_effects)]) if start is None else start
    value, gradient = objective(v)
    information = _information(layout, v, tau, hyper)
    for _ in range(steps):
        step = information.solve(gradient)
        decrement = float(gradient @ step)
        if decrement < tolerance:
            return v, information, True
        scale = 1.0
        while scale > 1e-8:
            trial = v + scale * step
            trial_value, trial_gradient = objective(trial)
            if (
                np.isfinite(trial_value)
                and np.all(np.isfinite(trial_gradient))
                and trial_value >= value + 1e-4 * scale * decrement
            ):
                break
            scale /= 2
        else:
            # No further rise that doubles can tell: at the mode as far as they go, or nowhere near one.
            return v, information, decrement < 1e-4
        v, value, gradient = trial, trial_value, trial_gradient
        information = _information(layout, v, tau, hyper)
    # Where the density is large its gradient is rounded, and steps do not become as short as was asked.
    return v, information, decrement < max(tolerance, 1e-10)


@dataclass(frozen=True, eq=False)
class Information:
    """Information of (b, u): b the m steps and coefficients, u the E group effects with u = A v.

    Attributes
    ----------
    core : (m, m) array
        Of b, priors included.
    border : (E, m) array
        Between u and b.
    effects : sparse (E, E)
        Of u, from the likelihood alone.
    A : sparse (E, E)
        Block diagonal; v has the prior N(0, I).
    """

    core: np.ndarray
    border: np.ndarray
    effects: sparse.csc_array
    A: sparse.csc_array

    @cached_property
    def of_v(self) -> sparse.csc_array:
        """(E, E) information of v, prior included."""
        return sparse.eye_array(self.A.shape[0], format="csc") + self.A.T @ self.effects @ self.A

    @cached_property
    def _solved(self):
        """Solves with the information of v; the border in terms of v, and that solved."""
        # Symmetric and positive definite: no pivoting, and an ordering of the symmetric pattern keeps it sparse.
        options = {
            "permc_spec": "MMD_AT_PLUS_A",
            "diag_pivot_thresh": 0.0,
            "options": {"SymmetricMode": True},
        }
        solve = sparse.linalg.splu(sparse.csc_matrix(self.of_v), **options).solve
        border = self.A.T @ self.border
        return solve, border, solve(border)

    @cached_property
    def profiled(self) -> np.ndarray:
        """(m, m) information of b with the effects profiled out, made positive definite."""
        if not len(self.border):
            return _positive(self.core)
        _, border, solved = self._solved
        return _positive(self.core - border.T @ solved)

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """information⁻¹ gradient, in the coordinates (b, v)."""
        m = len(self.core)
        if not len(self.border):
            return linalg.solve(self.profiled, gradient, assume_a="pos")
        solve, border, solved = self._solved
        first = linalg.solve(self.profiled, gradient[:m] - solved.T @ gradient[m:], assume_a="pos")
        return np.concatenate([first, solve(gradient[m:] - border @ first)])


def _positive(information: np.ndarray) -> np.ndarray:
    """A non-concave prior or link may leave a direction without curvature, or with the wrong one: turn it round."""
    floor = 1e-10 * np.trace(information) / len(information)
    try:  # whether all eigenvalues are above the floor: a tenth of what it takes to know them
        linalg.cholesky(information - floor * np.eye(len(information)), lower=True)
        return information
    except linalg.LinAlgError:
        pass
    values, vectors = linalg.eigh(information)
    floor = 1e-10 * np.abs(values).sum() / len(information)
    return (vectors * np.maximum(np.abs(values), floor)) @ vectors.T


def block_diagonal(terms: Sequence[np.ndarray]) -> sparse.csc_array:
    """(E, E) with the blocks (J, q, q) of each term along its diagonal."""
    parts = [sparse.bsr_array((np.array(b), np.arange(len(b)), np.arange(len(b) + 1))) for b in terms]
    return sparse.csc_array(sparse.block_diag(parts)) if parts else sparse.csc_array((0, 0))


def _information(layout: Layout, v: np.ndarray, tau: float, hyper: Sequence[np.ndarray] = ()) -> Information:
    m, p = layout.n_steps, len(layout.order)
    shapes = [term.shape for term in layout.terms]
    A = block_diagonal(
        [np.broadcast_to(term_factor(at, q), (J, q, q)) for at, (J, q) in zip(hyper, shapes, strict=False)]
    )
    E = len(v) - m - p
    core, border, effects = _likelihood_information(layout, v[: m + p], A @ v[m + p :] if E else None)
    core[:m, :m] += _cutpoint_prior_curvature(layout, v[:m])
    precision = np.zeros(p)
    precision[: layout.n_free] = _free_precision(layout)
    precision[layout.n_free :] = 1.0 / tau**2
    core[np.arange(m, m + p), np.arange(m, m + p)] += precision
    return Information(core, border, effects, A)


def _free_precision(layout: Layout) -> np.ndarray:
    """Information of the location that each fixed-scale prior carries."""
    _, scale, nu = layout.free_numbers.T
    by_kind = np.array([np.zeros_like(scale), 1 / scale**2, (nu + 1) / ((nu + 3) * scale**2)])
    return by_kind[layout.free_kinds, np.arange(layout.n_free)]


def _likelihood_information(layout: Layout, v: np.ndarray, u: np.ndarray | None):
    """Expected information of (steps, coefficients), of group effects u with them, and of u (sparse).

    Over rows and categories, p_k times score score'.

    With f_j the density at cutpoint j (f_0 = f_K = 0) and s_k = -(f_k - f_{k-1})/p_k the score of eta:
    I_ee = Σ p_k s_k², I_{c_j e} = f_j (s_j - s_{j+1}), I_cc is tridiagonal.
    """
    rows, link, m = layout.rows, layout.link, layout.n_steps
    cutpoints = np.cumsum(np.concatenate([v[:1], np.exp(v[1:m])]))
    I_cc, I_cb, I_bb = np.zeros((m, m)), np.zeros((m, len(layout.order))), np.zeros((len(layout.order),) * 2)
    E = 0 if u is None else len(u)
    I_uc, I_ub, I_uu = np.zeros((E, m)), np.zeros((E, len(layout.order))), sparse.csc_array((E, E))
    for i in range(0, len(rows.y), _CHUNK):
        X, w = rows.X[i : i + _CHUNK], rows.weight[i : i + _CHUNK]
        eta = X @ v[m:]
        if rows.offset is not None:
            eta = eta + rows.offset[i : i + _CHUNK]
        if E:
            Z = layout.group_matrix[i : i + _CHUNK]
            eta = eta + Z @ u
        at = cutpoints - eta[:, None]
        f = link.pdf(at)
        below = link.cdf(at)
        p = np.diff(below, axis=1, prepend=0.0, append=1.0)
        p[:, -1] = np.exp(link.log_sf(at[:, -1]))
        inverse = np.where(p > 1e-280, 1.0 / np.maximum(p, 1e-280), 0.0)
        score = -np.diff(f, axis=1, prepend=0.0, append=0.0) * inverse
        w_ee = w * (p * score**2).sum(axis=1)
        w_ce = w[:, None] * f * (score[:, :-1] - score[:, 1:])
        I_bb += X.T @ (w_ee[:, None] * X)
        I_cb += w_ce.T @ X
        I_cc += np.diag((w[:, None] * f**2 * (inverse[:, :-1] + inverse[:, 1:])).sum(axis=0))
        side = -(w[:, None] * f[:, :-1] * f[:, 1:] * inverse[:, 1:-1]).sum(axis=0)
        I_cc += np.diag(side, 1) + np.diag(side, -1)
        if E:
            I_ub += Z.T @ (w_ee[:, None] * X)
            I_uc += Z.T @ w_ce
            I_uu = I_uu + (Z.T.multiply(w_ee) @ Z).tocsc()
    J = np.tril(np.ones((m, m)))  # d cutpoints / d steps
    J[:, 1:] *= np.exp(v[1:m])
    core = np.block([[J.T @ I_cc @ J, J.T @ I_cb], [I_cb.T @ J, I_bb]])
    return core, np.hstack([I_uc @ J, I_ub]), I_uu


def _cutpoint_prior_curvature(layout: Layout, steps: np.ndarray) -> np.ndarray:
    """That of the log prior of the steps: of the model without rows."""
    empty = Rows(
        np.zeros((0, 0)), np.zeros(0, int), np.zeros(0), None, np.zeros(layout.rows.n_categories + 1, int)
    )
    prior = replace(
        layout,
        rows=empty,
        order=np.zeros(0, int),
        n_free=0,
        free_kinds=layout.free_kinds[:0],
        free_numbers=layout.free_numbers[:0],
    ).density()
    return curvature(prior, steps)


def curvature(density: DirectDensity, v: np.ndarray) -> np.ndarray:
    """Minus the Hessian of a log density, by differences of its exact gradient."""
    h = 1e-5
    rows = [(density(v - h * e)[1] - density(v + h * e)[1]) / (2 * h) for e in np.eye(len(v))]
    return 0.5 * (np.array(rows) + np.array(rows).T)
