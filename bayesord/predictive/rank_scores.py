"""Scores of an ordering: does a higher number go with a higher category?

They take any numeric score (a mean category value, a regression output) and see only its order. Weights are
frequencies: a row of weight 3 is three rows, so SciPy's functions, which take no weights, agree at weight 1.
One pass over the sorted scores counts all pairs: O(n log n + nK).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bayesord.predictive.inputs import (
    check_categories,
    check_codes,
    check_same_rows,
    check_scores,
    check_weights,
)

__all__ = ["c_index", "kendall_tau_b", "somers_d", "spearman"]


def _levels(y, score, n_categories, sample_weight) -> np.ndarray:
    """Weight of every (distinct score, category), scores increasing; empty rows and columns dropped."""
    n_categories = check_categories(n_categories)
    y, score = check_codes("y", y, n_categories), check_scores("score", score)
    check_same_rows(y, score)
    weights = check_weights(sample_weight, y.size)
    weights = np.ones(y.size) if weights is None else weights
    _, level = np.unique(score, return_inverse=True)
    flat = np.bincount(level * n_categories + y, weights=weights, minlength=(level.max() + 1) * n_categories)
    mass = np.ldexp(flat, -np.frexp(flat.max())[1]).reshape(-1, n_categories)  # no score sees their unit
    return mass[mass.any(axis=1)][:, mass.any(axis=0)]


class _Pairs(NamedTuple):
    concordant: float
    discordant: float
    score_tied: float  # same score, different category
    y_tied: float  # same category, different score


def _pairs(mass: np.ndarray) -> _Pairs:
    """Count the pairs of rows that differ in score, in category, or both."""
    below = np.cumsum(mass, axis=0) - mass  # weight at a lower score, by category
    lower = np.cumsum(below, axis=1) - below  # ... and in a lower category than the column's
    higher = below.sum(axis=1, keepdims=True) - lower - below
    level, category = mass.sum(axis=1), mass.sum(axis=0)
    return _Pairs(
        float((mass * lower).sum()),
        float((mass * higher).sum()),
        float(((level[:, None] - mass) * mass).sum() / 2),
        float(((category - mass) * mass).sum() / 2),
    )


def spearman(y, score, *, n_categories: int, sample_weight=None) -> float:
    """Spearman's rank correlation: Pearson's correlation of the mid-ranks.

    Parameters
    ----------
    y : array (n,) of codes 0..K-1
    score : array (n,)
        Any numbers; only their order counts.
    n_categories : int
    sample_weight : array (n,), optional
        Frequencies.

    Returns
    -------
    float in [-1, 1], higher is better; nan when y or the score is constant: there is no order to agree with

    Raises
    ------
    ValueError
        For labels outside 0..K-1, scores that are not finite, unequal lengths.

    Source: Spearman 1904, doi:10.2307/1412159.

    Examples
    --------
    >>> spearman([0, 1, 2], [0.1, 0.2, 7.0], n_categories=3)
    1.0
    """
    mass = _levels(y, score, n_categories, sample_weight)
    if min(mass.shape) < 2:
        return float("nan")
    level, category = mass.sum(axis=1), mass.sum(axis=0)
    total = level.sum()
    rank_score = np.cumsum(level) - level / 2 - total / 2  # mid-ranks about their mean
    rank_y = np.cumsum(category) - category / 2 - total / 2
    covariance = rank_score @ mass @ rank_y
    value = covariance / np.sqrt((level @ rank_score**2) * (category @ rank_y**2))
    return float(np.clip(value, -1.0, 1.0))


def kendall_tau_b(y, score, *, n_categories: int, sample_weight=None) -> float:
    """Kendall's tau-b: (C - D) / √((C + D + T_score)(C + D + T_y)).

    C and D count concordant and discordant pairs of rows, T_score those tied on the score alone, T_y those
    tied on y alone. Parameters, returns and errors as in `spearman`.

    Source: Kendall 1945, doi:10.1093/biomet/33.3.239.

    Examples
    --------
    >>> round(kendall_tau_b([0, 0, 1, 1], [1.0, 2.0, 3.0, 2.0], n_categories=2), 6)
    0.67082
    """
    mass = _levels(y, score, n_categories, sample_weight)
    if min(mass.shape) < 2:
        return float("nan")
    pairs = _pairs(mass)
    untied = pairs.concordant + pairs.discordant
    scale = np.sqrt(untied + pairs.score_tied) * np.sqrt(untied + pairs.y_tied)
    return float((pairs.concordant - pairs.discordant) / scale)


def somers_d(y, score, *, n_categories: int, sample_weight=None) -> float:
    """Somers' D of the score given y: (C - D) / (C + D + T_score), over the pairs whose categories differ.

    The D_xy of ordinal regression reports, and `scipy.stats.somersd(y, score)`.
    Parameters, returns and errors as in `spearman`.

    Source: Somers 1962, doi:10.2307/2090408.

    Examples
    --------
    >>> somers_d([0, 0, 1, 1], [1.0, 2.0, 3.0, 2.0], n_categories=2)
    0.75
    """
    mass = _levels(y, score, n_categories, sample_weight)
    if min(mass.shape) < 2:
        return float("nan")
    pairs = _pairs(mass)
    comparable = pairs.concordant + pairs.discordant + pairs.score_tied
    return (pairs.concordant - pairs.discordant) / comparable if comparable > 0 else float("nan")


def c_index(y, score, *, n_categories: int, sample_weight=None) -> float:
    """Concordance index: (C + T_score/2) / (C + D + T_score), over the pairs whose categories differ.

    The chance that of two rows with different answers the higher answer has the higher score; a tie counts
    one half. With two categories it is the area under the ROC curve. A constant score has 1/2, as a coin
    has; a constant y leaves no pair to compare: nan. Parameters and errors as in `spearman`.

    Returns
    -------
    float in [0, 1], higher is better

    Source: Harrell, Califf, Pryor, Lee & Rosati 1982, doi:10.1001/jama.1982.03320430047030.

    Examples
    --------
    >>> c_index([0, 0, 1, 1], [1.0, 2.0, 3.0, 2.0], n_categories=2)
    0.875
    """
    mass = _levels(y, score, n_categories, sample_weight)
    if mass.shape[1] < 2:
        return float("nan")
    pairs = _pairs(mass)
    comparable = pairs.concordant + pairs.discordant + pairs.score_tied
    return (pairs.concordant + pairs.score_tied / 2) / comparable if comparable > 0 else float("nan")
