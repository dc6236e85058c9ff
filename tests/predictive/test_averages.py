"""Averages over rows in every draw, against the table of all probabilities."""

import numpy as np
import pytest

from bayesord.likelihood.links import LINKS
from bayesord.predictive import averages, confusion, superiority
from bayesord.predictive.averages import average_eta, average_probs
from bayesord.predictive.group_effects import GroupEffects, GroupPosterior
from bayesord.predictive.linear_draws import LinearDraws
from bayesord.predictive.superiority import average_superiority

S, N = 150, 40  # more draws than lanes: two chunks


def linear(rng, link, K=5, shift=0.0, groups=False, offset=True):
    """Draws of n rows; with groups one term of known ones and none, and one of new ones."""
    X, beta = rng.normal(size=(N, 3)) + shift, rng.normal(scale=0.5, size=(S, 3))
    cutpoints = np.sort(rng.normal(size=(S, K - 1)), axis=1)
    terms = ()
    if groups:
        known = GroupEffects(rng.integers(-1, 4, N), rng.normal(size=(N, 2)), rng.normal(size=(S, 4, 2)))
        fresh = GroupPosterior("class", rng.normal(size=(S, 2, 1)), rng.uniform(size=(S, 1)))
        terms = (known, fresh.of_rows(rng.integers(0, 4, N), np.ones((N, 1)), ("new", "newer"), 7))
    return LinearDraws(link, X, beta, cutpoints, rng.normal(size=N) if offset else None, 2, terms)


def expected(values, group, weights):
    """(S, G, ...) weighted means of values (S, n, ...)."""
    return np.stack(
        [np.average(values[:, group == g], axis=1, weights=weights[group == g]) for g in range(3)], axis=1
    )


@pytest.fixture
def cells(rng):
    return np.append(np.arange(3), rng.integers(0, 3, N - 3)), rng.uniform(0.1, 3, N)


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("link", LINKS)
def test_averages_of_every_link(rng, cells, link, groups):
    draws = linear(rng, link, groups=groups)
    np.testing.assert_allclose(average_probs(draws, *cells), expected(draws.probs(), *cells), atol=1e-14)
    np.testing.assert_allclose(
        average_eta(draws, *cells), expected(draws.eta(), *cells), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize("link", LINKS)
def test_superiority_of_every_link(rng, cells, link, groups):
    low = linear(rng, link, groups=groups)
    high = LinearDraws(link, low.X + 0.7, low.beta, low.cutpoints, low.offset, 2, low.groups)
    p1, p2 = high.probs(), low.probs()
    above = np.tril(np.ones((5, 5)), -1) + 0.5 * np.eye(5)
    values = np.einsum("sia,ab,sib->si", p1, above, p2)
    np.testing.assert_allclose(average_superiority(high, low, *cells), expected(values, *cells), atol=1e-14)


@pytest.mark.parametrize("K", [2, 3, 4, 9])
def test_any_number_of_categories_and_no_weights(rng, cells, K):
    draws = linear(rng, "logit", K=K, offset=False)
    group, one = cells[0], np.ones(N)
    means = average_probs(draws, group)
    np.testing.assert_allclose(means, expected(draws.probs(), group, one), atol=1e-14)
    np.testing.assert_allclose(means.sum(axis=2), 1.0, atol=1e-15 * K)
    np.testing.assert_allclose(average_superiority(draws, draws, group), 0.5, atol=1e-14)


def test_blocks_and_threads_leave_no_trace(rng, cells, monkeypatch):
    draws = linear(rng, "probit", groups=True)
    calls = [
        lambda **how: average_probs(draws, *cells, **how),
        lambda **how: average_superiority(draws, draws, *cells, **how),
    ]
    whole = [call(threads=1) for call in calls]
    eta = average_eta(draws, *cells)
    monkeypatch.setattr(confusion, "_ROWS_AT_ONCE", 7)
    monkeypatch.setattr(averages, "_NUMBERS_AT_ONCE", 3 * S)
    monkeypatch.setattr(superiority, "_ROWS_AT_ONCE", 7)
    monkeypatch.setattr(superiority, "_EFFECTS_AT_ONCE", 5 * S)
    for call, before in zip(calls, whole, strict=True):
        np.testing.assert_array_equal(call(threads=2), before)
    np.testing.assert_allclose(average_eta(draws, *cells), eta, rtol=1e-13)


def test_odds_beyond_the_fast_loops(rng, cells):
    """Cutpoints too far apart for products of odds."""
    draws = linear(rng, "logit")
    far = LinearDraws("logit", draws.X, draws.beta, draws.cutpoints * 400, draws.offset, 2)
    np.testing.assert_allclose(average_probs(far, *cells), expected(far.probs(), *cells), atol=1e-14)
