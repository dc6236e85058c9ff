"""Leave-one-out QWK: against refits over a finite set of parameters, blocks of weights, warnings, bad input."""

import warnings

import numpy as np
import pytest

from bayesord.predictive import loo_kappa
from bayesord.predictive.decisions import optimal_labels
from bayesord.predictive.kappa import qwk
from bayesord.predictive.loo_kappa import loo_probs, loo_qwk
from bayesord.predictive.probabilities import LinearDraws


def candidates(rng, n=40, S=300, link="logit"):
    """Parameters that stand for a whole prior, the answers of one of them, and P(y_i) under each (S, n)."""
    cutpoints = np.sort(rng.normal(size=(S, 3)), axis=1)
    draws = LinearDraws(link, rng.normal(size=(n, 2)), rng.normal(size=(S, 2)), cutpoints)
    probs = draws.probs()
    y = (rng.random((n, 1)) > probs[0].cumsum(axis=1)[:, :-1]).sum(axis=1)
    return draws, y, probs[:, np.arange(n), y]


@pytest.mark.parametrize("link", ["logit", "cauchit"])
def test_it_is_what_refitting_without_each_row_gives(link, rng):
    """With a finite prior both the posterior and every leave-one-out posterior are exact."""
    draws, y, likelihood = candidates(rng, link=link)
    log_posterior = np.log(likelihood).sum(axis=1, keepdims=True)
    got = loo_probs(draws, log_posterior - np.log(likelihood))
    for i in range(y.size):
        others = np.delete(np.log(likelihood), i, axis=1).sum(axis=1)
        weights = np.exp(others - others.max())
        assert got[i] == pytest.approx(np.average(draws.probs()[:, i], axis=0, weights=weights), abs=1e-12)


def test_labels_and_score_follow_from_the_means(rng):
    draws, y, likelihood = candidates(rng)
    log_weights, w, values = -np.log(likelihood), rng.integers(0, 3, y.size), [0, 1, 3, 4]
    result = loo_qwk(y, draws, log_weights, category_values=values, sample_weight=w)
    means = loo_probs(draws, log_weights)
    best = optimal_labels(means, category_values=values, sample_weight=w)
    assert np.array_equal(result.labels, best.labels)
    assert result.probs == pytest.approx(means)
    exact = qwk(y, best.labels, n_categories=4, category_values=values, sample_weight=w, se=True)
    assert (result.value, result.se) == pytest.approx(exact)
    assert result.n_high_k is None
    assert str(result) == f"Leave-one-out QWK {exact[0]:.3f} (standard error {exact[1]:.3f}), 40 rows"


def test_leaving_out_lowers_the_score(rng):
    """The training score flatters: with many parameters for few rows leave-one-out is lower."""
    gaps = []
    for _ in range(10):
        draws, y, likelihood = candidates(rng, n=12, S=2000)
        log_posterior = np.log(likelihood).sum(axis=1, keepdims=True)
        trained = qwk(y, optimal_labels(loo_probs(draws, np.tile(log_posterior, 12))).labels, n_categories=4)
        gaps.append(trained - loo_qwk(y, draws, log_posterior - np.log(likelihood)).value)
    assert np.mean(gaps) > 0.05


def test_equal_weights_give_the_posterior_mean(rng):
    draws, _, _ = candidates(rng)
    assert loo_probs(draws, np.full((300, 40), -7.0)) == pytest.approx(draws.mean_probs(), abs=1e-14)


def test_blocks_threads_and_functions_leave_no_trace(rng, monkeypatch):
    draws, _, likelihood = candidates(rng)
    log_weights = -np.log(likelihood)
    expected = loo_probs(draws, log_weights, threads=1)
    asked = []

    def blocks(start, stop):
        asked.append((start, stop))
        return log_weights[:, start:stop]

    monkeypatch.setattr(loo_kappa, "_BLOCK_WEIGHTS", 300 * 7)
    assert np.array_equal(loo_probs(draws, blocks, threads=3), expected)
    assert asked == [(0, 7), (7, 14), (14, 21), (21, 28), (28, 35), (35, 40)]


def test_weights_may_have_any_scale(rng):
    draws, _, likelihood = candidates(rng)
    log_weights = -np.log(likelihood)
    far = loo_probs(draws, log_weights + 5000 * rng.normal(size=40))
    assert far == pytest.approx(loo_probs(draws, log_weights), abs=1e-10)


class TestParetoK:
    def test_rows_are_counted_and_named(self, rng):
        draws, y, likelihood = candidates(rng)
        k = np.zeros(40)
        k[[3, 17]] = 0.71, np.nan
        with pytest.warns(UserWarning, match=r"Pareto k is above 0\.60 in 2 rows \(first 3, 17\)"):
            result = loo_qwk(y, draws, -np.log(likelihood), k)
        assert (result.n_high_k, result.k_threshold) == (2, pytest.approx(1 - 1 / np.log10(300)))
        assert "unreliable in 2 of them (Pareto k > 0.60)" in str(result)

    def test_good_rows_are_silent(self, rng):
        draws, y, likelihood = candidates(rng)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert loo_qwk(y, draws, -np.log(likelihood), np.full(40, 0.5)).n_high_k == 0


def test_undefined_says_why():
    P = np.tile([0.0, 1.0], (20, 3, 1))
    with pytest.warns(UserWarning, match="0/0"):
        assert np.isnan(loo_qwk([1, 1, 1], P, np.zeros((20, 3))).value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"y": [0, 1]}, "y has 2 rows, the probabilities have 3"),
        ({"y": [0, 1, 2]}, r"outside the codes 0\.\.1"),
        ({"log_weights": np.zeros((3, 20))}, "log_weights.shape"),
        ({"log_weights": lambda start, stop: np.zeros((20, 1))}, r"log_weights\(0, 3\).shape"),
        ({"log_weights": np.tile([0.0, np.nan, 0.0], (20, 1))}, r"1 row \(1\)"),
        ({"log_weights": np.tile([0.0, 0.0, -np.inf], (20, 1))}, r"1 row \(2\)"),
        ({"pareto_k": np.zeros(2)}, "pareto_k.shape"),
        ({"weights": "importances"}, "importance"),
    ],
)
def test_bad_input(change, words):
    arguments = {"y": [0, 1, 0], "probs": np.full((20, 3, 2), 0.5), "log_weights": np.zeros((20, 3))}
    with pytest.raises(ValueError, match=words):
        loo_qwk(**arguments | change)
