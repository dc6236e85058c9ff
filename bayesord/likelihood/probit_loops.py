"""The probit likelihood for many rows of one category, from Mills' ratio R(z) = Phi(-z) / phi(z).

The formulas are those of `probit`. Which of them a middle category takes depends on its width alone, not on the row:

    up to 1.5 wide   P = delta phi(m) E exp(-z s - h² s²/2), s uniform in -1 ... 1, m the middle, h = delta/2,
                     z = m h. The mean is even in z, with positive coefficients that depend on h: nothing cancels
    wider            n the end nearer zero, f the other one, g = phi(f)/phi(n) = e^-|m delta|:
                     P = phi(n) (R(n) - g R(f)) where both are on one side of zero,
                     P = 1 - phi(n) (R(n) + g R(f)) where zero is between them
"""

from __future__ import annotations

import math

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import INLINE, fast_exp, half_square, log_and_inverse, mills
from bayesord.likelihood.loops import loop_over, segment_of
from bayesord.likelihood.probit import probit_row

__all__ = ["probit_segment"]

_REACH = 37.0  # phi is a normal double, so is the ratio of two
_NARROW = 1.5  # P < .55: log P does not need 1 - P
_NARROW_REACH = 4.0  # of z, for the number of terms
_FARTHEST = 1e8
_TERMS = 16
_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
_START = _TERMS + 8
_ODD_INVERSE = np.array([1.0 / (2 * i + 1) for i in range(_START + 1)])
_EVEN_FACTORIAL_INVERSE = np.array([1.0 / math.factorial(2 * i) for i in range(_TERMS)])
_SINHC = tuple(1.0 / math.factorial(2 * i + 1) for i in range(_TERMS))  # sinh(z) / z in powers of z²


@njit(**INLINE)
def _end(eta, fixed):
    """log Phi(x) of x = sign * (c - eta)."""
    cutpoint, sign = fixed
    x = sign * (cutpoint - eta)
    z = abs(x)
    ratio = mills(z)
    square, rest = half_square(z)
    density = _INV_SQRT_2PI * fast_exp(-square, -rest)
    tail = density * ratio
    inside = 1.0 - tail
    below = x <= 0.0
    log, inverse = log_and_inverse(ratio if below else inside, 0.0 if below else (1.0 - inside) - tail)
    rate = inverse if below else density * inverse
    return log - (square + (rest + _HALF_LOG_2PI) if below else 0.0), -sign * rate, 0.0


@njit
def _narrow_coefficients(h):
    """E s^2i exp(-h² s²/2) / (2i)! for i = 0, 1, ...: by parts, downwards from where it is as good as nothing."""
    coefficients = np.empty(_TERMS)
    y = h * h
    edge = math.exp(-0.5 * y)
    moment = edge * _ODD_INVERSE[_START]
    for i in range(_START - 1, -1, -1):
        moment = (edge + y * moment) * _ODD_INVERSE[i]
        if i < _TERMS:
            coefficients[i] = moment * _EVEN_FACTORIAL_INVERSE[i]
    return coefficients, edge


@njit(**INLINE)
def _narrow(eta, fixed):
    lower, upper, h, rho, edge, c = fixed
    m = 0.5 * ((lower - eta) + (upper - eta))
    z = m * h
    x = z * z
    mean, sinhc = c[_TERMS - 1], _SINHC[_TERMS - 1]
    for i in range(_TERMS - 2, -1, -1):
        mean = mean * x + c[i]
        sinhc = sinhc * x + _SINHC[i]
    log, inverse = log_and_inverse(mean, 0.0)
    inverse *= edge
    return rho + log - 0.5 * m * m - _HALF_LOG_2PI, m * sinhc * inverse, fast_exp(-z, 0.0) * inverse


@njit(**INLINE)
def _wide(eta, fixed):
    lower, upper, delta = fixed
    a, b = lower - eta, upper - eta
    m = 0.5 * (a + b)
    above = m > 0.0
    near, far = (-a if above else b), (b if above else -a)  # far >= |near|; zero is between where near > 0
    square, rest = half_square(near)
    density = _INV_SQRT_2PI * fast_exp(-square, -rest)
    shrink = fast_exp(-abs(m) * delta, 0.0)
    near_ratio, far_ratio = mills(abs(near)), shrink * mills(far)
    outside = density * (near_ratio + far_ratio)
    inside = 1.0 - outside
    beside = near <= 0.0
    log, inverse = log_and_inverse(
        near_ratio - far_ratio if beside else inside, 0.0 if beside else (1.0 - inside) - outside
    )
    scale = inverse if beside else density * inverse  # phi(near) / P
    d_eta = (shrink - 1.0) * scale
    return (
        log - (square + (rest + _HALF_LOG_2PI) if beside else 0.0),
        -d_eta if above else d_eta,
        delta * scale * (shrink if above else 1.0),
    )


_end_rows, _narrow_rows, _wide_rows = loop_over(_end), loop_over(_narrow), loop_over(_wide)


@njit(inline="always")
def _fill(place, lower, upper, gap, eta, logp, d_eta, d_gap):
    if place != 1:
        _end_rows(eta, (upper, 1.0 - place), logp, d_eta, d_gap)
    elif gap.delta > _NARROW:
        _wide_rows(eta, (lower, upper, gap.delta), logp, d_eta, d_gap)
    else:
        h = 0.5 * gap.delta
        c, edge = _narrow_coefficients(h)
        _narrow_rows(eta, (lower, upper, h, gap.rho, edge, c), logp, d_eta, d_gap)
        middle, reach = 0.5 * (lower + upper), min(_NARROW_REACH / h, _FARTHEST)
        return middle - reach, middle + reach
    return upper - _REACH, lower + _REACH


probit_segment = segment_of(_fill, probit_row)
