"""New rows for a fit, good and bad: pieces of input that know what is wrong with them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
from input_columns import COLUMNS, HOLES, Piece, objects, with_holes
from input_parts import TABLES

import bayesord as bo
from bayesord import priors
from bayesord.modelling.design import from_formula

__all__ = [
    "ANSWERS_ASKED",
    "ARRAY_NUMBERS",
    "FACTORS",
    "GROUPS",
    "NUMBERS",
    "PLAIN_TABLES",
    "WHOLE_FRAMES",
    "fits",
    "grouped",
]


def training():
    rng, n = np.random.default_rng(8), 60
    numbers = {"x": rng.normal(size=n), "z": rng.uniform(1, 2, n)}
    return pd.DataFrame({"y": np.arange(n) % 3 + 1, **numbers, "c": [*"uvw"] * 20, "g": [*"abcdef"] * 10})


@cache
def fits():
    """Point estimates, which need no engine: of a formula, of a named table, of a plain array."""
    data, modest = training(), bo.Priors(beta=priors.normal(0, 1))
    table = data[["x", "z"]]
    return {
        "formula": bo.fit("y ~ x + c", data, method="mode", priors=modest),
        "table": bo.fit(table, data["y"], method="mode", priors=modest),
        "array": bo.fit(table.to_numpy(), data["y"].to_numpy(), method="mode", priors=modest),
    }


@cache
def grouped():
    """A design with a factor, a transform and group terms."""
    return from_formula("y ~ scale(x) + c + (z | g)", training())


def _letters(known):
    return lambda rng, n: objects([known[i % len(known)] for i in rng.permutation(n)])


UNKNOWN = "which the training rows did not have"

FACTORS = {
    "strings": Piece(_letters("uvw")),
    "one of them": Piece(_letters("v")),
    "Categorical": Piece(lambda rng, n: pd.Categorical(_letters("uv")(rng, n))),
    "Categorical of more": Piece(lambda rng, n: pd.Categorical(_letters("uv")(rng, n), categories=[*"zwvu"])),
    "string dtype": Piece(lambda rng, n: pd.array(_letters("uvw")(rng, n), dtype="string")),
    "arrow strings": Piece(
        lambda rng, n: pd.array(_letters("uvw")(rng, n), dtype=pd.ArrowDtype(pa.string()))
    ),
    "unknown": Piece(_letters("uvz"), UNKNOWN),
    "capitals": Piece(_letters("UVW"), "Did you mean"),
    "with spaces": Piece(_letters(["u ", "v"]), "Did you mean 'u'"),
    "many unknown": Piece(lambda rng, n: objects([f"k{i}" for i in range(n)]), "more values of column 'c'"),
    "a hole": Piece(lambda rng, n: objects(with_holes(_letters("uv")(rng, n), None)), HOLES),
    "a hole in a Categorical": Piece(
        lambda rng, n: pd.Categorical(with_holes(_letters("uv")(rng, n), None)), HOLES
    ),
    "numbers": Piece(lambda rng, n: rng.permutation(n), UNKNOWN),
    "bools": Piece(lambda rng, n: rng.permutation(n) % 2 == 0, UNKNOWN),
    "bytes": Piece(lambda rng, n: np.array(_letters("uv")(rng, n), dtype="S"), UNKNOWN),
    "dates": Piece(lambda rng, n: pd.date_range("2020", periods=n), UNKNOWN),
    "lists": Piece(lambda rng, n: objects([[i] for i in range(n)]), "without a meaning"),
}
"""A factor that was u, v or w in training."""

GROUPS = {
    "strings": Piece(_letters("abcdef")),
    "one of them": Piece(_letters("b")),
    "Categorical": Piece(lambda rng, n: pd.Categorical(_letters("ab")(rng, n))),
    "string dtype": Piece(lambda rng, n: pd.array(_letters("abc")(rng, n), dtype="string")),
    "new": Piece(_letters("abz"), UNKNOWN),
    "numbers": Piece(lambda rng, n: rng.permutation(n), "never the same group"),
    "a hole": Piece(lambda rng, n: objects(with_holes(_letters("ab")(rng, n), None)), HOLES),
    "fractions": Piece(lambda rng, n: rng.normal(size=n), "cannot tell groups apart"),
    "dates": Piece(lambda rng, n: pd.date_range("2020", periods=n), "cannot tell groups apart"),
    "lists": Piece(lambda rng, n: objects([[i] for i in range(n)]), "cannot tell groups apart"),
    "mixed": Piece(lambda rng, n: objects([("a", 3)[i % 2] for i in range(n)]), "cannot tell groups apart"),
}
"""A grouping factor that was a to f in training."""

_NO_FAULT = ("is constant", "varies too little")
ARRAY_NUMBERS = {
    name: Piece(piece.make, None if piece.fault in _NO_FAULT else piece.fault)
    for name, piece in COLUMNS.items()
}
"""A column of a table; one row may stand there alone, so constants are no fault now."""

NUMBERS = {
    name: Piece(piece.make, "without a meaning" if piece.fault == "must be a number" else piece.fault)
    for name, piece in ARRAY_NUMBERS.items()
    if name
    not in ("numbers and strings", "Categorical with a hole", "big endian")  # pandas cannot pick rows from it
}
"""A column that held numbers in training, in a formula."""

WHOLE_FRAMES = {
    "as it is": Piece(lambda rng, data: data),
    "one row": Piece(lambda rng, data: data.iloc[[3]]),
    "more columns": Piece(lambda rng, data: data.assign(more=[[]] * len(data))),
    "other order": Piece(lambda rng, data: data[list(data)[::-1]]),
    "repeated labels": Piece(lambda rng, data: data.set_axis([0] * len(data))),
    "labels of two levels": Piece(
        lambda rng, data: data.set_axis(pd.MultiIndex.from_product([range(3), range(4)]))
    ),
    "dates for labels": Piece(lambda rng, data: data.set_axis(pd.date_range("2020", periods=len(data)))),
    "no rows": Piece(lambda rng, data: data.iloc[:0], r"0 sample\(s\)", alone=True),
    "a column less": Piece(lambda rng, data: data.drop(columns="c"), "lack the column 'c'"),
    "renamed": Piece(
        lambda rng, data: data.rename(columns={"c": "C"}), "lack the column 'c'.*Did you mean 'C'"
    ),
    "twice": Piece(
        lambda rng, data: pd.concat([data, data[["x"]]], axis=1), "duplicate column names", alone=True
    ),
    "names of two levels": Piece(
        lambda rng, data: data.set_axis(pd.MultiIndex.from_product([data.columns, [1]]), axis=1),
        "names of 2 levels",
        alone=True,
    ),
    "an array": Piece(lambda rng, data: data.to_numpy(), "must be a pandas DataFrame", alone=True),
    "a dict": Piece(lambda rng, data: data.to_dict("list"), "must be a pandas DataFrame", alone=True),
    "a Series": Piece(lambda rng, data: data["x"], "must be a pandas DataFrame", alone=True),
    "records": Piece(lambda rng, data: data.to_dict("records"), "must be a pandas DataFrame", alone=True),
}
"""The table of new rows for a formula."""

ANSWERS_ASKED = (
    "predict",
    "predict_proba",
    "category_probs",
    "linear_predictor",
    "expected_qwk",
    "expected_score",
)

PLAIN_TABLES = {
    **{name: piece for name, piece in TABLES.items() if name not in ("None", "too few rows")},
    "a column more": Piece(lambda rng, n: rng.normal(size=(n, 3)), "X has 3 features"),
    "a column less": Piece(lambda rng, n: rng.normal(size=(n, 1)), "X has 1 features"),
}
"""New rows that no fit to arrays takes."""
