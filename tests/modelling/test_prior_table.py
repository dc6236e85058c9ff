"""The table against PyMC's own draws from the prior, and against known distributions; improper priors."""

import numpy as np
import pymc as pm
import pytest
from scipy import stats

import bayesord as bo
from bayesord.likelihood.links import LINKS
from bayesord.modelling.build import build_model
from bayesord.modelling.design import from_arrays

DRAWS = 8000

CHOICES = [
    ("logit", bo.Priors()),
    ("cloglog", bo.Priors(bo.priors.dirichlet((1, 2, 0.5, 3)), bo.priors.normal(0.5, 1.0, autoscale=True))),
    ("probit", bo.Priors(bo.priors.normal(0.3, 1.5), bo.priors.r2d2(0.3, 6, concentration=0.5))),
    ("loglog", bo.Priors(bo.priors.student_t(3, -0.5, 2.5), bo.priors.horseshoe(0.5, 2.0, 4.0))),
    ("cauchit", bo.Priors(beta=bo.priors.laplace(0.7, autoscale=True))),
    ("logit", bo.Priors(beta={"dose": bo.priors.student_t(4, 1.0, 0.5)})),
]


@pytest.fixture
def data(rng):
    import pandas as pd

    X = pd.DataFrame({"dose": rng.gamma(2.0, 3.0, 40), "age": rng.normal(50, 10, 40)})
    return X, np.arange(40) % 4 + 1


def through_pymc(design, link, priors):
    """Category probabilities (draws, K) at the centre and averaged over rows, from PyMC's draws."""
    model, names = build_model(design, link, priors), ["cutpoint_steps", "beta"]
    prior = pm.sample_prior_predictive(DRAWS, model=model, var_names=names, random_seed=7)["prior"]
    steps, beta = prior["cutpoint_steps"].values[0], prior["beta"].values[0]
    cutpoints = np.column_stack([steps[:, 0], steps[:, :1] + np.exp(steps[:, 1:]).cumsum(axis=1)])
    eta = beta @ (design.X - design.mean).T
    cdf = LINKS[link].cdf
    at_rows = np.stack([cdf(c[:, None] - eta).mean(axis=1) for c in cutpoints.T], axis=1)
    ends = np.zeros((DRAWS, 1)), np.ones((DRAWS, 1))
    return [np.diff(np.hstack([ends[0], below, ends[1]]), axis=1) for below in (cdf(cutpoints), at_rows)]


@pytest.mark.parametrize(("link", "priors"), CHOICES, ids=lambda value: str(value))
def test_agrees_with_pymc(data, link, priors):
    table = bo.prior_table(*data, link=link, priors=priors, draws=40_000, random_seed=3)
    design = from_arrays(*data)
    for name, probabilities in zip(("centre", "rows"), through_pymc(design, link, priors), strict=True):
        error = probabilities.std(axis=0) * np.sqrt(1 / DRAWS + 1 / 40_000)
        assert np.abs(table[name]["mean"] - probabilities.mean(axis=0)).max() < 4.5 * error.max()
        # An interval's end is right when the right share of PyMC's draws lies below it; many may lie on 0
        for end, share in (("5%", 0.05), ("95%", 0.95)):
            ends = table[name][end].to_numpy()
            slack = 4.5 * np.sqrt(0.05 * 0.95 * (1 / DRAWS + 1 / 40_000))
            assert ((probabilities < ends).mean(axis=0) < share + slack).all()
            assert ((probabilities <= ends).mean(axis=0) > share - slack).all()


def test_centre_of_the_default_is_the_dirichlet_itself(data):
    table = bo.prior_table(*data, draws=100_000, random_seed=5)["centre"]
    marginal = stats.beta(1, 3)  # of a Dirichlet(1, 1, 1, 1)
    assert np.abs(table["mean"] - 0.25).max() < 0.003
    assert np.abs(table["5%"] - marginal.ppf(0.05)).max() < 0.002
    assert np.abs(table["95%"] - marginal.ppf(0.95)).max() < 0.01


def test_without_predictors_the_rows_are_the_centre(wine):
    table = bo.prior_table("rating ~ 1", wine, random_seed=1)
    np.testing.assert_allclose(table["rows"], table["centre"], atol=1e-12)


def test_rows_sum_to_one_and_carry_the_users_categories(wine):
    table = bo.prior_table("rating ~ temp + contact", wine, prob=0.5, random_seed=1)
    assert table.index.tolist() == [1, 2, 3, 4, 5]
    assert table["rows"].columns.tolist() == ["mean", "25%", "75%"]
    np.testing.assert_allclose(table.xs("mean", axis=1, level=1).sum(), 1.0, atol=1e-12)


def test_frequency_weights_are_replication(rng):
    X, y, w = rng.normal(size=(30, 2)), np.arange(30) % 3, rng.integers(1, 5, 30)
    weighted = bo.prior_table(X, y, sample_weight=w, random_seed=1)
    repeated = bo.prior_table(np.repeat(X, w, axis=0), np.repeat(y, w), random_seed=1)
    np.testing.assert_allclose(weighted, repeated, atol=1e-12)


def test_an_offset_moves_the_rows(rng):
    X, y = rng.normal(size=(30, 1)), np.arange(30) % 3
    offset = np.where(np.arange(30) < 15, -8.0, 8.0)
    plain, moved = (bo.prior_table(X, y, offset=o, random_seed=1)["rows"]["mean"] for o in (None, offset))
    assert moved[1] < 0.1 < plain[1]  # far apart rows leave nothing for the middle


def test_many_rows_are_sampled(rng):
    n = 3000
    X, y, w = rng.normal(size=(n, 2)), np.arange(n) % 3, rng.integers(1, 3, n)
    table = bo.prior_table(X, y, sample_weight=w, draws=20_000, random_seed=1)
    few = bo.prior_table(X[:400], y[:400], sample_weight=w[:400], draws=20_000, random_seed=2)
    assert np.abs(table - few).to_numpy().max() < 0.03


@pytest.mark.parametrize(
    "priors",
    [
        bo.Priors(beta=bo.priors.r2(0.5, 0.01)),
        bo.Priors(beta=bo.priors.r2d2(0.5, 0.01, concentration=0.01)),
        bo.Priors(beta=bo.priors.horseshoe(1e8, 1e3, 0.01)),
        bo.Priors(bo.priors.student_t(0.01), bo.priors.student_t(0.01)),
    ],
    ids=str,
)
@pytest.mark.parametrize("link", LINKS)
def test_the_wildest_tails_give_probabilities(data, link, priors):
    table = bo.prior_table(*data, link=link, priors=priors, draws=2000, random_seed=1)
    assert table.to_numpy().min() >= 0
    np.testing.assert_allclose(table.xs("mean", axis=1, level=1).sum(), 1.0, atol=1e-9)


def test_a_fit_brings_its_own_data_link_and_priors(wine):
    priors = bo.Priors(beta=bo.priors.normal(0, 1))
    fit = bo.fit("rating ~ temp", wine, method="mode", link="probit", priors=priors)
    alone = bo.prior_table(fit, random_seed=2)
    said = bo.prior_table("rating ~ temp", wine, link="probit", priors=priors, random_seed=2)
    np.testing.assert_array_equal(alone, said)
    with pytest.raises(TypeError, match="from the fit"):
        bo.prior_table(fit, link="cloglog")


@pytest.mark.parametrize(
    ("priors", "named"),
    [
        (bo.Priors(cutpoints=bo.priors.flat()), "cutpoints"),
        (bo.Priors(beta=bo.priors.flat()), r"beta\[temp\[warm\]\], beta\[contact\[yes\]\]"),
        (bo.Priors(beta={"temp[warm]": bo.priors.flat()}), r"beta\[temp\[warm\]\]:"),
    ],
)
def test_improper_priors_have_no_table(wine, priors, named):
    with pytest.raises(ValueError, match=rf"flat\(\) is the prior of {named}.*improper"):
        bo.prior_table("rating ~ temp + contact", wine, priors=priors)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draws": 0}, "draws=0"),
        ({"prob": 1.0}, "prob=1.0"),
        ({"link": "logti"}, "Did you mean 'logit'"),
        ({"priors": bo.Priors(beta={"temp[warn]": bo.priors.normal()})}, "Did you mean 'temp\\[warm\\]'"),
    ],
)
def test_bad_settings(wine, wrong, message):
    with pytest.raises(ValueError, match=message):
        bo.prior_table("rating ~ temp", wine, **wrong)
