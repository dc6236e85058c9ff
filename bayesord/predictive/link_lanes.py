"""Both tails of every link, lane by lane, without a call or a branch.

Each function gives F(z) and 1 - F(z), the smaller of them to about 1e-15 of itself (times |log| of it, where
it is tiny), the larger one as the rest. Scalar versions that are exact to the last digits are in
`likelihood.kernels`. Polynomials meet their functions at Chebyshev points.
"""

from __future__ import annotations

import math

from bayesord.jit import njit
from bayesord.likelihood.elementary import FAST, INLINE, use_wide_vectors
from bayesord.likelihood.kernels import CAUCHIT, CLOGLOG, LOGIT, LOGLOG, PROBIT
from bayesord.predictive.lanes import LANES, LOG2E
from bayesord.predictive.vector import exp2

__all__ = ["fill_tails"]

_FURTHEST_NORMAL = 37.5  # the tail beyond is no normal number
_LARGEST_HAZARD_BITS = 9.4  # e^-(2^9.4) is still a normal number
_INVERSE_PI = 1.0 / math.pi


@njit(**INLINE)
def _logit(z):
    e = exp2(max(-abs(z) * LOG2E, -1000.0))
    large = 1.0 / (1.0 + e)
    small = e * large
    return (small if z < 0.0 else large), (large if z < 0.0 else small)


@njit(**INLINE)
def _probit(z):
    """Mills' ratio as a polynomial in y = (a - 5)/(a + 5) over 1 + a, a = |z| (degree 20: 5e-16)."""
    a = min(abs(z), _FURTHEST_NORMAL)
    inverse = 1.0 / ((a + 5.0) * (a + 1.0))
    y = (a - 5.0) * (a + 1.0) * inverse
    s = -2.3235371189260746e-08 - 3.6596996185374814e-09 * y
    s = s * y - 6.080118816308869e-09
    s = s * y + 1.9320565059459883e-07
    s = s * y + 1.0298979749442645e-07
    s = s * y - 1.3112561757018996e-06
    s = s * y - 5.3168447003939924e-08
    s = s * y + 9.064914992680178e-06
    s = s * y - 9.903309563535636e-06
    s = s * y - 5.361024019845263e-05
    s = s * y + 0.00018233603132725534
    s = s * y + 7.792347095222024e-06
    s = s * y - 0.0016760726476689027
    s = s * y + 0.0065220005494309
    s = s * y - 0.015170415374138756
    s = s * y + 0.02453696325355019
    s = s * y - 0.026401042967686097
    s = s * y + 0.010002352384860832
    s = s * y + 0.03103036842599044
    s = s * y - 0.09155228183400504
    s = s * y + 0.4615158298500377
    small = s * (a + 5.0) * inverse * exp2(-0.5 * LOG2E * a * a)
    large = 1.0 - small
    return (small if z < 0.0 else large), (large if z < 0.0 else small)


@njit(**INLINE)
def _cloglog(z):
    """1 - exp(-h) and exp(-h), h = e^z; for h < 1/2 the former as h times a polynomial (5e-19)."""
    h = exp2(min(max(z * LOG2E, -1000.0), _LARGEST_HAZARD_BITS))
    upper = exp2(-h * LOG2E)
    s = -2.6975028932872563e-07 + 1.994692898079028e-08 * h
    s = s * h + 2.7519016924164968e-06
    s = s * h - 2.4800009927947966e-05
    s = s * h + 0.0001984122793902707
    s = s * h - 0.0013888888172333307
    s = s * h + 0.008333333325682696
    s = s * h - 0.041666666666189636
    s = s * h + 0.1666666666666514
    s = s * h - 0.49999999999999983
    s = s * h + 1.0
    lower = 1.0 - upper
    return (h * s if h < 0.5 else lower), upper


@njit(**INLINE)
def _loglog(z):
    upper, lower = _cloglog(-z)
    return lower, upper


@njit(**INLINE)
def _cauchit(z):
    """The smaller tail is atan(1/|z|)/pi; the angle is halved once, then a polynomial (3e-17)."""
    a = abs(z)
    u = min(a, 1.0) / max(a, 1.0)
    h = u / (1.0 + math.sqrt(1.0 + u * u))
    t = h * h
    s = -0.04348052215716462 + 0.021135373157693246 * t
    s = s * t + 0.056883492268090106
    s = s * t - 0.06640233930429408
    s = s * t + 0.07689953496306857
    s = s * t - 0.09090773074808414
    s = s * t + 0.11111106180455946
    s = s * t - 0.14285714180976467
    s = s * t + 0.1999999999885511
    s = s * t - 0.3333333333332844
    s = s * t + 1.0
    angle = 2.0 * h * s * _INVERSE_PI
    small = angle if a > 1.0 else 0.5 - angle
    large = 1.0 - small
    return (small if z < 0.0 else large), (large if z < 0.0 else small)


def _filler(tails):
    """The loop over cutpoints and lanes for one link."""

    @njit(cache=False, **FAST)
    def filler(eta, cutpoints, lower, upper):
        use_wide_vectors()
        for k in range(cutpoints.shape[0]):
            for l in range(LANES):
                lower[k, l], upper[k, l] = tails(cutpoints[k, l] - eta[l])

    return filler


_fill_logit, _fill_probit, _fill_cloglog = _filler(_logit), _filler(_probit), _filler(_cloglog)
_fill_loglog, _fill_cauchit = _filler(_loglog), _filler(_cauchit)


@njit(**FAST)
def fill_tails(link_code, eta, cutpoints, lower, upper):
    """lower, upper (K-1, LANES): P(y <= k) and P(y > k) from eta (LANES,) and cutpoints (K-1, LANES)."""
    if link_code == LOGIT:
        _fill_logit(eta, cutpoints, lower, upper)
    elif link_code == PROBIT:
        _fill_probit(eta, cutpoints, lower, upper)
    elif link_code == CLOGLOG:
        _fill_cloglog(eta, cutpoints, lower, upper)
    elif link_code == LOGLOG:
        _fill_loglog(eta, cutpoints, lower, upper)
    elif link_code == CAUCHIT:
        _fill_cauchit(eta, cutpoints, lower, upper)
