"""Many draws side by side: what all the hot loops share.

Draws are packed in chunks of `LANES`; every inner loop runs over the lanes of one chunk, so the compiler
turns it into vector instructions, and every lane adds its rows in the order of the rows. Sums are therefore
the same bits however rows are cut into blocks and chunks into threads. The last chunk is padded with lanes of
zeros.

`odds_lanes` and `tail_lanes` build on this: the logit link, and any link.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import INLINE, use_wide_vectors

__all__ = [
    "LANES",
    "LOG2E",
    "MEAN_ROWS",
    "Rows",
    "add_squares",
    "chunked",
    "lane_total",
    "row_predictor",
    "steps",
    "unpack",
]

LANES = 128
LOG2E = 1.0 / math.log(2.0)
#: Rows whose sums over the draws are kept at hand together.
MEAN_ROWS = 8


class Rows(NamedTuple):
    """Rows as the loops take them: eta = X beta + offset + Σ_m Z[:, m] effects[place[:, m]].

    Attributes
    ----------
    X : array (n, p)
    offset : array (n,), or empty: 0
    Z : array (n, m)
        m = 0 in a model without group effects.
    place : array (n, m) of int64
        Where the effects stand among those of the draws.
    """

    X: np.ndarray
    offset: np.ndarray
    Z: np.ndarray
    place: np.ndarray


def chunked(array: np.ndarray, height: int) -> np.ndarray:
    """(S, r) -> (chunks, height, LANES), zeros in all padding."""
    n_draws, r = array.shape
    chunks = -(-n_draws // LANES)
    padded = np.zeros((chunks * LANES, height))
    padded[:n_draws, :r] = array
    return np.ascontiguousarray(padded.reshape(chunks, LANES, height).transpose(0, 2, 1))


@njit(**INLINE)
def row_predictor(rows, i, unit, beta, effects, shift, x):
    """x[lane] = eta of row i + shift[lane]; beta and effects are multiples of `unit`, and so is x."""
    use_wide_vectors()
    X = rows.X
    start = rows.offset[i] * unit if rows.offset.size > 0 else 0.0
    p, j = X.shape[1], 0
    for l in range(LANES):
        x[l] = shift[l] + start
    # several columns at a time: x is read and written once for all of them
    while j + 6 <= p:
        a0, a1, a2, a3, a4, a5 = X[i, j], X[i, j + 1], X[i, j + 2], X[i, j + 3], X[i, j + 4], X[i, j + 5]
        for l in range(LANES):
            x[l] = x[l] + a0 * beta[j, l] + a1 * beta[j + 1, l] + a2 * beta[j + 2, l]
            x[l] = x[l] + a3 * beta[j + 3, l] + a4 * beta[j + 4, l] + a5 * beta[j + 5, l]
        j += 6
    if j + 4 <= p:
        a0, a1, a2, a3 = X[i, j], X[i, j + 1], X[i, j + 2], X[i, j + 3]
        for l in range(LANES):
            x[l] = x[l] + a0 * beta[j, l] + a1 * beta[j + 1, l] + a2 * beta[j + 2, l] + a3 * beta[j + 3, l]
        j += 4
    while j < p:
        a0 = X[i, j]
        for l in range(LANES):
            x[l] = x[l] + a0 * beta[j, l]
        j += 1
    for m in range(rows.Z.shape[1]):
        z, at = rows.Z[i, m], rows.place[i, m]
        for l in range(LANES):
            x[l] = x[l] + z * effects[at, l]


@njit
def steps(values, height):
    """(2, height): t_{k+1} - t_k and t²_{k+1} - t²_k, so that means are t_0 + Σ_k step_k P(y > k); padded with 0."""
    differences = np.zeros((2, height))
    for k in range(values.size - 1):
        differences[0, k] = values[k + 1] - values[k]
        differences[1, k] = values[k + 1] * values[k + 1] - values[k] * values[k]
    return differences


@njit(**INLINE)
def add_squares(m, q, weight, sums, label):
    """Add w m², w m q, w q² to the last three rows of the sums of a label."""
    use_wide_vectors()
    top = sums.shape[1] - 3
    for l in range(LANES):
        wm = weight * m[l]
        sums[label, top, l] += wm * m[l]
        sums[label, top + 1, l] += wm * q[l]
        sums[label, top + 2, l] += weight * q[l] * q[l]


@njit(**INLINE)
def lane_total(sums, here, k):
    """The sum over lanes of sums[here, k], by halves; its entries are used up."""
    use_wide_vectors()
    half = LANES // 2
    while half > 0:
        for l in range(half):
            sums[here, k, l] += sums[here, k, half + l]
        half //= 2
    return sums[here, k, 0]


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
