"""Answers, good and bad: pieces of input that know what is wrong with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from input_columns import COMPLEX, HOLES, Piece, dates, normal, objects, with_holes
from scipy import sparse

__all__ = ["ANSWERS"]

K = 3
LABELS = ["low", "mid", "high"]


def _codes(rng, n):
    """0, 1, 2 in a random order, each at least once."""
    return rng.permutation(n) % K


def _labels(rng, n):
    return objects([LABELS[code] for code in _codes(rng, n)])


def _ordered(values, categories):
    return pd.Categorical(values, categories=categories, ordered=True)


ORDER, GAPS, TYPES = "order", "gaps", "mixes types"

ANSWERS = {
    "codes": Piece(_codes),
    "from 1": Piece(lambda rng, n: _codes(rng, n) + 1),
    "from -4": Piece(lambda rng, n: _codes(rng, n) - 4),
    "uint8": Piece(lambda rng, n: _codes(rng, n).astype(np.uint8)),
    "floats": Piece(lambda rng, n: _codes(rng, n) + 1.0),
    "big endian": Piece(lambda rng, n: _codes(rng, n).astype(">i4")),
    "long double": Piece(lambda rng, n: _codes(rng, n).astype(np.longdouble)),
    "float16": Piece(lambda rng, n: (_codes(rng, n) + 1).astype(np.float16)),
    "list": Piece(lambda rng, n: _codes(rng, n).tolist()),
    "tuple": Piece(lambda rng, n: tuple(_codes(rng, n).tolist())),
    "list of NumPy scalars": Piece(lambda rng, n: list(_codes(rng, n))),
    "objects": Piece(lambda rng, n: objects(_codes(rng, n).tolist())),
    "bools": Piece(lambda rng, n: _codes(rng, n) == 0),
    "Series": Piece(lambda rng, n: pd.Series(_codes(rng, n), name="rating")),
    "Series of numbers for a name": Piece(lambda rng, n: pd.Series(_codes(rng, n), name=0)),
    "Int64": Piece(lambda rng, n: pd.Series(_codes(rng, n), dtype="Int64")),
    "boolean": Piece(lambda rng, n: pd.array(_codes(rng, n) == 0, dtype="boolean")),
    "arrow int": Piece(lambda rng, n: pd.Series(_codes(rng, n), dtype=pd.ArrowDtype(pa.int8()))),
    "Index": Piece(lambda rng, n: pd.Index(_codes(rng, n))),
    "ordered": Piece(lambda rng, n: _ordered(_labels(rng, n), LABELS)),
    "ordered Series": Piece(lambda rng, n: pd.Series(_ordered(_labels(rng, n), LABELS))),
    "ordered, unused in the middle": Piece(
        lambda rng, n: _ordered(_labels(rng, n), ["low", "so-so", "mid", "high"])
    ),
    "ordered, unused at the ends": Piece(lambda rng, n: _ordered(_labels(rng, n), ["none", *LABELS, "all"])),
    "ordered numbers": Piece(lambda rng, n: _ordered(_codes(rng, n), [2, 0, 1])),
    "cut": Piece(lambda rng, n: pd.cut(_codes(rng, n), [-1, 0, 1, 2])),
    "strings in order": Piece(_labels, categories=LABELS),
    "string dtype in order": Piece(
        lambda rng, n: pd.Series(_labels(rng, n), dtype="string"), categories=LABELS
    ),
    "unordered Categorical in order": Piece(
        lambda rng, n: pd.Categorical(_labels(rng, n)), categories=LABELS
    ),
    "gaps in order": Piece(lambda rng, n: _codes(rng, n) * 2, categories=[0, 2, 4]),
    "gaps filled": Piece(lambda rng, n: _codes(rng, n) * 2, categories=list(range(5))),
    "fractions in order": Piece(lambda rng, n: _codes(rng, n) / 2, categories=[0.0, 0.5, 1.0]),
    "one class of several": Piece(lambda rng, n: np.ones(n, int), categories=[0, 1, 2]),
    "numbers and strings in order": Piece(
        lambda rng, n: objects([(0, "some", 9)[i] for i in _codes(rng, n)]), categories=[0, "some", 9]
    ),
    "None": Piece(lambda rng, n: None, "requires .* to be passed", alone=True),
    "a hole": Piece(lambda rng, n: with_holes(_codes(rng, n).tolist(), None), HOLES),
    "NaN": Piece(lambda rng, n: np.array(with_holes(_codes(rng, n), np.nan)), HOLES),
    "pd.NA": Piece(lambda rng, n: pd.Series(with_holes(_codes(rng, n), pd.NA), dtype="Int64"), HOLES),
    "NaN in a Categorical": Piece(lambda rng, n: _ordered(with_holes(_labels(rng, n), None), LABELS), HOLES),
    "NaT": Piece(lambda rng, n: [pd.NaT] * n, HOLES),
    "holes of all kinds": Piece(
        lambda rng, n: objects(with_holes(_codes(rng, n), None, np.nan, pd.NA, pd.NaT)), HOLES
    ),
    "masked": Piece(lambda rng, n: np.ma.masked_equal(_codes(rng, n), 1), HOLES),
    "continuous": Piece(normal, "Unknown label type: continuous"),
    "inf": Piece(
        lambda rng, n: np.array(with_holes(_codes(rng, n), np.inf)), "Unknown label type: continuous"
    ),
    "strings": Piece(_labels, ORDER),
    "string dtype": Piece(lambda rng, n: pd.Series(_labels(rng, n), dtype="string"), ORDER),
    "NumPy strings": Piece(lambda rng, n: _labels(rng, n).astype(str), ORDER),
    "bytes": Piece(lambda rng, n: _labels(rng, n).astype("S"), ORDER),
    "unordered Categorical": Piece(lambda rng, n: pd.Categorical(_labels(rng, n)), ORDER),
    "gaps": Piece(lambda rng, n: _codes(rng, n) * 2, GAPS),
    "one class": Piece(lambda rng, n: np.ones(n, int), "at least 2 classes"),
    "strangers": Piece(_labels, "not in `categories`", categories=["Low", "mid ", "high"]),
    "strings for numbers": Piece(
        lambda rng, n: _codes(rng, n).astype(str), "of type str", categories=[0, 1, 2]
    ),
    "numbers and strings": Piece(lambda rng, n: objects([(0, "some", 9)[i] for i in _codes(rng, n)]), TYPES),
    "bools and numbers": Piece(lambda rng, n: objects([(True, 2, 3)[i] for i in _codes(rng, n)]), TYPES),
    "dates": Piece(dates, ORDER),
    "durations": Piece(lambda rng, n: dates(rng, n) - pd.Timestamp("2020-01-01"), ORDER),
    "complex": Piece(lambda rng, n: _codes(rng, n) * 1j, COMPLEX),
    "lists": Piece(lambda rng, n: objects([[i] for i in range(n)]), "cannot be labels"),
    "a dict": Piece(lambda rng, n: {"y": 1}, "got dict", alone=True),
    "a string": Piece(lambda rng, n: "y" * n, "got str", alone=True),
    "a number": Piece(lambda rng, n: 3, "got int", alone=True),
    "one-hot": Piece(lambda rng, n: np.eye(K)[_codes(rng, n)], "argmax"),
    "two columns": Piece(lambda rng, n: rng.normal(size=(n, 2)), "1d array"),
    "a sparse column": Piece(lambda rng, n: sparse.csr_matrix(_codes(rng, n)[:, None]), "Sparse data"),
    "too few": Piece(
        lambda rng, n: _codes(rng, n)[:-1],
        "inconsistent numbers of samples|must be an array|got scalar|different lengths",
    ),
    "categories of one": Piece(_codes, "at least 2 classes", categories=[1]),
    "categories repeated": Piece(_codes, "repeats", categories=[0, 1, 1, 2]),
    "categories with a hole": Piece(_codes, "missing or unhashable", categories=[0, 1, None]),
    "categories as text": Piece(_codes, "labels in order", categories="012"),
    "categories against the order": Piece(
        lambda rng, n: _ordered(_labels(rng, n), LABELS), "`categories` says", categories=LABELS[::-1]
    ),
}
"""The answers (n,), with `categories=` where they need it."""
