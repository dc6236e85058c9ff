"""From a network's outputs to category probabilities, one score per row, and labels.

The same three answers for every method, so that one loop compares them all and no method wins by its decoder.
Kinds without probabilities of their own learn one number from rows with known answers: the spread of the
residual (scores), or the slope that makes margins into logits (Platt 1999). NumPy, float64.
"""

from __future__ import annotations

import numpy as np
from scipy import special
from scipy.optimize import minimize_scalar

from bayesord.checks import check_category_values, check_choice, check_number
from bayesord.neural.outputs import check_outputs, cumulative_probabilities, probabilities
from bayesord.predictive.inputs import check_categories, check_codes, check_same_rows, row_products

__all__ = ["RESIDUALS", "fit_spread", "native_labels", "to_proba", "to_score"]

SMALLEST_SPREAD = 1e-3
SLOPES = (-8.0, 8.0)
"""Range of the logarithm of the slope: perfect separation would send it to infinity."""


def _laplace_cdf(x):
    tail = 0.5 * np.exp(-np.abs(x))
    return np.where(x < 0, tail, 1 - tail)


RESIDUALS = {
    "normal": (special.ndtr, lambda residual: float(np.sqrt(np.mean(residual**2)))),
    "laplace": (_laplace_cdf, lambda residual: float(np.mean(np.abs(residual)))),
}
"""Distributions of y - f for scores: the cdf at unit spread, and the maximum likelihood spread."""


def fit_spread(kind: str, outputs, y, *, n_categories: int, residual: str = "normal") -> float | None:
    """What the outputs alone do not say: the residual's spread, or the slope of margins. None for other kinds.

    Parameters
    ----------
    kind : str
    outputs : array (n, width)
        Of rows with known answers: training or, better, validation rows; never those that are judged.
    y : array (n,) of codes
    n_categories : int
    residual : "normal" or "laplace"

    Returns
    -------
    float or None

    Examples
    --------
    >>> fit_spread("score", [0.5, 1.5, 1.0], [0, 2, 1], n_categories=3)
    0.408248290463863
    """
    n_categories = check_categories(n_categories)
    outputs, y = check_outputs(kind, outputs, n_categories), check_codes("y", y, n_categories)
    check_same_rows(outputs, y)
    if kind == "score":
        spread = RESIDUALS[check_choice("residual", residual, RESIDUALS)][1]
        return max(spread(y - outputs[:, 0]), SMALLEST_SPREAD)
    if kind != "margins":
        return None

    def negative_log_likelihood(log_slope):
        p = cumulative_probabilities(np.exp(log_slope) * outputs, np)[np.arange(y.size), y]
        return -np.log(np.maximum(p, np.finfo(float).tiny)).sum()

    return float(np.exp(minimize_scalar(negative_log_likelihood, bounds=SLOPES, method="bounded").x))


def to_proba(
    kind: str, outputs, *, n_categories: int, spread: float | None = None, residual: str = "normal"
) -> np.ndarray:
    """Category probabilities, float64 (n, K), rows sum to 1.

    Parameters
    ----------
    kind : str
    outputs : array (n, width)
    n_categories : int
    spread : float, optional
        From `fit_spread`; 1 where none is given.
    residual : "normal" or "laplace"
        Of scores: P(y = k) is its mass between k - 1/2 and k + 1/2 around the score.

    Examples
    --------
    >>> to_proba("cumulative", [[2.0, 0.0], [0.0, 2.0]], n_categories=3).round(3)  # the second row crosses
    array([[0.119, 0.381, 0.5  ],
           [0.316, 0.092, 0.592]])
    """
    n_categories = check_categories(n_categories)
    outputs = check_outputs(kind, outputs, n_categories)
    spread = 1.0 if spread is None else check_number("spread", spread, above=0)
    if kind == "score":
        table = _masses_around(outputs, n_categories, spread, residual)
    else:
        table = probabilities(kind, spread * outputs if kind == "margins" else outputs, np)
    return table / table.sum(axis=1, keepdims=True)


def _masses_around(score: np.ndarray, n_categories: int, spread: float, residual: str) -> np.ndarray:
    cdf = RESIDUALS[check_choice("residual", residual, RESIDUALS)][0]
    cuts = np.concatenate([[-np.inf], np.arange(n_categories - 1) + 0.5, [np.inf]])
    lower, upper = (cuts[:-1] - score) / spread, (cuts[1:] - score) / spread
    right = lower > 0  # taken from the tail that is near, where differences keep their digits
    lower, upper = np.where(right, -upper, lower), np.where(right, -lower, upper)
    return cdf(upper) - cdf(lower)


def to_score(
    kind: str,
    outputs,
    *,
    n_categories: int,
    category_values=None,
    spread: float | None = None,
) -> np.ndarray:
    """One number per row (n,): the mean category value; a score is itself, on the scale of the values.

    Examples
    --------
    >>> to_score("categories", [[0.0, 0.0, 0.0]], n_categories=3)
    array([1.])
    """
    n_categories = check_categories(n_categories)
    values = check_category_values(category_values, n_categories)
    if kind == "score":
        return _between(check_outputs(kind, outputs, n_categories)[:, 0], values)
    return row_products(to_proba(kind, outputs, n_categories=n_categories, spread=spread), values)


def _between(score: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Codes 0..K-1 to their values, straight lines between and beyond."""
    k = np.clip(np.floor(score).astype(np.int64), 0, values.size - 2)
    return values[k] + (score - k) * np.diff(values)[k]


def native_labels(kind: str, outputs, *, n_categories: int) -> np.ndarray:
    """The label by each method's own published rule, codes (n,).

    The argmax; the number of cutpoints whose P(y > k) is above 1/2; the score, rounded (halves up) and clipped.

    Examples
    --------
    >>> native_labels("score", [-3.0, 1.5, 9.0], n_categories=4)
    array([0, 2, 3])
    """
    n_categories = check_categories(n_categories)
    outputs = check_outputs(kind, outputs, n_categories)
    if kind == "categories":
        return outputs.argmax(axis=1)
    if kind == "score":
        return np.clip(np.floor(outputs[:, 0] + 0.5), 0, n_categories - 1).astype(np.int64)
    if kind == "conditional":
        passed = -np.logaddexp(0, -outputs).cumsum(axis=1)
        return (passed > np.log(0.5)).sum(axis=1)
    return ((outputs[:, 1:] if kind == "leading" else outputs) > 0).sum(axis=1)
