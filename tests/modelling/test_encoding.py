"""Formulas met with data: columns against those computed by hand and by formulae; new rows; levels."""

import numpy as np
import pandas as pd
import pytest
from formulae import design_matrices
from scipy.interpolate import BSpline

from bayesord.modelling.design import from_formula
from bayesord.modelling.transforms import FUNCTIONS


def dummies(column, levels):
    return np.column_stack([(column == level).to_numpy(dtype=float) for level in levels])


def numbers(column):
    return column.to_numpy(dtype=float)[:, None]


def centred(column):
    return numbers(column) - column.mean()


# Formula -> names, and the columns written out without any formula language
BY_HAND = {
    "y ~ g": (["g[mid]", "g[high]"], lambda d: dummies(d.g, ["mid", "high"])),
    "y ~ s + x": (["s[b]", "s[c]", "x"], lambda d: np.c_[dummies(d.s, ["b", "c"]), d.x]),
    "y ~ flag": (["flag"], lambda d: numbers(d.flag)),
    "y ~ C(flag)": (["C(flag)[True]"], lambda d: numbers(d.flag)),
    "y ~ judge": (["judge"], lambda d: numbers(d.judge)),
    "y ~ C(judge)": ([f"C(judge)[{k}]" for k in (2, 3, 4)], lambda d: dummies(d.judge, [2, 3, 4])),
    "y ~ g * x": (
        ["g[mid]", "g[high]", "x", "g[mid]:x", "g[high]:x"],
        lambda d: np.c_[
            dummies(d.g, ["mid", "high"]), numbers(d.x), dummies(d.g, ["mid", "high"]) * numbers(d.x)
        ],
    ),
    "y ~ x:g": (
        ["x:g[low]", "x:g[mid]", "x:g[high]"],
        lambda d: dummies(d.g, ["low", "mid", "high"]) * numbers(d.x),
    ),
    "y ~ s * h": (
        ["s[b]", "s[c]", "h[v]", "s[b]:h[v]", "s[c]:h[v]"],
        lambda d: np.c_[
            dummies(d.s, ["b", "c"]), dummies(d.h, ["v"]), dummies(d.s, ["b", "c"]) * dummies(d.h, ["v"])
        ],
    ),
    "y ~ h / x": (
        ["h[v]", "h[u]:x", "h[v]:x"],
        lambda d: np.c_[dummies(d.h, ["v"]), dummies(d.h, ["u", "v"]) * numbers(d.x)],
    ),
    "y ~ scale(age)": (["scale(age)"], lambda d: centred(d.age) / d.age.std(ddof=0)),
    "y ~ center(age) + I(x**2)": (["center(age)", "I(x ** 2)"], lambda d: np.c_[centred(d.age), d.x**2]),
    "y ~ log(age):h": (
        ["log(age):h[u]", "log(age):h[v]"],
        lambda d: dummies(d.h, ["u", "v"]) * np.log(numbers(d.age)),
    ),
    "y ~ I((x > 0) * (age - 40) / 10)": (
        ["I((x > 0) * (age - 40) / 10)"],
        lambda d: numbers((d.x > 0) * (d.age - 40) / 10),
    ),
    "y ~ I(s != 'a')": (["I(s != 'a')"], lambda d: numbers(d.s != "a")),
    "y ~ S(s)": (["S(s)[a]", "S(s)[b]"], lambda d: dummies(d.s, ["a", "b"]) - dummies(d.s, ["c"])),
    "y ~ T(s, 'b')": (["T(s, 'b')[a]", "T(s, 'b')[c]"], lambda d: dummies(d.s, ["a", "c"])),
    "y ~ poly(x, 3, raw=True)": (
        [f"poly(x, 3, raw=True)[{k}]" for k in range(3)],
        lambda d: np.column_stack([d.x, d.x**2, d.x**3]),
    ),
}


@pytest.mark.parametrize("formula", BY_HAND)
def test_columns_are_those_computed_by_hand(formula, survey):
    names, columns = BY_HAND[formula]
    design = from_formula(formula, survey)
    assert list(design.predictors) == names
    np.testing.assert_allclose(design.X, columns(survey), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "formula", [*BY_HAND, "y ~ poly(age, 3)", "y ~ bs(x, df=5)", "y ~ scale(log(age)) * g"]
)
def test_new_rows_are_coded_as_the_training_rows_were(formula, survey):
    design = from_formula(formula, survey)
    for part in (survey, survey.iloc[[7]], survey.iloc[20:31], survey.iloc[::-1]):
        new = design.rows(part.drop(columns="y"))
        kept = [survey.index.get_loc(label) for label in part.index]
        np.testing.assert_allclose(new.X, design.X[kept], rtol=1e-13, atol=1e-13)
        assert new.obs_id.equals(part.index)
        assert new.offset is None


def test_orthonormal_polynomials(survey):
    design = from_formula("y ~ poly(age, 3)", survey)
    age = survey["age"].to_numpy()
    full = np.c_[np.ones(60), design.X]
    np.testing.assert_allclose(design.X.T @ full, np.eye(3, 4, 1), atol=1e-12)
    powers = np.vander((age - 50) / 30, 4)
    residual = design.X - powers @ np.linalg.lstsq(powers, design.X, rcond=None)[0]
    assert np.abs(residual).max() < 1e-12
    peer = design_matrices("y ~ poly(age, 3)", survey).common.design_matrix[:, 1:]
    np.testing.assert_allclose(design.X, peer, atol=1e-10)


def test_splines(survey):
    design = from_formula("y ~ bs(age, df=5)", survey)
    peer = design_matrices("y ~ bs(age, df=5)", survey)
    np.testing.assert_allclose(design.X, peer.common.design_matrix[:, 1:], atol=1e-12)
    np.testing.assert_allclose(design.mean, 0, atol=1e-13)
    age = survey["age"].to_numpy()
    knots = np.r_[[age.min()] * 4, np.quantile(age, [1 / 3, 2 / 3]), [age.max()] * 4]
    basis = BSpline.design_matrix(age, knots, 3).toarray()
    full = np.c_[np.ones(60), design.X]
    for one, other in ((basis, full), (full, basis)):  # they span the same functions
        assert np.abs(one - other @ np.linalg.lstsq(other, one, rcond=None)[0]).max() < 1e-10


def test_splines_say_when_they_extrapolate(survey):
    design = from_formula("y ~ bs(age, df=4, lower_bound=10, upper_bound=90)", survey)
    inside = design.rows(pd.DataFrame({"age": [10.0, 90.0]}))
    assert np.isfinite(inside.X).all()
    with pytest.warns(UserWarning, match=r"bs\(age.*1 row \(1\) outside the training range \[10, 90\]"):
        design.rows(pd.DataFrame({"age": [50.0, 91.0]}))


def test_levels_keep_the_order_of_the_categorical(survey):
    """formulae sorts them by the alphabet, and would take 'high' as the reference."""
    assert design_matrices("y ~ g", survey).common.as_dataframe().columns.tolist()[1:] == ["g[low]", "g[mid]"]
    assert from_formula("y ~ g", survey).predictors == ("g[mid]", "g[high]")
    reordered = survey.assign(g=survey["g"].cat.reorder_categories(["high", "low", "mid"]))
    assert from_formula("y ~ g", reordered).predictors == ("g[low]", "g[mid]")


def test_unused_levels_of_a_factor_do_not_count(survey):
    wider = survey.assign(g=survey["g"].cat.add_categories("never"))
    design = from_formula("y ~ g", wider)
    assert design.predictors == ("g[mid]", "g[high]")
    with pytest.raises(ValueError, match=r"'never'.*Known levels: 'low', 'mid', 'high'"):
        design.rows(wider.iloc[:1].assign(g=pd.Categorical(["never"])))


@pytest.mark.parametrize("formula", ["y ~ C(g) + x", "y ~ C(judge) * x", "y ~ S(s)", "y ~ g:h"])
def test_new_rows_need_not_have_all_levels(formula, survey):
    """formulae raises for C() of an ordered column where new rows lack a level."""
    design = from_formula(formula, survey.assign(g=survey["g"].cat.as_ordered()))
    np.testing.assert_array_equal(design.rows(survey.iloc[[3]]).X, design.X[[3]])


@pytest.mark.parametrize("formula", ["y ~ h", "y ~ C(judge)", "y ~ I(s == 'a')"])
def test_unseen_levels_are_named(formula, survey):
    column = {"y ~ h": "h", "y ~ C(judge)": "judge", "y ~ I(s == 'a')": "s"}[formula]
    design = from_formula(formula, survey)
    new = survey.astype({column: object}).copy()
    new.loc["row5", column] = "w"
    with pytest.raises(ValueError, match=rf"column '{column}' has the value 'w' \(1 row \(index 'row5'\)\)"):
        design.rows(new)


def test_numbers_of_another_type_are_the_same_levels(survey):
    design = from_formula("y ~ C(judge)", survey)
    np.testing.assert_array_equal(design.rows(survey.astype({"judge": float})).X, design.X)


def test_terms_that_share_a_factor_keep_their_own_coding(survey):
    """In `g / h` formulae lets two terms share one object, so names and new rows follow the wrong coding."""
    design = from_formula("y ~ g / h", survey)
    assert len(set(design.predictors)) == design.X.shape[1] == 5
    np.testing.assert_array_equal(design.rows(survey).X, design.X)


def test_missing_values_are_named_for_used_columns_only(survey):
    holes = survey.copy()
    holes.loc[["row3", "row9"], "x"] = np.nan
    holes.loc["row4", "s"] = None
    with pytest.raises(
        ValueError, match=r"column 'x', 2 rows \(first index 'row3', 'row9'\); column 's', 1 row"
    ):
        from_formula("y ~ x + s", holes)
    assert from_formula("y ~ age", holes).X.shape == (60, 1)


def test_every_function_of_the_registry_works(survey):
    positive = survey.assign(x=survey["x"].abs() + 0.1)
    for name, function in FUNCTIONS.items():
        argument = {"factor": "judge", "basis": "x, 4"}.get(function.kind, "x")
        design = from_formula(f"y ~ age + {name}({argument})", positive)
        new = design.rows(positive[5:9])
        np.testing.assert_allclose(new.X, design.X[5:9], rtol=1e-12, atol=1e-12)
        if function.kind == "plain" and name != "I":
            np.testing.assert_allclose(design.X[:, 1], getattr(np, name)(positive["x"]))


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("y ~ poly(judge, 4)", "more than 4 distinct values; there are 4"),
        ("y ~ poly(x, 0)", "degree=0 must be at least 1"),
        ("y ~ bs(x)", r"bs\(x\): say how many columns"),
        ("y ~ bs(x, df=2)", "too small for degree=3"),
        ("y ~ bs(age, df=4, upper_bound=30)", "must enclose the data"),
        ("y ~ scale(one)", "constant"),
        ("y ~ T(s, ref='z')", r"ref='z' is not one of its levels \['a', 'b', 'c'\]"),
        ("y ~ S(judge, omit='1')", "omit='1' is not one of its levels"),
        ("y ~ sqrt(x)", r"'sqrt\(x\)' is not a finite number"),
        ("y ~ scale(log(x))", "not finite"),
        ("y ~ I(s == 3)", "'s' is not numeric"),
        ("y ~ I(x == 'a')", "'x' is numeric, but"),
    ],
)
def test_what_cannot_be_computed_is_explained(formula, says, survey):
    with pytest.raises(ValueError, match=says):
        from_formula(formula, survey.assign(one=1.0))


@pytest.mark.parametrize(
    "terms",
    ["log(age) + `log(age)`", "`log(age)` + log(age)", "center(age + x) + I(2 * center(`age + x`))",
     "poly(age, 2) + poly(`age, 2`)"],
)  # fmt: skip
def test_a_column_called_like_a_computation_is_not_taken_for_it(terms, survey):
    """Terms and transforms are known by their text: one of the two would be lost without a word."""
    rng = np.random.default_rng(1)
    odd = survey.assign(**{name: rng.normal(size=len(survey)) for name in ("log(age)", "age + x", "age, 2")})
    with pytest.raises(ValueError, match="stands for two things, made of .* rename"):
        from_formula(f"y ~ {terms}", odd)
    design = from_formula("y ~ age + x + `age + x` + `log(age)` + scale(`age, 2`)", odd)
    np.testing.assert_array_equal(design.X[:, :4], odd[["age", "x", "age + x", "log(age)"]])
    np.testing.assert_allclose(design.rows(odd[3:7]).X, design.X[3:7])
