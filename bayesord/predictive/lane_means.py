"""Means over draws for every row, from packed draws: posterior mean category probabilities."""

from __future__ import annotations

import numpy as np

from bayesord.jit import njit
from bayesord.predictive.lanes import LANES, LOG2E, four_inverses, row_odds
from bayesord.predictive.vector import FAST, use_wide_vectors

__all__ = ["row_means"]

_MEAN_ROWS = 8  # rows whose sums over the draws are kept at hand together


@njit(**FAST)
def _add_categories(x, k, gates, gaps, odds, inverse, here, sums):
    """Add P(y = k ... k+3) to sums[here, k ... k+3]; odds and inverse carry those of cutpoint k-1 to the next four.

    A middle category is x g_{k-1} (1 - e^-gap) / ((1 + x g_{k-1})(1 + x g_k)): products alone, so that small
    probabilities keep their digits.
    """
    use_wide_vectors()
    for l in range(LANES):
        o0, o1 = x[l] * gates[k, l], x[l] * gates[k + 1, l]
        o2, o3 = x[l] * gates[k + 2, l], x[l] * gates[k + 3, l]
        r0, r1, r2, r3 = four_inverses(1.0 + o0, 1.0 + o1, 1.0 + o2, 1.0 + o3)
        sums[here, k, l] += odds[l] * gaps[k, l] * (inverse[l] * r0)
        sums[here, k + 1, l] += o0 * gaps[k + 1, l] * (r0 * r1)
        sums[here, k + 2, l] += o1 * gaps[k + 2, l] * (r1 * r2)
        sums[here, k + 3, l] += o2 * gaps[k + 3, l] * (r2 * r3)
        odds[l] = o3
        inverse[l] = r3


@njit(**FAST)
def _add_few_categories(x, gates, gaps, here, sums):
    """The same for at most five categories, which need nothing carried over."""
    use_wide_vectors()
    for l in range(LANES):
        o0, o1, o2, o3 = x[l] * gates[0, l], x[l] * gates[1, l], x[l] * gates[2, l], x[l] * gates[3, l]
        r0, r1, r2, r3 = four_inverses(1.0 + o0, 1.0 + o1, 1.0 + o2, 1.0 + o3)
        sums[here, 0, l] += gaps[0, l] * r0
        sums[here, 1, l] += o0 * gaps[1, l] * (r0 * r1)
        sums[here, 2, l] += o1 * gaps[2, l] * (r1 * r2)
        sums[here, 3, l] += o2 * gaps[3, l] * (r2 * r3)
        sums[here, 4, l] += o3 * r3


@njit(**FAST)
def _lane_total(sums, here, k):
    """The sum over lanes of sums[here, k], by halves; its entries are used up."""
    use_wide_vectors()
    half = LANES // 2
    while half > 0:
        for l in range(half):
            sums[here, k, l] += sums[here, k, half + l]
        half //= 2
    return sums[here, k, 0]


@njit(**FAST)
def row_means(X, offset, beta, shift, gates, gaps, limit, n_draws, means):
    """means (n, K): the mean over all draws of every row's category probabilities."""
    use_wide_vectors()
    n, n_categories, height = means.shape[0], means.shape[1], gates.shape[1]
    x, odds, inverse = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    sums = np.empty((_MEAN_ROWS, height + 1, LANES))
    for first in range(0, n, _MEAN_ROWS):
        rows = min(_MEAN_ROWS, n - first)
        sums[:] = 0.0
        for chunk in range(beta.shape[0]):
            chunk_beta, chunk_shift = beta[chunk], shift[chunk]
            chunk_gates, chunk_gaps = gates[chunk], gaps[chunk]
            for here in range(rows):
                i = first + here
                start = offset[i] * LOG2E if offset.size > 0 else 0.0
                row_odds(X, i, start, chunk_beta, chunk_shift, limit, x)
                if height == 4:
                    _add_few_categories(x, chunk_gates, chunk_gaps, here, sums)
                    continue
                odds[:] = 1.0
                inverse[:] = 1.0
                for four in range(height // 4):
                    _add_categories(x, 4 * four, chunk_gates, chunk_gaps, odds, inverse, here, sums)
                for l in range(LANES):
                    sums[here, height, l] += odds[l] * inverse[l]
        for here in range(rows):
            for k in range(n_categories):
                means[first + here, k] = _lane_total(sums, here, k) / n_draws
