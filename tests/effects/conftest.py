"""People, and fits to them whose draws are made up."""

import numpy as np
import pandas as pd
import pytest
from made_up_fits import FORMULA, draw

from bayesord.modelling.design import from_arrays, from_formula


@pytest.fixture(scope="package")
def people():
    """A number, a factor whose levels are not in the order of the alphabet, strings, weights, answers in words."""
    rng = np.random.default_rng(8)
    n = 90
    return pd.DataFrame(
        {
            "age": rng.integers(20, 40, n),
            "dose": pd.Categorical(rng.choice(["low", "mid", "high"], n), categories=["low", "mid", "high"]),
            "sex": rng.choice(["m", "f"], n),
            "ill": rng.integers(0, 2, n),
            "town": rng.choice(["A", "B"], n),
            "times": rng.integers(1, 4, n),
            "pain": pd.Categorical(
                rng.choice(["no", "little", "much", "worst"], n),
                categories=["no", "little", "much", "worst"],
                ordered=True,
            ),
        },
        index=[f"p{i}" for i in range(n)],
    )


@pytest.fixture(scope="package", params=["logit", "cloglog"])
def fit(request, people):
    """Weighted, with an interaction."""
    return draw(from_formula(FORMULA, people, sample_weight="times"), request.param)


@pytest.fixture(scope="package")
def logit_fit(people):
    return draw(from_formula(FORMULA, people, sample_weight="times"))


@pytest.fixture(scope="package")
def array_design():
    rng = np.random.default_rng(3)
    return from_arrays(rng.normal(size=(40, 2)), np.arange(40) % 3)
