"""Leave-one-out kappa of a fit, and two fits compared, by Pareto-smoothed importance sampling (PSIS)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayesord.answers import Answers
from bayesord.inference.log_likelihood import log_likelihood_at
from bayesord.predictive import kappa
from bayesord.predictive.decisions import optimal_labels
from bayesord.predictive.loo_kappa import LooQWK
from bayesord.predictive.loo_kappa import loo_qwk as _loo_qwk

__all__ = ["SeenQWK", "compare_qwk", "loo_qwk", "seen_qwk"]


@dataclass(frozen=True, eq=False)
class SeenQWK:
    """QWK of labels that had seen the answers: `value`, its standard error `se`, and the `labels` (n,)."""

    value: float
    se: float
    labels: np.ndarray

    def __str__(self) -> str:
        return (
            f"QWK of the training rows {self.value:.3f} (standard error {self.se:.3f}), {self.labels.size:,} rows; "
            "the labels have seen the answers, so new rows will score lower"
        )

    __repr__ = __str__


def loo_qwk(fit, *, category_values=None) -> LooQWK:
    """`OrdinalFit.qwk`: importance weights of the draws for every row left out, then the kappa of the labels."""
    design = fit.design
    log_weights, pareto_k = _smoothed_weights(fit)
    return _loo_qwk(
        design.y,
        fit.predictive_draws(),
        log_weights,
        pareto_k,
        category_values=category_values,
        sample_weight=design.weights,
        weights=design.weights_kind,
    )


def seen_qwk(fit, *, category_values=None) -> SeenQWK:
    """`OrdinalFit.qwk(loo=False)`: the same labels and answers without leaving anything out."""
    design = fit.design
    weights = {"sample_weight": design.weights, "weights": design.weights_kind}
    best = optimal_labels(fit.predictive_draws(), category_values=category_values, **weights)
    K = len(design.categories)
    value, se = kappa.qwk(
        design.y, best.labels, n_categories=K, category_values=category_values, se=True, **weights
    )
    return SeenQWK(value, se, best.labels)


def _smoothed_weights(fit):
    """A function (start, stop) -> (S, rows) smoothed log weights 1 / P(y_i | draw), and the Pareto k it fills in.

    Block by block, so that draws x rows numbers never have to exist. ArviZ takes the log-likelihood itself.
    """
    from arviz_stats.base import array_stats

    design, draws = fit.design, fit.predictive_draws()
    steps = fit.idata["posterior"]["cutpoint_steps"].values
    steps = steps.reshape(draws.n_draws, -1)
    effects = tuple(term.effects for term in draws.groups)
    pareto_k = np.full(len(design.y), np.nan)

    def log_weights(start, stop):
        log_likelihood = log_likelihood_at(
            design, fit.link, draws.beta, steps, effects=effects, rows=slice(start, stop)
        )
        if design.weights is not None and design.weights_kind == "importance":
            # An importance weight is the row's whole part in the posterior; of w equal rows one is left out.
            log_likelihood = log_likelihood * design.weights[start:stop]
        weights, pareto_k[start:stop] = array_stats.psislw(log_likelihood, axis=0)
        return np.asarray(weights).T

    return log_weights, pareto_k


def compare_qwk(
    fit_a: Answers,
    fit_b: Answers,
    y=None,
    *,
    new=None,
    offset=None,
    sample_weight=None,
    category_values=None,
    new_groups: str = "error",
    group_effects: bool = True,
) -> kappa.QWKDifference:
    """Paired difference of the QWK of two fits, on the same rows, with its standard error.

    Parameters
    ----------
    fit_a, fit_b : OrdinalFit
        Fits with the same categories.
    y : (n,) answers in the users' categories, optional
        The answers of `new`. Without them the fits are compared on their training rows, leave-one-out.
    new : DataFrame or array, optional
        Rows that neither fit has seen.
    offset, sample_weight : (n,) numbers, optional
        Of the new rows.
    category_values : (K,) numbers, optional
    new_groups, group_effects
        For `new`, as in `fit.predict`.

    Returns
    -------
    QWKDifference
        `.value` is the QWK of `fit_a` minus that of `fit_b`; `.se` by influence functions.

    Raises
    ------
    ValueError
        For fits with different categories, or with different training rows or weights where these are compared.

    Examples
    --------
    >>> import bayesord as bo
    >>> wine = bo.datasets.load_wine()
    >>> both = bo.fit("rating ~ temp + contact", wine, random_seed=1, progressbar=False)
    >>> temp = bo.fit("rating ~ temp", wine, random_seed=1, progressbar=False)
    >>> bo.compare_qwk(both, temp).n_rows
    72
    """
    if fit_a.design.categories != fit_b.design.categories:
        raise ValueError(
            f"the fits have different categories: {list(fit_a.design.categories)} and {list(fit_b.design.categories)}"
        )
    if (y is None) != (new is None):
        raise ValueError("pass y and new together: the answers of rows that neither fit has seen")
    if y is None:
        _check_same_rows(fit_a.design, fit_b.design)
        answers = fit_a.design.y
        labels = [loo_qwk(fit, category_values=category_values).labels for fit in (fit_a, fit_b)]
        weights = {"sample_weight": fit_a.design.weights, "weights": fit_a.design.weights_kind}
    else:
        answers = fit_a.codes_of(y)
        groups = {"new_groups": new_groups, "group_effects": group_effects}
        asked = {"category_values": category_values, "offset": offset} | groups
        labels = [fit.codes_of(fit.predict(new, "qwk", **asked)) for fit in (fit_a, fit_b)]
        weights = {"sample_weight": sample_weight}
    return kappa.qwk_difference(
        answers,
        *labels,
        n_categories=len(fit_a.design.categories),
        category_values=category_values,
        **weights,
    )


def _check_same_rows(a, b) -> None:
    """Both fits have the same rows: labels, answers and weights in the same order."""
    weights = [np.ones(len(d.y)) if d.weights is None else d.weights for d in (a, b)]
    same = {
        "answers": np.array_equal(a.y, b.y),
        "row labels": a.obs_id.equals(b.obs_id),
        "weights": np.array_equal(*weights) and a.weights_kind == b.weights_kind,
    }
    different = [name for name, equal in same.items() if not equal]
    if different:
        raise ValueError(
            f"the fits were given different {' and '.join(different)}: fit both to the same rows in the same order, "
            "or pass new rows and their y to compare them on"
        )
