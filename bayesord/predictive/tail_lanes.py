"""The hot loops of any link: both tails at every cutpoint, for all lanes of a chunk, then sums of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import FAST, INLINE, use_wide_vectors
from bayesord.predictive.lanes import (
    LANES,
    MEAN_ROWS,
    add_squares,
    chunked,
    lane_total,
    row_predictor,
    steps,
)
from bayesord.predictive.link_lanes import fill_tails
from bayesord.predictive.uniform import uniform

__all__ = ["PackedTails", "pack_tails"]


@njit(**INLINE)
def _add_tails(upper, weight, sums, label):
    use_wide_vectors()
    for k in range(upper.shape[0]):
        for l in range(LANES):
            sums[label, k, l] += weight * upper[k, l]


@njit(**INLINE)
def _means(upper, values, differences, m, q):
    """Means of the category value and of its square."""
    use_wide_vectors()
    m[:] = values[0]
    q[:] = values[0] * values[0]
    for k in range(upper.shape[0]):
        d, e = differences[0, k], differences[1, k]
        for l in range(LANES):
            m[l] += d * upper[k, l]
            q[l] += e * upper[k, l]


@njit(**FAST)
def _add_confusion(link, rows, labels, weight, beta, effects, shift, cutpoints, values, second, sums):
    use_wide_vectors()
    height = cutpoints.shape[0]
    differences = steps(values, height)
    lower, upper = np.empty((height, LANES)), np.empty((height, LANES))
    eta, m, q = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for i in range(labels.size):
        w = weight[i] if weight.size > 0 else 1.0
        row_predictor(rows, i, 1.0, beta, effects, shift, eta)
        fill_tails(link, eta, cutpoints, lower, upper)
        _add_tails(upper, w, sums, labels[i])
        if second:
            _means(upper, values, differences, m, q)
            add_squares(m, q, w, sums, labels[i])


@njit(**INLINE)
def _add_answers(upper, values, seeds, count, scale, weight, sums):
    """One answer for every lane: y is as many steps up the values as there are k with u < P(y > k)."""
    use_wide_vectors()
    u, y = np.empty(LANES), np.empty(LANES)
    for l in range(LANES):
        u[l] = uniform(seeds[l], count)
        y[l] = values[0]
    for k in range(upper.shape[0]):
        step = values[k + 1] - values[k]
        for l in range(LANES):
            y[l] += step if u[l] < upper[k, l] else 0.0
    for l in range(LANES):
        sums[0, l] += scale * y[l]
        sums[1, l] += weight * y[l] * y[l]


@njit(**FAST)
def _add_replicates(
    link, rows, labels, first, copies, weight, beta, effects, shift, cutpoints, values, seeds, sums
):
    height = cutpoints.shape[0]
    lower, upper, eta = np.empty((height, LANES)), np.empty((height, LANES)), np.empty(LANES)
    for i in range(labels.size):
        w = weight[i] if weight.size > 0 else 1.0
        row_predictor(rows, i, 1.0, beta, effects, shift, eta)
        fill_tails(link, eta, cutpoints, lower, upper)
        scale = 2.0 * w * values[labels[i]]
        for copy in range(copies[i] if copies.size > 0 else 1):
            _add_answers(upper, values, seeds, np.uint64(first[i] + copy + 1), scale, w, sums)


@njit(**INLINE)
def _add_categories(lower, upper, real, here, sums):
    """Add P(y = k) to sums[here, k]: a difference of lower or of upper tails, whichever are small."""
    use_wide_vectors()
    top = lower.shape[0]
    for l in range(LANES):
        sums[here, 0, l] += real[l] * lower[0, l]
        sums[here, top, l] += real[l] * upper[top - 1, l]
    for k in range(1, top):
        for l in range(LANES):
            rise, fall = lower[k, l] - lower[k - 1, l], upper[k - 1, l] - upper[k, l]
            sums[here, k, l] += real[l] * max(rise if lower[k - 1, l] < 0.5 else fall, 0.0)


@njit(**FAST)
def _row_means(link, rows, beta, effects, shift, cutpoints, real, n_draws, means):
    use_wide_vectors()
    n, n_categories, height = means.shape[0], means.shape[1], cutpoints.shape[1]
    lower, upper, eta = np.empty((height, LANES)), np.empty((height, LANES)), np.empty(LANES)
    sums = np.empty((MEAN_ROWS, n_categories, LANES))
    for first in range(0, n, MEAN_ROWS):
        count = min(MEAN_ROWS, n - first)
        sums[:] = 0.0
        for chunk in range(beta.shape[0]):
            chunk_beta, chunk_effects, chunk_shift = beta[chunk], effects[chunk], shift[chunk]
            chunk_cutpoints, chunk_real = cutpoints[chunk], real[chunk]
            for here in range(count):
                row_predictor(rows, first + here, 1.0, chunk_beta, chunk_effects, chunk_shift, eta)
                fill_tails(link, eta, chunk_cutpoints, lower, upper)
                _add_categories(lower, upper, chunk_real, here, sums)
        for here in range(count):
            for k in range(n_categories):
                means[first + here, k] = lane_total(sums, here, k) / n_draws


@dataclass(frozen=True)
class PackedTails:
    """Draws of the model with any link in chunks of lanes. Methods: see `odds_lanes.PackedOdds`.

    Attributes
    ----------
    link_code : int
    beta : array (chunks, p, LANES)
    effects : array (chunks, E, LANES)
        Group effects.
    shift : array (chunks, LANES)
        Minus the middle of the cutpoints.
    cutpoints : array (chunks, K-1, LANES)
        About their middle.
    real : array (chunks, LANES)
        1, and 0 in padding.
    n_draws : int
    """

    link_code: int
    beta: np.ndarray
    effects: np.ndarray
    shift: np.ndarray
    cutpoints: np.ndarray
    real: np.ndarray
    n_draws: int

    unit = 1.0

    @property
    def n_chunks(self) -> int:
        return self.beta.shape[0]

    @property
    def height(self) -> int:
        return self.cutpoints.shape[1]

    def add_confusion(self, chunk, rows, labels, weight, values, second, sums) -> None:
        _add_confusion(self.link_code, rows, labels, weight, *self._chunk(chunk), values, second, sums)

    def add_replicates(self, chunk, rows, labels, first, copies, weight, values, seeds, sums) -> None:
        answers = (rows, labels, first, copies, weight)
        _add_replicates(self.link_code, *answers, *self._chunk(chunk), values, seeds, sums)

    def row_means(self, rows, means) -> None:
        draws = (self.beta, self.effects, self.shift, self.cutpoints, self.real, self.n_draws)
        _row_means(self.link_code, rows, *draws, means)

    def with_effects(self, effects: np.ndarray) -> PackedTails:
        return replace(self, effects=effects)

    def _chunk(self, chunk):
        return self.beta[chunk], self.effects[chunk], self.shift[chunk], self.cutpoints[chunk]


def pack_tails(link_code: int, beta: np.ndarray, cutpoints: np.ndarray) -> PackedTails:
    """Pack draws beta (S, p) and cutpoints (S, K-1)."""
    middle = (cutpoints[:, :1] + cutpoints[:, -1:]) / 2
    return PackedTails(
        link_code=link_code,
        beta=chunked(beta, beta.shape[1]),
        effects=chunked(beta[:, :0], 0),
        shift=chunked(-middle, 1)[:, 0],
        cutpoints=chunked(cutpoints - middle, cutpoints.shape[1]),
        real=chunked(np.ones((beta.shape[0], 1)), 1)[:, 0],
        n_draws=beta.shape[0],
    )
