"""What the compiler needs to turn a loop over lanes into vector instructions: no call and no branch."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from bayesord.jit import njit

__all__ = ["FAST", "INLINE", "exp2", "log", "use_wide_vectors"]

# Contracting a * b + c into one instruction is the one liberty taken: it is part of the vector speed, and it
# never changes the order of a sum.
FAST = {"fastmath": {"contract"}}
#: A call inside a loop over lanes would keep it from becoming vector instructions, and one for every row and chunk
#: costs as much as the work itself.
INLINE = FAST | {"forceinline": True}


@intrinsic
def _bits_of(context, x):
    def code(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), code


@intrinsic
def _float_of(context, bits):
    def code(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), code


@intrinsic
def use_wide_vectors(context):
    """Ask for 512-bit vectors where the processor has them: compilers default to half of that."""

    def code(context, builder, signature, arguments):
        if isinstance(builder.function.attributes, set):
            set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), code


_ROUNDER = 1.5 * 2.0**52 + 1023.0  # adding it leaves round(x) + 1023, an exponent, in the lowest bits
# The polynomial that meets 2^r at the Chebyshev points of [-1/2, 1/2]: 2e-17 off at most.
_B1, _B2, _B3, _B4 = 0.6931471805599453, 0.24022650695910158, 0.055504108664821625, 0.009618129107587256
_B5, _B6, _B7 = 0.001333355814640647, 0.00015403530463724353, 1.5252733841556773e-05
_B8, _B9, _B10, _B11 = (
    1.3215432535912375e-06,
    1.0178057087733941e-07,
    7.074194297288521e-09,
    4.4558179083360645e-10,
)


@njit(**INLINE)
def exp2(x):
    """2^x for |x| < 1000, to 2e-16."""
    rounded = x + _ROUNDER
    r = x - (rounded - _ROUNDER)
    s = _B11
    s = s * r + _B10
    s = s * r + _B9
    s = s * r + _B8
    s = s * r + _B7
    s = s * r + _B6
    s = s * r + _B5
    s = s * r + _B4
    s = s * r + _B3
    s = s * r + _B2
    s = s * r + _B1
    s = s * r + 1.0
    return s * _float_of(_bits_of(rounded) << 52)


_FRACTION, _ONE = (1 << 52) - 1, 1023 << 52  # of the 64 bits of a double
_SQRT2, _LOG2 = 1.4142135623730951, 0.6931471805599453


@njit(**INLINE)
def log(x):
    """The natural logarithm of a normal number x > 0, to 2e-16 of itself or of 1: 2 atanh((m - 1)/(m + 1)) and 2's power."""
    bits = _bits_of(x)
    m = _float_of((bits & _FRACTION) | _ONE)
    power = float((bits >> 52) - 1023)
    large = m > _SQRT2
    m = 0.5 * m if large else m
    power = power + 1.0 if large else power
    y = (m - 1.0) / (m + 1.0)
    t = y * y
    s = 1.0 / 21.0
    s = s * t + 1.0 / 19.0
    s = s * t + 1.0 / 17.0
    s = s * t + 1.0 / 15.0
    s = s * t + 1.0 / 13.0
    s = s * t + 1.0 / 11.0
    s = s * t + 1.0 / 9.0
    s = s * t + 1.0 / 7.0
    s = s * t + 1.0 / 5.0
    s = s * t + 1.0 / 3.0
    s = s * t + 1.0
    return power * _LOG2 + 2.0 * y * s
