"""The cauchit likelihood for many rows of one category: pi P is an angle, as in `cauchit`.

Where it is beyond pi/2, the angle that is missing is computed instead.
"""

from __future__ import annotations

import math

from bayesord.jit import njit
from bayesord.likelihood.cauchit import cauchit_row
from bayesord.likelihood.elementary import INLINE, arc, log_and_inverse
from bayesord.likelihood.loops import loop_over, segment_of

__all__ = ["cauchit_segment"]

_REACH = 1e6  # of |eta - c|
_NARROWEST = 1e-270  # so that the angle of a category is a normal double
_LOG_PI = math.log(math.pi)
_INVERSE_PI = 1.0 / math.pi


@njit(**INLINE)
def _angle(sine, cosine):
    """log P and 1 / (pi P) for the angle pi P of a direction, sine > 0."""
    angle = arc(sine, abs(cosine))
    acute = cosine >= 0.0
    outside = angle * _INVERSE_PI
    inside = 1.0 - outside
    log, inverse = log_and_inverse(angle if acute else inside, 0.0 if acute else (1.0 - inside) - outside)
    return log - (_LOG_PI if acute else 0.0), inverse if acute else inverse * _INVERSE_PI


@njit(**INLINE)
def _end(eta, fixed):
    cutpoint, sign = fixed
    x = sign * (eta - cutpoint)
    log, inverse = _angle(1.0, x)
    return log, -sign * inverse / (1.0 + x * x), 0.0


@njit(**INLINE)
def _middle(eta, fixed):
    lower, upper, delta = fixed
    a, b = lower - eta, upper - eta
    log, inverse = _angle(delta, 1.0 + a * b)
    by_a = 1.0 + a * a
    scale = delta * inverse / (by_a * (1.0 + b * b))
    return log, (a + b) * scale, by_a * scale


_end_rows, _middle_rows = loop_over(_end), loop_over(_middle)


@njit(inline="always")
def _fill(place, lower, upper, gap, eta, logp, d_eta, d_gap):
    if place != 1:
        _end_rows(eta, (upper, 1.0 - place), logp, d_eta, d_gap)
    elif gap.delta < _NARROWEST:
        return 0.0, -1.0
    else:
        _middle_rows(eta, (lower, upper, gap.delta), logp, d_eta, d_gap)
    return upper - _REACH, lower + _REACH


cauchit_segment = segment_of(_fill, cauchit_row)
