"""The form of a case of bad or odd input, and the small data that the cases share."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bayesord.modelling.design import from_arrays, from_formula

N = 12
Y = [1, 2, 3] * 4
DATES = pd.date_range("2020-01-01", periods=N)


def numbers(p=2, seed=0):
    return np.random.default_rng(seed).normal(size=(N, p))


def table(**changes):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"rating": Y, "age": rng.uniform(18, 80, N), "colour": ["red", "blue", "green"] * 4})
    return data.assign(**changes)


def with_value(value, row=3, column=1, dtype=float):
    X = numbers().astype(dtype)
    X[row, column] = value
    return X


@dataclass
class Case:
    """A call: what it should raise or warn, and a pattern for each thing that the message must say."""

    row: int
    args: tuple
    says: tuple = ()
    error: type | None = None
    warns: type | None = None
    call: object = from_arrays
    options: dict = field(default_factory=dict)
    check: object = None


def bad(row, args, error, *says, call=from_arrays, **options):
    return Case(row, args, says, error=error, call=call, options=options)


def warned(row, args, warning, *says, call=from_arrays, check=None, **options):
    return Case(row, args, says, warns=warning, call=call, options=options, check=check)


def good(row, args, check=None, call=from_arrays, **options):
    return Case(row, args, call=call, options=options, check=check)


def on_new_rows(data, new, **options):
    return from_formula("rating ~ age + colour", data, **options).rows(new)


def on_new_arrays(X, y, new, **options):
    return from_arrays(X, y, **options).rows(new)


def frame(columns=("a", "b"), **options):
    return pd.DataFrame(numbers(len(columns)), columns=list(columns), **options)


def ordered(values, categories):
    return pd.Categorical(values, categories=categories, ordered=True)


def same_values(expected):
    return lambda design: np.testing.assert_array_equal(design.X, expected)


def labels(*expected):
    def check(design):
        assert design.categories == expected
        assert [type(label) for label in design.categories] == [type(label) for label in expected]

    return check


X = numbers()
BOOLS = np.arange(N) % 2 == 0
