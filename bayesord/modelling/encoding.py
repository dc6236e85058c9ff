"""A formula met with data: the map from a DataFrame to the columns of X, learned once, applied to new "
"rows."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from formulae.environment import Environment
from formulae.terms import Intercept

from bayesord.checks import Problems, column_kind, did_you_mean, name_list, name_rows, to_float
from bayesord.modelling.calls import Formula
from bayesord.modelling.expressions import Columns, Learned, build_terms, evaluate
from bayesord.modelling.transforms import Basis

__all__ = ["FormulaMap"]

_EMPTY = Environment([{}])


class FormulaMap:
    """Codes factors, applies transforms and multiplies interactions as the training rows taught it.

    Parameters
    ----------
    formula : Formula
        Parsed and checked.

    Attributes
    ----------
    predictors : tuple of str
        Names of the columns of X, such as ``"temp[warm]"``; known once the training rows are.
    levels : dict
        The levels of each factor, in order.
    """

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.levels: dict[str, tuple] = {}
        self.predictors: tuple[str, ...] = ()
        self._terms: list = []
        self._learned = Learned()

    def learn(
        self, data: pd.DataFrame, weights: np.ndarray | None, problems: Problems
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Learn the map from the training rows.

        Parameters
        ----------
        data : DataFrame, n rows
            Those of weight 0 already left out.
        weights : ndarray, shape (n,), optional
        problems : Problems
            What is wrong with the data is added here.

        Returns
        -------
        X : ndarray, shape (n, p)
        offset : ndarray, shape (n,), or None
            The sum of the offset() terms.
        """
        nothing = np.empty((len(data), 0)), None
        before = len(problems.found)
        if self._acceptable(data, problems):
            self._learn_levels(data, problems)
        if len(problems.found) > before:
            return nothing
        columns = self._columns(data)
        self._learned = Learned(weights)
        try:
            with np.errstate(all="ignore"):
                model = build_terms(self.formula.summands, self._learned)
                model.eval(columns, _EMPTY)
                self._terms = [term for term in model.common_terms if not isinstance(term, Intercept)]
                X = _stack([term.data for term in self._terms], len(data))
                offset = self._offset(columns)
        except (ValueError, TypeError) as error:
            problems.add(f"formula cannot be computed: {error}")
            return nothing
        self.predictors = tuple(label for term in self._terms for label in term.labels)
        self._report_not_finite(X, offset, data.index, problems)
        self._forget_rows()
        return X, offset

    def _forget_rows(self) -> None:
        """Keep what was learned and not the training rows, of which formulae holds two copies."""
        self._learned.weights, self._learned.fitted = None, True
        for term in self._terms:
            term.data = None
            for component in term.components:
                component.value = component._intermediate_data = None

    def rows(self, data: pd.DataFrame, problems: Problems) -> tuple[np.ndarray, np.ndarray | None]:
        """X of shape (n, p) and the formula's own offset for new rows, by what was learned in training."""
        nothing = np.empty((len(data), 0)), None
        missing = [name for name in self.formula.names if name not in data.columns]
        for name in missing:
            hint = did_you_mean(name, [str(column) for column in data.columns])
            problems.add(f"new data lack the column {name!r} that the formula uses.{hint}")
        if missing or not self._acceptable(data, problems) or not self._known_levels(data, problems):
            return nothing
        columns = self._columns(data)
        try:
            with np.errstate(all="ignore"):
                X = _stack([term.eval_new_data(columns) for term in self._terms], len(data))
                offset = self._offset(columns)
        except (ValueError, TypeError) as error:
            problems.add(str(error))
            return nothing
        self._report_not_finite(X, offset, data.index, problems)
        self._warn_of_extrapolation(columns)
        return X, offset

    # -- columns --------------------------------------------------------------------------------------------

    def _acceptable(self, data: pd.DataFrame, problems: Problems) -> bool:
        """Every column that is used has one name, a type that has a meaning here, and no holes."""
        before = len(problems.found)
        names = self.formula.names
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
                infinite.append(f"column {name!r}, {name_rows(wild, data.index)}")
        if holes:
            problems.add(f"Input data contains NaN: {'; '.join(holes)}. Drop or impute first.")
        if infinite:
            problems.add(f"Input data contains infinity: {'; '.join(infinite)}. Drop these rows.")
        return len(problems.found) == before

    def _check_kind(self, name: str, kind: str, column: pd.Series, problems: Problems) -> None:
        if kind == "dates":
            problems.add(
                f"column {name!r} holds dates or durations: pass elapsed time as a number, for example "
                f"data[{name!r}] = (data[{name!r}] - data[{name!r}].min()).dt.days.",
                TypeError,
            )
        elif kind == "complex":
            problems.add(f"Complex data not supported: column {name!r}.")
        elif kind in {"mixed", "other"}:
            found = sorted({type(value).__name__ for value in column[~column.isna()]})
            problems.add(f"column {name!r} mixes or holds types without a meaning here: {found}.", TypeError)
        elif kind == "factor" and name in self.formula.numbers:
            first = next(iter(column[~column.isna()]), None)
            problems.add(
                f"column {name!r} is not numeric (first value {first!r}), but {self.formula.numbers[name]}() "
                "computes with it. Use it as a factor, or convert it."
            )
        elif kind == "numeric" and name in self.formula.compared:
            problems.add(
                f"column {name!r} is numeric, but {self.formula.compared[name]}() compares it with a string."
            )

    def _learn_levels(self, data: pd.DataFrame, problems: Problems) -> None:
        """The levels of every factor, in the order of its Categorical, else sorted; unused ones do not "
        "count."""
        for name in self.formula.names:
            column = data[name]
            is_factor = column_kind(column) == "factor"
            if not is_factor and name not in self.formula.factors:
                continue
            if isinstance(column.dtype, pd.CategoricalDtype):
                levels = column.cat.remove_unused_categories().cat.categories.tolist()
            else:
                levels = sorted(column.unique().tolist())
            self.levels[name] = tuple(levels)
            if len(levels) < 2 and (name in self.formula.terms or name in self.formula.factors):
                problems.add(
                    f"factor {name!r} has the single level {levels[0]!r} and so is constant: the cutpoints "
                    "already play that role. Drop it."
                )

    def _known_levels(self, data: pd.DataFrame, problems: Problems) -> bool:
        known = True
        for name, levels in self.levels.items():
            column = data[name]
            strange = [value for value in column.unique().tolist() if value not in levels]
            for value in strange[:5]:
                rows = name_rows((column == value).to_numpy(dtype=bool), data.index)
                problems.add(
                    f"column {name!r} has the value {value!r} ({rows}), which the training rows did not "
                    f"have. Known levels: {name_list(levels, 20)}.{did_you_mean(value, levels)}"
                )
            known &= not strange
        return known and self._same_kinds(data, problems)

    def _same_kinds(self, data: pd.DataFrame, problems: Problems) -> bool:
        """A column that was a number in training must be one now."""
        before = len(problems.found)
        for name in {**self.formula.terms, **self.formula.numbers}:
            if name not in self.levels and column_kind(data[name]) == "factor":
                problems.add(
                    f"column {name!r} is not numeric (first value {data[name].iloc[0]!r}), but it was in "
                    "training."
                )
        return len(problems.found) == before

    def _columns(self, data: pd.DataFrame) -> Columns:
        values: dict[str, np.ndarray | pd.Categorical] = {}
        factors: dict[str, pd.Categorical] = {}
        for name in self.formula.names:
            if name in self.levels:
                factors[name] = _as_factor(data[name], list(self.levels[name]))
            values[name] = to_float(data[name]) if self._is_number(data, name) else factors[name]
        return Columns(len(data), values, factors)

    def _is_number(self, data: pd.DataFrame, name: str) -> bool:
        return column_kind(data[name]) in {"numeric", "empty"}

    def _offset(self, columns: Columns) -> np.ndarray | None:
        if not self.formula.offsets:
            return None
        parts = [evaluate(tree, columns, self._learned) for tree in self.formula.offsets]
        return np.sum(parts, axis=0)

    def _report_not_finite(
        self, X: np.ndarray, offset: np.ndarray | None, index: pd.Index, problems: Problems
    ) -> None:
        named = [(name, X[:, j]) for j, name in enumerate(self.predictors)]
        named += [] if offset is None else [("offset", offset)]
        for name, column in named:
            bad = ~np.isfinite(column)
            if bad.any():
                problems.add(
                    f"{name!r} is not a finite number in {name_rows(bad, index)}: a logarithm or root of "
                    "something below its domain, a division by zero, or an overflow. Mend or drop these rows."
                )

    def _warn_of_extrapolation(self, columns: Columns) -> None:
        for text, transform in self._learned.transforms.items():
            if isinstance(transform, Basis):
                name = text[text.index("(") + 1 :].split(",")[0]
                x = columns.values.get(name)
                if x is not None and (outside := transform.outside(x)).any():
                    low, high = transform.bounds
                    warnings.warn(
                        f"{text}: {name_rows(outside)} outside the training range [{low:g}, {high:g}]; the "
                        "spline is extrapolated there.",
                        UserWarning,
                        stacklevel=4,
                    )


def _as_factor(column: pd.Series, levels: list) -> pd.Categorical:
    """An ordered Categorical, because formulae sorts the levels of any other by the alphabet."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.set_categories(levels, ordered=True).array
    return pd.Categorical(column, categories=levels, ordered=True)


def _stack(parts: list[np.ndarray], n: int) -> np.ndarray:
    columns = [np.asarray(part, dtype=np.float64).reshape(n, -1) for part in parts]
    return np.ascontiguousarray(np.hstack(columns)) if columns else np.empty((n, 0))
