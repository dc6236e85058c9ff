"""The scalar functions against mpmath, away from the round numbers of the kernels' grid."""

import make_kernel_reference as reference
import mpmath as mp
import numpy as np
import pytest

from bayesord.likelihood import special


@pytest.fixture(autouse=True)
def many_digits():
    with mp.workdps(400):
        yield


def units(function, exact, at):
    """The largest error of a function in units in the last place."""
    worst = 0.0
    for x in map(float, at):
        value = exact(mp.mpf(x))
        worst = max(
            worst, float(abs(mp.mpf(function(x)) - value) / mp.mpf(float(np.spacing(abs(float(value))))))
        )
    return worst


def test_mills(rng):
    at = np.concatenate([rng.uniform(0, 8, 200), rng.uniform(8, 60, 50), [0.0, 4 / 3, 4.0, 12.0, 1e3, 1e8]])
    assert units(special.mills, reference.mills, at) <= 4
    assert special.mills(1e300) == pytest.approx(1e-300)
    assert special.mills(np.inf) == 0
    assert np.isnan(special.mills(np.nan))


def test_mills_coefficients_are_the_ones_derived():
    np.testing.assert_allclose(special._MILLS, reference.mills_coefficients(), rtol=1e-12, atol=1e-18)


def test_normal_tail(rng):
    def tail(z):
        return mp.erfc(z / mp.sqrt(2)) / 2

    with mp.workdps(60):
        assert units(lambda z: special.normal_tail(z)[1], tail, rng.uniform(0, 37, 200)) <= 6
        assert units(lambda z: special.normal_tail(z)[0], mp.npdf, rng.uniform(0, 37, 200)) <= 4


def test_exp_minus_exp(rng):
    at = np.concatenate([rng.uniform(-5, 6.55, 300), [-0.5, 0.0, 1.0]])
    assert units(special.exp_minus_exp, lambda x: mp.exp(-mp.exp(x)), at) <= 4
    assert special.exp_minus_exp(6.8) == 0
    assert special.exp_minus_exp(-np.inf) == 1


@pytest.mark.parametrize("plus", [0.0, 0.3, 1.0])
def test_exp_minus_exp_with_a_term_more(plus, rng):
    def exact(x):
        return mp.exp(plus - mp.exp(x))

    assert units(lambda x: special.exp_minus_exp(x, plus), exact, rng.uniform(0, 6.5, 100)) <= 5


def test_logarithms(rng):
    small = 10.0 ** rng.uniform(-300, 2.5, 200)
    assert units(special.log1mexp, lambda t: mp.log(-mp.expm1(-t)), small) <= 3
    assert (
        units(special.log1p, mp.log1p, np.concatenate([small, -(10.0 ** rng.uniform(-300, -0.2, 200))])) <= 3
    )


def test_product_is_exact(rng):
    for x, y in rng.normal(scale=1e3, size=(100, 2)):
        high, low = special.product(x, y)
        assert high == x * y
        assert mp.mpf(high) + mp.mpf(low) == mp.mpf(float(x)) * mp.mpf(float(y))


def test_gap_terms():
    for delta in (1e-300, 1e-12, 9.9e-9, 1.1e-8, 0.3, 1.0, 20.0, 300.0, 1e5):
        got = special.gap_terms(delta, np.log(delta))
        d = mp.mpf(delta)
        expected = (d, mp.log(d), -mp.expm1(-d), mp.log(-mp.expm1(-d)), d / mp.expm1(d))
        np.testing.assert_allclose(got, [float(x) for x in expected], rtol=5e-16)
