"""Planted pathologies get the right verdict; a healthy fit gets none."""

import numpy as np
import pytest
import xarray as xr

import bayesord as bo
from bayesord.inference.diagnostics import data_remarks, judge
from bayesord.likelihood.links import get_link
from bayesord.modelling.design import from_arrays


def draws_of(x, energy=None, diverging=0):
    chain, draw = x.shape[:2]
    energies = np.random.default_rng(0).normal(size=(chain, draw))
    stats = {
        "energy": energies if energy is None else energy,
        "diverging": np.arange(chain * draw).reshape(chain, draw) < diverging,
    }
    posterior = xr.Dataset(
        {"beta": (("chain", "draw", "predictor"), x)}, coords={"predictor": ["a", "b"][: x.shape[2]]}
    )
    sample_stats = xr.Dataset({name: (("chain", "draw"), values) for name, values in stats.items()})
    return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": sample_stats})


@pytest.fixture
def healthy(rng):
    return rng.normal(size=(4, 1000, 2))


def test_healthy_draws_are_ok(healthy):
    verdict = judge(draws_of(healthy))
    assert (verdict.level, verdict.problems) == ("ok", ())
    assert "no divergences" in str(verdict)


def test_chains_that_disagree(healthy):
    healthy[0, :, 1] += 3
    verdict = judge(draws_of(healthy))
    assert verdict.level == "failed"
    assert any("beta[b]" in text and "chains disagree" in text for text in verdict.problems)


def test_slow_chains_have_few_effective_draws(rng):
    x = np.zeros((4, 1000, 1))
    for t in range(1, 1000):
        x[:, t] = 0.97 * x[:, t - 1] + rng.normal(size=(4, 1))
    verdict = judge(draws_of(x))
    assert verdict.level == "failed"
    assert any("ESS bulk" in text for text in verdict.problems)


@pytest.mark.parametrize(("count", "level"), [(2, "caution"), (40, "failed")])
def test_divergences(healthy, count, level):
    verdict = judge(draws_of(healthy, diverging=count))
    assert verdict.level == level
    assert f"{count} divergences" in str(verdict)


def test_low_energy_fraction(healthy, rng):
    energy = np.cumsum(rng.normal(size=(4, 1000)), axis=1)
    assert judge(draws_of(healthy, energy=energy)).level == "failed"


def test_values_that_are_not_finite(healthy):
    healthy[1, 5, 0] = np.nan
    assert judge(draws_of(healthy)).level == "failed"


def test_a_missing_chain(healthy):
    verdict = judge(draws_of(healthy[:3]), chains_asked=4)
    assert verdict.level == "caution"
    assert "only 3 of 4 chains" in str(verdict)


def test_figures_of_draws_that_cannot_be_judged(healthy):
    few = judge(draws_of(healthy[:, :3]))
    assert few.level == "failed"
    assert "3 draws a chain are too few" in str(few)
    assert np.isnan(few.figures["r_hat"])
    alone = judge(draws_of(healthy[:1]))
    assert alone.level == "caution"
    assert "one chain" in str(alone)


def test_an_interrupted_run(healthy):
    verdict = judge(draws_of(healthy), interrupted=True)
    assert verdict.level == "caution"
    assert verdict.problems == ("interrupted: 1,000 draws a chain are kept",)


@pytest.mark.parametrize(("count", "level"), [(0, "ok"), (40, "ok"), (41, "caution")])
def test_trees_at_their_limit(healthy, count, level):
    idata = draws_of(healthy)
    deepest = np.arange(4000).reshape(4, 1000) < count
    idata["sample_stats"]["reached_max_treedepth"] = xr.DataArray(deepest, dims=("chain", "draw"))
    assert judge(idata).level == level


def posterior_of(fit) -> dict:
    return {name: array.values for name, array in fit.idata["posterior"].items()}


def test_remarks_name_separation_empty_categories_and_conflict(rng):
    x = np.r_[rng.uniform(-1, 0, 20), rng.uniform(1, 2, 20)]
    X = np.column_stack([x, rng.normal(size=40)])
    with pytest.warns(UserWarning, match="0 observations"):
        design = from_arrays(X, (x > 0).astype(int), categories=[0, 1, 2])
    posterior = {
        "beta": rng.normal([9.0, 0.1], 0.5, size=(2, 500, 2)),
        "cutpoints": rng.normal([0.0, 3.0], 0.1, size=(2, 500, 2)),
        "cutpoint_steps": rng.normal([0.0, 1.0], 0.1, size=(2, 500, 2)),
    }
    priors = bo.Priors(beta=bo.priors.normal(0, 1))
    said = " ".join(data_remarks(design, get_link("logit"), priors, posterior))
    assert "['x0'] separate" in said
    assert "no observations in [2]" in said
    assert "disagree on ['x0']" in said


def test_a_clean_fit_has_no_remarks(wine_fit):
    assert wine_fit.verdict.remarks == ()
    assert data_remarks(wine_fit.design, wine_fit.link, wine_fit.priors, posterior_of(wine_fit)) == ()


def test_the_verdict_names_columns_that_separate_together(rng):
    X = rng.normal(size=(90, 3))
    y = np.searchsorted([-0.5, 0.5], X[:, 0] - X[:, 1])
    fit = bo.fit(X, y, random_seed=1, progressbar=False, on_fail="ignore")
    assert "['x0', 'x1'] together separate the categories completely" in str(fit.verdict)
