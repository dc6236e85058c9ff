"""The labels of a grouping factor: whole numbers, strings or truth values, read from one column or several."""

from __future__ import annotations

from numbers import Number

import numpy as np
import pandas as pd

from bayesord.checks import Problems, column_kind, did_you_mean, name_list, name_rows

__all__ = ["Labelled", "join", "read_labels"]


class Labelled:
    """Rows that carry labels: `codes` (n,) into `values`, the labels that occur, in order."""

    def __init__(self, codes: np.ndarray, values: list) -> None:
        self.codes, self.values = codes, values


def read_labels(data: pd.DataFrame, names: tuple[str, ...], problems: Problems) -> Labelled | None:
    """The labels of a factor of one column or several; those of several are tuples. None where they cannot be read.

    Labels are in the order of a Categorical, else sorted; combinations in the order of their parts.
    """
    columns = [_read_column(data, name, problems) for name in names]
    if any(column is None for column in columns):
        return None
    if len(columns) == 1:
        return columns[0]
    codes = np.zeros(len(data), dtype=np.int64)
    combinations = [()]
    for column in columns:
        # renumbered after every column: the product of many numbers of levels need not fit an integer
        both, codes = np.unique(codes * len(column.values) + column.codes, return_inverse=True)
        before, last = np.divmod(both, max(len(column.values), 1))
        combinations = [
            (*combinations[i], column.values[j]) for i, j in zip(before.tolist(), last.tolist(), strict=True)
        ]
    return Labelled(codes.astype(np.int64), combinations)


def join(label: object) -> object:
    """A label as the posterior names it: a combination of values joined by colons.

    Examples
    --------
    >>> join(("north", 3)), join(3)
    ('north:3', 3)
    """
    return ":".join(str(value) for value in label) if isinstance(label, tuple) else label


def _read_column(data: pd.DataFrame, name: str, problems: Problems) -> Labelled | None:
    found = int((data.columns == name).sum())
    if found == 0:
        hint = did_you_mean(name, [str(column) for column in data.columns])
        problems.add(
            f"new data lack the column {name!r} that the formula groups by.{hint} For predictions that leave "
            "group effects out, pass group_effects=False."
        )
        return None
    if found > 1:
        problems.add(f"data have duplicate column names: {name!r}. Give every column its own name.")
        return None
    column = data[name]
    absent = column.isna().to_numpy()
    if absent.any():
        problems.add(
            f"Input data contains NaN: column {name!r}, {name_rows(absent, data.index)}. Drop these rows, or give "
            "them a group of their own."
        )
        return None
    if isinstance(column.dtype, pd.CategoricalDtype):
        used = column.cat.remove_unused_categories().cat
        codes, values, ordered = used.codes.to_numpy(), used.categories.tolist(), True
    else:
        kind = column_kind(column)
        if kind not in {"numeric", "factor", "empty"}:
            problems.add(
                f"column {name!r} cannot tell groups apart: it holds {_WORDS.get(kind, 'values of no known kind')}. "
                f"Make strings of them: data[{name!r}] = data[{name!r}].astype(str).",
                TypeError,
            )
            return None
        codes, values = pd.factorize(column)
        values, ordered = values.tolist(), False
    return _labelled(name, codes, values, ordered, data.index, problems)


_WORDS = {"dates": "dates or durations", "complex": "complex numbers", "mixed": "numbers and strings"}


def _labelled(name, codes, values, ordered, index, problems) -> Labelled | None:
    labels = [_label(value) for value in values]
    strange = [i for i, label in enumerate(labels) if label is None]
    if strange:
        what = values[strange[0]]
        rows = name_rows(np.isin(codes, strange), index)
        problems.add(
            f"column {name!r} cannot tell groups apart: {what!r} ({rows}) is neither a whole number nor a string. "
            "If it is a label make strings of the column; a number is a predictor, not a group."
        )
        return None
    if len({isinstance(label, str) for label in labels}) > 1:
        problems.add(
            f"column {name!r} mixes strings and numbers: {name_list(labels)}. Make all of them strings."
        )
        return None
    if not ordered:
        order = sorted(range(len(labels)), key=labels.__getitem__)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        codes, labels = place[codes], [labels[i] for i in order]
    return Labelled(np.asarray(codes, dtype=np.int64), labels)


def _label(value: object) -> object:
    """The value as a string, bool or int; None where it is neither."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, np.bool_):
        return bool(value)
    whole = isinstance(value, Number) and not isinstance(value, complex) and float(value).is_integer()
    return int(value) if whole else None
