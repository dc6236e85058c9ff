"""objective="expected": every labeling and answer tried, never worse than plug-in, weights, many rows."""

from fractions import Fraction

import numpy as np
import pytest
from decision_reference import expected_of_all, labelings

from bayesord.predictive.agreement import expected_value
from bayesord.predictive.decisions import optimal_labels
from bayesord.predictive.expected_optimum import _Expansion, _moves, _Task
from bayesord.predictive.probabilities import LinearDraws, TableDraws, as_draws


def code_of(labels, K):
    return int(np.ravel_multi_index(tuple(labels), (K,) * len(labels)))


def problems(seed, count, weighted=False):
    """(tables (S, n, K), category values, weights) with few rows."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n, K, S = (int(rng.integers(2, high)) for high in (5, 4, 4))
        t = np.cumsum(rng.integers(1, 3, K)).astype(float)
        yield (
            rng.dirichlet(np.full(K, rng.choice([0.3, 1.0])), (S, n)),
            t,
            rng.integers(1, 4, n).astype(float) if weighted else None,
        )


@pytest.mark.parametrize("kind", ["none", "importance"])
def test_every_labeling_and_every_answer(kind):
    """Exact values, never below the plug-in labels, no better neighbour, nearly always the global best."""
    reached, improved, count = 0, 0, 80
    for tables, t, w in problems(1, count, kind == "importance"):
        n, K = tables.shape[1:]
        given = {"sample_weight": w, "weights": "importance"} if w is not None else {}
        values = expected_of_all(tables, t, w)
        start = values[code_of(optimal_labels(tables, category_values=t, **given).labels, K)]
        best = optimal_labels(tables, category_values=t, objective="expected", **given)
        own = values[code_of(best.labels, K)]
        assert best.value == pytest.approx(own, abs=1e-9)
        assert best.value >= start - 1e-12
        neighbours = labelings(n, K)[(labelings(n, K) != best.labels).sum(axis=1) == 1]
        assert max(values[code_of(labels, K)] for labels in neighbours) <= own + 1e-9
        reached += own > values.max() - 1e-9
        improved += own > start + 1e-9
    assert reached >= 0.95 * count
    assert improved > count / 10


def test_oracle_ce1_is_reached():
    best = optimal_labels(np.array([[6, 0, 2], [5, 3, 0]]) / 8, objective="expected")
    assert best.labels.tolist() == [0, 1]
    assert best.value == pytest.approx(7 / 48, abs=1e-12)
    assert best.decision_bounds is None


def test_oracle_ce2_is_not():
    """Single moves do not lead from 003, worth 1/18, to 221, worth 5/44: documented."""
    worlds = np.eye(4)[[[0, 0, 3], [2, 2, 0]]]
    values = expected_of_all(worlds, np.arange(4.0))
    assert values.max() == pytest.approx(values[code_of([2, 2, 1], 4)], abs=1e-14)
    assert values.max() == pytest.approx(5 / 44, abs=1e-14)
    best = optimal_labels(worlds, objective="expected")
    assert best.labels.tolist() == [0, 0, 3]
    assert best.value == pytest.approx(1 / 18, abs=1e-9)


def test_oracle_o1_stays_and_its_value_is_exact():
    P = np.array([[6, 3, 1], [4, 4, 2], [3, 4, 3], [2, 4, 4], [5, 4, 1]]) / 10
    assert expected_of_all(P[None], np.arange(3.0))[code_of([0, 1, 1, 2, 0], 3)] == pytest.approx(
        0.30733281615614616, abs=1e-14
    )
    best = optimal_labels(P, objective="expected")
    assert best.value >= 0.30733281615614616 - 1e-10
    assert best.lambda_ == pytest.approx(float(Fraction(92, 287)), abs=1e-14)


def linear_draws(rng, n, S=100, noise=0.3):
    beta = np.array([1.0, -0.6]) + noise * rng.normal(size=(S, 2))
    cutpoints = np.sort(np.array([-1.5, -0.2, 1.0]) + noise * rng.normal(size=(S, 3)), axis=1)
    return LinearDraws("logit", rng.normal(size=(n, 2)), beta, cutpoints)


@pytest.mark.parametrize("kind", ["none", "frequency", "importance"])
@pytest.mark.parametrize("n", [12, 35, 80])
def test_no_move_of_one_row_helps_and_nothing_is_lost(n, kind):
    rng = np.random.default_rng([n, len(kind)])
    draws, t = linear_draws(rng, n), np.array([0.0, 1.0, 2.5, 3.0])
    w = None if kind == "none" else rng.integers(0, 4, n).astype(float)
    given = {"weights": "frequency" if w is None else kind}

    def value_of(labels):
        return expected_value(draws, labels, values=t, weights=w, weights_kind=given["weights"])

    plugin = optimal_labels(draws, category_values=t, sample_weight=w, **given)
    best = optimal_labels(draws, category_values=t, sample_weight=w, objective="expected", **given)
    assert best.value >= value_of(plugin.labels) - 1e-12
    assert best.value == pytest.approx(value_of(best.labels), abs=1e-12)
    trials = rng.permutation([(i, k) for i in range(n) for k in range(4) if k != best.labels[i]])[:100]
    for i, k in trials:
        labels = best.labels.copy()
        labels[i] = k
        assert value_of(labels) <= best.value + 1e-12


@pytest.mark.parametrize("kind", ["none", "frequency", "importance"])
def test_the_moving_sums_are_the_expected_value(kind):
    rng = np.random.default_rng(4)
    draws, t = linear_draws(rng, 60, S=40), np.array([0.0, 0.2, 0.5, 1.0])
    w = None if kind == "none" else rng.integers(1, 4, 60).astype(float)
    task = _Task(draws, t, w, "frequency" if w is None else kind)
    labels = optimal_labels(draws).labels
    now, table = _Expansion(task, labels), draws.probs()
    for row, label in zip(rng.permutation(60)[:30], rng.integers(0, 4, 30), strict=True):
        m, q, e3 = table[:, row] @ t, table[:, row] @ t**2, table[:, row] @ t**3
        now.move(row, (m, q - m**2, e3 - m * q), t[labels[row]], t[label])
        labels = labels.copy()
        labels[row] = label
        assert now.value() == pytest.approx(task.value(labels), abs=1e-13)


def test_moves_start_with_the_row_nearest_to_a_tie():
    rng = np.random.default_rng(5)
    draws, t = linear_draws(rng, 50), np.linspace(0, 1, 4)
    best = optimal_labels(draws)
    moves = _moves(_Task(draws, t, None, "frequency"), best.labels)
    assert len(moves) == 50 * 3
    m = draws.mean_probs() @ np.arange(4)
    to_bound = np.abs(m[:, None] - best.decision_bounds).min(axis=1)
    assert to_bound[moves[0, 0]] <= np.sort(to_bound)[2]


def test_repeated_rows_share_their_fate():
    """Frequency weights: the same value as repeated rows, which may be told apart and so do no worse."""
    rng = np.random.default_rng(6)
    tables, w = rng.dirichlet(np.ones(3), (3, 6)), np.array([1, 2, 3, 1, 2, 1])
    weighted = optimal_labels(tables, sample_weight=w, objective="expected")
    repeated = optimal_labels(np.repeat(tables, w, axis=1), objective="expected")
    again = expected_value(
        as_draws(np.repeat(tables, w, axis=1)), np.repeat(weighted.labels, w), values=np.arange(3.0)
    )
    assert weighted.value == pytest.approx(again, abs=1e-10)
    assert repeated.value >= weighted.value - 1e-10


def test_affine_changes_of_the_values_change_nothing():
    rng = np.random.default_rng(7)
    draws = linear_draws(rng, 40)
    best = optimal_labels(draws, objective="expected")
    moved = optimal_labels(draws, category_values=100 + 7 * np.arange(4.0), objective="expected")
    np.testing.assert_array_equal(moved.labels, best.labels)
    assert moved.value == pytest.approx(best.value, abs=1e-11)


def test_rows_that_do_not_differ_have_expected_kappa_zero():
    best = optimal_labels(np.tile([0.2, 0.5, 0.3], (40, 1)), objective="expected")
    assert best.labels.tolist() == [1] * 40
    assert best.value == 0.0


def test_worlds_that_cancel_in_the_mean_never_end_below_zero():
    """Mean scores are equal, so the plug-in labels are constant: the start has no direction to go."""
    worlds = np.eye(3)[[[0, 1, 2, 0], [2, 1, 0, 2]]]
    plugin, best = optimal_labels(worlds), optimal_labels(worlds, objective="expected")
    assert (plugin.value, np.unique(plugin.labels).size) == (0.0, 1)
    assert best.value == pytest.approx(max(expected_of_all(worlds, np.arange(3.0))), abs=1e-9)


@pytest.mark.parametrize("decision", ["mode", "median", "mean"])
def test_the_expectation_of_a_cost_is_the_plug_in_one(decision):
    tables = np.random.default_rng(8).dirichlet(np.ones(4), (5, 20))
    plugin, expected = (optimal_labels(tables, decision, objective=name) for name in ("plugin", "expected"))
    np.testing.assert_array_equal(plugin.labels, expected.labels)
    assert plugin.value == expected.value


def test_the_same_whether_probabilities_come_as_table_or_model():
    draws = linear_draws(np.random.default_rng(9), 45, S=60)
    table = TableDraws(draws.probs())
    one, other = (optimal_labels(given, objective="expected") for given in (draws, table))
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.value == pytest.approx(other.value, abs=1e-12)
