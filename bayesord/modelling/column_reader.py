"""The columns that a formula uses, read from a DataFrame: checked, factors with the levels of training, the rest as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayesord.checks import (
    Problems,
    column_kind,
    did_you_mean,
    infinity_hint,
    name_list,
    name_rows,
    to_float,
)
from bayesord.modelling.expressions import Columns
from bayesord.modelling.syntax import Part

__all__ = ["ColumnReader"]


class ColumnReader:
    """Reads the columns of training rows, learns the levels of factors, and holds new rows to them.

    Parameters
    ----------
    part : Part
        The columns used, and how.

    Attributes
    ----------
    levels : dict
        The levels of each factor, in order.
    numbers : tuple of str
        The columns that held numbers in training; those of them with levels are read both ways.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.levels: dict[str, tuple] = {}
        self.numbers: tuple[str, ...] = ()

    def learn(self, data: pd.DataFrame, problems: Problems) -> Columns | None:
        """The columns of the training rows, or None where something is wrong with them."""
        before = len(problems.found)
        if self._acceptable(data, self.part.names, problems):
            self._learn_levels(data, problems)
            self.numbers = tuple(name for name in self.part.names if _is_number(data[name]))
        return self._columns(data, self.part.names) if len(problems.found) == before else None

    def rows(self, data: pd.DataFrame, names: list[str], problems: Problems) -> Columns | None:
        """The columns of new rows, of the names given, or None where something is wrong with them."""
        missing = [name for name in names if name not in data.columns]
        for name in missing:
            hint = did_you_mean(name, [str(column) for column in data.columns])
            problems.add(f"new data lack the column {name!r} that the formula uses.{hint}")
        there = [name for name in names if name not in missing]
        if not self._acceptable(data, there, problems) or missing:
            return None
        return self._columns(data, names) if self._known_levels(data, names, problems) else None

    def stand_in(self) -> Columns:
        """Rows that have every level and no other meaning: what learns the same coding as the training rows."""
        n = max((len(levels) for levels in self.levels.values()), default=1)
        factors = {
            name: pd.Categorical.from_codes(np.arange(n) % len(levels), list(levels), ordered=True)
            for name, levels in self.levels.items()
        }
        values = {name: np.ones(n) if name in self.numbers else factors[name] for name in self.part.names}
        return Columns(n, values, factors)

    def _acceptable(self, data: pd.DataFrame, names: list[str], problems: Problems) -> bool:
        """Every column that is used has one name, a type that has a meaning here, and no holes."""
        before = len(problems.found)
        repeated = [name for name in names if (data.columns == name).sum() > 1]
        if repeated:
            problems.add(
                f"data have duplicate column names: {name_list(repeated)}. Give every column its own name."
            )
            return False
        holes, infinite = [], []
        for name in names:
            column = data[name]
            kind = column_kind(column)
            if name not in self.levels:  # for a known factor the comparison with its levels says more
                self._check_kind(name, kind, column, problems)
            absent = column.isna().to_numpy()
            if absent.any():
                holes.append(f"column {name!r}, {name_rows(absent, data.index)}")
            elif kind == "numeric" and (wild := np.isinf(to_float(column))).any():
                infinite.append(
                    (f"column {name!r}, {name_rows(wild, data.index)}", infinity_hint(column.dtype))
                )
        if holes:
            problems.add(f"Input data contains NaN: {'; '.join(holes)}. Drop or impute first.")
        for remedy in dict.fromkeys(hint for _, hint in infinite):
            where = "; ".join(said for said, hint in infinite if hint == remedy)
            problems.add(f"Input data contains infinity: {where}. {remedy}.")
        return len(problems.found) == before

    def _check_kind(self, name: str, kind: str, column: pd.Series, problems: Problems) -> None:
        if kind == "dates":
            problems.add(
                f"column {name!r} holds dates or durations: pass elapsed time as a number, for example "
                f"data[{name!r}] = (data[{name!r}] - data[{name!r}].min()).dt.days.",
                TypeError,
            )
        elif kind == "complex":
            problems.add(f"Complex data not supported: column {name!r}. Make two columns of it.")
        elif kind in {"mixed", "other"}:
            found = sorted({type(value).__name__ for value in column[~column.isna()]})
            problems.add(
                f"column {name!r} mixes or holds types without a meaning here: {name_list(found)}. Make numbers or "
                "strings of all its values.",
                TypeError,
            )
        elif kind == "factor" and name in self.part.numbers:
            first = next(iter(column[~column.isna()]), None)
            problems.add(
                f"column {name!r} is not numeric (first value {first!r}), but {self.part.numbers[name]}() "
                "computes with it. Use it as a factor, or convert it."
            )
        elif kind == "numeric" and name in self.part.compared:
            problems.add(
                f"column {name!r} is numeric, but {self.part.compared[name]}() compares it with a string. "
                "Compare it with a number, or make strings of it."
            )

    def _learn_levels(self, data: pd.DataFrame, problems: Problems) -> None:
        """The levels of every factor, in the order of its Categorical, else sorted; unused ones do not count."""
        for name in self.part.names:
            column = data[name]
            is_factor = column_kind(column) == "factor"
            if not is_factor and name not in self.part.factors:
                continue
            if isinstance(column.dtype, pd.CategoricalDtype):
                levels = column.cat.remove_unused_categories().cat.categories.tolist()
            else:
                levels = sorted(column.unique().tolist())
            self.levels[name] = tuple(levels)
            if len(levels) < 2 and (name in self.part.terms or name in self.part.factors):
                problems.add(
                    f"factor {name!r} has the single level {levels[0]!r} and so is constant: the cutpoints "
                    "already play that role. Drop it."
                )

    def _known_levels(self, data: pd.DataFrame, names: list[str], problems: Problems) -> bool:
        known = True
        for name in names:
            levels = self.levels.get(name)
            if levels is None:
                continue
            column = data[name]
            try:
                strange = [value for value in column.unique().tolist() if value not in levels]
            except TypeError:  # lists and the like
                self._check_kind(name, "other", column, problems)
                known = False
                continue
            for value in strange[:5]:
                rows = name_rows((column == value).to_numpy(dtype=bool), data.index)
                problems.add(
                    f"column {name!r} has the value {name_list([value])} ({rows}), which the training rows did not "
                    f"have. Known levels: {name_list(levels, 20)}.{did_you_mean(value, levels)}"
                )
            if len(strange) > 5:
                problems.add(f"{len(strange) - 5} more values of column {name!r} are new as well.")
            known &= not strange
        return known and self._same_kinds(data, names, problems)

    def _same_kinds(self, data: pd.DataFrame, names: list[str], problems: Problems) -> bool:
        """A column that was a number in training must be one now."""
        before = len(problems.found)
        for name in {**self.part.terms, **self.part.numbers}:
            if name in names and name not in self.levels and column_kind(data[name]) == "factor":
                problems.add(
                    f"column {name!r} is not numeric (first value {name_list([data[name].iloc[0]])}), but it was in "
                    "training. Convert it."
                )
        return len(problems.found) == before

    def _columns(self, data: pd.DataFrame, names: list[str]) -> Columns:
        values: dict[str, np.ndarray | pd.Categorical] = {}
        factors: dict[str, pd.Categorical] = {}
        for name in names:
            if name in self.levels:
                factors[name] = _as_factor(data[name], list(self.levels[name]))
            values[name] = to_float(data[name]) if _is_number(data[name]) else factors[name]
        return Columns(len(data), values, factors)


def _is_number(column: pd.Series) -> bool:
    return column_kind(column) in {"numeric", "empty"}


def _as_factor(column: pd.Series, levels: list) -> pd.Categorical:
    """An ordered Categorical, because formulae sorts the levels of any other by the alphabet."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.set_categories(levels, ordered=True).array
    return pd.Categorical(column, categories=levels, ordered=True)
