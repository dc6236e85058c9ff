"""The arrays that labels and scores are made of, checked once, with the row named in every complaint.

Categories are codes 0..K-1 and K is always told, never guessed from the labels that happen to be present:
a score that renumbers the labels it sees gives a different, wrong number when a category is absent.
"""

from __future__ import annotations

import numpy as np

from bayesord.checks import Problems, name_rows, read_weights, real_numbers

__all__ = [
    "check_categories",
    "check_codes",
    "check_numbers",
    "check_same_rows",
    "check_scores",
    "check_table",
    "check_weights",
    "row_products",
    "unit_values",
]

ROW_SUM_TOLERANCE = 1e-6


def check_categories(n_categories: int) -> int:
    """The number of categories as an int of at least 2."""
    if isinstance(n_categories, (bool, np.bool_)) or not isinstance(n_categories, (int, np.integer)):
        raise TypeError(
            f"n_categories must be an integer, got {n_categories!r}. It counts the categories that exist, "
            "not those present in the labels."
        )
    if n_categories < 2:
        raise ValueError(f"n_categories must be at least 2, got {n_categories}.")
    return int(n_categories)


def check_same_rows(*arrays: np.ndarray) -> None:
    """All arrays have the same number of rows."""
    counts = [len(array) for array in arrays]
    if len(set(counts)) > 1:
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {counts}")


def _what(values: object) -> str:
    """What came in place of numbers, in words."""
    dtype = getattr(values, "dtype", None)
    return type(values).__name__ if dtype is None else f"dtype {dtype}"


def check_codes(name: str, codes, n_categories: int) -> np.ndarray:
    """Labels as int64 codes 0..K-1; `name` is what the message calls them."""
    array = real_numbers(codes)
    if array is None:
        raise TypeError(
            f"{name} must hold integer codes 0..{n_categories - 1}, got {_what(codes)}. "
            "Map the categories to their positions first."
        )
    if array.ndim != 1:
        hint = " One-hot rows? Take their argmax." if array.ndim == 2 and array.shape[1] > 1 else ""
        raise ValueError(f"{name} should be a 1d array of codes, got shape {array.shape}.{hint}")
    if array.size == 0:
        raise ValueError(f"{name} has 0 rows. Give at least one.")
    if np.any(bad := ~np.isfinite(array)):
        raise ValueError(f"{name} contains NaN or infinity: {name_rows(bad)}. Drop those rows.")
    if np.any(bad := array != np.floor(array)):
        first = array[np.argmax(bad)]
        raise ValueError(
            f"{name} is not integer: {name_rows(bad)}, first value {first}. Round to a category first."
        )
    low, high = array.min(), array.max()
    if low < 0 or high >= n_categories:
        bad = (array < 0) | (array >= n_categories)
        hint = ""
        if low >= 1 and high == n_categories:
            hint = f" They look like 1..{n_categories}: subtract 1."
        elif low >= 0:
            hint = " Or is n_categories too small?"
        raise ValueError(
            f"{name} is outside the codes 0..{n_categories - 1} in {name_rows(bad)}, "
            f"first value {array[np.argmax(bad)]:g}.{hint}"
        )
    return array.astype(np.int64)


def check_weights(sample_weight, n_rows: int, kind: str = "frequency") -> np.ndarray | None:
    """Row weights as floats (None stays None): finite, not negative, not all zero."""
    problems = Problems()
    weights = read_weights(sample_weight, kind, n_rows, problems)
    problems.raise_if_any()
    return weights


def check_numbers(name: str, values) -> np.ndarray:
    """Real numbers of any shape as float64."""
    array = real_numbers(values)
    if array is None:
        raise TypeError(f"{name} must be numeric, got {_what(values)}. Pass an array of real numbers.")
    return array


def check_scores(name: str, scores) -> np.ndarray:
    """One finite number per row."""
    array = check_numbers(name, scores)
    if array.ndim != 1:
        raise ValueError(f"{name} should be a 1d array, got shape {array.shape}. Pass one number per row.")
    if array.size == 0:
        raise ValueError(f"{name} has 0 rows. Give at least one.")
    if np.any(bad := ~np.isfinite(array)):
        raise ValueError(f"{name} contains NaN or infinity: {name_rows(bad)}. Drop those rows.")
    return array


def check_table(name: str, probs, n_categories: int | None = None) -> np.ndarray:
    """Category probabilities (n, K): finite, not negative, rows summing to 1 within 1e-6."""
    table = check_numbers(name, probs)
    if table.ndim != 2 or table.shape[0] == 0 or table.shape[1] < 2:
        raise ValueError(f"{name} must be a table (rows, categories), got shape {table.shape}.")
    if n_categories is not None and table.shape[1] != n_categories:
        raise ValueError(
            f"{name} has {table.shape[1]} columns, expected n_categories = {n_categories}. "
            "A category that no training row has still needs its column, of zeros if need be."
        )
    if np.any(bad := ~np.isfinite(table).all(axis=1)):
        raise ValueError(f"{name} contains NaN or infinity: {name_rows(bad)}. Drop those rows.")
    if np.any(bad := (table < 0).any(axis=1)):
        raise ValueError(f"{name} is negative: {name_rows(bad)}. Pass probabilities, not logits.")
    sums = table.sum(axis=1)
    if np.any(bad := np.abs(sums - 1.0) > ROW_SUM_TOLERANCE):
        raise ValueError(
            f"{name} does not sum to 1: {name_rows(bad)}, first sum {sums[np.argmax(bad)]:.9g}. "
            "Divide each row by its sum."
        )
    return table


def row_products(table: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """table (n, K) times matrix (K,) or (K, J), every row by itself.

    A BLAS product may add a row's terms in an order that depends on where the row stands; then two equal
    rows differ in the last bit, a tie is broken, and a label depends on its neighbours. Column after column
    it cannot.
    """
    columns = table if matrix.ndim == 1 else table[:, :, None]
    total = columns[:, 0] * matrix[0]
    for k in range(1, matrix.shape[0]):
        total += columns[:, k] * matrix[k]
    return total


def unit_values(values: np.ndarray) -> np.ndarray:
    """Category values from 0 to 1. No kappa sees their origin or unit; values far from 0 would cost it digits."""
    return (values - values[0]) / (values[-1] - values[0])
