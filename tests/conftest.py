"""Fixtures of the whole suite: a seeded generator, the wine data, one fit of it."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def wine():
    import bayesord as bo

    return bo.datasets.load_wine()


@pytest.fixture(scope="session")
def wine_fit(wine):
    """The default model of the wine data; shared, so tests must not change it."""
    import bayesord as bo

    return bo.fit("rating ~ temp + contact", wine, random_seed=1, progressbar=False)
