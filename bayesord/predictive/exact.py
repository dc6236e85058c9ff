"""The exact mean of kappa, as an integral.

E[A/B] = ∫_0^∞ E[A e^(-uB)] du, and with A and B sums over independent rows the expectation is a product:

    E[A e^(-uB)] = Π_i phi_i(u) Σ_i psi_i(u) / phi_i(u),
    phi_i = Σ_k p_ik e^(-u B_ik),  psi_i = Σ_k p_ik A_ik e^(-u B_ik).

The integrand is analytic and falls like e^(-u min B), so the trapezoidal rule after the substitution
u = exp(s - e^-s) / E[B] is exact to a dozen digits with four dozen nodes (Takahasi & Mori 1974,
doi:10.2977/prims/1195192451). Nodes are shared by all draws, so the exponentials are computed once.
"""

from __future__ import annotations

import math

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import FAST, use_wide_vectors
from bayesord.predictive.probabilities import Draws
from bayesord.predictive.threads import for_each, spans

__all__ = ["expected_ratio"]

_NODES = 48  # a multiple of every vector length
_FIRST = -3.5
_TAIL = 40.0  # the integrand has fallen by e^-40 at the last node
_LEAST = 1e-300


def _nodes(mean_b: float, least_b: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes u and weights for an integrand that falls like e^(-u b), b from least_b to some mean_b."""
    last = max(math.log(_TAIL * mean_b / least_b), 1.0)
    s, step = np.linspace(_FIRST, last, _NODES, retstep=True)
    u = np.exp(s - np.exp(-s)) / mean_b
    return u, step * u * (1 + np.exp(-s))


@njit(**FAST)
def _integrate(block, decay, numerator, copies, weights, values):
    """values (s,) = Σ_j weights_j Π_i phi_ij^c_i Σ_i c_i psi_ij/phi_ij; block (s, n, K), decay (n, K, nodes)."""
    use_wide_vectors()
    n_categories = decay.shape[1]
    product, total = np.empty(_NODES), np.empty(_NODES)
    phi, psi = np.empty(_NODES), np.empty(_NODES)
    for s in range(block.shape[0]):
        product[:] = weights
        total[:] = 0.0
        for i in range(block.shape[1]):
            phi[:] = 0.0
            psi[:] = 0.0
            for k in range(n_categories):
                p, pa = block[s, i, k], block[s, i, k] * numerator[i, k]
                for j in range(_NODES):
                    phi[j] += p * decay[i, k, j]
                    psi[j] += pa * decay[i, k, j]
            c = copies[i]
            for j in range(_NODES):
                # phi can only vanish where the whole integrand has
                total[j] += c * psi[j] / max(phi[j], _LEAST)
            if c == 1.0:
                for j in range(_NODES):
                    product[j] *= phi[j]
            else:
                for j in range(_NODES):
                    product[j] *= phi[j] ** c
        values[s] = 0.0
        for j in range(_NODES):
            values[s] += product[j] * total[j]


def expected_ratio(
    draws: Draws,
    scores: np.ndarray,
    labels: np.ndarray,
    copies: np.ndarray,
    weights: np.ndarray,
    mean_b: float,
    threads: int | None = None,
) -> np.ndarray:
    """E[A/B] given each draw (S,), A = Σ w 2 a y and B = Σ w (y² + a²) over independent answers y.

    Parameters
    ----------
    draws : LinearDraws or TableDraws
    scores : array (K,)
        Category values about the mean of the labels.
    labels : array (n,) of codes, not constant
    copies : array (n,)
        How many independent answers a row stands for.
    weights : array (n,)
        How much each of them counts.
    mean_b : float
        E[B], roughly: the scale of the integral.
    threads : int, optional

    Returns
    -------
    array (S,)
    """
    a = scores[labels][:, None]
    b = weights[:, None] * (scores[None, :] ** 2 + a**2)
    numerator = 2 * weights[:, None] * a * scores[None, :]
    # the least of each row is taken out of its exponentials, so that no phi comes near the smallest number
    least = b.min(axis=1)
    u, quadrature = _nodes(mean_b, float(copies @ least))
    decay = np.exp(-(b - least[:, None])[:, :, None] * u)
    quadrature = quadrature * np.exp(-u * (copies @ least))
    values = np.empty(draws.n_draws)

    def one(first, last):
        block = draws.block((first, last), (0, draws.n_rows))
        _integrate(block, decay, numerator, copies, quadrature, values[first:last])

    for_each(one, spans(draws.n_draws, 16), threads, amount=10 * draws.n_draws * draws.n_rows)
    return values
