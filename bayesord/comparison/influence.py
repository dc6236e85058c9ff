"""How much each row moves a score: from this come standard errors, and those of paired differences.

A score is a function of the distribution of the rows, and the influence IF_i is its derivative in the weight of row
i. Then se² = Σ w_i IF_i² / (Σ w)², and for two predictions of the same rows the influences subtract. For a mean of
rows it is the row minus the mean; for quadratic weighted kappa, with N = mean (t_y - t_a)² and E the same by chance,

    IF_i = -[(N_i - N) - (1 - kappa)(d1_i + d2_i - 2E)] / E,

the large-sample formula of Fleiss, Cohen & Everitt 1969, doi:10.1037/h0028106.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["INFLUENCES", "calibration_influence", "influence"]


def influence(name: str, y, prediction, values: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """Influences (n,) of the rows on the score of that name; None where there is no formula.

    Parameters
    ----------
    name : str
        Of `bayesord.predictive.scores.SCORES`.
    y : array (n,) of codes
    prediction : array (n,) of codes, or (n, K)
    values : array (K,)
        Category values.
    weights : array (n,)

    Examples
    --------
    >>> import numpy as np
    >>> y, labels = np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0])
    >>> influence("accuracy", y, labels, np.arange(2.0), np.ones(4))
    array([ 0.25,  0.25, -0.75,  0.25])
    """
    function = INFLUENCES.get(name)
    return None if function is None else function(y, prediction, values, weights)


def _of_mean(rows: Callable) -> Callable:
    """The influence on a mean, from its rows (n,)."""

    def function(y, prediction, values, weights):
        each = rows(y, prediction, values)
        with np.errstate(invalid="ignore"):  # a log score of minus infinity has no standard error: nan
            return each - np.average(each, weights=weights)

    return function


def _error(y, labels, values):
    return np.abs(values[labels] - values[y])


def _below(y, probs):
    """F_k and 1[y <= k], (n, K-1)."""
    cutpoints = np.arange(probs.shape[1] - 1)
    return np.cumsum(probs[:, :-1], axis=1), y[:, None] <= cutpoints


def _rps_rows(y, probs, values):
    forecast, event = _below(y, probs)
    return ((forecast - event) ** 2).sum(axis=1)


def _log_rows(y, probs, values):
    with np.errstate(divide="ignore"):
        return np.log(probs[np.arange(y.size), y])


def _brier_rows(y, probs, values):
    return ((probs - (y[:, None] == np.arange(probs.shape[1]))) ** 2).sum(axis=1)


def _rmse(y, labels, values, weights):
    squares = _error(y, labels, values) ** 2
    mean = np.average(squares, weights=weights)
    return (squares - mean) / (2 * np.sqrt(mean)) if mean > 0 else np.zeros(y.size)


def _class_errors(y, labels, values, weights):
    """Error of each row minus the mean of its class, over the share of the class; and the mean of each class."""
    error = _error(y, labels, values)
    mass = np.bincount(y, weights=weights, minlength=values.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(y, weights=weights * error, minlength=values.size) / mass
        return (error - mean[y]) * (weights.sum() / mass[y]), mean


def _amae(y, labels, values, weights):
    moved, mean = _class_errors(y, labels, values, weights)
    return moved / np.count_nonzero(np.isfinite(mean))


def _mmae(y, labels, values, weights):
    moved, mean = _class_errors(y, labels, values, weights)
    return np.where(y == np.nanargmax(mean), moved, 0.0)


def _qwk(y, labels, values, weights):
    truth, given = values[y], values[labels]
    share = weights / weights.sum()

    def mean(x):
        return share @ x

    squares = (truth - given) ** 2
    to_given = truth**2 - 2 * truth * mean(given) + mean(given**2)  # mean over j of (t_y - a_j)²
    to_truth = given**2 - 2 * given * mean(truth) + mean(truth**2)
    chance = mean(to_given)
    if chance <= 0:
        return np.full(y.size, np.nan)
    disagreement = mean(squares)
    return -((squares - disagreement) - disagreement / chance * (to_given + to_truth - 2 * chance)) / chance


def calibration_influence(y, probs, weights, n_bins: int = 10) -> np.ndarray:
    """Influences (n, K-1) on the calibration error of each cutpoint, bins and the side of each bin taken as given."""
    forecast, event = _below(y, probs)
    excess = forecast - event
    bins = np.minimum((forecast * n_bins).astype(np.int64), n_bins - 1)
    found = np.empty_like(excess)
    for k in range(found.shape[1]):
        side = np.sign(np.bincount(bins[:, k], weights=weights * excess[:, k], minlength=n_bins))
        moved = side[bins[:, k]] * excess[:, k]
        found[:, k] = moved - np.average(moved, weights=weights)
    return found


INFLUENCES: dict[str, Callable] = {
    "qwk": _qwk,
    "accuracy": _of_mean(lambda y, labels, values: (y == labels).astype(float)),
    "off_by_one": _of_mean(lambda y, labels, values: (np.abs(y - labels) <= 1).astype(float)),
    "mae": _of_mean(_error),
    "amae": _amae,
    "mmae": _mmae,
    "rmse": _rmse,
    "rps": _of_mean(_rps_rows),
    "log_score": _of_mean(_log_rows),
    "brier": _of_mean(_brier_rows),
    "calibration_error": lambda y, probs, values, weights: calibration_influence(y, probs, weights).mean(
        axis=1
    ),
}
