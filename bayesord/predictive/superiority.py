"""Ordinal superiority: how likely an answer under one condition is above one under another, ties counted half."""

from __future__ import annotations

import numpy as np

from bayesord.jit import njit
from bayesord.likelihood.elementary import FAST, use_wide_vectors
from bayesord.predictive.averages import by_draw, weights_of
from bayesord.predictive.effect_lanes import pack_effects
from bayesord.predictive.lanes import LANES, Rows, row_predictor
from bayesord.predictive.linear_draws import LinearDraws
from bayesord.predictive.link_lanes import fill_tails
from bayesord.predictive.tail_lanes import pack_tails
from bayesord.predictive.threads import for_each, spans

__all__ = ["average_superiority"]

_ROWS_AT_ONCE = 1 << 16  # between two looks at Ctrl-C
_EFFECTS_AT_ONCE = 1 << 24  # of groups: 128 MB for each condition


def average_superiority(
    high: LinearDraws,
    low: LinearDraws,
    group: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    threads: int | None = None,
) -> np.ndarray:
    """Weighted means over the rows of each group of P(Y1 > Y2) + P(Y1 = Y2) / 2.

    Y1 is the answer of a row of `high`, Y2 an independent answer of the same row of `low`.

    Parameters
    ----------
    high, low : LinearDraws
        The same S draws for n rows under two conditions.
    group : array (n,) of integers
        The group of each row: 0 ... G-1, none of them without weight.
    weights : array (n,), optional
    threads : int, optional

    Returns
    -------
    array (S, G)

    References
    ----------
    A. Agresti, M. Kateri (2017). Ordinal probability effect measures for group comparisons in multinomial cumulative
    link models. Biometrics 73(1), 214-219. doi:10.1111/biom.12565

    Examples
    --------
    >>> import numpy as np
    >>> beta, cutpoints = np.array([[np.log(3)]]), np.array([[0.0]])
    >>> high, low = (LinearDraws("logit", np.array([[x]]), beta, cutpoints) for x in (1.0, 0.0))
    >>> average_superiority(high, low, np.array([0]))  # 3/4 · 1/2 + (3/4 · 1/2 + 1/4 · 1/2) / 2
    array([[0.625]])
    """
    weights, total = weights_of(group, weights)
    packed = pack_tails(high.link.code, high.beta, high.cutpoints)
    by_lane = np.zeros((packed.n_chunks, total.size, 1, LANES))
    columns = sum(term.Z.shape[1] for term in high.groups)
    size = max(1, _EFFECTS_AT_ONCE // (columns * high.n_draws)) if columns else high.n_rows

    def one(chunk, here, high_part, low_part):
        draws = (packed.beta[chunk], packed.shift[chunk], packed.cutpoints[chunk])
        rows = [(rows, effects[chunk]) for rows, effects in (high_part, low_part)]
        _add(packed.link_code, *rows, group[here], weights[here], draws, by_lane[chunk, :, 0])

    for start, stop in spans(high.n_rows, min(size, _ROWS_AT_ONCE)):
        parts = [_part(draws.rows(start, stop), packed.n_chunks, threads) for draws in (high, low)]
        chunks = [(chunk, slice(start, stop), *parts) for chunk in range(packed.n_chunks)]
        for_each(one, chunks, threads, amount=2 * high.n_draws * (stop - start))
    return by_draw(by_lane, high.n_draws)[:, :, 0] / total


def _part(draws: LinearDraws, n_chunks: int, threads: int | None) -> tuple[Rows, np.ndarray]:
    """Rows as the loops take them, and the effects (chunks, E, LANES) of their groups."""
    n = draws.n_rows
    effects, place, Z = np.empty((n_chunks, 0, LANES)), np.empty((n, 0), dtype=np.int64), np.empty((n, 0))
    if draws.groups:
        effects, place, Z = pack_effects(draws.groups, 1.0, threads)
    return Rows(draws.X, draws.offset_of(0, n), Z, place), effects


@njit(**FAST)
def _add(link, high, low, group, weights, draws, sums):
    """sums (G, LANES) += the superiority of each row, weighted: Σ_k P(Y2 = k) (P(Y1 > k) + P(Y1 > k-1)) / 2."""
    use_wide_vectors()
    (high_rows, high_effects), (low_rows, low_effects), (beta, shift, cutpoints) = high, low, draws
    height = cutpoints.shape[0]
    lower, above_1, above_2 = np.empty((height, LANES)), np.empty((height, LANES)), np.empty((height, LANES))
    eta = np.empty(LANES)
    for i in range(group.size):
        row_predictor(high_rows, i, 1.0, beta, high_effects, shift, eta)
        fill_tails(link, eta, cutpoints, lower, above_1)
        row_predictor(low_rows, i, 1.0, beta, low_effects, shift, eta)
        fill_tails(link, eta, cutpoints, lower, above_2)
        w, g = 0.5 * weights[i], group[i]
        for l in range(LANES):
            sums[g, l] += w * (1.0 - above_2[0, l]) * (1.0 + above_1[0, l])
            sums[g, l] += w * above_2[height - 1, l] * above_1[height - 1, l]
        for k in range(1, height):
            for l in range(LANES):
                sums[g, l] += w * (above_2[k - 1, l] - above_2[k, l]) * (above_1[k - 1, l] + above_1[k, l])
