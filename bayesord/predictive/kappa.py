"""Quadratic weighted kappa: of known answers, and expected before the answers are known.

Three quantities that must not be mixed, for labels of n rows and S posterior draws:

- `qwk_plugin`: E[A]/E[B] at the posterior mean probabilities, one number; what optimal labels maximise;
- `qwk_mean`: the population value of each draw, what kappa would tend to if answers to these rows were
  collected for ever; it varies because the parameters are uncertain, exactly and without simulation;
- `qwk_predictive`: the score that these n rows will really get: parameters *and* answers are uncertain.

Below some thousand rows the second alone is a badly over-confident interval for the next score.
`expected_qwk` reports the mean of the third, and the intervals of both, under names that say which is which.
"""

from __future__ import annotations

import warnings

import numpy as np

from bayesord.checks import check_category_values, check_number, check_random_seed
from bayesord.predictive.agreement import (
    Labelled,
    conditional_kappa,
    expected_draws,
    moments,
    plugin_value,
    settled,
)
from bayesord.predictive.decisions import optimal_labels
from bayesord.predictive.expected_kappa import ExpectedQWK, interval
from bayesord.predictive.inputs import check_codes, check_weights, unit_values
from bayesord.predictive.monte_carlo import mean_error
from bayesord.predictive.optimum import quadratic_optimum
from bayesord.predictive.probabilities import Draws, as_draws
from bayesord.predictive.replicates import replicate_kappa
from bayesord.predictive.sample_kappa import QWKDifference, qwk, qwk_difference, weighted_kappa

__all__ = [
    "ExpectedQWK",
    "QWKDifference",
    "expected_qwk",
    "qwk",
    "qwk_difference",
    "qwk_mean",
    "qwk_plugin",
    "qwk_predictive",
    "weighted_kappa",
]

UNDEFINED = (
    "expected QWK is 0/0, undefined: the labels are constant, and every answer is certain to equal them. "
    "Score rows in which the answers vary."
)


def _labelled(draws: Draws, yhat, category_values, sample_weight, kind="frequency") -> Labelled:
    values = unit_values(check_category_values(category_values, draws.n_categories))
    labels = check_codes("yhat", yhat, draws.n_categories)
    if labels.size != draws.n_rows:
        raise ValueError(f"yhat has {labels.size} labels for {draws.n_rows} rows of probabilities.")
    return Labelled(labels, values, check_weights(sample_weight, draws.n_rows, kind), kind)


def _told(kappa):
    """The same value, after a warning where it is, or holds, nan."""
    undefined = np.count_nonzero(np.isnan(kappa))
    if undefined:
        where = f" In {undefined:,} of {np.size(kappa):,} draws." if np.size(kappa) > 1 else ""
        warnings.warn(UNDEFINED + where, UserWarning, stacklevel=3)
    return kappa


def qwk_plugin(probs, yhat, *, rows=None, category_values=None, sample_weight=None, threads=None) -> float:
    """QWK with expectations plugged in: E[A]/E[B] at the posterior mean probabilities.

    A = 2 Σ w (a_i - abar) Y_i and B = Σ w Y_i² + Σ w a_i² - 2 abar Σ w Y_i. It is not the expected kappa:
    that is lower by Cov(kappa, B)/E[B], which vanishes as rows and draws agree ever better.

    Parameters
    ----------
    probs : fit, DataArray, array (S, n, K) or (n, K), LinearDraws or TableDraws
        See `bayesord.predictive.probabilities.as_draws`.
    yhat : array (n,) of codes 0..K-1
    rows : optional
        New rows for a fit.
    category_values : array (K,), optional
        The numbers given to the categories; default 0..K-1.
    sample_weight : array (n,), optional
    threads : int, optional
        Default: all processors this process may use.

    Returns
    -------
    float: 0 for constant labels, nan where the answers are certain and constant too

    Raises
    ------
    ValueError
        For labels outside 0..K-1, rows that are no probabilities, negative weights; the message names the
        row.

    Examples
    --------
    >>> qwk_plugin([[0.5, 0.5], [0.25, 0.75]], [0, 1])
    0.25
    """
    draws = as_draws(probs, rows)
    at = _labelled(draws, yhat, category_values, sample_weight)
    m, q = moments(draws, at.values, threads)
    return _told(plugin_value(at.labels, m, q, values=at.values, weights=at.weights))


def qwk_mean(probs, yhat, *, rows=None, category_values=None, sample_weight=None, threads=None) -> np.ndarray:
    """The population value of kappa in every draw: rho_s = E[A | s] / E[B | s], exact, nothing is simulated.

    What kappa would tend to if answers to these very rows were collected for ever. Its spread is the
    uncertainty of the parameters alone: it is *not* an interval for the score of the next answers
    (`qwk_predictive` is).

    Parameters
    ----------
    probs : fit, DataArray, array (S, n, K) or (n, K), LinearDraws or TableDraws
    yhat : array (n,) of codes 0..K-1
    rows : optional
        New rows for a fit.
    category_values : array (K,), optional
    sample_weight : array (n,), optional
    threads : int, optional

    Returns
    -------
    array (S,)

    Raises
    ------
    ValueError
        For labels outside 0..K-1, rows that are no probabilities, negative weights; the message names the
        row.

    Examples
    --------
    >>> P = [[1 / 2, 1 / 3, 1 / 6], [1 / 4, 1 / 2, 1 / 4], [1 / 6, 1 / 3, 1 / 2]]
    >>> qwk_mean(P, [0, 1, 2]).round(12) == round(8 / 23, 12)
    array([ True])
    """
    draws = as_draws(probs, rows)
    at = _labelled(draws, yhat, category_values, sample_weight)
    return _told(conditional_kappa(draws, at, second=False, threads=threads).rho)


def qwk_predictive(
    probs,
    yhat,
    *,
    rows=None,
    category_values=None,
    sample_weight=None,
    weights: str = "frequency",
    random_seed=None,
    threads=None,
) -> np.ndarray:
    """The score that these rows will get: kappa of replicated answers, one replicate for every draw.

    Where that is accurate (`bayesord.predictive.agreement.settled`), kappa = tanh z with z normal, its mean and
    variance taken from exact conditional moments; otherwise answers are simulated.

    Parameters
    ----------
    probs : fit, DataArray, array (S, n, K) or (n, K), LinearDraws or TableDraws
        A single table (n, K) gives 4000 replicates.
    yhat : array (n,) of codes 0..K-1
    rows : optional
        New rows for a fit.
    category_values : array (K,), optional
    sample_weight : array (n,), optional
    weights : "frequency" or "importance"
        Whether a weight of 3 is three rows with answers of their own, or one answer that counts three times.
    random_seed : int or numpy.random.Generator, optional
    threads : int, optional
        Results do not depend on it.

    Returns
    -------
    array (S,)

    Raises
    ------
    ValueError
        As for `qwk_mean`; and for fractional frequency weights where answers have to be simulated.

    Examples
    --------
    >>> P = [[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]]
    >>> scores = qwk_predictive(P, [0, 1, 2], random_seed=1)
    >>> scores.shape, bool(scores.max() == 1.0)
    ((4000,), True)
    """
    draws = as_draws(probs, rows)
    rng = np.random.default_rng(check_random_seed(random_seed))
    at = _labelled(draws, yhat, category_values, sample_weight, weights)
    given = conditional_kappa(draws, at, threads=threads)
    return _told(replicate_kappa(draws, at, given, rng, threads).kappa)


def expected_qwk(
    probs,
    yhat=None,
    *,
    rows=None,
    category_values=None,
    sample_weight=None,
    weights: str = "frequency",
    probability: float = 0.9,
    random_seed=None,
    threads=None,
) -> ExpectedQWK:
    """Expected quadratic weighted kappa of labels (by default the optimal ones) with its two uncertainties.

    The value is E[kappa(Y, yhat)] over draws and replicated answers Y. Given a draw the mean over answers is
    computed, not simulated: exactly for few rows or a noisy kappa, else to second order in 1/n.

    Parameters
    ----------
    probs : fit, DataArray, array (S, n, K) or (n, K), LinearDraws or TableDraws
        See `bayesord.predictive.probabilities.as_draws`.
    yhat : array (n,) of codes 0..K-1, optional
        Default: `optimal_labels(probs, "qwk")`, jointly for these rows.
    rows : optional
        New rows for a fit.
    category_values : array (K,), optional
        The numbers given to the categories; default 0..K-1.
    sample_weight : array (n,), optional
    weights : "frequency" or "importance"
        Whether a weight of 3 is three rows with answers of their own, or one answer that counts three times.
    probability : float
        Of both intervals, which leave equal probability on both sides.
    random_seed : int or numpy.random.Generator, optional
        For the predictive draws.
    threads : int, optional
        Default: all processors this process may use. Results do not depend on it.

    Returns
    -------
    ExpectedQWK

    Raises
    ------
    ValueError
        For labels outside 0..K-1, rows that are no probabilities, negative weights; the message names the
        row.

    Warns
    -----
    UserWarning
        Where answers and labels are certain, constant and equal: kappa is 0/0 and the value nan.

    Notes
    -----
    Of constant labels the expected kappa is 0. A single table (n, K) carries no uncertainty of parameters: its
    population interval is a point.

    Examples
    --------
    >>> P = [[0.6, 0.3, 0.1], [0.4, 0.4, 0.2], [0.3, 0.4, 0.3], [0.2, 0.4, 0.4], [0.5, 0.4, 0.1]]
    >>> expected = expected_qwk(P, random_seed=1)
    >>> expected.labels, round(expected.value, 12), round(expected.plugin, 12)
    (array([0, 1, 1, 2, 0]), 0.307332816156, 0.320557491289)
    """
    draws = as_draws(probs, rows)
    check_number("probability", probability, above=0.0, below=1.0)
    rng = np.random.default_rng(check_random_seed(random_seed))
    if chosen := yhat is None:
        best = optimal_labels(
            draws,
            category_values=category_values,
            sample_weight=sample_weight,
            weights=weights,
            threads=threads,
        )
        yhat, plugin, upper = best.labels, best.value, best.upper_bound
        at = _labelled(draws, yhat, category_values, sample_weight, weights)
    else:
        at = _labelled(draws, yhat, category_values, sample_weight, weights)
        m, q = moments(draws, at.values, threads)
        plugin = plugin_value(at.labels, m, q, values=at.values, weights=at.weights)
        upper = quadratic_optimum(m, q, at.values, at.weights).upper_bound
    given = conditional_kappa(draws, at, threads=threads)
    if not np.isnan(plugin) or not chosen:  # the choice of labels has said it already
        _told(plugin if np.isnan(plugin) else given.rho)
    replicates = replicate_kappa(draws, at, given, rng, threads)
    expected, method = expected_draws(draws, at, given, threads)
    if method == "second order, noisy":
        expected, method = replicates.corrected, "simulation with a control variate"
    return ExpectedQWK(
        value=float(expected.mean()),
        mcse=mean_error(expected, draws.n_chains if expected.size == draws.n_draws else 1),
        next_score_interval=interval(replicates.kappa, probability),
        population_interval=interval(given.rho, probability),
        labels=at.labels,
        plugin=plugin,
        upper_bound=upper,
        draws=replicates.kappa,
        population_draws=given.rho,
        probability=probability,
        method=method,
        replicates="tanh-normal" if settled(at, given) else "simulated",
    )
