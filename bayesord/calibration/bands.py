"""Bands that the distribution functions of uniform ranks leave with a probability that is known exactly.

At points z_j = j/100 the number of n independent uniform ranks below z_j is binomial, C_j ~ Bin(n, z_j). A band holds
every C_j between the quantiles γ/2 and 1 - γ/2 of its own binomial, with one γ for all points, small enough that the
whole function stays inside with the probability asked for (Säilynoja, Bürkner and Vehtari 2022,
doi:10.1007/s11222-022-10090-6). It is narrow where z is near 0 or 1, and that is where posteriors of the wrong width
show: there the Kolmogorov-Smirnov distance, equally wide everywhere, is nearly blind.
"""

from __future__ import annotations

from functools import cache

import numpy as np

__all__ = ["POINTS", "Band", "counts_below", "probability_inside", "rarest", "simultaneous_band"]

_SLOTS = 100
POINTS = np.arange(1, _SLOTS) / _SLOTS


def counts_below(ranks: np.ndarray) -> np.ndarray:
    """(points, Q): how many of the n ranks (n, Q) lie at or below each of `POINTS`."""
    ordered = np.sort(ranks, axis=0)
    return np.column_stack([np.searchsorted(column, POINTS, side="right") for column in ordered.T])


@cache
def _tails(n: int) -> np.ndarray:
    """(points, n + 1): twice the smaller of P(C_j <= c) and P(C_j >= c), at most 1."""
    from scipy import stats

    c = np.arange(n + 1)
    below = stats.binom.cdf(c, n, POINTS[:, None])
    above = stats.binom.sf(c - 1, n, POINTS[:, None])
    return np.minimum(2 * np.minimum(below, above), 1.0)


def rarest(counts: np.ndarray, n: int) -> np.ndarray:
    """(Q,): for counts (points, Q), the smallest two-sided tail probability over the points."""
    return np.take_along_axis(_tails(n), counts, axis=1).min(axis=0)


def _limits(n: int, gamma: float) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest count at each point whose two-sided tail is at least `gamma`."""
    inside = _tails(n) >= gamma
    return inside.argmax(axis=1), n - inside[:, ::-1].argmax(axis=1)


def probability_inside(n: int, gamma: float) -> float:
    """P(every C_j has a two-sided tail of at least `gamma`), exact.

    Counts of uniform ranks in equal slots are independent Poisson counts, given that these sum to n: one convolution
    for every slot, cut to the band after each.
    """
    from scipy import stats

    slot = np.trim_zeros(stats.poisson.pmf(np.arange(n + 1), n / _SLOTS), "b")
    lower, upper = _limits(n, gamma)
    within, first = np.ones(1), 0  # P(counts so far inside, C_j = first + position)
    for low, high in zip([*lower, n], [*upper, n], strict=True):
        spread = np.convolve(within, slot)
        last = first + len(spread) - 1
        within = np.zeros(high - low + 1)
        start, stop = max(low, first), min(high, last)
        if start <= stop:
            within[start - low : stop - low + 1] = spread[start - first : stop - first + 1]
        first = low
    return float(within[0] / stats.poisson.pmf(n, n))


class Band:
    """A band for n ranks.

    Attributes
    ----------
    gamma : float
        Two-sided tail probability at its edge, at each point.
    lower, upper : (points,) arrays of int
        The least and the greatest count inside.
    """

    def __init__(self, n: int, gamma: float):
        self.gamma = gamma
        self.lower, self.upper = _limits(n, gamma)


@cache
def simultaneous_band(n: int, outside: float) -> Band:
    """The narrowest band that uniform ranks leave with a probability of at most `outside`."""
    # Bonferroni over the points is too wide, a single point too narrow
    low, high = np.log(outside / len(POINTS)), np.log(outside)
    while high - low > 1e-6:
        middle = (low + high) / 2
        if 1 - probability_inside(n, np.exp(middle)) <= outside:
            low = middle
        else:
            high = middle
    return Band(n, float(np.exp(low)))
