"""Scores of predicted category probabilities.

With p_k the probability of category k in a row and F_k = p_0 + ... + p_k. The ranked probability score, the
log score and the Brier score are proper: no forecast does better in expectation than the true probabilities
(Gneiting & Raftery 2007, doi:10.1198/016214506000001437). Calibration alone is not: it rewards the base rate.
"""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_count
from bayesord.predictive.inputs import (
    check_categories,
    check_codes,
    check_same_rows,
    check_table,
    check_weights,
)

__all__ = ["brier", "calibration_error", "cutpoint_calibration", "log_score", "rps"]


def _checked(y, probs, n_categories, sample_weight=None):
    n_categories = check_categories(n_categories)
    y, table = check_codes("y", y, n_categories), check_table("probs", probs, n_categories)
    check_same_rows(y, table)
    return y, table, check_weights(sample_weight, y.size)


def _cumulative(y: np.ndarray, table: np.ndarray):
    """F_k and 1[y <= k] for the K-1 cutpoints, both (n, K-1)."""
    below = np.cumsum(table[:, :-1], axis=1)
    return below, y[:, None] <= np.arange(table.shape[1] - 1)


def rps(y, probs, *, n_categories: int, sample_weight=None) -> float:
    """Ranked probability score: mean over rows of Σ_{k<K-1} (F_k - 1[y <= k])².

    The Brier score of every cutpoint, added up: probability far from the answer costs more than probability
    beside it.

    Parameters
    ----------
    y : array (n,) of codes 0..K-1
    probs : array (n, K)
        Category probabilities; rows sum to 1.
    n_categories : int
    sample_weight : array (n,), optional

    Returns
    -------
    float in [0, K-1], lower is better

    Raises
    ------
    ValueError
        For labels outside 0..K-1, probabilities that are NaN, negative or do not sum to 1, unequal lengths.

    Source: Epstein 1969, doi:10.1175/1520-0450(1969)008<0985:ASSFPF>2.0.CO;2.

    Examples
    --------
    >>> rps([0, 2], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]], n_categories=3)
    0.25
    """
    y, table, weights = _checked(y, probs, n_categories, sample_weight)
    below, event = _cumulative(y, table)
    return float(np.average(((below - event) ** 2).sum(axis=1), weights=weights))


def log_score(y, probs, *, n_categories: int, sample_weight=None) -> float:
    """Mean log probability of what happened: mean of log p_y.

    Minus infinity when something happened that was given probability 0: no clipping hides it.
    Parameters and errors as in `rps`.

    Returns
    -------
    float <= 0, higher is better

    Source: Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x.

    Examples
    --------
    >>> round(log_score([0, 2], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]], n_categories=3), 6)
    -0.693147
    """
    y, table, weights = _checked(y, probs, n_categories, sample_weight)
    if weights is not None:  # 0 x log 0 would be NaN: a row without weight says nothing
        y, table, weights = y[weights > 0], table[weights > 0], weights[weights > 0]
    with np.errstate(divide="ignore"):
        return float(np.average(np.log(table[np.arange(y.size), y]), weights=weights))


def brier(y, probs, *, n_categories: int, sample_weight=None) -> float:
    """Brier score over all categories: mean over rows of Σ_k (p_k - 1[y = k])².

    Parameters and errors as in `rps`; it does not know that the categories are ordered.

    Returns
    -------
    float in [0, 2], lower is better

    Source: Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.

    Examples
    --------
    >>> brier([0, 2], [[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]], n_categories=3)
    0.5
    """
    y, table, weights = _checked(y, probs, n_categories, sample_weight)
    event = y[:, None] == np.arange(table.shape[1])
    return float(np.average(((table - event) ** 2).sum(axis=1), weights=weights))


def cutpoint_calibration(y, probs, *, n_categories: int, sample_weight=None, n_bins: int = 10) -> np.ndarray:
    """Calibration error at every cutpoint: how far P(y <= k) is from what happens.

    For each cutpoint k, rows are put in `n_bins` bins of equal width by F_k, and
    error_k = Σ_bins (weight of the bin) |mean F_k - share with y <= k|. A few rows per bin make it positive
    even for true probabilities (about √(F(1-F)/rows of the bin) each): compare it on the same rows only.

    Parameters
    ----------
    y : array (n,) of codes 0..K-1
    probs : array (n, K)
    n_categories : int
    sample_weight : array (n,), optional
    n_bins : int

    Returns
    -------
    array (K-1,), each in [0, 1], lower is better

    Raises
    ------
    ValueError
        As `rps`; also for n_bins < 1.

    Source: Naeini, Cooper & Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602, applied to each cutpoint.

    Examples
    --------
    >>> cutpoint_calibration([0, 1, 2, 2], [[0.5, 0.25, 0.25]] * 4, n_categories=3)
    array([0.25, 0.25])
    """
    y, table, weights = _checked(y, probs, n_categories, sample_weight)
    check_count("n_bins", n_bins)
    weights = np.ones(y.size) if weights is None else weights
    below, event = _cumulative(y, table)
    bins = np.minimum((below * n_bins).astype(np.int64), n_bins - 1)
    gaps = np.empty(below.shape[1])
    for k in range(gaps.size):
        excess = np.bincount(bins[:, k], weights=weights * (below[:, k] - event[:, k]))
        gaps[k] = np.abs(excess).sum() / weights.sum()
    return gaps


def calibration_error(y, probs, *, n_categories: int, sample_weight=None) -> float:
    """Mean over the cutpoints of `cutpoint_calibration` with ten bins.

    Parameters and errors as in `rps`.

    Returns
    -------
    float in [0, 1], lower is better

    Examples
    --------
    >>> calibration_error([0, 1, 2, 2], [[0.5, 0.25, 0.25]] * 4, n_categories=3)
    0.25
    """
    return float(
        cutpoint_calibration(y, probs, n_categories=n_categories, sample_weight=sample_weight).mean()
    )
