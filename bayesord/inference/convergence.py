"""R-hat and effective sample sizes of many variables at once.

    R-hat = √((B/W + n - 1)/n)     B/n the variance of the chains' means, W the mean of their variances
    ESS   = m n / τ,  τ = -1 + 2 Σ ρ_t     ρ_t the autocorrelation over all chains, summed by Geyer's rules

for m half chains of n draws. Bulk: both of the normal scores of the ranks, and R-hat of those of |x - median| too,
whichever is larger. Tail: the smaller ESS of the indicators x <= q at two quantiles q.
Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), doi:10.1214/20-BA1221. The figures are those of arviz_stats,
which takes one variable after another in Python.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from bayesord.jit import njit
from bayesord.predictive.threads import for_each, spans

__all__ = ["TAIL", "Convergence", "convergence", "ess_of_means"]

TAIL = (0.11, 0.89)  # the quantiles whose indicators give the tail's ESS: ArviZ's default
_BLOCK = 16  # variables at a time
_CONSTANT = 1e-15  # a range below this is none


@dataclass(frozen=True)
class Convergence:
    """Arrays (variables,); nan where a variable has a value that is not finite, or there are too few draws or chains."""

    r_hat: np.ndarray
    ess_bulk: np.ndarray
    ess_tail: np.ndarray


def convergence(draws: np.ndarray, *, tail: tuple[float, float] = TAIL) -> Convergence:
    """Rank-normalised split R-hat, bulk ESS and tail ESS.

    Parameters
    ----------
    draws : (chain, draw, variables) array
        R-hat needs two chains, everything four draws.
    tail : (low, high)
        Probabilities of the quantiles that stand for the tails.

    Returns
    -------
    Convergence

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(1).normal(size=(4, 500, 2))
    >>> x[0, :, 1] += 1
    >>> convergence(x).r_hat.round(1)
    array([1. , 1.1])
    """
    chains, n, variables = draws.shape
    out = np.full((3, variables), np.nan)
    if n < 4:
        return Convergence(*out)
    half = n // 2
    size = 2 * chains * half
    scores = ndtri(
        (0.5 * np.arange(2 * size - 1) + 0.625) / (size + 0.25)
    )  # at half ranks too: those of ties
    places = _places(chains, n)

    def work(start: int, stop: int) -> None:
        x = np.ascontiguousarray(draws[:, :, start:stop].reshape(chains * n, -1).T, dtype=np.float64)
        finite = np.isfinite(x).all(axis=1)
        _fill(x, np.argsort(x, axis=1), finite, places, 2 * chains, half, scores, *tail, out[:, start:stop])

    for_each(work, spans(variables, _BLOCK), amount=draws.size)
    if chains == 1:
        out[0] = np.nan
    return Convergence(*out)


def ess_of_means(x: np.ndarray) -> np.ndarray:
    """Effective sample size of the mean of each variable of x (chain, draw, variables), for its Monte Carlo error."""
    chains, n, variables = x.shape
    out = np.full(variables, np.nan)
    if n < 4:
        return out
    places = _places(chains, n)

    def work(start: int, stop: int) -> None:
        rows = np.ascontiguousarray(x[:, :, start:stop].reshape(chains * n, -1).T, dtype=np.float64)
        _fill_means(rows, np.isfinite(rows).all(axis=1), places, 2 * chains, n // 2, out[start:stop])

    for_each(work, spans(variables, _BLOCK), amount=x.size)
    return out


def _places(chains: int, n: int) -> np.ndarray:
    """Where each draw (chain * draw) stands in the half chains, one after another; -1: the middle of an odd number."""
    half = n // 2
    places = np.full((chains, n), -1)
    places[:, :half] = np.arange(chains * half).reshape(chains, half)
    places[:, n - half :] = np.arange(chains * half, 2 * chains * half).reshape(chains, half)
    return places.ravel()


@njit
def _fill(x, order, finite, places, chains, half, scores, low, high, out):
    """R-hat, bulk ESS and tail ESS of each row of x; `order` sorts it."""
    size = chains * half
    ordered, place = np.empty(size), np.empty(size, np.int64)
    distance, outward = np.empty(size), np.empty(size, np.int64)
    z = np.empty((chains, half))
    flat = z.reshape(size)
    for v in range(x.shape[0]):
        if not finite[v]:
            continue
        row, by_size = x[v], order[v]
        kept = 0
        for i in by_size:
            if places[i] >= 0:
                ordered[kept], place[kept] = row[i], places[i]
                kept += 1

        _normal_scores(ordered, place, scores, flat)
        bulk = _r_hat(z)
        out[1, v] = _ess(z)
        _fold(ordered, place, distance, outward)
        _normal_scores(distance, outward, scores, flat)
        folded = _r_hat(z)
        out[0, v] = folded if not bulk >= folded and not math.isnan(folded) else bulk

        tail = math.inf
        for q in (low, high):
            bound = _quantile(row, by_size, q)
            for k in range(size):
                flat[place[k]] = 1.0 if ordered[k] <= bound else 0.0
            tail = min(tail, _ess(z))
        out[2, v] = tail


@njit
def _fill_means(x, finite, places, chains, half, out):
    halves = np.empty((chains, half))
    flat = halves.reshape(chains * half)
    for v in range(x.shape[0]):
        if finite[v]:
            for i in range(places.size):
                if places[i] >= 0:
                    flat[places[i]] = x[v, i]
            out[v] = _ess(halves)


@njit
def _normal_scores(ordered, place, scores, z):
    """Φ^-1((rank - 3/8)/(S + 1/4)) of ordered values, each to its place; ties share their mean rank."""
    size = ordered.size
    first = 0
    while first < size:
        last = first
        while last + 1 < size and ordered[last + 1] == ordered[first]:
            last += 1
        for k in range(first, last + 1):
            z[place[k]] = scores[first + last]
        first = last + 1


@njit
def _fold(ordered, place, distance, outward):
    """Distances from the median in ascending order, and their places: from the middle outwards."""
    size = ordered.size
    below, above = size // 2 - 1, size // 2
    median = 0.5 * (ordered[below] + ordered[above])
    for k in range(size):
        if above == size or (below >= 0 and median - ordered[below] <= ordered[above] - median):
            distance[k], outward[k] = abs(ordered[below] - median), place[below]
            below -= 1
        else:
            distance[k], outward[k] = abs(ordered[above] - median), place[above]
            above += 1


@njit
def _quantile(row, order, q):
    """The quantile of a row, linear between order statistics."""
    at = q * (row.size - 1)
    below = int(at)
    low, high = row[order[below]], row[order[min(below + 1, row.size - 1)]]
    return low + (high - low) * (at - below)


@njit
def _r_hat(x):
    chains, n = x.shape
    means, within = np.empty(chains), 0.0
    for c in range(chains):
        means[c] = _mean(x[c])
        within += _lagged(x[c], means[c], 0) / (n - 1) / chains
    between = n * _lagged(means, _mean(means), 0) / (chains - 1)
    return math.sqrt((between / within + n - 1) / n)


@njit
def _ess(x):
    """Geyer: pairs ρ_2j + ρ_2j+1 up to the first that is not positive, each at most the one before.

    Of that last pair the first member counts once, where it or the pair is positive.
    """
    chains, n = x.shape
    if _range(x) < _CONSTANT:
        return float(chains * n)
    means = np.empty(chains)
    for c in range(chains):
        means[c] = _mean(x[c])
    lag, time = 0, -1.0
    variance = _covariance(x, means, lag)
    within = variance * n / (n - 1)
    total = variance + _lagged(means, _mean(means), lag) / (chains - 1)
    fallen = math.inf
    while True:
        even = 1.0 - (within - _covariance(x, means, lag)) / total if lag else 1.0
        pair = even + 1.0 - (within - _covariance(x, means, lag + 1)) / total
        fallen = min(fallen, pair)
        lag += 2
        if lag >= n - 2 or not pair > 0:
            break
        time += 2.0 * fallen
    if pair >= 0 or even > 0:
        time += even
    return chains * n / max(time, 1.0 / math.log10(chains * n))


@njit
def _covariance(x, means, lag):
    """Mean over the chains of their autocovariances at a lag."""
    total = 0.0
    for c in range(means.size):
        total += _lagged(x[c], means[c], lag)
    return total / x.size


@njit
def _range(x):
    low, high = math.inf, -math.inf
    for c in range(x.shape[0]):
        for value in x[c]:
            low, high = min(low, value), max(high, value)
    return high - low


@njit(fastmath={"reassoc", "contract"})
def _mean(x):
    total = 0.0
    for t in range(x.size):
        total += x[t]
    return total / x.size


@njit(fastmath={"reassoc", "contract"})
def _lagged(x, mean, lag):
    """Σ (x_t - mean)(x_t+lag - mean). Sums may be taken in any order."""
    ahead = x[lag:]
    total = 0.0
    for t in range(ahead.size):
        total += (x[t] - mean) * (ahead[t] - mean)
    return total
