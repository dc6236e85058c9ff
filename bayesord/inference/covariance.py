"""The covariance A A' of group effects, A = diag(sd) L, from unbounded numbers: with its derivative and its prior.

L has canonical partial correlations tanh(w_ij) (Lewandowski, Kurowicka & Joe 2009, doi:10.1016/j.jmva.2009.04.008):
under LKJ(η) they are independent, with density ∝ (1 - tanh² w_ij)^(η + (q - 1 - j)/2) in w, j = 1, 2, ...

The hyperparameters of a term are (log sd (q), w (q(q-1)/2, row by row)), each centred and scaled.
"""

from __future__ import annotations

import math

import numpy as np

from bayesord.inference.record import G_ETA, G_NU
from bayesord.jit import njit

__all__ = ["factor", "factor_pullback", "hyper_prior", "term_factor"]


@njit
def factor(hyper, A):
    """Fill A (q, q) from (log sd, w)."""
    q = A.shape[0]
    w = q
    for i in range(q):
        rest = math.exp(hyper[i])
        for j in range(q):
            if j < i:
                A[i, j] = rest * math.tanh(hyper[w])
                rest /= math.cosh(hyper[w])
                w += 1
            else:
                A[i, j] = rest if j == i else 0.0


def term_factor(hyper: np.ndarray, q: int) -> np.ndarray:
    """A (q, q) of (log sd, w)."""
    A = np.empty((q, q))
    factor(np.ascontiguousarray(hyper, dtype=np.float64), A)
    return A


@njit
def factor_pullback(hyper, A, grad_A, grad):
    """Add the derivative through `factor` to grad."""
    q = A.shape[0]
    w = q
    for i in range(q):
        rest = math.exp(hyper[i])
        for j in range(i + 1):
            grad[i] += grad_A[i, j] * A[i, j]
        for j in range(i):
            y = math.tanh(hyper[w])
            later = 0.0
            for k in range(j + 1, i + 1):
                later += grad_A[i, k] * A[i, k]
            inverse = 1.0 / math.cosh(hyper[w])
            grad[w] += grad_A[i, j] * rest * inverse * inverse - y * later
            rest *= inverse
            w += 1


@njit
def hyper_prior(kind, numbers, hyper, grad):
    """Log prior of (log sd, w), without constants; adds its derivative. `numbers` are nu, eta and the scales."""
    q = numbers.size - 2
    nu, eta = numbers[G_NU], numbers[G_ETA]
    total = 0.0
    for k in range(q):
        x = math.exp(hyper[k]) / numbers[2 + k]
        if kind == 0:  # half-normal
            value, slope = -0.5 * x * x, -x * x
        elif kind == 1:  # half-Student-t
            value, slope = -0.5 * (nu + 1.0) * math.log1p(x * x / nu), -(nu + 1.0) * x * x / (nu + x * x)
        else:  # exponential
            value, slope = -x, -x
        total += value + hyper[k]
        grad[k] += slope + 1.0
    w = q
    for i in range(q):
        for j in range(i):
            power = eta + 0.5 * (q - 2 - j)
            size = abs(hyper[w])
            total -= 2.0 * power * (size + math.log1p(math.exp(-2.0 * size)) - math.log(2.0))
            grad[w] -= 2.0 * power * math.tanh(hyper[w])
            w += 1
    return total
