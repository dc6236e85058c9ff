"""Logarithm, cosine and normal numbers made for loops over lanes, against NumPy's and SciPy's."""

import numpy as np
from scipy import stats

from bayesord.jit import njit
from bayesord.predictive import normal
from bayesord.predictive.uniform import uniform
from bayesord.predictive.vector import log


@njit
def _each(values, logs, cosines):
    for i in range(values.size):
        logs[i] = log(values[i])
        cosines[i] = normal._cosine_of_turns(values[i])


@njit
def _normals(seeds, counts, numbers, pairs):
    for s in range(seeds.size):
        for c in range(counts.size):
            numbers[s, c] = normal.normal(seeds[s], counts[c])
            for i in range(2):
                pairs[i, s, c] = uniform(seeds[s], counts[c] + counts[c] + np.uint64(i))


def test_logarithm_and_cosine(rng):
    powers = 2.0 ** -np.arange(1.0, 54.0)
    values = np.r_[rng.random(20_000), powers, 1 - powers, 1e-300, np.nextafter([0.25, 0.5, 0.75], 1)]
    values = values[(values > 0) & (values < 1)]
    logs, cosines = np.empty_like(values), np.empty_like(values)
    _each(values, logs, cosines)
    np.testing.assert_allclose(logs, np.log(values), rtol=1e-15)
    np.testing.assert_allclose(cosines, np.cos(2 * np.pi * values), atol=3e-15)
    some = rng.lognormal(0, 100, 10_000)
    found = np.empty_like(some)
    _each(some, found, np.empty_like(some))
    np.testing.assert_allclose(found, np.log(some), rtol=1e-14, atol=1e-15)


def test_normal_numbers(rng):
    seeds, counts = (rng.integers(0, 2**64, size, dtype=np.uint64) for size in (200, 500))
    numbers, pairs = np.empty((200, 500)), np.empty((2, 200, 500))
    _normals(seeds, counts, numbers, pairs)
    by_hand = np.sqrt(-2 * np.log1p(-pairs[0])) * np.cos(2 * np.pi * pairs[1])
    np.testing.assert_allclose(numbers, by_hand, rtol=1e-12, atol=1e-13)
    assert stats.kstest(numbers.ravel(), "norm").pvalue > 0.01
    for a, b in ((numbers[1:], numbers[:-1]), (numbers[:, 1:], numbers[:, :-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)
