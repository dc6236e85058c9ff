"""Elementwise functions in `keras.ops` that hold in float32 however extreme the input, gradients included.

A branch that is not taken must still have a finite derivative, because 0 times infinity is NaN: each branch
therefore gets a safe input where it does not apply ("double where").
"""

from __future__ import annotations

import math

import numpy as np
from keras import ops

__all__ = [
    "HALF_LOG_2PI",
    "exp_bounded",
    "log1mexp",
    "log_complement",
    "log_mills",
    "log_sigmoid",
    "log_softplus",
    "normal_tail",
]

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)

STEEPEST = 40.0
"""Where `exp_bounded` goes on as a straight line: e^40 squares without overflow, as optimisers need."""


def log_sigmoid(x):
    """log(1 / (1 + exp(-x)))."""
    return -ops.softplus(-x)


def log_softplus(x):
    """log(log(1 + exp(x))): x - exp(x)/2 far to the left, where softplus itself underflows."""
    far = x < -15
    return ops.where(
        far, x - 0.5 * ops.exp(ops.where(far, x, -15.0)), ops.log(ops.softplus(ops.where(far, 0.0, x)))
    )


def log1mexp(log_t):
    """log(1 - exp(-t)) from log t, for t of any size: log t - t/2 near 0, where 1 - exp(-t) would lose digits."""
    tiny, large = log_t < -15, log_t > 5  # beyond t = e^5, 1 - exp(-t) is 1, and so flat
    t = ops.exp(ops.where(tiny, 0.0, ops.where(large, 5.0, log_t)))
    low = t < math.log(2)
    middle = ops.where(
        low, ops.log(-ops.expm1(-ops.where(low, t, 0.5))), ops.log1p(-ops.exp(-ops.where(low, 1.0, t)))
    )
    return ops.where(tiny, log_t - 0.5 * ops.exp(ops.where(tiny, log_t, -15.0)), middle)


def exp_bounded(x):
    """exp(x) up to x = 40, and its tangent beyond: float32 ends at exp(88), and an infinite loss trains nothing."""
    inside = ops.where(x > STEEPEST, STEEPEST, x)
    return ops.exp(inside) * (1 + (x - inside))


def log_complement(log_p):
    """log(1 - p_k) for every category from normalised log probabilities (..., K), as log Σ_{j≠k} p_j.

    1 - p loses everything when p is near 1; the sum of the others does not.
    """
    n_categories = log_p.shape[-1]
    others = np.array([[j for j in range(n_categories) if j != k] for k in range(n_categories)])
    shape = (*ops.shape(log_p)[:-1], n_categories, n_categories - 1)
    gathered = ops.reshape(ops.take(log_p, others.reshape(-1), axis=-1), shape)
    return ops.logsumexp(gathered, axis=-1)


# Mills' ratio R(z) = Phi(-z) / phi(z) as R = w g(2w - 1), w = 4 / (4 + z): the Chebyshev interpolant of g of
# degree 14, computed in 40 digits, is good to 1e-10 for all z >= 0 and needs no branches.
MILLS = (
    0.47330476582712133,
    0.38094272738097273,
    0.24260238876268567,
    0.11688525290358602,
    0.03784793884977299,
    0.004724979927733828,
    -0.0021805546451870695,
    -0.001021318443731507,
    8.34653982811195e-05,
    0.00014318346558687292,
    -9.421942062397093e-07,
    -1.9748612650693585e-05,
    6.715073213562289e-08,
    1.9920545605272406e-06,
    -6.049355601393846e-08,
)


def log_mills(z):
    """log(Phi(-z) / phi(z)) for z >= 0. It never underflows: Phi(-z) itself does, from z = 14 in float32."""
    w = 4.0 / (4.0 + z)
    u = 2.0 * w - 1.0
    total = MILLS[-1]
    for coefficient in MILLS[-2::-1]:
        total = total * u + coefficient
    return ops.log(w) + ops.log(total)


def normal_tail(z):
    """Phi(-z) for z >= 0."""
    return ops.exp(log_mills(z) - 0.5 * ops.square(z) - HALF_LOG_2PI)
