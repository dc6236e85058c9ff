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
from bayesord.predictive.vector import FAST, exp2, use_wide_vectors

__all__ = ["LANES", "LOG2E", "PackedDraws", "four_inverses", "pack", "row_odds"]

LANES = 128
LOG2E = 1.0 / math.log(2.0)
#: Products of four factors 1 + x g must stay below the largest double, 2^1023.
_FACTOR_BITS = 250.0
#: x is right to within this many bits beyond the outermost cutpoints, and saturates further out.
_LEAST_MARGIN_BITS = 130.0

# -- Packing --


@dataclass(frozen=True)
class PackedDraws:
    """Draws of the logit model in chunks of lanes.

    Attributes
    ----------
    beta : array (chunks, p, LANES)
        Coefficients, in bits (divided by log 2).
    shift : array (chunks, LANES)
        Minus the middle of the cutpoints, in bits.
    gates : array (chunks, K-1 rounded up to 4, LANES)
        g_k = e^(c - c_k); 0 in padding.
    gaps : array (chunks, K-1 rounded up to 4, LANES)
        1 - e^-(c_k - c_{k-1}) for a middle category, 1 for the first and last; 0 in padding lanes.
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
    away = (cutpoints - middle) * LOG2E
    limit = _FACTOR_BITS - np.abs(away).max()
    if not limit >= np.abs(away).max() + _LEAST_MARGIN_BITS / 2:
        return None
    height = -(-cutpoints.shape[1] // 4) * 4
    gaps = np.ones((cutpoints.shape[0], height))
    gaps[:, 1 : cutpoints.shape[1]] = -np.expm1(-np.diff(cutpoints, axis=1))
    return PackedDraws(
        beta=_chunked(beta * LOG2E, beta.shape[1]),
        shift=_chunked(-middle * LOG2E, 1)[:, 0],
        gates=_chunked(np.exp2(-away), height),
        gaps=_chunked(gaps, height),
        limit=float(limit),
        n_draws=beta.shape[0],
        n_categories=cutpoints.shape[1] + 1,
    )


# -- One row, all lanes --


@njit(**FAST)
def row_odds(X, i, start, beta, shift, limit, x):
    """x[lane] = e^(eta - c)."""
    use_wide_vectors()
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
    for l in range(LANES):
        x[l] = exp2(min(max(x[l], -limit), limit))


@njit(**FAST)
def four_inverses(a, b, c, d):
    """1/a, 1/b, 1/c, 1/d by one division."""
    ab = a * b
    cd = c * d
    inverse = 1.0 / (ab * cd)
    inverse_ab = inverse * cd
    inverse_cd = inverse * ab
    return inverse_ab * b, inverse_ab * a, inverse_cd * d, inverse_cd * c
