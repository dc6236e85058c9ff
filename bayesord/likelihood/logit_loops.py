"""The logit likelihood for many rows of one category: no more than two exponentials and one logarithm a row.

With x = e^-b and w = e^a,

    first    log P = -log(1 + x)                            d log P / d eta = -x / (1 + x)
    last     the same with w for x, and the other sign
    middle   log P = log(1 - e^-delta) - log(1 + x + w + e^-delta)
             d log P / d eta = (w - x) / (1 + x + w + e^-delta)
"""

from __future__ import annotations

import math

from bayesord.jit import njit
from bayesord.likelihood.elementary import INLINE, fast_exp, log1p_and_inverse
from bayesord.likelihood.kernels import logit_row
from bayesord.likelihood.loops import loop_over, segment_of

__all__ = ["logit_segment"]

_REACH = 600.0  # of |eta - c|: within the range of `fast_exp`


@njit(**INLINE)
def _end(eta, fixed):
    cutpoint, sign = fixed
    x = fast_exp(sign * (eta - cutpoint), 0.0)
    log, inverse = log1p_and_inverse(x)
    return -log, -sign * x * inverse, 0.0


@njit(**INLINE)
def _middle(eta, fixed):
    lower, upper, q, log_share, delta, ratio = fixed
    x = fast_exp(eta - upper, 0.0)
    w = fast_exp(lower - eta, 0.0)
    log, inverse = log1p_and_inverse(x + (q + w))
    return log_share - log, (w - x) * inverse, ratio + delta * ((x + q) * inverse)


_end_rows, _middle_rows = loop_over(_end), loop_over(_middle)


@njit(inline="always")
def _fill(place, lower, upper, gap, eta, logp, d_eta, d_gap):
    if place == 1:
        fixed = (lower, upper, math.exp(-gap.delta), gap.log_share, gap.delta, gap.ratio)
        _middle_rows(eta, fixed, logp, d_eta, d_gap)
    else:
        _end_rows(eta, (upper, 1.0 - place), logp, d_eta, d_gap)
    return upper - _REACH, lower + _REACH


logit_segment = segment_of(_fill, logit_row)
