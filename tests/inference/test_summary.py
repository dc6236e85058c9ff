"""The table is that of arviz.summary, to the last digits and names."""

import arviz_stats as azs
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayesord.inference.summary import summarise


@pytest.mark.parametrize("draws", [200, 201])
def test_equal_to_arviz(rng, draws):
    size = (3, draws)
    posterior = xr.Dataset(
        {
            "beta": (
                ("chain", "draw", "predictor"),
                np.cumsum(rng.normal(size=(*size, 2)), axis=1) * 0.1 + 50,
            ),
            "R2": (("chain", "draw"), rng.beta(2, 2, size=size)),
            "effect": (("draw", "chain", "judge", "term"), rng.normal(size=(draws, 3, 2, 3))),
            "count": (("chain", "draw"), rng.integers(0, 5, size)),
            "sure": (("chain", "draw"), np.ones(size)),
        },
        coords={"chain": range(3), "draw": range(draws), "predictor": ["a[b]", "c"], "judge": [7, 8]},
    )
    with np.errstate(all="ignore"):
        expected = azs.summary(posterior, ci_prob=0.8, ci_kind="eti", round_to="none")
    pd.testing.assert_frame_equal(summarise(posterior, 0.8), expected, rtol=1e-9, check_names=True)


def test_of_a_fit(wine_fit):
    posterior = wine_fit.idata["posterior"].to_dataset()
    expected = azs.summary(posterior, ci_prob=0.9, ci_kind="eti", round_to="none")
    pd.testing.assert_frame_equal(summarise(posterior), expected, rtol=1e-9)


def test_numbers_that_are_not_finite_are_left_to_the_reader(rng):
    x = rng.normal(size=(2, 50, 2))
    x[0, 3, 1] = np.nan
    table = summarise(xr.Dataset({"x": (("chain", "draw", "i"), x)}))
    assert table.loc["x[0]"].notna().all()
    assert table.loc["x[1]"].isna().all()
