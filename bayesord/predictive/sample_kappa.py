"""The kappa of known answers and given labels: everything from one table of counts.

A weighted kappa compares two averages of a disagreement D over a table of (true, predicted) pairs,

    kappa = 1 - N / E,    N = mean_i D[y_i, a_i],    E = mean_ij D[y_i, a_j],

the average over rows against the average over all pairs of a true and a predicted category. Both are sums
over the K x K table, so is the influence of a row, and with it the standard error: n only enters in counting.
Categories are never inferred from the labels present.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from bayesord.checks import WEIGHT_KINDS, check_choice
from bayesord.predictive.disagreement import disagreement_matrix
from bayesord.predictive.inputs import check_categories, check_codes, check_same_rows, check_weights

__all__ = ["QWKDifference", "qwk", "qwk_difference", "weighted_kappa"]

UNDEFINED = (
    "kappa is 0/0, undefined: y and yhat are constant and equal, so chance alone agrees in every row. "
    "Score rows in which the answers vary, or choose the value with undefined=."
)


@dataclass(frozen=True)
class _Cells:
    """Kappa of a table of weighted counts, and the influence of a row in each of its cells."""

    table: np.ndarray
    disagreement: np.ndarray

    @property
    def chance(self) -> float:
        """E, times the square of the total weight."""
        return float(self.table.sum(axis=1) @ self.disagreement @ self.table.sum(axis=0))

    @property
    def kappa(self) -> float:
        rows, columns = self.table.sum(axis=1), self.table.sum(axis=0)
        if self.chance == 0.0:
            return np.nan
        if np.count_nonzero(rows) == 1 or np.count_nonzero(columns) == 1:
            return 0.0  # exactly: the same two sums, which rounding must not tell apart
        return float(1.0 - self.table.sum() * np.sum(self.table * self.disagreement) / self.chance)

    @property
    def influence(self) -> np.ndarray:
        """IF[y, a] = -[(D[y, a] - N) - (1 - kappa)(d1[y] + d2[a] - 2E)] / E."""
        share = self.table / self.table.sum()
        cost = self.disagreement
        d1, d2 = cost @ share.sum(axis=0), share.sum(axis=1) @ cost
        observed, chance = np.sum(share * cost), share.sum(axis=1) @ d1
        pull = d1[:, None] + d2[None, :] - 2 * chance
        return -((cost - observed) - (1.0 - self.kappa) * pull) / chance


def _counted(y, yhat, n_categories, disagreement, sample_weight) -> _Cells:
    pairs = y * n_categories + yhat
    counts = np.bincount(pairs, weights=sample_weight, minlength=n_categories**2)
    return _Cells(counts.reshape(n_categories, n_categories).astype(float), disagreement)


def _standard_error(influence: np.ndarray, sample_weight, kind: str) -> float:
    """Standard error of a mean of influences (n,): weights count rows, or make some of them larger."""
    if sample_weight is None:
        return float(np.sqrt(np.mean(influence**2) / influence.size))
    power = 1 if kind == "frequency" else 2
    return float(np.sqrt(sample_weight**power @ influence**2) / sample_weight.sum())


def weighted_kappa(
    y,
    yhat,
    *,
    n_categories: int,
    disagreement="nominal",
    category_values=None,
    sample_weight=None,
    weights: str = "frequency",
    undefined: float = np.nan,
    se: bool = False,
):
    """Weighted kappa of labels: 1 - Σ_i w_i D[y_i, a_i] / (Σ_ij w_i w_j D[y_i, a_j] / Σ w).

    Parameters
    ----------
    y, yhat : array (n,) of codes 0..K-1
        True and predicted categories.
    n_categories : int
        K, the number of categories that exist, present or not.
    disagreement : "nominal", "linear", "quadratic" or array (K, K)
        See `disagreement_matrix`; "nominal" is Cohen's unweighted kappa.
    category_values : array (K,), optional
        The numbers given to the categories; default 0..K-1.
    sample_weight : array (n,), optional
        Row weights.
    weights : "frequency" or "importance"
        Repeated rows, or one row that counts more: changes the standard error alone.
    undefined : float
        What to return for 0/0: y and yhat constant and equal. A warning says so.
    se : bool
        Also return the standard error.

    Returns
    -------
    float, at most 1; or (float, float) with `se=True`
        Exactly 0 where y alone or yhat alone is constant.

    Raises
    ------
    ValueError
        For labels outside 0..K-1, unequal lengths or negative weights; the message names the row.

    Notes
    -----
    The standard error is sqrt(mean(IF²)/n) over the influences of the rows: the large-sample formula of
    Fleiss, Cohen & Everitt.

    Source: Cohen 1968, doi:10.1037/h0026256; Fleiss, Cohen & Everitt 1969, doi:10.1037/h0028106.

    Examples
    --------
    >>> kappa = weighted_kappa([0, 1, 2, 3], [0, 1, 3, 3], n_categories=4, disagreement="linear")
    >>> round(kappa, 12) == round(9 / 11, 12)
    True
    """
    return _score(y, yhat, n_categories, disagreement, category_values, sample_weight, weights, undefined, se)


def _score(y, yhat, n_categories, disagreement, category_values, sample_weight, weights, undefined, se):
    kind = check_choice("weights", weights, WEIGHT_KINDS)
    n_categories = check_categories(n_categories)
    y, yhat = check_codes("y", y, n_categories), check_codes("yhat", yhat, n_categories)
    check_same_rows(y, yhat)
    w = check_weights(sample_weight, y.size)
    cost = disagreement_matrix(disagreement, n_categories, category_values)
    cells = _counted(y, yhat, n_categories, cost, w)
    if np.isnan(value := cells.kappa):
        warnings.warn(UNDEFINED, UserWarning, stacklevel=3)
        return (float(undefined), np.nan) if se else float(undefined)
    return (value, _standard_error(cells.influence[y, yhat], w, kind)) if se else value


def qwk(
    y,
    yhat,
    *,
    n_categories: int,
    category_values=None,
    sample_weight=None,
    weights: str = "frequency",
    undefined: float = np.nan,
    se: bool = False,
):
    """Quadratic weighted kappa: 2 cov(y, a) / (var y + var a + (mean y - mean a)²) of the category values.

    Parameters
    ----------
    y, yhat : array (n,) of codes 0..K-1
        True and predicted categories.
    n_categories : int
        K, the number of categories that exist, present or not.
    category_values : array (K,), optional
        The numbers given to the categories; default 0..K-1.
    sample_weight : array (n,), optional
        Row weights; integer weights equal repeated rows.
    weights : "frequency" or "importance"
        Repeated rows, or one row that counts more: changes the standard error alone.
    undefined : float
        What to return for 0/0: y and yhat constant and equal. A warning says so.
    se : bool
        Also return the standard error, by influence functions.

    Returns
    -------
    float in [-1, 1]; or (float, float) with `se=True`
        Exactly 0 where y alone or yhat alone is constant.

    Raises
    ------
    ValueError
        For labels outside 0..K-1, unequal lengths or negative weights; the message names the row.

    Source: Cohen 1968, doi:10.1037/h0026256; as a concordance, Lin 1989, doi:10.2307/2532051.

    Examples
    --------
    >>> qwk([0, 1, 2, 3], [0, 1, 3, 3], n_categories=4) == 11 / 12
    True
    >>> qwk([0, 1, 2, 3], [1, 1, 1, 1], n_categories=4)
    0.0
    """
    return _score(y, yhat, n_categories, "quadratic", category_values, sample_weight, weights, undefined, se)


@dataclass(frozen=True)
class QWKDifference:
    """Two sets of labels for the same rows, compared.

    Attributes
    ----------
    value : float
        QWK of the first minus QWK of the second.
    se : float
        Standard error of the difference, smaller than that of two samples: the rows are the same.
    first, second : float
        The two QWKs.
    n_rows : int
    """

    value: float
    se: float
    first: float
    second: float
    n_rows: int

    def __str__(self) -> str:
        return (
            f"QWK difference {self.value:+.4f} (standard error {self.se:.4f}): "
            f"{self.first:.4f} against {self.second:.4f} on the same {self.n_rows:,} rows"
        )


def qwk_difference(
    y,
    yhat_first,
    yhat_second,
    *,
    n_categories: int,
    category_values=None,
    sample_weight=None,
    weights: str = "frequency",
) -> QWKDifference:
    """Paired difference of two QWKs, with the standard error of the difference of their influences.

    Parameters
    ----------
    y, yhat_first, yhat_second : array (n,) of codes 0..K-1
        The truth and two predictions for the same rows.
    n_categories : int
    category_values : array (K,), optional
    sample_weight : array (n,), optional
    weights : "frequency" or "importance"

    Returns
    -------
    QWKDifference; all nan, with a warning, where one of the kappas is 0/0

    Raises
    ------
    ValueError
        For labels outside 0..K-1, unequal lengths or negative weights; the message names the row.

    Examples
    --------
    >>> print(qwk_difference([0, 1, 2, 3, 3], [0, 1, 2, 2, 3], [0, 0, 2, 2, 3], n_categories=4))
    QWK difference +0.0532 (standard error 0.0523): 0.9180 against 0.8649 on the same 5 rows
    """
    kind = check_choice("weights", weights, WEIGHT_KINDS)
    n_categories = check_categories(n_categories)
    y = check_codes("y", y, n_categories)
    labels = [
        check_codes(name, given, n_categories)
        for name, given in (("yhat_first", yhat_first), ("yhat_second", yhat_second))
    ]
    check_same_rows(y, *labels)
    w = check_weights(sample_weight, y.size)
    cost = disagreement_matrix("quadratic", n_categories, category_values)
    first, second = (_counted(y, yhat, n_categories, cost, w) for yhat in labels)
    if np.isnan(first.kappa) or np.isnan(second.kappa):
        warnings.warn(UNDEFINED, UserWarning, stacklevel=2)
        return QWKDifference(np.nan, np.nan, first.kappa, second.kappa, y.size)
    influence = first.influence[y, labels[0]] - second.influence[y, labels[1]]
    se = _standard_error(influence, w, kind)
    return QWKDifference(first.kappa - second.kappa, se, first.kappa, second.kappa, y.size)
