"""Predictive counts of categories against their exact distribution, which one draw of the parameters has."""

import numpy as np
import pytest
from quick_modes import NORMAL, simulated_mode
from scipy import stats

import bayesord as bo
from bayesord.diagnosis import counts as room
from bayesord.diagnosis.counts import _mid_p, category_counts


def poisson_binomial(p, repeats=None):
    """(total + 1,) exact distribution of how many of independent events come true."""
    law = np.ones(1)
    for one in np.repeat(p, 1 if repeats is None else repeats):
        law = np.convolve(law, [1 - one, one])
    return law


def check_against(table, laws, observed):
    """Moments, interval ends and p values within what 2,000 replicates allow."""
    for (_, row), law, seen in zip(table.iterrows(), laws, observed, strict=True):
        k = np.arange(len(law))
        mean, sd = law @ k, np.sqrt(law @ k**2 - (law @ k) ** 2)
        assert row["observed"] == seen
        assert row["mean"] == pytest.approx(mean, abs=5 * sd / np.sqrt(2000))
        below = law.cumsum()
        for end, share in ((row["lower"], 0.05), (row["upper"], 0.95)):
            assert below[int(end) - 1] - 0.03 < share < below[int(end)] + 0.03
        side = min(below[seen] - law[seen] / 2, 1 - below[seen] + law[seen] / 2)
        assert row["p"] == pytest.approx(min(2 * side, 1), abs=0.08)


def test_exact_counts(rng):
    mode = simulated_mode(rng, 60, beta=(1.5,), K=4)
    table = category_counts(mode, 0.9, rng)
    check_against(table, [poisson_binomial(p) for p in mode.predict_proba().T], mode.design.counts)
    assert table.index.tolist() == [0, 1, 2, 3]


def test_a_weight_is_so_many_answers(rng):
    truth = bo.simulate(40, beta=(1.0,), n_categories=3, random_seed=1)
    w = rng.integers(1, 5, 40)
    mode = bo.fit(truth.X, truth.y, sample_weight=w, method="mode", priors=NORMAL)
    laws = [poisson_binomial(p, w) for p in mode.predict_proba().T]
    observed = np.bincount(truth.y, w, 3).astype(int)
    check_against(category_counts(mode, 0.9, rng), laws, observed)


@pytest.mark.parametrize("kind", ["importance", "frequency"])
def test_other_weights_weigh_one_answer(rng, kind):
    truth = bo.simulate(200, beta=(1.0,), n_categories=3, random_seed=1)
    w = rng.uniform(0.2, 3, 200)
    mode = bo.fit(truth.X, truth.y, sample_weight=w, weights=kind, method="mode", priors=NORMAL)
    table, p = category_counts(mode, 0.9, rng), mode.predict_proba()
    sd = np.sqrt(w**2 @ (p * (1 - p)))
    np.testing.assert_allclose(table["observed"], np.bincount(truth.y, w, 3))
    np.testing.assert_allclose(table["mean"], w @ p, atol=5 * sd.max() / np.sqrt(2000))
    np.testing.assert_allclose(table["upper"] - table["lower"], 2 * stats.norm.ppf(0.95) * sd, rtol=0.1)


def test_draws_of_the_posterior_widen_it(wine_fit, rng):
    """Replicates of ArviZ's kind, one for each draw."""
    table = category_counts(wine_fit, 0.9, rng)
    codes = wine_fit.posterior_predictive(random_seed=3).values.reshape(4000, 72)
    replicated = np.array([(codes == c).sum(axis=1) for c in wine_fit.design.categories]).T
    np.testing.assert_allclose(table["mean"], replicated.mean(axis=0), atol=0.6)
    np.testing.assert_allclose(
        table[["lower", "upper"]].T, np.quantile(replicated, [0.05, 0.95], axis=0), atol=1.5
    )


def test_blocks_of_rows(rng, monkeypatch):
    mode = simulated_mode(rng, 60, beta=(1.5,), K=4)
    monkeypatch.setattr(room, "_BLOCK", 2000 * 7)
    laws = [poisson_binomial(p) for p in mode.predict_proba().T]
    check_against(category_counts(mode, 0.9, rng), laws, mode.design.counts)


def test_few_replicates_of_many_rows(rng, monkeypatch):
    """Normal p values, but for a rare category."""
    truth = bo.simulate(4000, beta=(1.0,), cutpoints=(-7, 0, 1), random_seed=3)
    mode = bo.fit(
        truth.X, truth.y, method="mode", priors=bo.Priors(bo.priors.dirichlet(20.0), bo.priors.normal(0, 1))
    )
    many = category_counts(mode, 0.9, rng)
    monkeypatch.setattr(room, "_MOST_ANSWERS", 300 * 4000)
    few = category_counts(mode, 0.9, rng)
    np.testing.assert_allclose(few["mean"], many["mean"], atol=15)
    np.testing.assert_allclose(few["p"], many["p"], atol=0.1)
    assert few["p"][0] in (1 / 300, many["p"][0])  # as small as replicates can make it


def test_p_values_have_no_floor_that_hides_a_conflict():
    """With 12 categories p is held against .005 / 12, less than one over 2,000 replicates can say."""
    rng = np.random.default_rng(0)
    y = rng.choice(12, 2000, p=[0.45] + 11 * [0.05])
    strong = bo.Priors(bo.priors.dirichlet(300.0), bo.priors.normal(0, 1))
    mode = bo.fit(rng.normal(size=(2000, 1)), y, categories=range(12), method="mode", priors=strong)
    table = category_counts(mode, 0.9, rng)
    sd = np.sqrt((mode.predict_proba() * (1 - mode.predict_proba())).sum(axis=0))
    z = (table["observed"] - table["mean"]) / sd
    np.testing.assert_allclose(stats.norm.isf(table["p"][:3] / 2), abs(z[:3]), rtol=0.06)
    assert table["p"][0] < 1e-50
    assert {c.name: c.level for c in mode.diagnose().checks}["category counts"] == "caution"


def test_ties_count_half():
    counts = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    assert _mid_p(counts, np.array([1.0, 1.0])).tolist() == [1.0, 1.0]
    assert _mid_p(counts, np.array([2.0, 0.0])).tolist() == [0.25, 0.25]  # 2 x 1/8, and 1/4 as the least
    assert _mid_p(counts * 0.1, np.array([0.1 + 1e-12, 0.1])).tolist() == [1.0, 1.0]
