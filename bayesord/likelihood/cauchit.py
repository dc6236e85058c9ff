"""One row of the cauchit model, F(x) = 1/2 + arctan(x) / pi.

pi P is an angle, between the directions (1, a) and (1, b): its tangent is delta / (1 + a b), where nothing cancels
that matters. Where it is nearly pi, the angle that is missing is computed instead.
"""

from __future__ import annotations

import math

from bayesord.jit import njit
from bayesord.likelihood.special import log1p

__all__ = ["cauchit_row"]

_LOG_PI = math.log(math.pi)


@njit
def _end(x):
    """log F(x) and f(x) / F(x)."""
    if x < -1e9:  # the next terms are 1 / (3 x^2) and less
        return -math.log(-x) - _LOG_PI, -1.0 / x
    tail = math.atan2(1.0, abs(x)) / math.pi
    p = 1.0 - tail if x > 0.0 else tail
    return (log1p(-tail) if x > 0.0 else math.log(tail)), 1.0 / (math.pi * (1.0 + x * x)) / p


@njit
def _far(a, b, delta, rho):
    """The middle category where the squares of `cauchit_row` would overflow: unit vectors along both directions."""
    u, v = 1.0 / math.hypot(1.0, a), 1.0 / math.hypot(1.0, b)
    cosine, sine = u * v + (a * u) * (b * v), delta * u * v
    if sine < 1e-200 and cosine > 0.0:
        logp, ratio = rho + math.log(u) + math.log(v) - _LOG_PI, 1.0
    else:
        angle = math.atan2(sine, cosine)
        logp = math.log(angle / math.pi) if cosine > 0.0 else log1p(-math.atan2(sine, -cosine) / math.pi)
        ratio = sine / angle
    return logp, (a * u + b * u) * v * ratio, v / u * ratio


@njit
def cauchit_row(place, a, b, gap):
    """log P, d log P / d eta and d log P / d rho of one row; see `kernels.row`."""
    if place == 0:
        logp, rate = _end(b)
        return logp, -rate, 0.0
    if place == 2:
        logp, rate = _end(-a)
        return logp, rate, 0.0
    if max(abs(a), abs(b)) > 1e150:
        return _far(a, b, gap.delta, gap.rho)
    cosine = 1.0 + a * b
    if gap.delta < 1e-9 * cosine:  # the angle is its tangent, which may underflow
        logp = gap.rho - math.log(cosine) - _LOG_PI
        inverse = cosine
    elif cosine >= 0.0:
        angle = math.atan(gap.delta / cosine)
        logp = math.log(angle) - _LOG_PI
        inverse = gap.delta / angle
    else:
        outside = math.atan(gap.delta / -cosine)
        logp = log1p(-outside / math.pi)
        inverse = gap.delta / (math.pi - outside)
    d_gap = inverse / (1.0 + b * b)
    return logp, (a + b) / (1.0 + a * a) * d_gap, d_gap
