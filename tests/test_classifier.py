"""The scikit-learn estimator: scikit-learn's own checks, and that it is the same model as `bayesord.fit`."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import cohen_kappa_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import bayesord as bo
from bayesord.classifier import _ranks

FEW = {"draws": 30, "tune": 30, "chains": 1, "on_fail": "ignore"}  # the sampler is judged elsewhere
STRINGS = "three strings without an order are refused on purpose: their order is unknown"
NOT_ARGMAX = "labels that are best for kappa are not the most probable ones, on purpose"


def few(**settings):
    return bo.OrdinalClassifier(**{"random_state": 1, **FEW, **settings})


@pytest.fixture(scope="module")
def rows():
    """X (90, 2), y in 1..3 with all rows distinct."""
    rng = np.random.default_rng(11)
    X = rng.normal(size=(90, 2))
    return X, 1 + np.searchsorted([-0.7, 0.9], X @ [1.5, -1.0] + rng.logistic(size=90))


# -- scikit-learn's conventions ----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # scikit-learn's checks have more columns than rows, and few draws
def test_scikit_learns_checks():
    results = check_estimator(
        few(),
        expected_failed_checks={"check_classifiers_classes": STRINGS},
        on_fail=None,
        on_skip=None,
    )
    by_status = {status: [] for status in ("passed", "failed", "xfail", "skipped")}
    for result in results:
        by_status[result["status"]].append((result["check_name"], str(result["exception"])))
    assert not by_status["failed"]
    assert [name for name, _ in by_status["xfail"]] == ["check_classifiers_classes"]
    assert "order is unknown" in by_status["xfail"][0][1]
    assert {name for name, _ in by_status["skipped"]} <= {"check_array_api_input"}
    assert len(by_status["passed"]) > 50


@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks_of_labels_with_another_decision():
    """Only the check that a label is the argmax fails."""
    about_labels = ("train", "one_label", "equivalence", "invariance", "pickle", "classifier_data")
    failed = []
    for estimator, check in estimator_checks_generator(few(decision="qwk")):
        name = check.func.__name__
        if any(part in name for part in about_labels):
            try:
                check(estimator)
            except AssertionError:
                failed.append(name)
    assert set(failed) == {"check_classifiers_train"}, NOT_ARGMAX


def test_settings_are_kept_as_given_and_cloned():
    priors, categories = bo.Priors(), ["low", "high"]
    clf = few(priors=priors, categories=categories, link="probit")
    assert clf.get_params()["priors"] is priors
    copy = clone(clf).set_params(link="cloglog")
    assert (copy.link, clf.link, copy.categories) == ("cloglog", "probit", categories)
    assert repr(few(link="probit")).startswith("OrdinalClassifier(")


def test_a_misspelt_setting_is_refused():
    with pytest.raises(TypeError, match="decisions"):
        bo.OrdinalClassifier(decisions="qwk")
    with pytest.raises(ValueError, match="Did you mean 'median'"):
        few(decision="medain").fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="Did you mean 'probit'"):
        few(link="probti").fit([[0.0], [1.0]], [0, 1])


def test_in_a_pipeline_and_a_search(rows):
    X, y = rows
    pipe = make_pipeline(StandardScaler(), few())
    scorer = make_scorer(cohen_kappa_score, weights="quadratic", labels=[1, 2, 3])
    grid = {"ordinalclassifier__link": ["logit", "cauchit"], "ordinalclassifier__decision": ["mode", "qwk"]}
    search = GridSearchCV(pipe, grid, scoring=scorer, cv=2).fit(X, y)
    assert search.best_score_ > 0.4
    assert search.best_estimator_.classes_.tolist() == [1, 2, 3]
    final = search.best_estimator_
    by_hand = final[-1].fit_.predict(final[0].transform(X), decision="median")
    np.testing.assert_array_equal(final.predict(X, decision="median"), by_hand)


# pickle looks for the home of SciPy's ufuncs in every loaded module, and two of mpmath warn when they are looked into
@pytest.mark.filterwarnings("ignore:the .* module is deprecated:DeprecationWarning")
def test_pickled_and_read_back(rows):
    X, y = rows
    clf = few(decision="qwk").fit(X, y)
    copy = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(copy.predict_proba(X), clf.predict_proba(X))
    np.testing.assert_array_equal(copy.predict(X), clf.predict(X))


# -- the same model as `bayesord.fit` ----------------------------------------------------------------------


def test_draws_are_those_of_fit(rows):
    """Bitwise, given the rows in the classifier's own order: by category, then by the columns."""
    X, y = rows
    order = np.lexsort([X[:, 1], X[:, 0], y])
    fit = bo.fit(X[order], y[order], random_seed=1, progressbar=False, draws=200, chains=2, on_fail="ignore")
    clf = bo.OrdinalClassifier(random_state=1, draws=200, chains=2, on_fail="ignore").fit(X, y)
    np.testing.assert_array_equal(clf.predict_proba(X), fit.predict_proba(X))
    for decision in ("mode", "qwk", "median", "mean"):
        expected = fit.predict(X, decision=decision)
        np.testing.assert_array_equal(clf.predict(X, decision=decision), expected)
        np.testing.assert_array_equal(few(decision=decision).fit(X, y).predict(X).shape, expected.shape)
    assert clf.score(X, y) == np.mean(fit.predict(X, decision="mode") == y)


def test_the_order_of_the_rows_changes_nothing(rows):
    X, y = rows
    mixed = np.random.default_rng(3).permutation(len(y))
    one, other = few().fit(X, y), few().fit(X[mixed], y[mixed])
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))


def test_a_repeated_row_is_a_row_of_that_weight(rows):
    X, y = rows[0][:30].round(1), rows[1][:30]
    times = np.arange(30) % 4
    repeated = few().fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    weighted = few().fit(X, y, sample_weight=times)
    np.testing.assert_array_equal(repeated.predict_proba(X), weighted.predict_proba(X))
    np.testing.assert_array_equal(repeated.predict(X, decision="qwk"), weighted.predict(X, decision="qwk"))
    assert weighted.fit_.design.n_effective == times.sum()


def test_importance_weights_are_not_merged():
    X, y = np.repeat([[0.0], [1.0], [2.0], [3.0]], 3, axis=0), np.repeat([0, 1, 0, 1], 3)
    weight = np.arange(12) + 0.5
    by_importance = few(weights="importance").fit(X, y, sample_weight=weight).fit_.design
    assert len(by_importance.y) == 12
    assert by_importance.n_effective == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert len(few().fit(X, y, sample_weight=weight).fit_.design.y) == 4


def test_rows_keep_their_labels(rows):
    names = pd.Index([f"r{i}" for i in range(90)])
    X, y = pd.DataFrame(rows[0], columns=["a", "b"], index=names), pd.Series(rows[1], index=names)
    design = few().fit(X, y).fit_.design
    np.testing.assert_array_equal(design.X, X.loc[design.obs_id].to_numpy())
    np.testing.assert_array_equal(np.array(design.categories)[design.y], y.loc[design.obs_id])
    assert set(design.obs_id) == set(names)


@pytest.mark.parametrize("seed", range(5))
def test_ranks_are_those_of_sorted_rows(seed):
    """Against NumPy's sort of whole rows."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 3, size=(40, 3)).astype(float)
    distinct, inverse = np.unique(table, axis=0, return_inverse=True)
    before = np.concatenate([[0], np.cumsum(np.bincount(inverse.ravel()))])[:-1]
    np.testing.assert_array_equal(_ranks(list(table.T)), before[inverse.ravel()])
    assert len(distinct) < 40


def test_random_state(rows):
    X, y = rows

    def draws(random_state):
        return few(random_state=random_state).fit(X, y).predict_proba(X)

    np.testing.assert_array_equal(draws(np.random.RandomState(5)), draws(np.random.RandomState(5)))
    assert not np.array_equal(draws(1), draws(2))
    with pytest.raises(ValueError, match="random_seed=-1"):
        draws(-1)


# -- categories --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["yes", "no"], ["no", "yes"]),
        ([7, 3], [3, 7]),
        ([True, False], [False, True]),
        ([1.0, -1.0], [-1.0, 1.0]),
    ],
)
def test_two_labels_of_any_kind_are_sorted(labels, classes):
    y = np.array(labels * 20)
    clf = few().fit(np.arange(40.0)[:, None], y)
    assert clf.classes_.tolist() == classes
    assert set(clf.predict([[0.0], [39.0]]).tolist()) <= set(classes)


def test_three_strings_and_gaps_need_categories():
    X, words = np.arange(30.0)[:, None], ["low", "mid", "high"] * 10
    with pytest.raises(ValueError, match="order is unknown"):
        few().fit(X, words)
    with pytest.raises(ValueError, match="integers with gaps"):
        few().fit(X, [1, 2, 4] * 10)
    with pytest.raises(ValueError, match="continuous"):
        few().fit(X, [0.5, 1.5] * 15)
    clf = few(categories=["low", "mid", "high"]).fit(X, words)
    assert clf.classes_.tolist() == ["low", "mid", "high"]
    assert clf.predict_proba(X).shape == (30, 3)


def test_declared_and_ordered_categories_are_kept():
    X = np.arange(30.0)[:, None]
    with pytest.warns(UserWarning, match="level 3 has 0 observations"):
        clf = few(categories=[1, 2, 3]).fit(X, [1, 2] * 15)
    assert clf.predict_proba(X).shape == (30, 3)
    grades = pd.Categorical(["b", "a"] * 15, categories=["b", "a"], ordered=True)
    assert few().fit(X, grades).classes_.tolist() == ["b", "a"]


def test_category_values_enter_the_decision(rows):
    X, y = rows
    clf = few(decision="mean", category_values=[0, 1, 50]).fit(X, y)
    expected = clf.fit_.predict(X, decision="mean", category_values=[0, 1, 50])
    np.testing.assert_array_equal(clf.predict(X), expected)
    assert not np.array_equal(expected, clf.fit_.predict(X, decision="mean"))


# -- what is refused ---------------------------------------------------------------------------------------


def test_columns_of_new_rows(rows):
    X, y = pd.DataFrame(rows[0], columns=["a", "b"]), rows[1]
    clf = few().fit(X, y)
    assert clf.feature_names_in_.tolist() == ["a", "b"]
    assert clf.n_features_in_ == 2
    np.testing.assert_array_equal(clf.fit_.predict_proba(X), clf.predict_proba(X))
    with pytest.raises(ValueError, match="should match those that were passed during fit"):
        clf.predict(X.rename(columns={"b": "c"}))
    with pytest.raises(ValueError, match="X has 1 features, but OrdinalClassifier is expecting 2"):
        few().fit(*rows).predict(rows[0][:, :1])
    with pytest.raises(ValueError, match="column 'b', 1 row \\(2\\)"):
        clf.predict(X.assign(b=[1.0, 2.0, np.nan, *[0.0] * 87]))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        clf.predict(X.to_numpy())


def test_bad_input_is_named_all_at_once(rows):
    X, y = rows[0].copy(), rows[1].astype(float)
    X[4, 1], y[7] = np.nan, np.nan
    with pytest.raises(ValueError, match="2 problems") as caught:
        few().fit(X, y)
    assert "column 'x1', 1 row (4)" in str(caught.value)
    assert "1 row (7)" in str(caught.value)
    with pytest.raises(ValueError, match="another order"):
        few().fit(pd.DataFrame(rows[0]), pd.Series(rows[1]).sort_index(ascending=False))
    with pytest.raises(NotFittedError, match="OrdinalClassifier instance is not fitted yet"):
        few().predict(rows[0])


def test_input_is_not_changed(rows):
    X, y, weight = rows[0].copy(), rows[1].copy(), np.ones(90)
    few().fit(X, y, sample_weight=weight).predict(X)
    np.testing.assert_array_equal(X, rows[0])
    np.testing.assert_array_equal(y, rows[1])
    np.testing.assert_array_equal(weight, 1)


def test_importing_the_package_loads_neither_scikit_learn_nor_keras():
    code = (
        "import sys, bayesord\n"
        "assert not {'sklearn', 'keras', 'matplotlib', 'nutpie'} & set(sys.modules), 'too much'\n"
        "assert 'OrdinalClassifier' in dir(bayesord)\n"
        "assert bayesord.OrdinalClassifier.__name__ == 'OrdinalClassifier'\n"
        "assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'OrdinalClasifier'"):
        _ = bo.OrdinalClasifier
