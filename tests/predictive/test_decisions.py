"""Optimal labels: exact oracles, every labeling tried, guards, ties, weights, invariances."""

from fractions import Fraction

import numpy as np
import pytest
from decision_reference import best_kappa, disagreements, lowest_labels, random_counts

from bayesord.predictive.decisions import (
    DECISIONS,
    LabelRule,
    cost_matrix,
    get_decision,
    kappa_matrix,
    optimal_labels,
    pinball,
)

# 10 P of oracle O1
O1 = np.array([[6, 3, 1], [4, 4, 2], [3, 4, 3], [2, 4, 4], [5, 4, 1]])
CE1 = np.array([[6, 0, 2], [5, 3, 0]])  # 8 P
LK = np.array([[0, 5, 0, 1], [0, 3, 0, 3], [0, 1, 3, 2]])  # 6 P


def squared(K, t=None):
    t = np.arange(K) if t is None else np.asarray(t)
    return (t[:, None] - t) ** 2


def plugin(labels, counts, W=None, weights=None):
    """The plug-in kappa of labels, as a Fraction."""
    W = squared(counts.shape[1]) if W is None else W
    weights = np.ones(len(counts), dtype=np.int64) if weights is None else weights
    top, bottom = disagreements(np.array([labels]), counts, W, weights)
    return 1 - Fraction(int(top[0]), int(bottom[0]))


def close(value, fraction):
    return value == pytest.approx(float(fraction), abs=1e-14)


def test_oracle_o1():
    best = optimal_labels(O1 / 10)
    assert best.labels.tolist() == [0, 1, 1, 2, 0]
    assert close(best.value, Fraction(92, 287))
    assert close(best.lambda_, Fraction(92, 287))
    mean = 0.9  # of the mean scores .5 .8 1 1.2 .6 it is .82
    m = O1 @ [0, 1, 2] / 10
    mean = m.mean()
    np.testing.assert_allclose(
        best.decision_bounds, mean + 92 / 287 * (np.array([0.5, 1.5]) - mean), atol=1e-11
    )
    assert (
        best.value
        <= best.upper_bound
        == pytest.approx(m.std() / np.sqrt((O1 @ [0, 1, 4] / 10).mean() - mean**2))
    )
    assert plugin([0, 1, 2, 2, 0], O1) == Fraction(22, 71)
    mode, rounded = optimal_labels(O1 / 10, "mode"), optimal_labels(O1 / 10, "mean")
    assert rounded.labels.tolist() == [0, 1, 1, 1, 1]
    assert plugin(rounded.labels, O1) == Fraction(32, 187)
    assert mode.labels.tolist() == [0, 0, 1, 1, 0]
    assert plugin(mode.labels, O1) == Fraction(56, 251)


def test_oracle_ce1_is_what_the_default_does_not_reach():
    """The exact optimum (0, 1) is worth 7/48; the plug-in rule picks (1, 0), worth -7/48."""
    best = optimal_labels(CE1 / 8)
    assert best.labels.tolist() == [1, 0]
    assert close(best.value, Fraction(1, 12))


@pytest.mark.parametrize("r", [1, 2, 5])
def test_oracle_ce2_is_what_the_default_does_not_reach(r):
    """Two worlds, y = 003 and y = 220: the optimum 221 is worth 5/44; plug-in and monotone reach 1/18."""
    worlds = np.eye(4)[np.tile([[0, 0, 3], [2, 2, 0]], (1, r))]
    best = optimal_labels(worlds)
    assert best.labels.tolist() == [0, 0, 3] * r
    assert close(optimal_labels(worlds.mean(axis=0)).value, best.value)


def test_oracle_lk():
    best = optimal_labels(LK / 6, "linear_kappa")
    assert best.labels.tolist() == [1, 3, 2]
    assert close(best.value, Fraction(6, 17))
    linear = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    assert plugin([1, 1, 2], LK, linear) == Fraction(4, 15)  # what the first crossing gives


def test_oracle_p2_and_p3_mixes_use_the_mean_probabilities():
    first = np.array([[6, 4, 2], [3, 6, 3], [2, 4, 6]]) / 12
    second = np.array([[8, 2, 2], [3, 6, 3], [2, 2, 8]]) / 12
    best = optimal_labels(np.stack([first, second]))
    assert best.labels.tolist() == [0, 1, 2]
    assert close(best.value, Fraction(5, 12))


def random_weight_matrix(rng, K):
    matrix = rng.integers(0, 4, (K, K))
    np.fill_diagonal(matrix, 0)
    return matrix


KINDS = {
    "qwk": (lambda rng, K: squared(K), lambda W: "qwk"),
    "qwk as a matrix": (lambda rng, K: squared(K), kappa_matrix),
    "linear_kappa": (lambda rng, K: np.abs(np.subtract.outer(range(K), range(K))), lambda W: "linear_kappa"),
    "kappa": (lambda rng, K: 1 - np.eye(K, dtype=np.int64), lambda W: "kappa"),
    "any weights": (random_weight_matrix, kappa_matrix),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_no_labeling_is_better(kind, weighted):
    """Against all K^n labelings, exactly, with ties, equal rows, certain rows and zero weights."""
    rng = np.random.default_rng([sum(map(ord, kind)), weighted])
    matrix, decision = KINDS[kind]
    constants = 0
    for trial in range(80):
        K, n = int(rng.integers(2, 5)), int(rng.integers(1, 7 if trial % 10 else 9))
        total = int(rng.choice([1, 2, 4, 10, 12]))
        counts, W = random_counts(rng, n, K, total), matrix(rng, K)
        weights = np.ones(n, dtype=np.int64)
        if weighted:
            weights[rng.permutation(n)[1:]] = rng.integers(0, 4, n - 1)
        if not W.any():
            continue
        expected, tied = best_kappa(counts, W, weights)
        given = {"sample_weight": weights} if weighted else {}
        if expected is None or (not (weights @ (counts @ W)).all() and expected == 0):
            with pytest.warns(UserWarning, match="0/0"):
                best = optimal_labels(counts / total, decision(W), **given)
            assert np.isnan(best.value)
            continue
        best = optimal_labels(counts / total, decision(W), **given)
        assert best.value == pytest.approx(float(expected), abs=1e-12)
        assert best.value <= best.upper_bound + 1e-12
        scored = best.labels[weights > 0]
        assert (scored == tied[:, weights > 0]).all(axis=1).any() or expected == 0
        np.testing.assert_array_equal(best.labels, lowest_labels(counts, W, expected, weights))
        constants += expected == 0
    assert 0 < constants < 60  # the guard was met, and not only the guard


def test_tables_of_all_sorts_reach_the_best_of_all_labelings():
    """Smooth random tables, no ties, up to eight rows."""
    rng = np.random.default_rng(3)
    for _ in range(60):
        K, n = int(rng.integers(2, 5)), int(rng.integers(2, 9))
        counts = rng.multinomial(10**6, rng.dirichlet(np.full(K, 0.5)), n)
        counts = np.array([rng.multinomial(10**6, rng.dirichlet(np.full(K, 0.8))) for _ in range(n)])
        expected, _ = best_kappa(counts, squared(K))
        assert optimal_labels(counts / 10**6).value == pytest.approx(float(expected), abs=1e-12)


def test_restart_when_the_upper_bound_stretches_too_little():
    """Answers vary so little about a category that √(Var m/Var Y) gives constant labels: not the best."""
    counts = np.array([[2, 96, 2], [1, 96, 3], [2, 96, 2], [3, 96, 1]])
    m, q = counts @ [0, 1, 2] / 100, counts @ [0, 1, 4] / 100
    stretched = m.mean() + (m - m.mean()) * np.sqrt((q.mean() - m.mean() ** 2) / m.var())
    assert np.unique(np.rint(stretched)).size == 1
    best = optimal_labels(counts / 100)
    expected, _ = best_kappa(counts, squared(3))
    assert best.value == pytest.approx(float(expected), abs=1e-13)
    assert best.value > 0


@pytest.mark.parametrize("decision", ["qwk", "kappa", "linear_kappa", "mode", "median", "mean"])
def test_a_row_half_way_takes_the_lower_label(decision):
    """Exactly between two labels, whatever λ is: its mean score is the grand mean and the middle of two."""
    assert optimal_labels([[1, 0], [0.5, 0.5], [0, 1]], decision).labels.tolist() == [0, 0, 1]
    wide = [[0.8, 0.2, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0.2, 0.8], [0, 0.5, 0.5, 0]]
    assert optimal_labels(wide, decision).labels[[1, 3]].tolist() == [1, 1]
    assert LabelRule.from_posterior(wide, decision).predict(wide)[[1, 3]].tolist() == [1, 1]


@pytest.mark.parametrize("decision", ["qwk", "kappa", "linear_kappa"])
def test_rows_that_do_not_differ_get_the_nearest_constant_and_value_zero(decision):
    best = optimal_labels(np.tile([0.1, 0.7, 0.2], (5, 1)), decision)
    assert best.labels.tolist() == [1] * 5
    assert (best.value, best.lambda_, best.upper_bound) == (0.0, 0.0, 0.0)


def test_equal_mean_scores_get_the_nearest_constant_and_the_lower_of_two():
    assert optimal_labels([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]]).labels.tolist() == [1, 1]
    assert optimal_labels([[0.5, 0.5], [0.5, 0.5]]).labels.tolist() == [0, 0]


@pytest.mark.parametrize("decision", ["qwk", "kappa", "linear_kappa"])
def test_a_certain_category_has_no_kappa(decision):
    with pytest.warns(UserWarning, match="certain to be the same category"):
        best = optimal_labels([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]], decision)
    assert best.labels.tolist() == [2, 2]
    assert np.isnan(best.value)


@pytest.mark.parametrize("decision", ["qwk", "kappa", "linear_kappa"])
def test_certain_answers_are_their_own_labels(decision):
    y = np.array([0, 3, 3, 1, 0])
    best = optimal_labels(np.eye(4)[y], decision)
    np.testing.assert_array_equal(best.labels, y)
    assert best.value == pytest.approx(1.0, abs=1e-15)


def loop_choice(P, loss):
    """The first label of least expected loss, in every row."""
    K = P.shape[1]
    return [min(range(K), key=lambda k: sum(P[i, j] * loss(j, k) for j in range(K))) for i in range(len(P))]


def test_costs_equal_the_loops():
    rng = np.random.default_rng(8)
    P = rng.dirichlet(np.ones(5), 60)
    t = np.array([-2.0, 0.0, 1.0, 5.0, 5.5])
    C = rng.normal(size=(5, 5))
    losses = {
        "mode": lambda j, k: j != k,
        "median": lambda j, k: abs(t[j] - t[k]),
        "mean": lambda j, k: (t[j] - t[k]) ** 2,
        pinball(0.9): lambda j, k: 0.9 * max(t[j] - t[k], 0) + 0.1 * max(t[k] - t[j], 0),
        cost_matrix(C): lambda j, k: C[j, k],
    }
    for decision, loss in losses.items():
        best = optimal_labels(P, decision, category_values=t)
        assert best.labels.tolist() == loop_choice(P, loss)
        reached = np.mean([sum(P[i, j] * loss(j, best.labels[i]) for j in range(5)) for i in range(60)])
        assert best.value == pytest.approx(reached, abs=1e-12)
        assert np.isnan(best.lambda_)
        assert np.isnan(best.upper_bound)
    np.testing.assert_array_equal(optimal_labels(P, C).labels, optimal_labels(P, cost_matrix(C)).labels)


@pytest.mark.parametrize("total", [2, 4, 10, 12])
def test_ties_of_costs_go_to_the_lower_category(total):
    """Integer probabilities, exact comparison: mode, lower median, lower quantile, mean half-way."""
    rng = np.random.default_rng(total)
    counts = np.array([rng.multinomial(total, rng.dirichlet(np.ones(4))) for _ in range(300)])
    P, below = counts / total, np.cumsum(counts, axis=1)
    np.testing.assert_array_equal(optimal_labels(P, "mode").labels, counts.argmax(axis=1))
    np.testing.assert_array_equal(optimal_labels(P, "median").labels, (2 * below >= total).argmax(axis=1))
    np.testing.assert_array_equal(
        optimal_labels(P, pinball(0.25)).labels, (4 * below >= total).argmax(axis=1)
    )
    np.testing.assert_array_equal(
        optimal_labels(P, pinball(0.7)).labels, (10 * below >= 7 * total).argmax(axis=1)
    )
    half_down = -((total - 2 * (counts @ np.arange(4))) // (2 * total))
    np.testing.assert_array_equal(optimal_labels(P, "mean").labels, half_down)


@pytest.mark.parametrize("name", DECISIONS)
def test_integer_weights_are_repeated_rows(name):
    rng = np.random.default_rng(21)
    P, weights = rng.dirichlet(np.full(4, 0.8), 30), rng.integers(0, 4, 30)
    best = optimal_labels(P, name, sample_weight=weights)
    repeated = optimal_labels(np.repeat(P, weights, axis=0), name)
    np.testing.assert_array_equal(np.repeat(best.labels, weights), repeated.labels)
    assert best.value == pytest.approx(repeated.value, abs=1e-12)
    if best.decision_bounds is not None:
        np.testing.assert_allclose(best.decision_bounds, repeated.decision_bounds, atol=1e-12)


@pytest.mark.parametrize("name", [*DECISIONS, "pinball"])
def test_affine_changes_of_the_values_change_nothing(name):
    decision = pinball(0.3) if name == "pinball" else name
    rng = np.random.default_rng(22)
    P, t = rng.dirichlet(np.full(4, 0.8), 40), np.array([0.0, 1.0, 1.5, 4.0])
    best = optimal_labels(P, decision, category_values=t)
    for origin, unit in ((0.0, 10.0), (-3.0, 0.001), (2000.0, 1.0)):
        moved = optimal_labels(P, decision, category_values=origin + unit * t)
        np.testing.assert_array_equal(moved.labels, best.labels)
        if get_decision(decision).corrected:
            assert moved.value == pytest.approx(best.value, abs=1e-9)
        if best.decision_bounds is not None:
            np.testing.assert_allclose(moved.decision_bounds, origin + unit * best.decision_bounds, atol=1e-8)


def test_category_values_matter():
    t = [0.0, 1.0, 10.0]
    counts = O1
    expected, tied = best_kappa(counts, squared(3, np.array([0, 1, 10])))
    best = optimal_labels(counts / 10, category_values=t)
    assert best.value == pytest.approx(float(expected), abs=1e-13)
    assert best.labels.tolist() in tied.tolist()
    assert best.labels.tolist() != optimal_labels(counts / 10).labels.tolist()


@pytest.mark.parametrize("name", ["qwk", "kappa", "linear_kappa"])
def test_reversing_the_categories_reverses_the_labels(name):
    P = np.random.default_rng(23).dirichlet(np.ones(4), 50)
    forward, backward = optimal_labels(P, name), optimal_labels(P[:, ::-1], name)
    np.testing.assert_array_equal(forward.labels, 3 - backward.labels)
    assert forward.value == pytest.approx(backward.value, abs=1e-12)


@pytest.mark.parametrize("name", DECISIONS)
def test_the_order_of_rows_does_not_matter_and_input_is_left_alone(name):
    rng = np.random.default_rng(24)
    P, turn = rng.dirichlet(np.ones(4), 50), rng.permutation(50)
    before = P.copy()
    np.testing.assert_array_equal(optimal_labels(P[turn], name).labels, optimal_labels(P, name).labels[turn])
    np.testing.assert_array_equal(P, before)


def test_labels_at_the_bounds_are_the_labels():
    """The bounds on the mean score reproduce the labels: the rule is what it says."""
    rng = np.random.default_rng(25)
    for _ in range(20):
        P = rng.dirichlet(np.full(5, 0.6), 200)
        for name in ("qwk", "mean"):
            best = optimal_labels(P, name)
            np.testing.assert_array_equal(
                (P @ np.arange(5)[:, None] > best.decision_bounds).sum(axis=1), best.labels
            )


def test_names_synonyms_and_near_misses():
    for name, synonym in (("mode", "accuracy"), ("median", "absolute"), ("mean", "squared")):
        assert get_decision(synonym) is get_decision(name) is DECISIONS[name]
    with pytest.raises(ValueError, match=r"unknown decision 'mdian'\. Did you mean 'median'\?"):
        optimal_labels(O1 / 10, "mdian")
    with pytest.raises(TypeError, match="must be a name, a cost matrix"):
        optimal_labels(O1 / 10, 3)
    for name, entry in DECISIONS.items():
        assert (entry.name, bool(entry.summary)) == (name, True)
        assert entry.matrix(np.arange(3.0)).shape == (3, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cost_matrix([[0, 1, 2], [1, 0, 1]]), "must be square"),
        (lambda: cost_matrix([[0, np.nan], [1, 0]]), r"finite; entry \[0, 1\]"),
        (lambda: optimal_labels(O1 / 10, [[0, 1], [1, 0]]), r"shape \(2, 2\), expected \(3, 3\)"),
        (lambda: kappa_matrix([[0, -1], [1, 0]]), "not negative"),
        (lambda: kappa_matrix([[1, 0], [0, 1]]), "0 on the diagonal"),
        (lambda: pinball(1.0), "below 1"),
        (lambda: pinball(0), "above 0"),
        (lambda: optimal_labels(O1 / 9), "sum to 1"),
        (lambda: optimal_labels([[0.5, np.nan]]), "NaN"),
        (lambda: optimal_labels(O1 / 10, sample_weight=[1, 1, -1, 1, 1]), r"1 row \(2\)"),
        (lambda: optimal_labels(O1 / 10, sample_weight=[1, 1]), r"expected \(5,\)"),
        (lambda: optimal_labels(O1 / 10, weights="frequancy"), "Did you mean 'frequency'"),
        (lambda: optimal_labels(O1 / 10, objective="plug-in"), "Did you mean 'plugin'"),
        (lambda: optimal_labels(O1 / 10, category_values=[0, 1]), r"expected \(3,\)"),
        (lambda: optimal_labels(O1 / 10, "kappa", objective="expected"), "made for decision 'qwk'"),
    ],
)
def test_bad_input_says_what_and_where(call, message):
    with pytest.raises(ValueError, match=message):
        call()
