"""From probabilities to labels: the label that is best depends on what it will be judged by.

`optimal_labels` labels the given rows together, as kappas ask for; `LabelRule` freezes what they taught, so
that new rows are labelled one at a time. The list of decisions is `DECISIONS`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from bayesord.checks import check_category_values, check_choice
from bayesord.predictive.decision_registry import (
    DECISIONS,
    Decision,
    cost_matrix,
    get_decision,
    kappa_matrix,
    pinball,
)
from bayesord.predictive.expected_optimum import expected_optimum
from bayesord.predictive.inputs import check_weights
from bayesord.predictive.labelrule import LabelRule, solve
from bayesord.predictive.probabilities import as_draws

__all__ = [
    "DECISIONS",
    "Decision",
    "LabelRule",
    "OptimalLabels",
    "cost_matrix",
    "get_decision",
    "kappa_matrix",
    "optimal_labels",
    "pinball",
]

OBJECTIVES = ("plugin", "expected")


@dataclass(frozen=True, eq=False)
class OptimalLabels:
    """The labels, and how good they are expected to be.

    Attributes
    ----------
    labels : array (n,) of codes 0..K-1
    value : float
        What was optimised. A kappa: E[A]/E[B] of these labels (`objective="plugin"`), or E[A/B], the expected
        kappa of the next answers (`"expected"`). A cost: the mean expected cost, lower is better; for "mode"
        that is the expected error rate.
    lambda_ : float
        λ of a kappa: the plug-in value, by which mean scores are stretched. nan for a cost.
    decision_bounds : array (K-1,) or None
        Where the mean score alone decides ("qwk" and "mean"): a row whose mean score exceeds bound k is
        labelled above k. None elsewhere, and under `objective="expected"`, which is not a threshold rule.
    upper_bound : float
        No labels have a larger plug-in kappa. nan for a cost.
    """

    labels: np.ndarray
    value: float
    lambda_: float
    decision_bounds: np.ndarray | None
    upper_bound: float


def optimal_labels(
    probs,
    decision="qwk",
    *,
    category_values=None,
    sample_weight=None,
    weights: str = "frequency",
    objective: str = "plugin",
    threads: int | None = None,
) -> OptimalLabels:
    """The best labels for the given rows, chosen together.

    With a_i the value of the label of row i and Y_i its unknown answer, quadratic weighted kappa is A/B,
    A = 2 Σ(a_i - abar) Y_i and B = Σ Y² + Σ a² - 2 abar Σ Y. The default maximises E[A]/E[B], and reaches the
    maximum over all K^n labelings: a_i is the value nearest to mbar + (m_i - mbar)/λ, where m_i is the mean
    category value of the row, mbar their mean, and λ the maximum itself.

    Parameters
    ----------
    probs : array (S, n, K) or (n, K), DataArray, draws, or a fit
        Category probabilities: posterior draws, their mean, or any `predict_proba`.
    decision : str, array (K, K), or Decision
        "qwk", "kappa", "linear_kappa", "mode" (= "accuracy"), "median" (= "absolute"), "mean" (= "squared");
        `pinball(tau)`; `kappa_matrix(W)` for any weighted kappa; a cost matrix C[true, predicted].
    category_values : array (K,), optional
        The numbers given to the categories, rising; default 0..K-1. Only their ratios of distances count.
    sample_weight : array (n,), optional
        Row weights; every row is labelled, those of weight 0 too.
    weights : "frequency" or "importance"
        What the weights mean. It enters `objective="expected"` alone, through second moments.
    objective : "plugin" or "expected"
        "expected" goes on from the plug-in labels to maximise E[A/B], the expected kappa of the next answers
        ("qwk" only; the expectation of a cost is the plug-in one). It is slower and never returns labels that
        are worse under it; in simulated posteriors it gained up to .005 with a dozen rows, and less than
        1e-4 from forty rows on.
    threads : int, optional
        Default: all processors this process may use. Results do not depend on it.

    Returns
    -------
    OptimalLabels

    Raises
    ------
    ValueError
        For probabilities that are NaN, negative or do not sum to 1 (naming the row), unknown names, wrong
        shapes, negative weights, and `objective="expected"` with a kappa other than "qwk".

    Warns
    -----
    UserWarning
        When every row is certain to be the same category: kappa is 0/0, `value` is nan.

    Notes
    -----
    Ties go to the lower value. Where nothing distinguishes the rows (all mean scores equal) no labels beat
    0, the expected kappa of a constant, and the nearest constant is returned.

    The plug-in optimum is not always the optimum of E[A/B]. With two rows P = (3/4, 0, 1/4), (5/8, 3/8, 0) it
    returns (1, 0) whose expected kappa is -7/48, where (0, 1) has 7/48; such cases need few rows, or draws
    that contradict each other.

    Examples
    --------
    >>> P = [[0.6, 0.3, 0.1], [0.4, 0.4, 0.2], [0.3, 0.4, 0.3], [0.2, 0.4, 0.4], [0.5, 0.4, 0.1]]
    >>> best = optimal_labels(P)
    >>> best.labels, round(best.value, 6)
    (array([0, 1, 1, 2, 0]), 0.320557)
    >>> optimal_labels(P, "mode").labels
    array([0, 0, 1, 1, 0])
    """
    draws = as_draws(probs)
    values = check_category_values(category_values, draws.n_categories)
    row_weights = check_weights(sample_weight, draws.n_rows, weights)
    check_choice("objective", objective, OBJECTIVES)
    chosen = get_decision(decision)
    if objective == "expected" and chosen.corrected and chosen.name != "qwk":
        raise ValueError(
            f"objective='expected' is made for decision 'qwk', not {chosen.name!r}. Use objective='plugin'."
        )
    best = solve(chosen, draws.mean_probs(threads), values, row_weights)
    if chosen.corrected and np.isnan(best.value):
        warnings.warn(
            "every row is certain to be the same category: the labels say so, and their kappa is 0/0, "
            "undefined (value is nan). Score rows in which the answers vary.",
            UserWarning,
            stacklevel=2,
        )
        return OptimalLabels(best.labels, np.nan, best.lambda_, best.bounds, best.upper_bound)
    if objective == "expected" and chosen.corrected:
        labels, value = expected_optimum(draws, best.labels, values, row_weights, weights, threads)
        return OptimalLabels(labels, value, best.lambda_, None, best.upper_bound)
    return OptimalLabels(best.labels, best.value, best.lambda_, best.bounds, best.upper_bound)
