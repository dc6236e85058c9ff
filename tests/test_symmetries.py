"""What must not change, or must change in a known way, when the same data are told differently.

Read off the posterior mode, which is exact to rounding where draws have Monte Carlo error; `test_oracles`
compares whole posteriors.
"""

import against
import numpy as np
import pytest
import reference
from maximum import maximum_likelihood, posterior_mode
from scipy import optimize, stats

import bayesord as bo

CUTPOINTS = (-1.0, 0.2, 1.4)
FLAT = ("flat",), ("flat",)
PROPER = ("dirichlet", 2.0), ("normal", 0.0, 2.5)
DISTRIBUTIONS = {
    "logit": stats.logistic,
    "probit": stats.norm,
    "cloglog": stats.gumbel_l,
    "loglog": stats.gumbel_r,
    "cauchit": stats.cauchy,
}
links = pytest.mark.parametrize("link", reference.LINKS)


def mode(x, y, *, link="logit", priors=PROPER, **keywords):
    """(beta, cutpoints) at the posterior mode."""
    return against.point(bo.fit(x, y, link=link, priors=against.priors(*priors), method="mode", **keywords))


def data(link="logit", n=80, seed=2):
    return against.simulate(link, (0.8, -0.5), CUTPOINTS, n, seed)


def assert_close(got, expected, **tolerance):
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, **(tolerance or {"atol": 5e-6}))


@links
def test_two_categories_are_binary_regression(link):
    x, y = against.simulate(link, (0.8, -0.5), (0.3,), 100, seed=4)

    def negative(theta):
        at = theta[0] - x @ theta[1:]
        return -np.where(y == 0, DISTRIBUTIONS[link].logcdf(at), DISTRIBUTIONS[link].logsf(at)).sum()

    theta = optimize.minimize(negative, np.zeros(3), jac="3-point", method="BFGS", options={"gtol": 1e-7}).x
    assert_close(mode(x, y, link=link, priors=FLAT), (theta[1:], theta[:1]), atol=1e-5)


@links
@pytest.mark.parametrize("priors", [FLAT, PROPER], ids=["flat", "proper"])
def test_reversal(link, priors):
    x, y = data(link)
    beta, cutpoints = mode(x, y, link=link, priors=priors)
    reversed_ = mode(-x, 3 - y, link=reference.MIRROR[link], priors=priors)
    assert_close(reversed_, (beta, -cutpoints[::-1]))


@pytest.mark.parametrize("priors", [FLAT, PROPER], ids=["flat", "proper"])
def test_shifting_covariates_moves_the_cutpoints_only(priors):
    x, y = data()
    shift = np.array([10.0, -200.0])
    beta, cutpoints = mode(x, y, priors=priors)
    assert_close(mode(x + shift, y, priors=priors), (beta, cutpoints + shift @ beta))


def test_scaling_covariates_scales_the_coefficients_only():
    x, y = data()
    scale = np.array([1000.0, 0.01])
    for priors in (FLAT, (("dirichlet", 2.0), ("normal", 0.0, 1.0, True))):
        beta, cutpoints = mode(x, y, priors=priors)
        assert_close(mode(x * scale, y, priors=priors), (beta / scale, cutpoints), rtol=1e-5)


@pytest.mark.parametrize("priors", [FLAT, PROPER], ids=["flat", "proper"])
def test_integer_weights_are_replication(priors):
    x, y = data(n=40)
    weight = np.random.default_rng(1).integers(1, 5, 40)
    replicated = mode(np.repeat(x, weight, axis=0), np.repeat(y, weight), priors=priors)
    assert_close(mode(x, y, sample_weight=weight, priors=priors), replicated)


@pytest.mark.parametrize("kind", ["frequency", "importance"])
def test_any_weights_meet_the_weighted_likelihood(kind):
    x, y = data()
    weight = np.random.default_rng(1).gamma(2.0, 0.5, len(y))
    expected = posterior_mode(reference.Cells.from_rows(x, y, 4, weight), "logit", *PROPER)
    assert_close(mode(x, y, sample_weight=weight, weights=kind), expected, atol=1e-5)


def test_rows_of_weight_zero_take_no_part():
    x, y = data()
    kept = np.arange(len(y)) % 3 > 0
    wild = np.where(kept[:, None], x, 1e3 + x)
    assert_close(mode(wild, y, sample_weight=kept.astype(float)), mode(x[kept], y[kept]))


@pytest.mark.parametrize("empty", [0, 2, 4])
def test_an_unobserved_declared_category_acts_through_the_prior_only(empty):
    x, y = data()
    y = np.delete(np.arange(5), empty)[y]
    expected = posterior_mode(reference.Cells.from_rows(x, y, 5), "logit", *PROPER)
    with pytest.warns(UserWarning, match="0 observations"):
        got = mode(x, y, categories=list(range(5)))
    assert_close(got, expected, atol=1e-5)


@links
def test_row_order_never_matters(link):
    x, y = data(link)
    order = np.random.default_rng(3).permutation(len(y))
    assert_close(mode(x[order], y[order], link=link), mode(x, y, link=link))


@pytest.mark.parametrize("n_categories", range(2, 11))
def test_two_to_ten_categories(n_categories):
    link = reference.LINKS[n_categories % 5]
    cutpoints = reference.quantile(link, np.arange(1, n_categories) / n_categories)
    x, y = against.simulate(link, (0.4, -0.3), cutpoints, 300, seed=n_categories)
    ml = maximum_likelihood(reference.Cells.from_rows(x, y, n_categories), link)
    assert_close(mode(x, y, link=link, priors=FLAT), (ml.beta, ml.cutpoints), atol=1e-5)


def test_an_offset_is_a_coefficient_of_one():
    x, y = data()
    known = np.array([0.25, -0.4])
    beta, cutpoints = mode(x, y, priors=FLAT)
    assert_close(mode(x, y, offset=x @ known, priors=FLAT), (beta - known, cutpoints))


def test_formula_and_arrays_say_the_same():
    wine, (x, y) = against.wine(), against.DATA["wine"][2].rows()
    by_formula = bo.fit("rating ~ temp + contact", wine, priors=against.priors(*PROPER), method="mode")
    assert_close(against.point(by_formula), mode(x, y))


def test_labels_do_not_matter_and_order_comes_from_categories():
    x, y = data()
    names = np.array(["poor", "fair", "good", "best"])
    assert_close(mode(x, names[y], categories=list(names)), mode(x, y))
