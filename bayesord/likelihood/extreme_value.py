"""One row of the cloglog model, F(x) = 1 - exp(-e^x); loglog is its mirror image.

With t = e^b - e^a, the hazard that falls into a category, P = exp(-e^a) (1 - e^-t). t comes from the gap, as
e^b (1 - e^-delta), never from a difference of exponentials.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.special import exp_minus_exp, log1p

__all__ = ["cloglog_row", "loglog_row"]


def _bernoulli_series(n: int) -> np.ndarray:
    """B_2k / (2k)! / 2k and B_2k / (2k)! for k = 1 ... n, as two columns."""
    numbers = [Fraction(1)]
    for m in range(1, 2 * n + 1):
        numbers.append(-sum(math.comb(m + 1, k) * numbers[k] for k in range(m)) / (m + 1))
    terms = [(2 * k, numbers[2 * k] / math.factorial(2 * k)) for k in range(1, n + 1)]
    return np.array([[float(term / power), float(term)] for power, term in terms])


_SERIES = _bernoulli_series(10)  # to 3e-19 for t <= 1: they converge as (t / 2 pi)^2k


@njit
def _small_hazard(t, log_t):
    """log(1 - e^-t) and t / (e^t - 1) for t <= 1: t may have underflowed, its logarithm has not.

    They are log t - t/2 + log(sinh(t/2) / (t/2)) and (t/2) coth(t/2) - t/2.
    """
    x = t * t
    log_term = ratio_term = 0.0
    for k in range(9, -1, -1):
        log_term = (log_term + _SERIES[k, 0]) * x
        ratio_term = (ratio_term + _SERIES[k, 1]) * x
    return log_term - 0.5 * t + log_t, ratio_term - 0.5 * t + 1.0


@njit
def _cloglog(place, a, b, gap):
    """log P, e^a, and t / (e^t - 1): the difference of the last two is d log P / d eta."""
    before = math.exp(a)
    if place == 2:
        return -before, before, 0.0
    log_t = b + gap.log_share
    t = math.exp(b) * gap.share
    if log_t <= 0.0:
        log_rest, ratio = _small_hazard(t, log_t)
        return log_rest - before, before, ratio
    # where P is near 1, 1 - P keeps its relative accuracy
    rest = exp_minus_exp(b, before) if before < 1.0 else math.exp(-t)
    return log1p(-rest) - before, before, t * rest / (1.0 - rest) if rest > 0.0 else 0.0


@njit
def cloglog_row(place, a, b, gap):
    """log P, d log P / d eta and d log P / d rho of one row; see `kernels.row`."""
    logp, before, ratio = _cloglog(place, a, b, gap)
    # holding a, dt/d delta = e^b
    return logp, before - ratio, (gap.delta + gap.ratio) * ratio


@njit
def loglog_row(place, a, b, gap):
    """The same for F(x) = exp(-e^-x): the mirror image, where holding a is holding the upper end."""
    logp, before, ratio = _cloglog(2 - place, -b, -a, gap)
    return logp, ratio - before, gap.delta * before + gap.ratio * ratio
