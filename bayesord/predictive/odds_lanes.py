"""The hot loops of the logit link: one exponential for each draw and row, not one per category.

With x = e^(eta - c) for some middle cutpoint c, P(y > k) = x g_k / (1 + x g_k), where g_k = e^(c - c_k)
belongs to the draw alone. Four of the 1 + x g_k are inverted by one division of their product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import FAST, INLINE, use_wide_vectors
from bayesord.predictive.lanes import (
    LANES,
    LOG2E,
    MEAN_ROWS,
    add_squares,
    chunked,
    lane_total,
    row_predictor,
    steps,
)
from bayesord.predictive.uniform import uniform
from bayesord.predictive.vector import exp2

__all__ = ["PackedOdds", "pack_odds"]

#: Products of four factors 1 + x g must stay below the largest double, 2^1023.
_FACTOR_BITS = 250.0
#: x is right to within this many bits beyond the outermost cutpoints, and saturates further out.
_LEAST_MARGIN_BITS = 130.0


@njit(**INLINE)
def _odds(rows, i, beta, effects, shift, limit, x):
    """x[lane] = e^(eta - c); beta, effects and shift are in bits."""
    use_wide_vectors()
    row_predictor(rows, i, LOG2E, beta, effects, shift, x)
    for l in range(LANES):
        x[l] = exp2(min(max(x[l], -limit), limit))


@njit(**INLINE)
def _four_inverses(a, b, c, d):
    """1/a, 1/b, 1/c, 1/d by one division."""
    ab = a * b
    cd = c * d
    inverse = 1.0 / (ab * cd)
    inverse_ab = inverse * cd
    inverse_cd = inverse * ab
    return inverse_ab * b, inverse_ab * a, inverse_cd * d, inverse_cd * c


@njit(**INLINE)
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


@njit(**INLINE)
def _add_tails_and_means(x, k, gates, weight, sums, label, differences, m, q):
    """The same, and the means m and q of the category value and its square, by categories k+1 ... k+4."""
    use_wide_vectors()
    d0, d1, d2, d3 = differences[0, k], differences[0, k + 1], differences[0, k + 2], differences[0, k + 3]
    e0, e1, e2, e3 = differences[1, k], differences[1, k + 1], differences[1, k + 2], differences[1, k + 3]
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
def _add_confusion(rows, labels, weight, beta, effects, shift, gates, limit, values, second, sums):
    use_wide_vectors()
    differences = steps(values, gates.shape[0])
    x, m, q = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for i in range(labels.size):
        w = weight[i] if weight.size > 0 else 1.0
        _odds(rows, i, beta, effects, shift, limit, x)
        if second:
            m[:] = values[0]
            q[:] = values[0] * values[0]
            for four in range(gates.shape[0] // 4):
                _add_tails_and_means(x, 4 * four, gates, w, sums, labels[i], differences, m, q)
            add_squares(m, q, w, sums, labels[i])
        else:
            for four in range(gates.shape[0] // 4):
                _add_tails(x, 4 * four, gates, w, sums, labels[i])


@njit(**INLINE)
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
def _add_replicates(
    rows, labels, first, copies, weight, beta, effects, shift, gates, limit, values, seeds, sums
):
    x = np.empty(LANES)
    for i in range(labels.size):
        w = weight[i] if weight.size > 0 else 1.0
        _odds(rows, i, beta, effects, shift, limit, x)
        scale = 2.0 * w * values[labels[i]]
        for copy in range(copies[i] if copies.size > 0 else 1):
            _add_answers(x, gates, values, seeds, np.uint64(first[i] + copy + 1), scale, w, sums)


@njit(**INLINE)
def _add_categories(x, k, gates, gaps, odds, inverse, here, sums):
    """Add P(y = k ... k+3) to sums[here, k ... k+3]; odds and inverse carry those of cutpoint k-1 on.

    A middle category is x g_{k-1} (1 - e^-gap) / ((1 + x g_{k-1})(1 + x g_k)): products alone, so that small
    probabilities keep their digits.
    """
    use_wide_vectors()
    for l in range(LANES):
        o0, o1 = x[l] * gates[k, l], x[l] * gates[k + 1, l]
        o2, o3 = x[l] * gates[k + 2, l], x[l] * gates[k + 3, l]
        r0, r1, r2, r3 = _four_inverses(1.0 + o0, 1.0 + o1, 1.0 + o2, 1.0 + o3)
        sums[here, k, l] += odds[l] * gaps[k, l] * (inverse[l] * r0)
        sums[here, k + 1, l] += o0 * gaps[k + 1, l] * (r0 * r1)
        sums[here, k + 2, l] += o1 * gaps[k + 2, l] * (r1 * r2)
        sums[here, k + 3, l] += o2 * gaps[k + 3, l] * (r2 * r3)
        odds[l] = o3
        inverse[l] = r3


@njit(**INLINE)
def _add_few_categories(x, gates, gaps, here, sums):
    """The same for at most five categories, which need nothing carried over."""
    use_wide_vectors()
    for l in range(LANES):
        o0, o1, o2, o3 = x[l] * gates[0, l], x[l] * gates[1, l], x[l] * gates[2, l], x[l] * gates[3, l]
        r0, r1, r2, r3 = _four_inverses(1.0 + o0, 1.0 + o1, 1.0 + o2, 1.0 + o3)
        sums[here, 0, l] += gaps[0, l] * r0
        sums[here, 1, l] += o0 * gaps[1, l] * (r0 * r1)
        sums[here, 2, l] += o1 * gaps[2, l] * (r1 * r2)
        sums[here, 3, l] += o2 * gaps[3, l] * (r2 * r3)
        sums[here, 4, l] += o3 * r3


@njit(**FAST)
def _row_means(rows, beta, effects, shift, gates, gaps, limit, n_draws, means):
    use_wide_vectors()
    n, n_categories, height = means.shape[0], means.shape[1], gates.shape[1]
    x, odds, inverse = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    sums = np.empty((MEAN_ROWS, height + 1, LANES))
    for first in range(0, n, MEAN_ROWS):
        count = min(MEAN_ROWS, n - first)
        sums[:] = 0.0
        for chunk in range(beta.shape[0]):
            chunk_beta, chunk_effects, chunk_shift = beta[chunk], effects[chunk], shift[chunk]
            chunk_gates, chunk_gaps = gates[chunk], gaps[chunk]
            for here in range(count):
                _odds(rows, first + here, chunk_beta, chunk_effects, chunk_shift, limit, x)
                if height == 4:
                    _add_few_categories(x, chunk_gates, chunk_gaps, here, sums)
                    continue
                odds[:] = 1.0
                inverse[:] = 1.0
                for four in range(height // 4):
                    _add_categories(x, 4 * four, chunk_gates, chunk_gaps, odds, inverse, here, sums)
                for l in range(LANES):
                    sums[here, height, l] += odds[l] * inverse[l]
        for here in range(count):
            for k in range(n_categories):
                means[first + here, k] = lane_total(sums, here, k) / n_draws


@dataclass(frozen=True)
class PackedOdds:
    """Draws of the logit model in chunks of lanes; `tail_lanes.PackedTails` has the same methods.

    Attributes
    ----------
    beta : array (chunks, p, LANES)
        Coefficients, in bits (divided by log 2).
    effects : array (chunks, E, LANES)
        Group effects, in bits.
    shift : array (chunks, LANES)
        Minus the middle of the cutpoints, in bits.
    gates : array (chunks, K-1 rounded up to 4, LANES)
        g_k = e^(c - c_k); 0 in padding.
    gaps : array (chunks, K-1 rounded up to 4, LANES)
        1 - e^-(c_k - c_{k-1}) for a middle category, 1 for the first and last; 0 in padding lanes.
    limit : float
        |log2 x| is held below this.
    n_draws : int
    """

    beta: np.ndarray
    effects: np.ndarray
    shift: np.ndarray
    gates: np.ndarray
    gaps: np.ndarray
    limit: float
    n_draws: int

    #: What eta is multiplied by in beta, effects and shift.
    unit = LOG2E

    @property
    def n_chunks(self) -> int:
        return self.beta.shape[0]

    @property
    def height(self) -> int:
        """How many tails `add_confusion` sums: K-1 and padding."""
        return self.gates.shape[1]

    def add_confusion(self, chunk, rows, labels, weight, values, second, sums) -> None:
        """Add rows to the sums of one chunk of draws.

        sums (K, height + 3, LANES): for every label, Σ w P(y > k), then (`second`) Σ w m², Σ w m q, Σ w q², m
        and q the means of the values (K,) and of their squares. weight may be empty: 1.
        """
        _add_confusion(rows, labels, weight, *self._chunk(chunk), values, second, sums)

    def add_replicates(self, chunk, rows, labels, first, copies, weight, values, seeds, sums) -> None:
        """sums (2, LANES) += (Σ w 2 a y, Σ w y²) over one set of simulated answers y for every draw of a chunk.

        Row i has copies[i] answers (none given: one each), numbered from first[i] on: their places in the
        streams.
        """
        _add_replicates(rows, labels, first, copies, weight, *self._chunk(chunk), values, seeds, sums)

    def row_means(self, rows, means) -> None:
        """means (n, K): the mean over all draws of every row's category probabilities."""
        draws = (self.beta, self.effects, self.shift, self.gates, self.gaps, self.limit, self.n_draws)
        _row_means(rows, *draws, means)

    def with_effects(self, effects: np.ndarray) -> PackedOdds:
        """The same draws with group effects (chunks, E, LANES), in bits."""
        return replace(self, effects=effects)

    def _chunk(self, chunk):
        return self.beta[chunk], self.effects[chunk], self.shift[chunk], self.gates[chunk], self.limit


def pack_odds(beta: np.ndarray, cutpoints: np.ndarray) -> PackedOdds | None:
    """Pack draws beta (S, p), cutpoints (S, K-1); None where cutpoints are too far apart for this method."""
    middle = (cutpoints[:, :1] + cutpoints[:, -1:]) / 2
    away = (cutpoints - middle) * LOG2E
    limit = _FACTOR_BITS - np.abs(away).max()
    if not limit >= np.abs(away).max() + _LEAST_MARGIN_BITS / 2:
        return None
    height = -(-cutpoints.shape[1] // 4) * 4
    gaps = np.ones((cutpoints.shape[0], height))
    gaps[:, 1 : cutpoints.shape[1]] = -np.expm1(-np.diff(cutpoints, axis=1))
    return PackedOdds(
        beta=chunked(beta * LOG2E, beta.shape[1]),
        effects=chunked(beta[:, :0], 0),
        shift=chunked(-middle * LOG2E, 1)[:, 0],
        gates=chunked(np.exp2(-away), height),
        gaps=chunked(gaps, height),
        limit=float(limit),
        n_draws=beta.shape[0],
    )
