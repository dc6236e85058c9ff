"""Every row predicted by a posterior that has not seen it."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, cross_val_predict

import bayesord as bo

QUIET = {"draws": 200, "chains": 2, "random_seed": 3, "progressbar": False}


@pytest.fixture(scope="module")
def wine():
    return bo.datasets.load_wine()


@pytest.fixture(scope="module")
def fit(wine):
    return bo.fit("rating ~ temp + contact", wine, random_seed=1, progressbar=False)


@pytest.fixture(scope="module")
def found(fit):
    return bo.cross_validate(fit, 4, decisions=("qwk", "mode"), **QUIET)


# two chains of 200 draws are enough here, and not for a clean verdict
pytestmark = pytest.mark.filterwarnings("ignore::bayesord.ConvergenceWarning")


def test_a_fold_is_the_fit_of_the_others(found, fit, wine):
    """The same model, fitted by hand to the training rows of a fold, says the same up to Monte Carlo error."""
    for fold in (0, 3):
        held_out = found.folds == fold
        by_hand = bo.fit("rating ~ temp + contact", wine[~held_out], random_seed=9, progressbar=False)
        np.testing.assert_allclose(by_hand.predict_proba(wine[held_out]), found.probs[held_out], atol=0.03)
        seen = fit.predict_proba(wine[held_out])
        assert np.abs(seen - found.probs[held_out]).max() > 0.01  # the rows themselves were not there


def test_folds_are_stratified_and_every_row_is_held_out_once(found, wine):
    counts = pd.crosstab(found.folds, wine.rating.to_numpy())
    assert counts.to_numpy().sum() == 72
    assert (counts.max() - counts.min()).max() <= 1


def test_scores_are_those_of_the_labels(found, wine):
    table = found.table.set_index(["score", "decision"])
    by_hand = cohen_kappa_score(wine.rating, found.labels["qwk"], weights="quadratic", labels=range(1, 6))
    assert table.loc[("qwk", "qwk"), "value"] == pytest.approx(by_hand, abs=1e-12)
    each = [(wine.rating == found.labels["mode"])[found.folds == f].mean() for f in range(4)]
    assert table.loc[("accuracy", "mode"), "mean"] == pytest.approx(np.mean(each), abs=1e-12)
    assert table.loc[("accuracy", "mode"), "se"] == pytest.approx(np.std(each, ddof=1) / 2, abs=1e-12)
    codes = wine.rating.to_numpy().astype(int) - 1
    log_score = np.log(found.probs[np.arange(72), codes]).mean()
    assert table.loc[("log_score", ""), "value"] == pytest.approx(log_score, abs=1e-12)
    assert "4 folds" in str(found)
    assert "log_score" in found._repr_html_()


def test_results_do_not_depend_on_the_workers(found, fit):
    again = bo.cross_validate(fit, 4, decisions=("qwk", "mode"), n_jobs=2, **QUIET)
    np.testing.assert_array_equal(again.probs, found.probs)
    pd.testing.assert_frame_equal(again.table, found.table)


def test_a_dask_cluster_gives_the_same(found, fit):
    """Two processes of a local cluster stand for two machines."""
    distributed = pytest.importorskip("distributed")
    silent = {"silence_logs": 50, "dashboard_address": None}
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, **silent) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        again = bo.cross_validate(fit, 4, decisions=("qwk", "mode"), **QUIET)
    np.testing.assert_array_equal(again.probs, found.probs)


def test_groups_stay_together(fit, wine):
    together = bo.cross_validate(fit, GroupKFold(3), groups=wine.judge, decisions=("mode",), **QUIET)
    assert pd.Series(together.folds).groupby(wine.judge.to_numpy()).nunique().max() == 1
    with pytest.raises(ValueError, match="there are 9 groups"):
        bo.cross_validate(fit, 10, groups=wine.judge, **QUIET)


def test_group_terms_are_drawn_anew_for_groups_that_are_held_out(wine):
    grouped = bo.fit("rating ~ temp + (1 | judge)", wine, random_seed=1, progressbar=False)
    by_judge = bo.cross_validate(grouped, 3, groups="judge", decisions=("mode",), **QUIET)
    at_random = bo.cross_validate(
        grouped, KFold(3, shuffle=True, random_state=0), decisions=("mode",), **QUIET
    )
    # a judge who is known is predicted better
    score = [found.table.set_index("score").loc["log_score", "value"] for found in (by_judge, at_random)]
    assert score[0] < score[1]
    with pytest.raises(ValueError, match="judge"):
        bo.cross_validate(grouped, 3, groups="judge", new_groups="error", **QUIET)


def test_arrays_weights_and_offsets(rng):
    """Weights count rows, and an offset given as an array follows its rows."""
    data = bo.simulate(120, beta=[1.0], n_categories=3, random_seed=4)
    offset, weight = rng.normal(size=120), rng.integers(1, 4, 120)
    fit = bo.fit(data.X, data.y, offset=offset, sample_weight=weight, random_seed=1, progressbar=False)
    found = bo.cross_validate(fit, 3, decisions=("mode",), **QUIET)
    train = found.folds != 0
    by_hand = bo.fit(
        data.X[train], data.y[train], offset=offset[train], sample_weight=weight[train], random_seed=2, progressbar=False
    )  # fmt: skip
    np.testing.assert_allclose(
        by_hand.predict_proba(data.X[~train], offset=offset[~train]), found.probs[~train], atol=0.03
    )
    value = found.table.set_index(["score", "decision"]).loc[("accuracy", "mode"), "value"]
    assert value == pytest.approx(np.average(found.labels["mode"] == data.y, weights=weight))


def test_an_offset_of_the_formula_counts_once(rng):
    data = bo.simulate(150, beta=[1.0], n_categories=3, random_seed=4)
    frame = pd.DataFrame({"y": data.y, "x": data.X[:, 0], "z": rng.normal(size=150)})
    extra = rng.normal(size=150)
    fit = bo.fit("y ~ x + offset(z)", frame, offset=extra, random_seed=1, progressbar=False)
    found = bo.cross_validate(fit, 3, decisions=("mode",), **QUIET)
    train = found.folds != 1
    by_hand = bo.fit("y ~ x + offset(z)", frame[train], offset=extra[train], random_seed=2, progressbar=False)
    np.testing.assert_allclose(
        by_hand.predict_proba(frame[~train], offset=extra[~train]), found.probs[~train], atol=0.03
    )


def test_it_agrees_with_scikit_learn(found, fit, wine):
    """cross_val_predict over OrdinalClassifier, the same folds."""
    splits = [(np.flatnonzero(found.folds != f), np.flatnonzero(found.folds == f)) for f in range(4)]
    X = pd.get_dummies(wine[["temp", "contact"]], drop_first=True).astype(float)
    classifier = bo.OrdinalClassifier(random_state=1)
    probs = cross_val_predict(
        classifier, X, wine.rating.to_numpy().astype(int), cv=splits, method="predict_proba"
    )
    np.testing.assert_allclose(probs, found.probs, atol=0.03)


@pytest.mark.parametrize(
    ("folds", "says"),
    [
        (RepeatedKFold(n_splits=2, n_repeats=2), "0 are never, 72 more than once"),
        ([(np.arange(40), np.arange(40, 72))], "40 are never"),
        ([(np.arange(72), np.arange(72))], "both trained on and held out"),
        (100, "there are not enough"),
        (1, "folds"),
    ],
)
def test_splits_that_do_not_part_the_rows_are_refused(fit, folds, says):
    with pytest.raises(ValueError, match=says):
        bo.cross_validate(fit, folds, **QUIET)


def test_unknown_names_are_refused(fit):
    with pytest.raises(ValueError, match="qwk"):
        bo.cross_validate(fit, 3, scores=["qwkk"], **QUIET)
    with pytest.raises(ValueError, match="mode"):
        bo.cross_validate(fit, 3, decisions=["moda"], **QUIET)
    with pytest.raises(ValueError, match="groups='jugde'"):
        bo.cross_validate(fit, 3, groups="jugde", **QUIET)
    with pytest.raises(TypeError, match="a fit of"):
        bo.cross_validate("rating ~ temp", 3, **QUIET)


def test_what_folds_say_is_said_once(wine):
    """A category that the training rows of a fold lack is kept, and named once with the folds."""
    few = wine[(wine.rating.astype(int) != 5) | (wine.index == wine.index[wine.rating.astype(int) == 5][0])]
    fit = bo.fit("rating ~ temp + contact", few, random_seed=1, progressbar=False)
    with pytest.warns(UserWarning, match=r"in fold \[?\d.*0 observations") as record:
        found = bo.cross_validate(fit, 3, decisions=("mode",), **QUIET)
    assert sum("0 observations" in str(one.message) for one in record) == 1
    assert found.probs.shape[1] == 5
