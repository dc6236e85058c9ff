"""One row of the cloglog model, F(x) = 1 - exp(-e^x); loglog is its mirror image.

With t = e^b - e^a, the hazard that falls into a category, P = exp(-e^a) (1 - e^-t). t comes from the gap, as
e^b (1 - e^-delta), never from a difference of exponentials.
"""

from __future__ import annotations

import math

from bayesord.jit import njit
from bayesord.likelihood.special import exp_minus_exp, log1mexp

__all__ = ["cloglog_row", "loglog_row"]


@njit
def _hazard_terms(t, log_t):
    """log(1 - e^-t) and t / (e^t - 1), for every t that has a logarithm, underflowed or not."""
    if log_t < -37.0:
        return log_t - 0.5 * t, 1.0 - 0.5 * t
    if t > 745.0:
        return 0.0, 0.0
    return log1mexp(t), t / math.expm1(t)


@njit
def _cloglog(place, a, b, delta, log_gap, gap_ratio):
    """log P, e^a, and t / (e^t - 1); their difference is d log P / d eta."""
    if place == 2:
        hazard = math.exp(a)
        return -hazard, hazard, 0.0
    t, log_t, before = math.exp(b), b, 0.0
    if place == 1:
        t, log_t, before = -t * math.expm1(-delta), b + log_gap, math.exp(a)
    log_rest, ratio = _hazard_terms(t, log_t)
    if t > 1.0 and before < 1.0:  # P is near 1: keep the relative accuracy of 1 - P
        tail = exp_minus_exp(b)
        if place == 1:
            tail *= math.exp(math.exp(b - delta))
        log_rest = math.log1p(-tail)
    return log_rest - before, before, ratio


@njit
def cloglog_row(place, a, b, delta, rho, log_gap, gap_ratio):
    """log P, d log P / d eta and d log P / d rho of one row; see `kernels.row`."""
    logp, before, ratio = _cloglog(place, a, b, delta, log_gap, gap_ratio)
    # holding a, dt/d delta = e^b
    return logp, before - ratio, (delta + gap_ratio) * ratio if place == 1 else 0.0


@njit
def loglog_row(place, a, b, delta, rho, log_gap, gap_ratio):
    """The same for F(x) = exp(-e^-x): the mirror image, where holding a is holding the upper end."""
    logp, before, ratio = _cloglog(2 - place, -b, -a, delta, log_gap, gap_ratio)
    return logp, ratio - before, delta * before + gap_ratio * ratio if place == 1 else 0.0
