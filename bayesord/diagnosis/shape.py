"""Whether the link has the right shape, and whether eta is straight in each predictor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.diagnosis.chi_square import ScoreTest, score_test, tests_by_predictor
from bayesord.diagnosis.scores import Scores

__all__ = ["curve_tests", "link_test"]

_LEAST = 0.1  # of an information that is left for sure: what draws say is missing of it is noisy


def link_test(scores: Scores) -> ScoreTest:
    """Score test of the link's shape: 2 degrees of freedom, one for skewness and one for weight in the tails.

    With groups it is skewness alone: weight in the tails acts as the standard deviations of group effects do, which are
    learned.

    It also finds what looks like a wrong link: a curve or an interaction that is missing, or a variable left out that has
    much to say. Pregibon (1980), doi:10.2307/2346405, and Stukel (1988), doi:10.2307/2289287, with other families of links.
    """
    first = len(scores.cutpoints) * scores.n_columns
    if scores.missed is None:
        return scores.test(np.array([first, first + 1]))
    skewness = np.array([first + 1])
    project = scores.without_own(skewness)
    variance = project @ scores.information[:, skewness]
    left = np.maximum(variance - scores.missed, _LEAST * variance)
    return score_test(project @ scores.score, left, np.diag(scores.information)[skewness])


def curve_tests(scores: Scores, predictors: tuple[str, ...]) -> pd.DataFrame:
    """Score test of the square of each predictor, one row each: statistic, df, p, p_adjusted.

    A column of two values has no square of its own: nan.
    """
    first = len(scores.cutpoints) * scores.n_columns + 2
    return tests_by_predictor({name: scores.test(np.array([first + j])) for j, name in enumerate(predictors)})
