"""Group terms of formulas: what is accepted, how groups and their columns are coded, and what new rows become."""

import re

import numpy as np
import pandas as pd
import pytest
from formulae import design_matrices

from bayesord.modelling.design import from_formula
from bayesord.modelling.groups import NEW_GROUP


def dummies(column, levels):
    return np.column_stack([(column == level).to_numpy(dtype=float) for level in levels])


def one(column):
    return np.ones(len(column))


# Formula -> for each term: its name, the names of its columns, and the columns computed by hand
BY_HAND = {
    "(1 | judge)": [("judge", ["Intercept"], lambda d: one(d.x)[:, None])],
    "(x | judge)": [("judge", ["Intercept", "x"], lambda d: np.c_[one(d.x), d.x])],
    "(1 + x | judge)": [("judge", ["Intercept", "x"], lambda d: np.c_[one(d.x), d.x])],
    "(0 + x | judge)": [("judge", ["x"], lambda d: d.x.to_numpy()[:, None])],
    "(x - 1 | judge)": [("judge", ["x"], lambda d: d.x.to_numpy()[:, None])],
    "(-1 + x | judge)": [("judge", ["x"], lambda d: d.x.to_numpy()[:, None])],
    "(x + age | judge)": [("judge", ["Intercept", "x", "age"], lambda d: np.c_[one(d.x), d.x, d.age])],
    "(g | judge)": [
        (
            "judge",
            ["Intercept", "g[mid]", "g[high]"],
            lambda d: np.c_[one(d.x), dummies(d.g, ["mid", "high"])],
        )
    ],
    "(0 + g | judge)": [
        ("judge", ["g[low]", "g[mid]", "g[high]"], lambda d: dummies(d.g, ["low", "mid", "high"]))
    ],
    "(0 + x + h | judge)": [("judge", ["x", "h[u]", "h[v]"], lambda d: np.c_[d.x, dummies(d.h, ["u", "v"])])],
    "(x * h | judge)": [
        (
            "judge",
            ["Intercept", "x", "h[v]", "x:h[v]"],
            lambda d: np.c_[one(d.x), d.x, d.h == "v", d.x * (d.h == "v")],
        )
    ],
    "(scale(age) | judge)": [
        (
            "judge",
            ["Intercept", "scale(age)"],
            lambda d: np.c_[one(d.x), (d.age - d.age.mean()) / d.age.std(ddof=0)],
        )
    ],
    "(1 | judge) + (0 + x | judge)": [
        ("judge", ["Intercept"], lambda d: one(d.x)[:, None]),
        ("judge_2", ["x"], lambda d: d.x.to_numpy()[:, None]),
    ],
    "(x | judge) + (1 | h)": [
        ("judge", ["Intercept", "x"], lambda d: np.c_[one(d.x), d.x]),
        ("h", ["Intercept"], lambda d: one(d.x)[:, None]),
    ],
}


@pytest.mark.parametrize("terms", BY_HAND)
def test_columns_are_those_computed_by_hand(terms, survey):
    design = from_formula(f"y ~ s + {terms}", survey)
    assert design.predictors == ("s[b]", "s[c]")
    assert [(t.name, list(t.terms)) for t in design.groups] == [(n, names) for n, names, _ in BY_HAND[terms]]
    for term, (_, _, columns) in zip(design.groups, BY_HAND[terms], strict=True):
        np.testing.assert_allclose(term.Z, columns(survey), rtol=1e-13, atol=1e-13)
        factor = term.name.removesuffix("_2")
        assert [term.labels[i] for i in term.index] == survey[factor].tolist()
        assert term.labels == tuple(sorted(survey[factor].unique()))
        assert not term.Z.flags.writeable
        assert not term.index.flags.writeable


def test_columns_are_those_of_formulae(survey):
    """Its matrix of one term has J times q columns: those of one group lie side by side."""
    design = from_formula("y ~ x + (x | judge) + (h | s)", survey)
    peer = design_matrices("y ~ x + (x | judge) + (h | s)", survey).group
    for term in design.groups:
        for j, name in enumerate(term.terms):
            theirs = peer[f"{'1' if name == 'Intercept' else name.split('[')[0]}|{term.name}"].toarray()
            ours = np.zeros(theirs.shape)
            ours[np.arange(len(ours)), term.index] = term.Z[:, j]
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ("(1 | judge:h)", ["judge:h"]),
        ("(1 | h:judge)", ["h:judge"]),
        ("(1 | judge/h)", ["judge", "judge:h"]),
        ("(1 | judge/h/s)", ["judge", "judge:h", "judge:h:s"]),
        ("(1 | (judge/h))", ["judge", "judge:h"]),
        ("((1 | judge))", ["judge"]),
        ("(s + (1 | judge))", ["judge"]),
    ],
)
def test_factors_of_several_columns(terms, names, survey):
    groups = from_formula(f"y ~ {terms}", survey).groups
    assert [term.name for term in groups] == names
    for term in groups:
        columns = term.name.split(":")
        written = survey[columns].astype(str).agg(":".join, axis=1).tolist()
        assert [str(term.labels[i]) for i in term.index] == written
        expected = survey[columns].drop_duplicates().sort_values(columns)
        assert [str(label) for label in term.labels] == [
            ":".join(map(str, row)) for row in expected.to_numpy()
        ]


def test_a_model_of_nothing_but_groups(survey):
    design = from_formula("y ~ (1 | judge)", survey)
    assert design.X.shape == (60, 0)
    assert design.groups[0].n_groups == 4


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (pd.Categorical([3, 1, 3, 1], categories=[3, 7, 1]), (3, 1)),
        (["b", "a", "b", "a"], ("a", "b")),
        ([10, 9, 10, 9], (9, 10)),
        ([2.0, 1.0, 2.0, 1.0], (1, 2)),
        ([True, False, True, False], (False, True)),
        (pd.array([5, 4, 5, 4], dtype="Int64"), (4, 5)),
        (pd.array(["v", "u", "v", "u"], dtype="string"), ("u", "v")),
        (np.array(["v", "u", "v", "u"], dtype=object), ("u", "v")),
    ],
    ids=lambda case: str(getattr(case, "dtype", case))[:20],
)
def test_labels(column, labels):
    """In the order of a Categorical without its unused levels, else sorted; Python's own types."""
    data = pd.DataFrame({"y": [1, 2, 2, 1], "who": column})
    (term,) = from_formula("y ~ (1 | who)", data).groups
    assert term.labels == labels
    assert [type(label) for label in term.labels] == [type(label) for label in labels]
    assert [term.labels[i] for i in term.index] == list(data["who"])


def test_rows_of_weight_0_bring_no_group(survey):
    weights = np.where(survey["judge"] == 4, 0, 1)
    (term,) = from_formula("y ~ (1 | judge)", survey, sample_weight=weights).groups
    assert term.labels == (1, 2, 3)
    assert len(term.index) == weights.sum()


def test_what_is_said_of_groups_as_many_as_rows(survey):
    design = from_formula("y ~ (1 | who)", survey.assign(who=range(60)))
    assert "every row is a group of its own in 'who'" in design.notes[-1]


# -- what is refused, and in which words

REFUSED = {
    "(1 | jugde)": "groups by 'jugde'.*Did you mean 'judge'",
    "(1 | y)": "'y' is a grouping factor",
    "(y | judge)": "'y' stands among the predictors",
    "(nope | judge)": "'nope', which is not a column",
    "(os.system(x) | judge)": "may be called",
    "(1 | log(x))": "right of the bar",
    "(1 | 1)": "right of the bar",
    "(1 | judge + h)": r"\(1 \| g\) \+ \(1 \| h\)",
    "(1 | judge*h)": "right of the bar",
    "(1 | judge/(s/h))": "nests from the left",
    "(1 | h:(s/judge))": "nests from the left",
    "(0 | judge)": "nothing stands left",
    "(offset(x) | judge)": "offset.. stands left",
    "((1 | h) | judge)": "within another",
    "(1 | judge | h)": "brackets of its own",
    "x:(1 | judge)": "brackets of its own",
    "- (1 | judge)": "cannot be subtracted",
    "x - (1 | judge)": "cannot be subtracted",
    "1 | judge": "outside brackets",
    "(x || judge)": r"without correlation: \(1 \| g\) \+ \(0 \+ x \| g\)",
    "(1 |)": r"written \(1 \| judge\)",
    "(| judge)": r"written \(1 \| judge\)",
    "(1 | judge) + (1 | judge)": "'Intercept' twice",
    "(1 | judge) + (x | judge)": "'Intercept' twice",
    "(1 | judge:h) + (1 | h:judge)": "'Intercept' twice",
    "(1 | judge) + (1 | judge/h)": "'Intercept' twice",
    "(x | judge) + (0 + x | judge)": "'x' twice",
    "(1 | x)": "neither a whole number nor a string",
    "(1 | when)": "holds dates",
    "(1 | mixed)": "numbers and strings",
    "(1 | single)": "has the single group 'a'",
    "(1 | holed)": "NaN: column 'holed', 1 row",
    "(holed | judge)": "NaN: column 'holed', 1 row",
    "(zero | judge)": "'zero' of a group term of 'judge' is 0 in every row",
    "(five | judge)": "5 in every row, as its intercept is",
    "(sqrt(x) | judge)": r"'sqrt\(x\)' is not a finite number",
    "(1 | chain)": "another part of the posterior",
    "(1 | obs_id)": "another part of the posterior",
    "(1 | cutpoint)": "another part of the posterior",
    "(1 | category)": "another part of the posterior",
    "(1 | beta_2)": "another part of the posterior",
    "(1 | judge) + (0 + x | judge) + (1 | judge_2)": "another part of the posterior",
    "(1 | judge) + (1 | sd_judge)": "another part of the posterior",
    "(1 | judge_term) + (1 | judge)": "another part of the posterior",
    "(1 | a:b)": "both written '1:1:1'",
}


@pytest.fixture
def awkward(survey):
    names = ["chain", "obs_id", "cutpoint", "category", "beta_2", "judge_2", "sd_judge", "judge_term"]
    n = len(survey)
    return survey.assign(
        **dict.fromkeys(names, survey["judge"]),
        when=pd.date_range("2020-01-01", periods=n),
        mixed=np.array([1, "a"] * (n // 2), dtype=object),
        single="a",
        holed=[np.nan] + [1.0, 2.0] * (n // 2 - 1) + [1.0],
        zero=0.0,
        five=5.0,
        a=["1:1", "1"] * (n // 2),
        b=["1", "1:1"] * (n // 2),
    )


@pytest.mark.parametrize("terms", REFUSED)
def test_refusals(terms, awkward):
    with pytest.raises((ValueError, TypeError)) as refused:
        from_formula(f"y ~ {terms}", awkward)
    assert re.search(REFUSED[terms], str(refused.value)), str(refused.value)


def test_all_problems_come_at_once(awkward):
    with pytest.raises(ValueError, match="3 problems") as refused:
        from_formula("y ~ nope + (nothing | judge) + (1 | nobody)", awkward)
    for name in ("'nope'", "'nothing'", "'nobody'"):
        assert name in str(refused.value)
    with pytest.raises(ValueError, match="2 problems") as refused:
        from_formula("y ~ (1 | single) + (1 | holed)", awkward)


# -- new rows


@pytest.mark.parametrize("terms", BY_HAND)
def test_new_rows_are_coded_as_the_training_rows_were(terms, survey):
    design = from_formula(f"y ~ s + {terms}", survey)
    for part in (survey, survey.iloc[[7]], survey.iloc[::-1]):
        new = design.rows(part.drop(columns="y"))
        kept = [survey.index.get_loc(label) for label in part.index]
        for term, rows in zip(design.groups, new.groups, strict=True):
            np.testing.assert_array_equal(rows.index, term.index[kept])
            np.testing.assert_allclose(rows.Z, term.Z[kept], rtol=1e-13, atol=1e-13)
            assert rows.new_labels == ()


def test_new_groups(survey):
    design = from_formula("y ~ x + (x | s) + (1 | s:h)", survey)
    new = survey.iloc[:5].assign(s=["z", "a", "q", "z", "b"], h=["u", "u", "v", "u", "w"])
    said = (
        r"factor 's' has the groups 'q', 'z' \(3 rows.*\).*Known groups: 'a', 'b', 'c'.*new_groups='sample'"
    )
    with pytest.raises(ValueError, match=said):
        design.rows(new)
    with pytest.raises(ValueError, match="'s:h' has the groups 'b:w', 'q:v', 'z:u'"):
        design.rows(new)
    zero = design.rows(new, new_groups="zero")
    sample = design.rows(new, new_groups="sample")
    known = [NEW_GROUP, 0, NEW_GROUP, NEW_GROUP, 1]
    assert zero.groups[0].index.tolist() == known
    assert zero.groups[0].new_labels == ()
    labels = design.groups[0].labels + sample.groups[0].new_labels
    assert [labels[i] for i in sample.groups[0].index] == new["s"].tolist()
    assert [i for i in sample.groups[0].index if i < 3] == [0, 1]
    crossed = design.groups[1].labels + sample.groups[1].new_labels
    assert [crossed[i] for i in sample.groups[1].index] == ["z:u", "a:u", "q:v", "z:u", "b:w"]
    np.testing.assert_array_equal(sample.groups[0].Z, np.c_[np.ones(5), new["x"]])


def test_a_misspelt_group_is_recognised(survey):
    design = from_formula("y ~ (1 | who)", survey.assign(who=np.where(survey["judge"] > 2, "anna", "bert")))
    with pytest.raises(ValueError, match=r"has the group 'Anna' \(2 rows.*Did you mean 'anna'"):
        design.rows(pd.DataFrame({"who": ["Anna", "bert", "Anna"]}))


def test_new_rows_at_the_population_level_need_no_groups(survey):
    design = from_formula("y ~ x + (age | judge)", survey)
    new = design.rows(survey[["x"]], group_effects=False)
    assert new.groups == ()
    np.testing.assert_array_equal(new.X, design.X)
    with pytest.raises(ValueError, match=r"'age'") as refused:
        design.rows(survey[["x"]])
    assert "lack the column 'judge' that the formula groups by" in str(refused.value)
    assert "group_effects=False" in str(refused.value)
    with pytest.raises(ValueError, match="new_groups"):
        design.rows(survey, new_groups="smaple")


@pytest.mark.parametrize("missing", [np.nan, None])
def test_missing_groups_of_new_rows(missing, survey):
    design = from_formula("y ~ (1 | s)", survey)
    new = survey.astype({"s": object}).copy()
    new.loc["row3", "s"] = missing
    with pytest.raises(ValueError, match=r"NaN: column 's', 1 row \(index 'row3'\)"):
        design.rows(new, new_groups="sample")


def test_whole_floats_are_the_same_groups(survey):
    """Integers become floats on their way through a file with a hole in it."""
    design = from_formula("y ~ (1 | judge)", survey)
    new = design.rows(survey.astype({"judge": float}))
    np.testing.assert_array_equal(new.groups[0].index, design.groups[0].index)
