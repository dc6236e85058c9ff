"""One row of the probit model: log P and its two derivatives, from Mills' ratio R(z) = Phi(-z) / phi(z).

Two probabilities that are close are never subtracted, and a difference of logarithms is never exponentiated:
phi(b) / P is 1 / (R(-b) - e^{m delta} R(-a)) in the tail, and a ratio of two entire functions in a narrow
category.
"""

from __future__ import annotations

import math

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.special import log1p, mills, normal_tail

__all__ = ["probit_row"]

_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def _narrow_coefficients() -> np.ndarray:
    """Coefficient of x^i y^j in the mean of exp(-z s - h^2 s^2 / 2) over -1 < s < 1, x = z^2, y = h^2."""
    return np.array([
        [(-0.5) ** j / math.factorial(j) / math.factorial(2 * i) / (2 * i + 2 * j + 1) for i in range(9)]
        for j in range(10)
    ])  # fmt: skip


_NARROW = _narrow_coefficients()
_SINHC = np.array([1.0 / math.factorial(2 * i + 1) for i in range(9)])  # sinh(z) / z in powers of z^2


@njit
def _narrow_mean(x, y):
    """The mean over -1 < s < 1 of exp(-z s - h^2 s^2 / 2) for x = z^2 <= 1 and y = h^2 <= 1/4."""
    total = 0.0
    for j in range(9, -1, -1):
        inner = _NARROW[j, 8]
        for i in range(7, -1, -1):
            inner = inner * x + _NARROW[j, i]
        total = total * y + inner
    return total


@njit
def _log_lower_tail(b):
    """log Phi(b) and phi(b) / Phi(b)."""
    if b <= 0.0:
        ratio = mills(-b)
        return math.log(ratio) - 0.5 * b * b - _HALF_LOG_2PI, 1.0 / ratio
    density, tail = normal_tail(b)
    return log1p(-tail), density / (1.0 - tail)


@njit
def _middle(a, b, m, gap):
    """log P, (phi(a) - phi(b)) / P, delta phi(a) / P and delta phi(b) / P where m = (a + b) / 2 <= 0."""
    delta, h = gap.delta, 0.5 * gap.delta
    z = m * h
    if h < 0.5 and z > -1.0:
        x, y = z * z, h * h
        mean = _narrow_mean(x, y)
        sinhc = _SINHC[8]
        for i in range(7, -1, -1):
            sinhc = sinhc * x + _SINHC[i]
        edge = math.exp(-0.5 * y) / mean
        logp = gap.rho + math.log(mean) - 0.5 * m * m - _HALF_LOG_2PI
        growth = math.exp(-z)
        return logp, m * sinhc * edge, edge / growth, edge * growth
    if b <= 0.0:
        ratio = mills(-b)
        shrink = math.exp(m * delta)  # phi(a) / phi(b), at most e^-.5 in this branch
        width = ratio - shrink * mills(-a)
        logp = math.log(width) - 0.5 * b * b - _HALF_LOG_2PI
        return logp, (shrink - 1.0) / width, shrink * delta / width, delta / width
    density_a, tail_a = normal_tail(-a)
    density_b, tail_b = normal_tail(b)
    outside = tail_a + tail_b
    inside = 1.0 - outside
    d_eta = (density_a - density_b) / inside
    return log1p(-outside), d_eta, delta * density_a / inside, delta * density_b / inside


@njit
def probit_row(place, a, b, gap):
    """log P, d log P / d eta and d log P / d rho of one row; see `kernels.row`."""
    if place == 0:
        logp, ratio = _log_lower_tail(b)
        return logp, -ratio, 0.0
    if place == 2:
        logp, ratio = _log_lower_tail(-a)
        return logp, ratio, 0.0
    m = 0.5 * (a + b)
    if m <= 0.0:
        logp, d_eta, _, d_gap = _middle(a, b, m, gap)
        return logp, d_eta, d_gap
    logp, d_eta, d_gap, _ = _middle(-b, -a, -m, gap)
    return logp, -d_eta, d_gap
