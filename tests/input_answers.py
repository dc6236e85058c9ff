"""Rows 18 to 31 of the table of bad input: the answers and their categories."""

import numpy as np
import pandas as pd
from input_cases import BOOLS, DATES, N, X, Y, bad, good, labels, numbers, ordered, table, warned
from sklearn.exceptions import DataConversionWarning

from bayesord.modelling.design import from_formula

CASES = [
    # the response
    bad(18, (X, None), ValueError, "requires y to be passed"),
    bad(
        19,
        (X, [1, None, 3] * 4),
        ValueError,
        r"Input y contains NaN: 4 rows \(first 1, 4, 7, 10\)",
        "never imputed",
    ),
    bad(19, (X, [1.0, np.nan, 3.0] * 4), ValueError, "Input y contains NaN"),
    bad(
        19,
        (X, pd.Series(pd.array([1, pd.NA, 2] * 4, dtype="Int64"), name="z")),
        ValueError,
        "Input z contains NaN",
    ),
    bad(19, (X, ordered(["a", None, "b"] * 4, ["a", "b"])), ValueError, "Input y contains NaN: 4 rows"),
    bad(19, (X, [DATES[0], pd.NaT, DATES[1]] * 4), ValueError, "contains NaN"),
    bad(
        19,
        ("rating ~ age", table(rating=[1, 2, None] * 4)),
        ValueError,
        "Input rating contains",
        call=from_formula,
    ),
    good(20, (X, np.array(Y, dtype=float)), labels(1, 2, 3)),
    good(20, (X, np.array(Y, dtype=float)), lambda design: "integer-valued floats 1..3" in design.notes[0]),
    bad(
        21,
        (X, [1.0, 2.5, 3.0] * 4),
        ValueError,
        "Unknown label type: continuous",
        r"first 2\.5, 4 rows \(first 1",
    ),
    bad(
        22,
        (X, ["low", "mid", "high"] * 4),
        ValueError,
        "order",
        r"categories=\['low', 'mid', 'high'\]",
        "high<low<mid",
    ),
    bad(
        22, ("colour ~ age", table()), ValueError, "colour holds strings", "blue<green<red", call=from_formula
    ),
    good(
        22, (X, ["low", "mid", "high"] * 4), labels("low", "mid", "high"), categories=["low", "mid", "high"]
    ),
    bad(23, (X, pd.Categorical(["a", "b", "c"] * 4)), ValueError, "unordered Categorical", "`categories=`"),
    good(23, (X, pd.Categorical(["a", "b", "c"] * 4)), labels("c", "b", "a"), categories=["c", "b", "a"]),
    warned(
        24,
        (X, ordered(["low", "high"] * 6, ["low", "mid", "high"])),
        UserWarning,
        "level 'mid' has 0 observations",
        "set by the prior",
        check=labels("low", "mid", "high"),
    ),
    warned(
        24, (X, Y), UserWarning, "levels 0, 4 have 0", categories=[0, 1, 2, 3, 4], check=labels(0, 1, 2, 3, 4)
    ),
    bad(
        25,
        (X, [1, 2, 4] * 4),
        ValueError,
        "gaps",
        "3 is missing",
        r"categories=\[1, 2, 4\] \(K = 3\)",
        r"\(K = 4\)",
    ),
    good(25, (X, [1, 2, 4] * 4), labels(1, 2, 4), categories=[1, 2, 4]),
    good(26, (X, Y), labels(1, 2, 3)),
    good(26, (X, Y), lambda design: set(design.y) == {0, 1, 2} and "integers 1..3" in design.notes[0]),
    good(26, (X, np.array(Y, dtype=np.uint8)), labels(1, 2, 3)),
    good(26, (X, np.array(Y) - 5), labels(-4, -3, -2)),
    bad(
        27,
        (X, ["Low ", "high", "low"] * 4),
        ValueError,
        "response 'y' has category 'Low ' that is not in `categories`",
        r"4 rows \(first 0, 3",
        "Did you mean 'low'",
        categories=["low", "high"],
    ),
    bad(
        27,
        (X, ["1", "2", "2"] * 4),
        ValueError,
        "of type str, and the category of type int",
        categories=[1, 2],
    ),
    bad(27, (X, Y), ValueError, "repeats 2", categories=[1, 2, 2, 3]),
    bad(27, (X, Y), TypeError, "labels in order", categories="123"),
    bad(27, (X, Y), TypeError, "labels in order", categories=3),
    bad(27, (X, Y), ValueError, "missing or unhashable", categories=[1, 2, None]),
    bad(27, (X, ordered(["a", "b"] * 6, ["a", "b"])), ValueError, "`categories` says", categories=["b", "a"]),
    bad(28, (X, [1] * N), ValueError, "1 class, 1", "at least 2 classes"),
    bad(28, (X, [True] * N), ValueError, "at least 2 classes"),
    bad(28, (X, Y), ValueError, "at least 2 classes", categories=[1]),
    warned(28, (X, [2] * N), UserWarning, "levels 1, 3 have 0", categories=[1, 2, 3], check=labels(1, 2, 3)),
    warned(29, (X, range(N)), UserWarning, "12 categories in 12 rows", "looks continuous, or like an id"),
    warned(
        29, (numbers(), ordered(list("abcdefghijkl"), list("abcdefghijkl"))), UserWarning, "12 categories"
    ),
    good(29, (np.arange(N)[:, None], range(N)), sample_weight=[10] * N),
    good(29, (X, range(N)), categories=list(range(N))),
    warned(
        30,
        (X, np.array(Y)[:, None]),
        DataConversionWarning,
        "column-vector y",
        "ravel",
        check=labels(1, 2, 3),
    ),
    warned(30, (X, pd.DataFrame({"y": Y})), DataConversionWarning, "column-vector y"),
    bad(30, (X, np.eye(3)[np.array(Y) - 1]), ValueError, "y should be a 1d array", "argmax"),
    bad(30, (X, numbers()), ValueError, r"y should be a 1d array, got an array of shape \(12, 2\)"),
    bad(31, (X, [1, "a", 2] * 4), TypeError, "mixes types"),
    bad(31, (X, [True, 2, 3] * 4), TypeError, "mixes types"),
    bad(31, (X, DATES), TypeError, "Timestamp values", "no order"),
    bad(31, (X, X[:, 0] * 1j), ValueError, "Complex data not supported"),
    good(31, (X, BOOLS), labels(False, True)),
    good(31, (X, pd.array(BOOLS, dtype="boolean")), labels(False, True)),
    bad(31, (X, {"a": 1}), TypeError, "y must be a Series, an array or a list of answers; got dict"),
    bad(31, (X, "abc"), TypeError, "got str"),
    bad(31, (X, [[1, 2], [1]] * 6), TypeError, "cannot be labels, such as lists"),
    good(31, (X, np.array(Y, dtype=object)), labels(1, 2, 3)),
    good(31, (X, pd.cut(numbers()[:, 0], [-9, 0, 9])), lambda design: design.categories[0].right == 0),
    bad(19, (X, np.ma.masked_equal(Y, 1)), ValueError, r"Input y contains NaN: 4 rows \(first 0, 3, 6, 9\)"),
    bad(21, (X, [np.inf, 1.0] * 6), ValueError, "continuous.*first inf"),
    bad(25, (X, [1, 10**6] * 6), ValueError, "2 values between 1 and 1e\\+06"),
    bad(25, (X, [2**70, 2**71] * 6), ValueError, "are they labels"),
    good(20, (X, [1, 2.0, 3] * 4), labels(1, 2, 3)),
    good(27, (X, Y), labels(1, 2, 3), categories=range(1, 4)),
    bad(27, (X, Y), ValueError, "missing or unhashable", categories=[[1], [2]]),
]
