"""What a fit with group effects answers: known groups, new ones, the population level, in the user's words."""

from itertools import combinations

import matplotlib as mpl

mpl.use("Agg")

import numpy as np
import pandas as pd
import pytest
from scipy import special

import bayesord as bo

QUIET = {"random_seed": 1, "progressbar": False, "on_fail": "ignore"}


@pytest.fixture(scope="module")
def survey():
    """Judges with slopes, crossed with rooms, an offset that is a column, weights."""
    rng = np.random.default_rng(5)
    n, J = 240, 8
    data = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "judge": rng.choice([f"j{k}" for k in range(J)], n),
            "room": rng.choice([1, 2, 3], n),
            "head_start": rng.normal(size=n),
            "times": rng.integers(1, 3, n),
        },
        index=[f"row{i}" for i in range(n)],
    )
    judge = rng.normal(size=(J, 2)) @ [[1.0, 0.3], [0.0, 0.6]]
    j = data["judge"].str[1:].astype(int)
    eta = judge[j, 0] + (1 + judge[j, 1]) * data["x"] + data["head_start"]
    data["rating"] = 1 + np.searchsorted([-1.0, 0.0, 1.5], eta + rng.logistic(size=n))
    return data


@pytest.fixture(scope="module")
def fit(survey):
    formula = "rating ~ x + (x | judge) + (1 | room)"
    how = {"offset": "head_start", "sample_weight": "times", "draws": 200, "chains": 2}
    return bo.fit(formula, survey, **how, **QUIET)


@pytest.fixture(scope="module")
def posterior(fit):
    """Draws by name, chains one after another."""
    stacked = fit.idata["posterior"].to_dataset().stack(sample=("chain", "draw"), create_index=False)
    return {name: stacked[name].transpose("sample", ...).values for name in stacked.data_vars}


def slow_probs(posterior, data, judges, rooms):
    """(S, n, K); judges and rooms hold (S, 2) and (S, 1) for each row."""
    S, n = len(posterior["beta"]), len(data)
    eta = np.empty((S, n))
    for i, (_, row) in enumerate(data.iterrows()):
        eta[:, i] = posterior["beta"][:, 0] * row["x"] + row["head_start"]
        eta[:, i] += judges[i][:, 0] + judges[i][:, 1] * row["x"] + rooms[i][:, 0]
    below = special.expit(posterior["cutpoints"][:, None, :] - eta[:, :, None])
    return np.diff(below, axis=2, prepend=0.0, append=1.0)


def known(fit, posterior, data):
    """Effects of the judge and the room of every row."""
    judges = [posterior["effect_judge"][:, fit.design.groups[0].labels.index(j)] for j in data["judge"]]
    rooms = [posterior["effect_room"][:, fit.design.groups[1].labels.index(r)] for r in data["room"]]
    return judges, rooms


@pytest.fixture(scope="module")
def table(fit, posterior, survey):
    return slow_probs(posterior, survey, *known(fit, posterior, survey))


def flat(array):
    return array.values.reshape(-1, *array.shape[2:])


def test_training_rows(fit, survey, table):
    np.testing.assert_allclose(flat(fit.category_probs()), table, atol=1e-12)
    np.testing.assert_allclose(fit.predict_proba(), table.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(flat(fit.expected_score()), table @ np.arange(1, 5), atol=1e-11)
    labels = fit.predict()
    told = bo.predictive.kappa.expected_qwk(table, labels - 1, random_seed=1, sample_weight=survey["times"])
    assert fit.expected_qwk(yhat=labels, random_seed=1).value == pytest.approx(told.value, abs=1e-9)
    below = flat(fit.linear_predictor())[:, :, None]
    cutpoints = flat(fit.idata["posterior"]["cutpoints"])[:, None, :]
    np.testing.assert_allclose(special.expit(cutpoints - below), table.cumsum(axis=2)[:, :, :-1], atol=1e-12)


@pytest.mark.parametrize("decision", ["qwk", "kappa", "mode", "median", "mean"])
def test_decisions(decision, fit, survey, table):
    rule = bo.predictive.decisions.LabelRule.from_posterior(
        table.mean(axis=0), decision, category_values=None, sample_weight=survey["times"]
    )
    assert fit.predict(decision=decision).tolist() == (rule.predict(table.mean(axis=0)) + 1).tolist()
    batch = bo.predictive.decisions.optimal_labels(table[:, :50], decision).labels + 1
    assert fit.predict(survey.iloc[:50], decision, rule="batch").tolist() == batch.tolist()
    some = survey.iloc[[5, 100, 7]]
    assert fit.predict(some, decision).tolist() == fit.predict(decision=decision)[[5, 100, 7]].tolist()


def test_rows_in_any_order(fit, survey):
    order = np.random.default_rng(1).permutation(len(survey))
    np.testing.assert_array_equal(fit.predict_proba(survey.iloc[order]), fit.predict_proba()[order])


def test_population_level(fit, posterior, survey):
    nothing = [np.zeros((len(posterior["beta"]), 2))] * len(survey)
    P = slow_probs(posterior, survey, nothing, nothing)
    without = survey.drop(columns=["judge", "room"])
    for rows in (None, survey, without):
        np.testing.assert_allclose(flat(fit.category_probs(rows, group_effects=False)), P, atol=1e-12)
        np.testing.assert_allclose(fit.predict_proba(rows, group_effects=False), P.mean(axis=0), atol=1e-12)
    rule = bo.predictive.decisions.LabelRule.from_posterior(P.mean(axis=0), sample_weight=survey["times"])
    assert (fit.predict(without, group_effects=False) == rule.predict(P.mean(axis=0)) + 1).all()
    with pytest.raises(ValueError, match="group_effects=False"):
        fit.predict_proba(without)


def test_new_groups_of_no_effects(fit, posterior, survey):
    new = survey.head(6).assign(judge=["j0", "who", "j1", "who", "else", "j0"])
    judges, rooms = known(fit, posterior, survey.head(6))
    judges = [
        judges[i] * 0 if name in ("who", "else") else posterior["effect_judge"][:, int(name[1])]
        for i, name in enumerate(new["judge"])
    ]
    P = slow_probs(posterior, new, judges, rooms)
    np.testing.assert_allclose(flat(fit.category_probs(new, new_groups="zero")), P, atol=1e-12)
    with pytest.raises(ValueError, match="'else', 'who'"):
        fit.predict(new)


def test_new_groups_drawn_from_the_distribution_of_groups(fit, survey):
    new = survey.head(40).assign(judge=[f"new {i % 20}" for i in range(40)])
    P = flat(fit.category_probs(new, new_groups="sample"))
    np.testing.assert_array_equal(P, flat(fit.category_probs(new, new_groups="sample")))
    some = new.iloc[[30, 3]]
    np.testing.assert_array_equal(flat(fit.category_probs(some, new_groups="sample")), P[:, [30, 3]])
    np.testing.assert_allclose(fit.predict_proba(new, new_groups="sample"), P.mean(axis=0), atol=1e-12)
    assert fit.predict(new, new_groups="sample").shape == (40,)
    # wider than the average group by as much as groups differ
    rows = survey.head(200).assign(judge=[f"new {i}" for i in range(200)], x=0.0)
    zero, drawn = (flat(fit.linear_predictor(rows, new_groups=how)) for how in ("zero", "sample"))
    effects = (drawn - zero) / flat(fit.idata["posterior"]["sd_judge"])[:, :1]
    assert abs(effects.mean()) < 4 / np.sqrt(effects.size)
    assert effects.std() == pytest.approx(1, abs=0.02)


def test_seeds_of_new_groups(fit, survey):
    new = survey.head(30).assign(judge="new")

    def draw(seed):
        return fit.posterior_predictive(new, random_seed=seed, new_groups="sample").values

    np.testing.assert_array_equal(draw(3), draw(3))
    assert (draw(3) != draw(4)).any()
    np.testing.assert_array_equal(draw(np.random.default_rng(3)), draw(np.random.default_rng(3)))
    one, two = (fit.expected_qwk(new, random_seed=seed, new_groups="sample") for seed in (3, 3))
    np.testing.assert_array_equal(one.draws, two.draws)
    assert fit.expected_qwk(new, group_effects=False).value != one.value


def test_replicates_follow_the_probabilities_and_are_kept(fit, survey, table):
    answers = flat(fit.posterior_predictive(random_seed=1))
    for k in range(4):
        assert np.mean(answers == k + 1) == pytest.approx(table[:, :, k].mean(), abs=0.01)
    kept = fit.idata["posterior_predictive"]["y"].values.copy()
    np.testing.assert_array_equal(kept.reshape(answers.shape) + 1, answers)
    fit.posterior_predictive(survey.head(3), random_seed=2)
    fit.posterior_predictive(random_seed=2, group_effects=False)
    np.testing.assert_array_equal(fit.idata["posterior_predictive"]["y"].values, kept)


def test_kappas_of_the_training_rows(fit, survey, table):
    seen = fit.qwk(loo=False)
    best = bo.predictive.decisions.optimal_labels(table, sample_weight=survey["times"]).labels
    assert seen.labels.tolist() == (best + 1).tolist()


def test_summary_and_text(fit):
    rows = fit.summary().index.tolist()
    sds = ["sd_judge[Intercept]", "sd_judge[x]", "sd_room[Intercept]"]
    assert [name for name in rows if name.startswith("sd")] == sds
    assert [name for name in rows if name.startswith("corr")] == ["corr_judge[Intercept, x]"]
    assert not any("effect" in name or "chol" in name for name in rows)
    assert rows[:4] == ["beta[x]", "cutpoints[1|2]", "cutpoints[2|3]", "cutpoints[3|4]"]
    corr = fit.idata["posterior"]["corr_judge"].values[..., 0, 1]
    assert fit.summary().loc["corr_judge[Intercept, x]", "mean"] == pytest.approx(corr.mean())
    assert "corr_judge[Intercept, x]" in repr(fit)


def test_figures(fit, survey):
    small = bo.fit("rating ~ x + (1 | judge)", survey, draws=50, chains=1, **QUIET)
    assert "group effects 0" in small.plot_category_probs().get_xlabel()
    ax = fit.plot_category_probs("room", new=survey.drop(columns="judge"), group_effects=False)
    assert "group effects 0" in ax.get_xlabel()
    ax = fit.plot_category_probs("judge", new=survey)
    assert [label.get_text() for label in ax.get_yticklabels()] == [f"j{k}" for k in range(8)]
    new = survey.assign(judge="new")
    with pytest.raises(ValueError, match="'new'"):
        fit.plot_category_probs("room", new=new)
    fit.plot_category_probs("room", new=new, new_groups="sample")
    mpl.pyplot.close("all")


def test_comparison_on_new_rows(fit, survey):
    plain = bo.fit("rating ~ x", survey, offset="head_start", draws=100, chains=1, **QUIET)
    new = survey.assign(judge="new")
    how = {"new": new, "new_groups": "zero"}
    assert bo.compare_qwk(fit, plain, survey["rating"], **how).n_rows == len(survey)
    with pytest.raises(ValueError, match="'new'"):
        bo.compare_qwk(fit, plain, survey["rating"], new=new)


def test_no_mode(survey):
    with pytest.raises(ValueError, match="group term of 'judge'.*method='nuts'"):
        bo.fit("rating ~ x + (1 | judge)", survey, method="mode")


def test_options_that_do_not_exist(fit, wine_fit, wine):
    with pytest.raises(ValueError, match="new_groups"):
        fit.predict_proba(new_groups="drawn")
    for rows in (None, wine):
        for how, effects in combinations(("sample", "zero", "error", True, False), 2):
            if isinstance(how, str) and isinstance(effects, bool):
                P = wine_fit.predict_proba(rows, new_groups=how, group_effects=effects)
                np.testing.assert_array_equal(P, wine_fit.predict_proba())


def test_flat_coefficients_beside_heavy_tailed_groups_are_refused(survey):
    priors = bo.Priors(beta=bo.priors.flat())
    with pytest.raises(ValueError, match="half_normal"):
        bo.fit("rating ~ x + (1 | judge)", survey, priors=priors, progressbar=False)


@pytest.mark.parametrize("new_groups", ["error", "sample", "zero"])
def test_numbers_written_as_strings_are_not_new_groups(fit, survey, new_groups):
    with pytest.raises(ValueError, match=r"'1' \(str\).*such as 1 \(int\)"):
        fit.predict_proba(survey.assign(room=survey["room"].astype(str)), new_groups=new_groups)


def test_names_of_data_in_the_model_cannot_be_groups(survey):
    with pytest.raises(ValueError, match="judge_index_group"):
        bo.fit("rating ~ (1 | judge) + (1 | judge_index)", survey.assign(judge_index=survey["room"]))
