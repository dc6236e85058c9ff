"""Scores of predicted labels: how often, and by how much, they miss.

Every function takes codes 0..K-1 with K told (`n_categories`), and checks the range before anything is
counted. Averages over classes skip classes that have no true row: they have no error to average.
"""

from __future__ import annotations

import numpy as np

from bayesord.checks import check_category_values
from bayesord.predictive.inputs import (
    check_categories,
    check_codes,
    check_same_rows,
    check_weights,
)

__all__ = ["accuracy", "amae", "mae", "mmae", "off_by_one", "rmse"]


def _checked(y, yhat, n_categories, sample_weight=None):
    n_categories = check_categories(n_categories)
    y, yhat = check_codes("y", y, n_categories), check_codes("yhat", yhat, n_categories)
    check_same_rows(y, yhat)
    return y, yhat, check_weights(sample_weight, y.size)


def accuracy(y, yhat, *, n_categories: int, sample_weight=None) -> float:
    """Share of rows whose label is right: mean of 1[yhat = y].

    Parameters
    ----------
    y, yhat : array (n,) of codes 0..K-1
        True and predicted categories.
    n_categories : int
        K, the number of categories that exist.
    sample_weight : array (n,), optional
        Row weights; integer weights equal repeated rows.

    Returns
    -------
    float in [0, 1], higher is better

    Raises
    ------
    ValueError
        For labels outside 0..K-1 or unequal lengths; the message names the row.

    Examples
    --------
    >>> accuracy([0, 1, 2, 2], [0, 1, 1, 2], n_categories=3)
    0.75
    """
    y, yhat, weights = _checked(y, yhat, n_categories, sample_weight)
    return float(np.average(y == yhat, weights=weights))


def off_by_one(y, yhat, *, n_categories: int, sample_weight=None) -> float:
    """Share of rows whose label is right or next to right: mean of 1[|yhat - y| <= 1].

    Parameters, returns and errors as in `accuracy`; the distance counts categories, whatever their values.

    Examples
    --------
    >>> off_by_one([0, 1, 2, 2], [0, 2, 0, 2], n_categories=3)
    0.75
    """
    y, yhat, weights = _checked(y, yhat, n_categories, sample_weight)
    return float(np.average(np.abs(y - yhat) <= 1, weights=weights))


def _errors(y, yhat, n_categories, category_values, sample_weight):
    """(y, t_yhat - t_y, weights): the signed errors in category values."""
    y, yhat, weights = _checked(y, yhat, n_categories, sample_weight)
    values = check_category_values(category_values, n_categories)
    return y, values[yhat] - values[y], weights


def mae(y, yhat, *, n_categories: int, category_values=None, sample_weight=None) -> float:
    """Mean absolute error in category values: mean of |t_yhat - t_y|.

    Parameters
    ----------
    y, yhat : array (n,) of codes 0..K-1
    n_categories : int
    category_values : array (K,), optional
        The number t_k of each category, strictly increasing; default 0..K-1.
    sample_weight : array (n,), optional

    Returns
    -------
    float >= 0, lower is better

    Raises
    ------
    ValueError
        For labels outside 0..K-1, unequal lengths, values that do not increase.

    Examples
    --------
    >>> mae([0, 1, 2, 2], [0, 2, 0, 2], n_categories=3)
    0.75
    """
    _, error, weights = _errors(y, yhat, n_categories, category_values, sample_weight)
    return float(np.average(np.abs(error), weights=weights))


def rmse(y, yhat, *, n_categories: int, category_values=None, sample_weight=None) -> float:
    """Root mean squared error in category values: √ mean of (t_yhat - t_y)².

    Parameters, returns and errors as in `mae`.

    Examples
    --------
    >>> rmse([0, 1, 2, 2], [0, 2, 0, 2], n_categories=3, category_values=[0, 2, 4])
    2.23606797749979
    """
    _, error, weights = _errors(y, yhat, n_categories, category_values, sample_weight)
    return float(np.sqrt(np.average(error**2, weights=weights)))


def _mae_of_each_class(y, yhat, n_categories, category_values, sample_weight) -> np.ndarray:
    """The MAE within each true class that has any weight."""
    y, error, weights = _errors(y, yhat, n_categories, category_values, sample_weight)
    weights = np.ones(y.size) if weights is None else weights
    mass = np.bincount(y, weights=weights, minlength=n_categories)
    total = np.bincount(y, weights=weights * np.abs(error), minlength=n_categories)
    return total[mass > 0] / mass[mass > 0]


def amae(y, yhat, *, n_categories: int, category_values=None, sample_weight=None) -> float:
    """Average over the true classes of the mean absolute error within each.

    Every class that has a true row counts the same, however rare; classes without one are skipped.
    Parameters, returns and errors as in `mae`.

    Source: Baccianella, Esuli & Sebastiani 2009, doi:10.1109/ISDA.2009.230.

    Examples
    --------
    Nobody is in category 2, and it is skipped without renumbering category 3:

    >>> amae([0, 1, 3, 3], [0, 3, 3, 1], n_categories=4)
    1.0
    """
    return float(_mae_of_each_class(y, yhat, n_categories, category_values, sample_weight).mean())


def mmae(y, yhat, *, n_categories: int, category_values=None, sample_weight=None) -> float:
    """Largest over the true classes of the mean absolute error within each: the class served worst.

    Parameters, returns and errors as in `mae`; classes without a true row are skipped.

    Source: Cruz-Ramírez, Hervás-Martínez, Sánchez-Monedero & Gutiérrez 2014,
    doi:10.1016/j.neucom.2013.05.058.

    Examples
    --------
    >>> mmae([0, 1, 3, 3], [0, 3, 3, 1], n_categories=4)
    2.0
    """
    return float(_mae_of_each_class(y, yhat, n_categories, category_values, sample_weight).max())
