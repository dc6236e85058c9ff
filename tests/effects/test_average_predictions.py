"""Predictions: averages, grids and intervals against sums written out with SciPy."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from made_up_fits import FORMULA, Drawn, draw, eta_of

import bayesord as bo
from bayesord.modelling.design import from_arrays, from_formula

OF = {
    "category_probs": lambda p: p,
    "cumulative": lambda p: np.stack([p[..., : k + 1].sum(axis=-1) for k in range(3)], axis=-1),
    "exceedance": lambda p: np.stack([p[..., k:].sum(axis=-1) for k in range(1, 4)], axis=-1),
    "expected_score": lambda p: p @ np.arange(1.0, 5.0),
}


def flat(effects):
    """Draws, chains one after another."""
    values = effects.draws.values
    return values.reshape(-1, *values.shape[2:])


@pytest.mark.parametrize("quantity", OF)
def test_the_average_over_training_rows_is_weighted(fit, people, quantity):
    probs = np.average(fit.slow(eta_of(fit, people)), axis=1, weights=people["times"])
    found = fit.predictions(quantity=quantity)
    np.testing.assert_allclose(flat(found), OF[quantity](probs), rtol=1e-11, atol=1e-13)
    dims = ("chain", "draw") if quantity == "expected_score" else ("chain", "draw", "category")
    assert found.draws.dims == dims
    assert found.draws.sizes["chain"] == 2


def test_eta_is_averaged_too(fit, people):
    eta = np.average(eta_of(fit, people), axis=1, weights=people["times"])
    np.testing.assert_allclose(flat(fit.predictions(quantity="eta")), eta, rtol=1e-11)


@pytest.mark.parametrize("by", ["dose", ["sex", "dose"], "age"])
def test_groups_are_averaged_by_themselves_in_their_order(fit, people, by):
    probs = fit.slow(eta_of(fit, people))
    names = [by] if isinstance(by, str) else by
    found = fit.predictions(by=by)
    groups = people.groupby(names, observed=True, sort=True).indices
    expected = [
        np.average(probs[:, rows], axis=1, weights=people["times"].iloc[rows]) for rows in groups.values()
    ]
    np.testing.assert_allclose(flat(found), np.stack(expected, axis=1), rtol=1e-11, atol=1e-13)
    keys = pd.DataFrame(list(groups), columns=names)
    table = found.table.iloc[::4].reset_index(drop=True)
    assert table[names].astype(object).equals(keys.astype(object))
    assert found.table["category"].tolist() == ["no", "little", "much", "worst"] * len(keys)


def test_the_table_says_what_the_draws_say(logit_fit):
    found = logit_fit.predictions(by="dose", quantity="exceedance", prob=0.8)
    draws, table = flat(found).reshape(60, -1), found.table
    np.testing.assert_allclose(table["estimate"], draws.mean(axis=0))
    np.testing.assert_allclose(table["sd"], draws.std(axis=0, ddof=1))
    np.testing.assert_allclose(table[["lower", "upper"]].T, np.quantile(draws, [0.1, 0.9], axis=0))
    row = found.draws.sel(group="mid", category="much")
    assert table.query("dose == 'mid' and category == 'much'")["estimate"].item() == pytest.approx(
        float(row.mean())
    )
    assert found.draws.coords["dose"].values.tolist() == ["low", "mid", "high"]


def test_a_grid_is_predicted_row_by_row(logit_fit):
    grid = bo.grid(logit_fit, dose=..., age=[20, 30])
    found = logit_fit.predictions(grid)
    np.testing.assert_allclose(found.draws.values, logit_fit.category_probs(grid).values, rtol=1e-12)
    assert found.draws.dims == ("chain", "draw", "obs_id", "category")
    assert list(found.table.columns[:3]) == ["age", "dose", "category"]
    assert ", at sex = f, ill = " in found.said
    np.testing.assert_allclose(flat(found), logit_fit.slow(eta_of(logit_fit, grid)), rtol=1e-11, atol=1e-14)


def test_new_rows_can_stand_for_a_population(logit_fit, people):
    cells = (
        people.groupby(["dose", "sex", "age", "ill", "town"], observed=True).size().rename("N").reset_index()
    )
    cells.loc[cells["dose"] == "low", "N"] = 0
    found = logit_fit.predictions(cells, by="town", sample_weight="N", quantity="expected_score")
    score = OF["expected_score"](logit_fit.slow(eta_of(logit_fit, cells)))
    expected = [
        np.average(score[:, cells["town"] == t], axis=1, weights=cells["N"][cells["town"] == t]) for t in "AB"
    ]
    np.testing.assert_allclose(flat(found).T, expected, rtol=1e-11)
    whole = logit_fit.predictions(cells, by=True, sample_weight=cells["N"], quantity="expected_score")
    np.testing.assert_allclose(flat(whole), np.average(score, axis=1, weights=cells["N"]), rtol=1e-11)


def test_rows_that_agree_are_merged_and_nothing_changes(logit_fit, people, monkeypatch):
    merged = flat(logit_fit.predictions(by="sex"))
    repeated = people.loc[people.index.repeat(people["times"])].reset_index(drop=True)
    np.testing.assert_allclose(flat(logit_fit.predictions(repeated, by="sex")), merged, rtol=1e-12)
    monkeypatch.setattr("bayesord.effects.asked._merged", lambda asked: asked)
    np.testing.assert_allclose(flat(logit_fit.predictions(by="sex")), merged, rtol=1e-12)


def test_offsets_of_the_training_rows_are_kept(people):
    """One given as an array and one that the formula makes, which follows its column."""
    extra = np.linspace(-1, 1, len(people))
    fit = draw(from_formula("pain ~ sex + offset(age / 20)", people, offset=extra))
    eta = fit.beta * (people["sex"] == "m").to_numpy(dtype=float) + people["age"].to_numpy() / 20 + extra
    np.testing.assert_allclose(flat(fit.predictions()), fit.slow(eta).mean(axis=1), rtol=1e-11)
    older = fit.comparisons({"age": 10}, quantity="eta")
    np.testing.assert_allclose(flat(older), 0.5, rtol=1e-12)
    some = fit.predictions(people[:5], by=True, offset=extra[:5])
    np.testing.assert_allclose(flat(some), fit.slow(eta[:, :5]).mean(axis=1), rtol=1e-11)
    named = draw(from_formula("pain ~ sex", people.assign(head_start=extra), offset="head_start"))
    eta = named.beta * (people["sex"] == "m").to_numpy(dtype=float) + extra
    np.testing.assert_allclose(flat(named.predictions()), named.slow(eta).mean(axis=1), rtol=1e-11)


def test_rows_of_weight_zero_stay_out(people):
    weights = np.arange(len(people)) % 2
    fit = draw(from_formula(FORMULA, people, sample_weight=weights))
    kept = people[weights > 0]
    np.testing.assert_allclose(flat(fit.predictions()), fit.slow(eta_of(fit, kept)).mean(axis=1), rtol=1e-11)


def test_arrays(array_design):
    fit = draw(array_design)
    X = array_design.X
    probs = fit.slow(fit.beta @ X.T)
    np.testing.assert_allclose(flat(fit.predictions()), probs.mean(axis=1), rtol=1e-11)
    np.testing.assert_allclose(flat(fit.predictions(X[:4])), probs[:, :4], rtol=1e-11, atol=1e-14)
    grid = bo.grid(fit, x1=[0.0, 1.0])
    expected = fit.slow(fit.beta @ np.array([[X[:, 0].mean(), 0], [X[:, 0].mean(), 1]]).T)
    np.testing.assert_allclose(flat(fit.predictions(grid)), expected, rtol=1e-11, atol=1e-14)
    frame = pd.DataFrame(X, columns=["a", "b"])
    named = draw(from_arrays(frame, np.arange(40) % 3))
    np.testing.assert_array_equal(flat(named.predictions(frame, by=True)), flat(named.predictions()))


def test_no_covariates(people):
    fit = draw(from_formula("pain ~ 1", people))
    expected = fit.slow(np.zeros((60, 1)))[:, 0]
    np.testing.assert_allclose(flat(fit.predictions()), expected, rtol=1e-11)
    np.testing.assert_allclose(flat(fit.predictions(bo.grid(fit)))[:, 0], expected, rtol=1e-11)


def test_category_values(logit_fit):
    found = logit_fit.predictions(quantity="expected_score", category_values=[0, 1, 5, 6])
    probs = flat(logit_fit.predictions())
    np.testing.assert_allclose(flat(found), probs @ [0, 1, 5, 6], rtol=1e-12)


def test_a_mode_has_estimates_alone(wine):
    mode = bo.fit(
        "rating ~ temp + contact", wine, method="mode", priors=bo.Priors(bo.priors.flat(), bo.priors.flat())
    )
    found = mode.predictions(by="temp")
    assert list(found.table.columns) == ["temp", "category", "estimate"]
    warm = mode.predict_proba()[(wine["temp"] == "warm").to_numpy()].mean(axis=0)
    np.testing.assert_allclose(found.table["estimate"][5:], warm, rtol=1e-12)
    assert "at the posterior mode" in repr(found)


def test_a_hundred_thousand_rows_need_little_room():
    rng = np.random.default_rng(1)
    design = from_arrays(rng.normal(size=(100_000, 2)), np.arange(100_000) % 4)
    fit = draw(design, n_draws=400)
    fit.predictions(design.X[:10], by=True)  # compiled
    tracemalloc.start()
    found = flat(fit.predictions())
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 100e6  # all probabilities are 1.3 GB
    few = Drawn(design, "logit", fit.beta[:2], fit.cutpoints[:2])
    np.testing.assert_allclose(found[:2], few.slow(few.beta @ design.X.T).mean(axis=1), rtol=1e-10)
    with pytest.raises(ValueError, match=r"100,000 x 4 numbers in 400 draws would take 1\.3 GB.*by="):
        fit.predictions(by=False)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quantity": "category_prob"}, "Did you mean 'category_probs'"),
        ({"by": "doze"}, "by='doze' is no column of the model; pass new= .*Did you mean 'dose'"),
        ({"by": "town"}, "by='town' is no column of the model; pass new="),
        ({"prob": 90}, "prob=90"),
        ({"sample_weight": "times"}, "belong to new rows"),
        ({"category_values": [1, 2, 3]}, r"category_values.shape == \(3,\)"),
    ],
)
def test_bad_settings(logit_fit, settings, message):
    with pytest.raises(ValueError, match=message):
        logit_fit.predictions(**settings)


def test_bad_new_rows(logit_fit, people):
    with pytest.raises(ValueError, match="lack the column 'dose'"):
        logit_fit.predictions(people.drop(columns="dose"))
    with pytest.raises(ValueError, match="new has no rows"):
        logit_fit.predictions(people[:0])
    with pytest.raises(ValueError, match="say which with by="):
        logit_fit.predictions(people, sample_weight="times")
    with pytest.raises(ValueError, match=r"by='town' has missing values in 1 row \(index 'p3'\)"):
        logit_fit.predictions(people.assign(town=people["town"].where(people.index != "p3")), by="town")
    with pytest.raises(ValueError, match="sample_weight='N' is not a column"):
        logit_fit.predictions(people, by=True, sample_weight="N")
