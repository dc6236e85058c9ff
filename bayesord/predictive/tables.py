"""Loops over small blocks of probabilities (draws, rows, K): any link, any table.

The largest array anyone makes here is a block of a few draws and rows. Every draw adds its rows in their
order, into sums that outlive the block, so the size of the blocks leaves no trace in the results.
"""

from __future__ import annotations

import math

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.kernels import LOGIT, cdf, sf
from bayesord.predictive.uniform import uniform

__all__ = ["add_confusion", "draw_answers", "fill", "first_bad_row"]

#: With cutpoints within this of their middle, and eta held within that, e^(eta - c_k) stays a normal number.
_WIDEST, _FURTHEST = 200.0, 500.0


@njit
def _tail_differences(link_code, eta, cutpoints, row):
    """P(y = k) as differences of two lower tails or of two upper ones, whichever are small."""
    below, above = 0.0, 1.0
    for k in range(cutpoints.size):
        z = cutpoints[k] - eta
        # the tail that can be small by its own formula, the other as the rest
        if z < 0.0:
            lower = cdf(link_code, z)
            upper = 1.0 - lower
        else:
            upper = sf(link_code, z)
            lower = 1.0 - upper
        row[k] = max(lower - below if below < 0.5 else above - upper, 0.0)
        below, above = lower, upper
    row[cutpoints.size] = above


@njit
def _logit_products(x, gates, gaps, row):
    """P(y = k) of the logit link from x = e^(eta - c), g_k = e^(c - c_k) and 1 - e^-(c_k - c_{k-1})."""
    before, inverse_before = 1.0, 1.0
    for k in range(gates.size):
        odds = x * gates[k]
        inverse = 1.0 / (1.0 + odds)
        row[k] = before * gaps[k] * (inverse_before * inverse)
        before, inverse_before = odds, inverse
    row[gates.size] = before * inverse_before


@njit
def fill(link_code, X, offset, shifts, beta, cutpoints, block):
    """block (s, r, K): P(y = k) for s draws of beta (s, p), cutpoints (s, K-1) and r rows of X (r, p).

    Small probabilities keep their digits. offset (r,) and shifts (s, r), both parts of eta, may be empty: 0.
    """
    top = cutpoints.shape[1]
    gates, gaps = np.empty(top), np.ones(top)
    for s in range(block.shape[0]):
        middle = 0.5 * (cutpoints[s, 0] + cutpoints[s, top - 1])
        products = link_code == LOGIT and cutpoints[s, top - 1] - middle < _WIDEST
        if products:
            for k in range(top):
                gates[k] = math.exp(middle - cutpoints[s, k])
                if k > 0:
                    gaps[k] = -math.expm1(cutpoints[s, k - 1] - cutpoints[s, k])
        for i in range(block.shape[1]):
            eta = offset[i] if offset.size > 0 else 0.0
            for j in range(X.shape[1]):
                eta += X[i, j] * beta[s, j]
            if shifts.size > 0:
                eta += shifts[s, i]
            if products:
                x = math.exp(min(max(eta - middle, -_FURTHEST), _FURTHEST))
                _logit_products(x, gates, gaps, block[s, i])
            else:
                _tail_differences(link_code, eta, cutpoints[s], block[s, i])


@njit
def first_bad_row(table, tolerance):
    """Where a table (S, n, K) is no table of probabilities: (draw, row, fault, sum); fault 0 for nowhere.

    Faults: 1 not finite, 2 negative, 3 a sum that is not 1 within the tolerance.
    """
    for s in range(table.shape[0]):
        for i in range(table.shape[1]):
            total, least = 0.0, 0.0
            for k in range(table.shape[2]):
                total += table[s, i, k]
                least = min(least, table[s, i, k])
            if not abs(total) < np.inf:
                return s, i, 1, total
            if least < 0.0:
                return s, i, 2, least
            if abs(total - 1.0) > tolerance:
                return s, i, 3, total
    return -1, -1, 0, 1.0


@njit
def add_confusion(block, labels, weight, values, second, sums):
    """Add the rows of a block to sums (s, K, K + 3) by label.

    sums[s, a, k] += w P(y = k); and with `second` the last three: w m², w m q, w q², where m and q are the
    means of the values and of their squares. weight may be empty: 1.
    """
    n_categories = block.shape[2]
    for s in range(block.shape[0]):
        for i in range(block.shape[1]):
            w = weight[i] if weight.size > 0 else 1.0
            a = labels[i]
            m = q = 0.0
            for k in range(n_categories):
                p = block[s, i, k]
                sums[s, a, k] += w * p
                m += p * values[k]
                q += p * values[k] * values[k]
            if second:
                sums[s, a, n_categories] += w * m * m
                sums[s, a, n_categories + 1] += w * m * q
                sums[s, a, n_categories + 2] += w * q * q


@njit
def answer(probabilities, u):
    """The number of k with u < P(y > k); rounding never leads to an impossible category."""
    lowest = 0
    for k in range(probabilities.size - 1, -1, -1):
        if probabilities[k] > 0.0:
            lowest = k
            if u < probabilities[k]:
                return k
            u -= probabilities[k]
    return lowest


@njit
def draw_answers(block, seeds, first_row, codes):
    """codes (s, r): one answer for every draw and row of a block; `first_row` is where the block begins."""
    for s in range(block.shape[0]):
        for i in range(block.shape[1]):
            codes[s, i] = answer(block[s, i], uniform(seeds[s], np.uint64(first_row + i + 1)))
