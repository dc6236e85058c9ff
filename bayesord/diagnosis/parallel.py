"""Whether each predictor has one coefficient for all cutpoints: proportional odds, under any link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bayesord.diagnosis.chi_square import inverse_of, tests_by_predictor
from bayesord.diagnosis.scores import Scores
from bayesord.modelling.cutpoints import cutpoint_labels

__all__ = ["Parallel", "parallel_check"]


@dataclass(frozen=True, eq=False)
class Parallel:
    """The parallel check of every predictor.

    Attributes
    ----------
    tests : DataFrame, one row per predictor
        statistic, df, p, p_adjusted (Holm's: if all are parallel, any is below .01 with probability .01 at most, however
        many there are).
    estimates : DataFrame, one row per predictor and cutpoint
        predictor, cutpoint, estimate, se, lower, upper: the coefficient that this cutpoint alone would have.
    common : Series
        The coefficients of the model, by predictor (posterior means).
    unit : Series
        Standard deviations of the columns.
    prob : float
        Of the intervals.
    """

    tests: pd.DataFrame
    estimates: pd.DataFrame
    common: pd.Series
    unit: pd.Series
    prob: float


def parallel_check(fit, scores: Scores, prob: float = 0.9) -> Parallel:
    """Score test that the coefficients of a predictor are the same at all cutpoints, the other predictors' held so.

    With δ_jk the coefficient of x_j at cutpoint k less that at the first one, the test is that of all δ_jk = 0 (k = 2, ...,
    m). Estimates of the coefficients at each cutpoint come from the same score and information, one step of Fisher's
    method from the posterior mean: the test asks how far they are from each other, and is Brant's in what it asks, but
    needs no separate regression for each cutpoint, which rare categories often do not allow.

    Brant (1990), doi:10.2307/2532457.
    """
    design = fit.design
    m, q = len(scores.cutpoints), scores.n_columns
    labels = np.array(cutpoint_labels(design.categories))[scores.cutpoints]
    width = ndtri(0.5 + prob / 2)
    to_model = scores.known @ scores.own.T  # a step of the model's own parameters for each unit of score
    tests, estimates = {}, []
    for j, name in enumerate(design.predictors):
        which = np.arange(1, m) * q + j + 1
        tests[name] = scores.test(which)
        project = scores.without_own(which)
        information = project @ scores.information[:, which]
        apart = inverse_of(information) @ project
        together = to_model[m + j] - (to_model[m + j] @ scores.information[:, which]) @ apart
        steps = np.vstack([together, together + apart])
        se = np.sqrt(np.diag(steps @ scores.variance @ steps.T))
        estimates.append(_rows(name, labels, scores.beta[j] + steps @ scores.score, se, width))
    table = tests_by_predictor(tests)
    common, unit = (pd.Series(values, index=table.index) for values in (scores.beta, design.sd))
    return Parallel(table, pd.concat(estimates, ignore_index=True), common, unit, prob)


def _rows(name, labels, estimate, se, width) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "predictor": name,
            "cutpoint": labels,
            "estimate": estimate,
            "se": se,
            "lower": estimate - width * se,
            "upper": estimate + width * se,
        }
    )
