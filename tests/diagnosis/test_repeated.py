"""Pearson's statistic over distinct rows: against its plain formula, under the model, and with answers too alike."""

import numpy as np
import pytest
from quick_modes import NORMAL
from scipy import stats

import bayesord as bo
from bayesord.diagnosis.repeated import repeated_check

FLAT = {"method": "mode", "priors": bo.Priors(bo.priors.flat(), bo.priors.flat())}


def grid(rng, n):
    return rng.integers(0, 3, size=(n, 2)).astype(float)


def answers(rng, X, shift=0.0):
    return np.searchsorted([-1, 0, 1], X @ [0.6, -0.4] + shift + rng.logistic(size=len(X)))


def test_at_the_maximum_it_is_pearsons(rng):
    """There the score is zero and nothing is subtracted."""
    X = grid(rng, 400)
    y = answers(rng, X)
    mode = bo.fit(X, y, **FLAT)
    found = repeated_check(mode, rng)
    kinds, which = np.unique(X, axis=0, return_inverse=True)
    observed = np.array([np.bincount(y[which == g], minlength=4) for g in range(len(kinds))])
    expected = observed.sum(axis=1, keepdims=True) * mode.predict_proba(kinds)
    assert found.n_distinct == 9
    assert found.statistic == pytest.approx(((observed - expected) ** 2 / expected).sum(), rel=1e-6)
    df = 9 * 3 - 2 - 3
    assert found.expected == pytest.approx(df, rel=0.1)
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, df), abs=0.07)


def test_where_the_estimate_lies_hardly_matters(rng):
    X = grid(rng, 800)
    y = answers(rng, X)
    strong = bo.Priors(beta=bo.priors.normal(0, 0.1))
    found = [
        repeated_check(fit, rng) for fit in (bo.fit(X, y, **FLAT), bo.fit(X, y, method="mode", priors=strong))
    ]
    assert found[0].statistic == pytest.approx(found[1].statistic, rel=0.05)


def test_weights_and_offsets(rng):
    """Equal rows as weights; rows that differ in their offset alone are not equal."""
    X = grid(rng, 300)
    y = answers(rng, X)
    kinds, w = np.unique(np.column_stack([X, y]), axis=0, return_counts=True)
    weighted = bo.fit(kinds[:, :2], kinds[:, 2].astype(int), sample_weight=w, **FLAT)
    assert repeated_check(weighted, rng).statistic == pytest.approx(
        repeated_check(bo.fit(X, y, **FLAT), rng).statistic, rel=1e-6
    )
    offset = bo.fit(X, y, offset=rng.integers(0, 2, 300) * 0.1, **FLAT)
    assert repeated_check(offset, rng).n_distinct == 18


def test_where_it_says_nothing(rng, grouped_fit):
    X = rng.normal(size=(100, 2))
    assert repeated_check(bo.fit(X, answers(rng, X), method="mode", priors=NORMAL), rng) is None
    X = grid(rng, 100)
    fractions = {"sample_weight": rng.uniform(1, 2, 100), "method": "mode", "priors": NORMAL}
    assert repeated_check(bo.fit(X, answers(rng, X), **fractions), rng) is None
    assert repeated_check(bo.fit(X, answers(rng, X), weights="importance", **fractions), rng) is None
    one = (X[:, :1] > 0) * 1.0  # two kinds of rows and two categories: nothing is left over
    assert repeated_check(bo.fit(one, (answers(rng, X) > 1) * 1, method="mode", priors=NORMAL), rng) is None
    assert repeated_check(grouped_fit, rng) is None


def test_p_values_are_uniform_if_the_model_is_right(rng):
    p = []
    for _ in range(60):
        X = grid(rng, 90)
        p.append(repeated_check(bo.fit(X, answers(rng, X), method="mode", priors=NORMAL), rng).p)
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_rows_that_belong_together_are_found(rng):
    X = rng.normal(size=(40, 2))[np.repeat(np.arange(40), 10)]
    shift = rng.normal(size=40)[np.repeat(np.arange(40), 10)]
    mode = bo.fit(X, answers(rng, X, shift), method="mode", priors=NORMAL)
    found = repeated_check(mode, rng)
    assert found.p == pytest.approx(0.001)
    assert found.statistic > 1.5 * found.expected
