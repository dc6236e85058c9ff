"""Simulated answers against the probabilities of the model, by counting."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayesord.likelihood.links import LINKS
from bayesord.modelling.design import from_formula
from bayesord.simulate import simulate

# The distribution functions again, from SciPy's own distributions and not from the registry.
LATENT = {
    "logit": stats.logistic,
    "probit": stats.norm,
    "cloglog": stats.gumbel_l,
    "loglog": stats.gumbel_r,
    "cauchit": stats.cauchy,
}


def test_every_link_has_a_reference():
    assert set(LATENT) == set(LINKS)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("n_categories", [2, 3, 7])
def test_frequencies_are_the_probabilities(link, n_categories):
    """P(y <= k) = F(c_k - eta): chi-square of the counts at three values of eta."""
    X = np.repeat([[-1.0], [0.0], [1.5]], 20_000, axis=0)
    truth = simulate(X=X, beta=[0.8], n_categories=n_categories, link=link, random_seed=3)
    for value in (-1.0, 0.0, 1.5):
        counts = np.bincount(truth.y[X[:, 0] == value], minlength=n_categories)
        cumulative = LATENT[link].cdf(truth.cutpoints - 0.8 * value)
        probs = np.diff(cumulative, prepend=0.0, append=1.0)
        assert stats.chisquare(counts, probs * counts.sum()).pvalue > 1e-4
        rows = truth.category_probs()[X[:, 0] == value]
        np.testing.assert_allclose(rows[0], probs, atol=1e-12)


@pytest.mark.parametrize("link", LINKS)
def test_default_cutpoints_make_categories_equally_likely(link):
    truth = simulate(10, n_categories=4, link=link, random_seed=1)
    np.testing.assert_allclose(LATENT[link].cdf(truth.cutpoints), [0.25, 0.5, 0.75], rtol=1e-10)


def test_a_positive_coefficient_moves_answers_up():
    truth = simulate(4000, beta=[2.0], random_seed=1)
    assert np.corrcoef(truth.X[:, 0], truth.y)[0, 1] > 0.5


def test_shapes_and_defaults():
    truth = simulate(random_seed=1)
    assert truth.X.shape == (500, 1)
    assert truth.categories == (1, 2, 3, 4, 5)
    assert truth.y.dtype == np.int64
    np.testing.assert_array_equal(truth.eta, truth.X[:, 0])
    none = simulate(7, beta=(), cutpoints=[0.0], random_seed=1)
    assert none.X.shape == (7, 0)
    assert none.categories == (1, 2)
    assert simulate(X=np.ones((3, 2)), random_seed=1).beta.shape == (2,)


def test_offset_and_labels_reach_the_data_frame(rng):
    X = pd.DataFrame({"a": rng.normal(size=50), "b": rng.normal(size=50)})
    offset = rng.normal(size=50)
    truth = simulate(X=X, beta=[1, -1], offset=offset, categories=["low", "mid", "high"], random_seed=4)
    np.testing.assert_allclose(truth.eta, X["a"] - X["b"] + offset)
    assert truth.data.columns.tolist() == ["y", "a", "b", "offset"]
    assert truth.data["y"].cat.categories.tolist() == ["low", "mid", "high"]
    design = from_formula("y ~ a + b", truth.data, offset="offset")
    np.testing.assert_array_equal(design.y, truth.y)
    np.testing.assert_array_equal(design.X, truth.X)


def test_seeds():
    one, two = simulate(50, random_seed=8), simulate(50, random_seed=8)
    np.testing.assert_array_equal(one.y, two.y)
    np.testing.assert_array_equal(one.X, two.X)
    assert (simulate(50, random_seed=9).y != one.y).any()
    generator = np.random.default_rng(8)
    np.testing.assert_array_equal(simulate(50, random_seed=generator).y, one.y)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n": 0}, "n=0 must be an integer of at least 1"),
        ({"n": 5, "X": np.ones((4, 1))}, "n=5, but X has 4 rows"),
        ({"beta": [1, 2], "X": np.ones((4, 1))}, "beta has 2 coefficients, but X has 1"),
        ({"beta": [np.nan]}, "beta must be finite"),
        ({"cutpoints": [0, 0]}, "increase strictly"),
        ({"cutpoints": []}, "increase strictly"),
        ({"cutpoints": [0, 1], "n_categories": 4}, "n_categories says 4, cutpoints says 3"),
        ({"categories": ["a", "b"], "n_categories": 4}, "categories says 2"),
        ({"categories": ["a", "a"]}, "repeats 'a'"),
        ({"n_categories": 1}, "n_categories=1"),
        ({"link": "logistic"}, "logistic"),
        ({"random_seed": -1}, "random_seed"),
        ({"X": np.array([[np.nan]])}, "contains NaN"),
        ({"n": 3, "offset": [1.0]}, "offset.shape"),
    ],
)
def test_bad_settings(options, says):
    with pytest.raises(ValueError, match=says):
        simulate(**options)
