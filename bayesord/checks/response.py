"""Reading the response: ordered answers of every kind to codes 0..K-1, or a list of what is wrong."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from bayesord.checks.covariates import native
from bayesord.checks.labels import LabelTable, find_order, plain
from bayesord.checks.problems import Problems, did_you_mean, name_list, name_rows

__all__ = ["Response", "read_categories", "read_codes", "read_response"]

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
        categories, list | tuple | range | np.ndarray | pd.Index | pd.Series
    ):
        kind = "a string" if isinstance(categories, str) else type(categories).__name__
        problems.add(
            f"`categories` must be the labels in order, such as ['low', 'mid', 'high']; got {kind}.",
            TypeError,
        )
        return None
    labels = [plain(label) for label in categories]
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
    settled: bool = False,
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
    settled : bool
        The categories are those of a fit, which a message does not ask to change.

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
            f"Input {name} contains NaN: {name_rows(positions[missing], index)}. A missing answer is never "
            "imputed: drop these rows."
        )
        series, positions = series[~missing], positions[~missing]
    if len(series) == 0:
        return None
    try:
        table = LabelTable(series, positions, name, index)
    except TypeError:
        problems.add(
            f"{name} holds values that cannot be labels, such as lists. Give one label per row.", TypeError
        )
        return None
    order, notes, closed = find_order(table, declared, problems)
    if order is None:
        return None
    code_of = {label: code for code, label in enumerate(order)}
    strange = [label for label in table.labels if label not in code_of]
    if strange:
        _report_strange(table, strange, order, settled, problems)
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


def read_codes(labels: object, categories: tuple, name: str = "labels") -> np.ndarray:
    """Labels of categories that are settled already, as codes 0..K-1; (n,) int64.

    Raises
    ------
    ValueError, TypeError
        For labels that are no category, holes, no labels at all, more than one column.
    """
    problems = Problems()
    response = read_response(labels, problems, categories=list(categories), name=name, settled=True)
    problems.raise_if_any()
    if response is None:
        raise ValueError(f"Found array with 0 sample(s): {name} is empty. Give one label per row.")
    return response.codes


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
        return native(y.iloc[:, 0]), True
    if isinstance(y, pd.Series):
        return native(y), False
    if isinstance(y, pd.Categorical | pd.api.extensions.ExtensionArray | pd.Index):
        return pd.Series(y), False
    if not (isinstance(y, list | tuple | range) or hasattr(y, "__array__")):
        problems.add(
            f"{name} must be a Series, an array or a list of answers; got {type(y).__name__}.", TypeError
        )
        return None, False
    if isinstance(y, np.ma.MaskedArray):
        y = np.where(np.ma.getmaskarray(y), None, y.data.astype(object))
    try:
        array = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim == 2 and array.shape[1] == 1:
        return native(pd.Series(array[:, 0])), True
    if array.ndim != 1:
        hint = ""
        if array.ndim == 2 and array.shape[1] > 1 and _is_one_hot(array):
            hint = " It looks one-hot encoded: use y.argmax(axis=1)."
        problems.add(f"y should be a 1d array, got an array of shape {array.shape} instead.{hint}")
        return None, False
    return native(pd.Series(array)), False


def _is_one_hot(array: np.ndarray) -> bool:
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return bool(np.isin(numbers, (0.0, 1.0)).all() and (numbers.sum(axis=1) == 1).all())


def _report_strange(table: LabelTable, strange: list, order: list, settled: bool, problems: Problems) -> None:
    where = "the categories" if settled else "`categories`"
    remedy = "Give labels of these categories" if settled else "Add it in order, or drop those rows"
    for label in strange[:5]:
        hint = _near_miss(label, order)
        problems.add(
            f"response {table.name!r} has category {label!r} that is not in {where} {order[:20]}; "
            f"{table.rows_of(label)}.{hint} {remedy}."
        )
    if len(strange) > 5:
        problems.add(f"{len(strange) - 5} more labels of {table.name!r} are not in {where}.")


def _near_miss(label: object, order: list) -> str:
    same_text = [known for known in order if str(known) == str(label)]
    if same_text:
        types = type(label).__name__, type(same_text[0]).__name__
        return f" It is of type {types[0]}, and the category of type {types[1]}."
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
        beside = "it" if len(empty) == 1 else "them"
        said.append(f"{name}: {levels} 0 observations: cutpoints next to {beside} are set by the prior.")
    if not explicit and (len(order) > MOST_CATEGORIES or len(order) > answers / 2):
        said.append(
            f"{name} has {len(order)} categories in {answers:g} rows: it looks continuous, or like an id. "
            "Merge categories, or pass `categories=` if this is meant."
        )
    return said


def _is_missing(label: object) -> bool:
    missing = pd.isna(label)
    return bool(missing) if isinstance(missing, bool | np.bool_) else False
