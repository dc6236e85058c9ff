"""The mode of a laid-out model, by Newton's method with the expected information."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import linalg

from bayesord.inference.layout import Layout
from bayesord.inference.rows import Rows

__all__ = ["find_mode"]

_CHUNK = 65536  # rows of (n, K) tables held at a time


def find_mode(
    layout: Layout,
    tau: float = 1.0,
    *,
    start: np.ndarray | None = None,
    jacobian: bool = True,
    steps: int = 100,
    tolerance: float = 1e-10,
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Newton's method with the expected information, the shared coefficients held at Normal(0, τ²).

    Parameters
    ----------
    jacobian : bool
        Whether the density is that of the steps (for sampling) or of the cutpoints themselves.
    steps : int
        At most so many iterations.
    tolerance : float
        Stop when the squared length of the Newton step, in standard errors, is below this.

    Returns
    -------
    mode : (K-1+p,) array
    information : (K-1+p, K-1+p) array
        Expected information of the likelihood at the mode plus curvature of the priors.
    converged : bool
    """
    density = layout.density(tau)
    gaps = np.zeros(density.n_dim)
    gaps[1 : layout.n_steps] = 0.0 if jacobian else 1.0

    def objective(v):
        value, gradient = density(v)
        return value - gaps @ v, gradient - gaps

    v = layout.start() if start is None else start
    value, gradient = objective(v)
    information = _information(layout, v, tau)
    for _ in range(steps):
        step = linalg.solve(information, gradient, assume_a="pos")
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
        information = _information(layout, v, tau)
    return v, information, False


def _information(layout: Layout, v: np.ndarray, tau: float) -> np.ndarray:
    m = layout.n_steps
    information = _likelihood_information(layout, v)
    information[:m, :m] += _cutpoint_prior_curvature(layout, v[:m])
    precision = np.zeros(len(layout.order))
    precision[: layout.n_free] = _free_precision(layout)
    precision[layout.n_free :] = 1.0 / tau**2
    information[np.arange(m, len(v)), np.arange(m, len(v))] += precision
    # A non-concave prior or link may leave a direction without curvature, or with the wrong one: turn it round.
    values, vectors = linalg.eigh(information)
    floor = 1e-10 * np.abs(values).sum() / len(v)
    if values[0] < floor:
        information = (vectors * np.maximum(np.abs(values), floor)) @ vectors.T
    return information


def _free_precision(layout: Layout) -> np.ndarray:
    """Information of the location that each fixed-scale prior carries."""
    _, scale, nu = layout.free_numbers.T
    by_kind = np.array([np.zeros_like(scale), 1 / scale**2, (nu + 1) / ((nu + 3) * scale**2)])
    return by_kind[layout.free_kinds, np.arange(layout.n_free)]


def _likelihood_information(layout: Layout, v: np.ndarray) -> np.ndarray:
    """Expected information of (steps, coefficients): over rows and categories, p_k times score score'.

    With f_j the density at cutpoint j (f_0 = f_K = 0) and s_k = -(f_k - f_{k-1})/p_k the score of eta:
    I_ee = Σ p_k s_k², I_{c_j e} = f_j (s_j - s_{j+1}), I_cc is tridiagonal.
    """
    rows, link, m = layout.rows, layout.link, layout.n_steps
    cutpoints = np.cumsum(np.concatenate([v[:1], np.exp(v[1:m])]))
    I_cc, I_cb, I_bb = np.zeros((m, m)), np.zeros((m, len(layout.order))), np.zeros((len(layout.order),) * 2)
    for i in range(0, len(rows.y), _CHUNK):
        X, w = rows.X[i : i + _CHUNK], rows.weight[i : i + _CHUNK]
        eta = X @ v[m:]
        if rows.offset is not None:
            eta = eta + rows.offset[i : i + _CHUNK]
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
    J = np.tril(np.ones((m, m)))  # d cutpoints / d steps
    J[:, 1:] *= np.exp(v[1:m])
    return np.block([[J.T @ I_cc @ J, J.T @ I_cb], [I_cb.T @ J, I_bb]])


def _cutpoint_prior_curvature(layout: Layout, steps: np.ndarray) -> np.ndarray:
    """Minus the Hessian of the log prior of the steps, by differences of its gradient (the model without rows)."""
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
    h = 1e-5
    rows = [(prior(steps - h * e)[1] - prior(steps + h * e)[1]) / (2 * h) for e in np.eye(len(steps))]
    return 0.5 * (np.array(rows) + np.array(rows).T)
