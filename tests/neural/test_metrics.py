"""Streaming metrics against the whole-sample scores of the package and of scikit-learn."""

import keras
import numpy as np
import pytest
from network_backends import TRACES, compiled, to_numpy
from scipy.special import softmax
from sklearn.metrics import cohen_kappa_score, mean_absolute_error

from bayesord.neural import METHODS, metrics
from bayesord.neural.outputs import KINDS
from bayesord.predictive.decisions import optimal_labels
from bayesord.predictive.scores import qwk, rps

K = 4
ALL = [metrics.QuadraticWeightedKappa, metrics.OrdinalMAE, metrics.RankedProbabilityScore]


@pytest.fixture(scope="module")
def rows():
    """Answers, outputs (n, K) that know something of them, and weights with zeros."""
    rng = np.random.default_rng(11)
    y = rng.integers(K, size=90)
    logits = rng.normal(size=(90, K)) + 1.5 * np.eye(K)[y]
    return y, logits.astype(np.float32), rng.integers(0, 4, size=90).astype(np.float32)


def streamed(metric, y, outputs, weights=None, batch=15):
    for start in range(0, len(y), batch):
        part = slice(start, start + batch)
        metric.update_state(y[part], outputs[part], None if weights is None else weights[part])
    return float(metric.result())


@pytest.mark.parametrize("decision", ["mode", "median", "mean"])
def test_labels_decided_row_by_row_are_scored_together(rows, decision):
    y, logits, weights = rows
    labels = optimal_labels(softmax(logits.astype(float), axis=1), decision).labels
    kappa = metrics.QuadraticWeightedKappa(K, decision=decision)
    expected = cohen_kappa_score(y, labels, labels=range(K), weights="quadratic", sample_weight=weights)
    assert streamed(kappa, y, logits, weights) == pytest.approx(expected, abs=1e-6)
    error = metrics.OrdinalMAE(K, decision=decision)
    assert streamed(error, y, logits) == pytest.approx(mean_absolute_error(y, labels), abs=1e-6)


def test_ranked_probability_score(rows):
    y, logits, weights = rows
    table = softmax(logits.astype(float), axis=1)
    expected = rps(y, table, n_categories=K, sample_weight=weights)
    score = metrics.RankedProbabilityScore(K)
    assert streamed(score, y, logits, weights) == pytest.approx(expected, abs=1e-6)
    score.reset_state()
    table = table.astype(np.float32)
    of_probs = metrics.RankedProbabilityScore(K, kind="probs")
    assert streamed(of_probs, y, table, weights) == pytest.approx(expected, abs=1e-6)


def test_batches_are_added_up_and_not_averaged(rows):
    y, logits, _ = rows
    order = np.argsort(y)  # batches of one category each have kappa 0
    whole = qwk(y, logits.argmax(axis=1), n_categories=K)
    kappa = metrics.QuadraticWeightedKappa(K)
    assert streamed(kappa, y[order], logits[order]) == pytest.approx(whole, abs=1e-6)
    kappa.reset_state()
    assert streamed(kappa, y, logits, batch=90) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_output_is_read_as_the_answers_read_it(kind, rows):
    y, _, _ = rows
    rng = np.random.default_rng(4)
    method = next(method for method in METHODS.values() if method.kind == kind)
    outputs = rng.normal(size=(90, method.n_outputs(K))).astype(np.float32) * 2
    if kind == "margins":
        outputs = -np.sort(-outputs, axis=1)
    kappa, error, *probabilistic = method.make_metrics(K)
    decided = method.to_label(outputs, "mode", n_categories=K)
    if kind == "score":  # the metric rounds
        decided = method.to_label(outputs, n_categories=K)
    assert streamed(kappa, y, outputs) == pytest.approx(qwk(y, decided, n_categories=K), abs=1e-5)
    assert streamed(error, y, outputs) == pytest.approx(np.abs(y - decided).mean(), abs=1e-5)
    if probabilistic:
        table = method.to_proba(outputs, n_categories=K)
        expected = rps(y, table, n_categories=K)
        assert streamed(probabilistic[0], y, outputs) == pytest.approx(expected, abs=1e-5)


def test_edges_of_kappa():
    kappa = metrics.QuadraticWeightedKappa(3, kind="labels")
    assert np.isnan(float(kappa.result()))  # nothing seen
    kappa.update_state([1, 1], [1, 1])
    assert np.isnan(float(kappa.result()))
    kappa.reset_state()
    kappa.update_state([0, 1, 2], [1, 1, 1])
    assert float(kappa.result()) == 0
    kappa.reset_state()
    kappa.update_state([0, 2, 2], [2, 0, 0])
    assert float(kappa.result()) == pytest.approx(
        cohen_kappa_score([0, 2, 2], [2, 0, 0], weights="quadratic")
    )


@pytest.mark.parametrize("metric", ALL)
def test_a_metric_is_restored_from_its_configuration(metric):
    written = keras.saving.serialize_keras_object(metric(5, name="m"))
    assert keras.saving.deserialize_keras_object(written).get_config() == metric(5, name="m").get_config()


@pytest.mark.parametrize("metric", ALL)
def test_bad_input_is_refused(metric):
    with pytest.raises(ValueError, match=r"make_metrics\(K\)"):
        metric(4).update_state([0], np.zeros((1, 3), dtype=np.float32))
    with pytest.raises(ValueError, match="They look like 1..4: subtract 1"):
        metric(4).update_state([1, 4], np.zeros((2, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="kind='logits' is unknown"):
        metric(4, kind="logits")
    with pytest.raises(ValueError, match="at least 2"):
        metric(1)


def test_scores_have_no_ranked_probability_score():
    with pytest.raises(ValueError, match="kind='score' is unknown"):
        metrics.RankedProbabilityScore(4, kind="score")


@pytest.mark.parametrize("metric", ALL)
def test_a_broken_label_shows_inside_a_compiled_step(metric):
    one = metric(4)

    def step(y, outputs):
        variables = [keras.ops.convert_to_tensor(v) for v in one.variables]
        return one.stateless_result(one.stateless_update_state(variables, y, outputs))

    outputs = keras.ops.zeros((2, 4))
    y = keras.ops.convert_to_tensor(np.array([0.0, 4.0], dtype=np.float32))
    if TRACES:
        assert np.isnan(to_numpy(compiled(step)(y, outputs)))
    else:
        with pytest.raises(ValueError, match="outside the codes"):
            step(y, outputs)
