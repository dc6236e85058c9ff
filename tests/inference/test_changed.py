"""`sample` of models as built, changed and foreign: the right posterior, announced, judged, reproducible."""

import itertools

import numpy as np
import pymc as pm
import pytest
from arviz_stats.base import array_stats

import bayesord as bo
from bayesord.inference import nuts
from bayesord.inference.changed import sample
from bayesord.modelling.build import build_model
from bayesord.modelling.origin import remember

QUIET = {"progressbar": False, "random_seed": 1}


def built(fit):
    model = build_model(fit.design, fit.link, fit.priors)
    remember(model, fit.design, fit.link, fit.priors)
    return model


def push(model):
    """What the docstring of `sample` does."""
    with model:
        total = pm.Deterministic("total", model["beta"].sum())
        pm.Potential("known", pm.logp(pm.Normal.dist(3.0, 0.5), total))
    return model


@pytest.fixture(scope="module")
def pushed(wine_fit):
    return push(built(wine_fit))


@pytest.fixture(scope="module")
def idata(pushed):
    return sample(pushed, **QUIET)


def mean_and_error(x):
    """Means over (chain, draw) of x (chain, draw, k), and their Monte Carlo errors."""
    x = np.moveaxis(x, 2, 0)
    return x.mean((1, 2)), array_stats.mcse(x, method="mean")


def test_an_unchanged_model_is_sampled_as_fit_does(wine_fit, capsys):
    again = sample(built(wine_fit), **QUIET)
    assert "PyTensor" not in capsys.readouterr().err
    replicates = "posterior_predictive"  # which other tests may have asked the shared fit for
    assert list(again.children) == [name for name in wine_fit.idata.children if name != replicates]
    for name, values in wine_fit.idata["posterior"].data_vars.items():
        np.testing.assert_array_equal(again["posterior"][name], values)


def test_a_potential_reweights_the_posterior(wine_fit, idata):
    old, new = wine_fit.idata["posterior"], idata["posterior"]
    weights = np.exp(-0.5 * ((old["beta"].values.sum(2) - 3.0) / 0.5) ** 2)
    weights /= weights.sum()
    assert 1 / (weights**2).sum() > 500
    for name in ("beta", "cutpoints"):
        values = old[name].values
        expected = np.tensordot(weights, values, 2)
        spread = np.sqrt(np.tensordot(weights, (values - expected) ** 2, 2))
        its_error = np.sqrt(np.tensordot(weights**2, (values - expected) ** 2, 2))
        mean, error = mean_and_error(new[name].values)
        assert np.all(np.abs(mean - expected) < 4.5 * np.hypot(error, its_error)), name
        np.testing.assert_allclose(new[name].values.std((0, 1)), spread, rtol=0.1)
    shift = new["beta"].values.mean((0, 1)) - old["beta"].values.mean((0, 1))
    assert np.all(shift < -0.15)  # that it does something


def test_the_layout_is_that_of_a_fit_and_more(wine_fit, idata):
    for group in ("posterior", "observed_data", "constant_data"):
        for name, own in wine_fit.idata[group].data_vars.items():
            other = idata[group][name]
            assert other.dims == own.dims, name
            for dim in set(own.dims) - {"chain", "draw"}:
                assert list(other[dim].values) == list(own[dim].values)
    assert set(idata["posterior"].data_vars) == {*wine_fit.idata["posterior"].data_vars, "total"}
    np.testing.assert_allclose(idata["posterior"]["total"], idata["posterior"]["beta"].sum("predictor"))
    assert set(wine_fit.idata["sample_stats"].data_vars) == set(idata["sample_stats"].data_vars)
    attrs = idata["sample_stats"].attrs
    assert attrs["sampler"] == "nutpie, PyTensor"
    assert attrs["verdict"].startswith("Converged")


def test_the_context_and_the_seed_and_cores_do_not_matter(pushed, idata, capsys):
    with pushed:
        again = sample(cores=1, **QUIET)
    assert "changed (potentials, deterministic variables);" in capsys.readouterr().err
    for name, values in idata["posterior"].data_vars.items():
        np.testing.assert_array_equal(again["posterior"][name], values)
    other = sample(pushed, progressbar=False, random_seed=2, draws=20, chains=2, on_fail="ignore")
    assert other["posterior"].sizes["chain"] == 2
    assert not np.array_equal(other["posterior"]["beta"], idata["posterior"]["beta"][:2, :20])


def test_a_verdict_that_is_not_clean(pushed):
    with pytest.warns(bo.ConvergenceWarning, match="ESS"):
        sample(pushed, draws=50, **QUIET)
    with pytest.raises(RuntimeError, match="ESS"):
        sample(pushed, draws=50, on_fail="raise", **QUIET)


def test_an_interruption_keeps_what_there_is(pushed, monkeypatch):
    waits = itertools.count()

    def interrupt(_seconds):
        if next(waits) == 60:
            raise KeyboardInterrupt

    monkeypatch.setattr(nuts.time, "sleep", interrupt)
    kept = sample(pushed, draws=500_000, tune=100, chains=2, on_fail="ignore", **QUIET)
    assert kept["sample_stats"].attrs["interrupted"] == 1
    assert 0 < kept["posterior"].sizes["draw"] < 500_000
    assert np.isfinite(kept["posterior"]["beta"].values).all()


def test_what_is_no_model_and_no_setting(wine_fit, pushed):
    with pytest.raises(TypeError, match="needs a model"):
        sample()
    with pytest.raises(TypeError, match="takes a pm.Model, got OrdinalFit; pass its .model"):
        sample(wine_fit)
    with pytest.raises(ValueError, match="draws=0"):
        sample(pushed, draws=0)
    with pytest.raises(ValueError, match="on_fail"):
        sample(pushed, on_fail="never")


@pytest.mark.slow
def test_other_answers_give_the_posterior_of_other_answers(wine, wine_fit):
    other = wine.iloc[::-1].reset_index(drop=True)
    mixed = wine.assign(rating=other["rating"].values)
    model = built(wine_fit)
    with model:
        pm.set_data({"y_codes": model["y_codes"].get_value()[::-1].copy()})
    idata = sample(model, **QUIET)
    expected = bo.fit("rating ~ temp + contact", mixed, progressbar=False, random_seed=2).idata
    for name in ("beta", "cutpoints"):
        (mean, error), (its_mean, its_error) = (
            mean_and_error(own["posterior"][name].values) for own in (idata, expected)
        )
        assert np.all(np.abs(mean - its_mean) < 4.5 * np.hypot(error, its_error)), name
    np.testing.assert_array_equal(idata["observed_data"]["y"], expected["observed_data"]["y"])


@pytest.mark.slow
def test_fewer_rows(wine_fit):
    model = built(wine_fit)
    with model:
        few = {name: model[name].get_value()[:50] for name in ("X", "y_codes")}
        pm.set_data(few, coords={"obs_id": range(100, 150)})
    idata = sample(model, **QUIET)
    assert list(idata["observed_data"]["obs_id"].values) == list(range(100, 150))
    assert idata["constant_data"]["X"].shape == (50, 2)


@pytest.mark.slow
def test_another_likelihood_and_a_variable_of_the_users(wine_fit):
    """A second study saw the effects as 1 and 1 with error .3: its own mean is a variable of the model."""
    model = built(wine_fit)
    with model:
        lift = pm.Normal("lift", model["beta"].mean(), 0.1)
        pm.Normal("study", model["beta"], 0.3, observed=np.ones(2))
    idata = sample(model, target_accept=0.9, **QUIET)
    old, new = wine_fit.idata["posterior"]["beta"].values, idata["posterior"]
    weights = np.exp(-0.5 * (((old - 1.0) / 0.3) ** 2).sum(2))
    weights /= weights.sum()
    expected = np.tensordot(weights, old, 2)
    its_error = np.sqrt(np.tensordot(weights**2, (old - expected) ** 2, 2))
    mean, error = mean_and_error(new["beta"].values)
    assert np.all(np.abs(mean - expected) < 4.5 * np.hypot(error, its_error))
    off = new["lift"].values - new["beta"].values.mean(2)
    assert abs(off.std() - 0.1) < 0.01
    assert idata["observed_data"]["study"].dims == ("study_dim_0",)
    assert lift.name in new


@pytest.mark.slow
def test_a_model_of_another_maker(capsys):
    """Normal mean with known variance: posterior Normal(n y / (n + 1), 1/(n + 1))."""
    y = np.array([1.2, 0.3, 2.2, 0.9])
    with pm.Model(coords={"unit": list("abcd")}):
        mu = pm.Normal("mu", 0, 1)
        pm.Normal("y", mu, 1, observed=y, dims="unit")
        idata = sample(**QUIET)
    assert "bayesord has not built this model" in capsys.readouterr().err
    mean, error = mean_and_error(idata["posterior"]["mu"].values[:, :, None])
    assert abs(mean[0] - y.sum() / 5) < 4.5 * error[0]
    assert idata["posterior"]["mu"].values.std() == pytest.approx(np.sqrt(1 / 5), rel=0.05)
    assert list(idata["observed_data"]["unit"].values) == list("abcd")
