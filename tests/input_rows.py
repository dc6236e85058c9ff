"""Rows 32 to 35 of the table of bad input: rows that belong together, and new rows."""

import numpy as np
import pandas as pd
from input_cases import (
    N,
    X,
    Y,
    bad,
    frame,
    good,
    numbers,
    on_new_arrays,
    on_new_rows,
    table,
    warned,
    with_value,
)

from bayesord.modelling.design import from_formula

CASES = [
    # rows that belong together
    good(32, (frame(index=list("abcdefghijkl")), pd.Series(Y, index=list("abcdefghijkl")))),
    good(
        32, (frame(index=list("abcdefghijkl")), Y), lambda design: list(design.obs_id) == list("abcdefghijkl")
    ),
    bad(
        32,
        (frame(), pd.Series(Y)[::-1]),
        ValueError,
        "same index labels in another order",
        r"y = y\.loc\[X\.index\]",
    ),
    bad(32, (frame(), pd.Series(Y, index=range(1, 13))), ValueError, "different index labels", "reset_index"),
    bad(32, (frame(), Y), ValueError, "sample_weight have", sample_weight=pd.Series(1.0, index=range(1, 13))),
    bad(33, (X, Y), ValueError, r"sample_weight.shape == \(5,\), expected \(12,\)", sample_weight=[1] * 5),
    bad(33, (X, Y), ValueError, r"sample_weight.shape == \(12, 2\)", sample_weight=numbers()),
    bad(33, (X, Y), ValueError, r"Negative values.*1 row \(1\)", sample_weight=[1, -1] + [1] * 10),
    bad(
        33, (X, Y), ValueError, r"sample_weight contains NaN: 1 row \(0\)", sample_weight=[np.nan] + [1] * 11
    ),
    bad(
        33,
        (X, Y),
        ValueError,
        r"sample_weight contains NaN: 1 row \(1\)",
        r"sample_weight contains infinity: 1 row \(2\)",
        r"Negative values.*1 row \(0\)",
        "offset contains NaN",
        sample_weight=[-1, np.nan, np.inf] + [1] * 9,
        offset=[np.nan] * N,
    ),
    bad(33, (X, Y), TypeError, "real numbers, one per row; got list", sample_weight=[[1], [1, 2]] * 6),
    bad(33, (X, Y), TypeError, "real numbers, one per row; got 'b' among them", sample_weight=[1.0, "b"] * 6),
    bad(33, (X, Y), ValueError, "weights above 1e.100 overflow", sample_weight=[1e308] * N),
    bad(33, (X, Y), ValueError, r"shape == \(12, 1\)", sample_weight=[[1]] * N),
    bad(33, (X, Y), ValueError, r"shape == \(\)", sample_weight=2.0),
    bad(33, (X, Y), TypeError, "real numbers", sample_weight=[1j] * N),
    good(33, (X, Y), lambda design: design.n_effective == N, sample_weight=pd.Series([1] * N, dtype="Int64")),
    bad(33, (X, Y), ValueError, "sample_weight is 0 in every row", sample_weight=[0] * N),
    bad(33, (X, Y), TypeError, "sample_weight must be real numbers", sample_weight=list("abcdefghijkl")),
    bad(33, (X, Y), ValueError, "Did you mean 'frequency'", weights="frequencies"),
    bad(33, (X, Y), ValueError, r"offset.shape == \(2,\), expected \(12,\)", offset=[1, 2]),
    bad(33, (X, Y), ValueError, "offset contains infinity", offset=[np.inf] * N),
    bad(
        33,
        ("rating ~ age", table()),
        ValueError,
        "'agee'.*Did you mean 'age'",
        call=from_formula,
        offset="agee",
    ),
    bad(
        33,
        ("rating ~ aeg", table(rating=["a", "b", "c"] * 4)),
        ValueError,
        "uses 'aeg'.*Did you mean 'age'",
        "sample_weight='w' is not a column",
        "offset='o' is not a column",
        "rating holds strings",
        call=from_formula,
        sample_weight="w",
        offset="o",
    ),
    good(33, (X, Y), lambda design: len(design.y) == 9, sample_weight=[0] * 3 + [2] * 9),
    good(33, (with_value(np.nan, row=0), [None, *Y[1:]]), sample_weight=[0] + [1] * 11),
    # new rows
    bad(
        34,
        (X, Y, X[:, :1]),
        ValueError,
        "X has 1 features, but the model is expecting 2 features",
        call=on_new_arrays,
    ),
    bad(
        34, (frame(), Y, frame(["b", "a"])), ValueError, "names should match.*same order", call=on_new_arrays
    ),
    bad(
        34, (frame(), Y, frame(["a", "bb"])), ValueError, "unseen at fit time: 'bb'.*'b'", call=on_new_arrays
    ),
    bad(34, (frame(), Y, frame(["a", "b", "c"])), ValueError, "unseen at fit time: 'c'", call=on_new_arrays),
    bad(34, (X, Y, with_value(np.nan)), ValueError, "Input X contains NaN", call=on_new_arrays),
    warned(34, (frame(), Y, X), UserWarning, "does not have valid feature names", call=on_new_arrays),
    warned(34, (X, Y, frame()), UserWarning, "fitted without feature names", call=on_new_arrays),
    bad(34, (X, Y, X), ValueError, "fitted with an offset", call=on_new_arrays, offset=[1.0] * N),
    bad(34, (table(), table().drop(columns="age")), ValueError, "lack the column 'age'", call=on_new_rows),
    bad(
        34,
        (table(), table().rename(columns={"age": "Age"})),
        ValueError,
        "Did you mean 'Age'",
        call=on_new_rows,
    ),
    bad(34, (table(), table().to_dict()), TypeError, "must be a pandas DataFrame", call=on_new_rows),
    bad(34, (table(), table(age="old")), ValueError, "'age' is not numeric.*in training", call=on_new_rows),
    bad(34, (table(), table(age=[None, *range(11)])), ValueError, "NaN: column 'age'", call=on_new_rows),
    bad(
        35,
        (table(), table(colour=["red", "puce", "gren"] * 4)),
        ValueError,
        r"'colour' has the value 'puce' \(4 rows \(first 1, 4",
        "Known levels: 'blue', 'green', 'red'",
        "Did you mean 'green'",
        call=on_new_rows,
    ),
    good(35, (table(), table().iloc[[1]]), call=on_new_rows),
]
