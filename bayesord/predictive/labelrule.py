"""Rules that label one row at a time, made once and then frozen.

Labels that are optimal together depend on which rows are asked for together. A rule does not: it keeps what
the rows of one data set taught (bounds on the score, or the credit that each label earns by chance), and from
then on a row's label depends on that row alone.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import isotonic_regression

from bayesord.checks import check_category_values
from bayesord.predictive.decision_registry import Decision, get_decision
from bayesord.predictive.inputs import (
    check_categories,
    check_codes,
    check_numbers,
    check_same_rows,
    check_scores,
    check_table,
    check_weights,
    row_products,
)
from bayesord.predictive.optimum import TIE, Optimum, first_minimum, quadratic_optimum, weighted_optimum
from bayesord.predictive.probabilities import as_draws

__all__ = ["LabelRule", "solve"]


def solve(decision: Decision, table: np.ndarray, values: np.ndarray, weights: np.ndarray | None) -> Optimum:
    """The labels of highest plug-in kappa, or least expected cost, for mean probabilities (n, K).

    For a cost, `value` is the mean expected cost (lower is better), `lambda_` and `upper_bound` are nan.
    """
    if decision.squared:
        # kappa does not see where the values start or their unit; without both, nothing cancels
        origin, span = values[0], values[-1] - values[0]
        unit = (values - origin) / span
        m, q = row_products(table, unit), row_products(table, unit**2)
        best = quadratic_optimum(m, q, unit, weights) if decision.corrected else _nearest(m, q, unit, weights)
        value = best.value if decision.corrected else span**2 * best.value
        return replace(best, value=value, bounds=origin + span * best.bounds)
    matrix = decision.matrix(values)
    if decision.corrected:
        return weighted_optimum(table, matrix, weights)
    cost = row_products(table, matrix)
    labels = first_minimum(cost, np.abs(matrix).max())
    value = float(np.average(cost[np.arange(labels.size), labels], weights=weights))
    return Optimum(labels, value, np.nan, np.nan, credit=np.zeros(values.size))


def _nearest(m: np.ndarray, q: np.ndarray, values: np.ndarray, weights: np.ndarray | None) -> Optimum:
    """The category value nearest to each mean score, and its mean squared error."""
    bounds = (values[:-1] + values[1:]) / 2 + TIE * (values[-1] - values[0])
    labels = np.searchsorted(bounds, m)
    error = q - 2 * values[labels] * m + values[labels] ** 2
    return Optimum(labels, float(np.average(error, weights=weights)), np.nan, np.nan, bounds)


@dataclass(frozen=True, eq=False)
class LabelRule:
    """A frozen way from one row's probabilities, or score, to its label.

    Make one with `from_posterior` (from probabilities) or `from_labels` (from a score and known answers).

    Attributes
    ----------
    decision : str
        What the labels are best for.
    category_values : array (K,)
    value : float
        What the rule reached on the rows that made it: the plug-in kappa, the sample kappa (`from_labels`),
        or the mean expected cost.
    bounds : array (K-1,) or None
        A score above bounds[k] is labelled above k; a score on a bound takes the lower label. -inf and inf
        for labels that the rule never gives.
    costs : array (K, K) or None
        Where no score decides: row i takes the k of smallest Σ_j p_ij costs[j, k] - credit[k], the lower of
        two that tie.
    credit : array (K,) or None

    Examples
    --------
    >>> P = [[0.6, 0.3, 0.1], [0.4, 0.4, 0.2], [0.3, 0.4, 0.3], [0.2, 0.4, 0.4], [0.5, 0.4, 0.1]]
    >>> rule = LabelRule.from_posterior(P)
    >>> rule.predict(P)
    array([0, 1, 1, 2, 0])
    >>> rule.predict([[0.2, 0.4, 0.4]])  # the same row alone, the same label
    array([2])
    """

    decision: str
    category_values: np.ndarray
    value: float
    bounds: np.ndarray | None = None
    costs: np.ndarray | None = None
    credit: np.ndarray | None = None

    @property
    def n_categories(self) -> int:
        """K."""
        return self.category_values.size

    @classmethod
    def from_posterior(cls, probs, decision="qwk", *, category_values=None, sample_weight=None) -> LabelRule:
        """The rule that labels the given rows optimally, frozen.

        Quadratic kappa keeps the bounds mbar + λ((t_k + t_{k+1})/2 - mbar), another kappa the credit μ h of
        each label; a cost needs nothing from the rows.

        Parameters
        ----------
        probs : array (S, n, K) or (n, K), DataArray, or draws
            Category probabilities of the rows to learn from: a posterior's, or any `predict_proba`.
        decision : str, Decision or array (K, K)
            As in `optimal_labels`.
        category_values : array (K,), optional
            Default 0..K-1.
        sample_weight : array (n,), optional

        Returns
        -------
        LabelRule

        Raises
        ------
        ValueError
            For probabilities that are none, unknown decisions, wrong shapes.

        Examples
        --------
        >>> LabelRule.from_posterior([[0.75, 0.25], [0.5, 0.5]], "mode").predict([[0.4, 0.6]])
        array([1])
        """
        table = as_draws(probs).mean_probs()
        values = check_category_values(category_values, table.shape[1])
        weights = check_weights(sample_weight, table.shape[0])
        chosen = get_decision(decision)
        best = solve(chosen, table, values, weights)
        costs = None if chosen.squared else chosen.matrix(values)
        _tell_undefined(best.value)
        return cls(chosen.name, values, best.value, best.bounds, costs, best.credit)

    @classmethod
    def from_labels(
        cls, score, y, *, n_categories: int | None = None, category_values=None, sample_weight=None
    ) -> LabelRule:
        """The monotone rounding of a score that has the highest quadratic weighted kappa with y. Exact.

        For any score that should rise with y: a regression's output, a network's, a sum of points. The best
        non-decreasing step function from score to category is found by Dinkelbach's iteration on the isotonic
        regression of y on the score, O(n log n): no search, no starting values, no local optimum. Each bound
        lies half-way between the two scores it separates.

        Parameters
        ----------
        score : array (n,) or (n, K)
            Any finite numbers; or category probabilities, which are scored by their mean category value.
        y : array (n,) of codes 0..K-1
            The answers. Use rows that the score was not trained on (held out, or out of fold): scores of
            training rows follow y too closely, and the bounds come out too wide.
        n_categories : int
            K. May be left out when `score` or `category_values` tell it.
        category_values : array (K,), optional
            Default 0..K-1.
        sample_weight : array (n,), optional

        Returns
        -------
        LabelRule
            `value` is the kappa reached on these rows.

        Raises
        ------
        ValueError
            For labels outside 0..K-1, scores that are not finite, or K not told.

        Notes
        -----
        With λ fixed, the best monotone labels are the values nearest to the isotonic regression of
        g_i = ybar + (y_i - ybar)/λ, because rounding an isotonic regression to a grid solves the isotonic
        problem on that grid; and isotonic regression commutes with the affine map from y to g.

        Examples
        --------
        >>> score = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
        >>> rule = LabelRule.from_labels(score, [0, 1, 0, 1, 2, 1, 2, 2], n_categories=3)
        >>> rule.bounds, round(rule.value, 12) == round(39 / 47, 12)
        (array([0.35, 0.45]), True)
        >>> rule.predict([0.33, 0.41, 99.0])
        array([0, 1, 2])
        """
        given = check_numbers("score", score)
        if n_categories is None:
            n_categories = _told_by(given, category_values)
        n_categories = check_categories(n_categories)
        values = check_category_values(category_values, n_categories)
        if given.ndim == 2:
            given = row_products(check_table("score", given, n_categories), values)
        given = check_scores("score", given)
        y = check_codes("y", y, n_categories)
        check_same_rows(given, y)
        weights = check_weights(sample_weight, y.size)
        bounds, value = _best_rounding(given, y, values, weights)
        _tell_undefined(value)
        return cls("qwk", values, value, bounds)

    def predict(self, prediction) -> np.ndarray:
        """Label new rows, each by itself.

        Parameters
        ----------
        prediction : array (n,) or (n, K)
            Scores, or category probabilities.

        Returns
        -------
        array (n,) of codes

        Raises
        ------
        ValueError
            For scores where the rule needs probabilities, and for what is neither.
        """
        array = check_numbers("prediction", prediction)
        if array.ndim == 2:
            return self.predict_from_probs(array)
        if self.bounds is None:
            raise ValueError(
                f"the rule for decision {self.decision!r} needs category probabilities (n, K), got shape "
                f"{array.shape}. A score alone decides only for 'qwk' and 'mean'."
            )
        return np.searchsorted(self.bounds, check_scores("prediction", array))

    def predict_from_probs(self, mean_probs) -> np.ndarray:
        """Label rows from their (posterior mean) category probabilities (n, K) -> codes (n,)."""
        table = check_table("mean_probs", mean_probs, self.n_categories)
        if self.bounds is not None:
            return np.searchsorted(self.bounds, row_products(table, self.category_values))
        return first_minimum(row_products(table, self.costs) - self.credit, np.abs(self.costs).max())


def _tell_undefined(value: float) -> None:
    """Warn where the kappa that a rule reached on its own rows is 0/0."""
    if np.isnan(value):
        warnings.warn(
            "the kappa of these rows is 0/0, undefined (value is nan): their answers are constant, and so are the "
            "labels. Make a rule from rows in which the answers vary.",
            UserWarning,
            stacklevel=3,
        )


def _told_by(score: np.ndarray, category_values) -> int:
    """K from the columns of a table or the length of the values; never from the labels."""
    if score.ndim == 2:
        return score.shape[1]
    if category_values is not None:
        return len(category_values)
    raise ValueError(
        "n_categories is needed: K is never guessed from the labels present. Pass n_categories=, or "
        "category_values= with one number per category."
    )


def _best_rounding(
    score: np.ndarray, y: np.ndarray, values: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, float]:
    """The bounds (K-1,) of the best monotone rounding, and its kappa."""
    origin, span = values[0], values[-1] - values[0]
    unit = (values - origin) / span
    w = np.ones(y.size) if weights is None else weights
    seen = w > 0
    levels, level = np.unique(score[seen], return_inverse=True)
    mass = np.bincount(level, weights=w[seen])
    mean = np.bincount(level, weights=w[seen] * unit[y[seen]]) / mass
    square = np.bincount(level, weights=w[seen] * unit[y[seen]] ** 2) / mass
    best = quadratic_optimum(isotonic_regression(mean, weights=mass).x, square, unit, mass)

    count = np.searchsorted(
        best.labels, np.arange(values.size - 1), side="right"
    )  # levels labelled k or less
    low = levels[np.maximum(count - 1, 0)]
    high = levels[np.minimum(count, levels.size - 1)]
    middle = low / 2 + high / 2  # no overflow; between neighbouring floats it may round up to the upper one
    bounds = np.where((middle >= low) & (middle < high), middle, low)
    bounds[count == 0], bounds[count == levels.size] = -np.inf, np.inf
    return bounds, best.value
