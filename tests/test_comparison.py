"""Comparisons: every number against the score itself, every standard error against derivatives and resampling."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bayesord as bo
from bayesord.comparison import Comparison, Predictions
from bayesord.comparison.influence import INFLUENCES, calibration_influence
from bayesord.comparison.metrics import DEFAULT_METRICS
from bayesord.comparison.predictors import Decoder
from bayesord.predictive import kappa
from bayesord.predictive.decisions import LabelRule, optimal_labels
from bayesord.predictive.scores import SCORES, cutpoint_calibration, evaluate

K = 4
QUIET = {"progressbar": False}


@pytest.fixture(scope="module")
def rows():
    """X, answers 1..4, and two tables of probabilities: the true one and one that knows one covariate of two."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(300, 2))

    def below_for(eta):
        return 1 / (1 + np.exp(-(np.array([-1.5, 0.0, 1.5]) - eta[:, None])))

    below = below_for(X @ [1.5, 1.0])
    good, bad = (np.diff(table, axis=1, prepend=0, append=1) for table in (below, below_for(0.8 * X[:, 1])))
    y = 1 + (rng.uniform(size=(300, 1)) > below).sum(axis=1)
    return SimpleNamespace(X=X, y=y, codes=y - 1, good=good, bad=bad)


@pytest.fixture(scope="module")
def trained(rows):
    """Fitted to the first 200 rows; the others are judged."""
    first = slice(200)
    fit = bo.fit(rows.X[first], rows.y[first], random_seed=1, draws=200, chains=2, on_fail="ignore", **QUIET)
    few = {"draws": 200, "chains": 2, "on_fail": "ignore"}
    pipe = make_pipeline(StandardScaler(), bo.OrdinalClassifier(random_state=1, decision="qwk", **few))
    return {
        "fit": fit,
        "pipe": pipe.fit(rows.X[first], rows.y[first]),
        "softmax": LogisticRegression().fit(rows.X[first], rows.y[first]),
        "least squares": LinearRegression().fit(rows.X[first], rows.codes[first]),
    }


def value_of(result: Comparison, method: str, decision: str, column: str) -> float:
    table = result.table
    return table.loc[(table["method"] == method) & (table["decision"] == decision), column].item()


# -- standard errors ---------------------------------------------------------------------------------------


def predictions_for(name, rows):
    return rows.good if SCORES[name].needs == "probs" else optimal_labels(rows.good, "median").labels


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", INFLUENCES)
def test_influences_are_derivatives_of_the_score_in_the_weights(name, weighted, rows):
    n, values = 60, np.array([0.0, 1.0, 2.5, 3.0])
    y, prediction = rows.codes[:n], predictions_for(name, rows)[:n]
    weights = 1.0 + np.arange(n) % 3 if weighted else np.ones(n)

    def score(w):
        return SCORES[name](y, prediction, n_categories=K, category_values=values, sample_weight=w)

    step, total = 1e-5, weights.sum()
    slopes = [
        (score(weights + step * row) - score(weights - step * row)) / (2 * step) * total for row in np.eye(n)
    ]
    np.testing.assert_allclose(INFLUENCES[name](y, prediction, values, weights), slopes, atol=2e-6)


def test_influences_on_each_cutpoints_calibration(rows):
    n, weights = 60, np.ones(60)
    y, probs = rows.codes[:n], rows.good[:n]
    found = calibration_influence(y, probs, weights)
    for i in (0, 17, 59):
        moved = weights + 1e-5 * (np.arange(n) == i)
        slope = cutpoint_calibration(y, probs, n_categories=K, sample_weight=moved)
        slope = (slope - cutpoint_calibration(y, probs, n_categories=K)) / 1e-5 * n
        np.testing.assert_allclose(found[i], slope, atol=1e-4)


def test_every_score_has_an_influence_but_the_rank_correlations():
    assert set(SCORES) - set(INFLUENCES) == {name for name, s in SCORES.items() if s.needs == "score"}


def test_errors_of_kappa_are_the_published_ones(rows):
    """Fleiss, Cohen & Everitt, and their paired form."""
    result = bo.compare({"good": rows.good, "bad": rows.bad}, None, rows.codes, decisions="qwk", **QUIET)
    labels = {name: optimal_labels(table).labels for name, table in (("good", rows.good), ("bad", rows.bad))}
    value, se = kappa.qwk(rows.codes, labels["good"], n_categories=K, se=True)
    assert value_of(result, "good", "qwk", "qwk") == value
    assert value_of(result, "good", "qwk", "qwk_se") == pytest.approx(se, rel=1e-10)
    pair = kappa.qwk_difference(rows.codes, labels["bad"], labels["good"], n_categories=K)
    difference = result.differences().iloc[1]
    assert difference["qwk"] == pytest.approx(pair.value, rel=1e-10)
    assert difference["qwk_se"] == pytest.approx(pair.se, rel=1e-10)


def test_the_bootstrap_agrees_with_the_influences(rows):
    both = {"good": rows.good, "bad": rows.bad}
    ask = {"decisions": ("mode", "qwk"), "metrics": ["qwk", "amae", "rps", "log_score", "spearman"], **QUIET}
    by_influence = bo.compare(both, None, rows.codes, **ask)
    by_bootstrap = bo.compare(both, None, rows.codes, n_boot=800, random_seed=3, **ask)
    for name in ("qwk", "amae", "rps", "log_score"):
        np.testing.assert_allclose(by_bootstrap.table[name], by_influence.table[name])
        np.testing.assert_allclose(
            by_bootstrap.table[f"{name}_se"], by_influence.table[f"{name}_se"], rtol=0.12
        )
        pairs = [c.differences()[f"{name}_se"][2:] for c in (by_bootstrap, by_influence)]
        np.testing.assert_allclose(*pairs, rtol=0.12)
    assert by_influence.table["spearman_se"].isna().all()
    assert (by_bootstrap.table["spearman_se"] > 0).all()
    again = bo.compare(both, None, rows.codes, n_boot=800, random_seed=3, **ask)
    pd.testing.assert_frame_equal(
        again.table.drop(columns="seconds"), by_bootstrap.table.drop(columns="seconds")
    )


def test_weights_are_repeated_rows(rows):
    times = np.arange(300) % 3
    ask = {"decisions": "mode", **QUIET}
    weighted = bo.compare({"m": rows.good}, None, rows.codes, sample_weight=times, **ask).table
    repeated = bo.compare(
        {"m": np.repeat(rows.good, times, axis=0)}, None, np.repeat(rows.codes, times), **ask
    )
    numbers = weighted.select_dtypes("number").columns.drop("seconds")
    np.testing.assert_allclose(weighted[numbers], repeated.table[numbers], rtol=1e-9)


# -- values and decisions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", ["mode", "median", "mean", "qwk", "linear_kappa"])
def test_values_are_those_of_the_scores(decision, rows):
    result = bo.compare({"good": rows.good}, None, rows.codes, decisions=[decision], **QUIET)
    labels = optimal_labels(rows.good, decision).labels
    names = [name for name in DEFAULT_METRICS if name != "calibration"]
    expected = evaluate(rows.codes, n_categories=K, labels=labels, probs=rows.good, names=names)
    row = result.table.iloc[0]
    assert {name: row[name] for name in names} == pytest.approx(expected, rel=1e-12)
    per_cutpoint = cutpoint_calibration(rows.codes, rows.good, n_categories=K)
    assert [row[f"calibration[{k}|{k + 1}]"] for k in range(K - 1)] == pytest.approx(per_cutpoint.tolist())


def test_one_decoder_for_all(rows, trained):
    """A fit, its probabilities as an array and a pipeline around the same model are labelled by the same rules."""
    judged, ask = slice(200, 300), {"decisions": ("mode", "median", "mean", "qwk"), **QUIET}
    rule = {"X_rule": rows.X[:200], "y_rule": rows.y[:200]}
    result = bo.compare(trained, rows.X[judged], rows.y[judged], **ask, **rule)
    fit, X, y = trained["fit"], rows.X[judged], rows.codes[judged]
    for decision in ask["decisions"]:
        labels = fit.codes_of(fit.predict(X, decision=decision))
        expected = kappa.qwk(y, labels, n_categories=K)
        assert value_of(result, "fit", decision, "qwk") == pytest.approx(expected, rel=1e-12)
        table = trained["softmax"].predict_proba(rows.X)
        rule = LabelRule.from_posterior(table[:200], decision)
        expected = kappa.qwk(y, rule.predict(table[judged]), n_categories=K)
        assert value_of(result, "softmax", decision, "qwk") == pytest.approx(expected, rel=1e-12)
    score = trained["least squares"].predict(rows.X)
    rule = LabelRule.from_labels(score[:200], rows.codes[:200], n_categories=K)
    expected = kappa.qwk(y, rule.predict(score[judged]), n_categories=K)
    assert value_of(result, "least squares", "qwk", "qwk") == pytest.approx(expected, rel=1e-12)
    nearest = np.clip(np.rint(score[judged]), 0, K - 1).astype(int)
    assert value_of(result, "least squares", "mean", "mae") == pytest.approx(np.abs(nearest - y).mean())
    assert set(result.table.loc[result.table["method"] == "least squares", "decision"]) == {"mean", "qwk"}
    assert np.isnan(value_of(result, "least squares", "qwk", "rps"))


def test_category_values_reach_every_decision_and_metric(rows, trained):
    """As the fit itself decides with them; and a classifier's own `predict` keeps the values it was made with."""
    values, last, decisions = [0.0, 1.0, 2.0, 20.0], slice(200, None), ("mean", "qwk", "linear_kappa")
    ask = {"category_values": values, "decisions": (*decisions, "native"), "metrics": ["qwk", "mae"], **QUIET}
    judged = {name: trained[name] for name in ("fit", "pipe")}
    result = bo.compare(judged, rows.X[last], rows.y[last], **ask)
    plain = bo.compare(judged, rows.X[last], rows.y[last], **{**ask, "category_values": None})
    for decision in decisions:
        labels = trained["fit"].predict(rows.X[last], decision, category_values=values) - 1
        how = {"n_categories": K, "category_values": values, "names": ["qwk", "mae"]}
        expected = evaluate(rows.codes[last], labels=labels, **how)
        found = {name: value_of(result, "fit", decision, name) for name in expected}
        assert found == pytest.approx(expected)
        assert value_of(plain, "fit", decision, "qwk") != found["qwk"]
    own = evaluate(rows.codes[last], labels=trained["pipe"].predict(rows.X[last]) - 1, **how)
    assert value_of(result, "pipe", "native", "qwk") == pytest.approx(own["qwk"])


def test_where_rules_come_from(rows, trained):
    X, y = rows.X[200:], rows.y[200:]
    bayesian = {name: trained[name] for name in ("fit", "pipe", "softmax")}
    result = bo.compare(bayesian, X, y, decisions=("mode", "qwk", "native"), **QUIET).table
    rules = dict(zip(zip(result["method"], result["decision"], strict=True), result["rule"], strict=True))
    assert rules["fit", "qwk"] == rules["pipe", "qwk"] == "frozen from its training rows"
    assert rules["softmax", "qwk"] == "of these rows together"
    assert rules["fit", "mode"] == rules["softmax", "mode"] == "row by row"
    by_decision = result[result["method"] == "pipe"].set_index("decision")
    assert by_decision.loc["native", "qwk"] == by_decision.loc["qwk", "qwk"]
    native = result[(result["method"] == "softmax") & (result["decision"] == "native")]
    assert native["accuracy"].item() == trained["softmax"].score(X, y)


def test_answers_of_the_judged_rows_make_no_rule(rows, trained):
    """Labels are made by an object that is never given them."""
    decoder = Decoder((1, 2, 3, 4), np.arange(4.0), ["qwk"], rows.X[:200], rows.codes[:200])
    assert not {"y", "codes"} & set(vars(decoder))
    few = {"least squares": trained["least squares"]}
    with pytest.raises(ValueError, match="not from those that are judged"):
        bo.compare(few, rows.X, rows.y, decisions="qwk", categories=[1, 2, 3, 4], **QUIET)


def test_a_class_that_training_lacked_has_probability_zero(rows):
    seen = rows.y != 3
    forest = RandomForestClassifier(5, random_state=1).fit(rows.X[seen], rows.y[seen])
    result = bo.compare(
        {"forest": forest}, rows.X, rows.y, decisions="mode", categories=[1, 2, 3, 4], **QUIET
    )
    assert value_of(result, "forest", "mode", "log_score") == -np.inf
    assert np.isnan(value_of(result, "forest", "mode", "log_score_se"))
    assert np.isfinite(value_of(result, "forest", "mode", "rps_se"))


def test_words_have_the_order_they_are_given(rows):
    words = np.array(["none", "low", "mid", "high"])[rows.codes]
    softmax = LogisticRegression().fit(rows.X, words)
    with pytest.raises(ValueError, match="order of the categories"):
        bo.compare({"softmax": softmax}, rows.X, words, **QUIET)
    order = ["none", "low", "mid", "high"]
    result = bo.compare({"softmax": softmax}, rows.X, words, categories=order, decisions="mode", **QUIET)
    table = softmax.predict_proba(rows.X)[:, [list(softmax.classes_).index(word) for word in order]]
    expected = evaluate(rows.codes, n_categories=K, probs=table, names=["rps"])["rps"]
    assert value_of(result, "softmax", "mode", "rps") == pytest.approx(expected, rel=1e-12)
    assert "calibration[none|low]" in result.table


def test_probabilities_in_float32_are_taken(rows):
    table = rows.good.astype(np.float32) * np.float32(1 + 3e-6)
    result = bo.compare({"m": table}, None, rows.codes, decisions="mode", **QUIET)
    assert value_of(result, "m", "mode", "rps") == pytest.approx(
        evaluate(rows.codes, n_categories=K, probs=rows.good, names=["rps"])["rps"], rel=1e-5
    )


def test_given_labels_and_seconds(rows):
    mine = Predictions(labels={"by hand": rows.codes}, seconds=2.5)
    result = bo.compare({"mine": mine}, None, rows.codes, categories=range(K), **QUIET)
    assert value_of(result, "mine", "by hand", "accuracy") == 1
    assert value_of(result, "mine", "by hand", "seconds") == 2.5


# -- tables ------------------------------------------------------------------------------------------------


def test_references(rows):
    result = bo.compare(
        {"good": rows.good, "bad": rows.bad}, None, rows.codes, decisions=("mode", "qwk"), **QUIET
    )
    by_decision = result.differences("good")
    assert (by_decision.loc[by_decision["method"] == "good", "qwk"] == 0).all()
    one = result.differences(("bad", "mode")).set_index(["method", "decision"])["qwk"]
    table = result.table.set_index(["method", "decision"])["qwk"]
    assert one["good", "qwk"] == pytest.approx(table["good", "qwk"] - table["bad", "mode"])
    with pytest.raises(ValueError, match="Did you mean 'good'"):
        result.differences("goood")
    with pytest.raises(ValueError, match="has no decision 'median'"):
        result.differences(("good", "median"))


def test_joined_is_compared_at_once(rows):
    ask = {"decisions": "qwk", **QUIET}
    apart = [bo.compare({name: table}, None, rows.codes, **ask) for name, table in vars_of(rows)]
    joined = apart[0].join(apart[1])
    at_once = bo.compare(dict(vars_of(rows)), None, rows.codes, **ask)
    pd.testing.assert_frame_equal(
        joined.differences().drop(columns="rule", errors="ignore"), at_once.differences()
    )
    with pytest.raises(ValueError, match="another name"):
        joined.join(apart[0])
    other_rows = bo.compare({"z": rows.good[:50]}, None, rows.codes[:50], **ask)
    with pytest.raises(ValueError, match="300 and 50 rows"):
        joined.join(other_rows)


def vars_of(rows):
    return [("good", rows.good), ("bad", rows.bad)]


def test_over_seeds_adds_their_variance(rows):
    ask = {"decisions": "mode", "metrics": "rps", **QUIET}
    mixed = [rows.good, 0.9 * rows.good + 0.1 * rows.bad, rows.bad]
    runs = [bo.compare({"m": table}, None, rows.codes, **ask) for table in mixed]
    total = Comparison.over_seeds(runs).table.iloc[0]
    values = np.array([run.table["rps"][0] for run in runs])
    each_row = [
        ((np.cumsum(p, axis=1)[:, :-1] - (rows.codes[:, None] <= np.arange(K - 1))) ** 2).sum(axis=1)
        for p in mixed
    ]
    of_rows = np.std(np.mean(each_row, axis=0)) / np.sqrt(300)
    assert total["rps"] == pytest.approx(values.mean())
    assert total["rps_se"] == pytest.approx(np.hypot(of_rows, values.std(ddof=1) / np.sqrt(3)))


def test_printed_best_first(rows):
    result = bo.compare({"bad": rows.bad, "good": rows.good}, None, rows.codes, decisions="qwk", **QUIET)
    lines = repr(result).splitlines()
    assert lines[0].startswith("300 rows; value ± standard error")
    assert lines[2].split()[0] == "good"
    assert f"{value_of(result, 'good', 'qwk', 'qwk'):.3f} ±" in lines[2]


def test_figure(rows):
    from matplotlib.figure import Figure

    result = bo.compare({"bad": rows.bad, "good": rows.good}, None, rows.codes, **QUIET)
    axes = Figure().subplots(1, 2)
    drawn = result.plot(["qwk", "log_score"], axes=axes)
    assert [label.get_text() for label in drawn[0].get_yticklabels()] == ["good", "bad"]
    assert [text.get_text() for text in drawn[0].get_legend().get_texts()] == [
        "mode",
        "median",
        "mean",
        "qwk",
    ]
    centre = [container[0].get_xdata() for container in drawn[1].containers]
    np.testing.assert_allclose(np.sort(np.concatenate(centre)), np.sort(result.table["log_score"].unique()))
    assert "log score" in drawn[1].get_xlabel()
    with pytest.raises(ValueError, match="2 panels for 1 metrics"):
        result.plot("qwk", axes=axes)
    with pytest.raises(ValueError, match="metric='rsp' is unknown"):
        result.plot("rsp")


def test_names_of_methods_are_letters_and_find_room(rows):
    import matplotlib.pyplot as plt

    long = "a model whose name is longer than one would like to see beside a figure"
    result = bo.compare({"$5 and $6": rows.bad, long: rows.good}, None, rows.codes, **QUIET)
    axes = result.plot()
    figure = axes[0].figure
    figure.canvas.draw()
    names = {label.get_text() for label in axes[0].get_yticklabels()}
    assert r"\$5 and \$6" in names  # else what is between would be set as a formula
    assert {name.replace("\n", " ") for name in names} >= {long}
    assert all(ax.get_window_extent().width > 0.2 * figure.bbox.width for ax in axes)
    plt.close(figure)


def test_values_off_the_scale_are_written_at_the_edge(rows):
    from matplotlib.figure import Figure

    shades = {f"m{i}": (1 - i / 20) * rows.good + i / 20 * rows.bad for i in range(5)}
    certain = np.eye(K)[rows.good.argmax(axis=1)]
    result = bo.compare({**shades, "certain": certain}, None, rows.codes, decisions="mode", **QUIET)
    ax = result.plot("log_score", axes=Figure().subplots())[0]
    assert [text.get_text() for text in ax.texts] == ["◂ −∞"]
    assert ax.get_xlim()[0] > -3
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "certain"


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"predictors": {}}, "must be a dict"),
        (
            {"predictors": {"m": object()}, "categories": [0, 1, 2, 3]},
            "pass a fit, something with predict_proba",
        ),
        ({"y": [0, 1, 2, 3, 9] * 60}, "has category 9"),
        ({"y": [0, 1]}, "predictions of 'm' have 300 rows, y has 2"),
        ({"decisions": ["qwk", "wqk"]}, "unknown decision 'wqk'"),
        ({"decisions": ["mode", "accuracy"]}, "'mode' more than once"),
        ({"metrics": ["rsp"]}, "Did you mean 'rps'"),
        ({"predictors": {"m": np.full((300, 4), 0.3)}}, "probabilities of 'm' does not sum to 1"),
        ({"predictors": {"m": np.arange(300.0)}}, "pass categories="),
        ({"n_boot": -1}, "n_boot=-1"),
        ({"decisions": ()}, "decisions is empty"),
    ],
)
def test_bad_input(change, message, rows):
    ask = {"predictors": {"m": rows.good}, "X": None, "y": rows.codes, **QUIET, **change}
    with pytest.raises((ValueError, TypeError), match=message):
        bo.compare(ask.pop("predictors"), ask.pop("X"), ask.pop("y"), **ask)


def test_fits_with_other_categories_are_not_compared(rows, trained):
    other = SimpleNamespace(predictive_draws=None, design=SimpleNamespace(categories=(1, 2, 3)))
    with pytest.raises(ValueError, match="'fit' has the categories"):
        bo.compare({"fit": trained["fit"], "other": other}, rows.X, rows.y, **QUIET)


def test_comparing_never_imports_networks():
    import subprocess
    import sys

    code = "import bayesord as bo, sys; bo.compare; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
