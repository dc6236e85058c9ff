"""The logistic likelihood for many rows of one category: loops that the compiler turns into vector instructions.

The row kernels of `kernels` call `exp` and `log1p` and branch; a processor does one row at a time. Here rows come
sorted by category, so nothing branches, and `exp` and `log1p` are written out as polynomials with exponents made
from bits, which compilers do vectorise. With x = exp(eta - c_k), q = exp(-delta) and P = P(y = k):

    first    log P = -log1p(x)                          d/d eta = -x/(1 + x)
    last     log P = -log1p(1/x), x at the last cutpoint  d/d eta = 1/(1 + x)
    middle   log P = log1p(-q) - log1p(x + q/x + q)     d/d eta = (q - x²)/((1 + x)(x + q))

one exponential and one logarithm a row. Used where |eta - c| <= `REACH`, so that no x² over- or underflows, and
for gaps up to `WIDEST`: the lower end comes from the upper one as q/x, at the price of the rounding of delta.
Elsewhere the caller takes the row kernels. The tests hold it to the same bar.
"""

from __future__ import annotations

import math

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bayesord.jit import njit

__all__ = ["REACH", "WIDEST", "logit_segment", "within_reach"]

REACH = 300.0
WIDEST = 16.0

_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # 33 bits of log 2: times a whole number below 2^20 exact
_LN2_LOW = 1.9082149292705877e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest whole number in the low bits
_ONE_BITS = 0x3FF0000000000000
_HALF_ROOT_BITS = 0x3FE6A09E667F3BCD  # of √½
_TWO52 = 4503599627370496.0
_TWO52_BITS = 0x4330000000000000


@intrinsic
def _bits(typingctx, x):
    return types.int64(types.float64), lambda ctx, builder, sig, args: builder.bitcast(
        args[0], ir.IntType(64)
    )


@intrinsic
def _double(typingctx, bits):
    return types.float64(types.int64), lambda ctx, builder, sig, args: builder.bitcast(
        args[0], ir.DoubleType()
    )


@njit(fastmath={"contract"})
def fast_exp(x):
    """exp(x) for |x| <= 700, to about one ulp: exp(x) = 2^k exp(r), |r| <= ½ log 2, Taylor to r^13."""
    shifted = x * _LOG2E + _ROUND
    k = shifted - _ROUND
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    return (p * r * r + r + 1.0) * _double((_bits(shifted) << 52) + _ONE_BITS)


@njit(fastmath={"contract"})
def fast_log1p(x):
    """log(1 + x) for 0 <= x < 1e300, to about two ulp.

    1 + x = 2^e m with √½ <= m < √2 and log m = 2 atanh(s), s = (m - 1)/(m + 1); what rounding took from 1 + x is
    put back divided by it.
    """
    u = 1.0 + x
    lost = (x - (u - 1.0)) / u if x < 1.0 else (1.0 - (u - x)) / u
    from_root = _bits(u) - _HALF_ROOT_BITS
    exponent = from_root >> 52
    e = _double(exponent | _TWO52_BITS) - _TWO52
    f = _double(_bits(u) - (exponent << 52)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 2.0 / 21.0
    p = p * z + 2.0 / 19.0
    p = p * z + 2.0 / 17.0
    p = p * z + 2.0 / 15.0
    p = p * z + 2.0 / 13.0
    p = p * z + 2.0 / 11.0
    p = p * z + 2.0 / 9.0
    p = p * z + 2.0 / 7.0
    p = p * z + 2.0 / 5.0
    p = p * z + 2.0 / 3.0
    # log m = f - s (f - z p): the leading term is exact
    return e * _LN2_HIGH + (f - (s * (f - z * p) - (e * _LN2_LOW + lost)))


@njit(fastmath={"contract"})
def _first(eta, cutpoint, logp, d_eta):
    for i in range(eta.size):
        x = fast_exp(eta[i] - cutpoint)
        logp[i] = -fast_log1p(x)
        d_eta[i] = -x / (1.0 + x)


@njit(fastmath={"contract"})
def _last(eta, cutpoint, logp, d_eta):
    for i in range(eta.size):
        x = fast_exp(cutpoint - eta[i])
        logp[i] = -fast_log1p(x)
        d_eta[i] = x / (1.0 + x)


@njit(fastmath={"contract"})
def _middle(eta, upper, q, log_gap, logp, d_eta, above):
    for i in range(eta.size):
        x = fast_exp(eta[i] - upper)
        inverse = 1.0 / ((1.0 + x) * (x + q))
        logp[i] = log_gap - fast_log1p(x + q * (1.0 + 1.0 / x))
        d_eta[i] = (q - x * x) * inverse
        above[i] = x * (x + q) * inverse  # F(-b)


@njit(fastmath={"contract"})
def within_reach(eta, upper, lower):
    """Whether every |eta - c| is at most `REACH` for both ends of a category; nan is not."""
    outside = 0
    for i in range(eta.size):
        outside += not (abs(eta[i] - upper) <= REACH)
        outside += not (abs(eta[i] - lower) <= REACH)
    return outside == 0


@njit
def logit_segment(k, cutpoints, gap, eta, logp, d_eta, d_gap):
    """`kernels.rows` for the logit and rows that are all of category k, where `within_reach`; fills the outputs.

    `gap` is the `special.Gap` of the category; the first and last have `NO_GAP`.
    """
    if k == 0:
        _first(eta, cutpoints[0], logp, d_eta)
        d_gap[:] = 0.0
    elif k == cutpoints.size:
        _last(eta, cutpoints[k - 1], logp, d_eta)
        d_gap[:] = 0.0
    else:
        _middle(eta, cutpoints[k], math.exp(-gap.delta), gap.log_share, logp, d_eta, d_gap)
        for i in range(eta.size):
            d_gap[i] = gap.ratio + gap.delta * d_gap[i]
