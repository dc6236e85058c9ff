"""QWK of the training rows as if each had been left out, from importance weights of the draws.

Leaving row i out changes the posterior; Pareto-smoothed importance sampling (PSIS) gives draws that were made
with row i weights w_si that undo it. The leave-one-out probabilities of the row are a weighted mean over the
draws, its label follows from them by the usual rule, and kappa compares those labels with the answers.

There is no joint leave-one-out distribution of all answers, so there are no predictive draws here:
uncertainty is the standard error of a kappa of known answers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayesord.checks import check_category_values, name_rows
from bayesord.predictive.inputs import check_codes, check_weights, row_products, unit_values
from bayesord.predictive.optimum import quadratic_optimum
from bayesord.predictive.probabilities import Draws, as_draws
from bayesord.predictive.sample_kappa import qwk
from bayesord.predictive.threads import for_each

__all__ = ["LooQWK", "loo_probs", "loo_qwk"]

_BLOCK_WEIGHTS = 1 << 22  # weights at hand at once: 32 MB


@dataclass(frozen=True, eq=False)
class LooQWK:
    """Leave-one-out QWK of the training rows.

    Attributes
    ----------
    value : float
        kappa(y, labels); nan where it is 0/0.
    se : float
        Its standard error, by influence functions.
    labels : array (n,)
        The label of every row from the posterior without it, as codes 0..K-1.
    probs : array (n, K)
        Leave-one-out category probabilities.
    n_high_k : int or None
        How many rows the importance weights are unreliable for (Pareto k above `k_threshold`); None if not
        told.
    k_threshold : float
    """

    value: float
    se: float
    labels: np.ndarray
    probs: np.ndarray
    n_high_k: int | None
    k_threshold: float

    def __str__(self) -> str:
        text = f"Leave-one-out QWK {self.value:.3f} (standard error {self.se:.3f}), {self.labels.size:,} rows"
        if self.n_high_k:
            text += f"; unreliable in {self.n_high_k:,} of them (Pareto k > {self.k_threshold:.2f})"
        return text

    __repr__ = __str__


def loo_probs(
    probs,
    log_weights: np.ndarray | Callable[[int, int], np.ndarray],
    *,
    threads: int | None = None,
) -> np.ndarray:
    """Category probabilities of each row under its own weights: Σ_s w_si P_sik / Σ_s w_si.

    Parameters
    ----------
    probs : fit, array (S, n, K), LinearDraws or TableDraws
        Posterior draws for the training rows.
    log_weights : array (S, n), or function (start, stop) -> array (S, stop - start)
        Smoothed log weights, in the order of the draws; they need not be normalised. A function is asked for
        one block of rows after another, so that S x n weights never have to exist.
    threads : int, optional

    Returns
    -------
    array (n, K)

    Raises
    ------
    ValueError
        For weights of another shape, or NaN or +inf among them; the message names the row.

    Examples
    --------
    >>> import numpy as np
    >>> P = np.array([[[1.0, 0.0]], [[0.0, 1.0]]])
    >>> loo_probs(P, np.log([[3.0], [1.0]]))
    array([[0.75, 0.25]])
    """
    draws = as_draws(probs)
    means = np.empty((draws.n_rows, draws.n_categories))
    if not callable(log_weights):
        table = np.asarray(log_weights, dtype=np.float64)
        if table.shape != (draws.n_draws, draws.n_rows):
            expected = (draws.n_draws, draws.n_rows)
            raise ValueError(f"log_weights.shape == {table.shape}, expected (draws, rows) = {expected}.")

        def log_weights(start, stop):
            return table[:, start:stop]

    size = max(1, _BLOCK_WEIGHTS // draws.n_draws)
    for start in range(0, draws.n_rows, size):
        stop = min(start + size, draws.n_rows)
        weights = _normalised(log_weights(start, stop), draws.n_draws, start, stop)
        _weighted_means(draws, start, stop, weights, means, threads)
    return means


def _normalised(log_weights, n_draws: int, start: int, stop: int) -> np.ndarray:
    log_weights = np.asarray(log_weights, dtype=np.float64)
    if log_weights.shape != (n_draws, stop - start):
        raise ValueError(
            f"log_weights({start}, {stop}).shape == {log_weights.shape}, expected {(n_draws, stop - start)}."
        )
    top = log_weights.max(axis=0)
    if np.any(bad := ~np.isfinite(top)):
        raise ValueError(
            f"log_weights holds NaN, +inf or only -inf in {name_rows(np.flatnonzero(bad) + start)}."
        )
    weights = np.exp(log_weights - top)
    return weights / weights.sum(axis=0)


def _weighted_means(draws: Draws, start: int, stop: int, weights, means, threads) -> None:
    def one(first, last):
        total = np.zeros((last - first, draws.n_categories))
        for s in range(0, draws.n_draws, 16):
            block = draws.block((s, min(s + 16, draws.n_draws)), (first, last))
            for draw, share in zip(block, weights[s : s + 16, first - start : last - start], strict=True):
                total += share[:, None] * draw
        means[first:last] = total

    edges = range(start, stop, 1024)
    items = [(first, min(first + 1024, stop)) for first in edges]
    for_each(one, items, threads, amount=draws.n_draws * (stop - start))


def loo_qwk(
    y,
    probs,
    log_weights,
    pareto_k=None,
    *,
    category_values=None,
    sample_weight=None,
    weights: str = "frequency",
    threads: int | None = None,
) -> LooQWK:
    """Leave-one-out QWK: labels from the leave-one-out means by the usual rule, scored against the answers.

    Parameters
    ----------
    y : array (n,) of codes 0..K-1
        The answers that the model was fitted to.
    probs : fit, array (S, n, K), LinearDraws or TableDraws
        Posterior draws for those rows.
    log_weights : array (S, n), or function (start, stop) -> array (S, stop - start)
        Pareto-smoothed log importance weights.
    pareto_k : array (n,), optional
        Their Pareto shapes: above min(1 - 1/log10 S, 0.7) a row's weights are unreliable.
    category_values : array (K,), optional
    sample_weight : array (n,), optional
    weights : "frequency" or "importance"
    threads : int, optional

    Returns
    -------
    LooQWK

    Raises
    ------
    ValueError
        For labels outside 0..K-1, wrong shapes, NaN among the weights; the message names the row.

    Warns
    -----
    UserWarning
        For rows with high Pareto k, and where kappa is 0/0.

    Source: Vehtari, Gelman & Gabry 2017, doi:10.1007/s11222-016-9696-4; the threshold, Vehtari, Simpson,
    Gelman, Yao & Gabry 2024, doi:10.48550/arXiv.1507.02646.

    Examples
    --------
    >>> import numpy as np
    >>> P = np.array([[[0.7, 0.3], [0.2, 0.8], [0.4, 0.6]]] * 2)
    >>> print(loo_qwk([0, 1, 0], P, np.zeros((2, 3))))
    Leave-one-out QWK 0.400 (standard error 0.392), 3 rows
    """
    draws = as_draws(probs)
    codes = check_codes("y", y, draws.n_categories)
    if codes.size != draws.n_rows:
        raise ValueError(f"y has {codes.size} rows, the probabilities have {draws.n_rows}.")
    values = check_category_values(category_values, draws.n_categories)
    w = check_weights(sample_weight, draws.n_rows, weights)
    threshold = min(1.0 - 1.0 / np.log10(draws.n_draws), 0.7) if draws.n_draws > 10 else 0.0
    means = loo_probs(draws, log_weights, threads=threads)
    high = _high_k(pareto_k, threshold, draws.n_rows)  # only now: a function of weights may fill it in
    unit = unit_values(values)
    best = quadratic_optimum(row_products(means, unit), row_products(means, unit**2), unit, w)
    value, se = qwk(
        codes,
        best.labels,
        n_categories=draws.n_categories,
        category_values=values,
        sample_weight=w,
        weights=weights,
        se=True,
    )
    return LooQWK(value, se, best.labels, means, high, float(threshold))


def _high_k(pareto_k, threshold: float, n_rows: int) -> int | None:
    if pareto_k is None:
        return None
    pareto_k = np.asarray(pareto_k, dtype=np.float64)
    if pareto_k.shape != (n_rows,):
        raise ValueError(f"pareto_k.shape == {pareto_k.shape}, expected ({n_rows},).")
    high = ~(pareto_k <= threshold)  # NaN counts as high
    if high.any():
        warnings.warn(
            f"Pareto k is above {threshold:.2f} in {name_rows(np.flatnonzero(high))}: leaving such a row out "
            "changes the posterior too much for importance weights. Their labels, and the score, may be off; "
            "cross-validation refits instead.",
            UserWarning,
            stacklevel=3,
        )
    return int(high.sum())
