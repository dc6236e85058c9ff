"""Residuals: their formula against SciPy's distributions, their distribution under the model, and what they show."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import ndtr

import bayesord as bo
from bayesord.diagnosis import residuals
from bayesord.likelihood.links import LINKS, get_link
from bayesord.modelling.design import from_arrays
from bayesord.modelling.prior_draws import draw_prior
from bayesord.predictive.latent import latent_mean
from bayesord.predictive.probabilities import TableDraws

LAWS = {
    "logit": stats.logistic,
    "probit": stats.norm,
    "cloglog": stats.gumbel_l,
    "loglog": stats.gumbel_r,
    "cauchit": stats.cauchy,
}
FLAT = bo.Priors(bo.priors.flat(), bo.priors.flat())


@pytest.fixture(scope="module")
def large():
    """20,000 rows: the maximum of the likelihood is the truth but for a hundredth."""
    modes = {}
    for link in LINKS:
        truth = bo.simulate(20_000, beta=(1.0, -0.5), n_categories=4, link=link, random_seed=3)
        modes[link] = bo.fit(truth.X, truth.y, link=link, method="mode", priors=FLAT)
    return modes


@pytest.mark.parametrize("link", LINKS)
def test_residuals_lie_in_the_interval_of_their_answer(large, link):
    """The latent answer lies between the cutpoints of y; its residual is its distance from eta and the mean of F."""
    mode, law = large[link], LAWS[link]
    eta = mode.design.X @ mode.beta.to_numpy()
    ends = np.r_[-np.inf, mode.cutpoints, np.inf]
    low, high = (ends[mode.design.y + side] - eta for side in (0, 1))
    mean = 0.0 if link == "cauchit" else law.mean()
    surrogate = mode.residuals("surrogate", random_seed=1)
    assert np.all((low - 1e-9 <= surrogate + mean) & (surrogate + mean <= high + 1e-9))
    quantile = mode.residuals("quantile", random_seed=1)
    np.testing.assert_allclose(stats.norm.cdf(quantile), law.cdf(surrogate + mean), rtol=1e-9)
    share = (law.cdf(surrogate + mean) - law.cdf(low)) / (law.cdf(high) - law.cdf(low))
    assert stats.kstest(share, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("link", LINKS)
def test_their_distribution_under_the_model(large, link):
    mode, law = large[link], LAWS[link]
    assert stats.kstest(mode.residuals(random_seed=2), "norm").pvalue > 1e-3
    mean = latent_mean(get_link(link))
    assert stats.kstest(mode.residuals("surrogate", random_seed=2) + mean, law.cdf).pvalue > 1e-3
    if link != "cauchit":
        assert mean == pytest.approx(law.mean(), abs=1e-9)
        assert mode.residuals("surrogate", random_seed=2).mean() == pytest.approx(0, abs=0.04)


def test_a_wrong_link_shows_in_their_distribution(large):
    design = large["cauchit"].design
    wrong = bo.fit(design.X, design.y, method="mode", priors=FLAT)
    assert stats.kstest(wrong.residuals(random_seed=2), "norm").pvalue < 1e-3


def test_a_draw_makes_them_exactly_normal_and_independent_in_small_samples(rng):
    """Truths from the prior, 12 rows each, and posteriors by weighting draws of the prior: no sampler, no approximation."""
    priors, link = bo.Priors(beta=bo.priors.normal(0, 1)), get_link("probit")
    found, of_means = [], []
    for _ in range(150):
        design = from_arrays(rng.normal(size=(12, 3)), np.arange(12) % 3, categories=range(3))
        prior = draw_prior(design, link, priors, 4001, rng)
        eta = prior.eta(design, design.X - design.mean, 0.0)
        y = ((eta[0] + rng.normal(size=12))[:, None] > prior.cutpoints[0]).sum(axis=1)
        below = ndtr(prior.cutpoints[:, None, :] - eta[:, :, None])
        probs = np.diff(below, axis=2, prepend=0.0, append=1.0)[1:]
        weight = probs[:, np.arange(12), y].prod(axis=1)
        draws = TableDraws(probs[rng.choice(4000, 50, p=weight / weight.sum())])
        fit = SimpleNamespace(
            design=replace(design, y=y), link=link, predictive_draws=lambda draws=draws: draws
        )
        found.append(residuals(fit, random_seed=rng).to_numpy())
        mean = TableDraws((weight @ probs.reshape(4000, -1) / weight.sum()).reshape(1, 12, 3))
        fit.predictive_draws = lambda mean=mean: mean
        of_means.append(residuals(fit, random_seed=rng).to_numpy())
    found = np.array(found)
    assert stats.kstest(found.ravel(), "norm").pvalue > 1e-3
    assert (
        stats.kstest(found.sum(axis=1) / np.sqrt(12), "norm").pvalue > 1e-3
    )  # independent: variances add up
    assert stats.kstest((found**2).sum(axis=1), stats.chi2(12).cdf).pvalue > 1e-3
    assert (
        stats.kstest((np.array(of_means) ** 2).sum(axis=1), stats.chi2(12).cdf).pvalue < 1e-6
    )  # have seen the answers


def test_a_missing_square_is_seen(rng):
    x = rng.normal(size=(1500, 2))
    latent = 0.7 * x[:, 0] ** 2 + x[:, 1] + rng.logistic(size=1500)
    y = np.searchsorted([0, 1, 2], latent)
    without = bo.fit(x, y, method="mode", priors=FLAT).residuals(random_seed=1)
    assert stats.pearsonr(without, x[:, 0] ** 2).pvalue < 1e-10
    with_square = np.column_stack([x, x[:, 0] ** 2])
    assert (
        stats.pearsonr(
            bo.fit(with_square, y, method="mode", priors=FLAT).residuals(random_seed=1), x[:, 0] ** 2
        ).pvalue
        > 0.01
    )


def test_left_out_rows_have_the_posterior_without_them(wine_fit):
    """The ends of the residuals' intervals, against plain importance weights 1/P(y_i)."""
    probs = wine_fit.category_probs().values.reshape(4000, 72, 5)
    y = wine_fit.design.y
    weight = 1 / probs[:, np.arange(72), y]
    left_out = (weight[:, :, None] * probs).sum(axis=0) / weight.sum(axis=0)[:, None]
    below = np.column_stack([np.zeros(72), left_out.cumsum(axis=1)])
    low, high = below[np.arange(72), y], below[np.arange(72), y + 1]
    for seed in range(3):
        u = stats.norm.cdf(wine_fit.residuals(loo=True, random_seed=seed))
        v = (u - low) / (high - low)
        assert np.all((v > -0.05) & (v < 1.05))
        assert stats.kstest(v, "uniform").pvalue > 1e-3


def test_weights_of_rows_left_out_that_cannot_be_trusted(rng):
    X = np.r_[rng.normal(size=(40, 1)), [[8.0]]]
    y = np.r_[np.searchsorted([-1, 1], 2 * X[:40, 0] + rng.logistic(size=40)), 0]
    fit = bo.fit(X, y, draws=250, random_seed=1, progressbar=False)
    with pytest.warns(UserWarning, match="their leave-one-out residuals are unreliable"):
        fit.residuals(loo=True)


def test_seeds_index_and_other_arguments(wine_fit):
    first, again, other = (wine_fit.residuals(random_seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_series_equal(first, again)
    assert not np.allclose(first, other)
    assert first.index.equals(wine_fit.design.obs_id)
    with pytest.raises(ValueError, match="Did you mean 'surrogate'"):
        wine_fit.residuals("surogate")
    with pytest.raises(ValueError, match="random_seed"):
        wine_fit.residuals(random_seed=-1)


def test_a_mode_has_no_rows_to_leave_out(large):
    with pytest.raises(ValueError, match="a posterior mode has none"):
        residuals(large["logit"], loo=True)


def test_answers_that_the_model_thinks_impossible(rng):
    """Far in a tail, where 1 - P would have no digits: large residuals, but finite, and of the right sign."""
    X = np.r_[rng.normal(size=(100, 1)), [[300.0], [-300.0]]]
    y = np.r_[np.searchsorted([-1, 1], 3 * X[:100, 0] + rng.logistic(size=100)), 0, 2]
    for link in ("logit", "probit"):
        mode = bo.fit(X, y, link=link, method="mode", priors=bo.Priors(beta=bo.priors.normal(3, 0.01)))
        r = mode.residuals(random_seed=1)
        assert np.isfinite(r).all()
        assert r.iloc[-2] < -15
        assert r.iloc[-1] > 15


def test_groups_are_part_of_eta(grouped_fit):
    r = grouped_fit.residuals(random_seed=1)
    by_group = r.groupby(grouped_fit.design.groups[0].index).mean()
    assert np.abs(by_group).max() < 1.2
    assert stats.kstest(r, "norm").pvalue > 1e-3
