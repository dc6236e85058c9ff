"""The cloglog likelihood for many rows of one category, and loglog, its mirror image: b -> -a, a -> -b.

The formulas are those of `extreme_value`: with t = e^b - e^a, the hazard that falls into the category,
log P = log(1 - e^-t) - e^a and d log P / d eta = e^a - t / (e^t - 1). A first category has e^a = 0.
"""

from __future__ import annotations

import math

from bayesord.jit import njit
from bayesord.likelihood.elementary import INLINE, exp_pair, fast_exp, log_and_inverse
from bayesord.likelihood.extreme_value import cloglog_row, loglog_row
from bayesord.likelihood.loops import loop_over, segment_of

__all__ = ["cloglog_segment", "loglog_segment"]

_HIGHEST = 5.0  # of b: the hazard, 148, magnifies the error of its exponential
_FARTHEST = 700.0
_SERIES = 0.5  # below, (1 - e^-t)/t is its Taylor series


@njit(**INLINE)
def _beyond(eta, fixed):
    """The category without an upper end, a = sign * (c - eta)."""
    cutpoint, sign = fixed
    before = fast_exp(sign * (cutpoint - eta), 0.0)
    return -before, sign * before, 0.0


@njit(**INLINE)
def _share(t):
    """(1 - e^-t) / t for 0 <= t <= 1/2."""
    s = -1.0 / 20922789888000.0
    s = s * t + 1.0 / 1307674368000.0
    s = s * t - 1.0 / 87178291200.0
    s = s * t + 1.0 / 6227020800.0
    s = s * t - 1.0 / 479001600.0
    s = s * t + 1.0 / 39916800.0
    s = s * t - 1.0 / 3628800.0
    s = s * t + 1.0 / 362880.0
    s = s * t - 1.0 / 40320.0
    s = s * t + 1.0 / 5040.0
    s = s * t - 1.0 / 720.0
    s = s * t + 1.0 / 120.0
    s = s * t - 1.0 / 24.0
    s = s * t + 1.0 / 6.0
    s = s * t - 0.5
    return s * t + 1.0


@njit(**INLINE)
def _hazard(eta, fixed):
    """A category with an upper end: a = sign * (lower - eta), b = sign * (upper - eta)."""
    lower, upper, sign, share, log_share, by_before, by_ratio = fixed
    a, b = sign * (lower - eta), sign * (upper - eta)
    before = fast_exp(max(a, -_FARTHEST), 0.0)
    hazard, rest = exp_pair(max(b, -_FARTHEST))
    t = hazard * share
    small = t <= _SERIES
    # where P is near 1 it is 1 - P that counts: t in two doubles
    pair = (not small) and before < 1.0
    left = hazard - before
    rest += (hazard - left) - before
    survival = fast_exp(-left if pair else -t, -rest if pair else 0.0)
    inside = 1.0 - survival
    log, inverse = log_and_inverse(
        _share(t) if small else inside, 0.0 if small else (1.0 - inside) - survival
    )
    ratio = (1.0 if small else t) * survival * inverse
    return (
        log + (b + log_share if small else 0.0) - before,
        sign * (before - ratio),
        by_before * before + by_ratio * ratio,
    )


_beyond_rows, _hazard_rows = loop_over(_beyond), loop_over(_hazard)


@njit(inline="always")
def _fill_cloglog(place, lower, upper, gap, eta, logp, d_eta, d_gap):
    if place == 2:
        _beyond_rows(eta, (lower, 1.0), logp, d_eta, d_gap)
        return lower - _FARTHEST, lower + _FARTHEST
    lowest = lower if place == 1 else -math.inf
    # holding a, dt/d delta = e^b
    fixed = (lowest, upper, 1.0, gap.share, gap.log_share, 0.0, gap.delta + gap.ratio)
    _hazard_rows(eta, fixed, logp, d_eta, d_gap)
    return upper - _HIGHEST, math.inf


@njit(inline="always")
def _fill_loglog(place, lower, upper, gap, eta, logp, d_eta, d_gap):
    if place == 0:
        _beyond_rows(eta, (upper, -1.0), logp, d_eta, d_gap)
        return upper - _FARTHEST, upper + _FARTHEST
    if gap.delta > _FARTHEST:  # times the e^a that is held above e^-_FARTHEST
        return 0.0, -1.0
    highest = upper if place == 1 else math.inf
    # holding a is holding the mirrored upper end
    fixed = (highest, lower, -1.0, gap.share, gap.log_share, gap.delta, gap.ratio)
    _hazard_rows(eta, fixed, logp, d_eta, d_gap)
    return -math.inf, lower + _HIGHEST


cloglog_segment, loglog_segment = segment_of(_fill_cloglog, cloglog_row), segment_of(_fill_loglog, loglog_row)
