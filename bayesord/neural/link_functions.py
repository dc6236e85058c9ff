"""log P(y = k) of cumulative link models in `keras.ops`, by forms that neither cancel nor underflow.

With a = c_{k-1} - eta, b = c_k - eta and the gap delta = b - a > 0 taken from its own parameter, each link has
three functions: the first category, log F(b); the last, log(1 - F(a)); a middle one, log(F(b) - F(a)). Where
the upper cdf rounds to 1 the difference of cdfs is 0 and its logarithm lost; in float32 that happens 17 units
out for logit, 6 for probit. These forms are those of `bayesord.likelihood.kernels`, shortened to float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from keras import ops

from bayesord.likelihood.links import LINKS
from bayesord.neural.numerics import (
    HALF_LOG_2PI,
    exp_bounded,
    log1mexp,
    log_mills,
    log_sigmoid,
    normal_tail,
)

__all__ = ["LINK_FUNCTIONS", "LinkFunctions", "log_category_probs"]


@dataclass(frozen=True)
class LinkFunctions:
    """The three logarithms of a link, on tensors of any shape.

    Attributes
    ----------
    first : callable
        b -> log F(b).
    middle : callable
        (a, b, delta, log delta) -> log(F(b) - F(a)).
    last : callable
        a -> log(1 - F(a)).
    """

    first: Callable
    middle: Callable
    last: Callable


# -- logit -------------------------------------------------------------------------------------------------


def _logit_middle(a, b, delta, log_delta):
    return log_sigmoid(b) + log_sigmoid(-a) + log1mexp(log_delta)


def _logit_last(a):
    return log_sigmoid(-a)


# -- probit ------------------------------------------------------------------------------------------------

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)  # the integrand below is exp of at most 1.1: 1e-13


def _probit_first(b):
    left = b < 0
    z = ops.abs(b)
    tail = log_mills(z) - 0.5 * ops.square(z) - HALF_LOG_2PI
    near = ops.where(left, 0.0, z)  # where Phi(-z) < 1, so that log1p of it is safe
    return ops.where(left, tail, ops.log1p(-normal_tail(near)))


def _probit_last(a):
    return _probit_first(-a)


def _probit_middle(a, b, delta, log_delta):
    """Reflected so that the middle of the interval is not right of 0; then narrow, tail or straddling."""
    flip = a + b > 0
    a, b = ops.where(flip, -b, a), ops.where(flip, -a, b)
    half = 0.5 * delta
    m = 0.5 * (a + b)
    narrow = ops.logical_and(ops.abs(m * half) < 1, half < 0.5)
    tail = b <= 0

    slope, h = ops.where(narrow, m * half, 0.0), ops.where(narrow, half, 0.25)
    nodes, weights = (ops.convert_to_tensor(row, dtype=delta.dtype) for row in (_NODES, _WEIGHTS))
    slope, h = ops.expand_dims(slope, -1), ops.expand_dims(h, -1)
    total = ops.sum(weights * ops.exp(-slope * nodes - 0.5 * ops.square(h * nodes)), axis=-1)
    in_narrow = -0.5 * ops.square(m) - HALF_LOG_2PI + log_delta - math.log(2) + ops.log(total)

    near, far = ops.where(tail, -b, b), -a  # both at least 0, so that their Mills' ratios serve both cases
    mills_near, mills_far = log_mills(near), log_mills(far)
    log_near = mills_near - 0.5 * ops.square(near) - HALF_LOG_2PI  # log Phi(-near)
    log_far = mills_far - 0.5 * ops.square(far) - HALF_LOG_2PI
    left = ops.logical_and(tail, ops.logical_not(narrow))
    share = ops.where(
        left, m * delta + mills_far - mills_near, -1.0
    )  # not log_far - log_near: squares cancel
    in_tail = log_near + ops.log1p(-ops.exp(share))

    across = ops.logical_not(ops.logical_or(tail, narrow))
    outside = ops.exp(log_near) + ops.exp(log_far)
    in_both = ops.log1p(-ops.where(across, outside, 0.5))
    return ops.where(narrow, in_narrow, ops.where(tail, in_tail, in_both))


# -- cloglog and loglog ------------------------------------------------------------------------------------


def _cloglog_middle(a, b, delta, log_delta):
    log_expm1 = delta + log1mexp(log_delta)
    return -exp_bounded(a) + log1mexp(a + log_expm1)


def _cloglog_last(a):
    return -exp_bounded(a)


def _loglog_first(b):
    return _cloglog_last(-b)


def _loglog_middle(a, b, delta, log_delta):
    return _cloglog_middle(-b, -a, delta, log_delta)


def _loglog_last(a):
    return log1mexp(-a)


# -- cauchit -----------------------------------------------------------------------------------------------


def _cauchit_first(b):
    right = b > 0
    one = ops.ones_like(b)
    upper = ops.log1p(-ops.arctan2(one, ops.where(right, b, 1.0)) / math.pi)
    lower = ops.log(ops.arctan2(one, ops.where(right, 1.0, -b)) / math.pi)
    return ops.where(right, upper, lower)


def _cauchit_last(a):
    return _cauchit_first(-a)


def _cauchit_middle(a, b, delta, log_delta):
    inner = 1 + a * b
    most = inner < 0  # the category holds more than half of the probability
    one = ops.ones_like(b)
    outside = ops.arctan2(one, ops.where(most, b, 1.0)) + ops.arctan2(one, ops.where(most, -a, 1.0))
    inside = ops.arctan2(delta, ops.where(most, 1.0, inner))
    return ops.where(most, ops.log1p(-outside / math.pi), ops.log(inside / math.pi))


LINK_FUNCTIONS: dict[str, LinkFunctions] = {
    "logit": LinkFunctions(log_sigmoid, _logit_middle, _logit_last),
    "probit": LinkFunctions(_probit_first, _probit_middle, _probit_last),
    "cloglog": LinkFunctions(log1mexp, _cloglog_middle, _cloglog_last),
    "loglog": LinkFunctions(_loglog_first, _loglog_middle, _loglog_last),
    "cauchit": LinkFunctions(_cauchit_first, _cauchit_middle, _cauchit_last),
}
assert LINK_FUNCTIONS.keys() == LINKS.keys()  # one list of links in the house; this is its float32 half


def log_category_probs(link: str, eta, cutpoints, gaps, log_gaps):
    """log P(y = k) for all categories.

    Parameters
    ----------
    link : str
        A name in `LINKS`.
    eta : tensor (..., 1)
    cutpoints : tensor (K-1,)
    gaps, log_gaps : tensor (K-2,), or None where K = 2
        c_{k+1} - c_k from its own parameter, and its logarithm: a difference of cutpoints loses digits.

    Returns
    -------
    tensor (..., K)
    """
    functions = LINK_FUNCTIONS[link]
    distance = cutpoints - eta
    parts = [functions.first(distance[..., :1])]
    if gaps is not None:
        parts.append(functions.middle(distance[..., :-1], distance[..., 1:], gaps, log_gaps))
    parts.append(functions.last(distance[..., -1:]))
    return ops.concatenate(parts, axis=-1)
