"""The pm.Model: its density, its prior and its random draws, each against something independent."""

import numpy as np
import pymc as pm
import pytest
from cases import PRIORS, small_design
from scipy import stats

import bayesord as bo
from bayesord.likelihood.links import LINKS
from bayesord.modelling.build import build_model
from bayesord.modelling.design import from_arrays


@pytest.mark.parametrize("link", LINKS)
def test_gradient_of_the_whole_model_against_differences(rng, link):
    model = build_model(small_design(rng), link, bo.Priors())
    f = model.logp_dlogp_function(ravel_inputs=True, mode="FAST_COMPILE")
    f.set_extra_values({})
    x = rng.normal(0, 0.5, sum(np.size(value) for value in model.initial_point().values()))
    _, gradient = f(x)
    h = 1e-6
    differences = [(f(x + h * e)[0] - f(x - h * e)[0]) / (2 * h) for e in np.eye(len(x))]
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6)


def test_default_density_is_the_documented_one(rng):
    design = small_design(rng)
    X, K, p = design.X - design.X.mean(0), 4, 3
    steps, beta, u = np.array([-1.0, 0.2, -0.4]), np.array([0.3, -0.05, 1.0]), 0.4
    cutpoints = np.cumsum(np.r_[steps[0], np.exp(steps[1:])])
    edges = np.r_[-np.inf, cutpoints, np.inf]
    eta = X @ beta
    P = stats.logistic.cdf(edges[design.y + 1] - eta) - stats.logistic.cdf(edges[design.y] - eta)
    at_centre = np.diff(stats.logistic.cdf(edges))
    r2 = 1 / (1 + np.exp(-u))
    sd = np.sqrt(np.pi**2 / 3 * r2 / (1 - r2) / p) / X.std(0)
    expected = (
        np.log(P).sum()
        + stats.dirichlet.logpdf(at_centre / at_centre.sum(), np.ones(K))
        + stats.logistic.logpdf(cutpoints).sum()
        + steps[1:].sum()
        + stats.norm.logpdf(beta, 0, sd).sum()
        + stats.beta.logpdf(r2, 2, 2)
        + np.log(r2 * (1 - r2))
    )
    model = build_model(design, "logit", bo.Priors())
    got = model.compile_logp(mode="FAST_COMPILE")({"cutpoint_steps": steps, "R2_logodds__": u, "beta": beta})
    assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("link", LINKS)
def test_prior_draws_of_the_cutpoints_give_dirichlet_probabilities(link):
    design = from_arrays(np.zeros((40, 0)), np.tile([0, 1, 2, 3], 10))
    alpha = np.array([2.0, 1.0, 3.0, 0.7])
    with build_model(design, link, bo.Priors(cutpoints=bo.priors.dirichlet(tuple(alpha)))):
        cutpoints = pm.sample_prior_predictive(4000, random_seed=1)["prior"]["cutpoints"].values[0]
    probs = np.diff(LINKS[link].cdf(cutpoints), axis=1, prepend=0, append=1)
    for k in range(4):
        assert stats.kstest(probs[:, k], stats.beta(alpha[k], alpha.sum() - alpha[k]).cdf).pvalue > 1e-3


def test_prior_and_posterior_predictive_draws_follow_the_model(wine, wine_fit):
    with wine_fit.model:
        prior = pm.sample_prior_predictive(500, random_seed=1)
        replicated = pm.sample_posterior_predictive(wine_fit.idata, random_seed=1, progressbar=False)
    assert set(np.unique(prior["prior_predictive"]["y"])) == {0, 1, 2, 3, 4}
    y = replicated["posterior_predictive"]["y"].values.reshape(-1, 72)
    shares = np.stack([(y == k).mean(0) for k in range(5)], axis=1)
    np.testing.assert_allclose(shares, wine_fit.predict_proba(), atol=5 * 0.5 / np.sqrt(len(y)))


def test_log_likelihood_of_pymc_is_that_of_the_fit(wine_fit):
    few = wine_fit.idata.isel(chain=[0], draw=slice(0, 5))
    with wine_fit.model:
        got = pm.compute_log_likelihood(few, progressbar=False, extend_inferencedata=False)
    expected = wine_fit.idata["log_likelihood"]["y"].isel(chain=[0], draw=slice(0, 5))
    np.testing.assert_allclose(got["y"].values, expected.values, rtol=1e-10)


@pytest.mark.parametrize("name", PRIORS)
def test_every_prior_builds_with_coords(rng, name):
    model = build_model(small_design(rng), "probit", PRIORS[name])
    assert model.coords["predictor"] == ("x0", "x1", "x2")
    assert model.coords["cutpoint"] == ("0|1", "1|2", "2|3")
    assert {"beta", "cutpoints"} <= {v.name for v in model.unobserved_RVs}
    assert np.isfinite(model.compile_logp(mode="FAST_COMPILE")(model.initial_point()))


def test_weights_add_to_the_density_and_not_to_the_rows(rng):
    design = small_design(rng, weights=True)
    model = build_model(design, "logit", bo.Priors(beta=bo.priors.normal(0, 1)))
    repeated = from_arrays(
        np.repeat(design.X, design.weights.astype(int), axis=0),
        np.repeat(design.y, design.weights.astype(int)),
    )
    twin = build_model(repeated, "logit", bo.Priors(beta=bo.priors.normal(0, 1)))
    point = {"cutpoint_steps": np.array([-1.0, 0.2, -0.4]), "beta": np.array([0.3, -0.05, 1.0])}
    assert model.compile_logp(mode="FAST_COMPILE")(point) == pytest.approx(
        float(twin.compile_logp(mode="FAST_COMPILE")(point)), rel=1e-12
    )
    assert model["y"].eval().shape == (len(design.y),)
