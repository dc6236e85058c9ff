"""Draws from the prior of group effects against those of the pm.Model, and of LKJ against its margins."""

import numpy as np
import pymc as pm
import pytest
from cases import grouped_design
from scipy import stats

import bayesord as bo
from bayesord.likelihood.links import get_link
from bayesord.modelling.build import build_model
from bayesord.modelling.prior_draws import _draw_chol_corr, draw_prior


@pytest.mark.filterwarnings("ignore:PyTensor could not link")  # said of its C mode, where it matters little
@pytest.mark.parametrize("prior", ["half_normal", "half_student_t", "exponential"])
def test_groups_are_drawn_as_in_the_model(rng, prior):
    priors = bo.Priors(group_sd=getattr(bo.priors, prior)(scale=0.7), group_corr=bo.priors.lkj(2.0))
    design = grouped_design(rng, terms=(2,))
    ours = draw_prior(design, get_link("logit"), priors, 3000, rng)
    with build_model(design, "logit", priors):
        theirs = pm.sample_prior_predictive(
            3000,
            var_names=["sd_judge", "corr_judge", "effect_judge", "R2"],
            random_seed=3,
            compile_kwargs={"mode": "FAST_COMPILE"},
        )["prior"]
    pairs = {
        "sd 0": (ours.sd[0][:, 0], theirs["sd_judge"].values[0, :, 0]),
        "sd 1": (ours.sd[0][:, 1], theirs["sd_judge"].values[0, :, 1]),
        "correlation": (ours.corr[0][:, 0, 1], theirs["corr_judge"].values[0, :, 0, 1]),
        "effect": (ours.effects[0][:, 2, 1], theirs["effect_judge"].values[0, :, 2, 1]),
        "product": (ours.effects[0][:, 2].prod(axis=1), theirs["effect_judge"].values[0, :, 2].prod(axis=1)),
        "R2": (ours.R2, theirs["R2"].values[0]),
    }
    for name, (a, b) in pairs.items():
        assert stats.ks_2samp(a, b).pvalue > 1e-3, name


@pytest.mark.parametrize(("q", "eta"), [(2, 0.7), (3, 1.0), (4, 2.5)])
def test_correlations_have_the_margins_of_lkj(rng, q, eta):
    """Each correlation is 2 Beta(b, b) - 1 with b = eta + (q - 2)/2."""
    L = _draw_chol_corr(4000, q, eta, rng)
    R = L @ np.swapaxes(L, 1, 2)
    b = eta + (q - 2) / 2
    for i in range(q):
        for j in range(i):
            assert stats.kstest((R[:, i, j] + 1) / 2, stats.beta(b, b).cdf).pvalue > 1e-3
    assert np.linalg.eigvalsh(R).min() > 0
