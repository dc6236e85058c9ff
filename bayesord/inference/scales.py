"""Where learned scales lie, the likelihood of what they scale taken as Gaussian: the scale of R², and of group effects.

Only the placing of the coordinates depends on these: what is inexact here costs speed, never correctness.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, optimize
from scipy.special import log_expit

from bayesord.inference.covariance import term_factor
from bayesord.inference.direct import TermNumbers
from bayesord.likelihood.links import Link

__all__ = ["global_scale", "group_hyper", "start_hyper"]

_NARROWEST, _WIDEST = 0.02, 1.0  # of a coordinate's scale


def global_scale(h: np.ndarray, pull: np.ndarray, shape: tuple[float, float]) -> tuple[float, float]:
    """Mean and standard deviation of u = log τ² under its marginal density.

    Parameters
    ----------
    h, pull : (s,) arrays
        Information and pull of the shared coefficients, rotated.
    shape : two numbers
        Of R² ~ Beta.
    """
    u = np.linspace(-25.0, 12.0, 741)[:, None]
    d = h + np.exp(-u)
    log_density = (-0.5 * u - 0.5 * np.log(d) + 0.5 * pull**2 / d).sum(axis=1)
    log_density += shape[0] * log_expit(u[:, 0]) + shape[1] * log_expit(-u[:, 0])
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mean = float(weight @ u[:, 0])
    return mean, max(float(np.sqrt(weight @ (u[:, 0] - mean) ** 2)), 1e-3)


def start_hyper(link: Link, term: TermNumbers) -> np.ndarray:
    """(log sd, w) of a group term to begin with: a third of the latent standard deviation, no correlations."""
    q = term.shape[1]
    size = np.maximum(np.sqrt((term.Z**2).mean(axis=0)), 1e-12)
    return np.concatenate([np.log(np.sqrt(link.latent_variance) / 3 / size), np.zeros(q * (q - 1) // 2)])


def group_hyper(
    term: TermNumbers, info: np.ndarray, pull: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mode and standard deviations of (log sd, w) of a group term under their marginal density.

    log p = Σ_j ½ s_j's_j - log|C_j| + log prior,    M_j = I + A' H_j A = C_j C_j',  s_j = C_j^-1 A' r_j

    Parameters
    ----------
    info : (J, q, q) array
    pull : (J, q) array
    start : array
        Where to begin.
    """
    q = pull.shape[1]

    def minus_log_density(hyper):
        if np.abs(hyper).max() > 30:
            return 1e300
        A = term_factor(hyper, q)
        C = np.linalg.cholesky(np.eye(q) + A.T @ info @ A)
        s = np.linalg.solve(C, (pull @ A)[..., None])
        rows = 0.5 * (s**2).sum() - np.log(np.diagonal(C, axis1=1, axis2=2)).sum()
        return -rows - term.log_hyper_prior(hyper)

    found = optimize.minimize(minus_log_density, start, method="BFGS", options={"gtol": 1e-3, "maxiter": 50})
    hyper = found.x if np.isfinite(found.fun) else start
    h = 1e-3
    steps = np.eye(len(hyper)) * h
    curvature = np.array(
        [
            [
                minus_log_density(hyper + a + b) - minus_log_density(hyper + a - b)
                - minus_log_density(hyper - a + b) + minus_log_density(hyper - a - b)
                for b in steps
            ]
            for a in steps
        ]
    ) / (4 * h * h)  # fmt: skip
    values, vectors = linalg.eigh(0.5 * (curvature + curvature.T))
    variance = (vectors**2 / np.maximum(values, 1.0)).sum(axis=1)
    return hyper, np.clip(np.sqrt(variance), _NARROWEST, _WIDEST)
