"""The usual search for rounding thresholds, as a baseline beside the exact rule."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from bayesord.checks import check_category_values
from bayesord.predictive.inputs import check_categories, check_codes, check_same_rows, check_scores
from bayesord.predictive.labelrule import LabelRule

__all__ = ["nelder_mead_rule"]


def nelder_mead_rule(score, y, *, n_categories: int, category_values=None) -> LabelRule:
    """Thresholds on a score searched for the highest quadratic weighted kappa, from half-way between the values on.

    What competitions know as the "optimized rounder". Kappa is a step function of the thresholds, so that the
    simplex often stops where it began; `LabelRule.from_labels` finds the maximum exactly and faster.

    Parameters
    ----------
    score : array (n,)
        Any score on the scale of the category values.
    y : array (n,) of codes 0..K-1
    n_categories : int
    category_values : array (K,), optional
        Default 0..K-1.

    Returns
    -------
    LabelRule
        `value` is the kappa reached on these rows.

    Source: Nelder & Mead 1965, doi:10.1093/comjnl/7.4.308.

    Examples
    --------
    >>> rule = nelder_mead_rule([0.1, 0.4, 0.9, 1.2, 2.2], [0, 0, 1, 1, 2], n_categories=3)
    >>> rule.predict([0.2, 1.1, 3.0]), rule.value
    (array([0, 1, 2]), 1.0)
    """
    n_categories = check_categories(n_categories)
    score, y = check_scores("score", score), check_codes("y", y, n_categories)
    check_same_rows(score, y)
    values = check_category_values(category_values, n_categories)

    def minus_kappa(thresholds):
        return -_kappa(values[y], values[np.searchsorted(np.sort(thresholds), score)])

    found = minimize(minus_kappa, (values[:-1] + values[1:]) / 2, method="Nelder-Mead")
    return LabelRule("qwk", values, float(-found.fun), np.sort(found.x))


def _kappa(y: np.ndarray, labels: np.ndarray) -> float:
    """Quadratic weighted kappa of the values of two rows of labels; 0 where both are constant and equal."""
    chance = y.var() + labels.var() + (y.mean() - labels.mean()) ** 2
    return 1 - np.mean((y - labels) ** 2) / chance if chance > 0 else 0.0
