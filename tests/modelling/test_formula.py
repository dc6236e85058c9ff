"""The language of formulas: what it accepts, what it refuses and in which words, and its limits."""

import re
import sys
import time

import numpy as np
import pandas as pd
import pytest

from bayesord.checks import Problems
from bayesord.modelling import allowlist, formula
from bayesord.modelling.design import from_formula
from bayesord.modelling.formula import parse_formula

COLUMNS = ["y", "x", "z", "g", "h", "my column", "Sepal.Length", "_hidden"]


@pytest.fixture
def data(rng):
    n = 24
    return pd.DataFrame(
        {
            "y": [1, 2, 3] * 8,
            "x": rng.normal(size=n),
            "z": rng.uniform(1, 2, n),
            "g": ["a", "b", "c", "b"] * 6,
            "h": rng.permutation(["u", "v"] * 12),
            "my column": rng.normal(size=n),
            "Sepal.Length": rng.normal(size=n),
            "_hidden": rng.normal(size=n),
        }
    )


def said(text, columns=COLUMNS):
    """What the parser has against a formula, as one text; empty where nothing."""
    problems = Problems()
    parsed = parse_formula(text, columns, problems)
    assert (parsed is None) == bool(problems)
    return " ".join(sentence for _, sentence in problems.found)


# -- limits


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y ~ x" + " + x" * 6000, "characters; the limit"),
        ("y ~ " + "(" * 25 + "x" + ")" * 25, "deeper than"),
        ("y ~ " + "I(" * 25 + "x" + ")" * 25, "deeper than"),
        ("y ~ " + "-" * 9000 + "x", "too deep"),
        ("y ~ I(" + "x + " * 4000 + "x)", "too deep"),
        ("y ~ x" + ":x" * 9000, "too deep|order"),
        ("y ~ (x + z + g + h)**9", r"I\(x\*\*2\)"),
        ("y ~ (x + z + g + h)**99999999", r"I\(x\*\*2\)"),
        ("y ~ (x + z)**8 * (x + g)**8", "expands to"),
        ("y ~ " + " * ".join(["(x + z + g + h)"] * 7), "expands to"),
        ("y ~ x:z:g:h:x:z:g:h:x", "of order up to 9"),
    ],
    ids=lambda text: text[:30],
)
def test_size_is_limited(text, says):
    start = time.perf_counter()
    assert re.search(says, said(text))
    assert time.perf_counter() - start < 2


def test_depth_is_limited_whatever_other_libraries_allow():
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(50_000)
    try:
        assert "too deep" in said("y ~ " + "-" * 9000 + "x")
        assert sys.getrecursionlimit() == 50_000
    finally:
        sys.setrecursionlimit(before)


def test_limits_are_not_in_the_way(rng):
    names = [f"x{i}" for i in range(600)]
    data = pd.DataFrame(rng.normal(size=(700, 600)), columns=names).assign(y=[1, 2] * 350)
    design = from_formula("y ~ " + " + ".join(names), data)
    assert design.predictors == tuple(names)
    np.testing.assert_array_equal(design.X, data[names])
    assert formula.MAX_LENGTH >= 10_000
    assert allowlist.MAX_TERMS >= 600


def test_numbers_cannot_run_for_ever(data):
    """Integers in arithmetic are floats, so a tower of powers overflows at once."""
    with pytest.raises(ValueError, match="not a finite number"):
        from_formula("y ~ I(x * 9**(9**(9**9)))", data)


# -- what is refused, and in which words


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y ~ 0 + x", "removes the intercept"),
        ("y ~ -1 + x", "removes the intercept"),
        ("y ~ x - 1", "removes the intercept"),
        ("y ~ x + 0", "removes the intercept"),
        ("y ~ (x + 0)", "removes the intercept"),
        ("y ~ x + -1", "removes the intercept"),
        ("y ~ .", r"Name them: x \+ z \+ g \+ h \+ `my column` \+ Sepal.Length \+ `_hidden`\."),
        ("y ~ x + .", "Name them"),
        ("y ~ C(g, levels=['b', 'a'])", r"pd\.Categorical"),
        ("y ~ C(g, levels=g)", r"pd\.Categorical"),
        ("y ~ C(g, ref='a')", r"T\(column, 'level'\) chooses the reference"),
        ("y ~ x z", "from 'z' on"),
        ("y ~ x1e2 + `z", "a quote or backtick is not closed"),
        ("y ~ x + z)", r"from '\)' on"),
        ("y ~ x == 2", "from '== 2' on"),
        ("y ~ x + 1e3", "from 'e3' on"),
        ("y ~ I(x * 1e-3)", "written 0.001"),
        (f"y ~ I(x * {'9' * 5000})", "a number of 100 digits or more"),
        ("y ~ x // z", "from '// z' on"),
        ("y ~ x % z", "from '% z' on"),
        ("y ~", "'~ 1'"),
        ("y", "has no '~'"),
        ("", "has no '~'"),
        ("~ x", "nothing left of '~'"),
        ("y ~ x ~ z", "cannot be read"),
        ("y ~ `x", "not closed"),
        ("y ~ 'x", "cannot be read"),
        ("y ~ _hidden", "backticks"),
        ("log(y) ~ x", r"one plain column, not 'log\(y\)'"),
        ("y + z ~ x", "one plain column"),
        ("y[a] ~ x", "one plain column"),
        ("y ~ x + y", "stands among the predictors"),
        ("y ~ x + log(y)", "stands among the predictors"),
        ("q ~ x", "'q', which is not a column"),
        ("y ~ X", "Did you mean 'x'"),
        ("y ~ lgo(x)", "Did you mean 'log'"),
        ("y ~ x**2", r"I\(x\*\*2\)"),
        ("y ~ 3 + x", "3 stands alone"),
        ("y ~ 'x'", "'x' stands alone"),
        ("y ~ True", "True stands alone"),
        ("y ~ x:1", "1 stands alone"),
        ("y ~ g[a]", "brackets after 'g'"),
        ("y ~ bs(x, df=4):g", r"bs\(\) cannot take part in an interaction"),
        ("y ~ offset(x):g", r"offset\(\) cannot take part"),
        ("y ~ x - offset(z)", "cannot be subtracted"),
        ("y ~ log(poly(x, 2))", r"poly\(\) cannot stand inside log\(\)"),
        ("y ~ log(C(g))", r"C\(\) cannot stand inside log\(\)"),
        ("y ~ log()", "needs a column"),
        ("y ~ log(x, z)", "at most 1"),
        ("y ~ log(log(x, z))", "takes one argument"),
        ("y ~ log(3)", "uses no column"),
        ("y ~ C(log(x))", "takes one plain column"),
        ("y ~ C(g, Helmert)", "one of Treatment, Sum"),
        ("y ~ poly(x, degre=2)", "Did you mean 'degree'"),
        ("y ~ poly(x, 2, degree=2)", "no second argument 'degree'"),
        ("y ~ poly(x, 2.5)", "as one int"),
        ("y ~ poly(x, z)", "must be written out"),
        ("y ~ bs(x, df=4, intercept=True)", "no argument 'intercept'"),
        ("y ~ bs(x, 'a')", "as one int"),
        ("y ~ I(-x**2)", "two ways"),
        ("y ~ I(2**x**2)", "two ways"),
        ("y ~ I(x + 'a')", "only be compared|neither a column"),
        ("y ~ I(g < 'a')", "by == and !="),
        ("y ~ I('a' == 'a')", "compared with a column"),
        ("y ~ I(x:z)", "neither a column"),
        ("y ~ I(None)", "None stands inside"),
        ("y ~ I(x == True)", "True stands inside"),
    ],
)
def test_refusals(text, says):
    assert re.search(says, said(text)), said(text)


def test_formula_must_be_text(data):
    with pytest.raises(TypeError, match="formula must be a string; got int"):
        from_formula(3, data)


def test_all_problems_of_a_formula_come_at_once():
    heard = said("y ~ nope + canary(x) + 0 + poly(x, 'a') + (1 | nobody)")
    for part in ("'nope'", "'canary'", "removes the intercept", "poly(degree=...)", "'nobody'"):
        assert part in heard


# -- what is accepted


@pytest.mark.parametrize(
    ("text", "predictors"),
    [
        ("y ~ 1", ()),
        ("y ~ 1 + x", ("x",)),
        ("y ~ x + 1", ("x",)),
        ("y ~ +x", ("x",)),
        ("y ~ (x + z)", ("x", "z")),
        ("y ~ x + x", ("x",)),
        ("y ~ x + z - z", ("x",)),
        ("y ~ x:g + g:x", ("x:g[a]", "x:g[b]", "x:g[c]")),
        ("y ~ x*g - x:g", ("x", "g[b]", "g[c]")),
        ("y ~ `my column` + `_hidden`", ("my column", "_hidden")),
        ("y ~ Sepal.Length", ("Sepal.Length",)),
        ("y ~ g:h", ("h[v]", "g[b]:h[u]", "g[b]:h[v]", "g[c]:h[u]", "g[c]:h[v]")),
        ("y ~ g/h", ("g[b]", "g[c]", "g[a]:h[v]", "g[b]:h[v]", "g[c]:h[v]")),
        ("y ~ (x + z + g)**2", ("x", "z", "g[b]", "g[c]", "x:z", "x:g[b]", "x:g[c]", "z:g[b]", "z:g[c]")),
        ("y ~ I((x + z) * 2) + I(x + z * 2)", ("I((x + z) * 2)", "I(x + z * 2)")),
        ("y ~ {x**2}", ("I(x ** 2)",)),
        ("y ~ poly(x, degree=2)", ("poly(x, degree=2)[0]", "poly(x, degree=2)[1]")),
        ("y ~ scale(log(z))", ("scale(log(z))",)),
        ("y ~ C(g, Sum)", ("C(g, Sum)[a]", "C(g, Sum)[b]")),
        ("y ~ T(g, ref='b')", ("T(g, ref='b')[a]", "T(g, ref='b')[c]")),
        ("y ~ S(g, omit='a')", ("S(g, omit='a')[b]", "S(g, omit='a')[c]")),
        ("y ~ I(g == 'a')", ("I(g == 'a')",)),
    ],
)
def test_predictor_names(text, predictors, data):
    assert from_formula(text, data).predictors == predictors
