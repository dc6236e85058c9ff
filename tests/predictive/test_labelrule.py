"""Frozen rules: the best monotone rounding against every rounding and a search; labels need no company."""

import numpy as np
import pytest
from decision_reference import monotone_labelings, sample_qwk
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from bayesord.predictive.decisions import DECISIONS, LabelRule, kappa_matrix, optimal_labels, pinball
from bayesord.predictive.kappa import qwk

EVERY_DECISION = [
    *DECISIONS,
    pinball(0.8),
    np.arange(16.0).reshape(4, 4) % 5,
    kappa_matrix(np.eye(4)[::-1] * 2),
]


def best_rounding(score, y, t, w):
    """The largest kappa over all monotone labelings of the distinct scores."""
    levels, level = np.unique(score, return_inverse=True)
    candidates = monotone_labelings(levels.size, t.size)[:, level]
    return np.nanmax(sample_qwk(candidates, y, t, w))


def test_oracle_r1():
    score = np.arange(1, 9) / 10
    rule = LabelRule.from_labels(score, [0, 1, 0, 1, 2, 1, 2, 2], n_categories=3)
    np.testing.assert_allclose(rule.bounds, [0.35, 0.45], atol=1e-15)
    assert rule.predict(score).tolist() == [0, 0, 0, 1, 2, 2, 2, 2]
    assert rule.value == pytest.approx(39 / 47, abs=1e-15)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_no_monotone_rounding_is_better(ties, weighted):
    rng = np.random.default_rng([ties, weighted])
    constants = 0
    for _ in range(150):
        K, n = int(rng.integers(2, 5)), int(rng.integers(2, 10))
        y = rng.integers(0, K, n)
        score = rng.normal(size=n) + rng.choice([0.0, 1.0]) * y
        score = np.round(score) if ties else score
        w = rng.integers(1, 4, n).astype(float) if weighted else np.ones(n)
        t = np.cumsum(rng.integers(1, 4, K)).astype(float)
        if np.unique(y).size == 1:
            continue
        rule = LabelRule.from_labels(
            score, y, n_categories=K, category_values=t, sample_weight=w if weighted else None
        )
        expected = best_rounding(score, y, t, w)
        assert rule.value == pytest.approx(expected, abs=1e-12)
        labels = rule.predict(score)
        assert sample_qwk(labels[None, :], y, t, w)[0] == pytest.approx(expected, abs=1e-12)
        assert (np.diff(labels[np.argsort(score)]) >= 0).all()
        constants += expected < 1e-12
    assert 0 < constants < 75  # scores that run against y were met: the best is then a constant


def search(score, y, K, start):
    """Thresholds by Nelder-Mead on the kappa itself, as is commonly done."""

    def lost(thresholds):
        labels = (score[:, None] > np.sort(thresholds)).sum(axis=1)
        return -sample_qwk(labels[None, :], y, np.arange(K), np.ones(y.size))[0]

    return -minimize(lost, start, method="Nelder-Mead", options={"maxiter": 400}).fun


def test_nelder_mead_is_never_better_and_often_worse():
    rng = np.random.default_rng(5)
    shortfalls = []
    for _ in range(6):
        y = rng.choice(5, 150, p=[0.5, 0.25, 0.1, 0.1, 0.05])
        score = y + rng.normal(0, 1.2, 150)
        exact = LabelRule.from_labels(score, y, n_categories=5).value
        starts = [np.arange(4) + 0.5, np.quantile(score, [0.2, 0.4, 0.6, 0.8])]
        found = max(search(score, y, 5, start) for start in starts)
        assert found <= exact + 1e-12
        shortfalls.append(exact - found)
    assert max(shortfalls) > 1e-3


def test_the_value_is_the_kappa_of_the_labels():
    rng = np.random.default_rng(6)
    y = rng.integers(0, 4, 3000)
    score, w = y + rng.normal(0, 2, 3000), rng.random(3000)
    rule = LabelRule.from_labels(score, y, n_categories=4, sample_weight=w)
    assert rule.value == pytest.approx(
        qwk(y, rule.predict(score), n_categories=4, sample_weight=w), abs=1e-12
    )


def test_integer_weights_are_repeated_rows_and_rows_without_weight_teach_nothing():
    rng = np.random.default_rng(7)
    y, w = rng.integers(0, 4, 60), rng.integers(0, 3, 60)
    score = y + rng.normal(0, 2, 60)
    rule = LabelRule.from_labels(score, y, n_categories=4, sample_weight=w)
    repeated = LabelRule.from_labels(np.repeat(score, w), np.repeat(y, w), n_categories=4)
    np.testing.assert_array_equal(rule.bounds, repeated.bounds)
    assert rule.value == pytest.approx(repeated.value, abs=1e-12)


def test_increasing_changes_of_the_score_change_no_label():
    rng = np.random.default_rng(8)
    y = rng.integers(0, 4, 80)
    score = y + rng.normal(0, 1.5, 80)
    labels = LabelRule.from_labels(score, y, n_categories=4).predict(score)
    bent = np.exp(score / 2)
    np.testing.assert_array_equal(LabelRule.from_labels(bent, y, n_categories=4).predict(bent), labels)


def test_labels_never_given_have_infinite_bounds():
    rule = LabelRule.from_labels([0.0, 1.0], [1, 2], n_categories=4)
    assert rule.bounds.tolist() == [-np.inf, 0.5, np.inf]
    assert rule.predict([-1e300, 1e300]).tolist() == [1, 2]
    falling = LabelRule.from_labels([0.0, 1.0], [1, 0], n_categories=2)
    assert (falling.predict([-5.0, 5.0]).tolist(), falling.value) == ([0, 0], 0.0)


@pytest.mark.parametrize(
    "pair", [(1.0, np.nextafter(1.0, 2.0)), (-1.7e308, 1.7e308), (0.0, 5e-324), (-5e-324, 0.0)]
)
def test_scores_next_to_each_other_or_far_apart_are_told_apart(pair):
    rule = LabelRule.from_labels(pair, [0, 1], n_categories=2)
    assert np.isfinite(rule.bounds).all()
    assert rule.predict(pair).tolist() == [0, 1]


def test_constant_and_equal_answers_leave_kappa_undefined():
    with pytest.warns(UserWarning, match="0/0, undefined"):
        rule = LabelRule.from_labels([0.1, 0.2], [1, 1], n_categories=3)
    assert np.isnan(rule.value)
    assert rule.predict([0.1, 7.0]).tolist() == [1, 1]


def test_a_million_scores_take_a_moment():
    rng = np.random.default_rng(9)
    y = rng.integers(0, 5, 1_000_000)
    score = y + rng.normal(0, 1, y.size)
    rule = LabelRule.from_labels(score, y, n_categories=5)
    assert (np.diff(rule.bounds) > 0.5).all()


@pytest.mark.parametrize(
    "decision", EVERY_DECISION, ids=lambda d: getattr(d, "name", d if isinstance(d, str) else "costs")
)
def test_a_frozen_rule_repeats_the_joint_labels_of_its_own_rows(decision):
    rng = np.random.default_rng(10)
    for concentration in (0.3, 1.0, 30.0):
        P, w = rng.dirichlet(np.full(4, concentration), 150), rng.integers(0, 3, 150)
        t = [0.0, 1.0, 1.5, 4.0]
        best = optimal_labels(P, decision, category_values=t, sample_weight=w)
        rule = LabelRule.from_posterior(P, decision, category_values=t, sample_weight=w)
        np.testing.assert_array_equal(rule.predict_from_probs(P), best.labels)
        assert rule.value == best.value


@pytest.mark.parametrize(
    "decision", EVERY_DECISION, ids=lambda d: getattr(d, "name", d if isinstance(d, str) else "costs")
)
def test_a_label_never_depends_on_the_other_rows(decision):
    """Ties included: equal rows get equal labels wherever they stand, one at a time or in any company."""
    rng = np.random.default_rng(11)
    train = rng.multinomial(12, [0.4, 0.3, 0.2, 0.1], 37) / 12
    rule = LabelRule.from_posterior(train, decision)
    new = rng.multinomial(12, [0.1, 0.3, 0.3, 0.3], 203) / 12
    labels = rule.predict(new)
    np.testing.assert_array_equal([rule.predict(row[None, :])[0] for row in new], labels)
    turn = rng.permutation(203)
    np.testing.assert_array_equal(rule.predict(new[turn]), labels[turn])
    np.testing.assert_array_equal(rule.predict(new[50:117]), labels[50:117])
    np.testing.assert_array_equal(rule.predict(np.asfortranarray(new)), labels)


@pytest.mark.parametrize("decision", ["qwk", "kappa", "linear_kappa"])
def test_rows_that_do_not_differ_freeze_into_a_constant(decision):
    rule = LabelRule.from_posterior(np.tile([0.1, 0.7, 0.2], (4, 1)), decision)
    assert rule.predict([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]).tolist() == [1, 1]


def test_a_mean_rule_takes_scores_and_rounds_half_down():
    rule = LabelRule.from_posterior([[0.2, 0.3, 0.5]], "mean")
    assert rule.predict([-3.0, 0.5, 0.51, 1.5, 9.0]).tolist() == [0, 0, 1, 1, 2]


def test_any_classifier_can_be_rounded():
    """Probabilities of a scikit-learn classifier, out of sample, by their mean category."""
    rng = np.random.default_rng(12)
    X = rng.normal(size=(600, 2))
    y = np.digitize(X @ [1.0, -1.0] + rng.logistic(0, 0.6, 600), [-1.0, 0.0, 1.5])
    classifier = LogisticRegression().fit(X[:200], y[:200])
    probs = classifier.predict_proba(X[200:])
    rule = LabelRule.from_labels(probs[:200], y[200:400])
    assert rule.n_categories == 4
    labels = rule.predict(probs[200:])
    np.testing.assert_array_equal(labels, rule.predict(probs[200:] @ np.arange(4)))
    assert qwk(y[400:], labels, n_categories=4) > 0.6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LabelRule.from_labels([0.1, 0.2], [0, 1]), "n_categories is needed"),
        (
            lambda: LabelRule.from_labels([0.1, np.nan], [0, 1], n_categories=2),
            r"score contains NaN .* 1 row \(1\)",
        ),
        (lambda: LabelRule.from_labels([0.1, 0.2], [1, 2], n_categories=2), r"look like 1\.\.2"),
        (lambda: LabelRule.from_labels([0.1, 0.2, 0.3], [0, 1], n_categories=2), r"\[3, 2\]"),
        (lambda: LabelRule.from_labels([[0.1, 0.2]], [0]), "sum to 1"),
        (lambda: LabelRule.from_labels([[0.5, 0.5]], [0], n_categories=3), "expected n_categories = 3"),
        (
            lambda: LabelRule.from_posterior([[0.5, 0.5]], "mode").predict([0.3]),
            "needs category probabilities",
        ),
        (
            lambda: LabelRule.from_posterior([[0.5, 0.5]]).predict([np.inf]),
            "prediction contains NaN or infinity",
        ),
        (lambda: LabelRule.from_posterior([[0.5, 0.5]]).predict([[0.2, 0.3, 0.5]]), "3 columns"),
        (lambda: LabelRule.from_posterior([[0.5, 0.5]], "modus"), "unknown decision 'modus'"),
    ],
)
def test_bad_input_says_what_and_where(call, message):
    with pytest.raises(ValueError, match=message):
        call()
