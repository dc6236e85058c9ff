"""2^x and log x as loops over lanes need them: no call and no branch. `likelihood.elementary` has more of the kind."""

from __future__ import annotations

from bayesord.jit import njit
from bayesord.likelihood.elementary import INLINE, bits, double

__all__ = ["exp2", "log"]

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
    return s * double(bits(rounded) << 52)


_FRACTION, _ONE = (1 << 52) - 1, 1023 << 52  # of the 64 bits of a double
_SQRT2, _LOG2 = 1.4142135623730951, 0.6931471805599453


@njit(**INLINE)
def log(x):
    """The natural logarithm of a normal number x > 0, to 2e-16 of itself or of 1: 2 atanh((m - 1)/(m + 1)) and 2's power."""
    whole = bits(x)
    m = double((whole & _FRACTION) | _ONE)
    power = float((whole >> 52) - 1023)
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
