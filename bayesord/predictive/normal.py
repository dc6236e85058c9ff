"""Standard normal numbers that depend on nothing but their place, many side by side."""

from __future__ import annotations

import math

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import INLINE
from bayesord.predictive.uniform import uniform
from bayesord.predictive.vector import log

__all__ = ["normal"]

_ONE = np.uint64(1)
_TURN = (2.0 * math.pi) ** 2
#: (-1)^k / (2k)!: the series of the cosine, within 2e-14 up to half a turn.
_C = tuple((-1.0) ** k / math.factorial(2 * k) for k in range(14))
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11, _C12, _C13 = _C


@njit(**INLINE)
def _cosine_of_turns(u):
    """cos(2 pi u) for 0 <= u < 1: minus that of the angle half a turn on."""
    v = u - 0.5
    t = _TURN * v * v
    s = _C13
    s = s * t + _C12
    s = s * t + _C11
    s = s * t + _C10
    s = s * t + _C9
    s = s * t + _C8
    s = s * t + _C7
    s = s * t + _C6
    s = s * t + _C5
    s = s * t + _C4
    s = s * t + _C3
    s = s * t + _C2
    s = s * t + _C1
    return -(s * t + _C0)


@njit(**INLINE)
def normal(seed, count):
    """The number of the count-th pair of a stream of uniform numbers (both uint64): Box & Muller 1958,
    doi:10.1214/aoms/1177706645."""
    first = uniform(seed, count + count)
    second = uniform(seed, count + count + _ONE)
    return math.sqrt(max(-2.0 * log(1.0 - first), 0.0)) * _cosine_of_turns(second)
