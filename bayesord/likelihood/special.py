"""The few scalar functions that ordered categories need and that a math library lacks, compiled.

Each is good to a few units in the last place wherever its value can be represented: that is what lets the
kernels keep log probabilities that are -1e8, and those that are -1e-80, equally exact.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from typing import NamedTuple

import numpy as np

from bayesord.jit import njit

__all__ = [
    "NO_GAP",
    "Gap",
    "exp_minus_exp",
    "gap_terms",
    "log1mexp",
    "log1p",
    "mills",
    "normal_tail",
    "product",
]

_LN2 = math.log(2.0)


@njit
def log1mexp(t):
    """log(1 - e^-t) for t > 0, without cancellation at either end."""
    return math.log(-math.expm1(-t)) if t < _LN2 else math.log1p(-math.exp(-t))


@njit
def log1p(x):
    """log(1 + x) for x > -1: one log, and what 1 + x lost to rounding put back."""
    u = 1.0 + x
    return math.log(u) + (x - (u - 1.0)) / u


class Gap(NamedTuple):
    """What the width delta = e^rho of a middle category contributes by itself: once a category, not once a row."""

    delta: float
    rho: float
    share: float  # 1 - e^-delta
    log_share: float
    ratio: float  # delta / (e^delta - 1)


NO_GAP = Gap(0.0, 0.0, 1.0, 0.0, 0.0)  # of the first and last category


@njit
def gap_terms(delta, rho):
    """The `Gap` of a middle category."""
    share = -math.expm1(-delta)
    if delta < 1e-8:  # the next terms are delta^2 / 24 and delta^2 / 12
        return Gap(delta, rho, share, rho - 0.5 * delta, 1.0 - 0.5 * delta)
    return Gap(delta, rho, share, log1mexp(delta), delta / math.expm1(delta) if delta < 700.0 else 0.0)


# -- Twice the working precision, where the exponential of a rounded number would magnify the rounding


@njit
def product(x, y):
    """x * y as an unevaluated sum (high, low), exactly (Dekker 1971, doi:10.1007/BF01397083)."""
    high = x * y
    u = 134217729.0 * x
    x1 = u - (u - x)
    x2 = x - x1
    u = 134217729.0 * y
    y1 = u - (u - y)
    y2 = y - y1
    return high, ((x1 * y1 - high) + x1 * y2 + x2 * y1) + x2 * y2


_STEPS = 32  # powers 2^(j/32), j = -32 ... 352, as (high, low); and ln(2)/32 as (short high, low)


def _powers_of_two():
    with localcontext() as context:
        context.prec = 60
        ratio = Decimal(2) ** (Decimal(1) / _STEPS)
        exact = [Decimal(1) / 2]
        for _ in range(384):
            exact.append(exact[-1] * ratio)
        high = [float(value) for value in exact]
        low = [float(value - Decimal(h)) for value, h in zip(exact, high, strict=True)]
        step = Decimal(2).ln() / _STEPS
        step_high = math.floor(float(step) * 2**44) / 2**44
        return np.array(high), np.array(low), step_high, float(step - Decimal(step_high))


_POWER_HIGH, _POWER_LOW, _STEP_HIGH, _STEP_LOW = _powers_of_two()


_RECIPROCALS = np.array([0.0] + [1.0 / k for k in range(1, 9)])


@njit
def exp_minus_exp(x, plus=0.0):
    """exp(plus - e^x) for 0 <= plus <= 1; with plus = 0, the upper tail of the cloglog link.

    The inner exponential is formed as a sum of two doubles for -.5 < x < 6.7: rounded to one, its error would
    be multiplied by e^x in the result.
    """
    if not -0.5 < x < 6.7:  # beyond, e^x is too small for that, or the result underflows
        return math.exp(plus - math.exp(x))
    j = math.floor(x / _STEP_HIGH + 0.5)
    r = x - j * _STEP_HIGH  # exact: step_high is short
    power, power_low = _POWER_HIGH[int(j) + 32], _POWER_LOW[int(j) + 32]
    high, low = product(power, r)
    q = r * r * (0.5 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r / 5040)))))
    low += power * q + (power_low - power * j * _STEP_LOW) * (1.0 + r + q)
    # e^x = power + high + low; the rounding errors of the two sums go to low as well, which stays below .05
    inner = power + high
    outer = inner - plus
    low += ((power - inner) + high) + ((inner - outer) - plus)
    series = 1.0
    for k in range(8, 0, -1):
        series = 1.0 - low * _RECIPROCALS[k] * series
    return math.exp(-outer) * series


# -- The normal distribution

# (4 + z) / 4 * R(z) as a polynomial in 8 w - (2 k + 1) on each quarter k/4 <= w < (k+1)/4 of w = 4 / (4 + z):
# Chebyshev interpolants of degree 13, computed in 40 digits (`mills_coefficients` in tests/likelihood).
_MILLS = np.array([
    [
        0.2853512399206061, 0.03993779121632111, 0.005122067653687322, 0.0005899961357583786,
        5.900925318517081e-05, 4.786755349659342e-06, 2.58240206797971e-07, -8.868152350204137e-10,
        -2.0617031766014636e-09, -2.1987439183971862e-10, -3.472286963350043e-12, 2.0022314782246025e-12,
        2.284199069771379e-13, -3.393553176577507e-15,
    ],
    [
        0.3915481611947248, 0.06982382906013293, 0.01051791150197334, 0.0012895399594195676,
        0.00011899044174833143, 6.4947943436030455e-06, -1.0432477798800211e-07, -5.420981661451986e-08,
        -2.939904777815922e-09, 3.083546998724042e-10, 4.3040932339935995e-11, -1.6209909735993719e-12,
        -5.056377346630087e-13, 9.116210501792204e-15,
    ],
    [
        0.5856812938994406, 0.1316508063610306, 0.021565609605580724, 0.0024511359780456385,
        0.0001609036449754259, 2.4866126797394574e-07, -8.894439121652362e-07, -3.404967541270252e-08,
        5.405985994928963e-09, 2.9227465126431165e-10, -4.417207604237946e-11, -1.749598444577106e-12,
        4.184892004831477e-13, 1.7137581574231965e-15,
    ],
    [
        0.9573770520470417, 0.2523156320340339, 0.03992816203255942, 0.003597485335065711,
        0.00010710675306558924, -1.0641049623493832e-05, -7.153068489586898e-07, 5.2564239632214136e-08,
        3.2935569219121648e-09, -3.8342989625761075e-10, -6.7770617520250876e-12, 2.7208167338128374e-12,
        -9.121614509288472e-14, -1.2773956401418182e-14,
    ],
])  # fmt: skip


@njit
def mills(z):
    """Mills' ratio R(z) = Phi(-z) / phi(z) for z >= 0: 1.2533 at 0 and 1/z far out; it never underflows."""
    w = 4.0 / (4.0 + z)
    if not w > 0.0:
        return 1.0 / z  # z is infinite or NaN
    k = min(int(4.0 * w), 3)
    u = (28.0 - 8.0 * k - (2 * k + 1) * z) / (4.0 + z)  # 8 w - (2 k + 1) without the rounding of w
    v = u * u
    even = _MILLS[k, 12]
    odd = _MILLS[k, 13]
    for j in range(10, -1, -2):
        even = even * v + _MILLS[k, j]
        odd = odd * v + _MILLS[k, j + 1]
    return w * (even + u * odd)


_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)


@njit
def normal_tail(z):
    """phi(z) and Phi(-z) for z >= 0. z^2 is kept in two doubles: exp would multiply its rounding by z^2."""
    if z > 40.0:
        return 0.0, 0.0
    high, low = product(z, z)
    phi = _INV_SQRT_2PI * math.exp(-0.5 * high) * (1.0 - 0.5 * low)
    return phi, phi * mills(z)
