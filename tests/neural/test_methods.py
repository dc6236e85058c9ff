"""The registry: from outputs to probabilities, scores and labels; targets; heads that start at the base rates."""

from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from network_backends import to_numpy
from network_formulas import SOFT, normal_between
from scipy.stats import laplace
from sklearn.metrics import cohen_kappa_score

from bayesord.neural import METHODS, get_method
from bayesord.neural.encodings import ENCODINGS
from bayesord.neural.heads import HEADS
from bayesord.neural.outputs import KINDS, in_falling_order
from bayesord.neural.rounding import nelder_mead_rule
from bayesord.neural.soft_targets import SHAPES, soft_target_table
from bayesord.predictive.labelrule import LabelRule
from bayesord.predictive.scores import qwk

K = 5
COUNTS = np.array([20, 30, 25, 15, 10])


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


@pytest.fixture(scope="module", params=KINDS)
def by_kind(request):
    """One method for each kind of output."""
    return next(method for method in METHODS.values() if method.kind == request.param)


def outputs_of(method, n=40, scale=2.0, seed=7):
    outputs = np.random.default_rng(seed).normal(size=(n, method.n_outputs(K))) * scale
    return -np.sort(-outputs, axis=1) if method.kind == "margins" else outputs


def test_entries_are_complete(method):
    assert METHODS[method.name] is method
    assert method.head_name in HEADS
    assert method.encoding in ENCODINGS
    assert 1 <= method.group <= 13
    assert method.source
    assert method.summary
    assert method.proper or not method.likelihood
    assert (method.minimum_batch > 1) == (method.group == 4)
    loss = method.make_loss(K)
    assert (loss.n_categories, loss.name) == (K, method.name)
    for setting, value in method.settings.items():
        assert getattr(loss, setting) == value


def test_the_issue_is_covered():
    groups = {method.group for method in METHODS.values()}
    assert groups == set(range(1, 14))


def test_heads_have_the_width_of_their_kind_and_start_at_the_base_rates(method):
    features = np.zeros((2, 3), dtype=np.float32)
    made = method.make_head(np.int64(K), frequencies=COUNTS)  # as bincounts and maxima give it
    assert made[-1].name == "head"
    outputs = features
    for layer in made:
        outputs = layer(outputs)
    outputs = to_numpy(outputs)
    assert outputs.shape == (2, method.n_outputs(K))
    shares = COUNTS / COUNTS.sum()
    if method.has_probabilities and method.head_name not in ("binomial", "poisson"):
        np.testing.assert_allclose(method.to_proba(outputs, n_categories=K)[0], shares, atol=1e-6)
    if method.kind == "score":
        np.testing.assert_allclose(outputs, shares @ np.arange(K), rtol=1e-6)
    if method.head_name == "binomial":
        score = method.to_score(outputs, n_categories=K)
        np.testing.assert_allclose(score, shares @ np.arange(K), rtol=1e-6)


def test_targets_have_the_shape_of_what_they_are_compared_with(method):
    y = np.array([0, 2, 4])
    targets = method.encode(y, n_categories=K)
    widths = {"code": (), "number": (), "one_hot": (K,), "soft": (K,), "leading_bits": (K,)}
    assert targets.shape == (3, *widths.get(method.encoding, (K - 1,)))


def test_encodings_by_hand():
    y = [0, 2]
    expected = {
        "code": [0, 2],
        "number": [0.0, 2.0],
        "one_hot": [[1, 0, 0], [0, 0, 1]],
        "at_most": [[1, 1], [0, 0]],
        "bits": [[0, 0], [1, 1]],
        "leading_bits": [[1, 0, 0], [1, 1, 1]],
        "conditional_bits": [[0, np.nan], [1, 1]],
        "sides": [[-1, -1], [1, 1]],
        "soft": [[0.9, 0.1, 0], [0, 0.1, 0.9]],
    }
    assert expected.keys() == ENCODINGS.keys()
    for name, targets in expected.items():
        parameters = {"targets": "triangular", "alpha": 1 / 11} if name == "soft" else {}
        got = ENCODINGS[name].function(np.array(y), 3, **parameters)
        np.testing.assert_allclose(got, targets)


# -- probabilities, scores, labels


def test_probabilities_are_probabilities(by_kind):
    for scale in (1, 30, 3000):
        outputs = outputs_of(by_kind, scale=scale)
        table = by_kind.to_proba(outputs, n_categories=K, spread=0.7)
        assert (table >= 0).all()
        np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-12)


def test_probabilities_by_definition(by_kind):
    """In 60 digits, from the meaning of the outputs."""
    outputs, spread = outputs_of(by_kind, n=6), 0.6
    table = by_kind.to_proba(outputs, n_categories=K, spread=spread)
    with mp.workdps(60):
        for row, got in zip(outputs, table, strict=True):
            z = [mp.mpf(v) for v in row]
            if by_kind.kind == "categories":
                total = mp.fsum(mp.exp(v) for v in z)
                expected = [mp.exp(v) / total for v in z]
            elif by_kind.kind == "score":
                edges = [-mp.inf, *(k + mp.mpf("0.5") for k in range(K - 1)), mp.inf]
                scaled = [(edge - z[0]) / mp.mpf(spread) for edge in edges]
                expected = [normal_between(a, b) for a, b in pairwise(scaled)]
            else:
                slope = mp.mpf(spread) if by_kind.kind == "margins" else 1
                answers = [1 / (1 + mp.exp(-slope * v)) for v in z]
                if by_kind.kind == "conditional":
                    above = [mp.fprod(answers[: k + 1]) for k in range(K - 1)]
                else:
                    kept = answers[1:] if by_kind.kind == "leading" else answers
                    above = pooled(kept)
                    rises = mp.fsum(max(b - a, 0) for a, b in pairwise(kept))
                above = [mp.mpf(1), *above, mp.mpf(0)]
                expected = [a - b for a, b in pairwise(above)]
                if by_kind.kind in ("cumulative", "leading"):
                    expected = [(p + rises / K) / (1 + rises) for p in expected]
            np.testing.assert_allclose(got, [float(p) for p in expected], rtol=1e-12, atol=1e-300)


def pooled(values):
    """Pool adjacent violators, from left to right: neighbours that rise become their mean, again and again."""
    blocks = []
    for value in values:
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            (b, m), (a, n) = blocks.pop(), blocks.pop()
            blocks.append(((a * n + b * m) / (n + m), n + m))
    return [mean for mean, size in blocks for _ in range(size)]


@pytest.mark.parametrize("kind", ["cumulative", "leading"])
def test_answers_that_cross_leave_no_category_without_probability(kind, rng):
    """Nor do equal ones; and to bring them in order costs no row anything, whatever its answer."""
    method = next(m for m in METHODS.values() if m.kind == kind)
    outputs = np.concatenate(
        [rng.normal(size=(200, 4)), [[3, 3, 3, 3], [90, 90, -90, -90], [-200, 0, 0, 200]]]
    )
    wide = np.column_stack([np.full(len(outputs), 9.0), outputs]) if kind == "leading" else outputs
    table = method.to_proba(wide, n_categories=K)
    crossing = (np.diff(outputs, axis=1) >= 0).any(axis=1)
    assert crossing.sum() > 150
    assert (table[crossing] > 1e-8).all()
    answers = 1 / (1 + np.exp(-outputs))
    in_order = in_falling_order(answers, np)
    np.testing.assert_allclose(in_order.sum(axis=1), answers.sum(axis=1), rtol=1e-12)
    for y in range(K):
        event = y > np.arange(K - 1)
        costs = [((p - event) ** 2).sum(axis=1) for p in (in_order, answers)]
        assert (costs[0] <= costs[1] + 1e-12).all()


def test_laplace_residual():
    got = METHODS["lad"].to_proba([[1.2], [9.0]], n_categories=K, spread=0.8)
    edges = np.concatenate([[-np.inf], np.arange(K - 1) + 0.5, [np.inf]])
    for score, row in zip((1.2, 9.0), got, strict=True):
        np.testing.assert_allclose(row, np.diff(laplace(score, 0.8).cdf(edges)), rtol=1e-12)


def test_scores(by_kind):
    outputs = outputs_of(by_kind)
    score = by_kind.to_score(outputs, n_categories=K)
    if by_kind.kind == "score":
        np.testing.assert_allclose(score, outputs[:, 0], rtol=1e-12)
    else:
        np.testing.assert_allclose(score, by_kind.to_proba(outputs, n_categories=K) @ np.arange(K))
    values = [0.0, 1.0, 10.0, 11.0, 30.0]
    moved = by_kind.to_score(outputs, n_categories=K, category_values=values)
    if by_kind.kind == "score":
        inside = (score > 0) & (score < K - 1)
        np.testing.assert_allclose(moved[inside], np.interp(score[inside], np.arange(K), values))
    else:
        np.testing.assert_allclose(moved, by_kind.to_proba(outputs, n_categories=K) @ values)


def test_native_labels_by_definition(by_kind):
    outputs = outputs_of(by_kind)
    labels = by_kind.to_label(outputs, n_categories=K)
    if by_kind.kind == "categories":
        expected = outputs.argmax(axis=1)
    elif by_kind.kind == "score":
        expected = np.clip(np.round(outputs[:, 0]), 0, K - 1)
    else:
        answers = 1 / (1 + np.exp(-outputs))
        if by_kind.kind == "conditional":
            answers = answers.cumprod(axis=1)
        if by_kind.kind == "leading":
            answers = answers[:, 1:]
        expected = (answers > 0.5).sum(axis=1)
    np.testing.assert_array_equal(labels, expected)


def test_rules_are_learned_on_some_rows_and_label_others(by_kind):
    outputs = outputs_of(by_kind, n=120)
    rng = np.random.default_rng(2)
    quality = by_kind.to_score(outputs, n_categories=K)
    order = quality + rng.normal(size=120) * quality.std() / 2
    y = np.searchsorted(np.quantile(order, [0.2, 0.5, 0.7, 0.9]), order)
    known, new = slice(0, 80), slice(80, None)
    spread = by_kind.fit_spread(outputs[known], y[known], n_categories=K)
    assert (spread is None) == by_kind.has_probabilities
    reached = {}
    for decision in ("mode", "median", "mean", "qwk", "nelder_mead"):
        rule = by_kind.label_rule(outputs[known], y[known], decision, n_categories=K, spread=spread)
        together = by_kind.to_label(outputs[new], rule=rule, n_categories=K, spread=spread)
        alone = [
            by_kind.to_label(row[None], rule=rule, n_categories=K, spread=spread)[0] for row in outputs[new]
        ]
        np.testing.assert_array_equal(together, alone)
        reached[decision] = cohen_kappa_score(y[new], together, labels=range(K), weights="quadratic")
        if decision in ("mode", "median", "mean"):  # these ask no other rows
            np.testing.assert_array_equal(
                together, by_kind.to_label(outputs[new], decision, n_categories=K, spread=spread)
            )
    assert reached["qwk"] > 0.5


def test_decisions_use_the_category_values(by_kind):
    """By hand, from probabilities and score on the scale of the values."""
    values = np.array([0.0, 1.0, 2.0, 10.0, 40.0])
    outputs = outputs_of(by_kind, n=90)
    y = np.searchsorted(np.quantile(outputs.sum(axis=1), [0.2, 0.5, 0.7, 0.9]), outputs.sum(axis=1))
    how = {"n_categories": K, "category_values": values}
    score = by_kind.to_score(outputs, **how)
    table = by_kind.to_proba(outputs, n_categories=K)
    expected = {"mean": np.abs(table @ values - values[:, None]).argmin(axis=0)}
    if by_kind.has_probabilities:
        expected["qwk"] = LabelRule.from_posterior(table, "qwk", category_values=values).predict(table)
    else:
        expected["qwk"] = LabelRule.from_labels(score, y, **how).predict(score)
    expected["nelder_mead"] = nelder_mead_rule(score, y, **how).predict(score)
    for decision, labels in expected.items():
        rule = by_kind.label_rule(outputs, y, decision, **how)
        np.testing.assert_array_equal(rule.category_values, values)
        np.testing.assert_array_equal(by_kind.to_label(outputs, rule=rule, n_categories=K), labels)
    np.testing.assert_array_equal(by_kind.to_label(outputs, "mean", **how), expected["mean"])


@pytest.mark.parametrize("values", [None, [0.0, 1.0, 2.0, 3.0, 30.0]])
def test_the_exact_rounding_is_never_worse_than_the_search(values, rng):
    score = rng.normal(size=200) * 1.5 + 2
    y = np.clip(np.round(score + rng.normal(size=200)), 0, K - 1).astype(int)
    how = {"n_categories": K, "category_values": values}
    searched = nelder_mead_rule(score, y, **how)
    labels = searched.predict(score)
    assert searched.value == pytest.approx(qwk(y, labels, **how))
    assert LabelRule.from_labels(score, y, **how).value >= searched.value


def test_the_slope_of_margins_is_the_most_likely_one(rng):
    method = METHODS["all_threshold_hinge"]
    f, thetas = rng.normal(size=400) * 3, np.array([-3.0, -1.0, 1.0, 3.0])
    y = np.searchsorted(thetas, f + rng.logistic(size=400) / 0.8)
    outputs = f[:, None] - thetas
    spread = method.fit_spread(outputs, y, n_categories=K)
    assert spread == pytest.approx(0.8, rel=0.15)

    def log_likelihood(slope):
        table = method.to_proba(outputs, n_categories=K, spread=slope)
        return np.log(table[np.arange(400), y]).sum()

    assert log_likelihood(spread) > max(log_likelihood(spread * 1.03), log_likelihood(spread / 1.03))


# -- soft targets


@pytest.mark.parametrize("n_categories", [2, 3, 5, 10, 14])
@pytest.mark.parametrize("targets", SHAPES)
def test_soft_targets_are_those_of_the_papers_with_their_peak_at_the_label(targets, n_categories):
    table = soft_target_table(targets, n_categories)
    with mp.workdps(30):
        expected = [[float(t) for t in SOFT[targets](y, n_categories)] for y in range(n_categories)]
    np.testing.assert_allclose(table, expected, rtol=1e-10, atol=1e-14)
    assert (table.argmax(axis=1) == np.arange(n_categories)).all()
    steps = np.diff(table, axis=1) * np.where(
        np.arange(n_categories - 1) < np.arange(n_categories)[:, None], 1, -1
    )
    assert (steps > -1e-12).all()  # rising to the label, falling from it


# -- refusals


def test_unknown_names_get_a_suggestion():
    with pytest.raises(ValueError, match="Did you mean 'cumulative_probit'"):
        get_method("cumulative_probitt")
    with pytest.raises(ValueError, match="'lnik' is unknown. Did you mean 'link'"):
        METHODS["cumulative_logit"].make_head(4, lnik="probit")
    with pytest.raises(ValueError, match="Did you mean 'poisson'"):
        soft_target_table("poison", 4)
    with pytest.raises(ValueError, match="'alhpa' is unknown. Did you mean 'alpha'"):
        soft_target_table("sord", 4, alhpa=2)


def test_outputs_of_another_head_are_refused(by_kind):
    wide = np.zeros((3, by_kind.n_outputs(K) + 1))
    with pytest.raises(ValueError, match="another number of categories"):
        by_kind.to_proba(wide, n_categories=K)
    broken = outputs_of(by_kind)
    broken[3] = np.nan
    with pytest.raises(ValueError, match=r"1 row \(3\). Did training diverge"):
        by_kind.to_label(broken, n_categories=K)
    with pytest.raises(ValueError, match="0 rows"):
        by_kind.to_score(broken[:0], n_categories=K)
