"""Every score against loops over rows or pairs, SciPy and scikit-learn; edges; weights as repeated rows."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from bayesord.predictive import scores
from bayesord.predictive.scores import SCORES, evaluate, get_score

K = 4


def loop_label_scores(y, yhat, values):
    """The label scores, one row after another."""
    per_class = {}
    for a, b in zip(y, yhat, strict=True):
        per_class.setdefault(a, []).append(abs(values[a] - values[b]))
    means = [sum(errors) / len(errors) for errors in per_class.values()]
    n = len(y)
    return {
        "accuracy": sum(a == b for a, b in zip(y, yhat, strict=True)) / n,
        "off_by_one": sum(abs(a - b) < 2 for a, b in zip(y, yhat, strict=True)) / n,
        "mae": sum(abs(values[a] - values[b]) for a, b in zip(y, yhat, strict=True)) / n,
        "rmse": math.sqrt(sum((values[a] - values[b]) ** 2 for a, b in zip(y, yhat, strict=True)) / n),
        "amae": sum(means) / len(means),
        "mmae": max(means),
    }


def loop_probability_scores(y, probs):
    n, K = probs.shape
    rps = sum(sum((sum(probs[i, : k + 1]) - (y[i] <= k)) ** 2 for k in range(K - 1)) for i in range(n)) / n
    errors = []
    for k in range(K - 1):
        bins = {}
        for i in range(n):
            bins.setdefault(min(int(sum(probs[i, : k + 1]) * 10), 9), []).append(i)
        gap = 0.0
        for members in bins.values():
            forecast = sum(sum(probs[i, : k + 1]) for i in members) / len(members)
            seen = sum(y[i] <= k for i in members) / len(members)
            gap += len(members) / n * abs(forecast - seen)
        errors.append(gap)
    return {"rps": rps, "calibration_error": sum(errors) / (K - 1)}


def loop_pairs(y, score):
    """Concordant, discordant, tied on score alone, tied on y alone."""
    counts = [0, 0, 0, 0]
    for i, j in itertools.combinations(range(len(y)), 2):
        sign_y, sign_score = np.sign(y[i] - y[j]), np.sign(score[i] - score[j])
        if sign_y * sign_score > 0:
            counts[0] += 1
        elif sign_y * sign_score < 0:
            counts[1] += 1
        elif sign_y != 0:
            counts[2] += 1
        elif sign_score != 0:
            counts[3] += 1
    return counts


@pytest.fixture(params=range(4))
def sample(request):
    """Labels, predictions with ties, probabilities, integer weights with a zero."""
    rng = np.random.default_rng(request.param)
    n = 40
    y = rng.integers(0, K, n)
    return {
        "y": y,
        "labels": rng.integers(0, K, n),
        "probs": rng.dirichlet(np.ones(K), n),
        "score": np.round(y + rng.normal(0, 1.5, n), 0 if request.param < 2 else 6),
        "weights": rng.integers(0, 4, n),
    }


def test_label_scores_equal_the_loops(sample):
    for values in (np.arange(K), np.array([-1.0, 0.5, 4.0, 4.5])):
        expected = loop_label_scores(sample["y"], sample["labels"], values)
        got = evaluate(
            sample["y"], labels=sample["labels"], n_categories=K, names=list(expected), category_values=values
        )
        assert got == pytest.approx(expected, abs=1e-13)


def test_label_scores_equal_scikit_learn(sample):
    y, yhat = sample["y"], sample["labels"]
    got = evaluate(y, labels=yhat, n_categories=K, sample_weight=sample["weights"])
    w = sample["weights"]
    assert got["accuracy"] == pytest.approx(metrics.accuracy_score(y, yhat, sample_weight=w), abs=1e-13)
    assert got["mae"] == pytest.approx(metrics.mean_absolute_error(y, yhat, sample_weight=w), abs=1e-13)
    assert got["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, yhat, sample_weight=w), abs=1e-13)
    kappa = metrics.cohen_kappa_score(y, yhat, labels=range(K), weights="quadratic", sample_weight=w)
    assert got["qwk"] == pytest.approx(kappa, abs=1e-12)


def test_probability_scores_equal_the_loops_and_scikit_learn(sample):
    y, probs = sample["y"], sample["probs"]
    got = evaluate(y, probs=probs, n_categories=K)
    expected = loop_probability_scores(y, probs)
    assert {name: got[name] for name in expected} == pytest.approx(expected, abs=1e-13)
    assert got["log_score"] == pytest.approx(-metrics.log_loss(y, probs, labels=range(K)), abs=1e-12)
    brier = metrics.brier_score_loss(y, probs, labels=range(K), scale_by_half=False)
    assert got["brier"] == pytest.approx(brier, abs=1e-13)


def test_rank_scores_equal_scipy_and_the_pairs(sample):
    y, score = sample["y"], sample["score"]
    got = evaluate(y, score=score, n_categories=K)
    assert got["spearman"] == pytest.approx(stats.spearmanr(y, score).statistic, abs=1e-13)
    assert got["kendall_tau_b"] == pytest.approx(stats.kendalltau(y, score).statistic, abs=1e-13)
    assert got["somers_d"] == pytest.approx(stats.somersd(y, score).statistic, abs=1e-13)
    concordant, discordant, score_tied, _ = loop_pairs(y, score)
    assert got["c_index"] == pytest.approx(
        (concordant + score_tied / 2) / (concordant + discordant + score_tied), abs=1e-13
    )


def test_c_index_of_two_categories_is_the_area_under_the_curve(sample):
    y = (sample["y"] > 1).astype(int)
    for weights in (None, sample["weights"]):
        area = metrics.roc_auc_score(y, sample["score"], sample_weight=weights)
        got = scores.c_index(y, sample["score"], n_categories=2, sample_weight=weights)
        assert got == pytest.approx(area, abs=1e-13)


@pytest.mark.parametrize("name", SCORES)
def test_integer_weights_are_repeated_rows(name, sample):
    entry = SCORES[name]
    y, prediction, weights = sample["y"], sample[entry.needs], sample["weights"]
    repeated = entry(np.repeat(y, weights), np.repeat(prediction, weights, axis=0), n_categories=K)
    assert entry(y, prediction, n_categories=K, sample_weight=weights) == pytest.approx(repeated, abs=1e-12)


@pytest.mark.parametrize("name", SCORES)
def test_the_order_of_rows_does_not_matter(name, sample):
    entry, turn = SCORES[name], np.random.default_rng(5).permutation(sample["y"].size)
    y, prediction = sample["y"], sample[entry.needs]
    assert entry(y[turn], prediction[turn], n_categories=K) == pytest.approx(
        entry(y, prediction, n_categories=K), abs=1e-12
    )


@pytest.mark.parametrize("name", SCORES)
def test_a_perfect_prediction_is_best_and_the_direction_is_right(name, sample):
    entry, y = SCORES[name], sample["y"]
    perfect = {"labels": y, "probs": np.eye(K)[y], "score": np.array([-3.0, 1.0, 1.5, 99.0])[y]}
    best = entry(y, perfect[entry.needs], n_categories=K)
    assert best == pytest.approx(entry.best, abs=1e-12)
    worse = entry(y, sample[entry.needs], n_categories=K)
    assert best > worse if entry.better == "higher" else best < worse


@pytest.mark.parametrize("name", SCORES)
def test_an_absent_category_is_not_renumbered(name):
    """An extra category above, which no row has, changes nothing: only K and one column of zeros."""
    y, labels = np.array([0, 1, 3, 3]), np.array([0, 3, 3, 1])
    probs = np.array([[0.5, 0.25, 0, 0.25], [0, 0.5, 0.25, 0.25], [0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0, 0.5]])
    prediction = {"labels": labels, "probs": probs, "score": labels}[SCORES[name].needs]
    wider = np.column_stack([probs, np.zeros(4)]) if SCORES[name].needs == "probs" else prediction
    narrow = SCORES[name](y, prediction, n_categories=4)
    if name == "calibration_error":  # one more cutpoint, perfectly calibrated
        narrow *= 3 / 4
    assert SCORES[name](y, wider, n_categories=5) == pytest.approx(narrow, abs=1e-14)


def test_classes_without_a_true_row_are_skipped_not_renumbered():
    """y = [0,1,3,3], yhat = [0,3,3,1]: other libraries renumber 3 to 2 and report .5, 1 and .636."""
    y, yhat = [0, 1, 3, 3], [0, 3, 3, 1]
    got = evaluate(y, labels=yhat, n_categories=4)
    assert (got["amae"], got["mmae"]) == (1.0, 2.0)
    assert got["qwk"] == pytest.approx(11 / 27, abs=1e-14)
    assert round(metrics.cohen_kappa_score(y, yhat, weights="quadratic"), 3) == 0.636


def test_a_class_whose_rows_have_no_weight_is_skipped():
    assert scores.amae([0, 1, 2], [0, 0, 0], n_categories=3, sample_weight=[1, 1, 0]) == 0.5
    assert scores.mmae([0, 1, 2], [0, 0, 0], n_categories=3, sample_weight=[1, 1, 0]) == 1.0


@pytest.mark.parametrize("name", [name for name, entry in SCORES.items() if entry.needs == "score"])
def test_constant_input_has_no_rank_correlation(name):
    y, score = [0, 1, 2, 2], [1.0, 2.0, 3.0, 4.0]
    assert math.isnan(SCORES[name]([1, 1, 1, 1], score, n_categories=3))
    constant = SCORES[name](y, [7.0] * 4, n_categories=3)
    assert constant == 0.5 if name == "c_index" else math.isnan(constant)
    # rows without weight do not count as variation
    assert math.isnan(SCORES[name]([0, 0, 1], [1.0, 2.0, 3.0], n_categories=3, sample_weight=[1, 1, 0]))


def test_an_impossible_event_scores_minus_infinity_unless_it_has_no_weight():
    probs = [[1.0, 0.0], [0.5, 0.5]]
    assert scores.log_score([1, 1], probs, n_categories=2) == -math.inf
    assert scores.log_score([1, 1], probs, n_categories=2, sample_weight=[0, 2]) == math.log(0.5)


def test_true_probabilities_are_calibrated_up_to_noise_and_false_ones_are_not():
    rng = np.random.default_rng(11)
    probs = rng.dirichlet(np.full(5, 0.7), 20_000)
    y = (rng.random(20_000)[:, None] > np.cumsum(probs, axis=1)).sum(axis=1)
    per_cutpoint = scores.cutpoint_calibration(y, probs, n_categories=5)
    assert per_cutpoint.shape == (4,)
    assert per_cutpoint.max() < 0.02
    sharpened = probs**2 / (probs**2).sum(axis=1, keepdims=True)
    assert scores.calibration_error(y, sharpened, n_categories=5) > 0.05


@pytest.mark.parametrize("name", SCORES)
def test_labels_are_range_checked_before_anything_is_indexed(name, sample):
    entry = SCORES[name]
    y, prediction = sample["y"].copy(), sample[entry.needs]
    y[3] = -1
    with pytest.raises(ValueError, match=r"y is outside the codes 0\.\.3 in 1 row \(3\), first value -1"):
        entry(y, prediction, n_categories=K)
    with pytest.raises(ValueError, match=r"They look like 1\.\.4: subtract 1"):
        entry(np.tile([1, 2, 3, 4], 10), prediction, n_categories=K)
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[39, 40\]"):
        entry(sample["y"][:39], prediction, n_categories=K)
    with pytest.raises(ValueError, match=r"`sample_weight`: 1 row \(2\)"):
        entry(sample["y"], prediction, n_categories=K, sample_weight=np.r_[1, 1, -1, np.ones(37)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p * 1.1, r"does not sum to 1: 40 rows \(first 0, 1, 2, 3, 4\), first sum 1\.1"),
        (
            lambda p: np.where(np.arange(40)[:, None] == 7, np.nan, p),
            "contains NaN or infinity: 1 row \\(7\\)",
        ),
        (lambda p: p - np.eye(40, K) * 2, "negative"),
        (lambda p: p[:, :3] / p[:, :3].sum(axis=1, keepdims=True), "3 columns, expected n_categories = 4"),
        (lambda p: p[0], "must be a table"),
    ],
)
def test_tables_that_are_no_probabilities_are_refused(change, message, sample):
    with pytest.raises(ValueError, match=message):
        scores.rps(sample["y"], change(sample["probs"]), n_categories=K)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0.0, 1.5, 2.0], ValueError, r"not integer: 1 row \(1\), first value 1\.5"),
        ([0.0, np.nan, 2.0], ValueError, r"NaN or infinity: 1 row \(1\)"),
        (["a", "b", "c"], TypeError, "integer codes 0..3"),
        ([[0], [1], [2]], ValueError, "1d array"),
        ([[0, 1], [1, 0], [0, 1]], ValueError, "argmax"),
        ([], ValueError, "0 rows"),
        ([0, 4, 2], ValueError, "Or is n_categories too small"),
    ],
)
def test_labels_that_are_no_codes_are_refused(labels, error, message):
    with pytest.raises(error, match=message):
        scores.accuracy([0, 1, 2], labels, n_categories=K)


def test_codes_may_come_as_whole_floats_or_booleans():
    assert scores.accuracy([0.0, 1.0], [0, 1], n_categories=2) == 1.0
    assert scores.accuracy([False, True], [0, 1], n_categories=2) == 1.0


@pytest.mark.parametrize("n_categories", [1, 0, -3])
def test_one_category_is_no_scale(n_categories):
    with pytest.raises(ValueError, match="at least 2"):
        scores.accuracy([0], [0], n_categories=n_categories)


@pytest.mark.parametrize("n_categories", [2.5, "4", True, None])
def test_the_number_of_categories_is_an_integer(n_categories):
    with pytest.raises(TypeError, match="n_categories must be an integer"):
        scores.accuracy([0], [0], n_categories=n_categories)


def test_values_must_increase():
    with pytest.raises(ValueError, match="must rise"):
        scores.mae([0, 1], [0, 1], n_categories=2, category_values=[2, 1])
    with pytest.raises(ValueError, match=r"category_values.shape == \(3,\), expected \(2,\)"):
        scores.mae([0, 1], [0, 1], n_categories=2, category_values=[1, 2, 3])


@pytest.mark.parametrize(
    ("score", "message"), [([0.0, np.inf], r"1 row \(1\)"), ([[1.0], [2.0]], "1d array")]
)
def test_scores_are_finite_numbers(score, message):
    with pytest.raises(ValueError, match=message):
        scores.spearman([0, 1], score, n_categories=2)
    with pytest.raises(TypeError, match="must be numeric"):
        scores.spearman([0, 1], ["a", "b"], n_categories=2)


def test_all_weights_zero_is_an_error():
    with pytest.raises(ValueError, match="0 in every row"):
        scores.accuracy([0, 1], [0, 1], n_categories=2, sample_weight=[0, 0])


def test_the_registry_answers_by_name():
    assert get_score("RPS".lower()) is SCORES["rps"]
    assert get_score(SCORES["rps"]) is SCORES["rps"]
    with pytest.raises(ValueError, match=r"unknown score 'acuracy'\. Did you mean 'accuracy'\?"):
        get_score("acuracy")
    for name, entry in SCORES.items():
        assert (entry.name, entry.better in ("higher", "lower")) == (name, True)
        assert entry.needs in ("labels", "probs", "score")
        assert entry.summary.endswith((".", ":"))


def test_evaluate_takes_what_is_given(sample):
    y = sample["y"]
    by_need = {
        need: {n for n, e in SCORES.items() if e.needs == need} for need in ("labels", "probs", "score")
    }
    assert set(evaluate(y, labels=sample["labels"], n_categories=K)) == by_need["labels"]
    assert set(evaluate(y, probs=sample["probs"], n_categories=K)) == by_need["probs"] | by_need["score"]
    values = [0.0, 1.0, 5.0, 6.0]
    got = evaluate(y, probs=sample["probs"], n_categories=K, names=["spearman"], category_values=values)
    assert got["spearman"] == pytest.approx(stats.spearmanr(y, sample["probs"] @ values).statistic, abs=1e-12)
    with pytest.raises(ValueError, match="rps needs probs="):
        evaluate(y, labels=sample["labels"], n_categories=K, names=["accuracy", "rps"])
    with pytest.raises(ValueError, match="nothing to evaluate"):
        evaluate(y, n_categories=K)
