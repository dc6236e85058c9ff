"""Losses compared: the same start, rows and budget for all; rules from validation rows; nothing from test rows."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from network_backends import to_numpy

import bayesord as bo
from bayesord.comparison import compare
from bayesord.neural import METHODS, loss_comparison
from bayesord.neural.embedding import embed, find_layer, network_until
from bayesord.neural.loss_comparison import compare_losses
from bayesord.neural.training import Budget, Trainer
from bayesord.predictive.decisions import LabelRule
from bayesord.predictive.scores import evaluate

K = 3
SHORT = Budget(epochs=4, patience=4, batch_size=64)
FEW = {"draws": 100, "chains": 2, "on_fail": "ignore"}
QUIET = {"progressbar": False}


@pytest.fixture(scope="module")
def rows():
    """240 rows to train on, 100 to judge; answers 1..3."""
    rng = np.random.default_rng(12)
    X = rng.normal(size=(340, 2))
    y = 1 + np.searchsorted([-1.0, 1.0], X @ [1.5, 1.0] + 0.5 * rng.logistic(size=340))
    return X[:240], y[:240], X[240:], y[240:]


def body():
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, activation="tanh", name="body")])


@pytest.fixture
def recorded(monkeypatch):
    """What was trained (method, rows, validation rows, seed) and what was compared."""
    seen = {"trained": [], "compared": []}
    original = Trainer.train

    def train(self, rows, validation, seed):
        seen["trained"].append((self.method.name, rows, validation, seed))
        return original(self, rows, validation, seed)

    def compared(predictions, X, y, **options):
        seen["compared"].append(predictions)
        return compare(predictions, X, y, **options)

    monkeypatch.setattr(Trainer, "train", train)
    monkeypatch.setattr(loss_comparison, "compare", compared)
    return seen


# -- fair --------------------------------------------------------------------------------------------------


def test_all_methods_have_the_same_start_rows_and_budget(rows, recorded):
    starts = []

    def watched():
        network = body()
        starts.append(to_numpy(network.layers[0].kernel))
        return network

    losses = ["softmax", "mse"]
    compare_losses(watched, *rows, losses=losses, seeds=[3, 8], bayesian=False, budget=SHORT, **QUIET)
    assert [(name, seed) for name, _, _, seed in recorded["trained"]] == [
        (name, seed) for name in losses for seed in (3, 8)
    ]
    by_seed = {3: starts[::2], 8: starts[1::2]}
    for seed, kernels in by_seed.items():
        for kernel in kernels:
            np.testing.assert_array_equal(kernel, kernels[0])
        parts = [(training, held) for _, training, held, s in recorded["trained"] if s == seed]
        for training, held in parts:
            np.testing.assert_array_equal(training[0], parts[0][0][0])
            np.testing.assert_array_equal(held[1], parts[0][1][1])
    assert not np.array_equal(by_seed[3][0], by_seed[8][0])


def test_training_and_validation_share_the_rows_and_the_test_rows_are_apart(rows, recorded):
    X, y, X_test, _ = rows
    compare_losses(
        body, *rows, losses="softmax", seeds=1, bayesian=False, budget=SHORT, validation=0.25, **QUIET
    )
    ((_, (X_train, y_train), (X_held, y_held), _),) = recorded["trained"]
    together = np.concatenate([X_train, X_held])
    order, expected = np.lexsort(together.T), X.astype(np.float32)
    np.testing.assert_array_equal(together[order], expected[np.lexsort(expected.T)])
    assert len(X_held) == 60
    assert not set(map(tuple, together)) & set(map(tuple, X_test.astype(np.float32)))
    shares = [np.bincount(part, minlength=K) / len(part) for part in (y_train, y_held)]
    np.testing.assert_allclose(*shares, atol=0.02)
    assert np.bincount(np.concatenate([y_train, y_held])).tolist() == np.bincount(y - 1).tolist()


def test_answers_of_the_test_rows_change_no_label(rows, recorded):
    X, y, X_test, y_test = rows
    ask = {
        "losses": ["all_threshold_logistic"],
        "seeds": 1,
        "bayesian": False,
        "budget": SHORT,
        "decisions": ("native", "mode", "qwk", "linear_kappa", "rounding", "nelder_mead"),
        **QUIET,
    }
    compare_losses(body, X, y, X_test, y_test, **ask)
    compare_losses(body, X, y, X_test, y_test[::-1], **ask)
    first, second = recorded["compared"]
    assert list(first) == ask["losses"]
    for name, predictions in first.items():
        np.testing.assert_array_equal(predictions.probs, second[name].probs)
        assert list(predictions.labels) == list(ask["decisions"])
        for decision, labels in predictions.labels.items():
            np.testing.assert_array_equal(labels, second[name].labels[decision])


@pytest.mark.long_on_tensorflow
def test_rules_are_learned_from_the_validation_rows(rows, recorded):
    """By hand, with a network trained the same way."""
    X_test, y_test = rows[2:]
    decisions = ("native", "mode", "mean", "qwk", "linear_kappa", "rounding")
    values = {"category_values": [0.0, 1.0, 5.0]}
    ask = {"seeds": [4], "bayesian": False, "budget": SHORT, "decisions": decisions, **values, **QUIET}
    result = compare_losses(body, *rows, losses=["corn", "mse"], **ask)
    ((_, training, held, _), *_) = recorded["trained"]
    for name in ("corn", "mse"):
        method = METHODS[name]
        network = Trainer(body, method, K, SHORT).train(training, held, 4).network
        outputs, new = (network.predict(part, verbose=0) for part in (held[0], X_test.astype(np.float32)))
        spread = method.fit_spread(outputs, held[1], n_categories=K)
        how = {"n_categories": K, "spread": spread}
        table, score = method.to_proba(new, **how), method.to_score(new, **how, **values)
        known = method.to_proba(outputs, **how), method.to_score(outputs, **how, **values)
        labels = {
            decision: LabelRule.from_posterior(known[0], decision, **values).predict(table)
            for decision in ("mode", "mean", "qwk", "linear_kappa")
        }
        labels["rounding"] = LabelRule.from_labels(known[1], held[1], **values).predict(score)
        labels["native"] = method.to_label(new, "native", n_categories=K)
        if name == "mse":
            labels["qwk"] = labels["rounding"]
        for decision in decisions:
            row = result.table.query("method == @name and decision == @decision").iloc[0]
            judged = {"labels": labels[decision], "probs": table, "names": ["qwk", "mae", "rps"]}
            expected = evaluate(y_test - 1, n_categories=K, **judged, **values)
            assert {metric: row[metric] for metric in expected} == pytest.approx(expected, rel=1e-5)


@pytest.mark.long_on_tensorflow
def test_seeds_are_averaged(rows):
    ask = {"losses": ["softmax"], "bayesian": False, "budget": SHORT, "decisions": "mode", **QUIET}
    apart = [compare_losses(body, *rows, seeds=[seed], **ask).table.iloc[0] for seed in (0, 1)]
    both = compare_losses(body, *rows, seeds=2, **ask)
    assert both.n_replicates == 2
    values = [run["rps"] for run in apart]
    assert both.table["rps"][0] == pytest.approx(np.mean(values), rel=1e-6)
    assert both.table["rps_se"][0] > np.std(values, ddof=1) / np.sqrt(2)


def test_a_training_that_diverges_does_not_end_the_comparison(rows):
    wild = replace(SHORT, optimizer=lambda: keras.optimizers.SGD(1e20))
    ask = {"seeds": 1, "bayesian": False, "budget": wild, "decisions": ("mean", "qwk"), **QUIET}
    with pytest.warns(UserWarning, match="mse: outputs contain NaN or infinity"):
        result = compare_losses(body, *rows, losses=["mse"], **ask)
    assert result.table["decision"].tolist() == ["mean", "qwk"]
    assert result.table[["qwk", "rps", "qwk_se"]].isna().all(axis=None)


# -- the Bayesian head -------------------------------------------------------------------------------------


def test_the_head_is_an_ordinal_regression_on_the_embedding(rows, recorded):
    X_test, y_test = rows[2:]
    result = compare_losses(
        body,
        *rows,
        losses=["cumulative_logit"],
        seeds=[2],
        cross_fit=None,
        fit_options=FEW,
        budget=SHORT,
        **QUIET,
    )
    assert result.table["method"].tolist() == ["bayesian_head"] * 4 + ["cumulative_logit"] * 4
    ((_, training, held, _),) = recorded["trained"]  # the network is trained once for both
    network = Trainer(body, METHODS["cumulative_logit"], K, SHORT).train(training, held, 2).network
    run = network_until(network, find_layer(network, "body"))
    every = embed(run, np.concatenate([training[0], held[0]]), 512).astype(float)
    new = embed(run, X_test.astype(np.float32), 512).astype(float)
    mean, sd = every.mean(axis=0), every.std(axis=0)
    answers = np.concatenate([training[1], held[1]])
    fit = bo.fit((every - mean) / sd, answers, categories=range(K), random_seed=2, progressbar=False, **FEW)
    probs = fit.predict_proba((new - mean) / sd)
    row = result.table.iloc[0]
    expected = evaluate(y_test - 1, n_categories=K, probs=probs, names=["rps", "log_score"])
    assert {name: row[name] for name in expected} == pytest.approx(expected, abs=0.01)
    assert row["seconds"] > result.table["seconds"][4]


def test_the_head_learns_from_networks_of_other_folds(rows, recorded):
    result = compare_losses(
        body, *rows, losses=["softmax"], seeds=1, cross_fit=3, fit_options=FEW, budget=SHORT, **QUIET
    )
    trained = [(name, len(training[1])) for name, training, _, _ in recorded["trained"]]
    assert trained == [("softmax", 192), ("cumulative_logit", 192), *[("cumulative_logit", 128)] * 3]
    held = [validation[0] for *_, validation, _ in recorded["trained"]]
    assert all(np.array_equal(part, held[0]) for part in held)
    assert set(result.table["method"]) == {"bayesian_head", "softmax"}
    assert result.differences()["reference"].unique().tolist() == ["bayesian_head"]


@pytest.mark.long_on_tensorflow
def test_cross_fitting_mends_an_over_confident_head():
    """Answers by chance, and a network that can remember them: honest probabilities are the base rates."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(252, 8)), np.tile([1, 2], 126)

    def wide():
        return keras.Sequential([keras.Input((8,)), keras.layers.Dense(48, activation="relu")])

    long = Budget(epochs=80, patience=80, batch_size=64, optimizer=lambda: keras.optimizers.Adam(0.02))
    parts = X[:192], y[:192], X[192:], y[192:]
    # validation rows with the training answers, so that stopping does not save the network
    known = X[:192], y[:192]
    ask = {
        "seeds": 1,
        "losses": ["softmax"],
        "validation": known,
        "budget": long,
        "fit_options": FEW,
        **QUIET,
    }
    scores = [
        compare_losses(wide, *parts, cross_fit=folds, decisions="mode", **ask)
        .table.query("method == 'bayesian_head'")["log_score"]
        .item()
        for folds in (None, 3)
    ]
    assert scores[0] < -0.75
    assert scores[1] > scores[0] + 0.03


# -- what may be asked -------------------------------------------------------------------------------------


def test_words_and_given_validation_rows(rows, recorded):
    X, y, X_test, y_test = rows
    words = np.array(["low", "mid", "high"])
    result = compare_losses(
        body,
        X[:192],
        words[y[:192] - 1],
        X_test,
        words[y_test - 1],
        validation=(X[192:], words[y[192:] - 1]),
        categories=words.tolist(),
        losses="softmax",
        decisions="mode",
        seeds=1,
        bayesian=False,
        budget=SHORT,
        **QUIET,
    )
    ((_, training, held, _),) = recorded["trained"]
    assert (len(training[1]), held[1].tolist()) == (192, (y[192:] - 1).tolist())
    assert np.isfinite(result.table["rps"][0])


def test_a_variant_of_a_method_under_a_name_of_its_own(rows):
    mild = replace(METHODS["oll"], name="oll_mild", settings={"alpha": 1.0})
    ask = {"seeds": 1, "bayesian": False, "budget": SHORT, "decisions": "mode", **QUIET}
    result = compare_losses(body, *rows, losses=[mild], **ask)
    assert result.table["method"].tolist() == ["oll_mild"]
    with pytest.raises(ValueError, match="names a method twice"):
        compare_losses(body, *rows, losses=["oll", METHODS["oll"]], **ask)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": ["sotfmax"]}, "Did you mean 'softmax'"),
        ({"losses": [], "bayesian": False}, "losses is empty"),
        ({"decisions": []}, "decisions is empty"),
        ({"decisions": ("wqk",)}, "unknown decision 'wqk'"),
        ({"seeds": 0}, "seeds=0"),
        ({"seeds": [1, 1]}, "different integers"),
        ({"validation": 1.5}, "validation=1.5"),
        ({"cross_fit": 1}, "cross_fit=1"),
        ({"link": "cauchit"}, "link='cauchit' is unknown"),
        ({"budget": "long"}, "budget must be a Budget"),
        ({"metrics": ["rsp"]}, "Did you mean 'rps'"),
        ({"category_values": [0, 2, 1]}, "category_values must rise"),
        ({"fit_options": {"drwas": 3}}, "drwas"),
    ],
)
def test_misspelt_and_impossible_settings_are_refused_before_training(change, message, rows, recorded):
    ask = {"losses": ["softmax"], "seeds": 1, "budget": SHORT, **QUIET, **change}
    with pytest.raises((ValueError, TypeError), match=message):
        compare_losses(body, *rows, **ask)
    assert not recorded["trained"]


def test_bad_rows_and_bodies_are_refused(rows):
    X, y, X_test, y_test = rows
    ask = {"losses": ["softmax"], "seeds": 1, "budget": SHORT, **QUIET}
    with pytest.raises(ValueError, match="'y_test' has category 4"):
        compare_losses(body, X, y, X_test, np.full(100, 4), **ask)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare_losses(body, X, y[1:], X_test, y_test, **ask)
    with pytest.raises(TypeError, match="must return a keras.Model without its head"):
        compare_losses(lambda: None, *rows, **ask)
    once = body()
    with pytest.raises(ValueError, match="make a new one at every call"):
        compare_losses(lambda: once, *rows, **{**ask, "losses": ["softmax", "mse"], "bayesian": False})


def test_batches_too_small_for_a_loss_are_named(rows):
    ask = {
        "seeds": 1,
        "bayesian": False,
        "budget": replace(SHORT, batch_size=32),
        "decisions": "mode",
        **QUIET,
    }
    with pytest.warns(UserWarning, match="batches of 32 rows bias 'qwk_log', which need 64"):
        compare_losses(body, *rows, losses=["qwk_log"], **ask)


@pytest.mark.slow
def test_every_loss_of_the_registry(rows):
    budget = Budget(epochs=30, patience=30, batch_size=64)
    result = compare_losses(
        body, *rows, seeds=1, fit_options=FEW, budget=budget, decisions=("native", "qwk"), **QUIET
    )
    assert set(result.table["method"]) == {"bayesian_head", *METHODS}
    assert np.isfinite(result.table[["qwk", "rps", "log_score", "mae"]]).all(axis=None)
    best = result.table.groupby("method")["qwk"].max()
    assert (best > 0.5).all(), best[best <= 0.5]
