"""The hot loops of the logit link: many draws side by side, one row after another.

A sum over rows of functions of category probabilities costs one exponential per (draw, row), not one per
category: with x = e^(eta - c) for some middle cutpoint c, P(y > k) = x g_k / (1 + x g_k), where g_k = e^(c -
c_k) belongs to the draw alone. Four of the 1 + x g_k are inverted by one division of their product.

Draws are packed in chunks of `LANES`; every inner loop runs over the lanes of one chunk, so the compiler
turns it into vector instructions, and every lane adds its rows in the order of the rows. Sums are therefore
the same bits however rows are cut into blocks and chunks into threads. Short chunks are padded with lanes
whose g is 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bayesord.jit import njit
from bayesord.predictive.uniform import uniform
from bayesord.predictive.vector import FAST, exp2, use_wide_vectors

__all__ = ["LANES", "PackedDraws", "add_confusion", "add_means", "add_replicates", "pack"]

LANES = 128
_LOG2E = 1.0 / math.log(2.0)
#: Products of four factors 1 + x g must stay below the largest double, 2^1023.
_FACTOR_BITS = 250.0
#: x is right to within this many bits beyond the outermost cutpoints, and saturates further out.
_LEAST_MARGIN_BITS = 130.0
_MEAN_ROWS = 8  # rows whose sums over the draws are kept at hand together

# -- Packing --


@dataclass(frozen=True)
class PackedDraws:
    """Draws of the logit model in chunks of lanes.

    Attributes
    ----------
    beta : array (chunks, p rounded up to 4, LANES)
        Coefficients, in bits (divided by log 2).
    shift : array (chunks, LANES)
        Minus the middle of the cutpoints, in bits.
    gates : array (chunks, K-1 rounded up to 4, LANES)
        g_k = e^(c - c_k); 0 in padding.
    gaps : array (chunks, K-1 rounded up to 4, LANES)
        1 - e^-(c_k - c_{k-1}) for a middle category.
    limit : float
        |log2 x| is held below this.
    n_draws, n_categories : int
    """

    beta: np.ndarray
    shift: np.ndarray
    gates: np.ndarray
    gaps: np.ndarray
    limit: float
    n_draws: int
    n_categories: int


def _chunked(array: np.ndarray, height: int) -> np.ndarray:
    """(S, r) -> (chunks, height, LANES), zeros in all padding."""
    n_draws, r = array.shape
    chunks = -(-n_draws // LANES)
    padded = np.zeros((chunks * LANES, height))
    padded[:n_draws, :r] = array
    return np.ascontiguousarray(padded.reshape(chunks, LANES, height).transpose(0, 2, 1))


def pack(beta: np.ndarray, cutpoints: np.ndarray) -> PackedDraws | None:
    """Pack draws beta (S, p), cutpoints (S, K-1); None where cutpoints are too far apart for this method."""
    middle = (cutpoints[:, :1] + cutpoints[:, -1:]) / 2
    away = (cutpoints - middle) * _LOG2E
    limit = _FACTOR_BITS - np.abs(away).max()
    if not limit >= np.abs(away).max() + _LEAST_MARGIN_BITS / 2:
        return None
    height = -(-cutpoints.shape[1] // 4) * 4
    gaps = np.zeros_like(cutpoints)
    gaps[:, 1:] = -np.expm1(-np.diff(cutpoints, axis=1))
    return PackedDraws(
        beta=_chunked(beta * _LOG2E, -(-beta.shape[1] // 4) * 4),
        shift=_chunked(-middle * _LOG2E, 1)[:, 0],
        gates=_chunked(np.exp2(-away), height),
        gaps=_chunked(gaps, height),
        limit=float(limit),
        n_draws=beta.shape[0],
        n_categories=cutpoints.shape[1] + 1,
    )


# -- One row, all lanes --


@njit(**FAST)
def _odds(X, i, start, beta, shift, limit, x):
    """x[lane] = e^(eta - c)."""
    use_wide_vectors()
    p = X.shape[1]
    for l in range(LANES):
        x[l] = shift[l] + start
    for four in range(beta.shape[0] // 4):
        j = 4 * four
        x0 = X[i, j]
        x1 = X[i, j + 1] if j + 1 < p else 0.0
        x2 = X[i, j + 2] if j + 2 < p else 0.0
        x3 = X[i, j + 3] if j + 3 < p else 0.0
        for l in range(LANES):
            x[l] = x[l] + x0 * beta[j, l] + x1 * beta[j + 1, l] + x2 * beta[j + 2, l] + x3 * beta[j + 3, l]
    for l in range(LANES):
        x[l] = exp2(min(max(x[l], -limit), limit))


@njit(**FAST)
def _four_inverses(a, b, c, d):
    """1/a, 1/b, 1/c, 1/d by one division."""
    ab = a * b
    cd = c * d
    inverse = 1.0 / (ab * cd)
    inverse_ab = inverse * cd
    inverse_cd = inverse * ab
    return inverse_ab * b, inverse_ab * a, inverse_cd * d, inverse_cd * c


@njit(**FAST)
def _add_tails(x, k, gates, weight, sums, label):
    """Add weight * P(y > k ... k+3) to the sums of a label."""
    use_wide_vectors()
    for l in range(LANES):
        r0, r1, r2, r3 = _four_inverses(
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
        r0, r1, r2, r3 = _four_inverses(
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


# -- The passes over the rows --


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
        start = offset[i] * _LOG2E if offset.size > 0 else 0.0
        w = weight[i] if weight.size > 0 else 1.0
        _odds(X, i, start, beta, shift, limit, x)
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
        start = offset[i] * _LOG2E if offset.size > 0 else 0.0
        w = weight[i] if weight.size > 0 else 1.0
        _odds(X, i, start, beta, shift, limit, x)
        scale = 2.0 * w * values[labels[i]]
        for copy in range(copies[i] if copies.size > 0 else 1):
            _add_answers(x, gates, values, seeds, np.uint64(first[i] + copy + 1), scale, w, sums)


@njit(**FAST)
def _store_inverses(x, gates, r):
    use_wide_vectors()
    for four in range(gates.shape[0] // 4):
        k = 4 * four
        for l in range(LANES):
            r[k, l], r[k + 1, l], r[k + 2, l], r[k + 3, l] = _four_inverses(
                1.0 + x[l] * gates[k, l],
                1.0 + x[l] * gates[k + 1, l],
                1.0 + x[l] * gates[k + 2, l],
                1.0 + x[l] * gates[k + 3, l],
            )


@njit(**FAST)
def _add_categories(x, gates, gaps, r, here, sums):
    """Add P(y = k) to sums[here, k]: products alone, so that small probabilities keep all their digits."""
    use_wide_vectors()
    top = sums.shape[1] - 1
    for l in range(LANES):
        sums[here, 0, l] += r[0, l]
    for k in range(1, top):
        for l in range(LANES):
            sums[here, k, l] += (x[l] * gates[k - 1, l]) * gaps[k, l] * (r[k - 1, l] * r[k, l])
    for l in range(LANES):
        sums[here, top, l] += (x[l] * gates[top - 1, l]) * r[top - 1, l]


@njit(**FAST)
def add_means(X, offset, beta, shift, gates, gaps, limit, n_draws, means):
    """means (n, K): the mean over all draws of every row's category probabilities."""
    use_wide_vectors()
    n, n_categories = means.shape
    x, r = np.empty(LANES), np.empty((gates.shape[1], LANES))
    sums = np.empty((_MEAN_ROWS, n_categories, LANES))
    for first in range(0, n, _MEAN_ROWS):
        rows = min(_MEAN_ROWS, n - first)
        sums[:] = 0.0
        for chunk in range(beta.shape[0]):
            lanes = min(LANES, n_draws - chunk * LANES)
            for here in range(rows):
                i = first + here
                start = offset[i] * _LOG2E if offset.size > 0 else 0.0
                _odds(X, i, start, beta[chunk], shift[chunk], limit, x)
                _store_inverses(x, gates[chunk], r)
                for l in range(lanes, LANES):  # r is 1 in padding, which is no category's probability
                    x[l] = 0.0
                    r[0, l] = 0.0
                _add_categories(x, gates[chunk], gaps[chunk], r, here, sums)
        for here in range(rows):
            for k in range(n_categories):
                total = 0.0
                for l in range(LANES):
                    total += sums[here, k, l]
                means[first + here, k] = total / n_draws
