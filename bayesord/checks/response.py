"""Reading the response: ordered answers of every kind to codes 0..K-1, or a list of what is wrong."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from bayesord.checks.problems import Problems, did_you_mean, name_list, name_rows

__all__ = ["Response", "read_categories", "read_response"]

MOST_CATEGORIES = 50

COLUMN_VECTOR = (
    "A column-vector y was passed when a 1d array was expected. "
    "Please change the shape of y to (n_samples,), for example using ravel()."
)


@dataclass(frozen=True)
class Response:
    """Codes of the rows kept, the K categories in order, notes to say once and sentences to warn with."""

    codes: np.ndarray
    categories: tuple
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    column_vector: bool = False


def read_categories(categories: object, problems: Problems) -> list | None:
    """The declared categories as a list of distinct labels, or None where they are unusable."""
    if isinstance(categories, pd.CategoricalDtype):
        categories = categories.categories
    if isinstance(categories, str) or not isinstance(
        categories, list | tuple | np.ndarray | pd.Index | pd.Series
    ):
        kind = "a string" if isinstance(categories, str) else type(categories).__name__
        problems.add(
            f"`categories` must be the labels in order, such as ['low', 'mid', 'high']; got {kind}.",
            TypeError,
        )
        return None
    labels = [_plain(label) for label in np.asarray(categories, dtype=object).ravel()]
    if not all(isinstance(label, Hashable) for label in labels) or any(
        _is_missing(label) for label in labels
    ):
        problems.add("`categories` holds a missing or unhashable label. Name each category once, in order.")
        return None
    if len(set(labels)) < len(labels):
        repeated = [label for i, label in enumerate(labels) if label in labels[:i]]
        problems.add(f"`categories` repeats {name_list(repeated)}. Name each category once, in order.")
        return None
    if len(labels) < 2:
        problems.add(f"`categories` has {len(labels)} label; an ordered response needs at least 2 classes.")
        return None
    return labels


def read_response(
    y: object,
    problems: Problems,
    *,
    categories: object = None,
    keep: np.ndarray | None = None,
    name: str = "y",
    index: pd.Index | None = None,
    total_weight: float | None = None,
) -> Response | None:
    """Read ordered answers.

    Parameters
    ----------
    y : Series, Categorical, ndarray or list, shape (n,)
    problems : Problems
        What is wrong is added here.
    categories : sequence of labels, optional
        All K labels from lowest to highest, also those that no row has.
    keep : ndarray of bool, shape (n,), optional
        Rows that take part.
    name : str
        What messages call the response.
    index : Index, optional
        Row labels for messages.
    total_weight : float, optional
        The number of answers that the rows stand for.

    Returns
    -------
    Response or None
        Codes cover the rows kept, in order.
    """
    declared = None if categories is None else read_categories(categories, problems)
    if categories is not None and declared is None:
        return None
    series, column_vector = _as_series(y, name, problems)
    if series is None:
        return None
    positions = np.arange(len(series)) if keep is None else np.flatnonzero(keep)
    if keep is not None:
        series = series.iloc[positions]
    missing = series.isna().to_numpy()
    if missing.any():
        problems.add(
            f"Input {name} contains NaN: {name_rows(positions[missing], index)}. A missing answer is never imputed: "
            "drop these rows."
        )
        series, positions = series[~missing], positions[~missing]
    if len(series) == 0:
        return None
    table = _Table(series, positions, name, index)
    order, notes, closed = _find_order(table, declared, problems)
    if order is None:
        return None
    code_of = {label: code for code, label in enumerate(order)}
    strange = [label for label in table.labels if label not in code_of]
    if strange:
        _report_strange(table, strange, order, problems)
        return None
    codes = np.array([code_of[label] for label in table.labels], dtype=np.int64)[table.inverse]
    said = _warnings(codes, order, name, explicit=declared is not None, answers=total_weight or len(codes))
    if len(table.labels) < 2 and not closed:
        problems.add(
            f"{name} has 1 class, {table.labels[0]!r}, and an ordered response needs at least 2 classes. "
            "Pass `categories=` with all labels in order if the others are only unobserved."
        )
        return None
    return Response(codes, tuple(order), tuple(notes), tuple(said), column_vector)


class _Table:
    """The distinct labels of a response (Python objects) and, for each row, which one it has."""

    def __init__(self, series: pd.Series, positions: np.ndarray, name: str, index: pd.Index | None) -> None:
        self.dtype, self.positions, self.name, self.index = series.dtype, positions, name, index
        if isinstance(series.dtype, pd.CategoricalDtype):
            used = series.cat.remove_unused_categories()
            self.inverse = used.cat.codes.to_numpy().astype(np.int64)
            self.labels = [_plain(label) for label in used.cat.categories]
        else:
            inverse, distinct = pd.factorize(series)
            self.inverse = inverse.astype(np.int64)
            self.labels = [_plain(label) for label in distinct]

    def rows_of(self, label: object) -> str:
        return name_rows(self.positions[self.inverse == self.labels.index(label)], self.index)


def _as_series(y: object, name: str, problems: Problems) -> tuple[pd.Series | None, bool]:
    """y as a Series of its own dtype; True where it came as one column of a table."""
    if y is None:
        problems.add(f"This model requires {name} to be passed, but the target {name} is None.")
        return None, False
    if sparse.issparse(y):
        problems.add(
            "Sparse data was passed for y, but dense data is required. Use '.toarray().ravel()'.", TypeError
        )
        return None, False
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        return y.iloc[:, 0], True
    if isinstance(y, pd.Series):
        return y, False
    if isinstance(y, pd.Categorical | pd.api.extensions.ExtensionArray | pd.Index):
        return pd.Series(y), False
    if isinstance(y, np.ma.MaskedArray):
        y = y.astype(object).filled(None)
    try:
        array = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim == 2 and array.shape[1] == 1:
        return pd.Series(array[:, 0]), True
    if array.ndim != 1:
        hint = ""
        if array.ndim == 2 and array.shape[1] > 1 and _is_one_hot(array):
            hint = " It looks one-hot encoded: use y.argmax(axis=1)."
        problems.add(f"y should be a 1d array, got an array of shape {array.shape} instead.{hint}")
        return None, False
    return pd.Series(array), False


def _is_one_hot(array: np.ndarray) -> bool:
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return bool(np.isin(numbers, (0.0, 1.0)).all() and (numbers.sum(axis=1) == 1).all())


def _find_order(
    table: _Table, declared: list | None, problems: Problems
) -> tuple[list | None, list[str], bool]:
    """The K labels in order, what to say once, and whether K was declared rather than seen."""
    name = table.name
    own_order = _own_order(table)
    if declared is not None:
        _check_agreement(own_order, declared, name, problems)
        return declared, [], True
    if own_order is not None:
        return own_order, [], True
    labels = table.labels
    if isinstance(table.dtype, pd.CategoricalDtype):
        problems.add(
            f"{name} is an unordered Categorical, so the order of {name_list(labels)} is unknown. Pass "
            f"`categories=` with the labels from lowest to highest, or use .cat.as_ordered() if its order is meant."
        )
        return None, [], False
    kinds = {_kind(label) for label in labels}
    if kinds == {"bool"}:
        return [False, True], [], len(labels) == 2
    if kinds == {"int"} or kinds == {"int", "float"} or kinds == {"float"}:
        return _order_of_numbers(table, problems)
    if kinds == {"str"}:
        alphabetical = sorted(labels)
        problems.add(
            f"{name} holds strings, so their order is unknown: pass categories=['low', 'mid', 'high'] (yours: "
            f"{name_list(alphabetical)}) or an ordered Categorical. "
            f"Lexicographic order would be {'<'.join(alphabetical[:5])}."
        )
    elif kinds == {"complex"}:
        problems.add(f"Complex data not supported: {name}. Pass integers or an ordered Categorical.")
    elif len(kinds) == 1:
        problems.add(
            f"{name} holds {type(labels[0]).__name__} values (first {labels[0]!r}), which have no order here. "
            "Pass integers, an ordered Categorical, or `categories=`.",
            TypeError,
        )
    else:
        examples = [next(label for label in labels if _kind(label) == kind) for kind in sorted(kinds)]
        problems.add(f"{name} mixes types: {name_list(examples)}. Give all labels one type.", TypeError)
    return None, [], False


def _own_order(table: _Table) -> list | None:
    dtype = table.dtype
    ordered = isinstance(dtype, pd.CategoricalDtype) and dtype.ordered
    return [_plain(label) for label in dtype.categories] if ordered else None


def _check_agreement(own_order: list | None, declared: list, name: str, problems: Problems) -> None:
    """An ordered Categorical and `categories=` may not contradict each other."""
    if own_order is None:
        return
    common = [label for label in own_order if label in declared]
    if common != [label for label in declared if label in own_order]:
        problems.add(
            f"{name} is an ordered Categorical with the order {name_list(own_order)}, but `categories` says "
            f"{name_list(declared)}. Leave out `categories`, or reorder the Categorical."
        )


def _order_of_numbers(table: _Table, problems: Problems) -> tuple[list | None, list[str], bool]:
    labels, name = table.labels, table.name
    broken = [label for label in labels if not np.isfinite(label) or label != int(label)]
    if broken:
        problems.add(
            f"Unknown label type: continuous (first {broken[0]!r}, {table.rows_of(broken[0])}). {name} must hold "
            "ordered categories: cut it with pd.cut(..., ordered=True), or pass `categories=`."
        )
        return None, [], False
    seen = sorted(int(label) for label in labels)
    low, high = seen[0], seen[-1]
    if len(seen) <= high - low:
        absent = next(value for value in range(low, high) if value not in set(seen))
        full = f"categories=list(range({low}, {high + 1})) (K = {high - low + 1})"
        gapped = f"categories={seen} (K = {len(seen)})" if len(seen) <= 10 else "the labels that exist"
        problems.add(
            f"{name} has integers with gaps ({name_list(seen)}; {absent} is missing): either a category that nobody "
            f"chose, or labels that are not consecutive. Say which: {full}, or {gapped}."
        )
        return None, [], False
    kind = "integer-valued floats" if "float" in {_kind(label) for label in labels} else "integers"
    notes = [] if len(seen) < 2 else [f"{name}: {kind} {low}..{high} read as {len(seen)} ordered categories"]
    return seen, notes, False


def _report_strange(table: _Table, strange: list, order: list, problems: Problems) -> None:
    for label in strange[:5]:
        hint = _near_miss(label, order)
        problems.add(
            f"response {table.name!r} has category {label!r} that is not in `categories` {order[:20]}; "
            f"{table.rows_of(label)}.{hint} Add it in order, or drop those rows."
        )
    if len(strange) > 5:
        problems.add(f"{len(strange) - 5} more labels of {table.name!r} are not in `categories`.")


def _near_miss(label: object, order: list) -> str:
    same_text = [known for known in order if str(known) == str(label)]
    if same_text:
        return f" It is a {type(label).__name__}, and the category is a {type(same_text[0]).__name__}."
    hint = did_you_mean(label, order)
    if hint and any(str(known).strip() == str(label).strip() for known in order):
        hint = hint[:-1] + " (they differ in spaces)?"
    return hint


def _warnings(codes: np.ndarray, order: list, name: str, *, explicit: bool, answers: float) -> list[str]:
    said = []
    counts = np.bincount(codes, minlength=len(order))
    empty = [label for label, count in zip(order, counts, strict=True) if count == 0]
    if empty:
        levels = f"level {empty[0]!r} has" if len(empty) == 1 else f"levels {name_list(empty)} have"
        said.append(f"{name}: {levels} 0 observations: cutpoints next to it are set by the prior.")
    if not explicit and (len(order) > MOST_CATEGORIES or len(order) > answers / 2):
        said.append(
            f"{name} has {len(order)} categories in {answers:g} rows: it looks continuous, or like an id. "
            "Merge categories, or pass `categories=` if this is meant."
        )
    return said


def _kind(label: object) -> str:
    for kind, types in (
        ("bool", bool | np.bool_),
        ("int", int | np.integer),
        ("float", float | np.floating),
        ("str", str),
        ("complex", complex | np.complexfloating),
    ):
        if isinstance(label, types):
            return kind
    return type(label).__name__


def _plain(label: object) -> object:
    return label.item() if isinstance(label, np.generic) and label.dtype.kind in "biufcSU" else label


def _is_missing(label: object) -> bool:
    missing = pd.isna(label)
    return bool(missing) if isinstance(missing, bool | np.bool_) else False
