"""Fixtures of the tests of the modelling room."""

import pandas as pd
import pytest


@pytest.fixture
def survey(rng):
    """Sixty rows with a column of every kind, labelled row0 to row59."""
    n, levels = 60, ["low", "mid", "high"]
    return pd.DataFrame(
        {
            "y": rng.permutation([1, 2, 3] * 20),
            "g": pd.Categorical(rng.permutation(levels * 20), categories=levels),
            "s": rng.permutation(["b", "a", "c", "b"] * 15),
            "h": rng.permutation(["u", "v"] * 30),
            "judge": rng.permutation([1, 2, 3, 4] * 15),
            "flag": rng.permutation([True, False] * 30),
            "x": rng.normal(size=n),
            "age": rng.uniform(18, 80, n),
        },
        index=[f"row{i}" for i in range(n)],
    )
