"""Tables, row labels, weights and offsets, good and bad: pieces of input that know what is wrong with them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from input_columns import HOLES, Piece, normal, objects, with_holes
from scipy import sparse

__all__ = ["INDEXES", "OFFSETS", "TABLES", "WEIGHTS"]

TABLES = {
    "one dimension": Piece(normal, "Expected 2D array, got 1D"),
    "Series": Piece(lambda rng, n: pd.Series(normal(rng, n)), "Expected 2D array, got 1D"),
    "a list of numbers": Piece(lambda rng, n: normal(rng, n).tolist(), "Expected 2D array, got 1D"),
    "scalar": Piece(lambda rng, n: 3.0, "Expected 2D array, got scalar"),
    "three dimensions": Piece(lambda rng, n: rng.normal(size=(n, 2, 2)), "dim 3, while dim <= 2"),
    "ragged": Piece(lambda rng, n: [[1.0], [1.0, 2.0]] * (n // 2), "different lengths"),
    "sparse": Piece(lambda rng, n: sparse.csr_matrix(rng.normal(size=(n, 2))), "Sparse data was passed"),
    "None": Piece(lambda rng, n: None, "must be an array"),
    "a dict": Piece(lambda rng, n: {"a": normal(rng, n)}, "must be an array"),
    "an iterator": Piece(lambda rng, n: range(n).__iter__, "must be an array"),
    "no rows": Piece(lambda rng, n: np.empty((0, 2)), r"0 sample\(s\)"),
    "a frame without rows": Piece(lambda rng, n: pd.DataFrame({"a": []}), r"0 sample\(s\)"),
    "too few rows": Piece(
        lambda rng, n: rng.normal(size=(n - 1, 2)),
        "inconsistent numbers of samples|requires .* to be passed|got (dict|str|int)",  # y has no rows to compare
    ),
    "names twice": Piece(
        lambda rng, n: pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", "a"]), "duplicate"
    ),
    "names of two types": Piece(
        lambda rng, n: pd.DataFrame(rng.normal(size=(n, 2)), columns=["a", 1]),
        "Feature names are only supported",
    ),
    "structured": Piece(lambda rng, n: np.zeros(n, dtype=[("a", float), ("b", float)]), "Expected 2D|field"),
}
"""X as a whole that cannot be read."""

INDEXES = {
    "none": Piece(lambda rng, n: (None, None)),
    "range": Piece(lambda rng, n: (pd.RangeIndex(n), pd.RangeIndex(n))),
    "y has none": Piece(lambda rng, n: (pd.Index(rng.permutation(n)), None)),
    "equal": Piece(lambda rng, n: (pd.Index(order := rng.permutation(n)), pd.Index(order))),
    "equal, of other types": Piece(lambda rng, n: (pd.Index(range(n)), pd.Index(range(n), dtype="Int64"))),
    "repeated": Piece(lambda rng, n: (pd.Index([0, 1] * (n // 2)), pd.Index([0, 1] * (n // 2)))),
    "strings": Piece(lambda rng, n: (pd.Index(map(str, range(n))), pd.Index(map(str, range(n))))),
    "dates": Piece(lambda rng, n: (pd.date_range("2020", periods=n), pd.date_range("2020", periods=n))),
    "levels": Piece(lambda rng, n: (_levels(n), _levels(n))),
    "objects": Piece(lambda rng, n: (_mixed(n), _mixed(n))),
    "missing labels": Piece(lambda rng, n: (pd.Index([np.nan] * n), pd.Index([np.nan] * n))),
    "reversed": Piece(lambda rng, n: (pd.RangeIndex(n), pd.RangeIndex(n)[::-1]), "another order"),
    "levels reversed": Piece(lambda rng, n: (_levels(n), _levels(n)[::-1]), "another order"),
    "objects reversed": Piece(lambda rng, n: (_mixed(n), _mixed(n)[::-1]), "another order"),
    "repeated in another order": Piece(
        lambda rng, n: (pd.Index([0, 1] * (n // 2)), pd.Index([1, 0] * (n // 2))), "another order"
    ),
    "shifted": Piece(lambda rng, n: (pd.RangeIndex(n), pd.RangeIndex(1, n + 1)), "different index labels"),
    "strings for numbers": Piece(
        lambda rng, n: (pd.RangeIndex(n), pd.Index(map(str, range(n)))), "different index labels"
    ),
    "dates for numbers": Piece(
        lambda rng, n: (pd.RangeIndex(n), pd.date_range("2020", periods=n)), "different index labels"
    ),
    "levels for numbers": Piece(lambda rng, n: (pd.RangeIndex(n), _levels(n)), "different index labels"),
    "repeated otherwise": Piece(
        lambda rng, n: (pd.Index([0, 0, 1] + [2] * (n - 3)), pd.Index([0, 1, 1] + [2] * (n - 3))),
        "different index labels",
    ),
}
"""Row labels of X and of y; None for a plain array."""


def _levels(n):
    return pd.MultiIndex.from_arrays([np.arange(n) // 2, list("ab") * (n // 2)])


def _mixed(n):
    return pd.Index(objects([(i, str(i))[i % 2] for i in range(n)]))


def _counts(rng, n):
    return rng.integers(1, 4, n)


WEIGHTS = {
    "none": Piece(lambda rng, n: None),
    "counts": Piece(_counts),
    "floats": Piece(lambda rng, n: rng.uniform(0.5, 2.0, n)),
    "float16": Piece(lambda rng, n: _counts(rng, n).astype(np.float16)),
    "list": Piece(lambda rng, n: _counts(rng, n).tolist()),
    "Series": Piece(lambda rng, n: pd.Series(_counts(rng, n))),
    "Int64": Piece(lambda rng, n: pd.Series(_counts(rng, n), dtype="Int64")),
    "arrow": Piece(lambda rng, n: pd.Series(_counts(rng, n), dtype=pd.ArrowDtype(pa.int64()))),
    "objects": Piece(lambda rng, n: objects(_counts(rng, n).tolist())),
    "bools": Piece(lambda rng, n: np.ones(n, dtype=bool)),
    "tiny": Piece(lambda rng, n: _counts(rng, n) * 1e-90),
    "some zeros": Piece(lambda rng, n: _counts(rng, n) * (np.arange(n) % 4 != 1)),
    "of all sizes": Piece(lambda rng, n: 10.0 ** -(60.0 * (rng.permutation(n) % 4))),
    "negative": Piece(lambda rng, n: np.array(with_holes(_counts(rng, n), -1)), "Negative values"),
    "NaN": Piece(lambda rng, n: with_holes(_counts(rng, n).astype(float), np.nan), HOLES),
    "pd.NA": Piece(lambda rng, n: pd.Series(with_holes(_counts(rng, n), pd.NA), dtype="Int64"), HOLES),
    "None within": Piece(lambda rng, n: with_holes(_counts(rng, n).tolist(), None), HOLES),
    "inf": Piece(lambda rng, n: with_holes(_counts(rng, n), np.inf), "infinity"),
    "too large": Piece(lambda rng, n: np.full(n, 1e200), "overflow"),
    "too small": Piece(lambda rng, n: np.full(n, 1e-200), "vanish"),
    "beyond float64": Piece(
        lambda rng, n: with_holes(_counts(rng, n).tolist(), 10**400), "infinity|real numbers"
    ),
    "nothing": Piece(lambda rng, n: np.zeros(n), "0 in every row"),
    "too few": Piece(lambda rng, n: np.ones(n - 1), r"shape == .*, expected"),
    "scalar": Piece(lambda rng, n: 2.0, r"shape == \(\), expected"),
    "a column": Piece(lambda rng, n: np.ones((n, 1)), r"shape == .*, expected"),
    "strings": Piece(lambda rng, n: list("ab") * (n // 2), "real numbers"),
    "complex": Piece(lambda rng, n: np.ones(n) * 1j, "real numbers"),
    "dates": Piece(lambda rng, n: pd.date_range("2020", periods=n), "real numbers"),
    "a dict": Piece(lambda rng, n: {}, "real numbers|shape"),
    "ragged": Piece(lambda rng, n: [[1], [1, 2]] * (n // 2), "real numbers"),
    "sparse": Piece(lambda rng, n: sparse.csr_matrix(np.ones((n, 1))), "real numbers|Sparse"),
    "Categorical": Piece(lambda rng, n: pd.Categorical(list("ab") * (n // 2)), "real numbers"),
}
"""`sample_weight` (n,)."""

OFFSETS = {
    "none": Piece(lambda rng, n: None),
    "floats": Piece(normal),
    "zeros": Piece(lambda rng, n: np.zeros(n)),
    "negative integers": Piece(lambda rng, n: -_counts(rng, n)),
    "list": Piece(lambda rng, n: normal(rng, n).tolist()),
    "Float64": Piece(lambda rng, n: pd.Series(normal(rng, n), dtype="Float64")),
    **{
        name: WEIGHTS[name]
        for name in ("NaN", "pd.NA", "inf", "too few", "scalar", "strings", "complex", "dates")
    },
}
"""`offset` (n,)."""
