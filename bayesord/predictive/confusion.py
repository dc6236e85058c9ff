"""What is expected behind each label: sums over all rows, for every draw, in one pass."""

from __future__ import annotations

import numpy as np

from bayesord.predictive import tables
from bayesord.predictive.lanes import LANES, unpack
from bayesord.predictive.probabilities import Draws, LinearDraws
from bayesord.predictive.threads import for_each, spans

__all__ = ["confusion", "sums_by_lane"]

_NONE = np.empty(0)
_ROWS_AT_ONCE = 1 << 16  # between two looks at Ctrl-C


def confusion(
    draws: Draws,
    labels: np.ndarray,
    values: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    second: bool = True,
    threads: int | None = None,
) -> np.ndarray:
    """Sums over rows, by draw and label, of what is expected behind that label.

    Parameters
    ----------
    draws : LinearDraws or TableDraws
    labels : array (n,) of codes
    values : array (K,)
    weights : array (n,), optional
    second : bool
        Also fill the sums of squares.
    threads : int, optional

    Returns
    -------
    array (S, K, K + 3)
        [s, a, k]: Σ w P(y = k) over the rows labelled a, the expected confusion table; then Σ w m², Σ w m q
        and Σ w q² with m and q the means of the value and of its square given draw s. The same bits for every
        number of threads.
    """
    weights = _NONE if weights is None else weights
    if isinstance(draws, LinearDraws):
        return _fast_confusion(draws, labels, values, weights, second, threads)
    sums = np.zeros((draws.n_draws, values.size, values.size + 3))

    def one(first, last):
        for rows in draws.row_spans(last - first):
            here = slice(*rows)
            block = draws.block((first, last), rows)
            tables.add_confusion(block, labels[here], weights[here], values, second, sums[first:last])

    for_each(one, spans(draws.n_draws, 16), threads, amount=draws.n_draws * draws.n_rows)
    return sums


def _fast_confusion(draws, labels, values, weights, second, threads):
    by_lane = sums_by_lane(draws, labels, values, weights, values.size, second=second, threads=threads)
    mass = np.bincount(labels, weights=weights if weights.size else None, minlength=values.size)
    sums = np.empty((draws.n_draws, values.size, values.size + 3))
    unpack(by_lane, mass.astype(float), sums)
    return sums


def sums_by_lane(
    draws: LinearDraws, labels, values, weights, n_labels: int, *, second: bool, threads: int | None
) -> np.ndarray:
    """(chunks, labels, height + 3, LANES): what `PackedOdds.add_confusion` adds up, over all rows."""
    packed = draws.packed
    by_lane = np.zeros((packed.n_chunks, n_labels, packed.height + 3, LANES))

    def one(chunk, begin, part):
        for start, stop in spans(part.n_rows, _ROWS_AT_ONCE):
            here = slice(begin + start, begin + stop)
            asked = (part.rows(start, stop), labels[here], weights[here])
            part.packed.add_confusion(chunk, *asked, values, second, by_lane[chunk])

    for begin, part in draws.parts(threads):
        chunks = [(chunk, begin, part) for chunk in range(packed.n_chunks)]
        for_each(one, chunks, threads, amount=draws.n_draws * part.n_rows)
    return by_lane
