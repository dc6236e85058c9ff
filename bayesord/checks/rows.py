"""Checks on rows: equal lengths, one common index, weights, offset."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks.numbers import real_numbers
from bayesord.checks.problems import Problems, did_you_mean, name_list, name_rows

__all__ = [
    "WEIGHT_KINDS",
    "check_index",
    "check_lengths",
    "check_same_index",
    "check_size",
    "index_of",
    "length_of",
    "positive_rows",
    "read_offset",
    "read_weights",
]

WEIGHT_KINDS = ("frequency", "importance")

MOST_WEIGHT = 1e100
"""Sums of squares of weights stay finite below it, and above 0 beyond its inverse."""


def index_of(values: object) -> pd.Index | None:
    """The row labels of a pandas object, or None."""
    return values.index if isinstance(values, pd.Series | pd.DataFrame) else None


def length_of(values: object) -> int | None:
    """The number of rows of an array, table or list; None for anything else."""
    if isinstance(values, list | tuple | range):
        return len(values)
    shape = getattr(values, "shape", ())
    return int(shape[0]) if len(shape) else None


def check_size(shape: tuple[int, int], name: str, problems: Problems) -> None:
    """At least one row; no columns at all is a model that can be asked for."""
    if shape[0] == 0:
        problems.add(
            f"Found array with 0 sample(s) (shape={tuple(shape)}) while a minimum of 1 is required: {name} "
            "is empty."
        )


def check_lengths(lengths: dict[str, int | None], problems: Problems) -> bool:
    """Whether all inputs have the same number of rows (scikit-learn's words where not)."""
    lengths = {name: n for name, n in lengths.items() if n is not None}
    if len(set(lengths.values())) <= 1:
        return True
    listed = ", ".join(f"{name} has {n}" for name, n in lengths.items())
    problems.add(
        f"Found input variables with inconsistent numbers of samples: {list(lengths.values())}: {listed}. "
        "Give every input one entry per row."
    )
    return False


def check_index(
    first: pd.Index | None, second: pd.Index | None, names: tuple[str, str], problems: Problems
) -> None:
    """pandas inputs must carry the same labels in the same order; nothing is aligned in silence."""
    if first is None or second is None or len(first) != len(second) or first.equals(second):
        return
    a, b = names
    labels = pd.Index([*first, *second], dtype=object, tupleize_cols=False)
    codes = pd.factorize(labels, use_na_sentinel=False)[0]  # by hash: labels of several types have no order
    own, other = codes[: len(first)], codes[len(first) :]
    if (own == other).all():  # equal labels of another dtype
        return
    if (np.sort(own) == np.sort(other)).all():
        where = int(np.flatnonzero(own != other)[0])
        problems.add(
            f"{a} and {b} have the same index labels in another order (first at position {where}: "
            f"{name_list([first[where]])} and {name_list([second[where]])}). Reorder one, for example "
            f"{b} = {b}.loc[{a}.index]."
        )
        return
    strange = list(dict.fromkeys(np.flatnonzero(~np.isin(other, own)).tolist()))
    shown = (
        f"{b} has {name_list([second[i] for i in strange])}, which {a} lacks"
        if strange
        else "labels repeat differently"
    )
    problems.add(
        f"{a} and {b} have different index labels ({shown}). Rows are never matched by position in silence: "
        f"select the same rows, or call .reset_index(drop=True) on both if their order is the same."
    )


def check_same_index(first: object, second: object, names: tuple[str, str]) -> None:
    """Two inputs that are both pandas objects carry the same row labels, in the same order."""
    problems = Problems()
    check_index(index_of(first), index_of(second), names, problems)
    problems.raise_if_any()


def read_weights(
    sample_weight: object, kind: str, n: int, problems: Problems, index: pd.Index | None = None
) -> np.ndarray | None:
    """Weights as float64 of shape (n,), or None where there are none (or they are unusable)."""
    if not isinstance(kind, str) or kind not in WEIGHT_KINDS:
        problems.add(
            f"weights={kind!r} is unknown: use 'frequency' or 'importance'."
            + did_you_mean(kind, WEIGHT_KINDS)
        )
    if sample_weight is None:
        return None
    values = _read_numbers(sample_weight, "sample_weight", n, problems, index)
    if values is None:
        return None
    negative = values < 0
    if negative.any():
        problems.add(
            f"Negative values in data passed to `sample_weight`: {name_rows(negative, index)}, "
            f"first {values[negative][0]:g}. Weights count rows: use 0 to leave a row out."
        )
    if negative.any() or not np.isfinite(values).all():
        return None
    largest = values.max(initial=0.0)
    if n and largest == 0:
        problems.add(
            "sample_weight is 0 in every row: with zero weight nothing is left. Give some row a positive weight."
        )
        return None
    if n and not 1 / MOST_WEIGHT <= largest <= MOST_WEIGHT:
        problems.add(
            f"sample_weight has the maximum {largest:g}; weights above {MOST_WEIGHT:g} overflow, and such as are all "
            f"below {1 / MOST_WEIGHT:g} vanish. Multiply them all by a constant."
        )
        return None
    return values


def read_offset(
    offset: object, n: int, problems: Problems, index: pd.Index | None = None, keep: np.ndarray | None = None
) -> np.ndarray | None:
    """The offset of the linear predictor as float64 of shape (n,), or None; rows outside `keep` may hold anything."""
    values = None if offset is None else _read_numbers(offset, "offset", n, problems, index, keep)
    usable = values is not None and np.isfinite(values if keep is None else values[keep]).all()
    return values if usable else None


def positive_rows(sample_weight: object, n: int | None) -> np.ndarray | None:
    """Rows that take part, (n,) bool, as far as it can be told before the weights are checked; None for all.

    Where all weights are 0 that is a fault of its own, and no reason to leave others unsaid.
    """
    weights = None if sample_weight is None else real_numbers(sample_weight)
    return weights != 0 if weights is not None and weights.shape == (n,) and weights.any() else None


def _read_numbers(
    values: object,
    name: str,
    n: int,
    problems: Problems,
    index: pd.Index | None,
    keep: np.ndarray | None = None,
) -> np.ndarray | None:
    """One real number per row, float64, a copy; those that are not finite are reported."""
    array = real_numbers(values)
    if array is None:
        problems.add(f"{name} must be real numbers, one per row; got {_no_number(values)}.", TypeError)
        return None
    shape = array.shape
    if shape != (n,):
        hint = (
            " Sample weights must be 1D array or scalar."
            if name == "sample_weight" and len(shape) > 1
            else ""
        )
        problems.add(f"{name}.shape == {shape}, expected {(n,)}!{hint} Give one number per row.")
        return None
    for bad, word in ((np.isnan(array), "NaN"), (np.isinf(array), "infinity")):
        bad = bad if keep is None else bad & keep
        if bad.any():
            problems.add(
                f"Input {name} contains {word}: {name_rows(bad, index)}. Give a finite number for every row."
            )
    check_index(index, index_of(values), ("the data", name), problems)
    return array.copy()


def _no_number(values: object) -> str:
    """The first value that is no real number, or the type of what holds no values."""
    if isinstance(values, list | tuple) or (isinstance(values, np.ndarray | pd.Series) and values.ndim == 1):
        for value in values:
            if real_numbers(value) is None:
                return f"{value!r} among them"
    return type(values).__name__
