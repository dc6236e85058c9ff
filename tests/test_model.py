"""The front door: `fit`, what it returns, and what it refuses."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from cases import PRIORS, small_design

import bayesord as bo
from bayesord.likelihood.links import LINKS

QUIET = {"progressbar": False, "random_seed": 1}


def test_posterior_has_the_documented_names_dims_and_groups(wine_fit):
    posterior = wine_fit.idata["posterior"]
    assert posterior["beta"].dims == ("chain", "draw", "predictor")
    assert posterior["beta"]["predictor"].values.tolist() == ["temp[warm]", "contact[yes]"]
    assert posterior["cutpoints"]["cutpoint"].values.tolist() == ["1|2", "2|3", "3|4", "4|5"]
    assert posterior["cutpoints"].shape == (4, 1000, 4)
    assert {"posterior", "sample_stats", "observed_data", "constant_data", "log_likelihood"} <= set(
        wine_fit.idata.children
    )
    assert set(np.unique(wine_fit.idata["observed_data"]["y"])) == {0, 1, 2, 3, 4}
    assert "Converged" in wine_fit.idata["sample_stats"].attrs["verdict"]


def test_cutpoints_are_on_the_scale_of_the_data(wine_fit):
    """They are the centred cutpoints moved by mean(X) beta, draw by draw, and P(y <= k) = F(c_k - x beta)."""
    posterior, design = wine_fit.idata["posterior"], wine_fit.design
    steps = posterior["cutpoint_steps"].values
    centred = np.cumsum(np.concatenate([steps[..., :1], np.exp(steps[..., 1:])], axis=-1), axis=-1)
    shift = (posterior["beta"].values @ design.X.mean(axis=0))[..., None]
    np.testing.assert_allclose(posterior["cutpoints"].values, centred + shift, rtol=1e-12)
    eta = wine_fit.linear_predictor().values
    cumulative = 1 / (1 + np.exp(-(posterior["cutpoints"].values[:, :, None, :] - eta[..., None])))
    probs = np.diff(cumulative, axis=-1, prepend=0, append=1)
    np.testing.assert_allclose(wine_fit.category_probs().values, probs, atol=1e-12)
    np.testing.assert_allclose(wine_fit.predict_proba(), probs.mean(axis=(0, 1)), atol=1e-12)


def test_log_likelihood_is_the_log_probability_of_each_answer(wine_fit):
    probs = wine_fit.category_probs().values
    expected = np.log(np.take_along_axis(probs, wine_fit.design.y[None, None, :, None], axis=-1)[..., 0])
    np.testing.assert_allclose(wine_fit.log_likelihood().values, expected, rtol=1e-9)


def test_answers_are_in_the_users_categories():
    words = pd.DataFrame({"answer": ["no", "maybe", "yes", "yes", "no", "maybe"] * 10, "x": np.arange(60.0)})
    fit = bo.fit("answer ~ x", words, categories=["no", "maybe", "yes"], **QUIET)
    assert set(fit.predict(words, decision="mode")) <= {"no", "maybe", "yes"}
    assert fit.category_probs(words.head(3))["category"].values.tolist() == ["no", "maybe", "yes"]
    assert set(np.unique(fit.posterior_predictive(words, random_seed=1))) == {"no", "maybe", "yes"}
    assert fit.expected_score(words.head(1)).max() <= 3


def test_expected_score_takes_the_numbers_of_the_categories(wine_fit):
    by_default = wine_fit.expected_score().values
    np.testing.assert_allclose(by_default, wine_fit.category_probs().values @ np.arange(1, 6), rtol=1e-12)
    doubled = wine_fit.expected_score(category_values=[2, 4, 6, 8, 10]).values
    np.testing.assert_allclose(doubled, 2 * by_default, rtol=1e-12)


def test_a_label_does_not_depend_on_the_other_rows(wine, wine_fit):
    together = wine_fit.predict(wine, decision="qwk")
    alone = [wine_fit.predict(wine.iloc[[i]], decision="qwk")[0] for i in range(0, 72, 9)]
    assert together[::9].tolist() == alone
    assert wine_fit.predict(decision="qwk").tolist() == together.tolist()


@pytest.mark.parametrize("decision", ["qwk", "kappa", "linear_kappa", "mode", "median", "mean"])
def test_batch_and_frozen_rules_agree_on_the_training_rows(wine_fit, decision):
    assert (
        wine_fit.predict(decision=decision).tolist()
        == wine_fit.predict(decision=decision, rule="batch").tolist()
    )


def test_expected_qwk_of_given_labels(wine, wine_fit):
    best = wine_fit.expected_qwk(random_seed=1)
    mode = wine_fit.expected_qwk(yhat=wine_fit.predict(decision="mode"), random_seed=1)
    assert 0 < mode.value <= best.value + 0.005
    assert best.labels.tolist() == wine_fit.predict(rule="batch").tolist()
    low, high = best.next_score_interval
    assert low < best.value < high
    with pytest.raises(ValueError, match="not in the categories"):
        wine_fit.expected_qwk(yhat=np.zeros(72, int))


def test_same_seed_same_draws_whatever_the_cores(wine):
    draws = [bo.fit("rating ~ temp", wine, cores=cores, draws=100, on_fail="ignore", **QUIET).idata["posterior"]["beta"].values for cores in (1, 4)]  # fmt: skip
    np.testing.assert_array_equal(*draws)
    other = bo.fit("rating ~ temp", wine, draws=100, on_fail="ignore", progressbar=False, random_seed=2)
    assert not np.array_equal(draws[0], other.idata["posterior"]["beta"].values)


def test_formula_and_arrays_are_the_same_model(wine, wine_fit):
    X = pd.DataFrame(
        {"warm": (wine.temp == "warm").astype(float), "yes": (wine.contact == "yes").astype(float)}
    )
    fit = bo.fit(X, wine.rating, **QUIET)
    np.testing.assert_array_equal(
        fit.idata["posterior"]["beta"].values, wine_fit.idata["posterior"]["beta"].values
    )


def test_offset_moves_eta_and_frequency_weights_are_rows(wine):
    table = wine.groupby(["rating", "temp"], observed=True).size().reset_index(name="n")
    flat = bo.Priors(cutpoints=bo.priors.flat(), beta=bo.priors.normal(0, 2.5))
    rows = bo.fit("rating ~ temp", wine, method="mode", priors=flat)
    cells = bo.fit("rating ~ temp", table, sample_weight="n", method="mode", priors=flat)
    np.testing.assert_allclose(cells.beta, rows.beta, rtol=1e-8)
    np.testing.assert_allclose(cells.cutpoints, rows.cutpoints, rtol=1e-8)
    assert cells.log_likelihood == pytest.approx(rows.log_likelihood, rel=1e-10)
    free = bo.Priors(cutpoints=bo.priors.flat(), beta=bo.priors.flat())
    warm = 2.0 * (wine.temp == "warm").to_numpy(float)
    plain, moved = (bo.fit("rating ~ temp", wine, method="mode", priors=free, offset=o) for o in (None, warm))
    np.testing.assert_allclose(moved.beta + 2.0, plain.beta, atol=1e-6)


def test_offset_of_new_rows(wine):
    offset = np.linspace(-1, 1, 72)
    fit = bo.fit("rating ~ temp", wine, offset=offset, draws=100, on_fail="ignore", **QUIET)
    with pytest.raises(ValueError, match="offset"):
        fit.predict_proba(wine.head(3))
    with pytest.raises(ValueError, match="belongs to new rows"):
        fit.predict_proba(offset=offset)
    np.testing.assert_allclose(fit.predict_proba(wine, offset=offset), fit.predict_proba(), rtol=1e-12)
    assert fit.expected_score(wine.head(3), offset=[5, 5, 5]).mean() > fit.expected_score().mean()


def test_weights_count_in_the_expected_qwk_of_the_training_rows(wine):
    table = wine.groupby(["rating", "temp", "contact"], observed=True).size().reset_index(name="n")
    rows = bo.fit("rating ~ temp + contact", wine, **QUIET)
    cells = bo.fit("rating ~ temp + contact", table, sample_weight="n", **QUIET)
    assert cells.expected_qwk().plugin == pytest.approx(rows.expected_qwk().plugin, abs=0.01)


def test_priors_for_single_coefficients(wine):
    tight = bo.Priors(beta={"temp[warm]": bo.priors.normal(-1, 0.3)})
    fit = bo.fit("rating ~ temp + contact", wine, priors=tight, **QUIET)
    beta = fit.idata["posterior"]["beta"].mean(("chain", "draw")).values
    assert -1 < beta[0] < 0.5 < beta[1]
    assert any("prior and data disagree on ['temp[warm]']" in remark for remark in fit.verdict.remarks)


@pytest.mark.parametrize("prior", [bo.priors.r2d2(), bo.priors.horseshoe(0.5)], ids=["r2d2", "horseshoe"])
@pytest.mark.slow
def test_priors_that_go_through_pytensor(wine, wine_fit, prior):
    fit = bo.fit(
        "rating ~ temp + contact",
        wine,
        priors=bo.Priors(beta=prior),
        target_accept=0.95,
        on_fail="ignore",
        **QUIET,
    )
    assert fit.idata["posterior"]["beta"].mean().item() == pytest.approx(1.8, abs=0.5)
    assert fit.verdict.figures["r_hat"] < 1.05


@pytest.mark.parametrize("name", [name for name in PRIORS if name not in ("r2d2", "horseshoe")])
def test_posterior_holds_every_variable_of_the_model(rng, name):
    design = small_design(rng)
    fit = bo.fit(design.X, design.y, priors=PRIORS[name], draws=50, on_fail="ignore", **QUIET)
    assert {variable.name for variable in fit.model.unobserved_RVs} == set(fit.idata["posterior"])
    for variable in fit.model.unobserved_RVs:
        dims = fit.model.named_vars_to_dims.get(variable.name, ())
        assert fit.idata["posterior"][variable.name].dims[2:] == tuple(dims)


def test_no_predictors_is_a_model_of_the_shares(wine):
    fit = bo.fit("rating ~ 1", wine, **QUIET)
    counts = np.bincount(fit.design.y, minlength=5)
    # Dirichlet(1) at the centre of no covariates: the posterior of the shares is Dirichlet(1 + counts)
    np.testing.assert_allclose(fit.predict_proba()[0], (counts + 1) / (counts.sum() + 5), atol=0.005)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"link": "probti"}, ValueError, "Did you mean 'probit'"),
        ({"priors": "normal"}, TypeError, "Priors"),
        ({"draws": 0}, ValueError, "draws=0 must be an integer of at least 1"),
        ({"chains": 0}, ValueError, "chains=0"),
        ({"tune": -1}, ValueError, "tune=-1"),
        ({"target_accept": 1.0}, ValueError, "target_accept=1.0"),
        ({"random_seed": -3}, ValueError, "random_seed=-3"),
        ({"method": "vi"}, ValueError, "method='vi' is unknown"),
        ({"on_fail": "shrug"}, ValueError, "on_fail='shrug' is unknown"),
        ({"weights": "analytic"}, ValueError, "analytic"),
        ({"method": "mode"}, ValueError, "no joint mode"),
        (
            {"priors": bo.Priors(beta={"temp": bo.priors.normal()})},
            ValueError,
            "coefficients that the model does not have",
        ),
        (
            {"priors": bo.Priors(cutpoints=bo.priors.dirichlet((1, 1)))},
            ValueError,
            "2 values for 5 categories",
        ),
    ],
)
def test_bad_settings_are_refused_before_anything_is_compiled(wine, monkeypatch, arguments, error, said):
    from bayesord.inference import sampling

    monkeypatch.setattr(sampling, "sample", lambda *a, **k: pytest.fail("got as far as sampling"))
    with pytest.raises(error, match=said):
        bo.fit("rating ~ temp + contact", wine, **arguments)


def test_flat_cutpoints_with_an_empty_category_have_no_posterior(wine):
    data = wine.assign(rating=pd.Categorical(wine.rating.astype(int), categories=range(1, 7), ordered=True))
    with (
        pytest.warns(UserWarning, match="0 observations"),
        pytest.raises(ValueError, match="nothing determines them"),
    ):
        bo.fit("rating ~ temp", data, priors=bo.Priors(cutpoints=bo.priors.flat()))


def test_flat_priors_without_a_posterior_are_refused_before_sampling(rng):
    x = rng.normal(size=60)
    y = np.r_[0:3, rng.integers(0, 3, 57)]
    flat = bo.Priors(beta=bo.priors.flat())
    with (
        pytest.warns(UserWarning, match="collinear|dupl|rank"),
        pytest.raises(ValueError, match="no finite posterior mode"),
    ):
        bo.fit(np.column_stack([x, x]), y, priors=flat, **QUIET)
    with pytest.raises(ValueError, match="no finite posterior mode"):
        bo.fit(np.arange(20.0)[:, None], (np.arange(20) > 9).astype(int), priors=flat, **QUIET)


@pytest.mark.parametrize("empty", [0, 1, 3])
@pytest.mark.parametrize("link", LINKS)
def test_an_empty_category_leaves_the_verdict_clean(link, empty):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(100, 2))
    y = np.digitize(X @ [0.5, -0.5] + rng.logistic(size=100), [-1, 0, 1])
    y[y == empty] = {0: 1, 1: 2, 3: 2}[empty]
    with pytest.warns(UserWarning, match="0 observations"):
        fit = bo.fit(X, y, categories=[0, 1, 2, 3], link=link, **QUIET)
    assert fit.verdict.level == "ok"


@pytest.mark.filterwarnings("ignore:.*0 observations")
@pytest.mark.parametrize("link", LINKS)
def test_all_answers_in_the_last_category_are_fitted(link):
    X = np.random.default_rng(0).normal(size=(200, 2))
    fit = bo.fit(X, np.full(200, 2), categories=[0, 1, 2], link=link, on_fail="ignore", **QUIET)
    assert fit.predict_proba()[:, 2].mean() > 0.95


def test_a_fit_can_be_pickled_after_its_model_was_read(wine, wine_fit):
    assert wine_fit.model is not None
    copy = pickle.loads(pickle.dumps(wine_fit))
    assert copy.predict(wine.head(3)).tolist() == wine_fit.predict(wine.head(3)).tolist()


def test_weighted_rows_are_remarked_on(wine):
    fit = bo.fit("rating ~ temp", wine, sample_weight=np.full(72, 2), **QUIET)
    assert any("az.loo counts each row once" in remark for remark in fit.verdict.remarks)


def test_one_chain_is_not_called_converged(wine):
    fit = bo.fit("rating ~ temp", wine, chains=1, on_fail="ignore", **QUIET)
    assert fit.verdict.level == "caution"
    assert "one chain" in str(fit.verdict)


def test_generators_and_seed_sequences_are_seeds(wine):
    seeds = [np.random.SeedSequence(4), np.random.SeedSequence(4), np.random.default_rng(4)]
    draws = [
        bo.fit("rating ~ temp", wine, draws=30, random_seed=seed, progressbar=False, on_fail="ignore")
        for seed in seeds
    ]
    first, second, other = (fit.idata["posterior"]["beta"].values for fit in draws)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_an_empty_category_may_leave_no_mode(wine):
    data = wine.assign(rating=pd.Categorical(wine.rating.astype(int), categories=range(1, 7), ordered=True))
    priors = bo.Priors(cutpoints=bo.priors.normal(0, 5), beta=bo.priors.normal(0, 2))
    with pytest.warns(UserWarning, match="0 observations"):
        fit = bo.fit("rating ~ temp", data, method="mode", priors=priors)
    assert np.all(np.diff(fit.cutpoints) > 0)


def test_an_unclean_verdict_warns_once_or_raises(wine):
    short = {"draws": 20, "tune": 5, "chains": 2, **QUIET}
    with pytest.warns(bo.ConvergenceWarning, match="ESS") as caught:
        bo.fit("rating ~ temp", wine, **short)
    assert len(caught) == 1
    with pytest.raises(RuntimeError, match="ESS"):
        bo.fit("rating ~ temp", wine, on_fail="raise", **short)


def test_input_is_not_changed(wine):
    before = wine.copy(deep=True)
    bo.fit("rating ~ temp", wine, draws=20, on_fail="ignore", **QUIET).predict(wine)
    pd.testing.assert_frame_equal(wine, before)


def test_importing_is_light():
    heavy = ["keras", "matplotlib.pyplot", "nutpie", "pymc", "pytensor", "arviz"]
    code = f"import sys, bayesord; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )


def test_collinear_columns_under_a_flat_prior_are_refused_however_many_the_rows(rng):
    """The information of many rows is large in every direction but the one that matters."""
    n = 60_000
    x = rng.normal(size=n)
    y = np.digitize(x + rng.logistic(size=n), [-1.0, 1.0])
    priors = bo.Priors(beta=bo.priors.flat())
    with (
        pytest.warns(UserWarning, match="collinear|rank"),
        pytest.raises(ValueError, match="no finite posterior mode"),
    ):
        bo.fit(np.column_stack([x, 2 * x + 1]), y, priors=priors, progressbar=False)
