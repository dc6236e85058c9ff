"""Covariates, good and bad: pieces of input that know what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = [
    "COLUMNS",
    "COMPLEX",
    "CONSTANT",
    "DATES",
    "HOLES",
    "NOT_NUMERIC",
    "Piece",
    "dates",
    "normal",
    "objects",
    "with_holes",
]


@dataclass(frozen=True)
class Piece:
    """A part of a call.

    Attributes
    ----------
    make : callable of (rng, n)
    fault : str or None
        A pattern that the message must match; None where nothing is wrong.
    categories : list or None
        What goes with an answer as `categories=`.
    alone : bool
        So wrong that nothing beside it need be read.
    """

    make: Callable
    fault: str | None = None
    categories: list | None = None
    alone: bool = False


def normal(rng, n):
    return rng.normal(size=n)


def _whole(rng, n):
    return rng.permutation(n) - n // 2


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def with_holes(values, *holes):
    """Values with one of the holes in every fourth place."""
    values = list(values)
    for i in range(0, len(values), 4):
        values[i] = holes[(i // 4) % len(holes)]
    return values


def _words(rng, n):
    return objects([("red", "blue", "green")[i % 3] for i in rng.permutation(n)])


def dates(rng, n):
    return pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.permutation(n), unit="D")


NOT_NUMERIC, HOLES, DATES = "is .*not numeric", "contains NaN", "holds dates or durations"
COMPLEX, CONSTANT = "Complex data not supported", "is constant"

COLUMNS = {
    "float64": Piece(normal),
    "float32": Piece(lambda rng, n: normal(rng, n).astype(np.float32)),
    "float16": Piece(lambda rng, n: normal(rng, n).astype(np.float16)),
    "long double": Piece(lambda rng, n: normal(rng, n).astype(np.longdouble)),
    "int64": Piece(_whole),
    "int8": Piece(lambda rng, n: _whole(rng, n).astype(np.int8)),
    "uint8": Piece(lambda rng, n: rng.permutation(n).astype(np.uint8)),
    "big endian": Piece(lambda rng, n: normal(rng, n).astype(">f8")),
    "bool": Piece(lambda rng, n: rng.permutation(n) % 2 == 0),
    "Int64": Piece(lambda rng, n: pd.array(_whole(rng, n), dtype="Int64")),
    "Float64": Piece(lambda rng, n: pd.array(normal(rng, n), dtype="Float64")),
    "boolean": Piece(lambda rng, n: pd.array(rng.permutation(n) % 2 == 0, dtype="boolean")),
    "arrow int": Piece(lambda rng, n: pd.array(_whole(rng, n), dtype=pd.ArrowDtype(pa.int32()))),
    "arrow double": Piece(lambda rng, n: pd.array(normal(rng, n), dtype=pd.ArrowDtype(pa.float64()))),
    "arrow bool": Piece(
        lambda rng, n: pd.array(rng.permutation(n) % 2 == 0, dtype=pd.ArrowDtype(pa.bool_()))
    ),
    "sparse column": Piece(lambda rng, n: pd.arrays.SparseArray(rng.permutation(n) % 3)),
    "objects": Piece(lambda rng, n: objects(normal(rng, n).tolist())),
    "objects of several types": Piece(
        lambda rng, n: objects([float(i) if i % 2 else i for i in _whole(rng, n)])
    ),
    "decimals": Piece(lambda rng, n: objects([Decimal(int(i)) / 8 for i in _whole(rng, n)])),
    "fractions": Piece(lambda rng, n: objects([Fraction(int(i), 3) for i in _whole(rng, n)])),
    "beyond int64": Piece(lambda rng, n: objects([2**70 * int(i) for i in _whole(rng, n)])),
    "huge": Piece(lambda rng, n: 1e300 * normal(rng, n)),
    "tiny": Piece(lambda rng, n: 1e-300 * normal(rng, n)),
    "far from 0": Piece(lambda rng, n: 1e8 + normal(rng, n)),
    "NaN": Piece(lambda rng, n: with_holes(normal(rng, n), np.nan), HOLES),
    "None": Piece(lambda rng, n: objects(with_holes(normal(rng, n).tolist(), None)), HOLES),
    "pd.NA": Piece(lambda rng, n: pd.array(with_holes(_whole(rng, n), pd.NA), dtype="Int64"), HOLES),
    "pd.NA in objects": Piece(
        lambda rng, n: objects(with_holes(_whole(rng, n).tolist(), pd.NA, pd.NaT)), HOLES
    ),
    "arrow null": Piece(
        lambda rng, n: pd.array(with_holes(_whole(rng, n).tolist(), None), dtype=pd.ArrowDtype(pa.int64())),
        HOLES,
    ),
    "Decimal NaN": Piece(
        lambda rng, n: objects(with_holes([Decimal(i) for i in range(n)], Decimal("NaN"))), HOLES
    ),
    "nothing but NaN": Piece(lambda rng, n: np.full(n, np.nan), HOLES),
    "nothing but None": Piece(lambda rng, n: objects([None] * n), HOLES),
    "inf": Piece(lambda rng, n: with_holes(normal(rng, n), np.inf, -np.inf), "contains infinity"),
    "float16 inf": Piece(
        lambda rng, n: np.array(with_holes(normal(rng, n), np.inf), np.float16), "contains infinity"
    ),
    "beyond float64": Piece(
        lambda rng, n: objects(with_holes(_whole(rng, n).tolist(), 10**400)), "contains infinity"
    ),
    "strings": Piece(_words, NOT_NUMERIC),
    "string dtype": Piece(lambda rng, n: pd.array(_words(rng, n), dtype="string"), NOT_NUMERIC),
    "arrow strings": Piece(
        lambda rng, n: pd.array(_words(rng, n), dtype=pd.ArrowDtype(pa.string())), NOT_NUMERIC
    ),
    "bytes": Piece(lambda rng, n: np.array(_words(rng, n), dtype="S"), "must be a number"),
    "objects of bytes": Piece(
        lambda rng, n: objects([word.encode() for word in _words(rng, n)]), "must be a number"
    ),
    "numbers as strings": Piece(lambda rng, n: objects([str(i) for i in range(n)]), NOT_NUMERIC),
    "numbers and strings": Piece(
        lambda rng, n: objects(with_holes(_whole(rng, n).tolist(), "?")), NOT_NUMERIC
    ),
    "Categorical": Piece(lambda rng, n: pd.Categorical(_words(rng, n)), NOT_NUMERIC),
    "Categorical of numbers": Piece(lambda rng, n: pd.Categorical(_whole(rng, n)), NOT_NUMERIC),
    "Categorical with a hole": Piece(
        lambda rng, n: pd.Categorical(with_holes(_words(rng, n), None)), NOT_NUMERIC
    ),
    "dates": Piece(dates, DATES),
    "dates of a zone": Piece(lambda rng, n: dates(rng, n).tz_localize("UTC"), DATES),
    "durations": Piece(lambda rng, n: dates(rng, n) - pd.Timestamp("2020-01-01"), DATES),
    "periods": Piece(lambda rng, n: dates(rng, n).to_period("D"), DATES),
    "arrow dates": Piece(
        lambda rng, n: pd.array(dates(rng, n), dtype=pd.ArrowDtype(pa.timestamp("ns"))), DATES
    ),
    "Python dates": Piece(lambda rng, n: objects([date(2020, 1, 1 + i % 28) for i in range(n)]), DATES),
    "dates with NaT": Piece(lambda rng, n: pd.DatetimeIndex(with_holes(dates(rng, n), pd.NaT)), DATES),
    "complex": Piece(lambda rng, n: normal(rng, n) * 1j, COMPLEX),
    "objects with complex": Piece(lambda rng, n: objects(with_holes(normal(rng, n).tolist(), 1j)), COMPLEX),
    "lists": Piece(lambda rng, n: objects([[i] for i in range(n)]), "must be a number"),
    "dicts": Piece(lambda rng, n: objects(with_holes(_whole(rng, n).tolist(), {})), "must be a number"),
    "intervals": Piece(lambda rng, n: pd.arrays.IntervalArray.from_breaks(range(n + 1)), "must be a number"),
    "constant": Piece(lambda rng, n: np.full(n, 3.5), CONSTANT),
    "constant bool": Piece(lambda rng, n: np.ones(n, dtype=bool), CONSTANT),
    "lost in rounding": Piece(lambda rng, n: 1e13 + normal(rng, n), "varies too little"),
}
"""One covariate (n,)."""
