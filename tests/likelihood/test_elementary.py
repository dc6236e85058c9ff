"""The functions of vector loops against 60 digits, within the ranges that they name."""

import make_kernel_reference as reference
import mpmath as mp
import numpy as np
import pytest

from bayesord.jit import njit
from bayesord.likelihood import elementary


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(60):
        yield


@njit(cache=False, **elementary.FAST)
def fill_exp(x, rest, out):
    for i in range(x.size):
        out[i] = elementary.fast_exp(x[i], rest[i])


@njit(cache=False, **elementary.FAST)
def fill_pair(x, high, low):
    for i in range(x.size):
        high[i], low[i] = elementary.exp_pair(x[i])


@njit(cache=False, **elementary.FAST)
def fill_log(u, lost, log, inverse):
    for i in range(u.size):
        log[i], inverse[i] = elementary.log_and_inverse(u[i], lost[i])


@njit(cache=False, **elementary.FAST)
def fill_log1p(x, log, inverse):
    for i in range(x.size):
        log[i], inverse[i] = elementary.log1p_and_inverse(x[i])


@njit(cache=False, **elementary.FAST)
def fill_mills(z, out):
    for i in range(z.size):
        out[i] = elementary.mills(z[i])


@njit(cache=False, **elementary.FAST)
def fill_arc(y, x, out):
    for i in range(x.size):
        out[i] = elementary.arc(y[i], x[i])


@njit(cache=False, **elementary.FAST)
def fill_half_square(z, high, low):
    for i in range(z.size):
        high[i], low[i] = elementary.half_square(z[i])


def exact(numbers):
    return [mp.mpf(x) for x in numbers.tolist()]


def worst_ulps(got, expected):
    return max(
        float(abs(mp.mpf(g) - e) / mp.mpf(float(np.spacing(abs(float(e))))))
        for g, e in zip(got.tolist(), expected, strict=True)
    )


def test_exp(rng):
    x = np.r_[rng.uniform(-700, 700, 800), rng.normal(0, 1, 800), 0.0, 0.34657359027997264]
    rest = np.r_[np.zeros(800), rng.uniform(-1e-3, 1e-3, 800), 0.0, 1e-4]
    out = np.empty_like(x)
    fill_exp(x, rest, out)
    assert worst_ulps(out, [mp.exp(a + b) for a, b in zip(exact(x), exact(rest), strict=True)]) <= 1.5


def test_exp_in_two_doubles(rng):
    x = np.r_[rng.uniform(-20, 6, 1500), 0.0]
    high, low = np.empty((2, x.size))
    fill_pair(x, high, low)
    assert (abs(low) <= np.spacing(high)).all()
    for a, b, e in zip(exact(high), exact(low), map(mp.exp, exact(x)), strict=True):
        assert abs((a + b) / e - 1) < 1e-17


def test_log_and_inverse(rng):
    u = np.r_[10 ** rng.uniform(-300, 290, 700), rng.uniform(0.3, 3, 700), 1.0, np.sqrt(0.5), np.sqrt(2.0)]
    lost = np.r_[np.zeros(700), rng.uniform(-1, 1, 703) * 1e-17]
    log, inverse = np.empty((2, u.size))
    fill_log(u, lost, log, inverse)
    assert worst_ulps(log, [mp.log(a + b) for a, b in zip(exact(u), exact(lost), strict=True)]) <= 3
    assert worst_ulps(inverse, [1 / a for a in exact(u)]) <= 2


def test_log1p_and_inverse(rng):
    x = np.r_[10 ** rng.uniform(-300, 290, 700), rng.uniform(-0.9, 3, 700), 0.41421356237309503, 1.0]
    log, inverse = np.empty((2, x.size))
    fill_log1p(x, log, inverse)
    assert worst_ulps(log, [mp.log1p(a) for a in exact(x)]) <= 3
    np.testing.assert_allclose(inverse, 1 / (1 + x), rtol=4e-16)
    fill_log1p(np.zeros(1), log[:1], inverse[:1])
    assert log[0] == 0.0


def test_half_square_is_exact(rng):
    z = np.r_[rng.normal(scale=9, size=300), 0.0]
    high, low = np.empty((2, z.size))
    fill_half_square(z, high, low)
    for a, b, x in zip(exact(high), exact(low), exact(z), strict=True):
        assert abs(a + b - x * x / 2) <= abs(x * x) * mp.mpf(2) ** -75
        assert abs(b) <= abs(a) * mp.mpf(2) ** -22


def test_mills(rng):
    z = np.r_[0.0, 5.0, rng.uniform(0, 8, 700), rng.uniform(8, 40, 200), 10 ** rng.uniform(2, 8, 50)]
    out = np.empty_like(z)
    fill_mills(z, out)
    assert worst_ulps(out, [reference.mills(x) for x in exact(z)]) <= 4


def test_mills_coefficients_are_the_ones_derived():
    """The polynomial is read off its values: (1 + z) R(z) at the points that make it up."""
    coefficients = reference.one_piece_mills_coefficients()
    y = np.linspace(-1, 0.99, 200)
    z = 5 * (1 + y) / (1 - y)
    out = np.empty_like(z)
    fill_mills(z, out)
    np.testing.assert_allclose(out * (1 + z), np.polynomial.polynomial.polyval(y, coefficients), rtol=2e-15)


def test_arc(rng):
    y, x = 10 ** rng.uniform(-100, 100, (2, 400))
    y, x = np.r_[y, rng.uniform(0, 2, 1200), 1.0, 1.0], np.r_[x, rng.uniform(0, 2, 1200), 1.0, np.sqrt(2) + 1]
    out = np.empty_like(x)
    fill_arc(y, x, out)
    assert worst_ulps(out, [mp.atan2(a, b) for a, b in zip(exact(y), exact(x), strict=True)]) <= 3
