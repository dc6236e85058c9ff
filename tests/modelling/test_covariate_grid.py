"""Grids of covariates, and what a design keeps of the data."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_up_fits import draw

import bayesord as bo
from bayesord.modelling.covariate_grid import positions_by
from bayesord.modelling.covariates import covariate_levels, group_columns, training_rows
from bayesord.modelling.design import from_arrays, from_formula


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    n = 60
    return pd.DataFrame(
        {
            "age": rng.integers(20, 60, n),
            "dose": pd.Categorical(rng.choice(["low", "high"], n), categories=["low", "none", "high"]),
            "smokes": rng.choice([True, False], n),
            "visit": rng.choice([3, 1, 2], n),
            "my size": rng.normal(size=n),
            "judge": rng.choice(["a", "b", "c"], n),
            "room": rng.choice([7, 8], n),
            "times": rng.integers(0, 3, n),
            "lead": rng.normal(size=n),
            "unused": "?",
            "y": np.arange(n) % 3,
        },
        index=[f"r{i}" for i in range(n)],
    )


FORMULA = "y ~ poly(age, 2) + dose + smokes + C(visit) + `my size` + (1 + lead | judge:room)"


@pytest.fixture(scope="module")
def fit(data):
    return draw(from_formula(FORMULA, data, sample_weight="times", offset="lead"))


def test_a_design_keeps_the_columns_of_its_formula(fit, data):
    kept = fit.design.data
    counted = data[data["times"] > 0]
    assert set(kept.columns) == {"age", "dose", "smokes", "visit", "my size", "lead", "judge", "room"}
    assert kept.index.equals(counted.index)
    for name in kept:
        np.testing.assert_array_equal(kept[name], counted[name])
    assert kept["dose"].cat.categories.tolist() == ["low", "high"]
    assert kept["age"].dtype == data["age"].dtype
    assert covariate_levels(fit.design) == {
        "age": (), "dose": ("low", "high"), "smokes": (False, True), "visit": (1, 2, 3), "my size": (), "lead": (),
    }  # fmt: skip
    assert group_columns(fit.design) == {"judge": ("a", "b", "c"), "room": (7, 8)}


def test_what_is_kept_is_a_copy(data):
    ages = data["age"].to_numpy(copy=True)
    mine = pd.DataFrame({"age": ages, "dose": data["dose"], "y": data["y"]}, copy=False)
    design = from_formula("y ~ age + dose", mine)
    ages[:] = 0
    assert design.data["age"].iloc[0] == data["age"].iloc[0]
    np.testing.assert_array_equal(design.rows(design.data).X, design.X)


def test_what_is_not_named_is_held(fit, data):
    counted = data[data["times"] > 0]
    row = bo.grid(fit).iloc[0]
    assert row["age"] == pytest.approx(np.average(counted["age"], weights=counted["times"]))
    assert row["lead"] == pytest.approx(np.average(counted["lead"], weights=counted["times"]))
    assert (row["dose"], row["smokes"], row["visit"]) == ("low", False, 1)
    assert "judge" not in row
    assert fit.predict_proba(bo.grid(fit), group_effects=False).shape == (1, 3)


def test_all_combinations_in_order(fit):
    grid = bo.grid(fit, {"my size": [0.5, 1]}, dose=["high", "low"], judge="a", room=[7, 9])
    assert list(grid["dose"]) == ["high"] * 4 + ["low"] * 4
    assert list(grid["my size"]) == [0.5, 0.5, 1, 1] * 2
    assert list(grid["room"]) == [7, 9] * 4
    assert grid["dose"].cat.categories.tolist() == ["low", "high"]
    assert fit.predict_proba(grid, new_groups="sample").shape == (8, 3)


def test_an_ellipsis_is_everything(fit, data):
    counted = data[data["times"] > 0]
    ages = bo.grid(fit, age=...)["age"]
    np.testing.assert_allclose(ages, np.linspace(counted["age"].min(), counted["age"].max(), 101))
    assert bo.grid(fit, smokes=..., visit=..., judge=...).shape[0] == 2 * 3 * 3


def test_values_in_any_container(fit):
    for values in (np.array([1, 3]), pd.Series([1, 3]), (1, 3), range(1, 4, 2), [1, 3, 1], pd.Index([1, 3])):
        assert bo.grid(fit, visit=values)["visit"].tolist() == [1, 3]
    assert bo.grid(fit, dose=pd.Categorical(["high"]), age=np.float32(30))["age"].tolist() == [30.0]


def test_arrays():
    X = np.column_stack([np.arange(12.0), np.tile([0.0, 1.0], 6)])
    fit = draw(from_arrays(X, np.arange(12) % 3))
    assert bo.grid(fit, x1=...).to_numpy().tolist() == [[5.5, 0.0], [5.5, 1.0]]
    named = draw(from_arrays(pd.DataFrame(X, columns=["a", "b"]), np.arange(12) % 3))
    assert list(bo.grid(named, a=3).columns) == ["a", "b"]
    assert training_rows(named.design).index.equals(named.design.obs_id)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"doze": ["low"]}, "covariate 'doze' is unknown. Did you mean 'dose'"),
        ({"unused": 1}, "covariate 'unused' is unknown"),
        ({"dose": ["lo"]}, "'dose' has no level 'lo'"),
        ({"dose": "none"}, "'dose' has no level 'none'"),
        ({"age": ["old"]}, "covariate 'age' is a number, and 'old'"),
        ({"age": [20, np.nan]}, "covariate 'age' is a number, and nan"),
        ({"age": []}, "no values for 'age'"),
        ({"age": range(2000), "my size": range(2000)}, "4,000,000 rows; at most 1,000,000"),
    ],
)
def test_bad_values(fit, values, message):
    with pytest.raises(ValueError, match=message):
        bo.grid(fit, values)


def test_bad_calls(fit):
    with pytest.raises(TypeError, match="values must be a dict"):
        bo.grid(fit, ["age"])
    with pytest.raises(ValueError, match="'age' is given twice"):
        bo.grid(fit, {"age": 1}, age=2)


def test_rows_that_were_not_kept(fit):
    bare = draw(replace(fit.design, data=None))
    with pytest.raises(ValueError, match="pass new= with the rows"):
        training_rows(bare.design)
    with pytest.raises(ValueError, match="values of 'age' are not known.*Give some"):
        bo.grid(bare, lead=0)
    assert bo.grid(bare, age=30, lead=0)["age"].tolist() == [30]


def test_covariates_of_slopes_alone_are_held_as_well(data):
    design = from_formula("y ~ age + (1 + lead | judge)", data)
    grid = bo.grid(draw(design), age=[20, 30])
    np.testing.assert_allclose(grid["lead"], data["lead"].mean())
    np.testing.assert_array_equal(design.rows(grid.assign(judge="a")).groups[0].Z[:, 1], grid["lead"])
    bare = SimpleNamespace(design=replace(design, data=None))  # what they are held at is not known
    assert list(bo.grid(bare, age=20)) == ["age"]


def test_groups_are_in_the_order_of_their_levels(data):
    found = positions_by(data, ["dose", "room"], {"dose": ("low", "high")})
    assert list(found) == [("low", 7), ("low", 8), ("high", 7), ("high", 8)]
    assert sum(len(rows) for rows in found.values()) == len(data)
    with pytest.raises(ValueError, match="by='room' has missing values in 60 rows"):
        positions_by(data.assign(room=np.nan), ["room"], {})
