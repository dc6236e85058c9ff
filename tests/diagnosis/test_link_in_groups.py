"""The link's shape in models with groups: exact posteriors of their effects, and the marginal likelihood by quadrature."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from reference import cdf, pdf
from scipy import stats

from bayesord.diagnosis.scores import score_table
from bayesord.diagnosis.shape import link_test
from bayesord.likelihood.links import LINKS, get_link
from bayesord.modelling.design import from_formula
from bayesord.predictive.group_effects import GroupEffects
from bayesord.predictive.linear_draws import LinearDraws

SD, BETA, CUTPOINTS = 1.0, 0.8, np.array([-1.5, 0.0, 1.5])
NODES = np.linspace(-5, 5, 101)  # of u / SD


def data_in_groups(rng, link, groups, rows):
    """Design, and for every node and row the probability of the answer and the score of the skewness, both from F."""
    g = np.repeat(np.arange(groups), rows)
    x, u = rng.normal(size=len(g)), SD * rng.normal(size=groups)
    latent = BETA * x + u[g] + get_link(link).quantile(rng.uniform(1e-12, 1, len(g)))
    y = np.searchsorted(CUTPOINTS, latent)
    frame = pd.DataFrame({"y": y, "x": x, "g": g})
    design = from_formula("y ~ x + (1 | g)", frame, categories=range(4))
    at = CUTPOINTS - (BETA * x)[:, None] - SD * NODES[:, None, None]
    F = cdf(link, at)
    edge = np.zeros((*at.shape[:2], 1))
    chance = np.diff(np.concatenate([edge, F, edge + 1], axis=2), axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = np.where(pdf(link, at) > 0, F * (1 - F) / pdf(link, at), 0.0)
    moved = np.concatenate([edge, pdf(link, at) * unit * (2 * F - 1) ** 2, edge], axis=2)
    row = np.arange(len(y))
    p = np.maximum(chance[:, row, y], 1e-300)
    return design, p, np.diff(moved, axis=2)[:, row, y] / p


def posterior_of(rng, design, p, draws):
    """(nodes, J) weights of the posterior of u, and a stand-in for a fit that holds draws from it."""
    index = design.groups[0].index
    by_group = np.add.reduceat(np.log(p), np.flatnonzero(np.diff(index, prepend=-1)), axis=1)
    weight = np.exp(by_group - by_group.max(axis=0)) * stats.norm.pdf(NODES)[:, None]
    weight /= weight.sum(axis=0)
    at = (rng.uniform(size=(draws, 1, weight.shape[1])) > weight.cumsum(axis=0)).sum(axis=1)
    return weight, np.minimum(at, len(NODES) - 1)


def stand_in(link, design, at):
    draws, term = len(at), design.groups[0]
    groups = (GroupEffects(term.index, term.Z, SD * NODES[at][:, :, None]),)
    constant = np.full((draws, 1), BETA), np.tile(CUTPOINTS, (draws, 1))
    sampled = LinearDraws(link, design.X, *constant, groups=groups)
    posterior = xr.Dataset({term.sd: (("chain", "draw", "term"), np.full((1, draws, 1), SD))})
    return SimpleNamespace(
        design=design, link=get_link(link), predictive_draws=lambda: sampled, idata={"posterior": posterior}
    )


@pytest.mark.parametrize("link", LINKS)
def test_what_is_known_of_the_skewness(link, rng):
    """The variance of its score of the marginal likelihood, over 500 groups of 6."""
    design, p, skewness = data_in_groups(rng, link, 500, 6)
    weight, at = posterior_of(rng, design, p, 40)
    by_group = np.add.reduceat(skewness, np.arange(0, 3000, 6), axis=1)
    marginal = (weight * by_group).sum(axis=0)
    scores = score_table(stand_in(link, design, at))
    k = len(scores.cutpoints) * scores.n_columns + 1
    assert scores.score[k] == pytest.approx(marginal.sum(), abs=0.3 * np.sqrt(500) * marginal.std())
    found = scores.information[k, k] - scores.missed
    assert found == pytest.approx((marginal**2).sum(), abs=3.5 * np.sqrt(500) * (marginal**2).std())
    assert scores.information[k, k] > 1.2 * found
    test, uncorrected = link_test(scores), scores.test(np.array([k]))
    assert test.df == 1
    left = uncorrected.statistic / test.statistic  # of the variance, after the model's own parameters
    assert 0.1 < left < 0.85
    assert test.p == pytest.approx(stats.chi2.sf(test.statistic, 1))


def test_noise_of_few_draws_leaves_a_tenth(rng):
    design, p, _ = data_in_groups(rng, "logit", 30, 6)
    scores = score_table(stand_in("logit", design, posterior_of(rng, design, p, 40)[1]))
    k = len(scores.cutpoints) * scores.n_columns + 1
    test = link_test(replace(scores, missed=2 * scores.information[k, k]))
    assert test.statistic == pytest.approx(10 * scores.test(np.array([k])).statistic)
