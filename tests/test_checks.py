"""Bad and odd input through the front door: the cases of the three `input_*` tables, and anything else."""

import copy
import re
import warnings

import input_answers
import input_covariates
import input_elsewhere
import input_rows
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from input_cases import DATES, N, X, Y
from input_outcomes import same

from bayesord.checks import Problems, check_rank, column_moments
from bayesord.modelling.design import from_arrays, from_formula

CASES = [*input_covariates.CASES, *input_answers.CASES, *input_rows.CASES, *input_elsewhere.CASES]


def call(case):
    return case.call(*case.args, **case.options)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"row{case.row}")
def test_row(case):
    before = copy.deepcopy((*case.args, *case.options.values()))
    if case.error is not None:
        with pytest.raises(case.error) as caught:
            call(case)
        assert type(caught.value) is case.error
        heard = str(caught.value)
    elif case.warns is not None:
        with pytest.warns(case.warns) as record:
            result = call(case)
        heard = " ".join(str(item.message) for item in record)
        if case.check is not None:
            assert case.check(result) in (None, True)
    else:
        result, heard = call(case), ""
        if case.check is not None:
            assert case.check(result) in (None, True)
    for pattern in case.says:
        assert re.search(pattern, heard, re.DOTALL), f"{pattern!r} not in {heard!r}"
    for old, new in zip(before, (*case.args, *case.options.values()), strict=True):
        assert same(old, new)


def test_every_row_of_the_table_has_a_case():
    elsewhere = {41}  # output paths: with what writes them
    assert {case.row for case in CASES} | elsewhere == set(range(1, 42))


def test_all_problems_come_at_once():
    X = pd.DataFrame({"age": [np.nan, *range(11)], "colour": "red", "one": 1.0})
    with pytest.raises(ValueError, match="problems with the input") as caught:
        from_arrays(X, [1, None, 4] * 4, sample_weight=[-1.0] * N, offset=[1.0])
    text = str(caught.value)
    found = ("colour", "NaN: column 'age'", "'one' is constant", "Input y contains NaN", "gaps", "Negative")
    for part in (*found, "offset.shape"):
        assert part in text
    assert re.match(r"\d+ problems", text).group() == f"{text.count(chr(10))} problems"


def test_problems_of_columns_and_answers_come_together():
    with pytest.raises(ValueError, match="constant") as caught:
        from_arrays(np.c_[X, np.ones(N)], ["a", "b"] * 6)
    assert "holds strings" in str(caught.value)


def test_types_alone_raise_type_error_and_mixtures_value_error():
    with pytest.raises(TypeError, match="2 problems"):
        from_arrays(pd.DataFrame({"a": DATES, "b": DATES}), Y)
    with pytest.raises(ValueError, match="2 problems"):
        from_arrays(pd.DataFrame({"a": DATES, "b": "x"}), Y)


def test_arrow_columns_are_read():
    pa = pytest.importorskip("pyarrow")
    column = pd.array(range(N), dtype=pd.ArrowDtype(pa.int64()))
    np.testing.assert_array_equal(from_arrays(pd.DataFrame({"a": column}), Y).X[:, 0], np.arange(N))


def test_categories_may_come_in_any_container():
    for categories in ((1, 2, 3), np.array([1, 2, 3]), pd.Index([1, 2, 3]), pd.CategoricalDtype([1, 2, 3])):
        design = from_arrays(X, Y, categories=categories)
        assert design.categories == (1, 2, 3)
        assert {type(label) for label in design.categories} == {int}


# -- any input either gives a design or an error that says how to mend it

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 6),
    st.floats(allow_nan=True, allow_infinity=True, width=16),
    st.sampled_from(["low", "high", "1", ""]),
)


def survives(build):
    """Run it: a design of finite numbers, or a ValueError or TypeError with a sentence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            design = build()
        except (ValueError, TypeError) as caught:
            error = caught
        else:
            error = None
    if error is not None:
        assert type(error) in (ValueError, TypeError)
        assert re.search("[A-Za-z]{3,} .*[.]", str(error))
        return None
    assert np.isfinite(design.X).all()
    assert design.y.min() >= 0
    assert design.y.max() < len(design.categories)
    assert len(design.y) == len(design.X) == len(design.obs_id)
    return design


@settings(max_examples=60, deadline=None)
@given(y=st.lists(anything, min_size=0, max_size=9), categories=st.none() | st.lists(anything, max_size=4))
def test_any_answers(y, categories):
    before = copy.deepcopy((y, categories))
    survives(lambda: from_arrays(np.arange(len(y) * 1.0)[:, None], y, categories=categories))
    assert repr(before) == repr((y, categories))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int16, np.bool_]),
        hnp.array_shapes(min_dims=1, max_dims=3, max_side=7),
        elements=None,
    )
)
def test_any_array(X):
    before = X.copy()
    design = survives(lambda: from_arrays(X, np.arange(len(X)) % 2))
    np.testing.assert_array_equal(before, X)
    if design is not None:
        np.testing.assert_allclose(design.mean, X.astype(float).mean(axis=0), rtol=1e-9, atol=1e-300)


@settings(max_examples=40, deadline=None)
@given(
    column=st.lists(anything, min_size=6, max_size=6),
    weights=st.none() | st.lists(st.floats(-1, 3) | st.just(np.nan), min_size=5, max_size=6),
)
def test_any_column_in_a_formula(column, weights):
    data = pd.DataFrame({"y": [1, 2, 3, 1, 2, 3], "x": pd.Series(column, dtype=object)})
    before = data.copy(deep=True)
    survives(lambda: from_formula("y ~ x", data, sample_weight=weights))
    assert data.equals(before)


def _planted(name, rng, n):
    """Four columns, of which the last is what the name says of the first."""
    X = rng.normal(size=(n, 4))
    X[:, 3] = {
        "independent": X[:, 3],
        "equal in all rows but one": X[:, 0] + 3 * (np.arange(n) == 1),
        "of one row": np.arange(n) == 1,
        "nearly equal": X[:, 0] + 1e-10 * X[:, 3],
        "nearly equal, a little less": X[:, 0] + 1e-7 * X[:, 3],
        "equal": -2 * X[:, 0],
        "nearly equal in the rows of weight": np.where(np.arange(n) % 7 == 0, X[:, 3], X[:, 0]),
    }[name]
    return X


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("independent", None),
        ("equal in all rows but one", None),
        ("of one row", None),
        ("nearly equal", "nearly collinear"),
        ("nearly equal, a little less", None),
        ("equal", "rank 3 of 4"),
        ("nearly equal in the rows of weight", "nearly collinear"),
    ],
)
def test_a_sample_of_rows_speaks_only_for_well_conditioned_columns(name, said):
    rng, n = np.random.default_rng(6), 5000
    X = _planted(name, rng, n)
    weight = np.where(np.arange(n) % 7 == 0, 1e-20, 1.0) if "weight" in name else np.ones(n)
    mean, sd = column_moments(X, weight)
    standard = (X - mean) / sd * np.sqrt(weight)[:, None]
    assert (np.linalg.cond(standard) > 1e8) == (said is not None)
    found = check_rank(X, tuple("abcd"), mean, sd, Problems(), weights=weight)
    assert len(found) == (said is not None)
    assert not found or (said in found[0] and "'a', 'd'" in found[0])
