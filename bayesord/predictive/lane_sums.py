"""Sums over rows for every draw, from packed draws: expected confusion tables, and replicated answers."""

from __future__ import annotations

import numpy as np

from bayesord.jit import njit
from bayesord.predictive.lanes import LANES, LOG2E, four_inverses, row_odds
from bayesord.predictive.uniform import uniform
from bayesord.predictive.vector import FAST, use_wide_vectors

__all__ = ["add_confusion", "add_replicates", "unpack"]


@njit(**FAST)
def _add_tails(x, k, gates, weight, sums, label):
    """Add weight * P(y > k ... k+3) to the sums of a label."""
    use_wide_vectors()
    for l in range(LANES):
        r0, r1, r2, r3 = four_inverses(
            1.0 + x[l] * gates[k, l],
            1.0 + x[l] * gates[k + 1, l],
            1.0 + x[l] * gates[k + 2, l],
            1.0 + x[l] * gates[k + 3, l],
        )
        sums[label, k, l] += weight * (1.0 - r0)
        sums[label, k + 1, l] += weight * (1.0 - r1)
        sums[label, k + 2, l] += weight * (1.0 - r2)
        sums[label, k + 3, l] += weight * (1.0 - r3)


@njit(**FAST)
def _add_tails_and_means(x, k, gates, weight, sums, label, steps, m, q):
    """The same, and the means m and q of the category value and its square, by categories k+1 ... k+4."""
    use_wide_vectors()
    d0, d1, d2, d3 = steps[0, k], steps[0, k + 1], steps[0, k + 2], steps[0, k + 3]
    e0, e1, e2, e3 = steps[1, k], steps[1, k + 1], steps[1, k + 2], steps[1, k + 3]
    for l in range(LANES):
        r0, r1, r2, r3 = four_inverses(
            1.0 + x[l] * gates[k, l],
            1.0 + x[l] * gates[k + 1, l],
            1.0 + x[l] * gates[k + 2, l],
            1.0 + x[l] * gates[k + 3, l],
        )
        u0, u1, u2, u3 = 1.0 - r0, 1.0 - r1, 1.0 - r2, 1.0 - r3
        m[l] = m[l] + d0 * u0 + d1 * u1 + d2 * u2 + d3 * u3
        q[l] = q[l] + e0 * u0 + e1 * u1 + e2 * u2 + e3 * u3
        sums[label, k, l] += weight * u0
        sums[label, k + 1, l] += weight * u1
        sums[label, k + 2, l] += weight * u2
        sums[label, k + 3, l] += weight * u3


@njit(**FAST)
def _add_squares(m, q, weight, sums, label):
    use_wide_vectors()
    top = sums.shape[1] - 3
    for l in range(LANES):
        wm = weight * m[l]
        sums[label, top, l] += wm * m[l]
        sums[label, top + 1, l] += wm * q[l]
        sums[label, top + 2, l] += weight * q[l] * q[l]


@njit
def unpack(by_lane, mass, sums):
    """From tails by chunk and lane (chunks, K, H + 3, LANES) to categories by draw (S, K, K + 3).

    mass (K,): total weight of each label, which is Σ w P(y > -1).
    """
    n_categories = mass.size
    height = by_lane.shape[2] - 3
    for s in range(sums.shape[0]):
        chunk, lane = s // LANES, s % LANES
        for a in range(n_categories):
            above = mass[a]
            for k in range(n_categories - 1):
                sums[s, a, k] = above - by_lane[chunk, a, k, lane]
                above = by_lane[chunk, a, k, lane]
            sums[s, a, n_categories - 1] = above
            for r in range(3):
                sums[s, a, n_categories + r] = by_lane[chunk, a, height + r, lane]


@njit(**FAST)
def _add_answers(x, gates, values, seeds, count, scale, weight, sums):
    """One answer for every lane: y is as many steps up the values as there are k with u < P(y > k)."""
    use_wide_vectors()
    u, y = np.empty(LANES), np.empty(LANES)
    for l in range(LANES):
        u[l] = uniform(seeds[l], count)
        y[l] = values[0]
    for k in range(values.size - 1):
        step = values[k + 1] - values[k]
        for l in range(LANES):
            odds = x[l] * gates[k, l]
            y[l] += step if u[l] * (1.0 + odds) < odds else 0.0
    for l in range(LANES):
        sums[0, l] += scale * y[l]
        sums[1, l] += weight * y[l] * y[l]


@njit(**FAST)
def add_confusion(X, offset, labels, weight, beta, shift, gates, limit, values, second, sums):
    """Add rows to the sums of one chunk of draws.

    sums (K, H + 3, LANES), H = gates.shape[0]: for every label, Σ w P(y > k), then (`second`) Σ w m², Σ w m
    q, Σ w q², m and q the means of the values (K,) and of their squares. offset and weight may be empty: 0,
    1.
    """
    use_wide_vectors()
    steps = np.zeros((2, gates.shape[0]))
    for k in range(values.size - 1):
        steps[0, k] = values[k + 1] - values[k]
        steps[1, k] = values[k + 1] * values[k + 1] - values[k] * values[k]
    x, m, q = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for i in range(X.shape[0]):
        start = offset[i] * LOG2E if offset.size > 0 else 0.0
        w = weight[i] if weight.size > 0 else 1.0
        row_odds(X, i, start, beta, shift, limit, x)
        if second:
            m[:] = values[0]
            q[:] = values[0] * values[0]
            for four in range(gates.shape[0] // 4):
                _add_tails_and_means(x, 4 * four, gates, w, sums, labels[i], steps, m, q)
            _add_squares(m, q, w, sums, labels[i])
        else:
            for four in range(gates.shape[0] // 4):
                _add_tails(x, 4 * four, gates, w, sums, labels[i])


@njit(**FAST)
def add_replicates(X, offset, labels, first, copies, weight, beta, shift, gates, limit, values, seeds, sums):
    """sums (2, LANES) += (Σ w 2 a y, Σ w y²) over one set of simulated answers y for every draw of a chunk.

    Row i has copies[i] answers (none given: one each), numbered from first[i] on: their places in the
    streams.
    """
    x = np.empty(LANES)
    for i in range(X.shape[0]):
        start = offset[i] * LOG2E if offset.size > 0 else 0.0
        w = weight[i] if weight.size > 0 else 1.0
        row_odds(X, i, start, beta, shift, limit, x)
        scale = 2.0 * w * values[labels[i]]
        for copy in range(copies[i] if copies.size > 0 else 1):
            _add_answers(x, gates, values, seeds, np.uint64(first[i] + copy + 1), scale, w, sums)
