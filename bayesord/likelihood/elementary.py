"""exp, log1p, Mills' ratio and atan as loops need them: no call and no branch, only what becomes vector instructions.

The functions of `special` are good anywhere and take one number at a time; a processor does four or eight of these
at once. Each is good to two or three units in the last place within the range that it names, and gives any number
outside it: callers leave what is out of range to the row kernels.
"""

from __future__ import annotations

import math

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bayesord.jit import njit

__all__ = [
    "FAST",
    "INLINE",
    "arc",
    "bits",
    "double",
    "exp_pair",
    "fast_exp",
    "half_square",
    "log1p_and_inverse",
    "log_and_inverse",
    "mills",
    "use_wide_vectors",
]

#: a * b + c as one instruction is the one liberty taken: it never changes the order of a sum.
FAST = {"fastmath": {"contract"}}
#: A call inside a loop would keep it from becoming vector instructions, and costs as much as the work itself.
INLINE = FAST | {"forceinline": True}

_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238  # 33 bits of log 2: times a whole number below 2^20 exact
_LN2_LOW = 1.9082149292705877e-10
_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest whole number in the low bits
_ONE_BITS = 0x3FF0000000000000
_HALF_ROOT_BITS = 0x3FE6A09E667F3BCD  # of √½
_ROUND_BITS = 0x4338000000000000
_TAN_EIGHTH = math.sqrt(2.0) - 1.0
_QUARTER_PI, _HALF_PI = 0.25 * math.pi, 0.5 * math.pi
_SHORT = -(1 << 29)  # the 24 leading bits of a double: a square of such is exact


@intrinsic
def bits(typingctx, x):
    return types.int64(types.float64), lambda ctx, builder, sig, args: builder.bitcast(
        args[0], ir.IntType(64)
    )


@intrinsic
def double(typingctx, bits):
    return types.float64(types.int64), lambda ctx, builder, sig, args: builder.bitcast(
        args[0], ir.DoubleType()
    )


@intrinsic
def use_wide_vectors(context):
    """Ask for 512-bit vectors where the processor has them: compilers default to half of that."""

    def code(context, builder, signature, arguments):
        if isinstance(builder.function.attributes, set):
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), code


@njit(**INLINE)
def _reduced(x):
    """x = k log 2 + r + low, |r| <= ½ log 2, r exact; k + 1.5 * 2^52, r and low."""
    shifted = x * _LOG2E + _ROUND
    k = shifted - _ROUND
    return shifted, x - k * _LN2_HIGH, -k * _LN2_LOW


@njit(**INLINE)
def half_square(z):
    """z²/2 as an exact unevaluated sum, the second at most 2^-23 of the first."""
    high = double(bits(z) & _SHORT)
    return 0.5 * high * high, 0.5 * (z - high) * (z + high)


@njit(**INLINE)
def _power(shifted):
    """2^k."""
    return double((bits(shifted) << 52) + _ONE_BITS)


@njit(**INLINE)
def _exp_third(r):
    """(exp(r) - 1 - r - r²/2) / r³, Taylor to r^13."""
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
    return p * r + 1.0 / 6.0


@njit(**INLINE)
def fast_exp(x, rest):
    """exp(x + rest) for |x| <= 700 and |rest| < 1e-3, to about one ulp: the sum is not rounded."""
    shifted, r, low = _reduced(x)
    r += low + rest
    return ((_exp_third(r) * r + 0.5) * r * r + r + 1.0) * _power(shifted)


@njit(**INLINE)
def exp_pair(x):
    """exp(x) as an unevaluated sum of two doubles, to 1/25 ulp of the first, |x| <= 700."""
    shifted, r, low = _reduced(x)
    scale = _power(shifted)
    square, lost = half_square(r)
    linear = 1.0 + r
    both = linear + square
    bend = lost + r * r * r * _exp_third(r)
    bend += (low + 0.5 * low * low) * (both + bend)
    bend += (r - (linear - 1.0)) + ((linear - both) + square)
    high = both + bend
    return high * scale, ((both - high) + bend) * scale


@njit(**INLINE)
def log_and_inverse(u, lost):
    """log(u + lost), and 1 / u with it, for 1e-300 < u < 1e300 and |lost| <= ulp(u); the log to about two ulp.

    u = 2^e m with √½ <= m < √2 and log m = 2 atanh(s), s = (m - 1)/(m + 1). Near 1 it is the sum, not u, whose
    logarithm keeps its digits.
    """
    from_root = bits(u) - _HALF_ROOT_BITS
    exponent = from_root >> 52
    e = double(exponent + _ROUND_BITS) - _ROUND
    f = double(bits(u) - (exponent << 52)) - 1.0
    inverse = 1.0 / (u * (2.0 + f))  # one division for both
    s = f * u * inverse
    inverse *= 2.0 + f
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
    return e * _LN2_HIGH + (f - (s * (f - z * p) - (e * _LN2_LOW + lost * inverse))), inverse


@njit(**INLINE)
def log1p_and_inverse(x):
    """log(1 + x) and 1 / (1 + x) for -1 < x < 1e300: what rounding took from 1 + x is put back."""
    u = 1.0 + x
    return log_and_inverse(u, x - (u - 1.0) if x < 1.0 else 1.0 - (u - x))


@njit(**INLINE)
def mills(z):
    """R(z) = Phi(-z) / phi(z) for z >= 0, to about three ulp.

    (1 + z) R(z) as a polynomial in y = (z - 5)/(z + 5), which meets it at Chebyshev points (3e-17;
    `one_piece_mills_coefficients` in tests/likelihood).
    """
    inverse = 1.0 / ((z + 5.0) * (z + 1.0))
    y = (z - 5.0) * (z + 1.0) * inverse
    v = y * y
    even = -7.077031841982677e-10
    odd = -9.99802240829343e-10
    even = even * v + 9.094218432472913e-09
    odd = odd * v + 1.1281645525139734e-08
    even = even * v - 6.589393318333421e-08
    odd = odd * v - 7.821049220473805e-08
    even = even * v + 3.2054886338682205e-07
    odd = odd * v + 4.92889412763629e-07
    even = even * v - 1.7633721137504215e-07
    odd = odd * v - 3.2780889332747656e-06
    even = even * v - 2.4805835828998953e-05
    odd = odd * v + 2.2710081536644496e-05
    even = even * v + 0.00045704392266072
    odd = odd * v - 0.00013437445842160464
    even = even * v - 0.0042012903289861386
    odd = odd * v + 1.9530682704042314e-05
    even = even * v - 0.03802659218586716
    odd = odd * v + 0.016348231274349995
    even = even * v - 0.06617760077909461
    odd = odd * v + 0.06150504584074597
    even = even * v + 0.07778159886873764
    odd = odd * v + 0.02507217930161715
    even = even * v + 1.1568486282918946
    odd = odd * v - 0.2294875382521129
    return (even + y * odd) * (z + 5.0) * inverse


@njit(**INLINE)
def arc(y, x):
    """atan(y / x) for y, x > 0, to about two ulp: in 0 ... pi/2.

    The smaller is divided by the larger; beyond tan(pi/8), the angle from the diagonal is taken. Taylor to r^41.
    """
    small, large = min(y, x), max(y, x)
    beyond = small > _TAN_EIGHTH * large
    r = (small - large if beyond else small) / (small + large if beyond else large)
    z = r * r
    v = z * z
    even = 1.0 / 41.0
    odd = -1.0 / 39.0
    even = even * v + 1.0 / 37.0
    odd = odd * v - 1.0 / 35.0
    even = even * v + 1.0 / 33.0
    odd = odd * v - 1.0 / 31.0
    even = even * v + 1.0 / 29.0
    odd = odd * v - 1.0 / 27.0
    even = even * v + 1.0 / 25.0
    odd = odd * v - 1.0 / 23.0
    even = even * v + 1.0 / 21.0
    odd = odd * v - 1.0 / 19.0
    even = even * v + 1.0 / 17.0
    odd = odd * v - 1.0 / 15.0
    even = even * v + 1.0 / 13.0
    odd = odd * v - 1.0 / 11.0
    even = even * v + 1.0 / 9.0
    odd = odd * v - 1.0 / 7.0
    even = even * v + 1.0 / 5.0
    odd = odd * v - 1.0 / 3.0
    angle = (_QUARTER_PI if beyond else 0.0) + (r + r * z * (odd + z * even))
    return _HALF_PI - angle if y > x else angle
