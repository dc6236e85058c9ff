"""The categories of a response: which labels there are, and in which order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks.problems import Problems, name_list, name_rows

__all__ = ["LabelTable", "find_order", "plain"]


class LabelTable:
    """The distinct labels of a response (Python objects) and, for each row, which one it has."""

    def __init__(self, series: pd.Series, positions: np.ndarray, name: str, index: pd.Index | None) -> None:
        self.dtype, self.positions, self.name, self.index = series.dtype, positions, name, index
        if isinstance(series.dtype, pd.CategoricalDtype):
            used = series.cat.remove_unused_categories()
            self.inverse = used.cat.codes.to_numpy().astype(np.int64)
            self.labels = [plain(label) for label in used.cat.categories]
        else:
            inverse, distinct = pd.factorize(series)
            self.inverse = inverse.astype(np.int64)
            self.labels = [plain(label) for label in distinct]

    def rows_of(self, label: object) -> str:
        return name_rows(self.positions[self.inverse == self.labels.index(label)], self.index)


def find_order(
    table: LabelTable, declared: list | None, problems: Problems
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
            "`categories=` with the labels from lowest to highest, or use .cat.as_ordered() if its order is "
            "meant."
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
            f"{name} holds strings, so their order is unknown: pass categories=['low', 'mid', 'high'] "
            f"(yours: {name_list(alphabetical)}) or an ordered Categorical. "
            f"Lexicographic order would be {'<'.join(alphabetical[:5])}."
        )
    elif kinds == {"complex"}:
        problems.add(f"Complex data not supported: {name}. Pass integers or an ordered Categorical.")
    elif len(kinds) == 1:
        problems.add(
            f"{name} holds {type(labels[0]).__name__} values (first {labels[0]!r}), which have no order "
            "here. Pass integers, an ordered Categorical, or `categories=`.",
            TypeError,
        )
    else:
        examples = [next(label for label in labels if _kind(label) == kind) for kind in sorted(kinds)]
        problems.add(f"{name} mixes types: {name_list(examples)}. Give all labels one type.", TypeError)
    return None, [], False


def _own_order(table: LabelTable) -> list | None:
    dtype = table.dtype
    ordered = isinstance(dtype, pd.CategoricalDtype) and dtype.ordered
    return [plain(label) for label in dtype.categories] if ordered else None


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


def _order_of_numbers(table: LabelTable, problems: Problems) -> tuple[list | None, list[str], bool]:
    labels, name = table.labels, table.name
    broken = [label for label in labels if not isinstance(label, int) and not label.is_integer()]
    if broken:
        problems.add(
            f"Unknown label type: continuous (first {broken[0]!r}, {table.rows_of(broken[0])}). {name} must "
            "hold ordered categories: cut it with pd.cut(..., ordered=True), or pass `categories=`."
        )
        return None, [], False
    seen = sorted(int(label) for label in labels)
    low, high = seen[0], seen[-1]
    if len(seen) <= high - low:
        problems.add(f"{name} has integers with gaps ({_gaps(seen)}")
        return None, [], False
    kind = "integer-valued floats" if "float" in {_kind(label) for label in labels} else "integers"
    notes = [] if len(seen) < 2 else [f"{name}: {kind} {low}..{high} read as {len(seen)} ordered categories"]
    return seen, notes, False


def _gaps(seen: list[int]) -> str:
    """What is missing among sorted integers, and the two ways to say what was meant."""
    low, high = seen[0], seen[-1]
    if high - low > 1000:
        return (
            f"{len(seen)} values between {low:g} and {high:g}): are they labels? Pass `categories=` in order."
        )
    absent = next(value for value in range(low, high) if value not in set(seen))
    full = f"categories=list(range({low}, {high + 1})) (K = {high - low + 1})"
    gapped = f"categories={seen} (K = {len(seen)})" if len(seen) <= 10 else "the labels that exist"
    return (
        f"{name_list(seen)}; {absent} is missing): either a category that nobody chose, or labels that are "
        f"not consecutive. Say which: {full}, or {gapped}."
    )


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


def plain(label: object) -> object:
    return label.item() if isinstance(label, np.generic) and label.dtype.kind in "biufcSU" else label
