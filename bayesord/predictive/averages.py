"""Averages over rows in every draw, by groups of rows: of category probabilities and of eta.

The hot loops add rows lane by lane, as those of the kappas do: nothing holds (draws, rows, K), every lane adds its rows
in their order, and the results are the same for every number of threads.
"""

from __future__ import annotations

import numpy as np

from bayesord.jit import njit
from bayesord.predictive.confusion import sums_by_lane
from bayesord.predictive.group_effects import add_shifts
from bayesord.predictive.linear_draws import LinearDraws
from bayesord.predictive.threads import spans

__all__ = ["average_eta", "average_probs", "by_draw", "weights_of"]

_NUMBERS_AT_ONCE = 1 << 22  # linear predictors: 32 MB


def average_probs(
    draws: LinearDraws, group: np.ndarray, weights: np.ndarray | None = None, *, threads: int | None = None
) -> np.ndarray:
    """Weighted means of P(y = k) over the rows of each group.

    Parameters
    ----------
    draws : LinearDraws
        S draws of n rows.
    group : array (n,) of integers
        The group of each row: 0 ... G-1, none of them without weight.
    weights : array (n,), optional
    threads : int, optional

    Returns
    -------
    array (S, G, K)
        To about 1e-16; what is smaller has no digits left.

    Examples
    --------
    >>> import numpy as np
    >>> draws = LinearDraws("logit", np.array([[0.0], [1.0]]), np.ones((1, 1)), np.zeros((1, 1)))
    >>> average_probs(draws, np.array([0, 0]), np.array([3, 1])).round(3)
    array([[[0.442, 0.558]]])
    """
    weights, total = weights_of(group, weights)
    values = np.zeros(draws.n_categories)
    by_lane = sums_by_lane(draws, group, values, weights, total.size, second=False, threads=threads)
    above = by_draw(by_lane[:, :, : draws.n_categories - 1], draws.n_draws) / total[:, None]
    ends = np.ones((*above.shape[:2], 1))
    return np.maximum(-np.diff(np.concatenate([ends, above, 0 * ends], axis=2)), 0.0)


def average_eta(draws: LinearDraws, group: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Weighted means of eta over the rows of each group, as (S, G); parameters as for `average_probs`."""
    weights, total = weights_of(group, weights)

    def means(column):
        return np.bincount(group, weights=weights * column) / total

    X = np.empty((total.size, draws.X.shape[1]))
    for j, column in enumerate(draws.X.T):
        X[:, j] = means(column)
    eta = draws.beta @ X.T
    if draws.offset is not None:
        eta += means(draws.offset)
    if draws.groups:
        shifts = np.zeros((draws.n_draws, total.size))
        for start, stop in spans(draws.n_rows, max(1, _NUMBERS_AT_ONCE // draws.n_draws)):
            block = np.zeros((draws.n_draws, stop - start))
            add_shifts(tuple(term.rows(start, stop) for term in draws.groups), (0, draws.n_draws), block)
            _add_columns(block, group[start:stop], weights[start:stop], shifts)
        eta += shifts / total
    return eta


def weights_of(group: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(weight of each row, weight of each group)."""
    weights = np.ones(group.size) if weights is None else np.ascontiguousarray(weights, dtype=np.float64)
    return weights, np.bincount(group, weights=weights)


def by_draw(by_lane: np.ndarray, n_draws: int) -> np.ndarray:
    """(chunks, G, r, LANES) -> (S, G, r), padding dropped."""
    chunks, groups, r, lanes = by_lane.shape
    return by_lane.transpose(0, 3, 1, 2).reshape(chunks * lanes, groups, r)[:n_draws]


@njit
def _add_columns(block, group, weights, sums):
    """sums (S, G) += the columns of block (S, r), weighted, each to its group."""
    for s in range(block.shape[0]):
        for i in range(block.shape[1]):
            sums[s, group[i]] += weights[i] * block[s, i]
