"""A fit with groups that several tests of the diagnosis share."""

import numpy as np
import pandas as pd
import pytest

import bayesord as bo


@pytest.fixture(scope="session")
def grouped_fit():
    """120 rows, 12 groups with an intercept and a slope each; short chains."""
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(12), 10)
    x = rng.normal(size=120)
    latent = x + rng.normal(size=12)[group] + 0.5 * rng.normal(size=12)[group] * x + rng.logistic(size=120)
    data = pd.DataFrame({"y": np.searchsorted([-1, 0.5, 2], latent), "x": x, "g": group})
    return bo.fit(
        "y ~ x + (x | g)", data, draws=200, chains=2, random_seed=1, progressbar=False, on_fail="ignore"
    )
