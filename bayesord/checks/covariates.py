"""Reading covariates: every kind of table that people pass as X, to float64, or a list of what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Number

import numpy as np
import pandas as pd
from scipy import sparse

from bayesord.checks.columns import check_repeated_names
from bayesord.checks.numbers import float_of
from bayesord.checks.problems import Problems, did_you_mean, name_list, name_rows

__all__ = [
    "Covariates",
    "check_same_columns",
    "column_kind",
    "infinity_hint",
    "native",
    "native_table",
    "read_covariates",
    "report_not_finite",
    "to_float",
]

_DATES = "holds dates or durations: pass elapsed time as a number, for example (x - x.min()).dt.days"


@dataclass(frozen=True)
class Covariates:
    """A table of numbers: `values` (n, p) float64 of its own, column `names`, the row `index` of a pandas table."""

    values: np.ndarray
    names: tuple[str, ...]
    named: bool
    index: pd.Index | None


def column_kind(column: pd.Series) -> str:
    """What a column holds: "numeric", "factor", "dates", "complex", "mixed", "empty" or "other"."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "factor"
    if isinstance(dtype, pd.PeriodDtype | pd.DatetimeTZDtype) or dtype.kind in "Mm":
        return "dates"
    if dtype.kind == "c":
        return "complex"
    if dtype.kind in "biuf":
        return "numeric"
    if isinstance(dtype, pd.StringDtype) or dtype.kind == "U":
        return "factor"
    return _object_kind(column)


def native(column: pd.Series) -> pd.Series:
    """The same values in a type that pandas can pick from, count and sort: no float16, long double, foreign byte order."""
    if not _is_foreign(column.dtype):
        return column
    if column.dtype == np.float16 and np.isinf(column.to_numpy()).any():
        return column  # the message about it names its type
    return column.astype(np.float64 if column.dtype.kind == "f" else column.dtype.newbyteorder("="))


def native_table(data: pd.DataFrame) -> pd.DataFrame:
    """The same table with such types in all columns."""
    foreign = [j for j, dtype in enumerate(data.dtypes) if _is_foreign(dtype)]
    if foreign:
        data = data.copy(deep=False)
    for j in foreign:
        data.isetitem(j, native(data.iloc[:, j]))
    return data


def _is_foreign(dtype: object) -> bool:
    if not isinstance(dtype, np.dtype):
        return False
    return not dtype.isnative or (dtype.kind == "f" and dtype not in (np.float32, np.float64))


def _object_kind(column: pd.Series) -> str:
    """The kind of a column of Python objects, by its present values."""
    present = column[~column.isna()]
    inferred = pd.api.types.infer_dtype(present, skipna=True)
    if inferred in {"integer", "floating", "mixed-integer-float", "boolean", "decimal"}:
        return "numeric"
    if inferred in {"string", "categorical"}:
        return "factor"
    if inferred in {"datetime64", "datetime", "date", "timedelta64", "timedelta", "time", "period"}:
        return "dates"
    if inferred == "complex" or any(isinstance(value, complex) for value in present):
        return "complex"
    if inferred == "empty":
        return "empty"
    if all(isinstance(value, Number) for value in present):
        return "numeric"
    return "mixed" if all(isinstance(value, Number | str) for value in present) else "other"


def to_float(column: pd.Series) -> np.ndarray:
    """A numeric column as a float64 array of its own; missing values become NaN."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return column.to_numpy(dtype=np.float64, copy=True)
    if isinstance(column.dtype, pd.SparseDtype):
        return np.array(column, dtype=np.float64)
    if column.dtype.kind == "O" and isinstance(column.dtype, np.dtype):
        return np.array([float_of(value) for value in column], dtype=np.float64)
    return np.array(column.to_numpy(dtype=np.float64, na_value=np.nan))


def read_covariates(X: object, problems: Problems, keep: np.ndarray | None = None) -> Covariates | None:
    """Read X of shape (n, p); None where its shape or type is beyond reading.

    A column that holds no numbers is reported and comes as NaN, so that the rest can be judged too.

    Parameters
    ----------
    X : ndarray, DataFrame or list of lists, shape (n, p)
    problems : Problems
        What is wrong is added here.
    keep : ndarray of bool, shape (n,), optional
        Rows that take part; missing and infinite values elsewhere are nobody's business.
    """
    if sparse.issparse(X):
        problems.add(
            "Sparse data was passed for X, but dense data is required. "
            "Use '.toarray()' to convert to a dense numpy array.",
            TypeError,
        )
        return None
    if isinstance(X, pd.DataFrame):
        return _read_frame(X, problems, keep)
    array = _as_array(X, problems)
    if array is None:
        return None
    names = tuple(f"x{j}" for j in range(array.shape[1]))
    if array.dtype.kind in "biuf":
        values = np.array(array, dtype=np.float64, order="C")
        report_not_finite(values, names, "X", problems, keep=keep, dtype=array.dtype)
        return Covariates(values, names, named=False, index=None)
    if array.dtype.kind == "c":
        problems.add("Complex data not supported: pass the real and imaginary parts as two columns.")
        return Covariates(np.full(array.shape, np.nan), names, named=False, index=None)
    columns = [pd.Series(array[:, j]) for j in range(array.shape[1])]
    values = _read_columns(columns, len(array), names, problems, None, keep)
    return Covariates(values, names, named=False, index=None)


def _as_array(X: object, problems: Problems) -> np.ndarray | None:
    """X as a two-dimensional array of any dtype, nothing turned into text on the way."""
    if isinstance(X, np.ma.MaskedArray):
        X = X.astype(np.float64).filled(np.nan)
    try:
        array = np.asarray(X)
        if array.dtype.kind in "SU" and not isinstance(X, np.ndarray):
            array = np.asarray(X, dtype=object)
    except ValueError:
        problems.add("The rows of X have different lengths. Give every row the same number of values.")
        return None
    if array.ndim == 0 and array.dtype.kind not in "biufc":
        problems.add(f"X must be an array, a DataFrame or a list of rows; got {type(X).__name__}.", TypeError)
        return None
    if array.ndim < 2:
        got = "scalar" if array.ndim == 0 else "1D"
        problems.add(
            f"Expected 2D array, got {got} array instead: shape {array.shape}. "
            "Reshape your data: X[:, None] for one predictor, X[None, :] for one row."
        )
        return None
    if array.ndim > 2:
        problems.add(
            f"Found array with dim {array.ndim}, while dim <= 2 is required: shape {array.shape}. "
            "Pool or flatten it first, for example X.mean(axis=(1, 2)) or X.reshape(len(X), -1)."
        )
        return None
    return array


def _read_frame(X: pd.DataFrame, problems: Problems, keep: np.ndarray | None) -> Covariates | None:
    labels = list(X.columns)
    strings = [isinstance(label, str) for label in labels]
    if any(strings) and not all(strings):
        kinds = sorted({type(label).__name__ for label in labels})
        problems.add(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{kinds} as feature name / column name types. Use X.columns = X.columns.astype(str).",
            TypeError,
        )
    if X.shape[1] and all(strings):
        names, named = tuple(labels), True
    else:
        unnamed = labels == list(range(len(labels)))
        names, named = tuple(f"x{label}" if unnamed else str(label) for label in labels), False
    check_repeated_names(names, problems)
    columns = [X.iloc[:, j] for j in range(X.shape[1])]
    values = _read_columns(columns, len(X), names, problems, X.index, keep)
    return Covariates(values, names, named, X.index)


def _read_columns(
    columns: list[pd.Series],
    n_rows: int,
    names: tuple[str, ...],
    problems: Problems,
    index: pd.Index | None,
    keep: np.ndarray | None,
) -> np.ndarray:
    """Columns of any dtype to one float64 matrix; what is not numeric is a problem, and a column of NaN."""
    values = np.empty((n_rows, len(columns)))
    readable = np.ones(len(columns), dtype=bool)
    for j, (column, name) in enumerate(zip(columns, names, strict=True)):
        kind = column_kind(column)
        if kind in {"numeric", "empty"}:
            values[:, j] = to_float(column)
        else:
            _report_kind(kind, column, name, problems)
            readable[j] = False
            values[:, j] = np.nan
    dtypes = {column.dtype for column in columns}
    dtype = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float64)
    shown = values if readable.all() else np.where(readable, values, 0.0)
    report_not_finite(shown, names, "X", problems, keep=keep, index=index, dtype=dtype)
    return values


def _report_kind(kind: str, column: pd.Series, name: str, problems: Problems) -> None:
    first = next(iter(column[~column.isna()]), None)
    if kind == "dates":
        problems.add(f"column {name!r} {_DATES}.", TypeError)
    elif kind == "complex":
        problems.add(
            f"Complex data not supported: column {name!r}. Pass real and imaginary parts as two columns."
        )
    elif kind == "factor":
        coded = "a Categorical, " if isinstance(column.dtype, pd.CategoricalDtype) else ""
        problems.add(
            f"column {name!r} is {coded}not numeric (first value {first!r}). One-hot encode it, for example "
            "with pd.get_dummies(X, drop_first=True, dtype=float), or use a formula, which codes factors by "
            "itself."
        )
    elif kind == "mixed":
        text = next(value for value in column if isinstance(value, str))
        problems.add(f"column {name!r} is not numeric (first value {text!r} among numbers). Clean it first.")
    else:
        problems.add(
            f"column {name!r}: every value of X must be a number; argument must be a string or a number, "
            f"not {type(first).__name__!r}.",
            TypeError,
        )


def report_not_finite(
    values: np.ndarray,
    names: tuple[str, ...],
    where: str,
    problems: Problems,
    *,
    keep: np.ndarray | None = None,
    index: pd.Index | None = None,
    dtype: object = np.float64,
) -> None:
    """Add one sentence for missing and one for infinite values, with their columns and rows."""
    finite = np.isfinite(values)
    if keep is not None:
        finite |= ~keep[:, None]
    bad_columns = np.flatnonzero(~finite.all(axis=0))
    for word, test, remedy in (
        ("NaN", np.isnan, "Drop or impute first"),
        ("infinity", np.isinf, infinity_hint(dtype)),
    ):
        parts = []
        for j in bad_columns:
            rows = test(values[:, j]) & ~finite[:, j]
            if rows.any():
                parts.append(f"column {names[j]!r}, {name_rows(rows, index)}")
        if parts:
            more = f"; and {len(parts) - 5} more columns" if len(parts) > 5 else ""
            problems.add(f"Input {where} contains {word}: {'; '.join(parts[:5])}{more}. {remedy}.")


def infinity_hint(dtype: object) -> str:
    """What to do about infinite values: those of a narrow type may come from its narrowness."""
    itemsize = getattr(dtype, "itemsize", 8) if getattr(dtype, "kind", "f") == "f" else 8
    if itemsize in (2, 4):
        limit = {2: "65504", 4: "3.4e38"}[itemsize]
        return f"The data are float{8 * itemsize}, which overflows beyond {limit}: compute them in float64"
    return "Drop these rows, or find what divided by zero"


def check_same_columns(names: tuple[str, ...], new: Covariates, problems: Problems, *, named: bool) -> None:
    """New rows must have the training columns, by number, name and order (scikit-learn's rule and words)."""
    if named and new.named and names != new.names:
        lines = ["The feature names should match those that were passed during fit."]
        strange = [name for name in new.names if name not in names]
        missing = [name for name in names if name not in new.names]
        if strange:
            lines.append(f"Feature names unseen at fit time: {name_list(strange)}.")
        if missing:
            hints = [did_you_mean(name, strange) for name in missing]
            lines.append(f"Feature names seen at fit time, yet now missing: {name_list(missing)}.{hints[0]}")
        if not strange and not missing:
            lines.append("Feature names must be in the same order as they were in fit: X[list(fit_columns)].")
        problems.add(" ".join(lines))
    elif len(names) != len(new.names):
        problems.add(
            f"X has {len(new.names)} features, but the model is expecting {len(names)} features as input: "
            f"{name_list(names)}."
        )
