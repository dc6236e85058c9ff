"""A formula's map, stored as labels and numbers: made again it codes new rows the same, to the bit, and runs nothing."""

import copy

import numpy as np
import pandas as pd
import pytest

from bayesord.checks import Problems
from bayesord.modelling.design import from_formula
from bayesord.modelling.encoding import FormulaMap
from bayesord.modelling.transforms import FUNCTIONS

# Many kinds of term on few columns, collinear on purpose
pytestmark = pytest.mark.filterwarnings(
    "ignore:X is rank deficient:UserWarning", "ignore:X is nearly:UserWarning"
)

FORMULAS = [
    "y ~ 1",
    "y ~ x + `odd name`",
    "y ~ g*h + x",
    "y ~ g:h:C(k)",
    "y ~ x:g:h",
    "y ~ g/h",
    "y ~ (x + g + h)**2",
    "y ~ b + C(b) + b:g",
    "y ~ C(k) + k",
    "y ~ C(k):C(b):g + S(k)",
    "y ~ S(g, omit='b') + T(h, ref='u')",
    "y ~ C(g, Sum)*scale(center(x))",
    "y ~ poly(x, 3) + bs(z, df=5) + scale(x) + center(z) + standardize(z)",
    "y ~ poly(x, 2, raw=True)*g + bs(z, 4, degree=2, lower_bound=0, upper_bound=3)",
    "y ~ I(scale(x)**2) + log(z) + sqrt(z) + log1p(z) + log2(z) + log10(z) + exp(x) + abs(x)",
    "y ~ I(g == 'a') + I(x > 0) + offset(center(z)) + offset(x)",
    "y ~ x + (x + g | j) + (0 + poly(z, 2) | h)",
    "y ~ x + (bs(z, df=4) | g/h)",
]


@pytest.fixture(scope="module")
def data():
    rng, n = np.random.default_rng(3), 900
    return pd.DataFrame(
        {
            "y": np.tile([1, 2, 3], n // 3),
            "x": rng.normal(size=n),
            "z": rng.uniform(1, 2, n),
            "odd name": rng.normal(size=n),
            "k": rng.integers(0, 4, n),
            "b": rng.random(n) < 0.5,
            "j": rng.integers(0, 9, n),
            "g": rng.choice(list("abcd"), n),
            "h": pd.Categorical(rng.choice(["u", "v", "w"], n), categories=["w", "u", "v", "never"]),
        }
    )


def coded(encoder, data):
    problems = Problems()
    rows = encoder.rows(data, problems)
    problems.raise_if_any()
    parts = [rows.X, rows.offset, *(part for group in rows.groups for part in (group.Z, group.index))]
    return [None if part is None else (part.shape, part.dtype, part.tobytes()) for part in parts]


def test_the_corpus_calls_every_function():
    text = " ".join(FORMULAS)
    assert [name for name in FUNCTIONS if f"{name}(" not in text] == []


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_map_made_again_codes_new_rows_to_the_bit(formula, data):
    encoder = from_formula(formula, data).source.encoder
    again = FormulaMap.restored(copy.deepcopy(encoder.state()))
    assert again.predictors == encoder.predictors
    assert again.levels == encoder.levels
    new = data.sample(101, random_state=1)
    assert coded(again, new) == coded(encoder, new)
    assert again.state() == encoder.state()


def test_a_map_made_again_refuses_what_the_first_refuses(data):
    encoder = from_formula("y ~ x + g + (1 | j)", data).source.encoder
    again = FormulaMap.restored(encoder.state())
    for new in (data.assign(g="z"), data.assign(j=77), data.drop(columns="x"), data.assign(x="1")):
        messages = []
        for one in (encoder, again):
            problems = Problems()
            one.rows(new, problems)
            messages.append(problems.found)
        assert messages[0] == messages[1] != []


def _change(state, path, value):
    *way, last = path
    for step in way:
        state = state[step]
    state[last] = value


BASE = "y ~ poly(x, 3) + bs(z, df=5) + scale(x) + g + (1 | j)"  # transforms come in this order
CHANGES = [
    (("formula",), "y ~ __import__('os').system('true')"),
    (("formula",), "y ~ x.__class__"),
    (("formula",), "y ~ poly(x, 3) + bs(z, df=5) + scale(x) + h + (1 | j)"),
    (("formula",), "y ~ poly(x, 4) + bs(z, df=5) + scale(x) + g + (1 | j)"),
    (("formula",), "y ~ poly(x, 1000000000, raw=True) + bs(z, df=5) + scale(x) + g + (1 | j)"),
    (("formula",), "y ~ poly(x, 3) + bs(z, df=1000000000) + scale(x) + g + (1 | j)"),
    (("formula",), "y ~ g + (1 | j)"),
    (("formula",), None),
    (("columns",), []),
    (("columns",), ["y"]),
    (("levels",), []),
    (("levels", 0, 1), ["a", "b", "c"]),
    (("levels", 0, 1), ["a", "a", "c", "d"]),
    (("levels", 0, 1), [str(i) for i in range(100_000)]),
    (("levels", 0, 1), []),
    (("numbers",), []),
    (("transforms",), []),
    (("transforms", 0, 0), "__class__"),
    (("transforms", 0, 1), {"mean": 1.0}),
    (("transforms", 0, 1, "norms"), [1.0]),
    (("transforms", 0, 1, "norms"), [0.0, 1.0, 1.0, 1.0]),
    (("transforms", 0, 1, "shifts", 0), float("nan")),
    (("transforms", 0, 1, "__class__"), 1.0),
    (("transforms", 1, 1, "knots"), [0.0, 1.0]),
    (("transforms", 1, 1, "knots", 4), 99.0),
    (("transforms", 1, 1, "constraint"), [[1.0]]),
    (("transforms", 1, 1, "bounds"), [2.0, 1.0]),
    (("transforms", 2, 1, "sd"), 0.0),
    (("transforms", 2, 1, "sd"), "0"),
    (("labels",), []),
    (("names",), []),
    (("names", 0, 0), "poly(x, 3)[1]"),
]


@pytest.mark.parametrize(("path", "value"), CHANGES)
def test_a_state_that_does_not_hold_together_is_refused(path, value, data):
    state = copy.deepcopy(from_formula(BASE, data).source.encoder.state())
    _change(state, path, value)
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        FormulaMap.restored(state)
