"""Designs: weights, offsets and responses against repeated rows and direct sums; copies; moments."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesord.modelling.design import from_arrays, from_formula

FORMULA = "y ~ g * x + scale(age) + poly(x, 2):h + bs(age, df=4)"


def test_frequency_weights_repeat_rows_exactly(survey, rng):
    """Means, scaling, polynomials and knots: weight w stands for w equal rows, 0 for none."""
    weights = rng.permutation([0, 1, 2, 5] * 15)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # age is in scale() and in bs()
        weighted = from_formula(FORMULA, survey, sample_weight=weights, offset="x")
        repeated = from_formula(FORMULA, survey.loc[survey.index.repeat(weights)], offset="x")
    kept = weights[weights > 0]
    assert weighted.predictors == repeated.predictors
    np.testing.assert_allclose(np.repeat(weighted.X, kept, axis=0), repeated.X, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(weighted.mean, repeated.mean, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(weighted.sd, repeated.sd, rtol=1e-10)
    assert weighted.offset_mean == pytest.approx(repeated.offset_mean, rel=1e-12)
    assert weighted.n_effective == repeated.n_effective == weights.sum()
    np.testing.assert_array_equal(np.repeat(weighted.y, kept), repeated.y)
    assert weighted.obs_id.equals(survey.index[weights > 0])
    np.testing.assert_allclose(
        weighted.rows(survey[2:5]).X, repeated.rows(survey[2:5]).X, rtol=1e-9, atol=1e-11
    )


def test_importance_weights(survey, rng):
    weights = rng.uniform(0.5, 3, 60)
    design = from_formula("y ~ x + bs(age, df=4)", survey, sample_weight=weights, weights="importance")
    assert design.mean[0] == pytest.approx(np.average(survey["x"], weights=weights))
    assert design.sd[0] == pytest.approx(np.sqrt(np.cov(survey["x"], aweights=weights, ddof=0)))
    assert design.n_effective == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    np.testing.assert_allclose(design.mean[1:], 0, atol=1e-13)


def test_rows_of_weight_zero_take_part_in_nothing(survey):
    """Not their missing values, nor their levels, nor their categories."""
    broken = survey.astype({"g": object, "y": object}).copy()
    broken.loc[["row0", "row1"], ["x", "g", "y"]] = [[np.nan, "odd", None], [np.inf, None, 99]]
    weights = np.ones(60)
    weights[:2] = 0
    design = from_formula("y ~ x + g", broken, sample_weight=weights)
    clean = from_formula("y ~ x + g", survey.iloc[2:].astype({"g": object}))
    np.testing.assert_array_equal(design.X, clean.X)
    assert design.categories == clean.categories == (1, 2, 3)
    assert design.obs_id.equals(clean.obs_id)


def test_offsets_add_up(survey):
    design = from_formula("y ~ x + offset(log(age)) + offset(judge)", survey, offset=np.arange(60.0))
    expected = np.log(survey["age"]) + survey["judge"] + np.arange(60)
    np.testing.assert_allclose(design.offset, expected)
    assert design.predictors == ("x",)
    assert design.offset_mean == pytest.approx(expected.mean())
    np.testing.assert_allclose(design.rows(survey, offset=np.arange(60.0)).offset, expected)
    with pytest.raises(ValueError, match="fitted with an offset"):
        design.rows(survey)


def test_an_offset_column_is_found_again(survey):
    design = from_formula("y ~ x", survey, offset="age", sample_weight="judge")
    np.testing.assert_array_equal(design.weights, survey["judge"])
    np.testing.assert_array_equal(design.rows(survey[:4]).offset, survey["age"][:4])
    with pytest.raises(ValueError, match="offset='age' is not a column"):
        design.rows(survey[["x"]])
    without = from_formula("y ~ x", survey)
    assert without.offset_mean == 0
    with pytest.raises(ValueError, match="without an offset"):
        without.rows(survey, offset=survey["age"])


def test_response_by_formula_and_by_arrays_agree(survey):
    levels = ["low", "mid", "high"]
    answers = pd.Categorical(survey["g"], categories=levels, ordered=True)
    one = from_formula("answer ~ x + age", survey.assign(answer=answers))
    two = from_arrays(survey[["x", "age"]], pd.Series(answers, index=survey.index, name="answer"))
    three = from_arrays(
        survey[["x", "age"]].to_numpy(), survey["g"].astype(str), categories=["low", "mid", "high"]
    )
    for design in (one, two, three):
        np.testing.assert_array_equal(design.y, answers.codes)
        assert design.categories == ("low", "mid", "high")
        np.testing.assert_array_equal(design.X, survey[["x", "age"]])
    assert (one.response, two.response, three.response) == ("answer", "answer", "g")
    assert (one.formula, two.formula) == ("answer ~ x + age", None)
    assert (two.predictors, three.predictors) == (("x", "age"), ("x0", "x1"))


def test_arrays_are_read_only_copies(survey):
    X, y = survey[["x", "age"]].to_numpy(copy=True), survey["y"].to_numpy(copy=True)
    weights, offset = np.ones(60), np.ones(60)
    design = from_arrays(X, y, sample_weight=weights, offset=offset)
    new = design.rows(X, offset=offset)
    arrays = (design.X, design.y, design.weights, design.offset, design.mean, design.sd, new.X, new.offset)
    for ours in arrays:
        assert not ours.flags.writeable
        assert ours.flags.c_contiguous
        for theirs in (X, y, weights, offset):
            assert not np.shares_memory(ours, theirs)
            assert theirs.flags.writeable
    assert design.X.dtype == np.float64
    assert design.y.dtype == np.int64


def test_raw_years_keep_their_moments():
    years = np.arange(1950, 2011)
    raw = from_arrays(years[:, None], years % 2)
    centred = from_arrays((years - 1980)[:, None], years % 2)
    assert raw.mean[0] == 1980
    assert raw.sd[0] == centred.sd[0]
    np.testing.assert_array_equal(raw.X - raw.mean, centred.X - centred.mean)


def test_the_training_rows_are_not_kept_twice(survey):
    """What a design needs for new rows is small: no copy of the data hides in the map."""
    big = pd.concat([survey] * 50)
    design = from_formula("y ~ g * x + scale(age)", big)
    assert len(pickle.dumps(design.source)) < design.X.nbytes / 10


@settings(max_examples=25, deadline=None)
@given(
    shift=st.floats(-1e6, 1e6),
    factor=st.floats(1e-3, 1e3),
    order=st.permutations(range(12)),
)
def test_moments_follow_the_data(shift, factor, order):
    x = np.random.default_rng(5).normal(size=(12, 2))
    y = np.arange(12) % 3
    base = from_arrays(x, y)
    moved = from_arrays((x * factor + shift)[list(order)], y[list(order)])
    np.testing.assert_allclose(moved.mean, base.mean * factor + shift, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(moved.sd, base.sd * factor, rtol=1e-6)
